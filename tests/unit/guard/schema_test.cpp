// SPDX-License-Identifier: Apache-2.0
// The schema that a baseline carries: enforced by the guard, counted by the window, told by the report.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "unit/guard/sample.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/container.hpp"
#include "vedette/guard/guard.hpp"
#include "vedette/guard/render.hpp"
#include "vedette/guard/report.hpp"
#include "vedette/validation/validator.hpp"

namespace {

using vedette::Baseline;
using vedette::Decision;
using vedette::ErrorCode;
using vedette::Guard;
using vedette::Policy;
using vedette::Reason;
using vedette::Value;
using vedette::Verdict;
using vedette::Window;
using vedette::testing::code_of;
using vedette::validation::Check;
using vedette::validation::Schema;
using vedette::validation::Severity;

// In another order than the baseline's, and with a label that only training has.
constexpr const char* document = R"({"version": 1, "name": "claims", "environments": ["training", "serving"],
  "features": [
    {"name": "country", "type": "text", "nullable": true, "domain": {"values": ["CH", "DE", "AT", "FR"]}},
    {"name": "label", "type": "boolean", "environments": ["training"]},
    {"name": "score", "type": "floating", "minimum": -4, "maximum": 4, "severity": {"maximum": "warning"}},
    {"name": "income", "type": "floating", "minimum": 0},
    {"name": "claims", "type": "integer", "minimum": 0, "maximum": 9}],
  "expressions": [{"name": "poor", "expression": "country == \"DE\" implies income < 50"},
                  {"name": "few", "expression": "claims <= 2 or income >= 0.5", "severity": "warning"}]})";

const Baseline& ruled() {
    static const Baseline baseline =
        vedette::testing::sample_baseline().with_schema({Schema::from_json(document), "serving"});
    return baseline;
}

Verdict judge(const std::vector<Value>& row, const Policy& policy = {}) {
    Window window(ruled());
    return Guard(ruled(), policy).check(std::span<const Value>(row), window);
}

}  // namespace

TEST_CASE("schema: the baseline carries it through its bytes, in the order of its own features") {
    const Baseline plain = vedette::testing::sample_baseline();
    CHECK(plain.schema() == nullptr);
    CHECK(plain.validator() == nullptr);
    CHECK(plain.id() != ruled().id());
    const Baseline read = Baseline::from_bytes(ruled().to_bytes());
    CHECK(read.id() == ruled().id());
    CHECK(read.schema()->schema == Schema::from_json(document));
    CHECK(read.schema()->environment == "serving");
    REQUIRE(read.validator()->feature_count() == read.feature_count());
    for (std::size_t f = 0; f < read.feature_count(); ++f)
        CHECK(read.validator()->feature(f).name == read.feature(f).name);
    // Scores and schema do not push each other out.
    CHECK(ruled().with_scores({}).schema() != nullptr);
}

TEST_CASE("schema: one that does not fit the baseline is refused, and says why") {
    const Baseline plain = vedette::testing::sample_baseline();
    const auto refused = [&](const char* from, const char* to, const char* environment = "serving") {
        // Without the expressions, which would no longer fit the schema itself.
        std::string text =
            std::string(document).substr(0, std::string_view(document).find("],\n  \"expressions\"")) + "]}";
        text.replace(text.find(from), std::string(from).size(), to);
        return code_of([&] { static_cast<void>(plain.with_schema({Schema::from_json(text), environment})); });
    };
    CHECK(refused("\"income\"", "\"wages\"") == ErrorCode::schema_mismatch);
    CHECK(refused("\"text\", \"nullable\": true, \"domain\": {\"values\": [\"CH\", \"DE\", \"AT\", \"FR\"]}",
                  "\"floating\"") == ErrorCode::type_mismatch);
    CHECK(refused("\"income\", \"type\": \"floating\", \"minimum\": 0", "\"income\", \"type\": \"text\"") ==
          ErrorCode::type_mismatch);
    // Training has a label, of which the baseline knows nothing.
    CHECK(refused("claims", "claims", "training") == ErrorCode::schema_mismatch);
    CHECK(refused("claims", "claims", "staging") == ErrorCode::invalid_argument);
}

