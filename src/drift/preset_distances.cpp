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

// What NannyML keeps of a large reference: shares in 10,000 cells between its extremes, and the live ones.
template <class T>
struct Estimate {
    Estimate(std::span<const T> reference, std::span<const T> live)
        : edges(equal_edges(static_cast<double>(reference.front()), static_cast<double>(reference.back()), 10'000)) {
        (void)count_between(reference, edges, reference_counts);
        (void)count_between(live, edges, live_counts);
        const auto first = std::partition_point(live.begin(), live.end(),
                                                [&](T value) { return static_cast<double>(value) < edges.front(); });
        below = static_cast<std::size_t>(first - live.begin());
    }

    // The largest and the summed distance of the distribution functions, ascending cell by cell from those counts.
    struct Distances {
        double largest = 0.0;
        double sum = 0.0;
    };
    [[nodiscard]] Distances distances(double n, double m, double live_start) const {
        Distances out;
        double reference_count = 0.0;
        double live_count = live_start;
        for (std::size_t i = 0; i < reference_counts.size(); ++i) {
            reference_count += reference_counts[i];
            live_count += live_counts[i];
            const double distance = std::abs(reference_count / n - live_count / m);
            out.largest = std::max(out.largest, distance);
            out.sum += distance;
        }
        return out;
    }

    std::vector<double> edges;
    std::vector<double> reference_counts;
    std::vector<double> live_counts;
    std::size_t below = 0;  // live values before the first edge
};

// Beyond the cells by the values, in whose number NannyML counts the extreme itself, so that the live distribution
// function starts one value too high where any lies below.
template <class T>
double estimated(std::span<const T> reference, std::span<const T> live) {
    const Estimate<T> estimate(reference, live);
    const double low = estimate.edges.front();
    const double high = estimate.edges.back();
    double outside = 0.0;  // the integral of counts of values there
    for (std::size_t i = 0; i < estimate.below; ++i) {
        const double next = i + 1 < estimate.below ? static_cast<double>(live[i + 1]) : low;
        outside += static_cast<double>(i + 1) * (next - static_cast<double>(live[i]));
    }
    for (std::size_t i = live.size(); i > 0 && static_cast<double>(live[i - 1]) > high; --i) {
        const double previous = i > 1 ? std::max(static_cast<double>(live[i - 2]), high) : high;
        outside += static_cast<double>(live.size() + 1 - i) * (static_cast<double>(live[i - 1]) - previous);
    }
    const auto m = static_cast<double>(live.size());
    const double start = estimate.below > 0 ? static_cast<double>(estimate.below + 1) : 0.0;
    const double width = estimate.edges[1] - low;
    return estimate.distances(static_cast<double>(reference.size()), m, start).sum * width + outside / m;
}

// Within the cells, where values below the first count as they are.
template <class T>
double estimated_ks(std::span<const T> reference, std::span<const T> live) {
    const Estimate<T> estimate(reference, live);
    return estimate
        .distances(static_cast<double>(reference.size()), static_cast<double>(live.size()),
                   static_cast<double>(estimate.below))
        .largest;
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
