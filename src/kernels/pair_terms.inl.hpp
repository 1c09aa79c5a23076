// SPDX-License-Identifier: Apache-2.0
// What pair kernels compute, written once for vectors and for plain numbers, so that both round alike.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/pair_table.hpp"

#if !defined(VEDETTE_INLINE)
#define VEDETTE_INLINE inline __attribute__((always_inline))
#endif

namespace vedette::inline v0::kernels {
namespace {

// The series of 2^r for |r| <= 1/2, interpolated at Chebyshev's points: relative error 3e-9 (float), 6e-20 (double).
template <class T>
struct ExpTerms;
template <>
struct ExpTerms<float> {
    static constexpr int mantissa = 23;
    static constexpr float lowest = -126.0F;
    static constexpr float rounder = 0x1.8p23F;
    static constexpr float series[] = {1.0F,
                                       0.693147206703F,
                                       0.240226509223F,
                                       0.0555032722667F,
                                       0.00961805667852F,
                                       0.00134004281776F,
                                       0.000154614446986F};
};
template <>
struct ExpTerms<double> {
    static constexpr int mantissa = 52;
    static constexpr double lowest = -1022.0;
    static constexpr double rounder = 0x1.8p52;
    static constexpr double series[] = {1.0,
                                        0.69314718055994530835,
                                        0.24022650695910071228,
                                        0.055504108664821698992,
                                        0.0096181291076284830543,
                                        0.0013333558146390352775,
                                        0.00015403530393362755291,
                                        0.000015252733856293466416,
                                        1.3215486815999976975e-6,
                                        1.017805119296064896e-7,
                                        7.0548943863483480445e-9,
                                        4.4566753410492058782e-10,
                                        2.5733568308756891235e-11};
};

// 2^x for x from `lowest` to 0: x = k + r with k to the nearest, which is exact, so that nothing but the series of r
// rounds.
template <class Words, class T, class V, class Series>
VEDETTE_INLINE V exp2_by(V bounded, Series&& series) noexcept {
    const V rounder = Words::broadcast(ExpTerms<T>::rounder);
    const V shifted = bounded + rounder;
    return Words::shift_exponent(series(bounded - (shifted - rounder)), shifted);
}

// 2^x for x <= 0. The least normal number stands for all that is smaller.
template <class Words, class T, class V>
VEDETTE_INLINE V exp2_nonpositive(V x) noexcept {
    using Terms = ExpTerms<T>;
    const auto c = [](T value) { return Words::broadcast(value); };
    return exp2_by<Words, T>(Words::larger(x, c(Terms::lowest)), [&](V r) {
        constexpr int degree = static_cast<int>(sizeof(Terms::series) / sizeof(T)) - 1;
        V sum = c(Terms::series[degree]);
#pragma GCC unroll 16
        for (int i = degree - 1; i >= 0; --i) sum = Words::multiply_add(sum, r, c(Terms::series[i]));
        return sum;
    });
}

// The sum of half a panel's lanes, in halves.
template <class T>
VEDETTE_INLINE T fold_half(const T* x) noexcept {
    static_assert(panel_rows == 32);
    const T a0 = x[0] + x[8], a1 = x[1] + x[9], a2 = x[2] + x[10], a3 = x[3] + x[11];
    const T a4 = x[4] + x[12], a5 = x[5] + x[13], a6 = x[6] + x[14], a7 = x[7] + x[15];
    const T b0 = a0 + a4, b1 = a1 + a5, b2 = a2 + a6, b3 = a3 + a7;
    return (b0 + b2) + (b1 + b3);
}

template <class T>
VEDETTE_INLINE double fold_lanes_in_double(const T* x) noexcept {
    double sum = 0.0;
    for (std::size_t i = 0; i < panel_rows; ++i) sum += static_cast<double>(x[i]);
    return sum;
}

template <class T>
VEDETTE_INLINE void quantise_tile(const T* __restrict tile, std::size_t rows, T low, T scale,
                                  std::uint8_t* __restrict bytes, std::uint32_t* __restrict by_lane,
                                  std::uint32_t* __restrict by_row) noexcept {
    std::uint16_t lanes[panel_rows] = {};
    for (std::size_t j = 0; j < rows; ++j) {
        const T* const x = tile + j * panel_rows;
        std::uint8_t* const out = bytes + j * panel_rows;
        for (std::size_t i = 0; i < panel_rows; ++i) {
            T level = (x[i] - low) * scale + T(0.5);
            level = level > T{0} ? level : T{0};
            level = level < T{255} ? level : T{255};
            out[i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(level));
        }
        for (std::size_t i = 0; i < panel_rows; ++i) lanes[i] = static_cast<std::uint16_t>(lanes[i] + out[i]);
        std::uint32_t sum = 0;
        for (std::size_t i = 0; i < panel_rows; ++i) sum += out[i];
        by_row[j] += sum;
    }
    for (std::size_t i = 0; i < panel_rows; ++i) by_lane[i] += lanes[i];
}

// One value placed; `is_beyond` where its magnitude is above `far`.
VEDETTE_INLINE double place_value(double x, double centre, const PairPlace& place, bool& is_beyond) noexcept {
    double value = (x * place.shrink - centre) * place.scale;
    value = value < place.limit ? value : place.limit;
    value = value > -place.limit ? value : -place.limit;
    const double magnitude = value < 0.0 ? -value : value;
    is_beyond = is_beyond || magnitude > place.far;
    return magnitude < place.least ? 0.0 : value;
}

}  // namespace
}  // namespace vedette::inline v0::kernels
