// SPDX-License-Identifier: Apache-2.0
// Kernels for a column: statistics that must not depend on order (extremes, counts, sums without rounding), and marks
// of integers and codes that fail.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vedette::inline v0::kernels {

/// At most so many values go to one call.
inline constexpr std::size_t most_column_values = 4096;

/// Of floats. Unless `is_finite`, nothing else is of use.
struct ColumnCensus {
    bool is_finite = true;
    std::uint64_t zeros = 0;
    std::uint64_t negatives = 0;
    float minimum = 0.0F;  ///< +0 for a zero of either sign
    float maximum = 0.0F;
    float least = 0.0F;  ///< the least size that is not zero; +Inf without
};

/// The same of doubles.
struct DoubleCensus {
    bool is_finite = true;
    std::uint64_t zeros = 0;
    std::uint64_t negatives = 0;
    double minimum = 0.0;
    double maximum = 0.0;
    double least = 0.0;
};

/// `sum` and `square` + `rest` are sums without rounding.
struct ColumnSums {
    double sum = 0.0;
    double square = 0.0;
    double rest = 0.0;
};

/// `sum[0] + sum[1]` and the sum of `squares` are sums without rounding.
struct DoubleSums {
    double sum[2] = {};
    double squares[4] = {};
};

/// A window of doubles reaches down so many binades from `high`, a power of two between these.
inline constexpr int double_window = 15;
inline constexpr double highest_double_window = 0x1p480, lowest_double_window = 0x1p-430;

/// Counters of doubles by their leading bits (see ColumnKernels::count_places): 64 binades of either sign, each in 2^7
/// parts, and one more for what lies outside.
inline constexpr std::size_t place_parts = 128, place_binades = 64, outer_place = 2 * place_binades * place_parts;

/// Which hashes a sieve lets through.
struct HashSieve {
    std::uint64_t highest = 0;       ///< a hash up to this,
    std::uint64_t highest_rest = 0;  ///< or one whose lower 52 bits, moved to the top, are no more than this
};

/// What codes of a column of categories fail: bit c % 32 of word c / 32 is set for code c < size.
struct CodeSet {
    const std::uint32_t* words;
    std::size_t size;
};

/// Noexcept, without allocation, the same answers on every instruction set; time by sizes alone.
struct ColumnKernels {
    /// 1 to most_column_values floats.
    void (*census)(const float* x, std::size_t n, ColumnCensus* census) noexcept;
    /// The sums of those x with low <= |x| < high, for powers of two with 2^-18 <= low / high (or low = 0, if x has
    /// only such ones and zeros): then no sum of 4096 needs more than 53 bits, nor do sums of squares cut in two at
    /// multiples of high^2 * 2^-41, `splitter` being 1.5 * 2^11 * high^2. In whatever order they are added, nothing is
    /// rounded.
    void (*window_sums)(const float* x, std::size_t n, double low, double high, double splitter,
                        ColumnSums* sums) noexcept;
    /// 1 to most_column_values doubles.
    void (*double_census)(const double* x, std::size_t n, DoubleCensus* census) noexcept;
    /// The sums of those x with high * 2^-double_window <= |x| < high. Values are cut in two at multiples of
    /// high * 2^-41; the square's upper part, a double, and its rest, another, each in two at such multiples of high^2
    /// and of high^2 * 2^-54. No sum of 4096 such parts needs more than 53 bits, so that nothing is rounded.
    void (*double_sums)(const double* x, std::size_t n, double high, DoubleSums* sums) noexcept;
    /// Adds each of n finite doubles to its counter: counts[sign * 8192 + (exponent - first) * 128 + part], of the
    /// biased exponent and the first seven bits of the fraction; where the exponent is not in [first, first + 64), and
    /// for zeros, to counts[outer_place]. first is from 1 to 1983.
    void (*count_places)(const double* x, std::size_t n, std::uint32_t first, std::uint32_t* counts) noexcept;
    /// Writes the hashes (`mixed_bits` of x[i] + 0.0) that the sieve lets through, in order, and their doubles: returns
    /// how many. Both have room for n + 8.
    std::size_t (*sift)(const double* x, std::size_t n, const HashSieve* sieve, std::uint64_t* hashes,
                        double* values) noexcept;
    /// One interval for a whole column, as IntervalKernels::mark_outside: of x[i] ^ flip as signed integers (flip is
    /// the sign bit for numbers without sign).
    std::uint64_t (*mark_integers)(const std::uint64_t* x, std::size_t n, std::uint64_t flip, std::int64_t lower,
                                   std::int64_t upper, std::uint64_t* words) noexcept;
    /// Bit i of `words`: codes[i] is in the set; a negative code is in none, and no code is beyond the set.
    std::uint64_t (*mark_codes)(const std::int32_t* codes, std::size_t n, const CodeSet* set,
                                std::uint64_t* words) noexcept;
    /// Bit i of `words`: codes[i] is negative.
    std::uint64_t (*mark_negative)(const std::int32_t* codes, std::size_t n, std::uint64_t* words) noexcept;
};

