// SPDX-License-Identifier: Apache-2.0
// Multivariate tests by name, and columns of tables brought to one scale, complete and thinned.
#include "vedette/drift/multivariate.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/hotelling.hpp"
#include "vedette/drift/random_feature_mmd.hpp"

namespace drift = vedette::drift;
using vedette::Column;
using vedette::Error;
using vedette::MultivariateTest;
using vedette::Table;

namespace {

constexpr std::array all_tests{MultivariateTest::hotelling_t2, MultivariateTest::maximum_mean_discrepancy,
                               MultivariateTest::energy,       MultivariateTest::density_difference,
                               MultivariateTest::classifier,   MultivariateTest::mmd_fuse,
                               MultivariateTest::mean_shift,   MultivariateTest::random_feature_mmd};
static_assert(all_tests.size() == vedette::multivariate_test_count);

struct Columns {
    std::vector<double> a, b, c;
    std::vector<std::string_view> word;

    Columns(std::size_t n, std::uint64_t seed, double shift = 0.0) : a(n), b(n), c(n, 5.0), word(n, "x") {
        vedette::Random random(seed);
        for (std::size_t i = 0; i < n; ++i) {
            a[i] = random.normal();
            b[i] = 1e6 * (random.normal() + shift);
        }
    }
    [[nodiscard]] Table table() const {
        return Table({{"a", Column::numeric(a)},
                      {"word", Column::strings(word)},
                      {"b", Column::numeric(b)},
                      {"c", Column::numeric(c)}});
    }
};

}  // namespace

TEST_CASE("every multivariate test has a word that leads back to it") {
    for (const MultivariateTest test : all_tests)
        CHECK(vedette::multivariate_test(vedette::multivariate_test_name(test)) == test);
    CHECK(std::string(vedette::multivariate_test_name(static_cast<MultivariateTest>(200))) == "unknown");
    CHECK_FALSE(vedette::multivariate_test("").has_value());
}

TEST_CASE("every test runs on the shared numeric columns, whatever their scale, and says which moved") {
    const Columns reference(300, 1), same(250, 2), moved(250, 3, 1.0);
    drift::JointOptions options;
    options.test.permutations = 199;
    const auto null = drift::compare_jointly(reference.table(), same.table(), all_tests, options);
    const auto shifted = drift::compare_jointly(reference.table(), moved.table(), all_tests, options);
    REQUIRE(null.size() == all_tests.size());
    for (std::size_t i = 0; i < all_tests.size(); ++i) {
        CAPTURE(vedette::multivariate_test_name(all_tests[i]));
        CHECK(null[i].test == all_tests[i]);
        CHECK(null[i].columns == std::vector<std::string>{"a", "b", "c"});
        CHECK(null[i].result.reference_count == 300);
        CHECK(null[i].result.p_value > 0.01);
        CHECK(shifted[i].result.p_value <= 0.005);
        const bool tells =
            all_tests[i] != MultivariateTest::energy && all_tests[i] != MultivariateTest::density_difference;
        CHECK(std::isnan(shifted[i].moved_share) != tells);
        if (tells) {
            CHECK(shifted[i].moved_share_interval.lower > 0.0);
            CHECK(shifted[i].moved_share <= 0.5);  // 0.383 in truth
        }
        if (!shifted[i].contributions.empty()) CHECK(shifted[i].contributions[1] > shifted[i].contributions[0]);
    }
}

TEST_CASE("incomplete rows are left out, and long tables thinned for tests of pairs") {
    Columns reference(300, 1), live(250, 2);
    reference.a[7] = std::nan("");
    live.b[3] = std::numeric_limits<double>::infinity();
    live.a[3] = std::nan("");
    live.c[9] = std::nan("");
    drift::JointOptions options;
    options.test.permutations = 19;
    options.most_rows = 100;
    for (const auto& answer : drift::compare_jointly(reference.table(), live.table(), all_tests, options)) {
        const bool whole = answer.test == MultivariateTest::hotelling_t2 ||
                           answer.test == MultivariateTest::classifier || answer.test == MultivariateTest::mean_shift ||
                           answer.test == MultivariateTest::random_feature_mmd;
        CHECK(answer.result.reference_count == (whole ? 299 : 100));
        CHECK(answer.result.live_count == (whole ? 248 : 100));
        CHECK(std::isfinite(answer.result.p_value));
    }
    // Nothing left: not evaluated, not passed.
    const Columns empty(0, 1);
    for (const auto& answer : drift::compare_jointly(reference.table(), empty.table(), all_tests, options)) {
        CHECK(std::isnan(answer.result.p_value));
        CHECK(answer.result.live_count == 0);
    }
}

