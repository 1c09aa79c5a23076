// SPDX-License-Identifier: Apache-2.0
// Options as text and back; values are believed only when they are what the option takes.
#include "core/named_options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/strict_json.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::detail {
namespace {

using Json = nlohmann::ordered_json;

std::string_view trimmed(std::string_view text) noexcept {
    constexpr const char* blanks = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

template <class T>
std::optional<T> number_in(std::string_view text) noexcept {
    T value{};
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc{} || end != text.data() + text.size()) return {};
    return value;
}

// A value without quotes: a number, true, false, or else a word.
OptionValue bare_value(std::string_view text) {
    if (text == "true" || text == "false") return text == "true";
    if (const auto whole = number_in<std::uint64_t>(text)) return *whole;
    const auto number = number_in<double>(text);
    if (number && std::isfinite(*number)) return *number;
    return std::string(text);
}

OptionList parse_pairs(OptionOwner owner, std::string_view text) {
    OptionList list;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        const std::string_view pair = trimmed(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
        const std::size_t sign = pair.find('=');
        const std::string key(trimmed(pair.substr(0, std::min(sign, pair.size()))));
        if (sign == std::string_view::npos || key.empty())
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("{} {}: options are \"name=value, name=value\" or a JSON object, not \"{}\"",
                                    owner.family, owner.name, pair));
        if (find_option(list, key) != nullptr) refuse_option(owner, key, "is given twice");
        list.push_back({key, bare_value(trimmed(pair.substr(sign + 1)))});
    }
    return list;
}

OptionList parse_object(OptionOwner owner, std::string_view text) {
    constexpr int max_depth = 2;
    if (const std::string fault = strict_json_fault(text, max_depth); !fault.empty())
        refuse_option(owner, "options:", fault);
    OptionList list;
    const Json object = Json::parse(text);
    for (const auto& [key, value] : object.items()) {
        if (value.is_boolean()) {
            list.push_back({key, value.get<bool>()});
        } else if (value.is_number_unsigned()) {
            list.push_back({key, value.get<std::uint64_t>()});
        } else if (value.is_number()) {
            list.push_back({key, value.get<double>()});
        } else if (value.is_string()) {
            list.push_back({key, value.get<std::string>()});
        } else {
            refuse_option(owner, key, "must be a number, a word, true or false");
        }
    }
    return list;
}

}  // namespace

OptionList parse_options(OptionOwner owner, std::string_view text) {
    constexpr std::size_t longest_text = 4096;
    if (text.size() > longest_text)
        refuse_option(owner, "options:", fmt::format("must have at most {} bytes", longest_text));
    text = trimmed(text);
    return text.starts_with('{') ? parse_object(owner, text) : parse_pairs(owner, text);
}

std::string write_options(const OptionList& options) {
    Json json = Json::object();
    for (const Option& option : options) std::visit([&](const auto& value) { json[option.key] = value; }, option.value);
    return json.dump();
}

const OptionValue* find_option(const OptionList& options, std::string_view key) noexcept {
    for (const Option& option : options)
        if (option.key == key) return &option.value;
    return nullptr;
}

bool same_value(const OptionValue& a, const OptionValue& b) {
    const auto number = [](const OptionValue& value) {
        const auto* const whole = std::get_if<std::uint64_t>(&value);
        const auto* const real = std::get_if<double>(&value);
        return whole != nullptr  ? static_cast<double>(*whole)
               : real != nullptr ? *real
                                 : std::numeric_limits<double>::quiet_NaN();
    };
    return a == b || number(a) == number(b);
}

void refuse_option(OptionOwner owner, std::string_view option, const std::string& what) {
    throw Error(ErrorCode::invalid_argument, fmt::format("{} {}: {} {}", owner.family, owner.name, option, what));
}

double read_number(OptionOwner owner, std::string_view option, const OptionValue& value) {
    if (const auto* const whole = std::get_if<std::uint64_t>(&value)) return static_cast<double>(*whole);
    const auto* const number = std::get_if<double>(&value);
    if (number == nullptr) refuse_option(owner, option, "must be a number");
    return *number;
}

std::uint64_t read_whole(OptionOwner owner, std::string_view option, const OptionValue& value, std::uint64_t most) {
    if (const auto* const whole = std::get_if<std::uint64_t>(&value); whole != nullptr && *whole <= most) return *whole;
    // 1e6
    if (const auto* const number = std::get_if<double>(&value); number != nullptr && *number >= 0.0 &&
                                                                *number <= 0x1p53 && *number == std::floor(*number) &&
                                                                *number <= static_cast<double>(most))
        return static_cast<std::uint64_t>(*number);
    refuse_option(owner, option, fmt::format("must be a whole number from 0 to {}", most));
}

std::size_t read_word(OptionOwner owner, std::string_view option, const OptionValue& value,
                      std::span<const char* const> words) {
    const auto* const given = std::get_if<std::string>(&value);
    std::string allowed;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (given != nullptr && *given == words[i]) return i;
        allowed += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", words[i]);
    }
    refuse_option(owner, option, "must be one of " + allowed);
}

}  // namespace vedette::inline v0::detail
