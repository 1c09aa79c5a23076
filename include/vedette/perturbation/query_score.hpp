// SPDX-License-Identifier: Apache-2.0
// Scores that ask the model again: feature squeezing, STRIP, stability under noise and under resampled features.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "vedette/core/view.hpp"
#include "vedette/perturbation/predict.hpp"
#include "vedette/perturbation/squeezing.hpp"
#include "vedette/stats/conformal.hpp"

namespace vedette::inline v0::perturbation {

/// One filter of feature squeezing.
struct Squeezer {
    enum class Kind : std::uint8_t { bit_depth = 0, median = 1, non_local_means = 2 };
    Kind kind = Kind::bit_depth;
    unsigned bits = 5;                ///< of bit_depth
    unsigned window = 2;              ///< of median: 2 or 3
    NonLocalMeansOptions means = {};  ///< of non_local_means; its strength in units of the row's values

    [[nodiscard]] static Squeezer bit_depth(unsigned bits) noexcept { return {.kind = Kind::bit_depth, .bits = bits}; }
    [[nodiscard]] static Squeezer median(unsigned window) noexcept { return {.kind = Kind::median, .window = window}; }
    [[nodiscard]] static Squeezer non_local_means(const NonLocalMeansOptions& means) noexcept {
        return {.kind = Kind::non_local_means, .means = means};
    }
};

struct FeatureSqueezingOptions {
    ImageShape shape{};               ///< of a row
    float highest = 1.0F;             ///< the value of a fully lit pixel; 0 is black. Finite and positive
    std::vector<Squeezer> squeezers;  ///< at least one
};

struct StripOptions {
    /// A copy is row_weight x row + overlay_weight x overlay. (Gao et al. 2019 add the two, with weights of 1, and
    /// clip.)
    float row_weight = 0.5F;
    float overlay_weight = 0.5F;
    /// Copies are clipped to these.
    float lowest = -std::numeric_limits<float>::infinity();
    float highest = std::numeric_limits<float>::infinity();
};

struct NoiseStabilityOptions {
    std::size_t width = 0;  ///< entries of a row
    std::size_t copies = 16;
    /// Of the normal noise, in units of the row's values. Finite and positive.
    double standard_deviation = 0.1;
    /// Copies are clipped to these.
    float lowest = -std::numeric_limits<float>::infinity();
    float highest = std::numeric_limits<float>::infinity();
    /// The noise is drawn once: the score is a fixed function of the row. Keep it secret from whom it watches.
    std::uint64_t seed = 0;
};

struct MarginalResamplingOptions {
    std::size_t copies = 32;
    double share = 0.2;      ///< probability that a feature of a copy is resampled, in (0, 1]
    std::uint64_t seed = 0;  ///< as in NoiseStabilityOptions
};

/// The values are written into files and never change; the places of QueryScore::Options are the same.
enum class QueryScoreKind : std::uint8_t {
    feature_squeezing = 0,
    strip = 1,
    noise_stability = 2,
    marginal_resampling = 3,
};
/// "feature_squeezing", "strip", ...
const char* query_score_name(QueryScoreKind kind) noexcept;

/// A frozen score of rows by what a model says of changed copies of them. Higher is more anomalous. Immutable, cheap to
/// copy (shared state), safe to share between any number of threads, each with a workspace of its own; scoring is
/// noexcept, without allocation or locks, besides what the model does. The row and its copies go to the model in
/// batches, in a fixed order.
///
/// A score that asks raises the cost of an attack; one who knows it can aim at it too. Its calibration (conformal,
/// `calibrate`) bounds false alarms all the same.
class QueryScore {
  public:
    /// max over squeezers of sum over classes |p(row) - p(squeezed row)| (Xu, Evans and Qi 2018), in [0, 2]: sees
    /// adversarial inputs, whose prediction hangs on details that a filter removes; not patches nor large changes.
    /// Throws Error(invalid_argument) for no squeezer, an empty image or an option out of range.
    [[nodiscard]] static QueryScore feature_squeezing(const FeatureSqueezingOptions& options);
    /// Minus the mean, over overlays, of Shannon's entropy in bits of the prediction of the row with the overlay laid
    /// over it (STRIP; Gao et al. 2019), in [-log2(classes), 0]: a backdoor's trigger decides whatever lies beneath,
    /// so that the entropy is low. Of each prediction by itself, over classes; ART 1.x takes it across copies instead.
    /// Sees triggers that are independent of the input, and none that a blend destroys. overlays: clean rows, which
    /// take no part in calibration. Throws Error: not_enough_data for none; invalid_argument for a value that is not
    /// finite, a weight that is not finite, or bounds that are NaN or out of order.
    [[nodiscard]] static QueryScore strip(MatrixView<float> overlays, const StripOptions& options = {});
    /// mean over noisy copies of sum over classes |p(row) - p(copy)|, in [0, 2]: sees rows near a decision's boundary,
    /// among them minimal adversarial ones. Throws Error(invalid_argument) for an option out of range.
    [[nodiscard]] static QueryScore noise_stability(const NoiseStabilityOptions& options);
    /// The same over copies in which features, each with probability `share` (and one at least), take the value of a
    /// reference row drawn for each: sees tabular rows whose prediction hangs on few features. Throws Error:
    /// not_enough_data for no reference row or column; invalid_argument for a value that is not finite or an option out
    /// of range.
    [[nodiscard]] static QueryScore marginal_resampling(MatrixView<float> reference,
                                                        const MarginalResamplingOptions& options = {});

