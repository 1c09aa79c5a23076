// SPDX-License-Identifier: Apache-2.0
// Noised windows: who pays and when, how much noise of which law, that no exact count leaves, and what reports make of
// it.
#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "unit/guard/sample.hpp"
#include "unit/privacy/fixed_keystream.hpp"
#include "unit/privacy/test_budget.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/digest.hpp"
#include "vedette/core/random.hpp"
#include "vedette/guard/guard.hpp"
#include "vedette/guard/render.hpp"
#include "vedette/guard/report.hpp"
#include "vedette/guard/watch.hpp"
#include "vedette/privacy/audit.hpp"
#include "vedette/privacy/discrete_laplace.hpp"
#include "vedette/validation/validator.hpp"

namespace {

using namespace vedette;
using vedette::testing::draw_sample;

constexpr const char* document = R"({"version": 1, "name": "claims", "environments": ["serving"],
  "features": [
    {"name": "country", "type": "text", "nullable": true, "domain": {"values": ["CH", "DE", "AT", "FR"]}},
    {"name": "score", "type": "floating", "minimum": -2, "maximum": 4, "severity": {"maximum": "warning"}},
    {"name": "income", "type": "floating", "minimum": 0},
    {"name": "claims", "type": "integer", "minimum": 0, "maximum": 9}]})";

const Baseline& ruled() {
    static const Baseline baseline = Baseline::build(draw_sample(4000, 1).table(), {.cells = 16})
                                         .with_schema({validation::Schema::from_json(document), "serving"});
    return baseline;
}

// Rows through a guard, so that every counter has something to tell.
Window traffic(std::size_t rows, std::uint64_t seed, double shift = 0.0, const Policy& policy = {}) {
    const testing::Sample sample = draw_sample(rows, seed, shift);
    const Guard guard(ruled(), policy);
    Window window(ruled());
    for (std::size_t i = 0; i < rows; ++i) {
        const bool valid = (sample.country_valid[i / 8] >> (i % 8) & 1U) != 0;
        const std::vector<Value> row{Value(sample.income[i]), Value(sample.claims[i]),
                                     Value(static_cast<double>(sample.score[i])),
                                     valid ? Value(sample.country[i]) : Value()};
        static_cast<void>(guard.check(std::span<const Value>(row), window));
    }
    return window;
}

ReleasePolicy policy_of(double epsilon, std::uint64_t rows_per_user = 1) {
    ReleasePolicy policy;
    policy.account = {"claims", "operations", "drift"};
    policy.epsilon = epsilon;
    policy.rows_per_user = rows_per_user;
    return policy;
}

// All numbers of a text as they are written, thousands joined.
std::set<std::string> numbers_of(const std::string& text) {
    std::set<std::string> numbers;
    std::string number;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        const char c = i < text.size() ? text[i] : ' ';
        const bool digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
        if (digit) number += c;
        const bool joins = c == ',' && !number.empty() && i + 3 < text.size() &&
                           std::isdigit(static_cast<unsigned char>(text[i + 1])) != 0;
        if (!digit && !joins && !number.empty()) {
            numbers.insert(number);
            number.clear();
        }
    }
    return numbers;
}

constexpr ReportFormat formats[] = {ReportFormat::table,      ReportFormat::json,  ReportFormat::markdown,
                                    ReportFormat::junit,      ReportFormat::sarif, ReportFormat::html,
                                    ReportFormat::openmetrics};

}  // namespace

TEST_CASE("release policy: JSON there and back, and refusals that name the place") {
    const ReleasePolicy policy = ReleasePolicy::from_json(
        R"({"account": {"data_set": "a", "principal": "b", "purpose": "c"}, "epsilon": 0.5, "delta": 1e-6,
            "rows_per_user": 3, "outputs": ["requests", "features"]})");
    CHECK(policy.account == privacy::LedgerAccount{"a", "b", "c"});
    CHECK(policy.epsilon == 0.5);
    CHECK(policy.delta == 1e-6);
    CHECK(policy.rows_per_user == 3);
    CHECK(policy.outputs == std::vector{ReleasedOutput::requests, ReleasedOutput::features});
    CHECK(ReleasePolicy::from_json(policy.to_json()) == policy);
    const std::string account = R"("account": {"data_set": "a", "principal": "b", "purpose": "c"})";
    for (const std::string& broken : {std::string("{}"),
                                      std::string("[]"),
                                      std::string("{"),
                                      "{" + account + R"(, "epsilon": 0})",
                                      "{" + account + R"(, "epsilon": "1"})",
                                      "{" + account + R"(, "epsilon": 1e400})",
                                      "{" + account + R"(, "delta": 0.5})",
                                      "{" + account + R"(, "delta": -1e-9})",
                                      "{" + account + R"(, "rows_per_user": 0})",
                                      "{" + account + R"(, "rows_per_user": 1.5})",
                                      "{" + account + R"(, "rows_per_user": 1048577})",
                                      "{" + account + R"(, "outputs": []})",
                                      "{" + account + R"(, "outputs": ["all"]})",
                                      "{" + account + R"(, "outputs": ["features", "features"]})",
                                      "{" + account + R"(, "outputs": ["schema"]})",
                                      "{" + account + R"(, "outputs": ["requests", "schema_checks"]})",
                                      "{" + account + R"(, "version": 2})",
                                      "{" + account + R"(, "epsilom": 1})",
                                      std::string(R"({"account": {"data_set": "a", "principal": "b"}})"),
                                      "{" + account + R"(, "epsilon": 1, "epsilon": 2})"}) {
        CAPTURE(broken);
        CHECK(code_of([&] { static_cast<void>(ReleasePolicy::from_json(broken)); }) == ErrorCode::invalid_policy);
    }
    CHECK(ReleasePolicy::json_schema().find("\"rows_per_user\"") != std::string_view::npos);
}

