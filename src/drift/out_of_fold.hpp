// SPDX-License-Identifier: Apache-2.0
// Folds of two samples, models that train on all folds before the one they score, and how well their scores separate.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "drift/logistic.hpp"
#include "drift/superiority.hpp"

namespace vedette::inline v0::drift {

/// A fold for each of `count` rows: sizes differ by at most one, the first folds are the larger ones, and every such
/// assignment is equally likely. A function of its arguments alone; `stream` tells samples apart.
std::vector<std::size_t> assign_folds(std::size_t count, std::size_t folds, std::uint64_t seed, std::uint64_t stream);

/// Both samples' rows, fold after fold, in units of the standard deviations of all rows and centred at their mean: no
/// label takes part, so relabelling leaves them as they are. A constant column is 0.
struct FoldedRows {
    Eigen::MatrixXd rows;
    Eigen::VectorXd labels;              ///< 1 = live
    std::vector<Eigen::Index> begin;     ///< of each fold, and the end of the last
    std::vector<Eigen::Index> live;      ///< live rows of each fold
    std::vector<Eigen::Index> live_row;  ///< where each live row went
};

FoldedRows fold_rows(const Eigen::MatrixXd& reference, const Eigen::MatrixXd& live,
                     const std::vector<std::size_t>& reference_folds, const std::vector<std::size_t>& live_folds,
                     std::size_t folds);

/// Log-odds of the rows from `first` on: equal rows have equal scores to the last bit, on any processor.
Eigen::VectorXd scores(const FoldedRows& folded, const LogisticModel& model, Eigen::Index first, Eigen::Index count);

/// The area under the curve of each scored fold, in one number.
struct Separation {
    double area = 0.5;
    double null_variance = 0.0;       ///< of `area`, given which scores are tied
    std::vector<PlacementSums> sums;  ///< of the folds from the second on
    std::vector<double> weights;      ///< theirs; the sum is 1
};

/// Trains progressively: fold k is scored by a model of the folds before it.
class ProgressiveClassifier {
  public:
    /// `folded` must outlive this. `keep` keeps what the fits with other labels can use again.
    ProgressiveClassifier(const FoldedRows& folded, double inverse_regularisation, std::size_t maximum_iterations);

    [[nodiscard]] Separation separation(const Eigen::VectorXd& labels);
    /// The model of all rows; call after `separation`.
    [[nodiscard]] LogisticModel model_of_all() const;
    /// Of each scored fold.
    [[nodiscard]] const std::vector<LogisticModel>& models() const noexcept { return models_; }

  private:
    const FoldedRows& folded_;
    std::size_t maximum_iterations_;
    std::vector<double> weights_;
    std::vector<LogisticTrainer> trainers_;  // of the first fold, the first two, ..., all
    std::vector<LogisticModel> models_;
};

}  // namespace vedette::inline v0::drift
