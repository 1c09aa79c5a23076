// SPDX-License-Identifier: Apache-2.0
// Tests by name: the same answers as by hand, on tables, with what cannot be tested left unevaluated.
#include "vedette/drift/comparison.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/contingency_tests.hpp"
#include "vedette/drift/distance_tests.hpp"
#include "vedette/drift/epps_singleton.hpp"
#include "vedette/drift/moment_tests.hpp"
#include "vedette/drift/rank_tests.hpp"
#include "vedette/drift/rate_tests.hpp"

namespace d = vedette::drift;
using vedette::Column;
using vedette::DriftTest;
using vedette::Table;
using Sample = std::vector<double>;
using Counts = std::vector<std::uint64_t>;

namespace {

Sample normals(std::size_t n, std::uint64_t seed, double shift = 0.0) {
    vedette::Random random(seed);
    Sample values(n);
    for (double& value : values) value = random.normal() + shift;
    return values;
}

}  // namespace

TEST_CASE("every test that runs on samples finds a shift and lets none pass for one") {
    const d::SortedSample<double> reference(normals(2000, 1)), same(normals(2000, 2));
    Sample wide = normals(2000, 3, 0.5);
    for (double& value : wide) value *= 1.5;
    const d::SortedSample<double> moved(wide);
    for (std::uint8_t i = 0; i < vedette::drift_test_count; ++i) {
        const auto test = static_cast<DriftTest>(i);
        CAPTURE(vedette::drift_test_name(test));
        if (!vedette::runs_on_samples(test, true)) {
            CHECK_THROWS_AS(d::run_test(test, reference, same), vedette::Error);
            continue;
        }
        CHECK(d::run_test(test, reference, same).p_value > 0.01);
        const auto result = d::run_test(test, reference, moved);
        CHECK(result.p_value <= 0.001);
        CHECK(result.live_count == 2000.0);
    }
    const Counts coin{400, 600}, biased{480, 520};
    for (std::uint8_t i = 0; i < vedette::drift_test_count; ++i) {
        const auto test = static_cast<DriftTest>(i);
        CAPTURE(vedette::drift_test_name(test));
        if (!vedette::runs_on_samples(test, false)) {
            CHECK_THROWS_AS(d::run_test(test, coin, biased), vedette::Error);
            continue;
        }
        CHECK(d::run_test(test, coin, coin).p_value > 0.5);
        CHECK(d::run_test(test, coin, biased).p_value < 0.001);
    }
}

TEST_CASE("names lead to the tests themselves") {
    const d::SortedSample<double> x(normals(50, 1)), y(normals(70, 2, 0.3));
    CHECK(d::run_test(DriftTest::automatic, x, y).p_value == d::ks_two_sample(x, y).p_value);
    CHECK(d::run_test(DriftTest::mann_whitney, x, y, {.alternative = d::Alternative::greater}).p_value ==
          d::mann_whitney(x, y, {.alternative = d::Alternative::greater}).p_value);
    CHECK(d::run_test(DriftTest::welch_t, x, y).statistic ==
          d::welch_t(vedette::ColumnView<double>(x.values()), vedette::ColumnView<double>(y.values())).statistic);
    const Counts a{10, 20, 30}, b{20, 20, 20}, table{10, 20, 30, 20, 20, 20};
    CHECK(d::run_test(DriftTest::automatic, a, b).p_value == d::chi_square({table, 2, 3}).p_value);
    CHECK(d::run_test(DriftTest::fisher_exact, a, b).p_value == d::fisher_exact({table, 2, 3}).p_value);
    CHECK_THROWS_AS(d::run_test(DriftTest::chi_square, a, Counts{1, 2}), vedette::Error);
    CHECK_THROWS_AS(d::run_test(DriftTest::chi_square, a, b, {.alternative = d::Alternative::less}), vedette::Error);
}