TEST_CASE("rows are compared together in blocks, which tell no share of rows that moved, or thinned") {
    Columns reference(300, 1), live(200, 2);
    live.a[7] = std::nan("");
    drift::JointOptions options;
    options.test.permutations = 19;
    options.rows = {.block = 5};
    for (const auto& answer : drift::compare_jointly(reference.table(), live.table(), all_tests, options)) {
        CHECK(answer.result.reference_count == 60);
        CHECK(answer.result.live_count == 39);
        CHECK(std::isnan(answer.moved_share));
    }
    options.rows = {.thin = 7};
    for (const auto& answer : drift::compare_jointly(reference.table(), live.table(), all_tests, options)) {
        CHECK(answer.result.reference_count == 43);
        CHECK(answer.result.live_count == 28);  // row 7 is one of 29
    }
    options.rows = {.block = 2, .thin = 2};
    CHECK_THROWS_AS(drift::compare_jointly(reference.table(), live.table(), all_tests, options), vedette::Error);
}

TEST_CASE("the rows that contribute most are named by their places in the live table") {
    Columns reference(300, 1), live(250, 2);
    const std::array<std::size_t, 4> odd{41, 77, 120, 203};
    for (const std::size_t i : odd) live.a[i] = 8.0, live.b[i] = 8e6;
    live.a[3] = std::nan("");  // a row that is left out does not count the others down
    drift::JointOptions options;
    options.test.permutations = 19;
    options.named_rows = odd.size();
    const auto is_odd = [&](std::uint64_t position) {
        return std::find(odd.begin(), odd.end(), position - 1) != odd.end();
    };
    const auto run = [&] { return drift::compare_jointly(reference.table(), live.table(), all_tests, options); };
    for (const auto& answer : run()) {
        CAPTURE(vedette::multivariate_test_name(answer.test));
        REQUIRE(answer.rows.size() == odd.size());
        for (std::size_t i = 0; i < odd.size(); ++i) {
            // Kernels as wide as the median distance reach no row that far out: what these two name lies elsewhere.
            const bool local = answer.test == MultivariateTest::density_difference ||
                               answer.test == MultivariateTest::maximum_mean_discrepancy;
            if (!local) CHECK(is_odd(answer.rows[i].position));
            if (i > 0) CHECK(answer.rows[i].contribution <= answer.rows[i - 1].contribution);
        }
    }
    // Of rows that are drawn, those; of blocks, the first row of each.
    options.most_rows = 100;
    for (const auto& answer : run())
        if (answer.test == MultivariateTest::energy) {
            REQUIRE(!answer.rows.empty());
            CHECK(is_odd(answer.rows[0].position));
        }
    options.most_rows = 2000;
    options.rows = {.block = 5};
    options.named_rows = 1;
    for (const auto& answer : run())
        if (answer.test == MultivariateTest::hotelling_t2) {
            REQUIRE(answer.rows.size() == 1);
            // Rows 0 to 5 without 3 are the first block.
            CHECK((answer.rows[0].position - 2) % 5 == 0);
            CHECK(std::any_of(odd.begin(), odd.end(), [&](std::size_t i) {
                return i + 1 >= answer.rows[0].position && i + 1 < answer.rows[0].position + 5;
            }));
        }
    options.named_rows = 0;
    for (const auto& answer : run()) CHECK(answer.rows.empty());
}

