// SPDX-License-Identifier: Apache-2.0
// Releasing a sum of bounded values: clamp, quantise, add in integers, add integer noise, scale. No floating-point sum.
#pragma once

#include <cstdint>
#include <span>

#include "vedette/privacy/discrete_gaussian.hpp"
#include "vedette/privacy/discrete_laplace.hpp"
#include "vedette/privacy/sensitivity.hpp"

namespace vedette::inline v0::privacy {

// The pipeline. A value is clamped to the bounds and rounded to a multiple of the grain g = 2^k, so that it becomes an
// integer between those of the bounds; integers are added in 128 bits, exactly and in any order; an integer drawn by an
// exact sampler is added; the result times g is what leaves. The sensitivity is that of the integers, known exactly:
// floating-point sums, whose sensitivity is larger than it looks (Casacuberta, Shoemate, Vadhan and Wagaman 2022), and
// floating-point noise, whose low bits give the value away (Mironov 2012), have no place. The grain depends on public
// parameters alone: noise is 2^29 to 2^40 grains wide, so that rounding costs nothing that could be seen.

/// Values of one sum on its way to a release; made by a mechanism's `sum()`, of use with that mechanism only. Merges
/// exactly. What it holds is not private. Not thread-safe: one per thread.
class BoundedSum {
  public:
    /// NaN counts as the value of the bounds that is nearest to 0, -Inf and +Inf as the bounds. O(1), noexcept.
    void add(double value) noexcept;
    void add(std::span<const double> values) noexcept;
    /// Throws dimension_mismatch for a sum of other bounds or another grain.
    void merge(const BoundedSum& other);

  private:
    friend class SumRelease;
    BoundedSum(const Bounds& bounds, int grain_exponent);

    double lower_, upper_;
    int grain_exponent_;
    std::uint64_t low_ = 0;  // the sum in grains, two's complement
    std::int64_t high_ = 0;
};

/// What the mechanisms share.
class SumRelease {
  public:
    /// An empty sum for this mechanism.
    [[nodiscard]] BoundedSum sum() const { return {bounds_, grain_exponent_}; }
    /// The grid that values are rounded to and results lie on.
    [[nodiscard]] double grain() const noexcept;
    /// By how many grains one record can change the sum.
    [[nodiscard]] std::uint64_t sensitivity() const noexcept { return sensitivity_; }

  protected:
    /// The grain is 2^k with 2^29 <= noise / 2^k < 2^30, or finer, until `span` has 2^10 grains.
    SumRelease(const Bounds& bounds, Neighbouring neighbouring, double noise, double span);
    /// Throws dimension_mismatch for a sum of another mechanism.
    [[nodiscard]] double noisy(const BoundedSum& sum, std::int64_t noise) const;
    void check(const BoundedSum& sum) const;

    Bounds bounds_;
    int grain_exponent_;
    std::uint64_t sensitivity_;
};

/// The largest change by one record: max(|lower|, |upper|) or upper - lower.
double range_of(const Bounds& bounds, Neighbouring neighbouring) noexcept;

/// Pure differential privacy by discrete Laplace noise. Immutable, safe for concurrent use.
class LaplaceSum : public SumRelease {
  public:
    static constexpr double least_epsilon = 0x1p-29;
    static constexpr double largest_epsilon = 0x1p20;

    /// Throws invalid_argument for an epsilon outside that range, for bounds between which nothing can change, and for
    /// bounds too far from 0 for their width (2^62 grains).
    LaplaceSum(const Bounds& bounds, Neighbouring neighbouring, Epsilon epsilon);

    /// The noise's scale in units of the values: sensitivity / epsilon, rounded up.
    [[nodiscard]] double scale() const noexcept { return sampler_.scale() * grain(); }
    /// sum + noise. Every call spends epsilon. Throws io_error if the operating system gives no entropy.
    [[nodiscard]] double release(const BoundedSum& sum) const;
    [[nodiscard]] double release(std::span<const double> values) const;

    /// For the library's own use.
    [[nodiscard]] double release(const BoundedSum& sum, detail::Keystream& keystream) const;

  private:
    DiscreteLaplace sampler_;
};

/// Approximate or zero-concentrated differential privacy by discrete Gaussian noise. Immutable, safe for concurrent
/// use.
class GaussianSum : public SumRelease {
  public:
    /// Throws invalid_argument for bounds as above, or noise of more than 2^29 or less than
    /// 2^-10 times what one record can change. Calibrated by `discrete_gaussian_log_delta`.
    GaussianSum(const Bounds& bounds, Neighbouring neighbouring, Epsilon epsilon, Delta delta);
    /// sigma = sensitivity / sqrt(2 rho), rounded up.
    GaussianSum(const Bounds& bounds, Neighbouring neighbouring, Rho rho);

    /// The noise's standard deviation in units of the values.
    [[nodiscard]] double sigma() const noexcept { return sampler_.sigma() * grain(); }
    /// The release's zero-concentrated loss, sensitivity^2 / (2 sigma^2), rounded up.
    [[nodiscard]] double rho() const noexcept;
    /// sum + noise. Every call spends the budget. Throws io_error if the operating system gives no entropy.
    [[nodiscard]] double release(const BoundedSum& sum) const;
    [[nodiscard]] double release(std::span<const double> values) const;

    /// For the library's own use.
    [[nodiscard]] double release(const BoundedSum& sum, detail::Keystream& keystream) const;

  private:
    struct Scale {
        double multiplier;
        double log_delta;  // 0: none to check
        double epsilon;
    };
    GaussianSum(const Bounds& bounds, Neighbouring neighbouring, const Scale& scale);
    [[nodiscard]] static double sigma_of(const Scale& scale, std::uint64_t sensitivity);

    DiscreteGaussian sampler_;
};

}  // namespace vedette::inline v0::privacy