TEST_CASE("schema: the guard enforces it row by row") {
    CHECK(judge({1.0, 2, 0.5, "CH"}).decision == Decision::pass);
    CHECK(judge({1.0, 2, 0.5, Value()}).decision == Decision::pass);

    const Verdict broken = judge({-1.0, 2.5, 0.5, "XX"});
    CHECK(broken.decision == Decision::alarm);
    CHECK(broken.has(Reason::schema));
    // -1 and XX are also new to the reference: that is said beside it.
    REQUIRE(broken.stored_findings() >= 3);
    CHECK(broken.findings[0].reason == Reason::schema);
    CHECK(broken.findings[0].check == Check::minimum);
    CHECK(broken.findings[0].subject == 0);
    const std::string words = Guard(ruled()).explain(broken);
    CHECK(words.find("minimum") != std::string::npos);
    CHECK(words.find("\"claims\": type") != std::string::npos);
    CHECK(words.find("\"country\": domain") != std::string::npos);

    SUBCASE("expressions are judged beside the features") {
        const Verdict verdict = judge({60.0, 2, 0.5, "DE"});
        CHECK(verdict.decision == Decision::alarm);
        CHECK(verdict.has(Reason::schema));
        CHECK(Guard(ruled()).explain(verdict).find("expression \"poor\"") != std::string::npos);
        CHECK(judge({0.25, 3, 0.5, "DE"}).decision == Decision::warn);
    }
    SUBCASE("a warning of the schema is one of the policy's") {
        CHECK(judge({1.0, 2, 4.5, "CH"}).decision == Decision::warn);
        Policy policy;
        policy.schema.warning = vedette::Action::pass;
        policy.defaults.request.far_out_of_range = vedette::Action::pass;
        CHECK(judge({1.0, 2, 4.5, "CH"}, policy).decision == Decision::pass);
        policy.schema.error = vedette::Action::warn;
        CHECK(judge({-1.0, 2, 0.5, "CH"}, policy).decision == Decision::warn);
        policy.defaults.ignore = true;
        CHECK(judge({-1.0, 2, 0.5, "CH"}, policy).decision == Decision::pass);
    }
    SUBCASE("types, nulls, NaN and infinities are the schema's alone") {
        Policy lax;
        lax.defaults.request.null = lax.defaults.request.not_a_number = lax.defaults.request.infinity =
            lax.defaults.request.wrong_type = vedette::Action::pass;
        for (const Value& stray : {Value(), Value(std::nan("")), Value(INFINITY), Value("much")}) {
            const Verdict verdict = judge({stray, 2, 0.5, "CH"}, lax);
            CHECK(verdict.decision == Decision::alarm);
            CHECK(verdict.finding_count == 1);
            CHECK(verdict.findings[0].reason == Reason::schema);
        }
    }
}

TEST_CASE("schema: rows of numbers, where a category is its cell, are judged as mixed rows are") {
    const Guard guard(ruled());
    const Baseline& baseline = ruled();
    for (const double income : {1.0, 0.25, 60.0, -1.0, std::nan("")})
        for (const double claims : {0.0, 2.5, 3.0, 12.0})
            for (const char* country : {"CH", "DE", "FR", "IT"}) {
                Window mixed(baseline), doubles(baseline), floats(baseline);
                const std::vector<Value> values{income, claims, 0.5, country};
                const double cell = static_cast<double>(baseline.category_cell(3, country));
                const std::vector<double> wide{income, claims, 0.5, cell};
                const std::vector<float> narrow(wide.begin(), wide.end());
                const Verdict expected = guard.check(std::span<const Value>(values), mixed);
                for (const Verdict& verdict : {guard.check(std::span<const double>(wide), doubles),
                                               guard.check(std::span<const float>(narrow), floats)}) {
                    CHECK(verdict.decision == expected.decision);
                    CHECK(verdict.finding_count == expected.finding_count);
                    CHECK(verdict.reasons == expected.reasons);
                }
                CHECK(doubles == mixed);
                CHECK(floats == mixed);
            }
}

