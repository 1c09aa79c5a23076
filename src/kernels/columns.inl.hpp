// SPDX-License-Identifier: Apache-2.0
// Statistics of a column's numbers: two loops over a tile in the first cache, the sums exact and so in any order; and
// marks of integers and codes.
#pragma once

#include "kernels/column_table.hpp"
#include "kernels/lanes.inl.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

/// `remainder` counts the values that fill no vector; a callable, for the address of an inline function would leave it
/// behind in the object.
template <class T, class Census, class Remainder>
void census_of(const T* x, std::size_t n, const Remainder& remainder, Census* census) noexcept {
    using B = Batch<T>;
    constexpr std::size_t width = B::size;
    const std::size_t whole = n - n % width;
    Census result;
    remainder(x + whole, n - whole, &result);
    if (whole == 0) {
        *census = result;
        return;
    }
    const B zero(T(0)), infinite(infinity<T>);
    B low = infinite, high = -infinite, least = infinite;
    Mask<T> finite = zero == zero;
    Tally<T> zeros, negatives;
    for (std::size_t i = 0; i < whole; i += width) {
        const B v = B::load_unaligned(x + i);
        const B size = xsimd::abs(v);
        const Mask<T> is_zero = v == zero;
        finite = finite & (size <= B(Limits<T>::largest));
        low = xsimd::min(v, low);
        high = xsimd::max(v, high);
        least = xsimd::min(xsimd::select(is_zero, infinite, size), least);
        zeros.add(is_zero);
        negatives.add(v < zero);
    }
    alignas(64) T lanes[3][width];
    low.store_aligned(lanes[0]);
    high.store_aligned(lanes[1]);
    least.store_aligned(lanes[2]);
    for (std::size_t i = 0; i < width; ++i) {
        result.minimum = lanes[0][i] < result.minimum ? lanes[0][i] : result.minimum;
        result.maximum = lanes[1][i] > result.maximum ? lanes[1][i] : result.maximum;
        result.least = lanes[2][i] < result.least ? lanes[2][i] : result.least;
    }
    result.minimum += T(0);
    result.maximum += T(0);
    result.is_finite = result.is_finite && xsimd::all(finite);
    result.zeros += zeros.total();
    result.negatives += negatives.total();
    *census = result;
}

void column_census(const float* x, std::size_t n, ColumnCensus* census) noexcept {
    census_of(
        x, n, [](const float* y, std::size_t m, ColumnCensus* out) { scalar::column_census(y, m, out); }, census);
}

void double_census(const double* x, std::size_t n, DoubleCensus* census) noexcept {
    census_of(
        x, n, [](const double* y, std::size_t m, DoubleCensus* out) { scalar::double_census(y, m, out); }, census);
}

struct WindowLanes {
    Batch<double> sum = Batch<double>(0.0), square = Batch<double>(0.0), rest = Batch<double>(0.0);

    VEDETTE_INLINE void add_within(Batch<double> v, Batch<double> low, Batch<double> high,
                                   Batch<double> splitter) noexcept {
        const Batch<double> size = xsimd::abs(v);
        add(xsimd::select((size >= low) & (size < high), v, Batch<double>(0.0)), splitter);
    }
    VEDETTE_INLINE void add(Batch<double> kept, Batch<double> splitter) noexcept {
        const Batch<double> whole = kept * kept;
        const Batch<double> cut = (whole + splitter) - splitter;
        sum = sum + kept;
        square = square + cut;
        rest = rest + (whole - cut);
    }
};

VEDETTE_INLINE double sum_lanes_of(Batch<double> v) noexcept {
    alignas(64) double lanes[Batch<double>::size];
    v.store_aligned(lanes);
    double sum = 0.0;
    for (const double lane : lanes) sum += lane;
    return sum;
}

void window_sums(const float* x, std::size_t n, double low, double high, double splitter, ColumnSums* sums) noexcept {
    constexpr std::size_t width = Batch<double>::size;
    const std::size_t whole = n - n % (2 * width);
    const Batch<double> lower(low), upper(high), cutter(splitter);
    WindowLanes even, odd;
    if (low == 0.0) {
        for (std::size_t i = 0; i < whole; i += 2 * width) {
            even.add(load_double(x + i), cutter);
            odd.add(load_double(x + i + width), cutter);
        }
    } else {
        for (std::size_t i = 0; i < whole; i += 2 * width) {
            even.add_within(load_double(x + i), lower, upper, cutter);
            odd.add_within(load_double(x + i + width), lower, upper, cutter);
        }
    }
    scalar::window_sums(x + whole, n - whole, low, high, splitter, sums);
    sums->sum += sum_lanes_of(even.sum + odd.sum);
    sums->square += sum_lanes_of(even.square + odd.square);
    sums->rest += sum_lanes_of(even.rest + odd.rest);
}

