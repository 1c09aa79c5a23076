// SPDX-License-Identifier: Apache-2.0
// HDDM: has an error rate, or the mean of shares, changed? With bounds that hold for every law on [0, 1].
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/drift/monitor.hpp"

namespace vedette::inline v0::drift {

struct HddmAOptions {
    double drift_confidence = 0.001;    ///< level of a change, in (0, 1)
    double warning_confidence = 0.005;  ///< level of a warning, at least drift_confidence
    Direction direction = Direction::up;
};

/// The A-test of Frias-Blanco, del Campo-Avila, Ramos-Jimenez, Morales-Bueno, Ortiz-Diaz and Caballero-Mota (2015), on
/// errors (0 or 1) or any values in [0, 1]; others are refused and counted. A cut point is kept where the mean of all
/// values so far plus its Hoeffding bound was smallest; a change when the mean of all, at least
/// sqrt((1/n_cut - 1/n)/2 ln(2/level)), exceeds the mean up to there (the bound of its authors' implementation; it is
/// twice as strict as one side of Hoeffding's inequality asks). For a fixed cut point the level holds for every law and
/// sample size; but the cut point is chosen, and every value is looked at: of runs of a thousand errors without a
/// change, 0.4 % alarm at an error rate of 0.1, 4 % at 0.5.
/// Parity: river.drift.binary.HDDMA, update for update, and MOA's one-sided HDDM_A_Test. Of Direction::both, MOA
/// forgets after a fall without telling.
///
/// O(1) per update, 144 bytes.
class HddmA : public MonitorBase {
  public:
    /// Throws Error(invalid_argument) for an option out of range.
    explicit HddmA(const HddmAOptions& options = {});

    MonitorState update(double value) noexcept;
    void reset() noexcept;

    [[nodiscard]] const HddmAOptions& options() const noexcept { return options_; }
    /// Values since the start or the last change.
    [[nodiscard]] std::uint64_t observations() const noexcept { return static_cast<std::uint64_t>(all_.count); }
    /// Their mean.
    [[nodiscard]] double estimate() const noexcept { return all_.mean; }
    /// The values up to the cut point for a rise, and their mean.
    [[nodiscard]] std::uint64_t low_observations() const noexcept { return static_cast<std::uint64_t>(low_.count); }
    [[nodiscard]] double low_mean() const noexcept { return low_.mean; }
    /// The same for a fall.
    [[nodiscard]] std::uint64_t high_observations() const noexcept { return static_cast<std::uint64_t>(high_.count); }
    [[nodiscard]] double high_mean() const noexcept { return high_.mean; }

    /// Canonical bytes (core/container.hpp).
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that no HddmA writes, Error(unsupported_version).
    [[nodiscard]] static HddmA deserialize(std::span<const std::byte> bytes);

  private:
    struct Part {
        double count = 0.0;
        double mean = 0.0;
    };

    void clear() noexcept;
    [[nodiscard]] double hoeffding_bound(const Part& part) const noexcept;
    /// How far the mean of all may lie from that of a part, at ln(2/level).
    [[nodiscard]] double bound(const Part& part, double log_level) const noexcept;
    [[nodiscard]] MonitorState judge() const noexcept;

    HddmAOptions options_;
    double cut_log_;      // ln(1/drift_confidence)
    double drift_log_;    // ln(2/drift_confidence)
    double warning_log_;  // ln(2/warning_confidence)
    Part all_;
    Part low_;
    Part high_;
};

enum class HddmWRule : std::uint8_t {
    frias_blanco = 0,  ///< the paper's, and MOA's: the first value has all the weight, so the bound begins at 1
    river = 1,         ///< river 0.26's: the bound begins one step further on, too narrow for the first values
};

struct HddmWOptions {
    double drift_confidence = 0.001;    ///< level of a change, in (0, 1)
    double warning_confidence = 0.005;  ///< level of a warning, at least drift_confidence
    double weight = 0.05;               ///< lambda, of the newest value, in (0, 1): larger forgets sooner
    Direction direction = Direction::up;
    HddmWRule rule = HddmWRule::frias_blanco;
};

/// The W-test of the same paper: exponentially weighted means with McDiarmid's bound
/// sqrt(sum of squared weights ln(1/level)/2). The weighted mean of the values after the cut point is compared with
/// that of all values up to it. Sooner than HddmA at gradual changes, and never blind after a long stable past. Values
/// in [0, 1]; others are refused and counted. Levels as for HddmA. Of Direction::both, MOA forgets after a fall without
/// telling.
///
/// O(1) per update, 240 bytes.
class HddmW : public MonitorBase {
  public:
    /// Throws Error(invalid_argument) for an option out of range.
    explicit HddmW(const HddmWOptions& options = {});

    MonitorState update(double value) noexcept;
    void reset() noexcept;

    [[nodiscard]] const HddmWOptions& options() const noexcept { return options_; }
    /// Values since the start or the last change.
    [[nodiscard]] std::uint64_t observations() const noexcept { return count_; }
    /// The weighted mean of all of them.
    [[nodiscard]] double estimate() const noexcept { return all_.mean; }
    /// The weighted means up to the cut point for a rise, and after it; the latter is 0 right at the cut point.
    [[nodiscard]] double low_mean() const noexcept { return low_.before.mean; }
    [[nodiscard]] double recent_mean() const noexcept { return low_.after.mean; }

    /// Canonical bytes (core/container.hpp).
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that no HddmW writes, Error(unsupported_version).
    [[nodiscard]] static HddmW deserialize(std::span<const std::byte> bytes);

  private:
    struct Average {
        bool started = false;
        double mean = 0.0;
        double squared_weights = 1.0;
    };
    struct Cut {
        double bound = 0.0;  // of the mean before, whose extreme the cut point is
        Average before;
        Average after;
    };

    void clear() noexcept;
    void add(Average& average, double value) const noexcept;
    [[nodiscard]] bool is_apart(const Average& lower, const Average& upper, double log_level) const noexcept;
    [[nodiscard]] MonitorState judge() const noexcept;

    HddmWOptions options_;
    double drift_log_;    // ln(1/drift_confidence)
    double warning_log_;  // ln(1/warning_confidence)
    std::uint64_t count_ = 0;
    Average all_;
    Cut low_;
    Cut high_;
};

}  // namespace vedette::inline v0::drift
