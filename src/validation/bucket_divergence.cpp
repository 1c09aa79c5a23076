// SPDX-License-Identifier: Apache-2.0
// Cells, and how they differ.
#include "validation/bucket_divergence.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>

namespace vedette::inline v0::validation {

namespace {

// What is left of a histogram without points and infinite ends.
struct Parts {
    std::vector<WidthBucket> wide;
    std::map<double, double> points;
    double infinite = 0.0;

    explicit Parts(const WidthHistogram& histogram) {
        for (const WidthBucket& bucket : histogram.buckets) {
            if (!std::isfinite(bucket.low) || !std::isfinite(bucket.high)) {
                infinite += bucket.count;
            } else if (bucket.low == bucket.high) {
                points[bucket.low] += bucket.count;
            } else {
                wide.push_back(bucket);
            }
        }
    }
};

// Adds the share of each bucket between neighbouring edges to `take(cell, count)`.
template <class Take>
void spread(const std::vector<WidthBucket>& buckets, const std::vector<double>& edges, Take&& take) {
    for (const WidthBucket& bucket : buckets) {
        auto cell = static_cast<std::size_t>(std::lower_bound(edges.begin(), edges.end(), bucket.low) - edges.begin());
        for (; cell + 1 < edges.size() && edges[cell] < bucket.high; ++cell) {
            // Halves, so that the width of the widest buckets does not overflow.
            const double part = (0.5 * edges[cell + 1] - 0.5 * edges[cell]) / (0.5 * bucket.high - 0.5 * bucket.low);
            take(cell, part * bucket.count);
        }
    }
}

}  // namespace

double jensen_shannon_bits(const std::vector<std::pair<double, double>>& counts) {
    double n = 0.0, m = 0.0;
    for (const auto& [x, y] : counts) {
        n += x;
        m += y;
    }
    if (!(n > 0.0) || !(m > 0.0)) return std::numeric_limits<double>::quiet_NaN();
    double sum = 0.0;
    for (const auto& [x, y] : counts) {
        const double p = x / n, q = y / m, middle = 0.5 * (p + q);
        // p log(p/m) + q log(q/m) is never negative, term by term as a whole: no cancellation between cells.
        double term = 0.0;
        if (p > 0.0) term += p * std::log2(p / middle);
        if (q > 0.0) term += q * std::log2(q / middle);
        sum += std::max(term, 0.0);
    }
    return std::min(0.5 * sum, 1.0);
}

std::vector<std::pair<double, double>> aligned_counts(const WidthHistogram& a, const WidthHistogram& b) {
    const Parts first(a), second(b);
    std::vector<double> edges;
    for (const Parts* parts : {&first, &second}) {
        for (const WidthBucket& bucket : parts->wide) {
            edges.push_back(bucket.low);
            edges.push_back(bucket.high);
        }
    }
    std::sort(edges.begin(), edges.end());
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    std::vector<std::pair<double, double>> counts(edges.empty() ? 0 : edges.size() - 1);
    spread(first.wide, edges, [&](std::size_t cell, double count) { counts[cell].first += count; });
    spread(second.wide, edges, [&](std::size_t cell, double count) { counts[cell].second += count; });
    std::map<double, std::pair<double, double>> points;
    for (const auto& [place, count] : first.points) points[place].first += count;
    for (const auto& [place, count] : second.points) points[place].second += count;
    for (const auto& [place, both] : points) counts.push_back(both);
    for (const double alone : {first.infinite, a.nan}) counts.emplace_back(alone, 0.0);
    for (const double alone : {second.infinite, b.nan}) counts.emplace_back(0.0, alone);
    return counts;
}

}  // namespace vedette::inline v0::validation
