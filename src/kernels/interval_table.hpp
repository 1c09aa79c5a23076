// SPDX-License-Identifier: Apache-2.0
// Kernels that hold one row of numbers against intervals: is all well, and if not, what is wrong with which value.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vedette::inline v0::kernels {

/// What `attribute_row` can find, as bits; the same values as validation::Check.
inline constexpr std::uint32_t found_nan = 1U << 3;
inline constexpr std::uint32_t found_infinity = 1U << 4;
inline constexpr std::uint32_t found_low = 1U << 5;
inline constexpr std::uint32_t found_high = 1U << 6;
inline constexpr std::uint32_t found_far = 1U << 7;

template <class T>
struct WordOf;
template <>
struct WordOf<float> {
    using type = std::uint32_t;
};
template <>
struct WordOf<double> {
    using type = std::uint64_t;
};

/// Closed intervals of the values of a row, one list each. Bounds are never NaN; what has no bound has an infinite one.
/// A value in [lower, upper] fails nothing that is wanted of it.
template <class T>
struct IntervalsView {
    using Word = typename WordOf<T>::type;
    const T* lower;  ///< what `row_inside` asks: all rules of the value in one interval
    const T* upper;
    const T* minimum;  ///< what `attribute_row` tells apart
    const T* maximum;
    const T* score_low;
    const T* score_high;
    const Word* wanted;  ///< the bits that count
    const Word* graver;  ///< those of them that are errors
};

/// The union of what was found in a row.
struct RowFindings {
    std::uint32_t any = 0;
    std::uint32_t graver = 0;
};

/// Noexcept, without allocation, the same answers on every instruction set.
template <class T>
struct IntervalKernels {
    /// Whether lower[i] <= row[i] <= upper[i] for all i < count; false for NaN.
    bool (*row_inside)(const T* row, const IntervalsView<T>* intervals, std::size_t count) noexcept;
    /// The same of values that lie `stride` bytes apart, the first at `first`.
    bool (*strided_inside)(const void* first, std::size_t stride, const IntervalsView<T>* intervals,
                           std::size_t count) noexcept;
    /// failed[i]: what is wrong with row[i], of what is wanted; `failed` may be null.
    RowFindings (*attribute_row)(const T* row, const IntervalsView<T>* intervals, std::size_t count,
                                 std::uint32_t* failed) noexcept;
    /// One interval for a whole column: bit i of `words` tells that lower <= column[i] <= upper does not hold. All
    /// ceil(count / 64) words are written, the bits beyond the end being 0. Returns how many bits are set.
    std::uint64_t (*mark_outside)(const T* column, std::size_t count, T lower, T upper, std::uint64_t* words) noexcept;
};

/// Value i of those that lie `stride` bytes apart.
template <class T>
__attribute__((always_inline)) inline T value_at(const void* first, std::size_t stride, std::size_t i) noexcept {
    return *reinterpret_cast<const T*>(static_cast<const unsigned char*>(first) + i * stride);
}

/// The plain meaning of `attribute_row` for one value.
template <class T>
__attribute__((always_inline)) constexpr std::uint32_t attribute_value(T x, const IntervalsView<T>& intervals,
                                                                       std::size_t i) noexcept {
    constexpr T infinity = static_cast<T>(__builtin_inff());
    std::uint32_t found = 0;
    if (!(x == x)) found |= found_nan;
    if (x == infinity || x == -infinity) found |= found_infinity;
    if (x < intervals.minimum[i]) found |= found_low;
    if (x > intervals.maximum[i]) found |= found_high;
    if (x < intervals.score_low[i] || x > intervals.score_high[i]) found |= found_far;
    return found & static_cast<std::uint32_t>(intervals.wanted[i]);
}

/// The plain meaning of one word of `mark_outside`; at most 64 values.
template <class T>
__attribute__((always_inline)) constexpr std::uint64_t outside_word(const T* column, std::size_t count, T lower,
                                                                    T upper) noexcept {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < count; ++i)
        word |= static_cast<std::uint64_t>(!(column[i] >= lower && column[i] <= upper)) << i;
    return word;
}

namespace scalar {

template <class T>
bool strided_inside(const void* first, std::size_t stride, const IntervalsView<T>* intervals,
                    std::size_t count) noexcept {
    bool inside = true;
    for (std::size_t i = 0; i < count; ++i) {
        const T x = value_at<T>(first, stride, i);
        inside &= x >= intervals->lower[i] && x <= intervals->upper[i];
    }
    return inside;
}

template <class T>
bool row_inside(const T* row, const IntervalsView<T>* intervals, std::size_t count) noexcept {
    bool inside = true;
    for (std::size_t i = 0; i < count; ++i) inside &= row[i] >= intervals->lower[i] && row[i] <= intervals->upper[i];
    return inside;
}

template <class T>
RowFindings attribute_row(const T* row, const IntervalsView<T>* intervals, std::size_t count,
                          std::uint32_t* failed) noexcept {
    RowFindings all;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t found = attribute_value(row[i], *intervals, i);
        if (failed != nullptr) failed[i] = found;
        all.any |= found;
        all.graver |= found & static_cast<std::uint32_t>(intervals->graver[i]);
    }
    return all;
}

template <class T>
std::uint64_t mark_outside(const T* column, std::size_t count, T lower, T upper, std::uint64_t* words) noexcept {
    std::uint64_t total = 0;
    for (std::size_t begin = 0; begin < count; begin += 64) {
        const std::uint64_t word = outside_word(column + begin, count - begin < 64 ? count - begin : 64, lower, upper);
        words[begin / 64] = word;
        total += static_cast<std::uint64_t>(__builtin_popcountll(word));
    }
    return total;
}

template <class T>
constexpr IntervalKernels<T> interval_entries() noexcept {
    return {&row_inside<T>, &strided_inside<T>, &attribute_row<T>, &mark_outside<T>};
}

}  // namespace scalar

}  // namespace vedette::inline v0::kernels