TEST_CASE("a frozen mean and random features by name are the classes themselves") {
    const Columns reference(300, 1), live(250, 2, 0.2);
    std::vector<double> x, y;
    for (std::size_t i = 0; i < 300; ++i) x.insert(x.end(), {reference.a[i], 1e-6 * reference.b[i]});
    for (std::size_t i = 0; i < 250; ++i) y.insert(y.end(), {live.a[i], 1e-6 * live.b[i]});
    y[6] = std::nan("");
    using View = vedette::MatrixView<double>;
    const View left = View::row_major(x.data(), 300, 2), right = View::row_major(y.data(), 250, 2);
    const drift::TestOptions options{.nan = drift::NanPolicy::omit, .seed = 9};
    const auto shift = drift::run_test(MultivariateTest::mean_shift, left, right, options);
    const drift::MahalanobisDistance<double> frozen(left);
    const auto shift_itself = frozen.mean_shift(right, 0.95, drift::NanPolicy::omit);
    CHECK(shift.test.statistic == shift_itself.test.statistic);
    CHECK(shift.test.p_value == shift_itself.test.p_value);
    CHECK(shift.row_contributions.size() == 250);

    const auto features = drift::run_test(MultivariateTest::random_feature_mmd, left, right, options);
    const drift::RandomFeatureMmd<double> map(left, {.seed = 9});
    drift::FeatureWindow window = map.window();
    REQUIRE(map.observe(window, right));
    CHECK(features.test.p_value == map.test(window).test.p_value);
    CHECK_THROWS_WITH_AS(
        (void)drift::run_test(MultivariateTest::random_feature_mmd, View::row_major(x.data(), 99, 2), right, options),
        doctest::Contains("99 complete rows"), Error);
    CHECK(features.test.live_count == 249);
    CHECK(features.moved_share == doctest::Approx(0.5 * features.test.effect));
    double sum = 0.0;
    for (std::size_t i = 0; i < 250; ++i)
        if (i != 3) sum += features.row_contributions[i];
    CHECK(std::isnan(features.row_contributions[3]));
    CHECK(sum == doctest::Approx(features.test.statistic).epsilon(1e-6));

    for (const MultivariateTest test : {MultivariateTest::mean_shift, MultivariateTest::random_feature_mmd}) {
        CHECK_THROWS_AS((void)drift::run_test(test, left, right), Error);  // a NaN, refused
        drift::TestOptions permuted = options;
        permuted.method = drift::Method::permutation;
        CHECK_THROWS_WITH_AS((void)drift::run_test(test, left, right, permuted), doctest::Contains("own law"), Error);
        CHECK_THROWS_AS((void)drift::run_test(test, left, View::row_major(y.data(), 500, 1), options), Error);
        y[7] = std::numeric_limits<double>::infinity();
        CHECK_THROWS_AS((void)drift::run_test(test, left, right, options), Error);
        y[7] = 0.0;
        CHECK(drift::compare_jointly(reference.table(), live.table(), std::array{test}).front().result.p_value < 0.5);
    }
}

TEST_CASE("only a permutation's p is marked as its smallest") {
    // A classifier whose AUC is 1/2: so is the normal law's p, as the least that one permutation can give.
    drift::JointOptions options;
    options.test.permutations = 1;
    unsigned halves = 0;
    for (std::uint64_t seed = 0; seed < 600; ++seed) {
        vedette::Random random(seed);
        std::vector<double> x(30), y(30);
        for (double& value : x) value = random.uniform() < 0.1 ? 1.0 : 0.0;
        for (double& value : y) value = random.uniform() < 0.1 ? 1.0 : 0.0;
        const Table left({{"x", Column::numeric(x)}}), right({{"x", Column::numeric(y)}});
        const auto answer =
            drift::compare_jointly(left, right, std::array{MultivariateTest::classifier}, options).front();
        if (answer.result.p_value != 0.5) continue;
        ++halves;
        CHECK(answer.result.statistic == 0.5);
        CHECK_FALSE(answer.is_smallest_p);
    }
    CHECK(halves > 0);
    const Columns reference(300, 1), moved(250, 3, 3.0);
    const auto by_permutation =
        drift::compare_jointly(reference.table(), moved.table(), std::array{MultivariateTest::energy}, options).front();
    CHECK(by_permutation.result.p_value == 0.5);
    CHECK(by_permutation.is_smallest_p);
    options.test.method = drift::Method::permutation;
    const auto classified =
        drift::compare_jointly(reference.table(), moved.table(), std::array{MultivariateTest::classifier}, options)
            .front();
    CHECK(classified.is_smallest_p);
}

TEST_CASE("misuse of joint comparisons") {
    const Columns some(50, 1);
    const Table words({{"word", Column::strings(some.word)}});
    CHECK_THROWS_WITH_AS((void)drift::compare_jointly(some.table(), words, all_tests),
                         doctest::Contains("no numeric column"), Error);
    drift::JointOptions options;
    options.most_rows = 3;
    CHECK_THROWS_WITH_AS((void)drift::compare_jointly(some.table(), some.table(), all_tests, options),
                         doctest::Contains("most_rows"), Error);
    const auto view = vedette::MatrixView<double>::row_major(some.a.data(), 25, 2);
    CHECK_THROWS_AS((void)drift::run_test(static_cast<MultivariateTest>(99), view, view), Error);
}
