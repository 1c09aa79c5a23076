// SPDX-License-Identifier: Apache-2.0
#include "vedette/validation/schema.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "source_directory.hpp"
#include "unit/test_values.hpp"

using namespace vedette;
using namespace vedette::validation;
using vedette::testing::code_of;

namespace {

std::string fault_of(const std::string& text) {
    try {
        static_cast<void>(Schema::from_json(text));
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

std::string with(const std::string& members, const std::string& type = "floating") {
    return R"({"version":1,"features":[{"name":"x","type":")" + type + "\"" + (members.empty() ? "" : ",") + members +
           "}]}";
}

bool names(const std::string& message, const std::string& path) {
    return message.rfind("schema " + path + ": ", 0) == 0;
}

std::string full_document() {
    std::ifstream file(std::string(source_directory()) + "/tests/fuzz/corpus/schema/full.json");
    return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t below(Random& random, std::size_t limit) {
    return static_cast<std::size_t>(random() % limit);
}

// A random schema that is possible: every field is set at times.
Feature random_feature(Random& random, std::size_t index) {
    const auto coin = [&] { return below(random, 2) == 0; };
    Feature feature;
    feature.name = "feature \"" + std::to_string(index) + "\" \xC3\xA9";
    feature.type = static_cast<FeatureType>(below(random, 5));
    feature.meaning = static_cast<Meaning>(below(random, 8));
    feature.stage = static_cast<Stage>(below(random, 7));
    feature.required = coin();
    feature.nullable = coin();
    feature.minimum_fraction = coin() ? random.uniform() : 0.0;
    feature.minimum_count = coin() ? std::numeric_limits<std::uint64_t>::max() : 0;
    feature.unique = coin();
    if (coin()) {
        feature.shape.emplace(below(random, 4), -1);
    } else {
        feature.valency.resize(below(random, 3), {below(random, 3), 3 + below(random, 9)});
    }
    if (feature.type == FeatureType::floating) {
        feature.dtype = coin() ? std::optional(Dtype::bf16) : std::nullopt;
        if (coin()) feature.number = {random.normal(), 10.0 + random.uniform(), coin(), coin(), 0.1};
        if (coin()) feature.standard_score = {random.normal(), 0.1 + random.uniform(), 1e-300};
        feature.integral = coin();
        feature.allow_nan = coin();
        feature.allow_infinity = coin();
    } else if (feature.type == FeatureType::integer) {
        if (coin()) feature.integer.minimum = std::numeric_limits<std::int64_t>::min();
        if (coin()) feature.integer.maximum = std::numeric_limits<std::int64_t>::max();
        feature.order = static_cast<Order>(below(random, 5));
    } else if (feature.type == FeatureType::text || feature.type == FeatureType::bytes) {
        if (coin()) feature.domain = Domain{{"", "A\n", "\xF0\x9F\x98\x80"}, coin() ? 0.25 : 0.0, Case::fold_ascii};
        if (coin()) feature.length = Count{below(random, 3), 7};
        if (feature.type == FeatureType::text) feature.format = static_cast<Format>(below(random, 10));
        if (feature.type == FeatureType::text && coin()) feature.pattern = "^[a-z\\d\"]+|\xC3\xA9$";
        if (feature.type == FeatureType::text && feature.length && coin())
            feature.length_unit = LengthUnit::code_points;
        if (feature.type == FeatureType::text && coin()) {
            feature.refused_patterns = {"a\"", "^$"};
            feature.refused_characters = {CharacterClass::tag, CharacterClass::control};
            feature.scripts = static_cast<Scripts>(below(random, 3));
            feature.refuse_lookalikes = coin();
            if (coin()) feature.repetition = Repetition{TextUnit::code_points, 32, random.uniform(), 1024};
        }
        if (coin()) feature.replacement = "\xC3\xA9";
    }
    if (coin() && feature.type == FeatureType::floating) feature.replacement = random.normal();
    if (coin() && feature.type == FeatureType::integer) feature.replacement = std::numeric_limits<std::int64_t>::min();
    if (coin() && feature.type == FeatureType::boolean) feature.replacement = std::int64_t{1};
    if (coin()) feature.repair[Check::long_text] = Repair::clamp;
    if (coin()) feature.environments = {"serving"};
    if (coin())
        feature.severity[static_cast<Check>(below(random, check_count))] = static_cast<Severity>(below(random, 3));
    feature.owner = coin() ? "team" : "";
    feature.pii.resize(below(random, 2), "email");
    // What the feature's own rules would not let pass is no replacement.
    try {
        Schema{"", {"training", "serving"}, {feature}}.validate();
    } catch (const Error&) {
        feature.replacement = {};
    }
    if (feature.replacement.index() != 0 && coin()) feature.repair[Check::null] = Repair::impute;
    return feature;
}

}  // namespace

TEST_CASE("a document with every field is read as it says and written canonically") {
    const Schema schema = Schema::from_json(full_document());
    REQUIRE(schema.features.size() == 5);
    CHECK(schema.environments == std::vector<std::string>{"training", "serving"});
    const Feature& amount = schema.features[0];
    CHECK(amount.dtype == Dtype::f32);
    CHECK(amount.number == Bounds<double>{0.5, 1e6, true, false, 0.25});
    CHECK(amount.standard_score == StandardScore{10.0, 2.5, 6.0});
    CHECK(amount.severity.at(Check::minimum) == Severity::warning);
    CHECK(schema.features[1].domain == Domain{{"de", "fr"}, 0.01, Case::fold_ascii});
    CHECK(schema.features[1].length == Count{2, 2});
    CHECK(schema.features[2].integer.minimum == std::numeric_limits<std::int64_t>::min());
    CHECK(schema.features[2].integer.maximum == std::numeric_limits<std::int64_t>::max());
    CHECK(schema.features[3].valency == std::vector<Count>{{1, Count{}.maximum}, {0, 4}});
    CHECK(schema.features[4].shape == std::vector<std::int64_t>{-1, 3});
    const auto same = nlohmann::json::parse(full_document());
    CHECK(nlohmann::json::parse(schema.to_json()) == same);
}

TEST_CASE("random schemas survive writing and reading; equal ones give equal bytes") {
    Random random(7);
    for (int run = 0; run < 300; ++run) {
        Schema schema{run % 2 == 0 ? "model" : "", {"training", "serving"}, {}};
        for (std::size_t i = 0; i < 6; ++i) schema.features.push_back(random_feature(random, i));
        const std::string text = schema.to_json();
        const Schema again = Schema::from_json(text);
        REQUIRE(again == schema);
        REQUIRE(again.to_json() == text);
        // Neither spaces nor the order of keys (here: sorted) matter.
        REQUIRE(Schema::from_json(nlohmann::json::parse(text).dump(2)).to_json() == text);
    }
    Schema positive{"", {}, {Feature{}}};
    positive.features[0].name = "x";
    positive.features[0].number.minimum = 0.0;
    Schema negative = positive;
    negative.features[0].number.minimum = -0.0;
    CHECK(positive == negative);
    CHECK(positive.to_json() == negative.to_json());
}

TEST_CASE("a fault is refused with its path") {
    struct Case {
        std::string text;
        const char* path;
    };
    const std::array cases{
        Case{"", "/"},
        Case{"[]", ""},
        Case{"{\"features\":[]}", "/version"},
        Case{"{\"version\":1}", "/features"},
        Case{"{\"version\":1,\"features\":{}}", "/features"},
        Case{"{\"version\":1,\"features\":[],\"rule\":1}", "/rule"},
        Case{"{\"version\":1,\"features\":[1]}", "/features/0"},
        Case{"{\"version\":1,\"features\":[{\"name\":\"x\"}]}", "/features/0/type"},
        Case{with("\"regex\":\"a\"", "text"), "/features/0/regex"},
        Case{with("\"minimum\":1", "text"), "/features/0/minimum"},
        Case{with("\"minimum\":1.5", "integer"), "/features/0/minimum"},
        Case{with("\"minimum\":9223372036854775808", "integer"), "/features/0/minimum"},
        Case{with("\"minimum\":2,\"maximum\":1"), "/features/0/maximum"},
        Case{with("\"minimum\":1,\"maximum\":1,\"exclusive_maximum\":true"), "/features/0/maximum"},
        Case{with("\"minimum\":1,\"maximum\":2,\"exclusive_minimum\":true,\"exclusive_maximum\":true", "integer"),
             "/features/0/maximum"},
        Case{with("\"exclusive_minimum\":true"), "/features/0/exclusive_minimum"},
        Case{with("\"step\":0"), "/features/0/step"},
        Case{with("\"integral\":true", "integer"), "/features/0/integral"},
        Case{with("\"order\":\"increasing\"", "text"), "/features/0/order"},
        Case{with("\"dtype\":\"F32\"", "integer"), "/features/0/dtype"},
        Case{with("\"dtype\":\"F33\""), "/features/0/dtype"},
        Case{with("\"minimum_fraction\":1.5"), "/features/0/minimum_fraction"},
        Case{with("\"minimum_count\":-1"), "/features/0/minimum_count"},
        Case{with("\"shape\":[2,-2]"), "/features/0/shape/1"},
        Case{with("\"shape\":[2],\"valency\":[{}]"), "/features/0/valency"},
        Case{with("\"valency\":[{},{},{}]"), "/features/0/valency"},
        Case{with("\"valency\":[{},{\"minimum\":2,\"maximum\":1}]"), "/features/0/valency/1"},
        Case{with("\"standard_score\":{\"mean\":0,\"limit\":1}"), "/features/0/standard_score/standard_deviation"},
        Case{with("\"standard_score\":{\"mean\":0,\"standard_deviation\":1e300,\"limit\":1e300}"),
             "/features/0/standard_score/limit"},
        Case{with("\"domain\":{\"values\":[]}", "text"), "/features/0/domain/values"},
        Case{with("\"domain\":{\"values\":[\"a\",\"A\"],\"letter_case\":\"fold_ascii\"}", "text"),
             "/features/0/domain/values/1"},
        Case{with("\"domain\":{\"values\":[\"a\"]}"), "/features/0/domain"},
        Case{with("\"format\":\"zip\"", "text"), "/features/0/format"},
        Case{with("\"format\":\"date\"", "bytes"), "/features/0/format"},
        Case{with("\"pattern\":\"(a\"", "text"), "/features/0/pattern"},
        Case{with("\"pattern\":\"a(?=b)\"", "text"), "/features/0/pattern"},
        Case{with("\"pattern\":\"(a)\\\\1\"", "text"), "/features/0/pattern"},
        Case{with("\"pattern\":7", "text"), "/features/0/pattern"},
        Case{with("\"pattern\":\"a\"", "bytes"), "/features/0/pattern"},
        Case{with("\"pattern\":\"a\""), "/features/0/pattern"},
        Case{with("\"length_unit\":\"code_points\"", "text"), "/features/0/length_unit"},
        Case{with("\"environments\":[\"serving\"]"), "/features/0/environments/0"},
        Case{with("\"severity\":{\"speed\":\"error\"}"), "/features/0/severity/speed"},
        Case{with("\"severity\":{\"type\":\"fatal\"}"), "/features/0/severity/type"},
        Case{with("\"pii\":[\"a\",\"a\"]"), "/features/0/pii/1"},
        Case{"{\"version\":1,\"features\":[{\"name\":\"x\",\"type\":\"text\"},{\"name\":\"x\",\"type\":\"text\"}]}",
             "/features/1/name"},
        Case{with("\"owner\":\"a\",\"owner\":\"b\""), "/"},
        Case{with("\"minimum\":1e999"), "/"},
    };
    for (const Case& one : cases) {
        INFO(one.text);
        INFO(fault_of(one.text));
        CHECK(names(fault_of(one.text), *one.path == '\0' ? "/" : one.path));
        CHECK(code_of([&] { static_cast<void>(Schema::from_json(one.text)); }) == ErrorCode::invalid_argument);
    }
    CHECK(fault_of(with("")).empty());
    CHECK(code_of([] { static_cast<void>(Schema::from_json("{\"version\":2,\"features\":[]}")); }) ==
          ErrorCode::unsupported_version);
}

TEST_CASE("a schema made in code is held to the same rules") {
    const auto refused = [](auto change) {
        Schema schema{"", {}, {Feature{}}};
        schema.features[0].name = "x";
        CHECK(code_of([&] { schema.validate(); }) == ErrorCode{});
        change(schema.features[0]);
        CHECK(code_of([&] { static_cast<void>(schema.to_json()); }) == ErrorCode::invalid_argument);
    };
    refused([](Feature& f) { f.name.clear(); });
    refused([](Feature& f) { f.name = "\xC3\x28"; });
    refused([](Feature& f) { f.name = std::string("a\0b", 3); });
    refused([](Feature& f) { f.type = static_cast<FeatureType>(5); });
    refused([](Feature& f) { f.dtype = static_cast<Dtype>(0); });
    refused([](Feature& f) { f.number.minimum = std::nan(""); });
    refused([](Feature& f) { f.number.maximum = INFINITY; });
    refused([](Feature& f) { f.number.step = -1.0; });
    refused([](Feature& f) { f.integer.minimum = 1; });
    refused([](Feature& f) { f.minimum_fraction = std::nan(""); });
    refused([](Feature& f) { f.severity[static_cast<Check>(check_count)] = Severity::error; });
    refused([](Feature& f) { f.severity[Check::type] = static_cast<Severity>(3); });
}

TEST_CASE("hostile documents are refused in little time and space") {
    CHECK(!fault_of(std::string(100000, '[')).empty());
    CHECK(!fault_of(std::string("{\"version\":1,\"features\":[]}\0x", 29)).empty());
    std::string many = "{\"version\":1,\"features\":[]";
    for (int i = 0; i < 50000; ++i) many += ",\"k" + std::to_string(i) + "\":0";
    CHECK(names(fault_of(many + "}"), "/k0"));
}

TEST_CASE("checks have names of their own, and those of TensorFlow Data Validation") {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < check_count; ++i) {
        const auto check = static_cast<Check>(i);
        CHECK(check_from_name(check_name(check)) == check);
        seen.insert(check_name(check));
    }
    CHECK(seen.size() == check_count);
    CHECK_FALSE(check_from_name("unknown"));
    CHECK(std::string(check_name(static_cast<Check>(check_count))) == "unknown");
    CHECK(std::string(anomaly_name(Check::minimum)) == "FLOAT_TYPE_SMALL_FLOAT");
    CHECK(std::string(anomaly_name(Check::minimum, true)) == "INT_TYPE_SMALL_INT");
    CHECK(std::string(anomaly_name(Check::domain, true)) == "ENUM_TYPE_UNEXPECTED_STRING_VALUES");
    CHECK(std::string(anomaly_name(Check::step)).empty());
}
