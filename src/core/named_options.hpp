// SPDX-License-Identifier: Apache-2.0
// Options by name: one row per field of an option struct, read from and written to text.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace vedette::inline v0::detail {

/// A value as the text has it: 5 is a whole number, -5 and 5.0 are numbers.
using OptionValue = std::variant<bool, std::uint64_t, double, std::string>;
struct Option {
    std::string key;
    OptionValue value;
};
using OptionList = std::vector<Option>;

/// Whose options they are, as messages say it: "monitor", "cusum".
struct OptionOwner {
    const char* family;
    const char* name;
};

/// Reads a JSON object or "name=value, name=value"; no key stands twice. Throws Error(invalid_argument).
OptionList parse_options(OptionOwner owner, std::string_view text);
/// One line of JSON.
std::string write_options(const OptionList& options);
/// The value of that key, or null.
const OptionValue* find_option(const OptionList& options, std::string_view key) noexcept;

/// Whether two values mean the same: 5 is 5.0.
bool same_value(const OptionValue& a, const OptionValue& b);

/// Throws Error(invalid_argument): "monitor cusum: threshold <what>".
[[noreturn]] void refuse_option(OptionOwner owner, std::string_view option, const std::string& what);

/// Of an option that must be a finite number, or a whole number up to `most`.
double read_number(OptionOwner owner, std::string_view option, const OptionValue& value);
std::uint64_t read_whole(OptionOwner owner, std::string_view option, const OptionValue& value, std::uint64_t most);
/// The place of a word among `words`.
std::size_t read_word(OptionOwner owner, std::string_view option, const OptionValue& value,
                      std::span<const char* const> words);

template <class Options>
struct OptionField {
    const char* key;
    void (*read)(Options&, OptionOwner owner, const char* key, const OptionValue&);
    OptionValue (*write)(const Options&);
};

/// The words of a choice are `words_of(choice)`, beside its enumeration.
template <class T>
T read_option(OptionOwner owner, const char* key, const OptionValue& value) {
    if constexpr (std::is_same_v<T, bool>) {
        const bool* const given = std::get_if<bool>(&value);
        if (given == nullptr) refuse_option(owner, key, "must be true or false");
        return *given;
    } else if constexpr (std::is_enum_v<T>) {
        return static_cast<T>(read_word(owner, key, value, words_of(T{})));
    } else if constexpr (std::is_integral_v<T>) {
        return static_cast<T>(read_whole(owner, key, value, std::numeric_limits<T>::max()));
    } else {
        return read_number(owner, key, value);
    }
}

template <class T>
OptionValue option_value(T value) {
    if constexpr (std::is_enum_v<T>) {
        return std::string(words_of(value)[static_cast<std::size_t>(value)]);
    } else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
        return std::uint64_t{value};
    } else {
        return value;
    }
}

template <auto member>
struct MemberOf;
template <class Options, class T, T Options::*member>
struct MemberOf<member> {
    static constexpr OptionField<Options> field(const char* key) {
        return {key,
                [](Options& target, OptionOwner owner, const char* name, const OptionValue& value) {
                    target.*member = read_option<T>(owner, name, value);
                },
                [](const Options& source) { return option_value(source.*member); }};
    }
};

/// Whether the struct has such a field, which now has that value. `fields` are a range of OptionField<Options>.
template <class Options, class Fields>
bool read_field(Options& options, OptionOwner owner, const Option& given, const Fields& fields) {
    for (const OptionField<Options>& field : fields) {
        if (given.key != field.key) continue;
        field.read(options, owner, field.key, given.value);
        return true;
    }
    return false;
}

template <class Options, class Fields>
OptionList list_fields(const Options& options, const Fields& fields) {
    OptionList list;
    for (const OptionField<Options>& field : fields) list.push_back({field.key, field.write(options)});
    return list;
}

}  // namespace vedette::inline v0::detail
