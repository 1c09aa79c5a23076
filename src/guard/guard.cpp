// SPDX-License-Identifier: Apache-2.0
// The request path: count the row, look only at what stands out, judge it by the policy.
#include "vedette/guard/guard.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "guard/baseline_state.hpp"
#include "guard/codes.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0 {

namespace {

constexpr std::array reason_names{"wrong_width",
                                  "wrong_type",
                                  "null_value",
                                  "not_a_number",
                                  "infinite_value",
                                  "unseen_category",
                                  "out_of_range",
                                  "far_out_of_range",
                                  "score",
                                  "score_not_evaluated",
                                  "foreign_window",
                                  "calibrated_score",
                                  "calibrated_score_not_evaluated",
                                  "fused_scores",
                                  "schema",
                                  "model_aborted",
                                  "query_attack",
                                  "extraction"};

void add(Verdict& verdict, Reason reason, Decision decision, std::size_t subject, double value) noexcept {
    if (decision == Decision::pass) return;
    verdict.decision = worst(verdict.decision, decision);
    verdict.reasons |= 1U << static_cast<unsigned>(reason);
    if (verdict.finding_count < Verdict::capacity) {
        verdict.findings[verdict.finding_count] = {
            .reason = reason, .decision = decision, .subject = static_cast<std::uint32_t>(subject), .value = value};
    }
    ++verdict.finding_count;
}

Decision resolve(Action action, std::uint64_t seen_in_reference) noexcept {
    switch (action) {
        case Action::pass: return Decision::pass;
        case Action::warn: return Decision::warn;
        case Action::alarm: return Decision::alarm;
        case Action::learned: return seen_in_reference > 0 ? Decision::pass : Decision::warn;
    }
    return Decision::alarm;
}

}  // namespace

const char* reason_name(Reason reason) noexcept {
    const auto index = static_cast<std::size_t>(reason);
    return index < reason_names.size() ? reason_names[index] : "unknown";
}

std::span<const ThreatTag> threat_tags(Reason reason) noexcept {
    static constexpr std::array evasion{
        ThreatTag{"NIST AI 100-2e2025", "NISTAML.022", "Evasion"},
        ThreatTag{"OWASP Machine Learning Security Top 10", "ML01:2023", "Input Manipulation Attack"},
        ThreatTag{"MITRE ATLAS", "AML.T0015", "Evade AI Model"},
        ThreatTag{"MITRE ATLAS", "AML.T0043", "Craft Adversarial Data"},
    };
    static constexpr std::array probing{
        ThreatTag{"NIST AI 100-2e2025", "NISTAML.025", "Black-box Evasion"},
        ThreatTag{"OWASP Machine Learning Security Top 10", "ML01:2023", "Input Manipulation Attack"},
        ThreatTag{"MITRE ATLAS", "AML.T0043.001", "Black-Box Optimization"},
    };
    static constexpr std::array theft{
        ThreatTag{"NIST AI 100-2e2025", "NISTAML.031", "Model Extraction"},
        ThreatTag{"OWASP Machine Learning Security Top 10", "ML05:2023", "Model Theft"},
        ThreatTag{"MITRE ATLAS", "AML.T0024.002", "Extract AI Model"},
    };
    if (reason == Reason::query_attack) return probing;
    if (reason == Reason::extraction) return theft;
    const bool is_score =
        reason == Reason::score || reason == Reason::calibrated_score || reason == Reason::fused_scores;
    return is_score ? std::span<const ThreatTag>(evasion) : std::span<const ThreatTag>();
}

namespace {

// What an entry can turn out to be. The first six are the codes from `codes::invalid` on, in their order.
enum EntryKind : std::uint8_t {
    wrong_type,
    null,
    skipped,
    negative_infinity,
    positive_infinity,
    nan,
    unseen,
    outside,
    far_outside,
    as_expected,
    kind_count
};
static_assert(codes::null == codes::invalid + null && codes::negative_infinity == codes::invalid + negative_infinity &&
              codes::positive_infinity == codes::invalid + positive_infinity && codes::nan == codes::invalid + nan);

constexpr std::array<Reason, kind_count> reason_of{
    Reason::wrong_type,       Reason::null_value,   Reason::wrong_type,      Reason::infinite_value,
    Reason::infinite_value,   Reason::not_a_number, Reason::unseen_category, Reason::out_of_range,
    Reason::far_out_of_range, Reason::out_of_range};

}  // namespace

