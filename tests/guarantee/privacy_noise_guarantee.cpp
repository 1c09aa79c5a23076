// SPDX-License-Identifier: Apache-2.0
// The samplers' laws: cells, tails, moments, ratios and independence, against sums in 60 digits and against Canonne,
// Kamath and Steinke's samplers.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "privacy/gaussian_lazily.hpp"
#include "privacy/reference_samplers.hpp"
#include "rate.hpp"
#include "unit/oracle_data.hpp"
#include "unit/privacy/fixed_keystream.hpp"
#include "vedette/privacy/bernoulli.hpp"
#include "vedette/privacy/discrete_gaussian.hpp"
#include "vedette/privacy/discrete_laplace.hpp"
#include "vedette/stats/distributions.hpp"

namespace {

using namespace vedette::privacy;

constexpr std::size_t draws = std::size_t{1} << 20U;
constexpr double least_p_value = 1e-5;

template <class Sampler>
std::vector<std::int64_t> sample(const Sampler& sampler, std::uint64_t seed, std::size_t size = draws) {
    FixedKeystream stream(seed, vedette::privacy::preferred_cipher());
    std::vector<std::int64_t> values(size);
    sampler.sample(values, stream);
    return values;
}

std::vector<std::uint64_t> count_cells(const std::vector<std::int64_t>& values,
                                       const std::vector<std::int64_t>& edges) {
    std::vector<std::uint64_t> counts(edges.size() + 1);
    for (const std::int64_t x : values)
        ++counts[static_cast<std::size_t>(std::upper_bound(edges.begin(), edges.end(), x) - edges.begin())];
    return counts;
}

void check_rate(std::uint64_t hits, std::uint64_t runs, double probability) {
    const Rate rate{runs, hits};
    CHECK_MESSAGE((rate.at_most(probability) && rate.at_least(probability)), rate.value(), " beside ", probability);
}

// Every cell and both cumulative tails in their exact binomial band, and Pearson's statistic of all cells.
void check_cells(const std::vector<std::int64_t>& values, const nlohmann::json& entry) {
    const std::vector<std::int64_t> edges = entry["edges"];
    const std::vector<double> probabilities = entry["probabilities"];
    const std::vector<std::uint64_t> counts = count_cells(values, edges);
    const auto n = static_cast<double>(values.size());
    double statistic = 0.0, cells = 0.0, below = 0.0;
    std::uint64_t hits_below = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        CAPTURE(i);
        check_rate(counts[i], values.size(), probabilities[i]);
        below += probabilities[i];
        hits_below += counts[i];
        if (i + 1 < counts.size()) check_rate(hits_below, values.size(), std::min(below, 1.0));
        if (n * probabilities[i] < 5.0) continue;
        statistic += std::pow(static_cast<double>(counts[i]) - n * probabilities[i], 2) / (n * probabilities[i]);
        cells += 1.0;
    }
    CHECK(vedette::stats::chi_squared_sf(statistic, cells - 1.0) > least_p_value);
}

void check_moments(const std::vector<std::int64_t>& values, const nlohmann::json& entry) {
    const double variance = std::stod(entry["variance"].get<std::string>());
    const double fourth = std::stod(entry["fourth"].get<std::string>());
    const auto n = static_cast<double>(values.size());
    double sum = 0.0, squares = 0.0;
    for (const std::int64_t x : values) {
        sum += static_cast<double>(x);
        squares += static_cast<double>(x) * static_cast<double>(x);
    }
    CHECK(std::abs(sum / n) < 5.0 * std::sqrt(variance / n));
    CHECK(std::abs(squares / n - variance) < 5.0 * std::sqrt((fourth - variance * variance) / n));
    const auto zeros = static_cast<std::uint64_t>(std::count(values.begin(), values.end(), 0));
    check_rate(zeros, values.size(), std::stod(entry["p0"].get<std::string>()));
}

