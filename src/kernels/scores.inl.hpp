// SPDX-License-Identifier: Apache-2.0
// Softmax scores of a row of logits, and the product of a matrix with one vector. The twins are in scalar_scores.hpp.
#pragma once

#include "kernels/pairs.inl.hpp"
#include "kernels/score_terms.inl.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

// Products and sums rounded one by one: SSE2 has no fused operation at a bearable price.
struct ScoreWords : VectorWords<float> {
    static VEDETTE_INLINE Value multiply_add(Value a, Value b, Value addend) noexcept { return addend + a * b; }
    static VEDETTE_INLINE Value where(Mask<float> m, Value v) noexcept { return xsimd::select(m, v, Value(0.0F)); }
    static VEDETTE_INLINE Value quotient(Value a, Value b) noexcept { return VEDETTE_KERNEL_ISA::quotient(a, b); }
};

// Calls of `each(group)` for whole groups; the rest is completed with -Inf, which no sum or extreme minds.
template <class Each>
VEDETTE_INLINE void for_logit_groups(const float* logits, std::size_t count, Each&& each) noexcept {
    std::size_t i = 0;
    for (; i + logit_group <= count; i += logit_group) each(logits + i);
    if (i == count) return;
    float padded[logit_group];
    for (std::size_t k = 0; k < logit_group; ++k) padded[k] = i + k < count ? logits[i + k] : -infinity<float>;
    each(padded);
}

void logit_range(const float* logits, std::size_t count, LogitRange* range) noexcept {
    constexpr std::size_t width = Batch<float>::size;
    const Batch<float> lowest_of_all(-infinity<float>), highest_of_all(infinity<float>);
    Batch<float> first(range->largest), second(range->second), lowest(range->lowest);
    Batch<float> sum(0.0F);
    // One lane holds what came before, lest its second appear once a lane.
    alignas(64) float lanes[3][width];
    first = lowest_of_all;
    second = lowest_of_all;
    for_logit_groups(logits, count, [&](const float* group) {
#pragma GCC unroll 16
        for (std::size_t k = 0; k < logit_group; k += width) {
            const Batch<float> z = Batch<float>::load_unaligned(group + k);
            second = xsimd::max(second, xsimd::min(first, z));
            first = xsimd::max(first, z);
            lowest = xsimd::min(lowest, xsimd::select(z > lowest_of_all, z, highest_of_all));
            // NaN stays NaN, and nothing else becomes it: 0 * z would of an infinity.
            sum = xsimd::select(z == z, sum, z);
        }
    });
    first.store_aligned(lanes[0]);
    second.store_aligned(lanes[1]);
    lowest.store_aligned(lanes[2]);
    float top = range->largest, next = range->second;
    for (std::size_t l = 0; l < width; ++l) {
        for (const float z : {lanes[0][l], lanes[1][l]}) {
            const float lesser = z < top ? z : top;
            next = next < lesser ? lesser : next;
            top = top < z ? z : top;
        }
        range->lowest = lanes[2][l] < range->lowest ? lanes[2][l] : range->lowest;
    }
    range->largest = top;
    range->second = next;
    // Not `sum != sum`, which in xsimd 8.1 does not hold for NaN.
    range->has_nan = range->has_nan || !xsimd::all(sum == sum);
}

// Of the lanes of double, those from l on += folded.
VEDETTE_INLINE void add_lanes(Batch<float> folded, double* sums) noexcept {
    constexpr std::size_t width = Batch<float>::size;
    alignas(64) float lanes[width];
    folded.store_aligned(lanes);
#pragma GCC unroll 4
    for (std::size_t l = 0; l < width; l += Batch<double>::size)
        (Batch<double>::load_unaligned(sums + l) + load_double(lanes + l)).store_unaligned(sums + l);
}

void logit_sums(const float* logits, std::size_t count, float largest, float inverse_temperature,
                LogitSums* sums) noexcept {
    constexpr std::size_t width = Batch<float>::size;
    const Batch<float> top(largest), scale(inverse_temperature);
    Tally<float> at_top;
    for_logit_groups(logits, count, [&](const float* group) {
#pragma GCC unroll 4
        for (std::size_t l = 0; l < logit_lanes; l += width) {
            Batch<float> e[4], y[4];
#pragma GCC unroll 4
            for (std::size_t k = 0; k < 4; ++k) {
                const Batch<float> z = Batch<float>::load_unaligned(group + k * logit_lanes + l);
                y[k] = (z - top) * scale;
                e[k] = bounded_exponential<ScoreWords>(y[k], z < top);
                at_top.add(z == top);
            }
            add_lanes((e[0] + e[1]) + (e[2] + e[3]), sums->exponentials + l);
            add_lanes((e[0] * y[0] + e[1] * y[1]) + (e[2] * y[2] + e[3] * y[3]), sums->weighted + l);
        }
    });
    sums->at_largest += at_top.total();
}

