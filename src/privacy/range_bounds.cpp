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

constexpr std::uint64_t most_counted = std::uint64_t{1} << 62U;

RangeScale checked(const RangeScale& scale) {
    if (!(scale.least >= -1022 && scale.least < scale.largest && scale.largest <= 1023))
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("scale is 2^{} to 2^{}: it must rise within 2^-1022 to 2^1023", scale.least, scale.largest));
    return scale;
}

double checked_chance(double false_cell) {
    if (!(false_cell > 0.0 && false_cell < 1.0))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("false_cell is {}: it must lie between 0 and 1", false_cell));
    return false_cell;
}

}  // namespace

RangePartial::RangePartial(const PrivacyUnit& unit, const RangeScale& scale)
    : unit_(unit), scale_(scale), counts_(2 * side_of(scale) + 1) {}

void RangePartial::count(double value) {
    if (std::isnan(value)) return;
    std::uint64_t& cell = counts_[cell_of(value, scale_)];
    if (cell >= most_counted) throw Error(ErrorCode::overflow, "values: more than 2^62 of them");
    ++cell;
}

void RangePartial::add(double value) {
    add(std::span(&value, 1));
}

void RangePartial::add(std::span<const double> values) {
    if (unit_.is_user())
        throw Error(ErrorCode::invalid_argument, "unit is a user: rows reach a state through Contributions");
    for (const double value : values) count(value);
}

void RangePartial::merge(const RangePartial& other) {
    if (!(other.unit_ == unit_) || other.scale_ != scale_)
        throw Error(ErrorCode::dimension_mismatch, "range: its scale or its unit is another one's");
    for (std::size_t i = 0; i < counts_.size(); ++i)
        if (other.counts_[i] > most_counted - counts_[i])
            throw Error(ErrorCode::overflow, "values: more than 2^62 of them");
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
}

PrivateRange::PrivateRange(const PrivacyUnit& unit, const RangeScale& scale, const ReleaseLoss& loss, double false_cell)
    : unit_(unit),
      scale_(checked(scale)),
      loss_(loss),
      noise_(loss, {unit.counts_sensitivity(), unit.values_l2_squared()}),
      // P(X > reach) <= alpha / 2 on one side, by symmetry.
      threshold_(static_cast<std::int64_t>(
                     noise_.reach(std::min(1.0, 2.0 * checked_chance(false_cell) / static_cast<double>(cells())))) +
                 1) {}

std::size_t PrivateRange::cells() const noexcept {
    return 2 * side_of(scale_) + 1;
}

RangePartial PrivateRange::partial(const Contributions& rows) const {
    if (!(rows.unit() == unit_))
        throw Error(ErrorCode::dimension_mismatch, "contributions: their unit is not the mechanism's");
    RangePartial result(unit_, scale_);
    rows.for_each([&](double value, std::string_view) { result.count(value); });
    return result;
}

RangeRelease PrivateRange::release(const RangePartial& partial, ReleaseBudget& budget,
                                   detail::Keystream* keystream) const {
    RangePartial merged(unit_, scale_);
    merged.merge(partial);  // throws for a state of another mechanism
    loss_.spend(budget);
    std::vector<std::int64_t> noisy(cells());
    noise_.sample(noisy, keystream);
    RangeRelease release{{}, loss_.guarantee(), loss_.told_rho()};
    std::optional<std::size_t> first, last;
    for (std::size_t i = 0; i < noisy.size(); ++i) {
        if (static_cast<std::int64_t>(merged.counts_[i]) + noisy[i] < threshold_) continue;
        if (!first) first = i;
        last = i;
    }
    if (first) release.bounds.emplace(lower_end(*first, scale_), upper_end(*last, scale_));
    return release;
}

}  // namespace vedette::inline v0::privacy
