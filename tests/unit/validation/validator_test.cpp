// SPDX-License-Identifier: Apache-2.0
#include "vedette/validation/validator.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "kernels/dispatch.hpp"
#include "unit/test_values.hpp"
#include "unit/validation/random_schema.hpp"
#include "vedette/core/random.hpp"
#include "vedette/validation/formats.hpp"

using namespace vedette;
using namespace vedette::validation;
using vedette::testing::code_of;
using namespace vedette::validation::random_schema;

namespace {

// The rules as they are written in the schema's header, one by one, with nothing folded.
CheckSet plain_number(const Feature& f, double x) {
    CheckSet failed = 0;
    const auto fail_if = [&](bool is_failed, Check check) {
        if (is_failed) failed |= set_of(check);
    };
    if (f.type == FeatureType::floating) {
        fail_if(std::isnan(x) && !f.allow_nan, Check::not_a_number);
        fail_if(std::isinf(x) && !f.allow_infinity, Check::infinity);
        if (f.number.minimum)
            fail_if(f.number.exclusive_minimum ? x <= *f.number.minimum : x < *f.number.minimum, Check::minimum);
        if (f.number.maximum)
            fail_if(f.number.exclusive_maximum ? x >= *f.number.maximum : x > *f.number.maximum, Check::maximum);
        if (f.standard_score) {
            const StandardScore& s = *f.standard_score;
            const double reach = s.limit * s.standard_deviation;
            fail_if(x < s.mean - reach || x > s.mean + reach, Check::standard_score);
        }
        fail_if(f.integral && std::isfinite(x) && std::trunc(x) != x, Check::integral);
        fail_if(f.number.step && std::isfinite(x) && std::fmod(x, *f.number.step) != 0.0, Check::step);
        return failed;
    }
    if (f.type == FeatureType::text || f.type == FeatureType::bytes) return set_of(Check::type);
    if (std::isnan(x)) return f.required && !f.nullable ? set_of(Check::null) : CheckSet{0};
    if (f.type == FeatureType::boolean) return x == 0.0 || x == 1.0 ? CheckSet{0} : set_of(Check::type);
    if (!(std::trunc(x) == x && x >= -0x1p63 && x < 0x1p64)) return set_of(Check::type);
    const auto wide = static_cast<long double>(x);  // 64 bits of mantissa on x86; the bounds here need no more
    const Bounds<std::int64_t>& b = f.integer;
    if (b.minimum) {
        const auto limit = static_cast<long double>(*b.minimum);
        fail_if(b.exclusive_minimum ? wide <= limit : wide < limit, Check::minimum);
    }
    if (b.maximum) {
        const auto limit = static_cast<long double>(*b.maximum);
        fail_if(b.exclusive_maximum ? wide >= limit : wide > limit, Check::maximum);
    }
    fail_if(b.step && std::fmod(x, static_cast<double>(*b.step)) != 0.0, Check::step);
    return failed;
}

CheckSet plain_text(const Feature& f, const std::string& text) {
    if (f.type != FeatureType::text && f.type != FeatureType::bytes) return set_of(Check::type);
    CheckSet failed = 0;
    const auto lower = [](std::string s) {
        std::transform(s.begin(), s.end(), s.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
        return s;
    };
    if (f.domain) {
        const bool folds = f.domain->letter_case == Case::fold_ascii;
        const auto is_it = [&](const std::string& v) { return folds ? lower(v) == lower(text) : v == text; };
        if (std::none_of(f.domain->values.begin(), f.domain->values.end(), is_it)) failed |= set_of(Check::domain);
    }
    const bool is_valid = text != "\xC3" && text != "\xED\xA0\x80";
    if (f.type == FeatureType::text && !is_valid) failed |= set_of(Check::utf8);
    const auto starts = std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
    const bool by_points = f.length_unit == LengthUnit::code_points;
    if (f.length && (is_valid || !by_points)) {
        const std::size_t n = by_points ? static_cast<std::size_t>(starts) : text.size();
        if (n < f.length->minimum) failed |= set_of(Check::short_text);
        if (n > f.length->maximum) failed |= set_of(Check::long_text);
    }
    if (f.format == Format::ipv4 && text != "1.2.3.4") failed |= set_of(Check::format);
    if (!f.pattern.empty() && text.find_first_not_of("0123456789.") != std::string::npos)
        failed |= set_of(Check::pattern);
    return failed;
}

struct Expected {
    std::vector<CheckSet> failed;
    RowVerdict verdict;
};

// What is left of the plain findings after severities, and the verdict.
void settle(const Feature& f, CheckSet found, Expected& expected) {
    for (std::size_t c = 0; c < check_count; ++c) {
        const auto check = static_cast<Check>(c);
        if (!contains(found, check)) continue;
        Severity severity = Severity::error;
        if (const auto given = f.severity.find(check); given != f.severity.end()) severity = given->second;
        if (check == Check::domain && f.domain && f.domain->tolerated_mass > 0.0)
            severity = std::min(severity, Severity::warning);
        if (f.stage != Stage::production || severity == Severity::none) found &= ~set_of(check);
        if (contains(found, check)) expected.verdict.severity = std::max(expected.verdict.severity, severity);
    }
    expected.failed.push_back(found);
    expected.verdict.failed |= found;
}

CheckSet plain_missing(const Feature& f) {
    return f.required ? set_of(Check::missing) : CheckSet{0};
}

void finish(const Schema& schema, std::size_t width, Expected& expected) {
    for (std::size_t i = width; i < schema.features.size(); ++i)
        settle(schema.features[i], plain_missing(schema.features[i]), expected);
    if (width > schema.features.size()) {
        expected.verdict.failed |= set_of(Check::unexpected);
        expected.verdict.severity = Severity::error;
    }
}

template <class T>
void check_numbers(const Schema& schema, const Validator& validator, std::size_t width, Random& random) {
    std::vector<T> row(width);
    for (T& x : row) {
        double value = random_number(random);
        if (sizeof(T) == 4 && std::isfinite(value)) value = std::clamp(value, -3e38, 3e38);
        x = static_cast<T>(value);
    }
    Expected expected;
    for (std::size_t i = 0; i < std::min(width, schema.features.size()); ++i)
        settle(schema.features[i], plain_number(schema.features[i], static_cast<double>(row[i])), expected);
    finish(schema, width, expected);
    std::vector<CheckSet> failed(schema.features.size(), 0xFFFFFFFFU);
    REQUIRE(validator.validate(std::span<const T>(row), failed) == expected.verdict);
    REQUIRE(failed == expected.failed);
    // Told for some features or for none, the verdict is the same.
    const std::size_t some = below(random, failed.size() + 1);
    std::vector<CheckSet> first(some, 0xFFFFFFFFU);
    REQUIRE(validator.validate(std::span<const T>(row), first) == expected.verdict);
    REQUIRE(std::equal(first.begin(), first.end(), expected.failed.begin()));
    REQUIRE(validator.validate(std::span<const T>(row)) == expected.verdict);
}

}  // namespace

TEST_CASE("random schemas and rows: numeric, mixed and naive verdicts are the same") {
    Random random(11);
    for (int run = 0; run < 1500; ++run) {
        Schema schema;
        const std::size_t count = run % 10 == 0 ? below(random, 70) : below(random, 12);
        for (std::size_t i = 0; i < count; ++i) schema.features.push_back(random_feature(random, i));
        const Validator validator(schema);
        REQUIRE(validator.feature_count() == count);
        const std::size_t width = below(random, 5) == 0 ? below(random, count + 4) : count;
        check_numbers<float>(schema, validator, width, random);
        check_numbers<double>(schema, validator, width, random);

        std::vector<std::string_view> texts(width);
        std::vector<Value> row(width);
        Expected expected;
        for (std::size_t i = 0; i < width; ++i) {
            const std::size_t kind = below(random, 5);
            texts[i] = random_text(random);
            if (kind < 2) row[i] = Value(random_number(random));
            if (kind == 2 || kind == 3) row[i] = Value(texts[i]);
            if (i >= count) continue;
            const Feature& f = schema.features[i];
            settle(f,
                   row[i].kind == Value::Kind::number ? plain_number(f, row[i].number)
                   : row[i].kind == Value::Kind::text ? plain_text(f, std::string(texts[i]))
                   : f.required && !f.nullable        ? set_of(Check::null)
                                                      : CheckSet{0},
                   expected);
        }
        finish(schema, width, expected);
        std::vector<CheckSet> failed(count, 0xFFFFFFFFU);
        REQUIRE(validator.validate(std::span<const Value>(row), failed) == expected.verdict);
        REQUIRE(failed == expected.failed);

        std::vector<RowFinding> findings(64 * 4);
        const std::size_t found = validator.list(expected.verdict, failed, findings);
        std::vector<CheckSet> again(count);
        Severity worst = Severity::none;
        for (std::size_t k = 0; k < std::min(found, findings.size()); ++k) {
            if (findings[k].feature < count) again[findings[k].feature] |= set_of(findings[k].check);
            worst = std::max(worst, findings[k].severity);
        }
        REQUIRE(found <= findings.size());
        REQUIRE(again == failed);
        REQUIRE(worst == expected.verdict.severity);
    }
}

namespace {

template <class T>
void check_kernels(Random& random) {
    using Word = typename kernels::WordOf<T>::type;
    for (std::size_t n = 0; n < 1200; n += n < 70 ? 1 : n < 140 ? 7 : 501) {
        std::vector<T> row(n), lists[6];
        std::vector<Word> wanted(n), graver(n);
        for (auto& list : lists) list.resize(n);
        for (std::size_t i = 0; i < n; ++i) {
            // Rows that are inside, rows with a few values that need not be, and rows of such values.
            const bool is_wild = n % 3 == 2 || (n % 3 == 1 && below(random, 20) == 0);
            row[i] = static_cast<T>(is_wild ? std::clamp(random_number(random), -infinity, infinity) : 0.5);
            for (std::size_t k = 2; k < 6; ++k)
                lists[k][i] = static_cast<T>(k % 2 == 0 ? -random.uniform() : 0.5 + random.uniform());
            lists[0][i] = std::max(lists[2][i], lists[4][i]);
            lists[1][i] = std::min(lists[3][i], lists[5][i]);
            wanted[i] = static_cast<Word>(random() & 0xF8U);
            graver[i] = static_cast<Word>(wanted[i] & random());
        }
        if (n != 0 && coin(random)) row[below(random, n)] = static_cast<T>(not_a_number);
        const kernels::IntervalsView<T> view{lists[0].data(), lists[1].data(), lists[2].data(), lists[3].data(),
                                             lists[4].data(), lists[5].data(), wanted.data(),   graver.data()};
        struct Spread {  // a value among others, as those of a mixed row
            T before, x, after;
        };
        std::vector<Spread> spread(n + 1);
        for (std::size_t i = 0; i < n; ++i) spread[i] = {T{9}, row[i], T{-9}};
        std::vector<std::uint32_t> expected(n), failed(n);
        const kernels::RowFindings want = kernels::scalar::attribute_row(row.data(), &view, n, expected.data());
        for (const kernels::KernelTable* table : kernels::available_tables()) {
            const kernels::IntervalKernels<T>& kernel = kernels::intervals<T>(*table);
            REQUIRE(kernel.row_inside(row.data(), &view, n) == kernels::scalar::row_inside(row.data(), &view, n));
            REQUIRE(kernel.strided_inside(&spread.data()->x, sizeof(Spread), &view, n) ==
                    kernel.row_inside(row.data(), &view, n));
            std::fill(failed.begin(), failed.end(), 0xFFFFFFFFU);
            for (std::uint32_t* out : {failed.data(), static_cast<std::uint32_t*>(nullptr)}) {
                const kernels::RowFindings found = kernel.attribute_row(row.data(), &view, n, out);
                REQUIRE(std::tie(found.any, found.graver) == std::tie(want.any, want.graver));
            }
            REQUIRE(failed == expected);
            std::vector<std::uint64_t> words((n + 63) / 64, ~std::uint64_t{0}), plain = words;
            const T lower = static_cast<T>(-random.uniform()), upper = static_cast<T>(random.uniform());
            const std::uint64_t outside = kernels::scalar::mark_outside(row.data(), n, lower, upper, plain.data());
            REQUIRE(kernel.mark_outside(row.data(), n, lower, upper, words.data()) == outside);
            REQUIRE(words == plain);
        }
    }
}

}  // namespace

TEST_CASE("kernels of intervals answer as their plain twins on every instruction set") {
    Random random(5);
    for (int run = 0; run < 20; ++run) {
        check_kernels<float>(random);
        check_kernels<double>(random);
    }
}

TEST_CASE("steps are exact for all sizes of numbers, in bounded time") {
    Schema schema{"", {}, {Feature{}}};
    schema.features[0].name = std::string("x");
    Random random(3);
    for (int run = 0; run < 4000; ++run) {
        const double step =
            std::ldexp(static_cast<double>(1 + below(random, 1000)), static_cast<int>(below(random, 300)) - 150);
        schema.features[0].number.step = step;
        const Validator validator(schema);
        double x = step * static_cast<double>(below(random, 5000));
        if (coin(random)) x = std::nextafter(x, coin(random) ? -infinity : infinity);
        if (run % 5 == 0) x = std::ldexp(random.normal(), static_cast<int>(below(random, 2000)) - 1000);
        const bool is_multiple = std::fmod(x, step) == 0.0;
        REQUIRE(validator.validate(std::span<const double>(&x, 1)).is_valid() == is_multiple);
    }
    schema.features[0].number.step = 5e-324;
    const double largest = std::numeric_limits<double>::max();
    CHECK(Validator(schema).validate(std::span<const double>(&largest, 1)).is_valid());
}

TEST_CASE("environments choose the features of a row; what a row cannot decide is said") {
    Schema schema = Schema::from_json(R"({"version":1,"environments":["training","serving"],"features":[
        {"name":"label","type":"integer","environments":["training"]},
        {"name":"a","type":"floating","minimum_fraction":0.5,"unique":true,"order":"increasing","minimum":0},
        {"name":"b","type":"floating","stage":"beta","minimum":0},
        {"name":"c","type":"text","valency":[{"minimum":1}],"severity":{"few_values":"none"}}]})");
    const Validator serving(schema, "serving");
    CHECK(serving.feature_count() == 3);
    CHECK(serving.find("a") == 0);
    CHECK_FALSE(serving.find("label").has_value());
    CHECK(Validator(schema).feature_count() == 4);
    CHECK(code_of([&] { Validator(schema, "prod"); }) == ErrorCode::invalid_argument);
    CHECK(serving.not_evaluated(0) == (set_of(Check::presence) | set_of(Check::unique) | set_of(Check::monotonic)));
    CHECK(serving.not_evaluated(1) == all_checks);
    CHECK(serving.not_evaluated(2) == (set_of(Check::nestedness) | set_of(Check::many_values)));
    const Value row[] = {Value(-1.0), Value(-1.0), Value("text")};
    CheckSet failed[3];
    CHECK(serving.validate(row, failed) == RowVerdict{Severity::error, set_of(Check::minimum)});
    CHECK(failed[1] == 0);
    RowFinding finding;
    CHECK(serving.list({}, failed, {&finding, 1}) == 1);
    CHECK(describe(serving, finding) == "feature \"a\": minimum (FLOAT_TYPE_SMALL_FLOAT), error");
    CHECK_THROWS_AS(static_cast<void>(serving.feature(3)), std::out_of_range);
    schema.features[1].number.minimum = not_a_number;
    CHECK(code_of([&] { Validator{schema}; }) == ErrorCode::invalid_argument);
}

