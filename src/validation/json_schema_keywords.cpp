// SPDX-License-Identifier: Apache-2.0
// Keyword by keyword, as the draft's validation vocabulary defines them.
#include "validation/json_schema_keywords.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

namespace vedette::inline v0::validation {

namespace {

constexpr std::size_t most_parts = std::size_t{1} << 20;
constexpr int deepest = 64;

constexpr std::array<std::string_view, 11> annotations{
    "title",     "description", "default",         "examples",         "deprecated",   "readOnly",
    "writeOnly", "$id",         "contentEncoding", "contentMediaType", "contentSchema"};
constexpr std::array<std::string_view, 2> applicators_beyond{"if", "$dynamicRef"};
// Places and remarks: they ask for nothing. "then" and "else" without "if" ask for nothing, too.
constexpr std::array<std::string_view, 9> silent{"$defs",       "definitions",    "$comment", "$anchor", "$schema",
                                                 "$vocabulary", "$dynamicAnchor", "then",     "else"};
constexpr std::array<std::string_view, 35> asserting{"type",
                                                     "enum",
                                                     "const",
                                                     "minimum",
                                                     "maximum",
                                                     "exclusiveMinimum",
                                                     "exclusiveMaximum",
                                                     "multipleOf",
                                                     "minLength",
                                                     "maxLength",
                                                     "pattern",
                                                     "format",
                                                     "items",
                                                     "minItems",
                                                     "maxItems",
                                                     "uniqueItems",
                                                     "prefixItems",
                                                     "contains",
                                                     "minContains",
                                                     "maxContains",
                                                     "unevaluatedItems",
                                                     "properties",
                                                     "required",
                                                     "additionalProperties",
                                                     "patternProperties",
                                                     "propertyNames",
                                                     "minProperties",
                                                     "maxProperties",
                                                     "dependentRequired",
                                                     "dependentSchemas",
                                                     "unevaluatedProperties",
                                                     "allOf",
                                                     "anyOf",
                                                     "oneOf",
                                                     "not"};

template <std::size_t n>
bool is_among(std::string_view key, const std::array<std::string_view, n>& words) noexcept {
    return std::find(words.begin(), words.end(), key) != words.end();
}

Operand number_of(const nlohmann::json& value) {
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX))
        return Operand::of_real(value.get<double>());
    return value.is_number_integer() ? Operand::of_integer(value.get<std::int64_t>())
                                     : Operand::of_real(value.get<double>());
}

bool has_nested_id(const nlohmann::json& value, bool is_root) {
    if (!value.is_structured()) return false;
    if (value.is_object() && !is_root && value.contains("$id")) return true;
    return std::any_of(value.begin(), value.end(),
                       [](const nlohmann::json& member) { return has_nested_id(member, false); });
}

}  // namespace

bool is_annotation(std::string_view key) noexcept {
    return is_among(key, annotations);
}
bool is_applicator_beyond(std::string_view key) noexcept {
    return is_among(key, applicators_beyond);
}
bool is_keyword(std::string_view key) noexcept {
    return is_annotation(key) || is_applicator_beyond(key) || is_among(key, silent) || is_among(key, asserting) ||
           key == "$ref";
}

std::string escaped(std::string_view name) {
    std::string text;
    for (const char c : name) {
        if (c == '~') {
            text += "~0";
        } else if (c == '/') {
            text += "~1";
        } else {
            text += c;
        }
    }
    return text;
}

std::string in_backquotes(std::string_view name) {
    std::string text = "`";
    for (const char c : name) text += c == '`' ? "``" : std::string(1, c);
    return text + "`";
}

JsonKeywords::JsonKeywords(const Json& root, ExchangeNotes& notes)
    : root_(root), notes_(notes), has_nested_id_(has_nested_id(root, true)) {}

void JsonKeywords::apply(const Json& schema, const std::string& path, JsonFacts& facts) {
    if (++parts_ > most_parts) notes_.refuse(path, fmt::format("more than {} parts, references followed", most_parts));
    if (schema.is_boolean()) {
        if (!schema.get<bool>()) facts.types = 0;
        return;
    }
    if (!schema.is_object()) notes_.refuse(path, "must be an object, true or false");
    if (depth_ == deepest) notes_.refuse(path, fmt::format("nested, or refers, more than {} levels deep", deepest));
    ++depth_;
    for (const auto& [key, value] : schema.items())
        apply_member(key, value, fmt::format("{}/{}", path, escaped(key)), schema, facts);
    --depth_;
}