void entropy_sums(const float* logits, std::size_t count, const EntropyTerms* terms, double* lanes) noexcept {
    constexpr std::size_t width = Batch<float>::size;
    const EntropyTerms t = *terms;
    const Batch<float> top(t.largest), none(-infinity<float>);
    for_logit_groups(logits, count, [&](const float* group) {
#pragma GCC unroll 4
        for (std::size_t l = 0; l < logit_lanes; l += width) {
            Batch<float> term[4];
#pragma GCC unroll 4
            for (std::size_t k = 0; k < 4; ++k) {
                const Batch<float> z = Batch<float>::load_unaligned(group + k * logit_lanes + l);
                term[k] = ScoreWords::where(z > none, entropy_term<ScoreWords>(z - top, t));
            }
            add_lanes((term[0] + term[1]) + (term[2] + term[3]), lanes + l);
        }
    });
}

std::size_t collect_between(const float* logits, std::size_t count, float low, float high, float* out) noexcept {
    constexpr std::size_t width = Batch<float>::size;
    const Batch<float> above(low), below(high);
    std::size_t found = 0, i = 0;
    for (; i + width <= count; i += width) {
        const Batch<float> z = Batch<float>::load_unaligned(logits + i);
        for (unsigned bits = mask_bits((z > above) & (z < below)); bits != 0; bits &= bits - 1)
            out[found++] = logits[i + static_cast<unsigned>(__builtin_ctz(bits))];
    }
    for (; i < count; ++i)
        if (logits[i] > low && logits[i] < high) out[found++] = logits[i];
    return found;
}

std::size_t count_at_least(const float* logits, std::size_t count, float limit) noexcept {
    constexpr std::size_t width = Batch<float>::size;
    const Batch<float> bound(limit);
    Tally<float> tally[4];
    std::size_t i = 0;
    for (; i + 4 * width <= count; i += 4 * width) {
#pragma GCC unroll 4
        for (std::size_t k = 0; k < 4; ++k) tally[k].add(Batch<float>::load_unaligned(logits + i + k * width) >= bound);
    }
    std::size_t total = tally[0].total() + tally[1].total() + tally[2].total() + tally[3].total();
    for (; i < count; ++i) total += logits[i] >= limit ? 1 : 0;
    return total;
}

void panel_product(const float* panel, const float* x, std::size_t depth, float* out) noexcept {
    constexpr std::size_t width = Batch<float>::size;
    // As many registers as two of the four sums over a part of the panel take, so that none spills.
    constexpr std::size_t across = product_rows / width < 4 ? product_rows / width : 2;
    for (std::size_t row = 0; row < product_rows; row += across * width) {
        Batch<float> sum[4][across];
#pragma GCC unroll 4
        for (auto& part : sum)
#pragma GCC unroll 4
            for (Batch<float>& lane : part) lane = Batch<float>(0.0F);
        const float* from = panel + row;
        std::size_t k = 0;
        for (; k + 4 <= depth; k += 4) {
#pragma GCC unroll 4
            for (std::size_t part = 0; part < 4; ++part) {
                const Batch<float> factor(x[k + part]);
#pragma GCC unroll 4
                for (std::size_t a = 0; a < across; ++a)
                    sum[part][a] = sum[part][a] +
                                   Batch<float>::load_aligned(from + (k + part) * product_rows + a * width) * factor;
            }
        }
        for (; k < depth; ++k) {
            const Batch<float> factor(x[k]);
#pragma GCC unroll 4
            for (std::size_t a = 0; a < across; ++a)
                sum[0][a] = sum[0][a] + Batch<float>::load_aligned(from + k * product_rows + a * width) * factor;
        }
#pragma GCC unroll 4
        for (std::size_t a = 0; a < across; ++a)
            ((sum[0][a] + sum[1][a]) + (sum[2][a] + sum[3][a])).store_aligned(out + row + a * width);
    }
}

void widen_half(const std::uint16_t* bits, std::size_t count, float* out) noexcept {
    widen_half_plainly(bits, count, out);
}
void widen_bfloat16(const std::uint16_t* bits, std::size_t count, float* out) noexcept {
    widen_bfloat16_plainly(bits, count, out);
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
