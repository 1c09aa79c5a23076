// SPDX-License-Identifier: Apache-2.0
// Decimal numbers by from_chars, which knows no locale, and what it leaves to us: spaces, words, what is out of range.
#include "core/number_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

namespace vedette::inline v0 {

namespace {

/// Whether a decimal that from_chars finds out of range is too large (rather than too small).
bool is_huge(std::string_view digits) noexcept {
    const std::size_t mark = digits.find_first_of("eE");
    const std::string_view mantissa = digits.substr(0, mark);
    long long exponent = 0;
    if (mark != std::string_view::npos) {
        std::string_view power = digits.substr(mark + 1);
        if (power.starts_with('+')) power.remove_prefix(1);
        const auto parsed = std::from_chars(power.data(), power.data() + power.size(), exponent);
        if (parsed.ec == std::errc::result_out_of_range) return !power.starts_with('-');
        exponent = std::clamp(exponent, -1'000'000'000'000LL, 1'000'000'000'000LL);
    }
    const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
    const std::size_t first = mantissa.find_first_of("123456789");
    if (first == std::string_view::npos) return false;
    const long long magnitude = static_cast<long long>(point) - static_cast<long long>(first);
    return exponent + magnitude > 0;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) noexcept {
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b; });
}

std::string_view without_spaces(std::string_view text) noexcept {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

std::optional<double> parse_number(std::string_view text) noexcept {
    text = without_spaces(text);
    if (text.empty()) return std::nullopt;
    const bool negative = text.front() == '-';
    if (negative || text.front() == '+') text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
    double value = 0.0;
    if ((text.front() >= '0' && text.front() <= '9') || text.front() == '.') {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (end != text.data() + text.size() || error == std::errc::invalid_argument) return std::nullopt;
        if (error == std::errc::result_out_of_range) {
            value = is_huge(text) ? std::numeric_limits<double>::infinity() : 0.0;
        }
    } else if (equals_ignoring_case(text, "inf") || equals_ignoring_case(text, "infinity")) {
        value = std::numeric_limits<double>::infinity();
    } else if (equals_ignoring_case(text, "nan")) {
        value = std::numeric_limits<double>::quiet_NaN();
    } else {
        return std::nullopt;
    }
    return negative ? -value : value;
}

Value number_or_text(std::string_view text) noexcept {
    std::string_view digits = without_spaces(text);
    if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') digits.remove_prefix(1);
    std::int64_t whole = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), whole);
    if (error == std::errc{} && end == digits.data() + digits.size()) return whole;
    if (const std::optional<double> number = parse_number(text)) return *number;
    return text;
}

}  // namespace vedette::inline v0
