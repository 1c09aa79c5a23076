// SPDX-License-Identifier: Apache-2.0
// Performance as JSON, for reports and for the tool.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "vedette/drift/performance_ranking.hpp"
#include "vedette/drift/realised_performance.hpp"

namespace vedette::inline v0::rendering {

nlohmann::ordered_json finite_json(double value);
nlohmann::ordered_json interval_json(const Interval& bounds);
/// Metrics by their names, with their intervals.
nlohmann::ordered_json estimate_json(const drift::PerformanceEstimate& estimate);
nlohmann::ordered_json gap_json(const drift::EstimateGap& gap);
nlohmann::ordered_json effect_json(std::string_view feature, const drift::PerformanceEffect& effect,
                                   double adjusted_p_value);

}  // namespace vedette::inline v0::rendering
