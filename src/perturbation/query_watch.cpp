// SPDX-License-Identifier: Apache-2.0
// One request through the store, the calibration and the table of callers.
#include "vedette/perturbation/query_watch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::perturbation {

QueryWatch::QueryWatch(FingerprintStore store, stats::ConformalCalibration calibration,
                       const QueryWatchOptions& options, std::optional<CalibratedUpdates> updates)
    : store_(std::move(store)),
      calibration_(std::move(calibration)),
      updates_(std::move(updates)),
      callers_(options.callers),
      links_(options.links),
      linked_score_(options.linked_score),
      repeats_(options.repeats) {
    if (!(linked_score_ > 0.0 && linked_score_ <= 1.0))
        throw Error(ErrorCode::invalid_argument,
                    "QueryWatch: linked_score is " + std::to_string(linked_score_) + ", must lie in (0, 1]");
}

template <class T>
QueryEvidence QueryWatch::take(std::span<const T> input, std::string_view account, std::uint64_t time,
                               bool is_stale) noexcept {
    QueryEvidence result;
    const std::uint64_t before = store_.span_of_time();
    result.match = store_.observe(input, account, time);
    // Before the first input no time has passed.
    if (store_.queries() > 1)
        result.aged = static_cast<std::uint32_t>(std::min<std::uint64_t>(store_.span_of_time() - before, 64));
    if (result.aged != 0) links_.age(result.aged);
    result.mark = store_.account_mark(account);
    const bool is_left_out = (result.match.repeat == Repeat::own && repeats_ != RepeatRule::judged) ||
                             (result.match.repeat == Repeat::other && repeats_ == RepeatRule::left_out);
    result.is_left_out = is_left_out;
    if (!is_left_out) result.p_value = calibration_.p_value(result.match.score);
    if (updates_ && !is_left_out) {
        result.update = updates_->similarity.update(input, account);
        const double p = updates_->calibration.p_value(result.update.score);
        if (!std::isnan(p)) result.p_value = std::min(1.0, 2.0 * std::fmin(p, result.p_value));
    }
    if (!is_left_out && result.match.score >= linked_score_)
        result.shared = links_.count(result.mark, result.match.account);
    if (is_stale) result.p_value = std::numeric_limits<double>::quiet_NaN();
    // A p-value that is NaN changes nothing but a counter.
    result.account = callers_.update(account, result.p_value, time);
    return result;
}

std::size_t QueryWatch::memory() const noexcept {
    const auto calibration = [](const stats::ConformalCalibration& each) { return 2 * each.size() * sizeof(double); };
    return sizeof *this - sizeof store_ + store_.memory() + calibration(calibration_) + callers_.memory() +
           links_.memory() + (updates_ ? updates_->similarity.memory() + calibration(updates_->calibration) : 0);
}

QueryEvidence QueryWatch::observe(std::span<const std::uint8_t> input, std::string_view account, std::uint64_t time,
                                  bool is_stale) noexcept {
    return take(input, account, time, is_stale);
}
QueryEvidence QueryWatch::observe(std::span<const float> input, std::string_view account, std::uint64_t time,
                                  bool is_stale) noexcept {
    return take(input, account, time, is_stale);
}

}  // namespace vedette::inline v0::perturbation