TEST_CASE("release: a refused budget draws nothing, a refused policy spends nothing") {
    const Window window = traffic(500, 2);
    FixedKeystream stream(7), untouched(7);
    TestBudget poor(0.9);
    CHECK(code_of([&] { static_cast<void>(release(window, {}, policy_of(1.0), poor, {}, &*stream.operator->())); }) ==
          ErrorCode::budget_exhausted);
    CHECK(poor.spent == 0.0);
    std::int64_t next = 0, same = 1;
    const privacy::DiscreteLaplace law(1000.0);
    law.sample({&next, 1}, stream);
    law.sample({&same, 1}, untouched);
    CHECK(next == same);

    TestBudget rich;
    Policy unknown;
    unknown.scores["nobody"] = {};
    CHECK(code_of([&] { static_cast<void>(release(window, unknown, policy_of(1.0), rich)); }) ==
          ErrorCode::invalid_policy);
    CHECK(code_of([&] { static_cast<void>(release(window, {}, policy_of(-1.0), rich)); }) == ErrorCode::invalid_policy);
    ReleasePolicy tiny = policy_of(1e-6, std::uint64_t{1} << 20U);
    tiny.outputs.push_back(ReleasedOutput::schema_checks);
    CHECK(code_of([&] { static_cast<void>(release(window, {}, tiny, rich)); }) == ErrorCode::invalid_argument);
    Policy absent;
    absent.features["nobody"] = {};
    CHECK(code_of([&] { static_cast<void>(assess(window, absent, policy_of(1.0), rich)); }) ==
          ErrorCode::invalid_policy);
    CHECK(rich.spent == 0.0);
    static_cast<void>(release(window, {}, policy_of(1.0), rich));
    CHECK(rich.spent == 1.0);
}

TEST_CASE("release: the noise's scale is what a user's rows can change, over epsilon") {
    const Window window = traffic(500, 2);
    TestBudget budget;
    // 4 features, a decision and a rejection, a row with an error.
    const ReleasedWindow released = release(window, {}, policy_of(0.5, 3), budget);
    CHECK(released.noise().counters_per_row == 7);
    CHECK(released.noise().scale == 3.0 * 7.0 / 0.5);
    Policy ignoring;
    ignoring.features["income"].ignore = true;
    ReleasePolicy less = policy_of(0.5, 3);
    less.outputs = {ReleasedOutput::features};
    const ReleasedWindow part = release(window, ignoring, less, budget);
    CHECK(part.noise().scale == 3.0 * 3.0 / 0.5);
    CHECK(part.noisy(0).empty());
    CHECK(part.noisy(1).size() == window.counts(1).size() + Window::extra_count);
    CHECK(part.window().requests(Decision::pass) == 0);
    CHECK(part.window().counts(0)[0] == 0);
    ReleasePolicy gaussian = policy_of(1.0, 2);
    gaussian.delta = 1e-6;
    const ReleasedWindow smooth = release(window, {}, gaussian, budget);
    CHECK(smooth.noise().is_gaussian);
    const double rho = 4.0 * 7.0 / (2.0 * smooth.noise().scale * smooth.noise().scale);
    CHECK(privacy::zcdp_delta(rho, 1.0) <= 1e-6);
    CHECK(privacy::zcdp_delta(rho * 1.0001, 1.0) > 0.99e-6);
    CHECK(budget.delta == 1e-6);
}

TEST_CASE("release: counts are unbiased before they are cut off, of the stated variance") {
    const Window window = traffic(2000, 2);
    for (const double delta : {0.0, 1e-5}) {
        CAPTURE(delta);
        ReleasePolicy policy = policy_of(1.0);
        policy.delta = delta;
        TestBudget budget;
        FixedKeystream stream(11);
        double sum = 0.0, squares = 0.0, deviation = 0.0;
        std::size_t n = 0;
        for (int run = 0; run < 200; ++run) {
            const ReleasedWindow released = release(window, {}, policy, budget, {}, stream.operator->());
            deviation = released.noise().standard_deviation();
            for (std::size_t f = 0; f < 4; ++f) {
                const auto noisy = released.noisy(f);
                const auto exact = window.counts(f);
                for (std::size_t i = 0; i < exact.size(); ++i, ++n) {
                    const double off = static_cast<double>(noisy[i] - static_cast<std::int64_t>(exact[i])) / deviation;
                    sum += off;
                    squares += off * off;
                }
            }
        }
        // Five standard errors; the fourth moment of Laplace's law is 6 times the square of its variance.
        const auto count = static_cast<double>(n);
        CHECK(std::abs(sum / count) < 5.0 / std::sqrt(count));
        CHECK(std::abs(squares / count - 1.0) < 5.0 * std::sqrt(5.0 / count));
    }
}

