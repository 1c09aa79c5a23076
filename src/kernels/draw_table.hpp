// SPDX-License-Identifier: Apache-2.0
// Kernels that turn random words into outcomes by comparing them with every threshold of a law.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vedette::inline v0::kernels {

/// Words come in multiples of this many.
inline constexpr std::size_t draw_group = 8;

/// Candidates for a discrete Gaussian X = +-(2^b H + L), and their coins of exp(-L (L + 2^(b+1) H) rate).
struct GaussianCandidates {
    const std::uint64_t* signs;  ///< lowest bits
    const std::uint64_t* coins;
    const std::uint64_t* low;   ///< words; shifted left, their upper b bits are L
    const std::int64_t* large;  ///< H
    std::size_t count;          ///< a multiple of draw_group
    unsigned low_shift;
    unsigned low_bits;     ///< b, 1 to 40
    unsigned large_bits;   ///< 2 H + 1 < 2^large_bits; b + large_bits <= 64
    std::uint64_t factor;  ///< floor(2^(2b + large_bits + 61) rate / log 2)
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

    /// Each candidate's value, and 1 where its coin says yes and it is not minus zero, else 0. Returns whether any coin
    /// was left open; its `keep` means nothing then. In constant time, as above. Where a coin is open may depend on the
    /// instruction set (the exponential is off by up to 38 units, otherwise everywhere), what it says does not.
    bool (*judge_candidates)(const GaussianCandidates* candidates, std::int64_t* values, std::int64_t* keep) noexcept;
};

}  // namespace vedette::inline v0::kernels
