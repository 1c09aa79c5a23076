// SPDX-License-Identifier: Apache-2.0
// Scores that ask the model and the memory across requests, in the baseline, the policy, the guard, window and report.
#include "vedette/guard/query_memory.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "unit/drift/allocation_count.hpp"
#include "unit/perturbation/toy_models.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/file.hpp"
#include "vedette/guard/guard.hpp"
#include "vedette/guard/render.hpp"
#include "vedette/guard/report.hpp"

namespace {

namespace perturbation = vedette::perturbation;
using perturbation::AnswerStatus;
using perturbation::QueryScore;
using vedette::Baseline;
using vedette::Decision;
using vedette::ErrorCode;
using vedette::Guard;
using vedette::MatrixView;
using vedette::Policy;
using vedette::QueryMemory;
using vedette::Reason;
using vedette::Verdict;
using vedette::Window;
using vedette::testing::code_of;
using vedette::testing::LinearSoftmax;

constexpr std::size_t width = 3, classes = 4, benign_rows = 199;

std::vector<float> floats(std::size_t count, std::uint64_t seed) {
    std::vector<float> values;
    for (const double x : vedette::testing::normals(count, seed)) values.push_back(static_cast<float>(x));
    return values;
}

MatrixView<float> view(const std::vector<float>& values) {
    return MatrixView<float>::row_major(values.data(), values.size() / width, width);
}

Baseline plain() {
    const std::vector<float> reference = floats(500 * width, 3);
    std::vector<std::vector<float>> columns(width);
    for (std::size_t i = 0; i < reference.size(); ++i) columns[i % width].push_back(reference[i]);
    return Baseline::build(vedette::Table({{"a", vedette::Column::numeric(columns[0])},
                                           {"b", vedette::Column::numeric(columns[1])},
                                           {"c", vedette::Column::numeric(columns[2])}}));
}

QueryScore noise() {
    return QueryScore::noise_stability({.width = width, .copies = 8, .standard_deviation = 0.2, .seed = 5});
}
QueryScore resampling() {
    const std::vector<float> reference = floats(50 * width, 6);
    return QueryScore::marginal_resampling(view(reference), {.copies = 10});
}

Baseline asking(LinearSoftmax& network) {
    const std::vector<float> benign = floats(benign_rows * width, 4);
    const auto calibrated = [&](const QueryScore& score) {
        return perturbation::CalibratedScore::calibrate(perturbation::AnyScore(score), {.rows = view(benign)},
                                                        network.model());
    };
    return plain().with_scores({{"noise", calibrated(noise())}, {"resampling", calibrated(resampling())}});
}

constexpr const char* both = R"({"scores": {"noise": {"level": 0.05, "action": "alarm"},
    "resampling": {"level": 0.05}}})";

perturbation::QueryWatch watch(bool silent = false, std::size_t links = 16) {
    std::vector<double> scores;
    for (int i = 0; i < 999; ++i) scores.push_back(i / 5000.0);  // benign inputs share less than a fifth
    return {perturbation::FingerprintStore(perturbation::Fingerprinter(perturbation::RowFingerprintOptions{
                                               .values = width, .steps = {0.25}, .window = 1}),
                                           {.memory = 1U << 17U, .silent = silent}),
            vedette::stats::ConformalCalibration(scores),
            {.callers = {.level = 0.01, .capacity = 64}, .links = links}};
}

QueryMemory memory(bool silent = false) {
    return QueryMemory(watch(silent), perturbation::PradaAccounts({.values = width, .classes = classes}, 4));
}

}  // namespace

TEST_CASE("asking scores: the guard asks the model, and each answer, its cost and its p-value are in the verdict") {
    LinearSoftmax network(width, classes, 1);
    const Baseline baseline = asking(network);
    const Guard guard(baseline, Policy::from_json(both));
    Window window(baseline);
    const auto model = network.model(4);
    std::vector<float> workspace(guard.workspace_size(model));
    CHECK(guard.queries_per_request() == 9 + 11);
    const std::vector<float> row = floats(width, 9);
    network.calls = network.rows = 0;
    const Verdict verdict = guard.check(row, window, {.model = &model, .workspace = workspace});
    REQUIRE(verdict.score_count == 2);
    CHECK(verdict.queries.rows == 20);
    CHECK(verdict.queries.rows == network.rows);
    CHECK(verdict.queries.calls == network.calls);
    const auto answer = noise().score(row, model, workspace);
    CHECK(verdict.scores[0].score == answer.score);
    CHECK(verdict.scores[0].p_value == baseline.scores()[0].score.p_value(answer.score));
    CHECK(verdict.scores[0].status == AnswerStatus::answered);
    // An input of its own in place of the row; the same through the file of the baseline.
    const std::vector<float> other = floats(width, 10);
    const Guard again(Baseline::from_bytes(baseline.to_bytes()), Policy::from_json(both));
    CHECK(again.check(row, window, {.model = &model, .input = other, .workspace = workspace}).scores[0].score ==
          noise().score(other, model, workspace).score);
    CHECK(window.model_queries(0).rows == 18);
    CHECK(window.model_queries(1).rows == 22);
    CHECK(Window::from_bytes(baseline, window.to_bytes()) == window);
    // Of a model that allocates nothing, the guard allocates nothing either.
    const auto undecided = [](MatrixView<float>, std::span<float> outputs) {
        std::fill(outputs.begin(), outputs.end(), 0.25F);
        return 0;
    };
    auto other_model = model;
    other_model.predict = perturbation::PredictFunction(undecided);
    Window elsewhere(baseline);
    const std::size_t before = allocation_count();
    const Verdict still = guard.check(row, elsewhere, {.model = &other_model, .workspace = workspace});
    CHECK(allocation_count() == before);
    CHECK(still.scores[0].score == 0.0);
    Window sum = window;
    sum.merge(window);
    CHECK(sum.model_queries(1).rows == 44);
}

