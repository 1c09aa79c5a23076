// SPDX-License-Identifier: Apache-2.0
// Repairs: random rows against a naive repair, and the words of the header.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "unit/test_values.hpp"
#include "unit/validation/random_schema.hpp"
#include "vedette/validation/validator.hpp"

using namespace vedette;
using namespace vedette::validation;
using namespace vedette::validation::random_schema;
using vedette::testing::code_of;

namespace {

std::string fault_of(const std::string& fields) {
    try {
        static_cast<void>(Schema::from_json(R"({"version":1,"features":[{"name":"x",)" + fields + "}]}"));
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}
Validator of(const std::string& fields) {
    return Validator(Schema::from_json(R"({"version":1,"features":[{"name":"x",)" + fields + "}]}"));
}

bool same(const Value& a, const Value& b) {
    if (a.kind != b.kind) return false;
    if (a.kind == Value::Kind::text) return a.text == b.text;
    if (a.kind == Value::Kind::null) return true;
    return a.is_integer == b.is_integer && a.integer == b.integer &&
           std::bit_cast<std::uint64_t>(a.number) == std::bit_cast<std::uint64_t>(b.number);
}

// A feature of numbers, closed bounds a few floats apart from the values, and repairs of any of its checks.
Feature random_repaired(Random& random, std::size_t index) {
    Feature feature;
    feature.name = std::to_string(index);
    feature.required = coin(random);
    const auto repair = [&](Check check, Repair how) {
        if (coin(random)) feature.repair[check] = how;
    };
    if (coin(random)) {
        feature.number.minimum = -2.0;
        feature.number.maximum = coin(random) ? 2.0 : 0.5;
        feature.number.exclusive_maximum = coin(random);
        if (below(random, 3) == 0) feature.integral = true;
        feature.replacement = 0.0;
        repair(Check::minimum, Repair::clamp);
        repair(Check::maximum, coin(random) ? Repair::clamp : Repair::impute);
        repair(Check::infinity, coin(random) ? Repair::clamp : Repair::impute);
        repair(Check::not_a_number, Repair::impute);
        repair(Check::integral, Repair::impute);
    } else {
        feature.type = FeatureType::integer;
        feature.integer.minimum = -2;
        feature.integer.maximum = std::numeric_limits<std::int64_t>::max() - (coin(random) ? 1 : 0);
        feature.integer.exclusive_minimum = coin(random);
        feature.replacement = std::int64_t{7};
        repair(Check::minimum, Repair::clamp);
        repair(Check::maximum, Repair::clamp);
        repair(Check::null, Repair::impute);
        repair(Check::type, Repair::impute);
    }
    if (coin(random))
        feature.severity[coin(random) ? Check::minimum : Check::maximum] = static_cast<Severity>(below(random, 3));
    return feature;
}

// What the header says, of numbers of type T.
template <class T>
std::optional<T> plain_repair(const Validator& rules, std::size_t i, T x) {
    const Feature& f = rules.feature(i);
    const CheckSet failed = rules.check(i, static_cast<double>(x));
    bool asks = false, imputes = false;
    const auto is_bad = [&](CheckSet set) {
        for (std::size_t c = 0; c < check_count; ++c) {
            const auto check = static_cast<Check>(c);
            if (!contains(set, check)) continue;
            if (rules.severity(i, check) == Severity::error || f.repair.count(check) != 0) return true;
        }
        return false;
    };
    for (std::size_t c = 0; c < check_count; ++c) {
        const auto check = static_cast<Check>(c);
        if (!contains(failed, check)) continue;
        const auto how = f.repair.find(check);
        if (how == f.repair.end() && rules.severity(i, check) == Severity::error) return std::nullopt;
        if (how == f.repair.end()) continue;
        asks = true;
        imputes = imputes || how->second == Repair::impute;
    }
    if (!asks) return std::nullopt;
    T wanted = x;
    if (imputes) {
        const auto* const number = std::get_if<double>(&f.replacement);
        wanted = static_cast<T>(number != nullptr ? *number : 7.0);
    } else if (f.type == FeatureType::floating) {
        // By search: the value nearest to x, of those that the two bounds let pass.
        const bool asks_low = rules.severity(i, Check::minimum) != Severity::none;
        const bool asks_high = rules.severity(i, Check::maximum) != Severity::none;
        if (asks_low && static_cast<double>(x) < *f.number.minimum) wanted = static_cast<T>(*f.number.minimum);
        if (asks_high && static_cast<double>(x) >= *f.number.maximum) {
            wanted = static_cast<T>(*f.number.maximum);
            if (f.number.exclusive_maximum) wanted = std::nextafter(wanted, -std::numeric_limits<T>::infinity());
        }
        if (std::isinf(wanted)) wanted = std::copysign(std::numeric_limits<T>::max(), wanted);
    } else {
        const std::int64_t low = *f.integer.minimum + (f.integer.exclusive_minimum ? 1 : 0);
        if (static_cast<double>(x) < static_cast<double>(low)) wanted = static_cast<T>(low);
        if (static_cast<double>(x) >= 0x1p63) wanted = std::nextafter(static_cast<T>(0x1p63), T{0});
    }
    if (is_bad(rules.check(i, static_cast<double>(wanted)))) return std::nullopt;
    return wanted;
}

template <class T>
void check_row(const Validator& rules, Random& random, std::size_t& repaired, std::size_t& left) {
    std::vector<T> row(rules.feature_count() + below(random, 2));
    for (T& x : row) {
        const double value = random_number(random);
        x = static_cast<T>(std::isfinite(value) ? std::max(-3e38, std::min(3e38, value)) : value);
    }
    const std::vector<T> came = row;
    std::vector<CheckSet> failed(row.size()), again(row.size());
    std::vector<Repaired> told(row.size());
    const RepairVerdict verdict = rules.repair(std::span<T>(row), failed, told);
    std::size_t place = 0;
    for (std::size_t i = 0; i < rules.feature_count(); ++i) {
        const std::optional<T> expected = plain_repair(rules, i, came[i]);
        CAPTURE(static_cast<double>(came[i]));
        CAPTURE(static_cast<double>(row[i]));
        REQUIRE((std::isnan(expected.value_or(came[i])) ? std::isnan(row[i]) : row[i] == expected.value_or(came[i])));
        if (!expected) {
            left += rules.check(i, static_cast<double>(row[i])) != 0 ? 1U : 0U;
            continue;
        }
        REQUIRE(place < verdict.repaired);
        const Repaired& done = told[place++];
        REQUIRE(done.feature == i);
        REQUIRE(done.failed == rules.check(i, static_cast<double>(came[i])));
        REQUIRE(same(done.before, Value(static_cast<double>(came[i]))));
        REQUIRE(done.after.number == static_cast<double>(row[i]));
        ++repaired;
    }
    REQUIRE(place == verdict.repaired);
    REQUIRE(verdict.before == rules.validate(std::span<const T>(came)));
    REQUIRE(verdict.after == rules.validate(std::span<const T>(row), again));
    REQUIRE(again == failed);
    // What is right already is left alone.
    REQUIRE(rules.repair(std::span<T>(row)).repaired == 0);
}

}  // namespace

TEST_CASE("random rows: repaired as a naive repair does, and never into another error") {
    Random random(77);
    std::size_t repaired = 0, left = 0;
    for (int run = 0; run < 2000; ++run) {
        Schema schema;
        for (std::size_t i = 0; i < 8; ++i) schema.features.push_back(random_repaired(random, i));
        const Validator rules(schema);
        check_row<float>(rules, random, repaired, left);
        check_row<double>(rules, random, repaired, left);
    }
    CHECK(repaired > 2000);
    CHECK(left > 2000);
}

TEST_CASE("mixed rows: texts are cut between code points, integers are exact, what is imputed is the schema's") {
    const Validator text = of(R"("type":"text","length":{"maximum":4},"repair":{"long_text":"clamp","utf8":"impute",)"
                              R"("null":"impute","type":"impute"},"replacement":"none")");
    const auto put_right = [](const Validator& rules, Value value) {
        std::vector<Value> row{value};
        std::vector<Repaired> told(1);
        const RepairVerdict verdict = rules.repair(std::span<Value>(row), {}, told);
        REQUIRE(verdict.repaired == (verdict.before.failed != verdict.after.failed ? 1 : 0));
        if (verdict.repaired == 1) {
            CHECK(same(told[0].before, value));
            CHECK(same(told[0].after, row[0]));
        }
        return row[0];
    };
    CHECK(same(put_right(text, "abcdef"), "abcd"));
    CHECK(same(put_right(text, "abc\xC3\xA9"), "abc"));  // the letter's second byte is one too many
    CHECK(same(put_right(text, "ab\xC3\xA9"), "ab\xC3\xA9"));
    CHECK(same(put_right(text, "\xC3"), "none"));
    CHECK(same(put_right(text, "\xC3\x28 and too long"), "none"));
    CHECK(same(put_right(text, Value()), "none"));
    CHECK(same(put_right(text, 3.0), "none"));
    const Validator points = of(R"("type":"text","length":{"maximum":2},"length_unit":"code_points",)"
                                R"("repair":{"long_text":"clamp"})");
    CHECK(same(put_right(points, "\xC3\xA9\xF0\x9F\x98\x80z"), "\xC3\xA9\xF0\x9F\x98\x80"));
    CHECK(same(put_right(points, "\xC3"), "\xC3"));  // an error that nothing repairs
    const Validator whole = of(R"("type":"integer","minimum":0,"maximum":9007199254740993,"repair":{"maximum":"clamp",)"
                               R"("minimum":"clamp","null":"impute"},"replacement":5)");
    CHECK(same(put_right(whole, std::int64_t{9007199254740995}), std::int64_t{9007199254740993}));
    CHECK(same(put_right(whole, -4), 0));
    CHECK(same(put_right(whole, -4.0), 0.0));
    CHECK(same(put_right(whole, Value()), 5));
    CHECK(same(put_right(whole, 1.5), 1.5));
    CHECK(same(put_right(whole, 1e17), 9007199254740992.0));  // 2^53 + 1 is no double
    const Validator flag = of(R"("type":"boolean","repair":{"type":"impute"},"replacement":true)");
    CHECK(same(put_right(flag, 2), 1));
    // An error beside, which nothing repairs, leaves all as it came; so does an index beyond.
    const Validator both = of(R"("type":"floating","integral":true,"maximum":2,"repair":{"maximum":"clamp"})");
    CHECK(same(put_right(both, 2.5), 2.5));
    CHECK(same(put_right(both, 3.0), 2.0));
    Value value(1.0);
    Repaired done;
    CHECK_FALSE(both.repair_value(1, value, done));
    // A warning is repaired where the schema says so; one that it does not stays.
    const Validator warned = of(R"("type":"floating","maximum":2,"minimum":0,"severity":{"maximum":"warning",)"
                                R"("minimum":"warning"},"repair":{"maximum":"clamp"})");
    CHECK(same(put_right(warned, 3.0), 2.0));
    CHECK(same(put_right(warned, -1.0), -1.0));
}

TEST_CASE("repairs: what an element of the row cannot hold becomes the nearest that passes") {
    const auto repaired = []<class T>(const Validator& rules, T x) {
        std::vector<T> row{x};
        CHECK(rules.repair(std::span<T>(row)).after.is_valid());
        return row[0];
    };
    // 2^24 + 3 lies between the floats 2^24 + 2 and 2^24 + 4; so do its negative, and 2^63 - 1 between doubles.
    const Validator narrow =
        of(R"("type":"integer","minimum":-16777219,"maximum":16777219,"repair":{"minimum":"clamp","maximum":"clamp"})");
    CHECK(repaired(narrow, 2e7F) == 16777218.0F);
    CHECK(repaired(narrow, -2e7F) == -16777218.0F);
    CHECK(repaired(narrow, 2e7) == 16777219.0);
    const Validator wide = of(R"("type":"integer","maximum":9223372036854775807,"repair":{"maximum":"clamp"})");
    CHECK(repaired(wide, 0x1p63) == 0x1p63 - 1024.0);
    CHECK(repaired(wide, 0x1p63F) == 0x1p63F - 0x1p39F);
    // 0.1 as a float is more than 0.1.
    const Validator imputed =
        of(R"("type":"floating","maximum":0.1,"repair":{"not_a_number":"impute"},"replacement":0.1)");
    CHECK(repaired(imputed, std::numeric_limits<double>::quiet_NaN()) == 0.1);
    CHECK(repaired(imputed, std::numeric_limits<float>::quiet_NaN()) == std::nextafter(0.1F, 0.0F));
}

TEST_CASE("repairs: written, read, refused with their path") {
    const std::string all = R"({"version":1,"features":[{"name":"x","type":"floating","minimum":0.5,"repair":)"
                            R"({"not_a_number":"impute","minimum":"clamp"},"replacement":0.75}]})";
    CHECK(Schema::from_json(all).to_json() == all);
    const auto names = [](const std::string& message, const char* place) {
        return message.find(place) != std::string::npos;
    };
    CHECK(names(fault_of(R"("type":"floating","repair":{"minimum":"round"})"), "/repair/minimum"));
    CHECK(names(fault_of(R"("type":"floating","repair":{"null":"impute"})"), "there is no replacement"));
    CHECK(names(fault_of(R"("type":"floating","repair":{"step":"clamp"})"), "knows no nearest value"));
    CHECK(names(fault_of(R"("type":"floating","repair":{"missing":"impute"},"replacement":1)"),
                "is of no value of a row"));
    CHECK(names(fault_of(R"("type":"floating","maximum":1,"repair":{"infinity":"clamp"})"), "/repair/infinity"));
    CHECK(names(fault_of(R"("type":"floating","maximum":1,"replacement":2)"), "/replacement: fails maximum"));
    CHECK(
        names(fault_of(R"("type":"text","domain":{"values":["a"]},"replacement":"b")"), "/replacement: fails domain"));
    CHECK(names(fault_of(R"("type":"text","replacement":1)"), "/replacement: must be a text"));
    CHECK(names(fault_of(R"("type":"boolean","replacement":1)"), "/replacement: must be true or false"));
    // Of several features, some without a replacement or of one environment, each is held against its own rules.
    const auto fault_of_second = [](const std::string& replacement) -> std::string {
        try {
            static_cast<void>(Schema::from_json(
                R"({"version":1,"environments":["a"],"features":[{"name":"w","type":"text","minimum_count":1},)"
                R"({"name":"x","type":"text","reference_set":"s","replacement":"b","environments":["a"]},)"
                R"({"name":"y","type":"text","reference_set":"s","replacement":")" +
                replacement + R"("}],"reference_sets":[{"name":"s","values":["b","c"]}]})"));
            return {};
        } catch (const Error& error) {
            return error.what();
        }
    };
    CHECK(fault_of_second("c").empty());
    CHECK(names(fault_of_second("d"), "/features/2/replacement: fails domain"));
    Schema schema{"", {}, {Feature{}}};
    schema.features[0].name = "x";
    schema.features[0].replacement = std::int64_t{1};
    CHECK(code_of([&] { schema.validate(); }) == ErrorCode::invalid_argument);
    schema.features[0].replacement = std::numeric_limits<double>::quiet_NaN();
    CHECK(code_of([&] { schema.validate(); }) == ErrorCode::invalid_argument);
}