TEST_CASE("release: what is cut off still is a window that can be saved") {
    const Window window = traffic(300, 2);
    ReleasePolicy wild = policy_of(0.001);
    wild.outputs.push_back(ReleasedOutput::schema_checks);
    TestBudget budget;
    FixedKeystream stream(12);
    for (int run = 0; run < 50; ++run) {
        const ReleasedWindow released = release(window, {}, wild, budget, {}, stream.operator->());
        const Window& noised = released.window();
        CHECK(Window::from_bytes(ruled(), noised.to_bytes()) == noised);
        const Report report = assess(released);
        CHECK(report.window == noised);
        if (run == 0)
            for (const ReportFormat format : formats) CHECK_FALSE(render(format, report).empty());
    }
}

TEST_CASE("release: no exact count is in a report of any format") {
    Policy policy;
    const Window window = traffic(7919, 3, 0.3, policy);
    TestBudget budget;
    FixedKeystream stream(13);
    ReleasePolicy wide = policy_of(0.02);
    wide.outputs.push_back(ReleasedOutput::schema_checks);
    const ReleasedWindow released = release(window, policy, wide, budget, {}, stream.operator->());
    const Report report = assess(released, policy);
    // What is exact and worth hiding: small numbers are all over a report, and the reference's own are public.
    std::set<std::string> secret;
    const auto hide = [&](std::uint64_t count) {
        if (count >= 100) secret.insert(std::to_string(count));
    };
    for (std::size_t f = 0; f < 4; ++f) {
        std::uint64_t below = 0;
        for (const std::uint64_t count : window.counts(f)) hide(count), hide(below += count);
        for (std::size_t e = 0; e < Window::extra_count; ++e) hide(window.extra(f, static_cast<Window::Extra>(e)));
        for (std::size_t c = 0; c < validation::check_count; ++c)
            hide(window.schema_failures(f, static_cast<validation::Check>(c)));
    }
    for (const Decision decision : {Decision::pass, Decision::warn, Decision::alarm}) hide(window.requests(decision));
    hide(window.rows());
    hide(window.schema_rows(validation::Severity::error));
    REQUIRE(secret.size() > 40);
    for (const FeatureBaseline& feature : ruled().features()) {
        for (const std::uint64_t count : feature.counts()) secret.erase(std::to_string(count));
        secret.erase(std::to_string(feature.observations()));
    }
    for (const ReportFormat format : {ReportFormat::table, ReportFormat::json, ReportFormat::markdown,
                                      ReportFormat::junit, ReportFormat::openmetrics}) {
        CAPTURE(report_format_name(format));
        const std::set<std::string> told = numbers_of(render(format, report));
        for (const std::string& count : secret) {
            // The same digits may come up by chance, as those of the noised count or of a fraction; not the row count.
            if (told.count(count) > 0) CHECK_MESSAGE(count != std::to_string(window.rows()), count);
        }
    }
    for (std::size_t f = 0; f < 4; ++f) {
        const auto noisy = released.noisy(f);
        std::int64_t total = 0;
        for (std::size_t i = 0; i < window.counts(f).size(); ++i) {
            CHECK(report.window.counts(f)[i] == static_cast<std::uint64_t>(std::max<std::int64_t>(0, noisy[i])));
            total += noisy[i];
        }
        CHECK(report.features[f].live_observations == static_cast<std::uint64_t>(std::max<std::int64_t>(0, total)));
    }
    CHECK(std::isnan(report.features[0].statistics.psi.p_value));
}

namespace {

// The counters of a window, by the names of its tensors.
using Counters = std::map<std::string, std::vector<std::uint64_t>>;
constexpr std::size_t counters_of_score = Window::score_count_kinds + Window::p_value_cells;

const Baseline& scored() {
    static const Baseline baseline = [] {
        constexpr std::size_t rows = 600, width = 4;
        Random random(3);
        std::vector<float> values(2 * rows * width);
        for (float& x : values) x = static_cast<float>(random.normal());
        const auto fit = MatrixView<float>::row_major(values.data(), rows, width);
        const auto benign = MatrixView<float>::row_major(values.data() + rows * width, rows, width);
        const auto calibrated = [&](const char* kind) {
            return perturbation::CalibratedScore::calibrate(perturbation::fit_score(kind, {}, {.rows = fit}),
                                                            {.rows = benign});
        };
        return ruled().with_scores({{"tails", calibrated("ecod")}, {"novelty", calibrated("mahalanobis")}});
    }();
    return baseline;
}

Counters counters_of(const Window& window) {
    const std::vector<std::byte> bytes = window.to_bytes();
    const Container container = Container::view(bytes);
    Counters counters;
    for (const char* name : {"counters", "requests", "rejected", "score_counters", "schema_counters"}) {
        const auto values = container.values<std::uint64_t>(name);
        counters[name].assign(values.begin(), values.end());
    }
    return counters;
}

Window window_of(const Counters& counters) {
    ContainerWriter writer;
    writer.set_metadata("baseline", to_hex(scored().id()));
    for (const auto& [name, values] : counters) {
        if (name == "rejected") {
            writer.add_scalar(name, values.front());
        } else {
            writer.add(name, values);
        }
    }
    return Window::from_bytes(scored(), writer.finish("window"));
}

// So large that nothing is cut off.
Counters large_counters() {
    Counters counters = counters_of(Window(scored()));
    for (auto& [name, values] : counters)
        for (std::size_t i = 0; i < values.size(); ++i) {
            values[i] = 1'000'000;
            if (name == "requests") values[i] = 100'000'000;
            if (name == "score_counters" && i % counters_of_score < Window::score_count_kinds) values[i] = 10'000'000;
        }
    return counters;
}

const Policy& one_score() {
    static const Policy policy = Policy::from_json(R"({"scores": {"tails": {"level": 0.01}}})");
    return policy;
}

ReleasedWindow released_as(const Counters& exact, const ReleasePolicy& release_policy, std::uint64_t seed) {
    TestBudget budget;
    FixedKeystream stream(seed);
    return release(window_of(exact), one_score(), release_policy, budget, {}, stream.operator->());
}

ReleasePolicy of_outputs(std::vector<ReleasedOutput> outputs) {
    ReleasePolicy policy = policy_of(0.01);
    policy.outputs = std::move(outputs);
    return policy;
}

const std::vector<ReleasedOutput> all_outputs{ReleasedOutput::features, ReleasedOutput::requests,
                                              ReleasedOutput::scores, ReleasedOutput::schema,
                                              ReleasedOutput::schema_checks};

}  // namespace

