// SPDX-License-Identifier: Apache-2.0
// Rank and distance tests against SciPy, against every assignment of small samples, and on hostile samples.
#include "vedette/drift/rank_tests.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "unit/oracle_data.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/distance_tests.hpp"
#include "vedette/stats/chi_squared_mixture.hpp"
#include "vedette/stats/permutation.hpp"

namespace d = vedette::drift;
using nlohmann::json;
using vedette::TestResult;
using Sample = std::vector<double>;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

bool close(double got, double wanted, double tolerance = 1e-9) {
    return std::abs(got - wanted) <= tolerance * std::abs(wanted) + 1e-300;
}

// SciPy words a direction by its first argument: for mannwhitneyu(live, reference) and ks_2samp(reference, live) that
// is ours.
struct Side {
    const char* name;
    d::Alternative alternative;
};
constexpr Side sides[] = {
    {"two_sided", d::Alternative::two_sided}, {"less", d::Alternative::less}, {"greater", d::Alternative::greater}};

Sample normals(std::size_t n, std::uint64_t seed, double shift = 0.0) {
    vedette::Random random(seed);
    Sample values(n);
    for (double& value : values) value = random.normal() + shift;
    return values;
}

}  // namespace

TEST_CASE("Kolmogorov-Smirnov agrees with SciPy, and with every assignment where there are ties") {
    for (const json& item : oracle_data("sample_tests.json")["cases"]) {
        CAPTURE(item["name"].get<std::string>());
        const Sample x = item["reference"], y = item["live"];
        for (const Side& side : sides) {
            CAPTURE(side.name);
            const json& wanted = item[std::string("ks_") + side.name];
            const TestResult asymptotic =
                d::ks_two_sample(x, y, {.alternative = side.alternative, .method = d::Method::asymptotic});
            CHECK(close(asymptotic.statistic, wanted["statistic"], 1e-12));
            // The two-sided finite law has a stated accuracy; SciPy's is exact but for the rounding of n m/(n + m).
            const double p = wanted["asymptotic"].is_null() ? not_a_number : wanted["asymptotic"].get<double>();
            if (side.alternative == d::Alternative::two_sided) {
                const double effective =
                    static_cast<double>(x.size() * y.size()) / static_cast<double>(x.size() + y.size());
                if (effective >= 8.0) CHECK(std::abs(asymptotic.p_value - p) < 0.002);
            } else {
                CHECK(close(asymptotic.p_value, p));
            }
            const TestResult exact =
                d::ks_two_sample(x, y, {.alternative = side.alternative, .method = d::Method::exact});
            if (!item["tied"].get<bool>() && wanted.contains("exact"))
                CHECK(close(exact.p_value, wanted["exact"], 1e-8));
            // SciPy ignores ties and is conservative; ours is the conditional law itself.
            if (item["tied"].get<bool>()) CHECK(exact.p_value <= wanted["exact"].get<double>() * (1.0 + 1e-12));
            if (item.contains("all_assignments"))
                CHECK(close(exact.p_value, item["all_assignments"][std::string("ks_") + side.name]));
        }
    }
}

TEST_CASE("Mann-Whitney agrees with SciPy, and with every assignment") {
    for (const json& item : oracle_data("sample_tests.json")["cases"]) {
        CAPTURE(item["name"].get<std::string>());
        const Sample x = item["reference"], y = item["live"];
        for (const Side& side : sides) {
            CAPTURE(side.name);
            const json& wanted = item[std::string("mann_whitney_") + side.name];
            const TestResult asymptotic =
                d::mann_whitney(x, y, {.alternative = side.alternative, .method = d::Method::asymptotic});
            CHECK(close(asymptotic.statistic, wanted["statistic"], 1e-12));
            CHECK(close(asymptotic.p_value, wanted["asymptotic"]));
            if (!wanted.contains("exact")) continue;
            const TestResult exact =
                d::mann_whitney(x, y, {.alternative = side.alternative, .method = d::Method::exact});
            if (!item["tied"].get<bool>()) CHECK(close(exact.p_value, wanted["exact"]));
            if (item.contains("all_assignments"))
                CHECK(close(exact.p_value, item["all_assignments"][std::string("mann_whitney_") + side.name]));
        }
    }
}

