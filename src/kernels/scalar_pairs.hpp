// SPDX-License-Identifier: Apache-2.0
// The plain meaning of the kernels of pairs, one loop each: what the SIMD kernels are tested against, and the fallback
// for CPUs without a SIMD source of ours.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernels/pair_terms.inl.hpp"
#include "kernels/step_terms.inl.hpp"
#include "kernels/table.hpp"
#include "vedette/core/random.hpp"

namespace vedette::inline v0::kernels::scalar {

template <class T>
struct PlainWords {
    using Value = T;
    using Integer = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    static T broadcast(T x) noexcept { return x; }
    static T larger(T a, T b) noexcept { return a > b ? a : b; }
    static T multiply_add(T a, T b, T addend) noexcept {
        if constexpr (std::is_same_v<T, float>) return std::fma(a, b, addend);
        return addend + a * b;
    }
    static T shift_exponent(T y, T shifted) noexcept {
        const Integer bits = __builtin_bit_cast(Integer, shifted) << ExpTerms<T>::mantissa;
        return __builtin_bit_cast(T, static_cast<Integer>(__builtin_bit_cast(Integer, y) + bits));
    }
};

template <class T>
void multiply(const PanelProduct<T>* p) noexcept {
    for (std::size_t c = 0; c < p->column_count; ++c) {
        for (std::size_t i = 0; i < panel_rows; ++i) {
            T sum = p->accumulate ? p->out[c * panel_rows + i] : T{0};
            for (std::size_t k = 0; k < p->depth; ++k) {
                const T x = p->panel[k * panel_rows + i], y = p->columns[c * p->column_stride + k * p->element_stride];
                sum = PlainWords<T>::multiply_add(x, y, sum);
            }
            p->out[c * panel_rows + i] = sum;
        }
    }
}

template <class T>
void panel_norms(const T* panel, std::size_t depth, T* norms) noexcept {
    for (std::size_t i = 0; i < panel_rows; ++i) {
        T sum{0};
        for (std::size_t k = 0; k < depth; ++k) {
            const T x = panel[k * panel_rows + i];
            sum = PlainWords<T>::multiply_add(x, x, sum);
        }
        norms[i] = sum;
    }
}

template <class T, class Stored>
bool place_row(const Stored* row, std::size_t count, const PairPlace* place, T* out) noexcept {
    bool is_beyond = false;
    for (std::size_t j = 0; j < count; ++j)
        out[j] = static_cast<T>(place_value(static_cast<double>(row[j]), place->centre[j], *place, is_beyond));
    return is_beyond;
}

template <class T>
void interleave(const T* rows, std::size_t stride, std::size_t depth, T* out) noexcept {
    for (std::size_t k = 0; k < depth; ++k) {
        for (std::size_t i = 0; i < panel_rows; ++i) out[k * panel_rows + i] = rows[i * stride + k];
    }
}

template <class T>
bool squared_distances(const T* panel_norms, const T* row_norms, std::size_t rows, T nearness, T* tile) noexcept {
    bool any = false;
    for (std::size_t j = 0; j < rows; ++j) {
        for (std::size_t i = 0; i < panel_rows; ++i) {
            T& x = tile[j * panel_rows + i];
            const T both = panel_norms[i] + row_norms[j];
            x = std::max(both - (x + x), T{0});
            any = any || x - both * nearness < T{0};
        }
    }
    return any;
}

template <class T>
void gaussian(const T* squared, std::size_t rows, T factor, T weight, bool accumulate, T* out) noexcept {
    for (std::size_t i = 0; i < rows * panel_rows; ++i) {
        const T e = weight * exp2_nonpositive<PlainWords<T>, T>(squared[i] * -factor);
        out[i] = accumulate ? out[i] + e : e;
    }
}

template <class T>
void distances(const T* squared, std::size_t rows, T* out, T* inverse) noexcept {
    for (std::size_t i = 0; i < rows * panel_rows; ++i) {
        out[i] = std::sqrt(squared[i]);
        if (inverse != nullptr) inverse[i] = out[i] > T{0} ? T{1} / out[i] : T{0};
    }
}

template <class T>
void add_sums(const T* tile, std::size_t rows, double* by_lane, double* by_row) noexcept {
    for (std::size_t i = 0; i < panel_rows; ++i) {
        T sum{0};
        for (std::size_t j = 0; j < rows; ++j) sum += tile[j * panel_rows + i];
        by_lane[i] += static_cast<double>(sum);
    }
    for (std::size_t j = 0; j < rows; ++j) {
        T lanes[panel_rows];
        std::copy_n(tile + j * panel_rows, panel_rows, lanes);
        for (std::size_t width = panel_rows / 2; width > 0; width /= 2)
            for (std::size_t i = 0; i < width; ++i) lanes[i] += lanes[i + width];
        by_row[j] += static_cast<double>(lanes[0]);
    }
}

template <class T>
double sum_squares(const T* tile, std::size_t rows) noexcept {
    double all = 0.0;
    for (std::size_t i = 0; i < panel_rows; ++i) {
        T sum{0};
        for (std::size_t j = 0; j < rows; ++j) sum += tile[j * panel_rows + i] * tile[j * panel_rows + i];
        all += static_cast<double>(sum);
    }
    return all;
}

template <class T>
void quantise(const T* tile, std::size_t rows, T low, T scale, std::uint8_t* bytes, std::uint32_t* by_lane,
              std::uint32_t* by_row) noexcept {
    for (std::size_t j = 0; j < rows; ++j) {
        for (std::size_t i = 0; i < panel_rows; ++i) {
            const T level = std::clamp((tile[j * panel_rows + i] - low) * scale + T(0.5), T{0}, T{255});
            const auto byte = static_cast<std::uint8_t>(level);
            bytes[j * panel_rows + i] = byte;
            by_lane[i] += byte;
            by_row[j] += byte;
        }
    }
}

inline void random_splits(const SplitRequest* r) noexcept {
    for (std::size_t s = 0; s < split_lanes * r->groups; ++s) {
        const std::uint64_t index = r->first + s;
        std::uint64_t needed = r->chosen, undecided = 0;
        const std::uint64_t total = std::uint64_t{r->labels_before} + r->labels_after;
        const std::uint64_t gap = (r->labels_before + 63U) / 64U * 64U;
        for (std::uint64_t w = 0; w < (gap + r->labels_after + 63U) / 64U; ++w) r->words[w * r->stride + s] = 0;
        for (std::uint64_t label = 0; label < total; ++label) {
            const auto block =
                philox4x32({static_cast<std::uint32_t>(label / 4), static_cast<std::uint32_t>(label / 4 >> 32U),
                            static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32U)},
                           {static_cast<std::uint32_t>(r->seed), static_cast<std::uint32_t>(r->seed >> 32U)});
            const std::uint64_t remaining = total - label;
            const std::uint64_t product = block[label % 4] * remaining;
            const bool taken = product >> 32U < needed;
            undecided |= static_cast<std::uint64_t>(((product + remaining) >> 32U < needed) != taken) << 63U;
            const std::uint64_t place = label < r->labels_before ? label : gap + (label - r->labels_before);
            if (taken) r->words[place / 64 * r->stride + s] |= std::uint64_t{1} << (place % 64);
            needed -= taken ? 1U : 0U;
        }
        r->undecided[s] = undecided;
    }
}

