// SPDX-License-Identifier: Apache-2.0
// Count, sum, mean, variance and covariance under differential privacy.
#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "vedette/privacy/bounded_sum.hpp"
#include "vedette/privacy/contributions.hpp"
#include "vedette/privacy/privacy_unit.hpp"
#include "vedette/privacy/release.hpp"
#include "vedette/privacy/release_loss.hpp"
#include "vedette/stats/intervals.hpp"

namespace vedette::inline v0::privacy {

// All of them: integer noise on integers (bounded_sum.hpp: clamp, round to a grain, add in 128-bit integers, add
// integer noise, scale), discrete Laplace for a pure loss, discrete Gaussian for one in (epsilon, delta) or in rho;
// what is done to the noisy numbers afterwards costs nothing. Shares of a loss that several numbers have are of
// epsilon, or of rho; where a text says epsilon, the same holds of rho, and where it gives a scale, Gaussian noise has
// sigma = sensitivity / sqrt(2 rho).
//
// A mechanism is immutable and safe for concurrent use. It makes *partial states*, which are mergeable and not private:
// one per thread or machine. Under a unit that is a user, rows reach a state only through `Contributions` of that same
// unit, which limits them; states may then be merged where no user is in two of them (rows sharded by user), otherwise
// merge the Contributions first. Where a user is in two states, the loss is twice epsilon.
//
// NaN is a missing value: it is left out of sums and of the numbers of values that means are taken over. Only where the
// number of records is public (record, replace_one) it counts as the middle of the bounds. Infinities count as bounds.
//
// Each release spends its loss again. Errors: dimension_mismatch for the state of another mechanism or
// Contributions of another unit, invalid_argument for parameters outside their range, what the budget throws, io_error
// if the operating system gives no entropy. `keystream` is for the library's own use.

/// A part of a count.
class CountPartial {
  public:
    /// Throws overflow beyond 2^62 rows.
    void add(std::uint64_t rows = 1);
    void merge(const CountPartial& other);

  private:
    friend class PrivateCount;
    explicit CountPartial(const PrivacyUnit& unit) : unit_(unit) {}

    PrivacyUnit unit_;
    std::uint64_t rows_ = 0;
};

/// The number of rows. The noise's scale is unit.rows() / epsilon (rounded up). May be negative: cutting it off at 0 is
/// the caller's choice, and biases it.
class PrivateCount {
  public:
    /// Throws invalid_argument where the number is public, or for a scale above 2^40.
    PrivateCount(const PrivacyUnit& unit, const ReleaseLoss& loss,
                 const stats::Confidence& confidence = stats::Confidence(0.95));

    [[nodiscard]] CountPartial partial() const { return CountPartial(unit_); }
    [[nodiscard]] CountPartial partial(const Contributions& rows) const;
    [[nodiscard]] double scale() const noexcept { return noise_.scale(); }

    [[nodiscard]] Release release(const CountPartial& partial, ReleaseBudget& budget,
                                  detail::Keystream* keystream = nullptr) const;
    [[nodiscard]] Release release(const Contributions& rows, ReleaseBudget& budget,
                                  detail::Keystream* keystream = nullptr) const;

  private:
    PrivacyUnit unit_;
    ReleaseLoss loss_;
    double alpha_;
    NoiseLaw noise_;
};

class PrivateMoments;

/// The clamped values of one column, or of two, on their way to a moment.
class MomentsPartial {
  public:
    /// A row of one or of two columns. Throws invalid_argument for another number of columns, or under a unit that is
    /// a user: see `PrivateMoments::partial`.
    void add(double value);
    void add(double x, double y);
    void add(std::span<const double> values);
    /// Throws dimension_mismatch for the state of a mechanism with other parameters.
    void merge(const MomentsPartial& other);

  private:
    friend class PrivateMoments;
    explicit MomentsPartial(const PrivateMoments& owner);
    void check_records() const;
    void check_columns(std::size_t columns) const;
    void count(double x, double y);

    PrivacyUnit unit_;
    std::vector<Bounds> bounds_;
    std::vector<BoundedSum> sums_;
    std::uint64_t rows_ = 0;
    bool centred_ = false;
};

/// What the moments share: sums of products of the values less the middle of their bounds, the number of rows, and how
/// they are released. What each of them makes of the noisy sums is `estimate`.
class PrivateMoments {
  public:
    /// An empty state.
    [[nodiscard]] MomentsPartial partial() const { return MomentsPartial(*this); }
    /// The rows that count, of one column or of two. Throws invalid_argument for another number of columns.
    [[nodiscard]] MomentsPartial partial(const Contributions& rows) const;
    [[nodiscard]] MomentsPartial partial(const PairContributions& rows) const;
    [[nodiscard]] Release release(const MomentsPartial& partial, ReleaseBudget& budget,
                                  detail::Keystream* keystream = nullptr) const;
    [[nodiscard]] Release release(const Contributions& rows, ReleaseBudget& budget,
                                  detail::Keystream* keystream = nullptr) const {
        return release(partial(rows), budget, keystream);
    }
    [[nodiscard]] Release release(const PairContributions& rows, ReleaseBudget& budget,
                                  detail::Keystream* keystream = nullptr) const {
        return release(partial(rows), budget, keystream);
    }

