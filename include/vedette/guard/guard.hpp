// SPDX-License-Identifier: Apache-2.0
// The one call a server makes per request: checks a row, counts it, and answers with a verdict.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vedette/core/concepts.hpp"
#include "vedette/core/verdict.hpp"
#include "vedette/guard/baseline.hpp"
#include "vedette/guard/policy.hpp"
#include "vedette/guard/query_memory.hpp"
#include "vedette/guard/window.hpp"
#include "vedette/perturbation/query_score.hpp"
#include "vedette/validation/validator.hpp"

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
    score = 8,                            ///< a score reached its threshold
    score_not_evaluated = 9,              ///< a score answered NaN
    foreign_window = 10,                  ///< the window belongs to another baseline; nothing was checked or counted
    calibrated_score = 11,                ///< a score of the baseline, at the policy's false-alarm level
    calibrated_score_not_evaluated = 12,  ///< it could not tell, its vector was not given, or its calibration is stale
    fused_scores = 13,                    ///< all of them together
    schema = 14,                          ///< a check of the baseline's schema, see Finding::check
    model_aborted = 15,                   ///< the callback ended a score's questions by a value other than 0
    query_attack = 16,                    ///< the memory's evidence accuses the account of a query attack
    extraction = 17,                      ///< the account's inputs look like those that copy a model
    unlike_benign = 18,                   ///< the account's inputs have another law than benign traffic
};

/// The word for a reason, e.g. "unseen_category".
const char* reason_name(Reason reason) noexcept;

/// One thing found in a request.
struct Finding {
    Reason reason = Reason::wrong_width;
    Decision decision = Decision::pass;
    validation::Check check = validation::Check::missing;  ///< of `schema`: which one
    /// Index of the feature; of the score for `score` and `score_not_evaluated`; in `Verdict::scores` for
    /// `calibrated_score`, `calibrated_score_not_evaluated` and `model_aborted`; for unlike_benign 0, or the number of
    /// accounts of the group whose inputs these are together.
    std::uint32_t subject = 0;
    /// The number found (for wrong_width: the width found; for fused_scores: the e-value; for model_aborted: what the
    /// callback returned; for query_attack: the account's e-value; for extraction: W; for unlike_benign: the
    /// MMD); NaN where there is none.
    double value = 0.0;
};

/// What a finding may be a sign of, in the words of public catalogues of threats: NIST AI 100-2e2025, the OWASP Machine
/// Learning Security Top 10 of 2023 (a draft still), and MITRE ATLAS' techniques as of 2025-04-09.
struct ThreatTag {
    const char* catalogue;  ///< e.g. "MITRE ATLAS"
    const char* id;         ///< e.g. "AML.T0015"
    const char* name;       ///< e.g. "Evade AI Model"
};
/// Of findings by scores and by the memory; none for others.
std::span<const ThreatTag> threat_tags(Reason reason) noexcept;

/// What a score of the baseline says of a request.
struct ScoreAnswer {
    double score = std::numeric_limits<double>::quiet_NaN();
    double p_value = std::numeric_limits<double>::quiet_NaN();
    Decision decision = Decision::not_evaluated;
    /// Of a score that asks the model: how that went, and what the callback returned last.
    perturbation::AnswerStatus status = perturbation::AnswerStatus::answered;
    std::int32_t callback_status = 0;
};

/// What a request has besides its row, for the scores that take it. Borrowed for the call.
struct RequestVectors {
    std::span<const float> embedding{};
    std::span<const float> logits{};
    perturbation::RowContext context{};  ///< the group or weight of the request, where calibrations ask for one

    /// For scores that ask the model: the model, its input (none: the row, as floats) and room for its batches, of
    /// `Guard::workspace_size`, one per thread.
    const perturbation::PredictModel* model = nullptr;
    std::span<const float> input{};
    std::span<float> workspace{};
    /// Leaves such scores out, not evaluated but without a finding or a count: of requests outside of your sample.
    bool without_model = false;

    /// What is remembered across requests (of a policy's "memory"), who asks, and when. The memory is changed, so no
    /// other thread may use it meanwhile. It takes `input`, where given, else the row, and for PRADA and the MMD
    /// the embedding.
    QueryMemory* memory = nullptr;
    std::string_view account{};
    std::uint64_t time = 0;
    std::int64_t predicted = -1;  ///< the predicted class; below 0: that of the largest logit, where logits are given
};

/// The judgement of one request. Plain data: no pointers, no allocation.
struct Verdict {
    static constexpr std::size_t capacity = 8;

