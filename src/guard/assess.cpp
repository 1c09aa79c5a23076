// SPDX-License-Identifier: Apache-2.0
// From counters to a judgement: tests per feature, one family of p-values, and the two-key rule of the alarm.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "guard/assessment.hpp"
#include "guard/baseline_state.hpp"
#include "guard/decide.hpp"
#include "guard/joint.hpp"
#include "guard/memory_report.hpp"
#include "guard/schema_report.hpp"
#include "guard/score_report.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/rate_tests.hpp"
#include "vedette/guard/report.hpp"
#include "vedette/stats/multiple_testing.hpp"

namespace vedette::inline v0 {

namespace {

// KS is exact only where no value is tied; a grid with an over-full cell shows ties, and there chi-square keeps its
// level.
DriftTest resolve(DriftTest wanted, const FeatureBaseline& feature) {
    const bool numeric = feature.kind == FeatureKind::numeric;
    const bool needs_order = wanted == DriftTest::kolmogorov_smirnov || wanted == DriftTest::wasserstein;
    if (wanted != DriftTest::automatic && (numeric || !needs_order)) return wanted;
    if (!numeric) return DriftTest::chi_square;
    const auto inner_cells = static_cast<double>(feature.grid.edges.size() - 1);
    const bool even = !feature.grid.discrete && feature.grid.largest_inner_share <= 2.0 / inner_cells;
    return even ? DriftTest::kolmogorov_smirnov : DriftTest::chi_square;
}

// Whether a test on counters joins rare cells first: all do but those on the distribution function.
bool pools_cells(DriftTest test) {
    return test != DriftTest::kolmogorov_smirnov && test != DriftTest::wasserstein;
}

class FeatureAssessment {
  public:
    FeatureAssessment(const Baseline& baseline, const Window& window, const stats::Confidence& confidence,
                      std::uint64_t minimum_rows, const drift::FeatureComparison* comparison, FeatureReport& report)
        : feature_(baseline.features()[report.feature]),
          window_(window),
          confidence_(confidence),
          minimum_rows_(minimum_rows),
          comparison_(comparison),
          report_(report) {}

    void run(const drift::GridReference& reference) {
        const std::span<const std::uint64_t> live = window_.counts(report_.feature);
        for (const std::uint64_t count : live) report_.live_observations += count;
        report_.live_rows = report_.live_observations + extra(Window::nan) + extra(Window::positive_infinity) +
                            extra(Window::negative_infinity) + extra(Window::null) + extra(Window::invalid);
        report_.statistics = drift::evaluate(reference, live, confidence_);
        if (feature_.kind == FeatureKind::numeric) {
            report_.reference_median = grid_median(feature_.grid, feature_.counts(), feature_.moments.count);
            report_.live_median = grid_median(feature_.grid, live, report_.live_observations);
        }
        add_distribution();
        if (report_.live_rows >= minimum_rows_) add_rates(live);
    }

  private:
    [[nodiscard]] std::uint64_t extra(Window::Extra which) const { return window_.extra(report_.feature, which); }

    // A reference that shows a single value has no distribution to compare: all that can change is how often another
    // value comes, and that is the out-of-range or unseen rate.
    [[nodiscard]] bool is_constant() const {
        const auto filled = [](std::uint64_t count) { return count > 0; };
        const auto counts = feature_.counts();
        const auto first = std::find_if(counts.begin(), counts.end(), filled);
        return first != counts.end() && std::none_of(first + 1, counts.end(), filled);
    }

    Evidence& append(Hypothesis hypothesis, DriftTest by) {
        Evidence& evidence =
            comparison_ != nullptr ? report_.compared_.emplace_back() : report_.evidence_[report_.evidence_size_++];
        evidence = Evidence{};
        evidence.hypothesis = hypothesis;
        evidence.by = by;
        return evidence;
    }