TEST_CASE("asking scores: an abort ends the questions, keeps its status, and no verdict is lost") {
    LinearSoftmax network(width, classes, 1);
    const Baseline baseline = asking(network);
    const Guard guard(baseline, Policy::from_json(both));
    Window window(baseline);
    const auto model = network.model(4);
    std::vector<float> workspace(guard.workspace_size(model));
    const std::vector<float> row{0.1F, std::nanf(""), 0.2F}, sound = floats(width, 9);
    network.calls = 0;
    network.fail_at_call = 2;
    const Verdict stopped = guard.check(sound, window, {.model = &model, .workspace = workspace});
    CHECK(stopped.decision == Decision::not_evaluated);
    CHECK(stopped.has(Reason::model_aborted));
    CHECK(stopped.findings[0].value == 42.0);
    CHECK(stopped.scores[0].status == AnswerStatus::aborted);
    CHECK(stopped.scores[0].callback_status == 42);
    CHECK(stopped.scores[1].status == AnswerStatus::aborted);  // not asked any more
    CHECK(network.calls == 2);
    CHECK(stopped.queries.calls == 2);
    CHECK(window.model_aborts(0) == 1);
    CHECK(window.model_aborts(1) == 0);
    CHECK(guard.explain(stopped).find("returned 42") != std::string::npos);
    network.fail_at_call = 0;
    // No model, too little room, a row that is none: not evaluated, and it says why.
    const Verdict without = guard.check(sound, window);
    CHECK(without.has(Reason::calibrated_score_not_evaluated));
    CHECK(without.scores[0].status == AnswerStatus::invalid_model);
    CHECK(guard.explain(without).find("none was given") != std::string::npos);
    CHECK(guard.check(sound, window, {.model = &model}).scores[0].status == AnswerStatus::workspace_too_small);
    CHECK(guard.check(row, window, {.model = &model, .workspace = workspace}).scores[0].status ==
          AnswerStatus::invalid_row);
    // Outside of the sample that is asked about: no finding, no count.
    const std::uint64_t counted = window.score_count(0, Window::unevaluated);
    const Verdict left_out = guard.check(sound, window, {.without_model = true});
    CHECK(left_out.decision == Decision::pass);
    CHECK(left_out.scores[0].decision == Decision::not_evaluated);
    CHECK(window.score_count(0, Window::unevaluated) == counted);
    // In the report, with what they asked.
    const auto report = vedette::assess(baseline, window, Policy::from_json(both));
    CHECK(report.scores[0].aborted == 1);
    CHECK(report.scores[0].queries.calls == window.model_queries(0).calls);
    const auto json = nlohmann::json::parse(vedette::render(vedette::ReportFormat::json, report));
    CHECK(json["windows"][0]["scores"][0]["model_aborted"] == 1);
}

TEST_CASE("asking scores: while a calibration is stale nothing is asked, and nothing is counted as asked") {
    LinearSoftmax network(width, classes, 1);
    const Baseline baseline = asking(network);
    const Guard guard(baseline, Policy::from_json(both));
    Window window(baseline);
    const auto model = network.model(4);
    std::vector<float> workspace(guard.workspace_size(model));
    const std::vector<float> row = floats(width, 9);
    network.calls = 0;
    guard.mark_calibrations(true);
    const Verdict stale = guard.check(row, window, {.model = &model, .workspace = workspace});
    guard.mark_calibrations(false);
    CHECK(network.calls == 0);
    CHECK(stale.queries.calls == 0);
    CHECK(stale.decision == Decision::not_evaluated);
    CHECK(stale.has(Reason::calibrated_score_not_evaluated));
    CHECK(stale.scores[0].status == AnswerStatus::not_asked);
    CHECK(std::isnan(stale.scores[1].score));
    CHECK(guard.explain(stale).find("stale, so the model was not asked") != std::string::npos);
    CHECK(window.model_queries(0).calls == 0);
    CHECK(window.score_count(0, Window::unevaluated) == 1);
    const Verdict fresh = guard.check(row, window, {.model = &model, .workspace = workspace});
    CHECK(fresh.scores[0].status == AnswerStatus::answered);
    CHECK(network.calls > 0);
}