// The policy of one feature with everything looked up that can be looked up beforehand.
struct Guard::FeatureRule {
    std::array<Decision, kind_count> decisions{};  // by kind of entry
    Decision schema_error = Decision::pass;
    Decision schema_warning = Decision::pass;
    bool categorical = false;
    double far_below = 0.0;
    double far_above = 0.0;

    // Without branches: in a flood of findings they would be mispredicted.
    [[nodiscard]] std::size_t classify(std::uint16_t code, double value) const noexcept {
        const std::size_t numeric =
            outside + (static_cast<std::size_t>(value < far_below) | static_cast<std::size_t>(value > far_above));
        const std::size_t cell = categorical ? std::size_t{unseen} : numeric;
        return code >= codes::invalid ? static_cast<std::size_t>(code - codes::invalid) : cell;
    }
};

Guard::Guard(Baseline baseline, Policy policy) : baseline_(std::move(baseline)), policy_(std::move(policy)) {
    policy_.validate();
    for (const auto& [name, rules] : policy_.features) {
        if (!baseline_.find(name)) {
            throw Error(ErrorCode::invalid_policy,
                        fmt::format("policy /features/{}: the baseline has no feature of this name", name));
        }
    }
    auto rules = std::make_shared<std::vector<FeatureRule>>();
    for (const FeatureBaseline& feature : baseline_.features()) {
        const FeaturePolicy& given = policy_.for_feature(feature.name);
        const RequestPolicy& request = given.request;
        FeatureRule rule;
        rule.categorical = feature.kind == FeatureKind::categorical;
        if (!given.ignore && baseline_.validator() == nullptr) {
            rule.decisions[wrong_type] = resolve(request.wrong_type, 0);
            rule.decisions[null] = resolve(request.null, feature.nulls);
            rule.decisions[negative_infinity] = resolve(request.infinity, feature.negative_infinities);
            rule.decisions[positive_infinity] = resolve(request.infinity, feature.positive_infinities);
            rule.decisions[nan] = resolve(request.not_a_number, feature.nans);
        }
        if (!given.ignore) {
            if (baseline_.validator() != nullptr) {
                rule.schema_error = resolve(policy_.schema.error, 0);
                rule.schema_warning = resolve(policy_.schema.warning, 0);
            }
            rule.decisions[unseen] = resolve(request.unseen_category, feature.counts().back());
            rule.decisions[outside] = resolve(request.out_of_range, 0);
            rule.decisions[far_outside] = resolve(request.far_out_of_range, 0);
        }
        const double range = feature.grid.maximum - feature.grid.minimum;
        rule.far_below = feature.grid.minimum - request.far_factor * range;
        rule.far_above = feature.grid.maximum + request.far_factor * range;
        rules->push_back(rule);
    }
    // Behind the features: of all expressions of the schema.
    FeatureRule expressions;
    expressions.schema_error = resolve(policy_.schema.error, 0);
    expressions.schema_warning = resolve(policy_.schema.warning, 0);
    rules->push_back(expressions);
    rules_ = std::move(rules);
    name_scores();
}