TEST_CASE("schema: every check that fails is counted, also in a flood of findings") {
    std::vector<std::vector<double>> columns(40, std::vector<double>(100));
    std::vector<vedette::NamedColumn> named;
    std::vector<std::string> names(columns.size());
    Schema schema;
    for (std::size_t f = 0; f < columns.size(); ++f) {
        for (std::size_t i = 0; i < 100; ++i) columns[f][i] = static_cast<double>(i);
        names[f] = "f" + std::to_string(f);
        named.push_back({names[f], vedette::Column::numeric(columns[f])});
        vedette::validation::Feature feature;
        feature.name = names[f];
        feature.number.maximum = 10.0;
        feature.integral = true;
        schema.features.push_back(feature);
    }
    const Baseline baseline = Baseline::build(vedette::Table(std::move(named))).with_schema({schema});
    const Guard guard(baseline);
    Window window(baseline);
    const std::vector<double> row(40, 10.5);
    const Verdict verdict = guard.check(std::span<const double>(row), window);
    CHECK(verdict.finding_count == 80);
    for (std::size_t f = 0; f < 40; ++f) {
        CHECK(window.schema_failures(f, Check::maximum) == 1);
        CHECK(window.schema_failures(f, Check::integral) == 1);
        CHECK(window.schema_failures(f, Check::minimum) == 0);
    }
    CHECK(window.schema_rows(Severity::error) == 1);
}

TEST_CASE("schema: windows merge and save its counters, and a report judges their share") {
    const Guard guard(ruled());
    Window left(ruled()), right(ruled());
    const std::vector<Value> good{1.0, 2, 0.5, "CH"}, bad{-1.0, 2, 0.5, "CH"}, odd{1.0, 2, 4.5, "CH"};
    for (int i = 0; i < 990; ++i) static_cast<void>(guard.check(std::span<const Value>(good), left));
    for (int i = 0; i < 7; ++i) static_cast<void>(guard.check(std::span<const Value>(bad), right));
    for (int i = 0; i < 3; ++i) static_cast<void>(guard.check(std::span<const Value>(odd), right));
    left.merge(right);
    CHECK(left.schema_failures(0, Check::minimum) == 7);
    CHECK(left.schema_failures(2, Check::maximum) == 3);
    CHECK(left.schema_rows(Severity::error) == 7);
    CHECK(left.schema_rows(Severity::warning) == 3);
    const Window read = Window::from_bytes(ruled(), left.to_bytes());
    CHECK(read == left);

    Policy policy;
    const vedette::Report within = assess(ruled(), left, policy);
    REQUIRE(within.schema);
    CHECK(within.schema->requests == 1000);
    CHECK(within.schema->errors == 7);
    // 7 of 1,000 are not surely more than 1 %.
    CHECK(within.schema->decision == Decision::pass);
    policy.schema.tolerance = 0.0;
    const vedette::Report strict = assess(ruled(), left, policy);
    CHECK(strict.schema->decision == Decision::alarm);
    CHECK(strict.decision == Decision::alarm);
    REQUIRE(strict.schema->failures.size() == 2);
    CHECK(strict.schema->failures[0].check == Check::minimum);
    CHECK(strict.schema->failures[0].count == 7);

    for (const auto format :
         {vedette::ReportFormat::table, vedette::ReportFormat::json, vedette::ReportFormat::markdown,
          vedette::ReportFormat::html, vedette::ReportFormat::junit, vedette::ReportFormat::sarif,
          vedette::ReportFormat::openmetrics}) {
        const std::string text = render(format, strict);
        CHECK(text.find("schema") != std::string::npos);
    }
    left.reset();
    CHECK(left.schema_rows(Severity::error) == 0);
    // Rows that were counted but not judged say nothing of the schema.
    left.observe(std::span<const Value>(bad));
    CHECK_FALSE(assess(ruled(), left, {}).schema);
}

TEST_CASE("schema: a window file with more failures than requests is refused") {
    const Window empty(ruled());
    const std::vector<std::byte> bytes = empty.to_bytes();
    const vedette::Container file = vedette::Container::view(bytes);
    std::vector<std::uint64_t> failures(file.values<std::uint64_t>("schema_counters").size(), 0);
    const auto read = [&](std::uint64_t rejected) {
        vedette::ContainerWriter writer;
        writer.set_metadata("baseline", vedette::to_hex(ruled().id()));
        writer.add("counters", file.values<std::uint64_t>("counters"));
        writer.add("requests", file.values<std::uint64_t>("requests"));
        writer.add_scalar("rejected", rejected);
        writer.add("schema_counters", failures);
        return code_of([&] { static_cast<void>(Window::from_bytes(ruled(), writer.finish("window"))); });
    };
    CHECK_NOTHROW(static_cast<void>(Window::from_bytes(ruled(), empty.to_bytes())));
    CHECK(read(1) == ErrorCode::corrupt_data);
    failures.back() = 1;
    CHECK(read(0) == ErrorCode::corrupt_data);
}

