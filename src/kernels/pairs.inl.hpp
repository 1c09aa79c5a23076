// SPDX-License-Identifier: Apache-2.0
// What happens to a tile of products: squared distances, the Gaussian kernel, roots, sums, bytes.
#pragma once

#include "kernels/pair_terms.inl.hpp"
#include "kernels/product.inl.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

// The words that terms are written in, for vectors.
template <class T>
struct VectorWords {
    using Value = Batch<T>;
    using Integer = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    static VEDETTE_INLINE Value broadcast(T x) noexcept { return Value(x); }
    static VEDETTE_INLINE Value larger(Value a, Value b) noexcept { return xsimd::max(a, b); }
    static VEDETTE_INLINE Value multiply_add(Value a, Value b, Value addend) noexcept {
        return VEDETTE_KERNEL_ISA::multiply_add(a, b, addend);
    }
    static VEDETTE_INLINE Value shift_exponent(Value y, Value shifted) noexcept {
        const auto bits = xsimd::bitwise_cast<Batch<Integer>>(y) +
                          (xsimd::bitwise_cast<Batch<Integer>>(shifted) << static_cast<int>(ExpTerms<T>::mantissa));
        return xsimd::bitwise_cast<Value>(bits);
    }
};

template <class T, class Stored>
bool place_row(const Stored* row, std::size_t count, const PairPlace* place, T* out) noexcept {
    constexpr std::size_t width = Batch<double>::size;
    const PairPlace p = *place;
    const Batch<double> shrink(p.shrink), scale(p.scale), limit(p.limit), least(p.least), far(p.far), zero(0.0);
    Mask<double> beyond(false);
    std::size_t j = 0;
    for (; j + width <= count; j += width) {
        Batch<double> x = load_double(row + j);
        x = (x * shrink - Batch<double>::load_unaligned(p.centre + j)) * scale;
        x = xsimd::select(x < limit, x, limit);
        x = xsimd::select(x > -limit, x, -limit);
        const Batch<double> magnitude = xsimd::abs(x);
        beyond = beyond | (magnitude > far);
        store_rounded(xsimd::select(magnitude < least, zero, x), out + j);
    }
    bool is_beyond = xsimd::any(beyond);
    for (; j < count; ++j) out[j] = static_cast<T>(place_value(static_cast<double>(row[j]), p.centre[j], p, is_beyond));
    return is_beyond;
}

// Four rows by four elements at a time.
template <class T>
void interleave(const T* rows, std::size_t stride, std::size_t depth, T* out) noexcept {
    std::size_t k = 0;
    for (; k + 4 <= depth; k += 4) {
        for (std::size_t i = 0; i < panel_rows; i += 4)
            transpose_four(rows + i * stride + k, stride, out + k * panel_rows + i, panel_rows);
    }
    for (; k < depth; ++k) {
        for (std::size_t i = 0; i < panel_rows; ++i) out[k * panel_rows + i] = rows[i * stride + k];
    }
}

template <class T>
bool squared_distances(const T* panel_norms, const T* row_norms, std::size_t rows, T nearness, T* tile) noexcept {
    constexpr std::size_t width = Batch<T>::size;
    const Batch<T> near(nearness), zero(T{0});
    Batch<T> room(infinity<T>);
    for (std::size_t j = 0; j < rows; ++j) {
        const Batch<T> row(row_norms[j]);
        T* const out = tile + j * panel_rows;
#pragma GCC unroll 16
        for (std::size_t i = 0; i < panel_rows; i += width) {
            const Batch<T> product = Batch<T>::load_aligned(out + i);
            const Batch<T> both = Batch<T>::load_aligned(panel_norms + i) + row;
            const Batch<T> square = xsimd::max(both - (product + product), zero);
            room = xsimd::min(room, square - both * near);
            square.store_aligned(out + i);
        }
    }
    return xsimd::any(room < zero);
}

