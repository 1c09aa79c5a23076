// SPDX-License-Identifier: Apache-2.0
// Numerical composition: exact values inside every interval, other packages' numbers, extremes, and the transform.
#include <doctest/doctest.h>

#include <cmath>
#include <complex>
#include <limits>
#include <vector>

#include "privacy/loss_grid.hpp"
#include "privacy/pair_transform.hpp"
#include "unit/oracle_data.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"
#include "vedette/privacy/dp_sgd.hpp"

using vedette::Interval;
using namespace vedette::privacy;

namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

const nlohmann::json& oracle() {
    return oracle_data("privacy_accounting.json");
}

PrivacyLossDistribution gaussian(double sigma, double rate = 1.0) {
    return PrivacyLossDistribution::gaussian({.noise_multiplier = sigma, .sampling_rate = rate});
}

void check_holds(const Interval& bounds, double truth, double width) {
    CHECK(bounds.lower <= truth);
    CHECK(bounds.upper >= truth);
    CHECK(bounds.upper - bounds.lower <= width);
}

}  // namespace

TEST_CASE("a replaced record, one sampled step: the hockey stick from its definition") {
    const auto normal = [](double x) { return 0.5 * std::erfc(x / std::sqrt(2.0)); };  // above x
    for (const double sigma : {0.3, 1.0, 4.0}) {
        for (const double rate : {1e-4, 0.1, 0.9}) {
            for (const double epsilon : {0.0, 0.05, 1.0, 6.0}) {
                CAPTURE(sigma);
                CAPTURE(rate);
                CAPTURE(epsilon);
                const auto p = [&](double x) {
                    return (1.0 - rate) * normal(x / sigma) + rate * normal((x - 1) / sigma);
                };
                const auto q = [&](double x) {
                    return (1.0 - rate) * normal(x / sigma) + rate * normal((x + 1) / sigma);
                };
                // The ratio of the densities grows with x: where it passes e^epsilon.
                const auto ratio = [&](double x) {
                    const auto part = [&](double s) {
                        return 1.0 - rate + rate * std::exp(s * (2.0 * x - s) / (2.0 * sigma * sigma));
                    };
                    return std::log(part(1.0)) - std::log(part(-1.0));
                };
                double low = -1.0, high = 60.0 * sigma;
                for (int i = 0; i < 100; ++i) {
                    const double middle = 0.5 * (low + high);
                    (ratio(middle) < epsilon ? low : high) = middle;
                }
                const double truth = p(high) - std::exp(epsilon) * q(high);
                if (truth < 1e-12) continue;  // cancelled
                const LossInterval ours = PrivacyLossDistribution::gaussian({sigma, rate, Neighbouring::replace_one})
                                              .delta(epsilon, {.error = 1e-3});
                CHECK(ours.lower <= truth * (1.0 + 1e-3) + 1e-15);
                CHECK(ours.upper >= truth * (1.0 - 1e-12) - 1e-15);
                CHECK(ours.upper <= truth * (1.0 + 2e-3) + 1e-15);
            }
        }
    }
    // Without sampling it is twice the sensitivity.
    const Interval twice =
        PrivacyLossDistribution::gaussian({.noise_multiplier = 2.0, .neighbouring = Neighbouring::replace_one})
            .epsilon(1e-6, {.error = 1e-4});
    const Interval half = gaussian(1.0).epsilon(1e-6, {.error = 1e-4});
    CHECK(twice.upper == half.upper);
    check_holds(PrivacyLossDistribution::laplace({.noise_multiplier = 4.0, .neighbouring = Neighbouring::replace_one})
                    .epsilon(1e-12, {.error = 1e-3}),
                0.5 + 2.0 * std::log1p(-1e-12), 1e-3);
    CHECK_THROWS_AS((void)PrivacyLossDistribution::laplace({0.01, 0.5, Neighbouring::replace_one}), vedette::Error);
    // Next to the greatest loss of a rate next to 1, 33.33331602608603 in 60 digits: a difference that must not cancel.
    const LossInterval next_to_all =
        PrivacyLossDistribution::laplace({0.06, 1.0 - 1e-12, Neighbouring::replace_one})
            .delta(33.333316023086034, {.error = 1e-3, .loss_interval = 0.04997498654525317});
    CHECK(next_to_all.lower <= 1.4999979748607221e-9);
    CHECK(next_to_all.upper >= 1.4999979748607221e-9);
}

