// SPDX-License-Identifier: Apache-2.0
// Can a classifier tell live rows from reference rows it has not seen? The two-sample test, and which features moved.
#pragma once

#include <cstddef>

#include "vedette/core/view.hpp"
#include "vedette/drift/multivariate.hpp"
#include "vedette/drift/test_options.hpp"

namespace vedette::inline v0::drift {

struct ClassifierTestOptions {
    TestOptions test{};
    /// Parts that both samples are dealt into, 2 to 100; no more than the smaller sample has rows are used. More folds
    /// train on more rows before the first score: from 5 to 10 the power grows by some hundredths, the time by half.
    std::size_t folds = 10;
    /// scikit-learn's C, on standardised features, 1e-6 to 1e6. Smaller values find a weak shift more easily among many
    /// uncorrelated features, but hardly one that hides in the correlation of features.
    double inverse_regularisation = 1.0;
    /// Newton steps of a fit, at least 1; few data need more than 10. A model that stops early is as valid, if less
    /// able.
    std::size_t maximum_iterations = 100;
};

/// The classifier two-sample test (Friedman 2003; Lopez-Paz and Oquab 2017) with a logistic model, progressive training
/// and the area under the curve (AUC). Both samples are dealt into folds at random (by test.seed); the log-odds of live
/// against reference of each fold from the second on come from a logistic regression, ridge-regularised, on all folds
/// before it. Features are standardised by all rows, labels aside.
///
/// Under the null hypothesis the labels of a fold are a random choice, whatever was learned before. So the folds' AUCs
/// less 1/2 are martingale differences and their variances (Mann-Whitney's, with ties) add up: the normal law needs no
/// retraining, which cross-validation, whose folds train on each other, would. Nor does it cost power: simulated,
/// cross-validation with retraining under every relabelling found no more.
///
/// test.statistic is the AUC, the mean of the folds' AUCs by weights that depend on the counts alone: precision times
/// the root of the number of training rows. 1/2 = indistinguishable. p is one-sided, large for an AUC below 1/2, which
/// nothing but chance makes. `asymptotic`: the normal law. `permutation`: labels are dealt anew within each fold and
/// all models trained again; exact for exchangeable rows, at `permutations` times the cost. `automatic`: the normal
/// law, but permutation where the labels of the scored folds can be dealt in fewer than 200 ways (fewer than 9 rows a
/// side, or as few as 2 against hundreds), which cannot give a small p anyhow. test.effect is AUC - 1/2, its interval
/// DeLong's (1988) variance of each fold in the form of `mann_whitney`: it holds for the AUC of the models that were
/// trained, which a better one might exceed; test.degrees_of_freedom is NaN.
///
/// Contributions are those of one more model, of all rows (in its own sample, so not 0 under the null): its coefficient
/// times the difference of means, live - reference, of each feature. They sum to the difference of the mean log-odds of
/// live and reference rows. A feature that masks another's shift may be negative. row_contributions: log-odds of each
/// live row less the mean of the reference, over the number of live rows; the same sum; NaN for a row left out.
///
/// Sizes that differ are no trouble: rows weigh the same, and ranks do not see the intercept, where imbalance goes.
/// Constant features are ignored; when all are, the AUC is 1/2 and p = 1. Equal rows always have equal scores.
///
/// Uses of `options.test`: method, nan (a row with a NaN is left out), confidence, permutations, seed (of folds and
/// permutations). Throws Error: dimension_mismatch for different numbers of columns; invalid_argument for infinities,
/// NaN under refuse, an option out of range; unsupported for a one-sided alternative and `exact`; not_enough_data for
/// fewer than 2 rows on a side or no column. For N rows and d features O(N d^2 + folds (min(N, d)^3 + N d)) time, with
/// some ten to a hundred passes over the rows per fit, and O(N d + folds min(N, d)^2) memory. An inverse_regularisation
/// of 1e3 or more on separable data of hundreds of features takes seconds, and leaves scores of what is far out to
/// where the last step ended; the test stays valid. Thread-safe. T is float or double.
template <class T>
MultivariateResult classifier_two_sample(MatrixView<T> reference, MatrixView<T> live,
                                         const ClassifierTestOptions& options = {});

}  // namespace vedette::inline v0::drift