TEST_CASE("schema: the policy's rules for it are read, written and refused like all others") {
    const Policy policy = Policy::from_json(R"({"schema": {"error": "warn", "warning": "pass", "tolerance": 0.2}})");
    CHECK(policy.schema.error == vedette::Action::warn);
    CHECK(policy.schema.tolerance == 0.2);
    CHECK(Policy::from_json(policy.to_json()).schema == policy.schema);
    CHECK(code_of([] { static_cast<void>(Policy::from_json(R"({"schema": {"error": "learned"}})")); }) ==
          ErrorCode::invalid_policy);
    CHECK(code_of([] { static_cast<void>(Policy::from_json(R"({"schema": {"tolerance": 1.5}})")); }) ==
          ErrorCode::invalid_policy);
}

namespace {

// Of income and claims what lies outside is clamped; a country that is none, or null, becomes CH; a NaN of the score
// stays.
constexpr const char* repairing = R"({"version": 1, "features": [
    {"name": "country", "type": "text", "domain": {"values": ["CH", "DE", "AT", "FR"]},
     "repair": {"domain": "impute", "null": "impute", "type": "impute"}, "replacement": "CH"},
    {"name": "score", "type": "floating", "minimum": -4, "maximum": 4, "repair": {"maximum": "clamp"}},
    {"name": "income", "type": "floating", "minimum": 0.25, "maximum": 1000,
     "repair": {"minimum": "clamp", "not_a_number": "impute"}, "replacement": 0.5},
    {"name": "claims", "type": "integer", "minimum": 0, "maximum": 2, "repair": {"maximum": "clamp"}}],
  "expressions": [{"name": "poor", "expression": "claims <= 1", "severity": "warning"}]})";

const Baseline& repaired_baseline() {
    static const Baseline baseline =
        vedette::testing::sample_baseline().with_schema({Schema::from_json(repairing), ""});
    return baseline;
}

}  // namespace