TEST_CASE(
    "a replaced record, sampled: the pair at both ends dominates all others, by divergences from the definition") {
    const auto& oracle = oracle_data("privacy_replaced.json");
    const auto replaced = [](const std::string& kind, double noise, double rate) {
        const LossOptions options{noise, rate, Neighbouring::replace_one};
        return kind == "gaussian" ? PrivacyLossDistribution::gaussian(options)
                                  : PrivacyLossDistribution::laplace(options);
    };
    // Masses of the oracle are differences of doubles.
    constexpr double doubles = 1e-14;
    const auto check = [&](const LossInterval& ours, double truth, double greatest) {
        CHECK(ours.width_reached);
        CHECK(ours.lower <= truth + doubles);
        CHECK(ours.upper >= truth - doubles);
        CHECK(ours.upper >= greatest - doubles);
        CHECK(ours.upper - ours.lower <= 2e-3 * truth);
    };
    for (const auto& row : oracle["one"]) {
        CAPTURE(row.dump());
        const auto loss = replaced(row[0], row[1], row[2]);
        check(loss.delta(row[3], {.error = 1e-3}), row[4], row[5]);
    }
    for (const auto& row : oracle["plane"]) {
        CAPTURE(row.dump());
        // 1e-9: integrated over the second coordinate.
        CHECK(replaced("gaussian", row[0], row[1]).delta(row[2], {.error = 1e-3}).upper >= row[4].get<double>() - 1e-9);
    }
    for (const auto& row : oracle["two"]) {
        CAPTURE(row.dump());
        // 1e-5: the second derivatives of what was integrated jump, 150 nodes a piece.
        const auto ours = replaced(row[0], row[1], row[2]).compose(2).delta(row[3], {.error = 1e-3});
        CHECK(ours.lower <= row[4].get<double>() * (1.0 + 1e-5));
        CHECK(ours.upper >= row[4].get<double>() * (1.0 - 1e-5));
        CHECK(ours.upper - ours.lower <= 2e-3 * ours.upper);
    }
    CHECK(oracle["one"].size() > 50);
}

TEST_CASE("one of two mechanisms by a coin that is told: the deltas mix") {
    const auto first = gaussian(2.0), second = gaussian(1.0, 0.5);
    const auto either = PrivacyLossDistribution::either(first, second, 0.25);
    for (const double epsilon : {0.1, 1.0, 3.0}) {
        CAPTURE(epsilon);
        const Interval a = first.delta(epsilon, {.error = 1e-4}), b = second.delta(epsilon, {.error = 1e-4});
        const Interval ours = either.delta(epsilon, {.error = 1e-4});
        // Both directions of the sampled one are alike in the worse of the two, a record removed.
        CHECK(ours.lower <= 0.75 * a.upper + 0.25 * b.upper);
        CHECK(ours.upper >= 0.75 * a.lower + 0.25 * b.lower);
        CHECK(ours.upper - ours.lower <= 1e-4 * ours.upper);
    }
    CHECK(PrivacyLossDistribution::either(first, second, 0.0).epsilon(1e-6).upper <= first.epsilon(1e-6).upper + 0.01);
    CHECK_THROWS_AS((void)PrivacyLossDistribution::either(first.compose(2), second, 0.5), vedette::Error);
    CHECK_THROWS_AS((void)PrivacyLossDistribution::either(first, {}, 0.5), vedette::Error);
    CHECK_THROWS_AS((void)PrivacyLossDistribution::either(first, second, 1.5), vedette::Error);
    CHECK_THROWS_AS((void)PrivacyLossDistribution::either(first, second, nan_value), vedette::Error);
}

