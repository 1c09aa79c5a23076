// SPDX-License-Identifier: Apache-2.0
// Kernels that turn random words into outcomes by comparing them with every threshold of a law.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vedette::inline v0::kernels {

/// Words come in multiples of this many.
inline constexpr std::size_t draw_group = 8;

/// Candidates for X = +-(2^b H + L), and their coins: of exp(-L (L + 2^(b+1) H) rate) for the Gaussian law, of
/// exp(-L rate) for the Laplace law.
struct NoiseCandidates {
    const std::uint64_t* signs;  ///< lowest bits
    const std::uint64_t* coins;
    const std::uint64_t* low;   ///< words; shifted left, their upper b bits are L
    const std::int64_t* large;  ///< H
    std::size_t count;          ///< a multiple of draw_group
    unsigned low_shift;
    unsigned low_bits;        ///< b, 1 to 40
    unsigned large_bits;      ///< Gaussian: 2 H + 1 < 2^large_bits; b + large_bits <= 64
    std::uint64_t sign_mask;  ///< 1, or 0 where all are positive
    std::uint64_t factor;  ///< floor(2^(w + 61) rate / log 2), w = 2b + large_bits or b; Laplace: below 2^(b + 59) / L
    std::int64_t error;    ///< a coin's upper 63 bits closer than this to 2^63 exp(...) are left open
};

struct DrawKernels {
    /// With u = words[i] >> 1 and c = #{thresholds < u}: outcomes[i] = (outcomes[i] << shift) + c, or c alone where
    /// `shift` is 64; and its negative if words[i] & sign_mask is not 0 (the mask is 0 or 1). Thresholds rise, from -1
    /// to 2^63 - 2. Returns whether any word passed all thresholds. The time depends on the sizes alone, and so do the
    /// addresses that are read and written: words are secret.
    bool (*count_thresholds)(const std::uint64_t* words, std::size_t count, const std::int64_t* thresholds,
                             std::size_t threshold_count, unsigned shift, std::uint64_t sign_mask,
                             std::int64_t* outcomes) noexcept;

    /// Appends, from accepted[kept] on, the values of the candidates whose coin says yes and that are not minus zero,
    /// and adds their number to `kept`; what stands behind them, up to `count` places in all, is overwritten. Returns
    /// whether any coin was left open; what was appended means nothing then. In constant time, as above, but that
    /// addresses tell which candidates were kept, which is independent of the values of those. Where a coin is open may
    /// depend on the instruction set (the exponential is off by up to 38 units, otherwise everywhere), what it says
    /// does not.
    bool (*judge_gaussian)(const NoiseCandidates* candidates, std::int64_t* accepted, std::size_t* kept) noexcept;
    bool (*judge_laplace)(const NoiseCandidates* candidates, std::int64_t* accepted, std::size_t* kept) noexcept;
};

}  // namespace vedette::inline v0::kernels