TEST_CASE("tables are compared by name, without what is no value") {
    Sample x = normals(300, 1), y = normals(200, 2, 2.0);
    x[3] = std::numeric_limits<double>::quiet_NaN();
    y[0] = std::numeric_limits<double>::infinity();
    std::vector<std::string_view> countries(300, "CH"), live_countries(200, "CH");
    for (std::size_t i = 0; i < 100; ++i) countries[i] = live_countries[2 * i] = "DE";
    const Sample alone(300, 1.0);
    const Table reference(
        {{"x", Column::numeric(x)}, {"country", Column::strings(countries)}, {"only here", Column::numeric(alone)}});
    const Table live({{"country", Column::strings(live_countries)}, {"x", Column::numeric(y)}});
    const std::vector<DriftTest> tests{DriftTest::automatic, DriftTest::welch_t, DriftTest::fisher_exact};
    const auto features = d::compare(reference, live, tests);
    REQUIRE(features.size() == 2);
    CHECK(features[0].name == "x");
    REQUIRE(features[0].results.size() == 2);
    CHECK(features[0].results[0].test == DriftTest::kolmogorov_smirnov);
    CHECK(features[0].results[0].result.reference_count == 299.0);
    CHECK(features[0].results[0].result.live_count == 199.0);
    CHECK(features[0].results[0].result.p_value < 1e-10);
    REQUIRE(features[1].results.size() == 2);
    CHECK(features[1].results[0].test == DriftTest::chi_square);
    CHECK(features[1].results[1].test == DriftTest::fisher_exact);
    CHECK(features[1].results[1].result.p_value < 0.01);
}

TEST_CASE("a frozen reference answers as the columns do") {
    Sample x = normals(3000, 1), y = normals(2500, 2, 0.3);
    x[3] = std::numeric_limits<double>::quiet_NaN();
    x[4] = std::numeric_limits<double>::infinity();
    y[0] = -std::numeric_limits<double>::infinity();
    const std::vector<std::uint8_t> valid(400, 0xFE);  // every eighth is null
    const Column reference = Column::numeric(x, {valid.data(), 0}), live = Column::numeric(y, {valid.data(), 0});
    std::vector<float> narrow_x(x.begin(), x.end()), narrow_y(y.begin(), y.end());
    const Column narrow_reference = Column::numeric(narrow_x), narrow_live = Column::numeric(narrow_y);
    const auto frozen = d::freeze<double>(reference);
    const auto narrow = d::freeze<float>(narrow_reference);
    CHECK(frozen.size() == 3000 - 3000 / 8 - 2);
    CHECK(narrow.size() == 2998);
    for (const auto method : {d::Method::automatic, d::Method::permutation}) {
        const d::TestOptions options{.method = method, .permutations = 19};
        for (std::uint8_t i = 0; i < vedette::drift_test_count; ++i) {
            const auto test = static_cast<DriftTest>(i);
            CAPTURE(vedette::drift_test_name(test));
            const std::vector<DriftTest> tests{test};
            if (test != DriftTest::automatic && !vedette::runs_on_samples(test, true)) {
                CHECK_THROWS_AS(static_cast<void>(d::compare(test, frozen, live, options)), vedette::Error);
                continue;
            }
            std::vector<d::FeatureComparison> wide, small;
            try {
                wide = d::compare(Table({{"x", reference}}), Table({{"x", live}}), tests, options);
                small = d::compare(Table({{"x", narrow_reference}}), Table({{"x", narrow_live}}), tests, options);
            } catch (const vedette::Error& error) {
                CHECK(error.code() == vedette::ErrorCode::unsupported);  // no permutations for this test
                CHECK_THROWS_AS(static_cast<void>(d::compare(test, frozen, live, options)), vedette::Error);
                continue;
            }
            const d::NamedResult one = d::compare(test, frozen, live, options);
            const d::NamedResult other = d::compare(test, narrow, narrow_live, options);
            const d::NamedResult& expected = wide[0].results[0];
            CHECK(one.test == expected.test);
            CHECK(one.result.statistic == expected.result.statistic);
            CHECK(one.result.p_value == expected.result.p_value);
            CHECK(one.result.effect == expected.result.effect);
            CHECK(one.result.live_count == expected.result.live_count);
            CHECK(other.result.statistic == doctest::Approx(small[0].results[0].result.statistic).epsilon(1e-12));
            CHECK(other.result.p_value == doctest::Approx(small[0].results[0].result.p_value).epsilon(1e-9));
        }
    }
    const Sample nothing(4, std::numeric_limits<double>::quiet_NaN());
    const auto left_out = d::compare(DriftTest::automatic, frozen, Column::numeric(nothing));
    CHECK(std::isnan(left_out.result.p_value));
    CHECK(left_out.result.reference_count == static_cast<double>(frozen.size()));
    std::vector<std::string_view> words{"a", "b"};
    const auto code = [](auto&& call) {
        try {
            static_cast<void>(call());
        } catch (const vedette::Error& error) {
            return error.code();
        }
        return vedette::ErrorCode{};
    };
    CHECK(code([&] { return d::freeze<double>(Column::numeric(nothing)); }) == vedette::ErrorCode::not_enough_data);
    CHECK(code([&] { return d::freeze<double>(reference, d::NanPolicy::refuse); }) ==
          vedette::ErrorCode::invalid_argument);
    CHECK(code([&] { return d::freeze<float>(Column::strings(words)); }) == vedette::ErrorCode::type_mismatch);
    CHECK(code([&] { return d::compare(DriftTest::automatic, frozen, Column::strings(words)); }) ==
          vedette::ErrorCode::type_mismatch);
    const Sample some{1.0, 2.0, 3.0, 4.0};
    const std::vector<std::uint8_t> one_null{0x0E};
    CHECK(d::freeze<double>(Column::numeric(some, {one_null.data(), 0}), d::NanPolicy::refuse).size() == 3);
}

