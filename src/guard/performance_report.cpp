// SPDX-License-Identifier: Apache-2.0
// Performance joins a report: metrics beside those of the reference, their verdict, and the features that cost it.
#include "vedette/guard/performance_report.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "guard/render_common.hpp"
#include "vedette/core/error.hpp"
#include "vedette/guard/report.hpp"
#include "vedette/stats/distributions.hpp"
#include "vedette/stats/intervals.hpp"
#include "vedette/stats/multiple_testing.hpp"

namespace vedette::inline v0 {

namespace {

using drift::PerformanceEstimate;
using drift::PerformanceMetric;

// All cells of a feature, those of what is no value last.
std::vector<std::uint64_t> cells_of(const Window& window, std::size_t feature) {
    const std::span<const std::uint64_t> counts = window.counts(feature);
    std::vector<std::uint64_t> cells(counts.begin(), counts.end());
    for (std::size_t extra = 0; extra < Window::extra_count; ++extra)
        cells.push_back(window.extra(feature, static_cast<Window::Extra>(extra)));
    return cells;
}

void check_baseline(const Window& window, const Baseline& baseline) {
    if (window.baseline().id() != baseline.id())
        throw Error(ErrorCode::baseline_mismatch, "performance: a window was counted against another baseline");
}

// The reference's rows are a draw too: of the accuracy Wilson's interval, of others by their standard error, and the
// value alone where that is not defined.
drift::MetricEstimate metric_of(const drift::PerformanceReference& reference, PerformanceMetric metric,
                                const stats::Confidence& confidence) {
    drift::MetricEstimate out;
    out.value = reference.realised(metric);
    out.standard_error = reference.sampling_error(metric, reference.rows());
    out.realised = {out.value, out.value};
    if (metric == PerformanceMetric::accuracy) {
        std::uint64_t right = 0;
        for (std::size_t k = 0; k < reference.classes(); ++k)
            right += reference.confusion()[k * reference.classes() + k];
        out.interval = stats::wilson(right, reference.rows(), confidence);
        return out;
    }
    const double half = std::isnan(out.standard_error) ? 0.0 : confidence.z() * out.standard_error;
    out.interval = {std::max(0.0, out.value - half), std::min(1.0, out.value + half)};
    return out;
}

// An upper bound on live less reference, from the intervals of both (Newcombe 1998, method 10).
double largest_change(const drift::MetricEstimate& live, const drift::MetricEstimate& reference) {
    return live.value - reference.value +
           std::hypot(live.interval.upper - live.value, reference.value - reference.interval.lower);
}

Decision judge(const PerformanceReport& report, const PerformanceEstimate& found, std::uint64_t minimum_rows) {
    const double change = largest_change(found[report.metric], report.reference[report.metric]);
    if (found.rows < minimum_rows || std::isnan(change)) return Decision::not_evaluated;
    if (change < -report.margin) return Decision::alarm;
    return change < 0.0 ? Decision::warn : Decision::pass;
}

// The few rows that could be taken do not speak for those that could not.
bool is_mostly_refused(const drift::PerformanceCounts& counts) noexcept {
    const std::uint64_t refused = counts.nan + counts.out_of_range + counts.unknown_class;
    return refused >= 32 && refused > counts.rows;
}

void judge(PerformanceReport& report, std::uint64_t minimum_rows) {
    if (report.realised) {
        report.by_labels = true;
        report.decision = judge(report, *report.realised, minimum_rows);
        if (report.decision != Decision::not_evaluated || !report.estimated) return;
    }
    report.by_labels = false;
    report.decision = judge(report, *report.estimated, minimum_rows);
}

}  // namespace

std::vector<FeatureEffect> rank_by_performance(const Window& labelled, const Window& right, const Window& live,
                                               const Policy& policy) {
    policy.validate();
    const Baseline& baseline = live.baseline();
    check_baseline(labelled, baseline);
    check_baseline(right, baseline);
    struct Counts {
        std::vector<std::uint64_t> labelled, right, live;
    };
    std::vector<std::size_t> features;
    std::vector<Counts> counts;
    for (std::size_t f = 0; f < baseline.feature_count(); ++f) {
        if (policy.for_feature(baseline.features()[f].name).ignore) continue;
        features.push_back(f);
        counts.push_back({cells_of(labelled, f), cells_of(right, f), cells_of(live, f)});
    }
    if (features.empty()) return {};
    std::vector<drift::FeatureCells> cells;
    cells.reserve(counts.size());
    for (const Counts& each : counts) cells.push_back({each.labelled, each.right, each.live});
    const std::vector<drift::PerformanceEffect> effects = drift::rank_by_performance(cells, 1.0 - policy.level);
    std::vector<double> p_values;
    p_values.reserve(effects.size());
    for (const drift::PerformanceEffect& effect : effects) p_values.push_back(effect.p_value);
    const std::vector<double> adjusted = stats::adjust(p_values, policy.correction);
    std::vector<FeatureEffect> ranking;
    ranking.reserve(effects.size());
    for (std::size_t i = 0; i < effects.size(); ++i) {
        ranking.push_back({effects[i], adjusted[i]});
        ranking.back().effect.feature = features[effects[i].feature];
    }
    return ranking;
}

std::string PerformanceReport::reason() const {
    const char* const name = drift::performance_metric_name(metric);
    const PerformanceEstimate& found = by_labels ? *realised : *estimated;
    const drift::MetricEstimate& now = found[metric];
    const auto rows = rendering::grouped(found.rows);
    const char* const what = by_labels ? "with a label" : "without labels";
    if (decision == Decision::not_evaluated)
        return fmt::format("performance: {} cannot be judged by {} rows {}", name, rows, what);
    const drift::MetricEstimate& before = reference[metric];
    return fmt::format("performance: {} {} {} ({} to {}) of {} rows {}, {} ({} to {}) in the reference, margin {}",
                       by_labels ? "realised" : "estimated", name, rendering::number(now.value),
                       rendering::number(now.interval.lower), rendering::number(now.interval.upper), rows, what,
                       rendering::number(before.value), rendering::number(before.interval.lower),
                       rendering::number(before.interval.upper), rendering::number(margin));
}

void attach(Report& report, const PerformanceSources& sources, const Policy& policy) {
    policy.validate();
    if (report.release)
        throw Error(ErrorCode::invalid_argument, "the report is on a released window; performance is not noised");
    if (report.performance) throw Error(ErrorCode::invalid_argument, "the report has a performance already");
    if (sources.estimated == nullptr && sources.realised == nullptr)
        throw Error(ErrorCode::invalid_argument, "performance: neither an estimate nor labels are given");
    if ((sources.labelled == nullptr) != (sources.right == nullptr))
        throw Error(ErrorCode::invalid_argument, "performance: labelled and right go together");
    if (sources.estimated != nullptr && sources.realised != nullptr &&
        !(sources.estimated->reference() == sources.realised->reference()))
        throw Error(ErrorCode::baseline_mismatch, "performance: estimates and labels are of different references");
    PerformanceReport found{
        .metric = policy.performance.metric, .margin = policy.performance.margin, .confidence = 1.0 - policy.level};
    const drift::PerformanceReference& reference =
        sources.estimated != nullptr ? sources.estimated->reference() : sources.realised->reference();
    found.reference.rows = reference.rows();
    const stats::Confidence confidence(found.confidence);
    for (std::size_t m = 0; m < drift::performance_metric_count; ++m)
        found.reference.metrics[m] = metric_of(reference, static_cast<PerformanceMetric>(m), confidence);
    if (sources.estimated != nullptr) found.estimated = sources.estimated->estimate(found.confidence);
    if (sources.realised != nullptr) {
        found.realised = sources.realised->performance(found.confidence);
        found.gap = sources.realised->gap(found.confidence);
    }
    if (sources.labelled != nullptr) {
        check_baseline(*sources.labelled, report.baseline);
        found.ranking = rank_by_performance(*sources.labelled, *sources.right, report.window, policy);
    }
    judge(found, policy.minimum_rows);
    const drift::PerformanceCounts& counts =
        found.by_labels ? sources.realised->counts()
                        : (sources.estimated ? sources.estimated->counts() : drift::PerformanceCounts{});
    if (is_mostly_refused(counts) && found.decision != Decision::alarm) found.decision = Decision::not_evaluated;
    report.decision = worst(report.decision, found.decision);
    report.performance = std::move(found);
}

}  // namespace vedette::inline v0
