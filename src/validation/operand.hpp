// SPDX-License-Identifier: Apache-2.0
// What expressions compute with: a value of a known type, or nothing known.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

#include "validation/rules.hpp"
#include "vedette/core/value.hpp"
#include "vedette/validation/schema.hpp"

namespace vedette::inline v0::validation {

struct Operand {
    enum class Kind : std::uint8_t { unknown, integer, real, truth, text };

    Kind kind = Kind::unknown;
    bool truth = false;
    std::int64_t integer = 0;
    double real = 0.0;
    std::string_view text{};

    static Operand of_integer(std::int64_t x) noexcept {
        Operand result;
        result.kind = Kind::integer;
        result.integer = x;
        return result;
    }
    static Operand of_real(double x) noexcept {
        Operand result;
        if (std::isnan(x)) return result;
        result.kind = Kind::real;
        result.real = x;
        return result;
    }
    static Operand of_truth(bool x) noexcept {
        Operand result;
        result.kind = Kind::truth;
        result.truth = x;
        return result;
    }
    static Operand of_text(std::string_view x) noexcept {
        Operand result;
        result.kind = Kind::text;
        result.text = x;
        return result;
    }

    // The analyzer does not know that a programme reads only what it pushed.
    // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult)
    [[nodiscard]] bool is_known() const noexcept { return kind != Kind::unknown; }
    /// Of a number.
    [[nodiscard]] double as_real() const noexcept {
        return kind == Kind::integer ? static_cast<double>(integer) : real;
    }

    /// A feature's value as its type has it; unknown for null, NaN and values of other types.
    static Operand of(FeatureType type, const Value& value) noexcept {
        const bool is_number = value.kind == Value::Kind::number;
        switch (type) {
            case FeatureType::floating: return is_number ? of_real(value.number) : Operand{};
            case FeatureType::integer:
                if (!is_number) return {};
                if (value.is_integer) return of_integer(value.integer);
                if (const std::optional<Whole> whole = Whole::of(value.number))
                    return value.number < 0x1p63 ? of_integer(static_cast<std::int64_t>(value.number))
                                                 : of_real(value.number);
                return {};
            case FeatureType::boolean:
                if (!is_number || (value.number != 0.0 && value.number != 1.0)) return {};
                return of_truth(value.number == 1.0);
            case FeatureType::text:
            case FeatureType::bytes: break;
        }
        return value.kind == Value::Kind::text ? of_text(value.text) : Operand{};
    }
};

/// -1, 0 or 1 of two known numbers, exactly.
[[nodiscard]] inline int compare_numbers(const Operand& a, const Operand& b) noexcept {
    const auto order = [](auto x, auto y) { return x < y ? -1 : x > y ? 1 : 0; };
    const bool a_whole = a.kind == Operand::Kind::integer, b_whole = b.kind == Operand::Kind::integer;
    if (a_whole && b_whole) return order(a.integer, b.integer);
    if (!a_whole && !b_whole) return order(a.real, b.real);
    if (!a_whole) return -compare_numbers(b, a);
    if (b.real >= 0x1p63) return -1;
    if (b.real < -0x1p63) return 1;
    const double whole = std::trunc(b.real);
    const int side = order(a.integer, static_cast<std::int64_t>(whole));
    return side != 0 ? side : order(0.0, b.real - whole);
}

}  // namespace vedette::inline v0::validation
