// SPDX-License-Identifier: Apache-2.0
// A schema's document: read strictly, written canonically.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "core/strict_json.hpp"
#include "validation/schema_words.hpp"
#include "vedette/core/error.hpp"
#include "vedette/validation/schema.hpp"

namespace vedette::inline v0::validation {

namespace {

using Json = nlohmann::json;             // read: its objects are trees, many keys cost no quadratic time
using Ordered = nlohmann::ordered_json;  // written: keys in the order of the header

void read(bool& value, const Json& json, const std::string& path) {
    if (!json.is_boolean()) refuse(path, "must be true or false");
    value = json.get<bool>();
}

void read(double& value, const Json& json, const std::string& path) {
    if (!json.is_number()) refuse(path, "must be a number");
    value = json.get<double>();
}

void read(std::int64_t& value, const Json& json, const std::string& path) {
    constexpr auto highest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (!json.is_number_integer() || (json.is_number_unsigned() && json.get<std::uint64_t>() > highest))
        refuse(path, "must be an integer of 64 bits");
    value = json.get<std::int64_t>();
}

void read(std::uint64_t& value, const Json& json, const std::string& path) {
    if (!json.is_number_unsigned()) refuse(path, "must be a non-negative integer of 64 bits");
    value = json.get<std::uint64_t>();
}

void read(std::string& value, const Json& json, const std::string& path) {
    if (!json.is_string()) refuse(path, "must be a text");
    value = json.get<std::string>();
}

template <class Enum, std::size_t n>
void read_word(Enum& value, const Json& json, const std::string& path, const std::array<const char*, n>& words) {
    if (!json.is_string()) refuse(path, "must be a word");
    const auto& text = json.get_ref<const std::string&>();
    std::string allowed;
    for (std::size_t i = 0; i < n; ++i) {
        if (text == words[i]) {
            value = static_cast<Enum>(i);
            return;
        }
        allowed += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", words[i]);
    }
    refuse(path, fmt::format("\"{}\" is not one of {}", text, allowed));
}

void read(Dtype& value, const Json& json, const std::string& path) {
    std::string text;
    read(text, json, path);
    const auto known = dtype_from_name(text);
    if (!known) refuse(path, fmt::format("\"{}\" is no type, such as \"F32\" or \"I64\"", text));
    value = *known;
}

void read(Count& value, const Json& json, const std::string& path);
void read(Feature& value, const Json& json, const std::string& path);
void read(StandardScore& value, const Json& json, const std::string& path);
void read(Domain& value, const Json& json, const std::string& path);
void read(std::map<Check, Severity>& value, const Json& json, const std::string& path);
void read(std::map<Check, Repair>& value, const Json& json, const std::string& path);
void read(CharacterClass& value, const Json& json, const std::string& path);
void read(Repetition& value, const Json& json, const std::string& path);
void read(Expression& value, const Json& json, const std::string& path);
void read(Freshness& value, const Json& json, const std::string& path);
void read(ReferenceSet& value, const Json& json, const std::string& path);

template <class T>
void read(std::vector<T>& values, const Json& json, const std::string& path) {
    if (!json.is_array()) refuse(path, "must be an array");
    for (std::size_t i = 0; i < json.size(); ++i) read(values.emplace_back(), json[i], fmt::format("{}/{}", path, i));
}

// Takes the members of an object one by one; what nobody asked for is unknown.
class Members {
  public:
    Members(const Json& json, const std::string& path) : json_(json), path_(path) {
        if (!json.is_object()) refuse(path, "must be an object");
    }

    const Json* find(const char* key) {
        known_.emplace_back(key);
        const auto found = json_.find(key);
        return found == json_.end() ? nullptr : &*found;
    }
    const Json& need(const char* key) {
        const Json* found = find(key);
        if (found == nullptr) refuse(place(key), "is missing");
        return *found;
    }
    template <class T>
    void take(const char* key, T& value) {
        if (const Json* found = find(key)) read(value, *found, place(key));
    }
    template <class T>
    void take(const char* key, std::optional<T>& value) {
        if (const Json* found = find(key)) read(value.emplace(), *found, place(key));
    }
    template <class Enum, std::size_t n>
    void take_word(const char* key, Enum& value, const std::array<const char*, n>& words) {
        if (const Json* found = find(key)) read_word(value, *found, place(key), words);
    }
    void finish() const {
        for (const auto& [key, value] : json_.items()) {
            if (std::find(known_.begin(), known_.end(), key) == known_.end()) refuse(path_ + "/" + key, "unknown key");
        }
    }
    [[nodiscard]] std::string place(const char* key) const { return path_ + "/" + key; }

