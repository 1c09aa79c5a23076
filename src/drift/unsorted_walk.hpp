// SPDX-License-Identifier: Apache-2.0
// One pass over the tie groups of two samples that are not sorted, a few nanoseconds a value.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "drift/bucket_map.hpp"
#include "drift/tie_groups.hpp"
#include "kernels/walk_table.hpp"

namespace vedette::inline v0::drift {

/// Two samples cut into chunks of neighbouring values, by a map that never decreases. T is float or double.
template <class T>
class PooledChunks {
  public:
    /// Whether this is likely to be quicker than sorting both: they are large, and, by a glance at them, rarely tied.
    static bool is_large(std::span<const T> reference, std::span<const T> live) noexcept;
    static bool is_rarely_tied(std::span<const T> glance) noexcept;

    PooledChunks(std::span<const T> reference, std::span<const T> live, std::span<const T> glance);

    [[nodiscard]] std::size_t size() const noexcept { return reference_ends_.size(); }
    /// Takes `state` through chunk k by the kernel; false where that is declined.
    bool walk(std::size_t k, kernels::WalkSum sum, kernels::WalkState& state) noexcept;
    /// The values of chunk k, ascending.
    std::span<const T> sorted_reference(std::size_t k) { return sorted(start_of(k), reference_ends_[k]); }
    std::span<const T> sorted_live(std::size_t k) { return sorted(reference_ends_[k], ends_[k]); }

  private:
    [[nodiscard]] std::size_t start_of(std::size_t k) const noexcept { return k == 0 ? 0 : ends_[k - 1]; }
    std::span<const T> sorted(std::size_t begin, std::size_t end);

    double n_;
    double m_;
    std::vector<std::size_t> reference_ends_;
    std::vector<std::size_t> ends_;
    std::unique_ptr<T[]> values_;  // of each chunk the reference's, then the live ones
    std::vector<T> places_;
    T* aligned_places_ = nullptr;
    std::vector<std::uint16_t> buckets_;
    std::vector<std::uint16_t> counts_;
};

/// What `for_each_tie_group(sorted reference, sorted live, scan)` would do to a scan, but for rounding; false, with the
/// scan unchanged, where sorting is quicker. The scan also offers what takes over from a kernel: resume(state), to go
/// on behind the values that it has passed, and absorb(sums), to take its sums.
template <class T, class Scan>
bool walk_unsorted(std::span<const T> reference, std::span<const T> live, kernels::WalkSum sum, Scan& scan) {
    if (!PooledChunks<T>::is_large(reference, live)) return false;
    const std::vector<T> glance = glance_at(reference, live);
    if (!PooledChunks<T>::is_rarely_tied(glance)) return false;
    PooledChunks<T> chunks(reference, live, glance);
    kernels::WalkState state;
    for (std::size_t k = 0; k < chunks.size(); ++k) {
        if (chunks.walk(k, sum, state)) continue;
        const std::span<const T> r = chunks.sorted_reference(k);
        const std::span<const T> l = chunks.sorted_live(k);
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
    return true;
}

extern template class PooledChunks<float>;
extern template class PooledChunks<double>;

}  // namespace vedette::inline v0::drift
