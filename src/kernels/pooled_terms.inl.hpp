// SPDX-License-Identifier: Apache-2.0
// What one cell of a two-sample table adds to each sum, written once for vectors and for plain doubles: the SIMD kernel
// and its scalar twin round alike because they run the same operations in the same order.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/table.hpp"

#if !defined(VEDETTE_INLINE)
#define VEDETTE_INLINE inline __attribute__((always_inline))
#endif

namespace vedette::inline v0::kernels {
namespace {

// The words that terms are written in, for plain doubles; an ISA source has the same ones for its vectors.
struct PlainDouble {
    using Value = double;
    using Word = std::uint64_t;
    static VEDETTE_INLINE double broadcast(double x) noexcept { return x; }
    static VEDETTE_INLINE double largest(double a, double b) noexcept { return a > b ? a : b; }
    static VEDETTE_INLINE double magnitude(double x) noexcept { return __builtin_fabs(x); }
    static VEDETTE_INLINE Word word(std::uint64_t x) noexcept { return x; }
    static VEDETTE_INLINE double as_double(Word x) noexcept { return __builtin_bit_cast(double, x); }
    static VEDETTE_INLINE double where_negative(double test, double x) noexcept { return test < 0.0 ? x : 0.0; }
    static VEDETTE_INLINE double root(double x) noexcept { return __builtin_sqrt(x); }
    // x = 2^exponent * mantissa with the mantissa in [sqrt(1/2), sqrt(2)); the bias keeps the shifted word positive.
    static VEDETTE_INLINE void split(double x, double& mantissa, double& exponent) noexcept {
        const std::uint64_t bits = __builtin_bit_cast(std::uint64_t, x);
        const std::uint64_t biased = (bits - log_root_half + log_bias) >> 52U;
        mantissa = __builtin_bit_cast(double, bits - (biased << 52U) + log_bias);
        // An integer below 2^52 to double, by placing it under the exponent of 2^52.
        exponent = __builtin_bit_cast(double, biased | 0x4330000000000000U) - (0x1p52 + 1024.0);
    }
};

// ln(mantissa * 2^exponent) from s = (mantissa - 1)/(mantissa + 1). s^2 is at most 0.0295: eight terms of the series of
// atanh leave 4e-15.
template <class Words, class V>
VEDETTE_INLINE V log_from(V s, V exponent) noexcept {
    const auto c = [](double x) { return Words::broadcast(x); };
    const V z = s * s;
    const V z2 = z * z;
    const V low = (c(1.0 / 3) + z * c(1.0 / 5)) + z2 * (c(1.0 / 7) + z * c(1.0 / 9));
    const V high = (c(1.0 / 11) + z * c(1.0 / 13)) + z2 * (c(1.0 / 15) + z * c(1.0 / 17));
    const V series = z * (low + z2 * z2 * high);
    return exponent * c(0.6931471805599453094) + c(2.0) * (s + s * series);
}

// The logarithms of two positive normal numbers by one division. Absolute error below 1e-14 (times the exponent's size
// beyond 100), relative error below 1e-15 near one.
template <class Words, class V>
VEDETTE_INLINE void log_pair(V x, V y, V& log_x, V& log_y) noexcept {
    const V one = Words::broadcast(1.0);
    V mantissa_x, exponent_x, mantissa_y, exponent_y;
    Words::split(x, mantissa_x, exponent_x);
    Words::split(y, mantissa_y, exponent_y);
    const V below_x = mantissa_x + one;
    const V below_y = mantissa_y + one;
    const V inverse = one / (below_x * below_y);
    log_x = log_from<Words>((mantissa_x - one) * (inverse * below_y), exponent_x);
    log_y = log_from<Words>((mantissa_y - one) * (inverse * below_x), exponent_y);
}

// ln((1 + s)/(1 - s)) = 2 atanh(s) for |s| <= 1/7, the polynomial interpolated at Chebyshev's points. With
// s = x/(2 + x) that is ln(1 + x) for |x| <= near_one. Relative error below 2e-14, falling with s^2: sums whose terms
// of first order cancel lose nothing.
constexpr double near_one = 0.25;
template <class Words, class V>
VEDETTE_INLINE V log_near(V s) noexcept {
    const auto c = [](double value) { return Words::broadcast(value); };
    const V z = s * s;
    const V z2 = z * z;
    const V low = (c(0.33333333333388942789) + z * c(0.19999999863805067261)) +
                  z2 * (c(0.14285767574905446615) + z * c(0.11103829846029556976));
    const V twice = s + s;
    return twice + twice * (z * (low + (z2 * z2) * c(0.094949334173310852936)));
}

// atanh(s) and ln(1 - s^2)/2, the odd and the even part of ln(1 + s), for |s| <= near_shares, from the powers that both
// share; interpolated likewise. Relative error below 2e-14.
constexpr double near_shares = 0.2;
template <class Words, class V>
VEDETTE_INLINE void log_parts(V s, V& odd, V& even) noexcept {
    const auto c = [](double value) { return Words::broadcast(value); };
    const V z = s * s;
    const V z2 = z * z;
    const V z4 = z2 * z2;
    const V odd_low = (c(0.33333333333318488053) + z * c(0.20000000026708386578)) +
                      z2 * (c(0.14285706515543598011) + z * c(0.11111935580729352124));
    const V even_low = (c(-0.24999999999986071467) + z * c(-0.1666666669172562763)) +
                       z2 * (c(-0.12499992709825075053) + z * c(-0.10000773509130466289));
    const V odd_series = odd_low + z4 * (c(0.090515553214786904321) + z * c(0.085482569813768315232));
    const V even_series = even_low + z4 * (c(-0.082964147202464031565) + z * c(-0.079457155343647375629));
    odd = s + s * (z * odd_series);
    even = z * (c(-0.5) + z * even_series);
}

// One lane's share of the sums for chi-square and G. Sums are split by what they need, so that each pass keeps its own
// in registers.
template <class Words>
struct ContingencyTerms {
    using V = typename Words::Value;
    static constexpr std::size_t sums = 7;
    static constexpr bool has_logarithms = true;

