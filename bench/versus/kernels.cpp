// SPDX-License-Identifier: Apache-2.0
// What the comparison needs besides the C library: the moments kernel on its own, this machine's read bandwidth, and a
// loop over requests without Python's cost per call.
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "kernels/dispatch.hpp"

#define VERSUS_API extern "C" __attribute__((visibility("default")))

/// out: count, nan, +inf, -inf, zeros, min, max, mean, m2.
VERSUS_API void versus_moments_f32(const float* values, std::size_t count, double* out) {
    vedette::kernels::MomentsState state;
    vedette::kernels::kernels().f32.moments(values, count, 1, &state);
    const double found[] = {static_cast<double>(state.count),
                            static_cast<double>(state.nan),
                            static_cast<double>(state.pos_inf),
                            static_cast<double>(state.neg_inf),
                            static_cast<double>(state.zeros),
                            state.min,
                            state.max,
                            state.mean,
                            state.m2};
    for (const double number : found) *out++ = number;
}

namespace {

typedef std::uint64_t Words __attribute__((vector_size(64), aligned(8), may_alias));

#define VERSUS_DEFINE_READ(name, attributes)                              \
    attributes std::uint64_t name(const void* data, std::size_t bytes) {  \
        const auto* words = static_cast<const Words*>(data);              \
        Words a{}, b{}, c{}, d{};                                         \
        for (std::size_t i = 0; i + 4 <= bytes / sizeof(Words); i += 4) { \
            a ^= words[i];                                                \
            b ^= words[i + 1];                                            \
            c ^= words[i + 2];                                            \
            d ^= words[i + 3];                                            \
        }                                                                 \
        a ^= b ^ c ^ d;                                                   \
        return a[0] ^ a[1] ^ a[2] ^ a[3] ^ a[4] ^ a[5] ^ a[6] ^ a[7];     \
    }
VERSUS_DEFINE_READ(read_baseline, )
#if defined(__x86_64__)
VERSUS_DEFINE_READ(read_avx2, __attribute__((target("avx2"))))
VERSUS_DEFINE_READ(read_avx512, __attribute__((target("avx512f"))))
#endif

}  // namespace

/// Reads every byte once and combines it, with as few instructions as the CPU can: the yardstick of bandwidth.
VERSUS_API std::uint64_t versus_read(const void* data, std::size_t bytes) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) return read_avx512(data, bytes);
    if (__builtin_cpu_supports("avx2")) return read_avx2(data, bytes);
#endif
    return read_baseline(data, bytes);
}

using Check = std::int32_t (*)(const void*, const float*, std::size_t, void*, void*, void*);

/// Calls `check` (vdt_guard_check_f32) for every row; answers the nanoseconds that each call took on its own, the
/// clock's cost included, or 1 when a call failed.
VERSUS_API std::int32_t versus_check_rows(Check check, const void* guard, const float* rows, std::size_t count,
                                          std::size_t width, void* window, void* verdict, double* nanoseconds) {
    using Clock = std::chrono::steady_clock;
    for (std::size_t i = 0; i < count; ++i) {
        const auto begin = Clock::now();
        if (check(guard, rows + i * width, width, window, verdict, nullptr) != 0) return 1;
        nanoseconds[i] = std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
    }
    return 0;
}

VERSUS_API const char* versus_isa() {
    return vedette::kernels::kernels().name;
}
