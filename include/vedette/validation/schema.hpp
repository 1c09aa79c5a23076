// SPDX-License-Identifier: Apache-2.0
// What a model expects of its features: types, ranges, domains, shapes, presence; written as canonical JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "vedette/core/dtype.hpp"
#include "vedette/validation/check.hpp"
#include "vedette/validation/expression.hpp"
#include "vedette/validation/text_rules.hpp"

namespace vedette::inline v0::validation {

/// The physical type. A `floating` feature takes any floating Dtype, an `integer` feature any integer Dtype; neither
/// takes the other's. `text` must be UTF-8, `bytes` need not.
enum class FeatureType : std::uint8_t { floating, integer, boolean, text, bytes };

/// What the values mean: said for people and other tools; nothing is enforced by it.
enum class Meaning : std::uint8_t {
    unspecified,
    continuous,
    count,
    categorical,
    ordinal,
    identifier,
    timestamp,
    free_text
};

/// Only `production` features are validated; those of another stage are not evaluated.
enum class Stage : std::uint8_t { production, planned, alpha, beta, debug_only, deprecated, disabled };

enum class Order : std::uint8_t { any, increasing, strictly_increasing, decreasing, strictly_decreasing };

enum class LengthUnit : std::uint8_t { bytes, code_points };

/// How a text is compared with the values of its domain. `fold_ascii` takes A-Z for a-z; other letters are compared as
/// they are.
enum class Case : std::uint8_t { exact, fold_ascii };

/// In which of Unicode's normal forms (UAX 15) a text and the values of its domain are compared, before letters are
/// folded. `none`: byte by byte, so that "e" with a combining accent is not the composed letter. `nfkc` also takes
/// ligatures, full-width letters and the like for what they are compatible with. A text that is not UTF-8, or
/// decomposes into more than 512 code points, is none of the values.
enum class NormalForm : std::uint8_t { none, nfc, nfkc };

/// Texts that a parser in linear time recognises; each says which grammar.
enum class Format : std::uint8_t {
    none,
    date,       ///< RFC 3339 full-date of the proleptic Gregorian calendar, e.g. 2024-02-29
    time,       ///< RFC 3339 full-time with offset, e.g. 23:59:60Z (a leap second at 23:59 UTC)
    date_time,  ///< RFC 3339 date-time; `T` and `Z` of either case
    uuid,       ///< RFC 9562: 8-4-4-4-12 hexadecimal digits of any case and version
    email,      ///< HTML's "valid e-mail address" (WHATWG), at most 64 octets before the @ and 254 in all
    ipv4,       ///< dotted quad, no leading zeros
    ipv6,       ///< RFC 4291 section 2.2, all three forms, without a zone
    uri,        ///< RFC 3986 with a scheme: its characters, percent-encoding and port; ASCII only
    hostname,   ///< RFC 1123: labels of 1 to 63 letters, digits and hyphens, 253 octets in all
};

/// Bounds of numbers; none where absent. `Number` is double for floating features and int64 for integers.
template <class Number>
struct Bounds {
    std::optional<Number> minimum;
    std::optional<Number> maximum;
    bool exclusive_minimum = false;
    bool exclusive_maximum = false;
    /// Values are whole multiples of it, as JSON Schema's `multipleOf`: exactly so, in double for floating features;
    /// 0.1 as f32 is no multiple of 0.1.
    std::optional<Number> step;

    friend bool operator==(const Bounds&, const Bounds&) = default;
};

/// |x - mean| <= limit * standard_deviation, both ends computed in double once and included.
struct StandardScore {
    double mean = 0.0;
    double standard_deviation = 1.0;
    double limit = 0.0;

    friend bool operator==(const StandardScore&, const StandardScore&) = default;
};

struct Domain {
    std::vector<std::string> values;
    /// The share of a batch's values that may lie outside. Above 0, one request's stray value is a warning at most.
    double tolerated_mass = 0.0;
    Case letter_case = Case::exact;
    NormalForm normal_form = NormalForm::none;

    friend bool operator==(const Domain&, const Domain&) = default;
};

enum class Repair : std::uint8_t {
    /// The nearest value that the bounds and the standard score let pass; of a text too long, as much as may stand. For
    /// `minimum`, `maximum`, `standard_score`, `infinity` and `long_text`.
    clamp,
    /// The feature's replacement. For every check of a value.
    impute
};
using Replacement = std::variant<std::monostate, double, std::int64_t, std::string>;

/// Of a feature whose numbers are time stamps: what one of them counts since 1970-01-01T00:00:00Z.
enum class TimeUnit : std::uint8_t { seconds, milliseconds, microseconds, nanoseconds };

/// How far a time may lie from the caller's clock, in seconds from 0 to 1e9; at least one is given. Both ends are
/// included.
struct Freshness {
    std::optional<double> maximum_age;
    std::optional<double> maximum_ahead;  ///< in the future
    TimeUnit unit = TimeUnit::seconds;    ///< of numbers

    friend bool operator==(const Freshness&, const Freshness&) = default;
};

/// Both ends are included.
struct Count {
    std::uint64_t minimum = 0;
    std::uint64_t maximum = std::numeric_limits<std::uint64_t>::max();

    friend bool operator==(const Count&, const Count&) = default;
};

struct Feature {
    std::string name;  ///< 1 to 1024 bytes of UTF-8, unique in the schema
    FeatureType type = FeatureType::floating;
    /// The only element type accepted, where given; it must fit `type`.
    std::optional<Dtype> dtype;
    Meaning meaning = Meaning::unspecified;
    Stage stage = Stage::production;
    bool required = true;
    bool nullable = false;
    /// Of a batch: the least share (in [0, 1]) and number of rows that hold a value.
    double minimum_fraction = 0.0;
    std::uint64_t minimum_count = 0;
    /// The dimensions of a tensor as it is sent, -1 for any; empty for a scalar; absent: not checked.
    std::optional<std::vector<std::int64_t>> shape;
    /// How many values a list holds, one entry per level of nesting (at most 2); empty: not checked. Excludes `shape`.
    std::vector<Count> valency;