// What rounding takes from x * x; where there is no fused product, as the twin. (xsimd 8.1 has none for AVX-512: its
// fms rounds twice there.)
VEDETTE_INLINE Batch<double> rest_of_square(Batch<double> x, Batch<double> square) noexcept {
#if defined(__AVX512F__)
    return Batch<double>(_mm512_fmsub_pd(x, x, square));
#elif defined(__AVX2__)
    return Batch<double>(_mm256_fmsub_pd(x, x, square));
#elif defined(__aarch64__)
    return Batch<double>(vnegq_f64(vfmsq_f64(square, x, x)));
#else
    const Batch<double> wide = x * Batch<double>(134217729.0);
    const Batch<double> upper = wide - (wide - x), lower = x - upper;
    return ((upper * upper - square) + Batch<double>(2.0) * upper * lower) + lower * lower;
#endif
}

void double_sums(const double* x, std::size_t n, double high, DoubleSums* sums) noexcept {
    using B = Batch<double>;
    constexpr std::size_t width = B::size;
    const std::size_t whole = n - n % width;
    const double scale = 1.5 * 0x1p11;
    const B zero(0.0), lower(high * 0x1p-15), upper(high), splitter(scale * high), cutter(scale * high * high),
        rest_cutter(scale * high * high * 0x1p-54);
    B sum0 = zero, sum1 = zero, square0 = zero, square1 = zero, square2 = zero, square3 = zero;
    for (std::size_t i = 0; i < whole; i += width) {
        const B given = B::load_unaligned(x + i);
        const B size = xsimd::abs(given);
        const B v = xsimd::select((size >= lower) & (size < upper), given, zero);
        const B part = (v + splitter) - splitter;
        sum0 = sum0 + part;
        sum1 = sum1 + (v - part);
        const B square = v * v, rest = rest_of_square(v, square);
        const B cut = (square + cutter) - cutter, rest_cut = (rest + rest_cutter) - rest_cutter;
        square0 = square0 + cut;
        square1 = square1 + (square - cut);
        square2 = square2 + rest_cut;
        square3 = square3 + (rest - rest_cut);
    }
    scalar::double_sums(x + whole, n - whole, high, sums);
    sums->sum[0] += sum_lanes_of(sum0);
    sums->sum[1] += sum_lanes_of(sum1);
    sums->squares[0] += sum_lanes_of(square0);
    sums->squares[1] += sum_lanes_of(square1);
    sums->squares[2] += sum_lanes_of(square2);
    sums->squares[3] += sum_lanes_of(square3);
}

// By hand what compilers make of a plain loop for some instruction sets alone: places first, in vectors, counters then.
void count_places(const double* x, std::size_t n, std::uint32_t first, std::uint32_t* counts) noexcept {
    std::size_t i = 0;
#if defined(__AVX512F__)
    const __m256i start = _mm256_set1_epi32(static_cast<int>(first << 7U)), magnitude = _mm256_set1_epi32(0x3FFFF),
                  size = _mm256_set1_epi32(place_binades * place_parts), outer = _mm256_set1_epi32(outer_place);
    alignas(64) std::uint32_t places[64];
    for (; i + 64 <= n; i += 64) {
        for (std::size_t k = 0; k < 64; k += 8) {
            const __m256i leading = _mm512_cvtepi64_epi32(_mm512_srli_epi64(_mm512_loadu_si512(x + i + k), 45));
            const __m256i within = _mm256_sub_epi32(_mm256_and_si256(leading, magnitude), start);
            const __m256i sign = _mm256_slli_epi32(_mm256_srli_epi32(leading, 18), 13);
            const __m256i place = _mm256_mask_or_epi32(outer, _mm256_cmplt_epu32_mask(within, size), within, sign);
            _mm256_store_si256(reinterpret_cast<__m256i*>(places + k), place);
        }
        for (const std::uint32_t place : places) ++counts[place];
    }
#elif defined(__AVX2__)
    const __m256i start = _mm256_set1_epi32(static_cast<int>(first << 7U)), magnitude = _mm256_set1_epi32(0x3FFFF),
                  last = _mm256_set1_epi32(place_binades * place_parts - 1), outer = _mm256_set1_epi32(outer_place);
    alignas(32) std::uint32_t places[64];
    for (; i + 64 <= n; i += 64) {
        for (std::size_t k = 0; k < 64; k += 8) {
            // The upper halves of eight doubles, in whatever order: counters do not mind.
            const __m256 low = _mm256_castpd_ps(_mm256_loadu_pd(x + i + k)),
                         high = _mm256_castpd_ps(_mm256_loadu_pd(x + i + k + 4));
            const __m256i leading = _mm256_srli_epi32(_mm256_castps_si256(_mm256_shuffle_ps(low, high, 0xDD)), 13);
            const __m256i within = _mm256_sub_epi32(_mm256_and_si256(leading, magnitude), start);
            const __m256i sign = _mm256_slli_epi32(_mm256_srli_epi32(leading, 18), 13);
            const __m256i is_inside = _mm256_cmpeq_epi32(_mm256_min_epu32(within, last), within);
            const __m256i place = _mm256_blendv_epi8(outer, _mm256_or_si256(within, sign), is_inside);
            _mm256_store_si256(reinterpret_cast<__m256i*>(places + k), place);
        }
        for (const std::uint32_t place : places) ++counts[place];
    }
#endif
    scalar::count_places(x + i, n - i, first, counts);
}

