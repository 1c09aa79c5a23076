// SPDX-License-Identifier: Apache-2.0
// The request path: what each finding means is the policy's word, and a user's own score plugs in.
#include "vedette/guard/guard.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "sample.hpp"
#include "vedette/core/error.hpp"

using namespace vedette;
using vedette::testing::draw_sample;
using vedette::testing::sample_baseline;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
const double nan_value = std::nan("");

// A user's own detector: the distance from the origin in the first two features.
struct Distance {
    [[nodiscard]] double score(std::span<const float> row) const noexcept {
        return std::hypot(static_cast<double>(row[0]), static_cast<double>(row[1]));
    }
};
static_assert(Score<Distance, float>);

struct WideDistance {
    [[nodiscard]] double score(std::span<const double> row) const noexcept { return row[0] < 0 ? nan_value : row[0]; }
};
static_assert(Score<WideDistance, double> && !Score<WideDistance, float>);

}  // namespace

TEST_CASE("an ordinary row passes, and is counted") {
    const Guard guard(sample_baseline());
    Window window(guard.baseline());
    const std::vector<Value> row{1.0, 0.0, 0.1, "CH"};
    const Verdict verdict = guard.check(row, window);
    CHECK(verdict.decision == Decision::pass);
    CHECK(verdict.finding_count == 0);
    CHECK(guard.explain(verdict) == "pass");
    CHECK(window.rows() == 1);
    CHECK(window.requests(Decision::pass) == 1);
}

TEST_CASE("f32, f64 and mixed rows get the same verdict") {
    const Guard guard(sample_baseline());
    Window a(guard.baseline());
    Window b(guard.baseline());
    Window c(guard.baseline());
    const std::vector<std::vector<double>> rows{{1.0, 0.0, 0.1, 0.0},
                                                {-1.0, 0.0, 0.1, 5.0},
                                                {1e9, 0.0, -50.0, 1.0},
                                                {nan_value, inf, -inf, 2.0},
                                                {1.0, 0.0, 0.0, -1.0}};
    for (const auto& row : rows) {
        const std::vector<float> narrow(row.begin(), row.end());
        const std::vector<Value> mixed(row.begin(), row.end());
        const Verdict x = guard.check(row, a);
        const Verdict y = guard.check(narrow, b);
        const Verdict z = guard.check(mixed, c);
        CHECK(x.decision == y.decision);
        CHECK(x.reasons == y.reasons);
        CHECK(x.finding_count == y.finding_count);
        CHECK(guard.explain(x) == guard.explain(z));
    }
    CHECK(a == b);
    CHECK(a == c);
}

TEST_CASE("each reason, with its default meaning") {
    const Guard guard(sample_baseline());
    Window window(guard.baseline());
    const auto check = [&](std::vector<Value> row) { return guard.check(row, window); };

    Verdict verdict = check({1.0, 0.0, 0.1, "US"});
    CHECK(verdict.decision == Decision::warn);
    CHECK(verdict.has(Reason::unseen_category));
    CHECK(verdict.findings[0].subject == 3);
    CHECK(guard.explain(verdict) == "warn\nwarn: country is a category the reference did not hold [unseen_category]");

    verdict = check({Value(), 0.0, 0.1, "CH"});
    CHECK(verdict.has(Reason::null_value));
    CHECK(verdict.decision == Decision::warn);                          // the reference had no null income
    CHECK(check({1.0, 0.0, 0.1, Value()}).decision == Decision::pass);  // but nulls among the countries

    verdict = check({1.0, nan_value, 0.1, "CH"});
    CHECK(verdict.has(Reason::not_a_number));
    verdict = check({-inf, inf, 0.1, "CH"});
    CHECK(verdict.has(Reason::infinite_value));
    CHECK(verdict.finding_count == 2);

    CHECK(check({1.0, 4.5, 0.1, "CH"}).decision == Decision::pass);  // a little out of range
    verdict = check({1.0, 100.0, 0.1, "CH"});
    CHECK(verdict.has(Reason::far_out_of_range));
    CHECK(verdict.findings[0].value == 100.0);

    verdict = check({"text", 0.0, 0.1, "CH"});
    CHECK(verdict.is_alarm());
    CHECK(verdict.has(Reason::wrong_type));

    verdict = check({1.0, 2.0});
    CHECK(verdict.is_alarm());
    CHECK(verdict.has(Reason::wrong_width));
    CHECK(guard.explain(verdict) == "alarm\nalarm: the row has 2 values, the baseline has 4 features [wrong_width]");
    CHECK(window.rejected() == 1);
    CHECK(window.requests(Decision::alarm) == 2);
    CHECK(window.rows() == 8);
}

