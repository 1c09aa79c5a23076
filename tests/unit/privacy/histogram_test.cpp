// SPDX-License-Identifier: Apache-2.0
// Histograms, thresholds, two-way tables and quantiles under privacy: exact small cases, merging, misuse.
#include "vedette/privacy/histogram.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "fixed_keystream.hpp"
#include "test_budget.hpp"
#include "vedette/privacy/quantile.hpp"

namespace {

using namespace vedette::privacy;
using vedette::ErrorCode;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
const PrivacyUnit anyone = PrivacyUnit::record(Neighbouring::add_remove);
const PrivacyUnit someone = PrivacyUnit::record(Neighbouring::replace_one);
const Epsilon sharp(0x1p10);  // noise of probability e^-1024

PrivacyUnit user_of(std::uint64_t partitions, std::uint64_t rows,
                    Neighbouring neighbouring = Neighbouring::add_remove) {
    return PrivacyUnit::user(neighbouring, {.partitions = partitions, .rows = rows});
}

std::vector<double> values_of(const std::vector<vedette::privacy::Release>& cells) {
    std::vector<double> values;
    for (const auto& cell : cells) values.push_back(cell.value);
    return values;
}

TEST_CASE("cells: one that there is not is refused") {
    CellCounts counts(PrivacyUnit::record(Neighbouring::add_remove), 3);
    counts.add(2, 5);
    CHECK(code_of([&] { counts.add(3); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { counts.add(~std::size_t{0}); }) == ErrorCode::invalid_argument);
    CHECK(counts.exact()[2] == 5);
}

TEST_CASE("a histogram counts its categories and all others, merges, and pays once") {
    TestBudget budget;
    const PrivateHistogram histogram(anyone, {"a", "b", ""}, sharp);
    HistogramPartial left = histogram.partial(), right = histogram.partial();
    for (const char* name : {"a", "b", "a", "", "z", "\xff"}) left.add(name);
    right.add("b", 10);
    left.merge(right);
    const HistogramRelease release = histogram.release(left, budget);
    CHECK(values_of(release.cells) == std::vector<double>{2.0, 11.0, 1.0, 2.0});
    CHECK(budget.spent == sharp.value());
    CHECK(release.spent.epsilon == sharp.value());
    // A user's rows: two categories, of each at most three rows.
    const PrivacyUnit user = user_of(2, 3);
    Contributions rows(user);
    for (int i = 0; i < 10; ++i)
        for (const char* name : {"a", "z", "b"}) rows.add("someone", 0.0, name);
    rows.add("other", 0.0, "b");
    CHECK(values_of(PrivateHistogram(user, {"a", "b"}, sharp).release(rows, budget).cells) ==
          std::vector<double>{3.0, 1.0, 3.0});
}

TEST_CASE("the noise's scale is the sensitivity of all counts over epsilon, never below") {
    for (const double epsilon : {0.1, 1.0 / 3.0, 1.0, 2.5}) {
        const auto scale = [&](const PrivacyUnit& unit) {
            return PrivateHistogram(unit, {"a"}, Epsilon(epsilon)).scale();
        };
        for (const auto& [unit, sensitivity] : {std::pair{anyone, 1.0},
                                                {someone, 2.0},
                                                {user_of(3, 2), 6.0},
                                                {user_of(3, 2, Neighbouring::replace_one), 12.0}}) {
            CHECK(std::fma(scale(unit), epsilon, -sensitivity) >= 0.0);
            CHECK(scale(unit) == doctest::Approx(sensitivity / epsilon).epsilon(1e-15));
        }
    }
}

// P(X >= t) of the discrete Laplace law.
double upper_tail(double scale, double t) {
    const double q = std::exp(-1.0 / scale);
    return t > 0.0 ? std::pow(q, t) / (1.0 + q) : 1.0 - std::pow(q, 1.0 - t) / (1.0 + q);
}

TEST_CASE("the threshold is the least that hides whoever is alone in a category") {
    for (const PrivacyUnit& unit :
         {anyone, someone, user_of(1, 1), user_of(4, 1), user_of(3, 5), user_of(2, 2, Neighbouring::replace_one)})
        for (const double epsilon : {0.1, 1.0, 3.0})
            for (const double delta : {0.4, 0.05, 1e-6, 1e-12}) {
                const ThresholdedHistogram histogram(unit, Epsilon(epsilon), Delta(delta));
                const auto beyond = [&](double threshold) {  // of a category with all rows that a unit may have in it
                    const double rows = static_cast<double>(unit.limit().rows);
                    return static_cast<double>(unit.limit().partitions) *
                           upper_tail(histogram.scale(), threshold - rows);
                };
                const auto threshold = static_cast<double>(histogram.threshold());
                CHECK(beyond(threshold) <= delta);
                if (threshold > static_cast<double>(unit.limit().rows) + 1.0) CHECK(beyond(threshold - 1.0) > delta);
            }
}

// The whole law of what is released about two categories, over counts below 30 and noise as far as it matters.
TEST_CASE("a thresholded histogram's exact law keeps (epsilon, delta) for all small neighbours") {
    const double epsilon = 0.8, delta = 0.05;
    const ThresholdedHistogram histogram(anyone, Epsilon(epsilon), Delta(delta));
    const auto first = histogram.threshold();
    const auto law = [&](std::int64_t count, std::int64_t threshold) {  // [0]: nothing told; then each noisy count
        std::vector<double> p(200);
        const double q = std::exp(-1.0 / histogram.scale());
        if (count == 0) {
            p[0] = 1.0;
            return p;
        }
        p[0] = 1.0 - upper_tail(histogram.scale(), static_cast<double>(threshold - count));
        for (std::int64_t told = threshold; told < threshold + 199; ++told)
            p[static_cast<std::size_t>(told - threshold + 1)] =
                std::pow(q, std::abs(static_cast<double>(told - count))) * (1.0 - q) / (1.0 + q);
        return p;
    };
    const auto worst = [&](std::int64_t threshold) {
        double most = 0.0;
        for (std::int64_t count = 0; count < 30; ++count) {
            const auto a = law(count, threshold), b = law(count + 1, threshold);
            double over = 0.0, under = 0.0;
            for (std::size_t i = 0; i < a.size(); ++i) {
                over += std::max(0.0, b[i] - std::exp(epsilon) * a[i]);
                under += std::max(0.0, a[i] - std::exp(epsilon) * b[i]);
            }
            most = std::max({most, over, under});
        }
        return most;
    };
    CHECK(worst(first) <= delta);
    CHECK(worst(first) > 0.3 * delta);
    CHECK(worst(first - 1) > delta);
}

TEST_CASE("what is told has passed the threshold, in the order of names; the rest leaves no trace") {
    TestBudget budget;
    const ThresholdedHistogram histogram(anyone, sharp, Delta(1e-9));
    OpenHistogramPartial left = histogram.partial(), right = histogram.partial();
    left.add("zebra", 40);
    left.add("alone");
    left.add("nothing", 0);
    right.add("ant", 7);
    right.add("zebra", 2);
    left.merge(right);
    const ThresholdedRelease release = histogram.release(left, budget);
    REQUIRE(release.categories.size() == 2);
    CHECK(release.categories[0].category == "ant");
    CHECK(release.categories[0].value == 7.0);
    CHECK(release.categories[1].category == "zebra");
    CHECK(release.categories[1].value == 42.0);
    CHECK(budget.delta == 1e-9);
    Contributions rows(user_of(1, 2));
    for (int user = 0; user < 50; ++user)
        for (int i = 0; i < 9; ++i) rows.add(std::to_string(user), 0.0, user == 0 ? "alone" : "all");
    const ThresholdedRelease users = ThresholdedHistogram(user_of(1, 2), sharp, Delta(1e-9)).release(rows, budget);
    REQUIRE(users.categories.size() == 1);
    CHECK(users.categories[0].value == 98.0);
    CHECK(histogram.release(histogram.partial(), budget).categories.empty());
}

TEST_CASE("a two-way table has a cell for every pair and for what is not listed") {
    TestBudget budget;
    const PrivateContingencyTable table(anyone, {"x", "y"}, {"u"}, sharp);
    ContingencyPartial partial = table.partial(), more = table.partial();
    partial.add("x", "u", 3);
    partial.add("x", "v");
    partial.add("z", "u", 5);
    more.add("y", "u", 2);
    more.add("z", "z", 4);
    partial.merge(more);
    const ContingencyRelease release = table.release(partial, budget);
    CHECK(release.columns == 2);
    CHECK(values_of(release.cells) == std::vector<double>{3.0, 1.0, 2.0, 0.0, 5.0, 4.0});
    CHECK(PrivateContingencyTable(someone, {"x"}, {"u"}, Epsilon(0.5)).scale() == 4.0);
}

// e(c) from its definition, over sorted grid points.
std::vector<std::int64_t> plain_utilities(const std::vector<int>& values, int points, std::int64_t p, std::int64_t d) {
    std::vector<std::int64_t> result;
    for (int c = 0; c < points; ++c) {
        std::int64_t below = 0, at = 0, above = 0;
        for (const int v : values) ++(v < c ? below : v == c ? at : above);
        result.push_back(
            -std::max({std::int64_t{0}, (d - p) * below - p * (at + above), p * above - (d - p) * (below + at)}));
    }
    return result;
}

TEST_CASE("a quantile's utilities, their sensitivity over all small data sets, and the loss of the exact law") {
    constexpr int points = 4;
    std::vector<std::vector<int>> sets = {{}};
    for (std::size_t i = 0; i < sets.size() && sets[i].size() < 3; ++i)
        for (int v = sets[i].empty() ? 0 : sets[i].back(); v < points; ++v) {
            sets.push_back(sets[i]);
            sets.back().push_back(v);
        }
    const double epsilon = 1.3;
    for (const PrivacyUnit& unit : {anyone, someone})
        for (const auto& [p, d] : {std::pair{1U, 2U}, {1U, 10U}, {3U, 4U}}) {
            const PrivateQuantile quantile(unit, QuantileGrid(Bounds(0.0, points - 1.0), points - 1),
                                           QuantileRank(p, d), Epsilon(epsilon));
            std::vector<std::vector<double>> laws;
            for (const auto& set : sets) {
                QuantilePartial partial = quantile.partial();
                for (const int v : set) partial.add(static_cast<double>(v) + 0.3);
                const auto utilities = quantile.utilities(partial);
                CHECK(utilities == plain_utilities(set, points, p, d));
                CHECK(*std::max_element(utilities.begin(), utilities.end()) == 0);
                std::vector<double> law;
                for (const std::int64_t u : utilities)
                    law.push_back(std::exp(quantile.mechanism().rate() * static_cast<double>(u)));
                const double total = std::accumulate(law.begin(), law.end(), 0.0);
                for (double& x : law) x /= total;
                laws.push_back(law);
            }
            double worst = 0.0;
            for (std::size_t a = 0; a < sets.size(); ++a)
                for (std::size_t b = 0; b < sets.size(); ++b) {
                    std::vector<int> both;
                    std::set_intersection(sets[a].begin(), sets[a].end(), sets[b].begin(), sets[b].end(),
                                          std::back_inserter(both));
                    const bool neighbours = unit.knows_rows()
                                                ? sets[a].size() == sets[b].size() && both.size() + 1 >= sets[a].size()
                                                : sets[a].size() == sets[b].size() + 1 && both.size() == sets[b].size();
                    if (!neighbours) continue;
                    for (int c = 0; c < points; ++c) {
                        const auto i = static_cast<std::size_t>(c);
                        worst = std::max(worst, std::abs(std::log(laws[a][i] / laws[b][i])));
                    }
                }
            CHECK(worst <= epsilon);
            CHECK(worst > 0.3 * epsilon);
        }
}

TEST_CASE("with next to no noise the quantile is the data's, at the grid's resolution") {
    TestBudget budget;
    const QuantileGrid grid(Bounds(-10.0, 10.0), 200);
    for (const auto& [p, d] : {std::pair{1U, 2U}, {1U, 4U}, {9U, 10U}, {500U, 1000U}}) {
        const PrivateQuantile quantile(anyone, grid, QuantileRank(p, d), Epsilon(1000.0));
        QuantilePartial left = quantile.partial(), right = quantile.partial();
        for (int i = 0; i <= 1000; ++i) (i % 3 == 0 ? left : right).add(-5.0 + i * 0.01);
        left.merge(right);
        const QuantileRelease release = quantile.release(left, budget);
        CHECK(std::abs(release.value - (-5.0 + 10.0 * p / d)) <= 0.1001);
        CHECK(release.rank_error <= 1.0);
        QuantilePartial ends = quantile.partial();
        const std::vector<double> hostile = {infinity, 1e308, not_a_number};
        ends.add(hostile);
        CHECK(quantile.release(ends, budget).value == 10.0);
        const double none = quantile.release(quantile.partial(), budget).value;  // any point
        CHECK((none >= -10.0 && none <= 10.0));
    }
    const PrivateQuantile counted(someone, grid, QuantileRank(1, 2), Epsilon(1000.0));
    QuantilePartial partial = counted.partial();
    partial.add(not_a_number);
    CHECK(counted.release(partial, budget).value == 0.0);
    CHECK(grid.point(200) == 10.0);
    CHECK(grid.nearest(-infinity) == 0);
    CHECK(grid.nearest(grid.point(77)) == 77);
}

TEST_CASE("misuse is refused before anything is paid") {
    TestBudget budget;
    const auto invalid = ErrorCode::invalid_argument, mismatch = ErrorCode::dimension_mismatch;
    CHECK(code_of([] { (void)PrivateHistogram(anyone, {}, Epsilon(1.0)); }) == invalid);
    CHECK(code_of([] { (void)PrivateHistogram(anyone, {"a", "a"}, Epsilon(1.0)); }) == invalid);
    const PrivateHistogram histogram(anyone, {"a"}, Epsilon(1.0)), other(anyone, {"b"}, Epsilon(1.0));
    CHECK(code_of([&] { (void)histogram.release(other.partial(), budget); }) == mismatch);
    CHECK(code_of([&] { histogram.partial().merge(other.partial()); }) == mismatch);
    CHECK(code_of([&] { (void)histogram.release(Contributions(user_of(1, 1)), budget); }) == mismatch);
    CHECK(code_of([] { PrivateHistogram(user_of(1, 1), {"a"}, Epsilon(1.0)).partial().add("a"); }) == invalid);
    HistogramPartial full = histogram.partial();
    full.add("a", std::uint64_t{1} << 62U);
    CHECK(code_of([&] { full.add("a"); }) == ErrorCode::overflow);
    CHECK(code_of([&] { full.merge(full); }) == ErrorCode::overflow);
    const ThresholdedHistogram open(anyone, Epsilon(1.0), Delta(1e-6));
    CHECK(code_of([&] {
              (void)open.release(ThresholdedHistogram(someone, Epsilon(1.0), Delta(0.5)).partial(), budget);
          }) == mismatch);
    CHECK(code_of([] { ThresholdedHistogram(user_of(1, 1), Epsilon(1.0), Delta(0.5)).partial().add("a"); }) == invalid);
    for (const auto& [p, d] : {std::pair{0U, 2U}, {2U, 2U}, {1U, 1001U}, {3U, 2U}})
        CHECK(code_of([&, n = p, m = d] { (void)QuantileRank(n, m); }) == invalid);
    CHECK(code_of([] { (void)QuantileGrid(Bounds(0.0, 1.0), 0); }) == invalid);
    CHECK(code_of([] { (void)QuantileGrid(Bounds(0.0, 1.0), QuantileGrid::most_steps + 1); }) == invalid);
    CHECK(code_of([] { (void)QuantileGrid(Bounds(1.0, 1.0), 5); }) == invalid);
    CHECK(code_of([] { (void)QuantileGrid(Bounds(-1e308, 1e308), 5); }) == invalid);
    const QuantileGrid grid(Bounds(0.0, 1.0), 10);
    CHECK(code_of([&] { (void)PrivateQuantile(user_of(1, 1U << 20U), grid, QuantileRank(1, 1000), Epsilon(1.0)); }) ==
          invalid);
    const PrivateQuantile median(anyone, grid, QuantileRank(1, 2), Epsilon(1.0));
    CHECK(
        code_of([&] {
            (void)median.release(
                PrivateQuantile(anyone, QuantileGrid(Bounds(0.0, 2.0), 10), QuantileRank(1, 2), Epsilon(1.0)).partial(),
                budget);
        }) == mismatch);
    CHECK(code_of([&] { PrivateQuantile(user_of(1, 1), grid, QuantileRank(1, 2), Epsilon(1.0)).partial().add(0.5); }) ==
          invalid);
    CHECK(budget.spent == 0.0);
    TestBudget poor(0.5);
    CHECK(code_of([&] { (void)histogram.release(histogram.partial(), poor); }) == ErrorCode::budget_exhausted);
    CHECK(code_of([&] { (void)open.release(open.partial(), poor); }) == ErrorCode::budget_exhausted);
    CHECK(code_of([&] { (void)median.release(median.partial(), poor); }) == ErrorCode::budget_exhausted);
}

}  // namespace
