// SPDX-License-Identifier: Apache-2.0
// Whether scores found more requests of a window than their calibrations allow a benign one.
#include "guard/score_report.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "guard/noisy_rate.hpp"
#include "vedette/stats/intervals.hpp"

namespace vedette::inline v0 {

namespace {

using perturbation::CalibratedScore;
using stats::ConformalGuarantee;

// The rate at most that requests alike the calibration's alarm at, but for a share 1 - confidence of calibrations.
double allowed_rate(std::size_t count, double level, const stats::ConformalOptions& options,
                    const stats::Confidence& confidence) {
    if (options.guarantee != ConformalGuarantee::marginal) return level;
    // The rate above the k-th largest of `count` scores is Beta(k, count + 1 - k), whose upper quantile is that of
    // Clopper and Pearson for k - 1 of `count`.
    const auto k = static_cast<std::uint64_t>(std::floor(level * (static_cast<double>(count) + 1.0)));
    return k == 0 ? 0.0 : std::max(level, stats::clopper_pearson(k - 1, count, confidence).upper);
}

double allowed_rate(const CalibratedScore& score, double level, const stats::Confidence& confidence) {
    const CalibratedScore::Calibration& calibration = score.calibration();
    if (const auto* const plain = std::get_if<stats::ConformalCalibration>(&calibration))
        return allowed_rate(plain->size(), level, plain->options(), confidence);
    if (const auto* const grouped = std::get_if<stats::MondrianCalibration>(&calibration)) {
        double most = 0.0;
        for (std::uint32_t group = 0; group < grouped->group_count(); ++group)
            most = std::max(most, allowed_rate(grouped->group(group).size(), level, grouped->options(), confidence));
        return most;
    }
    const auto worth = std::floor(std::get<stats::WeightedCalibration>(calibration).effective_size());
    return allowed_rate(static_cast<std::size_t>(worth), level, {}, confidence);
}

}  // namespace

std::vector<ScoreReport> assess_scores(const Baseline& baseline, const Window& window, const Policy& policy,
                                       bool drifted, const ReleaseNoise* noise) {
    std::vector<ScoreReport> reports;
    for (const auto& [name, rule] : policy.scores) {
        const auto index = baseline.find_score(name);
        if (!index)
            throw Error(ErrorCode::invalid_policy,
                        "policy /scores/" + name + ": the baseline has no score of this name");
        const CalibratedScore& score = baseline.scores()[*index].score;
        ScoreReport report;
        report.name = name;
        report.kind = score.score().kind().name;
        report.input = score.score().kind().input;
        report.level = rule.level;
        report.action = rule.action;
        report.calibration_count = score.calibration_count();
        report.is_stale = drifted || score.is_stale();
        report.exceeded = window.score_count(*index, Window::exceeded);
        report.evaluated = report.exceeded + window.score_count(*index, Window::within);
        report.unevaluated = window.score_count(*index, Window::unevaluated);
        report.queries = window.model_queries(*index);
        report.aborted = window.model_aborts(*index);
        const auto cells = window.p_value_counts(*index);
        std::copy(cells.begin(), cells.end(), report.p_values.begin());
        // Either bound fails half of this score's share of the level.
        const stats::Confidence confidence(1.0 - policy.level / static_cast<double>(policy.scores.size()));
        report.allowed_rate = allowed_rate(score, rule.level, confidence);
        if (report.evaluated > 0) {
            report.rate = static_cast<double>(report.exceeded) / static_cast<double>(report.evaluated);
            report.rate_interval = rate_interval({static_cast<double>(report.exceeded), 1},
                                                 {static_cast<double>(report.evaluated), 2}, confidence, noise);
        }
        if (report.evaluated < policy.minimum_rows || report.is_stale) {
            report.decision = Decision::not_evaluated;
        } else if (report.rate_interval.lower > report.allowed_rate) {
            report.decision = rule.action == Action::alarm  ? Decision::alarm
                              : rule.action == Action::warn ? Decision::warn
                                                            : Decision::pass;
        } else {
            report.decision = Decision::pass;
        }
        reports.push_back(std::move(report));
    }
    return reports;
}

std::string ScoreReport::reason() const {
    if (is_stale)
        return fmt::format("score {}: the live data drifted away from its calibration; {} of {} requests exceeded it",
                           name, exceeded, evaluated);
    if (decision == Decision::not_evaluated)
        return fmt::format("score {}: too few requests were scored, {} ({} could not be)", name, evaluated,
                           unevaluated);
    // Nothing is said of questions where none was counted: a released window does not tell them.
    const std::string asked = input == perturbation::ScoreInput::model && queries.calls > 0
                                  ? fmt::format("; it asked the model {} rows", queries.rows) +
                                        (aborted > 0 ? fmt::format(", aborted {} times", aborted) : std::string())
                                  : std::string();
    return fmt::format("score {}: {} of {} requests ({:.3g} %) at level {:.3g}; a benign window is allowed {:.3g} %{}",
                       name, exceeded, evaluated, 100.0 * rate, level, 100.0 * allowed_rate, asked);
}

}  // namespace vedette::inline v0
