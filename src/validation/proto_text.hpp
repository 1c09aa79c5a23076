// SPDX-License-Identifier: Apache-2.0
// Protocol buffers' text format, read without knowing the messages: fields as they are written, with their places.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "validation/exchange_notes.hpp"

namespace vedette::inline v0::validation {

/// A field: a scalar as it is written, or a message. An element of a list in brackets is a field of its own.
struct ProtoField {
    enum class Kind : std::uint8_t { word, number, text, message };

    std::string name;
    Kind kind = Kind::word;
    std::string value;  ///< a word or number with its sign; the bytes of a text, its escapes resolved
    std::vector<ProtoField> fields;
    std::string path;  ///< "line:column" of its name
};

inline constexpr int deepest_proto = 32;

/// Throws by `notes.refuse` at the place of the fault: what the format does not allow, extensions and Any in brackets,
/// more than `deepest_proto` levels. O(length).
[[nodiscard]] std::vector<ProtoField> parse_proto_text(std::string_view text, const ExchangeNotes& notes);

}  // namespace vedette::inline v0::validation