TEST_CASE("release: every counter that is told has noise of its own, every other one reads as 0") {
    const Counters exact = large_counters();
    const std::size_t cells = exact.at("counters").size();
    for (const bool is_all : {true, false}) {
        CAPTURE(is_all);
        const ReleasePolicy policy =
            of_outputs(is_all ? all_outputs : std::vector{ReleasedOutput::features, ReleasedOutput::requests});
        std::map<std::pair<std::string, std::size_t>, std::set<std::uint64_t>> told;
        std::uint64_t per_row = 0;
        for (std::uint64_t seed = 50; seed < 58; ++seed) {
            const ReleasedWindow released = released_as(exact, policy, seed);
            per_row = released.noise().counters_per_row;
            std::set<std::uint64_t> noise;
            std::size_t noised = 0;
            for (const auto& [name, values] : counters_of(released.window()))
                for (std::size_t i = 0; i < values.size(); ++i) {
                    told[{name, i}].insert(values[i]);
                    if (values[i] == 0) continue;
                    noise.insert(values[i] - exact.at(name)[i]);
                    ++noised;
                }
            CHECK(noise.size() > noised / 2);
        }
        std::size_t released = 0;
        for (const auto& each : told) {
            const auto& place = each.first;
            const auto& values = each.second;
            if (values == std::set<std::uint64_t>{0}) continue;
            CAPTURE(place.first);
            CAPTURE(place.second);
            CHECK(values.size() >= 5);
            ++released;
        }
        // 4 features, a decision, a rejection, and of `all` a score's kind and cell, a severity, checks.
        CHECK(released == (is_all ? cells + 5 + counters_of_score + 2 + (per_row - 9) : cells + 5));
        CHECK((is_all || per_row == 6));
    }
}

TEST_CASE("release: other counters, the same noised ones: the same report in every format") {
    for (const bool is_all : {true, false}) {
        CAPTURE(is_all);
        const ReleasePolicy policy =
            of_outputs(is_all ? all_outputs : std::vector{ReleasedOutput::features, ReleasedOutput::scores});
        const Counters exact = large_counters();
        const ReleasedWindow first = released_as(exact, policy, 21);
        const Counters one = counters_of(first.window());
        const Counters two = counters_of(released_as(exact, policy, 22).window());
        // So that the noise of seed 22 makes of them what the noise of seed 21 makes of the others. What is not told
        // differs as it likes.
        Counters others = exact;
        std::size_t different = 0, all = 0;
        for (auto& [name, values] : others)
            for (std::size_t i = 0; i < values.size(); ++i, ++all) {
                const bool is_told = one.at(name)[i] != 0;
                values[i] += is_told ? one.at(name)[i] - two.at(name)[i] : 1 + i % 7;
                different += values[i] != exact.at(name)[i] ? 1U : 0U;
            }
        REQUIRE(different > all - all / 10);
        if (!is_all) others["memory_counters"] = {1000, 20, 30, 40};
        const ReleasedWindow second = released_as(others, policy, 22);
        REQUIRE(second.window() == first.window());
        const Report report = assess(first, one_score()), other = assess(second, one_score());
        CHECK(other.window.to_bytes() == report.window.to_bytes());
        for (const ReportFormat format : formats) {
            CAPTURE(report_format_name(format));
            const bool same = render(format, report) == render(format, other);
            CHECK(same);
        }
    }
}

