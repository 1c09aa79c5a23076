// SPDX-License-Identifier: Apache-2.0
// Squared distances of rows in whole steps: products of 16-bit numbers, two to a word, summed exactly in 32 bits, which
// runs at twice the rate of fused multiply-adds of floats. Register tiles as in product.inl.hpp.
#pragma once

#include "kernels/product.inl.hpp"
#include "kernels/step_terms.inl.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

using StepSums = Batch<std::int32_t>;

// The intrinsics island: sum + the two products of 16-bit halves of each word; whole numbers as floats. `vnni`: in one
// instruction, which the CPU must have.
#if defined(__AVX512BW__)
template <bool vnni>
VEDETTE_INLINE StepSums add_step_products(StepSums a, StepSums b, StepSums sum) noexcept {
    if constexpr (vnni) {
        // By name, so that the functions around it are compiled for any CPU with AVX-512.
        __asm__("vpdpwssd %2, %1, %0" : "+v"(sum.data) : "v"(a.data), "v"(b.data));
        return sum;
    } else {
        return StepSums(_mm512_add_epi32(sum, _mm512_madd_epi16(a, b)));
    }
}
VEDETTE_INLINE Batch<float> as_floats(StepSums x) noexcept {
    return Batch<float>(_mm512_cvtepi32_ps(x));
}
#elif defined(__AVX2__)
template <bool vnni>
VEDETTE_INLINE StepSums add_step_products(StepSums a, StepSums b, StepSums sum) noexcept {
    return StepSums(_mm256_add_epi32(sum, _mm256_madd_epi16(a, b)));
}
VEDETTE_INLINE Batch<float> as_floats(StepSums x) noexcept {
    return Batch<float>(_mm256_cvtepi32_ps(x));
}
#elif defined(__SSE2__)
template <bool vnni>
VEDETTE_INLINE StepSums add_step_products(StepSums a, StepSums b, StepSums sum) noexcept {
    return StepSums(_mm_add_epi32(sum, _mm_madd_epi16(a, b)));
}
VEDETTE_INLINE Batch<float> as_floats(StepSums x) noexcept {
    return Batch<float>(_mm_cvtepi32_ps(x));
}
#else
template <bool vnni>
VEDETTE_INLINE StepSums add_step_products(StepSums a, StepSums b, StepSums sum) noexcept {
    const int16x8_t x = vreinterpretq_s16_s32(a), y = vreinterpretq_s16_s32(b);
    const int32x4_t low = vmull_s16(vget_low_s16(x), vget_low_s16(y)), high = vmull_high_s16(x, y);
    return StepSums(vaddq_s32(sum, vpaddq_s32(low, high)));
}
VEDETTE_INLINE Batch<float> as_floats(StepSums x) noexcept {
    return Batch<float>(vcvtq_f32_s32(x));
}
#endif

// One part's columns from `column` on, as many as `down`, against the lanes from `lane` on.
template <bool vnni, std::size_t down>
VEDETTE_INLINE void add_step_tile(const StepProduct& p, std::size_t part, std::size_t column,
                                  std::size_t lane) noexcept {
    constexpr std::size_t across = Register<float>::across, width = StepSums::size;
    const std::size_t begin = part * step_part_words;
    const std::size_t words = p.words - begin < step_part_words ? p.words - begin : step_part_words;
    const std::int32_t* const panel = p.panel + begin * panel_rows + lane;
    const std::int32_t* const columns = p.columns + column * p.column_stride + begin;
    StepSums sum[down][across];
#pragma GCC unroll 16
    for (std::size_t c = 0; c < down; ++c) {
#pragma GCC unroll 4
        for (std::size_t a = 0; a < across; ++a) sum[c][a] = StepSums(0);
    }
    for (std::size_t k = 0; k < words; ++k) {
        StepSums x[across];
#pragma GCC unroll 4
        for (std::size_t a = 0; a < across; ++a) x[a] = StepSums::load_aligned(panel + k * panel_rows + a * width);
#pragma GCC unroll 16
        for (std::size_t c = 0; c < down; ++c) {
            StepSums y(columns[c * p.column_stride + k]);
#if defined(__AVX512F__)
            __asm__("" : "+v"(y.data));  // read once
#endif
#pragma GCC unroll 4
            for (std::size_t a = 0; a < across; ++a) sum[c][a] = add_step_products<vnni>(x[a], y, sum[c][a]);
        }
    }
    const Batch<float> unit(p.unit);
#pragma GCC unroll 16
    for (std::size_t c = 0; c < down; ++c) {
        const StepSums norm(p.column_norms[part * p.column_norm_stride + column + c]);
#pragma GCC unroll 4
        for (std::size_t a = 0; a < across; ++a) {
            const StepSums both =
                StepSums::load_aligned(p.panel_norms + part * p.panel_norm_stride + lane + a * width) + norm;
            Batch<float> squared = as_floats(both - (sum[c][a] + sum[c][a])) * unit;
            float* const out = p.out + (column + c) * panel_rows + lane + a * width;
            if (part > 0) squared = Batch<float>::load_aligned(out) + squared;
            squared.store_aligned(out);
        }
    }
}

template <bool vnni, std::size_t down>
VEDETTE_INLINE void add_step_columns(const StepProduct& p, std::size_t part, std::size_t column) noexcept {
    constexpr std::size_t lanes = Register<float>::across * StepSums::size;
    for (std::size_t lane = 0; lane < panel_rows; lane += lanes) add_step_tile<vnni, down>(p, part, column, lane);
}

template <bool vnni>
VEDETTE_INLINE void add_step_parts(const StepProduct& p) noexcept {
    constexpr std::size_t down = Register<float>::down;
    for (std::size_t part = 0; part * step_part_words < p.words; ++part) {
        std::size_t column = 0;
        for (; column + down <= p.column_count; column += down) add_step_columns<vnni, down>(p, part, column);
        if constexpr (down > 4)
            for (; column + 4 <= p.column_count; column += 4) add_step_columns<vnni, 4>(p, part, column);
        for (; column < p.column_count; ++column) add_step_columns<vnni, 1>(p, part, column);
    }
}

inline void step_distances(const StepProduct* product) noexcept {
    const StepProduct p = *product;
#if defined(__AVX512BW__)
    if (__builtin_cpu_supports("avx512vnni")) return add_step_parts<true>(p);
#endif
    add_step_parts<false>(p);
}

inline void round_row(const float* row, std::size_t depth, float scale, std::int32_t* words) noexcept {
    round_row_steps(row, depth, scale, words);
}
inline void round_panel(const float* panel, std::size_t depth, float scale, std::int32_t* words,
                        std::int32_t* norms) noexcept {
    round_panel_steps(panel, depth, scale, words, norms);
}

constexpr StepKernels step_entries() noexcept {
    return {&round_row, &round_panel, &step_distances};
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
