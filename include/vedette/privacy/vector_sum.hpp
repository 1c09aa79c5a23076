// SPDX-License-Identifier: Apache-2.0
// Releasing a sum of vectors, such as gradients: clip in Euclid's norm, quantise, add in integers, add integer noise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/privacy/discrete_gaussian.hpp"
#include "vedette/privacy/sensitivity.hpp"

namespace vedette::inline v0::privacy {

class GaussianVectorSum;

/// Clipped and quantised vectors on their way to a release; made by `GaussianVectorSum::sum`. What it holds is not
/// private. Not thread-safe: one per thread, merged afterwards.
class VectorSum {
  public:
    /// Throws dimension_mismatch for a sum of another length or grain, overflow beyond 2^36 records.
    void merge(const VectorSum& other);
    [[nodiscard]] std::size_t dimension() const noexcept { return grains_.size(); }

  private:
    friend class GaussianVectorSum;
    VectorSum(std::size_t dimension, int grain_exponent) : grains_(dimension), grain_exponent_(grain_exponent) {}

    std::vector<std::int64_t> grains_;
    std::uint64_t records_ = 0;
    int grain_exponent_;
};

/// The discrete Gaussian mechanism on vectors. A record longer than `clip` is scaled down to it; each coordinate is cut
/// towards 0 to a multiple of the grain 2^k, which makes no record longer (and moves it by less than 2^-9 of `clip`,
/// all coordinates together); that the integers' squares add up to at most the square of the sensitivity is checked in
/// integers, and the record scaled further where rounding had the better of it. Each coordinate gets independent
/// discrete Gaussian noise: rho-zero-concentrated differential privacy with rho = 1 / (2 multiplier^2) by the vector's
/// norm, not a budget split by coordinates (Canonne, Kamath and Steinke 2020). A record with a NaN or an
/// infinity counts as zero. Immutable, safe for concurrent use.
class GaussianVectorSum {
  public:
    static constexpr std::uint64_t most_records = std::uint64_t{1} << 36U;
    static constexpr std::size_t largest_dimension = std::size_t{1} << 32U;

    /// Throws invalid_argument for a dimension of 0 or above 2^32, a clip outside [2^-900, 2^900], or a multiplier
    /// outside [2^-10, 2^12].
    GaussianVectorSum(std::size_t dimension, L2Norm clip, Neighbouring neighbouring, NoiseMultiplier multiplier);

    [[nodiscard]] std::size_t dimension() const noexcept { return dimension_; }
    /// The noise's standard deviation in units of the values.
    [[nodiscard]] double sigma() const noexcept;
    /// The zero-concentrated loss of one release, rounded up.
    [[nodiscard]] double rho() const noexcept;
    [[nodiscard]] double grain() const noexcept;
    /// By how many grains one record can change the sum, in Euclid's norm.
    [[nodiscard]] std::uint64_t sensitivity() const noexcept { return sensitivity_; }

    [[nodiscard]] VectorSum sum() const { return {dimension_, grain_exponent_}; }

    /// Adds one record. Throws dimension_mismatch for a record or sum of another length, overflow beyond 2^36 records.
    void add(std::span<const float> record, VectorSum& sum) const;
    void add(std::span<const double> record, VectorSum& sum) const;

    /// sum + noise into `out`. Every call spends rho. Throws dimension_mismatch for lengths that differ, io_error if
    /// the operating system gives no entropy (`out` is zeroed then).
    void release(const VectorSum& sum, std::span<float> out) const;
    void release(const VectorSum& sum, std::span<double> out) const;
    /// The same for a single record, without allocation; `out` may be the record itself.
    void release(std::span<const float> record, std::span<float> out) const;
    void release(std::span<const double> record, std::span<double> out) const;

  private:
    template <class T>
    [[nodiscard]] double factor_of(std::span<const T> record) const noexcept;
    template <class T>
    void add_record(std::span<const T> record, VectorSum& sum) const;
    template <class T>
    void release_sum(const VectorSum& sum, std::span<T> out) const;
    template <class T>
    void release_record(std::span<const T> record, std::span<T> out) const;

    std::size_t dimension_;
    double clip_;
    int grain_exponent_;
    std::uint64_t clip_grains_;
    std::uint64_t sensitivity_;
    DiscreteGaussian sampler_;
};

}  // namespace vedette::inline v0::privacy
