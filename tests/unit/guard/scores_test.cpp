// SPDX-License-Identifier: Apache-2.0
// Calibrated scores in the baseline, the policy, the guard, the window and the report.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "unit/test_values.hpp"
#include "vedette/guard/guard.hpp"
#include "vedette/guard/render.hpp"
#include "vedette/guard/report.hpp"

namespace {

namespace perturbation = vedette::perturbation;
using vedette::Baseline;
using vedette::Decision;
using vedette::ErrorCode;
using vedette::Guard;
using vedette::MatrixView;
using vedette::Policy;
using vedette::Reason;
using vedette::RequestVectors;
using vedette::Verdict;
using vedette::Window;
using vedette::testing::code_of;

constexpr std::size_t rows = 1000, width = 3;

std::vector<float> floats(std::size_t count, std::uint64_t seed) {
    std::vector<float> values;
    for (const double x : vedette::testing::normals(count, seed)) values.push_back(static_cast<float>(x));
    return values;
}

MatrixView<float> view(const std::vector<float>& values) {
    return MatrixView<float>::row_major(values.data(), values.size() / width, width);
}

perturbation::CalibratedScore calibrated(const char* kind, std::size_t calibration_rows = 999) {
    const std::vector<float> reference = floats(rows * width, 3), benign = floats(calibration_rows * width, 4);
    return perturbation::CalibratedScore::calibrate(perturbation::fit_score(kind, {}, {.rows = view(reference)}),
                                                    {.rows = view(benign)});
}

Baseline plain() {
    const std::vector<float> reference = floats(rows * width, 3);
    std::vector<std::vector<float>> columns(width);
    for (std::size_t i = 0; i < reference.size(); ++i) columns[i % width].push_back(reference[i]);
    return Baseline::build(vedette::Table({{"a", vedette::Column::numeric(columns[0])},
                                           {"b", vedette::Column::numeric(columns[1])},
                                           {"c", vedette::Column::numeric(columns[2])}}));
}

const Baseline& with_scores() {
    static const Baseline baseline = plain().with_scores(
        {{"tails", calibrated("ecod")}, {"novelty", calibrated("mahalanobis")}, {"doubt", calibrated("energy")}});
    return baseline;
}

Policy policy(const char* text) {
    return Policy::from_json(text);
}

constexpr const char* all_three = R"({"scores": {"tails": {"level": 0.01, "action": "alarm"},
    "novelty": {"level": 0.01}, "doubt": {"level": 0.01, "action": "pass"}}})";

}  // namespace

TEST_CASE("baseline scores: part of the file and of its identity; without any the bytes are as ever") {
    const Baseline& baseline = with_scores();
    CHECK(baseline.id() != plain().id());
    CHECK(baseline.with_scores({}).to_bytes() == plain().to_bytes());
    const Baseline again = Baseline::from_bytes(baseline.to_bytes());
    CHECK(again.id() == baseline.id());
    REQUIRE(again.scores().size() == 3);
    CHECK(again.find_score("novelty") == 1);
    CHECK_FALSE(again.find_score("nothing").has_value());
    const std::vector<float> row = floats(width, 9);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(again.scores()[i].name == baseline.scores()[i].name);
        CHECK(again.scores()[i].score.evaluate(row).p_value == baseline.scores()[i].score.evaluate(row).p_value);
    }
    const auto code = [](std::vector<vedette::BaselineScore> scores) {
        return code_of([&] { (void)plain().with_scores(std::move(scores)); });
    };
    CHECK(code({{"", calibrated("ecod")}}) == ErrorCode::invalid_argument);
    CHECK(code({{"x\n", calibrated("ecod")}}) == ErrorCode::invalid_argument);
    CHECK(code({{"x", calibrated("ecod")}, {"x", calibrated("energy")}}) == ErrorCode::invalid_argument);
    const std::vector<float> wide = floats(100 * 4, 1);
    const auto four = MatrixView<float>::row_major(wide.data(), 100, 4);
    CHECK(code({{"x", perturbation::CalibratedScore::calibrate(perturbation::fit_score("ecod", {}, {.rows = four}),
                                                               {.rows = four})}}) == ErrorCode::dimension_mismatch);
}

