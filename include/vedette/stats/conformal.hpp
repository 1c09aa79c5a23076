// SPDX-License-Identifier: Apache-2.0
// Conformal calibration: what turns a score into a p-value, and a false-alarm rate into a threshold.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/core/verdict.hpp"

namespace vedette::inline v0::stats {

// Everywhere: a higher score is more anomalous, calibration scores are those of benign inputs that took no part in
// fitting the score, and the promises are about false alarms on inputs exchangeable with them (independent draws of the
// same law, for instance). They say nothing of power, and drift voids them: `mark_stale` on a drift alarm. A score of
// NaN ("could not tell") has the p-value NaN. Scores may be infinite; equal infinities are ties like any other.

/// What a p-value promises at every level t in (0, 1) at once.
enum class ConformalGuarantee : std::uint8_t {
    /// P(p <= t) <= t, on average over calibration samples (Vovk, Gammerman and Shafer 2005). One calibration sample
    /// serves many inputs, whose false alarms then come and go together: a given one may do worse.
    marginal = 0,
    /// P(p <= t | calibration) <= t for all t, with probability 1 - failure_probability over calibration samples, by
    /// the
    /// one-sided Dvoretzky-Kiefer-Wolfowitz band (Massart 1990). Adds sqrt(ln(1/failure_probability) / (2 n)).
    conditional_dkw = 1,
    /// The same by the generalised Simes inequality with k = n/2 (Sarkar 2008; Bates, Candes, Lei, Romano and Sesia
    /// 2023): far tighter for small p-values, where alarms are; never below 1 for the larger half.
    conditional_simes = 2,
};

struct ConformalOptions {
    ConformalGuarantee guarantee = ConformalGuarantee::marginal;
    /// In (0, 0.5]. Of no effect when the guarantee is marginal.
    double failure_probability = 0.05;
};

/// The least number of calibration scores with which an alarm at `level` is possible at all: 1/level - 1, rounded up,
/// for the marginal guarantee. Throws Error(invalid_argument) for a level outside (0, 1) or an option out of range,
/// overflow when no 2^53 scores would do.
[[nodiscard]] std::size_t conformal_count_needed(double level, const ConformalOptions& options = {});

/// The same for `ConformalCalibration::single_threshold`: ln(failure_probability)/ln(1 - level), rounded up.
[[nodiscard]] std::size_t conformal_count_needed_for_threshold(double level, double failure_probability);

/// Set once something says that calibration scores no longer resemble live ones. Copies carry the mark. Any thread may
/// set and read it.
class StaleMark {
  public:
    StaleMark() noexcept = default;
    StaleMark(const StaleMark& other) noexcept : set_(other.is_set()) {}
    StaleMark& operator=(const StaleMark& other) noexcept {
        set_.store(other.is_set(), std::memory_order_relaxed);
        return *this;
    }
    ~StaleMark() = default;
    void set() noexcept { set_.store(true, std::memory_order_relaxed); }
    [[nodiscard]] bool is_set() const noexcept { return set_.load(std::memory_order_relaxed); }

  private:
    std::atomic<bool> set_{false};
};

/// Split-conformal calibration. Frozen at construction: scoring is const, noexcept, without allocation or locks, and
/// safe from several threads at once.
class ConformalCalibration {
  public:
    /// Copies and sorts the scores; 16 bytes each. O(n log n). Throws Error: not_enough_data for no score,
    /// invalid_argument for a NaN or an option out of range.
    explicit ConformalCalibration(std::span<const double> scores, const ConformalOptions& options = {});

    /// (1 + #{calibration scores >= score})/(n + 1), or what the conditional guarantee makes of the count. Ties count
    /// against an alarm. O(log n).
    [[nodiscard]] double p_value(double score) const noexcept;

    /// (#{>} + uniform (1 + #{=}))/(n + 1): exactly uniform for exchangeable scores, ties or not, when `uniform` is a
    /// fresh draw from (0, 1]. Marginal only: the conditional guarantees know no such form, and give p_value(score).
    /// NaN for a `uniform` outside [0, 1].
    [[nodiscard]] double p_value(double score, double uniform) const noexcept;

    /// The t with: score > t exactly when p_value(score) <= level. Throws Error: invalid_argument for a level outside
    /// (0, 1); not_enough_data, naming the number needed, where no score could be significant.
    [[nodiscard]] double threshold(double level) const;

    /// A t whose false-alarm rate P(score > t | calibration) is at most `level` with probability 1 -
    /// failure_probability over calibration samples (Vovk 2012): the tightest where only one level matters, by the
    /// binomial law of the count of calibration scores above the true quantile. Whatever the options' guarantee. Throws
    /// as `threshold`, and for a failure probability outside (0, 1).
    [[nodiscard]] double single_threshold(double level, double failure_probability) const;

    /// `alarm` when p_value(score) <= level, `pass` when not, `not_evaluated` for NaN, for a stale calibration and
    /// where the calibration has too few scores to alarm at that level: what cannot alarm has not been checked.
    [[nodiscard]] Decision decide(double score, double level) const noexcept;

