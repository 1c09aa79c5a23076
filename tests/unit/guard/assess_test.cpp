// SPDX-License-Identifier: Apache-2.0
// From window to judgement: the two keys of an alarm, too little data, and the reasons in words.
#include <doctest/doctest.h>

#include <cmath>

#include "sample.hpp"
#include "vedette/core/error.hpp"
#include "vedette/guard/report.hpp"

using namespace vedette;
using vedette::testing::draw_sample;
using vedette::testing::sample_baseline;

namespace {

Report judge(const Baseline& baseline, const vedette::testing::Sample& live, const Policy& policy = {}) {
    Window window(baseline);
    window.observe(live.table());
    return assess(baseline, window, policy);
}

bool contains(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("without drift the report passes") {
    const Baseline baseline = sample_baseline(5000);
    const Report report = judge(baseline, draw_sample(5000, 99));
    CHECK(report.decision == Decision::pass);
    CHECK(report.live_rows == 5000);
    CHECK(report.features[0].test == DriftTest::kolmogorov_smirnov);
    CHECK(report.features[1].test == DriftTest::chi_square);
    CHECK(report.features[3].test == DriftTest::chi_square);
    CHECK(contains(report.summary(), "pass: none of 4 features changed"));
    for (const FeatureReport& feature : report.features) {
        CHECK(feature.decision == Decision::pass);
        CHECK(feature.evidence().front().hypothesis == Hypothesis::distribution);
        CHECK(feature.evidence().front().adjusted_p_value >= feature.evidence().front().test.p_value);
    }
    CHECK(report.features[0].live_median == doctest::Approx(1.0).epsilon(0.1));
}

TEST_CASE("a shift is an alarm, names its feature first, and says by how much") {
    const Baseline baseline = sample_baseline(5000);
    const Report report = judge(baseline, draw_sample(5000, 99, 0.5));
    CHECK(report.decision == Decision::alarm);
    CHECK(report.count(Decision::alarm) == 1);
    CHECK(report.ranking().front() == 0);
    CHECK(contains(report.summary(), "alarm: 1 of 4 features drifted beyond tolerance (income)"));
    CHECK(contains(report.reason(0), "income: at least"));
    const Evidence* evidence = report.features[0].decisive();
    REQUIRE(evidence != nullptr);
    CHECK(evidence->moved_share == doctest::Approx(0.197).epsilon(0.15));  // 2 Phi(0.25) - 1
    CHECK(evidence->moved_share_interval.lower < 0.197);
    CHECK(evidence->moved_share_interval.upper > 0.197);
}

TEST_CASE("evidence without an effect above the tolerance warns only") {
    const Baseline baseline = sample_baseline(20000);
    const auto live = draw_sample(20000, 99, 0.08);
    CHECK(judge(baseline, live).decision == Decision::warn);
    Policy strict;
    strict.defaults.tolerance = 0.0;
    CHECK(judge(baseline, live, strict).decision == Decision::alarm);
    CHECK(contains(judge(baseline, live).reason(0), "not surely above the tolerance of 5 %"));
}

TEST_CASE("too little data is not evaluated, never passed") {
    const Baseline baseline = sample_baseline();
    Report report = judge(baseline, draw_sample(99, 5));
    CHECK(report.decision == Decision::not_evaluated);
    CHECK(contains(report.summary(), "not evaluated: too little data for 4 of 4 features"));
    CHECK(contains(report.reason(0), "99 observations where 100 are needed"));
    report = assess(baseline, Window(baseline));
    CHECK(report.decision == Decision::not_evaluated);
    CHECK(report.live_rows == 0);

    Policy ignore_all;
    ignore_all.defaults.ignore = true;
    CHECK(judge(baseline, draw_sample(500, 5), ignore_all).decision == Decision::not_evaluated);
}

TEST_CASE("rates of nulls, NaN, infinities, unseen categories and wrong types are tested") {
    const Baseline baseline = sample_baseline(5000);
    auto live = draw_sample(1000, 5);
    for (std::size_t i = 0; i < 300; ++i) live.income[i] = std::nan("");
    for (std::size_t i = 0; i < 200; ++i) live.country[i] = "US";
    for (std::size_t i = 0; i < 100; ++i) live.score[i] = 1e6F;
    live.country_valid.assign(live.country_valid.size(), 0xFF);
    const Report report = judge(baseline, live);
    CHECK(report.count(Decision::alarm) == 3);
    CHECK(contains(report.reason(0), "income: 30 % of the values are NaN, 0 % in the reference"));
    CHECK(contains(report.reason(3), "20 % of the values are a category the reference did not hold"));
    CHECK(contains(report.reason(2), "10 % of the values are outside the reference's range"));
    bool null_rate_fell = false;
    for (const Evidence& evidence : report.features[3].evidence()) {
        null_rate_fell |= evidence.hypothesis == Hypothesis::null_rate && evidence.decision != Decision::pass;
    }
    CHECK(null_rate_fell);
}

TEST_CASE("a column that is all null alarms although nothing is left to compare") {
    const std::vector<double> x{draw_sample(500, 1).income};
    const Baseline baseline = Baseline::build(Table({{"x", Column::numeric(x)}}));
    const std::vector<std::uint8_t> none(100, 0);
    Window window(baseline);
    window.observe(Table({{"x", Column::numeric(x, Validity{none.data(), 0})}}));
    const Report report = assess(baseline, window);
    CHECK(report.decision == Decision::alarm);
    CHECK(contains(report.reason(0), "x: 100 % of the values are null"));
}

TEST_CASE("a constant feature passes while constant, and alarms when it is not") {
    const std::vector<double> x(1000, 3.0);
    const Baseline baseline = Baseline::build(Table({{"x", Column::numeric(x)}}));
    Window window(baseline);
    window.observe(Table({{"x", Column::numeric(x)}}));
    CHECK(assess(baseline, window).decision == Decision::pass);
    const std::vector<double> other(1000, 4.0);
    window.observe(Table({{"x", Column::numeric(other)}}));
    CHECK(assess(baseline, window).decision == Decision::alarm);
}

TEST_CASE("few values among many nulls are too little data, also of a constant feature") {
    std::vector<double> x(1000, 7.0);
    std::vector<std::uint8_t> few(125, 0);
    for (std::size_t i = 0; i < 50; ++i) few[i * 2] = 1;
    const Column sparse = Column::numeric(x, Validity{few.data(), 0});
    const Baseline baseline = Baseline::build(Table({{"x", sparse}}));
    Window window(baseline);
    window.observe(Table({{"x", sparse}}));
    CHECK(window.rows() == 1000);
    CHECK(assess(baseline, window).decision == Decision::not_evaluated);
    Policy lenient;
    lenient.minimum_rows = 50;
    CHECK(assess(baseline, window, lenient).decision == Decision::pass);
}

TEST_CASE("a nearly constant feature is judged by its commonest value") {
    for (const bool numeric : {false, true}) {
        std::vector<double> zeros(5000, 0.0);
        std::vector<std::string_view> words(5000, "a");
        zeros[17] = 1.0;
        words[17] = "b";
        const auto table = [&](std::size_t rows) {
            return numeric ? Table({{"x", Column::numeric(std::span<const double>(zeros).first(rows))}})
                           : Table({{"x", Column::strings(std::span<const std::string_view>(words).first(rows))}});
        };
        const Baseline baseline = Baseline::build(table(5000));
        Window window(baseline);
        window.observe(table(1000));
        const Report quiet = assess(baseline, window);
        CHECK(quiet.decision == Decision::pass);
        // The report names the test that decided, not the one that the policy asked for.
        CHECK(quiet.features[0].test == DriftTest::two_proportion);
        CHECK(quiet.features[0].evidence().front().by == DriftTest::two_proportion);
        CHECK(contains(quiet.reason(0), "two proportion"));
        for (std::size_t i = 0; i < 200; ++i) zeros[i] = 1.0;
        for (std::size_t i = 0; i < 200; ++i) words[i] = "b";
        window.reset();
        window.observe(table(1000));
        const Report moved = assess(baseline, window);
        CHECK(moved.decision == Decision::alarm);
        // Among categories the rare values are now common enough in both samples for a cell of their own.
        CHECK(moved.features[0].test == (numeric ? DriftTest::two_proportion : DriftTest::chi_square));
        CHECK(moved.features[0].evidence().front().moved_share == doctest::Approx(0.2).epsilon(0.01));
        if (numeric) CHECK(moved.reason(0).find("two proportion") != std::string::npos);
    }
}

TEST_CASE("tests on samples decide in place of the policy's") {
    const Baseline baseline = sample_baseline(3000);
    const auto reference = draw_sample(3000, 1);
    for (const double shift : {0.0, 0.7}) {
        const auto live = draw_sample(3000, 77, shift);
        const std::vector<DriftTest> tests{DriftTest::mann_whitney, DriftTest::welch_t, DriftTest::g_test};
        const auto comparisons =
            drift::compare(reference.table(), live.table(), tests, {.nan = drift::NanPolicy::omit});
        Window window(baseline);
        window.observe(live.table());
        const Report report = assess(baseline, window, {}, comparisons);
        const auto evidence = report.features[0].evidence();
        REQUIRE(evidence.size() >= 3);
        CHECK(evidence[0].by == DriftTest::mann_whitney);
        CHECK(evidence[1].by == DriftTest::welch_t);
        CHECK(evidence[2].by == DriftTest::g_test);
        for (std::size_t i = 0; i < 3; ++i) {
            CHECK(evidence[i].hypothesis == Hypothesis::distribution);
            CHECK(evidence[i].adjusted_p_value >= evidence[i].test.p_value);
            CHECK(evidence[i].moved_share == report.features[0].statistics.ks.effect);
        }
        CHECK(report.features[0].decision == (shift == 0.0 ? Decision::pass : Decision::alarm));
        // Categories take the one test that is for them.
        CHECK(report.features[3].evidence().front().by == DriftTest::g_test);
        CHECK(report.features[0].test == DriftTest::mann_whitney);
        CHECK(report.features[3].test == DriftTest::g_test);
    }
    drift::FeatureComparison stranger;
    stranger.name = "nobody";
    CHECK_THROWS_AS((void)assess(baseline, Window(baseline), {}, {&stranger, 1}), Error);
}

TEST_CASE("tests of several features together join the family, and see what no feature shows by itself") {
    const Baseline baseline = sample_baseline(3000);
    const auto reference = draw_sample(3000, 1);
    const std::vector<MultivariateTest> tests{MultivariateTest::hotelling_t2};
    for (const double shift : {0.0, 0.7}) {
        const auto live = draw_sample(3000, 77, shift);
        const auto joint = drift::compare_jointly(reference.table(), live.table(), tests);
        Window window(baseline);
        window.observe(live.table());
        const Report report = assess(baseline, window, {}, {}, joint);
        REQUIRE(report.joint.size() == 1);
        const JointEvidence& evidence = report.joint[0];
        CHECK(evidence.decision == (shift == 0.0 ? Decision::pass : Decision::alarm));
        CHECK(evidence.adjusted_p_value >= evidence.test.p_value);
        CHECK(evidence.features.size() == evidence.contributions.size());
        CHECK(evidence.moved_share_interval.lower <= evidence.moved_share);
        for (const std::size_t f : evidence.features) CHECK(baseline.features()[f].kind == FeatureKind::numeric);
        if (shift == 0.0) {
            CHECK(report.joint_reason(0).find("no evidence of change") != std::string::npos);
            continue;
        }
        CHECK(evidence.features[evidence.ranking().front()] == 0);  // income, the one that moved
        CHECK(report.joint_reason(0).find("most of all in " + baseline.features()[0].name) != std::string::npos);
        CHECK(report.summary().find("features together drifted beyond tolerance (hotelling t2)") != std::string::npos);
    }

    // Features that only change together: no univariate test can tell.
    Report report = assess(baseline, Window(baseline), {}, {}, {});
    CHECK(report.joint.empty());
    drift::JointComparison stranger{MultivariateTest::energy, {"nobody"}, {}, {}};
    CHECK_THROWS_AS((void)assess(baseline, Window(baseline), {}, {}, {&stranger, 1}), Error);
    drift::JointComparison few{MultivariateTest::energy, {baseline.features()[0].name}, {}, {}};
    few.result.p_value = 0.0;
    few.result.live_count = 7.0;
    report = assess(baseline, Window(baseline), {}, {}, {&few, 1});
    CHECK(report.joint[0].decision == Decision::not_evaluated);
    CHECK(report.joint_reason(0).find("not evaluated at 7 complete live rows") != std::string::npos);
}

TEST_CASE("a policy says which tests run on the samples of which feature") {
    const Baseline baseline = sample_baseline(3000);
    const auto reference = draw_sample(3000, 1), live = draw_sample(3000, 77, 0.7);
    const std::string first = baseline.features()[0].name, second = baseline.features()[1].name;
    Policy policy;
    policy.features[first].sample_tests = {DriftTest::mann_whitney, DriftTest::levene};
    policy.features[second].ignore = true;
    policy.joint_tests = {MultivariateTest::classifier};
    const SampleComparisons compared = compare_samples(policy, reference.table(), live.table());
    REQUIRE(compared.features.size() == 1);
    CHECK(compared.features[0].name == first);
    CHECK(compared.features[0].results.size() == 2);
    REQUIRE(compared.joint.size() == 1);
    for (const std::string& column : compared.joint[0].columns) CHECK(column != second);
    Window window(baseline);
    window.observe(live.table());
    const Report report = assess(baseline, window, policy, compared.features, compared.joint);
    CHECK(report.features[0].test == DriftTest::mann_whitney);
    CHECK(report.decision == Decision::alarm);
    CHECK(report.joint[0].decision == Decision::alarm);
    CHECK(compare_samples({}, reference.table(), live.table()).features.empty());

    // Each test as its own options say, in the order of the policy; the others as `samples` says.
    policy.samples.permutations = 99;
    FeaturePolicy& rules = policy.features[first];
    rules.sample_tests = {DriftTest::mann_whitney, DriftTest::kuiper, DriftTest::levene, DriftTest::welch_t};
    rules.sample_options[DriftTest::mann_whitney].alternative = drift::Alternative::less;
    rules.sample_options[DriftTest::kuiper] = {.method = drift::Method::permutation, .permutations = 199};
    rules.sample_options[DriftTest::welch_t].rows = drift::RowBlocks{.thin = 3};
    policy.joint_tests = {MultivariateTest::energy, MultivariateTest::maximum_mean_discrepancy};
    policy.joint_options[MultivariateTest::energy].permutations = 9;
    const SampleComparisons apart = compare_samples(policy, reference.table(), live.table());
    const auto& results = apart.features.at(0).results;
    REQUIRE(results.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) CHECK(results[i].test == rules.sample_tests[i]);
    CHECK(results[0].result.p_value > 0.99);          // the live values are larger
    CHECK(results[1].result.p_value == 1.0 / 200.0);  // the fewest that so many permutations allow
    CHECK(results[2].result.reference_count == 3.0 * results[3].result.reference_count);
    REQUIRE(apart.joint.size() == 2);
    CHECK(apart.joint[0].test == MultivariateTest::energy);
    CHECK(apart.joint[0].result.p_value == 1.0 / 10.0);
    CHECK(apart.joint[1].result.p_value == 1.0 / 100.0);
}

TEST_CASE("of several tests on samples, one that the values do not allow leaves the verdict to the others") {
    const Baseline baseline = sample_baseline(3000);
    Window window(baseline);
    window.observe(draw_sample(3000, 77).table());
    drift::FeatureComparison comparison{baseline.features()[0].name, true, {}};
    comparison.results.resize(2);
    comparison.results[0].test = DriftTest::levene;
    comparison.results[1].test = DriftTest::mann_whitney;
    comparison.results[1].result.p_value = 0.4;
    Report report = assess(baseline, window, {}, {&comparison, 1});
    CHECK(report.features[0].decision == Decision::pass);
    CHECK(report.features[0].evidence()[0].decision == Decision::not_evaluated);
    REQUIRE(report.features[0].decisive() != nullptr);
    CHECK(report.features[0].decisive()->by == DriftTest::mann_whitney);
    CHECK(report.decision == Decision::pass);
    comparison.results.resize(1);  // none is left: no verdict, and the cause is not too few rows
    report = assess(baseline, window, {}, {&comparison, 1});
    CHECK(report.features[0].decision == Decision::not_evaluated);
    CHECK(report.decision == Decision::not_evaluated);
    CHECK(report.reason(0).find("no spread") != std::string::npos);
    CHECK(report.summary().find("no spread") != std::string::npos);
    CHECK(report.summary().find("too little data") == std::string::npos);
    comparison.results[0].result.p_value = 0.001;
    comparison.results[0].is_smallest_p = true;
    report = assess(baseline, window, {}, {&comparison, 1});
    CHECK(report.reason(0).find("the smallest possible with 999 permutations") != std::string::npos);
}

TEST_CASE("two tables are judged in one go as in steps") {
    const auto reference = draw_sample(3000, 1), live = draw_sample(2000, 77, 0.7);
    Policy policy;
    policy.features["income"].sample_tests = {DriftTest::mann_whitney};
    policy.joint_tests = {MultivariateTest::hotelling_t2};
    const Baseline baseline = Baseline::build(reference.table(), {.cells = 32});
    Window window(baseline);
    window.observe(live.table());
    const SampleComparisons compared = compare_samples(policy, reference.table(), live.table());
    const Report steps = assess(baseline, window, policy, compared.features, compared.joint);
    const Report report = assess(reference.table(), live.table(), policy, {.cells = 32});
    CHECK(report.baseline.id() == baseline.id());
    CHECK(report.window == window);
    CHECK(report.decision == Decision::alarm);
    CHECK(report.summary() == steps.summary());
    REQUIRE(report.joint.size() == 1);
    CHECK(report.joint[0].test.p_value == steps.joint[0].test.p_value);
    for (std::size_t f = 0; f < report.features.size(); ++f) CHECK(report.reason(f) == steps.reason(f));
    CHECK(assess(reference.table(), reference.table()).decision == Decision::pass);

    // What only rounding tells apart is no drift: the live numbers are rounded as the reference's were.
    std::vector<float> narrow(500);
    std::vector<double> wide(500);
    for (std::size_t i = 0; i < wide.size(); ++i) {
        wide[i] = 0.1 * static_cast<double>(i % 7);
        narrow[i] = static_cast<float>(wide[i]);
    }
    Policy sampled;
    sampled.defaults.sample_tests = {DriftTest::kolmogorov_smirnov};
    const Table left({{"x", Column::numeric(narrow)}}), right({{"x", Column::numeric(wide)}});
    CHECK(assess(left, right, sampled).decision == Decision::pass);
    CHECK(assess(left, right, sampled).features[0].evidence()[0].test.statistic == 0.0);

    const Table other({{"y", Column::numeric(wide)}});
    CHECK_THROWS_AS(static_cast<void>(assess(left, other)), Error);
    CHECK_THROWS_AS(static_cast<void>(assess(Table(), right)), Error);
    sampled.level = 2.0;
    CHECK_THROWS_AS(static_cast<void>(assess(left, right, sampled)), Error);
}

TEST_CASE("MMD tells a share that surely moved, so that it can alarm above a tolerance") {
    const Baseline baseline = sample_baseline(3000);
    const auto reference = draw_sample(3000, 1);
    const std::vector<MultivariateTest> tests{MultivariateTest::maximum_mean_discrepancy, MultivariateTest::mmd_fuse};
    for (const double shift : {0.0, 2.0}) {
        const auto live = draw_sample(3000, 77, shift);
        const auto joint = drift::compare_jointly(reference.table(), live.table(), tests,
                                                  {.test = {.permutations = 999}, .most_rows = 1000});
        Window window(baseline);
        window.observe(live.table());
        const Report report = assess(baseline, window, {}, {}, joint);
        for (std::size_t i = 0; i < tests.size(); ++i) {
            CAPTURE(report.joint_reason(i));
            CAPTURE(report.joint[i].moved_share_interval.lower);
            CHECK(report.joint[i].decision == (shift == 0.0 ? Decision::pass : Decision::alarm));
            CHECK(report.joint[i].moved_share <= 0.683);  // 2 Phi(1) - 1
            if (shift > 0.0) CHECK(report.joint_reason(i).find("of the rows moved") != std::string::npos);
        }
    }
}

TEST_CASE("a joint test that does not tell how much moved warns, and alarms only without a tolerance") {
    const Baseline baseline = sample_baseline(3000);
    Window window(baseline);
    window.observe(draw_sample(3000, 77).table());
    drift::JointComparison moved{MultivariateTest::energy, {baseline.features()[0].name}, {}, {}};
    moved.result.p_value = 1e-9;
    moved.result.live_count = 3000.0;
    Policy policy;
    Report report = assess(baseline, window, policy, {}, {&moved, 1});
    CHECK(report.decision == Decision::warn);
    CHECK(report.summary().find("no feature by itself, but features together changed") != std::string::npos);
    CHECK(report.joint_reason(0).find("does not tell") != std::string::npos);
    policy.defaults.tolerance = 0.0;
    report = assess(baseline, window, policy, {}, {&moved, 1});
    CHECK(report.joint[0].decision == Decision::alarm);
}

TEST_CASE("a test on the distribution function decides over a nearly constant feature when the policy wants it") {
    std::vector<double> zeros(5000, 0.0);
    zeros[17] = 1.0;
    const Table table({{"x", Column::numeric(zeros)}});
    const Baseline baseline = Baseline::build(table);
    Window window(baseline);
    window.observe(table);
    Policy policy;
    policy.defaults.test = DriftTest::kolmogorov_smirnov;
    const Report report = assess(baseline, window, policy);
    CHECK(report.features[0].test == DriftTest::kolmogorov_smirnov);
    CHECK(report.features[0].evidence().front().test.p_value == report.features[0].statistics.ks.p_value);
}

TEST_CASE("a reference of many values, each seen once or twice, is too little to judge by any of them") {
    std::vector<std::string> words;
    for (int i = 0; i < 15; ++i) words.emplace_back(1, static_cast<char>(97 + i % 12));
    std::vector<std::string_view> few(words.begin(), words.end());
    std::vector<std::string_view> many;
    for (std::size_t i = 0; i < 1000; ++i) many.push_back(words[i % 12]);
    const Baseline baseline = Baseline::build(Table({{"x", Column::strings(few)}}), {.minimum_rows = 1});
    Window window(baseline);
    window.observe(Table({{"x", Column::strings(many)}}));
    const Report report = assess(baseline, window);
    CHECK(report.features[0].evidence().front().decision == Decision::not_evaluated);
    CHECK(report.decision == Decision::not_evaluated);
}

TEST_CASE("a reference that is all null still judges: nothing but nulls may come") {
    const std::vector<double> x(500, 1.0);
    const std::vector<std::uint8_t> none(63, 0);
    const Column empty = Column::numeric(x, Validity{none.data(), 0});
    const Baseline baseline = Baseline::build(Table({{"x", empty}}));
    Window window(baseline);
    window.observe(Table({{"x", empty}}));
    CHECK(assess(baseline, window).decision == Decision::pass);
    window.observe(Table({{"x", Column::numeric(x)}}));
    CHECK(assess(baseline, window).decision == Decision::alarm);
}

TEST_CASE("every test can decide") {
    const Baseline baseline = sample_baseline(3000);
    const auto same = draw_sample(3000, 77);
    const auto shifted = draw_sample(3000, 77, 0.7);
    for (int i = 1; i <= 8; ++i) {
        Policy policy;
        policy.defaults.test = static_cast<DriftTest>(i);
        CAPTURE(drift_test_name(policy.defaults.test));
        CHECK(judge(baseline, same, policy).decision == Decision::pass);
        const Report report = judge(baseline, shifted, policy);
        CHECK(report.decision == Decision::alarm);
        CHECK(report.features[0].test == policy.defaults.test);
        CHECK(report.features[0].evidence().front().adjusted_p_value < 1e-6);
    }
}

TEST_CASE("a foreign window or an impossible policy is refused") {
    const Baseline baseline = sample_baseline();
    CHECK_THROWS_AS((void)assess(baseline, Window(sample_baseline(1500))), Error);
    Policy policy;
    policy.level = 0.0;
    CHECK_THROWS_AS((void)assess(baseline, Window(baseline), policy), Error);
    policy = Policy{};
    policy.features["nobody"];
    CHECK_THROWS_AS((void)assess(baseline, Window(baseline), policy), Error);
}