TEST_CASE("what the data do not allow is not evaluated, and misuse is refused") {
    const Sample x = normals(300, 1);
    const Sample empty(5, std::numeric_limits<double>::quiet_NaN());
    std::vector<std::string_view> texts{"a", "b", "c", "a", "b"};
    const std::vector<DriftTest> tests{DriftTest::automatic, DriftTest::anderson_darling, DriftTest::welch_t,
                                       DriftTest::fisher_exact};
    const auto few = d::compare(Table({{"x", Column::numeric(x)}}), Table({{"x", Column::numeric(empty)}}), tests);
    REQUIRE(few[0].results.size() == 3);
    for (const auto& named : few[0].results) {
        CHECK(std::isnan(named.result.p_value));
        CHECK(named.result.reference_count == 300.0);
        CHECK(named.result.live_count == 0.0);
    }
    const auto three =
        d::compare(Table({{"t", Column::strings(texts)}}), Table({{"t", Column::strings(texts)}}), tests);
    REQUIRE(three[0].results.size() == 2);
    CHECK(three[0].results[1].result.p_value == doctest::Approx(1.0));
    CHECK(three[0].results[1].result.live_count == 5.0);
    const auto one_sided =
        d::compare(Table({{"t", Column::strings(texts)}}), Table({{"t", Column::strings(texts)}}),
                   std::vector<DriftTest>{DriftTest::fisher_exact}, {.alternative = d::Alternative::greater});
    CHECK(std::isnan(one_sided[0].results[0].result.p_value));
    CHECK_THROWS_AS(d::compare(Table({{"x", Column::numeric(x)}}), Table({{"y", Column::numeric(x)}}), tests),
                    vedette::Error);
    const std::vector<DriftTest> never{static_cast<DriftTest>(200)};
    CHECK_THROWS_AS(d::compare(Table({{"x", Column::numeric(x)}}), Table({{"x", Column::numeric(x)}}), never),
                    vedette::Error);
    CHECK_THROWS_AS(d::compare(Table({{"t", Column::strings(texts)}}), Table({{"t", Column::numeric(empty)}}), tests),
                    vedette::Error);
}

