// SPDX-License-Identifier: Apache-2.0
// False-alarm rates of the tests on samples without drift: continuous, tied and unequal samples, every method; coverage
// of the effects' intervals; what autocorrelation does to a level until rows are thinned; and why
// the forms that other packages use are not ours: on ties, and by thresholds without a level.
#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "guarantee/rate.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/comparison.hpp"
#include "vedette/drift/distance_tests.hpp"
#include "vedette/drift/divergences.hpp"
#include "vedette/drift/rank_tests.hpp"
#include "vedette/drift/rate_tests.hpp"
#include "vedette/stats/autocorrelation.hpp"
#include "vedette/stats/chi_squared_mixture.hpp"
#include "vedette/stats/distributions.hpp"
#include "vedette/stats/intervals.hpp"

namespace d = vedette::drift;
namespace stats = vedette::stats;
using vedette::DriftTest;
using vedette::Random;
using Sample = std::vector<double>;

namespace {

enum class Law { continuous, whole, coin };

Sample draw(Law law, std::size_t n, Random& random) {
    Sample values(n);
    for (double& value : values) {
        switch (law) {
            case Law::continuous: value = std::exp(random.normal()); break;
            case Law::whole: value = std::floor(8.0 * random.uniform() * random.uniform()); break;
            case Law::coin: value = random.uniform() < 0.3 ? 1.0 : 0.0; break;
        }
    }
    return values;
}

struct Setting {
    const char* name;
    Law law;
    std::size_t n;
    std::size_t m;
};
constexpr Setting settings[] = {{"continuous, 12 and 18", Law::continuous, 12, 18},
                                {"continuous, 100 and 300", Law::continuous, 100, 300},
                                {"whole numbers, 150 and 90", Law::whole, 150, 90},
                                {"coin tosses, 200 and 120", Law::coin, 200, 120}};

// `liberal` is the level that the asymptotic law may reach at 5 %.
template <class Test>
void check_level(const Setting& setting, std::uint64_t seed, std::uint64_t runs, double liberal, Test&& test) {
    Random random(seed);
    Rate five, one;
    for (std::uint64_t run = 0; run < runs; ++run) {
        const d::SortedSample<double> x(draw(setting.law, setting.n, random)), y(draw(setting.law, setting.m, random));
        const double p = test(x, y);
        five.add(p <= 0.05);
        one.add(p <= 0.01);
    }
    CAPTURE(setting.name);
    CAPTURE(five.value());
    CAPTURE(one.value());
    CHECK(five.at_most(liberal));
    CHECK(one.at_most(0.2 * liberal + 0.002));
}

}  // namespace

TEST_CASE("exact laws never exceed their level, ties or not") {
    for (const Setting& setting : {settings[0], Setting{"whole numbers, 10 and 14", Law::whole, 10, 14}}) {
        const d::TestOptions exact{.method = d::Method::exact};
        check_level(setting, 1, 4000, 0.05, [&](auto& x, auto& y) { return d::ks_two_sample(x, y, exact).p_value; });
        check_level(setting, 2, 4000, 0.05, [&](auto& x, auto& y) { return d::mann_whitney(x, y, exact).p_value; });
        const d::TestOptions greater{.alternative = d::Alternative::greater, .method = d::Method::exact};
        check_level(setting, 3, 4000, 0.05, [&](auto& x, auto& y) { return d::ks_two_sample(x, y, greater).p_value; });
        check_level(setting, 4, 4000, 0.05, [&](auto& x, auto& y) { return d::mann_whitney(x, y, greater).p_value; });
    }
    const Setting tiny{"whole numbers, 7 and 9", Law::whole, 7, 9};
    check_level(tiny, 5, 2000, 0.05,
                [&](auto& x, auto& y) { return d::cramer_von_mises(x, y, {.method = d::Method::exact}).p_value; });
}

TEST_CASE("every test of ranks holds its level as it is chosen automatically") {
    for (const Setting& setting : settings) {
        for (const DriftTest test : {DriftTest::kolmogorov_smirnov, DriftTest::kuiper, DriftTest::cramer_von_mises,
                                     DriftTest::anderson_darling, DriftTest::mann_whitney}) {
            CAPTURE(vedette::drift_test_name(test));
            check_level(setting, 10 + static_cast<std::uint64_t>(test), 1000, 0.055,
                        [&](auto& x, auto& y) { return d::run_test(test, x, y, {.permutations = 99}).p_value; });
        }
    }
}

