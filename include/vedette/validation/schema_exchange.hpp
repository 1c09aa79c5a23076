// SPDX-License-Identifier: Apache-2.0
// Schemas read from, and written as, documents of other tools: JSON Schema, and TensorFlow Data Validation's schemas.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/validation/schema.hpp"

namespace vedette::inline v0::validation {

/// What a part that has no exact counterpart means for data.
enum class Effect : std::uint8_t {
    annotation = 0,  ///< it says nothing of values, or nothing that is checked
    stricter = 1,    ///< what the source accepts may be refused
    looser = 2       ///< what the source refuses may be accepted: an error, unless losses are allowed
};

/// One part of the source that the result does not say as it did.
struct ExchangeNote {
    Effect effect = Effect::annotation;
    std::string path;  ///< in the source: a JSON pointer, or line:column of a text of protocol buffers
    std::string what;

    friend bool operator==(const ExchangeNote&, const ExchangeNote&) = default;
};

struct ExchangeOptions {
    /// Go on where the result would accept more than its source, and tell it in the notes.
    bool allow_loss = false;
};

struct ImportedSchema {
    Schema schema;
    std::vector<ExchangeNote> notes;
};

struct ExportedSchema {
    std::string text;
    std::vector<ExchangeNote> notes;
};

/// Reads a JSON Schema, draft 2020-12, of an object: its properties are the features, in the order of the document.
///
/// Of a property: `type` (one of boolean, integer, number, string, and "null" for a nullable feature; a list of up to
/// two levels of arrays of them), `enum`, `const`, `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`,
/// `multipleOf`, `minLength`, `maxLength` (code points), `pattern` (ECMA-262's syntax as far as RE2 can say the same),
/// `format` (asserted; the formats that `Format` knows), `items`, `minItems`, `maxItems`, `allOf`, `$ref` within the
/// document, `anyOf` and `oneOf` of types or of something and null, and `not` of `const`, `enum`, `type` or one
/// `pattern` (of these at most 64). Of the
/// object: `properties`, `required`, `dependentRequired` and `additionalProperties`. Numbers listed by `enum` or
/// excluded by `not` become bounds or expressions. What is beside the point of the type (a `minimum` of a string)
/// asserts nothing there either, and is passed over.
///
/// What cannot be said here exactly is in the notes with its path: annotations; what is stricter here (columns that no
/// property names are refused, formats are asserted, integers have 64 bits); and, with `allow_loss`, what was left
/// out. An optional property that is null counts as absent, as everywhere in rows and tables.
/// Throws Error(invalid_argument), "JSON Schema <path>: ...", for what is no JSON Schema, for properties without one
/// type, for `multipleOf` that no double holds exactly, for a schema that no value meets, and for what would be looser
/// unless `allow_loss`. O(size of the document with its references followed, at most 2^20 parts).
[[nodiscard]] ImportedSchema import_json_schema(std::string_view text, const ExchangeOptions& options = {});

/// Writes a JSON Schema, draft 2020-12, of one row as an object: features by name in `environment` (empty: all of
/// them), those of production. It accepts the rows that the schema accepts without an error. What JSON Schema cannot
/// say is in the notes, its path that of the schema's document: NaN and infinities (JSON has none), standard scores,
/// folded case, length in bytes, rules of batches, expressions other than "x in (...)" of one feature ... Throws
/// Error(invalid_argument), "schema <path>: ...", for an invalid schema or unknown environment, and for what would be
/// looser unless `allow_loss`. Deterministic. O(size).
[[nodiscard]] ExportedSchema export_json_schema(const Schema& schema, std::string_view environment = {},
                                                const ExchangeOptions& options = {});

/// Reads a schema of TensorFlow Data Validation (tensorflow.metadata.v0.Schema) in protocol buffers' text format.
///
/// Features of type INT, FLOAT and BYTES with presence, shape, value counts of up to two levels, domains of integers,
/// floats, strings (inline and shared) and booleans, `min_domain_mass`, environments and lifecycle stages, as
/// TensorFlow Data Validation checks them: a feature is required if its presence has a minimum above 0; NaN and
/// infinities are allowed unless disallowed; stages UNKNOWN_STAGE, BETA and PRODUCTION are validated; texts are UTF-8
/// where they have a domain. Semantic domains that it does not check against values become a `Meaning`, or a note. What
/// is beyond our model (structs, sparse and weighted features, counts of distinct values, constraints of data sets,
/// comparators) would be looser: an error, or with `allow_loss` a note.
/// Throws Error(invalid_argument), "TFDV schema <line>:<column>: ...", for text that is not in the format, unknown
/// fields, fields that are given twice or exclude each other, and references to nothing. O(size log size).
[[nodiscard]] ImportedSchema import_tfdv_schema(std::string_view text, const ExchangeOptions& options = {});

/// "annotation", "stricter", "looser"; "unknown" for others.
[[nodiscard]] const char* effect_name(Effect effect) noexcept;
/// One line, e.g. `stricter: /properties/day/format: "date" is asserted`.
[[nodiscard]] std::string describe(const ExchangeNote& note);
/// All of them as a JSON array of objects with effect, path and what.
[[nodiscard]] std::string to_json(const std::vector<ExchangeNote>& notes);

}  // namespace vedette::inline v0::validation