    Bounds<double> number;                        ///< of floating features
    Bounds<std::int64_t> integer;                 ///< of integer features
    std::optional<StandardScore> standard_score;  ///< of floating features
    bool integral = false;                        ///< of floating features: whole numbers only
    bool allow_nan = false;
    bool allow_infinity = false;  ///< an allowed infinity is still held against minimum and maximum

    std::optional<Domain> domain;  ///< of text and bytes
    /// Of text, bytes and integers: the name of a set that values must occur in, see `ReferenceSet`. What does not
    /// fails `domain`. Texts are compared byte by byte.
    std::string reference_set;
    /// Of integers, floating features, and of text with the format `date_time`: values are times. NaN has no age.
    std::optional<Freshness> freshness;
    std::optional<Count> length;  ///< of text and bytes
    LengthUnit length_unit = LengthUnit::bytes;
    Format format = Format::none;  ///< of text
    /// Of text: a regular expression that is found somewhere in it; empty: not checked. At most 4096 bytes of UTF-8 in
    /// the syntax of RE2 (https://github.com/google/re2/wiki/Syntax), which has no look-around and no back-references.
    /// It is not anchored, as JSON Schema's `pattern` is not: "^[a-z]+$" for whole texts. Without flags, `^` and `$`
    /// are the ends of the text (a line feed at the end is a character like any), `.` is any character but a line feed,
    /// and `\d`, `\w`, `\s` and `\b` are of ASCII; `(?i)`, `(?m)`, `(?s)` and `\p{Greek}` are as in RE2. A text that is
    /// not UTF-8 matches no pattern. See `Validator` on what matching costs.
    std::string pattern;
    /// Of text: at most 64 regular expressions, each as `pattern`, none of which may be found; what fails is `pattern`.
    /// They are searched for together, in one pass. A text that is not UTF-8 fails.
    std::vector<std::string> refused_patterns;

    /// Of text, asked of what is UTF-8 in it, each in time linear in the text; without allocation.
    std::vector<CharacterClass> refused_characters;
    Scripts scripts = Scripts::any;
    /// No word of two or more characters that reads as one of ASCII but is none: every letter and digit is of ASCII or
    /// has a prototype of ASCII letters and digits in UTS 39's confusables.txt (15.0.0), and at least one has. Only
    /// prototypes of single code points as they stand, not of their decompositions; of Latin letters only those of full
    /// width; of numbers only those of no script, such as mathematical and segmented digits. For texts in the Latin
    /// alphabet: short words of Greek and Russian consist of look-alikes, too.
    bool refuse_lookalikes = false;
    std::optional<Repetition> repetition;

    /// What `Validator::repair` does with a value that fails a check. To reject a value is the severity `error`, to
    /// flag it `warning`.
    std::map<Check, Repair> repair;
    /// The value that is imputed: a double of floating features, an integer of integer and boolean ones, else a text.
    /// It must pass the checks of a row.
    Replacement replacement;

    bool unique = false;       ///< of batches: no value twice
    Order order = Order::any;  ///< of batches: floating and integer features

    /// Where the feature is expected; empty: everywhere.
    std::vector<std::string> environments;
    /// Other severities than `error`; `none` silences a check.
    std::map<Check, Severity> severity;
    std::string owner;
    std::vector<std::string> pii;  ///< tags of personal data, e.g. "email"; free words

    friend bool operator==(const Feature&, const Feature&) = default;
};

/// A named set of values, of any number of features: customers, shops, codes. Integers are written in decimal.
struct ReferenceSet {
    std::string name;
    /// Given here; empty: by the caller when the schema is compiled (`RuleInputs`), until when it is not evaluated.
    std::vector<std::string> values;
    /// How many values the caller may give, which bounds the memory; at most 2^24, and 2^30 bytes.
    std::uint64_t most_values = std::uint64_t{1} << 24;

    friend bool operator==(const ReferenceSet&, const ReferenceSet&) = default;
};

/// The features of a model in the order of its rows. A document to review, store and exchange; `Validator` holds rows
/// and tensors against it.
struct Schema {
    static constexpr int version = 1;
    static constexpr std::size_t most_features = 65536;
    static constexpr std::size_t most_expressions = 1024;
    static constexpr std::size_t most_reference_sets = 1024;

    std::string name;
    std::vector<std::string> environments;  ///< known names, e.g. "training", "serving"
    std::vector<Feature> features;
    std::vector<Expression> expressions = {};
    std::vector<ReferenceSet> reference_sets = {};

    /// Throws Error(invalid_argument) that names the path of the first fault, e.g. "schema /features/3/minimum: ..." or
    /// "schema /expressions/0/expression: at byte 12: ...".
    void validate() const;

    /// The document in its one canonical form: fixed key order, nothing that equals its default, no spaces. Equal
    /// schemas give equal bytes. Throws as `validate`. O(size).
    [[nodiscard]] std::string to_json() const;
    /// Reads strict JSON (no repeated or unknown key, no comment, at most 8 levels). Throws Error(invalid_argument)
    /// with the path of the fault, unsupported_version for another version. O(size log size).
    [[nodiscard]] static Schema from_json(std::string_view text);

    friend bool operator==(const Schema&, const Schema&) = default;
};

[[nodiscard]] const char* feature_type_name(FeatureType type) noexcept;
[[nodiscard]] const char* format_name(Format format) noexcept;

}  // namespace vedette::inline v0::validation