TEST_CASE("two_proportion of categories is that of the commonest of both sides") {
    const std::vector<std::uint64_t> reference{10, 60, 30}, live{4, 15, 31};
    // Together 14, 75 and 61: the second one, though the live side has more of the third.
    const auto got = d::run_test(DriftTest::two_proportion, reference, live);
    const auto wanted = d::two_proportion(60, 100, 15, 50, vedette::stats::Confidence(0.95));
    CHECK(got.p_value == wanted.p_value);
    CHECK(got.effect == doctest::Approx(0.3 - 0.6));
    const std::vector<std::uint64_t> table{60, 40, 15, 35};
    const auto by_z = d::run_test(DriftTest::two_proportion, reference, live, {.method = d::Method::asymptotic});
    CHECK(by_z.p_value == d::two_proportion_z({table, 2, 2}).p_value);
    CHECK_THROWS_AS(d::run_test(DriftTest::two_proportion, reference, live, {.method = d::Method::permutation}),
                    vedette::Error);
    CHECK_THROWS_AS(d::run_test(DriftTest::two_proportion, reference, live, {.alternative = d::Alternative::less}),
                    vedette::Error);
    CHECK(
        d::run_test(DriftTest::two_proportion, std::vector<std::uint64_t>{7}, std::vector<std::uint64_t>{9}).p_value ==
        1.0);
    const std::vector<std::uint64_t> none, nothing{0, 0};
    CHECK(std::isnan(d::run_test(DriftTest::two_proportion, none, none).p_value));
    CHECK(std::isnan(d::run_test(DriftTest::two_proportion, nothing, std::vector<std::uint64_t>{3, 4}).p_value));
    // Of numbers it does not run, and is left out.
    const Sample x = normals(30, 1);
    const std::vector<std::string_view> words(30, "w");
    const Table both({{"x", Column::numeric(x)}, {"w", Column::strings(words)}});
    const std::vector<DriftTest> asked{DriftTest::two_proportion};
    const auto answers = d::compare(both, both, asked);
    REQUIRE(answers.size() == 2);
    CHECK(answers[0].results.empty());
    REQUIRE(answers[1].results.size() == 1);
    CHECK(answers[1].results[0].result.p_value == 1.0);
}

TEST_CASE("rows are compared in blocks or thinned, categories thinned, by the method asked for") {
    Sample x = normals(203, 1);
    const Sample y = normals(120, 2, 0.5);
    x[5] = std::numeric_limits<double>::quiet_NaN();
    std::vector<std::string_view> texts;
    for (int i = 0; i < 203; ++i) texts.push_back(i % 4 == 0 ? "kept" : "other");
    Sample blocks;
    Sample thinned;
    double sum = 0.0;
    int taken = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (i % 4 == 0 && std::isfinite(x[i])) thinned.push_back(x[i]);
        if (!std::isfinite(x[i])) continue;
        sum += x[i] / 4.0;
        if (++taken % 4 != 0) continue;
        blocks.push_back(sum);
        sum = 0.0;
    }
    Sample live_blocks;
    Sample live_thinned;
    for (std::size_t i = 0; i + 4 <= y.size(); i += 4) {
        live_blocks.push_back(y[i] / 4.0 + y[i + 1] / 4.0 + y[i + 2] / 4.0 + y[i + 3] / 4.0);
        live_thinned.push_back(y[i]);
    }
    const std::vector<std::string_view> some(texts.begin(), texts.begin() + 120);
    const std::vector<DriftTest> tests{DriftTest::kolmogorov_smirnov, DriftTest::mann_whitney, DriftTest::chi_square};
    const Table reference({{"x", Column::numeric(x)}, {"t", Column::strings(texts)}});
    const Table live({{"x", Column::numeric(y)}, {"t", Column::strings(some)}});
    const auto p_of = [](const Sample& a, const Sample& b, d::Method method) {
        return d::ks_two_sample(d::SortedSample<double>(a), d::SortedSample<double>(b), {.method = method}).p_value;
    };
    for (const d::Method method : {d::Method::automatic, d::Method::asymptotic}) {
        const auto by_block = d::compare(reference, live, tests, {.method = method}, {.block = 4});
        CHECK(by_block[0].results[0].result.reference_count == 50.0);
        CHECK(by_block[0].results[0].result.live_count == 30.0);
        CHECK(by_block[0].results[0].result.p_value == p_of(blocks, live_blocks, method));
        CHECK(by_block[1].results[0].result.reference_count == 51.0);
        CHECK(by_block[1].results[0].result.p_value == 1.0);  // "kept" alone
        const auto by_thin = d::compare(reference, live, tests, {.method = method}, {.thin = 4});
        CHECK(by_thin[0].results[0].result.p_value == p_of(thinned, live_thinned, method));
        CHECK(by_thin[0].results[0].result.reference_count == 51.0);
    }
    CHECK(p_of(blocks, live_blocks, d::Method::automatic) != p_of(blocks, live_blocks, d::Method::asymptotic));
    const auto none = d::compare(reference, live, tests, {}, {.block = 1000});
    CHECK(std::isnan(none[0].results[0].result.p_value));
    for (const d::RowBlocks& wrong : {d::RowBlocks{.block = 0}, d::RowBlocks{.thin = 0}, d::RowBlocks{2, 2}})
        CHECK_THROWS_AS(d::compare(reference, live, tests, {}, wrong), vedette::Error);
    for (const d::Method method :
         {d::Method::automatic, d::Method::exact, d::Method::asymptotic, d::Method::permutation})
        CHECK(std::string_view(d::method_name(method)) != "unknown");
    CHECK(std::string_view(d::method_name(static_cast<d::Method>(9))) == "unknown");
}