#if defined(__AVX2__) && !defined(__AVX512F__)
// The lower 64 bits of a product, of three with 32.
VEDETTE_INLINE __m256i low_product(__m256i a, std::uint64_t factor) noexcept {
    const __m256i low = _mm256_set1_epi64x(static_cast<long long>(factor & 0xFFFFFFFFU)),
                  high = _mm256_set1_epi64x(static_cast<long long>(factor >> 32U));
    const __m256i crossed =
        _mm256_add_epi64(_mm256_mul_epu32(_mm256_srli_epi64(a, 32), low), _mm256_mul_epu32(a, high));
    return _mm256_add_epi64(_mm256_mul_epu32(a, low), _mm256_slli_epi64(crossed, 32));
}
// Of four lanes those of a mask, in order, as pairs of 32 bits; then any.
struct PassedFirst {
    std::uint32_t lanes[16][8];
};
constexpr PassedFirst make_passed_first() noexcept {
    PassedFirst first{};
    for (unsigned mask = 0; mask < 16; ++mask) {
        unsigned count = 0;
        for (unsigned lane = 0; lane < 4; ++lane) {
            if ((mask >> lane & 1U) == 0) continue;
            first.lanes[mask][2 * count] = 2 * lane;
            first.lanes[mask][2 * count + 1] = 2 * lane + 1;
            ++count;
        }
    }
    return first;
}
alignas(32) constexpr PassedFirst passed_first = make_passed_first();
VEDETTE_INLINE __m256i folded(__m256i a) noexcept {
    return _mm256_xor_si256(a, _mm256_srli_epi64(a, 33));
}
#endif