TEST_CASE("release: reports find drift under noise, and say that there is noise") {
    const Window window = traffic(20'000, 4, 0.5);
    for (const double delta : {0.0, 1e-6}) {
        ReleasePolicy policy = policy_of(1.0);
        policy.delta = delta;
        TestBudget budget;
        FixedKeystream stream(14);
        const Report report = assess(release(window, {}, policy, budget, {}, stream.operator->()), {});
        CHECK(report.decision == Decision::alarm);
        CHECK(report.features[0].decision == Decision::alarm);
        CHECK(report.features[1].decision == Decision::pass);
        CHECK(report.features[3].decision == Decision::pass);
        REQUIRE(report.release);
        CHECK(report.release->spent.epsilon == 1.0);
        CHECK(report.features[0].live_median > report.features[0].reference_median);
        for (const ReportFormat format :
             {ReportFormat::table, ReportFormat::json, ReportFormat::markdown, ReportFormat::html})
            CHECK(render(format, report).find("noised: epsilon 1") != std::string::npos);
        CHECK(render_openmetrics(report).find("vedette_release_epsilon 1\n") != std::string::npos);
        // The rows of each of several windows, and of all of them.
        const std::vector<LabelledReport> windows = {{"monday", report}, {"tuesday", report}};
        for (const ReportFormat format : {ReportFormat::table, ReportFormat::markdown, ReportFormat::html}) {
            const std::string text = render(format, windows);
            CHECK(text.find(" live rows (noised) against ") != std::string::npos);
            std::size_t told = 0;
            for (std::size_t at = text.find(" (noised)"); at != std::string::npos; at = text.find(" (noised)", at + 1))
                ++told;
            CHECK(told >= 3);
        }
        // The exact share lies within what the report says.
        const Report exact = assess(ruled(), window);
        const Evidence& evidence = report.features[0].evidence()[0];
        const double moved = exact.features[0].statistics.ks.effect;
        CHECK(evidence.moved_share_interval.lower <= moved);
        CHECK(evidence.moved_share_interval.upper >= moved);
    }
}

TEST_CASE("release: what moved is found among many features, too") {
    constexpr std::size_t features = 40, rows = 5000;
    const auto draw = [](std::uint64_t seed, bool moved) {
        Random random(seed);
        std::vector<std::vector<double>> columns(features, std::vector<double>(rows));
        for (std::size_t f = 0; f < features; ++f)
            for (double& x : columns[f]) {
                const double u = random.uniform();
                x = moved && f == 0 ? u * u : u;
            }
        return columns;
    };
    std::vector<std::string> names;
    for (std::size_t f = 0; f < features; ++f) names.push_back("f" + std::to_string(f));
    const auto table_of = [&](const std::vector<std::vector<double>>& columns) {
        std::vector<NamedColumn> named;
        for (std::size_t f = 0; f < features; ++f) named.push_back({names[f], Column::numeric(columns[f])});
        return Table(named);
    };
    const auto reference = draw(1, false), live = draw(2, true);
    const Baseline baseline = Baseline::build(table_of(reference), {.cells = 16});
    Window window(baseline);
    window.observe(table_of(live));
    TestBudget budget;
    FixedKeystream stream(17);
    const Report report = assess(release(window, {}, policy_of(100.0), budget, {}, stream.operator->()), {});
    CHECK(report.features[0].decision == Decision::alarm);
    for (std::size_t f = 1; f < features; ++f) CHECK(report.features[f].decision == Decision::pass);
}

TEST_CASE("release: what was not released is not evaluated, and monitors stay in the house") {
    const Window window = traffic(2000, 5);
    TestBudget budget;
    ReleasePolicy policy = policy_of(1.0);
    policy.outputs = {ReleasedOutput::requests};
    Report report = assess(window, {}, policy, budget);
    CHECK(report.decision == Decision::not_evaluated);
    CHECK_FALSE(report.schema);
    CHECK(report.live_rows == 0);
    CHECK(render_json(report).find("\"live_rows\": null") != std::string::npos);
    CHECK(render_openmetrics(report).find("vedette_live_rows") == std::string::npos);
    policy.outputs = {ReleasedOutput::requests, ReleasedOutput::schema};
    report = assess(window, {}, policy, budget);
    CHECK(render_json(report).find("\"failures\": null") != std::string::npos);
    CHECK(render_openmetrics(report).find("vedette_schema_failures") == std::string::npos);
    policy.outputs = {ReleasedOutput::features};
    report = assess(window, {}, policy, budget);
    CHECK(render_json(report).find("\"requests\": null") != std::string::npos);
    CHECK(render_openmetrics(report).find("vedette_window_requests") == std::string::npos);
    const Policy watching =
        Policy::from_json(R"({"features": {"income": {"monitors": [{"kind": "e_process", "level": 0.05}]}}})");
    const Watch watch(ruled(), watching);
    CHECK(code_of([&] { attach(report, watch); }) == ErrorCode::invalid_argument);
    CHECK(report.streams.empty());
}

TEST_CASE("release: an audit finds no more than epsilon, and some of it") {
    // The worst case: the counters of the one row that differs, added up, are as sure as one of them alone.
    const Window with = traffic(200, 6);
    Window without(ruled());
    without.merge(traffic(199, 6));
    TestBudget budget;
    FixedKeystream stream(15);
    ReleasePolicy policy = policy_of(1.0);
    policy.outputs = {ReleasedOutput::features};
    std::vector<std::pair<std::size_t, std::size_t>> changed;
    for (std::size_t f = 0; f < 4; ++f)
        for (std::size_t i = 0; i < with.counts(f).size(); ++i)
            if (with.counts(f)[i] != without.counts(f)[i]) changed.emplace_back(f, i);
    REQUIRE(changed.size() == 4);
    const auto run = [&](privacy::AuditInput input) {
        const bool first = input == privacy::AuditInput::first;
        const ReleasedWindow released = release(first ? with : without, {}, policy, budget, {}, stream.operator->());
        // log-likelihood ratio of Laplace's law: the best event there is.
        double evidence = 0.0;
        for (const auto& [f, i] : changed) {
            const auto x = static_cast<double>(released.noisy(f)[i] - static_cast<std::int64_t>(without.counts(f)[i]));
            evidence += std::abs(x) - std::abs(x - 1.0);
        }
        return evidence;
    };
    // The evidence is that of four coins: a counter's noise of scale 4 is 0 or more with probability p = 1 / (1 + q) =
    // 0.562, q = e^(-1/4), on the first input, and 1 or more with 1 - p on the second. Of the 2,000 runs that count,
    // the events of 2 or 3 heads and more (0.411 against 0.225, one way or the other) have a bound of 0.43 on average,
    // 99 % limits allowed for, with a standard deviation of 0.05, those of 1 or 4 one of 0.55 with 0.13: 0.1 lies at
    // least 3.4 of them below, whichever is chosen, and is missed by fewer than one seed in 2,000.
    const auto audit = privacy::audit_mechanism(run, 4000, 0.0, stats::Confidence(0.99));
    CHECK(audit.epsilon <= 1.0);
    CHECK(audit.epsilon > 0.1);
}

namespace {

constexpr std::size_t people = 6007;

// The rows of a window once more: as a table's statistics, and as decisions on groups.
validation::TableStatistics statistics_of(std::size_t rows, std::uint64_t seed) {
    const testing::Sample sample = draw_sample(rows, seed);
    validation::TableStatistics statistics;
    statistics.update(sample.table());
    return statistics;
}

privacy::GroupRatesPartial rates_of(std::vector<std::string> groups) {
    privacy::GroupRatesPartial rates(std::move(groups));
    rates.add("north", true, true, 1511);
    rates.add("north", false, true, 503);
    rates.add("north", true, false, 307);
    rates.add("north", false, false, 1109);
    rates.add("south", true, true, 401);
    rates.add("south", false, true, 809);
    rates.add("south", false, false, 1201);
    rates.add("elsewhere", true, false, 166);
    return rates;
}

ReleasePolicy of_everything(double epsilon) {
    ReleasePolicy policy = policy_of(epsilon, 2);
    policy.columns = {"income", "country"};
    policy.groups = {"north", "south"};
    return policy;
}

// Of several releases in one file.
struct CountingBudget final : privacy::ReleaseBudget {
    void spend(const privacy::Guarantee& loss) override {
        ++calls;
        epsilon += loss.epsilon;
        delta += loss.delta;
    }
    int calls = 0;
    double epsilon = 0.0, delta = 0.0;
};

}  // namespace

TEST_CASE("release: window, statistics and rates by group for one price, by one law of noise") {
    const Window window = traffic(people, 31);
    const auto statistics = statistics_of(people, 31);
    const auto rates = rates_of({"north", "south"});
    for (const double delta : {0.0, 1e-6}) {
        CAPTURE(delta);
        ReleasePolicy policy = of_everything(0.75);
        policy.delta = delta;
        CountingBudget budget;
        FixedKeystream stream(61);
        const ReleasedWindow released = release(window, {}, policy, budget, {&statistics, &rates}, stream.operator->());
        CHECK(budget.calls == 1);
        CHECK(budget.epsilon == 0.75);
        CHECK(budget.delta == delta);
        // 4 features, a decision and a rejection, an error, 2 columns, an outcome.
        CHECK(released.noise().counters_per_row == 10);
        if (delta == 0.0) CHECK(released.noise().scale == 2.0 * 10.0 / 0.75);
        REQUIRE(released.statistics());
        REQUIRE(released.fairness());
        CHECK(released.statistics()->columns.size() == 2);
        CHECK(released.statistics()->noise_scale == released.noise().scale);
        CHECK(released.statistics()->spent.epsilon == 0.75);
        CHECK(released.fairness()->spent.delta == delta);
        REQUIRE(released.fairness()->groups.size() == 3);
        const Report report = assess(released);
        REQUIRE(report.release);
        CHECK(report.release->statistics->columns.size() == 2);
        CHECK(report.release->fairness->groups[1].group == "south");
        CHECK(budget.calls == 1);
    }
    // Without them, the same policy gives less noise: nothing is paid for that is not told.
    TestBudget budget;
    CHECK(release(window, {}, policy_of(0.75, 2), budget).noise().counters_per_row == 7);
}

TEST_CASE("release: statistics and rates released with a window hold the exact ones, and differ from them") {
    const Window window = traffic(people, 31);
    const auto statistics = statistics_of(people, 31);
    const auto rates = rates_of({"north", "south"});
    Policy strict;
    strict.level = 1e-6;
    CountingBudget budget;
    FixedKeystream stream(62);
    const ReleasedWindow released =
        release(window, strict, of_everything(1.0), budget, {&statistics, &rates}, stream.operator->());
    const auto holds = [](const Interval& interval, double truth) {
        return interval.lower <= truth && truth <= interval.upper;
    };
    const ReleasedColumn& income = released.statistics()->columns.at("income");
    CHECK(holds(income.rows.interval, static_cast<double>(people)));
    const validation::ColumnStatistics& exact = statistics.columns().at("country");
    CHECK(holds(released.statistics()->columns.at("country").nulls.interval, static_cast<double>(exact.nulls)));
    const auto& groups = released.fairness()->groups;
    CHECK(holds(groups[0].rows.interval, 3430.0));
    CHECK(holds(groups[0].selection.interval, 1818.0 / 3430.0));
    CHECK(holds(groups[0].true_positive.interval, 1511.0 / 2014.0));
    CHECK(holds(groups[0].false_positive.interval, 307.0 / 1416.0));
    CHECK(holds(groups[1].selection.interval, 401.0 / 2411.0));
    CHECK(holds(groups[2].rows.interval, 166.0));
    CHECK(holds(released.fairness()->parity_difference.interval, 1818.0 / 3430.0 - 401.0 / 2411.0));
    CHECK(holds(released.fairness()->opportunity_difference.interval, 1511.0 / 2014.0 - 401.0 / 1210.0));
    // Every cell has noise of its own: of scale 20, all of 140 are exact with a probability below 1e-200.
    std::size_t same = 0, cells = 0;
    for (const ReleasedCount& cell : income.cells) {
        ++cells;
        if (cell.value == 0.0) ++same;  // of the many empty cells
    }
    CHECK(same < cells / 2);
    // The same noise, one row more in each: two columns and one outcome change by 1, whatever else the row holds.
    auto more = statistics;
    const std::vector<double> incomes{1.5};
    const std::vector<std::string_view> countries{"CH"};
    more.update(Table({{"income", Column::numeric(std::span<const double>(incomes))},
                       {"country", Column::strings(std::span<const std::string_view>(countries))}}));
    auto one_more = rates;
    one_more.add("south", true, false);
    FixedKeystream again(62);
    const ReleasedWindow neighbour =
        release(window, strict, of_everything(1.0), budget, {&more, &one_more}, again.operator->());
    double moved = 0.0;
    for (const std::string& name : {std::string("income"), std::string("country")}) {
        const ReleasedColumn &a = released.statistics()->columns.at(name),
                             &b = neighbour.statistics()->columns.at(name);
        double of_column = std::abs(a.nulls.value - b.nulls.value) + std::abs(a.nans.value - b.nans.value);
        for (std::size_t i = 0; i < a.cells.size(); ++i) of_column += std::abs(a.cells[i].value - b.cells[i].value);
        CHECK(of_column == 1.0);
        moved += of_column;
    }
    for (std::size_t i = 0; i < 3; ++i)
        moved += std::abs(groups[i].rows.value - neighbour.fairness()->groups[i].rows.value);
    CHECK(moved == 3.0);
    CHECK(neighbour.window() == released.window());
}

TEST_CASE("release: no exact count of statistics or groups is in a report of any format") {
    const Window window = traffic(people, 31);
    // So many rows that an exact count is a number of seven digits, which nothing else in a report is by chance.
    auto statistics = statistics_of(people, 31);
    for (int i = 0; i < 10; ++i) {
        const auto same = statistics;
        statistics.merge(same);
    }
    auto rates = rates_of({"north", "south"});
    for (int i = 0; i < 12; ++i) {
        const auto same = rates;
        rates.merge(same);
    }
    TestBudget budget;
    FixedKeystream stream(63);
    const Report report =
        assess(release(window, {}, of_everything(0.02), budget, {&statistics, &rates}, stream.operator->()));
    std::set<std::string> secret{std::to_string(people * 1024)};
    const auto hide = [&](std::uint64_t count) {
        if (count >= 100'000) secret.insert(std::to_string(count));
    };
    for (const std::uint64_t count : rates.counts().counts().exact()) hide(count);
    for (const std::uint64_t sum : {3430U, 2411U, 1818U, 2014U, 1416U, 1210U}) hide(4096 * sum);
    for (const auto& [name, column] : statistics.columns()) {
        std::map<int, std::uint64_t> cells;
        for (const auto& bucket : column.numbers.histogram.buckets()) {
            hide(bucket.count);
            cells[std::ilogb(column.numbers.histogram.upper(bucket.key) * 0.999)] += bucket.count;
        }
        for (const auto& cell : cells) hide(cell.second);
        hide(column.nulls);
    }
    REQUIRE(secret.size() >= 20);
    for (const ReportFormat format : formats) {
        CAPTURE(std::string(report_format_name(format)));
        const std::string text = render(format, report);
        const std::set<std::string> told = numbers_of(text);
        for (const std::string& count : secret) CHECK_MESSAGE(told.count(count) == 0, count);
        const bool tells = format != ReportFormat::junit && format != ReportFormat::sarif;
        CHECK((text.find("north") != std::string::npos) == tells);
        CHECK((text.find("income") != std::string::npos || !tells));
    }
    // The test sees them where they are told.
    CHECK(numbers_of("{\"rows\": 6151168, \"x\": 1}").count(std::to_string(people * 1024)) == 1);
    const std::string metrics = render_openmetrics(report);
    for (const char* name :
         {"vedette_release_column_count{column=\"income\",holds=\"any\",bound=\"lower\"} ",
          "vedette_release_column_count{column=\"country\",holds=\"null\",bound=\"value\"} ",
          "vedette_release_group_rows{group=\"\",rest=\"1\",bound=\"value\"} ",
          "vedette_release_group_rate{group=\"south\",rest=\"0\",rate=\"true_positive\",bound=\"upper\"} ",
          "vedette_release_group_difference{of=\"parity\",bound=\"value\"} "})
        CHECK_MESSAGE(metrics.find(name) != std::string::npos, name);
}

TEST_CASE("release: many groups at the least level get what was paid for, and intervals as wide as they have to be") {
    const Window window = traffic(500, 33);
    ReleasePolicy release_policy = policy_of(0.01, 1);
    release_policy.outputs = {};
    Policy policy;
    policy.level = 1e-12;
    for (const std::size_t count : {1000U, 4096U}) {
        CAPTURE(count);
        release_policy.groups.clear();
        for (std::size_t i = 0; i < count; ++i) release_policy.groups.push_back("g" + std::to_string(i));
        const privacy::GroupRatesPartial rates(release_policy.groups);
        CountingBudget budget;
        const ReleasedWindow released = release(window, policy, release_policy, budget, {nullptr, &rates});
        CHECK(budget.calls == 1);
        REQUIRE(released.fairness()->groups.size() == count + 1);
        // A group's rows are the sum of four cells, each as far off as all cells together may be.
        const double cells = 5.0 * static_cast<double>(count + 1);
        const privacy::Release& rows = released.fairness()->groups[0].rows;
        CHECK(rows.interval.upper - rows.value ==
              doctest::Approx(4.0 * released.noise().reach(1, 1e-12 / cells)).epsilon(1e-9));
    }
}

TEST_CASE("release: a policy of statistics and groups, alone and with a window; what is missing costs nothing") {
    const ReleasePolicy policy = ReleasePolicy::from_json(
        R"({"account": {"data_set": "a", "principal": "b", "purpose": "c"}, "outputs": [],
            "statistics": {"columns": ["income"], "least_power": -3, "largest_power": 20}, "groups": ["north"]})");
    CHECK(policy.outputs.empty());
    CHECK(policy.columns == std::vector<std::string>{"income"});
    CHECK(policy.scale == privacy::RangeScale{-3, 20});
    CHECK(policy.groups == std::vector<std::string>{"north"});
    CHECK(ReleasePolicy::from_json(policy.to_json()) == policy);
    const std::string account = R"("account": {"data_set": "a", "principal": "b", "purpose": "c"})";
    for (const char* broken :
         {R"("statistics": [])", R"("statistics": {})", R"("statistics": {"columns": []})",
          R"("statistics": {"columns": ["x", "x"]})", R"("statistics": {"columns": [1]})",
          R"("statistics": {"columns": ["x"], "least_power": 40})",
          R"("statistics": {"columns": ["x"], "largest_power": 1024})",
          R"("statistics": {"columns": ["x"], "least_power": 0.5})", R"("statistics": {"columns": ["x"], "cells": 3})",
          R"("groups": [])", R"("groups": ["a", "a"])", R"("groups": "a")"}) {
        CAPTURE(broken);
        CHECK(code_of([&] { static_cast<void>(ReleasePolicy::from_json("{" + account + ", " + broken + "}")); }) ==
              ErrorCode::invalid_policy);
    }
    const Window window = traffic(500, 32);
    const auto statistics = statistics_of(500, 32);
    validation::TableStatistics coarse(validation::StatisticsOptions{.quantiles = false});
    const auto rates = rates_of({"north"}), others = rates_of({"south"});
    CountingBudget budget;
    const auto code = [&](const ReleaseCompanions& with) {
        return code_of([&] { static_cast<void>(release(window, {}, policy, budget, with)); });
    };
    CHECK(code({}) == ErrorCode::invalid_argument);
    CHECK(code({&statistics, nullptr}) == ErrorCode::invalid_argument);
    CHECK(code({nullptr, &rates}) == ErrorCode::invalid_argument);
    CHECK(code({&coarse, &rates}) == ErrorCode::invalid_argument);
    CHECK(code({&statistics, &others}) == ErrorCode::dimension_mismatch);
    // Rates by user, who may not move them by more than the policy hides.
    const auto of_users = [](std::uint64_t rows) {
        const auto unit =
            privacy::PrivacyUnit::user(privacy::Neighbouring::add_remove, {.partitions = 1, .rows = rows});
        return privacy::GroupRatesPartial({"north"}, privacy::DecisionContributions(unit));
    };
    const auto wide = of_users(policy.rows_per_user + 1), narrow = of_users(policy.rows_per_user);
    CHECK(code({&statistics, &wide}) == ErrorCode::invalid_argument);
    CHECK(budget.calls == 0);
    static_cast<void>(release(window, {}, policy, budget, {&statistics, &narrow}));
    CHECK(budget.calls == 1);
    budget.calls = 0;
    const Report report = assess(window, {}, policy, budget, {&statistics, &rates});
    CHECK(budget.calls == 1);
    CHECK(report.release->noise.counters_per_row == 2);
    CHECK(report.live_rows == 0);
    CHECK(report.window.rows() == 0);
    CHECK(report.decision == Decision::not_evaluated);
    CHECK(report.release->statistics->columns.size() == 1);
    CHECK(report.release->fairness->groups.size() == 2);
}
