// SPDX-License-Identifier: Apache-2.0
// Schemas from and to other tools: JSON Schema's official suite, what is refused with its path, and what is noted.
#include "vedette/validation/schema_exchange.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "unit/test_values.hpp"
#include "unit/validation/random_schema.hpp"
#include "vedette/validation/validator.hpp"

using namespace vedette;
using namespace vedette::validation;
using nlohmann::json;

namespace {

json read_data(const std::string& name) {
    std::ifstream file(std::string(VEDETTE_SOURCE_DIR) + "/tests/oracle/data/" + name);
    return json::parse(file);
}

// How a caller's reader of JSON would hand a value over; whether it is of the feature's type at all.
bool is_of_type(const Feature& feature, const json& value) {
    if (value.is_null()) return feature.nullable;
    switch (feature.type) {
        case FeatureType::floating: return value.is_number();
        case FeatureType::integer:
            return value.is_number() && (value.is_number_integer() || std::trunc(value.get<double>()) == value);
        case FeatureType::boolean: return value.is_boolean();
        case FeatureType::text:
        case FeatureType::bytes: break;
    }
    return value.is_string();
}

Value value_of(const json& value) {
    if (value.is_null()) return {};
    if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
    if (value.is_string()) return std::string_view(value.get_ref<const std::string&>());
    if (value.is_number_integer()) return value.get<std::int64_t>();
    return value.get<double>();
}

bool are_elements_of_type(const Feature& feature, const json& list) {
    if (!list.is_array() || list.size() < feature.valency[0].minimum || list.size() > feature.valency[0].maximum)
        return list.is_null() && feature.nullable;
    return std::all_of(list.begin(), list.end(), [&](const json& item) { return is_of_type(feature, item); });
}

bool is_valid(const Validator& rules, const json& row) {
    std::vector<Value> values(rules.feature_count());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const Feature& feature = rules.feature(i);
        const auto found = row.find(feature.name);
        if (found == row.end()) {
            if (feature.required) return false;
            continue;
        }
        if (!feature.valency.empty()) {
            if (!are_elements_of_type(feature, *found)) return false;
            continue;
        }
        if (!is_of_type(feature, *found)) return false;
        values[i] = value_of(*found);
    }
    // Lists are of other rows than these.
    if (std::any_of(values.begin(), values.end(), [](const Value& value) { return value.kind != Value::Kind::null; }))
        return rules.validate(values).severity != Severity::error;
    RowVerdict verdict;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (rules.feature(i).valency.empty() && row.contains(rules.feature(i).name))
            verdict |= rules.verdict(i, rules.check(i, values[i]));
    }
    return verdict.severity != Severity::error;
}

std::string fault_of(const std::string& text, bool allow_loss = false) {
    try {
        static_cast<void>(import_json_schema(text, {allow_loss}));
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::invalid_argument);
        return error.what();
    }
    return {};
}

}  // namespace

TEST_CASE("JSON Schema's suite: what is imported gives the suite's verdicts, all else is refused with its path") {
    const json data = read_data("json_schema_suite.json");
    std::map<std::string, int> accepted;
    std::size_t rows = 0;
    for (const json& group : data.at("cases")) {
        const std::string text = group.at("schema").dump();
        CAPTURE(text);
        ImportedSchema imported;
        try {
            imported = import_json_schema(text);
        } catch (const Error& error) {
            REQUIRE(error.code() == ErrorCode::invalid_argument);
            REQUIRE(std::string(error.what()).rfind("JSON Schema /", 0) == 0);
            continue;
        }
        ++accepted[group.at("file").get<std::string>()];
        for (const ExchangeNote& note : imported.notes) CHECK(note.effect != Effect::looser);
        const Validator rules(imported.schema);
        for (const json& row : group.at("rows")) {
            CAPTURE(row.dump());
            ++rows;
            CHECK(is_valid(rules, row[0]) == row[1].get<bool>());
        }
    }
    for (const auto& [file, count] : accepted) MESSAGE(file << " " << count);
    CHECK(rows > 1000);
}

namespace {

std::string property(const std::string& schema) {
    return R"({"properties":{"x":)" + schema + R"(},"required":["x"],"additionalProperties":false})";
}

}  // namespace

