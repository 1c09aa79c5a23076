// SPDX-License-Identifier: Apache-2.0
// What each feature adds to a prediction, by asking the model: occlusion and Kernel SHAP.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>

#include "vedette/core/view.hpp"
#include "vedette/perturbation/predict.hpp"

namespace vedette::inline v0::perturbation {

struct ExplainerOptions {
    /// Features of a group (a patch of pixels, the columns of one category) come and go together: feature j belongs to
    /// players[j], numbered from 0 without gaps. None: every feature is a player.
    std::span<const std::uint32_t> players{};
    /// Of Kernel SHAP: with 2^players - 2 at most so many coalitions, all are asked and Shapley values are exact;
    /// otherwise so many are, an even number.
    std::size_t most_coalitions = 4094;
    std::uint64_t seed = 0;  ///< of sampled coalitions
};

/// What an explanation says besides contributions.
struct Explanation {
    AnswerStatus status = AnswerStatus::answered;
    std::int32_t callback_status = 0;
    ModelQueries queries{};
    double prediction = std::numeric_limits<double>::quiet_NaN();  ///< the class's probability for the row
    double expected = std::numeric_limits<double>::quiet_NaN();    ///< mean over the background rows
};

/// The value of a coalition of players is the mean, over background rows, of the probability of a class where the
/// coalition's features are the row's and all others the background row's (interventional). Frozen; explaining is
/// const, noexcept, without allocation or locks, and safe from several threads, each with its own workspace.
class PredictionExplainer {
  public:
    /// contribution of i = value(all) - value(all but i): what the prediction loses without it (Zeiler and Fergus 2014,
    /// for one background row). Contributions need not add up to anything. Throws Error: not_enough_data for no
    /// background row or column; invalid_argument for a value that is not finite, or players with gaps;
    /// dimension_mismatch for players that are not as many as columns.
    [[nodiscard]] static PredictionExplainer occlusion(MatrixView<float> background,
                                                       const ExplainerOptions& options = {});
    /// Kernel SHAP (Lundberg and Lee 2017). Of all coalitions the regression with Shapley's kernel gives Shapley
    /// values, which are computed as such. Otherwise sizes of coalitions that can be asked in full are, with their
    /// exact weight, and the rest is drawn in pairs with their complements (Covert and Lee 2021) and solved under the
    /// constraint. Contributions add up to prediction - expected, to the last rounding, in either case. Throws Error
    /// as `occlusion`; and invalid_argument for more than 1024 players, or too few coalitions for so many (twice the
    /// players are needed, and an odd number is one less). O(coalitions x players) memory.
    [[nodiscard]] static PredictionExplainer kernel_shap(MatrixView<float> background,
                                                         const ExplainerOptions& options = {});

    /// Floats that `explain` needs; the largest number where that would be more.
    [[nodiscard]] std::size_t workspace_size(const PredictModel& model) const noexcept;
    /// contributions: one to a player, in units of probability of class `label`; NaN unless answered.
    /// `invalid_model` for a label out of range, `invalid_row` for another number of contributions.
    [[nodiscard]] Explanation explain(std::span<const float> row, std::uint32_t label, std::span<double> contributions,
                                      const PredictModel& model, std::span<float> workspace) const noexcept;

    [[nodiscard]] std::size_t width() const noexcept;
    [[nodiscard]] std::size_t player_count() const noexcept;
    /// Coalitions that are asked, with the empty and the full one; each once for every background row.
    [[nodiscard]] std::size_t coalition_count() const noexcept;
    /// Whether contributions are exact.
    [[nodiscard]] bool is_exact() const noexcept;

    struct Plan;

  private:
    explicit PredictionExplainer(std::shared_ptr<const Plan> plan) noexcept;
    std::shared_ptr<const Plan> plan_;
};

}  // namespace vedette::inline v0::perturbation