TEST_CASE("asking scores: they take no part in combinations, and are calibrated with a model alone") {
    LinearSoftmax network(width, classes, 1);
    const std::vector<float> benign = floats(benign_rows * width, 4);
    CHECK(code_of([&] {
              (void)perturbation::CalibratedScore::calibrate(perturbation::AnyScore(noise()), {.rows = view(benign)});
          }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] {
              (void)perturbation::CalibratedScore::calibrate(
                  perturbation::fit_score("ecod", {}, {.rows = view(benign)}), {.rows = view(benign)}, network.model());
          }) == ErrorCode::invalid_argument);
    std::vector<std::uint32_t> groups(benign_rows);
    for (std::size_t i = 0; i < benign_rows; ++i) groups[i] = static_cast<std::uint32_t>(i % 2);
    perturbation::ModelQueries queries;
    const auto grouped = perturbation::CalibratedScore::calibrate(
        perturbation::AnyScore(noise()), {.rows = view(benign), .groups = groups}, network.model(), {}, &queries);
    CHECK(queries.rows == benign_rows * 9);
    CHECK(grouped.smallest_p_value({.group = 1}) == doctest::Approx(1.0 / 100.0));
    network.fail_at_call = network.calls + 3;
    CHECK(code_of([&] {
              (void)perturbation::CalibratedScore::calibrate(perturbation::AnyScore(noise()), {.rows = view(benign)},
                                                             network.model());
          }) == ErrorCode::callback_aborted);
}

TEST_CASE("memory: an account that asks the same again is accused, and the verdict and the report say so") {
    const Baseline baseline = plain();
    const Guard guard(baseline, Policy::from_json(R"({"memory": {"query_attacks": "alarm"}})"));
    Window window(baseline);
    QueryMemory remembered = memory();
    vedette::Random random(2);
    std::vector<float> row = floats(width, 9);
    Verdict verdict;
    int requests = 0;
    const std::size_t before = allocation_count();
    for (; requests < 100 && !verdict.is_alarm(); ++requests) {
        for (float& x : row) x += static_cast<float>(1e-4 * random.normal());
        verdict = guard.check(row, window, {.memory = &remembered, .account = "mallory", .time = 60});
    }
    CHECK(allocation_count() == before);
    REQUIRE(verdict.is_alarm());
    CHECK(requests > 1);
    CHECK(requests < 40);
    CHECK(verdict.has(Reason::query_attack));
    CHECK(verdict.memory.query_attack == Decision::alarm);
    CHECK(verdict.memory.query.account.e_value >= 100.0);
    CHECK(verdict.findings[0].value == verdict.memory.query.account.e_value);
    CHECK(guard.explain(verdict).find("e-value") != std::string::npos);
    const std::vector<float> far{1.0F, -1.0F, 0.5F};
    CHECK(guard.check(far, window, {.memory = &remembered, .account = "alice", .time = 61}).decision == Decision::pass);
    CHECK(guard.check(far, window).memory.query_attack == Decision::not_evaluated);
    CHECK(window.memory_count(Window::watched) == static_cast<std::uint64_t>(requests) + 1);
    CHECK(window.memory_count(Window::query_attacks) == 1);
    CHECK(Window::from_bytes(baseline, window.to_bytes()) == window);
    CHECK(remembered.forget("mallory"));
    CHECK_FALSE(guard.check(row, window, {.memory = &remembered, .account = "mallory", .time = 62}).is_alarm());

    const auto report = vedette::assess(baseline, window, guard.policy());
    REQUIRE(report.memory.has_value());
    CHECK(report.memory->decision == Decision::alarm);
    CHECK(report.decision == Decision::alarm);
    for (const auto format :
         {vedette::ReportFormat::table, vedette::ReportFormat::json, vedette::ReportFormat::markdown,
          vedette::ReportFormat::junit, vedette::ReportFormat::sarif, vedette::ReportFormat::html,
          vedette::ReportFormat::openmetrics}) {
        CAPTURE(static_cast<int>(format));
        CHECK(vedette::render(format, report).find("emory") != std::string::npos);
    }
    const auto json = nlohmann::json::parse(vedette::render(vedette::ReportFormat::json, report));
    CHECK(json["windows"][0]["memory"]["query_attacks"] == 1);
    CHECK(json["windows"][0]["memory"]["threats"][0]["id"] == "NISTAML.025");
    CHECK_FALSE(vedette::assess(baseline, Window(baseline)).memory.has_value());
}