TEST_CASE("repair: the guard changes the row, tells it, judges what is left, and counts what came") {
    using vedette::validation::Repair;
    using vedette::validation::Repaired;
    const Baseline& baseline = repaired_baseline();
    const Guard guard(baseline);
    Window window(baseline);
    std::vector<Repaired> told(4);
    std::vector<Value> row{-1.0, 12, 0.5, "XX"};
    auto found = guard.repair(std::span(row), window, told);
    CHECK(found.repair.repaired == 3);
    CHECK(found.repair.before.severity == Severity::error);
    CHECK(found.repair.after == vedette::validation::RowVerdict{Severity::warning, set_of(Check::expression)});
    CHECK(found.verdict.decision == Decision::warn);
    CHECK(found.verdict.finding_count == 1);
    CHECK(found.verdict.findings[0].check == Check::expression);
    CHECK((row[0].number == 0.25 && row[1].integer == 2 && row[3].text == "CH"));
    CHECK((told[0].feature == 0 && told[0].how == Repair::clamp && told[0].before.number == -1.0));
    CHECK((told[1].feature == 1 && told[1].failed == set_of(Check::maximum) && told[1].after.integer == 2));
    CHECK((told[2].feature == 3 && told[2].how == Repair::impute && told[2].before.text == "XX"));

    // The window holds the row as it came.
    Window plain(baseline);
    const std::vector<Value> came{-1.0, 12, 0.5, "XX"};
    static_cast<void>(guard.check(std::span<const Value>(came), plain));
    for (std::size_t f = 0; f < 4; ++f) {
        const auto a = plain.counts(f), b = window.counts(f);
        CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));
    }
    CHECK(window.schema_failures(0, Check::minimum) == 1);
    CHECK(window.schema_failures(3, Check::domain) == 1);
    CHECK(window.schema_rows(Severity::error) == 1);

    SUBCASE("in rows of numbers a text is its cell") {
        const auto cell = [&](const char* text) { return static_cast<double>(baseline.category_cell(3, text)); };
        std::vector<double> wide{-1.0, 12.0, 0.5, std::nan("")};
        found = guard.repair(std::span(wide), window, told);
        CHECK(found.repair.repaired == 3);
        CHECK(wide == std::vector<double>{0.25, 2.0, 0.5, cell("CH")});
        CHECK((told[2].before.kind == Value::Kind::null && told[2].after.text == "CH"));
        CHECK(found.verdict.decision == Decision::warn);
        std::vector<float> narrow{0.25F, 1.0F, 4.5F, 2.5F};  // no cell
        found = guard.repair(std::span(narrow), window, told);
        CHECK(found.repair.repaired == 2);
        CHECK(narrow == std::vector<float>{0.25F, 1.0F, 4.0F, static_cast<float>(cell("CH"))});
        CHECK(found.repair.after.is_valid());
        // What an unseen category read is not known.
        narrow[3] = static_cast<float>(cell("nobody has seen it"));
        const float unseen = narrow[3];
        CHECK(guard.repair(std::span(narrow), window, told).repair.repaired == 0);
        CHECK(narrow[3] == unseen);
    }
    SUBCASE("scores are given the row as it is now") {
        struct First {
            double score(std::span<const double> given) const noexcept { return given[0]; }
        };
        Guard scored(baseline);
        scored.add_score("income", First{}, {.alarm = -0.5});
        std::vector<double> wide{-1.0, 1.0, 0.5, 0.0};
        const Verdict verdict = scored.repair(std::span(wide), window).verdict;
        CHECK(verdict.has(Reason::score));
        CHECK(verdict.findings[verdict.stored_findings() - 1].value == 0.25);
    }
    SUBCASE("nothing is repaired without a schema, of a wrong width, or for a foreign window") {
        Window foreign(vedette::testing::sample_baseline());
        std::vector<double> wide{-1.0, 12.0, 0.5, 0.0}, unchanged = wide;
        CHECK(guard.repair(std::span(wide), foreign).repair == vedette::validation::RepairVerdict{});
        CHECK(Guard(vedette::testing::sample_baseline()).repair(std::span(wide), foreign).repair ==
              vedette::validation::RepairVerdict{});
        CHECK(wide == unchanged);
        CHECK(guard.repair(std::span(wide).first(3), window).verdict.has(Reason::wrong_width));
        CHECK(wide == unchanged);
    }
    SUBCASE("what was changed beyond the room is counted") {
        row = {-1.0, 12, 0.5, "XX"};
        found = guard.repair(std::span(row), window, std::span(told).first(1));
        CHECK(found.repair.repaired == 3);
        CHECK(told[0].feature == 0);
    }
}

TEST_CASE("repair: of random rows, a repaired one is judged as `check` judges it, in every layout") {
    using vedette::validation::Repaired;
    const Baseline& baseline = repaired_baseline();
    const Guard guard(baseline);
    std::uint64_t state = 17;
    const auto draw = [&](std::initializer_list<double> among) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        return among.begin()[(state >> 33U) % among.size()];
    };
    const double nan = std::nan(""), infinity = INFINITY;
    int changed = 0;
    for (int i = 0; i < 2000; ++i) {
        std::vector<double> wide{draw({-1.0, 0.25, 5000.0, nan, infinity}), draw({0.0, 3.0, 9.0, 12.0, 2.5, nan}),
                                 draw({0.5, 4.5, -9.0, nan}), draw({0.0, 1.0, 2.0, 3.0, 7.0, nan, 0.5})};
        std::vector<float> narrow(wide.begin(), wide.end());
        Window a(baseline), b(baseline), c(baseline);
        std::vector<Repaired> told(4);
        const auto found = guard.repair(std::span(wide), a, told);
        changed += found.repair.repaired > 0 ? 1 : 0;
        const Verdict again = guard.check(std::span<const double>(wide), b);
        CHECK(found.verdict.decision == again.decision);
        CHECK(found.verdict.reasons == again.reasons);
        CHECK(found.verdict.finding_count == again.finding_count);
        // All bounds are floats, so that rows of both precisions are repaired alike.
        CHECK(guard.repair(std::span(narrow), c).repair == found.repair);
        for (std::size_t f = 0; f < 4; ++f)
            CHECK((static_cast<double>(narrow[f]) == wide[f] || (std::isnan(narrow[f]) && std::isnan(wide[f]))));
        CHECK(a.rows() == 1);
    }
    CHECK(changed > 1000);
}