// Neighbouring draws: whether one is above its median says nothing about the next, nor do sign and parity.
void check_independence(const std::vector<std::int64_t>& values) {
    std::vector<std::int64_t> sorted = values;
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2), sorted.end());
    const std::int64_t median = sorted[sorted.size() / 2];
    const auto classes = {+[](std::int64_t x, std::int64_t m) { return x > m; },
                          +[](std::int64_t x, std::int64_t) { return x < 0; },
                          +[](std::int64_t x, std::int64_t) { return x % 2 != 0; }};
    for (const auto first : classes) {
        for (const auto second : classes) {
            for (const std::size_t lag : {std::size_t{1}, std::size_t{32}, std::size_t{128}}) {
                double n = 0.0, a = 0.0, b = 0.0, both = 0.0;
                for (std::size_t i = 0; i + lag < values.size(); ++i) {
                    const bool f = first(values[i], median), s = second(values[i + lag], median);
                    n += 1.0;
                    a += f ? 1.0 : 0.0;
                    b += s ? 1.0 : 0.0;
                    both += f && s ? 1.0 : 0.0;
                }
                const double spread = a * b * (n - a) * (n - b);
                if (spread == 0.0) continue;
                CHECK(vedette::stats::chi_squared_sf(n * std::pow(n * both - a * b, 2) / spread, 1.0) > least_p_value);
            }
        }
    }
}

TEST_CASE("the discrete Gaussian's cells, tails and moments") {
    std::uint64_t seed = 100;
    for (const auto& entry : oracle_data("privacy_noise.json")["gaussian_cells"]) {
        CAPTURE(entry["sigma"].get<double>());
        check_cells(sample(DiscreteGaussian(entry["sigma"]), ++seed), entry);
    }
    for (const auto& entry : oracle_data("privacy_noise.json")["gaussian_moments"]) {
        CAPTURE(entry["sigma"].get<double>());
        check_moments(sample(DiscreteGaussian(entry["sigma"]), ++seed), entry);
    }
}

TEST_CASE("the lazy path draws the same law") {
    FixedKeystream stream(150);
    std::vector<std::int64_t> values(40000);
    for (const auto& entry : oracle_data("privacy_noise.json")["gaussian_cells"]) {
        if (entry["sigma"] != 21.0 && entry["sigma"] != 1e6) continue;
        sample_lazily(entry["sigma"], values, stream);
        check_cells(values, entry);
    }
}

TEST_CASE("the discrete Laplace's cells, tails and moments") {
    std::uint64_t seed = 200;
    for (const auto& entry : oracle_data("privacy_noise.json")["laplace_cells"]) {
        CAPTURE(entry["scale"].get<double>());
        check_cells(sample(DiscreteLaplace(entry["scale"]), ++seed), entry);
    }
    for (const auto& entry : oracle_data("privacy_noise.json")["laplace_moments"]) {
        CAPTURE(entry["scale"].get<double>());
        check_moments(sample(DiscreteLaplace(entry["scale"]), ++seed), entry);
    }
}

TEST_CASE("neighbouring values of the Laplace and geometric laws stand in their ratio") {
    std::uint64_t seed = 300;
    for (const double scale : {0.7, 5.0, 20.0, 300.0}) {
        CAPTURE(scale);
        const auto laplace = sample(DiscreteLaplace(scale), ++seed), geometric = sample(Geometric(scale), ++seed);
        for (const std::int64_t step : {std::int64_t{1}, std::int64_t{2}, std::int64_t{8}, std::int64_t{64}}) {
            // Of the values in [0, step) and [step, 2 step), those of the former are 1 / (1 + exp(-step / scale)).
            const double share = 1.0 / (1.0 + std::exp(-static_cast<double>(step) / scale));
            for (const auto* values : {&laplace, &geometric}) {
                std::uint64_t near = 0, far = 0;
                for (const std::int64_t x : *values) {
                    near += x >= 0 && x < step ? 1U : 0U;
                    far += x >= step && x < 2 * step ? 1U : 0U;
                }
                check_rate(near, near + far, share);
            }
        }
        for (const double tail : {0.1, 1.0, 3.0, 8.0}) {
            const auto from = static_cast<std::int64_t>(std::ceil(tail * scale));
            const auto above =
                std::count_if(geometric.begin(), geometric.end(), [&](std::int64_t x) { return x >= from; });
            check_rate(static_cast<std::uint64_t>(above), geometric.size(),
                       std::exp(-static_cast<double>(from) / scale));
        }
        CHECK(*std::min_element(geometric.begin(), geometric.end()) == 0);
    }
}

TEST_CASE("draws are independent of each other") {
    std::uint64_t seed = 400;
    for (const double scale : {1.0, 15.0, 100.0}) {
        CAPTURE(scale);
        check_independence(sample(DiscreteGaussian(scale), ++seed, draws / 2));
        check_independence(sample(DiscreteLaplace(scale), ++seed, draws / 2));
    }
}