TEST_CASE("what JSON Schema says and we cannot is refused with its path, or told where losses are allowed") {
    struct Case {
        std::string text;
        const char* path;
        bool is_loss;
    };
    const std::vector<Case> cases{
        {"", "/", false},
        {"[]", "/", false},
        {R"({"type":"array"})", "/type", false},
        {R"({"$schema":"http://json-schema.org/draft-07/schema#"})", "/$schema", false},
        {R"({"required":["y"]})", "/required", false},
        {property("{}"), "/properties/x", false},
        {property("true"), "/properties/x", false},
        {property("false"), "/properties/x", false},
        {property("7"), "/properties/x", false},
        {property(R"({"type":"object"})"), "/properties/x", false},
        {property(R"({"type":["string","integer"]})"), "/properties/x", false},
        {property(R"({"type":"real"})"), "/properties/x/type", false},
        {property(R"({"type":"number","multipleOf":0.0001})"), "/properties/x/multipleOf", false},
        {property(R"({"type":"number","multipleOf":0})"), "/properties/x/multipleOf", false},
        {property(R"({"type":"integer","minimum":1e30})"), "/properties/x/minimum", false},
        {property(R"x({"type":"string","pattern":"a(?=b)"})x"), "/properties/x/pattern", true},
        {property(R"({"type":"string","pattern":"(a)\\1"})"), "/properties/x/pattern", true},
        {property(R"({"type":"string","not":{"pattern":"a"}})"), "/properties/x/not", true},
        {property(R"({"type":"string","allOf":[{"pattern":"a"},{"pattern":"b"}]})"), "/properties/x/allOf/1/pattern",
         true},
        {property(R"({"type":"number","anyOf":[{"minimum":1},{"maximum":0}]})"), "/properties/x/anyOf", true},
        {property(R"({"type":"array","items":{"type":"number"},"uniqueItems":true})"), "/properties/x/uniqueItems",
         true},
        {property(R"({"type":"number","if":{"minimum":1},"then":{"maximum":2}})"), "/properties/x/if", true},
        {property(R"({"$ref":"#/$defs/none"})"), "/properties/x/$ref", false},
        {property(R"({"$ref":"other.json"})"), "/properties/x/$ref", false},
        {property(R"({"$ref":"#/properties/x"})"), "/properties/x/$ref", false},
        {R"({"properties":{},"minProperties":1})", "/minProperties", true},
        {R"({"properties":{"a/b":{"type":"string"}},"dependentRequired":{"a/b":["c"]}})", "/dependentRequired/a~1b",
         true},
    };
    for (const Case& one : cases) {
        CAPTURE(one.text);
        const std::string fault = fault_of(one.text);
        CHECK(fault.rfind("JSON Schema " + std::string(one.path), 0) == 0);
        CHECK((fault_of(one.text, true).empty()) == one.is_loss);
        if (!one.is_loss) continue;
        const auto notes = import_json_schema(one.text, {.allow_loss = true}).notes;
        CHECK(std::any_of(notes.begin(), notes.end(), [&](const ExchangeNote& note) {
            return note.effect == Effect::looser && note.path == one.path;
        }));
    }
    // References that multiply: refused after so many parts, not followed for ever.
    std::string bomb = R"({"properties":{"x":{"$ref":"#/$defs/d0"}},"$defs":{)";
    for (int i = 0; i < 25; ++i) {
        const std::string next = "{\"$ref\":\"#/$defs/d" + std::to_string(i + 1) + "\"}";
        bomb += "\"d" + std::to_string(i) + "\":{\"allOf\":[" + next + "," + next + "]},";
    }
    CHECK(fault_of(bomb + R"("d25":{"type":"number"}}})").find("parts") != std::string::npos);
}

TEST_CASE("a JSON Schema as a person or pydantic writes it") {
    const ImportedSchema imported = import_json_schema(R"({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "fraud", "type": "object",
        "$defs": {"Country": {"enum": ["DE", "FR"], "title": "Country", "type": "string"}},
        "properties": {
            "zeta": {"type": "number", "minimum": 0, "exclusiveMaximum": 1e6, "multipleOf": 0.25},
            "count": {"type": "integer", "exclusiveMinimum": -0.5, "maximum": 7.5, "multipleOf": 1.5},
            "country": {"anyOf": [{"$ref": "#/$defs/Country"}, {"type": "null"}], "default": null},
            "day": {"type": "string", "format": "date"},
            "code": {"type": "string", "pattern": "^\\u0041.\\s[\\s[]$", "minLength": 2},
            "odd": {"enum": [1, 3, 5]},
            "list": {"type": "array", "minItems": 2, "items": {"type": "array", "items": {"type": "number"}}}
        },
        "required": ["zeta", "count", "country"],
        "dependentRequired": {"day": ["code"]},
        "x-team": "risk"})");
    const Schema& schema = imported.schema;
    CHECK(schema.name == "fraud");
    REQUIRE(schema.features.size() == 7);
    CHECK(schema.features[0].name == "zeta");  // the document's order
    CHECK(schema.features[0].number == Bounds<double>{0.0, 1e6, false, true, 0.25});
    CHECK(schema.features[1].integer == Bounds<std::int64_t>{0, 7, false, false, 3});
    CHECK(schema.features[2].domain == Domain{{"DE", "FR"}});
    CHECK(schema.features[2].nullable);
    CHECK(schema.features[3].format == Format::date);
    CHECK(!schema.features[3].required);
    CHECK(schema.features[4].length_unit == LengthUnit::code_points);
    CHECK(schema.features[6].valency == std::vector<Count>{{2, Count{}.maximum}, {}});
    REQUIRE(schema.expressions.size() == 2);
    CHECK(schema.expressions[0].expression == "`odd` in (1, 3, 5)");
    CHECK(schema.expressions[1].expression == "`day` != null implies `code` != null");
    std::vector<std::string> told;
    for (const ExchangeNote& note : imported.notes) told.push_back(describe(note));
    CHECK(std::find(told.begin(), told.end(), "annotation: /x-team: is no keyword of JSON Schema") != told.end());
    CHECK(std::find(told.begin(), told.end(), "stricter: /properties/day/format: \"date\" is asserted") != told.end());
    CHECK(std::find(told.begin(), told.end(), "annotation: /properties/country/default: is not kept") != told.end());
    const Validator rules(schema);
    CHECK(rules.check(4, "A\xE2\x82\xAC\xC2\xA0[") == 0);  // \s takes a no-break space, as ECMA-262 has it
    CHECK(rules.check(4, "A\n [") == set_of(Check::pattern));
}