    Decision decision = Decision::pass;
    std::uint32_t reasons = 0;                                        ///< bit `1 << reason` for every reason found
    std::uint32_t finding_count = 0;                                  ///< all findings, also those beyond the capacity
    std::array<Finding, capacity> findings{};                         ///< the first ones, in feature order
    std::uint32_t score_count = 0;                                    ///< scores that the policy names
    std::array<ScoreAnswer, Policy::most_scores> scores{};            ///< of those, in the order of their names
    double fused_e_value = std::numeric_limits<double>::quiet_NaN();  ///< NaN where the policy asks for none
    perturbation::ModelQueries queries{};                             ///< what scores sent to the model
    MemoryEvidence memory{};                                          ///< of the request's memory

    [[nodiscard]] constexpr bool is_alarm() const noexcept { return decision == Decision::alarm; }
    [[nodiscard]] constexpr bool has(Reason reason) const noexcept {
        return ((reasons >> static_cast<unsigned>(reason)) & 1U) != 0;
    }
    [[nodiscard]] constexpr std::size_t stored_findings() const noexcept {
        return finding_count < capacity ? finding_count : capacity;
    }
};

/// The judgement of a request that the schema repairs, see Guard::repair. Plain data.
struct RepairedVerdict {
    Verdict verdict;                   ///< of the row as it is now
    validation::RepairVerdict repair;  ///< the schema's, of the row as it came and as it is now
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
    /// Throws Error(invalid_policy) when the policy is invalid or names a feature or a score that the baseline does not
    /// have, Error(not_enough_data) when a score's calibration has too few rows for the policy's level.
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
    /// Where the baseline has a schema, it decides over types, nulls, NaN and infinities in place of the policy's rules
    /// for them; in a mixed row its texts must come as texts. What the reference never held (a category, a range) is
    /// judged beside it; a category that came as the cell of the unseen ones is judged so alone.
    /// Never throws, allocates or locks. Cost: about three nanoseconds per feature, and what the scores cost; those
    /// that ask the model call it (`queries_per_request`) on this thread. Once its callback has returned a value other
    /// than 0, it is not called again for this request: these scores are not evaluated, the rest of the verdict stands.
    [[nodiscard]] Verdict check(std::span<const float> row, Window& window,
                                const RequestVectors& vectors = {}) const noexcept;
    [[nodiscard]] Verdict check(std::span<const double> row, Window& window,
                                const RequestVectors& vectors = {}) const noexcept;
    [[nodiscard]] Verdict check(std::span<const Value> row, Window& window,
                                const RequestVectors& vectors = {}) const noexcept;

    /// Is told of every value that `repair` changes, in order of features; must not throw.
    using TellRepaired = void (*)(void* user, const validation::Repaired& done) noexcept;

    /// As `check`, but does with the row what the baseline's schema says (`validation::Feature::repair`): values are
    /// changed in place before they are judged and scored, and what was changed is told in `told` as far as it goes
    /// (subjects are those of the baseline's features). To know what would be changed, give it a copy of the row. The
    /// window counts the row as it came, its failed checks too: clamping hides no drift. The decision, its findings,
    /// scores and the memory are those of the row as it is now. In a row of numbers a text is its cell: an imputed one
    /// that the reference never held becomes that of the unseen ones, and what an unseen category read is not known, so
    /// that it stays. A row of a wrong width, and one of a foreign window, is not repaired, nor is any row without a
    /// schema: `repair` then tells nothing. Never throws, allocates or locks; a valid row costs as much as `check`.
    RepairedVerdict repair(std::span<float> row, Window& window, std::span<validation::Repaired> told = {},
                           const RequestVectors& vectors = {}) const noexcept;
    RepairedVerdict repair(std::span<double> row, Window& window, std::span<validation::Repaired> told = {},
                           const RequestVectors& vectors = {}) const noexcept;
    RepairedVerdict repair(std::span<Value> row, Window& window, std::span<validation::Repaired> told = {},
                           const RequestVectors& vectors = {}) const noexcept;
    RepairedVerdict repair(std::span<float> row, Window& window, TellRepaired tell, void* user,
                           const RequestVectors& vectors = {}) const noexcept;
    RepairedVerdict repair(std::span<double> row, Window& window, TellRepaired tell, void* user,
                           const RequestVectors& vectors = {}) const noexcept;
    RepairedVerdict repair(std::span<Value> row, Window& window, TellRepaired tell, void* user,
                           const RequestVectors& vectors = {}) const noexcept;