TEST_CASE("Cramer-von Mises agrees with SciPy and with every assignment, without ties") {
    for (const json& item : oracle_data("sample_tests.json")["cases"]) {
        // SciPy's midranks add to T, where values are tied, a term linear in F - G that grows with n - m: another test.
        if (!item.contains("cramer_von_mises") || item["tied"].get<bool>()) continue;
        CAPTURE(item["name"].get<std::string>());
        const Sample x = item["reference"], y = item["live"];
        const json& wanted = item["cramer_von_mises"];
        const TestResult asymptotic = d::cramer_von_mises(x, y, {.method = d::Method::asymptotic});
        CHECK(close(asymptotic.statistic, wanted["statistic"], 1e-12));
        // SciPy subtracts a series from 1, so of its small p only nine places are true.
        const double p = wanted["asymptotic"];
        if (p < 0.99) CHECK(std::abs(asymptotic.p_value - p) <= 5e-9);
        if (!wanted.contains("exact")) continue;
        const TestResult exact = d::cramer_von_mises(x, y, {.method = d::Method::exact});
        CHECK(close(exact.p_value, wanted["exact"]));
        if (item.contains("all_assignments")) CHECK(close(exact.p_value, item["all_assignments"]["cramer_von_mises"]));
    }
}

// T for counts by hand: two values, 0 and 1, with the difference running straight over each tie.
TEST_CASE("Cramer-von Mises of coin tosses is the integral of the squared difference") {
    const Sample x{0, 0, 0, 1, 1, 1}, y{0, 0, 1, 1, 1, 1, 1, 1};
    const double n = 6.0, m = 8.0, total = 14.0, difference = 3.0 / 6.0 - 2.0 / 8.0;
    const double mean_square = difference * difference / 3.0;  // of a line from 0 to the difference, and back
    CHECK(close(d::cramer_von_mises(x, y).statistic, n * m / total * mean_square + 1.0 / (6.0 * total), 1e-12));
}

TEST_CASE("Anderson-Darling agrees with SciPy, of two samples and of several") {
    const json data = oracle_data("sample_tests.json");
    const auto check = [](const auto& test, const json& wanted, d::AndersonDarlingVariant variant, bool tied) {
        d::AndersonDarlingOptions options;
        options.variant = variant;
        options.law = d::AndersonDarlingLaw::table;
        const TestResult result = test(options);
        CHECK(close(result.statistic, wanted["statistic"], 1e-9));
        CHECK(close(result.p_value, wanted["table"], 1e-8));
        // Without ties, which the table ignores, the whole law agrees with it inside its range as well as it can.
        if (tied || wanted["table"] == 0.25 || wanted["table"] == 0.001) return;
        options.law = d::AndersonDarlingLaw::limit;
        options.method = d::Method::asymptotic;
        CHECK(close(test(options).p_value, wanted["table"], 0.35));
    };
    for (const json& item : data["cases"]) {
        if (!item.contains("anderson_darling_midrank")) continue;
        CAPTURE(item["name"].get<std::string>());
        const Sample x = item["reference"], y = item["live"];
        const auto test = [&](const d::AndersonDarlingOptions& options) { return d::anderson_darling(x, y, options); };
        check(test, item["anderson_darling_midrank"], d::AndersonDarlingVariant::midrank, item["tied"]);
        check(test, item["anderson_darling_right"], d::AndersonDarlingVariant::right_continuous, item["tied"]);
    }
    for (const json& item : data["several"]) {
        std::vector<d::SortedSample<double>> samples;
        for (const json& values : item["samples"]) samples.emplace_back(values.get<Sample>());
        const auto test = [&](const d::AndersonDarlingOptions& options) {
            return d::anderson_darling<double>(samples, options);
        };
        const double first = item["samples"][0][0];
        const bool tied = first == std::floor(first);  // the tied ones are whole numbers
        check(test, item["midrank"], d::AndersonDarlingVariant::midrank, tied);
        check(test, item["right"], d::AndersonDarlingVariant::right_continuous, tied);
    }
}