void Guard::name_scores() {
    for (const auto& [name, rule] : policy_.scores) {
        const auto index = baseline_.find_score(name);
        if (!index)
            throw Error(ErrorCode::invalid_policy,
                        fmt::format("policy /scores/{}: the baseline has no score of this name", name));
        try {
            baseline_.scores()[*index].score.require_level(rule.level);
        } catch (const Error& error) {
            throw Error(error.code(), fmt::format("policy /scores/{}/level: {}", name, error.what()));
        }
        calibrated_.push_back({*index, rule.level, resolve(rule.action, 0)});
    }
    if (policy_.fused_scores.action == Action::pass) return;
    std::vector<double> least;
    for (const CalibratedSlot& slot : calibrated_)
        least.push_back(baseline_.scores()[slot.index].score.smallest_p_value());
    const double most = perturbation::fused_e_value(least);
    if (!(most * policy_.fused_scores.level >= 1.0))
        throw Error(
            ErrorCode::not_enough_data,
            fmt::format("policy /fused_scores/level: {} needs an e-value of {:.6g}, and {} scores so calibrated "
                        "reach {:.6g} at most: name scores with more calibration rows",
                        policy_.fused_scores.level, 1.0 / policy_.fused_scores.level, calibrated_.size(), most));
}

const std::string& Guard::calibrated_score_name(std::size_t index) const {
    return baseline_.scores()[calibrated_.at(index).index].name;
}

void Guard::add_slot(ScoreSlot slot) {
    if (slot.name.empty()) throw Error(ErrorCode::invalid_argument, "a score needs a name");
    if (std::isnan(slot.thresholds.warn) || std::isnan(slot.thresholds.alarm)) {
        throw Error(ErrorCode::invalid_argument, fmt::format("score \"{}\": a threshold is NaN", slot.name));
    }
    if (slot.thresholds.alarm < slot.thresholds.warn && !std::isinf(slot.thresholds.warn)) {
        throw Error(ErrorCode::invalid_argument, fmt::format("score \"{}\": alarm threshold {} lies below warn {}",
                                                             slot.name, slot.thresholds.alarm, slot.thresholds.warn));
    }
    for (const ScoreSlot& other : scores_) {
        if (other.name == slot.name) {
            throw Error(ErrorCode::invalid_argument, fmt::format("there is a score \"{}\" already", slot.name));
        }
    }
    scores_.push_back(std::move(slot));
}

