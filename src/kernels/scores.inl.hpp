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
#if defined(__AVX2__) && !defined(__AVX512F__)
    // xsimd compares the mask with zero first.
    static VEDETTE_INLINE Value where(Mask<float> m, Value v) noexcept {
        return Value(_mm256_and_ps(m, v));
    }
#else
    static VEDETTE_INLINE Value where(Mask<float> m, Value v) noexcept {
        return xsimd::select(m, v, Value(0.0F));
    }
#endif
    static VEDETTE_INLINE Value quotient(Value a, Value b) noexcept {
        return VEDETTE_KERNEL_ISA::quotient(a, b);
    }
    // xsimd 8.1 has no word for a choice among eight by lane.
    static VEDETTE_INLINE Value power_of_eighths(Value shifted) noexcept {
#if defined(__AVX512F__)
        const __m512i n = _mm512_castps_si512(shifted);
        const __m512i powers =
            _mm512_broadcast_i64x4(_mm256_load_si256(reinterpret_cast<const __m256i*>(eighth_powers)));
        return Value(
            _mm512_castsi512_ps(_mm512_add_epi32(_mm512_permutexvar_epi32(n, powers), _mm512_slli_epi32(n, 20))));
#elif defined(__AVX2__)
        const __m256i n = _mm256_castps_si256(shifted);
        const __m256i powers = _mm256_load_si256(reinterpret_cast<const __m256i*>(eighth_powers));
        return Value(
            _mm256_castsi256_ps(_mm256_add_epi32(_mm256_permutevar8x32_epi32(powers, n), _mm256_slli_epi32(n, 20))));
#else
        constexpr std::size_t width = Batch<float>::size;
        alignas(64) std::uint32_t n[width];
        alignas(64) std::uint32_t bits[width];
        xsimd::bitwise_cast<Batch<std::uint32_t>>(shifted).store_aligned(n);
#pragma GCC unroll 4
        for (std::size_t l = 0; l < width; ++l) bits[l] = eighth_powers[n[l] % 8] + (n[l] << 20U);
        return xsimd::bitwise_cast<Value>(Batch<std::uint32_t>::load_aligned(bits));
#endif
    }
};

// Copies a few, reading and writing no more. No loop over single floats where it can be helped: compilers call memcpy
// or worse for it.
VEDETTE_INLINE void copy_short(const float* from, std::size_t count, float* to) noexcept {
    constexpr std::size_t width = Batch<float>::size;
    if (count < width) {
        for (std::size_t k = 0; k < count; ++k) to[k] = from[k];
        return;
    }
    for (std::size_t k = 0; k + width < count; k += width)
        Batch<float>::load_unaligned(from + k).store_unaligned(to + k);
    Batch<float>::load_unaligned(from + count - width).store_unaligned(to + count - width);
}

// Groups of logits; the last one completed with -Inf, which no sum or extreme minds.
class LogitGroups {
  public:
    VEDETTE_INLINE LogitGroups(const float* logits, std::size_t count) noexcept
        : logits_(logits), whole_(count - count % logit_group), has_rest_(whole_ < count) {
        if (!has_rest_) return;
        const Batch<float> none(-infinity<float>);
        for (std::size_t k = 0; k < logit_group; k += Batch<float>::size) none.store_aligned(rest_ + k);
        copy_short(logits + whole_, count - whole_, rest_);
    }
    template <class Each>
    VEDETTE_INLINE void for_each(Each&& each) const noexcept {
        for (std::size_t i = 0; i < whole_; i += logit_group) each(logits_ + i);
        if (has_rest_) each(rest_);
    }

  private:
    const float* logits_;
    std::size_t whole_;
    bool has_rest_;
    alignas(64) float rest_[logit_group];
};

// Where either is NaN: xsimd has no word for unordered.
VEDETTE_INLINE Mask<float> either_is_nan(Batch<float> a, Batch<float> b) noexcept {
#if defined(__AVX512F__)
    return Mask<float>(_mm512_cmp_ps_mask(a, b, _CMP_UNORD_Q));
#elif defined(__AVX2__)
    return Mask<float>(_mm256_cmp_ps(a, b, _CMP_UNORD_Q));
#elif defined(__SSE2__)
    return Mask<float>(_mm_cmpunord_ps(a, b));
#else
    return ~((a == a) & (b == b));
#endif
}

// Lane by lane the least but -Inf.
VEDETTE_INLINE Batch<float> least_above_minus_infinity(const float* logits, std::size_t count) noexcept {
    constexpr std::size_t width = Batch<float>::size;
    const Batch<float> lowest_of_all(-infinity<float>), highest_of_all(infinity<float>);
    Batch<float> lowest(highest_of_all);
    for (std::size_t i = 0; i < count; i += width) {
        const Batch<float> z = Batch<float>::load_unaligned(logits + i);
        lowest = xsimd::min(lowest, xsimd::select(z > lowest_of_all, z, highest_of_all));
    }
    return lowest;
}

