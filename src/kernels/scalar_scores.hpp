// SPDX-License-Identifier: Apache-2.0
// The plain meaning of the kernels of scores: what the SIMD kernels are tested against, and the fallback for CPUs
// without a SIMD source of ours.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "kernels/scalar_pairs.hpp"
#include "kernels/score_terms.inl.hpp"

namespace vedette::inline v0::kernels::scalar {

struct PlainScoreWords : PlainWords<float> {
    static float multiply_add(float a, float b, float addend) noexcept { return addend + a * b; }
    static float where(bool m, float v) noexcept { return m ? v : 0.0F; }
    static float quotient(float a, float b) noexcept { return a / b; }
    static float power_of_eighths(float shifted) noexcept {
        const auto n = __builtin_bit_cast(std::uint32_t, shifted);
        return __builtin_bit_cast(float, eighth_powers[n % 8] + (n << 20U));
    }
};

inline void logit_range(const float* logits, std::size_t count, LogitRange* range) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
        const float z = logits[i];
        if (std::isnan(z)) {
            range->has_nan = true;
            continue;
        }
        range->second = std::max(range->second, std::min(range->largest, z));
        range->largest = std::max(range->largest, z);
        if (z > -HUGE_VALF)
            range->lowest = std::min(range->lowest, z);
        else
            range->has_minus_infinity = true;
    }
}

template <class Term>
void add_groups(const float* logits, std::size_t count, double* sums, Term&& term) noexcept {
    for (std::size_t i = 0; i < count; i += logit_group) {
        float x[logit_group] = {};
        for (std::size_t k = 0; k < logit_group && i + k < count; ++k) x[k] = term(logits[i + k]);
        for (std::size_t l = 0; l < logit_lanes; ++l)
            sums[l] += static_cast<double>((x[l] + x[16 + l]) + (x[32 + l] + x[48 + l]));
    }
}

inline void logit_sums(const float* logits, std::size_t count, float largest, float inverse_temperature,
                       LogitSums* sums) noexcept {
    const auto exponential = [=](float z, float& y) {
        y = bounded_eighths<PlainScoreWords>((z - largest) * (inverse_temperature * (8.0F * log2_of_e)));
        return power_below<PlainScoreWords>(y, z < largest);
    };
    add_groups(logits, count, sums->exponentials, [&](float z) {
        float y = 0.0F;
        return exponential(z, y);
    });
    add_groups(logits, count, sums->weighted, [&](float z) {
        float y = 0.0F;
        const float e = exponential(z, y);
        return e * y;
    });
}

inline void entropy_sums(const float* logits, std::size_t count, const EntropyTerms* terms, double* lanes) noexcept {
    add_groups(logits, count, lanes, [&](float z) {
        if (!(z > -HUGE_VALF)) return 0.0F;
        const float y = z - terms->largest, p = entropy_probability<PlainScoreWords>(y, *terms);
        return entropy_term<PlainScoreWords>(entropy_power<PlainScoreWords>(y, p, *terms));
    });
}

inline std::size_t count_at_least(const float* logits, std::size_t count, float limit) noexcept {
    return static_cast<std::size_t>(std::count_if(logits, logits + count, [=](float z) { return z >= limit; }));
}

inline std::size_t collect_between(const float* logits, std::size_t count, float low, float high, float* out) noexcept {
    return static_cast<std::size_t>(
        std::copy_if(logits, logits + count, out, [=](float z) { return z > low && z < high; }) - out);
}

inline void panel_product(const float* panel, const float* x, std::size_t depth, float* out) noexcept {
    for (std::size_t i = 0; i < product_rows; ++i) {
        float sum[2] = {};
        for (std::size_t k = 0; k < depth; ++k) sum[k % 2] += panel[k * product_rows + i] * x[k];
        out[i] = sum[0] + sum[1];
    }
}

inline void nearest_row(const RowPanels* panels, const float* x, NearestRow* nearest) noexcept {
    float products[product_rows];
    for (std::size_t row = 0; row < panels->rows; ++row) {
        const std::size_t i = row % product_rows;
        if (i == 0) panel_product(panels->values + row * panels->depth, x, panels->depth, products);
        const double distance = panels->norms[row] - 2.0 * static_cast<double>(products[i]);
        if (distance < nearest->distance) *nearest = {distance, static_cast<std::uint32_t>(row)};
    }
}

inline void search_trees(const float* trees, const TreeLevels* levels, const float* row, std::size_t columns,
                         std::uint32_t* not_above) noexcept {
    for (std::size_t j = 0; j < columns; ++j) {
        std::size_t at = 0;
        for (std::size_t level = 0; level < levels->count; ++level) {
            const float* const block = trees + (j * levels->blocks + levels->begins[level] + at) * tree_block;
            const auto below =
                std::count_if(block, block + tree_block, [x = row[j]](float entry) { return entry <= x; });
            at = at * tree_block + static_cast<std::size_t>(below);
        }
        not_above[j] = static_cast<std::uint32_t>(at);
    }
}