TEST_CASE("memory: while calibrations are stale no account is accused, and an accused one stays so") {
    const Baseline baseline = plain();
    const Guard guard(baseline, Policy::from_json(R"({"memory": {"query_attacks": "alarm"}})"));
    Window window(baseline);
    QueryMemory remembered = memory();
    const std::vector<float> row = floats(width, 9);
    const auto ask = [&](const char* account) {
        Verdict verdict;
        for (int i = 0; i < 60; ++i)
            verdict = guard.check(row, window, {.memory = &remembered, .account = account, .time = 60});
        return verdict;
    };
    guard.mark_calibrations(true);
    const Verdict stale = ask("mallory");
    CHECK(stale.decision == Decision::pass);
    CHECK(stale.memory.query_attack == Decision::not_evaluated);
    CHECK(stale.memory.query.account.requests == 0);
    CHECK(stale.memory.query.match.score == 1.0);  // remembered all the same
    guard.mark_calibrations(false);
    CHECK(ask("mallory").is_alarm());
    guard.mark_calibrations(true);
    CHECK(ask("mallory").is_alarm());
}

TEST_CASE("memory: in silent mode the evidence is there, and no answer shows it") {
    const Baseline baseline = plain();
    for (const bool by_policy : {false, true}) {
        const Guard guard(baseline, Policy::from_json(by_policy ? R"({"memory": {"silent": true}})" : "{}"));
        Window window(baseline);
        QueryMemory remembered = memory(!by_policy);
        const std::vector<float> row = floats(width, 9);
        Verdict verdict;
        for (int i = 0; i < 60; ++i) verdict = guard.check(row, window, {.memory = &remembered, .account = "mallory"});
        CHECK(verdict.memory.is_silent);
        CHECK(verdict.memory.query_attack == Decision::alarm);
        CHECK(verdict.decision == Decision::pass);
        CHECK(verdict.finding_count == 0);
        CHECK(guard.explain(verdict) == "pass");
        CHECK(window.memory_count(Window::query_attacks) > 0);
        CHECK(vedette::assess(baseline, window, guard.policy()).memory->decision == Decision::warn);
    }
}

TEST_CASE("memory: extraction by PRADA, of the embedding and the largest logit, account by account") {
    const Baseline baseline = plain();
    const Guard guard(baseline, Policy::from_json(R"({"memory": {"extraction": "alarm", "query_attacks": "pass"}})"));
    Window window(baseline);
    QueryMemory remembered(std::nullopt, perturbation::PradaAccounts({.values = width, .classes = classes}, 4));
    vedette::Random random(8);
    const std::vector<float> logits{0.0F, 2.0F, 1.0F, 0.0F}, row = floats(width, 9);
    Verdict benign, thief;
    bool found = false;
    for (int i = 0; i < 300; ++i) {
        std::vector<float> natural(width), synthetic(width);
        for (float& x : natural) x = static_cast<float>(random.normal());
        // Either at a fixed small step from the seed, or far from it: two heaps of distances.
        synthetic.assign(width, static_cast<float>(i % 2 == 0 ? 0.01 * i : 100.0 + 3.0 * i));
        benign = guard.check(row, window,
                             {.embedding = natural, .logits = logits, .memory = &remembered, .account = "alice"});
        thief = guard.check(row, window,
                            {.embedding = synthetic, .logits = logits, .memory = &remembered, .account = "mallory"});
        found |= thief.has(Reason::extraction);
    }
    CHECK(found);
    CHECK(thief.memory.extraction == Decision::alarm);
    CHECK(thief.decision == Decision::alarm);
    CHECK(guard.explain(thief).find("W = ") != std::string::npos);
    CHECK(benign.memory.extraction == Decision::pass);
    CHECK(benign.decision == Decision::pass);
    CHECK(benign.memory.query_attack == Decision::not_evaluated);
    // Without a prediction there is nothing to judge.
    CHECK(guard.check(row, window, {.embedding = row, .memory = &remembered, .account = "bob"}).memory.extraction ==
          Decision::not_evaluated);
    CHECK(remembered.prada()->accounts() == 2);
}