  private:
    const Json& json_;
    const std::string& path_;
    std::vector<std::string_view> known_;
};

void read(Count& value, const Json& json, const std::string& path) {
    Members members(json, path);
    members.take("minimum", value.minimum);
    members.take("maximum", value.maximum);
    members.finish();
}

void read(StandardScore& value, const Json& json, const std::string& path) {
    Members members(json, path);
    read(value.mean, members.need("mean"), members.place("mean"));
    read(value.standard_deviation, members.need("standard_deviation"), members.place("standard_deviation"));
    read(value.limit, members.need("limit"), members.place("limit"));
    members.finish();
}

void read(Domain& value, const Json& json, const std::string& path) {
    Members members(json, path);
    read(value.values, members.need("values"), members.place("values"));
    members.take("tolerated_mass", value.tolerated_mass);
    members.take_word("letter_case", value.letter_case, case_words);
    members.take_word("normal_form", value.normal_form, normal_form_words);
    members.finish();
}

void read(Freshness& value, const Json& json, const std::string& path) {
    Members members(json, path);
    members.take("maximum_age", value.maximum_age);
    members.take("maximum_ahead", value.maximum_ahead);
    members.take_word("unit", value.unit, time_unit_words);
    members.finish();
}

void read(ReferenceSet& value, const Json& json, const std::string& path) {
    Members members(json, path);
    read(value.name, members.need("name"), members.place("name"));
    members.take("values", value.values);
    members.take("most_values", value.most_values);
    members.finish();
}

template <class Enum, std::size_t n>
void read_by_check(std::map<Check, Enum>& value, const Json& json, const std::string& path,
                   const std::array<const char*, n>& words) {
    if (!json.is_object()) refuse(path, "must be an object");
    for (const auto& [key, word] : json.items()) {
        const auto check = check_from_name(key);
        if (!check) refuse(path + "/" + key, "unknown check");
        read_word(value[*check], word, path + "/" + key, words);
    }
}
void read(std::map<Check, Severity>& value, const Json& json, const std::string& path) {
    read_by_check(value, json, path, severity_words);
}
void read(std::map<Check, Repair>& value, const Json& json, const std::string& path) {
    read_by_check(value, json, path, repair_words);
}

void read(CharacterClass& value, const Json& json, const std::string& path) {
    read_word(value, json, path, character_words);
}

void read(Repetition& value, const Json& json, const std::string& path) {
    const auto read_small = [](std::uint32_t& small, const Json& number, const std::string& place) {
        std::uint64_t wide = 0;
        read(wide, number, place);
        if (wide > std::numeric_limits<std::uint32_t>::max()) refuse(place, "must be an integer of 32 bits");
        small = static_cast<std::uint32_t>(wide);
    };
    Members members(json, path);
    members.take_word("unit", value.unit, text_unit_words);
    if (const Json* found = members.find("length")) read_small(value.length, *found, members.place("length"));
    members.take("maximum_share", value.maximum_share);
    if (const Json* found = members.find("minimum_grams"))
        read_small(value.minimum_grams, *found, members.place("minimum_grams"));
    members.finish();
}

void read_replacement(Members& members, Feature& feature) {
    const Json* const found = members.find("replacement");
    if (found == nullptr) return;
    const std::string place = members.place("replacement");
    switch (feature.type) {
        case FeatureType::floating: read(feature.replacement.emplace<double>(), *found, place); break;
        case FeatureType::integer: read(feature.replacement.emplace<std::int64_t>(), *found, place); break;
        case FeatureType::boolean: {
            bool value = false;
            read(value, *found, place);
            feature.replacement = std::int64_t{value};
            break;
        }
        case FeatureType::text:
        case FeatureType::bytes: read(feature.replacement.emplace<std::string>(), *found, place); break;
    }
}

template <class Number>
void take_bounds(Members& members, Bounds<Number>& bounds) {
    members.take("minimum", bounds.minimum);
    members.take("maximum", bounds.maximum);
    members.take("exclusive_minimum", bounds.exclusive_minimum);
    members.take("exclusive_maximum", bounds.exclusive_maximum);
    members.take("step", bounds.step);
}

void read(Feature& value, const Json& json, const std::string& path) {
    Members members(json, path);
    read(value.name, members.need("name"), members.place("name"));
    read_word(value.type, members.need("type"), members.place("type"), type_words);
    members.take("dtype", value.dtype);
    members.take_word("meaning", value.meaning, meaning_words);
    members.take_word("stage", value.stage, stage_words);
    members.take("required", value.required);
    members.take("nullable", value.nullable);
    members.take("minimum_fraction", value.minimum_fraction);
    members.take("minimum_count", value.minimum_count);
    members.take("shape", value.shape);
    members.take("valency", value.valency);
    // Bounds of a text or a boolean are unknown keys.
    if (value.type == FeatureType::floating) take_bounds(members, value.number);
    if (value.type == FeatureType::integer) take_bounds(members, value.integer);
    members.take("standard_score", value.standard_score);
    members.take("integral", value.integral);
    members.take("allow_nan", value.allow_nan);
    members.take("allow_infinity", value.allow_infinity);
    members.take("domain", value.domain);
    members.take("reference_set", value.reference_set);
    members.take("freshness", value.freshness);
    members.take("length", value.length);
    members.take_word("length_unit", value.length_unit, unit_words);
    members.take_word("format", value.format, format_words);
    members.take("pattern", value.pattern);
    members.take("refused_patterns", value.refused_patterns);
    members.take("refused_characters", value.refused_characters);
    members.take_word("scripts", value.scripts, scripts_words);
    members.take("refuse_lookalikes", value.refuse_lookalikes);
    members.take("repetition", value.repetition);
    members.take("repair", value.repair);
    read_replacement(members, value);
    members.take("unique", value.unique);
    members.take_word("order", value.order, order_words);
    members.take("environments", value.environments);
    members.take("severity", value.severity);
    members.take("owner", value.owner);
    members.take("pii", value.pii);
    members.finish();
}

void read(Expression& value, const Json& json, const std::string& path) {
    Members members(json, path);
    read(value.name, members.need("name"), members.place("name"));
    read(value.expression, members.need("expression"), members.place("expression"));
    members.take_word("severity", value.severity, severity_words);
    members.finish();
}

Ordered write(const Count& count) {
    Ordered json = Ordered::object();
    if (count.minimum != Count{}.minimum) json["minimum"] = count.minimum;
    if (count.maximum != Count{}.maximum) json["maximum"] = count.maximum;
    return json;
}

// -0 equals 0, so it is written as 0.
template <class Number>
Number plain(Number value) {
    return value == Number{0} ? Number{0} : value;
}

template <class Number>
void write_bounds(const Bounds<Number>& bounds, Ordered& json) {
    if (bounds.minimum) json["minimum"] = plain(*bounds.minimum);
    if (bounds.maximum) json["maximum"] = plain(*bounds.maximum);
    if (bounds.exclusive_minimum) json["exclusive_minimum"] = true;
    if (bounds.exclusive_maximum) json["exclusive_maximum"] = true;
    if (bounds.step) json["step"] = *bounds.step;
}

template <class Enum, std::size_t n>
void write_word(Ordered& json, const char* key, Enum value, const std::array<const char*, n>& words) {
    if (value != Enum{}) json[key] = words[static_cast<std::size_t>(value)];
}

void write_presence(const Feature& feature, Ordered& json) {
    if (!feature.required) json["required"] = false;
    if (feature.nullable) json["nullable"] = true;
    if (feature.minimum_fraction != 0.0) json["minimum_fraction"] = feature.minimum_fraction;
    if (feature.minimum_count != 0) json["minimum_count"] = feature.minimum_count;
    if (feature.shape) json["shape"] = *feature.shape;
    for (const Count& count : feature.valency) json["valency"].push_back(write(count));
}

void write_texts(const Feature& feature, Ordered& json) {
    if (!feature.refused_patterns.empty()) json["refused_patterns"] = feature.refused_patterns;
    for (const CharacterClass refused : feature.refused_characters)
        json["refused_characters"].push_back(character_words[static_cast<std::size_t>(refused)]);
    write_word(json, "scripts", feature.scripts, scripts_words);
    if (feature.refuse_lookalikes) json["refuse_lookalikes"] = true;
    if (!feature.repetition) return;
    const Repetition& repetition = *feature.repetition;
    Ordered& item = json["repetition"] = Ordered::object();
    write_word(item, "unit", repetition.unit, text_unit_words);
    if (repetition.length != Repetition{}.length) item["length"] = repetition.length;
    if (repetition.maximum_share != Repetition{}.maximum_share) item["maximum_share"] = plain(repetition.maximum_share);
    if (repetition.minimum_grams != Repetition{}.minimum_grams) item["minimum_grams"] = repetition.minimum_grams;
}

void write_replacement(const Feature& feature, Ordered& json) {
    if (const auto* const number = std::get_if<double>(&feature.replacement)) json["replacement"] = plain(*number);
    if (const auto* const whole = std::get_if<std::int64_t>(&feature.replacement)) {
        if (feature.type == FeatureType::boolean) {
            json["replacement"] = *whole != 0;
        } else {
            json["replacement"] = *whole;
        }
    }
    if (const auto* const text = std::get_if<std::string>(&feature.replacement)) json["replacement"] = *text;
}

void write_rules(const Feature& feature, Ordered& json) {
    write_bounds(feature.number, json);
    write_bounds(feature.integer, json);
    if (feature.standard_score) {
        json["standard_score"] = {{"mean", plain(feature.standard_score->mean)},
                                  {"standard_deviation", feature.standard_score->standard_deviation},
                                  {"limit", feature.standard_score->limit}};
    }
    if (feature.integral) json["integral"] = true;
    if (feature.allow_nan) json["allow_nan"] = true;
    if (feature.allow_infinity) json["allow_infinity"] = true;
    if (feature.domain) {
        Ordered& domain = json["domain"];
        domain["values"] = feature.domain->values;
        if (feature.domain->tolerated_mass != 0.0) domain["tolerated_mass"] = feature.domain->tolerated_mass;
        write_word(domain, "letter_case", feature.domain->letter_case, case_words);
        write_word(domain, "normal_form", feature.domain->normal_form, normal_form_words);
    }
    if (!feature.reference_set.empty()) json["reference_set"] = feature.reference_set;
    if (feature.freshness) {
        Ordered& freshness = json["freshness"] = Ordered::object();
        if (feature.freshness->maximum_age) freshness["maximum_age"] = plain(*feature.freshness->maximum_age);
        if (feature.freshness->maximum_ahead) freshness["maximum_ahead"] = plain(*feature.freshness->maximum_ahead);
        write_word(freshness, "unit", feature.freshness->unit, time_unit_words);
    }
    if (feature.length) json["length"] = write(*feature.length);
    write_word(json, "length_unit", feature.length_unit, unit_words);
    write_word(json, "format", feature.format, format_words);
    if (!feature.pattern.empty()) json["pattern"] = feature.pattern;
    write_texts(feature, json);
    for (const auto& [check, repair] : feature.repair)
        json["repair"][check_name(check)] = repair_words[static_cast<std::size_t>(repair)];
    write_replacement(feature, json);
    if (feature.unique) json["unique"] = true;
    write_word(json, "order", feature.order, order_words);
}

Ordered write(const Feature& feature) {
    Ordered json = Ordered::object();
    json["name"] = feature.name;
    json["type"] = feature_type_name(feature.type);
    if (feature.dtype) json["dtype"] = std::string(dtype_name(*feature.dtype));
    write_word(json, "meaning", feature.meaning, meaning_words);
    write_word(json, "stage", feature.stage, stage_words);
    write_presence(feature, json);
    write_rules(feature, json);
    if (!feature.environments.empty()) json["environments"] = feature.environments;
    for (const auto& [check, severity] : feature.severity)
        json["severity"][check_name(check)] = severity_name(severity);
    if (!feature.owner.empty()) json["owner"] = feature.owner;
    if (!feature.pii.empty()) json["pii"] = feature.pii;
    return json;
}

}  // namespace

std::string Schema::to_json() const {
    validate();
    Ordered json = Ordered::object();
    json["version"] = version;
    if (!name.empty()) json["name"] = name;
    if (!environments.empty()) json["environments"] = environments;
    json["features"] = Ordered::array();
    for (const Feature& feature : features) json["features"].push_back(write(feature));
    for (const Expression& expression : expressions) {
        Ordered& item = json["expressions"].emplace_back(Ordered::object());
        item["name"] = expression.name;
        item["expression"] = expression.expression;
        if (expression.severity != Expression{}.severity) item["severity"] = severity_name(expression.severity);
    }
    for (const ReferenceSet& set : reference_sets) {
        Ordered& item = json["reference_sets"].emplace_back(Ordered::object());
        item["name"] = set.name;
        if (!set.values.empty()) item["values"] = set.values;
        if (set.most_values != ReferenceSet{}.most_values) item["most_values"] = set.most_values;
    }
    return json.dump();
}

Schema Schema::from_json(std::string_view text) {
    constexpr int max_depth = 8;
    if (const std::string fault = detail::strict_json_fault(text, max_depth); !fault.empty()) refuse("", fault);
    const Json json = Json::parse(text);
    const std::string root;
    Members members(json, root);
    std::int64_t found = 0;
    read(found, members.need("version"), "/version");
    if (found != version) {
        throw Error(
            ErrorCode::unsupported_version,
            fmt::format("schema /version: {} is not known here; this library reads version {}", found, version));
    }
    Schema schema;
    members.take("name", schema.name);
    members.take("environments", schema.environments);
    read(schema.features, members.need("features"), "/features");
    members.take("expressions", schema.expressions);
    members.take("reference_sets", schema.reference_sets);
    members.finish();
    schema.validate();
    return schema;
}

}  // namespace vedette::inline v0::validation