template <class T>
void gaussian(const T* squared, std::size_t rows, T factor, T weight, bool accumulate, T* out) noexcept {
    constexpr std::size_t width = Batch<T>::size;
    const Batch<T> negative(-factor), scale(weight);
    if (accumulate) {
        for (std::size_t i = 0; i < rows * panel_rows; i += width) {
            const Batch<T> e = exp2_nonpositive<VectorWords<T>, T>(Batch<T>::load_aligned(squared + i) * negative);
            (Batch<T>::load_aligned(out + i) + scale * e).store_aligned(out + i);
        }
    } else {
        for (std::size_t i = 0; i < rows * panel_rows; i += width) {
            const Batch<T> e = exp2_nonpositive<VectorWords<T>, T>(Batch<T>::load_aligned(squared + i) * negative);
            (scale * e).store_aligned(out + i);
        }
    }
}

template <class T>
void distances(const T* squared, std::size_t rows, T* out, T* inverse) noexcept {
    constexpr std::size_t width = Batch<T>::size;
    const Batch<T> zero(T{0}), one(T{1});
    for (std::size_t i = 0; i < rows * panel_rows; i += width) {
        const Batch<T> distance = root(Batch<T>::load_aligned(squared + i));
        distance.store_aligned(out + i);
        if (inverse != nullptr)
            xsimd::select(distance > zero, quotient(one, distance), zero).store_aligned(inverse + i);
    }
}

template <class T>
void add_sums(const T* tile, std::size_t rows, double* by_lane, double* by_row) noexcept {
    constexpr std::size_t width = Batch<T>::size;
    alignas(64) T lanes[panel_rows];
    for (std::size_t i = 0; i < panel_rows; i += width) {
        Batch<T> sum(T{0});
        for (std::size_t j = 0; j < rows; ++j) sum = sum + Batch<T>::load_aligned(tile + j * panel_rows + i);
        sum.store_aligned(lanes + i);
    }
    for (std::size_t i = 0; i < panel_rows; ++i) by_lane[i] += static_cast<double>(lanes[i]);
    constexpr std::size_t half = panel_rows / 2;
    alignas(64) T halves[tile_rows * half];
    for (std::size_t j = 0; j < rows; ++j) {
        for (std::size_t i = 0; i < half; i += width) {
            const T* const x = tile + j * panel_rows + i;
            (Batch<T>::load_aligned(x) + Batch<T>::load_aligned(x + half)).store_aligned(halves + j * half + i);
        }
    }
    for (std::size_t j = 0; j < rows; ++j) by_row[j] += static_cast<double>(fold_half(halves + j * half));
}

template <class T>
double sum_squares(const T* tile, std::size_t rows) noexcept {
    constexpr std::size_t width = Batch<T>::size;
    alignas(64) T lanes[panel_rows];
    for (std::size_t i = 0; i < panel_rows; i += width) {
        Batch<T> sum(T{0});
        for (std::size_t j = 0; j < rows; ++j) {
            const Batch<T> x = Batch<T>::load_aligned(tile + j * panel_rows + i);
            sum = sum + x * x;
        }
        sum.store_aligned(lanes + i);
    }
    return fold_lanes_in_double(lanes);
}

VEDETTE_INLINE void quantise_floats(const float* tile, std::size_t rows, float low, float scale, std::uint8_t* bytes,
                                    std::uint32_t* by_lane, std::uint32_t* by_row) noexcept {
    constexpr std::size_t width = Batch<float>::size;
    const Batch<float> start(low), steps(scale), half(0.5F), zero(0.0F), most(255.0F);
    ByteRows sums;
    for (std::size_t j = 0; j < rows; ++j) {
        Batch<float> level[panel_rows / width];
#pragma GCC unroll 8
        for (std::size_t a = 0; a < panel_rows / width; ++a) {
            const Batch<float> x = Batch<float>::load_aligned(tile + j * panel_rows + a * width);
            level[a] = xsimd::min(xsimd::max((x - start) * steps + half, zero), most);
        }
        by_row[j] += sums.add(level, bytes + j * panel_rows);
    }
    std::uint16_t lanes[panel_rows];
    sums.store(lanes);
    for (std::size_t i = 0; i < panel_rows; ++i) by_lane[i] += lanes[i];
}

template <class T>
void quantise(const T* tile, std::size_t rows, T low, T scale, std::uint8_t* bytes, std::uint32_t* by_lane,
              std::uint32_t* by_row) noexcept {
    if constexpr (sizeof(T) == sizeof(float)) {
        quantise_floats(tile, rows, low, scale, bytes, by_lane, by_row);
    } else {
        quantise_tile(tile, rows, low, scale, bytes, by_lane, by_row);
    }
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
