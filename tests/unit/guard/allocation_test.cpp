// SPDX-License-Identifier: Apache-2.0
// Counts what the request path allocates: nothing.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "sample.hpp"
#include "unit/drift/allocation_count.hpp"
#include "vedette/guard/guard.hpp"
#include "vedette/guard/watch.hpp"
#include "vedette/stats/betting_sequence.hpp"
#include "vedette/stats/confidence_sequence.hpp"
#include "vedette/validation/validator.hpp"

// The sanitizers replace operator new themselves, so that nothing is counted.
#if !defined(VEDETTE_SANITIZED)
TEST_CASE("validating rows and confidence sequences allocate nothing") {
    using namespace vedette;
    const validation::Validator rules(validation::Schema::from_json(R"({"version": 1, "features": [
        {"name": "a", "type": "floating", "minimum": 0, "step": 0.5}, {"name": "b", "type": "integer", "nullable": true},
        {"name": "c", "type": "text", "domain": {"values": ["x", "a longer value than fits into a string"]},
         "format": "email", "length": {"maximum": 90}}],
        "expressions": [{"name": "e", "expression": "c in ('x', 'a longer text than that') or abs(a - (b + 1)) <= 0.01"}]})"));
    const std::vector<float> numbers{-1.0F, 2.5F, std::nanf("")};
    const std::vector<Value> mixed{0.25, Value(), "a longer text than fits into any string, not an address"};
    std::vector<validation::CheckSet> failed(3);
    std::vector<validation::RowFinding> findings(8);
    stats::MeanConfidenceSequence mean;
    stats::ProportionConfidenceSequence proportion;
    stats::BettingConfidenceSequence betting;
    const std::size_t before = allocation_count();
    std::size_t found = 0;
    for (int i = 0; i < 200; ++i) {
        found += rules.list(rules.validate(numbers, failed), failed, findings);
        found += rules.list(rules.validate(mixed, failed), failed, findings);
        mean.update(0.5);
        proportion.update(i % 2 == 0);
        betting.update(0.5);
        found += betting.bounds().lower <= 0.5 ? 1U : 0U;
        found += mean.bounds().lower <= proportion.bounds().upper ? 1U : 0U;
    }
    CHECK(allocation_count() == before);
    CHECK(found > 1000);
}

TEST_CASE("repairing rows allocates nothing, alone and in the guard") {
    using namespace vedette;
    const validation::Schema schema = validation::Schema::from_json(R"({"version": 1, "features": [
        {"name": "income", "type": "floating", "minimum": 0, "maximum": 100, "repair": {"minimum": "clamp",
         "not_a_number": "impute"}, "replacement": 0.5},
        {"name": "claims", "type": "integer", "maximum": 9, "repair": {"maximum": "clamp"}},
        {"name": "score", "type": "floating"},
        {"name": "country", "type": "text", "nullable": true, "length": {"maximum": 30, "minimum": 2},
         "repair": {"long_text": "clamp", "short_text": "impute", "type": "impute"},
         "replacement": "a replacement of thirty bytes."}],
        "expressions": [{"name": "e", "expression": "claims <= 8 or country == 'a longer text than fits in a string'"}]})");
    const validation::Validator rules(schema);
    const Guard guard(testing::sample_baseline().with_schema({schema, ""}));
    Window window(guard.baseline());
    const std::vector<Value> bad{-1.0, 12, 0.5, "a text that is longer than thirty bytes are"};
    const std::vector<Value> worse{std::nan(""), 12, 0.5, "x"};
    std::vector<Value> mixed(4);
    std::vector<double> wide(4);
    std::vector<float> narrow(4);
    std::vector<validation::CheckSet> failed(5);
    std::vector<validation::Repaired> told(4);
    const std::size_t before = allocation_count();
    std::size_t repaired = 0;
    for (int i = 0; i < 200; ++i) {
        for (const std::vector<Value>* from : {&bad, &worse}) {
            std::copy(from->begin(), from->end(), mixed.begin());
            repaired += rules.repair(std::span(mixed), failed, told).repaired;
            std::copy(from->begin(), from->end(), mixed.begin());
            repaired += guard.repair(std::span(mixed), window, told).repair.repaired;
        }
        std::copy_n(std::array{-1.0, 12.0, 0.5, 0.5}.begin(), 4, wide.begin());
        std::copy(wide.begin(), wide.end(), narrow.begin());
        repaired += guard.repair(std::span(wide), window, told).repair.repaired;
        repaired += guard.repair(std::span(narrow), window, told).repair.repaired;
    }
    CHECK(allocation_count() == before);
    CHECK(repaired == 200 * (4 * 3 + 2 * 3));
}

TEST_CASE("a pattern's automaton allocates the states that texts ask for, once") {
    using namespace vedette;
    const validation::Validator rules(validation::Schema::from_json(R"({"version": 1, "features": [
        {"name": "iban", "type": "text", "pattern": "^[A-Z]{2}[0-9]{2}[A-Z0-9]{1,30}$"}]})"));
    const std::vector<std::vector<Value>> rows{
        {"DE89370400440532013000"}, {"de89"}, {"a longer text than fits into any string, and no account"}};
    const auto judge = [&] {
        std::size_t valid = 0;
        for (const std::vector<Value>& row : rows) valid += rules.validate(row).is_valid() ? 1U : 0U;
        return valid;
    };
    CHECK(judge() == 1);
    const std::size_t before = allocation_count();
    std::size_t valid = 0;
    for (int i = 0; i < 100; ++i) valid += judge();
    CHECK(allocation_count() == before);
    CHECK(valid == 100);
}