std::size_t sift(const double* x, std::size_t n, const HashSieve* sieve, std::uint64_t* hashes,
                 double* values) noexcept {
    std::size_t i = 0, kept = 0;
#if defined(__AVX512F__)
    const __m512i highest = _mm512_set1_epi64(static_cast<long long>(sieve->highest)),
                  highest_rest = _mm512_set1_epi64(static_cast<long long>(sieve->highest_rest)),
                  first = _mm512_set1_epi64(static_cast<long long>(0xff51afd7ed558ccdU)),
                  second = _mm512_set1_epi64(static_cast<long long>(0xc4ceb9fe1a85ec53U));
    for (; i + 8 <= n; i += 8) {
        const __m512d v = _mm512_loadu_pd(x + i);
        __m512i hash = _mm512_castpd_si512(_mm512_add_pd(v, _mm512_setzero_pd()));
        hash = _mm512_mullo_epi64(_mm512_xor_si512(hash, _mm512_srli_epi64(hash, 33)), first);
        hash = _mm512_mullo_epi64(_mm512_xor_si512(hash, _mm512_srli_epi64(hash, 33)), second);
        hash = _mm512_xor_si512(hash, _mm512_srli_epi64(hash, 33));
        const auto passed = static_cast<__mmask8>(_mm512_cmple_epu64_mask(hash, highest) |
                                                  _mm512_cmple_epu64_mask(_mm512_slli_epi64(hash, 12), highest_rest));
        // Compressed in a register: a masked store to memory is slow on some.
        _mm512_storeu_si512(hashes + kept, _mm512_maskz_compress_epi64(passed, hash));
        _mm512_storeu_pd(values + kept, _mm512_maskz_compress_pd(passed, v));
        kept += static_cast<std::size_t>(__builtin_popcount(passed));
    }
#elif defined(__AVX2__)
    // With the sign turned over, so that signed comparisons order numbers without one.
    const __m256i sign = _mm256_set1_epi64x(-__LONG_LONG_MAX__ - 1),
                  highest = _mm256_xor_si256(_mm256_set1_epi64x(static_cast<long long>(sieve->highest)), sign),
                  highest_rest =
                      _mm256_xor_si256(_mm256_set1_epi64x(static_cast<long long>(sieve->highest_rest)), sign);
    for (; i + 4 <= n; i += 4) {
        const __m256d v = _mm256_loadu_pd(x + i);
        __m256i hash = _mm256_castpd_si256(_mm256_add_pd(v, _mm256_setzero_pd()));
        hash = low_product(folded(hash), 0xff51afd7ed558ccdU);
        hash = folded(low_product(folded(hash), 0xc4ceb9fe1a85ec53U));
        const __m256i is_above = _mm256_cmpgt_epi64(_mm256_xor_si256(hash, sign), highest);
        const __m256i is_rest_above =
            _mm256_cmpgt_epi64(_mm256_xor_si256(_mm256_slli_epi64(hash, 12), sign), highest_rest);
        const auto passed =
            15U ^
            static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_and_si256(is_above, is_rest_above))));
        // The lanes that passed come first. Without a branch: whether any does cannot be foretold.
        const __m256i order = _mm256_load_si256(reinterpret_cast<const __m256i*>(passed_first.lanes[passed]));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(hashes + kept), _mm256_permutevar8x32_epi32(hash, order));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(values + kept),
                            _mm256_permutevar8x32_epi32(_mm256_castpd_si256(v), order));
        kept += static_cast<std::size_t>(__builtin_popcount(passed));
    }
#endif
    return kept + scalar::sift(x + i, n - i, sieve, hashes + kept, values + kept);
}