namespace {

// How the value of entry f of a row is told to a finding.
double number_of(std::span<const float> row, std::size_t f) noexcept {
    return static_cast<double>(row[f]);
}
double number_of(std::span<const double> row, std::size_t f) noexcept {
    return row[f];
}
double number_of(std::span<const Value> row, std::size_t f) noexcept {
    return row[f].kind == Value::Kind::number ? row[f].number : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

template <class T>
Verdict Guard::judge(std::span<const T> row, Window& window, const RequestVectors& vectors) const noexcept {
    Verdict verdict;
    const Baseline::State& state = baseline_.state();
    if (&window.baseline_.state() != &state && window.baseline_.id() != baseline_.id()) {
        add(verdict, Reason::foreign_window, Decision::not_evaluated, 0, std::numeric_limits<double>::quiet_NaN());
        return verdict;
    }
    if (!window.count_row(row)) {
        add(verdict, Reason::wrong_width, Decision::alarm, 0, static_cast<double>(row.size()));
        ++window.rejected_;
        ++window.requests_[static_cast<std::size_t>(verdict.decision)];
        return verdict;
    }
    const std::uint16_t* const found = window.codes_.data();
    const std::span<const validation::CheckSet> failed = judge_schema(row, window);
    if (state.stands_out(found) || !failed.empty()) judge_entries(row, found, failed, verdict);
    if (!scores_.empty()) run_scores(row, window, verdict);
    if (!calibrated_.empty()) run_calibrated(row, window, vectors, verdict);
    if (vectors.memory != nullptr)
        run_memory(vectors, vectors.input.empty() ? row_as_floats(row, window) : vectors.input, window, verdict);
    ++window.requests_[static_cast<std::size_t>(verdict.decision)];
    return verdict;
}

void Guard::run_memory(const RequestVectors& vectors, std::span<const float> row, Window& window,
                       Verdict& verdict) const noexcept {
    RememberedRequest request{.input = row,
                              .embedding = vectors.embedding,
                              .predicted = vectors.predicted,
                              .account = vectors.account,
                              .time = vectors.time,
                              .is_stale = calibrations_are_stale()};
    if (request.predicted < 0 && !vectors.logits.empty())
        request.predicted = std::max_element(vectors.logits.begin(), vectors.logits.end()) - vectors.logits.begin();
    verdict.memory = vectors.memory->observe(request);
    MemoryEvidence& evidence = verdict.memory;
    evidence.is_silent |= policy_.memory.silent;
    window.count_remembered(evidence.query_attack, evidence.extraction);
    if (evidence.is_silent) return;
    if (evidence.query_attack == Decision::alarm)
        add(verdict, Reason::query_attack, resolve(policy_.memory.query_attacks, 0), 0, evidence.query.account.e_value);
    if (evidence.extraction == Decision::alarm)
        add(verdict, Reason::extraction, resolve(policy_.memory.extraction, 0), 0, evidence.prada.statistic);
}

// The failed checks of each feature; empty where the row is valid, or there is no schema.
template <class T>
std::span<const validation::CheckSet> Guard::judge_schema(std::span<const T> row, Window& window) const noexcept {
    const std::optional<SchemaRules>& schema = baseline_.state().schema;
    if (!schema) return {};
    const validation::RowVerdict verdict = schema->find_failures(row, window.codes_.data(), window.failed_);
    if (verdict.is_valid()) return {};
    window.count_failed(verdict.severity);
    return window.failed_;
}

void Guard::add_failed(std::size_t feature, validation::CheckSet failed, Verdict& verdict) const noexcept {
    const FeatureRule& rule = (*rules_)[std::min(feature, rules_->size() - 1)];
    const validation::Validator& validator = *baseline_.validator();
    for (; failed != 0; failed &= failed - 1) {
        const auto check = static_cast<validation::Check>(std::countr_zero(failed));
        const validation::Severity severity = validator.severity(feature, check);
        const Decision decision = severity == validation::Severity::error ? rule.schema_error : rule.schema_warning;
        const std::uint32_t place = verdict.finding_count;
        add(verdict, Reason::schema, decision, feature, std::numeric_limits<double>::quiet_NaN());
        if (place < verdict.stored_findings()) verdict.findings[place].check = check;
    }
}

template <class T>
void Guard::judge_entries(std::span<const T> row, const std::uint16_t* found,
                          std::span<const validation::CheckSet> failed, Verdict& verdict) const noexcept {
    const Baseline::State& state = baseline_.state();
    const FeatureRule* const rules = rules_->data();
    std::size_t f = 0;
    for (; f < row.size() && verdict.finding_count < Verdict::capacity; ++f) {
        if (!failed.empty()) add_failed(f, failed[f], verdict);
        if (!state.stands_out(found, f)) continue;
        const double value = number_of(row, f);
        const std::size_t kind = rules[f].classify(found[f], value);
        add(verdict, reason_of[kind], rules[f].decisions[kind], f, value);
    }
    // No room for more findings: what is left is counted without a branch, so that a flood costs little.
    for (std::size_t rest = f; rest < failed.size(); ++rest) add_failed(rest, failed[rest], verdict);
    for (; f < row.size(); ++f) {
        const std::size_t suspect = rules[f].classify(found[f], number_of(row, f));
        const std::size_t kind = state.stands_out(found, f) ? suspect : std::size_t{as_expected};
        const Decision decision = rules[f].decisions[kind];
        const std::uint32_t counts = decision != Decision::pass ? 1 : 0;
        verdict.decision = worst(verdict.decision, decision);
        verdict.reasons |= counts << static_cast<unsigned>(reason_of[kind]);
        verdict.finding_count += counts;
    }
}

template <class T>
void Guard::run_scores(std::span<const T> row, Window& window, Verdict& verdict) const noexcept {
    bool converted = false;
    for (std::size_t i = 0; i < scores_.size(); ++i) {
        const ScoreSlot& slot = scores_[i];
        double score = std::numeric_limits<double>::quiet_NaN();
        const bool as_float = slot.score_f32 != nullptr && (std::is_same_v<T, float> || slot.score_f64 == nullptr);
        if (!converted && !(std::is_same_v<T, float> && as_float)) {
            window.convert(row);
            converted = true;
        }
        if (as_float) {
            if constexpr (std::is_same_v<T, float>) {
                score = slot.score_f32(slot.object.get(), row.data(), row.size());
            } else {
                std::copy(window.row_.begin(), window.row_.end(), window.row_f32_.begin());
                score = slot.score_f32(slot.object.get(), window.row_f32_.data(), row.size());
            }
        } else {
            score = slot.score_f64(slot.object.get(), window.row_.data(), row.size());
        }
        if (std::isnan(score)) {
            add(verdict, Reason::score_not_evaluated, Decision::not_evaluated, i, score);
        } else if (score >= slot.thresholds.alarm) {
            add(verdict, Reason::score, Decision::alarm, i, score);
        } else if (score >= slot.thresholds.warn) {
            add(verdict, Reason::score, Decision::warn, i, score);
        }
    }
}

// The vectors that scores of one request take, and what scores that a combination is made of have said already.
struct Guard::ScoreInputs {
    const Baseline& baseline;
    const RequestVectors& vectors;
    std::span<const float> features;
    std::array<float, Baseline::most_scores> combined{};

    [[nodiscard]] std::span<const float> of(const perturbation::AnyScore& score) noexcept {
        switch (score.kind().input) {
            case perturbation::ScoreInput::embedding: return vectors.embedding;
            case perturbation::ScoreInput::logits: return vectors.logits;
            case perturbation::ScoreInput::features: return features;
            case perturbation::ScoreInput::scores: return scores();
            case perturbation::ScoreInput::model: return {};  // asked by the guard
        }
        return {};
    }

  private:
    std::span<const float> scores() noexcept {
        std::size_t count = 0;
        for (const BaselineScore& each : baseline.scores()) {
            const perturbation::AnyScore& score = each.score.score();
            const perturbation::ScoreInput input = score.kind().input;
            if (input == perturbation::ScoreInput::scores || input == perturbation::ScoreInput::model) continue;
            combined[count++] = static_cast<float>(score.score(of(score)));
        }
        return std::span<const float>(combined).first(count);
    }
};

std::size_t Guard::workspace_size(const perturbation::PredictModel& model) const noexcept {
    std::size_t most = 0;
    for (const CalibratedSlot& slot : calibrated_)
        if (const auto* const asks = baseline_.scores()[slot.index].score.score().asks())
            most = std::max(most, asks->workspace_size(model));
    return most;
}

std::size_t Guard::queries_per_request() const noexcept {
    std::size_t sum = 0;
    for (const CalibratedSlot& slot : calibrated_)
        if (const auto* const asks = baseline_.scores()[slot.index].score.score().asks())
            sum += asks->queries_per_row();
    return sum;
}

perturbation::Answer Guard::ask_model(const perturbation::QueryScore& score, const RequestVectors& vectors,
                                      std::span<const float> row, Verdict& verdict) noexcept {
    perturbation::Answer answer{.status = perturbation::AnswerStatus::invalid_model};
    if (vectors.model == nullptr) return answer;
    for (const ScoreAnswer& earlier : std::span(verdict.scores).first(verdict.score_count)) {
        if (earlier.status != perturbation::AnswerStatus::aborted) continue;
        answer.status = earlier.status;
        answer.callback_status = earlier.callback_status;
        return answer;
    }
    answer = score.score(vectors.input.empty() ? row : vectors.input, *vectors.model, vectors.workspace);
    verdict.queries.calls += answer.queries.calls;
    verdict.queries.rows += answer.queries.rows;
    return answer;
}

template <class T>
void Guard::run_calibrated(std::span<const T> row, Window& window, const RequestVectors& vectors,
                           Verdict& verdict) const noexcept {
    const bool is_stale = calibrations_are_stale();
    std::array<double, Policy::most_scores> p_values{};
    ScoreInputs inputs{baseline_, vectors, row_as_floats(row, window)};
    verdict.score_count = static_cast<std::uint32_t>(calibrated_.size());
    for (std::size_t i = 0; i < calibrated_.size(); ++i) {
        const CalibratedSlot& slot = calibrated_[i];
        const perturbation::CalibratedScore& score = baseline_.scores()[slot.index].score;
        perturbation::ScoreEvidence evidence;
        perturbation::Answer answer;
        if (const perturbation::QueryScore* const asks = score.score().asks()) {
            p_values[i] = std::numeric_limits<double>::quiet_NaN();
            if (vectors.without_model) continue;
            answer = ask_model(*asks, vectors, inputs.features, verdict);
            window.count_asked(slot.index, answer);
            evidence = {answer.score, score.p_value(answer.score, vectors.context)};
        } else {
            evidence = score.evaluate(inputs.of(score.score()), vectors.context);
        }
        Decision decision = is_stale ? Decision::not_evaluated : score.decide(evidence, slot.level, vectors.context);
        window.count_score(slot.index, evidence.p_value,
                           decision == Decision::alarm           ? Window::exceeded
                           : decision == Decision::not_evaluated ? Window::unevaluated
                                                                 : Window::within);
        p_values[i] = decision == Decision::not_evaluated ? std::numeric_limits<double>::quiet_NaN() : evidence.p_value;
        if (decision == Decision::alarm) {
            decision = slot.decision;
            add(verdict, Reason::calibrated_score, decision, i, evidence.score);
        } else if (decision == Decision::not_evaluated && slot.decision != Decision::pass) {
            if (answer.status == perturbation::AnswerStatus::aborted)
                add(verdict, Reason::model_aborted, decision, i, static_cast<double>(answer.callback_status));
            else
                add(verdict, Reason::calibrated_score_not_evaluated, decision, i, evidence.score);
        }
        verdict.scores[i] = {evidence.score, evidence.p_value, decision, answer.status, answer.callback_status};
    }
    if (policy_.fused_scores.action == Action::pass) return;
    verdict.fused_e_value = perturbation::fused_e_value(std::span(p_values).first(calibrated_.size()));
    if (verdict.fused_e_value * policy_.fused_scores.level >= 1.0)
        add(verdict, Reason::fused_scores, resolve(policy_.fused_scores.action, 0), 0, verdict.fused_e_value);
}

template <class T>
std::span<const float> Guard::row_as_floats(std::span<const T> row, Window& window) noexcept {
    if constexpr (std::is_same_v<T, float>) {
        return row;
    } else {
        window.convert(row);
        std::transform(window.row_.begin(), window.row_.end(), window.row_f32_.begin(),
                       [](double x) { return static_cast<float>(x); });
        return window.row_f32_;
    }
}

Verdict Guard::check(std::span<const float> row, Window& window, const RequestVectors& vectors) const noexcept {
    return judge(row, window, vectors);
}
Verdict Guard::check(std::span<const double> row, Window& window, const RequestVectors& vectors) const noexcept {
    return judge(row, window, vectors);
}
Verdict Guard::check(std::span<const Value> row, Window& window, const RequestVectors& vectors) const noexcept {
    return judge(row, window, vectors);
}

std::string Guard::describe_score(const Finding& finding, const Verdict& verdict) const {
    if (finding.subject >= calibrated_.size()) return "a score of another guard";
    const CalibratedSlot& slot = calibrated_[finding.subject];
    const BaselineScore& score = baseline_.scores()[slot.index];
    const char* const kind = score.score.score().kind().name;
    if (finding.reason == Reason::calibrated_score)
        return fmt::format("score {} ({}) = {:.6g}, p-value {:.3g}, at most {:.3g} of benign requests", score.name,
                           kind, finding.value, verdict.scores[finding.subject].p_value, slot.level);
    const ScoreAnswer& answer = verdict.scores[finding.subject];
    if (finding.reason == Reason::model_aborted)
        return fmt::format("score {} ({}): the model's callback returned {}", score.name, kind, finding.value);
    if (answer.status != perturbation::AnswerStatus::answered)
        return fmt::format("score {} ({}) could not ask the model: {}", score.name, kind,
                           answer.status == perturbation::AnswerStatus::invalid_model
                               ? "none was given, or one of another width"
                               : perturbation::answer_status_name(answer.status));
    if (calibrations_are_stale() || score.score.is_stale())
        return fmt::format("score {} ({}): its calibration is stale", score.name, kind);
    return fmt::format("score {} ({}) could not tell, or was not given its {}", score.name, kind,
                       perturbation::score_input_name(score.score.score().kind().input));
}

std::string Guard::explain(const Verdict& verdict) const {
    std::string text = decision_name(verdict.decision);
    const auto describe = [this, &verdict](const Finding& finding) -> std::string {
        if (finding.reason == Reason::foreign_window) return "the window belongs to another baseline";
        if (finding.reason == Reason::wrong_width) {
            return fmt::format("the row has {} values, the baseline has {} features", finding.value,
                               baseline_.feature_count());
        }
        if (finding.reason == Reason::score || finding.reason == Reason::score_not_evaluated) {
            if (finding.subject >= scores_.size()) return "a score of another guard";
            const ScoreSlot& slot = scores_[finding.subject];
            if (finding.reason == Reason::score_not_evaluated) return fmt::format("score {} gave no answer", slot.name);
            const bool alarm = finding.decision == Decision::alarm;
            return fmt::format("score {} = {:.6g} reaches its {} threshold {:.6g}", slot.name, finding.value,
                               alarm ? "alarm" : "warning", alarm ? slot.thresholds.alarm : slot.thresholds.warn);
        }
        if (finding.reason == Reason::query_attack)
            return fmt::format(
                "the account's requests resemble each other or earlier ones as an attack's do: e-value "
                "{:.6g}",
                finding.value);
        if (finding.reason == Reason::extraction)
            return fmt::format("the distances between the account's inputs are not those of natural ones: W = {:.4f}",
                               finding.value);
        if (finding.reason == Reason::fused_scores)
            return fmt::format("all scores together: e-value {:.6g}, the policy's level allows {:.6g}", finding.value,
                               1.0 / policy_.fused_scores.level);
        if (finding.reason == Reason::calibrated_score || finding.reason == Reason::calibrated_score_not_evaluated ||
            finding.reason == Reason::model_aborted)
            return describe_score(finding, verdict);
        if (finding.reason == Reason::schema) {
            const validation::Validator* const rules = baseline_.validator();
            if (rules == nullptr || finding.subject >= rules->feature_count() + rules->expression_count())
                return "a check of another baseline's schema";
            return validation::describe(
                *rules, {finding.subject, finding.check, rules->severity(finding.subject, finding.check)});
        }
        if (finding.subject >= baseline_.feature_count()) return "a feature of another baseline";
        const FeatureBaseline& feature = baseline_.features()[finding.subject];
        switch (finding.reason) {
            case Reason::wrong_type:
                return fmt::format("{} is not a {} value", feature.name, feature_kind_name(feature.kind));
            case Reason::null_value: return fmt::format("{} is null", feature.name);
            case Reason::not_a_number: return fmt::format("{} is NaN", feature.name);
            case Reason::infinite_value: return fmt::format("{} is {}", feature.name, finding.value);
            case Reason::unseen_category:
                return fmt::format("{} is a category the reference did not hold", feature.name);
            default:
                if (feature.observations() == 0) {
                    return fmt::format("{} = {:.6g}, where the reference held no number", feature.name, finding.value);
                }
                return fmt::format("{} = {:.6g} lies {}outside the reference's range [{:.6g}, {:.6g}]", feature.name,
                                   finding.value, finding.reason == Reason::far_out_of_range ? "far " : "",
                                   feature.grid.minimum, feature.grid.maximum);
        }
    };
    for (std::size_t i = 0; i < verdict.stored_findings(); ++i) {
        const Finding& finding = verdict.findings[i];
        text += fmt::format("\n{}: {} [{}]", decision_name(finding.decision), describe(finding),
                            reason_name(finding.reason));
    }
    if (verdict.finding_count > Verdict::capacity) {
        text += fmt::format("\n... and {} more", verdict.finding_count - Verdict::capacity);
    }
    return text;
}

}  // namespace vedette::inline v0
