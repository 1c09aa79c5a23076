// SPDX-License-Identifier: Apache-2.0
// Sums in 128-bit integers, grains, and noise that is never less than it has to be.
#include "vedette/privacy/bounded_sum.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "privacy/rounding.hpp"
#include "privacy/wide_product.hpp"
#include "vedette/core/error.hpp"
#include "vedette/privacy/gaussian_calibration.hpp"

namespace vedette::inline v0::privacy {

namespace {

constexpr int noise_bits = 30;
constexpr int least_span_bits = 10;

// To the nearest grain; exact but for that, since a power of two scales without rounding (values far below a grain
// become 0 either way).
std::int64_t quantise(double value, int grain_exponent) noexcept {
    return static_cast<std::int64_t>(std::nearbyint(std::ldexp(value, -grain_exponent)));
}

SignedWide join(std::uint64_t low, std::int64_t high) noexcept {
    return static_cast<SignedWide>((static_cast<Wide>(static_cast<std::uint64_t>(high)) << 64U) | low);
}

double checked_span(const Bounds& bounds, Neighbouring neighbouring) {
    const double span = range_of(bounds, neighbouring);
    if (!(span >= 0x1p-900 && span <= 0x1p900))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("bounds are [{}, {}]: one record must be able to change the sum by 2^-900 to 2^900",
                                bounds.lower(), bounds.upper()));
    return span;
}

Epsilon checked_epsilon(Epsilon epsilon) {
    if (epsilon.value() < LaplaceSum::least_epsilon || epsilon.value() > LaplaceSum::largest_epsilon)
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("epsilon is {}: it must be from 2^-29 to 2^20", epsilon.value()));
    return epsilon;
}

}  // namespace

double range_of(const Bounds& bounds, Neighbouring neighbouring) noexcept {
    return neighbouring == Neighbouring::add_remove ? std::max(std::abs(bounds.lower()), std::abs(bounds.upper()))
                                                    : bounds.upper() - bounds.lower();
}

BoundedSum::BoundedSum(const Bounds& bounds, int grain_exponent)
    : lower_(bounds.lower()), upper_(bounds.upper()), grain_exponent_(grain_exponent) {}

void BoundedSum::add(double value) noexcept {
    const double known = std::isnan(value) ? 0.0 : value;
    const std::int64_t grains = quantise(std::min(std::max(known, lower_), upper_), grain_exponent_);
    const auto addend = static_cast<std::uint64_t>(grains);
    low_ += addend;
    high_ += (grains < 0 ? -1 : 0) + (low_ < addend ? 1 : 0);
}

void BoundedSum::add(std::span<const double> values) noexcept {
    for (const double value : values) add(value);
}

void BoundedSum::merge(const BoundedSum& other) {
    if (other.lower_ != lower_ || other.upper_ != upper_ || other.grain_exponent_ != grain_exponent_)
        throw Error(ErrorCode::dimension_mismatch, "sum: its bounds or its grain are another sum's");
    low_ += other.low_;
    high_ += other.high_ + (low_ < other.low_ ? 1 : 0);
}

SumRelease::SumRelease(const Bounds& bounds, Neighbouring neighbouring, double noise, double span)
    : bounds_(bounds),
      grain_exponent_(std::min(std::ilogb(noise) - noise_bits + 1, std::ilogb(span) - least_span_bits)),
      sensitivity_(0) {
    const double farthest = std::max(std::abs(bounds.lower()), std::abs(bounds.upper()));
    if (std::ldexp(farthest, -grain_exponent_) > 0x1p62)
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("bounds are [{}, {}]: too far from 0 for their width; take a constant off the values",
                                bounds.lower(), bounds.upper()));
    const std::int64_t low = quantise(bounds.lower(), grain_exponent_),
                       high = quantise(bounds.upper(), grain_exponent_);
    sensitivity_ = neighbouring == Neighbouring::add_remove
                       ? static_cast<std::uint64_t>(std::max(std::abs(low), std::abs(high)))
                       : static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
}

