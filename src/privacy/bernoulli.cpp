// SPDX-License-Identifier: Apache-2.0
// Words against one threshold; further words where the first ones are equal.
#include "vedette/privacy/bernoulli.hpp"

#include <fmt/format.h>

#include <limits>

#include "privacy/draws.hpp"
#include "privacy/wide_product.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

namespace {

// Coins by word < threshold; resolve(word) decides those with threshold <= word <= threshold + open, seldom.
template <class Resolve>
void sample_coins(std::span<std::uint8_t> out, std::uint64_t threshold, std::uint64_t open,
                  detail::Keystream& keystream, Resolve resolve) {
    ZeroOnFailure guard(out);
    for (std::size_t begin = 0; begin < out.size(); begin += draw_tile) {
        const std::size_t count = std::min(draw_tile, out.size() - begin);
        const std::uint64_t* const words = keystream.borrow(count);
        bool undecided = false;
        for (std::size_t i = 0; i < count; ++i) {
            out[begin + i] = static_cast<std::uint8_t>(words[i] < threshold);
            undecided |= words[i] - threshold <= open;
        }
        if (!undecided) continue;
        SecretArray<std::uint64_t, draw_tile> kept;
        std::copy_n(words, count, kept.data());
        for (std::size_t i = 0; i < count; ++i)
            if (kept[i] - threshold <= open) out[begin + i] = static_cast<std::uint8_t>(resolve(kept[i]));
    }
    keystream.forget();
    guard.done();
}

template <class T, class Sampler>
void sample_with_own(const Sampler& sampler, std::span<T> out) {
    ZeroOnFailure guard(out);
    sampler.sample(out, detail::Keystream::of_this_thread());
    guard.done();
}

}  // namespace

Bernoulli::Bernoulli(double p) : probability_(p), threshold_(0) {
    if (!(p >= 0.0 && p <= 1.0))
        throw Error(ErrorCode::invalid_argument, fmt::format("probability is {}: it must be from 0 to 1", p));
    threshold_ = top_word(p);
}

void Bernoulli::sample(std::span<std::uint8_t> out, detail::Keystream& keystream) const {
    const auto resolve = [&](std::uint64_t) { return resolve_bernoulli(probability_, keystream); };
    sample_coins(out, threshold_, 0, keystream, resolve);
}

ExponentialBernoulli::ExponentialBernoulli(double x) : exponent_(x), threshold_(~std::uint64_t{0}) {
    if (!(x >= 0.0 && x <= std::numeric_limits<double>::max()))
        throw Error(ErrorCode::invalid_argument, fmt::format("exponent is {}: it must be finite and not negative", x));
    if (x > 0.0) threshold_ = exp_threshold(x);
}

void ExponentialBernoulli::sample(std::span<std::uint8_t> out, detail::Keystream& keystream) const {
    const auto resolve = [&](std::uint64_t word) {
        return exponent_ == 0.0 || resolve_exp_bernoulli(exponent_, word, keystream);
    };
    sample_coins(out, threshold_, 1, keystream, resolve);
}

UniformInteger::UniformInteger(std::uint64_t bound) : bound_(bound), uneven_(0) {
    if (bound == 0) throw Error(ErrorCode::invalid_argument, "bound is 0: it must be at least 1");
    uneven_ = (0U - bound) % bound;
}

void UniformInteger::sample(std::span<std::uint64_t> out, detail::Keystream& keystream) const {
    ZeroOnFailure guard(out);
    SecretArray<std::uint64_t, draw_tile> accepted;
    for (std::size_t filled = 0; filled < out.size();) {
        const std::size_t count = std::min(draw_tile, out.size() - filled);
        const std::uint64_t* const words = keystream.borrow(count);
        std::size_t kept = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const Wide product = Wide{words[i]} * bound_;
            accepted[kept] = static_cast<std::uint64_t>(product >> 64U);
            kept += static_cast<std::uint64_t>(product) >= uneven_ ? 1U : 0U;
        }
        std::copy_n(accepted.data(), kept, out.data() + filled);
        filled += kept;
    }
    keystream.forget();
    guard.done();
}

void Bernoulli::sample(std::span<std::uint8_t> out) const {
    sample_with_own(*this, out);
}
void ExponentialBernoulli::sample(std::span<std::uint8_t> out) const {
    sample_with_own(*this, out);
}
void UniformInteger::sample(std::span<std::uint64_t> out) const {
    sample_with_own(*this, out);
}
bool Bernoulli::operator()() const {
    std::uint8_t value = 0;
    sample({&value, 1});
    return value != 0;
}
bool ExponentialBernoulli::operator()() const {
    std::uint8_t value = 0;
    sample({&value, 1});
    return value != 0;
}
std::uint64_t UniformInteger::operator()() const {
    std::uint64_t value = 0;
    sample({&value, 1});
    return value;
}

}  // namespace vedette::inline v0::privacy