TEST_CASE("policy scores: read, written and checked") {
    const Policy read = policy(all_three);
    CHECK(read.scores.at("tails").action == vedette::Action::alarm);
    CHECK(read.scores.at("novelty").action == vedette::Action::warn);
    CHECK(policy(read.to_json().c_str()).scores == read.scores);
    const auto code = [](const char* text) { return code_of([&] { (void)policy(text); }); };
    CHECK(code(R"({"scores": {"x": {"level": 0}}})") == ErrorCode::invalid_policy);
    CHECK(code(R"({"scores": {"x": {"action": "learned"}}})") == ErrorCode::invalid_policy);
    CHECK(code(R"({"scores": {"x": {"threshold": 3}}})") == ErrorCode::invalid_policy);
    CHECK(code(R"({"scores": ["x"]})") == ErrorCode::invalid_policy);
    std::string nine = R"({"scores": {)";
    for (int i = 0; i < 9; ++i) nine += (i == 0 ? "\"s" : ", \"s") + std::to_string(i) + "\": {}";
    CHECK(code((nine + "}}").c_str()) == ErrorCode::invalid_policy);
    const auto guard_code = [](const char* text) { return code_of([&] { Guard(with_scores(), policy(text)); }); };
    CHECK(guard_code(R"({"scores": {"nothing": {}}})") == ErrorCode::invalid_policy);
    CHECK(guard_code(R"({"scores": {"tails": {"level": 1e-4}}})") == ErrorCode::not_enough_data);
    CHECK(guard_code(R"({"scores": {"tails": {}}, "fused_scores": {"level": 1e-3, "action": "warn"}})") ==
          ErrorCode::not_enough_data);
    CHECK(guard_code(R"({"fused_scores": {"action": "warn"}})") == ErrorCode::not_enough_data);
}

TEST_CASE("guard scores: each request's evidence is in its verdict") {
    const Guard guard(with_scores(), policy(all_three));
    Window window(with_scores());
    REQUIRE(guard.calibrated_score_count() == 3);
    CHECK(guard.calibrated_score_name(0) == "doubt");  // in the order of names
    CHECK(guard.calibrated_score_name(2) == "tails");
    const std::vector<float> row = floats(width, 9), far{9.0F, -9.0F, 9.0F};
    const std::vector<float> embedding = floats(width, 10), logits{4.0F, 0.0F, 0.0F};

    const Verdict verdict = guard.check(row, window, {.embedding = embedding, .logits = logits});
    REQUIRE(verdict.score_count == 3);
    const auto expect = [](const vedette::ScoreAnswer& answer, const char* name, const std::vector<float>& vector) {
        const auto& score = with_scores().scores()[*with_scores().find_score(name)].score;
        CHECK(answer.score == score.evaluate(vector).score);
        CHECK(answer.p_value == score.evaluate(vector).p_value);
        CHECK(answer.decision == Decision::pass);
    };
    expect(verdict.scores[0], "doubt", logits);
    expect(verdict.scores[1], "novelty", embedding);
    expect(verdict.scores[2], "tails", row);
    CHECK(verdict.decision == Decision::pass);
    CHECK(std::isnan(verdict.fused_e_value));
    // The same row as doubles and as values.
    const std::vector<double> doubles(row.begin(), row.end());
    const std::vector<vedette::Value> values(doubles.begin(), doubles.end());
    CHECK(guard.check(std::span(doubles), window, {}).scores[2].p_value == verdict.scores[2].p_value);
    CHECK(guard.check(std::span(values), window, {}).scores[2].p_value == verdict.scores[2].p_value);

    const Verdict found = guard.check(far, window, {.embedding = far, .logits = logits});
    CHECK(found.decision == Decision::alarm);
    CHECK(found.has(Reason::calibrated_score));
    CHECK(found.scores[2].p_value == 0.001);
    CHECK(found.scores[1].decision == Decision::warn);
    const std::string words = guard.explain(found);
    CHECK(words.find("tails (ecod)") != std::string::npos);
    CHECK(words.find("p-value 0.001") != std::string::npos);
    CHECK(words.find(" adds ") == std::string::npos);
    // With the row it says what its features add, the largest first: for scores that can, and of no other row.
    std::vector<double> contributions(far.size());
    CHECK(with_scores().scores()[*with_scores().find_score("tails")].score.score().score(far, contributions) ==
          found.scores[2].score);
    const std::size_t largest =
        static_cast<std::size_t>(std::max_element(contributions.begin(), contributions.end()) - contributions.begin());
    const std::string reasons = guard.explain(found, far);
    const std::size_t told = reasons.find("; " + with_scores().features()[largest].name + " = ");
    CHECK(told != std::string::npos);
    CHECK(told > reasons.find("tails (ecod)"));
    CHECK(reasons.find(" adds ", told) != std::string::npos);
    CHECK(guard.explain(found, row) == words);
    CHECK(guard.explain(found, std::span(far).first(1)) == words);
    CHECK(guard.explain(verdict, far) == guard.explain(verdict));

    // What was not given was not checked; for a score that is only counted nothing follows.
    const Verdict open = guard.check(row, window);
    CHECK(open.decision == Decision::not_evaluated);
    CHECK(open.has(Reason::calibrated_score_not_evaluated));
    CHECK(open.finding_count == 1);
    CHECK(open.scores[0].decision == Decision::not_evaluated);
    CHECK(guard.explain(open).find("was not given its embedding") != std::string::npos);
}

