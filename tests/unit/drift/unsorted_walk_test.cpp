// SPDX-License-Identifier: Apache-2.0
// Tests of columns that need not be sorted answer as those of sorted samples do, on any data.
#include "drift/unsorted_walk.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "value_sources.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/distance_tests.hpp"
#include "vedette/drift/rank_tests.hpp"

namespace drift = vedette::drift;
using vedette::ColumnView;
using vedette::Random;
using vedette::testing::draw;
using vedette::testing::Source;
using vedette::testing::sources;

namespace {

// Equal but for the order in which terms are added.
void check_same(const vedette::TestResult& column, const vedette::TestResult& sorted) {
    const auto same = [](double a, double b) {
        const bool agree = a == doctest::Approx(b).epsilon(1e-11) || a == b || (std::isnan(a) && std::isnan(b));
        CHECK_MESSAGE(agree, a << " and " << b);
    };
    same(column.statistic, sorted.statistic);
    // A p-value far out magnifies the statistic's rounding.
    if (sorted.p_value > 1e-6) {
        CHECK(column.p_value == doctest::Approx(sorted.p_value).epsilon(1e-9));
    } else if (!std::isnan(sorted.p_value)) {
        CHECK(column.p_value <= 2e-6);
    } else {
        CHECK(std::isnan(column.p_value));
    }
    same(column.effect, sorted.effect);
    same(column.effect_interval.lower, sorted.effect_interval.lower);
    same(column.effect_interval.upper, sorted.effect_interval.upper);
    CHECK(column.reference_count == sorted.reference_count);
    CHECK(column.live_count == sorted.live_count);
}

template <class Call, class Other>
void check_same_or_both_refuse(Call&& column, Other&& sorted) {
    vedette::TestResult expected;
    try {
        expected = sorted();
    } catch (const vedette::Error& error) {
        CHECK_THROWS_WITH_AS((void)column(), error.what(), vedette::Error);
        return;
    }
    check_same(column(), expected);
}

template <class T>
void check_all(const std::vector<T>& x, const std::vector<T>& y) {
    const drift::SortedSample<T> a(x), b(y);
    const drift::TestOptions options{.method = drift::Method::asymptotic};
    const drift::TestOptions distance{.permutations = 0};
    check_same_or_both_refuse([&] { return drift::cramer_von_mises(x, y, options); },
                              [&] { return drift::cramer_von_mises(a, b, options); });
    for (const auto alternative : {drift::Alternative::two_sided, drift::Alternative::less}) {
        drift::TestOptions directed = options;
        directed.alternative = alternative;
        check_same_or_both_refuse([&] { return drift::mann_whitney(x, y, directed); },
                                  [&] { return drift::mann_whitney(a, b, directed); });
    }
    for (const auto variant :
         {drift::AndersonDarlingVariant::midrank, drift::AndersonDarlingVariant::right_continuous}) {
        drift::AndersonDarlingOptions weighted{options};
        weighted.variant = variant;
        check_same_or_both_refuse([&] { return drift::anderson_darling(x, y, weighted); },
                                  [&] { return drift::anderson_darling(a, b, weighted); });
    }
    check_same_or_both_refuse([&] { return drift::wasserstein_1(x, y, distance); },
                              [&] { return drift::wasserstein_1(a, b, distance); });
    check_same_or_both_refuse([&] { return drift::energy_distance(x, y, distance); },
                              [&] { return drift::energy_distance(a, b, distance); });
}

// Counts what the walk visits, and how much of it the kernel took.
struct CountScan {
    double reference = 0.0;
    double live = 0.0;
    double cubes = 0.0;
    template <class T>
    void operator()(T, std::size_t c, std::size_t d) {
        reference += static_cast<double>(c);
        live += static_cast<double>(d);
    }
    void resume(const vedette::kernels::WalkState& state) {
        reference = state.reference_below;
        live = state.live_below;
    }
    void absorb(const double* sums) { cubes = sums[1]; }
};

}  // namespace

TEST_CASE_TEMPLATE("columns and sorted samples agree", T, float, double) {
    Random random(81);
    for (const Source& reference : sources) {
        for (const Source& live : sources) {
            CAPTURE(std::string(reference.name));
            CAPTURE(std::string(live.name));
            check_all<T>(draw<T>(reference, 12'000, random), draw<T>(live, 9'000, random));
        }
    }
}

