// SPDX-License-Identifier: Apache-2.0
// One value of a row whose features differ in type.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace vedette::inline v0 {

/// One value of a mixed row: a number, a text, or nothing.
struct Value {
    enum class Kind : std::uint8_t { null = 0, number = 1, text = 2 };

    Kind kind = Kind::null;
    bool is_integer = false;  ///< of a number: `integer` holds it exactly, `number` rounded to a double
    double number = 0.0;
    std::int64_t integer = 0;
    std::string_view text{};  ///< borrowed for the call

    constexpr Value() = default;
    constexpr Value(double x) : kind(Kind::number), number(x) {}  // NOLINT(google-explicit-constructor)
    template <std::integral Integer>
    constexpr Value(Integer x)  // NOLINT(google-explicit-constructor)
        : kind(Kind::number),
          is_integer(std::is_signed_v<Integer> || static_cast<std::int64_t>(x) >= 0),
          number(static_cast<double>(x)),
          integer(is_integer ? static_cast<std::int64_t>(x) : 0) {}
    constexpr Value(std::string_view t) : kind(Kind::text), text(t) {}  // NOLINT(google-explicit-constructor)
    constexpr Value(const char* t) : kind(Kind::text), text(t) {}       // NOLINT(google-explicit-constructor)
};

}  // namespace vedette::inline v0