TEST_CASE("the policy decides, per feature") {
    const Policy policy = Policy::from_json(R"({
      "defaults": {"request": {"unseen_category": "alarm", "out_of_range": "warn"}},
      "features": {"income": {"request": {"null": "alarm"}}, "score": {"ignore": true}}})");
    const Guard guard(sample_baseline(), policy);
    Window window(guard.baseline());
    const auto check = [&](std::vector<Value> row) { return guard.check(row, window).decision; };
    CHECK(check({1.0, 0.0, 0.1, "US"}) == Decision::alarm);
    CHECK(check({Value(), 0.0, 0.1, "CH"}) == Decision::alarm);
    CHECK(check({1.0, 4.5, 0.1, "CH"}) == Decision::warn);
    CHECK(check({1.0, 0.0, nan_value, "CH"}) == Decision::pass);
    CHECK(check({1.0, 0.0, 1e6, "CH"}) == Decision::pass);
    CHECK(window.extra(2, Window::nan) == 1);  // ignored, but counted

    Policy unknown;
    unknown.features["incmoe"];
    CHECK_THROWS_WITH_AS(Guard(sample_baseline(), unknown),
                         "policy /features/incmoe: the baseline has no feature of this name", Error);
}

TEST_CASE("more findings than fit are still counted and still decide") {
    std::vector<std::vector<double>> data(20, std::vector<double>(60));
    std::vector<NamedColumn> columns;
    std::vector<std::string> names;
    for (std::size_t f = 0; f < data.size(); ++f) {
        names.push_back(std::to_string(f));
        for (std::size_t i = 0; i < 60; ++i) data[f][i] = static_cast<double>(i);
    }
    for (std::size_t f = 0; f < data.size(); ++f) columns.push_back({names[f], Column::numeric(data[f])});
    Policy policy;
    policy.features["19"].request.not_a_number = Action::alarm;
    const Guard guard(Baseline::build(Table(columns)), policy);
    Window window(guard.baseline());
    const Verdict verdict = guard.check(std::vector<double>(20, nan_value), window);
    CHECK(verdict.finding_count == 20);
    CHECK(verdict.stored_findings() == Verdict::capacity);
    CHECK(verdict.is_alarm());
    CHECK(guard.explain(verdict).find("... and 12 more") != std::string::npos);
}

TEST_CASE("a window of another baseline is not checked, not counted, and said") {
    const Guard guard(sample_baseline());
    Window foreign(sample_baseline(1500));
    const Verdict verdict = guard.check(std::vector<Value>{1.0, 0.0, 0.1, "CH"}, foreign);
    CHECK(verdict.decision == Decision::not_evaluated);
    CHECK(verdict.has(Reason::foreign_window));
    CHECK(foreign.rows() == 0);
    Window twin(sample_baseline());  // learned anew from the same data: the same baseline
    CHECK(guard.check(std::vector<Value>{1.0, 0.0, 0.1, "CH"}, twin).decision == Decision::pass);
}

TEST_CASE("a user's own scores join the verdict without changing the call") {
    Guard guard(sample_baseline());
    guard.add_score("distance", Distance{}, {.warn = 2.0, .alarm = 3.0});
    guard.add_score("wide", WideDistance{}, {.alarm = 100.0});
    CHECK(guard.score_count() == 2);
    Window window(guard.baseline());
    const auto check = [&](std::vector<float> row) { return guard.check(row, window); };
    CHECK(check({1.0F, 0.0F, 0.1F, 0.0F}).decision == Decision::pass);
    CHECK(check({1.5F, 2.0F, 0.1F, 0.0F}).decision == Decision::warn);
    const Verdict verdict = check({1.0F, 3.0F, 0.1F, 0.0F});
    CHECK(verdict.is_alarm());
    CHECK(verdict.has(Reason::score));
    CHECK(guard.explain(verdict) == "alarm\nalarm: score distance = 3.16228 reaches its alarm threshold 3 [score]");
    const Verdict silent = check({-0.1F, 0.0F, 0.1F, 0.0F});
    CHECK(silent.has(Reason::score_not_evaluated));
    CHECK(silent.decision == Decision::not_evaluated);
    // The same through the other kinds of rows.
    CHECK(guard.check(std::vector<double>{1.0, 3.0, 0.1, 0.0}, window).is_alarm());
    CHECK(guard.check(std::vector<Value>{1.0, 3.0, 0.1, "CH"}, window).is_alarm());

    CHECK_THROWS_AS(guard.add_score("distance", Distance{}, {}), Error);
    CHECK_THROWS_AS(guard.add_score("", Distance{}, {}), Error);
    CHECK_THROWS_AS(guard.add_score("x", Distance{}, {.warn = 2.0, .alarm = 1.0}), Error);
    CHECK_THROWS_AS(guard.add_score("x", Distance{}, {.alarm = nan_value}), Error);
}
