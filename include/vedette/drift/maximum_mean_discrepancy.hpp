// SPDX-License-Identifier: Apache-2.0
// Has the joint law of several features moved, in any way at all? The kernel two-sample test (maximum mean
// discrepancy).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "vedette/core/view.hpp"
#include "vedette/drift/multivariate.hpp"
#include "vedette/drift/test_options.hpp"

namespace vedette::inline v0::drift {

/// How several bandwidths make one statistic. Values are pinned.
/// `mean_kernel`: MMD^2 of the mean of the kernels.
/// `fuse`: MMD-FUSE (Biggs, Schrab and Gretton 2023): every kernel has an MMD^2 of its own, divided by the root mean
/// square of its values off the diagonal, and the statistic is their soft maximum, log(mean of exp(l MMD^2_b/rms_b))/l
/// with l = sqrt(k (k - 1)), k the size of the smaller sample. Its level is exact and it pays nearly nothing for the
/// choice of a bandwidth: the one to take when the scale of a change is unknown.
enum class KernelAggregation : std::uint8_t { mean_kernel = 0, fuse = 1 };

struct MmdOptions {
    /// Used: nan, confidence, permutations, seed.
    TestOptions test{};
    /// The s of k(x, y) = exp(-|x - y|^2/(2 s^2)), in units of the data. Empty: `mean_kernel` takes one, with 2 s^2 the
    /// median of the squared distances (of those that are not zero, if half of them are; the mean of the middle two of
    /// an even number); `fuse` takes ten, evenly
    /// spaced from half the 5 % quantile of the distances to twice their 95 % quantile.
    std::vector<double> bandwidths{};
    KernelAggregation aggregation = KernelAggregation::mean_kernel;
    /// Not 0: permutations end once so many are as extreme as what was observed (Besag and Clifford 1991); p is then
    /// that number over the permutations drawn. As valid, and quick where nothing has changed.
    std::size_t stop_after = 0;
    /// Takes from half as long as all else (`fuse`, few features) to one and a half times as long (one kernel, few
    /// features), but for permutations; about as long for many features.
    bool feature_contributions = true;
};

/// MMD^2 of two samples, the unbiased estimate: mean of k within the n reference rows (diagonal left out) plus that
/// within the m live rows minus twice the mean between them. Zero on average when the laws are equal, hence negative
/// half of the time; any change of law makes it positive as samples grow.
///
/// p: from random relabelling of the pooled rows, exact for any exchangeable rows (ties, heavy tails, any dimension)
/// and any number of permutations. What is compared are integers: kernel values rounded to 255 steps between their
/// extremes (the outermost 1 % clipped to half a range beyond), so that the same rows give the same p on every machine.
/// The level is exact for any statistic, rounded or not; the power came out the same, p within 0.002 on average.
/// Bandwidth and range come from at most 256 pooled rows, drawn at random under `seed` if there are more: no labels
/// enter.
///
/// test.statistic: MMD^2, or the soft maximum, from kernel values in T. test.effect: sqrt(max(0, MMD^2)/(1 - mean of k
/// within the reference)), the distance of the two laws' mean embeddings in standard deviations of the reference there;
/// its interval takes the square as normal, with the variance of the first and second order added, for the bandwidth as
/// given; for `fuse`, of the mean of the kernels. moved_share: sqrt(max(0, MMD^2)/2) of that kernel, which the total
/// variation distance cannot be below, and the interval likewise. row_contributions: of each live row y, by the witness
/// function w(z) = mean of k(z, live) - mean of k(z, reference) with z itself left out, (w(y) - mean of w over
/// reference rows)/m. They sum to MMD^2; for `fuse`, to the mean of MMD^2_b/rms_b with the weights of the soft maximum.
/// NaN for a row left out. feature_contributions: of feature f, the sum over ordered pairs of w_ij (k_ij - 1) (x_if -
/// x_jf)^2/|x_i - x_j|^2, w = 1/(n(n - 1)) and 1/(m(m - 1)) within, -1/(nm) across; k the same sum of kernels (1: its
/// value at distance 0). Each pair's loss of similarity is shared among the features in proportion to their squared
/// differences: the Aumann-Shapley values of the squared differences (Aumann and Shapley 1974; integrated gradients
/// with equal rows as the baseline). They sum to what the row contributions sum to, but for rounding in T. Features
/// that did not change are near zero or below: a larger part of other distances is a smaller part of theirs.
///
/// Rows are centred and their products computed in T (float: the bulk of the work runs at the rate of the FMA units),
/// pairs that lie close together far from the centre again by differences, data whose range a float cannot span in
/// double: up to three times as long. Hundreds of float rows of 16 columns or more are rounded to whole multiples of a
/// step first, in 16 bits, and their distances summed exactly in integers, which takes half as long: where the step is
/// at most 1e-4 of the smallest bandwidth and 1e-7 of it per row of the smaller side (rows far from all others forbid
/// it). A kernel value is then out by 2.5e-5 at most (standard deviation) of continuous columns, by up to 3e-4 where
/// columns hold few levels and all round alike, which cancels between equal laws. Against a frozen reference no row is
/// rounded.
/// MMD^2 of equal laws is then within about 1e-7 (float) or 1e-12 (double), with the same bits on every instruction
/// set.
///
/// O((n + m)^2 (d + permutations/100)) time, (n + m)^2/2 bytes per kernel. Throws Error: dimension_mismatch for
/// different numbers of columns; not_enough_data for fewer than 2 rows on a side or no column; invalid_argument for
/// infinities, NaN under refuse, a bandwidth that is not positive and finite, zero permutations, more than 65536 rows;
/// unsupported for a one-sided alternative or a method other than automatic and permutation. Thread-safe.
template <class T>
MultivariateResult maximum_mean_discrepancy(MatrixView<T> reference, MatrixView<T> live,
                                            const MmdOptions& options = {});

/// MMD against a frozen reference: its kernel sums, rounded kernel values, centre and bandwidths are computed once.
/// Immutable, safe to share between threads; a copy shares the state.
///
/// Bandwidths and rounding come from the reference alone, before any live row is seen, so that live rows cannot choose
/// them; relabelling no longer leaves them quite alone, and the level is exact only as far as a bandwidth hardly
/// depends on which of the exchangeable rows it came from. Measured: no difference from the nominal level with 20
/// reference rows. With bandwidths given by the caller only the rounding remains.
template <class T>
class MaximumMeanDiscrepancy {
  public:
    /// O(n^2 d) time; keeps the rows twice and n^2/2 bytes per kernel. Throws Error as
    /// maximum_mean_discrepancy.
    explicit MaximumMeanDiscrepancy(MatrixView<T> reference, const MmdOptions& options = {});

    [[nodiscard]] std::size_t dimension() const noexcept;
    [[nodiscard]] std::size_t reference_count() const noexcept;
    [[nodiscard]] const std::vector<double>& bandwidths() const noexcept;

    /// As maximum_mean_discrepancy; O(m (n + m) d) and the permutations.
    [[nodiscard]] MultivariateResult test(MatrixView<T> live) const;

  private:
    struct State;
    std::shared_ptr<const State> state_;
};

extern template class MaximumMeanDiscrepancy<float>;
extern template class MaximumMeanDiscrepancy<double>;

}  // namespace vedette::inline v0::drift
