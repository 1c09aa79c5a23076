// SPDX-License-Identifier: Apache-2.0
// One value of a row whose features differ in type.
#pragma once

#include <cstdint>
#include <string_view>

namespace vedette::inline v0 {

/// One value of a mixed row: a number, a text, or nothing.
struct Value {
    enum class Kind : std::uint8_t { null = 0, number = 1, text = 2 };

    Kind kind = Kind::null;
    double number = 0.0;
    std::string_view text{};  ///< borrowed for the call

    constexpr Value() = default;
    constexpr Value(double x) : kind(Kind::number), number(x) {}        // NOLINT(google-explicit-constructor)
    constexpr Value(std::string_view t) : kind(Kind::text), text(t) {}  // NOLINT(google-explicit-constructor)
    constexpr Value(const char* t) : kind(Kind::text), text(t) {}       // NOLINT(google-explicit-constructor)
};

}  // namespace vedette::inline v0
