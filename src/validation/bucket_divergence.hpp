// SPDX-License-Identifier: Apache-2.0
// The Jensen-Shannon divergence of counts, and of histograms with other edges as TensorFlow Data Validation aligns
// them.
#pragma once

#include <utility>
#include <vector>

namespace vedette::inline v0::validation {

/// In bits, within [0, 1]; NaN where a side has no count.
[[nodiscard]] double jensen_shannon_bits(const std::vector<std::pair<double, double>>& counts);

struct WidthBucket {
    double low = 0.0, high = 0.0, count = 0.0;
};

/// Ascending buckets, which may be points or have an infinite end.
struct WidthHistogram {
    std::vector<WidthBucket> buckets;
    double nan = 0.0;
};

/// Both sides' counts in the cells of both sides' edges, a bucket's count spread evenly over it; points matched with
/// points of the same place; what lies in buckets with an infinite end, and NaN, in cells of its side alone.
/// O((a + b) log (a + b)).
[[nodiscard]] std::vector<std::pair<double, double>> aligned_counts(const WidthHistogram& a, const WidthHistogram& b);

}  // namespace vedette::inline v0::validation
