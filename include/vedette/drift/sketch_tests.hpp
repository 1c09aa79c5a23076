// SPDX-License-Identifier: Apache-2.0
// The Kolmogorov-Smirnov test on sketches of streams: what the sketch does not know is said, as an interval.
#pragma once

#include <cstdint>

#include "vedette/core/evidence.hpp"
#include "vedette/drift/sorted_sample.hpp"
#include "vedette/stats/kll_sketch.hpp"

namespace vedette::inline v0::drift {

struct SketchTestOptions {
    /// Of the effect's interval, in (0, 1).
    double confidence = 0.95;
    /// How often, at most, the sketches may break their error bound, in (0, 1). Costs little: a hundredth of it widens
    /// the bound by about a fifth.
    double sketch_error_probability = 1e-4;
};

/// The answer of a test of which only bounds are known.
struct SketchKsResult {
    double statistic = 0.0;  ///< D between the sketches
    /// Contains D of the full streams with probability >= 1 - sketch_error_probability.
    Interval statistic_interval;
    /// The p-values of both ends, of the true numbers of values: the full streams' p-value lies between.
    Interval p_value_interval;
    /// min(1, p_value_interval.upper + sketch_error_probability). The one number to compare with a level or to hand to
    /// a correction: under the null hypothesis P(p_value <= level) <= level, sketch error included.
    double p_value = 1.0;
    /// What was spent: 0 when both sides are exact.
    double sketch_error_probability = 0.0;
    double rank_error = 0.0;  ///< half-width of statistic_interval before clipping to [0, 1]
    /// Of the distance between the distributions behind the streams, at confidence minus sketch_error_probability (the
    /// Dvoretzky-Kiefer-Wolfowitz bands of both samples on top of the sketches' bands).
    Interval effect_interval;
    std::uint64_t reference_count = 0;
    std::uint64_t live_count = 0;
};

/// Two-sample Kolmogorov-Smirnov test of a frozen reference against a stream's sketch, or of two sketches. No band
/// narrower than the sketch's error uniform over ranks would do: D is sought where the sketches differ most, and so
/// where they err. Each side gets half of the sketch error probability (union bound, so common seeds do no harm); the
/// p-values are those of `stats::kolmogorov_finite_sf` at n m / (n + m), n and m being what the streams held, not what
/// the sketches kept; ties make them conservative. Values that have no rank in a sketch (NaN, infinities) take no part:
/// test their rates apart. O(retained log n). Thread-safe. Throws Error: not_enough_data for an empty side,
/// invalid_argument for infinities in the sample or an option outside its range.
template <class T>
SketchKsResult ks_two_sample(const SortedSample<T>& reference, const stats::KllSketch<T>& live,
                             const SketchTestOptions& options = {});
template <class T>
SketchKsResult ks_two_sample(const stats::KllSketch<T>& reference, const stats::KllSketch<T>& live,
                             const SketchTestOptions& options = {});

}  // namespace vedette::inline v0::drift
