// SPDX-License-Identifier: Apache-2.0
// Where the values of a column lie, under differential privacy: the least and the largest power of two that matter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "vedette/privacy/cell_counts.hpp"
#include "vedette/privacy/contributions.hpp"
#include "vedette/privacy/privacy_unit.hpp"
#include "vedette/privacy/release_loss.hpp"

namespace vedette::inline v0::privacy {

/// The sizes that are told apart: |x| below 2^least counts as 0, from 2^largest on as just below it. Chosen without
/// looking at the data.
struct RangeScale {
    int least = -30;
    int largest = 40;

    friend bool operator==(const RangeScale&, const RangeScale&) = default;
};

/// Values counted by sign and power of two; made by PrivateRange, not private.
class RangePartial {
  public:
    /// NaN is left out; infinities count as the largest. Throws invalid_argument under a unit that is a user, overflow
    /// beyond 2^62 values.
    void add(double value);
    void add(std::span<const double> values);
    /// Throws dimension_mismatch for another scale or unit.
    void merge(const RangePartial& other);

  private:
    friend class PrivateRange;
    RangePartial(const PrivacyUnit& unit, const RangeScale& scale);
    void count(double value);
    void check_scale(const RangePartial& other) const;

    RangeScale scale_;
    CellCounts counts_;  // from the most negative to the most positive
};

struct RangeRelease {
    /// What the values may be clamped to; none where no power of two seems to hold enough of them.
    std::optional<Bounds> bounds;
    Guarantee spent{};
    double rho = 0.0;
};

/// Bounds for clamping, where nobody knows them beforehand (Wilson, Zhang, Lam, Desfontaines, Simmons-Marengo and
/// Gipson 2020, "approximate bounds"). Every sign and power of two has its count, noised as a histogram's; the bounds
/// are the outer ends of the outermost cells whose noisy counts pass a threshold, the least that all empty cells
/// together pass with a probability of at most `false_cell`. Rarer values lie outside, which is what protects them:
/// min and max themselves have no privacy. Immutable, safe for concurrent use.
class PrivateRange {
  public:
    /// Throws invalid_argument unless -1022 <= least < largest <= 1023, 0 < false_cell < 1, and as the loss's noise.
    PrivateRange(const PrivacyUnit& unit, const RangeScale& scale, const ReleaseLoss& loss, double false_cell = 1e-3);

    [[nodiscard]] RangePartial partial() const { return {noise_.unit(), scale_}; }
    [[nodiscard]] RangePartial partial(const Contributions& rows) const;
    [[nodiscard]] std::int64_t threshold() const noexcept { return threshold_; }
    [[nodiscard]] std::size_t cells() const noexcept;
    [[nodiscard]] RangeRelease release(const RangePartial& partial, ReleaseBudget& budget,
                                       detail::Keystream* keystream = nullptr) const;
    [[nodiscard]] RangeRelease release(const Contributions& rows, ReleaseBudget& budget,
                                       detail::Keystream* keystream = nullptr) const {
        return release(partial(rows), budget, keystream);
    }

  private:
    RangeScale scale_;
    CellNoise noise_;
    std::int64_t threshold_;
};

}  // namespace vedette::inline v0::privacy
