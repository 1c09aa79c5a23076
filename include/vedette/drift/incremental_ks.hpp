// SPDX-License-Identifier: Apache-2.0
// The Kolmogorov-Smirnov distance of a sliding window from a fixed reference sample, exact after every single value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/drift/monitor.hpp"

namespace vedette::inline v0::drift {

struct IncrementalKsOptions {
    std::uint32_t window = 1000;  ///< live values, 1 to 1,000,000
    double level = 1e-4;          ///< of one look, in (0, 1): a change at a p-value of at most this
    double threshold = 0.0;       ///< in (0, 1]: a change at a D of at least this, whatever the level; 0: by level
};

/// dos Reis, Flach, Matwin and Batista (2016), with the reference fixed, so that blocks over its values take the
/// place of their treap: what enters and what leaves moves F - G, in whole numbers, between two places only. D is that
/// of the two-sample test with ties, to the last bit, at every value once the window is full. After a change the window
/// is emptied.
///
/// A look at every value is not one test: windows overlap, and the alarm rate of a long run is far above `level` (at
/// 0.05 and a look every hundred values a third of runs alarm). Take a level near the inverse of the number of values
/// between two alarms that you can bear, or a threshold found by simulation.
///
/// O(sqrt u) per update, in vectors, u the number of different reference values; 30 u to 60 u bytes and 4 per value of
/// the window.
class IncrementalKs : public MonitorBase {
  public:
    /// Copies and sorts. Throws Error: not_enough_data for an empty reference, invalid_argument for a NaN, an infinity
    /// or a value beyond +-1e100 in it, more than 1,000,000 values, an option out of range, or a level that no D
    /// reaches.
    explicit IncrementalKs(std::span<const double> reference, const IncrementalKsOptions& options = {});

    MonitorState update(double x) noexcept;
    void reset() noexcept;

    [[nodiscard]] const IncrementalKsOptions& options() const noexcept { return options_; }
    [[nodiscard]] std::uint64_t reference_count() const noexcept { return reference_count_; }
    /// Live values in the window.
    [[nodiscard]] std::uint32_t width() const noexcept { return width_; }
    /// D; NaN unless the window is full.
    [[nodiscard]] double statistic() const noexcept;
    /// Two-sided, as drift::ks_two_sample with Method::asymptotic (see stats::kolmogorov_finite_sf on its error), but
    /// never below the probability of D = 1; NaN unless the window is full.
    [[nodiscard]] double p_value() const noexcept;
    /// The least D of a change.
    [[nodiscard]] double critical_distance() const noexcept;

    /// Canonical bytes (core/container.hpp).
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that no IncrementalKs writes, Error(unsupported_version).
    [[nodiscard]] static IncrementalKs deserialize(std::span<const std::byte> bytes);

  private:
    struct alignas(64) Line {
        std::int32_t values[16] = {};
    };

    [[nodiscard]] double p_of(double distance) const noexcept;
    [[nodiscard]] std::int64_t find_critical_height() const;
    void place_blocks();
    void place_cells();
    [[nodiscard]] std::size_t cell_of(double x) const noexcept {
        const double place = (x - values_.front()) * cells_per_unit_;
        return static_cast<std::size_t>(place > 0.0 ? (place < last_cell_ ? place : last_cell_) : 0.0);
    }
    void find_extremes() noexcept;
    void clear() noexcept;
    [[nodiscard]] std::uint32_t place_of(double x) const noexcept;
    void shift(std::size_t from, std::size_t to, std::int32_t step) noexcept;

    IncrementalKsOptions options_;
    std::vector<double> values_;  // of the reference: different, ascending; infinity fills up
    std::vector<std::uint32_t> multiplicities_;
    std::uint64_t reference_count_;
    std::int32_t reference_step_ = 1;  // of F, for one reference value
    std::int32_t live_step_ = 1;       // of G, for one live value
    std::int64_t unit_ = 1;            // the height of D = 1
    std::int64_t critical_ = 0;
    double least_p_ = 0.0;
    // How many reference values lie in the cells of equal width before each cell.
    std::vector<std::uint32_t> cells_;
    double cells_per_unit_ = 0.0;
    double last_cell_ = 0.0;
    std::size_t first_step_ = 0;  // of a search within the fullest cell; 0 where eight looks are enough
    // n m (F - G) before and at each reference value, in blocks with an offset and the extremes of each.
    std::size_t places_ = 0;
    unsigned block_bits_ = 6;
    std::size_t block_count_ = 0;
    std::vector<Line> heights_;
    std::vector<Line> offsets_;
    std::vector<Line> highest_;
    std::vector<Line> lowest_;
    std::int32_t height_ = 0;          // the largest size of all
    std::vector<std::uint32_t> ring_;  // the first place that counts each live value
    std::uint32_t next_ = 0;
    std::uint32_t width_ = 0;
};

}  // namespace vedette::inline v0::drift
