// SPDX-License-Identifier: Apache-2.0
// What comes before waves and after them: rows brought to the unit of frequencies, and sums over a sliding window of
// rows of waves.
#pragma once

#include "kernels/lanes.inl.hpp"
#include "kernels/wave_table.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

// The compiler's own vectors, as in waves.inl.hpp, at full width: here nothing but sums has to share.
#if defined(__AVX512F__)
constexpr std::size_t wave_doubles = 8;
#elif defined(__AVX2__)
constexpr std::size_t wave_doubles = 4;
#else
constexpr std::size_t wave_doubles = 2;
#endif
using WaveSums = double __attribute__((vector_size(8 * wave_doubles)));
using WaveSteps = std::int32_t __attribute__((vector_size(4 * wave_doubles)));

template <class V, class T>
VEDETTE_INLINE V load_values(const T* from) noexcept {
    V x;
    __builtin_memcpy(&x, from, sizeof x);
    return x;
}
template <class V, class T>
VEDETTE_INLINE void store_values(V x, T* to) noexcept {
    __builtin_memcpy(to, &x, sizeof x);
}

// g++ 12 converts vectors in halves.
#if defined(__AVX512F__)
VEDETTE_INLINE WaveSums widened(const float* x) noexcept {
    return _mm512_cvtps_pd(_mm256_loadu_ps(x));
}
VEDETTE_INLINE WaveSums widened(WaveSteps x) noexcept {
    return _mm512_cvtepi32_pd(reinterpret_cast<__m256i>(x));
}
#elif defined(__AVX2__)
VEDETTE_INLINE WaveSums widened(const float* x) noexcept {
    return _mm256_cvtps_pd(_mm_loadu_ps(x));
}
VEDETTE_INLINE WaveSums widened(WaveSteps x) noexcept {
    return _mm256_cvtepi32_pd(reinterpret_cast<__m128i>(x));
}
#else
VEDETTE_INLINE WaveSums widened(const float* x) noexcept {
    return WaveSums{x[0], x[1]};
}
VEDETTE_INLINE WaveSums widened(WaveSteps x) noexcept {
    return __builtin_convertvector(x, WaveSums);
}
#endif
VEDETTE_INLINE WaveSums widened(const double* x) noexcept {
    return load_values<WaveSums>(x);
}

VEDETTE_INLINE WaveSums doubles_of(double x) noexcept {
    return x - WaveSums{};
}

template <class T>
bool scale_row(const WaveScale* scale, const T* row, float* out) noexcept {
    using Floats [[gnu::vector_size(sizeof(float) * wave_doubles)]] = float;
    const WaveScale s = *scale;
    const WaveSums least = doubles_of(-s.limit), most = doubles_of(s.limit);
    // Whether a value is finite say its bits: integers have four pipes to go through, numbers two.
    using Bit = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
    using Bits [[gnu::vector_size(sizeof(T) * wave_doubles)]] = Bit;
    const Bits exponent = Bits{} + __builtin_bit_cast(Bit, infinity<T>);
    Bits special{};
    std::size_t j = 0;
    for (; j + wave_doubles <= s.columns; j += wave_doubles) {
        // The next row, if that is where it lies: rows come from far away, and elsewhere a prefetch does no harm.
        const std::uintptr_t ahead = reinterpret_cast<std::uintptr_t>(row + j) + s.columns * sizeof(T);
        __builtin_prefetch(reinterpret_cast<const void*>(ahead));  // NOLINT(performance-no-int-to-ptr)
        special |= (load_values<Bits>(row + j) & exponent) == exponent;
        const WaveSums value = widened(row + j);
        WaveSums scaled = (value - load_values<WaveSums>(s.offset + j)) * load_values<WaveSums>(s.inverse_scale + j);
        // In this order a NaN, of an infinite difference times a scale of 0, becomes the limit too.
        scaled = scaled > least ? scaled : least;
        scaled = scaled < most ? scaled : most;
        store_values(__builtin_convertvector(scaled, Floats), out + j);
    }
    bool is_finite = true;
    for (std::size_t i = 0; i < wave_doubles; ++i) is_finite = is_finite && special[i] == 0;
    for (; j < s.columns; ++j) {
        const auto value = static_cast<double>(row[j]);
        is_finite = is_finite && value - value == 0.0;
        const double scaled = (value - s.offset[j]) * s.inverse_scale[j];
        const double above = scaled > -s.limit ? scaled : -s.limit;
        out[j] = static_cast<float>(above < s.limit ? above : s.limit);
    }
    return is_finite;
}

double slide_window(const WaveSlide* slide) noexcept {
    constexpr std::size_t registers = slide_lanes / wave_doubles;
    const WaveSlide s = *slide;
    const WaveSums rows = doubles_of(s.rows);
    WaveSums squares[registers] = {};
    for (std::size_t k = 0; k < s.width; k += slide_lanes) {
#pragma GCC unroll 4
        for (std::size_t r = 0; r < registers; ++r) {
            const std::size_t at = k + r * wave_doubles;
            const WaveSteps step = load_values<WaveSteps>(s.entering + at) - load_values<WaveSteps>(s.leaving + at);
            const WaveSums sum = load_values<WaveSums>(s.sums + at) + widened(step);
            store_values(sum, s.sums + at);
            const WaveSums difference = sum - rows * load_values<WaveSums>(s.mean + at);
            squares[r] += difference * difference;
        }
    }
    double lane[slide_lanes];
    __builtin_memcpy(lane, squares, sizeof lane);
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