void JsonKeywords::apply_member(const std::string& key, const Json& value, const std::string& path, const Json& schema,
                                JsonFacts& facts) {
    if (apply_number(key, value, path, facts) || apply_text(key, value, path, facts) ||
        apply_array(key, value, path, facts) || apply_joint(key, value, path, facts))
        return;
    if (key == "minContains" || key == "maxContains") {
        if (schema.contains("contains")) facts.beyond.push_back({json_array, path, "cannot be said here"});
    } else if (is_applicator_beyond(key)) {
        const bool is_idle = key == "if" && !schema.contains("then") && !schema.contains("else");
        if (!is_idle) facts.beyond.push_back({all_json_types, path, "cannot be said here"});
    } else if (is_annotation(key)) {
        notes_.annotation(path, "is not kept");
    } else if (is_among(key, asserting)) {
        facts.beyond.push_back({json_object, path, "features are no objects"});
    } else if (!is_keyword(key)) {
        notes_.annotation(path, "is no keyword of JSON Schema");
    }
}

bool JsonKeywords::apply_number(const std::string& key, const Json& value, const std::string& path, JsonFacts& facts) {
    const bool is_minimum = key == "minimum" || key == "exclusiveMinimum";
    const bool is_maximum = key == "maximum" || key == "exclusiveMaximum";
    if (!is_minimum && !is_maximum && key != "multipleOf") return false;
    if (!value.is_number()) notes_.refuse(path, "must be a number");
    if (is_minimum) {
        facts.require_at_least({number_of(value), key != "minimum", path});
    } else if (is_maximum) {
        facts.require_at_most({number_of(value), key != "maximum", path});
    } else {
        if (!(value.get<double>() > 0.0)) notes_.refuse(path, "must be above 0");
        if (value.is_number_integer() && value.get<double>() > 0x1p53) notes_.refuse(path, "lies beyond 2^53");
        facts.steps.emplace_back(value.get<double>(), path);
    }
    return true;
}

std::uint64_t JsonKeywords::count_of(const Json& value, const std::string& path) const {
    if (value.is_number_unsigned()) return value.get<std::uint64_t>();
    if (value.is_number_float() && value.get<double>() >= 0.0 && value.get<double>() < 0x1p63 &&
        std::trunc(value.get<double>()) == value.get<double>())
        return static_cast<std::uint64_t>(value.get<double>());
    notes_.refuse(path, "must be a non-negative integer");
}

bool JsonKeywords::apply_text(const std::string& key, const Json& value, const std::string& path, JsonFacts& facts) {
    if (key == "minLength") {
        facts.length.minimum = std::max(facts.length.minimum, count_of(value, path));
    } else if (key == "maxLength") {
        facts.length.maximum = std::min(facts.length.maximum, count_of(value, path));
    } else if (key == "pattern" || key == "format") {
        if (!value.is_string()) notes_.refuse(path, "must be a text");
        (key == "pattern" ? facts.patterns : facts.formats).emplace_back(value.get<std::string>(), path);
    } else {
        return false;
    }
    return true;
}

bool JsonKeywords::apply_array(const std::string& key, const Json& value, const std::string& path, JsonFacts& facts) {
    if (key == "minItems") {
        facts.items.minimum = std::max(facts.items.minimum, count_of(value, path));
    } else if (key == "maxItems") {
        facts.items.maximum = std::min(facts.items.maximum, count_of(value, path));
    } else if (key == "items") {
        facts.elements.emplace_back(&value, path);
    } else if (key == "uniqueItems") {
        if (!value.is_boolean()) notes_.refuse(path, "must be true or false");
        if (value.get<bool>()) facts.beyond.push_back({json_array, path, "cannot be said here"});
    } else if (key == "prefixItems" || key == "contains" || key == "unevaluatedItems") {
        facts.beyond.push_back({json_array, path, "cannot be said here"});
    } else {
        return false;
    }
    return true;
}

bool JsonKeywords::apply_joint(const std::string& key, const Json& value, const std::string& path, JsonFacts& facts) {
    if (key == "type") {
        apply_type(value, path, facts);
    } else if (key == "enum") {
        if (!value.is_array()) notes_.refuse(path, "must be an array");
        facts.choose(value.get<std::vector<Json>>());
    } else if (key == "const") {
        facts.choose({value});
    } else if (key == "allOf") {
        if (!value.is_array() || value.empty()) notes_.refuse(path, "must be an array of schemas");
        for (std::size_t i = 0; i < value.size(); ++i) apply(value[i], fmt::format("{}/{}", path, i), facts);
    } else if (key == "anyOf" || key == "oneOf") {
        if (!value.is_array() || value.empty()) notes_.refuse(path, "must be an array of schemas");
        apply_branches(value, path, key == "oneOf", facts);
    } else if (key == "$ref") {
        apply_reference(value, path, facts);
    } else if (key == "not") {
        apply_not(value, path, facts);
    } else {
        return false;
    }
    return true;
}