TEST_CASE("far apart, the tail goes on where a table would be clamped") {
    const Sample x = normals(400, 1), y = normals(400, 2, 1.5);
    const double p = d::anderson_darling(x, y).p_value;
    CHECK(p < 1e-30);
    CHECK(p > 0.0);
    const double exact = d::ks_two_sample(x, y, {.method = d::Method::exact}).p_value;
    CHECK(exact < 1e-30);
    CHECK(exact > 0.0);
    CHECK(d::cramer_von_mises(x, y).p_value < 1e-20);
}

TEST_CASE("distances and Kuiper's V agree with SciPy") {
    const json data = oracle_data("sample_tests.json");
    for (const json& item : data["cases"]) {
        CAPTURE(item["name"].get<std::string>());
        const Sample x = item["reference"], y = item["live"];
        CHECK(close(d::wasserstein_1(x, y, {.permutations = 0}).statistic, item["wasserstein_1"], 1e-12));
        CHECK(close(d::energy_distance(x, y, {.permutations = 0}).statistic, item["energy_distance"], 1e-12));
        CHECK(close(d::kuiper_two_sample(x, y).statistic, item["kuiper"], 1e-12));
    }
    for (const json& item : data["weighted"]) {
        const Sample x = item["reference"], y = item["live"];
        const Sample a = item["reference_weights"], b = item["live_weights"];
        CHECK(close(d::wasserstein_1(x, a, y, b), item["wasserstein_1"], 1e-12));
        CHECK(close(d::energy_distance(x, a, y, b), item["energy_distance"], 1e-12));
        const d::WeightedSample left{x, a}, right{y, b};
        CHECK(d::wasserstein_1(left, right).statistic == d::wasserstein_1(x, a, y, b));
        CHECK(d::energy_distance(left, right).statistic == d::energy_distance(x, a, y, b));
    }
}