TEST_CASE("formats: each grammar, what belongs to it and what does not") {
    const auto check = [](Format format, std::initializer_list<const char*> in,
                          std::initializer_list<const char*> out) {
        for (const char* text : in) CHECK_MESSAGE(matches(format, text), text);
        for (const char* text : out) CHECK_FALSE_MESSAGE(matches(format, text), text);
    };
    check(Format::date, {"2024-02-29", "2000-02-29", "0000-01-01", "9999-12-31"},
          {"", "2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10", "2024-04-31", "2024-1-01", "2024-01-01 ",
           "24-01-01"});
    check(Format::time,
          {"00:00:00Z", "23:59:60z", "12:00:00.123+05:30", "15:59:60-08:00", "00:29:60+00:30", "01:29:60+01:30"},
          {"24:00:00Z", "12:60:00Z", "12:00:60Z", "12:00:00", "12:00:00.Z", "12:00:00+24:00", "12:00Z",
           "23:59:60-08:00", "12:00:00ZZ"});
    check(Format::date_time, {"2024-02-29T00:00:00Z", "2024-02-29t12:30:00.5-00:00"},
          {"2024-02-30T00:00:00Z", "2024-02-29 00:00:00Z", "2024-02-29T00:00:00", "2024-02-29"});
    check(Format::uuid, {"123e4567-e89b-12d3-A456-426614174000"},
          {"123e4567e89b12d3a456426614174000", "123e4567-e89b-12d3-a456-42661417400g",
           "123e4567-e89b-12d3-a456-4266141740000", ""});
    check(Format::email, {"a@b", "a.b+c@example.org", "!#$@x-y.z"},
          {"@b", "a@", "a@-b", "a@b-", "a@b..c", "a b@c", "a@b@c", "a@b.", "\xC3\xA9@b", "a"});
    const auto address = [](std::size_t local) {
        std::string text(local, 'a');
        text += "@b";
        return text;
    };
    CHECK(matches(Format::email, address(64)));
    CHECK_FALSE(matches(Format::email, address(65)));
    check(Format::ipv4, {"0.0.0.0", "255.255.255.255"},
          {"256.0.0.0", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.", "1..2.3", "1.2.3.4 ", "1111.2.3.4", ""});
    check(Format::ipv6,
          {"::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "::ffff:1.2.3.4",
           "1:2:3:4:5:6:1.2.3.4", "fe80::A"},
          {"", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "1:2:3:4:5:6:7:1.2.3.4",
           "1:", "1.2.3.4", "::1.2.3.4:1", "fe80::1%eth0", "1:2:3:4:5:6:7:8::", "g::"});
    check(Format::hostname, {"a", "a-b.c", "1.2", "xn--a"}, {"", "-a", "a-", "a..b", ".a", "a.", "a_b", "a b"});
    CHECK(matches(Format::hostname, std::string(63, 'a')));
    CHECK_FALSE(matches(Format::hostname, std::string(64, 'a')));
    check(Format::uri,
          {"http://example.org/a?b=c#d", "urn:isbn:0451450523", "mailto:a@b", "http://[::1]:80/",
           "http://u:p@h:", "a:", "http://[v1.a:b]/", "file:///x", "a:%41"},
          {"", "//h/p", "1a:b", "http://[::1", "http://h:8a/", "a:%4", "a:%zz", "a:b c", "a:\"", "http://a@b@c/",
           "http://[1.2.3.4]/", "a:b#c#d", "a:\xC3\xA9", "http://h:1:2/"});
    CHECK(matches(Format::none, "anything"));
    CHECK_FALSE(matches(static_cast<Format>(99), ""));
}

TEST_CASE("find_failures tells of a row that is too long and else all inside that no feature failed") {
    Schema schema;
    for (const char* name : {"a", "b"}) {
        Feature feature;
        feature.name = name;
        schema.features.push_back(feature);
    }
    const Validator rules(schema, {});
    std::vector<CheckSet> failed(2, CheckSet{0xFFFF});
    const std::vector<double> row{1.0, 2.0, 3.0};
    CHECK(rules.find_failures(std::span(row), failed) == rules.validate(std::span(row)));
    CHECK(failed == std::vector<CheckSet>(2, 0));
}

TEST_CASE("a value made from an integer is judged exactly, and a row is the union of its values") {
    const auto schema = Schema::from_json(R"({"version":1,"features":[
        {"name":"id","type":"integer","maximum":9007199254740993,"severity":{"maximum":"warning"}},
        {"name":"x","type":"floating","minimum":0},{"name":"flag","type":"boolean"},
        {"name":"t","type":"text","required":false}]})");
    const Validator rules(schema);
    constexpr std::int64_t limit = 9007199254740993;
    CHECK(rules.check(0, limit) == 0);
    CHECK(rules.check(0, limit + 1) == set_of(Check::maximum));
    // A double cannot tell the two apart.
    CHECK(rules.check(0, static_cast<double>(limit)) == 0);
    CHECK(rules.check(0, std::uint64_t{1} << 63U) == set_of(Check::maximum));
    CHECK(rules.check(1, -1) == set_of(Check::minimum));
    CHECK(rules.check(2, true) == 0);
    CHECK(rules.check(2, 2) == set_of(Check::type));
    CHECK(rules.check(3, 1) == set_of(Check::type));
    CHECK(rules.check(4, 1) == set_of(Check::unexpected));
    CHECK(rules.check_absent(1) == set_of(Check::missing));
    CHECK(rules.check_absent(3) == 0);
    CHECK(rules.check_absent(4) == 0);

    const std::vector<Value> row{limit + 1, -1.0};
    RowVerdict joined;
    for (std::size_t i = 0; i < 4; ++i)
        joined |= rules.verdict(i, i < row.size() ? rules.check(i, row[i]) : rules.check_absent(i));
    CHECK(joined == rules.validate(row));
    CHECK(joined.severity == Severity::error);
    CHECK(rules.verdict(0, set_of(Check::maximum)).severity == Severity::warning);
    CHECK(rules.verdict(4, set_of(Check::unexpected)).severity == Severity::error);
}

