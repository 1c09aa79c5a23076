// SPDX-License-Identifier: Apache-2.0
// Releasing a sum of vectors, such as gradients: clip their length, quantise, add in integers, add integer noise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/privacy/discrete_gaussian.hpp"
#include "vedette/privacy/discrete_laplace.hpp"
#include "vedette/privacy/sensitivity.hpp"

namespace vedette::inline v0::privacy {

class VectorRelease;

/// Clipped and quantised vectors on their way to a release; made by a mechanism's `sum`. What it holds is not private.
/// Not thread-safe: one per thread, merged afterwards.
class VectorSum {
  public:
    /// Throws dimension_mismatch for a sum of another length, grain or clip, overflow beyond 2^36 records.
    void merge(const VectorSum& other);
    [[nodiscard]] std::size_t dimension() const noexcept { return grains_.size(); }

  private:
    friend class VectorRelease;
    struct Grid {
        int grain_exponent;
        bool is_l1;
        std::uint64_t clip_grains;
        friend bool operator==(const Grid&, const Grid&) = default;
    };
    VectorSum(std::size_t dimension, const Grid& grid) : grains_(dimension), grid_(grid) {}

    std::vector<std::int64_t> grains_;
    std::uint64_t records_ = 0;
    Grid grid_;
};

/// What the mechanisms on vectors share. A record longer than `clip` is scaled down to it; each coordinate is cut
/// towards 0 to a multiple of the grain 2^k, which makes no record longer; that the integers' length is at most the
/// sensitivity is checked in integers, and the record scaled further where rounding had the better of it. Each
/// coordinate gets independent integer noise by the vector's length: no budget is split by coordinates. A record with a
/// NaN or an infinity counts as zero. Immutable, safe for concurrent use.
class VectorRelease {
  public:
    static constexpr std::uint64_t most_records = std::uint64_t{1} << 36U;
    static constexpr std::size_t largest_dimension = std::size_t{1} << 32U;

    [[nodiscard]] std::size_t dimension() const noexcept { return dimension_; }
    [[nodiscard]] double grain() const noexcept;
    /// By how many grains one record can change the sum, in the mechanism's norm.
    [[nodiscard]] std::uint64_t sensitivity() const noexcept { return sensitivity_; }

    [[nodiscard]] VectorSum sum() const { return {dimension_, grid_}; }

    /// Adds one record. Throws dimension_mismatch for a record or sum of another length, overflow beyond 2^36 records.
    void add(std::span<const float> record, VectorSum& sum) const;
    void add(std::span<const double> record, VectorSum& sum) const;

    /// sum + noise into `out`. Every call spends the loss. Throws dimension_mismatch for lengths that differ, io_error
    /// if the operating system gives no entropy (`out` is zeroed then).
    void release(const VectorSum& sum, std::span<float> out) const;
    void release(const VectorSum& sum, std::span<double> out) const;
    /// The same for a single record, without allocation; `out` may be the record itself.
    void release(std::span<const float> record, std::span<float> out) const;
    void release(std::span<const double> record, std::span<double> out) const;

    VectorRelease(const VectorRelease&) = default;
    VectorRelease& operator=(const VectorRelease&) = default;
    VectorRelease(VectorRelease&&) = default;
    VectorRelease& operator=(VectorRelease&&) = default;
    virtual ~VectorRelease() = default;

  protected:
    /// `clip` is checked, and has about 2^clip_bits grains.
    VectorRelease(std::size_t dimension, double clip, bool is_l1, int clip_bits, Neighbouring neighbouring);
    [[nodiscard]] static std::size_t checked_dimension(std::size_t dimension);
    [[nodiscard]] static double checked_clip(double clip);
    virtual void noise(std::span<std::int64_t> out) const = 0;

  private:
    template <class T>
    [[nodiscard]] double factor_of(std::span<const T> record) const noexcept;
    void check(const VectorSum& sum) const;
    template <std::size_t tile, class T, class Put>
    void noise_tiles(std::span<T> out, Put put) const;
    template <class T, class Put>
    void noise_all(std::span<T> out, Put put) const;
    template <class T>
    void add_record(std::span<const T> record, VectorSum& sum) const;
    template <class T>
    void release_sum(const VectorSum& sum, std::span<T> out) const;
    template <class T>
    void release_record(std::span<const T> record, std::span<T> out) const;

    std::size_t dimension_;
    double clip_;
    VectorSum::Grid grid_;
    std::uint64_t sensitivity_;
};

/// The discrete Gaussian mechanism on vectors that are clipped in Euclid's norm: rho-zero-concentrated differential
/// privacy with rho = 1 / (2 multiplier^2) (Canonne, Kamath and Steinke 2020). Cutting moves a record by less than 2^-9
/// of `clip`, all coordinates together.
class GaussianVectorSum final : public VectorRelease {
  public:
    /// Throws invalid_argument for a dimension of 0 or above 2^32, a clip outside [2^-900, 2^900], or a multiplier
    /// outside [2^-10, 2^12].
    GaussianVectorSum(std::size_t dimension, L2Norm clip, Neighbouring neighbouring, NoiseMultiplier multiplier);

    /// The noise's standard deviation in units of the values.
    [[nodiscard]] double sigma() const noexcept { return sampler_.sigma() * grain(); }
    /// The zero-concentrated loss of one release, rounded up.
    [[nodiscard]] double rho() const noexcept;

  private:
    void noise(std::span<std::int64_t> out) const override { sampler_.sample(out); }

    DiscreteGaussian sampler_;
};

/// The discrete Laplace mechanism on vectors that are clipped in the L1 norm, the sum of sizes: pure differential
/// privacy of epsilon (Dwork, McSherry, Nissim and Smith 2006). Cutting moves each coordinate towards 0 by less than
/// 2^-25 of `clip`, or, where epsilon is below 2^-10, by less than 2^-34 of the noise's scale. Over all coordinates
/// that adds up: of a record of more than 2^25 equal coordinates nothing is left.
class LaplaceVectorSum final : public VectorRelease {
  public:
    static constexpr double least_epsilon = 0x1p-20;
    static constexpr double largest_epsilon = 0x1p20;

    /// Throws invalid_argument for a dimension of 0 or above 2^32, a clip outside [2^-900, 2^900], or an epsilon
    /// outside [2^-20, 2^20].
    LaplaceVectorSum(std::size_t dimension, L1Norm clip, Neighbouring neighbouring, Epsilon epsilon);

    /// The noise's scale in units of the values: sensitivity / epsilon, rounded up.
    [[nodiscard]] double scale() const noexcept { return sampler_.scale() * grain(); }

  private:
    void noise(std::span<std::int64_t> out) const override { sampler_.sample(out); }

    DiscreteLaplace sampler_;
};

}  // namespace vedette::inline v0::privacy
