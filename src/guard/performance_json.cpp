// SPDX-License-Identifier: Apache-2.0
#include "guard/performance_json.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace vedette::inline v0::rendering {

nlohmann::ordered_json finite_json(double value) {
    return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

nlohmann::ordered_json interval_json(const Interval& bounds) {
    return nlohmann::ordered_json::array({finite_json(bounds.lower), finite_json(bounds.upper)});
}

nlohmann::ordered_json estimate_json(const drift::PerformanceEstimate& estimate) {
    nlohmann::ordered_json out{{"rows", estimate.rows}};
    for (std::size_t m = 0; m < drift::performance_metric_count; ++m) {
        const drift::MetricEstimate& metric = estimate.metrics[m];
        out[drift::performance_metric_name(static_cast<drift::PerformanceMetric>(m))] = {
            {"value", finite_json(metric.value)},
            {"standard_error", finite_json(metric.standard_error)},
            {"interval", interval_json(metric.interval)},
            {"realised_interval", interval_json(metric.realised)}};
    }
    return out;
}

nlohmann::ordered_json gap_json(const drift::EstimateGap& gap) {
    return {{"rows", gap.rows},
            {"estimated_accuracy", finite_json(gap.estimated)},
            {"realised_accuracy", finite_json(gap.realised)},
            {"gap", finite_json(gap.gap)},
            {"interval", interval_json(gap.interval)},
            {"p_value", finite_json(gap.p_value)}};
}

nlohmann::ordered_json effect_json(std::string_view feature, const drift::PerformanceEffect& effect,
                                   double adjusted_p_value) {
    return {{"feature", feature},
            {"effect", finite_json(effect.effect)},
            {"standard_error", finite_json(effect.standard_error)},
            {"interval", interval_json(effect.interval)},
            {"p_value", finite_json(effect.p_value)},
            {"adjusted_p_value", finite_json(adjusted_p_value)},
            {"live_unseen", finite_json(effect.live_unseen)}};
}

}  // namespace vedette::inline v0::rendering
