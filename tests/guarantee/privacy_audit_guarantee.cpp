// SPDX-License-Identifier: Apache-2.0
// Audits: on mechanisms that keep what they claim a bound lies above the claim no oftener than its confidence allows;
// mechanisms that are broken in the ways mechanisms are broken are caught.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "rate.hpp"
#include "simulate.hpp"
#include "unit/privacy/fixed_keystream.hpp"
#include "vedette/core/random.hpp"
#include "vedette/privacy/above_threshold.hpp"
#include "vedette/privacy/audit.hpp"
#include "vedette/privacy/discrete_gaussian.hpp"
#include "vedette/privacy/discrete_laplace.hpp"
#include "vedette/privacy/gaussian_calibration.hpp"
#include "vedette/privacy/randomized_response.hpp"
#include "vedette/privacy/selection.hpp"
#include "vedette/stats/distributions.hpp"

namespace {

using namespace vedette::privacy;
using vedette::stats::Confidence;
using Outputs = std::vector<std::int64_t>;

// Low, so that few repetitions suffice to see too many failures.
const Confidence confidence(0.9);
const double level = 1.0 - confidence.level();

constexpr std::size_t runs = 2000;
constexpr int repetitions = 200;

template <class Sampler>
Outputs noised(const Sampler& sampler, std::int64_t truth, FixedKeystream& stream, std::size_t n = runs) {
    Outputs outputs(n);
    sampler.sample(outputs, stream);
    for (std::int64_t& x : outputs) x += truth;
    return outputs;
}

template <class Draw>
Outputs drawn(std::size_t n, const Draw& draw) {
    Outputs outputs(n);
    for (std::int64_t& x : outputs) x = draw();
    return outputs;
}

// Of `outputs(is_second)`. The bounds must also be worth something: at least `share` of the claim on average.
template <class Draw>
void check_honest(const std::string& name, double epsilon, double delta, double share, const Draw& outputs, int times) {
    CAPTURE(name);
    Rate above;
    double sum = 0.0;
    for (int i = 0; i < times; ++i) {
        const Outputs first = outputs(false), second = outputs(true);
        const double bound = audit_outputs(first, second, delta, confidence).epsilon;
        above.add(bound > epsilon);
        sum += bound;
    }
    CHECK_MESSAGE(above.at_most(level), above.value(), " above the claim");
    CHECK_MESSAGE(sum / times > share * epsilon, "mean bound ", sum / times, " of ", epsilon);
}

TEST_CASE("bounds of our own mechanisms are above the claim no oftener than stated") {
    FixedKeystream stream(900);
    const DiscreteLaplace laplace(2.0);
    check_honest(
        "discrete Laplace", 0.5, 0.0, 0.45, [&](bool second) { return noised(laplace, second ? 1 : 0, stream); },
        repetitions);
    const DiscreteGaussian gaussian(8.0);
    check_honest(
        "discrete Gaussian", 1.0, std::exp(discrete_gaussian_log_delta(8.0, 8.0, 1.0)), 0.2,
        [&](bool second) { return noised(gaussian, second ? 8 : 0, stream); }, repetitions);
    const RandomizedResponse response(Epsilon(1.0), 4);
    check_honest(
        "randomised response", 1.0, 0.0, 0.7,
        [&](bool second) {
            const std::vector<std::uint32_t> truths(runs, second ? 2U : 0U);
            std::vector<std::uint32_t> out(runs);
            response.respond(truths, out, stream);
            return Outputs(out.begin(), out.end());
        },
        repetitions);
    const ExponentialMechanism choice(UtilityGrid(-10, 10), StepSensitivity(1), Epsilon(1.0));
    const std::vector<std::int64_t> a = {3, 2, 2, 1}, b = {2, 3, 3, 2};
    check_honest(
        "exponential mechanism", 1.0, 0.0, 0.2,
        [&](bool second) {
            return drawn(runs, [&] { return static_cast<std::int64_t>(choice.choose(second ? b : a, stream)); });
        },
        repetitions / 4);
}

// Answers to two queries as one number. Each run makes a mechanism anew, which costs tables: few repetitions.
TEST_CASE("the sparse vector technique keeps its claim, and the known wrong ones are caught") {
    FixedKeystream stream(910);
    // Neighbours: each query changes by the sensitivity, the first one up, the second one down.
    const std::int64_t queries[2][2] = {{0, 2}, {2, 0}};
    const auto sparse = [&](bool second) {
        AboveThreshold mechanism(1, StepSensitivity(2), Epsilon(1.0), 1, stream);
        std::int64_t answers = mechanism.query(queries[second ? 1 : 0][0], stream) ? 2 : 0;
        if (answers == 0) answers += mechanism.query(queries[second ? 1 : 0][1], stream) ? 1 : 0;
        return answers;
    };
    const auto run = [&](const auto& mechanism, bool second) { return drawn(runs, [&] { return mechanism(second); }); };
    const auto claim = [&](const auto& mechanism) {
        return audit_outputs(run(mechanism, false), run(mechanism, true), 0.0, Confidence(0.99)).epsilon;
    };
    CHECK(audit_outputs(drawn(300, [&] { return sparse(false); }), drawn(300, [&] { return sparse(true); }), 0.0,
                        Confidence(0.999))
              .epsilon <= 1.0);
    const DiscreteLaplace threshold_noise(4.0), query_noise(8.0);
    const auto one = [&](const DiscreteLaplace& noise) {
        std::int64_t x = 0;
        noise.sample({&x, 1}, stream);
        return x;
    };
    // The same by hand, epsilon 1 = 1/2 + 1/2, to be broken one part at a time.
    const auto standard = [&](bool second) {
        const std::int64_t threshold = 1 + one(threshold_noise);
        std::int64_t answers = queries[second ? 1 : 0][0] + one(query_noise) >= threshold ? 2 : 0;
        if (answers == 0) answers += queries[second ? 1 : 0][1] + one(query_noise) >= threshold ? 1 : 0;
        return answers;
    };
    const auto without_query_noise = [&](bool second) {
        const std::int64_t threshold = 1 + one(threshold_noise);
        const auto above = [&](int i) { return queries[second ? 1 : 0][i] >= threshold ? 1 : 0; };
        return std::int64_t{2 * above(0) + above(1)};
    };
    const auto reusing_noise = [&](bool second) {
        const std::int64_t threshold = 1 + one(threshold_noise), noise = one(query_noise);
        const auto above = [&](int i) { return queries[second ? 1 : 0][i] + noise >= threshold ? 1 : 0; };
        return std::int64_t{2 * above(0) + above(1)};
    };
    Rate above;
    for (int i = 0; i < 50; ++i)
        above.add(audit_outputs(run(standard, false), run(standard, true), 0.0, confidence).epsilon > 1.0);
    CHECK(above.at_most(level));
    for (int i = 0; i < 10; ++i) {
        CHECK(claim(without_query_noise) > 2.0);
        CHECK(claim(reusing_noise) > 1.5);
    }
}

TEST_CASE("broken noise is caught") {
    FixedKeystream stream(920);
    vedette::Random random(921);
    const Confidence strict(0.99);
    constexpr std::size_t n = 8000;
    const auto epsilon = [&](const auto& first, const auto& second, double delta) {
        return audit_outputs(first, second, delta, strict).epsilon;
    };
    for (int i = 0; i < 20; ++i) {
        // epsilon = 1 is claimed of a count, with half the scale.
        const DiscreteLaplace halved(0.5);
        CHECK(epsilon(noised(halved, 0, stream, n), noised(halved, 1, stream, n), 0.0) > 1.0);
        // epsilon = 1 is claimed of a sum of values up to 3, with noise for a count.
        const DiscreteLaplace counting(1.0);
        CHECK(epsilon(noised(counting, 0, stream, n), noised(counting, 3, stream, n), 0.0) > 1.0);
        // The same with Gaussian noise and delta = 1e-5.
        const DiscreteGaussian gaussian(3.73 / 3.0);
        CHECK(epsilon(noised(gaussian, 0, stream, n), noised(gaussian, 3, stream, n), 1e-5) > 1.0);
        // Noise of the right scale, cut where "nothing happens any more".
        const DiscreteLaplace right(1.0);
        const auto cut = [&](std::int64_t truth) {
            Outputs outputs = noised(right, 0, stream, n);
            for (std::int64_t& x : outputs) x = truth + std::clamp<std::int64_t>(x, -3, 3);
            return outputs;
        };
        CHECK(epsilon(cut(0), cut(1), 0.0) > 2.0);
        // The output falls back on the truth where noise fails, as NaN does in a comparison.
        const auto failing = [&](double truth) {
            std::vector<double> outputs(n);
            for (double& x : outputs) {
                const double u = random.uniform();
                x = u < 0.02 ? std::nan("") : truth + std::floor(4.0 * random.normal());
                if (std::isnan(x) && truth > 0.0) x = truth;
            }
            return outputs;
        };
        CHECK(epsilon(failing(0.0), failing(1.0), 1e-5) > 1.0);
    }
}

// Mironov (2012): doubles that no draw reaches from one input, though they lie in the midst of the law.
TEST_CASE("Laplace noise in floating point gives itself away by the numbers that it reaches") {
    vedette::Random random(930);
    const auto noise = [](double sign, double u) { return sign * std::log(u); };
    // Whether some draw of the noise makes 0 into this number: by every u near the one that would.
    const auto reached = [&](double output) {
        const double sign = output > 0.0 ? -1.0 : 1.0;
        const double u = std::exp(sign * output);
        for (int k = -8; k <= 8; ++k) {
            const double candidate = (std::nearbyint(u * 0x1p53) + k) * 0x1p-53;
            if (candidate > 0.0 && candidate <= 1.0 && 0.0 + noise(sign, candidate) == output) return true;
        }
        return false;
    };
    const auto run = [&](AuditInput input) {
        const double sign = random.uniform() < 0.5 ? -1.0 : 1.0;
        return (input == AuditInput::first ? 0.0 : 1.0) + noise(sign, 1.0 - random.uniform());
    };
    // As the mechanism it seems to be: no threshold refutes epsilon = 1.
    const Confidence strict(0.999);
    CHECK(audit_mechanism(run, 20000, 0.0, strict).epsilon <= 1.0);
    const AuditCounts counts = count_event([&](AuditInput input) { return reached(run(input)); }, 2000);
    CHECK(counts.first_hits == counts.first_runs);
    CHECK(audit_epsilon(counts, 0.0, strict) > 3.0);
}

TEST_CASE("bounds of mu and of Renyi divergences cover at their confidence") {
    vedette::Random random(940);
    for (const double mu : {0.5, 1.0, 2.5}) {
        for (const std::uint64_t n : {std::uint64_t{50}, std::uint64_t{2000}}) {
            CAPTURE(mu);
            CAPTURE(n);
            Rate mu_above, epsilon_above, renyi_above, gaussian_above;
            const double p = vedette::stats::normal_cdf(0.5 * mu), q = 1.0 - p;
            const double renyi = std::log(p * p / q + q * q / p);
            const double log_ratio = std::log(p / q);
            const double gaussian = gaussian_epsilon(1.0 / mu, 1e-5);
            for (int i = 0; i < 1000; ++i) {
                const AuditCounts counts{n, simulate::binomial(random, n, p), n, simulate::binomial(random, n, q)};
                mu_above.add(audit_gdp_mu(counts, confidence) > mu);
                epsilon_above.add(audit_epsilon(counts, 0.0, confidence) > log_ratio);
                renyi_above.add(audit_renyi(counts, 2.0, confidence) > renyi);
                gaussian_above.add(audit_gaussian_epsilon(counts, 1e-5, confidence) > gaussian);
            }
            CHECK(mu_above.at_most(level));
            CHECK(epsilon_above.at_most(level));
            CHECK(renyi_above.at_most(level));
            CHECK(gaussian_above.at_most(level));
            // Both rates' bounds must fail a little for mu's to: it happens, though seldom.
            if (n == 2000) CHECK(epsilon_above.alarms > 0);
        }
    }
}

TEST_CASE("one run: right guesses of the worst mechanisms") {
    vedette::Random random(950);
    for (const double epsilon : {0.1, 1.0, 4.0}) {
        CAPTURE(epsilon);
        const double right = 1.0 / (1.0 + std::exp(-epsilon));
        // Randomised response of every canary: the bound is exact, so it fails nearly as often as it may.
        Rate pure, approximate, careless;
        constexpr std::uint64_t m = 1000;
        // With probability m delta / told, the mechanism tells of so many canaries outright.
        constexpr std::uint64_t told = 60;
        constexpr double delta = 0.3 * static_cast<double>(told) / static_cast<double>(m);
        for (int i = 0; i < 1000; ++i) {
            pure.add(one_run_epsilon({m, m, simulate::binomial(random, m, right)}, 0.0, confidence) > epsilon);
            const std::uint64_t known = random.uniform() < 0.3 ? told : 0;
            const CanaryGuesses guesses{m, m, known + simulate::binomial(random, m - known, right)};
            careless.add(one_run_p_value(guesses, epsilon, 0.0) <= level);
            approximate.add(one_run_p_value(guesses, epsilon, delta) <= level);
        }
        CHECK(pure.at_most(level));
        CHECK(pure.value() > 0.5 * level);
        CHECK(approximate.at_most(level));
        // What delta is for: without it the same guesses refute too much.
        if (epsilon < 2.0) CHECK_FALSE(careless.at_most(level));
    }
}

// Canaries that are in by a fair coin and seen under Gaussian noise; of them the surest so many are guessed.
CanaryGuesses gaussian_run(vedette::Random& random, double mu, std::size_t canaries, std::size_t made) {
    std::vector<std::pair<double, bool>> seen(canaries);
    for (auto& [output, in] : seen) {
        in = random.uniform() < 0.5;
        output = (in ? 0.5 : -0.5) + random.normal() / mu;
    }
    std::sort(seen.begin(), seen.end());
    CanaryGuesses guesses{canaries, made, 0};
    for (std::size_t i = 0; i < made / 2; ++i)
        guesses.correct += (seen[i].second ? 0U : 1U) + (seen[canaries - 1 - i].second ? 1U : 0U);
    return guesses;
}

TEST_CASE(
    "one run of a Gaussian mechanism: mu is not above the true one oftener than stated; a quarter of the noise is "
    "found") {
    vedette::Random random(905);
    for (const double mu : {0.5, 1.0, 3.0}) {
        Rate above, caught;
        double sum = 0.0;
        for (int i = 0; i < repetitions; ++i) {
            const double bound = one_run_gdp_mu(gaussian_run(random, mu, 1000, 100), confidence);
            above.add(bound > mu);
            sum += bound;
            // All are guessed: the surest tenth are all right as soon as mu is 3, and then tell nothing more.
            caught.add(one_run_gdp_mu(gaussian_run(random, 4.0 * mu, 1000, 1000), confidence) > mu);
        }
        CAPTURE(mu);
        CHECK_MESSAGE(above.at_most(level), above.value(), " above the truth");
        CHECK_MESSAGE(sum / repetitions > 0.25 * mu, "mean bound ", sum / repetitions);
        // That is the most that 1000 guesses reach, all of them right.
        const double most = one_run_gdp_mu({1000, 1000, 1000}, confidence);
        CHECK((most > 2.0 && most < 3.0));
        if (mu < most) CHECK_MESSAGE(caught.at_least(0.95), caught.value(), " caught");
    }
}

}  // namespace
