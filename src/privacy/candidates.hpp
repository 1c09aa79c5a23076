// SPDX-License-Identifier: Apache-2.0
// Samplers of large scales: X = +-(2^b H + L), H by a small table and L uniform, each candidate kept by a coin.
#pragma once

#include <algorithm>

#include "privacy/draws.hpp"

namespace vedette::inline v0::privacy {

inline constexpr std::size_t candidate_tile = 256;
/// Words for H: one or two.
inline constexpr std::size_t most_large_words = 2;

/// How candidates lie in their words: `large_words` each for H, the sign in the lowest bit of the first; one for the
/// coin; and one for L, or half a one where that is enough.
struct CandidateForm {
    std::size_t large_words = 1;
    unsigned low_bits = 0;    ///< b
    unsigned large_bits = 0;  ///< of 2 H + 1, for the Gaussian law
    std::uint64_t sign_mask = 1;
    std::uint64_t factor = 0;
    std::int64_t error = 0;

    [[nodiscard]] bool half_words() const noexcept { return low_bits <= 32; }
    [[nodiscard]] std::size_t words_of(std::size_t count) const noexcept {
        return (large_words + 1) * count + (half_words() ? count / 2 : count);
    }
    /// The most candidates at a time, a multiple of two groups: by parts that a keystream's buffer is a multiple of,
    /// or nearly, since it makes what is left of it anew.
    [[nodiscard]] std::size_t tile() const noexcept {
        return large_words == 1 ? candidate_tile : half_words() ? 240 : 160;
    }
    /// The first or the second half of `count` candidates, whose words follow each other.
    [[nodiscard]] kernels::NoiseCandidates half_of(const std::uint64_t* words, const std::int64_t* large,
                                                   std::size_t count, std::size_t which) const noexcept {
        const std::size_t begin = which * count / 2;
        return {.signs = words + begin,
                .coins = words + large_words * count + begin,
                .low = words + (large_words + 1) * count + (half_words() ? 0 : begin),
                .large = large + begin,
                .count = count / 2,
                .low_shift = half_words() ? static_cast<unsigned>(32 * which) : 0,
                .low_bits = low_bits,
                .large_bits = large_bits,
                .sign_mask = sign_mask,
                .factor = factor,
                .error = error};
    }
};

/// The decisions of a `judge` kernel, by a coin that may take as long as it wants: law.keeps(h, low, coin, keystream),
/// `low` in the upper bits of its word.
template <class Law>
void keep_slowly(const Law& law, const kernels::NoiseCandidates& candidates, std::int64_t* accepted, std::size_t& kept,
                 detail::Keystream& keystream) {
    const std::uint64_t mask = ~std::uint64_t{0} << (64 - candidates.low_bits);
    for (std::size_t i = 0; i < candidates.count; ++i) {
        const auto h = static_cast<std::uint64_t>(candidates.large[i]);
        const std::uint64_t low = (candidates.low[i] << candidates.low_shift) & mask;
        const bool yes = law.keeps(h, low, candidates.coins[i], keystream);
        const auto size = static_cast<std::int64_t>((h << candidates.low_bits) + (low >> (64 - candidates.low_bits)));
        const bool negative = (candidates.signs[i] & candidates.sign_mask) != 0;
        if (yes && !(negative && size == 0)) accepted[kept++] = negative ? -size : size;
    }
}

/// Draws `count` candidates and writes those that are kept, whose number it returns; what stands behind them in
/// accepted[count] is overwritten. A Law has a `form`; `judge`, a kernel; `keeps`; and
///   bool draw_large(words, count, large): H of each, whether any word passed its table;
///   void draw_large_slowly(words, count, large, keystream): the same, and settles what passed.
template <class Law>
std::size_t draw_candidates(const Law& law, std::size_t count, std::int64_t* large, std::int64_t* accepted,
                            detail::Keystream& keystream) {
    const CandidateForm& form = law.form;
    const std::size_t size = form.words_of(count);
    const std::uint64_t* const borrowed = keystream.borrow(size);
    const auto judge = law.judge();
    std::size_t kept = 0;
    if (!law.draw_large(borrowed, count, large)) {
        const kernels::NoiseCandidates first = form.half_of(borrowed, large, count, 0),
                                       second = form.half_of(borrowed, large, count, 1);
        const bool is_open = judge(&first, accepted, &kept);
        if (!is_open && !judge(&second, accepted, &kept)) return kept;
    }
    SecretArray<std::uint64_t, (most_large_words + 2) * candidate_tile> words;
    std::copy_n(borrowed, size, words.data());
    law.draw_large_slowly(words.data(), count, large, keystream);
    kept = 0;
    keep_slowly(law, form.half_of(words.data(), large, count, 0), accepted, kept, keystream);
    keep_slowly(law, form.half_of(words.data(), large, count, 1), accepted, kept, keystream);
    return kept;
}

template <class Law>
void sample_by_candidates(const Law& law, std::span<std::int64_t> out, detail::Keystream& keystream) {
    ZeroOnFailure guard(out);
    SecretArray<std::int64_t, candidate_tile> large;
    const std::size_t tile = law.form.tile();
    std::size_t filled = 0;
    // While there is room for all candidates, and for what stands behind the last accepted one until it is overwritten.
    while (out.size() - filled > tile)
        filled += draw_candidates(law, tile, large.data(), out.data() + filled, keystream);
    SecretArray<std::int64_t, candidate_tile> accepted;
    while (filled < out.size()) {
        const std::size_t wanted = out.size() - filled;
        // Nine in ten are kept.
        const std::size_t count = std::min(tile, 2 * whole_groups(wanted / 2 + wanted / 8 + 1));
        const std::size_t kept =
            std::min(wanted, draw_candidates(law, count, large.data(), accepted.data(), keystream));
        std::copy_n(accepted.data(), kept, out.data() + filled);
        filled += kept;
    }
    keystream.forget();
    guard.done();
}

}  // namespace vedette::inline v0::privacy
