// SPDX-License-Identifier: Apache-2.0
// Ranks as integers, and a choice among the points of a grid.
#include "vedette/privacy/quantile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "privacy/noise.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

namespace {

constexpr std::uint64_t most_values = std::uint64_t{1} << 50U;  // times a denominator fits 63 bits

StepSensitivity steps_of(const PrivacyUnit& unit, const QuantileRank& rank) {
    const std::uint64_t each = unit.neighbouring() == Neighbouring::replace_one
                                   ? rank.denominator()
                                   : std::max(rank.numerator(), rank.denominator() - rank.numerator());
    return StepSensitivity(each * unit.rows());
}

}  // namespace

QuantileRank::QuantileRank(std::uint32_t numerator, std::uint32_t denominator)
    : numerator_(numerator), denominator_(denominator) {
    if (!(numerator > 0 && numerator < denominator && denominator <= largest_denominator))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("quantile is {} / {}: it must lie between 0 and 1, its denominator be at most 1000",
                                numerator, denominator));
    const std::uint32_t common = std::gcd(numerator, denominator);
    numerator_ /= common;
    denominator_ /= common;
}

QuantileGrid::QuantileGrid(const Bounds& bounds, std::size_t steps) : bounds_(bounds), steps_(steps) {
    if (steps == 0 || steps > most_steps)
        throw Error(ErrorCode::invalid_argument, fmt::format("steps is {}: it must be from 1 to 2^16", steps));
    if (!(bounds.lower() < bounds.upper() && std::isfinite(bounds.upper() - bounds.lower())))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("bounds are [{}, {}]: their width must be positive and finite", bounds.lower(),
                                bounds.upper()));
}

double QuantileGrid::point(std::size_t i) const noexcept {
    if (i >= steps_) return bounds_.upper();
    const double share = static_cast<double>(i) / static_cast<double>(steps_);
    return bounds_.lower() + share * (bounds_.upper() - bounds_.lower());
}

std::size_t QuantileGrid::nearest(double value) const noexcept {
    const double known = std::clamp(value, bounds_.lower(), bounds_.upper());
    const double share = (known - bounds_.lower()) / (bounds_.upper() - bounds_.lower());
    return std::min(static_cast<std::size_t>(std::nearbyint(share * static_cast<double>(steps_))), steps_);
}

QuantilePartial::QuantilePartial(const PrivacyUnit& unit, const QuantileGrid& grid)
    : unit_(unit), grid_(grid), counts_(grid.points()) {}

void QuantilePartial::count(double value) {
    if (std::isnan(value) && !unit_.knows_rows()) return;
    if (total_ >= most_values) throw Error(ErrorCode::overflow, "values: more than 2^50 of them");
    ++counts_[std::isnan(value) ? grid_.points() / 2 : grid_.nearest(value)];
    ++total_;
}

void QuantilePartial::add(double value) {
    add(std::span(&value, 1));
}

void QuantilePartial::add(std::span<const double> values) {
    if (unit_.is_user())
        throw Error(ErrorCode::invalid_argument, "unit is a user: rows reach a state through Contributions");
    for (const double value : values) count(value);
}

void QuantilePartial::merge(const QuantilePartial& other) {
    if (!(other.unit_ == unit_ && other.grid_ == grid_))
        throw Error(ErrorCode::dimension_mismatch, "quantile: its grid or its unit are another one's");
    if (other.total_ > most_values - total_) throw Error(ErrorCode::overflow, "values: more than 2^50 of them");
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
}

PrivateQuantile::PrivateQuantile(const PrivacyUnit& unit, const QuantileGrid& grid, const QuantileRank& rank,
                                 Epsilon epsilon, const stats::Confidence& confidence)
    : unit_(unit),
      grid_(grid),
      rank_(rank),
      epsilon_(epsilon),
      alpha_(1.0 - confidence.level()),
      mechanism_(UtilityGrid(-UtilityGrid::largest_width, 0), steps_of(unit, rank), epsilon) {}

QuantilePartial PrivateQuantile::partial(const Contributions& rows) const {
    if (!(rows.unit() == unit_))
        throw Error(ErrorCode::dimension_mismatch, "contributions: their unit is not the mechanism's");
    QuantilePartial result(unit_, grid_);
    rows.for_each([&](double value, std::string_view) { result.count(value); });
    return result;
}

std::vector<std::int64_t> PrivateQuantile::utilities(const QuantilePartial& partial) const {
    if (!(partial.unit_ == unit_ && partial.grid_ == grid_))
        throw Error(ErrorCode::dimension_mismatch, "quantile: its grid or its unit are not the mechanism's");
    const std::int64_t p = rank_.numerator(), rest = static_cast<std::int64_t>(rank_.denominator()) - p;
    const auto total = static_cast<std::int64_t>(partial.total_);
    std::vector<std::int64_t> result;
    std::int64_t below = 0;
    for (const std::uint64_t count : partial.counts_) {
        const auto at = static_cast<std::int64_t>(count);
        const std::int64_t above = total - below - at;
        result.push_back(
            -std::max({std::int64_t{0}, rest * below - p * (at + above), p * above - rest * (below + at)}));
        below += at;
    }
    return result;
}

QuantileRelease PrivateQuantile::release(const QuantilePartial& partial, ReleaseBudget& budget,
                                         detail::Keystream* keystream) const {
    const std::vector<std::int64_t> all = utilities(partial);
    const Guarantee spent{epsilon_.value(), 0.0};
    budget.spend(spent);
    const std::size_t chosen = mechanism_.choose(all, own_unless(keystream));
    // Points worse than the best by t have together at most points exp(-rate t) of the probability.
    const double worse = std::log(static_cast<double>(grid_.points()) / alpha_) / mechanism_.rate();
    return {grid_.point(chosen), std::ceil(worse / static_cast<double>(rank_.denominator())), spent};
}

}  // namespace vedette::inline v0::privacy
