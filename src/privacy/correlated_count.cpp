// SPDX-License-Identifier: Apache-2.0
// C forwards in exact integers, its inverse in floating point, and how much the integers can change.
#include "vedette/privacy/correlated_count.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "privacy/noise.hpp"
#include "privacy/wide_product.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

namespace {

constexpr int noise_bits = 38;                 // the noise is so many bits of the grid wide
constexpr int least_root_bits = 16;            // its last coefficients are about 2^-11
constexpr double largest_scale = 31.0 / 32.0;  // of a buffer: fewer than three would ask for more
constexpr double margin = 1.0 + 1e-9;          // over the errors of closed forms

std::uint64_t checked_horizon(std::uint64_t horizon, CountFactor factor) {
    const bool is_root = factor == CountFactor::toeplitz_root;
    const std::uint64_t longest =
        is_root ? CorrelatedCount::longest_root_horizon : CorrelatedCount::longest_buffered_horizon;
    if (horizon == 0 || horizon > longest)
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("horizon is {}: it must be from 1 to 2^{}", horizon, is_root ? 20 : 40));
    return horizon;
}

double checked_rho(const ReleaseLoss& loss) {
    if (!loss.is_gaussian())
        throw Error(ErrorCode::invalid_argument, "loss is pure: correlated noise is Gaussian; take a delta or a rho");
    if (!(loss.rho() >= 0x1p-24 && loss.rho() <= 0x1p20))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("loss has rho {}: it must be from 2^-24 to 2^20", loss.rho()));
    return loss.rho();
}

// x is 0 or from 2^-64 up, and below 1.
std::uint64_t fraction(double x) noexcept {
    return static_cast<std::uint64_t>(std::ldexp(x, 64));
}

// To a multiple of 2^-64 that is a double, too.
double to_fraction(double x) noexcept {
    return std::ldexp(std::nearbyint(std::ldexp(x, 64)), -64);
}

Wide join(std::uint64_t low, std::uint64_t high) noexcept {
    return (Wide{high} << 64U) | low;
}

// floor(x f / 2^64).
Wide times(Wide x, std::uint64_t f) noexcept {
    return (x >> 64U) * f + multiply_high(static_cast<std::uint64_t>(x), f);
}

}  // namespace

CorrelatedCount::CorrelatedCount(const PrivacyUnit& unit, std::uint64_t horizon, CountFactor factor,
                                 const ReleaseLoss& loss, ReleaseBudget& budget, std::size_t buffers,
                                 const stats::Confidence& confidence)
    : horizon_(checked_horizon(horizon, factor)), factor_(factor), alpha_(1.0 - confidence.level()) {
    const double rho = checked_rho(loss);
    if (buffers > most_buffers)
        throw Error(ErrorCode::invalid_argument, fmt::format("buffers is {}: there are at most 64", buffers));
    if (factor == CountFactor::buffered_toeplitz) {
        make_buffers(buffers);
    } else {
        make_root();
    }
    const double units = at_least(unit.counts_sensitivity());
    // The grid by the coefficients as they are; the root's then move to it, which is counted.
    double length = up(units * column_length());
    grid_bits_ = std::clamp(noise_bits - std::ilogb(sigma_for(length, rho)), 0, most_grid_bits);
    if (factor == CountFactor::toeplitz_root) {
        if (grid_bits_ < least_root_bits)
            throw Error(ErrorCode::invalid_argument,
                        "loss: too little of it for so many rows of a unit; take buffered_toeplitz");
        move_root_to_grid();
        length = up(units * column_length());
    } else {
        // Rounding down, of w once and of each buffer at every step: two neighbours differ by one unit more at most.
        double steps = 1.0;
        for (std::size_t j = 0; j < decays_.size(); ++j)
            steps += std::ldexp(scales_[j] / (1.0 - decays_[j]) + 1.0, grid_bits_ - static_cast<int>(fraction_bits));
        length += std::ldexp(up(std::sqrt(at_least(horizon_))) * steps, -grid_bits_) * margin;
    }
    sensitivity_ = up(length);
    noise_.emplace_back(std::max(sigma_for(std::ldexp(sensitivity_, grid_bits_), rho), DiscreteGaussian::least_sigma));
    loss.spend(budget);
}

