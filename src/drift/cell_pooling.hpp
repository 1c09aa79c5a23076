// SPDX-License-Identifier: Apache-2.0
// Joining cells until each holds enough for the chi-square approximation, by rules that leave its null law alone.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace vedette::inline v0::drift {

// Counters stay below 2^63, and the signed conversion is one instruction where the unsigned one is a branch.
inline double to_double(std::uint64_t count) noexcept {
    return static_cast<double>(static_cast<std::int64_t>(count));
}

// The two sides and their totals.
struct CellCounts {
    std::span<const std::uint64_t> reference;
    std::span<const std::uint64_t> live;
    double n;
    double m;
};

// Cochran's rule for up to 16 cells. The errors of the chi-square approximation add up over cells, so the least
// expected count grows with their root.
inline double least_expected(std::size_t cells) noexcept {
    return 5.0 * std::max(1.0, 0.25 * std::sqrt(static_cast<double>(cells)));
}

// Neighbours are joined until the reference holds enough, and implies enough for the live side.
template <class Sink>
void pool_ordered(const CellCounts& counts, bool discrete, double smallest_inner_count, Sink&& sink) noexcept {
    const auto reference = counts.reference;
    const auto live = counts.live;
    const double n = counts.n;
    const double m = counts.m;
    // Cells of a fitted grid have fixed counts and gamma-distributed masses. Where the live side is the larger one, the
    // skewness of these masses is what limits the approximation, and asks for more in a cell.
    const double live_share = m / (n + m);
    const double needed =
        least_expected(live.size()) * std::max(discrete ? 1.0 : 1.0 + 4.0 * live_share * live_share, n / m);
    const std::size_t cells = live.size();
    if (cells >= 4 && smallest_inner_count >= needed) {
        // Nothing to join but the two outer cells, which hold no reference value.
        for (std::size_t i = 1; i + 1 < cells; ++i) {
            const std::uint64_t outer = (i == 1 ? live[0] : 0) + (i + 2 == cells ? live[cells - 1] : 0);
            sink(to_double(reference[i]), to_double(live[i] + outer));
        }
        return;
    }
    double left = n;  // reference mass not yet in a closed cell
    double reference_sum = 0.0;
    double live_sum = 0.0;
    for (std::size_t i = 0; i < cells; ++i) {
        reference_sum += to_double(reference[i]);
        live_sum += to_double(live[i]);
        // A cell closes only when enough is left for another; the last one takes the rest.
        if (i + 1 < cells && (reference_sum < needed || left - reference_sum < needed)) continue;
        left -= reference_sum;
        sink(reference_sum, live_sum);
        reference_sum = live_sum = 0.0;
    }
}

// Categories that are rare in both samples together, or absent from the reference, share one cell. Given the totals of
// both samples the null law of the table does not depend on this choice; choosing by the reference alone would keep
// just the categories that chance made frequent there.
template <class Sink>
void pool_nominal(const CellCounts& counts, Sink&& sink) noexcept {
    const auto reference = counts.reference;
    const auto live = counts.live;
    const double n = counts.n;
    const double m = counts.m;
    const std::size_t cells = live.size();
    const double needed = least_expected(live.size()) * (n + m) / std::min(n, m);
    const auto total_of = [&](std::size_t i) { return to_double(reference[i]) + to_double(live[i]); };
    const auto is_rare = [&](std::size_t i) { return reference[i] == 0 || total_of(i) < needed; };
    double rare_reference = 0.0;
    double rare_live = 0.0;
    std::size_t smallest = cells;
    for (std::size_t i = 0; i < cells; ++i) {
        if (is_rare(i)) {
            rare_reference += to_double(reference[i]);
            rare_live += to_double(live[i]);
        } else if (smallest == cells || total_of(i) < total_of(smallest)) {
            smallest = i;
        }
    }
    const bool alone = rare_reference + rare_live >= needed;  // else the smallest of the others takes them in
    for (std::size_t i = 0; i < cells; ++i) {
        if (is_rare(i)) continue;
        const bool host = !alone && i == smallest;
        sink(to_double(reference[i]) + (host ? rare_reference : 0.0), to_double(live[i]) + (host ? rare_live : 0.0));
    }
    if (alone) sink(rare_reference, rare_live);
}

}  // namespace vedette::inline v0::drift
