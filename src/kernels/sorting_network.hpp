// SPDX-License-Identifier: Apache-2.0
// Batcher's (1968) odd-even merge sort as a list of comparators.
#pragma once

#include <cstddef>

namespace vedette::inline v0::kernels {

/// Comparators (low, high), to be applied in order, that sort `size` values: after each the smaller value stands at
/// `low`. 19 of them for 8 values, 63 for 16.
template <std::size_t size>
struct SortingNetwork {
    struct Comparator {
        unsigned char low;
        unsigned char high;
    };
    static constexpr std::size_t most = size * size;
    Comparator comparators[most] = {};
    std::size_t count = 0;

    constexpr SortingNetwork() noexcept {
        for (std::size_t run = 1; run < size; run *= 2)
            for (std::size_t distance = run; distance > 0; distance /= 2)
                for (std::size_t start = distance % run; start + distance < size; start += 2 * distance)
                    for (std::size_t i = start; i < start + distance && i + distance < size; ++i)
                        if (i / (2 * run) == (i + distance) / (2 * run))
                            comparators[count++] = {static_cast<unsigned char>(i),
                                                    static_cast<unsigned char>(i + distance)};
    }
};
template <std::size_t size>
inline constexpr SortingNetwork<size> sorting_network{};

}  // namespace vedette::inline v0::kernels