void logit_range(const float* logits, std::size_t count, LogitRange* range) noexcept {
    constexpr std::size_t width = Batch<float>::size;
    Batch<float> first(-infinity<float>), second(-infinity<float>), lowest(infinity<float>);
    Mask<float> is_nan(false);
    // One lane holds what came before, lest its second appear once a lane.
    alignas(64) float lanes[2][width];
    const auto add = [&](const float* group) {
#pragma GCC unroll 8
        for (std::size_t k = 0; k < logit_group; k += 2 * width) {
            const Batch<float> z[2] = {Batch<float>::load_unaligned(group + k),
                                       Batch<float>::load_unaligned(group + k + width)};
            is_nan = is_nan | either_is_nan(z[0], z[1]);
#pragma GCC unroll 2
            for (const Batch<float> each : z) {
                second = xsimd::max(second, xsimd::min(first, each));
                first = xsimd::max(first, each);
                lowest = xsimd::min(lowest, each);
            }
        }
    };
    const std::size_t whole = count - count % logit_group;
    for (std::size_t i = 0; i < whole; i += logit_group) add(logits + i);
    // A pass of its own, since few rows rule classes out.
    bool has_least = least_lane(lowest) == -infinity<float>;
    if (has_least) lowest = least_above_minus_infinity(logits, whole);
    if (whole < count) {
        LogitGroups(logits + whole, count - whole).for_each([&](const float* rest) {
            const Batch<float> before = lowest;
            add(rest);
            lowest = xsimd::min(before, least_above_minus_infinity(rest, logit_group));
        });
        for (std::size_t i = whole; i < count; ++i) has_least |= logits[i] == -infinity<float>;
    }
    range->has_minus_infinity |= has_least;
    first.store_aligned(lanes[0]);
    second.store_aligned(lanes[1]);
    float top = range->largest, next = range->second;
    for (std::size_t l = 0; l < width; ++l) {
        for (const float z : {lanes[0][l], lanes[1][l]}) {
            const float lesser = z < top ? z : top;
            next = next < lesser ? lesser : next;
            top = top < z ? z : top;
        }
    }
    range->largest = top;
    range->second = next;
    range->has_nan = range->has_nan || xsimd::any(is_nan);
    const float least = least_lane(lowest);
    range->lowest = least < range->lowest ? least : range->lowest;
}

// Sixteen sums in double, of which those of a vector of floats are in registers.
struct LaneSums {
    static constexpr std::size_t parts = Batch<float>::size / Batch<double>::size;
    Batch<double> sums[parts];

    VEDETTE_INLINE explicit LaneSums(const double* from) noexcept {
#pragma GCC unroll 2
        for (std::size_t k = 0; k < parts; ++k) sums[k] = Batch<double>::load_unaligned(from + k * Batch<double>::size);
    }
    VEDETTE_INLINE void add(Batch<float> x) noexcept {
        Batch<double> halves[parts];
        widen_halves(x, halves);
#pragma GCC unroll 2
        for (std::size_t k = 0; k < parts; ++k) sums[k] = sums[k] + halves[k];
    }
    VEDETTE_INLINE void store(double* to) const noexcept {
#pragma GCC unroll 2
        for (std::size_t k = 0; k < parts; ++k) sums[k].store_unaligned(to + k * Batch<double>::size);
    }
};

// The exponentials of a piece and what they are of. One step at a time over the
// whole piece: in one loop the chain from a logit to its exponential is longer than what a core looks ahead.
constexpr std::size_t logit_piece = 16 * logit_group;
struct LogitPiece {
    alignas(64) float y[logit_piece];
    alignas(64) float e[logit_piece];

    VEDETTE_INLINE void compute(const float* logits, std::size_t count, Batch<float> top, Batch<float> scale) noexcept {
        constexpr std::size_t width = Batch<float>::size;
        for (std::size_t k = 0; k < count; k += width) {
            const Batch<float> z = Batch<float>::load_unaligned(logits + k);
            bounded_eighths<ScoreWords>((z - top) * scale).store_aligned(y + k);
        }
        for (std::size_t k = 0; k < count; k += width) {
            const Mask<float> below = Batch<float>::load_unaligned(logits + k) < top;
            power_below<ScoreWords>(Batch<float>::load_aligned(y + k), below).store_aligned(e + k);
        }
    }
    VEDETTE_INLINE void add(std::size_t count, std::size_t lane, LaneSums& exponentials,
                            LaneSums& weighted) const noexcept {
        for (std::size_t i = lane; i < count; i += logit_group) {
            Batch<float> p[4], x[4];
#pragma GCC unroll 4
            for (std::size_t k = 0; k < 4; ++k) {
                p[k] = Batch<float>::load_aligned(e + i + k * logit_lanes);
                x[k] = Batch<float>::load_aligned(y + i + k * logit_lanes);
            }
            exponentials.add((p[0] + p[1]) + (p[2] + p[3]));
            weighted.add((p[0] * x[0] + p[1] * x[1]) + (p[2] * x[2] + p[3] * x[3]));
        }
    }
};

