// SPDX-License-Identifier: Apache-2.0
// Seeded null and shifted worlds for the drift guarantees: what a reference grid and a live window would count.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/drift/grid_tests.hpp"
#include "vedette/stats/grid.hpp"

namespace simulate {

using Counts = std::vector<std::uint64_t>;

inline std::uint64_t binomial(vedette::Random& random, std::uint64_t trials, double probability) {
    if (trials == 0 || !(probability > 0.0)) return 0;
    if (probability >= 1.0) return trials;
    return std::binomial_distribution<std::uint64_t>(trials, probability)(random);
}

// Multinomial counts by conditional binomials: O(cells) at any number of trials.
inline Counts multinomial(vedette::Random& random, std::uint64_t trials, const std::vector<double>& probabilities) {
    Counts counts(probabilities.size());
    double left = 1.0;
    for (std::size_t i = 0; i + 1 < probabilities.size(); ++i) {
        counts[i] = binomial(random, trials, std::min(1.0, probabilities[i] / left));
        trials -= counts[i];
        left = std::max(left - probabilities[i], 1e-300);
    }
    counts.back() = trials;
    return counts;
}

enum class World { continuous, skewed, discrete, tied, nominal };

inline const char* name(World world) {
    switch (world) {
        case World::continuous: return "continuous";
        case World::skewed: return "skewed";
        case World::discrete: return "discrete";
        case World::tied: return "tied";
        case World::nominal: return "nominal";
    }
    return "";
}

constexpr double tie = 0.6;

// The law of each numeric world, by its quantile function; `uniform` in [0, 1).
inline double quantile(World world, double uniform) {
    switch (world) {
        case World::skewed: return std::pow(1.0 - uniform, -0.25);  // Pareto, variance finite
        case World::discrete: return std::floor(std::log1p(-uniform) / std::log(0.6));
        case World::tied: return uniform < tie ? 0.0 : (uniform - tie) / (1.0 - tie);
        default: return uniform;
    }
}

// P(X < x).
inline double below(World world, double x) {
    switch (world) {
        case World::skewed: return x <= 1.0 ? 0.0 : 1.0 - std::pow(x, -4.0);
        case World::discrete: return x <= 0.0 ? 0.0 : 1.0 - std::pow(0.6, std::ceil(x));
        case World::tied: return x <= 0.0 ? 0.0 : std::min(1.0, tie + (1.0 - tie) * x);
        default: return std::clamp(x, 0.0, 1.0);
    }
}

inline std::vector<double> cell_probabilities(World world, const std::vector<double>& edges) {
    std::vector<double> probabilities;
    double previous = 0.0;
    for (const double edge : edges) {
        const double now = below(world, edge);
        probabilities.push_back(now - previous);
        previous = now;
    }
    probabilities.push_back(1.0 - previous);
    return probabilities;
}

// Order statistics of a large uniform sample at the starts of equal-mass cells, by gamma spacings (the law is exact):
// a grid as fit_grid makes it, without sorting a million values per run.
inline vedette::stats::Grid spaced_grid(vedette::Random& random, std::uint64_t n, std::size_t inner, double from) {
    vedette::stats::Grid grid;
    grid.reference_counts.push_back(0);
    double place = std::gamma_distribution<double>(1.0, 1.0)(random);
    std::vector<double> sums{place};
    for (std::size_t i = 0; i < inner; ++i) {
        const std::uint64_t share = n / inner + (i < n % inner ? 1 : 0);
        grid.reference_counts.push_back(share);
        // From one cell's first value to the next cell's; the last cell ends at its own last value.
        const double gaps = static_cast<double>(i + 1 < inner ? share : share - 1);
        place += std::gamma_distribution<double>(gaps, 1.0)(random);
        sums.push_back(place);
    }
    place += std::gamma_distribution<double>(1.0, 1.0)(random);
    for (const double sum : sums) grid.edges.push_back(from + (1.0 - from) * sum / place);
    grid.reference_counts.push_back(0);
    grid.minimum = grid.edges.front();
    grid.maximum = grid.edges.back();
    return grid;
}

struct Draw {
    vedette::drift::GridReference reference;
    Counts live;
};

inline Draw draw_nominal(vedette::Random& random, std::uint64_t n, std::uint64_t m) {
    std::vector<double> probabilities(41);
    double total = 0.0;
    for (std::size_t i = 0; i < 40; ++i) total += probabilities[i] = 1.0 / std::pow(static_cast<double>(i + 1), 1.2);
    for (double& p : probabilities) p /= total;
    const Counts seen = multinomial(random, n, probabilities);
    Counts live = multinomial(random, m, probabilities);
    // What the reference never showed is counted as unseen, in the last cell.
    for (std::size_t i = 0; i < 40; ++i) {
        if (seen[i] > 0) continue;
        live[40] += live[i];
        live[i] = 0;
    }
    return {vedette::drift::GridReference::nominal(seen), live};
}

inline Draw draw_null(World world, vedette::Random& random, std::uint64_t n, std::uint64_t m, std::size_t cells = 64) {
    if (world == World::nominal) return draw_nominal(random, n, m);
    vedette::stats::Grid grid;
    if (n <= 10'000 || world == World::discrete) {
        std::vector<double> values(std::min<std::uint64_t>(n, 10'000));
        for (double& value : values) value = quantile(world, random.uniform());
        grid = vedette::stats::fit_grid(values, cells);
        if (values.size() < n) grid.reference_counts = multinomial(random, n, cell_probabilities(world, grid.edges));
    } else if (world == World::tied) {
        const std::uint64_t zeros = binomial(random, n, tie);
        grid = spaced_grid(random, n - zeros, cells / 2, 0.0);
        grid.edges.insert(grid.edges.begin(), 0.0);
        grid.reference_counts.insert(grid.reference_counts.begin() + 1, zeros);
        grid.minimum = 0.0;
    } else {
        grid = spaced_grid(random, n, cells - 2, 0.0);
        if (world == World::skewed)
            for (double& edge : grid.edges) edge = quantile(world, edge);
        grid.minimum = grid.edges.front();
        grid.maximum = grid.edges.back();
    }
    return {vedette::drift::GridReference::ordered(grid, 1.0),
            multinomial(random, m, cell_probabilities(world, grid.edges))};
}

}  // namespace simulate
