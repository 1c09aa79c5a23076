// SPDX-License-Identifier: Apache-2.0
// Small scales from one table; large ones from a small table, uniform low bits and a proven coin.
#include "vedette/privacy/discrete_gaussian.hpp"

#include <fmt/format.h>

#include <bit>

#include "privacy/candidates.hpp"
#include "privacy/fixed_exp.hpp"
#include "privacy/gaussian_lazily.hpp"
#include "privacy/wide_product.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

namespace {

// From here on a second word costs less than the longer table.
constexpr double largest_direct_sigma = 20.0;
// The small table of large scales is for sigma / 2^b in [largest_base_sigma / 2, largest_base_sigma).
constexpr double largest_base_sigma = 6.0;

unsigned low_bits_of(double sigma) noexcept {
    unsigned bits = 0;
    if (sigma > largest_direct_sigma)
        for (; sigma >= largest_base_sigma; sigma /= 2) ++bits;
    return bits;
}

}  // namespace

struct DiscreteGaussian::State {
    explicit State(double s, std::int64_t coin_margin = FixedExp::error)
        : sigma(s),
          low_bits(low_bits_of(s)),
          rate(Rate::gaussian(s)),
          law(low_bits == 0 ? LawShape::folded_gaussian : LawShape::half_gaussian,
              rate.scaled(2 * static_cast<int>(low_bits))) {
        if (low_bits == 0) return;
        // L (L + 2^(b+1) H) < 2^(2b) (1 + 2 H), with H below the number of thresholds.
        const auto large_bits = static_cast<unsigned>(std::bit_width(2 * law.thresholds().size() - 1));
        exponential = FixedExp(rate, 2 * low_bits + large_bits);
        form = {.low_bits = low_bits, .large_bits = large_bits, .factor = exponential.factor(), .error = coin_margin};
    }

    [[nodiscard]] auto judge() const noexcept { return kernels::kernels().draws.judge_gaussian; }
    [[nodiscard]] bool draw_large(const std::uint64_t* words, std::size_t count, std::int64_t* large) const noexcept {
        return count_outcomes(law, words, count, {}, large);
    }
    void draw_large_slowly(const std::uint64_t* words, std::size_t count, std::int64_t* large,
                           detail::Keystream& keystream) const {
        if (draw_large(words, count, large)) settle(law, words, count, 0, large, keystream);
    }
    [[nodiscard]] bool keeps(std::uint64_t h, std::uint64_t low, std::uint64_t coin,
                             detail::Keystream& keystream) const;

    double sigma;
    unsigned low_bits;
    Rate rate;
    ExactLaw law;
    FixedExp exponential;
    CandidateForm form;
};

// Exactly where 63 bits leave it open, and where H is beyond the table, for which the fixed-point exponential was not
// laid out.
bool DiscreteGaussian::State::keeps(std::uint64_t h, std::uint64_t low, std::uint64_t coin,
                                    detail::Keystream& keystream) const {
    if (h < law.thresholds().size()) {
        const std::uint64_t n = multiply_high(low, (low >> form.large_bits) + (h << (65 - form.large_bits)));
        const std::int64_t distance = exponential(n) - static_cast<std::int64_t>(coin >> 1U);
        if (distance > form.error) return true;
        if (distance < -form.error) return false;
    }
    const std::uint64_t l = low >> (64 - low_bits);
    const Natural exponent = Natural(l) * (Natural(l) + (Natural(h) << (low_bits + 1)));
    return resolve_exp_bernoulli(exponent, rate, coin, keystream);
}

void sample_lazily(double sigma, std::span<std::int64_t> out, detail::Keystream& keystream) {
    const DiscreteGaussian::State state(sigma, std::int64_t{1} << 62U);
    if (state.low_bits == 0)
        throw Error(ErrorCode::invalid_argument, fmt::format("sigma is {}: too small to be drawn in parts", sigma));
    sample_by_candidates(state, out, keystream);
}

DiscreteGaussian::DiscreteGaussian(double sigma) {
    if (!(sigma >= least_sigma && sigma <= largest_sigma))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("sigma is {}: it must be from {} to {}", sigma, least_sigma, largest_sigma));
    state_ = std::make_shared<const State>(sigma);
}

double DiscreteGaussian::sigma() const noexcept {
    return state_->sigma;
}

void DiscreteGaussian::sample(std::span<std::int64_t> out, detail::Keystream& keystream) const {
    if (state_->low_bits != 0) return sample_by_candidates(*state_, out, keystream);
    sample_in_tiles(out, keystream, [&](std::size_t count, std::int64_t* values) {
        draw_outcomes(state_->law, count, {.sign_mask = 1}, values, keystream);
    });
}

void DiscreteGaussian::sample(std::span<std::int64_t> out) const {
    ZeroOnFailure guard(out);
    sample(out, detail::Keystream::of_this_thread());
    guard.done();
}

std::int64_t DiscreteGaussian::operator()() const {
    std::int64_t value = 0;
    sample({&value, 1});
    return value;
}

}  // namespace vedette::inline v0::privacy
