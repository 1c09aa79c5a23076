// SPDX-License-Identifier: Apache-2.0
// What other packages divide distances by, leave out before, and estimate where they find a sample too large.
#include "drift/preset_distances.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "drift/preset_edges.hpp"
#include "drift/standard_deviation.hpp"
#include "drift/tie_groups.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/distance_tests.hpp"

namespace vedette::inline v0::drift::presets {
namespace {

// The distance, and the same in reference standard deviations.
template <class T>
TestResult measured(Divergence divergence, const SortedSample<T>& reference, const SortedSample<T>& live) {
    const TestOptions measure_only{.permutations = 0};
    return divergence == Divergence::wasserstein ? wasserstein_1(reference, live, measure_only)
                                                 : energy_distance(reference, live, measure_only);
}

// Between the reference's extremes from 10,000 cells; beyond them by the values, in whose number NannyML counts the
// extreme itself, so that the live distribution function starts one value too high where any lies below.
template <class T>
double estimated(std::span<const T> reference, std::span<const T> live) {
    const auto m = static_cast<double>(live.size());
    const std::vector<double> edges =
        equal_edges(static_cast<double>(reference.front()), static_cast<double>(reference.back()), 10'000);
    std::vector<double> known;
    std::vector<double> found;
    (void)count_between(reference, edges, known);
    (void)count_between(live, edges, found);
    double below = 0.0;  // counts of values, and the integral of the distribution function over them
    double before = 0.0;
    double behind = 0.0;
    for (std::size_t i = 0; i < live.size(); ++i) {
        const auto value = static_cast<double>(live[i]);
        if (value < edges.front()) {
            below += 1.0;
            const double next =
                i + 1 < live.size() ? std::min(static_cast<double>(live[i + 1]), edges.front()) : edges.front();
            before += below * (next - value);
        } else if (value > edges.back()) {
            const double previous = i > 0 ? std::max(static_cast<double>(live[i - 1]), edges.back()) : edges.back();
            behind += static_cast<double>(live.size() - i) * (value - previous);
        }
    }
    const double width = edges[1] - edges[0];
    const double start = below > 0.0 ? (below + 1.0) / m : 0.0;
    double within = 0.0;
    double reference_share = 0.0;
    double live_share = 0.0;
    for (std::size_t i = 0; i < known.size(); ++i) {
        reference_share += known[i] / static_cast<double>(reference.size());
        live_share += found[i] / m;
        within += std::abs(reference_share - (live_share + start)) * width;
    }
    return within + before / m + behind / m;
}

// Between the same edges, where values below the first count as they are.
template <class T>
double estimated_ks(std::span<const T> reference, std::span<const T> live) {
    const std::vector<double> edges =
        equal_edges(static_cast<double>(reference.front()), static_cast<double>(reference.back()), 10'000);
    std::vector<double> known;
    std::vector<double> found;
    (void)count_between(reference, edges, known);
    (void)count_between(live, edges, found);
    const auto below = std::partition_point(live.begin(), live.end(),
                                            [&](T value) { return static_cast<double>(value) < edges.front(); });
    double reference_count = 0.0;
    double live_count = static_cast<double>(below - live.begin());
    double largest = 0.0;
    for (std::size_t i = 0; i < known.size(); ++i) {
        reference_count += known[i];
        live_count += found[i];
        largest = std::max(largest, std::abs(reference_count / static_cast<double>(reference.size()) -
                                             live_count / static_cast<double>(live.size())));
    }
    return largest;
}

template <class T>
double exact_ks(const SortedSample<T>& reference, const SortedSample<T>& live) {
    double reference_count = 0.0;
    double live_count = 0.0;
    double largest = 0.0;
    for_each_tie_group(reference.values(), live.values(), [&](T, std::size_t c, std::size_t d) {
        reference_count += static_cast<double>(c);
        live_count += static_cast<double>(d);
        largest = std::max(largest, std::abs(reference_count / static_cast<double>(reference.size()) -
                                             live_count / static_cast<double>(live.size())));
    });
    return largest;
}

template <class T>
double range_of(const SortedSample<T>& reference, const SortedSample<T>& live) {
    return static_cast<double>(std::max(reference.values().back(), live.values().back())) -
           static_cast<double>(std::min(reference.values().front(), live.values().front()));
}

// deepchecks leaves out each side's outer twentieth, and divides by the range of what is left of both.
template <class T>
double trimmed(const SortedSample<T>& reference, const SortedSample<T>& live) {
    constexpr double margin = 0.025;
    if (!std::isfinite(range_of(reference, live)))
        throw Error(ErrorCode::invalid_argument, "preset_divergence: the values' range exceeds the largest double");
    const auto inner = [](std::span<const T> values) {
        const double low = linear_quantile(values, margin);
        const double high = linear_quantile(values, 1.0 - margin);
        const auto first = std::partition_point(values.begin(), values.end(),
                                                [&](T value) { return static_cast<double>(value) < low; });
        const auto last =
            std::partition_point(first, values.end(), [&](T value) { return static_cast<double>(value) <= high; });
        return SortedSample<T>(std::vector<T>(first, last));
    };
    const SortedSample<T> left = inner(reference.values());
    const SortedSample<T> right = inner(live.values());
    if (left.empty() || right.empty())
        throw Error(
            ErrorCode::not_enough_data,
            "preset_divergence: nothing is left of a sample without its outer 2 x 2.5 %, as deepchecks takes it");
    const double range = range_of(left, right);
    return range > 0.0 ? measured(Divergence::wasserstein, left, right).statistic / range : 0.0;
}

}  // namespace

template <class T>
double distance(DivergencePreset preset, Divergence divergence, const SortedSample<T>& reference,
                const SortedSample<T>& live) {
    if (divergence == Divergence::kolmogorov_smirnov)
        return preset == DivergencePreset::nannyml && reference.size() >= 10'000
                   ? estimated_ks(reference.values(), live.values())
                   : exact_ks(reference, live);
    if (preset == DivergencePreset::deepchecks) return trimmed(reference, live);
    if (preset == DivergencePreset::nannyml && reference.size() >= 10'000)
        return estimated(reference.values(), live.values());
    const TestResult result = measured(divergence, reference, live);
    if (preset == DivergencePreset::vedette) return result.effect;
    if (preset == DivergencePreset::evidently && divergence == Divergence::wasserstein)
        return result.statistic / std::max(standard_deviation(reference.values()), 0.001);
    return result.statistic;
}

template double distance<float>(DivergencePreset, Divergence, const SortedSample<float>&, const SortedSample<float>&);
template double distance<double>(DivergencePreset, Divergence, const SortedSample<double>&,
                                 const SortedSample<double>&);

}  // namespace vedette::inline v0::drift::presets