TEST_CASE("one-sided limit laws, and permutations of the tests of ranks, hold their level") {
    for (const Setting& setting : {settings[1], settings[2]}) {
        for (const d::Alternative side : {d::Alternative::less, d::Alternative::greater}) {
            const d::TestOptions limit{.alternative = side, .method = d::Method::asymptotic};
            CAPTURE(d::alternative_name(side));
            check_level(setting, 41, 1500, 0.055,
                        [&](auto& x, auto& y) { return d::ks_two_sample(x, y, limit).p_value; });
            check_level(setting, 42, 1500, 0.055,
                        [&](auto& x, auto& y) { return d::mann_whitney(x, y, limit).p_value; });
            // Of logarithms, which are normal; of whole numbers as they are.
            check_level(setting, 43, 1500, 0.055, [&](auto& x, auto& y) {
                Sample a(x.values().begin(), x.values().end()), b(y.values().begin(), y.values().end());
                if (setting.law == Law::continuous)
                    for (Sample* sample : {&a, &b})
                        for (double& value : *sample) value = std::log(value);
                return d::run_test(DriftTest::welch_t, d::SortedSample<double>(a), d::SortedSample<double>(b),
                                   {.alternative = side})
                    .p_value;
            });
        }
    }
    for (const Setting& setting : {settings[0], Setting{"whole numbers, 25 and 15", Law::whole, 25, 15}}) {
        for (const DriftTest test : {DriftTest::kolmogorov_smirnov, DriftTest::kuiper, DriftTest::cramer_von_mises,
                                     DriftTest::anderson_darling, DriftTest::mann_whitney}) {
            CAPTURE(vedette::drift_test_name(test));
            std::uint64_t run = 0;
            check_level(setting, 50 + static_cast<std::uint64_t>(test), 1000, 0.05, [&](auto& x, auto& y) {
                return d::run_test(test, x, y, {.method = d::Method::permutation, .permutations = 99, .seed = run++})
                    .p_value;
            });
        }
    }
}

TEST_CASE("permutations hold the level of the distances") {
    for (const Setting& setting : {settings[0], settings[2]}) {
        const d::TestOptions options{.permutations = 99, .seed = 5};
        check_level(setting, 21, 1000, 0.05, [&](auto& x, auto& y) { return d::wasserstein_1(x, y, options).p_value; });
        check_level(setting, 22, 1000, 0.05,
                    [&](auto& x, auto& y) { return d::energy_distance(x, y, options).p_value; });
    }
}

TEST_CASE(
    "permutations of weighted rows hold their level, weights that follow the values and weights of 0 among them") {
    const auto rows = [](std::size_t n, Random& random) {
        std::pair<Sample, Sample> drawn{draw(Law::whole, n, random), Sample(n)};
        for (std::size_t i = 0; i < n; ++i)
            drawn.second[i] = random.uniform() < 0.2 ? 0.0 : std::exp(0.5 * drawn.first[i] + random.normal());
        return drawn;
    };
    Random random(24);
    Rate wasserstein, energy;
    for (int run = 0; run < 1500; ++run) {
        const auto [x, wx] = rows(40, random);
        const auto [y, wy] = rows(25, random);
        const d::WeightedSample reference{x, wx}, live{y, wy};
        const d::TestOptions options{.permutations = 99, .seed = static_cast<std::uint64_t>(run)};
        wasserstein.add(d::wasserstein_1(reference, live, options).p_value <= 0.05);
        energy.add(d::energy_distance(reference, live, options).p_value <= 0.05);
    }
    CHECK(wasserstein.at_most(0.05));
    CHECK(energy.at_most(0.05));
    CHECK(wasserstein.at_least(0.05));  // and no less: 5 of 100 are possible
    CHECK(energy.at_least(0.05));
}

