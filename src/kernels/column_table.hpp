// SPDX-License-Identifier: Apache-2.0
// Kernels for statistics of a column that must not depend on order: extremes, counts, and sums without rounding.
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

/// `sum` and `square` + `rest` are sums without rounding.
struct ColumnSums {
    double sum = 0.0;
    double square = 0.0;
    double rest = 0.0;
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
};

namespace scalar {

inline void column_census(const float* x, std::size_t n, ColumnCensus* census) noexcept {
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

constexpr ColumnKernels column_entries() noexcept {
    return {&column_census, &window_sums};
}

}  // namespace scalar

}  // namespace vedette::inline v0::kernels
