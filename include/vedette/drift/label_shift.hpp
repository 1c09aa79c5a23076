// SPDX-License-Identifier: Apache-2.0
// Label shift: which share of each class do live rows have, by the predictions alone?
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "vedette/core/evidence.hpp"
#include "vedette/core/verdict.hpp"

namespace vedette::inline v0::drift {

struct LabelShiftOptions {
    double confidence = 0.95;  ///< of intervals, in (0, 1)
    /// The largest condition number (2-norm) of the matrix of P(prediction | label) that is solved; in [1, 1e12].
    double largest_condition = 100.0;
};

struct ClassShare {
    double reference = std::numeric_limits<double>::quiet_NaN();     ///< share among reference labels
    double live = std::numeric_limits<double>::quiet_NaN();          ///< estimated, in [0, 1]; the shares sum to 1
    Interval live_interval{};                                        ///< within [0, 1]
    double weight = std::numeric_limits<double>::quiet_NaN();        ///< live / reference, at least 0
    double weight_error = std::numeric_limits<double>::quiet_NaN();  ///< standard error, before weights are cut at 0
    double share_error = std::numeric_limits<double>::quiet_NaN();   ///< the same of `live`
};

struct LabelShift {
    /// `pass` where shares were estimated, `not_evaluated` where the table cannot tell classes apart; never an alarm.
    Decision decision = Decision::not_evaluated;
    /// Are the predictions distributed as they were? Chi-square of reference against live predictions (Lipton et al.'s
    /// BBSD; effect: Cramer's V). Where p(features | label) is unchanged and the matrix can be inverted, this is a test
    /// of label shift; evaluated in any case.
    TestResult test{};
    double condition = std::numeric_limits<double>::infinity();  ///< of the matrix of P(prediction | label)
    bool was_cut = false;                                        ///< an estimate below 0 was set to 0
    std::vector<ClassShare> classes;                             ///< all NaN but `reference` when not evaluated
    /// Of the predictor under the shares estimated: the sum over classes of share times recall on the reference. Holds
    /// under label shift, where PerformanceWindow's estimate need not.
    double accuracy = std::numeric_limits<double>::quiet_NaN();
    Interval accuracy_interval{};
};

/// Black-box shift estimation (Lipton, Wang and Smola 2018): solves C w = mu, C the reference's joint shares of
/// predictions (rows) and labels (columns), mu the live shares of predictions, w = live/reference share of each label.
/// Estimates below 0 become 0, and all are scaled to sum to 1. Rests on label shift: p(features | label) as in the
/// reference; it is not robust to other drift. Errors are to first order, of both samples, of the estimate before it is
/// cut, by the predictions that the shares left imply; intervals are around these, then cut to [0, 1]. Not evaluated: a
/// class without reference labels, no live rows, a condition above the limit.
///
/// `confusion` is [prediction * classes + label], what PerformanceReference::confusion gives, of rows that the
/// predictor was not trained on; `live` counts predictions. Throws Error: dimension_mismatch where confusion is not
/// square in the length of live or that is below 2 or above 1024; not_enough_data for an empty reference; overflow for
/// sums beyond 2^53; invalid_argument for an option out of range. O(classes^3).
LabelShift estimate_label_shift(std::span<const std::uint64_t> confusion, std::span<const std::uint64_t> live,
                                const LabelShiftOptions& options = {});

}  // namespace vedette::inline v0::drift