namespace scalar {

__attribute__((always_inline)) inline void column_census(const float* x, std::size_t n, ColumnCensus* census) noexcept {
    ColumnCensus result{true, 0, 0, __builtin_inff(), -__builtin_inff(), __builtin_inff()};
    for (std::size_t i = 0; i < n; ++i) {
        const float size = __builtin_fabsf(x[i]);
        result.is_finite = result.is_finite && size <= __FLT_MAX__;
        result.zeros += x[i] == 0.0F ? 1U : 0U;
        result.negatives += x[i] < 0.0F ? 1U : 0U;
        result.minimum = x[i] < result.minimum ? x[i] : result.minimum;
        result.maximum = x[i] > result.maximum ? x[i] : result.maximum;
        result.least = size != 0.0F && size < result.least ? size : result.least;
    }
    result.minimum += 0.0F;
    result.maximum += 0.0F;
    *census = result;
}

inline void window_sums(const float* x, std::size_t n, double low, double high, double splitter,
                        ColumnSums* sums) noexcept {
    ColumnSums result;
    for (std::size_t i = 0; i < n; ++i) {
        const auto value = static_cast<double>(x[i]);
        const double size = __builtin_fabs(value);
        if (!(size >= low && size < high)) continue;
        const double square = value * value;
        const double cut = (square + splitter) - splitter;
        result.sum += value;
        result.square += cut;
        result.rest += square - cut;
    }
    *sums = result;
}

__attribute__((always_inline)) inline void double_census(const double* x, std::size_t n,
                                                         DoubleCensus* census) noexcept {
    DoubleCensus result{true, 0, 0, __builtin_inf(), -__builtin_inf(), __builtin_inf()};
    for (std::size_t i = 0; i < n; ++i) {
        const double size = __builtin_fabs(x[i]);
        result.is_finite = result.is_finite && size <= __DBL_MAX__;
        result.zeros += x[i] == 0.0 ? 1U : 0U;
        result.negatives += x[i] < 0.0 ? 1U : 0U;
        result.minimum = x[i] < result.minimum ? x[i] : result.minimum;
        result.maximum = x[i] > result.maximum ? x[i] : result.maximum;
        result.least = size != 0.0 && size < result.least ? size : result.least;
    }
    result.minimum += 0.0;
    result.maximum += 0.0;
    *census = result;
}

/// What rounding takes from x * x: exact far from the ends of the exponents (Veltkamp's split, Dekker's product).
__attribute__((always_inline)) inline double rest_of_square(double x, double square) noexcept {
    const double wide = x * 134217729.0;
    const double upper = wide - (wide - x), lower = x - upper;
    return ((upper * upper - square) + 2.0 * upper * lower) + lower * lower;
}

__attribute__((always_inline)) inline void double_sums(const double* x, std::size_t n, double high,
                                                       DoubleSums* sums) noexcept {
    const double low = high * 0x1p-15, scale = 1.5 * 0x1p11;
    const double splitter = scale * high, cutter = scale * high * high, rest_cutter = cutter * 0x1p-54;
    DoubleSums result;
    for (std::size_t i = 0; i < n; ++i) {
        const double size = __builtin_fabs(x[i]);
        if (!(size >= low && size < high)) continue;
        const double part = (x[i] + splitter) - splitter;
        result.sum[0] += part;
        result.sum[1] += x[i] - part;
        const double square = x[i] * x[i], rest = rest_of_square(x[i], square);
        const double cut = (square + cutter) - cutter, rest_cut = (rest + rest_cutter) - rest_cutter;
        result.squares[0] += cut;
        result.squares[1] += square - cut;
        result.squares[2] += rest_cut;
        result.squares[3] += rest - rest_cut;
    }
    *sums = result;
}

__attribute__((always_inline)) inline std::uint32_t place_of(double x, std::uint32_t first) noexcept {
    const auto leading = static_cast<std::uint32_t>(__builtin_bit_cast(std::uint64_t, x) >> 45U);
    const std::uint32_t within = (leading & 0x3FFFFU) - (first << 7U), sign = leading >> 18U;
    return within < place_binades * place_parts ? within | sign << 13U : static_cast<std::uint32_t>(outer_place);
}
__attribute__((always_inline)) inline void count_places(const double* x, std::size_t n, std::uint32_t first,
                                                        std::uint32_t* counts) noexcept {
    for (std::size_t i = 0; i < n; ++i) ++counts[place_of(x[i], first)];
}

/// The finaliser of MurmurHash3, a bijection: the hash of numbers.
__attribute__((always_inline)) constexpr std::uint64_t mixed_bits(std::uint64_t word) noexcept {
    word = (word ^ word >> 33U) * 0xff51afd7ed558ccdU;
    word = (word ^ word >> 33U) * 0xc4ceb9fe1a85ec53U;
    return word ^ word >> 33U;
}
__attribute__((always_inline)) inline std::size_t sift(const double* x, std::size_t n, const HashSieve* sieve,
                                                       std::uint64_t* hashes, double* values) noexcept {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const std::uint64_t hash = mixed_bits(__builtin_bit_cast(std::uint64_t, x[i] + 0.0));
        hashes[kept] = hash;
        values[kept] = x[i];
        kept +=
            static_cast<unsigned>(hash <= sieve->highest) | static_cast<unsigned>(hash << 12U <= sieve->highest_rest);
    }
    return kept;
}