    // The cell that holds more than half of both samples together. At most one does, and without drift the totals of
    // both samples say nothing about either: unlike the reference's commonest of many cells, it is not chosen by a
    // chance that the live side then lacks. What the baseline does not know by name has a rate of its own.
    [[nodiscard]] std::optional<std::size_t> dominant_cell() const {
        const auto counts = feature_.counts();
        const auto live = window_.counts(report_.feature);
        const std::size_t named = counts.size() - (feature_.kind == FeatureKind::numeric ? 0 : 1);
        const double half = 0.5 * (static_cast<double>(feature_.observations()) +  //
                                   static_cast<double>(report_.live_observations));
        for (std::size_t cell = 0; cell < named; ++cell)
            if (static_cast<double>(counts[cell] + live[cell]) > half) return cell;
        return std::nullopt;
    }

    // Where all cells but one are rare, chi-square's law is coarse, and pooling may leave it a single cell. What can
    // still change is how often the commonest value comes. Whether this test replaces the pooled one depends on totals
    // alone as far as it can: were it the reference's rare counts, the chosen test would have another level.
    [[nodiscard]] bool judge_dominant_cell(Evidence& evidence) {
        constexpr std::size_t few_cells = 3;  // more would hold enough rare values in any case
        constexpr double few_expected = 10.0;
        const bool undefined = std::isnan(evidence.test.p_value);
        if (report_.statistics.pooled_cells > few_cells || !(undefined || pools_cells(report_.test))) return false;
        const std::optional<std::size_t> cell = dominant_cell();
        if (!cell) return false;
        const std::uint64_t events = feature_.counts()[*cell];
        const std::uint64_t live_events = window_.counts(report_.feature)[*cell];
        const auto n = static_cast<double>(feature_.observations());
        const auto m = static_cast<double>(report_.live_observations);
        const double others = n + m - static_cast<double>(events + live_events);
        if (!undefined && others * std::min(n, m) / (n + m) >= few_expected) return false;
        evidence.by = report_.test = DriftTest::two_proportion;
        evidence.test =
            drift::two_proportion(events, feature_.observations(), live_events, report_.live_observations, confidence_);
        evidence.moved_share = std::abs(evidence.test.effect);
        evidence.moved_share_interval = magnitude(evidence.test.effect_interval);
        return true;
    }

    void add_distribution() {
        if (feature_.observations() == 0 && report_.live_rows >= minimum_rows_) return;  // rates are all there is
        if (is_constant() && report_.live_observations >= minimum_rows_) return;
        if (comparison_ != nullptr) return add_comparison();
        Evidence& evidence = append(Hypothesis::distribution, report_.test);
        if (report_.live_observations < minimum_rows_) return;
        evidence.test = *drift::result_of(report_.statistics, report_.test);  // resolved, so never null
        if (judge_dominant_cell(evidence)) return;
        set_moved_share(evidence);
    }

    void set_moved_share(Evidence& evidence) const {
        const TestResult& moved = feature_.kind == FeatureKind::numeric ? report_.statistics.ks  //
                                                                        : report_.statistics.total_variation;
        evidence.moved_share = moved.effect;
        evidence.moved_share_interval = moved.effect_interval;
    }

    // Every named test has its own evidence; how much moved is read off the counters for all of them.
    void add_comparison() {
        report_.test = comparison_->results.front().test;
        for (const drift::NamedResult& named : comparison_->results) {
            Evidence& evidence = append(Hypothesis::distribution, named.test);
            if (report_.live_observations < minimum_rows_) continue;
            evidence.test = named.result;
            evidence.is_smallest_p = named.is_smallest_p;
            set_moved_share(evidence);
        }
    }

    void add_rate(Hypothesis hypothesis, DriftTest by, const TestResult& test, double reference_rate,
                  double live_rate) {
        Evidence& evidence = append(hypothesis, by);
        evidence.test = test;
        evidence.moved_share = std::abs(test.effect);
        evidence.moved_share_interval = magnitude(test.effect_interval);
        evidence.reference_rate = reference_rate;
        evidence.live_rate = live_rate;
    }

    void add_count(Hypothesis hypothesis, std::uint64_t reference_events, std::uint64_t reference_total,
                   std::uint64_t live_events, std::uint64_t live_total) {
        if (reference_events + live_events == 0) return;
        add_rate(hypothesis, DriftTest::two_proportion,
                 drift::two_proportion(reference_events, reference_total, live_events, live_total, confidence_),
                 static_cast<double>(reference_events) / static_cast<double>(reference_total),
                 static_cast<double>(live_events) / static_cast<double>(live_total));
    }

