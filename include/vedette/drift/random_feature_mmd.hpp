// SPDX-License-Identifier: Apache-2.0
// Has the joint law of many features changed? Live rows are summed up at a fixed cost each, in windows that merge.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "vedette/core/digest.hpp"
#include "vedette/core/view.hpp"
#include "vedette/drift/multivariate.hpp"
#include "vedette/drift/test_options.hpp"

namespace vedette::inline v0::drift {

template <class T>
class MmdMonitor;

struct RandomFeatureOptions {
    /// Frequencies, each a cosine and a sine: a multiple of 8, from 8 to 1024. More see more directions.
    std::size_t features = 256;
    /// s of the kernel exp(-|x - y|^2/(2 s^2)), in the unit that `standardise` chooses. 0: the median distance between
    /// (at most 1000) rows of the reference (the upper median, of an even number of pairs), pairs of equal rows left
    /// out.
    double bandwidth = 0.0;
    /// Divide each feature by its standard deviation in the reference (a constant feature by the size of its value).
    bool standardise = true;
    /// Directions of feature space made equal, per reference row behind the covariance; 0: none, the plain distance.
    double whitening = 0.025;
    NanPolicy nan = NanPolicy::refuse;  ///< of the reference
    std::uint64_t seed = 0;             ///< of the frequencies: same seed and reference, same features on any machine
};

/// Live sums of one RandomFeatureMmd, at a fixed size. All sums are integers: windows merge exactly, in any order.
/// One object per thread.
class FeatureWindow {
  public:
    /// So many rows at most, that their sums cannot overflow.
    static constexpr std::uint64_t maximum_rows = std::uint64_t{1} << 42U;

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    /// Rows with a NaN or an infinity: counted here and nowhere else.
    [[nodiscard]] std::uint64_t rows_left_out() const noexcept { return left_out_; }
    /// Sums of the cosines, then of the sines, in units of 2^-20.
    [[nodiscard]] std::span<const std::int64_t> sums() const noexcept { return sums_; }
    /// Of the features: windows of equal ones merge.
    [[nodiscard]] const Digest& features() const noexcept { return features_; }

    /// Adds the rows of another window. Throws Error, changing nothing: baseline_mismatch for other features, overflow
    /// beyond maximum_rows.
    void merge(const FeatureWindow& other);
    void reset() noexcept;

    /// Canonical bytes (core/container.hpp): the same rows give the same bytes, in whatever order they came.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that no window writes, Error(unsupported_version). What comes back can
    /// be merged and tested; to observe on, merge it into a window().
    [[nodiscard]] static FeatureWindow deserialize(std::span<const std::byte> bytes);

  private:
    template <class T>
    friend class RandomFeatureMmd;
    template <class T>
    friend class MmdMonitor;

    std::uint64_t count_ = 0;
    std::uint64_t left_out_ = 0;
    std::vector<std::int64_t> sums_;
    std::vector<float> scratch_;  // a block of rows, made ready
    Digest features_{};
};

/// The maximum mean discrepancy (Gretton, Borgwardt, Rasch, Schoelkopf and Smola 2012) of a Gaussian kernel, by random
/// Fourier features (Rahimi and Recht 2007; orthogonal ones, Yu et al. 2016) z(x) = (cos w'x, sin w'x)/sqrt(features)
/// whose mean over the reference is frozen. A live row costs d x features multiply-adds once, and is forgotten.
///
/// With D = mean of z over live rows - mean over the reference, S the reference's covariance of z, n and m rows, the
/// statistic is n m/(n + m) D'(I + S/g)^-1 D: directions in which z varies much, those of large scale, count for less,
/// so that changes of spread and of dependence show as well as changes of place (regularised kernel tests: Hagrass,
/// Sriperumbudur and Li 2024). g is chosen such that tr S (S + g)^-1 is `whitening` per row behind S, not below 0.05 of
/// the largest eigenvalue; whitening = 0 leaves I alone: n m/(n + m) MMD^2.
///
/// p_value: from a gamma law with the statistic's first three cumulants at these very n and m (its limit is a mixture
/// of chi-squares). They are estimated from the reference by leaving out, row by row and pair by pair, what a row
/// itself adds to S, and p is averaged over the standard error of the law's mean. Measured at a nominal 0.05: 0.04 to
/// 0.06 for 1 to 1000 live rows against a reference of 1000, heavy tails and rare events (a binary feature that is 1 in
/// a tenth of the rows) up to 0.07; 0.066 for 2000 live rows against 500; for 50 against 100 rows 0.055, rare events
/// 0.075. Rows must be independent.
///
/// Immutable, cheap to copy, safe to share between threads. T is float or double.
template <class T>
class RandomFeatureMmd {
  public:
    static constexpr std::size_t minimum_rows = 20;

