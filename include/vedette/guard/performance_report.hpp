// SPDX-License-Identifier: Apache-2.0
// What is known of a model's performance in a window, by estimate and by late labels, and which features' drift costs
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "vedette/core/verdict.hpp"
#include "vedette/drift/performance_estimate.hpp"
#include "vedette/drift/performance_ranking.hpp"
#include "vedette/drift/realised_performance.hpp"
#include "vedette/guard/policy.hpp"
#include "vedette/guard/window.hpp"

namespace vedette::inline v0 {

struct Report;

/// A feature of the baseline, and what its drift does to the accuracy.
struct FeatureEffect {
    drift::PerformanceEffect effect{};  ///< its `feature`: index in the baseline
    double adjusted_p_value = std::numeric_limits<double>::quiet_NaN();
};

/// Features by what their drift does to the accuracy, the most harmful first (drift::rank_by_performance says what that
/// rests on): `labelled` counts rows whose labels are known, `right` those of them that were predicted rightly, `live`
/// those that are asked about. Cells are the baseline's, and nulls, NaNs, infinities and values of a wrong type are
/// cells too; features that the policy ignores are left out. Intervals are of 1 - the policy's level, p-values adjusted
/// by its correction. Throws Error: baseline_mismatch; invalid_argument where `right` counts what `labelled` does not;
/// invalid_policy.
[[nodiscard]] std::vector<FeatureEffect> rank_by_performance(const Window& labelled, const Window& right,
                                                             const Window& live, const Policy& policy = {});

/// What is known beside a window; what is null is not told. `labelled` and `right` go together.
struct PerformanceSources {
    const drift::PerformanceWindow* estimated = nullptr;  ///< predictions of the window, without labels
    const drift::RealisedWindow* realised = nullptr;      ///< predictions whose labels have come
    const Window* labelled = nullptr;                     ///< reference rows with labels, in the baseline's cells
    const Window* right = nullptr;                        ///< those of them that were predicted rightly
};

/// The performance in a window. It is judged once, by the policy's metric and margin: an alarm where the upper bound of
/// live less reference, at confidence 1 - level and for the draw of both, lies below minus the margin; a warning where
/// it lies below 0; not evaluated with fewer rows than the policy's minimum or where the metric is not defined.
/// Labels that came go before the estimate where there are enough of them. Beside the level and correction of the drift
/// tests; for what may be looked at after every row, name a harm_monitor.
struct PerformanceReport {
    Decision decision = Decision::not_evaluated;
    drift::PerformanceMetric metric = drift::PerformanceMetric::accuracy;
    double margin = 0.0;
    double confidence = 0.0;
    bool by_labels = false;                  ///< what decided: the realised metric, else the estimated one
    drift::PerformanceEstimate reference{};  ///< by the reference's labels
    std::optional<drift::PerformanceEstimate> estimated{};
    std::optional<drift::PerformanceEstimate> realised{};
    std::optional<drift::EstimateGap> gap{};  ///< of the estimate from the labels, on the same rows
    std::vector<FeatureEffect> ranking{};

    /// One sentence with the numbers that decided.
    [[nodiscard]] std::string reason() const;
};

/// Adds what is known of the performance: the report's decision is then the gravest of all. Throws Error:
/// invalid_argument where neither an estimate nor labels are given, `labelled` comes without `right`, the report has a
/// performance already or is that of a released window (nothing here is noised); baseline_mismatch for windows of
/// another baseline, or estimates and labels of different references; invalid_policy. The report is as it was then.
void attach(Report& report, const PerformanceSources& sources, const Policy& policy = {});

}  // namespace vedette::inline v0