TEST_CASE("a row of mixed values fails what its values fail alone, at every edge of every kind of feature") {
    const auto schema = Schema::from_json(R"({"version":1,"features":[
        {"name":"a","type":"floating","minimum":-1,"maximum":1},
        {"name":"b","type":"floating","minimum":0,"exclusive_minimum":true,"maximum":1,"allow_nan":true,"allow_infinity":true},
        {"name":"c","type":"floating","integral":true},
        {"name":"d","type":"integer"},
        {"name":"e","type":"integer","minimum":-9223372036854775808,"maximum":9007199254740993,"exclusive_maximum":true},
        {"name":"f","type":"integer","minimum":0,"exclusive_minimum":true,"maximum":9,"step":3},
        {"name":"g","type":"integer","minimum":9223372036854775807,"exclusive_minimum":true},
        {"name":"h","type":"boolean"},
        {"name":"i","type":"text","domain":{"values":["red","a longer colour",""]}},
        {"name":"j","type":"text","domain":{"values":["red","green"],"letter_case":"fold_ascii"}},
        {"name":"k","type":"text","domain":{"values":["red","green"]},"length":{"minimum":4}},
        {"name":"l","type":"bytes","nullable":true,"domain":{"values":["red"]}},
        {"name":"m","type":"floating","minimum":0,"stage":"planned"},
        {"name":"o","type":"text","domain":{"values":["red","green"]},"refused_patterns":["gr"]},
        {"name":"n","type":"integer","minimum":1,"severity":{"minimum":"none"}}]})");
    const Validator rules(schema);
    constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();
    const std::vector<Value> pool{Value(),
                                  0.0,
                                  -0.0,
                                  1.0,
                                  std::nextafter(1.0, 2.0),
                                  -1.0,
                                  0.5,
                                  5e-324,
                                  3.0,
                                  9.0,
                                  10.0,
                                  infinity,
                                  -infinity,
                                  std::nan(""),
                                  0x1p53,
                                  0x1p62,
                                  0x1p63,
                                  -0x1p63,
                                  -0x1p64,
                                  0x1p64,
                                  1e300,
                                  std::int64_t{0},
                                  std::int64_t{3},
                                  std::int64_t{9007199254740993},
                                  std::int64_t{9007199254740992},
                                  highest,
                                  -highest - 1,
                                  std::uint64_t{1} << 63U,
                                  "red",
                                  "RED",
                                  "green",
                                  "",
                                  "a longer colour",
                                  "blue",
                                  "\xFF",
                                  true};
    vedette::Random random(11);
    std::size_t valid = 0;
    for (std::size_t run = 0; run < 20000; ++run) {
        std::vector<Value> row(run % 17);
        for (Value& value : row) value = pool[random() % pool.size()];
        RowVerdict joined;
        std::vector<CheckSet> alone(rules.feature_count());
        for (std::size_t i = 0; i < alone.size(); ++i) {
            alone[i] = i < row.size() ? rules.check(i, row[i]) : rules.check_absent(i);
            if (alone[i] == 0) ++valid;
            joined |= rules.verdict(i, alone[i]);
        }
        if (row.size() > alone.size()) joined |= rules.verdict(alone.size(), set_of(Check::unexpected));
        std::vector<CheckSet> failed(rules.feature_count(), CheckSet{0xFFFF});
        REQUIRE(rules.validate(row, failed) == joined);
        REQUIRE(failed == alone);
        REQUIRE(rules.validate(row) == joined);
        const auto read = [](const void* from, std::size_t first, std::span<Value> values) noexcept {
            std::copy_n(static_cast<const Value*>(from) + first, values.size(), values.begin());
        };
        std::fill(failed.begin(), failed.end(), CheckSet{0xFFFF});
        REQUIRE(rules.validate(read, row.data(), row.size(), failed) == joined);
        REQUIRE(failed == alone);
    }
    CHECK(valid > 50000);
}