TEST_CASE("billions of steps that no grid holds have an upper end all the same") {
    // The mean of the losses, to four digits: 4e9 steps of 1/2 (200 + log 1/2) + 1/2 log 1/2. Their deviation is 1e-4
    // of it.
    const LossInterval ours = gaussian(0.05, 0.5).compose(4'000'000'000U).epsilon(1e-6);
    CHECK_FALSE(ours.width_reached);
    CHECK(ours.upper >= 3.972e11);
    CHECK(ours.upper <= 4.1e11);
    CHECK(ours.lower <= ours.upper);
}

TEST_CASE("a question ends where a lattice of losses has no coarser grid") {
    for (const double scale : {0.1, 0.07, 0.1249999999}) {  // losses on multiples of 10, 14.3 and a little more than 8
        CAPTURE(scale);
        const auto law = PrivacyLossDistribution::laplace({.noise_multiplier = scale});
        const LossInterval delta = law.compose(1'000'000'000U).delta(5.0);
        CHECK(0.0 <= delta.lower);
        CHECK(delta.lower <= delta.upper);
        CHECK(delta.upper <= 1.0);
        const LossInterval rate = law.compose(1'000'000'000U).true_positive_rate(0.1);
        CHECK(rate.lower <= rate.upper);
    }
}

TEST_CASE("Gaussian noise, composed or not, against its closed form") {
    for (const auto& row : oracle()["gaussian_delta"]) {
        CAPTURE(row.dump());
        const double truth = row[2];
        check_holds(gaussian(row[0]).delta(row[1], {.error = 1e-3}), truth, 1.1e-3 * truth);
    }
    // k steps are one step of sigma / sqrt(k), down to deltas far below what a plain transform can resolve.
    for (const double delta : {0.3, 1e-6, 1e-15, 1e-30, 1e-100, 1e-250}) {
        for (const std::uint64_t k : {1U, 30U, 100'000U}) {
            const double sigma = 1.7 * std::sqrt(static_cast<double>(k));
            CAPTURE(delta);
            CAPTURE(k);
            check_holds(gaussian(sigma).compose(k).epsilon(delta, {.error = 0.01}), gaussian_epsilon(1.7, delta), 0.01);
        }
    }
    check_holds(gaussian(0.7).compose(400).epsilon(1e-6), gaussian_epsilon(0.035, 1e-6), 0.01);  // epsilon > 500
    const Interval tiny = gaussian(1.0).log_delta(30.0, {.error = 1e-3});
    check_holds(tiny, gaussian_log_delta(1.0, 30.0), 1e-3);
}

// The greatest delta of one subsampled Gaussian step, a record removed; epsilon above -log(1 - rate), where a record
// added has none.
static double subsampled_delta(double sigma, double rate, double epsilon) {
    const double excess = std::expm1(epsilon) + rate;
    const double threshold = sigma * sigma * std::log(excess / rate) + 0.5;
    const auto above = [&](double x) { return 0.5 * std::erfc(x / sigma * std::sqrt(0.5)); };
    return rate * above(threshold - 1.0) - excess * above(threshold);
}

TEST_CASE("one subsampled step against its closed form, down to where a coarse grid's window ends below the answer") {
    struct Step {
        double sigma, rate, delta, error;
    };
    std::vector<Step> steps = {{2.9349948, 2.4403e-4, 1e-150, 0.01},
                               {2.9349948, 2.4403e-4, 1e-150, 1e-3},
                               {2.9349948, 2.4403e-4, 1e-200, 0.01},
                               {13.8096, 0.0034576, 2.1e-243, 1e-3}};
    vedette::Random random(11);
    for (int i = 0; i < 24; ++i)
        steps.push_back({std::pow(10.0, -0.3 + 1.9 * random.uniform()), std::pow(10.0, -5.0 + 4.9 * random.uniform()),
                         std::pow(10.0, -245.0 + 240.0 * random.uniform()), i % 2 == 0 ? 0.1 : 0.01});
    for (const Step& step : steps) {
        CAPTURE(step.sigma);
        CAPTURE(step.rate);
        CAPTURE(step.delta);
        const Interval found = gaussian(step.sigma, step.rate).epsilon(step.delta, {.error = step.error});
        CHECK(found.lower <= found.upper);
        CHECK(found.upper - found.lower <= step.error);
        const double least = -std::log1p(-step.rate);
        if (found.upper > least)
            CHECK(subsampled_delta(step.sigma, step.rate, found.upper) <= step.delta * (1.0 + 1e-6));
        if (found.lower > least)
            CHECK(subsampled_delta(step.sigma, step.rate, found.lower) >= step.delta * (1.0 - 1e-6));
    }
}

TEST_CASE("no atom of the discrete Gaussian law is left out: wider sensitivities are refused") {
    CHECK_THROWS_AS((void)PrivacyLossDistribution::discrete_gaussian(0.5, 7), vedette::Error);
    const Interval found = PrivacyLossDistribution::discrete_gaussian(0.5, 6).log_delta(300.0, {.error = 1e-3});
    // Losses are 12 (2 z + 6) for z of the noise, so that z from 10 on counts: P(z) ~ e^(-2 z^2).
    double sum = 0.0, total = 0.0;
    for (int z = -40; z <= 40; ++z) total += std::exp(-2.0 * z * z);
    for (int z = 10; z <= 40; ++z) sum -= std::expm1(300.0 - 12.0 * (2.0 * z + 6.0)) * std::exp(-2.0 * z * z + 200.0);
    check_holds(found, std::log(sum / total) - 200.0, 1e-3);
}

TEST_CASE("at equal step our upper end is not looser than that of dp-accounting") {
    for (const auto& row : oracle()["pld_epsilon"]) {
        CAPTURE(row.dump());
        const double theirs = row[5];
        const PrivacyLossDistribution loss = gaussian(row[0], row[1]).compose(row[2].get<std::uint64_t>());
        const Interval ours = loss.epsilon(row[3], {.loss_interval = row[4]});
        CHECK(ours.upper <= theirs + 1e-6);
        CHECK(ours.lower <= ours.upper);
        // Both are the same estimate but for truncation.
        CHECK(ours.upper == doctest::Approx(theirs).epsilon(1e-4));
    }
}

TEST_CASE("prv-accountant's interval and ours overlap") {
    for (const auto& row : oracle()["prv_epsilon"]) {
        CAPTURE(row.dump());
        const Interval ours = dp_sgd_epsilon({row[0], row[1], row[2].get<std::uint64_t>()}, row[3], {.error = 0.01});
        CHECK(ours.upper - ours.lower <= 0.01);
        CHECK(ours.upper >= row[4].get<double>());
        CHECK(ours.lower <= row[6].get<double>());
        CHECK(0.5 * (ours.lower + ours.upper) == doctest::Approx(row[5].get<double>()).epsilon(2e-3));
    }
}

TEST_CASE("the published grid of upper ends, each of an interval of 0.02 about an estimate") {
    struct Row {
        double sigma, rate;
        std::uint64_t steps;
        double upper;
    };
    // Opacus' grid, which prv-accountant computed, but for the rows that Opacus leaves out; and those at 0.2.
    for (const Row& row :
         {Row{0.8, 0.001, 100, 0.2704033641}, {0.8, 0.001, 1000, 0.4777712662},   {0.8, 0.001, 20'000, 1.2960092576},
          {0.8, 0.001, 50'000, 2.0345148078}, {1.5, 0.001, 100, 0.0393694193},    {1.5, 0.001, 1000, 0.0998206603},
          {1.5, 0.001, 20'000, 0.4370051087}, {1.5, 0.001, 50'000, 0.7042183846}, {2.0, 0.001, 100, 0.0291045369},
          {2.0, 0.001, 1000, 0.0712187825},   {2.0, 0.001, 20'000, 0.3058379398}, {2.0, 0.001, 50'000, 0.4913549102},
          {3.0, 0.001, 100, 0.0215200934},    {3.0, 0.001, 1000, 0.0476159309},   {3.0, 0.001, 20'000, 0.1940310307},
          {3.0, 0.001, 50'000, 0.3096941612}, {0.8, 0.05, 100, 6.7410519394},     {0.8, 0.05, 1000, 19.5258428054},
          {1.5, 0.05, 100, 1.9538531357},     {1.5, 0.05, 1000, 6.2099692466},    {1.5, 0.05, 20'000, 38.3066179141},
          {1.5, 0.05, 50'000, 73.1901767238}, {2.0, 0.05, 100, 1.2836373796},     {2.0, 0.05, 1000, 4.1727998667},
          {2.0, 0.05, 20'000, 24.4217185704}, {2.0, 0.05, 50'000, 45.2369958614}, {3.0, 0.05, 100, 0.7679337897},
          {3.0, 0.05, 1000, 2.5275743261},    {3.0, 0.05, 20'000, 13.9611146992}, {3.0, 0.05, 50'000, 24.9420056431},
          {0.8, 0.2, 100, 24.3336641779},     {1.5, 0.2, 100, 8.4989778591},      {2.0, 0.2, 100, 5.6720556088},
          {3.0, 0.2, 100, 3.3812205102}}) {
        CAPTURE(row.sigma);
        CAPTURE(row.rate);
        CAPTURE(row.steps);
        const Interval ours = dp_sgd_epsilon({row.sigma, row.rate, row.steps}, 1e-6);
        CHECK(ours.upper <= row.upper);
        CHECK(ours.upper >= row.upper - 0.02);
        CHECK(ours.upper - ours.lower <= 0.01);
    }
}

TEST_CASE("values that dp-accounting's own tests state") {
    check_holds(gaussian(std::sqrt(3.0)).compose(3).delta(1.0, {.error = 1e-4}), 0.1269367375, 2e-5);
    const Interval sampled = gaussian(0.5, 0.2).compose(3).delta(1.0, {.error = 1e-4});
    CHECK(sampled.upper == doctest::Approx(0.15594).epsilon(1e-4));  // theirs is from a coarser grid, rounded
    CHECK(sampled.upper <= 0.155945);
    CHECK(sampled.upper - sampled.lower <= 2e-5);
    const auto walk = PrivacyLossDistribution::from_atoms(std::vector<LossAtom>{{2.0, 0.2}, {1.0, 0.7}}, 0.1);
    check_holds(walk.epsilon(0.5, {.error = 1e-6}), 0.5635843230, 2e-4);
    check_holds(walk.epsilon(0.2, {.error = 1e-6}), 1.3068528194, 2e-4);
    // Where Q has mass that P lacks, at every step, on the atoms and off them.
    for (const double step : {0.1, 0.01, 3.3e-3, 7.7e-4, 3.3e-5})
        for (const double epsilon : {0.3, 0.68, 0.9, 1.5}) {
            const Interval bounds = walk.delta(epsilon, {.loss_interval = step});
            double truth = 0.1 - 0.2 * std::expm1(epsilon - 2.0);
            if (epsilon < 1.0) truth -= 0.7 * std::expm1(epsilon - 1.0);
            CAPTURE(step);
            CAPTURE(epsilon);
            CHECK(bounds.lower <= truth);
            CHECK(bounds.upper >= truth);
            CHECK(bounds.upper - bounds.lower <= 1.1 * step);
        }
    CHECK(dp_sgd_epsilon({1.5, 0.04, 2250}, 1e-5).upper == doctest::Approx(6.777395712).epsilon(3e-3));
    // Their sum of Gaussians with shifts 0 and 1 is Poisson sampling.
    const auto mixture = PrivacyLossDistribution::gaussian_mixture({0.8, {0.0, 1.0}, {0.95, 0.05}}).compose(100);
    const Interval mixed = mixture.epsilon(1e-6), poisson = gaussian(0.8, 0.05).compose(100).epsilon(1e-6);
    CHECK(mixed.lower <= poisson.upper);
    CHECK(poisson.lower <= mixed.upper);
}

TEST_CASE("other mechanisms") {
    const auto laplace = [](double b) { return PrivacyLossDistribution::laplace({.noise_multiplier = b}); };
    check_holds(laplace(1.0).compose(3).compose(laplace(2.0).compose(2)).epsilon(1e-14, {.error = 1e-2}), 4.0, 1e-2);
    const auto sampled = PrivacyLossDistribution::laplace({.noise_multiplier = 0.5, .sampling_rate = 0.2}).compose(3);
    const Interval poisson = sampled.epsilon(1e-14, {.error = 1e-3});
    CHECK(poisson.lower <= oracle()["poisson_laplace"].get<double>());
    CHECK(poisson.upper == doctest::Approx(oracle()["poisson_laplace"].get<double>()).epsilon(1e-3));

    // Randomised response is what optimal composition is about: on its own lattice the interval closes.
    for (const auto& row : oracle()["optimal_composition"]) {
        const auto response = PrivacyLossDistribution::randomized_response(row[0]).compose(row[1].get<std::uint64_t>());
        check_holds(response.epsilon(row[2], {.error = 1e-6}), row[3], 1e-6);
    }
    const Interval discrete =
        PrivacyLossDistribution::discrete_gaussian(2.0).compose(10).epsilon(1e-6, {.error = 1e-4});
    CHECK(discrete.upper - discrete.lower <= 1e-4);
    CHECK(discrete.upper <= oracle()["discrete_gaussian"].get<double>() + 1e-6);
    CHECK(discrete.upper == doctest::Approx(oracle()["discrete_gaussian"].get<double>()).epsilon(1e-3));
    const auto mixture = PrivacyLossDistribution::gaussian_mixture({1.0, {0.0, 1.0, 2.0}, {0.5, 0.3, 0.2}}).compose(20);
    const Interval mixed = mixture.epsilon(1e-6, {.error = 1e-2});
    CHECK(mixed.lower <= oracle()["mixture"].get<double>());
    CHECK(mixed.upper == doctest::Approx(oracle()["mixture"].get<double>()).epsilon(1e-3));

    // Pure discrete Laplace noise: delta is P(L = 1.5) (1 - e^(epsilon - 1.5)) below sensitivity / scale.
    check_holds(PrivacyLossDistribution::discrete_laplace(2.0, 3).epsilon(1e-12, {.error = 1e-6}),
                1.5 + std::log1p(-1e-12 * (1.0 + std::exp(-0.5))), 1e-6);
    // (1, .1) and (2, .2): .28 is the least delta with any epsilon at all, and 3 the epsilon there.
    const auto parts =
        PrivacyLossDistribution::approximate(1.0, 0.1).compose(PrivacyLossDistribution::approximate(2.0, 0.2));
    CHECK(parts.epsilon(0.27).upper == infinity);
    check_holds(parts.delta(3.0, {.error = 1e-4}), 0.28, 1e-4);
    CHECK(parts.epsilon(0.28 + 1e-9).upper == doctest::Approx(3.0).epsilon(1e-2));
}

TEST_CASE("a loss of atoms: the definition itself") {
    const double infinite = 0.05;
    const auto loss = PrivacyLossDistribution::from_atoms(
        std::vector<LossAtom>{{-1.0, 0.1}, {0.0, 0.1}, {0.5, 0.3}, {2.0, 0.45}}, infinite);
    for (const double epsilon : {0.0, 0.3, 1.0, 1.9}) {
        double truth = infinite + 0.45 * (1.0 - std::exp(epsilon - 2.0));
        if (epsilon < 0.5) truth += 0.3 * (1.0 - std::exp(epsilon - 0.5));
        check_holds(loss.delta(epsilon, {.error = 1e-3}), truth, 1e-3);
    }
    CHECK(loss.epsilon(0.04).upper == infinity);
    CHECK_THROWS_AS(PrivacyLossDistribution::from_atoms(std::vector<LossAtom>{{-5.0, 1.0}}), vedette::Error);
    CHECK_THROWS_AS(PrivacyLossDistribution::from_atoms(std::vector<LossAtom>{{1.0, 0.5}}), vedette::Error);
    CHECK_THROWS_AS(PrivacyLossDistribution::from_atoms(std::vector<LossAtom>{{nan_value, 1.0}}), vedette::Error);
}

TEST_CASE("what does not fit into the cells is told, and bounded all the same") {
    const auto training = gaussian(1.1, 0.01).compose(1000);
    const LossInterval usual = training.epsilon(1e-6), fine = training.epsilon(1e-6, {.error = 1e-3});
    CHECK(usual.width_reached);
    CHECK(fine.width_reached);
    // More precision than there are cells for: the best there is, not nothing.
    const LossInterval finest = training.epsilon(1e-6, {.error = 1e-9, .max_cells = 1U << 16});
    CHECK_FALSE(finest.width_reached);
    CHECK(finest.upper - finest.lower <= 0.01);  // as the usual one, whose grid has fewer cells
    CHECK(finest.lower <= fine.upper);
    CHECK(fine.lower <= finest.upper);
    // Too few cells for any grid of the composition: a moment bounds it. Renyi divergences do, too, 5 to 10 % above.
    const auto steep = gaussian(0.3, 0.01).compose(100'000);
    const LossInterval coarse = steep.epsilon(1e-6, {.max_cells = 1024}),
                       better = steep.epsilon(1e-6, {.max_cells = 1U << 17});
    CHECK_FALSE(coarse.width_reached);
    CHECK(std::isfinite(coarse.upper));
    CHECK(coarse.upper >= better.lower);
    CHECK(better.upper >= 1990.0);  // of the widest grid, [1990.3, 2008.9]
    CHECK(better.lower <= 2008.9);
    CHECK(better.upper <= 1.1 * 2008.9);
    CHECK(better.lower > 0.0);
    // An answer that is infinite for certain is as narrow as can be.
    const LossInterval lost = PrivacyLossDistribution::approximate(1.0, 0.1).epsilon(0.05);
    CHECK(lost.upper == infinity);
}

TEST_CASE("f-DP: the power of the best test, against closed forms") {
    // Gaussian of mu: Phi(Phi^-1(rate) + mu); the first is what dp-accounting's tests state.
    struct Row {
        double mu, rate, power;
    };
    for (const Row& row :
         {Row{1.0, 0.1, 0.38914369164536}, {1.0, 0.9, 0.9887420854873952}, {0.5, 0.01, 0.03389893912284281}}) {
        CAPTURE(row.mu);
        CAPTURE(row.rate);
        const LossInterval found = gaussian(2.0 / row.mu).compose(4).true_positive_rate(row.rate, {.error = 1e-5});
        CHECK(found.lower <= row.power + 1e-9);
        CHECK(found.upper >= row.power - 1e-9);
        CHECK(found.upper - found.lower <= 1e-5);
        CHECK(found.width_reached);
        const double missed = gdp_type_two_error(row.mu, row.rate);
        CHECK(missed == doctest::Approx(1.0 - row.power).epsilon(1e-7));
        CHECK(missed <= 1.0 - row.power + 1e-9);
        CHECK(found.upper >= 1.0 - missed - 1e-9);
    }
    // Randomised response of log 3: 3 of the rate up to a quarter, then a line to (1, 1). Laplace: e^(1/b) of it first.
    const auto response = PrivacyLossDistribution::randomized_response(std::log(3.0));
    for (const double rate : {1e-9, 0.1, 0.25, 0.4, 0.999}) {
        const double power = std::min(3.0 * rate, 1.0 - (1.0 - rate) / 3.0);
        const LossInterval found = response.true_positive_rate(rate, {.error = 1e-6});
        CHECK(found.lower <= power * (1.0 + 1e-12));
        CHECK(found.upper >= power * (1.0 - 1e-12));
        CHECK(found.width_reached);
    }
    const LossInterval laplace =
        PrivacyLossDistribution::laplace({.noise_multiplier = 1.0}).true_positive_rate(0.1, {.error = 1e-4});
    CHECK(laplace.lower <= 0.1 * std::exp(1.0));
    CHECK(laplace.upper >= 0.1 * std::exp(1.0) * (1.0 - 1e-12));
    CHECK(laplace.width_reached);
    // (epsilon, delta): delta + e^epsilon rate (Kairouz, Oh and Viswanath 2015). No noise to speak of: all are found.
    const LossInterval known = PrivacyLossDistribution::approximate(1.0, 0.1).true_positive_rate(0.1, {.error = 1e-6});
    CHECK(known.lower <= 0.1 + 0.1 * std::exp(1.0) + 1e-12);
    CHECK(known.upper >= 0.1 + 0.1 * std::exp(1.0) - 1e-12);
    CHECK(known.width_reached);
    const LossInterval all = gaussian(0.1).compose(3).true_positive_rate(0.1, {.error = 1e-4});
    CHECK(all.upper == 1.0);
    CHECK(all.lower >= 1.0 - 1e-4);
    // A sampled mechanism: what any point of its curve says is no less, and one record of a hundred is not found.
    const auto sampled = gaussian(1.1, 0.01).compose(1000);
    const LossInterval found = sampled.true_positive_rate(0.01, {.error = 1e-3});
    for (const double epsilon : {0.0, 0.5, 1.0, 2.0})
        CHECK(found.lower <= sampled.delta(epsilon).upper + std::exp(epsilon) * 0.01 + 1e-12);
    CHECK(PrivacyLossDistribution().true_positive_rate(0.2).upper == 0.2);
    CHECK(sampled.true_positive_rate(1.0).lower == 1.0);
    for (const double bad : {0.0, -0.1, 1.1, nan_value})
        CHECK_THROWS_AS((void)sampled.true_positive_rate(bad), vedette::Error);
    CHECK_THROWS_AS((void)gdp_type_two_error(-1.0, 0.1), vedette::Error);
    CHECK_THROWS_AS((void)gdp_type_two_error(1.0, nan_value), vedette::Error);
}

TEST_CASE("calibration of any composition") {
    const auto others = gaussian(4.0);
    const auto with_laplace = [&](double noise) {
        return others.compose(PrivacyLossDistribution::laplace({.noise_multiplier = noise}).compose(20));
    };
    const double noise = calibrate_noise({5.0, 1e-6}, with_laplace, {.precision = 0.01});
    CHECK(with_laplace(noise).epsilon(1e-6, {.error = 0.01}).lower <= 5.0);
    CHECK(with_laplace(0.98 * noise).epsilon(1e-6, {.error = 0.01}).upper > 5.0);
    CHECK_THROWS_AS((void)calibrate_noise({0.5, 1e-6}, with_laplace, {.most = 2.0}), vedette::Error);
    CHECK_THROWS_AS((void)calibrate_noise({0.5, 1e-6}, with_laplace, {.precision = 1.0}), vedette::Error);
    CHECK_THROWS_AS((void)calibrate_noise({0.5, 1e-6}, [](double) { return gaussian(-1.0); }), vedette::Error);
}

TEST_CASE("misuse and empty compositions") {
    CHECK(PrivacyLossDistribution().epsilon(0.1).upper == 0.0);
    CHECK(gaussian(1.0).compose(0).delta(0.0).upper == 0.0);
    for (const double bad : {nan_value, infinity, 0.0, -1.0, 1e-320}) {
        CHECK_THROWS_AS(gaussian(bad), vedette::Error);
        CHECK_THROWS_AS(gaussian(1.0, bad), vedette::Error);
        CHECK_THROWS_AS((void)gaussian(1.0).epsilon(bad), vedette::Error);
    }
    CHECK_THROWS_AS((void)gaussian(1.0).delta(-1.0), vedette::Error);
    CHECK_THROWS_AS((void)gaussian(1.0).epsilon(0.1, {.error = 0.0}), vedette::Error);
    CHECK_THROWS_AS((void)gaussian(1.0).compose(std::uint64_t{1} << 60U), vedette::Error);
    CHECK_THROWS_AS(PrivacyLossDistribution::gaussian_mixture({1.0, {1.0}, {}}), vedette::Error);
}

TEST_CASE("calibrated noise keeps its target, and less noise does not") {
    const NoiseTarget target{.guarantee = {8.0, 1e-5}, .sampling_rate = 0.04, .steps = 2000};
    const double noise = calibrate_noise(target);
    CHECK(noise == doctest::Approx(1.2915).epsilon(2e-3));
    CHECK(dp_sgd_epsilon({noise, 0.04, 2000}, 1e-5, {.error = 4e-3}).upper <= 8.0);
    CHECK(dp_sgd_epsilon({0.997 * noise, 0.04, 2000}, 1e-5, {.error = 4e-3}).lower > 8.0);
    CHECK(calibrate_noise({.guarantee = {1.0, 1e-6}, .sampling_rate = 1.0, .steps = 4}) ==
          doctest::Approx(2.0 * gaussian_sigma({1.0, 1e-6})));
}

TEST_CASE("chords and tangents enclose the curve at any epsilon") {
    const std::shared_ptr<const LossLaw> base = laplace_law(0.7);
    const std::shared_ptr<const LossLaw> laws[] = {gaussian_law(0.8), subsampled_law(base, 0.3),
                                                   reversed_law(subsampled_law(base, 0.3)),
                                                   subsampled_law(gaussian_law(1.1), 0.02)};
    const auto curve = [](const LossMeasure& measure, double step, double epsilon) {
        double sum = measure.infinite;
        for (std::size_t i = 0; i < measure.mass.size(); ++i) {
            const double loss = static_cast<double>(measure.first + static_cast<std::int64_t>(i)) * step;
            if (loss > epsilon) sum -= measure.mass[i] * std::expm1(epsilon - loss);
        }
        return sum;
    };
    for (const auto& law : laws) {
        for (const double step : {0.3, 0.02, 0.0017}) {
            const LossMeasure above = chords(*law, step, 1e-20);
            const LossMeasure below = tangents(*law, step, 1e-20);
            for (double epsilon = -3.0; epsilon < 6.0; epsilon += 0.0631) {
                const LossTails tails = law->at(epsilon);
                const double truth = tails.p_above - std::exp(epsilon) * tails.q_above;
                CHECK(curve(above, step, epsilon) >= truth - 1e-15);
                CHECK(curve(below, step, epsilon) <= truth + 1e-15);
            }
        }
    }
}

TEST_CASE("powers by transform are those of direct convolution") {
    for (const std::size_t n : {4U, 8U, 16U, 32U, 256U, 1024U, 2048U}) {
        std::vector<double> a(n), b(n);
        for (std::size_t i = 0; i < n; ++i) {
            a[i] = 1.0 / static_cast<double>((i + 1) * (i + 2));
            b[i] = static_cast<double>((7 * i) % n) / static_cast<double>(n * n);
        }
        std::vector<double> real = a, imaginary = b;
        const PairTransform fourier(n);
        fourier.forward(real.data(), imaginary.data());
        PairSpectrum product;
        multiply_powers(real, imaginary, 1, product);
        multiply_powers(real, imaginary, 2, product);
        pack(product, real, imaginary);
        fourier.backward(real.data(), imaginary.data());
        const auto cube = [n](const std::vector<double>& x) {
            std::vector<double> result = x;
            for (int round = 0; round < 2; ++round) {
                std::vector<double> next(n, 0.0);
                for (std::size_t i = 0; i < n; ++i) {
                    for (std::size_t j = 0; j < n; ++j) next[(i + j) % n] += result[i] * x[j];
                }
                result = next;
            }
            return result;
        };
        const std::vector<double> a3 = cube(a), b3 = cube(b);
        double error = 0.0;
        for (std::size_t i = 0; i < n; ++i) {
            error = std::max({error, std::fabs(real[i] / static_cast<double>(n) - a3[i]),
                              std::fabs(imaginary[i] / static_cast<double>(n) - b3[i])});
        }
        CHECK(error < 1e-14);
    }
}