TEST_CASE("guard scores: while a drift alarm holds, scores are not evaluated") {
    const Guard guard(with_scores(), policy(R"({"scores": {"tails": {"level": 0.01, "action": "alarm"}}})"));
    const Guard copy = guard;
    Window window(with_scores());
    const std::vector<float> far{9.0F, -9.0F, 9.0F};
    CHECK(guard.check(far, window).has(Reason::calibrated_score));
    copy.mark_calibrations(true);
    CHECK(guard.calibrations_are_stale());
    const Verdict stale = guard.check(far, window);
    CHECK_FALSE(stale.has(Reason::calibrated_score));
    CHECK(stale.has(Reason::calibrated_score_not_evaluated));
    CHECK(stale.scores[0].p_value == 0.001);
    CHECK(guard.explain(stale).find("stale") != std::string::npos);
    guard.mark_calibrations(false);
    CHECK(guard.check(far, window).has(Reason::calibrated_score));
}

TEST_CASE("guard scores: fused by their e-values") {
    const Guard guard(with_scores(), policy(R"({"scores": {"tails": {"action": "pass"}, "novelty": {"action": "pass"}},
        "fused_scores": {"level": 0.05, "action": "alarm"}})"));
    Window window(with_scores());
    const std::vector<float> far{9.0F, -9.0F, 9.0F}, near{0.1F, 0.0F, -0.1F};
    const Verdict found = guard.check(far, window, {.embedding = far});
    const std::vector<double> p{0.001, 0.001};
    CHECK(found.fused_e_value == perturbation::fused_e_value(p));
    CHECK(found.has(Reason::fused_scores));
    CHECK(guard.explain(found).find("e-value") != std::string::npos);
    CHECK(guard.check(near, window, {.embedding = near}).decision == Decision::pass);
}

TEST_CASE("guard scores: a combination is asked of the values of the others") {
    const std::vector<float> values = floats(999 * 2, 31), benign = floats(999 * 2, 32);
    const auto both = perturbation::CalibratedScore::calibrate(
        perturbation::fit_score("combination", {}, {.rows = MatrixView<float>::row_major(values.data(), 999, 2)}),
        {.rows = MatrixView<float>::row_major(benign.data(), 999, 2)});
    CHECK(code_of([&] {
              (void)plain().with_scores({{"a", calibrated("ecod")}, {"both", both}});
          }) == ErrorCode::dimension_mismatch);
    const Baseline baseline =
        plain().with_scores({{"a", calibrated("ecod")}, {"both", both}, {"b", calibrated("mahalanobis")}});
    const Guard guard(baseline, policy(R"({"scores": {"both": {"level": 0.01}}})"));
    Window window(baseline);
    const std::vector<float> row = floats(width, 9), embedding = floats(width, 10);
    const std::vector<float> scores{static_cast<float>(baseline.scores()[0].score.score().score(row)),
                                    static_cast<float>(baseline.scores()[2].score.score().score(embedding))};
    const Verdict verdict = guard.check(row, window, {.embedding = embedding});
    CHECK(verdict.scores[0].score == both.score().score(scores));
    CHECK(std::isnan(guard.check(row, window).scores[0].score));
}

