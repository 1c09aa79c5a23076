// SPDX-License-Identifier: Apache-2.0
// Checks of the walk through two unsorted samples against the definition, with neither a test framework nor the
// library.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "kernels/table.hpp"
#include "pair_checks.hpp"

namespace kernel_checks {

inline constexpr WalkSum every_walk_sum[] = {
    WalkSum::squares,    WalkSum::midrank_squares,     WalkSum::right_squares,
    WalkSum::placements, WalkSum::absolute_difference, WalkSum::squared_difference};

/// A chunk with the room that it needs.
template <class T>
struct WalkCase {
    std::vector<T> values;
    std::size_t reference_count;

    [[nodiscard]] bool run(const KernelTable& table, WalkSum sum, WalkState& state) const {
        const std::size_t buckets = walk_buckets<T>(values.size());
        Aligned<T> places((walk_places + 1) * buckets);
        std::vector<std::uint16_t> of_values(values.size()), counts(4 * buckets);
        const WalkChunk<T> chunk{
            values.data(),    reference_count, values.size() - reference_count, sum, 900.0, 1100.0, places.data(),
            of_values.data(), counts.data()};
        return walks<T>(table).walk(&chunk, &state);
    }
};

/// 4: neighbouring numbers; 5: next to the largest of them; 6: zeros of both signs among others.
inline constexpr int walk_kinds = 7;

template <class T>
WalkCase<T> walk_case(int kind, std::size_t reference_count, std::size_t live_count, std::mt19937_64& random) {
    std::uniform_real_distribution<double> uniform(-1.0, 1.0);
    WalkCase<T> made{{}, reference_count};
    for (std::size_t i = 0; i < reference_count + live_count; ++i) {
        const double x = uniform(random);
        made.values.push_back(static_cast<T>(kind == 0      ? x
                                             : kind == 1    ? std::floor(0.4 * x * static_cast<double>(live_count))
                                             : kind == 2    ? 1e5 + x + 0.2 * x * x * x
                                             : kind == 3    ? 1e-3 * x
                                             : kind == 4    ? 1.0 + 0x1p-52 * std::floor(4000.0 * x)
                                             : kind == 5    ? (sizeof(T) == 8 ? 0x1p1010 : 0x1p120) * (1.0 + x)
                                             : i % 400 == 0 ? std::copysign(0.0, x)
                                                            : x));
    }
    return made;
}

/// What the walk is defined to add, in long double.
template <class T>
void walk_plainly(const WalkCase<T>& chunk, WalkSum sum, WalkState& state, long double (&sums)[walk_sums]) {
    std::vector<std::pair<T, bool>> pooled;
    for (std::size_t i = 0; i < chunk.values.size(); ++i)
        pooled.emplace_back(chunk.values[i], i < chunk.reference_count);
    std::sort(pooled.begin(), pooled.end());
    const long double n = 900.0L, m = 1100.0L, total = n + m;
    long double below = state.reference_below, live_below = state.live_below, previous = state.previous;
    for (std::size_t i = 0; i < pooled.size();) {
        long double c = 0.0L, d = 0.0L;
        const T value = pooled[i].first;
        for (; i < pooled.size() && pooled[i].first == value; ++i) (pooled[i].second ? c : d) += 1.0L;
        const long double before = below * m - live_below * n, after = before + c * m - d * n, size = c + d;
        const bool midrank = sum == WalkSum::midrank_squares;
        const long double share = midrank ? 0.5L : 1.0L;
        const long double middle = before + share * (after - before), rank = below + live_below + share * size;
        const long double variance = rank * (total - rank) - (midrank ? 0.25L * total * size : 0.0L);
        const long double place = 2.0L * below + c, live_place = 2.0L * live_below + d;
        const long double width = std::isnan(previous) ? 0.0L : 0.5L * (value - previous);
        const long double difference = below / n - live_below / m;
        switch (sum) {
            case WalkSum::squares:
                sums[0] += size * (before * before + before * after + after * after);
                sums[1] += size * size * size;
                break;
            case WalkSum::midrank_squares:
            case WalkSum::right_squares:
                sums[0] += variance > 0.0L ? size * middle * middle / variance : 0.0L;
                sums[1] += size * size * size - size;
                break;
            case WalkSum::placements:
                sums[0] += d * place;
                sums[1] += size * size * size - size;
                sums[2] += d * place * place;
                sums[3] += c * live_place * live_place;
                break;
            case WalkSum::absolute_difference: sums[0] += width * std::fabs(difference); break;
            case WalkSum::squared_difference: sums[0] += width * difference * difference; break;
        }
        below += c;
        live_below += d;
        previous = value;
    }
}

/// Chunks that the kernel takes, from the first values on and from further ones.
template <class T>
std::string check_walk(const KernelTable& table) {
    std::mt19937_64 random(31);
    for (int kind = 0; kind < walk_kinds; ++kind) {
        for (const auto& [reference, live] :
             {std::pair<std::size_t, std::size_t>{400, 500}, {3, 2}, {0, 300}, {250, 0}, {890, 1090}}) {
            const WalkCase<T> chunk = walk_case<T>(kind, reference, live, random);
            for (const WalkSum sum : every_walk_sum) {
                for (const bool first : {true, false}) {
                    WalkState state;
                    if (!first) state = {7.0, 5.0, -1000.0, {}};  // below all values
                    long double wanted[walk_sums] = {};
                    walk_plainly(chunk, sum, state, wanted);
                    std::ostringstream failure;
                    failure << "walk, kind " << kind << ", " << reference << " + " << live << ", sum "
                            << static_cast<int>(sum);
                    if (!chunk.run(table, sum, state)) {
                        if (kind == 1 || kind == 4 || chunk.values.size() < 10) continue;
                        return failure.str() + ": declined";
                    }
                    for (std::size_t k = 0; k < walk_sums; ++k) {
                        if (std::fabs(state.sums[k] - static_cast<double>(wanted[k])) <=
                            1e-12 * std::fabs(static_cast<double>(wanted[k])))
                            continue;
                        failure << ": " << state.sums[k] << " instead of " << static_cast<double>(wanted[k]);
                        return failure.str();
                    }
                }
            }
        }
    }
    return {};
}

}  // namespace kernel_checks