inline void add_chosen(const ChosenBlock* b) noexcept {
    for (std::size_t s = 0; s < b->splits; ++s) {
        for (std::size_t i = 0; i < panel_rows; ++i) {
            if (((b->lane_words[s] >> b->lane_shift >> i) & 1U) == 0) continue;
            for (std::size_t j = 0; j < 64; ++j)
                if (((b->row_labels[s] >> j) & 1U) != 0)
                    b->counters[s * split_counters + i / 2] += b->bytes[j * panel_rows + i];
        }
    }
}

inline void round_row(const float* row, std::size_t depth, float scale, std::int32_t* words) noexcept {
    round_row_steps(row, depth, scale, words);
}
inline void round_panel(const float* panel, std::size_t depth, float scale, std::int32_t* words,
                        std::int32_t* norms) noexcept {
    round_panel_steps(panel, depth, scale, words, norms);
}
inline void step_distances(const StepProduct* p) noexcept {
    const auto low = [](std::int32_t word) { return static_cast<std::int16_t>(static_cast<std::uint32_t>(word)); };
    const auto high = [](std::int32_t word) { return static_cast<std::int16_t>(word >> 16); };
    for (std::size_t c = 0; c < p->column_count; ++c) {
        for (std::size_t i = 0; i < panel_rows; ++i) {
            float squared = 0.0F;
            for (std::size_t part = 0; part * step_part_words < p->words; ++part) {
                std::int32_t sum = 0;
                const std::size_t end = std::min(p->words, (part + 1) * step_part_words);
                for (std::size_t k = part * step_part_words; k < end; ++k) {
                    const std::int32_t x = p->panel[k * panel_rows + i], y = p->columns[c * p->column_stride + k];
                    sum += low(x) * low(y) + high(x) * high(y);
                }
                const std::int32_t norms =
                    p->panel_norms[part * p->panel_norm_stride + i] + p->column_norms[part * p->column_norm_stride + c];
                squared += static_cast<float>(norms - 2 * sum) * p->unit;
            }
            p->out[c * panel_rows + i] = squared;
        }
    }
}
constexpr StepKernels step_entries() noexcept {
    return {&round_row, &round_panel, &step_distances};
}

template <class T>
constexpr PairKernels<T> pair_entries() noexcept {
    return {&multiply<T>,   &panel_norms<T>,       &place_row<T, float>, &place_row<T, double>,
            &interleave<T>, &squared_distances<T>, &gaussian<T>,         &distances<T>,
            &add_sums<T>,   &sum_squares<T>,       &quantise<T>};
}
constexpr LabelKernels label_entries() noexcept {
    return {&random_splits, &add_chosen};
}

}  // namespace vedette::inline v0::kernels::scalar