TEST_CASE("weighted columns: rows without a value are left out with their weights, and what has no weight is refused") {
    const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
    const Sample x{1.0, nan, 2.0, 5.0}, wx{1.0, 100.0, 2.0, 0.5}, y{infinity, 2.0, 3.0, 3.0}, wy{7.0, 1.0, 1.0, 4.0};
    const Sample kept_x{1.0, 2.0, 5.0}, kept_wx{1.0, 2.0, 0.5}, kept_y{2.0, 3.0, 3.0}, kept_wy{1.0, 1.0, 4.0};
    const d::WeightedColumn left{Column::numeric(x), Column::numeric(wx)};
    const d::WeightedColumn right{Column::numeric(y), Column::numeric(wy)};
    const d::WeightedSample a{kept_x, kept_wx}, b{kept_y, kept_wy};
    for (const DriftTest test : {DriftTest::automatic, DriftTest::wasserstein, DriftTest::energy_distance}) {
        const bool energy = test == DriftTest::energy_distance;
        const auto got = d::compare_weighted(test, left, right);
        const auto expected = energy ? d::energy_distance(a, b) : d::wasserstein_1(a, b);
        CHECK(got.test == (energy ? DriftTest::energy_distance : DriftTest::wasserstein));
        CHECK(got.result.statistic == expected.statistic);
        CHECK(got.result.p_value == expected.p_value);
        CHECK(got.result.reference_count == 3.0);
    }
    const Sample nothing{nan, nan}, two{1.0, 1.0};
    const auto none =
        d::compare_weighted(DriftTest::wasserstein, left, {Column::numeric(nothing), Column::numeric(two)});
    CHECK(std::isnan(none.result.statistic));
    CHECK(none.result.live_count == 0.0);
    CHECK(d::runs_on_weights(DriftTest::wasserstein));
    CHECK_FALSE(d::runs_on_weights(DriftTest::kolmogorov_smirnov));
    CHECK_THROWS_AS(d::compare_weighted(DriftTest::kolmogorov_smirnov, left, right), vedette::Error);
    CHECK_THROWS_AS(d::compare_weighted(DriftTest::wasserstein, left, {right.values, Column::numeric(two)}),
                    vedette::Error);
    for (const double wrong : {-1.0, nan, infinity}) {
        const Sample weights{1.0, 1.0, wrong, 1.0};
        CHECK_THROWS_AS(d::compare_weighted(DriftTest::wasserstein, left, {right.values, Column::numeric(weights)}),
                        vedette::Error);
    }
    const Sample zeros(4, 0.0);
    CHECK_THROWS_AS(d::compare_weighted(DriftTest::wasserstein, left, {right.values, Column::numeric(zeros)}),
                    vedette::Error);
}

