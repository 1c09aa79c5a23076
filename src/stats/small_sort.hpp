// SPDX-License-Identifier: Apache-2.0
// Sorting and merging of small runs of finite numbers without a branch that depends on the data.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "kernels/sorting_network.hpp"

namespace vedette::inline v0::stats {

/// Merges two ascending runs of `length` each into `out`, from both ends at once: neither run can be used up before
/// both ends have made `length` steps, so nothing but the values decides.
template <class T>
void merge_equal(const T* a, const T* b, std::size_t length, T* out) noexcept {
    std::size_t low_a = 0;
    std::size_t low_b = 0;
    auto high_a = static_cast<std::ptrdiff_t>(length) - 1;
    auto high_b = high_a;
    for (std::size_t step = 0; step < length; ++step) {
        // Minimum, maximum and the steps are written apart: as one choice, g++ would branch on it.
        out[step] = std::min(a[low_a], b[low_b]);
        const auto b_is_lower = static_cast<std::size_t>(b[low_b] < a[low_a]);
        low_b += b_is_lower;
        low_a += 1 - b_is_lower;
        out[2 * length - 1 - step] = std::max(b[high_b], a[high_a]);
        const auto a_is_higher = static_cast<std::ptrdiff_t>(b[high_b] < a[high_a]);
        high_a -= a_is_higher;
        high_b -= 1 - a_is_higher;
    }
}

/// Merges `count` ascending values, `stride` apart from `source`, into the ascending `size` values at `target`, which
/// has room for both; from the back, in place.
template <std::size_t stride, class T>
void merge_into(T* target, std::size_t size, const T* source, std::size_t count) noexcept {
    while (size > 0 && count > 0) {
        const T here = target[size - 1];
        const T there = source[(count - 1) * stride];
        target[size + count - 1] = std::max(here, there);
        const auto take_here = static_cast<std::size_t>(there < here);
        size -= take_here;
        count -= 1 - take_here;
    }
    for (; count > 0; --count) target[count - 1] = source[(count - 1) * stride];
}

/// Sorts 64 values: eight columns by a network of 19 comparators, all columns at once so
/// that vector registers serve, then three rounds of merges.
template <class T>
void sort_64(std::array<T, 64>& values) noexcept {
    constexpr const auto& network = kernels::sorting_network<8>;
    T* v = values.data();
    for (std::size_t k = 0; k < network.count; ++k) {
        T* x = v + 8U * network.comparators[k].low;
        T* y = v + 8U * network.comparators[k].high;
        for (std::size_t column = 0; column < 8; ++column) {
            const T a = x[column];
            const T b = y[column];
            x[column] = std::min(a, b);
            y[column] = std::max(a, b);
        }
    }
    std::array<T, 64> runs;
    for (std::size_t column = 0; column < 8; ++column)
        for (std::size_t row = 0; row < 8; ++row) runs[8 * column + row] = v[8 * row + column];
    for (std::size_t i = 0; i < 64; i += 16) merge_equal(&runs[i], &runs[i + 8], 8, v + i);
    for (std::size_t i = 0; i < 64; i += 32) merge_equal(v + i, v + i + 16, 16, &runs[i]);
    merge_equal(&runs[0], &runs[32], 32, v);
}

}  // namespace vedette::inline v0::stats
