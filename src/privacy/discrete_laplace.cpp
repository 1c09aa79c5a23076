// SPDX-License-Identifier: Apache-2.0
// Independent digits of a geometric number, the sign drawn along with the lowest; of large scales two digits, and what
// is below them uniform and kept by a coin.
#include "vedette/privacy/discrete_laplace.hpp"

#include <fmt/format.h>

#include <cmath>

#include "privacy/candidates.hpp"
#include "privacy/fixed_exp.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

namespace {

// With more bits below the highest digit, a coin costs less than further digits.
constexpr unsigned most_digit_bits = 14;

}  // namespace

namespace detail {

/// Digits from the highest, which has no upper end, to the lowest.
struct GeometricState {
    struct Digit {
        ExactLaw law;
        unsigned bits;
    };

    GeometricState(double s, bool both_signs) : scale(s), has_sign(both_signs), rate(Rate::inverse(s)) {
        // scale / 2^bits in (1/4, 1/2] for the highest digit, where there are others: a table of at most 22 thresholds,
        // else one of 44. Digits of up to five bits cost the least per bit, their words included.
        int bits = 0;
        (void)std::frexp(s, &bits);
        if (std::ldexp(1.0, bits - 1) == s) --bits;
        unsigned left = bits > 0 ? static_cast<unsigned>(bits) + 1 : 0;
        digits.push_back({ExactLaw(LawShape::geometric, rate.scaled(static_cast<int>(left))), 0});
        if (left > most_digit_bits) {
            add_coin(left);
            return;
        }
        const unsigned lowest = both_signs ? std::min(left, 4U) : 0;
        for (unsigned parts = (left - lowest + 4) / 5; parts > 0; --parts) {
            const unsigned size = (left - lowest) / parts;
            left -= size;
            digits.push_back(
                {ExactLaw(LawShape::truncated_geometric, rate.scaled(static_cast<int>(left)), std::uint64_t{1} << size),
                 size});
        }
        if (both_signs)
            digits.push_back({ExactLaw(LawShape::signed_geometric, rate, std::uint64_t{2} << lowest), lowest});
    }

    // A digit of five bits, and left - 5 uniform ones, L: exp(-L / s) is above exp(-1/8), and 2^(left - 5) rate / log 2
    // below 2^-2.
    void add_coin(unsigned left) {
        constexpr unsigned size = 5;
        left -= size;
        digits.push_back(
            {ExactLaw(LawShape::truncated_geometric, rate.scaled(static_cast<int>(left)), std::uint64_t{1} << size),
             size});
        exponential = FixedExp(rate, left);
        form = {.large_words = 2,
                .low_bits = left,
                .sign_mask = has_sign ? 1U : 0U,
                .factor = exponential.factor(),
                .error = FixedExp::error};
    }
    [[nodiscard]] bool has_coin() const noexcept { return form.low_bits != 0; }
    [[nodiscard]] auto judge() const noexcept { return kernels::kernels().draws.judge_laplace; }
    [[nodiscard]] bool draw_large(const std::uint64_t* words, std::size_t count, std::int64_t* large) const noexcept {
        const bool passed = count_outcomes(digits[0].law, words, count, {}, large);
        return count_outcomes(digits[1].law, words + count, count, {.shift = digits[1].bits}, large) || passed;
    }
    void draw_large_slowly(const std::uint64_t* words, std::size_t count, std::int64_t* large,
                           detail::Keystream& keystream) const {
        if (count_outcomes(digits[0].law, words, count, {}, large))
            settle(digits[0].law, words, count, 0, large, keystream);
        if (count_outcomes(digits[1].law, words + count, count, {.shift = digits[1].bits}, large))
            settle(digits[1].law, words + count, count, 0, large, keystream);
    }
    [[nodiscard]] bool keeps(std::uint64_t, std::uint64_t low, std::uint64_t coin, Keystream& keystream) const {
        const std::int64_t distance = exponential(low) - static_cast<std::int64_t>(coin >> 1U);
        if (distance > form.error) return true;
        if (distance < -form.error) return false;
        return resolve_exp_bernoulli(Natural(low >> (64 - form.low_bits)), rate, coin, keystream);
    }

    void draw(std::size_t count, std::int64_t* values, Keystream& keystream) const {
        const std::size_t plain = digits.size() - (has_sign ? 1 : 0);
        for (std::size_t i = 0; i < plain; ++i)
            draw_outcomes(digits[i].law, count, {.shift = i == 0 ? 64 : digits[i].bits}, values, keystream);
        if (!has_sign) return;
        const Digit& lowest = digits.back();
        SecretArray<std::int64_t, draw_tile> outcomes;
        draw_outcomes(lowest.law, count, {}, outcomes.data(), keystream);
        const std::int64_t digit_mask = (std::int64_t{1} << lowest.bits) - 1;
        for (std::size_t i = 0; i < count; ++i) {
            const std::int64_t g = (values[i] << lowest.bits) + (outcomes[i] & digit_mask);
            values[i] = g ^ -(outcomes[i] >> lowest.bits);  // -1 - g for the second half of the outcomes
        }
    }

    double scale;
    bool has_sign;
    Rate rate;
    std::vector<Digit> digits;
    FixedExp exponential;
    CandidateForm form;
};

}  // namespace detail

namespace {

std::shared_ptr<const detail::GeometricState> make_state(double scale, bool has_sign) {
    if (!(scale >= DiscreteLaplace::least_scale && scale <= DiscreteLaplace::largest_scale))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("scale is {}: it must be from {} to {}", scale, DiscreteLaplace::least_scale,
                                DiscreteLaplace::largest_scale));
    return std::make_shared<const detail::GeometricState>(scale, has_sign);
}

void sample_digits(const detail::GeometricState& state, std::span<std::int64_t> out, detail::Keystream& keystream) {
    if (state.has_coin()) return sample_by_candidates(state, out, keystream);
    sample_in_tiles(out, keystream,
                    [&](std::size_t count, std::int64_t* values) { state.draw(count, values, keystream); });
}

template <class Sampler>
void sample_with_own(const Sampler& sampler, std::span<std::int64_t> out) {
    ZeroOnFailure guard(out);
    sampler.sample(out, detail::Keystream::of_this_thread());
    guard.done();
}

}  // namespace

DiscreteLaplace::DiscreteLaplace(double scale) : state_(make_state(scale, true)) {}

double DiscreteLaplace::scale() const noexcept {
    return state_->scale;
}
void DiscreteLaplace::sample(std::span<std::int64_t> out, detail::Keystream& keystream) const {
    sample_digits(*state_, out, keystream);
}
void DiscreteLaplace::sample(std::span<std::int64_t> out) const {
    sample_with_own(*this, out);
}
std::int64_t DiscreteLaplace::operator()() const {
    std::int64_t value = 0;
    sample({&value, 1});
    return value;
}

Geometric::Geometric(double scale) : state_(make_state(scale, false)) {}

double Geometric::scale() const noexcept {
    return state_->scale;
}
void Geometric::sample(std::span<std::int64_t> out, detail::Keystream& keystream) const {
    sample_digits(*state_, out, keystream);
}
void Geometric::sample(std::span<std::int64_t> out) const {
    sample_with_own(*this, out);
}
std::int64_t Geometric::operator()() const {
    std::int64_t value = 0;
    sample({&value, 1});
    return value;
}

}  // namespace vedette::inline v0::privacy
