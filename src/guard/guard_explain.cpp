// SPDX-License-Identifier: Apache-2.0
// A verdict in words, and the names and threats that its reasons stand for.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "guard/baseline_state.hpp"
#include "guard/codes.hpp"
#include "vedette/guard/guard.hpp"

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
                                  "extraction",
                                  "unlike_benign"};

}  // namespace

const char* reason_name(Reason reason) noexcept {
    const auto index = static_cast<std::size_t>(reason);
    return index < reason_names.size() ? reason_names[index] : "unknown";
}

// Identifiers and names as their sources have them: of ATLAS data/techniques.yaml of its own data (April 2025); of
// OWASP the titles of the project's own pages, docs/ML01_2023-Input_Manipulation_Attack.md and
// ML05_2023-Model_Theft.md; of NIST the headings of NIST AI 100-2e2025 (March 2025) as others quote them, since its PDF
// was not at hand: of 2.2.2 with the text below it, of Evasion and Model Extraction in a digest that goes section by
// section, all three in lists of its index of attacks. The edition of 2023 has no identifiers.
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
    if (reason == Reason::extraction || reason == Reason::unlike_benign) return theft;
    const bool is_score =
        reason == Reason::score || reason == Reason::calibrated_score || reason == Reason::fused_scores;
    return is_score ? std::span<const ThreatTag>(evasion) : std::span<const ThreatTag>();
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
    if (answer.status == perturbation::AnswerStatus::not_asked)
        return fmt::format("score {} ({}): its calibration is stale, so the model was not asked", score.name, kind);
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

std::string Guard::describe_contributions(const Finding& finding, std::span<const float> row) const {
    if (finding.reason != Reason::calibrated_score || finding.subject >= calibrated_.size()) return {};
    const perturbation::AnyScore& score = baseline_.scores()[calibrated_[finding.subject].index].score.score();
    const perturbation::ScoreKindInfo& kind = score.kind();
    if (!kind.has_contributions || kind.input != perturbation::ScoreInput::features ||
        row.size() != baseline_.feature_count())
        return {};
    std::vector<double> contributions(row.size());
    // Of another row they would explain nothing.
    if (score.score(row, contributions) != finding.value) return {};
    std::vector<std::size_t> order(row.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return contributions[a] > contributions[b]; });
    constexpr std::size_t most_told = 3;
    constexpr double worth_telling = 0.05;  // of the largest
    std::string text;
    for (std::size_t i = 0; i < std::min(most_told, order.size()); ++i) {
        const double contribution = contributions[order[i]];
        if (!(contribution > 0.0 && contribution >= worth_telling * contributions[order[0]])) break;
        text += fmt::format("{}{} = {:.6g} adds {:.3g}", text.empty() ? "; " : ", ",
                            baseline_.features()[order[i]].name, row[order[i]], contribution);
    }
    return text;
}

std::string Guard::explain(const Verdict& verdict) const {
    return explain(verdict, {});
}

std::string Guard::explain(const Verdict& verdict, std::span<const float> row) const {
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
        if (finding.reason == Reason::unlike_benign && finding.subject > 0)
            return fmt::format(
                "the inputs of the {} accounts that share some, this one among them, have together another law than "
                "benign traffic: MMD = {:.4f}",
                finding.subject, finding.value);
        if (finding.reason == Reason::unlike_benign)
            return fmt::format("the account's inputs have another law than benign traffic: MMD = {:.4f}",
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
        text += fmt::format("\n{}: {}{} [{}]", decision_name(finding.decision), describe(finding),
                            describe_contributions(finding, row), reason_name(finding.reason));
    }
    if (verdict.finding_count > Verdict::capacity) {
        text += fmt::format("\n... and {} more", verdict.finding_count - Verdict::capacity);
    }
    return text;
}

}  // namespace vedette::inline v0