    // At least zero where both logarithms are near enough to ln(1).
    static VEDETTE_INLINE V room(const PooledScale& scale, V r, V l) noexcept {
        const auto c = [](double x) { return Words::broadcast(x); };
        return (r + l) * c(near_one * 0.999) -
               Words::magnitude(r * c(scale.per_n) - l * c(scale.per_m)) * c(scale.larger_total);
    }

    // `weight` is 1, or 0 for a lane beyond the last cell.
    template <bool near>
    static VEDETTE_INLINE void add(const PooledScale& scale, V r, V l, V weight, V* sum, V&) noexcept {
        const auto c = [](double x) { return Words::broadcast(x); };
        const V t = r + l;
        const V p = r * c(scale.per_n);
        const V q = l * c(scale.per_m);
        const V difference = p - q;
        const V above = c(scale.m) * difference;  // over t: r (n + m) / (n t) - 1
        const V below = c(scale.n) * difference;  // over t: 1 - l (n + m) / (m t)
        V inverse_total, log_r, log_l;
        if constexpr (near) {
            const V twice = t + t;  // one division for three reciprocals
            const V down_r = twice + above;
            const V down_l = twice - below;
            const V inverse = c(1.0) / (t * (down_r * down_l));
            const V rest = t * inverse;
            inverse_total = inverse * (down_r * down_l);
            log_r = log_near<Words>(above * (rest * down_l));
            log_l = log_near<Words>(c(0.0) - below * (rest * down_r));
        } else {
            constexpr double tiny = 1e-290;  // an empty cell: its term is zero times a finite logarithm
            inverse_total = c(1.0) / t;
            log_pair<Words>(Words::largest(r * inverse_total * c(scale.reference_scale), c(tiny)),
                            Words::largest(l * inverse_total * c(scale.live_scale), c(tiny)), log_r, log_l);
        }
        const V slope = difference * inverse_total;
        const V gradient_p = slope * (c(2.0) - below * inverse_total);
        const V gradient_q = slope * (c(2.0) + above * inverse_total);
        const V weighted_p = p * gradient_p;
        const V weighted_q = q * gradient_q;
        const V terms[sums] = {
            slope * difference,    weighted_p,   weighted_p * gradient_p, weighted_q, weighted_q * gradient_q,
            r * log_r + l * log_l, inverse_total};
        for (std::size_t k = 0; k < sums; ++k) sum[k] = sum[k] + terms[k] * weight;
    }

    static VEDETTE_INLINE void store(const double* totals, double, PooledSums& out) noexcept {
        out.pearson += totals[0];
        out.pearson_p += totals[1];
        out.pearson_p2 += totals[2];
        out.pearson_q += totals[3];
        out.pearson_q2 += totals[4];
        out.likelihood += totals[5];
        out.inverse_totals += totals[6];
    }
};

// The sums for total variation and the moments of its null law; no logarithms.
template <class Words>
struct VariationTerms {
    using V = typename Words::Value;
    static constexpr std::size_t sums = 7;
    static constexpr bool has_logarithms = false;