// The band of the F law is that of its approximation: deviations from a sample's own centre are not quite independent.
TEST_CASE("three samples: Anderson and Darling with ties and without, Levene's family, counts") {
    for (const Law law : {Law::continuous, Law::whole}) {
        Random random(25, static_cast<std::uint64_t>(law));
        Rate anderson_darling, levene, brown_forsythe;
        for (int run = 0; run < 1000; ++run) {
            std::vector<Sample> samples;
            for (const std::size_t n : {40U, 60U, 50U}) samples.push_back(draw(law, n, random));
            if (law == Law::continuous)  // spreads compare where means of squares exist: normal values
                for (Sample& sample : samples)
                    for (double& value : sample) value = std::log(value);
            std::vector<vedette::Column> columns;
            for (const Sample& sample : samples) columns.push_back(vedette::Column::numeric(sample));
            const auto p = [&](DriftTest test) {
                return d::compare_several(test, columns, {.permutations = 99, .seed = static_cast<std::uint64_t>(run)})
                    .result.p_value;
            };
            anderson_darling.add(p(DriftTest::anderson_darling) <= 0.05);
            if (law == Law::continuous) levene.add(p(DriftTest::levene) <= 0.05);
            brown_forsythe.add(p(DriftTest::brown_forsythe) <= 0.05);
        }
        CHECK(anderson_darling.at_most(0.055));
        CHECK(anderson_darling.at_least(0.04));
        if (law == Law::continuous) CHECK(levene.at_most(0.06));
        CHECK(brown_forsythe.at_most(0.06));
    }
    Random random(26);
    Rate chi_square, g_test, fisher_exact;
    for (int run = 0; run < 1000; ++run) {
        std::vector<std::vector<std::string_view>> texts;
        std::vector<vedette::Column> columns;
        for (const std::size_t n : {30U, 12U, 18U}) {
            std::vector<std::string_view>& sample = texts.emplace_back(n);
            for (std::string_view& text : sample)
                text = random.uniform() < 0.5 ? "a" : random.uniform() < 0.7 ? "b" : "c";
        }
        for (const auto& sample : texts) columns.push_back(vedette::Column::strings(sample));
        const auto p = [&](DriftTest test, d::Method method) {
            return d::compare_several(test, columns,
                                      {.method = method, .permutations = 99, .seed = static_cast<std::uint64_t>(run)})
                .result.p_value;
        };
        chi_square.add(p(DriftTest::chi_square, d::Method::permutation) <= 0.05);
        g_test.add(p(DriftTest::g_test, d::Method::permutation) <= 0.05);
        fisher_exact.add(p(DriftTest::fisher_exact, d::Method::automatic) <= 0.05);
    }
    CHECK(chi_square.at_most(0.05));
    CHECK(g_test.at_most(0.05));
    CHECK(fisher_exact.at_most(0.05));
}

TEST_CASE("the level is not merely kept but used: continuous samples alarm about as often as they may") {
    Random random(31);
    Rate mann_whitney, anderson_darling, cramer_von_mises;
    for (int run = 0; run < 2000; ++run) {
        const d::SortedSample<double> x(draw(Law::continuous, 80, random)), y(draw(Law::continuous, 60, random));
        mann_whitney.add(d::mann_whitney(x, y).p_value <= 0.05);
        anderson_darling.add(d::anderson_darling(x, y).p_value <= 0.05);
        cramer_von_mises.add(d::cramer_von_mises(x, y).p_value <= 0.05);
    }
    CHECK(mann_whitney.at_least(0.045));
    CHECK(anderson_darling.at_least(0.045));
    CHECK(cramer_von_mises.at_least(0.045));
}

TEST_CASE("the interval of Mann and Whitney's effect covers as often as it says") {
    Random random(41);
    Rate missed;
    for (int run = 0; run < 3000; ++run) {
        Sample x(40), y(30);
        for (double& value : x) value = random.normal();
        for (double& value : y) value = random.normal() + 0.8;
        const double truth = 0.5 * std::erfc(-0.8 / 2.0) - 0.5;  // P(N(0.8, 2) > 0) - 1/2
        const auto result = d::mann_whitney(x, y);
        missed.add(truth < result.effect_interval.lower || truth > result.effect_interval.upper);
    }
    CHECK(missed.at_most(0.055));
    CHECK(missed.at_least(0.02));
}

