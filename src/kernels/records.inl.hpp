// SPDX-License-Identifier: Apache-2.0
// Records and their grains: plain loops, which compilers turn into vectors of whatever instruction set they are
// compiled for; the source of each includes them, and CPUs without one run them as they are.
#pragma once

#include "kernels/record_table.hpp"

namespace vedette::inline v0::kernels {
namespace {

template <class T, class Term>
inline __attribute__((always_inline)) double record_sum(const T* x, std::size_t n, Term term) noexcept {
    double sums[record_lanes] = {};
    std::size_t i = 0;
    for (; i + record_lanes <= n; i += record_lanes)
        for (std::size_t lane = 0; lane < record_lanes; ++lane) sums[lane] += term(static_cast<double>(x[i + lane]));
    for (std::size_t lane = 0; i < n; ++i, ++lane) sums[lane] += term(static_cast<double>(x[i]));
    for (std::size_t half = record_lanes / 2; half > 0; half /= 2)
        for (std::size_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
    return sums[0];
}

inline __attribute__((always_inline)) double whole_grains(double x, double factor) noexcept {
    return static_cast<double>(static_cast<std::int32_t>(x * factor));
}

template <class T>
double sum_record_sizes(const T* x, std::size_t n) noexcept {
    return record_sum(
        x, n, [](double value) __attribute__((always_inline)) { return __builtin_fabs(value); });
}
template <class T>
double sum_record_squares(const T* x, std::size_t n) noexcept {
    return record_sum(
        x, n, [](double value) __attribute__((always_inline)) { return value * value; });
}
template <class T>
double sum_record_grains(const T* x, std::size_t n, double factor) noexcept {
    return record_sum(
        x, n, [factor](double value) __attribute__((always_inline)) {
            return __builtin_fabs(whole_grains(value, factor));
        });
}
template <class T>
double sum_squared_record_grains(const T* x, std::size_t n, double factor) noexcept {
    return record_sum(
        x, n, [factor](double value) __attribute__((always_inline)) {
            const double grains = whole_grains(value, factor);
            return grains * grains;
        });
}

// Any 64-bit integer as the nearest double, by steps that every instruction set has vectors for: the upper half, 2^84
// and 2^63 too large, and the lower one 2^52 too large; their sum is rounded once.
inline __attribute__((always_inline)) double nearest_double(std::int64_t value) noexcept {
    constexpr std::uint64_t upper = 0x4530000080000000U, lower = 0x4330000000000000U;
    const auto bits = static_cast<std::uint64_t>(value);
    const double high = __builtin_bit_cast(double, (bits >> 32U) ^ upper) - (0x1p84 + 0x1p63 + 0x1p52);
    return high + __builtin_bit_cast(double, (bits & 0xFFFFFFFFU) | lower);
}

template <class T>
inline __attribute__((always_inline)) T noised(T x, double factor, std::int64_t noise, double unit) noexcept {
    return static_cast<T>(nearest_double(static_cast<std::int32_t>(static_cast<double>(x) * factor) + noise) * unit);
}

template <class T>
void add_noise_apart(const T* __restrict x, std::size_t n, double factor, const std::int64_t* __restrict noise,
                     double unit, T* __restrict out) noexcept {
    for (std::size_t i = 0; i < n; ++i) out[i] = noised(x[i], factor, noise[i], unit);
}

template <class T>
void add_record_noise(const T* x, std::size_t n, double factor, const std::int64_t* noise, double unit,
                      T* out) noexcept {
    if (x != out) return add_noise_apart(x, n, factor, noise, unit, out);
    for (std::size_t i = 0; i < n; ++i) out[i] = noised(out[i], factor, noise[i], unit);
}

template <class T>
constexpr RecordKernels<T> record_entries() noexcept {
    return {&sum_record_sizes<T>, &sum_record_squares<T>, &sum_record_grains<T>, &sum_squared_record_grains<T>,
            &add_record_noise<T>};
}

}  // namespace
}  // namespace vedette::inline v0::kernels