void logit_sums(const float* logits, std::size_t count, float largest, float inverse_temperature,
                LogitSums* sums) noexcept {
    constexpr std::size_t width = Batch<float>::size;
    const Batch<float> top(largest), scale(inverse_temperature * (8.0F * log2_of_e));
    const std::size_t whole = count - count % logit_group;
    LogitPiece piece;
    const auto add = [&](const float* from, std::size_t size) {
        piece.compute(from, size, top, scale);
        for (std::size_t l = 0; l < logit_lanes; l += width) {
            LaneSums exponentials(sums->exponentials + l), weighted(sums->weighted + l);
            piece.add(size, l, exponentials, weighted);
            exponentials.store(sums->exponentials + l);
            weighted.store(sums->weighted + l);
        }
    };
    for (std::size_t i = 0; i < whole; i += logit_piece)
        add(logits + i, whole - i < logit_piece ? whole - i : logit_piece);
    if (whole < count)
        LogitGroups(logits + whole, count - whole).for_each([&](const float* rest) { add(rest, logit_group); });
}

// Step by step over a piece, as logit_sums.
void entropy_sums(const float* logits, std::size_t count, const EntropyTerms* terms, double* lanes) noexcept {
    constexpr std::size_t width = Batch<float>::size, piece = 4 * logit_group;
    const EntropyTerms t = *terms;
    const Batch<float> top(t.largest), none(-infinity<float>);
    alignas(64) float term[piece];
    alignas(64) float power[piece];
    alignas(64) float rest[piece];
    for (std::size_t begin = 0; begin < count; begin += piece) {
        const std::size_t inside = count - begin < piece ? count - begin : piece;
        const float* from = logits + begin;
        if (inside % width != 0) {
            none.store_aligned(rest + (inside - inside % width));
            copy_short(from, inside, rest);
            from = rest;
        }
        const auto y_at = [&](std::size_t k) { return Batch<float>::load_unaligned(from + k) - top; };
        std::size_t k = 0;
        for (k = 0; k < inside; k += width) entropy_probability<ScoreWords>(y_at(k), t).store_aligned(term + k);
        for (k = 0; k < inside; k += width)
            entropy_power<ScoreWords>(y_at(k), Batch<float>::load_aligned(term + k), t).store_aligned(power + k);
        for (k = 0; k < inside; k += width) {
            const Batch<float> e = entropy_term<ScoreWords>(Batch<float>::load_aligned(power + k));
            ScoreWords::where(Batch<float>::load_unaligned(from + k) > none, e).store_aligned(term + k);
        }
        // What completes the last group adds zeros.
        const std::size_t end = (inside + logit_group - 1) / logit_group * logit_group;
        for (; k < end; k += width) Batch<float>(0.0F).store_aligned(term + k);
        for (std::size_t l = 0; l < logit_lanes; l += width) {
            LaneSums sums(lanes + l);
            for (std::size_t i = l; i < end; i += logit_group) {
                const auto load = [&](std::size_t row) {
                    return Batch<float>::load_aligned(term + i + row * logit_lanes);
                };
                sums.add((load(0) + load(1)) + (load(2) + load(3)));
            }
            sums.store(lanes + l);
        }
    }
}

std::size_t collect_between(const float* logits, std::size_t count, float low, float high, float* out) noexcept {
    constexpr std::size_t width = Batch<float>::size;
    const Batch<float> above(low), below(high);
    std::size_t found = 0, i = 0;
    for (; i + width <= count; i += width) {
        const Batch<float> z = Batch<float>::load_unaligned(logits + i);
        found += store_chosen(z, (z > above) & (z < below), out + found);
    }
    for (; i < count; ++i) {
        out[found] = logits[i];
        found += logits[i] > low && logits[i] < high ? 1 : 0;
    }
    return found;
}

std::size_t count_at_least(const float* logits, std::size_t count, float limit) noexcept {
    constexpr std::size_t width = Batch<float>::size;
    const Batch<float> bound(limit);
    Tally<float> tally[2];
    std::size_t i = 0;
    for (; i + 4 * width <= count; i += 4 * width) {
#pragma GCC unroll 4
        for (std::size_t k = 0; k < 4; ++k)
            tally[k % 2].add(Batch<float>::load_unaligned(logits + i + k * width) >= bound);
    }
    for (; i + width <= count; i += width) tally[0].add(Batch<float>::load_unaligned(logits + i) >= bound);
    std::size_t total = tally[0].total() + tally[1].total();
    for (; i < count; ++i) total += logits[i] >= limit ? 1 : 0;
    return total;
}