TEST_CASE_TEMPLATE("sizes far apart, and many chunks", T, float, double) {
    Random random(82);
    check_all<T>(draw<T>(sources[0], 200'000, random), draw<T>(sources[0], 37, random));
    check_all<T>(draw<T>(sources[0], 2, random), draw<T>(sources[0], 40'000, random));
    check_all<T>(draw<T>(sources[0], 300'000, random), draw<T>(sources[0], 250'001, random));
}

TEST_CASE_TEMPLATE("the walk sees every value, and the kernel most of them", T, float, double) {
    Random random(83);
    const auto x = draw<T>(sources[0], 100'000, random), y = draw<T>(sources[0], 70'000, random);
    CountScan scan;
    auto chunks = drift::PooledChunks<T>::cut(x, y, drift::NanPolicy::refuse);
    REQUIRE(chunks.has_value());
    chunks->walk(vedette::kernels::WalkSum::squares, scan);
    CHECK(scan.reference == 100'000.0);
    CHECK(scan.live == 70'000.0);
    CHECK(scan.cubes > 160'000.0);  // a cube for every tie group that the kernel has seen
}

TEST_CASE("values that are tied, few, or none are left to sorting") {
    Random random(84);
    const auto ties = draw<double>(sources[7], 50'000, random), few = draw<double>(sources[0], 100, random);
    const auto is_cut = [](const std::vector<double>& x, const std::vector<double>& y) {
        return drift::PooledChunks<double>::cut(x, y, drift::NanPolicy::refuse).has_value();
    };
    CHECK_FALSE(is_cut(ties, ties));
    CHECK_FALSE(is_cut(few, few));
    CHECK_FALSE(is_cut(ties, {}));
}

TEST_CASE("columns with NaN, and strided ones") {
    Random random(85);
    auto x = draw<double>(sources[0], 40'000, random);
    const auto y = draw<double>(sources[0], 20'000, random);
    const auto expected = drift::mann_whitney(x, y).statistic;
    x.insert(x.begin() + 11, std::nan(""));
    CHECK_THROWS_WITH_AS((void)drift::mann_whitney(x, y), doctest::Contains("element 11 is NaN"), vedette::Error);
    CHECK_THROWS_AS((void)drift::energy_distance(x, y, {.permutations = 0}), vedette::Error);
    CHECK(drift::mann_whitney(x, y, {.nan = drift::NanPolicy::omit}).statistic == expected);
    const std::vector<double> twice = [&] {
        std::vector<double> values;
        for (const double value : y) values.insert(values.end(), {value, -1e9});
        return values;
    }();
    x.erase(x.begin() + 11);
    CHECK(
        drift::mann_whitney(ColumnView<double>(std::span<const double>(x)), ColumnView<double>(twice.data(), 20'000, 2))
            .statistic == expected);
}

// Long columns of little but NaN: exact laws as for the values alone.
TEST_CASE_TEMPLATE("few values among many NaN are few", T, float, double) {
    Random random(87);
    const auto x = draw<T>(sources[0], 6, random), y = draw<T>(sources[0], 7, random);
    const auto spread = [](const std::vector<T>& values) {
        std::vector<T> sparse(10'000, std::numeric_limits<T>::quiet_NaN());
        for (std::size_t i = 0; i < values.size(); ++i) sparse[1'000 * i + 9] = values[i];
        return sparse;
    };
    const auto sparse_x = spread(x), sparse_y = spread(y);
    const drift::TestOptions omit{.nan = drift::NanPolicy::omit};
    CHECK_FALSE(drift::PooledChunks<T>::cut(sparse_x, sparse_y, omit.nan).has_value());
    CHECK(drift::mann_whitney(sparse_x, sparse_y, omit).p_value == drift::mann_whitney(x, y, omit).p_value);
    CHECK(drift::cramer_von_mises(sparse_x, sparse_y, omit).p_value == drift::cramer_von_mises(x, y, omit).p_value);
}

// On maps of equal width, by bits and by search; NaN of either sign.
TEST_CASE_TEMPLATE("NaN are left out of the chunks, or refused by name", T, float, double) {
    Random random(86);
    const drift::TestOptions omit{.nan = drift::NanPolicy::omit};
    const drift::TestOptions distance{.nan = drift::NanPolicy::omit, .permutations = 0};
    for (const Source& source : sources) {
        CAPTURE(std::string(source.name));
        const auto x = draw<T>(source, 20'000, random), y = draw<T>(source, 11'000, random);
        for (const bool everywhere : {false, true}) {
            std::vector<T> with_x, with_y;
            const auto spoil = [&](const std::vector<T>& from, std::vector<T>& into) {
                for (const T value : from) {
                    if (everywhere || random.uniform() < 0.001)
                        into.push_back(
                            std::copysign(std::numeric_limits<T>::quiet_NaN(), random.uniform() < 0.5 ? T(-1) : T(1)));
                    into.push_back(value);
                }
            };
            spoil(x, with_x);
            spoil(y, with_y);
            const auto named = doctest::Contains(
                ("element " +
                 std::to_string(std::find_if(with_x.begin(), with_x.end(), [](T value) { return std::isnan(value); }) -
                                with_x.begin()) +
                 " is NaN")
                    .c_str());
            CHECK_THROWS_WITH_AS((void)drift::cramer_von_mises(with_x, y), named, vedette::Error);
            CHECK_THROWS_WITH_AS((void)drift::mann_whitney(with_x, with_y), named, vedette::Error);
            CHECK_THROWS_AS((void)drift::anderson_darling(x, with_y), vedette::Error);
            const auto same = [&](auto&& test) {
                check_same_or_both_refuse([&] { return test(with_x, with_y); }, [&] { return test(x, y); });
            };
            same([&](const auto& a, const auto& b) { return drift::cramer_von_mises(a, b, omit); });
            same([&](const auto& a, const auto& b) { return drift::mann_whitney(a, b, omit); });
            same([&](const auto& a, const auto& b) {
                return drift::anderson_darling(a, b, drift::AndersonDarlingOptions{omit});
            });
            same([&](const auto& a, const auto& b) { return drift::energy_distance(a, b, distance); });
        }
    }
    const std::vector<T> nothing(20'000, std::numeric_limits<T>::quiet_NaN()), some(20'000, T(1));
    CHECK_THROWS_AS((void)drift::cramer_von_mises(nothing, some, omit), vedette::Error);
    CHECK_THROWS_AS((void)drift::mann_whitney(nothing, nothing, omit), vedette::Error);
}
