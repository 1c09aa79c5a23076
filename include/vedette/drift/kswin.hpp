// SPDX-License-Identifier: Apache-2.0
// KSWIN: do the newest values of a stream have the distribution of those a little before?
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/drift/monitor.hpp"

namespace vedette::inline v0::drift {

enum class KswinRule : std::uint8_t {
    raab = 0,   ///< the paper: D > sqrt(-ln(level)/recent), whose level is about twice `level`; after a change the
                ///< newest values stay
    river = 1,  ///< river 0.26's: exact p <= level and D > 0.1; after a change the window is emptied
};

struct KswinOptions {
    double level = 0.005;        ///< alpha, in (0, 1), of one look: there is one per value, so keep it small
    std::uint32_t window = 100;  ///< values kept, at most 4096
    std::uint32_t recent = 30;   ///< of them the newest, compared with as many older ones; 1 to window/2
    std::uint64_t seed = 0;      ///< of the choice among the older ones
    KswinRule rule = KswinRule::raab;
};

/// Kolmogorov-Smirnov windowing, Raab, Heusinger and Schleif (2020): with a full window, at each value, the two-sample
/// Kolmogorov-Smirnov distance D, ties included, of the newest `recent` values from as many drawn without replacement
/// from the older ones. Sees any change of the distribution, but only while it is younger than the window.
///
/// O(window) per update, some hundred nanoseconds at the defaults; 40 bytes per value of the window.
class Kswin : public MonitorBase {
  public:
    /// Throws Error(invalid_argument) for an option out of range, or a level that no D reaches.
    explicit Kswin(const KswinOptions& options = {});

    /// Draws by itself: the t-th look by stream t of `seed`.
    MonitorState update(double x) noexcept;
    /// The same with the draw given: `recent` different places among the older values, 0 the oldest. Not read unless
    /// the window is full with x; a wrong draw refuses x (and counts it as refused).
    MonitorState update(double x, std::span<const std::uint32_t> draw) noexcept;
    void reset() noexcept;

    [[nodiscard]] const KswinOptions& options() const noexcept { return options_; }
    /// Values in the window.
    [[nodiscard]] std::uint32_t width() const noexcept { return width_; }
    /// Whether the next accepted value makes the window full, so that there will be a look.
    [[nodiscard]] bool will_look() const noexcept;
    /// D of the last look, 0 before any, and its exact p-value without regard to ties (for which it is too large), 1
    /// before any.
    [[nodiscard]] double statistic() const noexcept { return static_cast<double>(height_) / options_.recent; }
    [[nodiscard]] double p_value() const noexcept;

    /// Canonical bytes (core/container.hpp).
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that no Kswin writes, Error(unsupported_version).
    [[nodiscard]] static Kswin deserialize(std::span<const std::byte> bytes);

  private:
    struct Entry {
        double value;
        std::uint32_t slot;
    };

    void clear() noexcept;
    void keep_newest() noexcept;
    void insert(double x) noexcept;
    void remove_oldest() noexcept;
    [[nodiscard]] std::uint32_t slot_of(std::uint32_t place) const noexcept;
    void draw_older() noexcept;
    [[nodiscard]] bool is_draw(std::span<const std::uint32_t> draw) noexcept;
    MonitorState look() noexcept;

    KswinOptions options_;
    std::uint32_t critical_;          // the least height of a change
    std::vector<double> values_;      // a ring
    std::vector<Entry> sorted_;       // the window; the first width_ count
    std::vector<std::int8_t> marks_;  // of each slot: 1 newest, -1 drawn
    std::uint32_t oldest_ = 0;        // slot
    std::uint32_t width_ = 0;
    std::uint32_t height_ = 0;  // of the last look: D times `recent`
    std::uint64_t looks_ = 0;
};

}  // namespace vedette::inline v0::drift