TEST_CASE("tests of weighted rows: weights of 1 change nothing, p by the same splits, rows that carry their weight") {
    vedette::Random random(91);
    Sample x(40), y(30), ones(40, 1.0), weights(40);
    for (double& value : x) value = std::floor(6.0 * random.uniform());  // ties
    for (double& value : y) value = std::floor(6.0 * random.uniform()) + 0.7;
    for (double& weight : weights) weight = random.uniform();
    const d::WeightedSample left{x, ones}, right{y, std::span(ones).first(30)};
    for (const bool energy : {false, true}) {
        const auto plain = energy ? d::energy_distance(x, y) : d::wasserstein_1(x, y);
        const auto weighted = energy ? d::energy_distance(left, right) : d::wasserstein_1(left, right);
        CHECK(close(weighted.statistic, plain.statistic, 1e-12));
        CHECK(close(weighted.effect, plain.effect, 1e-12));
        // Splits are of the pooled rows in order; within a tie all weigh the same.
        CHECK(weighted.p_value == plain.p_value);
        CHECK(std::isnan(weighted.effect_interval.lower));
    }
    // p by the definition: every split is the distance of SciPy's formula over the rows that it chose.
    const d::WeightedSample heavy{x, weights}, light{y, std::span(weights).first(30)};
    const d::TestOptions options{.permutations = 99, .seed = 3};
    const auto result = d::wasserstein_1(heavy, light, options);
    std::vector<std::pair<double, double>> pooled;
    for (std::size_t i = 0; i < 40; ++i) pooled.emplace_back(x[i], weights[i]);
    for (std::size_t i = 0; i < 30; ++i) pooled.emplace_back(y[i], weights[i]);
    std::uint64_t as_extreme = 0;
    std::stable_sort(pooled.begin(), pooled.end(), [](auto& a, auto& b) { return a.first < b.first; });
    for (std::uint64_t split = 0; split < 99; ++split) {
        std::vector<std::uint8_t> labels(70);
        vedette::stats::random_split(3, split, 40, labels);
        Sample values[2], masses[2];
        for (std::size_t i = 0; i < 70; ++i) {
            values[labels[i] == 1 ? 0 : 1].push_back(pooled[i].first);
            masses[labels[i] == 1 ? 0 : 1].push_back(pooled[i].second);
        }
        const double distance = d::wasserstein_1(values[0], masses[0], values[1], masses[1]);
        as_extreme += distance >= result.statistic * (1.0 - 1e-9) ? 1U : 0U;
    }
    CHECK(result.p_value == (1.0 + static_cast<double>(as_extreme)) / 100.0);
    // A weighted deviation of the reference, by the definition.
    double total = 0.0, mean = 0.0, square = 0.0;
    for (std::size_t i = 0; i < 40; ++i) total += weights[i];
    for (std::size_t i = 0; i < 40; ++i) mean += weights[i] * x[i] / total;
    for (std::size_t i = 0; i < 40; ++i) square += weights[i] * (x[i] - mean) * (x[i] - mean) / total;
    CHECK(close(result.effect, result.statistic / std::sqrt(square), 1e-12));
    // One scale for both sides: a factor on one leaves the distance, but splits mix the rows, so that p is another.
    Sample moved(y), reference_share(40, 1.0 / 40.0), live_share(8, 1.0 / 8.0);
    moved.resize(8);
    for (double& value : moved) value += 0.8;
    const d::WeightedSample few{moved, std::span(ones).first(8)};
    const auto on_one = d::wasserstein_1(d::WeightedSample{x, ones}, few);
    const auto summing = d::wasserstein_1(d::WeightedSample{x, reference_share}, d::WeightedSample{moved, live_share});
    CHECK(close(on_one.statistic, summing.statistic, 1e-12));
    CHECK(on_one.p_value != summing.p_value);
    // A factor on both changes nothing.
    const Sample halves(40, 0.5);
    CHECK(
        d::wasserstein_1(d::WeightedSample{x, halves}, d::WeightedSample{moved, std::span(halves).first(8)}).p_value ==
        on_one.p_value);
    // Most splits leave one side without any weight: no evidence.
    const Sample lone{1.0, 2.0, 3.0, 4.0}, lone_weights{1.0, 0.0, 0.0, 0.0};
    CHECK(d::wasserstein_1(d::WeightedSample{lone, lone_weights}, d::WeightedSample{lone, lone_weights}).p_value > 0.3);
    CHECK(std::isnan(d::wasserstein_1(left, right, {.permutations = 0}).p_value));
    CHECK_THROWS_AS(d::wasserstein_1(d::WeightedSample{x, weights}, d::WeightedSample{y, weights}), vedette::Error);
    CHECK_THROWS_AS(d::wasserstein_1(left, right, {.alternative = d::Alternative::less}), vedette::Error);
    // No sum of weights runs over, nor any square.
    const Sample enormous(40, 4e306);
    CHECK(
        d::wasserstein_1(d::WeightedSample{x, enormous}, d::WeightedSample{y, std::span(enormous).first(30)}).p_value ==
        d::wasserstein_1(left, right).p_value);
    // Weights too small to be divided by are refused, not evidence; a split that leaves a side such a one is extreme.
    const Sample faint(40, 1e-312), nought{0.0}, one{1.0}, ends{1.0, 5.0}, uneven{1.0, 1e-310};
    CHECK_THROWS_AS(d::wasserstein_1(d::WeightedSample{x, faint}, d::WeightedSample{x, faint}), vedette::Error);
    CHECK(d::wasserstein_1(d::WeightedSample{nought, one}, d::WeightedSample{ends, uneven}).p_value == 1.0);
    const Sample huge{-1.7e308, 1.7e308, 0.0}, three(3, 1.0);
    const auto wide = d::wasserstein_1(d::WeightedSample{huge, three}, d::WeightedSample{three, three});
    CHECK(std::isfinite(wide.statistic));
    CHECK(std::isfinite(wide.effect));
}