TEST_CASE("forms of tests by name are the tests' own options, and a test without such a form says so") {
    const Sample x = normals(60, 1), y = normals(60, 2, 0.4), z = normals(40, 3, 0.8);
    const d::SortedSample<double> a(x), b(y);
    const auto p = [&](DriftTest test, d::TestForm form) { return d::run_test(test, a, b, {}, form).p_value; };
    const std::vector<vedette::ColumnView<double>> views{vedette::ColumnView<double>(x),
                                                         vedette::ColumnView<double>(y)};
    CHECK(p(DriftTest::levene, d::TestForm::trimmed) == d::levene<double>(views, d::Centre::trimmed).p_value);
    CHECK(p(DriftTest::levene, d::TestForm::trimmed) != p(DriftTest::levene, d::TestForm::standard));
    d::EppsSingletonOptions separate;
    separate.covariance = d::EppsSingletonCovariance::separate;
    CHECK(p(DriftTest::epps_singleton, d::TestForm::separate) == d::epps_singleton(a, b, separate).p_value);
    d::AndersonDarlingOptions table;
    table.law = d::AndersonDarlingLaw::table;
    CHECK(p(DriftTest::anderson_darling, d::TestForm::clamped) == d::anderson_darling(a, b, table).p_value);
    CHECK(d::run_test(DriftTest::anderson_darling, vedette::ColumnView<double>(x), vedette::ColumnView<double>(y), {},
                      d::TestForm::clamped)
              .p_value == d::anderson_darling(a, b, table).p_value);
    const Counts counts{30, 70}, live{45, 55}, both{30, 70, 45, 55};
    using Span = std::span<const std::uint64_t>;
    const auto yates = d::run_test(DriftTest::chi_square, Span(counts), Span(live), {}, d::TestForm::yates);
    CHECK(yates.p_value == d::chi_square({both, 2, 2}, {.yates = true}).p_value);
    CHECK(yates.p_value > d::chi_square({both, 2, 2}).p_value);
    const std::vector<Column> three{Column::numeric(x), Column::numeric(y), Column::numeric(z)};
    const std::vector<d::SortedSample<double>> sorted{a, b, d::SortedSample<double>(z)};
    CHECK(d::compare_several(DriftTest::automatic, three, {}, {}, d::TestForm::clamped).result.p_value ==
          d::anderson_darling<double>(sorted, table).p_value);
    for (std::uint8_t i = 1; i < vedette::drift_test_count; ++i)
        for (std::uint8_t f = 0; f < d::test_form_count; ++f) {
            const auto test = static_cast<DriftTest>(i);
            const auto form = static_cast<d::TestForm>(f);
            CHECK(d::test_form(d::test_form_name(form)) == form);
            if (!vedette::runs_on_samples(test, true)) continue;
            const bool fits = d::has_form(test, form) && form != d::TestForm::yates;
            if (fits)
                CHECK(std::isfinite(p(test, form)));
            else
                CHECK_THROWS_AS(static_cast<void>(p(test, form)), vedette::Error);
        }
    CHECK_FALSE(d::test_form("").has_value());
    CHECK_FALSE(d::has_form(DriftTest::levene, static_cast<d::TestForm>(9)));
    CHECK(std::string(d::test_form_name(static_cast<d::TestForm>(9))) == "unknown");
}