TEST_CASE("memory: an account whose embeddings have another law is found, silently where it must be") {
    const std::vector<float> reference = floats(500 * width, 21);
    const vedette::drift::MmdMonitor<float> fitted(
        view(reference), {.features = 32, .window = 40, .expected_run = 2000.0, .simulations = 2000});
    const Baseline baseline = plain();
    const std::vector<float> row = floats(width, 9);
    for (const bool silent : {false, true}) {
        const Guard guard(baseline, Policy::from_json(silent ? R"({"memory": {"extraction": "alarm", "silent": true}})"
                                                             : R"({"memory": {"extraction": "alarm"}})"));
        Window window(baseline);
        QueryMemory remembered(std::nullopt, std::nullopt, vedette::MmdAccounts(fitted, 4));
        vedette::Random random(8);
        bool benign_found = false, told = false;
        int found_after = 0;
        std::uint64_t alarms = 0;
        for (int i = 1; i <= 100; ++i) {
            std::vector<float> benign(width), natural(width);
            for (float& x : benign) x = static_cast<float>(random.normal());
            for (float& x : natural) x = static_cast<float>(1.0 + 0.5 * random.normal());
            const Verdict one =
                guard.check(row, window, {.embedding = benign, .memory = &remembered, .account = "alice"});
            benign_found |= one.memory.unlike_benign == Decision::alarm;
            const Verdict two =
                guard.check(row, window, {.embedding = natural, .memory = &remembered, .account = "mallory"});
            if (two.memory.unlike_benign != Decision::alarm) {
                CHECK(found_after == 0);  // once found, it stays so while it goes on
                continue;
            }
            ++alarms;
            if (found_after == 0) found_after = i;
            told |= two.has(Reason::unlike_benign);
            if (!silent) {
                CHECK(two.decision == Decision::alarm);
                CHECK(guard.explain(two).find("another law") != std::string::npos);
            } else {
                CHECK(two.decision == Decision::pass);
            }
        }
        CHECK(!benign_found);
        CHECK(found_after > 0);
        CHECK(found_after <= 40);
        CHECK(told == !silent);
        CHECK(window.memory_count(Window::extractions) == alarms);
        CHECK(remembered.mmd()->accounts() == 2);
        const auto report = vedette::assess(baseline, window, guard.policy());
        CHECK(report.memory->decision == Decision::alarm);
        // Through its file, bit for bit; forgotten, the account begins anew.
        QueryMemory again = QueryMemory::from_bytes(remembered.to_bytes());
        const std::vector<float> next = floats(width, 33);
        CHECK(again.observe({.embedding = next, .account = "mallory"}).mmd.distance ==
              remembered.observe({.embedding = next, .account = "mallory"}).mmd.distance);
        CHECK(again.to_bytes() == remembered.to_bytes());
        CHECK(remembered.forget("mallory"));
        CHECK_FALSE(remembered.forget("mallory"));
        const auto anew = remembered.observe({.embedding = next, .account = "mallory"});
        CHECK(anew.unlike_benign == Decision::not_evaluated);
        CHECK(anew.mmd.rows == 1);
        // Of another width, or while the reference is void: nothing enters.
        CHECK(remembered.observe({.input = std::vector<float>(2), .account = "mallory"}).mmd.rows == 0);
        CHECK(remembered.observe({.embedding = next, .account = "mallory", .is_stale = true}).mmd.rows == 0);
        CHECK(remembered.observe({.embedding = next, .account = "mallory"}).mmd.rows == 2);
    }
}