TEST_CASE("the chi-square mixtures have the tails of 30-digit arithmetic") {
    using vedette::stats::ChiSquaredMixture;
    for (const json& item : oracle_data("sample_tests.json")["mixtures"]) {
        const std::string law = item["law"];
        CAPTURE(item.dump());
        const double x = item["x"];
        const ChiSquaredMixture mixture = law == "cramer_von_mises"   ? ChiSquaredMixture::cramer_von_mises()
                                          : law == "anderson_darling" ? ChiSquaredMixture::anderson_darling(1.0)
                                          : law == "equal"
                                              ? ChiSquaredMixture(Sample(item["degrees"].get<std::size_t>(), 1.0))
                                              : ChiSquaredMixture({1.0, 0.9}, 2.0);
        const double tail = item["tail"];
        CHECK(std::abs(mixture.sf(x) - tail) <= (tail > 1e-20 ? 1e-9 : 5e-9) * tail);
    }
    CHECK_THROWS_AS(ChiSquaredMixture({}), vedette::Error);
    CHECK_THROWS_AS(ChiSquaredMixture({1.0, infinity}), vedette::Error);
    CHECK_THROWS_AS(ChiSquaredMixture({1.0}, 0.0), vedette::Error);
    CHECK(std::isnan(ChiSquaredMixture::cramer_von_mises().sf(not_a_number)));
    CHECK(ChiSquaredMixture::cramer_von_mises().sf(-1.0) == 1.0);
    CHECK(ChiSquaredMixture::cramer_von_mises().sf(infinity) == 0.0);
}

TEST_CASE("sorted samples, ranges and floats give the same answers") {
    const Sample x = normals(200, 3), y = normals(150, 4, 0.2);
    const d::SortedSample<double> a(x), b(y);
    CHECK(d::ks_two_sample(x, y).p_value == d::ks_two_sample(a, b).p_value);
    std::vector<float> narrow_x(x.begin(), x.end()), narrow_y(y.begin(), y.end());
    CHECK(d::ks_two_sample(narrow_x, narrow_y).statistic == doctest::Approx(d::ks_two_sample(a, b).statistic));
    CHECK(d::mann_whitney(narrow_x, narrow_y).statistic == d::mann_whitney(a, b).statistic);
    CHECK(d::wasserstein_1(narrow_x, narrow_y).statistic ==
          doctest::Approx(d::wasserstein_1(a, b).statistic).epsilon(1e-6));
}