TEST_CASE("p-values that no permutation can undercut are marked, and others are not") {
    const Sample x = normals(60, 1), far = normals(60, 2, 3.0), near = normals(60, 3);
    const vedette::Table reference({{"x", Column::numeric(x)}}), moved({{"x", Column::numeric(far)}}),
        same({{"x", Column::numeric(near)}});
    const std::vector<DriftTest> tests{DriftTest::wasserstein, DriftTest::kolmogorov_smirnov};
    const auto found = d::compare(reference, moved, tests, {.permutations = 99})[0].results;
    CHECK(found[0].result.p_value == 0.01);
    CHECK(found[0].is_smallest_p);
    CHECK_FALSE(found[1].is_smallest_p);  // far smaller, by its exact law
    CHECK_FALSE(d::compare(reference, same, tests, {.permutations = 99})[0].results[0].is_smallest_p);
    // The clamped form ends at 0.001, as 999 permutations do, but by its table.
    const std::vector<DriftTest> anderson_darling{DriftTest::anderson_darling};
    const auto clamped =
        d::compare(reference, moved, anderson_darling, {.permutations = 999}, {}, d::TestForm::clamped)[0].results[0];
    CHECK(clamped.result.p_value == doctest::Approx(0.001));
    CHECK_FALSE(clamped.is_smallest_p);
}

