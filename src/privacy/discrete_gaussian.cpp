// SPDX-License-Identifier: Apache-2.0
// Small scales from one table; large ones from a small table, uniform low bits and a proven coin.
#include "vedette/privacy/discrete_gaussian.hpp"

#include <fmt/format.h>

#include <bit>

#include "privacy/draws.hpp"
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
constexpr std::size_t candidate_tile = 256;

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
          margin(coin_margin),
          low_bits(low_bits_of(s)),
          rate(Rate::gaussian(s)),
          law(low_bits == 0 ? LawShape::folded_gaussian : LawShape::half_gaussian,
              rate.scaled(2 * static_cast<int>(low_bits))) {
        if (low_bits == 0) return;
        // L (L + 2^(b+1) H) < 2^(2b) (1 + 2 H), with H below the number of thresholds.
        large_bits = static_cast<unsigned>(std::bit_width(2 * law.thresholds().size() - 1));
        exponential = FixedExp(rate, 2 * low_bits + large_bits);
    }

    // Words of a tile: one for H and the sign, one for the coin, and one for L, or half a one where that is enough.
    [[nodiscard]] bool half_words() const noexcept { return low_bits <= 32; }
    [[nodiscard]] std::size_t words_of(std::size_t count) const noexcept {
        return 2 * count + (half_words() ? count / 2 : count);
    }
    // The first or the second half of `count` candidates, whose words follow each other.
    [[nodiscard]] kernels::GaussianCandidates half_of(const std::uint64_t* words, const std::int64_t* large,
                                                      std::size_t count, std::size_t which) const noexcept {
        const std::size_t begin = which * count / 2;
        return {.signs = words + begin,
                .coins = words + count + begin,
                .low = words + 2 * count + (half_words() ? 0 : begin),
                .large = large + begin,
                .count = count / 2,
                .low_shift = half_words() ? static_cast<unsigned>(32 * which) : 0,
                .low_bits = low_bits,
                .large_bits = large_bits,
                .factor = exponential.factor(),
                .error = margin};
    }
    [[nodiscard]] std::size_t draw_candidates(std::size_t count, std::int64_t* large, std::int64_t* accepted,
                                              detail::Keystream& keystream) const;
    [[nodiscard]] bool keep(const kernels::GaussianCandidates& candidates, std::int64_t* accepted,
                            std::size_t& kept) const noexcept;
    void keep_slowly(const kernels::GaussianCandidates& candidates, std::int64_t* accepted, std::size_t& kept,
                     detail::Keystream& keystream) const;
    void sample_large(std::span<std::int64_t> out, detail::Keystream& keystream) const;

    double sigma;
    std::int64_t margin;
    unsigned low_bits;
    unsigned large_bits = 0;  // of 2 H + 1
    Rate rate;
    ExactLaw law;
    FixedExp exponential;
};

// Appends what its coins keep; whether all of them were clear.
bool DiscreteGaussian::State::keep(const kernels::GaussianCandidates& candidates, std::int64_t* accepted,
                                   std::size_t& kept) const noexcept {
    SecretArray<std::int64_t, candidate_tile / 2> values, verdicts;
    if (kernels::kernels().draws.judge_candidates(&candidates, values.data(), verdicts.data())) return false;
    std::size_t place = kept;
    for (std::size_t i = 0; i < candidates.count; ++i) {
        accepted[place] = values[i];
        place += static_cast<std::size_t>(verdicts[i]);
    }
    kept = place;
    return true;
}

// The same decisions, with the exact coin where it is needed: where 63 bits leave it open, and where H is beyond the
// table, for which the fixed-point exponential was not laid out.
void DiscreteGaussian::State::keep_slowly(const kernels::GaussianCandidates& candidates, std::int64_t* accepted,
                                          std::size_t& kept, detail::Keystream& keystream) const {
    const std::uint64_t mask = ~std::uint64_t{0} << (64 - low_bits);
    for (std::size_t i = 0; i < candidates.count; ++i) {
        const auto h = static_cast<std::uint64_t>(candidates.large[i]);
        const std::uint64_t top = (candidates.low[i] << candidates.low_shift) & mask, low = top >> (64 - low_bits);
        const std::uint64_t coin = candidates.coins[i];
        bool yes = false;
        bool decided = false;
        if (h < law.thresholds().size()) {
            const std::uint64_t n = multiply_high(top, (top >> large_bits) + (h << (65 - large_bits)));
            const std::int64_t distance = exponential(n) - static_cast<std::int64_t>(coin >> 1U);
            yes = distance > margin;
            decided = yes || distance < -margin;
        }
        if (!decided) {
            const Natural exponent = Natural(low) * (Natural(low) + (Natural(h) << (low_bits + 1)));
            yes = resolve_exp_bernoulli(exponent, rate, coin, keystream);
        }
        const auto size = static_cast<std::int64_t>((h << low_bits) + low);
        const bool negative = (candidates.signs[i] & 1U) != 0;
        if (yes && !(negative && size == 0)) accepted[kept++] = negative ? -size : size;
    }
}

std::size_t DiscreteGaussian::State::draw_candidates(std::size_t count, std::int64_t* large, std::int64_t* accepted,
                                                     detail::Keystream& keystream) const {
    const std::uint64_t* const borrowed = keystream.borrow(words_of(count));
    const auto thresholds = law.thresholds();
    const bool passed =
        kernels::kernels().draws.count_thresholds(borrowed, count, thresholds.data(), thresholds.size(), 64, 0, large);
    std::size_t kept = 0;
    if (!passed && keep(half_of(borrowed, large, count, 0), accepted, kept) &&
        keep(half_of(borrowed, large, count, 1), accepted, kept))
        return kept;
    SecretArray<std::uint64_t, 3 * candidate_tile> words;
    std::copy_n(borrowed, words_of(count), words.data());
    if (passed) settle(law, words.data(), count, 0, large, keystream);
    kept = 0;
    keep_slowly(half_of(words.data(), large, count, 0), accepted, kept, keystream);
    keep_slowly(half_of(words.data(), large, count, 1), accepted, kept, keystream);
    return kept;
}

void DiscreteGaussian::State::sample_large(std::span<std::int64_t> out, detail::Keystream& keystream) const {
    ZeroOnFailure guard(out);
    SecretArray<std::int64_t, candidate_tile> large;
    std::size_t filled = 0;
    // While there is room for all candidates, and for what stands behind the last accepted one until it is overwritten.
    while (out.size() - filled > candidate_tile)
        filled += draw_candidates(candidate_tile, large.data(), out.data() + filled, keystream);
    SecretArray<std::int64_t, candidate_tile> accepted;
    while (filled < out.size()) {
        const std::size_t wanted = out.size() - filled;
        // Nine in ten are kept.
        const std::size_t count = std::min(candidate_tile, 2 * whole_groups(wanted / 2 + wanted / 8 + 1));
        const std::size_t kept = std::min(wanted, draw_candidates(count, large.data(), accepted.data(), keystream));
        std::copy_n(accepted.data(), kept, out.data() + filled);
        filled += kept;
    }
    keystream.forget();
    guard.done();
}

void sample_lazily(double sigma, std::span<std::int64_t> out, detail::Keystream& keystream) {
    const DiscreteGaussian::State state(sigma, std::int64_t{1} << 62U);
    if (state.low_bits == 0)
        throw Error(ErrorCode::invalid_argument, fmt::format("sigma is {}: too small to be drawn in parts", sigma));
    state.sample_large(out, keystream);
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
    if (state_->low_bits != 0) return state_->sample_large(out, keystream);
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