    template <bool near>
    static VEDETTE_INLINE void add(const PooledScale& scale, V r, V l, V weight, V* sum, V& largest_total) noexcept {
        const auto c = [](double x) { return Words::broadcast(x); };
        const V t = r + l;
        const V rest = Words::largest(c(scale.n + scale.m) - t, c(0.5));
        const V odds = t / rest;
        const V deviation = Words::root(t * rest) * c(scale.per_total);
        const V one = deviation * odds;
        const V two = one * odds;
        const V terms[sums] = {Words::magnitude(r * c(scale.per_n) - l * c(scale.per_m)),
                               deviation,
                               deviation * deviation,
                               one,
                               one * one,
                               two,
                               two * two};
        for (std::size_t k = 0; k < sums; ++k) sum[k] = sum[k] + terms[k] * weight;
        largest_total = Words::largest(largest_total, t * weight);
    }

    static VEDETTE_INLINE void store(const double* totals, double largest_total, PooledSums& out) noexcept {
        out.variation += totals[0];
        out.folded += totals[1];
        out.folded_squares += totals[2];
        out.odds_1 += totals[3];
        out.odds_1_squares += totals[4];
        out.odds_2 += totals[5];
        out.odds_2_squares += totals[6];
        out.largest_total = out.largest_total > largest_total ? out.largest_total : largest_total;
    }
};

// The sums over smoothed shares: for the divergences.
template <class Words>
struct ShareTerms {
    using V = typename Words::Value;
    static constexpr std::size_t sums = 10;
    static constexpr bool has_logarithms = true;

    static VEDETTE_INLINE V room(const PooledScale& scale, V r, V l) noexcept {
        const auto c = [](double x) { return Words::broadcast(x); };
        const V p = (r + c(scale.smoothing)) * c(scale.per_smoothed_n);
        const V q = (l + c(scale.smoothing)) * c(scale.per_smoothed_m);
        return (p + q) * c(near_shares * 0.999) - Words::magnitude(p - q);
    }

    template <bool near>
    static VEDETTE_INLINE void add(const PooledScale& scale, V r, V l, V weight, V* sum, V&) noexcept {
        const auto c = [](double x) { return Words::broadcast(x); };
        const V p = (r + c(scale.smoothing)) * c(scale.per_smoothed_n);
        const V q = (l + c(scale.smoothing)) * c(scale.per_smoothed_m);
        const V both = p + q;
        const V pq = p * q;
        const V difference = p - q;
        const V inverse = c(1.0) / (pq * both);
        const V inverse_product = both * inverse;
        V log_p, log_q, log_ratio;  // ln(2p / (p + q)), ln(2q / (p + q)), ln(p / q)
        if constexpr (near) {
            V odd, even;
            log_parts<Words>(difference * (pq * inverse), odd, even);
            log_p = even + odd;
            log_q = even - odd;
            log_ratio = odd + odd;
        } else {
            log_pair<Words>(c(2.0) * p * pq * inverse, c(2.0) * q * pq * inverse, log_p, log_q);
            log_ratio = log_p - log_q;
        }
        const V gradient_p = log_ratio - q * q * inverse_product;
        const V gradient_q = log_ratio + p * p * inverse_product;
        const V psi_p = p * gradient_p;
        const V psi_q = q * gradient_q;
        const V shannon_p = p * log_p;
        const V shannon_q = q * log_q;
        const V root = Words::root(pq);
        const V terms[sums] = {difference * log_ratio, psi_p,
                               psi_p * gradient_p,     psi_q,
                               psi_q * gradient_q,     shannon_p,
                               shannon_p * log_p,      shannon_q,
                               shannon_q * log_q,      both - (root + root)};
        for (std::size_t k = 0; k < sums; ++k) sum[k] = sum[k] + terms[k] * weight;
    }

    static VEDETTE_INLINE void store(const double* totals, double, PooledSums& out) noexcept {
        out.psi += totals[0];
        out.psi_p += totals[1];
        out.psi_p2 += totals[2];
        out.psi_q += totals[3];
        out.psi_q2 += totals[4];
        out.shannon_p += totals[5];
        out.shannon_p2 += totals[6];
        out.shannon_q += totals[7];
        out.shannon_q2 += totals[8];
        out.hellinger += totals[9];
    }
};

// The eight virtual lanes of a sum, added in a fixed tree.
VEDETTE_INLINE double reduce_pooled(double* lanes) noexcept {
    for (std::size_t width = pooled_lanes / 2; width > 0; width /= 2)
        for (std::size_t i = 0; i < width; ++i) lanes[i] += lanes[i + width];
    return lanes[0];
}

}  // namespace
}  // namespace vedette::inline v0::kernels
