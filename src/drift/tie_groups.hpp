// SPDX-License-Identifier: Apache-2.0
// Two sorted samples as one ascending sequence of distinct values, each with its count on either side.
#pragma once

#include <cstddef>
#include <span>

namespace vedette::inline v0::drift {

/// Calls visit(value, reference_count, live_count) for every distinct value of the two ascending samples, in order.
template <class T, class Visit>
void for_each_tie_group(std::span<const T> reference, std::span<const T> live, Visit&& visit) {
    const std::size_t n = reference.size();
    const std::size_t m = live.size();
    if (n + m == 0) return;
    std::size_t i = 0;
    std::size_t j = 0;
    std::size_t first = 0;
    std::size_t second = 0;
    T value = m == 0 || (n > 0 && reference[0] <= live[0]) ? reference[0] : live[0];
    // Which side comes next is a coin toss, so it is computed, not branched on; a new value is the rule.
    while (i < n && j < m) {
        const T a = reference[i];
        const T b = live[j];
        const T next = b < a ? b : a;
        if (next != value) {
            visit(value, i - first, j - second);
            first = i;
            second = j;
            value = next;
        }
        const auto take = static_cast<std::size_t>(a <= b);
        i += take;
        j += 1 - take;
    }
    const auto rest = [&](std::span<const T> values, std::size_t& k) {
        for (; k < values.size(); ++k) {
            if (values[k] == value) continue;
            visit(value, i - first, j - second);
            first = i;
            second = j;
            value = values[k];
        }
    };
    rest(reference, i);
    rest(live, j);
    visit(value, i - first, j - second);
}

}  // namespace vedette::inline v0::drift