TEST_CASE("scores of the baseline are asked without allocation") {
    using namespace vedette;
    const testing::Sample sample = testing::draw_sample(500, 1);
    std::vector<float> rows;
    for (std::size_t i = 0; i < 500; ++i)
        for (const double x :
             {sample.income[i], sample.claims[i], static_cast<double>(sample.score[i]), static_cast<double>(i % 5)})
            rows.push_back(static_cast<float>(x));
    const auto view = MatrixView<float>::row_major(rows.data(), 500, 4);
    const auto calibrated = [&](const char* kind) {
        return perturbation::CalibratedScore::calibrate(perturbation::fit_score(kind, {}, {.rows = view}),
                                                        {.rows = view});
    };
    const Guard guard(testing::sample_baseline().with_scores({{"a", calibrated("ecod")}, {"b", calibrated("energy")}}),
                      Policy::from_json(R"({"scores": {"a": {"level": 0.01}, "b": {"level": 0.01}},
                                            "fused_scores": {"level": 0.2, "action": "warn"}})"));
    Window window(guard.baseline());
    const std::vector<float> narrow{1.0F, 0.0F, 0.5F, 1.0F};
    const std::vector<double> wide{-1e9, std::nan(""), 0.5, 7.0};
    const std::vector<Value> mixed{1.0, 0.0, 9.0, "CH"};
    const std::size_t before = allocation_count();
    std::uint32_t answers = 0;
    for (int i = 0; i < 1000; ++i)
        answers += guard.check(narrow, window, {.logits = narrow}).score_count +
                   guard.check(wide, window, {.logits = narrow}).score_count + guard.check(mixed, window).score_count;
    CHECK(allocation_count() == before);
    CHECK(answers == 6000);
}

TEST_CASE("checking and counting rows allocates nothing") {
    using namespace vedette;
    Guard guard(vedette::testing::sample_baseline());
    struct First {
        double score(std::span<const float> row) const noexcept { return static_cast<double>(row[0]); }
    };
    guard.add_score("first", First{}, {.alarm = 1e30});
    Window window(guard.baseline());
    const std::vector<float> narrow{1.0F, 0.0F, 0.5F, 1.0F};
    const std::vector<double> wide{-1e9, std::nan(""), 0.5, 7.0};
    const std::vector<Value> mixed{Value(), 0.0, "wrong", "a category that nobody has ever seen before"};
    const std::vector<float> short_row{1.0F};
    const std::size_t before = allocation_count();
    unsigned reasons = 0;
    for (int i = 0; i < 1000; ++i) {
        reasons |= guard.check(narrow, window).reasons | guard.check(wide, window).reasons |
                   guard.check(mixed, window).reasons | guard.check(short_row, window).reasons;
        window.observe(narrow);
        window.observe(wide);
        window.observe(mixed);
    }
    CHECK(allocation_count() == before);
    CHECK(reasons != 0);

    // Nor does watching them: monitors, alarms, estimates of several classes at the end of a block.
    const std::vector<double> scores{0.2, 0.5, 0.3, 0.7, 0.1, 0.2, 0.1, 0.1, 0.8};
    const std::vector<std::uint32_t> classes{1, 0, 2};
    std::vector<double> many;
    std::vector<std::uint32_t> labels;
    for (int i = 0; i < 30; ++i) {
        many.insert(many.end(), scores.begin(), scores.end());
        labels.insert(labels.end(), classes.begin(), classes.end());
    }
    Watch watch(guard.baseline(), Policy::from_json(R"({"defaults": {"monitors": [{"kind": "cusum"},
        {"kind": "adwin"}, {"kind": "ewma_chart", "thin": 2}]}, "outputs": {"loss": [{"kind": "harm_monitor"}]},
        "performance": {"metric": "roc_auc", "rows": 50, "monitors": [{"kind": "page_hinkley"}]},
        "groups": {"embedding": {"monitors": [{"kind": "mmd_monitor", "window": 10, "expected_run": 100,
            "features": 8}]}}})"),
                {.outputs = {},
                 .performance = drift::PerformanceReference::fit(MatrixView<double>::row_major(many.data(), 90, 3),
                                                                 labels, labels),
                 .estimates = {},
                 .groups = {{"embedding", MatrixView<double>::row_major(many.data(), 90, 3)}}});
    const std::size_t then = allocation_count();
    for (int i = 0; i < 2000; ++i) {
        watch.observe(narrow, i);
        watch.observe(wide, i);
        watch.observe(mixed, i);
        watch.observe(short_row, i);
        watch.observe_output(0, i < 1000 ? 0.0 : 1.0, i);
        watch.observe_prediction(std::span(scores).first(3), 1, i);
        watch.observe_embedding(0, std::span(scores).first(3), i);
        watch.observe_embedding(0, narrow, i);
    }
    CHECK(allocation_count() == then);
    CHECK(watch.alarms() > 0);
    const std::vector<int> proof(10);
    CHECK(allocation_count() > before);  // the counter does count
}
#endif