__attribute__((always_inline)) constexpr std::uint64_t outside_integers(const std::uint64_t* x, std::size_t n,
                                                                        std::uint64_t flip, std::int64_t lower,
                                                                        std::int64_t upper) noexcept {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const auto value = static_cast<std::int64_t>(x[i] ^ flip);
        word |= static_cast<std::uint64_t>(!(value >= lower && value <= upper)) << i;
    }
    return word;
}
__attribute__((always_inline)) constexpr std::uint64_t codes_in(const std::int32_t* codes, std::size_t n,
                                                                const CodeSet& set) noexcept {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < n; ++i) {
        if (codes[i] < 0) continue;
        const auto code = static_cast<std::uint32_t>(codes[i]);
        word |= static_cast<std::uint64_t>(set.words[code / 32] >> (code % 32) & 1U) << i;
    }
    return word;
}
__attribute__((always_inline)) constexpr std::uint64_t negative_codes(const std::int32_t* codes,
                                                                      std::size_t n) noexcept {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < n; ++i) word |= static_cast<std::uint64_t>(codes[i] < 0) << i;
    return word;
}

/// Writes the words of n values; `word_of(begin, count)` gives one. Returns how many bits are set.
template <class WordOf>
__attribute__((always_inline)) inline std::uint64_t write_words(std::size_t n, std::uint64_t* words,
                                                                WordOf&& word_of) noexcept {
    std::uint64_t total = 0;
    for (std::size_t begin = 0; begin < n; begin += 64) {
        const std::uint64_t word = word_of(begin, n - begin < 64 ? n - begin : 64);
        words[begin / 64] = word;
        if (word != 0) total += static_cast<std::uint64_t>(__builtin_popcountll(word));
    }
    return total;
}

inline std::uint64_t mark_integers(const std::uint64_t* x, std::size_t n, std::uint64_t flip, std::int64_t lower,
                                   std::int64_t upper, std::uint64_t* words) noexcept {
    return write_words(n, words, [&](std::size_t begin, std::size_t count) {
        return outside_integers(x + begin, count, flip, lower, upper);
    });
}
inline std::uint64_t mark_codes(const std::int32_t* codes, std::size_t n, const CodeSet* set,
                                std::uint64_t* words) noexcept {
    return write_words(n, words,
                       [&](std::size_t begin, std::size_t count) { return codes_in(codes + begin, count, *set); });
}
inline std::uint64_t mark_negative(const std::int32_t* codes, std::size_t n, std::uint64_t* words) noexcept {
    return write_words(n, words,
                       [&](std::size_t begin, std::size_t count) { return negative_codes(codes + begin, count); });
}

constexpr ColumnKernels column_entries() noexcept {
    return {&column_census, &window_sums,   &double_census, &double_sums,  &count_places,
            &sift,          &mark_integers, &mark_codes,    &mark_negative};
}

}  // namespace scalar

}  // namespace vedette::inline v0::kernels
