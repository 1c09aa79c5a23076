// SPDX-License-Identifier: Apache-2.0
// The measures of a classifier's performance, and what is said of them: a value with the intervals it deserves.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "vedette/core/evidence.hpp"

namespace vedette::inline v0::drift {

/// Values are pinned and written into files. Of several classes all but accuracy are macro averages: the mean over
/// classes of each against the rest.
enum class PerformanceMetric : std::uint8_t {
    accuracy = 0,
    precision = 1,
    recall = 2,
    specificity = 3,
    f1 = 4,
    roc_auc = 5,
};

inline constexpr std::size_t performance_metric_count = 6;

/// "accuracy", "precision", "recall", "specificity", "f1", "roc_auc".
const char* performance_metric_name(PerformanceMetric metric) noexcept;
/// The metric of that word; empty for any other.
std::optional<PerformanceMetric> performance_metric(std::string_view name) noexcept;

/// One metric. NaN marks what is not defined: a precision where nothing was predicted, say.
struct MetricEstimate {
    double value = std::numeric_limits<double>::quiet_NaN();           ///< in [0, 1]
    double standard_error = std::numeric_limits<double>::quiet_NaN();  ///< of `value` over draws of the rows
    Interval interval{};  ///< for the metric of the law that the rows were drawn from
    /// Without labels: where the metric of these very rows will be found once their labels are known. With labels: the
    /// value itself, twice.
    Interval realised{};
};

/// How many rows are expected in, or counted into, each of the four corners; one class against the rest.
struct ConfusionCounts {
    double true_positives = 0.0;
    double false_positives = 0.0;
    double false_negatives = 0.0;
    double true_negatives = 0.0;
};

struct PerformanceEstimate {
    std::uint64_t rows = 0;
    std::array<MetricEstimate, performance_metric_count> metrics{};
    /// How far roc_auc can be from that of the rows ordered without cells.
    double roc_auc_resolution = std::numeric_limits<double>::quiet_NaN();

    [[nodiscard]] const MetricEstimate& operator[](PerformanceMetric metric) const noexcept {
        return metrics[static_cast<std::size_t>(metric)];
    }
};

}  // namespace vedette::inline v0::drift