CorrelatedCount::CorrelatedCount(std::uint64_t horizon, CountFactor factor, int grid_bits, double alpha)
    : horizon_(horizon), factor_(factor), grid_bits_(grid_bits), alpha_(alpha) {}

CorrelatedCount::CorrelatedCount(CorrelatedCount&& other) noexcept = default;
CorrelatedCount& CorrelatedCount::operator=(CorrelatedCount&& other) noexcept = default;

void CorrelatedCount::make_root() {
    root_.resize(horizon_);
    root_[0] = 1.0;
    for (std::size_t k = 1; k < root_.size(); ++k) root_[k] = root_[k - 1] * (1.0 - 0.5 / static_cast<double>(k));
}

void CorrelatedCount::move_root_to_grid() {
    for (double& c : root_) c = std::ldexp(std::nearbyint(std::ldexp(c, grid_bits_)), -grid_bits_);
}

void CorrelatedCount::make_buffers(std::size_t buffers) {
    const double range = std::log(static_cast<double>(horizon_)) + 3.0;
    if (buffers == 0) buffers = static_cast<std::size_t>(range / 2.5) + 2;
    // With x = exp(-e^s) the integral is over s; the first node at the slowest rate.
    const double step = range / static_cast<double>(std::max<std::size_t>(buffers - 1, 1));
    for (std::size_t j = 0; j < buffers; ++j) {
        const double rate = std::exp(static_cast<double>(j) * step - range), decay = std::exp(-rate);
        decays_.push_back(to_fraction(decay));
        const double scale = step / std::numbers::pi * decay * std::sqrt(decay) * rate / std::sqrt(-std::expm1(-rate));
        scales_.push_back(to_fraction(std::min(scale, largest_scale)));
    }
    buffers_.resize(buffers);
}

// In Euclid's norm, rounded up.
double CorrelatedCount::column_length() const {
    if (factor_ == CountFactor::toeplitz_root)
        return std::sqrt(std::inner_product(root_.begin(), root_.end(), root_.begin(), 0.0)) * margin;
    // 1 + sum_ij scale_i scale_j (1 - (decay_i decay_j)^(horizon - 1)) / (1 - decay_i decay_j); gaps are exact.
    const auto terms = static_cast<double>(horizon_ - 1);
    double squares = 1.0;
    for (std::size_t i = 0; i < decays_.size(); ++i)
        for (std::size_t j = 0; j < decays_.size(); ++j) {
            const double a = 1.0 - decays_[i], b = 1.0 - decays_[j];
            const double power = terms * (std::log1p(-a) + std::log1p(-b));
            squares += scales_[i] * scales_[j] * -std::expm1(power) / (a + b - a * b);
        }
    return std::sqrt(squares) * margin;
}

void CorrelatedCount::Inverse::make_room(const CorrelatedCount& owner) {
    if (owner.factor_ == CountFactor::toeplitz_root) {
        state_.reserve(owner.horizon_);
    } else {
        state_.resize(owner.decays_.size());
    }
}

void CorrelatedCount::Inverse::restore(std::span<const double> state, std::uint64_t steps) {
    state_.assign(state.begin(), state.end());
    steps_ = static_cast<std::size_t>(steps);
}

double CorrelatedCount::Inverse::next(const CorrelatedCount& owner, double w) {
    double x = w;
    if (owner.factor_ == CountFactor::toeplitz_root) {
        for (std::size_t k = 1; k <= steps_; ++k) x -= owner.root_[k] * state_[steps_ - k];
        x /= owner.root_[0];
        state_.push_back(x);
    } else {
        for (std::size_t j = 0; j < state_.size(); ++j) x -= owner.scales_[j] * state_[j];
        for (std::size_t j = 0; j < state_.size(); ++j) state_[j] = owner.decays_[j] * state_[j] + x;
    }
    ++steps_;
    return x;
}

