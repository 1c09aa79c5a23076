// SPDX-License-Identifier: Apache-2.0
// One pass over the tie groups of two samples that are not sorted, a few nanoseconds a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "drift/tie_groups.hpp"
#include "kernels/walk_table.hpp"
#include "vedette/core/view.hpp"
#include "vedette/drift/test_options.hpp"

namespace vedette::inline v0::drift {

/// Two samples cut into chunks of neighbouring values, by a map that never decreases. T is float or double.
template <class T>
class PooledChunks {
  public:
    /// Fewer values in all are never cut.
    static constexpr std::size_t least_values = 16384;

    /// Nothing where sorting both is likely to be quicker: they are small or, by a glance at them, often tied. NaN are
    /// met on the way, not looked for beforehand: left out, or under NanPolicy::refuse Error(invalid_argument).
    static std::optional<PooledChunks> cut(ColumnView<T> reference, ColumnView<T> live, NanPolicy nan);

    [[nodiscard]] std::size_t reference_size() const noexcept { return n_; }
    [[nodiscard]] std::size_t live_size() const noexcept { return m_; }

    /// What `for_each_tie_group(sorted reference, sorted live, scan)` would do to a scan, but for rounding. The scan
    /// also offers what takes over from a kernel: resume(state), to go on behind the values that it has passed, and
    /// absorb(sums), to take its sums.
    template <class Scan>
    void walk(kernels::WalkSum sum, Scan& scan) {
        kernels::WalkState state;
        for (std::size_t k = 0; k < reference_ends_.size(); ++k) {
            if (walk_chunk(k, sum, state)) continue;
            const std::span<const T> r = sorted(start_of(k), reference_ends_[k]);
            const std::span<const T> l = sorted(reference_ends_[k], ends_[k]);
            if (r.empty() && l.empty()) continue;
            scan.resume(state);
            for_each_tie_group(r, l, [&](T v, std::size_t c, std::size_t d) {
                scan(v, c, d);
                state.previous = static_cast<double>(v);
            });
            state.reference_below += static_cast<double>(r.size());
            state.live_below += static_cast<double>(l.size());
        }
        scan.resume(state);
        scan.absorb(state.sums);
    }

  private:
    PooledChunks(std::span<const T> reference, std::span<const T> live, std::span<const T> glance);

    void drop_nan() noexcept;
    void make_room();
    bool walk_chunk(std::size_t k, kernels::WalkSum sum, kernels::WalkState& state) noexcept;
    [[nodiscard]] std::size_t start_of(std::size_t k) const noexcept { return k == 0 ? start_ : ends_[k - 1]; }
    std::span<const T> sorted(std::size_t begin, std::size_t end);

    std::size_t n_;
    std::size_t m_;
    std::size_t start_ = 0;
    std::vector<std::size_t> reference_ends_;
    std::vector<std::size_t> ends_;
    std::unique_ptr<T[]> values_;  // of each chunk the reference's, then the live ones
    std::vector<T> places_;
    T* aligned_places_ = nullptr;
    std::vector<std::uint16_t> buckets_;
    std::vector<std::uint16_t> counts_;
};

extern template class PooledChunks<float>;
extern template class PooledChunks<double>;

}  // namespace vedette::inline v0::drift
