// SPDX-License-Identifier: Apache-2.0
// The values of a table's column, tile by tile, in the widest type that holds them exactly.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "vedette/core/view.hpp"

namespace vedette::inline v0::validation {

inline constexpr std::size_t tile_rows = 4096;

[[nodiscard]] constexpr bool is_floating(Dtype dtype) noexcept {
    return dtype == Dtype::f16 || dtype == Dtype::bf16 || dtype == Dtype::f32 || dtype == Dtype::f64;
}

template <class Stored>
void copy_integers(const Column& column, std::size_t begin, std::size_t count, std::uint64_t* out) noexcept {
    const auto* at =
        static_cast<const std::byte*>(column.data()) + static_cast<std::ptrdiff_t>(begin) * column.stride_bytes();
    const auto copy = [&](std::ptrdiff_t stride) {
        for (std::size_t i = 0; i < count; ++i) {
            Stored value;
            std::memcpy(&value, at + static_cast<std::ptrdiff_t>(i) * stride, sizeof value);
            out[i] = static_cast<std::uint64_t>(value);  // NOLINT(bugprone-signed-char-misuse): with its sign
        }
    };
    // A stride that the compiler knows makes vectors.
    column.stride_bytes() == sizeof(Stored) ? copy(sizeof(Stored)) : copy(column.stride_bytes());
}
/// Of a column of integers or booleans: 64 bits of each, with or without sign as the column is. `out` has room.
inline void copy_as_integers(const Column& column, std::size_t begin, std::size_t count, std::uint64_t* out) noexcept {
    switch (column.dtype()) {
        case Dtype::i8: return copy_integers<std::int8_t>(column, begin, count, out);
        case Dtype::i16: return copy_integers<std::int16_t>(column, begin, count, out);
        case Dtype::i32: return copy_integers<std::int32_t>(column, begin, count, out);
        case Dtype::i64: return copy_integers<std::int64_t>(column, begin, count, out);
        case Dtype::boolean:
        case Dtype::u8: return copy_integers<std::uint8_t>(column, begin, count, out);
        case Dtype::u16: return copy_integers<std::uint16_t>(column, begin, count, out);
        case Dtype::u32: return copy_integers<std::uint32_t>(column, begin, count, out);
        case Dtype::u64: return copy_integers<std::uint64_t>(column, begin, count, out);
        case Dtype::f16:
        case Dtype::bf16:
        case Dtype::f32:
        case Dtype::f64: return;
    }
}

/// Calls take(first_row, count, values) for tiles of a numeric column in order, values being const T*: those of the
/// column where it holds T side by side, else converted; std::uint64_t of columns of integers, as `copy_as_integers`.
/// What is null holds any value.
template <class T, class Take>
void for_each_tile(const Column& column, Take&& take) {
    std::array<T, tile_rows> tile;
    const bool is_wanted =
        column.dtype() == dtype_of<T> || (std::is_same_v<T, std::uint64_t> && column.dtype() == Dtype::i64);
    const bool in_place = is_wanted && column.stride_bytes() == sizeof(T) &&
                          reinterpret_cast<std::uintptr_t>(column.data()) % alignof(T) == 0;
    for (std::size_t begin = 0; begin < column.size(); begin += tile_rows) {
        const std::size_t count = std::min(tile_rows, column.size() - begin);
        if (in_place) {
            take(begin, count, static_cast<const T*>(column.data()) + begin);
            continue;
        }
        if constexpr (std::is_same_v<T, std::uint64_t>) {
            copy_as_integers(column, begin, count, tile.data());
        } else if constexpr (std::is_same_v<T, float>) {
            column.copy_as_float(begin, count, tile.data());
        } else {
            column.copy_as_double(begin, count, tile.data());
        }
        take(begin, count, static_cast<const T*>(tile.data()));
    }
}

/// Calls take(row, value) for every valid integer of a column, value being std::uint64_t of an unsigned or boolean
/// column (a byte of a boolean as it is), else std::int64_t.
template <class Stored, class Widest, class Take>
void for_each_stored(const Column& column, Take& take) {
    const auto* address = static_cast<const std::byte*>(column.data());
    for (std::size_t i = 0; i < column.size(); ++i, address += column.stride_bytes()) {
        if (!column.validity()[i]) continue;
        Stored value;
        std::memcpy(&value, address, sizeof value);
        take(i, static_cast<Widest>(value));
    }
}
template <class Take>
void for_each_integer(const Column& column, Take&& take) {
    switch (column.dtype()) {
        case Dtype::i8: return for_each_stored<std::int8_t, std::int64_t>(column, take);
        case Dtype::i16: return for_each_stored<std::int16_t, std::int64_t>(column, take);
        case Dtype::i32: return for_each_stored<std::int32_t, std::int64_t>(column, take);
        case Dtype::i64: return for_each_stored<std::int64_t, std::int64_t>(column, take);
        case Dtype::boolean:
        case Dtype::u8: return for_each_stored<std::uint8_t, std::uint64_t>(column, take);
        case Dtype::u16: return for_each_stored<std::uint16_t, std::uint64_t>(column, take);
        case Dtype::u32: return for_each_stored<std::uint32_t, std::uint64_t>(column, take);
        case Dtype::u64: return for_each_stored<std::uint64_t, std::uint64_t>(column, take);
        case Dtype::f16:
        case Dtype::bf16:
        case Dtype::f32:
        case Dtype::f64: return;
    }
}

/// Calls take(row, value) for every valid value of a numeric column: std::int64_t, std::uint64_t or double.
template <class Take>
void for_each_number(const Column& column, Take&& take) {
    if (!is_floating(column.dtype())) return for_each_integer(column, take);
    for_each_tile<double>(column, [&](std::size_t begin, std::size_t count, const double* x) {
        for (std::size_t k = 0; k < count; ++k) {
            if (column.validity()[begin + k]) take(begin + k, x[k]);
        }
    });
}

}  // namespace vedette::inline v0::validation