inline void code_products(const CodePanels* panels, const std::int8_t* x, float scale, float* out,
                          float* largest) noexcept {
    for (std::size_t p = 0; p < panels->count; ++p) {
        const std::int8_t* const codes = panels->codes + p * panels->groups * 4 * product_rows;
        for (std::size_t i = 0; i < product_rows; ++i) {
            std::int32_t sum = 0;
            for (std::size_t k = 0; k < 4 * panels->groups; ++k)
                sum += codes[(k / 4 * product_rows + i) * 4 + k % 4] * x[k];
            const std::size_t row = p * product_rows + i;
            out[row] = (static_cast<float>(sum) * panels->scales[row]) * scale;
        }
        largest[p] = *std::max_element(out + p * product_rows, out + (p + 1) * product_rows);
    }
}

template <class Term>
double sum_in_sixteen(std::size_t count, Term&& term) noexcept {
    double sums[16] = {};
    for (std::size_t i = 0; i < count; ++i) sums[i % 16] += term(i);
    for (std::size_t width = 8; width > 0; width /= 2)
        for (std::size_t k = 0; k < width; ++k) sums[k] += sums[k + width];
    return sums[0];
}

inline void encode_words(const float* x, std::size_t count, float low_scale, std::int16_t* high, std::int16_t* low,
                         EncodedRow* row) noexcept {
    row->square =
        sum_in_sixteen(count, [=](std::size_t i) { return static_cast<double>(x[i]) * static_cast<double>(x[i]); });
    const bool is_finite = std::isfinite(row->square);
    constexpr auto largest = static_cast<double>(largest_word);
    const double length = std::sqrt(row->square);
    const float unit = is_finite ? static_cast<float>(length * (1.0 / largest)) : 0.0F;
    row->unit = unit < least_word_unit ? 0.0F : unit;
    const float inverse = row->unit > 0.0F ? static_cast<float>(largest / length) : 0.0F;
    for (std::size_t i = 0; i < count; ++i) {
        const float words = is_finite ? x[i] * inverse : 0.0F;
        const float whole = std::clamp(std::nearbyint(words), -largest_word, largest_word);
        high[i] = static_cast<std::int16_t>(whole);
        if (low != nullptr) low[i] = static_cast<std::int16_t>(std::nearbyint((words - whole) * low_scale));
    }
}

inline std::int32_t word_product(const std::int16_t* row, const std::int16_t* x, std::size_t pairs) noexcept {
    std::int32_t sum = 0;
    for (std::size_t k = 0; k < 2 * pairs; ++k) sum += row[k / 2 * 2 * product_rows + k % 2] * x[k];
    return sum;
}
inline void nearest_words(const WordPanels* panels, const std::int16_t* x, float scale, float* distances,
                          float* least) noexcept {
    for (std::size_t first = 0; first < panels->rows; first += product_rows) {
        const std::int16_t* const panel = panels->words + 2 * first * panels->pairs;
        for (std::size_t i = 0; i < product_rows; ++i) {
            const std::size_t row = first + i;
            distances[row] = HUGE_VALF;
            if (row >= panels->rows) continue;
            const auto product = static_cast<float>(word_product(panel + 2 * i, x, panels->pairs));
            distances[row] = panels->norms[row] - (product * panels->units[row]) * scale;
        }
        least[first / product_rows] = *std::min_element(distances + first, distances + first + product_rows);
    }
}
inline void split_word_products(const std::int16_t* panel, const std::int16_t* high, const std::int16_t* low,
                                std::size_t pairs, float low_scale, float* out) noexcept {
    for (std::size_t i = 0; i < product_rows; ++i)
        out[i] = static_cast<float>(word_product(panel + 2 * i, high, pairs)) * low_scale +
                 static_cast<float>(word_product(panel + 2 * i, low, pairs));
}

inline double squared_gap(const float* a, const float* b, std::size_t count) noexcept {
    return sum_in_sixteen(count, [=](std::size_t i) {
        const double gap = static_cast<double>(a[i]) - static_cast<double>(b[i]);
        return gap * gap;
    });
}

inline void widen_half(const std::uint16_t* bits, std::size_t count, float* out) noexcept {
    widen_half_plainly(bits, count, out);
}
inline void widen_bfloat16(const std::uint16_t* bits, std::size_t count, float* out) noexcept {
    widen_bfloat16_plainly(bits, count, out);
}

constexpr ScoreKernels score_entries() noexcept {
    return {&logit_range,         &logit_sums,   &entropy_sums,  &count_at_least, &collect_between, &panel_product,
            &nearest_row,         &search_trees, &code_products, nullptr,         &encode_words,    &nearest_words,
            &split_word_products, &squared_gap,  &widen_half,    &widen_bfloat16};
}

}  // namespace vedette::inline v0::kernels::scalar