JsonTypes JsonKeywords::type_named(const Json& name, const std::string& path) const {
    constexpr std::array<std::pair<std::string_view, JsonTypes>, 7> names{{{"null", json_null},
                                                                           {"boolean", json_boolean},
                                                                           {"integer", json_integer},
                                                                           {"number", json_number},
                                                                           {"string", json_text},
                                                                           {"array", json_array},
                                                                           {"object", json_object}}};
    for (const auto& [word, types] : names) {
        if (name == word) return types;
    }
    notes_.refuse(path, "is no type of JSON Schema");
}

void JsonKeywords::apply_type(const Json& value, const std::string& path, JsonFacts& facts) {
    if (!value.is_array()) {
        facts.types &= type_named(value, path);
        return;
    }
    JsonTypes types = 0;
    for (std::size_t i = 0; i < value.size(); ++i) types |= type_named(value[i], fmt::format("{}/{}", path, i));
    facts.types &= types;
}

const nlohmann::json& JsonKeywords::resolve(const std::string& reference, const std::string& path) const {
    if (reference.empty() || reference[0] != '#') notes_.refuse(path, "leads out of the document");
    if (has_nested_id_) notes_.refuse(path, "the document has parts with an $id of their own");
    std::string pointer;
    for (std::size_t i = 1; i < reference.size(); ++i) {
        if (reference[i] != '%') {
            pointer += reference[i];
            continue;
        }
        const std::string digits = reference.substr(i + 1, 2);
        if (digits.size() != 2 || digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos)
            notes_.refuse(path, "a % begins no code of two digits");
        pointer += static_cast<char>(std::stoi(digits, nullptr, 16));
        i += 2;
    }
    if (!pointer.empty() && pointer[0] != '/') notes_.refuse(path, "anchors are not followed, only pointers");
    try {
        return root_.at(Json::json_pointer(pointer));
    } catch (const Json::exception&) {
        notes_.refuse(path, "leads to nothing in the document");
    }
}

void JsonKeywords::apply_reference(const Json& value, const std::string& path, JsonFacts& facts) {
    if (!value.is_string()) notes_.refuse(path, "must be a text");
    apply(resolve(value.get<std::string>(), path), path, facts);
}

void JsonKeywords::apply_branches(const Json& value, const std::string& path, bool is_exclusive, JsonFacts& facts) {
    std::vector<JsonFacts> branches(value.size());
    std::vector<std::size_t> other;  // than null alone
    bool are_types = true;
    JsonTypes some = 0, several = 0;
    for (std::size_t i = 0; i < value.size(); ++i) {
        apply(value[i], fmt::format("{}/{}", path, i), branches[i]);
        are_types = are_types && branches[i].are_types_alone();
        several |= some & branches[i].types;
        some |= branches[i].types;
        const bool is_null = branches[i].types == json_null && branches[i].beyond.empty();
        if (!is_null && branches[i].types != 0) other.push_back(i);
    }
    if (are_types) {
        facts.types &= is_exclusive ? some & ~several : some;
        return;
    }
    if (other.empty()) {
        facts.types &= is_exclusive ? some & ~several : some;
        return;
    }
    const bool null_counts_twice = is_exclusive && (several & json_null) != 0;
    if (other.size() > 1 || null_counts_twice) {
        facts.beyond.push_back({all_json_types, path, "only types, and something or null, can be said here"});
        return;
    }
    // Something or null: null is spared what is asked of the other.
    const JsonTypes before = facts.types & some & json_null;
    apply(value[other[0]], fmt::format("{}/{}", path, other[0]), facts);
    facts.types |= before;
}

void JsonKeywords::apply_not(const Json& value, const std::string& path, JsonFacts& facts) {
    JsonFacts inner;
    apply(value, path, inner);
    if (inner.are_types_alone()) {
        facts.types &= ~inner.types;
        return;
    }
    JsonFacts unsearched = inner;
    unsearched.patterns.clear();
    if (inner.patterns.size() == 1 && unsearched.are_types_alone()) {
        // A pattern holds of all that is no text.
        facts.types &= ~(inner.types & ~json_text);
        if ((inner.types & json_text) != 0) facts.refused_patterns.push_back(inner.patterns.front());
        return;
    }
    // Choices alone, however they are said: what else is asked of them would leave some of them valid.
    JsonFacts rest = inner;
    rest.choices.reset();
    if (!inner.choices || !rest.are_types_alone()) {
        facts.beyond.push_back(
            {inner.types, path, "only of types, of enum, of const and of one pattern can be said here"});
        return;
    }
    if ((inner.types & json_null) != 0) facts.types &= ~json_null;
    std::copy_if(inner.choices->begin(), inner.choices->end(), std::back_inserter(facts.excluded),
                 [&](const Json& choice) { return (json_type_of(choice) & inner.types) != 0; });
}

}  // namespace vedette::inline v0::validation