    void add_rates(std::span<const std::uint64_t> live) {
        const std::uint64_t observations = feature_.observations();
        const std::uint64_t total =
            observations + feature_.nulls + feature_.nans + feature_.positive_infinities + feature_.negative_infinities;
        const std::uint64_t live_total = report_.live_rows;
        add_count(Hypothesis::null_rate, feature_.nulls, total, extra(Window::null), live_total);
        add_count(Hypothesis::nan_rate, feature_.nans, total, extra(Window::nan), live_total);
        add_count(Hypothesis::positive_infinity_rate, feature_.positive_infinities, total,
                  extra(Window::positive_infinity), live_total);
        add_count(Hypothesis::negative_infinity_rate, feature_.negative_infinities, total,
                  extra(Window::negative_infinity), live_total);
        add_count(Hypothesis::invalid_rate, 0, total, extra(Window::invalid), live_total);
        if (report_.live_observations == 0 || observations == 0) return;
        const auto live_observations = static_cast<double>(report_.live_observations);
        if (feature_.kind == FeatureKind::numeric) {
            const std::uint64_t outside = live.front() + live.back();
            if (outside == 0 && !is_constant()) return;
            add_rate(Hypothesis::out_of_range_rate, DriftTest::automatic,
                     drift::exceedance(observations, outside, report_.live_observations, confidence_), 0.0,
                     static_cast<double>(outside) / live_observations);
            return;
        }
        const std::uint64_t unseen = live.back();
        const std::uint64_t left_out = feature_.counts().back();
        if (unseen == 0 && left_out == 0 && !is_constant()) return;
        const TestResult test =
            left_out > 0 ? drift::two_proportion(left_out, observations, unseen, report_.live_observations, confidence_)
                         : drift::unseen_category(feature_.singletons, feature_.doubletons, observations, unseen,
                                                  report_.live_observations, confidence_);
        add_rate(Hypothesis::unseen_rate, left_out > 0 ? DriftTest::two_proportion : DriftTest::automatic, test,
                 static_cast<double>(left_out) / static_cast<double>(observations),
                 static_cast<double>(unseen) / live_observations);
    }