// Registers of rows that are worked on together.
inline constexpr std::size_t product_across =
    product_rows / Batch<float>::size <= 4 ? product_rows / Batch<float>::size : 2;

// A part of a panel's rows, `across` registers of them, against x, in two sums: with AVX2 the whole panel's fit in
// registers, so that memory is read once and in order.
template <std::size_t across>
VEDETTE_INLINE void product_part(const float* from, const float* x, std::size_t depth, float* out) noexcept {
    constexpr std::size_t width = Batch<float>::size;
    Batch<float> even[across], odd[across];
#pragma GCC unroll 4
    for (std::size_t a = 0; a < across; ++a) even[a] = odd[a] = Batch<float>(0.0F);
    std::size_t k = 0;
    for (; k + 2 <= depth; k += 2) {
        const float* const column = from + k * product_rows;
        const Batch<float> first(x[k]), second(x[k + 1]);
#pragma GCC unroll 4
        for (std::size_t a = 0; a < across; ++a)
            even[a] = even[a] + Batch<float>::load_aligned(column + a * width) * first;
#pragma GCC unroll 4
        for (std::size_t a = 0; a < across; ++a)
            odd[a] = odd[a] + Batch<float>::load_aligned(column + product_rows + a * width) * second;
    }
    for (; k < depth; ++k) {
        const Batch<float> factor(x[k]);
#pragma GCC unroll 4
        for (std::size_t a = 0; a < across; ++a)
            even[a] = even[a] + Batch<float>::load_aligned(from + k * product_rows + a * width) * factor;
    }
#pragma GCC unroll 4
    for (std::size_t a = 0; a < across; ++a) (even[a] + odd[a]).store_aligned(out + a * width);
}

void panel_product(const float* panel, const float* x, std::size_t depth, float* out) noexcept {
    constexpr std::size_t together = product_across * Batch<float>::size;
    for (std::size_t row = 0; row < product_rows; row += together)
        product_part<product_across>(panel + row, x, depth, out + row);
}

void nearest_row(const RowPanels* panels, const float* x, NearestRow* nearest) noexcept {
    constexpr std::size_t width = Batch<float>::size, wide = Batch<double>::size;
    const RowPanels p = *panels;
    const Batch<double> ahead(static_cast<double>(wide)), beyond(infinity<double>);
    alignas(64) double places[wide];
    for (std::size_t l = 0; l < wide; ++l) places[l] = static_cast<double>(l);
    // Places as doubles, exact, since one mask then serves both.
    Batch<double> place = Batch<double>::load_aligned(places), least = beyond, where(0.0);
    alignas(64) float products[product_rows];
    for (std::size_t first = 0; first < p.rows; first += product_rows) {
        const float* const panel = p.values + first * p.depth;
        const std::size_t rows = p.rows - first < product_rows ? p.rows - first : product_rows;
        std::size_t row = 0;
        // A last panel of few rows is not computed to its end.
        for (; row + product_across * width <= rows; row += product_across * width)
            product_part<product_across>(panel + row, x, p.depth, products + row);
        for (; row < rows; row += width) product_part<1>(panel + row, x, p.depth, products + row);
        alignas(64) double norms[product_rows];
        const double* norm = p.norms + first;
        if (rows < product_rows) {
            for (std::size_t i = 0; i < product_rows; ++i) norms[i] = i < rows ? norm[i] : infinity<double>;
            for (; row < product_rows; row += width) Batch<float>(0.0F).store_aligned(products + row);
            norm = norms;
        }
#pragma GCC unroll 4
        for (std::size_t i = 0; i < product_rows; i += wide) {
            const Batch<double> product = load_double(products + i);
            const Batch<double> distance = Batch<double>::load_unaligned(norm + i) - (product + product);
            const Mask<double> is_less = distance < least;
            least = xsimd::select(is_less, distance, least);
            where = xsimd::select(is_less, place, where);
            place = place + ahead;
        }
    }
    alignas(64) double lanes[wide];
    least.store_aligned(lanes);
    where.store_aligned(places);
    for (std::size_t l = 0; l < wide; ++l) {
        const auto at = static_cast<std::uint32_t>(places[l]);
        const bool is_first = lanes[l] == nearest->distance && at < nearest->row;
        if (!(lanes[l] < nearest->distance || is_first) || lanes[l] == infinity<double>) continue;
        nearest->distance = lanes[l];
        nearest->row = at;
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