// Two samples in equal cells.
void check_same_law(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
    std::vector<std::int64_t> edges = a;
    std::sort(edges.begin(), edges.end());
    for (std::size_t i = 0; i < 40; ++i) edges[i] = edges[(i + 1) * edges.size() / 41];
    edges.resize(40);
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    const auto counts_a = count_cells(a, edges), counts_b = count_cells(b, edges);
    double statistic = 0.0, cells = 0.0;
    for (std::size_t i = 0; i < counts_a.size(); ++i) {
        const auto x = static_cast<double>(counts_a[i]), y = static_cast<double>(counts_b[i]);
        if (x + y < 10.0) continue;
        statistic += std::pow(x - y, 2) / (x + y);
        cells += 1.0;
    }
    CHECK(vedette::stats::chi_squared_sf(statistic, cells - 1.0) > least_p_value);
}

TEST_CASE("the samplers agree with Canonne, Kamath and Steinke's") {
    FixedKeystream stream(500);
    std::vector<std::int64_t> reference(200000);
    for (const auto& [numerator, denominator] :
         {std::pair{1U, 1U}, {25U, 4U}, {256U, 1U}, {4097U, 2U}, {1000000U, 1U}}) {
        const double sigma = std::sqrt(static_cast<double>(numerator) / static_cast<double>(denominator));
        CAPTURE(sigma);
        for (std::int64_t& x : reference) x = reference::discrete_gaussian(numerator, denominator, stream);
        check_same_law(reference, sample(DiscreteGaussian(sigma), numerator, reference.size()));
    }
    for (const auto& [numerator, denominator] : {std::pair{1U, 2U}, {5U, 1U}, {40U, 2U}, {12345U, 8U}}) {
        const double scale = static_cast<double>(numerator) / static_cast<double>(denominator);
        CAPTURE(scale);
        for (std::int64_t& x : reference) x = reference::discrete_laplace(numerator, denominator, stream);
        check_same_law(reference, sample(DiscreteLaplace(scale), numerator, reference.size()));
    }
}

TEST_CASE("coins: their rates, and exp(-x) factors") {
    FixedKeystream stream(600);
    std::vector<std::uint8_t> coins(draws), others(draws);
    const auto hits = [&] { return static_cast<std::uint64_t>(std::count(coins.begin(), coins.end(), 1)); };
    for (const double p : {0x1p-12, 0.001, 0.1, 1.0 / 3.0, 0.5, 0.9, 1.0 - 0x1p-10}) {
        Bernoulli(p).sample(coins, stream);
        check_rate(hits(), draws, p);
    }
    for (const double x : {0x1p-10, 0.1, 0.5, 1.0, 2.0, 3.7, 9.0}) {
        ExponentialBernoulli(x).sample(coins, stream);
        check_rate(hits(), draws, std::exp(-x));
        // Two coins of x / 3 and 2 x / 3 both say yes as often.
        ExponentialBernoulli(x / 3.0).sample(coins, stream);
        ExponentialBernoulli(x - x / 3.0).sample(others, stream);
        for (std::size_t i = 0; i < draws; ++i) coins[i] = static_cast<std::uint8_t>(coins[i] & others[i]);
        check_rate(hits(), draws, std::exp(-x));
    }
}

TEST_CASE("uniform integers are uniform") {
    FixedKeystream stream(700);
    std::vector<std::uint64_t> values(draws);
    for (const std::uint64_t bound :
         {std::uint64_t{2}, std::uint64_t{7}, std::uint64_t{1000}, (std::uint64_t{3} << 62U) + 1}) {
        UniformInteger(bound).sample(values, stream);
        const std::uint64_t cells = std::min(bound, std::uint64_t{60});
        std::vector<double> counts(cells);
        for (const std::uint64_t x : values)
            counts[static_cast<std::size_t>(bound == cells ? x : std::min(x / (bound / cells), cells - 1))] += 1.0;
        double statistic = 0.0;
        for (std::uint64_t i = 0; i < cells; ++i) {
            const std::uint64_t width = i + 1 < cells ? bound / cells : bound - (cells - 1) * (bound / cells);
            const double expected =
                static_cast<double>(draws) * static_cast<double>(width) / static_cast<double>(bound);
            statistic += std::pow(counts[i] - expected, 2) / expected;
        }
        CHECK(vedette::stats::chi_squared_sf(statistic, static_cast<double>(cells) - 1.0) > least_p_value);
    }
}

}  // namespace