    /// The verdict in words, one line per stored finding.
    [[nodiscard]] std::string explain(const Verdict& verdict) const;
    /// The same, and of each found score of the row's features what these add to it, the largest first, where the kind
    /// says so (ScoreKindInfo::has_contributions) and the row, as numbers, is the one that the verdict is of.
    /// O(scores).
    [[nodiscard]] std::string explain(const Verdict& verdict, std::span<const float> row) const;

    [[nodiscard]] const Baseline& baseline() const noexcept { return baseline_; }
    [[nodiscard]] const Policy& policy() const noexcept { return policy_; }
    [[nodiscard]] std::size_t score_count() const noexcept { return scores_.size(); }
    [[nodiscard]] const std::string& score_name(std::size_t index) const { return scores_.at(index).name; }

    /// Scores of the baseline that the policy names, in the order of `Verdict::scores`.
    [[nodiscard]] std::size_t calibrated_score_count() const noexcept { return calibrated_.size(); }
    [[nodiscard]] const std::string& calibrated_score_name(std::size_t index) const;

    /// Floats for RequestVectors::workspace with this model, and rows that a request sends to it: by the scores that
    /// the policy names. 0 where none asks.
    [[nodiscard]] std::size_t workspace_size(const perturbation::PredictModel& model) const noexcept;
    [[nodiscard]] std::size_t queries_per_request() const noexcept;

    /// To be called while a drift alarm holds (`stale`) and when it is over: live requests no longer resemble those
    /// that scores were calibrated with, and until then each is `not_evaluated`, and the model is asked nothing; a
    /// memory accuses no further account of query attacks, nor by the MMD. Any thread may call it; copies of a guard
    /// share the mark.
    void mark_calibrations(bool stale) const noexcept { stale_->store(stale, std::memory_order_relaxed); }
    [[nodiscard]] bool calibrations_are_stale() const noexcept { return stale_->load(std::memory_order_relaxed); }

  private:
    struct ScoreSlot {
        std::string name;
        ScoreThresholds thresholds;
        std::shared_ptr<const void> object;
        double (*score_f32)(const void*, const float*, std::size_t) noexcept = nullptr;
        double (*score_f64)(const void*, const double*, std::size_t) noexcept = nullptr;
    };
    struct FeatureRule;
    struct ScoreInputs;
    struct CalibratedSlot {
        std::size_t index = 0;  // in the baseline
        double level = 0.0;
        Decision decision = Decision::pass;  // where the level is reached
    };

    void add_slot(ScoreSlot slot);
    template <class T>
    struct Repairing;
    template <class T>
    Verdict judge(std::span<const T> row, Window& window, const RequestVectors& vectors,
                  Repairing<T>* repairing = nullptr) const noexcept;
    template <class T>
    void judge_entries(std::span<const T> row, const std::uint16_t* found, std::span<const validation::CheckSet> failed,
                       Verdict& verdict) const noexcept;
    template <class T>
    [[nodiscard]] std::span<const validation::CheckSet> judge_schema(std::span<const T> row, Window& window,
                                                                     Repairing<T>* repairing) const noexcept;
    void add_failed(std::size_t feature, validation::CheckSet failed, Verdict& verdict) const noexcept;
    template <class T>
    void run_scores(std::span<const T> row, Window& window, Verdict& verdict) const noexcept;
    template <class T>
    void run_calibrated(std::span<const T> row, Window& window, const RequestVectors& vectors,
                        Verdict& verdict) const noexcept;
    void run_memory(const RequestVectors& vectors, std::span<const float> row, Window& window,
                    Verdict& verdict) const noexcept;
    static perturbation::Answer ask_model(const perturbation::QueryScore& score, const RequestVectors& vectors,
                                          std::span<const float> row, Verdict& verdict) noexcept;
    template <class T>
    static std::span<const float> row_as_floats(std::span<const T> row, Window& window) noexcept;
    void name_scores();
    [[nodiscard]] std::string describe_contributions(const Finding& finding, std::span<const float> row) const;
    [[nodiscard]] std::string describe_score(const Finding& finding, const Verdict& verdict) const;

    Baseline baseline_;
    Policy policy_;
    std::shared_ptr<const std::vector<FeatureRule>> rules_;
    std::vector<ScoreSlot> scores_;
    std::vector<CalibratedSlot> calibrated_;
    std::shared_ptr<std::atomic<bool>> stale_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace vedette::inline v0