    /// Floats that `score` needs for this model; the largest number where that would be more.
    [[nodiscard]] std::size_t workspace_size(const PredictModel& model) const noexcept;
    /// Whatever goes wrong is said by the status, the score then being NaN.
    [[nodiscard]] Answer score(std::span<const float> row, const PredictModel& model,
                               std::span<float> workspace) const noexcept;

    /// Scores many rows; `queries`, where given, is added to, also on failure. Throws Error: callback_aborted with the
    /// callback's value; invalid_argument where a row, the model or a prediction is not valid.
    [[nodiscard]] std::vector<double> score_all(MatrixView<float> rows, const PredictModel& model,
                                                ModelQueries* queries = nullptr) const;
    /// Scores benign rows and calibrates with the scores. Throws Error as score_all, and not_enough_data for no row.
    [[nodiscard]] stats::ConformalCalibration calibrate(MatrixView<float> benign, const PredictModel& model,
                                                        const stats::ConformalOptions& options = {},
                                                        ModelQueries* queries = nullptr) const;

    [[nodiscard]] std::size_t width() const noexcept;  ///< entries of a row
    /// Rows that one score sends to the model.
    [[nodiscard]] std::size_t queries_per_row() const noexcept;
    /// What one score sends to the model, row after row, into `queries_per_row()` x `width()` floats: for those who
    /// have the predictions made elsewhere. Throws Error: dimension_mismatch, invalid_argument as an invalid row.
    void write_queries(std::span<const float> row, std::span<float> queries) const;

    [[nodiscard]] QueryScoreKind kind() const noexcept;
    using Options =
        std::variant<FeatureSqueezingOptions, StripOptions, NoiseStabilityOptions, MarginalResamplingOptions>;
    [[nodiscard]] const Options& options() const noexcept;

    /// As a container of the kind's name: what `deserialize` returns asks the same and scores the same bits. The bytes
    /// hold what the copies are made of (overlays, noise, drawn values), and so are as secret. Throws
    /// Error(corrupt_data) for anything else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static QueryScore deserialize(std::span<const std::byte> bytes);

    struct Model;

  private:
    explicit QueryScore(std::shared_ptr<const Model> model) noexcept;
    std::shared_ptr<const Model> model_;
};

}  // namespace vedette::inline v0::perturbation