    PrivateMoments(const PrivateMoments&) = default;
    PrivateMoments& operator=(const PrivateMoments&) = default;
    PrivateMoments(PrivateMoments&&) = default;
    PrivateMoments& operator=(PrivateMoments&&) = default;
    virtual ~PrivateMoments() = default;

  protected:
    struct Noisy {
        double value;
        Interval interval;
    };
    PrivateMoments(const PrivacyUnit& unit, std::vector<Bounds> columns, const std::vector<Bounds>& sums, bool centred,
                   const ReleaseLoss& loss, const stats::Confidence& confidence);

    /// From the noisy sums in order, and at last the number of rows: exact where it is public, noisy where a statistic
    /// that is centred needs it, else left out, as it was not paid for.
    [[nodiscard]] virtual Noisy estimate(const std::vector<Noisy>& parts) const = 0;
    [[nodiscard]] const Bounds& bounds(std::size_t column) const noexcept { return columns_[column]; }

  private:
    friend class MomentsPartial;
    /// Pays, then noises.
    [[nodiscard]] std::vector<Noisy> noisy(const MomentsPartial& partial, ReleaseBudget& budget,
                                           detail::Keystream* keystream) const;

    PrivacyUnit unit_;
    std::vector<Bounds> columns_;
    ReleaseLoss loss_;
    std::vector<std::variant<LaplaceSum, GaussianSum>> sums_;
    std::vector<NoiseLaw> count_;  // one, or none where the number of rows is public or not needed
    double alpha_;                 // of each part
    bool centred_;
};

/// The sum of the values, clamped to the bounds. Scale: unit.rows() * max(|lower|, |upper|) / epsilon, or more where
/// a user is replaced. All of epsilon goes into the sum.
class PrivateSum final : public PrivateMoments {
  public:
    PrivateSum(const PrivacyUnit& unit, const Bounds& bounds, const ReleaseLoss& loss,
               const stats::Confidence& confidence = stats::Confidence(0.95));

  private:
    [[nodiscard]] Noisy estimate(const std::vector<Noisy>& parts) const override;
};

/// The mean of the clamped values: half of epsilon for their sum, centred at the middle of the bounds, half for their
/// number (all for the sum where the number is public). Lies within the bounds and within its interval; where no row
/// seems to be it is the middle of the bounds, or what of the interval is nearest to it. Of no rows at all the mean is
/// the middle, and the interval holds it. The interval is over both noises (Bonferroni).
class PrivateMean final : public PrivateMoments {
  public:
    PrivateMean(const PrivacyUnit& unit, const Bounds& bounds, const ReleaseLoss& loss,
                const stats::Confidence& confidence = stats::Confidence(0.95));

  private:
    [[nodiscard]] Noisy estimate(const std::vector<Noisy>& parts) const override;
};

/// The variance of the clamped values (with the divisor n): a third of epsilon each for the sum, the sum of squares
/// and the number of rows. Lies from 0 to a quarter of the bounds' squared width.
class PrivateVariance final : public PrivateMoments {
  public:
    PrivateVariance(const PrivacyUnit& unit, const Bounds& bounds, const ReleaseLoss& loss,
                    const stats::Confidence& confidence = stats::Confidence(0.95));

  private:
    [[nodiscard]] Noisy estimate(const std::vector<Noisy>& parts) const override;
};

/// The covariance of two columns (with the divisor n), a row being left out where either value is missing: a quarter
/// of epsilon each for both sums, the sum of products and the number of rows. Under a unit that is a user rows come as
/// PairContributions, and a pair counts towards the limit even where a value of it is missing.
class PrivateCovariance final : public PrivateMoments {
  public:
    PrivateCovariance(const PrivacyUnit& unit, const Bounds& x, const Bounds& y, const ReleaseLoss& loss,
                      const stats::Confidence& confidence = stats::Confidence(0.95));

  private:
    [[nodiscard]] Noisy estimate(const std::vector<Noisy>& parts) const override;
};

}  // namespace vedette::inline v0::privacy