TEST_CASE("an exact or asymptotic p-value that happens to be 1/(permutations + 1) is not marked") {
    const auto only = [](const Column& reference, const Column& live, DriftTest test, const d::TestOptions& options) {
        return d::compare(vedette::Table({{"x", reference}}), vedette::Table({{"x", live}}), std::vector{test},
                          options)[0]
            .results[0];
    };
    // Three below three: 2 of 20 ways to deal the labels are as extreme.
    const Sample low{1.0, 2.0, 3.0}, high{4.0, 5.0, 6.0};
    for (const DriftTest test : {DriftTest::kolmogorov_smirnov, DriftTest::mann_whitney}) {
        const auto exact = only(Column::numeric(low), Column::numeric(high), test, {.permutations = 9});
        REQUIRE(exact.result.p_value == 0.1);
        CHECK_FALSE(exact.is_smallest_p);
    }
    // No difference, one-sided, and one permutation.
    const auto welch = only(Column::numeric(low), Column::numeric(low), DriftTest::welch_t,
                            {.alternative = d::Alternative::greater, .permutations = 1});
    REQUIRE(welch.result.p_value == 0.5);
    CHECK_FALSE(welch.is_smallest_p);
    // Fisher's: one of two tables; one in 20 of a table that is drawn; a table too large for its exact law.
    const auto fisher = [&](std::span<const std::string_view> x, std::span<const std::string_view> y,
                            const d::TestOptions& options) {
        return only(Column::strings(x), Column::strings(y), DriftTest::fisher_exact, options);
    };
    const std::vector<std::string_view> a{"p"}, b{"q"};
    const auto exact = fisher(a, b, {.alternative = d::Alternative::less, .permutations = 1});
    REQUIRE(exact.result.p_value == 0.5);
    CHECK_FALSE(exact.is_smallest_p);
    std::vector<std::string_view> many, other;
    for (int i = 0; i < 40; ++i) {
        many.insert(many.end(), {"p", "q", "r"});
        other.insert(other.end(), {"p", "s", "s"});
    }
    const d::TestOptions permuted{.method = d::Method::permutation, .permutations = 19};
    CHECK(fisher(many, other, permuted).result.p_value == 0.05);
    CHECK(fisher(many, other, permuted).is_smallest_p);
    CHECK_FALSE(fisher(many, other, {.permutations = 19}).is_smallest_p);
    const std::vector<std::string_view> texts{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"};
    std::vector<std::string_view> wide, shifted;
    for (std::size_t i = 0; i < 3600; ++i) {
        wide.push_back(texts[i % 12]);
        shifted.push_back(texts[i % 11]);
    }
    const auto large = fisher(wide, shifted, {.permutations = 19});
    REQUIRE(large.result.p_value == 0.05);
    CHECK(large.is_smallest_p);
}

TEST_CASE("several columns: the tests themselves, of numbers and categories, in blocks, and what cannot be tested") {
    const Sample x = normals(60, 1), y = normals(50, 2), z = normals(40, 3, 0.8);
    const std::vector<Column> numbers{Column::numeric(x), Column::numeric(y), Column::numeric(z)};
    const std::vector<d::SortedSample<double>> sorted{d::SortedSample<double>(x), d::SortedSample<double>(y),
                                                      d::SortedSample<double>(z)};
    const auto anderson_darling = d::compare_several(DriftTest::automatic, numbers);
    CHECK(anderson_darling.test == DriftTest::anderson_darling);
    CHECK(anderson_darling.result.p_value == d::anderson_darling<double>(sorted).p_value);
    CHECK(anderson_darling.result.p_value < 0.001);
    CHECK(anderson_darling.result.reference_count == 60.0);
    CHECK(anderson_darling.result.live_count == 90.0);
    const std::vector<vedette::ColumnView<double>> views{vedette::ColumnView<double>(x), vedette::ColumnView<double>(y),
                                                         vedette::ColumnView<double>(z)};
    CHECK(d::compare_several(DriftTest::levene, numbers).result.p_value ==
          d::levene<double>(views, d::Centre::mean).p_value);
    CHECK(d::compare_several(DriftTest::brown_forsythe, numbers).result.p_value ==
          d::levene<double>(views, d::Centre::median).p_value);
    const auto blocks = d::compare_several(DriftTest::levene, numbers, {}, {.block = 5});
    CHECK(blocks.result.reference_count == 12.0);
    CHECK(blocks.result.live_count == 18.0);

    const std::vector<std::string_view> a{"u", "u", "v", "w"}, b{"u", "v", "v"}, c{"w", "w", "w", "u", "u"};
    const std::vector<Column> texts{Column::strings(a), Column::strings(b), Column::strings(c)};
    const Counts table{2, 1, 1, 1, 2, 0, 2, 0, 3};
    CHECK(d::compare_several(DriftTest::automatic, texts).result.p_value == d::chi_square({table, 3, 3}).p_value);
    CHECK(d::compare_several(DriftTest::g_test, texts).result.p_value == d::g_test({table, 3, 3}).p_value);
    CHECK(d::compare_several(DriftTest::fisher_exact, texts).result.p_value == d::fisher_exact({table, 3, 3}).p_value);
    CHECK(d::compare_several(DriftTest::chi_square, texts, {.method = d::Method::permutation}).result.p_value ==
          d::chi_square({table, 3, 3}, {.method = d::Method::permutation}).p_value);

    std::vector<Column> with_empty = numbers;
    with_empty.push_back(Column::numeric(std::span<const double>()));
    for (const DriftTest test : {DriftTest::anderson_darling, DriftTest::levene}) {
        const auto none = d::compare_several(test, with_empty);
        CHECK(std::isnan(none.result.p_value));
        CHECK(none.result.live_count == 90.0);
    }
    std::vector<Column> no_text = texts;
    no_text.push_back(Column::strings(std::span<const std::string_view>()));
    CHECK(std::isnan(d::compare_several(DriftTest::chi_square, no_text).result.p_value));
    for (std::uint8_t i = 0; i < vedette::drift_test_count; ++i) {
        const auto test = static_cast<DriftTest>(i);
        if (!d::runs_on_several(test, true))
            CHECK_THROWS_AS(static_cast<void>(d::compare_several(test, numbers)), vedette::Error);
        if (!d::runs_on_several(test, false))
            CHECK_THROWS_AS(static_cast<void>(d::compare_several(test, texts)), vedette::Error);
    }
    const std::vector<Column> mixed{numbers[0], texts[0]};
    CHECK_THROWS_AS(static_cast<void>(d::compare_several(DriftTest::automatic, mixed)), vedette::Error);
    CHECK_THROWS_AS(static_cast<void>(d::compare_several(DriftTest::automatic, std::span(numbers).first(1))),
                    vedette::Error);
}
