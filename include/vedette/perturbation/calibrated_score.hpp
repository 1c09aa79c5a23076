// SPDX-License-Identifier: Apache-2.0
// A score with its calibration: what answers a row with evidence, and an alarm at a stated false-alarm rate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <variant>
#include <vector>

#include "vedette/core/verdict.hpp"
#include "vedette/core/view.hpp"
#include "vedette/perturbation/any_score.hpp"
#include "vedette/perturbation/predict.hpp"
#include "vedette/stats/conformal.hpp"

namespace vedette::inline v0::perturbation {

/// What a score says of one row.
struct ScoreEvidence {
    double score = std::numeric_limits<double>::quiet_NaN();    ///< higher = more anomalous; NaN: could not tell
    double p_value = std::numeric_limits<double>::quiet_NaN();  ///< conformal; NaN with the score
};

/// What a calibration may ask of a row besides its score.
struct RowContext {
    std::uint32_t group = 0;  ///< of a calibration by group, e.g. the predicted class
    double weight = 1.0;      ///< of a weighted calibration: the ratio of densities, live to calibration
};

/// Rows of a false-alarm rate: benign, as live ones are expected to be, and neither those that the score was fitted to
/// nor those that a threshold was chosen on.
struct CalibrationRows {
    MatrixView<float> rows{};
    std::span<const std::uint32_t> groups{};  ///< none: one calibration for all rows
    std::size_t group_count = 0;              ///< 0: the largest group and 1
    std::span<const double> weights{};        ///< none: all alike; not together with groups
};

/// A fitted score and the calibration of its values. Scoring is const, noexcept, without allocation or locks and safe
/// from several threads; so is marking it stale.
class CalibratedScore {
  public:
    using Calibration =
        std::variant<stats::ConformalCalibration, stats::MondrianCalibration, stats::WeightedCalibration>;

    CalibratedScore(AnyScore score, Calibration calibration) noexcept
        : score_(std::move(score)), calibration_(std::move(calibration)) {}

    /// Scores the rows and calibrates with the scores. Rows that the score cannot tell of (NaN) are left out, as such
    /// rows are not evaluated when live; `unscored`, where given, says how many. Throws Error: not_enough_data where no
    /// row (of a group) is left; dimension_mismatch for rows of another width or lists of unlike length;
    /// invalid_argument for groups together with weights, and as the calibration's constructor.
    [[nodiscard]] static CalibratedScore calibrate(AnyScore score, const CalibrationRows& benign,
                                                   const stats::ConformalOptions& options = {},
                                                   std::size_t* unscored = nullptr);

    /// The same of a score that asks the model; see QueryScore::score_all for `queries` and what it throws besides.
    /// Throws Error(invalid_argument) for a score that does not ask, and so does the other for one that does.
    [[nodiscard]] static CalibratedScore calibrate(AnyScore score, const CalibrationRows& benign,
                                                   const PredictModel& model,
                                                   const stats::ConformalOptions& options = {},
                                                   ModelQueries* queries = nullptr);

    /// NaN for a score that asks the model: see QueryScore::score and `p_value`.
    [[nodiscard]] ScoreEvidence evaluate(std::span<const float> row, const RowContext& context = {}) const noexcept;
    [[nodiscard]] double p_value(double score, const RowContext& context = {}) const noexcept;

    /// `alarm` where the p-value is at most `level`; `not_evaluated` where there is none, where the calibration is
    /// stale and where it has too few rows to alarm at that level at all.
    [[nodiscard]] Decision decide(const ScoreEvidence& evidence, double level,
                                  const RowContext& context = {}) const noexcept;
    /// The least p-value that a row of this context can have; NaN for a group that does not exist.
    [[nodiscard]] double smallest_p_value(const RowContext& context = {}) const noexcept;
    /// Throws Error(not_enough_data), with the number of rows needed, where the calibration could not alarm at `level`:
    /// in any group; with weights, for a row of weight 1.
    void require_level(double level) const;

    [[nodiscard]] const AnyScore& score() const noexcept { return score_; }
    [[nodiscard]] const Calibration& calibration() const noexcept { return calibration_; }
    /// Calibration rows, of all groups.
    [[nodiscard]] std::size_t calibration_count() const noexcept;

    /// To be called on a drift alarm: decisions are `not_evaluated` from then on.
    void mark_stale() noexcept;
    [[nodiscard]] bool is_stale() const noexcept;

    /// As a container of kind "calibrated_score", with the mark; `deserialize` throws Error(corrupt_data) for anything
    /// else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static CalibratedScore deserialize(std::span<const std::byte> bytes);

  private:
    AnyScore score_;
    Calibration calibration_;
};

/// Of p-values of several scores of one row, one e-value: the mean of `stats::mixture_calibrator` over those that are
/// not NaN; NaN where none is left. Whatever the dependence between the scores, its mean is at most 1 on benign rows,
/// so that alarms where it is 1/level and more keep the false-alarm rate `level` (Vovk and Wang 2021). Infinite for a
/// p-value of 0; NaN for one outside [0, 1].
[[nodiscard]] double fused_e_value(std::span<const double> p_values) noexcept;

}  // namespace vedette::inline v0::perturbation