double SumRelease::grain() const noexcept {
    return std::ldexp(1.0, grain_exponent_);
}

void SumRelease::check(const BoundedSum& sum) const {
    if (sum.lower_ != bounds_.lower() || sum.upper_ != bounds_.upper() || sum.grain_exponent_ != grain_exponent_)
        throw Error(ErrorCode::dimension_mismatch, "sum: it was made for another mechanism");
}

double SumRelease::noisy(const BoundedSum& sum, std::int64_t noise) const {
    return std::ldexp(static_cast<double>(join(sum.low_, sum.high_) + noise), grain_exponent_);
}

LaplaceSum::LaplaceSum(const Bounds& bounds, Neighbouring neighbouring, Epsilon epsilon)
    : SumRelease(bounds, neighbouring, checked_span(bounds, neighbouring) / checked_epsilon(epsilon).value(),
                 range_of(bounds, neighbouring)),
      sampler_(divide_up(at_least(sensitivity()), epsilon.value())) {}

double LaplaceSum::release(const BoundedSum& sum) const {
    check(sum);
    return noisy(sum, sampler_());
}

double LaplaceSum::release(const BoundedSum& sum, detail::Keystream& keystream) const {
    check(sum);
    std::int64_t noise = 0;
    sampler_.sample({&noise, 1}, keystream);
    return noisy(sum, noise);
}

double LaplaceSum::release(std::span<const double> values) const {
    BoundedSum all = sum();
    all.add(values);
    return release(all);
}

GaussianSum::GaussianSum(const Bounds& bounds, Neighbouring neighbouring, const Scale& scale)
    : SumRelease(bounds, neighbouring, checked_span(bounds, neighbouring) * scale.multiplier,
                 range_of(bounds, neighbouring)),
      sampler_(sigma_of(scale, sensitivity())) {}

GaussianSum::GaussianSum(const Bounds& bounds, Neighbouring neighbouring, Epsilon epsilon, Delta delta)
    : GaussianSum(bounds, neighbouring,
                  Scale{gaussian_noise_multiplier(epsilon, delta).value(), std::log(delta.value()), epsilon.value()}) {}

GaussianSum::GaussianSum(const Bounds& bounds, Neighbouring neighbouring, Rho rho)
    : GaussianSum(bounds, neighbouring, Scale{up(1.0 / std::sqrt(2.0 * rho.value())), 0.0, 0.0}) {}

double GaussianSum::sigma_of(const Scale& scale, std::uint64_t sensitivity) {
    if (!(scale.multiplier >= 0x1p-10 && scale.multiplier <= 0x1p29))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("noise is {} times the sensitivity: it must be from 2^-10 to 2^29", scale.multiplier));
    const double integer = at_least(sensitivity);
    double sigma = up(scale.multiplier * integer);
    // The integers' privacy curve lies above the continuous one by about a grain's share of it.
    constexpr double margin = 1e-10;
    if (scale.log_delta < 0.0)
        while (discrete_gaussian_log_delta(sigma, integer, scale.epsilon) > scale.log_delta - margin)
            sigma *= 1.0 + 0x1p-30;
    return sigma;
}

double GaussianSum::rho() const noexcept {
    const double ratio = up(at_least(sensitivity()) / sampler_.sigma());
    return up(0.5 * up(ratio * ratio));
}

double GaussianSum::release(const BoundedSum& sum, detail::Keystream& keystream) const {
    check(sum);
    std::int64_t noise = 0;
    sampler_.sample({&noise, 1}, keystream);
    return noisy(sum, noise);
}

double GaussianSum::release(const BoundedSum& sum) const {
    check(sum);
    return noisy(sum, sampler_());
}

double GaussianSum::release(std::span<const double> values) const {
    BoundedSum all = sum();
    all.add(values);
    return release(all);
}

}  // namespace vedette::inline v0::privacy
