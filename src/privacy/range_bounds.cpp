// SPDX-License-Identifier: Apache-2.0
// Cells by sign and power of two, and the threshold that keeps empty ones silent.
#include "vedette/privacy/range_bounds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "privacy/noise.hpp"
#include "privacy/range_cells.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

namespace {

RangeScale checked(const RangeScale& scale) {
    check_scale(scale);
    return scale;
}

double checked_chance(double false_cell) {
    if (!(false_cell > 0.0 && false_cell < 1.0))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("false_cell is {}: it must lie between 0 and 1", false_cell));
    return false_cell;
}

}  // namespace

void check_scale(const RangeScale& scale) {
    if (!(scale.least >= -1022 && scale.least < scale.largest && scale.largest <= 1023))
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("scale is 2^{} to 2^{}: it must rise within 2^-1022 to 2^1023", scale.least, scale.largest));
}

RangePartial::RangePartial(const PrivacyUnit& unit, const RangeScale& scale)
    : scale_(scale), counts_(unit, cells_of(scale)) {}

void RangePartial::count(double value) {
    if (!std::isnan(value)) counts_.add(cell_of(value, scale_));
}

void RangePartial::check_scale(const RangePartial& other) const {
    if (!(other.counts_.unit() == counts_.unit()) || other.scale_ != scale_)
        throw Error(ErrorCode::dimension_mismatch, "range: its scale or its unit is another one's");
}

void RangePartial::add(double value) {
    add(std::span(&value, 1));
}

void RangePartial::add(std::span<const double> values) {
    counts_.check_records();
    for (const double value : values) count(value);
}

void RangePartial::merge(const RangePartial& other) {
    check_scale(other);
    counts_.merge(other.counts_);
}

PrivateRange::PrivateRange(const PrivacyUnit& unit, const RangeScale& scale, const ReleaseLoss& loss, double false_cell)
    : scale_(checked(scale)),
      noise_(unit, loss, unit.values_l2_squared()),
      // P(X > reach) <= alpha / 2 on one side, by symmetry.
      threshold_(static_cast<std::int64_t>(noise_.law().reach(
                     std::min(1.0, 2.0 * checked_chance(false_cell) / static_cast<double>(cells())))) +
                 1) {}

std::size_t PrivateRange::cells() const noexcept {
    return cells_of(scale_);
}

RangePartial PrivateRange::partial(const Contributions& rows) const {
    if (!(rows.unit() == noise_.unit()))
        throw Error(ErrorCode::dimension_mismatch, "contributions: their unit is not the mechanism's");
    RangePartial result = this->partial();
    rows.for_each([&](double value, std::string_view) { result.count(value); });
    return result;
}

RangeRelease PrivateRange::release(const RangePartial& partial, ReleaseBudget& budget,
                                   detail::Keystream* keystream) const {
    this->partial().check_scale(partial);
    const std::vector<std::int64_t> noisy = noise_.release(partial.counts_, budget, keystream);
    RangeRelease release{{}, noise_.loss().guarantee(), noise_.loss().told_rho()};
    std::optional<std::size_t> first, last;
    for (std::size_t i = 0; i < noisy.size(); ++i) {
        if (noisy[i] < threshold_) continue;
        if (!first) first = i;
        last = i;
    }
    if (first) release.bounds.emplace(lower_end(*first, scale_), upper_end(*last, scale_));
    return release;
}

}  // namespace vedette::inline v0::privacy
