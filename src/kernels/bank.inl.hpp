// SPDX-License-Identifier: Apache-2.0
// The words of the banks' kernels for vectors.
#pragma once

#include "kernels/adwin.inl.hpp"
#include "kernels/charts.inl.hpp"
#include "kernels/lanes.inl.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

struct VectorLanes {
    using Value = Batch<double>;
    using Mask = VEDETTE_KERNEL_ISA::Mask<double>;
    static constexpr std::size_t size = Value::size;

    template <class T>
    static VEDETTE_INLINE Value load(const T* x) noexcept {
        return load_double(x);
    }
    static VEDETTE_INLINE void store(double* to, Value x) noexcept { x.store_aligned(to); }
    // Multipliers, which compare too, help the adders out, which find extremes too: a + b is 1 a + b, rounded once. The
    // compiler must not see that it is 1.
    static VEDETTE_INLINE Value one() noexcept {
#if defined(__AVX2__)
        Value::register_type unit = Value(1.0);
        __asm__("" : "+x"(unit));
        return Value(unit);
#else
        return Value(1.0);
#endif
    }
#if defined(__AVX512F__)
    static VEDETTE_INLINE Value plus(Value a, Value b, Value one) noexcept {
        return Value(_mm512_fmadd_pd(a, one, b));
    }
    static VEDETTE_INLINE Value minus(Value a, Value b, Value one) noexcept {
        return Value(_mm512_fmsub_pd(a, one, b));
    }
    static VEDETTE_INLINE Value add_square(Value sum, Value x) noexcept {
        return Value(_mm512_fmadd_pd(x, x, sum));
    }
#elif defined(__AVX2__)
    static VEDETTE_INLINE Value plus(Value a, Value b, Value one) noexcept {
        return Value(_mm256_fmadd_pd(a, one, b));
    }
    static VEDETTE_INLINE Value minus(Value a, Value b, Value one) noexcept {
        return Value(_mm256_fmsub_pd(a, one, b));
    }
    static VEDETTE_INLINE Value add_square(Value sum, Value x) noexcept {
        return Value(_mm256_fmadd_pd(x, x, sum));
    }
#else
    static VEDETTE_INLINE Value plus(Value a, Value b, Value) noexcept {
        return a + b;
    }
    static VEDETTE_INLINE Value minus(Value a, Value b, Value) noexcept {
        return a - b;
    }
    static VEDETTE_INLINE Value add_square(Value sum, Value x) noexcept {
        return sum + x * x;
    }
#endif
    static VEDETTE_INLINE Value reciprocal(Value n) noexcept {
        return Value(1.0) / n;
    }
    static VEDETTE_INLINE Mask less(Value a, Value b) noexcept {
        return a < b;
    }
    static VEDETTE_INLINE Mask not_above(Value a, Value b) noexcept {
        return a <= b;
    }
#if defined(__aarch64__)
    // Minima of this CPU order the zeros.
    static VEDETTE_INLINE Value smaller(Value a, Value b) noexcept {
        return xsimd::select(a < b, a, b);
    }
    static VEDETTE_INLINE Value larger(Value a, Value b) noexcept {
        return xsimd::select(b < a, a, b);
    }
#else
    static VEDETTE_INLINE Value smaller(Value a, Value b) noexcept {
        return xsimd::min(a, b);
    }
    static VEDETTE_INLINE Value larger(Value a, Value b) noexcept {
        return xsimd::max(a, b);
    }
#endif
    static VEDETTE_INLINE Value magnitude(Value x) noexcept {
        return xsimd::abs(x);
    }
    static VEDETTE_INLINE Value root(Value x) noexcept {
        return xsimd::sqrt(x);
    }
    static VEDETTE_INLINE Value choose(Mask m, Value yes, Value no) noexcept {
        return xsimd::select(m, yes, no);
    }
    static VEDETTE_INLINE Value keep(Mask m, Value x) noexcept {
        return xsimd::select(m, x, Value(0.0));
    }
#if defined(__AVX512F__)
    static VEDETTE_INLINE Mask still_not_above(Mask m, Value a, Value b) noexcept {
        return Mask(_mm512_mask_cmp_pd_mask(m, a, b, _CMP_LE_OQ));
    }
    // Compilers take operators on these masks to general registers and back.
    static VEDETTE_INLINE Mask either(Mask a, Mask b) noexcept {
        return Mask(_kor_mask8(a, b));
    }
    static VEDETTE_INLINE Mask both(Mask a, Mask b) noexcept {
        return Mask(_kand_mask8(a, b));
    }
#else
    static VEDETTE_INLINE Mask still_not_above(Mask m, Value a, Value b) noexcept {
        return m & (a <= b);
    }
    static VEDETTE_INLINE Mask either(Mask a, Mask b) noexcept {
        return a | b;
    }
    static VEDETTE_INLINE Mask both(Mask a, Mask b) noexcept {
        return a & b;
    }
#endif
    static VEDETTE_INLINE unsigned bits(Mask m) noexcept {
#if defined(__AVX512F__)
        return static_cast<unsigned>(static_cast<__mmask8>(m));
#elif defined(__AVX2__)
        return static_cast<unsigned>(_mm256_movemask_pd(m));
#elif defined(__SSE2__)
        return static_cast<unsigned>(_mm_movemask_pd(m));
#else
        const uint64x2_t lanes = m;
        return static_cast<unsigned>((vgetq_lane_u64(lanes, 0) & 1U) | (vgetq_lane_u64(lanes, 1) & 2U));
#endif
    }
};

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
