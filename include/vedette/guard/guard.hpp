// SPDX-License-Identifier: Apache-2.0
// The one call a server makes per request: checks a row, counts it, and answers with a verdict.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "vedette/core/concepts.hpp"
#include "vedette/core/verdict.hpp"
#include "vedette/guard/baseline.hpp"
#include "vedette/guard/policy.hpp"
#include "vedette/guard/window.hpp"

namespace vedette::inline v0 {

/// Why a request was not simply passed. Values are pinned and shared with the C interface.
enum class Reason : std::uint8_t {
    wrong_width = 0,  ///< not one value per feature; nothing was counted
    wrong_type = 1,
    null_value = 2,
    not_a_number = 3,
    infinite_value = 4,
    unseen_category = 5,
    out_of_range = 6,
    far_out_of_range = 7,
    score = 8,                ///< a score reached its threshold
    score_not_evaluated = 9,  ///< a score answered NaN
    foreign_window = 10,      ///< the window belongs to another baseline; nothing was checked or counted
};

/// The word for a reason, e.g. "unseen_category".
const char* reason_name(Reason reason) noexcept;

/// One thing found in a request.
struct Finding {
    Reason reason = Reason::wrong_width;
    Decision decision = Decision::pass;
    std::uint32_t subject = 0;  ///< index of the feature, or of the score for `score` and `score_not_evaluated`
    double value = 0.0;         ///< the number found (for wrong_width: the width found); NaN where there is none
};

/// The judgement of one request. Plain data: no pointers, no allocation.
struct Verdict {
    static constexpr std::size_t capacity = 8;

    Decision decision = Decision::pass;
    std::uint32_t reasons = 0;                 ///< bit `1 << reason` for every reason found
    std::uint32_t finding_count = 0;           ///< all findings, also those beyond the capacity
    std::array<Finding, capacity> findings{};  ///< the first ones, in feature order

    [[nodiscard]] constexpr bool is_alarm() const noexcept { return decision == Decision::alarm; }
    [[nodiscard]] constexpr bool has(Reason reason) const noexcept {
        return ((reasons >> static_cast<unsigned>(reason)) & 1U) != 0;
    }
    [[nodiscard]] constexpr std::size_t stored_findings() const noexcept {
        return finding_count < capacity ? finding_count : capacity;
    }
};

/// From which score on a request is worth a warning or an alarm. Infinity = never.
struct ScoreThresholds {
    double warn = std::numeric_limits<double>::infinity();
    double alarm = std::numeric_limits<double>::infinity();
};

/// A baseline and a policy, made ready. After set-up it is immutable: any number of threads may call `check` at once,
/// each with a window of its own.
class Guard {
  public:
    /// Throws Error(invalid_policy) when the policy is invalid or names a feature that the baseline does not have.
    explicit Guard(Baseline baseline, Policy policy = {});

    /// Adds a score that every checked row is given (set-up only, before the guard is shared). A score that takes
    /// `std::span<const float>` gets f32 rows as they are; other rows are converted. Categorical entries are the
    /// category's cell, nulls are NaN. A score must not use the window of the check that calls it. Throws
    /// Error(invalid_argument) for an empty or repeated name or alarm < warn.
    template <class S>
    requires Score<S, float> || Score<S, double>
    void add_score(std::string name, S score, ScoreThresholds thresholds) {
        ScoreSlot slot;
        slot.name = std::move(name);
        slot.thresholds = thresholds;
        slot.object = std::make_shared<const S>(std::move(score));
        if constexpr (Score<S, float>) {
            slot.score_f32 = [](const void* object, const float* row, std::size_t n) noexcept -> double {
                return static_cast<const S*>(object)->score(std::span<const float>(row, n));
            };
        }
        if constexpr (Score<S, double>) {
            slot.score_f64 = [](const void* object, const double* row, std::size_t n) noexcept -> double {
                return static_cast<const S*>(object)->score(std::span<const double>(row, n));
            };
        }
        add_slot(std::move(slot));
    }

    /// Checks and counts one row of `feature_count()` values; see `Window::observe` for what the entries mean.
    /// Never throws, allocates or locks. Cost: about three nanoseconds per feature.
    [[nodiscard]] Verdict check(std::span<const float> row, Window& window) const noexcept;
    [[nodiscard]] Verdict check(std::span<const double> row, Window& window) const noexcept;
    [[nodiscard]] Verdict check(std::span<const Value> row, Window& window) const noexcept;

    /// The verdict in words, one line per stored finding.
    [[nodiscard]] std::string explain(const Verdict& verdict) const;

    [[nodiscard]] const Baseline& baseline() const noexcept { return baseline_; }
    [[nodiscard]] const Policy& policy() const noexcept { return policy_; }
    [[nodiscard]] std::size_t score_count() const noexcept { return scores_.size(); }
    [[nodiscard]] const std::string& score_name(std::size_t index) const { return scores_.at(index).name; }

  private:
    struct ScoreSlot {
        std::string name;
        ScoreThresholds thresholds;
        std::shared_ptr<const void> object;
        double (*score_f32)(const void*, const float*, std::size_t) noexcept = nullptr;
        double (*score_f64)(const void*, const double*, std::size_t) noexcept = nullptr;
    };
    struct FeatureRule;

    void add_slot(ScoreSlot slot);
    template <class T>
    Verdict judge(std::span<const T> row, Window& window) const noexcept;
    template <class T>
    void judge_entries(std::span<const T> row, const std::uint16_t* found, Verdict& verdict) const noexcept;
    template <class T>
    void run_scores(std::span<const T> row, Window& window, Verdict& verdict) const noexcept;

    Baseline baseline_;
    Policy policy_;
    std::shared_ptr<const std::vector<FeatureRule>> rules_;
    std::vector<ScoreSlot> scores_;
};

}  // namespace vedette::inline v0
