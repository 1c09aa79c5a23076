// SPDX-License-Identifier: Apache-2.0
// The schema that a baseline carries: enforced by the guard, counted by the window, told by the report.
#include <doctest/doctest.h>

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
