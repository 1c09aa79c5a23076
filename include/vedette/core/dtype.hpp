// SPDX-License-Identifier: Apache-2.0
// The element types that views, tensors and files share, and conversions of the 16-bit floats.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

namespace vedette::inline v0 {

/// The type of one element. The values are part of the C interface and are never reused; 0 is no type.
enum class Dtype : std::uint8_t {
    f32 = 1,
    f64 = 2,
    i8 = 3,
    i16 = 4,
    i32 = 5,
    i64 = 6,
    u8 = 7,
    u16 = 8,
    u32 = 9,
    u64 = 10,
    boolean = 11,  ///< one byte, 0 or 1
    f16 = 12,      ///< IEEE 754 binary16
    bf16 = 13,     ///< the upper half of a binary32
};

/// Bytes of one element: 1, 2, 4 or 8; 0 for a value that is no Dtype.
[[nodiscard]] constexpr std::size_t dtype_size(Dtype dtype) noexcept {
    switch (dtype) {
        case Dtype::i8:
        case Dtype::u8:
        case Dtype::boolean: return 1;
        case Dtype::i16:
        case Dtype::u16:
        case Dtype::f16:
        case Dtype::bf16: return 2;
        case Dtype::f32:
        case Dtype::i32:
        case Dtype::u32: return 4;
        case Dtype::f64:
        case Dtype::i64:
        case Dtype::u64: return 8;
    }
    return 0;
}

/// The name that the safetensors format uses, e.g. "F32" or "BOOL"; "" for a value that is no Dtype.
[[nodiscard]] constexpr std::string_view dtype_name(Dtype dtype) noexcept {
    switch (dtype) {
        case Dtype::f32: return "F32";
        case Dtype::f64: return "F64";
        case Dtype::i8: return "I8";
        case Dtype::i16: return "I16";
        case Dtype::i32: return "I32";
        case Dtype::i64: return "I64";
        case Dtype::u8: return "U8";
        case Dtype::u16: return "U16";
        case Dtype::u32: return "U32";
        case Dtype::u64: return "U64";
        case Dtype::boolean: return "BOOL";
        case Dtype::f16: return "F16";
        case Dtype::bf16: return "BF16";
    }
    return {};
}

/// The type with that safetensors name; empty for any other text (upper case only).
[[nodiscard]] constexpr std::optional<Dtype> dtype_from_name(std::string_view name) noexcept {
    for (std::uint8_t value = 1; value <= 13; ++value) {
        const auto dtype = static_cast<Dtype>(value);
        if (dtype_name(dtype) == name) return dtype;
    }
    return std::nullopt;
}

/// A C++ type that stands for a Dtype: float, double, bool and the integers of 8 to 64 bits (no character types).
template <class T>
concept Element = std::same_as<T, float> || std::same_as<T, double> || std::same_as<T, bool> ||
    (std::integral<T> && sizeof(T) <= 8 && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
     !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>);

namespace detail {
template <Element T>
consteval Dtype element_dtype() {
    static_assert(sizeof(bool) == 1);
    if constexpr (std::same_as<T, float>) return Dtype::f32;
    if constexpr (std::same_as<T, double>) return Dtype::f64;
    if constexpr (std::same_as<T, bool>) return Dtype::boolean;
    constexpr bool is_signed = std::is_signed_v<T>;
    switch (sizeof(T)) {
        case 1: return is_signed ? Dtype::i8 : Dtype::u8;
        case 2: return is_signed ? Dtype::i16 : Dtype::u16;
        case 4: return is_signed ? Dtype::i32 : Dtype::u32;
        default: return is_signed ? Dtype::i64 : Dtype::u64;
    }
}
}  // namespace detail

/// The Dtype of a C++ type; `long` and `long long` map by their width.
template <Element T>
inline constexpr Dtype dtype_of = detail::element_dtype<T>();

/// The value of a binary16 given as its bits; exact.
[[nodiscard]] constexpr float half_to_float(std::uint16_t bits) noexcept {
    const std::uint32_t sign = (bits & 0x8000u) << 16;
    const std::uint32_t exponent = (bits >> 10) & 0x1fu;
    const std::uint32_t fraction = bits & 0x3ffu;
    if (exponent == 0) {  // zero or subnormal: fraction * 2^-24 is exact in binary32
        const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
        return sign != 0 ? -magnitude : magnitude;
    }
    if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | (fraction << 13));
    return std::bit_cast<float>(sign | ((exponent + 112u) << 23) | (fraction << 13));
}

/// The value of a bfloat16 given as its bits; exact.
[[nodiscard]] constexpr float bfloat16_to_float(std::uint16_t bits) noexcept {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

}  // namespace vedette::inline v0