// A word of 64 values or codes each; the rest is the twin's.
#if defined(__AVX512F__)
VEDETTE_INLINE std::uint64_t outside_of_64(const std::uint64_t* x, std::uint64_t flip, std::int64_t lower,
                                           std::int64_t upper) noexcept {
    const __m512i flips = _mm512_set1_epi64(static_cast<long long>(flip)), low = _mm512_set1_epi64(lower),
                  high = _mm512_set1_epi64(upper);
    std::uint64_t word = 0;
    for (unsigned i = 0; i < 64; i += 8) {
        const __m512i v = _mm512_xor_si512(_mm512_loadu_si512(x + i), flips);
        const __mmask8 outside =
            static_cast<__mmask8>(_mm512_cmplt_epi64_mask(v, low) | _mm512_cmpgt_epi64_mask(v, high));
        word |= static_cast<std::uint64_t>(outside) << i;
    }
    return word;
}
VEDETTE_INLINE std::uint64_t negative_of_64(const std::int32_t* codes) noexcept {
    std::uint64_t word = 0;
    for (unsigned i = 0; i < 64; i += 16)
        word |= static_cast<std::uint64_t>(_mm512_movepi32_mask(_mm512_loadu_si512(codes + i))) << i;
    return word;
}
struct SmallSet {
    __m512i words;
    VEDETTE_INLINE explicit SmallSet(const std::uint32_t* padded) noexcept
        : words(_mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(padded)))) {}
    VEDETTE_INLINE std::uint64_t of_64(const std::int32_t* codes) const noexcept {
        std::uint64_t word = 0;
        for (unsigned i = 0; i < 64; i += 16) {
            const __m512i v = _mm512_loadu_si512(codes + i);
            const __m512i set = _mm512_permutexvar_epi32(_mm512_srli_epi32(v, 5), words);
            const __m512i bits = _mm512_srlv_epi32(set, _mm512_and_si512(v, _mm512_set1_epi32(31)));
            const __mmask16 found = _mm512_test_epi32_mask(bits, _mm512_set1_epi32(1));
            word |= static_cast<std::uint64_t>(_kandn_mask16(_mm512_movepi32_mask(v), found)) << i;
        }
        return word;
    }
};
#elif defined(__AVX2__)
VEDETTE_INLINE std::uint64_t outside_of_64(const std::uint64_t* x, std::uint64_t flip, std::int64_t lower,
                                           std::int64_t upper) noexcept {
    const __m256i flips = _mm256_set1_epi64x(static_cast<long long>(flip)), low = _mm256_set1_epi64x(lower),
                  high = _mm256_set1_epi64x(upper);
    std::uint64_t word = 0;
    for (unsigned i = 0; i < 64; i += 4) {
        const __m256i v = _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + i)), flips);
        const __m256i outside = _mm256_or_si256(_mm256_cmpgt_epi64(low, v), _mm256_cmpgt_epi64(v, high));
        word |= static_cast<std::uint64_t>(_mm256_movemask_pd(_mm256_castsi256_pd(outside))) << i;
    }
    return word;
}
VEDETTE_INLINE std::uint64_t negative_of_64(const std::int32_t* codes) noexcept {
    std::uint64_t word = 0;
    for (unsigned i = 0; i < 64; i += 8) {
        const __m256 v = _mm256_castsi256_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes + i)));
        word |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm256_movemask_ps(v))) << i;
    }
    return word;
}
// A set of at most 256 codes lies in one register.
struct SmallSet {
    __m256i words;
    VEDETTE_INLINE explicit SmallSet(const std::uint32_t* padded) noexcept
        : words(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(padded))) {}
    VEDETTE_INLINE std::uint64_t of_64(const std::int32_t* codes) const noexcept {
        std::uint64_t word = 0;
        for (unsigned i = 0; i < 64; i += 8) {
            const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes + i));
            const __m256i set = _mm256_permutevar8x32_epi32(words, _mm256_srli_epi32(v, 5));
            // The bit that is asked for, moved to the sign; a negative code has none.
            const __m256i place = _mm256_sub_epi32(_mm256_set1_epi32(31), _mm256_and_si256(v, _mm256_set1_epi32(31)));
            const __m256i bits = _mm256_andnot_si256(v, _mm256_sllv_epi32(set, place));
            word |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(bits))))
                    << i;
        }
        return word;
    }
};
#else
VEDETTE_INLINE std::uint64_t outside_of_64(const std::uint64_t* x, std::uint64_t flip, std::int64_t lower,
                                           std::int64_t upper) noexcept {
    return scalar::outside_integers(x, 64, flip, lower, upper);
}
VEDETTE_INLINE std::uint64_t negative_of_64(const std::int32_t* codes) noexcept {
    return scalar::negative_codes(codes, 64);
}
struct SmallSet {
    CodeSet set;
    VEDETTE_INLINE explicit SmallSet(const std::uint32_t* padded) noexcept : set{padded, 256} {}
    VEDETTE_INLINE std::uint64_t of_64(const std::int32_t* codes) const noexcept {
        return scalar::codes_in(codes, 64, set);
    }
};
#endif

std::uint64_t mark_integers(const std::uint64_t* x, std::size_t n, std::uint64_t flip, std::int64_t lower,
                            std::int64_t upper, std::uint64_t* words) noexcept {
    return scalar::write_words(
        n, words, [&](std::size_t begin, std::size_t count) __attribute__((always_inline)) {
            return count == 64 ? outside_of_64(x + begin, flip, lower, upper)
                               : scalar::outside_integers(x + begin, count, flip, lower, upper);
        });
}

std::uint64_t mark_codes(const std::int32_t* codes, std::size_t n, const CodeSet* set, std::uint64_t* words) noexcept {
    const CodeSet given = *set;
    if (given.size > 256) {
        return scalar::write_words(
            n, words, [&](std::size_t begin, std::size_t count) __attribute__((always_inline)) {
                return scalar::codes_in(codes + begin, count, given);
            });
    }
    std::uint32_t padded[8] = {};
    for (std::size_t i = 0; i < (given.size + 31) / 32; ++i) padded[i] = given.words[i];
    const SmallSet small(padded);
    return scalar::write_words(
        n, words, [&](std::size_t begin, std::size_t count) __attribute__((always_inline)) {
            return count == 64 ? small.of_64(codes + begin) : scalar::codes_in(codes + begin, count, given);
        });
}

std::uint64_t mark_negative(const std::int32_t* codes, std::size_t n, std::uint64_t* words) noexcept {
    return scalar::write_words(
        n, words, [&](std::size_t begin, std::size_t count) __attribute__((always_inline)) {
            return count == 64 ? negative_of_64(codes + begin) : scalar::negative_codes(codes + begin, count);
        });
}

constexpr ColumnKernels column_entries() noexcept {
    return {&column_census, &window_sums,   &double_census, &double_sums,  &count_places,
            &sift,          &mark_integers, &mark_codes,    &mark_negative};
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