// w of this step with its noise, in rows.
double CorrelatedCount::noisy(std::uint64_t rows, std::int64_t noise) const {
    Wide w = 0;
    if (factor_ == CountFactor::toeplitz_root) {
        const auto whole = [&](std::size_t k) { return static_cast<std::uint64_t>(std::ldexp(root_[k], grid_bits_)); };
        w = Wide{rows} * whole(0);
        for (std::size_t k = 1; k <= rows_.size(); ++k) w += Wide{rows_[rows_.size() - k]} * whole(k);
    } else {
        w = Wide{rows} << fraction_bits;
        for (std::size_t j = 0; j < buffers_.size(); ++j)
            w += times(join(buffers_[j].low, buffers_[j].high), fraction(scales_[j]));
        w >>= fraction_bits - static_cast<unsigned>(grid_bits_);
    }
    return std::ldexp(static_cast<double>(static_cast<SignedWide>(w) + noise), -grid_bits_);
}

void CorrelatedCount::remember(std::uint64_t rows) {
    if (factor_ == CountFactor::toeplitz_root) {
        rows_.push_back(rows);
        return;
    }
    for (std::size_t j = 0; j < buffers_.size(); ++j) {
        const Wide buffer =
            times(join(buffers_[j].low, buffers_[j].high), fraction(decays_[j])) + (Wide{rows} << fraction_bits);
        buffers_[j] = {static_cast<std::uint64_t>(buffer), static_cast<std::uint64_t>(buffer >> 64U)};
    }
}

Release CorrelatedCount::step(std::uint64_t rows, detail::Keystream& keystream) {
    if (noise_.empty() || steps_ >= horizon_)
        throw Error(ErrorCode::budget_exhausted, "step: all steps that were paid for have been released");
    if (rows > most_counted - total_) throw Error(ErrorCode::overflow, "rows: more than 2^56 of them");
    // All memory before anything changes: a step that is half done would shift all totals after it.
    if (factor_ == CountFactor::toeplitz_root) rows_.reserve(horizon_);
    rows_of_.make_room(*this);
    column_of_.make_room(*this);
    std::int64_t noise = 0;
    noise_[0].sample({&noise, 1}, keystream);
    const double w = noisy(rows, noise);
    remember(rows);
    ++steps_;
    total_ += rows;
    largest_ = std::max(largest_, std::abs(w));
    value_ += rows_of_.next(*this, w);
    column_ += column_of_.next(*this, steps_ == 1 ? 1.0 : 0.0);
    squares_ += column_ * column_;
    // Sub-Gaussian (Canonne, Kamath and Steinke 2020, lemma 5); then rounding down, at most a step of the grid each,
    // and floating point.
    const double length = std::sqrt(squares_), count = static_cast<double>(steps_);
    const double reach = sigma() * length * std::sqrt(2.0 * std::log(2.0 / alpha_)) * margin +
                         std::ldexp(std::sqrt(count) * length, 1 - grid_bits_) + 0x1p-50 * count * largest_;
    return {value_, around(value_, reach), {}};
}

Release CorrelatedCount::step(std::uint64_t rows) {
    return step(rows, detail::Keystream::of_this_thread());
}

double CorrelatedCount::sigma() const noexcept {
    return noise_.empty() ? 0.0 : std::ldexp(noise_[0].sigma(), -grid_bits_);
}

double CorrelatedCount::rho() const noexcept {
    const double ratio = noise_.empty() ? 0.0 : up(sensitivity_ / sigma());
    return up(0.5 * up(ratio * ratio));
}

double CorrelatedCount::variance(std::uint64_t step) const {
    Inverse inverse;
    inverse.make_room(*this);
    double column = 0.0, squares = 0.0;
    for (std::uint64_t t = 0; t < std::min(step, horizon_); ++t) {
        column += inverse.next(*this, t == 0 ? 1.0 : 0.0);
        squares += column * column;
    }
    return sigma() * sigma() * squares;
}

}  // namespace vedette::inline v0::privacy