TEST_CASE("permutations agree with the exact laws, and depend on the seed alone") {
    const Sample x{1, 2, 2, 3, 5, 8, 9, 12}, y{2, 4, 6, 8, 10, 14, 15};
    const auto check = [&](const auto& test) {
        const d::TestOptions many{.method = d::Method::permutation, .permutations = 40'000, .seed = 3};
        const double drawn = test(many).p_value;
        const double exact = test(d::TestOptions{.method = d::Method::exact}).p_value;
        CHECK(std::abs(drawn - exact) < 4.0 * std::sqrt(exact * (1.0 - exact) / 40'000.0) + 1e-4);
        CHECK(test(many).p_value == drawn);
    };
    check([&](const d::TestOptions& o) { return d::ks_two_sample(x, y, o); });
    check([&](const d::TestOptions& o) { return d::cramer_von_mises(x, y, o); });
}

TEST_CASE("effects say what they promise") {
    const Sample x{1, 2, 3, 4}, y{11, 12, 13, 14};
    CHECK(d::mann_whitney(x, y).effect == 0.5);
    CHECK(d::mann_whitney(y, x).effect == -0.5);
    CHECK(d::mann_whitney(x, x).effect == 0.0);
    CHECK(d::ks_two_sample(x, y).effect == 1.0);
    CHECK(d::wasserstein_1(x, y).statistic == 10.0);
    CHECK(d::wasserstein_1(x, y).effect == doctest::Approx(10.0 / std::sqrt(1.25)));
    CHECK(d::wasserstein_1(x, x).statistic == 0.0);
    CHECK(d::wasserstein_1(x, x).p_value == 1.0);
    CHECK(std::isnan(d::wasserstein_1(x, y, {.permutations = 0}).p_value));
    CHECK(std::isnan(d::wasserstein_1(Sample{2, 2}, y).effect));
    const TestResult greater = d::mann_whitney(x, y, {.alternative = d::Alternative::greater});
    const TestResult less = d::mann_whitney(x, y, {.alternative = d::Alternative::less});
    CHECK(greater.p_value < 0.05);
    CHECK(less.p_value > 0.95);
    // Which sample comes first is a matter of sign alone.
    const Sample few = normals(30, 71), more = normals(80, 72, 0.9);
    const TestResult there = d::mann_whitney(few, more), back = d::mann_whitney(more, few);
    CHECK(there.effect_interval.lower == doctest::Approx(-back.effect_interval.upper).epsilon(1e-9));
    CHECK(there.effect_interval.upper == doctest::Approx(-back.effect_interval.lower).epsilon(1e-9));
    CHECK(d::ks_two_sample(x, y, {.alternative = d::Alternative::greater}).p_value < 0.05);
}

TEST_CASE("NaN as asked, infinities by rank, and misuse by name") {
    const Sample x{1, not_a_number, 3, 4}, y{2, 5, infinity, -infinity};
    CHECK_THROWS_AS(d::ks_two_sample(x, y), vedette::Error);
    const d::TestOptions omit{.nan = d::NanPolicy::omit};
    CHECK(d::ks_two_sample(x, y, omit).reference_count == 3.0);
    CHECK(std::isfinite(d::mann_whitney(x, y, omit).p_value));
    CHECK(std::isfinite(d::cramer_von_mises(x, y, omit).p_value));
    CHECK(std::isfinite(d::anderson_darling(d::sorted(x, d::NanPolicy::omit), d::sorted(y)).p_value));
    CHECK_THROWS_WITH_AS(d::wasserstein_1(x, y, omit),
                         "wasserstein_1: an infinite value has no distance from others; leave it out", vedette::Error);
    CHECK_THROWS_WITH_AS(d::ks_two_sample(Sample{}, y),
                         "ks_two_sample: the reference sample has 0 values, at least 1 are needed", vedette::Error);
    CHECK_THROWS_AS(d::cramer_von_mises(Sample{1}, Sample{2, 3}), vedette::Error);
    CHECK_THROWS_AS(d::anderson_darling(Sample{1, 1, 1}, Sample{1, 1}), vedette::Error);
    const Sample a{1, 2, 3}, b{2, 3, 4};
    CHECK_THROWS_AS(d::ks_two_sample(a, b, {.confidence = 1.0}), vedette::Error);
    CHECK_THROWS_AS(d::ks_two_sample(a, b, {.permutations = 0}), vedette::Error);
    CHECK_THROWS_AS(d::kuiper_two_sample(a, b, {.method = d::Method::exact}), vedette::Error);
    CHECK_THROWS_AS(d::energy_distance(a, b, {.alternative = d::Alternative::less}), vedette::Error);
    CHECK_THROWS_AS(d::energy_distance(a, b, {.method = d::Method::exact}), vedette::Error);
    CHECK_THROWS_AS(d::mann_whitney(normals(2000, 1), normals(2000, 2), {.method = d::Method::exact}), vedette::Error);
    CHECK_THROWS_AS((void)d::wasserstein_1(a, b, a, Sample{1}), vedette::Error);
    CHECK_THROWS_AS((void)d::wasserstein_1(a, Sample{0, 0, 0}, a, a), vedette::Error);
    CHECK_THROWS_AS((void)d::wasserstein_1(a, Sample{1, -1, 2}, a, a), vedette::Error);
}

TEST_CASE("all values tied, denormals and the largest doubles") {
    const Sample ties(50, 7.0);
    CHECK(d::ks_two_sample(ties, ties).p_value == 1.0);
    CHECK(d::mann_whitney(ties, ties).p_value == 1.0);
    CHECK(d::cramer_von_mises(ties, ties).p_value == 1.0);
    CHECK(d::energy_distance(ties, ties).p_value == 1.0);
    CHECK(d::kuiper_two_sample(ties, ties).p_value == 1.0);
    const double tiny = std::numeric_limits<double>::denorm_min(), huge = std::numeric_limits<double>::max();
    CHECK(d::ks_two_sample(Sample{0, 0, 0, 0, 0, 0}, Sample(6, tiny)).statistic == 1.0);
    CHECK(d::wasserstein_1(Sample{-huge, -huge}, Sample{-huge, 0.9 * huge}).p_value > 0.0);
}

TEST_CASE("samples closer than chance allows have a p-value of 1, not NaN") {
    Sample x(3000), y(3000);
    for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = static_cast<double>(i);
        y[i] = x[i] + 0.5;
    }
    CHECK(d::cramer_von_mises(x, y).p_value == 1.0);
    CHECK(d::anderson_darling(x, y).p_value == 1.0);
    CHECK(d::cramer_von_mises(x, x).p_value == 1.0);
    CHECK(d::anderson_darling(x, x).p_value == 1.0);
}
