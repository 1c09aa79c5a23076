// SPDX-License-Identifier: Apache-2.0
// Two sorted samples as one ascending sequence of distinct values, each with its count on either side.
#pragma once

#include <cstddef>
#include <span>

namespace vedette::inline v0::drift {

/// Calls visit(value, reference_count, live_count) for every distinct value of the two ascending samples, in order.
template <class T, class Visit>
void for_each_tie_group(std::span<const T> reference, std::span<const T> live, Visit&& visit) {
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < reference.size() || j < live.size()) {
        const bool from_reference = j == live.size() || (i < reference.size() && reference[i] <= live[j]);
        const T value = from_reference ? reference[i] : live[j];
        const std::size_t first = i;
        const std::size_t second = j;
        while (i < reference.size() && reference[i] == value) ++i;
        while (j < live.size() && live[j] == value) ++j;
        visit(value, i - first, j - second);
    }
}

}  // namespace vedette::inline v0::drift