TEST_CASE("window scores: counted, merged and saved") {
    const Guard guard(with_scores(), policy(all_three));
    Window one(with_scores()), two(with_scores());
    const std::vector<float> live = floats(500 * width, 21), far{9.0F, -9.0F, 9.0F};
    for (std::size_t i = 0; i < 500; ++i) {
        const std::span<const float> row(&live[i * width], width);
        (void)guard.check(row, i % 2 == 0 ? one : two, {.embedding = row});
    }
    (void)guard.check(far, one, {.embedding = far});
    Window sum = one;
    sum.merge(two);
    const std::size_t tails = *with_scores().find_score("tails"), doubt = *with_scores().find_score("doubt");
    CHECK(sum.score_count(tails, Window::within) + sum.score_count(tails, Window::exceeded) == 501);
    CHECK(sum.score_count(tails, Window::exceeded) >= 1);
    CHECK(sum.score_count(doubt, Window::unevaluated) == 501);
    std::uint64_t told = 0;
    for (const std::uint64_t count : sum.p_value_counts(tails)) {
        CHECK(count > 10);  // uniform, near enough
        told += count;
    }
    CHECK(told == 501);
    CHECK(Window::from_bytes(with_scores(), sum.to_bytes()) == sum);
    CHECK_FALSE(sum == one);
    sum.reset();
    CHECK(sum == Window(with_scores()));
}

TEST_CASE("report scores: a benign window passes, an attacked one does not, in every format") {
    const Policy rules = policy(R"({"scores": {"tails": {"level": 0.01, "action": "alarm"}}})");
    const Guard guard(with_scores(), rules);
    Window benign(with_scores()), attacked(with_scores());
    const std::vector<float> live = floats(3000 * width, 22);
    for (std::size_t i = 0; i < 3000; ++i) {
        std::vector<float> row(&live[i * width], &live[i * width] + width);
        (void)guard.check(row, benign);
        // A fifth moves out on two features at once, less than each by itself is tested for.
        if (i % 5 == 0) row = {3.0F, -3.0F, 3.0F};
        (void)guard.check(row, attacked);
    }
    Policy tolerant = rules;
    tolerant.defaults.tolerance = 0.9;  // so that drift leaves the scores their say
    const auto report = vedette::assess(with_scores(), benign, tolerant);
    REQUIRE(report.scores.size() == 1);
    CHECK(report.decision == Decision::pass);
    CHECK(report.scores[0].evaluated == 3000);
    CHECK(report.scores[0].allowed_rate > 0.01);
    CHECK(report.scores[0].allowed_rate < 0.03);
    const auto bad = vedette::assess(with_scores(), attacked, tolerant);
    CHECK(bad.scores[0].decision == Decision::alarm);
    CHECK(bad.decision == Decision::alarm);
    CHECK(bad.summary().find("tails") != std::string::npos);
    // Where the window drifted, the calibration does not hold.
    const auto drifted = vedette::assess(with_scores(), attacked, rules);
    CHECK(drifted.scores[0].is_stale);
    CHECK(drifted.scores[0].decision == Decision::not_evaluated);
    // Nothing was scored: not evaluated, and it says so.
    const auto empty = vedette::assess(with_scores(), Window(with_scores()), tolerant);
    CHECK(empty.scores[0].decision == Decision::not_evaluated);
    CHECK(code_of([&] { (void)vedette::assess(plain(), Window(plain()), rules); }) == ErrorCode::invalid_policy);

    for (const auto format :
         {vedette::ReportFormat::table, vedette::ReportFormat::json, vedette::ReportFormat::markdown,
          vedette::ReportFormat::junit, vedette::ReportFormat::sarif, vedette::ReportFormat::html,
          vedette::ReportFormat::openmetrics}) {
        CAPTURE(static_cast<int>(format));
        CHECK(vedette::render(format, bad).find("tails") != std::string::npos);
    }
    const auto json = nlohmann::json::parse(vedette::render(vedette::ReportFormat::json, bad));
    const auto& score = json["windows"][0]["scores"][0];
    CHECK(score["kind"] == "ecod");
    CHECK(score["threats"][0]["id"] == "NISTAML.022");
    CHECK(vedette::render(vedette::ReportFormat::sarif, bad).find("AML.T0015") != std::string::npos);
}