TEST_CASE("the intervals of Cramer and von Mises' and of Anderson and Darling's effect cover at every shift") {
    const auto density = [](double z) { return 0.3989422804014327 * std::exp(-0.5 * z * z); };
    for (const auto& [n, m] : {std::pair{40, 30}, std::pair{300, 100}}) {
        for (const double shift : {0.0, 0.2, 0.5, 1.0, 2.0}) {
            const double share = static_cast<double>(n) / (n + m), step = 1e-3;
            double squares = 0.0, weighted = 0.0;  // the effects' squares, by the laws themselves
            for (double z = -9.0; z < 11.0; z += step) {
                const double f = stats::normal_sf(-z), g = stats::normal_sf(shift - z), h = share * f + (1 - share) * g;
                const double mass = step * (share * density(z) + (1.0 - share) * density(z - shift));
                squares += (f - g) * (f - g) * mass;
                if (h * (1.0 - h) > 0.0) weighted += (f - g) * (f - g) / (h * (1.0 - h)) * mass;
            }
            Random random(42, static_cast<std::uint64_t>(n + 1000.0 * shift));
            Rate cramer_von_mises, anderson_darling;
            for (int run = 0; run < 600; ++run) {
                Sample x(static_cast<std::size_t>(n)), y(static_cast<std::size_t>(m));
                for (double& value : x) value = random.normal();
                for (double& value : y) value = random.normal() + shift;
                const auto misses = [](const vedette::Interval& interval, double square) {
                    return std::sqrt(square) < interval.lower || std::sqrt(square) > interval.upper;
                };
                cramer_von_mises.add(misses(d::cramer_von_mises(x, y).effect_interval, squares));
                anderson_darling.add(misses(d::anderson_darling(x, y).effect_interval, weighted));
            }
            CAPTURE(shift);
            CHECK(cramer_von_mises.at_most(0.05));
            CHECK(anderson_darling.at_most(0.05));
            // The limit law of no change bounds every other: conservative under change, and sharp without.
            if (shift == 0.0) {
                CHECK(cramer_von_mises.at_least(0.04));
                CHECK(anderson_darling.at_least(0.04));
            }
        }
    }
}

TEST_CASE("autocorrelated rows break the level, rows far enough apart keep it") {
    Random random(51);
    const auto chain = [&random](std::size_t n) {
        Sample values(n);
        double state = random.normal();
        for (double& value : values) value = state = 0.9 * state + std::sqrt(1.0 - 0.81) * random.normal();
        return values;
    };
    const auto thin = [](const Sample& values, std::size_t interval) {
        const std::size_t kept = (values.size() + interval - 1) / interval;
        return vedette::ColumnView<double>(values.data(), kept, static_cast<std::ptrdiff_t>(interval));
    };
    Rate naive, thinned;
    for (int run = 0; run < 600; ++run) {
        const Sample x = chain(4000), y = chain(4000);
        naive.add(d::ks_two_sample(x, y).p_value <= 0.05);
        const std::size_t interval = stats::thinning_interval(x);
        const d::SortedSample<double> a(thin(x, interval)), b(thin(y, interval));
        thinned.add(d::ks_two_sample(a, b).p_value <= 0.05);
    }
    CHECK(naive.value() > 0.5);
    CHECK(thinned.at_most(0.06));
}

// The guard's fallback: where all values but one are rare, the rate of the reference's commonest value decides.
TEST_CASE("the rate of the commonest value keeps its level for nearly constant features") {
    const stats::Confidence confidence(0.99);
    Random random(61);
    for (const double rare : {0.0005, 0.002, 0.01}) {
        Rate five, one;
        for (int run = 0; run < 4000; ++run) {
            const auto count = [&](std::uint64_t n) {
                std::uint64_t common = 0;
                for (std::uint64_t i = 0; i < n; ++i) common += random.uniform() >= rare ? 1U : 0U;
                return common;
            };
            const double p = d::two_proportion(count(2000), 2000, count(500), 500, confidence).p_value;
            five.add(p <= 0.05);
            one.add(p <= 0.01);
        }
        CAPTURE(rare);
        CHECK(five.at_most(0.05));
        CHECK(one.at_most(0.01));
    }
}

namespace {

// SciPy's statistic of Cramer and von Mises: of midranks, with the limit law of untied values.
double midrank_p(const d::SortedSample<double>& x, const d::SortedSample<double>& y) {
    const auto n = static_cast<double>(x.size());
    const auto m = static_cast<double>(y.size());
    const double total = n + m;
    std::map<double, std::pair<double, double>> groups;
    for (const double value : x.values()) ++groups[value].first;
    for (const double value : y.values()) ++groups[value].second;
    double below_x = 0.0, below_y = 0.0, u = 0.0;
    for (const auto& group : groups) {
        const auto [in_x, in_y] = group.second;
        const double rank = below_x + below_y + 0.5 * (in_x + in_y + 1.0);
        // The i-th of its own sample, ties in any order.
        for (double i = 1.0; i <= in_x; i += 1.0) u += n * std::pow(rank - below_x - i, 2.0);
        for (double i = 1.0; i <= in_y; i += 1.0) u += m * std::pow(rank - below_y - i, 2.0);
        below_x += in_x;
        below_y += in_y;
    }
    const double t = u / (n * m * total) - (4.0 * n * m - 1.0) / (6.0 * total);
    const double mean = (1.0 + 1.0 / total) / 6.0;
    const double variance = (total + 1.0) * (4.0 * n * m * total - 3.0 * (n * n + m * m) - 2.0 * n * m) /
                            (45.0 * total * total * 4.0 * n * m);
    const double standardised = 1.0 / 6.0 + (t - mean) / std::sqrt(45.0 * variance);
    static const auto law = stats::ChiSquaredMixture::cramer_von_mises();
    return law.sf(standardised);
}

}  // namespace