TEST_CASE("windows of accounts: bounded, without allocation, and files that no such object writes are refused") {
    const std::vector<float> reference = floats(200 * width, 21);
    const vedette::drift::MmdMonitor<float> fitted(
        view(reference), {.features = 8, .window = 10, .expected_run = 100.0, .simulations = 1000});
    vedette::MmdAccounts accounts(fitted, 3, perturbation::FingerprintKey{1, 2, 3, 4});
    const std::vector<float> rows = floats(50 * width, 22);
    const std::size_t memory_before = accounts.memory(), before = allocation_count();
    for (std::size_t i = 0; i < 50; ++i) {
        char name[2] = {static_cast<char>('a' + i % 7), 0};
        (void)accounts.update(std::span(rows).subspan(i * width, width), name);
    }
    CHECK(allocation_count() == before);
    CHECK(accounts.memory() == memory_before);
    CHECK(accounts.accounts() == 3);
    CHECK(accounts.capacity() == 3);
    // NaN and infinity enter no window.
    const auto seen = accounts.update(std::vector<float>{1.0F, std::nanf(""), 0.0F}, "a").rows;
    CHECK(accounts.update(std::vector<float>{1.0F, INFINITY, 0.0F}, "a").rows == seen);
    // Nor do they take a place from an account that has one.
    const std::vector<std::byte> settled = accounts.serialize();
    CHECK(accounts.update(std::vector<float>{std::nanf(""), 0.0F, 0.0F}, "stranger").rows == 0);
    CHECK(accounts.serialize() == settled);
    const std::vector<std::byte> bytes = accounts.serialize();
    vedette::MmdAccounts again = vedette::MmdAccounts::deserialize(bytes);
    CHECK(again.serialize() == bytes);
    for (std::size_t length = 0; length < bytes.size(); length += 1 + bytes.size() / 30)
        CHECK(code_of([&] { (void)vedette::MmdAccounts::deserialize(std::span(bytes).first(length)); }) ==
              ErrorCode::corrupt_data);
    CHECK(code_of([&] { (void)vedette::MmdAccounts::deserialize(bytes, 1000); }) == ErrorCode::overflow);
    CHECK(code_of([&] { (void)vedette::MmdAccounts(fitted, 0); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)vedette::MmdAccounts(fitted, 70'000); }) == ErrorCode::invalid_argument);
    // Of wide rows it is not the window that takes the memory, and free places take it, too.
    constexpr std::size_t wide = 100'000;
    const std::vector<float> wide_rows = floats(20 * wide, 24);
    const vedette::drift::MmdMonitor<float> of_wide(
        vedette::MatrixView<float>::row_major(wide_rows.data(), 20, wide),
        {.features = 8, .window = 2, .expected_run = 10.0, .simulations = 1000});
    const vedette::MmdAccounts many(of_wide, 4);
    CHECK(many.memory() >= 4 * wide * sizeof(float));
    CHECK(code_of([&] { (void)vedette::MmdAccounts::deserialize(many.serialize(), 4 * wide * sizeof(float)); }) ==
          ErrorCode::overflow);
    CHECK(code_of([&] { (void)vedette::MmdAccounts(of_wide, 65'536); }) == ErrorCode::overflow);
    // Monitors of two fits are no object's.
    const std::vector<float> other = floats(200 * width, 23);
    vedette::drift::MmdMonitor<float> one = fitted;
    CHECK(code_of([&] {
              one.resume(vedette::drift::MmdMonitor<float>(
                  view(other), {.features = 8, .window = 10, .expected_run = 100.0, .simulations = 1000}));
          }) == ErrorCode::baseline_mismatch);
}

TEST_CASE("windows of accounts that are joined: an alarm of either stays, and no row is lost") {
    const std::vector<float> reference = floats(200 * width, 21), benign = floats(10 * width, 22);
    const vedette::drift::MmdMonitor<float> fitted(
        view(reference), {.features = 8, .window = 10, .expected_run = 1000.0, .simulations = 1000});
    const std::vector<float> strange(width, 9.0F), usual(width, 0.1F);
    const auto alarmed = [&](vedette::MmdAccounts& accounts, const char* name) {
        for (int i = 0; i < 10 && !accounts.update(strange, name).is_alarm;) ++i;
        // It is emptied with the next row, which has a usual law.
        const auto said = accounts.update(usual, name);
        CHECK(said.is_alarm);
        CHECK(said.rows == 1);
    };
    const auto asked = [&](vedette::MmdAccounts& accounts, const char* name) {
        for (std::size_t i = 0; i < 10; ++i)
            REQUIRE_FALSE(accounts.update(std::span(benign).subspan(i * width, width), name).is_alarm);
    };
    for (const bool has_window : {false, true}) {
        CAPTURE(has_window);
        vedette::MmdAccounts accounts(fitted, 3);
        if (has_window) asked(accounts, "decoy");
        alarmed(accounts, "thief");
        accounts.join("decoy", "thief");
        const auto said = accounts.update(usual, "decoy");
        CHECK(said.is_alarm);
        CHECK(said.rows == 2);
        CHECK(accounts.accounts() == 1);
    }
    vedette::MmdAccounts accounts(fitted, 3);
    alarmed(accounts, "thief");
    asked(accounts, "decoy");
    accounts.join("thief", "decoy");
    CHECK(accounts.update(usual, "thief").is_alarm);
    // With itself it changes nothing, and a single place goes over with its rows.
    vedette::MmdAccounts one(fitted, 1);
    asked(one, "a");
    one.join("a", "a");
    CHECK(one.update(usual, "a").rows == 10);
    one.join("b", "a");
    CHECK(one.update(usual, "b").rows == 10);
}

TEST_CASE("memory: copying spread over accounts is found by their group, and by no member") {
    // Each account asks less than a look takes; what it asks are steps from inputs of all, as a substitute's data grow.
    const std::vector<float> reference = floats(1000 * width, 21);
    const vedette::drift::MmdMonitor<float> fitted(
        view(reference), {.features = 32, .window = 80, .expected_run = 5000.0, .simulations = 5000});
    const auto made = [&] {
        return QueryMemory(watch(false, 1024), std::nullopt, vedette::MmdAccounts(fitted, 64),
                           vedette::MmdGroups(fitted, {.groups = 4, .accounts = 32}));
    };
    QueryMemory remembered = made();
    const Baseline baseline = plain();
    const Guard guard(baseline, Policy::from_json(R"({"memory": {"extraction": "alarm"}})"));
    Window window(baseline);
    vedette::Random random(31);
    constexpr int accounts = 20, each = 15;  // a look takes 20
    std::vector<std::vector<float>> seeds(10, std::vector<float>(width));
    for (auto& seed : seeds)
        for (float& x : seed) x = static_cast<float>(1.5 + 0.4 * random.normal());
    int found_after = 0, asked = 0;
    bool is_told = false;
    [[maybe_unused]] const std::size_t before = allocation_count();
    std::size_t allocated = 0;
    for (int i = 0; i < each; ++i) {
        for (int account = 0; account < accounts; ++account) {
            std::vector<float> row = seeds[random() % seeds.size()];
            for (float& x : row) x += random.uniform() < 0.5 ? -0.05F : 0.05F;
            const std::string name = "thief " + std::to_string(account);
            const std::size_t at = allocation_count();
            const Verdict verdict = guard.check(row, window, {.memory = &remembered, .account = name});
            allocated += allocation_count() - at;
            ++asked;
            CHECK(verdict.memory.unlike_benign == Decision::not_evaluated);  // of the member alone
            if (verdict.memory.group_unlike_benign != Decision::alarm) continue;
            if (found_after == 0) found_after = asked;
            CHECK(verdict.has(Reason::unlike_benign));
            CHECK(verdict.decision != Decision::alarm);  // whatever the policy says
            is_told |= guard.explain(verdict).find("accounts that share some") != std::string::npos;
            CHECK(verdict.memory.group.accounts > 1);
        }
    }
#if !defined(VEDETTE_SANITIZED)
    CHECK(before > 0);  // or nothing is counted
#endif
    CHECK(allocated == 0);
    MESSAGE("found after ", found_after, " inputs of ", accounts, " accounts");
    CHECK(found_after > 0);
    CHECK(found_after < accounts * each);
    CHECK(is_told);
    CHECK(window.memory_count(Window::extractions) > 0);
    // Through its file it goes on bit for bit.
    const std::vector<std::byte> bytes = remembered.to_bytes();
    QueryMemory again = QueryMemory::from_bytes(bytes);
    CHECK(again.to_bytes() == bytes);
    const auto here = remembered.observe({.input = seeds[0], .account = "thief 0", .time = 9});
    const auto there = again.observe({.input = seeds[0], .account = "thief 0", .time = 9});
    CHECK(here.group.accounts == there.group.accounts);
    CHECK(here.group.window.rows == there.group.window.rows);
    CHECK(remembered.to_bytes() == again.to_bytes());
    for (std::size_t length = 0; length < bytes.size(); length += 1 + bytes.size() / 20)
        CHECK(code_of([&] { (void)QueryMemory::from_bytes(std::span(bytes).first(length)); }) ==
              ErrorCode::corrupt_data);
    // All parts together within what is allowed, and none without it.
    const std::size_t taken = remembered.memory();
    CHECK(taken > remembered.queries()->memory() + remembered.mmd()->memory() + remembered.groups()->memory());
    CHECK(taken > remembered.queries()->store().memory() + remembered.queries()->callers().memory());
    CHECK(QueryMemory::from_bytes(bytes, again.memory()).to_bytes() == bytes);
    CHECK(again.memory() <= taken);
    CHECK(code_of([&] { (void)QueryMemory::from_bytes(bytes, again.memory() - 1); }) == ErrorCode::overflow);
    CHECK(code_of([&] { (void)QueryMemory::from_bytes(bytes, again.queries()->memory()); }) == ErrorCode::overflow);
    CHECK(code_of([&] { (void)QueryMemory::from_bytes(bytes, 0); }) == ErrorCode::overflow);
    // Forgotten, an account is in no group until it is linked again; while the reference is void nothing enters.
    CHECK(remembered.forget("thief 0"));
    const std::vector<float> other{-9.0F, 7.0F, 30.0F};
    CHECK(remembered.observe({.input = other, .account = "thief 0", .time = 9}).group.accounts == 0);
    CHECK(remembered.observe({.input = seeds[0], .account = "thief 1", .time = 9, .is_stale = true}).group.accounts ==
          0);
    CHECK(code_of([&] {
              (void)QueryMemory(std::nullopt, std::nullopt, vedette::MmdAccounts(fitted, 4),
                                vedette::MmdGroups(fitted));
          }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)vedette::MmdGroups(fitted, {.groups = 0}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)vedette::MmdGroups(fitted, {.accounts = 1}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)vedette::MmdGroups(fitted, {.least_shared = 0}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)vedette::MmdGroups(fitted, {.largest = 1}); }) == ErrorCode::invalid_argument);
}

TEST_CASE("memory: a forgotten account is not put back into its group by one shared input") {
    const std::vector<float> reference = floats(200 * width, 21), rows = floats(20 * width, 25);
    QueryMemory remembered(
        watch(), std::nullopt, std::nullopt,
        vedette::MmdGroups(
            vedette::drift::MmdMonitor<float>(
                view(reference), {.features = 8, .window = 10, .expected_run = 100.0, .simulations = 1000}),
            {.groups = 2, .accounts = 4, .least_shared = 3}));
    std::uint64_t i = 0;
    const auto both_ask = [&] {
        const auto row = std::span<const float>(rows).subspan(width * i++, width);
        (void)remembered.observe({.input = row, .account = "a", .time = 1});
        return remembered.observe({.input = row, .account = "b", .time = 1}).group.accounts;
    };
    CHECK(both_ask() == 0);
    CHECK(both_ask() == 0);
    CHECK(both_ask() == 2);
    (void)remembered.forget("b");
    CHECK(both_ask() == 0);
    CHECK(both_ask() == 2);
    // A day later they are no group, and are one again by as many inputs as they share then.
    const auto later = [&](std::uint64_t time, const char* account) {
        const auto row = std::span<const float>(rows).subspan(width * (i++ % 20), width);
        return remembered.observe({.input = row, .account = account, .time = time}).group.accounts;
    };
    CHECK(later(2, "a") == 2);
    // So they are no group after a merge with one whose time is a day later,
    QueryMemory ahead = QueryMemory::from_bytes(remembered.to_bytes());
    QueryMemory behind = QueryMemory::from_bytes(remembered.to_bytes());
    const auto row_at = [&](QueryMemory& memory, std::uint64_t time, bool is_stale) {
        return memory
            .observe({.input = std::span<const float>(rows).first(width),
                      .account = "a",
                      .time = time,
                      .is_stale = is_stale})
            .group.accounts;
    };
    (void)row_at(ahead, 3 * 24 * 3600, false);
    behind.merge(ahead);
    CHECK(row_at(behind, 3 * 24 * 3600, false) == 0);
    // and where the request that says that time has passed is one under a void reference.
    QueryMemory stale = QueryMemory::from_bytes(remembered.to_bytes());
    CHECK(row_at(stale, 3 * 24 * 3600, true) == 0);
    CHECK(row_at(stale, 3 * 24 * 3600, false) == 0);
    CHECK(later(3 * 24 * 3600, "a") == 0);
}

TEST_CASE("memory: saved, merged, and lies are refused") {
    QueryMemory one = memory();
    const std::vector<float> row = floats(width, 9);
    for (int i = 0; i < 20; ++i)
        (void)one.observe({.input = row, .predicted = 1, .account = "a", .time = static_cast<std::uint64_t>(i)});
    const std::vector<std::byte> bytes = one.to_bytes();
    QueryMemory two = QueryMemory::from_bytes(bytes);
    CHECK(two.to_bytes() == bytes);
    const auto evidence = one.observe({.input = row, .account = "a", .time = 30});
    CHECK(two.observe({.input = row, .account = "a", .time = 30}).query.account.e_value ==
          evidence.query.account.e_value);
    CHECK(two.to_bytes() == one.to_bytes());
    for (std::size_t length = 0; length < bytes.size(); length += 1 + bytes.size() / 30)
        CHECK(code_of([&] { (void)QueryMemory::from_bytes(std::span(bytes).first(length)); }) ==
              ErrorCode::corrupt_data);
    const std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("vedette-memory-" + std::to_string(::getpid()));
    one.save(path);
    CHECK(QueryMemory::load(path).to_bytes() == one.to_bytes());
    CHECK(std::filesystem::status(path).permissions() ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
    vedette::write_file_atomically(path, "no memory");
    CHECK_THROWS_WITH_AS((void)QueryMemory::load(path), doctest::Contains(path.c_str()), vedette::Error);
    std::filesystem::remove(path);
    CHECK(code_of([&] { one.merge(one); }) == ErrorCode::invalid_argument);
    const std::uint64_t remembered = one.queries()->store().size();
    one.merge(two);
    CHECK(one.queries()->store().size() > remembered);
    CHECK(code_of([&] { one.merge(memory()); }) == ErrorCode::baseline_mismatch);  // another key
    CHECK(code_of([] { static_cast<void>(QueryMemory(std::nullopt)); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { (void)Policy::from_json(R"({"memory": {"query_attacks": "learned"}})"); }) ==
          ErrorCode::invalid_policy);
    CHECK(code_of([] { (void)Policy::from_json(R"({"memory": {"level": 1}})"); }) == ErrorCode::invalid_policy);
    const Policy policy = Policy::from_json(R"({"memory": {"extraction": "alarm", "silent": true}})");
    CHECK(Policy::from_json(policy.to_json()).memory == policy.memory);
}

TEST_CASE("threat tags: every reason that can be a sign of an attack has some of all three catalogues") {
    for (const Reason reason : {Reason::score, Reason::calibrated_score, Reason::fused_scores, Reason::query_attack,
                                Reason::extraction, Reason::unlike_benign}) {
        std::string catalogues;
        for (const auto& tag : vedette::threat_tags(reason)) catalogues += tag.catalogue;
        for (const char* const name : {"NIST", "OWASP", "ATLAS"}) CHECK(catalogues.find(name) != std::string::npos);
    }
    CHECK(vedette::threat_tags(Reason::null_value).empty());
    CHECK(vedette::reason_name(Reason::extraction) == std::string("extraction"));
}
