// SPDX-License-Identifier: Apache-2.0
#include "vedette/validation/schema_diff.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "unit/test_values.hpp"
#include "unit/validation/random_schema.hpp"
#include "vedette/core/value.hpp"
#include "vedette/validation/validator.hpp"

using namespace vedette;
using namespace vedette::validation;
using namespace vedette::validation::random_schema;
using vedette::testing::code_of;

namespace {

Schema of(const std::string& features) {
    return Schema::from_json(R"({"version":1,"environments":["training","serving"],"features":[)" + features + "]}");
}

// The kinds of all changes from one feature's fields to another's.
std::string kinds(const std::string& before, const std::string& after) {
    const auto feature = [](const std::string& fields) { return of(R"({"name":"x",)" + fields + "}"); };
    std::string text;
    for (const SchemaChange& change : diff(feature(before), feature(after)))
        text += (text.empty() ? "" : " ") + change.field + "=" + change_kind_name(change.kind);
    return text;
}

TEST_CASE("each field's change is judged") {
    const std::string number = R"("type":"floating")";
    const std::string integer = R"("type":"integer")";
    const std::string text = R"("type":"text")";
    struct Case {
        std::string before;
        std::string after;
        const char* kinds;
    };
    const Case cases[] = {
        {number, number, ""},
        {number, number + R"(,"minimum":0)", "minimum=breaking"},
        {number + R"(,"minimum":0)", number + R"(,"minimum":-1)", "minimum=loosened"},
        {number + R"(,"minimum":0)", number + R"(,"minimum":0,"exclusive_minimum":true)", "exclusive_minimum=breaking"},
        {number + R"(,"maximum":9)", number + R"(,"maximum":8,"severity":{"maximum":"warning"})",
         "maximum=warned severity=loosened"},
        {number + R"(,"maximum":9)", number + R"(,"maximum":8,"severity":{"maximum":"none"})",
         "maximum=annotation severity=loosened"},
        {number + R"(,"severity":{"maximum":"none"})", number, "severity=breaking"},
        {number + R"(,"step":0.5)", number + R"(,"step":0.25)", "step=loosened"},
        {number + R"(,"step":0.5)", number + R"(,"step":0.75)", "step=breaking"},
        {integer + R"(,"step":4)", integer + R"(,"step":2)", "step=loosened"},
        {integer + R"(,"step":4)", integer + R"(,"step":8)", "step=breaking"},
        {number + R"(,"standard_score":{"mean":0,"standard_deviation":1,"limit":4})",
         number + R"(,"standard_score":{"mean":0,"standard_deviation":2,"limit":2})", "standard_score=annotation"},
        {number + R"(,"standard_score":{"mean":0,"standard_deviation":1,"limit":4})",
         number + R"(,"standard_score":{"mean":1,"standard_deviation":1,"limit":4})", "standard_score=breaking"},
        {number + R"(,"allow_nan":true)", number, "allow_nan=breaking"},
        {number, number + R"(,"allow_infinity":true)", "allow_infinity=loosened"},
        {number + R"(,"nullable":true)", number, "nullable=breaking"},
        {number + R"(,"required":false)", number, "required=breaking"},
        {number, number + R"(,"required":false)", "required=loosened"},
        {number, integer, "type=breaking"},
        {number, number + R"(,"dtype":"F32")", "dtype=breaking"},
        {number + R"(,"dtype":"F32")", number, "dtype=loosened"},
        {number + R"(,"shape":[-1,3])", number + R"(,"shape":[2,3])", "shape=breaking"},
        {number + R"(,"shape":[2,3])", number + R"(,"shape":[-1,3])", "shape=loosened"},
        {number + R"(,"minimum_fraction":0.5)", number + R"(,"minimum_fraction":0.6)", "minimum_fraction=breaking"},
        {number + R"(,"unique":true)", number, "unique=loosened"},
        {number + R"(,"order":"strictly_increasing")", number + R"(,"order":"increasing")", "order=loosened"},
        {number + R"(,"order":"increasing")", number + R"(,"order":"decreasing")", "order=breaking"},
        {text + R"(,"domain":{"values":["a","b"]})", text + R"(,"domain":{"values":["b","a","c"]})", "domain=loosened"},
        {text + R"(,"domain":{"values":["a","b"]})", text + R"(,"domain":{"values":["a"]})", "domain=breaking"},
        {text + R"(,"domain":{"values":["A"]})", text + R"(,"domain":{"values":["a"],"letter_case":"fold_ascii"})",
         "domain=loosened"},
        {text + R"(,"format":"uuid")", text + R"(,"format":"ipv4")", "format=breaking"},
        {text + R"(,"format":"uuid")", text, "format=loosened"},
        {text, text + R"(,"pattern":"a")", "pattern=breaking"},
        {text + R"(,"pattern":"a")", text + R"(,"pattern":"a|b")", "pattern=breaking"},
        {text + R"(,"pattern":"a")", text, "pattern=loosened"},
        {text + R"(,"pattern":"a")", text + R"(,"pattern":"b","severity":{"pattern":"warning"})",
         "pattern=warned severity=loosened"},
        {text, text + R"(,"refused_patterns":["a"])", "refused_patterns=breaking"},
        {text + R"(,"refused_patterns":["a","b"])", text + R"(,"refused_patterns":["b"])", "refused_patterns=loosened"},
        {text + R"(,"refused_characters":["tag"])", text + R"(,"refused_characters":["tag","control"])",
         "refused_characters=breaking"},
        {text + R"(,"refused_characters":["tag","joiner"])",
         text + R"(,"refused_characters":["tag"],"severity":{"invisible":"warning"})",
         "refused_characters=loosened severity=loosened"},
        {text + R"(,"scripts":"single")", text + R"(,"scripts":"highly_restrictive")", "scripts=loosened"},
        {text, text + R"(,"scripts":"highly_restrictive")", "scripts=breaking"},
        {text, text + R"(,"refuse_lookalikes":true)", "refuse_lookalikes=breaking"},
        {text, text + R"(,"repetition":{})", "repetition=breaking"},
        {text + R"(,"repetition":{})", text + R"(,"repetition":{"maximum_share":0.75})", "repetition=loosened"},
        {text + R"(,"repetition":{})", text + R"(,"repetition":{"length":4})", "repetition=breaking"},
        {text + R"(,"repetition":{})", text + R"(,"repetition":{"minimum_grams":16})", "repetition=breaking"},
        {text, text + R"(,"owner":"us","pii":["email"],"meaning":"categorical")",
         "meaning=annotation owner=annotation pii=annotation"},
        {text + R"(,"stage":"beta")", text, "stage=breaking"},
        {text, text + R"(,"format":"uuid","stage":"beta")", "format=annotation stage=loosened"},
        {text, text + R"(,"environments":["training"])", "environments=breaking"},
        {text, text + R"(,"environments":["training","serving"])", "environments=annotation"}};
    for (const Case& one : cases) {
        CAPTURE(one.before);
        CAPTURE(one.after);
        CHECK(kinds(one.before, one.after) == one.kinds);
    }
}

TEST_CASE("features that come, go and move") {
    const std::string a = R"({"name":"a","type":"floating"})";
    const std::string b = R"({"name":"b","type":"integer"})";
    const std::string optional = R"({"name":"c","type":"text","required":false})";
    CHECK(diff(of(a + "," + b), of(a + "," + b)).empty());
    const auto added = diff(of(a), of(a + "," + optional));
    REQUIRE(added.size() == 1);
    CHECK(added[0].kind == ChangeKind::loosened);
    CHECK(added[0].before.empty());
    CHECK(is_compatible(added));
    CHECK_FALSE(is_compatible(diff(of(a), of(a + "," + b))));
    const auto removed = diff(of(a + "," + b), of(a));
    REQUIRE(removed.size() == 2);
    CHECK(removed[0].feature.empty());
    CHECK(removed[1].feature == "b");
    CHECK_FALSE(is_compatible(removed));
    const auto moved = diff(of(a + "," + b), of(b + "," + a));
    REQUIRE(moved.size() == 1);
    CHECK(moved[0].kind == ChangeKind::breaking);
    CHECK_FALSE(is_compatible(diff(of(a), of(optional + "," + a))));
    CHECK(describe(diff(of(a), of(R"({"name":"a","type":"floating","minimum":1})"))[0]) ==
          "breaking: feature \"a\": minimum none -> 1.0");
    CHECK(describe(moved[0]) == "breaking: schema: features 2 in their places -> 2 in others");
}

TEST_CASE("the schema's own fields") {
    Schema before = of(R"({"name":"a","type":"floating"})");
    Schema after = before;
    after.name = "another";
    after.environments.push_back("shadow");
    auto changes = diff(before, after);
    REQUIRE(changes.size() == 2);
    CHECK(changes[0].kind == ChangeKind::annotation);
    CHECK(changes[1].kind == ChangeKind::loosened);
    changes = diff(after, before);
    CHECK(changes[1].kind == ChangeKind::breaking);
    after.features[0].name.clear();
    CHECK(code_of([&] { (void)diff(before, after); }) == ErrorCode::invalid_argument);
    CHECK(std::string(change_kind_name(static_cast<ChangeKind>(7))) == "unknown");
}

// One field of a random feature for another's.
void mutate(Feature& feature, Random& random) {
    Feature other = random_feature(random, 0);
    while (other.type != feature.type) other = random_feature(random, 0);
    switch (below(random, 12)) {
        case 0: feature.number.minimum = other.number.minimum, feature.integer.minimum = other.integer.minimum; break;
        case 1: feature.number.maximum = other.number.maximum, feature.integer.maximum = other.integer.maximum; break;
        case 2: feature.number.step = other.number.step, feature.integer.step = other.integer.step; break;
        case 3: feature.standard_score = other.standard_score; break;
        case 4: feature.integral = other.integral; break;
        case 5: feature.allow_nan = other.allow_nan; break;
        case 6: feature.allow_infinity = other.allow_infinity; break;
        case 7: feature.severity = other.severity; break;
        case 8: feature.domain = other.domain; break;
        case 9: feature.length = other.length, feature.length_unit = other.length_unit; break;
        case 10: feature.required = other.required; break;
        default: feature.nullable = other.nullable; break;
    }
    feature.number.exclusive_minimum = feature.number.minimum && other.number.exclusive_minimum;
    feature.number.exclusive_maximum = feature.number.maximum && other.number.exclusive_maximum;
    feature.integer.exclusive_minimum = feature.integer.minimum && other.integer.exclusive_minimum;
    feature.integer.exclusive_maximum = feature.integer.maximum && other.integer.exclusive_maximum;
}

TEST_CASE("what was accepted stays accepted where no change is breaking") {
    Random random(5);
    std::size_t compatible = 0;
    std::size_t refused_after = 0;
    for (int round = 0; round < 4000; ++round) {
        Schema before;
        before.features.push_back(random_feature(random, 0));
        Schema after = before;
        for (std::size_t changes = 1 + below(random, 2); changes > 0; --changes) mutate(after.features[0], random);
        std::vector<SchemaChange> changes;
        try {
            changes = diff(before, after);
        } catch (const Error&) {
            continue;  // the mutation made an invalid one, e.g. a minimum above the maximum
        }
        CHECK(changes.empty() == (before == after));
        const bool is_safe = is_compatible(changes);
        const bool only_annotations = std::all_of(changes.begin(), changes.end(), [](const SchemaChange& change) {
            return change.kind == ChangeKind::annotation;
        });
        compatible += is_safe ? 1 : 0;
        const Validator old_rules(before);
        const Validator new_rules(after);
        for (int i = 0; i < 60; ++i) {
            const Value row[] = {i % 20 == 0    ? Value()
                                 : coin(random) ? Value(random_number(random))
                                                : Value(random_text(random))};
            const bool was = old_rules.validate(row).severity < Severity::error;
            const bool is = new_rules.validate(row).severity < Severity::error;
            refused_after += was && !is ? 1 : 0;
            if (is_safe) CHECK_FALSE((was && !is));
            if (only_annotations) CHECK(was == is);
        }
    }
    CHECK(compatible > 500);
    CHECK(refused_after > 1000);
}

}  // namespace