    /// The least p-value there is, e.g. 1/(n + 1).
    [[nodiscard]] double smallest_p_value() const noexcept { return p_values_.front(); }
    [[nodiscard]] std::size_t size() const noexcept { return scores_.size(); }
    [[nodiscard]] const ConformalOptions& options() const noexcept { return options_; }

    /// To be called on a drift alarm: decisions are `not_evaluated` from then on. P-values go on as before.
    void mark_stale() noexcept { stale_.set(); }
    [[nodiscard]] bool is_stale() const noexcept { return stale_.is_set(); }

    /// As a container of kind "conformal_calibration", with the mark; `deserialize` throws Error(corrupt_data) for
    /// anything else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static ConformalCalibration deserialize(std::span<const std::byte> bytes);

  private:
    friend class MondrianCalibration;  // which saves the scores of its groups

    std::vector<double> scores_;    // ascending
    std::vector<double> p_values_;  // by the number of calibration scores at or above
    ConformalOptions options_;
    StaleMark stale_;
};

/// Calibration by group (Mondrian, or class-conditional; Vovk 2012), e.g. by predicted class: the guarantee holds in
/// each group by itself, so that no group's false alarms pay for another's quiet. Frozen likewise.
class MondrianCalibration {
  public:
    /// `groups[i]` < group_count is the group of scores[i]. Throws Error as ConformalCalibration; dimension_mismatch
    /// for lists of unlike length; invalid_argument for a group out of range; not_enough_data, naming it, for a group
    /// without a score.
    MondrianCalibration(std::span<const double> scores, std::span<const std::uint32_t> groups, std::size_t group_count,
                        const ConformalOptions& options = {});

    /// NaN for a group that does not exist. O(log n).
    [[nodiscard]] double p_value(double score, std::uint32_t group) const noexcept;
    [[nodiscard]] Decision decide(double score, std::uint32_t group, double level) const noexcept;
    /// The least p-value that a score of this group can have; NaN for a group that does not exist.
    [[nodiscard]] double smallest_p_value(std::uint32_t group) const noexcept;
    [[nodiscard]] std::size_t group_count() const noexcept { return groups_.size(); }
    /// Calibration scores of all groups.
    [[nodiscard]] std::size_t size() const noexcept;
    /// Throws Error(invalid_argument) for a group that does not exist.
    [[nodiscard]] const ConformalCalibration& group(std::uint32_t group) const;
    [[nodiscard]] const ConformalOptions& options() const noexcept { return groups_.front().options(); }
    /// Of all groups.
    void mark_stale() noexcept;
    [[nodiscard]] bool is_stale() const noexcept;

    /// As a container of kind "mondrian_calibration", with the mark; `deserialize` throws Error(corrupt_data) for
    /// anything else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static MondrianCalibration deserialize(std::span<const std::byte> bytes);

  private:
    std::vector<ConformalCalibration> groups_;
};

/// Calibration under covariate shift (Tibshirani, Foygel Barber, Candes and Ramdas 2019): live inputs follow another
/// law than calibration inputs, with the known ratio w of densities, live to calibration, up to a factor. Then P(p <=
/// t) <= t, marginally. With estimated ratios it holds as well as they do. Frozen likewise.
class WeightedCalibration {
  public:
    /// weights[i] is the ratio at the input of scores[i]. Throws Error: not_enough_data for no score or no positive
    /// weight; dimension_mismatch for lists of unlike length; invalid_argument for a NaN score or a weight that is
    /// negative, not finite or above 1e300.
    WeightedCalibration(std::span<const double> scores, std::span<const double> weights);

    /// (w + sum of the weights of calibration scores >= score)/(w + sum of all), `weight` = w being the live input's
    /// own ratio: NaN where it is negative or not finite; 0 at the least where it is 0, since by the ratios such an
    /// input never comes. O(log n).
    [[nodiscard]] double p_value(double score, double weight) const noexcept;
    /// The least p-value that an input of this weight can have.
    [[nodiscard]] double smallest_p_value(double weight) const noexcept;
    /// (sum w)^2 / sum w^2 (Kish 1965): how many unweighted scores these are worth.
    [[nodiscard]] double effective_size() const noexcept { return effective_size_; }
    [[nodiscard]] std::size_t size() const noexcept { return scores_.size(); }
    [[nodiscard]] Decision decide(double score, double weight, double level) const noexcept;
    void mark_stale() noexcept { stale_.set(); }
    [[nodiscard]] bool is_stale() const noexcept { return stale_.is_set(); }

    /// As a container of kind "weighted_calibration", with the mark; `deserialize` throws Error(corrupt_data) for
    /// anything else. What it returns gives the same bits.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static WeightedCalibration deserialize(std::span<const std::byte> bytes);

  private:
    WeightedCalibration() = default;

    std::vector<double> scores_;  // ascending
    std::vector<double> above_;   // weights from this place on, in units of the largest; one more than scores
    double scale_ = 1.0;          // the largest weight
    double effective_size_ = 0.0;
    StaleMark stale_;
};

}  // namespace vedette::inline v0::stats