// SciPy's cramervonmises_2samp: where ties are heavy, midranks add a term that grows with n - m, so that two samples of
// coin tosses of one coin are told apart every time. Its anderson_ksamp takes its law from a table for untied values,
// which our AndersonDarlingLaw::table reproduces for comparison.
TEST_CASE("coin tosses: our forms keep the level, SciPy's do not") {
    Random random(71);
    const d::SortedSample<double> plain(draw(Law::continuous, 60, random)), other(draw(Law::continuous, 80, random));
    CHECK(midrank_p(plain, other) ==
          doctest::Approx(d::cramer_von_mises(plain, other, {.method = d::Method::asymptotic}).p_value).epsilon(1e-6));
    d::AndersonDarlingOptions table;
    table.method = d::Method::asymptotic;
    table.law = d::AndersonDarlingLaw::table;
    for (const auto& [n, m] : {std::pair{200UL, 120UL}, std::pair{150UL, 150UL}}) {
        Rate ours, midrank, anderson_darling, by_table;
        for (int run = 0; run < 2000; ++run) {
            const d::SortedSample<double> x(draw(Law::coin, n, random)), y(draw(Law::coin, m, random));
            ours.add(d::cramer_von_mises(x, y).p_value <= 0.05);
            anderson_darling.add(d::anderson_darling(x, y).p_value <= 0.05);
            by_table.add(d::anderson_darling(x, y, table).p_value <= 0.05);
            if (run < 500) midrank.add(midrank_p(x, y) <= 0.05);
        }
        MESSAGE(n, "/", m, ": Cramer-von Mises ", ours.value(), ", of midranks ", midrank.value(),
                "; Anderson-Darling ", anderson_darling.value(), ", by the table ", by_table.value());
        CHECK(ours.at_most(0.05));
        CHECK(ours.at_least(0.04));
        CHECK(anderson_darling.at_most(0.05));
        CHECK(anderson_darling.at_least(0.04));
        CHECK(by_table.at_least(0.10));
        if (n != m)
            CHECK(midrank.value() > 0.99);
        else
            CHECK(midrank.at_most(0.05));
    }
}

TEST_CASE("the thresholds of other packages have no level, the test of the same divergence has") {
    struct Sizes {
        std::size_t n;
        std::size_t m;
    };
    for (const Sizes& sizes : {Sizes{200, 150}, Sizes{5000, 200}, Sizes{5000, 5000}}) {
        Random random(81);
        Rate evidently, nannyml, ours;
        for (int run = 0; run < 1000; ++run) {
            const d::SortedSample<double> x(draw(Law::continuous, sizes.n, random));
            const d::SortedSample<double> y(draw(Law::continuous, sizes.m, random));
            const auto exceeds = [&](d::DivergencePreset preset) {
                return d::preset_divergence(preset, d::Divergence::jensen_shannon, x, y).exceeds;
            };
            evidently.add(exceeds(d::DivergencePreset::evidently));
            nannyml.add(exceeds(d::DivergencePreset::nannyml));
            ours.add(d::run_test(DriftTest::jensen_shannon, x, y).p_value <= 0.05);
        }
        MESSAGE(sizes.n, "/", sizes.m, ", no drift, Jensen-Shannon: evidently alarms in ", evidently.value(),
                ", nannyml in ", nannyml.value(), ", the test at 5 % in ", ours.value());
        CHECK(ours.at_most(0.055));
        CHECK(ours.at_least(0.04));
        // Noise passes 0.1 in small samples; in large ones drift that the test would see does not.
        if (sizes.n == 200) CHECK(evidently.value() > 0.5);
        if (sizes.n == 200) CHECK(nannyml.value() > 0.9);
        if (sizes.m == 5000) CHECK(evidently.value() + nannyml.value() < 0.01);
    }
}