    /// O(n d features) and an eigendecomposition of 2 features; S from at most 4096 rows, chosen by seed. Throws Error:
    /// not_enough_data for no column or fewer than 20 rows, invalid_argument for values that are not finite
    /// (NanPolicy::omit leaves out rows with a NaN) or an option out of range.
    explicit RandomFeatureMmd(MatrixView<T> reference, const RandomFeatureOptions& options = {});

    [[nodiscard]] std::size_t dimension() const noexcept;
    [[nodiscard]] std::size_t features() const noexcept;
    [[nodiscard]] std::uint64_t reference_count() const noexcept;
    [[nodiscard]] double bandwidth() const noexcept;
    /// g of the statistic; infinite without whitening.
    [[nodiscard]] double regularisation() const noexcept;

    /// An empty window: 16 bytes per frequency, and room for a block of rows.
    [[nodiscard]] FeatureWindow window() const;

    /// Adds rows. False, and nothing is added, when the number of columns differs, the window is of other features or
    /// would hold more than maximum_rows. No allocation. Values further than 1024 bandwidths from the reference's mean
    /// count as that far.
    bool observe(FeatureWindow& window, MatrixView<T> rows) const noexcept;

    /// Do the window's rows come from the reference's law? test.effect is the MMD, its bias removed: 0 for equal laws,
    /// at most sqrt(2); the interval comes of a ball around D that holds the true difference, so it is wide.
    /// feature_contributions: how much of the statistic moving and stretching this one feature of the reference would
    /// explain (to first order), in [0, statistic]; they need not sum to it: changes of dependence belong to no single
    /// feature, and correlated features explain the same. row_contributions stay empty, for the rows are gone: see
    /// `witness`. A reference of equal rows has no spread: the statistic is then 0 or infinite. Throws Error:
    /// baseline_mismatch for a window of other features, not_enough_data for an empty one, invalid_argument for a
    /// confidence outside (0, 1).
    [[nodiscard]] MultivariateResult test(const FeatureWindow& live, double confidence = 0.95) const;

    /// How typical of the live rows rather than of the reference each row is: (z(x) - mean of z)'(I + S/g)^-1 D; NaN
    /// for a row with a NaN or an infinity. The mean over the rows of the window, times n m/(n + m), is the statistic.
    /// Throws Error as `test`, and dimension_mismatch.
    [[nodiscard]] std::vector<double> witness(const FeatureWindow& live, MatrixView<T> rows) const;

    /// Canonical bytes (core/container.hpp).
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that no RandomFeatureMmd of this T writes, Error(unsupported_version).
    [[nodiscard]] static RandomFeatureMmd deserialize(std::span<const std::byte> bytes);

  private:
    template <class U>
    friend class MmdMonitor;

    struct State;
    struct Codec;
    explicit RandomFeatureMmd(std::shared_ptr<const State> state) noexcept : state_(std::move(state)) {}
    void check_window(const FeatureWindow& live) const;

    std::shared_ptr<const State> state_;
};

extern template class RandomFeatureMmd<float>;
extern template class RandomFeatureMmd<double>;

}  // namespace vedette::inline v0::drift
