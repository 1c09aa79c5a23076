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

#include "source_directory.hpp"
#include "unit/test_values.hpp"
#include "unit/validation/random_schema.hpp"
#include "vedette/validation/validator.hpp"

using namespace vedette;
using namespace vedette::validation;
using nlohmann::json;

namespace {

json read_data(const std::string& name) {
    std::ifstream file(std::string(source_directory()) + "/tests/oracle/data/" + name);
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

TEST_CASE("TFDV: in_environment goes before not_in_environment") {
    const auto imported = import_tfdv_schema(
        "feature{name:'x' type:INT in_environment:'A' not_in_environment:'A'} feature{name:'y' type:INT "
        "in_environment:'B'}");
    CHECK(imported.schema.features[0].environments == std::vector<std::string>{"A"});
    CHECK(imported.schema.features[0].stage == Stage::production);
}

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
    int taken = 0;
    for (const auto& [file, count] : accepted) taken += count;
    CHECK(taken >= 235);
    CHECK(rows > 1000);
}

namespace {

std::string property(const std::string& schema) {
    return R"({"properties":{"x":)" + schema + R"(},"required":["x"],"additionalProperties":false})";
}

}  // namespace

TEST_CASE("TFDV: sizes are positive, and shared domains that no feature names hold no unknown fields") {
    CHECK_THROWS_AS(static_cast<void>(import_tfdv_schema("feature{name:'x' type:INT shape{dim{}}}")), Error);
    CHECK_THROWS_AS(static_cast<void>(import_tfdv_schema("feature{name:'x' type:INT} string_domain{name:'s' bogus:1}")),
                    Error);
}

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
        {property(R"({"type":"integer","multipleOf":9007199254740994})"), "/properties/x/multipleOf", false},
        {property(R"({"type":"integer","maximum":10000000000000000000})"), "/properties/x/maximum", true},
        {property(R"x({"type":"string","pattern":"a(?=b)"})x"), "/properties/x/pattern", true},
        {property(R"({"type":"string","pattern":"(a)\\1"})"), "/properties/x/pattern", true},
        {property(R"({"type":"string","not":{"minLength":3}})"), "/properties/x/not", true},
        {property(R"({"type":"integer","not":{"allOf":[{"enum":[1,2,3]},{"minimum":2}]}})"), "/properties/x/not", true},
        {property(R"({"type":"string","allOf":[{"pattern":"a"},{"pattern":"b"}]})"), "/properties/x/allOf/1/pattern",
         true},
        {property(R"({"type":"number","anyOf":[{"minimum":1},{"maximum":0}]})"), "/properties/x/anyOf", true},
        {property(R"({"type":"array","items":{"type":"number"},"uniqueItems":true})"), "/properties/x/uniqueItems",
         true},
        {property(R"({"type":"number","if":{"minimum":1},"then":{"maximum":2}})"), "/properties/x/if", true},
        {property(R"({"type":"integer","enum":[10000000000000000001]})"), "/properties/x", true},
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

TEST_CASE("integers that no double holds bound numbers by the next double within") {
    const auto at = [](const char* keyword) {
        return import_json_schema(property(R"({"type":"number",")" + std::string(keyword) + R"(":9007199254740993})"))
            .schema.features[0]
            .number;
    };
    CHECK(at("minimum").minimum == 0x1p53 + 2.0);
    CHECK(at("maximum").maximum == 0x1p53);
    CHECK(at("exclusiveMinimum").minimum == 0x1p53 + 2.0);
    CHECK_FALSE(at("exclusiveMinimum").exclusive_minimum);
    CHECK_FALSE(at("exclusiveMaximum").exclusive_maximum);
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

TEST_CASE("a long name is refused before it is told in the path of every note") {
    const std::string name(2000, 'n');
    const std::string text =
        R"({"properties":{")" + name + R"(":{"type":"number","title":"x"}},"additionalProperties":false})";
    CHECK(fault_of(text).rfind("JSON Schema /properties: ", 0) == 0);
}

TEST_CASE("TensorFlow Data Validation's schemas: read where protocol buffers' parser reads them, and saying the same") {
    const json data = read_data("tfdv_schema.json");
    int read = 0;
    for (const json& one : data.at("cases")) {
        const auto text = one.at("text").get<std::string>();
        CAPTURE(text);
        ImportedSchema imported;
        try {
            imported = import_tfdv_schema(text, {.allow_loss = true});
        } catch (const Error& error) {
            REQUIRE(error.code() == ErrorCode::invalid_argument);
            REQUIRE(std::string(error.what()).rfind("TFDV schema ", 0) == 0);
            continue;
        }
        REQUIRE(one.at("parses").get<bool>());
        ++read;
        REQUIRE(imported.schema.features.size() == one.at("features").size());
        for (std::size_t i = 0; i < imported.schema.features.size(); ++i) {
            const Feature& feature = imported.schema.features[i];
            const json& expected = one.at("features")[i];
            CHECK(feature.name == expected.at("name"));
            CHECK(feature.minimum_fraction == expected.at("min_fraction"));
            const bool is_integer = expected.at("type") == "INT";
            CHECK((feature.type == FeatureType::integer) == is_integer);
            CHECK((feature.type == FeatureType::floating) == (expected.at("type") == "FLOAT"));
            const auto bound = [&](const char* key, const auto& found) {
                CHECK(found.has_value() == expected.contains(key));
                if (found && expected.contains(key)) CHECK(*found == expected.at(key));
            };
            if (is_integer) {
                bound("min", feature.integer.minimum);
                bound("max", feature.integer.maximum);
            } else {
                bound("min", feature.number.minimum);
                bound("max", feature.number.maximum);
            }
            if (feature.domain && expected.contains("values")) CHECK(feature.domain->values == expected.at("values"));
        }
    }
    CHECK(read >= 45);
}

TEST_CASE("features times environments of a TFDV schema are bounded") {
    std::string text;
    for (int i = 0; i < 2000; ++i)
        text += "default_environment:\"e" + std::to_string(i) + "\" feature{name:\"f" + std::to_string(i) +
                "\" type:INT}\n";
    CHECK_THROWS_AS(static_cast<void>(import_tfdv_schema(text)), Error);
}

TEST_CASE("what TensorFlow Data Validation asks of presence, domains, environments and stages") {
    const char* const text = R"(
        default_environment: "TRAINING"
        default_environment: "SERVING"
        string_domain { name: "country" value: "DE" value: "FR" }
        feature { name: "label" type: INT not_in_environment: "SERVING" bool_domain { } presence { min_fraction: 1 } }
        feature { name: "country" type: BYTES domain: "country" distribution_constraints { min_domain_mass: 0.75 } }
        feature { name: "x" type: FLOAT float_domain { max: 0.1 disallow_nan: true } lifecycle_stage: BETA
                  presence { min_count: 3 min_fraction: 0.5 } }
        feature { name: "old" type: BYTES lifecycle_stage: DEPRECATED annotation { tag: "t" } }
        feature { name: "list" type: INT value_count { min: 1 } }
        feature { name: "url" type: BYTES url_domain { } })";
    const ImportedSchema imported = import_tfdv_schema(text);
    const std::vector<Feature>& features = imported.schema.features;
    CHECK(imported.schema.environments == std::vector<std::string>{"SERVING", "TRAINING"});
    CHECK(features[0].environments == std::vector<std::string>{"TRAINING"});
    CHECK(features[0].integer == Bounds<std::int64_t>{0, 1, false, false, std::nullopt});
    CHECK((features[0].required && !features[0].nullable));
    CHECK(features[1].domain == Domain{{"DE", "FR"}, 0.25, Case::exact});
    CHECK(features[1].type == FeatureType::text);
    CHECK((!features[1].required && features[1].nullable));
    CHECK(features[2].number.maximum == static_cast<double>(0.1F));
    CHECK((!features[2].allow_nan && features[2].allow_infinity));
    CHECK((features[2].required && features[2].nullable && features[2].minimum_count == 3));
    CHECK(features[2].stage == Stage::production);
    CHECK(features[3].stage == Stage::deprecated);
    CHECK(features[4].valency == std::vector<Count>{{1, Count{}.maximum}});
    CHECK(features[5].format == Format::none);
    const auto fault = [](const std::string& schema, bool allow_loss) {
        try {
            static_cast<void>(import_tfdv_schema(schema, {allow_loss}));
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    const std::string skew =
        "feature {\n  name: 'x' type: INT\n  skew_comparator { infinity_norm { threshold: 0.1 } }\n}";
    CHECK(fault(skew, false).rfind("TFDV schema 3:3: skew_comparator cannot be said here", 0) == 0);
    CHECK(fault(skew, true).empty());
    CHECK(fault("feature { name: 'x' type: STRUCT }", true).rfind("TFDV schema 1:1: STRUCT", 0) == 0);
    CHECK(fault("feature { name: 'x' type: BYTES domain: 'none' }", true).find("1:33") != std::string::npos);
    CHECK(fault(std::string(100000, '{'), true).rfind("TFDV schema 1:1: ", 0) == 0);
    std::string deep;
    for (int i = 0; i < 100000; ++i) deep += "a{";
    CHECK(fault(deep, true).find("levels deep") != std::string::npos);
}

TEST_CASE("a step that no decimal says is told where it is exported") {
    Schema schema;
    Feature feature;
    feature.name = "x";
    feature.type = FeatureType::floating;
    feature.number.step = 0.1;
    schema.features.push_back(feature);
    CHECK_THROWS_AS(static_cast<void>(export_json_schema(schema)), Error);
    schema.features[0].number.step = 0.25;
    CHECK_NOTHROW(static_cast<void>(export_json_schema(schema)));
}

TEST_CASE("random schemas: what is exported and imported again judges rows as before") {
    Random random(23);
    int exported = 0;
    for (int run = 0; run < 400; ++run) {
        Schema schema;
        for (std::size_t i = 0; i < 3; ++i) schema.features.push_back(random_schema::random_feature(random, i));
        ExportedSchema document;
        try {
            document = export_json_schema(schema);
            // Steps that no decimal says exactly have no counterpart on the way back.
            ImportedSchema again = import_json_schema(document.text, {.allow_loss = true});
            ++exported;
            const bool is_same_type =
                std::all_of(schema.features.begin(), schema.features.end(),
                            [](const Feature& one) { return one.stage == Stage::production && one.severity.empty(); });
            if (!is_same_type) continue;
            const Validator before(schema), after(again.schema);
            for (int k = 0; k < 20; ++k) {
                std::vector<Value> row(3);
                for (std::size_t i = 0; i < row.size(); ++i) {
                    const Feature& feature = schema.features[i];
                    const bool is_text = feature.type == FeatureType::text || feature.type == FeatureType::bytes;
                    const double x = random_schema::random_number(random);
                    // JSON has neither NaN nor infinities, nor texts that are not Unicode.
                    const std::string_view text = random_schema::random_text(random);
                    if (is_text) row[i] = text[0] == '\xC3' && text.size() == 1 ? Value() : Value(text);
                    if (!is_text && std::isfinite(x)) row[i] = x;
                    if (is_text && text[0] == '\xED') row[i] = Value();
                }
                CAPTURE(document.text);
                const bool was_valid = before.validate(row).severity != Severity::error;
                CHECK((after.validate(row).severity != Severity::error) == was_valid);
            }
        } catch (const Error& error) {
            CAPTURE(document.text);
            const std::string what = error.what();
            CHECK((what.find("allow losses") != std::string::npos || what.find("multiples") != std::string::npos ||
                   what.find("has no type") != std::string::npos || what.find("no integer") != std::string::npos ||
                   what.find("no value") != std::string::npos || what.find("counterpart") != std::string::npos));
        }
    }
    CHECK(exported > 100);
}

TEST_CASE("patterns that are refused go out as `not`, and come back; other rules of texts are losses") {
    const Schema schema =
        Schema::from_json(R"({"version":1,"features":[{"name":"x","type":"text","refused_patterns":["a+b","^c"]}]})");
    CHECK(import_json_schema(export_json_schema(schema).text).schema.features[0].refused_patterns ==
          schema.features[0].refused_patterns);
    for (const char* const rule : {R"("refused_characters":["tag"])", R"("scripts":"single")",
                                   R"("refuse_lookalikes":true)", R"("repetition":{})"}) {
        const Schema lossy =
            Schema::from_json(R"({"version":1,"features":[{"name":"x","type":"text",)" + std::string(rule) + "}]}");
        CHECK(vedette::testing::code_of([&] { static_cast<void>(export_json_schema(lossy)); }) ==
              ErrorCode::invalid_argument);
        CHECK(export_json_schema(lossy, {}, {.allow_loss = true}).notes.size() == 1);
    }
}

TEST_CASE("a pattern is exported with the escapes that ECMA-262 knows") {
    Schema schema;
    Feature feature;
    feature.name = "x";
    feature.type = FeatureType::text;
    feature.pattern = R"(a\-b\"\@][\-\#])";
    schema.features.push_back(feature);
    const json written = json::parse(export_json_schema(schema).text);
    CHECK(written["properties"]["x"]["pattern"] == R"(a-b"@\][\-#])");
}