    const FeatureBaseline& feature_;
    const Window& window_;
    const stats::Confidence& confidence_;
    std::uint64_t minimum_rows_;
    const drift::FeatureComparison* comparison_;  // null where no named test was for this kind of feature
    FeatureReport& report_;
};

// The comparison of each feature, null where there is none.
std::vector<const drift::FeatureComparison*> by_feature(const Baseline& baseline,
                                                        std::span<const drift::FeatureComparison> comparisons) {
    std::vector<const drift::FeatureComparison*> found(baseline.feature_count(), nullptr);
    for (const drift::FeatureComparison& comparison : comparisons) {
        const auto feature = baseline.find(comparison.name);
        if (!feature)
            throw Error(ErrorCode::schema_mismatch,
                        "the baseline has no feature \"" + comparison.name + "\", which was compared");
        if (!comparison.results.empty()) found[*feature] = &comparison;
    }
    return found;
}

}  // namespace

void adjust_family(Report& report) {
    std::vector<FeatureReport>& features = report.features;
    std::vector<double> p_values;
    p_values.reserve(features.size() * 2);
    for (const FeatureReport& feature : features) {
        if (feature.ignored) continue;
        for (const Evidence& evidence : feature.evidence()) p_values.push_back(evidence.test.p_value);
    }
    for (const JointEvidence& joint : report.joint) p_values.push_back(joint.test.p_value);
    std::vector<std::size_t> order(p_values.size());
    if (!stats::adjust(p_values, report.correction, p_values, order)) {
        throw Error(ErrorCode::internal, "a test answered with a p-value outside [0, 1]");
    }
    std::size_t next = 0;
    for (FeatureReport& feature : features) {
        if (feature.ignored) continue;
        for (Evidence& evidence : feature.evidence()) evidence.adjusted_p_value = p_values[next++];
    }
    for (JointEvidence& joint : report.joint) joint.adjusted_p_value = p_values[next++];
}

std::optional<Decision> decide_family(Report& report, const Policy& policy) {
    std::optional<Decision> gravest;
    const auto add = [&gravest](Decision decision) { gravest = worst(gravest.value_or(Decision::pass), decision); };
    for (FeatureReport& feature : report.features) {
        if (feature.ignored) continue;
        feature.decision = feature.evidence().empty() ? Decision::not_evaluated : Decision::pass;
        // Of several tests on samples, one that the values do not allow leaves the verdict to the others.
        const bool others_decide =
            std::any_of(feature.compared_.begin(), feature.compared_.end(), [](const Evidence& evidence) {
                return evidence.hypothesis == Hypothesis::distribution && !std::isnan(evidence.adjusted_p_value);
            });
        for (Evidence& evidence : feature.evidence()) {
            evidence.decision = decide(evidence, policy.level, feature.tolerance);
            const bool left_to_others = others_decide && evidence.hypothesis == Hypothesis::distribution &&
                                        evidence.decision == Decision::not_evaluated;
            if (!left_to_others) feature.decision = worst(feature.decision, evidence.decision);
        }
        add(feature.decision);
    }
    for (JointEvidence& evidence : report.joint) {
        evidence.decision = decide(evidence, policy.level, policy.defaults.tolerance);
        add(evidence.decision);
    }
    return gravest;
}

void check_names(const Baseline& baseline, const Policy& policy) {
    for (const auto& [name, rules] : policy.features) {
        if (!baseline.find(name)) {
            throw Error(ErrorCode::invalid_policy,
                        "policy /features/" + name + ": the baseline has no feature of this name");
        }
    }
}

Report assess(const Baseline& baseline, const Window& window, const Policy& policy) {
    return assess(baseline, window, policy, {});
}

Report assess(const Baseline& baseline, const Window& window, const Policy& policy,
              std::span<const drift::FeatureComparison> comparisons, std::span<const drift::JointComparison> joint) {
    policy.validate();
    if (window.baseline().id() != baseline.id()) {
        throw Error(ErrorCode::baseline_mismatch, "the window was counted against another baseline");
    }
    check_names(baseline, policy);
    Report report{.reference_rows = baseline.rows(),
                  .live_rows = window.rows(),
                  .features = std::vector<FeatureReport>(baseline.feature_count()),
                  .joint = {},
                  .streams = {},
                  .joined_evidence = {},
                  .scores = {},
                  .schema = {},
                  .memory = {},
                  .level = policy.level,
                  .correction = policy.correction,
                  .minimum_rows = policy.minimum_rows,
                  .baseline = baseline,
                  .window = window};
    const std::vector<const drift::FeatureComparison*> compared = by_feature(baseline, comparisons);
    const stats::Confidence confidence(1.0 - policy.level);
    for (std::size_t f = 0; f < report.features.size(); ++f) {
        FeatureReport& feature = report.features[f];
        const FeaturePolicy& rules = policy.for_feature(baseline.features()[f].name);
        feature.feature = f;
        feature.ignored = rules.ignore;
        feature.tolerance = rules.tolerance;
        feature.test = resolve(rules.test, baseline.features()[f]);
        FeatureAssessment(baseline, window, confidence, policy.minimum_rows, compared[f], feature)
            .run(baseline.state().references[f]);
    }
    for (const drift::JointComparison& comparison : joint)
        report.joint.push_back(joint_evidence(baseline, comparison, policy.minimum_rows));
    adjust_family(report);

    const std::optional<Decision> family = decide_family(report, policy);
    Decision overall = family.value_or(Decision::pass);
    report.scores = assess_scores(baseline, window, policy, overall == Decision::alarm);
    for (const ScoreReport& score : report.scores) overall = worst(overall, score.decision);
    report.schema = assess_schema(baseline, window, policy);
    if (report.schema) overall = worst(overall, report.schema->decision);
    report.memory = assess_memory(window, policy);
    if (report.memory) overall = worst(overall, report.memory->decision);
    report.decision = family || !report.scores.empty() ? overall : Decision::not_evaluated;
    return report;
}

}  // namespace vedette::inline v0
