// SPDX-License-Identifier: Apache-2.0
// The request path's scores: those of the caller, those of the baseline, which may ask the model, and the memory.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "guard/baseline_state.hpp"
#include "guard/findings.hpp"
#include "vedette/guard/guard.hpp"

namespace vedette::inline v0 {

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
    Decision copies = Decision::not_evaluated;
    for (const Decision one : {evidence.extraction, evidence.unlike_benign, evidence.group_unlike_benign})
        if (one != Decision::not_evaluated && copies != Decision::alarm) copies = one;
    window.count_remembered(evidence.query_attack, copies);
    if (evidence.is_silent) return;
    if (evidence.query_attack == Decision::alarm)
        add(verdict, Reason::query_attack, resolve(policy_.memory.query_attacks, 0), 0, evidence.query.account.e_value);
    if (evidence.extraction == Decision::alarm)
        add(verdict, Reason::extraction, resolve(policy_.memory.extraction, 0), 0, evidence.prada.statistic);
    if (evidence.unlike_benign == Decision::alarm)
        add(verdict, Reason::unlike_benign, resolve(policy_.memory.extraction, 0), 0, evidence.mmd.distance);
    // Of a group nobody knows which account it is, and anyone can join one by asking what another asks.
    if (evidence.group_unlike_benign == Decision::alarm)
        add(verdict, Reason::unlike_benign, std::min(resolve(policy_.memory.extraction, 0), Decision::warn),
            evidence.group.accounts, evidence.group.window.distance);
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
            if (vectors.without_model) {
                verdict.scores[i].status = perturbation::AnswerStatus::not_asked;
                continue;
            }
            // An answer that a stale calibration cannot judge is not asked for.
            if (is_stale || score.is_stale())
                answer.status = perturbation::AnswerStatus::not_asked;
            else
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

template void Guard::run_scores(std::span<const float>, Window&, Verdict&) const noexcept;
template void Guard::run_calibrated(std::span<const float>, Window&, const RequestVectors&, Verdict&) const noexcept;
template std::span<const float> Guard::row_as_floats(std::span<const float>, Window&) noexcept;
template void Guard::run_scores(std::span<const double>, Window&, Verdict&) const noexcept;
template void Guard::run_calibrated(std::span<const double>, Window&, const RequestVectors&, Verdict&) const noexcept;
template std::span<const float> Guard::row_as_floats(std::span<const double>, Window&) noexcept;
template void Guard::run_scores(std::span<const Value>, Window&, Verdict&) const noexcept;
template void Guard::run_calibrated(std::span<const Value>, Window&, const RequestVectors&, Verdict&) const noexcept;
template std::span<const float> Guard::row_as_floats(std::span<const Value>, Window&) noexcept;

}  // namespace vedette::inline v0
