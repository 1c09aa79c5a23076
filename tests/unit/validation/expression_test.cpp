// SPDX-License-Identifier: Apache-2.0
// Expressions: random ones against a naive evaluator, as rows and as tables; types, faults, nulls and exact numbers.
#include "vedette/validation/expression.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "unit/test_values.hpp"
#include "vedette/validation/batch.hpp"
#include "vedette/validation/infer.hpp"
#include "vedette/validation/schema_diff.hpp"
#include "vedette/validation/validator.hpp"

using namespace vedette;
using namespace vedette::validation;
using vedette::testing::code_of;

namespace {

std::size_t below(Random& random, std::size_t limit) {
    return static_cast<std::size_t>(random() % limit);
}

// x and y are floating, m and n integer, flag boolean, s and t text.
Schema schema_of(const std::vector<Expression>& expressions) {
    Schema schema;
    constexpr std::array names{"x", "y", "m", "n", "flag", "s", "t"};
    constexpr std::array types{FeatureType::floating, FeatureType::floating, FeatureType::integer, FeatureType::integer,
                               FeatureType::boolean,  FeatureType::text,     FeatureType::text};
    for (std::size_t i = 0; i < names.size(); ++i) {
        Feature& feature = schema.features.emplace_back();
        feature.name = names[i];
        feature.type = types[i];
        feature.nullable = true;
        feature.allow_nan = feature.allow_infinity = i < 2;
    }
    schema.expressions = expressions;
    return schema;
}

Schema schema_of(const std::string& expression) {
    return schema_of(std::vector<Expression>{{"rule", expression}});
}

using Row = std::array<Value, 7>;

bool fails(const std::string& expression, const Row& row) {
    return contains(Validator(schema_of(expression)).validate(row).failed, Check::expression);
}

std::string fault_of(const std::string& expression) {
    try {
        schema_of(expression).validate();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

// A number, a truth value or a text, or none of them known.
using Plain = std::variant<std::monostate, double, bool, std::string_view>;

Plain plain_of(const Row& row, std::size_t feature) {
    const Value& value = row[feature];
    if (value.kind == Value::Kind::null) return {};
    if (feature > 4) return value.text;
    if (std::isnan(value.number)) return {};
    if (feature == 4) return value.number == 1.0;
    return value.number;
}

// A random expression as a text, and its meaning by definition. Numbers are small, so that doubles are exact.
struct Made {
    std::string text;
    Plain value;
};

std::optional<bool> truth_of(const Plain& plain) {
    const bool* known = std::get_if<bool>(&plain);
    return known == nullptr ? std::nullopt : std::optional(*known);
}

Made make_truth(Random& random, const Row& row, int depth);

Made make_number(Random& random, const Row& row, int depth) {
    const std::size_t choice = below(random, depth == 0 ? 3 : 9);
    if (choice < 2) {
        const std::size_t feature = below(random, 4);
        return {std::array{"x", "y", "m", "n"}[feature], plain_of(row, feature)};
    }
    if (choice == 2) {
        const std::size_t number = below(random, 4);
        const bool is_whole = below(random, 2) == 0;
        return {std::to_string(number) + (is_whole ? "" : ".5e0"),
                static_cast<double>(number) + (is_whole ? 0.0 : 0.5)};
    }
    const Made a = make_number(random, row, depth - 1);
    if (choice == 3 || choice == 4) {
        const double* x = std::get_if<double>(&a.value);
        const Plain value = x == nullptr ? Plain{} : Plain{choice == 3 ? -*x : std::fabs(*x)};
        return {choice == 3 ? "-(" + a.text + ")" : "abs(" + a.text + ")", value};
    }
    const Made b = make_number(random, row, depth - 1);
    const double* x = std::get_if<double>(&a.value);
    const double* y = std::get_if<double>(&b.value);
    const bool is_known = x != nullptr && y != nullptr;
    const auto result = [&](auto compute) { return is_known ? Plain{compute(*x, *y)} : Plain{}; };
    switch (choice) {
        case 5: return {"(" + a.text + " + " + b.text + ")", result([](double p, double q) { return p + q; })};
        case 6: return {"(" + a.text + "-(" + b.text + "))", result([](double p, double q) { return p - q; })};
        case 7:
            return {"min(" + a.text + "," + b.text + ")", result([](double p, double q) { return std::min(p, q); })};
        default:
            return {"max(" + a.text + ", " + b.text + ")", result([](double p, double q) { return std::max(p, q); })};
    }
}

template <class T>
bool is_met(std::size_t sign, const T& a, const T& b) {
    const std::array met{a<b, a <= b, a> b, a >= b, a == b, a != b};
    return met[sign];
}

Made make_comparison(Random& random, const Row& row, int depth) {
    constexpr std::array signs{" < ", "<=", ">", " >= ", "==", " != "};
    const std::size_t sign = below(random, signs.size());
    if (below(random, 3) == 0) {
        const std::size_t feature = 5 + below(random, 2), other = 5 + below(random, 2);
        const std::array names{"s", "t"};
        const Plain a = plain_of(row, feature);
        Plain b = plain_of(row, other);
        std::string right = names[other - 5];
        if (below(random, 2) == 0) {
            right = below(random, 2) == 0 ? "\"b\"" : "'b'";
            b = std::string_view("b");
        }
        const auto* p = std::get_if<std::string_view>(&a);
        const auto* q = std::get_if<std::string_view>(&b);
        return {names[feature - 5] + std::string(signs[sign]) + right,
                p == nullptr || q == nullptr ? Plain{} : Plain{is_met(sign, *p, *q)}};
    }
    const Made a = make_number(random, row, depth);
    if (below(random, 5) == 0) {
        const bool is_known = !std::holds_alternative<std::monostate>(a.value);
        return sign % 2 == 0 ? Made{a.text + " == null", !is_known} : Made{a.text + " != null", is_known};
    }
    const double* x = std::get_if<double>(&a.value);
    if (below(random, 5) == 0)
        return {a.text + " in (-1, 0, 2.5)", x == nullptr ? Plain{} : Plain{*x == -1.0 || *x == 0.0 || *x == 2.5}};
    const Made b = make_number(random, row, depth);
    const double* y = std::get_if<double>(&b.value);
    return {a.text + signs[sign] + b.text, x == nullptr || y == nullptr ? Plain{} : Plain{is_met(sign, *x, *y)}};
}

Made make_truth(Random& random, const Row& row, int depth) {
    const std::size_t choice = below(random, depth == 0 ? 3 : 8);
    if (choice == 0) return {"flag", plain_of(row, 4)};
    if (choice < 4) return make_comparison(random, row, depth);
    const Made a = make_truth(random, row, depth - 1);
    const std::optional<bool> p = truth_of(a.value);
    if (choice == 4) return {"not (" + a.text + ")", p ? Plain{!*p} : Plain{}};
    const Made b = make_truth(random, row, depth - 1);
    const std::optional<bool> q = truth_of(b.value);
    const auto is = [](const std::optional<bool>& one, bool value) { return one.has_value() && *one == value; };
    Plain value;
    if (choice == 5) {
        value = is(p, false) || is(q, false) ? Plain{false} : p && q ? Plain{true} : Plain{};
        return {"(" + a.text + ") and (" + b.text + ")", value};
    }
    if (choice == 6) {
        value = is(p, true) || is(q, true) ? Plain{true} : p && q ? Plain{false} : Plain{};
        return {"(" + a.text + ") or (" + b.text + ")", value};
    }
    value = is(p, false) || is(q, true) ? Plain{true} : p && q ? Plain{false} : Plain{};
    return {"(" + a.text + ") implies (" + b.text + ")", value};
}

Row random_row(Random& random, const std::vector<std::string>& texts) {
    Row row;
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (below(random, 6) == 0) continue;
        const auto small = static_cast<std::int64_t>(below(random, 7)) - 3;
        if (i < 2) row[i] = below(random, 8) == 0 ? Value(std::nan("")) : Value(static_cast<double>(small) / 2.0);
        if (i == 2 || i == 3) row[i] = below(random, 2) == 0 ? Value(small) : Value(static_cast<double>(small));
        if (i == 4) row[i] = Value(small > 0);
        if (i > 4) row[i] = Value(std::string_view(texts[below(random, texts.size())]));
    }
    return row;
}

// The rows as columns.
struct Columns {
    std::vector<double> x, y;
    std::vector<std::int64_t> m, n;
    std::vector<std::uint8_t> flag;
    std::vector<std::string_view> s, t;
    std::array<std::vector<std::uint8_t>, 7> valid;
    std::vector<NamedColumn> columns;

    explicit Columns(const std::vector<Row>& rows) {
        for (auto& bits : valid) bits.resize((rows.size() + 7) / 8);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            for (std::size_t k = 0; k < 7; ++k) {
                if (rows[i][k].kind != Value::Kind::null)
                    valid[k][i / 8] = static_cast<std::uint8_t>(valid[k][i / 8] | 1U << (i % 8));
            }
            x.push_back(rows[i][0].number);
            y.push_back(rows[i][1].number);
            m.push_back(static_cast<std::int64_t>(rows[i][2].number));
            n.push_back(static_cast<std::int64_t>(rows[i][3].number));
            flag.push_back(rows[i][4].number == 1.0 ? 1 : 0);
            s.push_back(rows[i][5].text);
            t.push_back(rows[i][6].text);
        }
        const auto validity = [&](std::size_t k) { return Validity{valid[k].data(), 0}; };
        columns = {{"x", Column::numeric(x, validity(0))},
                   {"y", Column::numeric(y, validity(1))},
                   {"m", Column::numeric(m, validity(2))},
                   {"n", Column::numeric(n, validity(3))},
                   {"flag", Column::numeric(Dtype::boolean, flag.data(), flag.size(), 1, validity(4))},
                   {"s", Column::strings(s, validity(5))},
                   {"t", Column::strings(t, validity(6))}};
    }
};

}  // namespace

TEST_CASE("random expressions: a row, a table and a naive evaluator agree") {
    Random random(17);
    const std::vector<std::string> texts{"", "a", "b", "ba", "\xC3\xA9"};
    std::size_t false_ones = 0, true_ones = 0, unknown_ones = 0;
    for (int run = 0; run < 400; ++run) {
        const std::size_t count = run % 40 == 0 ? 700 : 20;
        std::vector<Row> rows;
        std::vector<std::uint64_t> expected;
        const std::uint64_t seed = random();
        std::string text;
        for (std::size_t i = 0; i < count; ++i) {
            rows.push_back(random_row(random, texts));
            Random same(seed);  // the same expression of another row
            const Made made = make_truth(same, rows.back(), 3);
            text = "(" + made.text + ") and (x == null or x != null)";  // names a feature, and changes nothing
            const std::optional<bool> truth = truth_of(made.value);
            (truth ? (*truth ? true_ones : false_ones) : unknown_ones) += 1;
            if (truth && !*truth) expected.push_back(i);
        }
        CAPTURE(text);
        const Validator rules(schema_of(text));
        std::vector<CheckSet> failed(8);
        std::vector<std::uint64_t> found;
        for (std::size_t i = 0; i < count; ++i) {
            const RowVerdict verdict = rules.validate(rows[i], failed);
            REQUIRE(contains(verdict.failed, Check::expression) == (failed[7] != 0));
            REQUIRE(rules.validate(rows[i]) == verdict);
            const auto read = [](const void* row, std::size_t first, std::span<Value> values) noexcept {
                std::copy_n(static_cast<const Row*>(row)->begin() + static_cast<std::ptrdiff_t>(first), values.size(),
                            values.begin());
            };
            REQUIRE(rules.validate(read, &rows[i], rows[i].size(), failed) == verdict);
            std::vector<CheckSet> own(8, 5);
            REQUIRE(rules.check_expressions(read, &rows[i], own).failed == failed[7]);
            REQUIRE(own == std::vector<CheckSet>{5, 5, 5, 5, 5, 5, 5, failed[7]});
            if (failed[7] != 0) found.push_back(i);
        }
        REQUIRE(found == expected);
        const Columns columns(rows);
        const BatchReport report = validate_batch(rules, Table(columns.columns), {.offenders = count});
        std::vector<std::uint64_t> in_batch;
        for (const BatchFinding& finding : report.findings) {
            if (finding.check != Check::expression) continue;
            REQUIRE(finding.feature == 7);
            REQUIRE(finding.severity == Severity::error);
            in_batch = finding.offenders;
        }
        REQUIRE(in_batch == expected);
    }
    CHECK(false_ones > 2000);
    CHECK(true_ones > 2000);
    CHECK(unknown_ones > 1000);
}

TEST_CASE("the examples of the header, precedence, and what is unknown") {
    const Row row{2.0, 3.0, 4, 5, 1, "US", Value()};
    CHECK_FALSE(fails("x <= y", row));
    CHECK(fails("x > y", row));
    CHECK_FALSE(fails("abs(y - (x + 1)) <= 0.01", row));
    CHECK(fails("s == \"US\" implies t != null", row));
    CHECK_FALSE(fails("s == 'DE' implies t != null", row));
    CHECK_FALSE(fails("x + y * 2 == 8 and (x + y) * 2 == 10 and -x + y == 1 and 7 % m == 3", row));
    CHECK_FALSE(fails("flag or flag and not flag", row));  // and binds closer
    CHECK_FALSE(fails("not flag implies not flag implies flag", row));
    CHECK_FALSE(fails("m - n - 1 == -2 and x / m == 0.5 and length(s) == 2", row));
    CHECK(fails("s not in ('DE', \"US\")", row));
    CHECK_FALSE(fails("m not in (1, -4)", row));
    CHECK_FALSE(fails("t == s", row));  // unknown
    CHECK(fails("t == s and x > y", row));
    CHECK_FALSE(fails("x / 0 == y", Row{0.0, 0.0}));
    CHECK(fails("x / 0 == y", Row{1.0, 0.0}));
    CHECK_FALSE(fails("x == y", Row{std::nan(""), 1.0}));
    CHECK(fails("x != null", Row{std::nan(""), 1.0}));
    CHECK_FALSE(fails("m == 1", Row{0.0, 0.0, 1.5}));    // no integer
    CHECK_FALSE(fails("x == 1", Row{"one"}));            // no number
    CHECK_FALSE(fails("flag", Row{0.0, 0.0, 1, 1, 2}));  // no truth value
    CHECK_FALSE(fails("`x` <= 2", row));
    const std::vector<float> numbers{3.0F, 2.0F};
    CHECK(Validator(schema_of("x <= y")).validate(numbers).failed ==
          (set_of(Check::expression) | set_of(Check::missing)));

    Schema odd = schema_of("`a ``b` < `or`");
    odd.features[0].name = "a `b";
    odd.features[1].name = "or";
    CHECK(contains(Validator(odd).validate(row).failed, Check::expression) == false);
    CHECK(Schema::from_json(odd.to_json()) == odd);
}

TEST_CASE("whole numbers are exact, alone and beside doubles") {
    constexpr std::int64_t big = 9007199254740993;  // 2^53 + 1
    constexpr std::int64_t top = std::numeric_limits<std::int64_t>::max();
    const auto row = [](Value m, Value n, Value x = 0.0) { return Row{x, 0.0, m, n}; };
    CHECK(fails("m <= n", row(big, big - 1)));
    CHECK_FALSE(fails("m > n", row(big, big - 1)));
    CHECK(fails("m == 9007199254740992", row(big, 0)));
    CHECK_FALSE(fails("m == 9007199254740993", row(big, 0)));
    CHECK(fails("m == x", row(big, 0, 9007199254740992.0)));
    CHECK_FALSE(fails("m > x", row(big, 0, 9007199254740992.0)));
    CHECK_FALSE(fails("m - n == 1", row(big, big - 1)));
    CHECK_FALSE(fails("m + n == 18446744073709551614", row(top, top)));  // as doubles, both 2^64
    CHECK_FALSE(fails("m < x and x > m", row(top, 0, 0x1p63)));
    CHECK_FALSE(fails("m > x and abs(m) > 0", row(-top - 1, 0, -0x1.8p63)));
    CHECK_FALSE(fails("m % n == 0", row(-top - 1, -1)));
    CHECK_FALSE(fails("m % n == 0", row(5, 0)));  // unknown
    CHECK_FALSE(fails("m < 2.5 and -m > -2.5", row(2, 0)));
    CHECK_FALSE(fails("m > -2.5", row(-2, 0)));
}

TEST_CASE("faults are told with their place") {
    struct Case {
        const char* text;
        const char* place;
    };
    const std::array cases{Case{"x <= z", "at byte 5: the schema has no feature \"z\""},
                           Case{"x", "at byte 0: a number where a truth value"},
                           Case{"x + s > 1", "at byte 4: a text where a number"},
                           Case{"s + x > 1", "at byte 0: a text where a number"},
                           Case{"x == s", "at byte 5: a text where a number"},
                           Case{"x and flag", "at byte 0: a number where a truth value"},
                           Case{"flag < flag", "at byte 5: truth values have no order"},
                           Case{"x < null", "at byte 2: null"},
                           Case{"null == x", "at byte 0: null"},
                           Case{"1 < x < 2", "at byte 6: comparisons do not chain"},
                           Case{"x < 1 y", "at byte 6: the expression is over"},
                           Case{"x <", "at byte 3: an operand is missing"},
                           Case{"(x < 1", "at byte 6: \")\" is missing"},
                           Case{"x < 1)", "at byte 5: the expression is over"},
                           Case{"x in ()", "at byte 6: a number or a text"},
                           Case{"x in (1, 'a')", "at byte 9: "},
                           Case{"s in (1)", "at byte 6: "},
                           Case{"x = 1", "at byte 2: a byte that begins no word"},
                           Case{"x < 1e999", "at byte 4: "},
                           Case{"x < 1.", "at byte 6: a digit is missing"},
                           Case{"x < 1a", "at byte 5: a space is missing"},
                           Case{"s == 'a", "at byte 5: a quote is not closed"},
                           Case{"s == '\\n'", "at byte 6: a backslash"},
                           Case{"`x < 1", "at byte 0: a quote is not closed"},
                           Case{"sqrt(x) < 1", "at byte 0: \"sqrt\" is no function"},
                           Case{"min(x) < 1", "at byte 5: \",\" is missing"},
                           Case{"length(x) < 1", "at byte 7: a number where a text"},
                           Case{"true", "at byte 0: no feature is named"},
                           Case{"x < 1 implies", "at byte 13: an operand is missing"},
                           Case{"   ", "at byte 3: an operand is missing"}};
    for (const Case& one : cases) {
        CAPTURE(one.text);
        CAPTURE(fault_of(one.text));
        CHECK(fault_of(one.text).rfind(std::string("schema /expressions/0/expression: ") + one.place, 0) == 0);
    }
    const auto repeated = [](const std::string& what, int times) {
        std::string text;
        for (int i = 0; i < times; ++i) text += what;
        return text;
    };
    CHECK(fault_of(repeated("(", 30) + "flag" + repeated(")", 30)).empty());
    CHECK_FALSE(fault_of(repeated("(", 2000) + "flag").empty());
    CHECK_FALSE(fault_of(repeated("not ", 900) + "flag").empty());
    CHECK_FALSE(fault_of(repeated("-", 3000) + "x < 1").empty());
    CHECK_FALSE(fault_of(repeated("flag implies ", 300) + "flag").empty());
    CHECK(fault_of(repeated("flag and ", 127) + "flag").empty());
    CHECK_FALSE(fault_of(repeated("flag and ", 130) + "flag").empty());
    CHECK_FALSE(fault_of("x in (" + repeated("1,", 300) + "1)").empty());
    CHECK_FALSE(fault_of("flag" + repeated(" ", 5000)).empty());
    CHECK(code_of([] {
              schema_of(std::vector<Expression>{{"a", "flag"}, {"a", "x > 0"}}).validate();
          }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { schema_of(std::vector<Expression>{{"", "flag"}}).validate(); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] {
              schema_of(std::vector<Expression>(1025, {"a", "flag"})).validate();
          }) == ErrorCode::invalid_argument);
}

TEST_CASE("severities, environments, stages, words and lists") {
    Schema schema = schema_of(std::vector<Expression>{
        {"a", "x <= y"}, {"b", "x <= m", Severity::warning}, {"c", "x <= n", Severity::none}, {"d", "x <= n"}});
    schema.environments = {"training", "serving"};
    schema.features[3].environments = {"training"};
    schema.features[4].stage = Stage::beta;
    const Row row{9.0, 1.0, 2, 3, 1, "", ""};
    const Validator all(schema);
    std::vector<CheckSet> failed(11);
    const RowVerdict verdict = all.validate(row, failed);
    CHECK(verdict.severity == Severity::error);
    CHECK(failed == std::vector<CheckSet>{0, 0, 0, 0, 0, 0, 0, 1U << 26, 1U << 26, 0, 1U << 26});
    std::vector<RowFinding> findings(8);
    REQUIRE(all.list(verdict, failed, findings) == 3);
    CHECK(findings[1] == RowFinding{8, Check::expression, Severity::warning});
    CHECK(describe(all, findings[0]) == "expression \"a\" of \"x\", \"y\": error");
    CHECK(all.severity(8, Check::expression) == Severity::warning);
    CHECK(all.verdict(8, set_of(Check::expression)) == RowVerdict{Severity::warning, 1U << 26});
    CHECK(all.not_evaluated(7) == 0);
    CHECK(all.not_evaluated(9) == set_of(Check::expression));
    CHECK(all.expression(3).name == "d");

    const Validator serving(schema, "serving");
    CHECK(serving.feature_count() == 6);
    CHECK(serving.not_evaluated(9) == set_of(Check::expression));
    const Row shorter{1.0, 1.0, 2, 1, "", ""};
    CHECK(serving.validate(std::span<const Value>(shorter.data(), 6)).is_valid());
    schema.expressions = {{"e", "flag or x > y"}};
    CHECK(Validator(schema).not_evaluated(7) == set_of(Check::expression));

    const Columns columns({row, Row{0.0, 1.0, 2, 3, 1, "", ""}});
    const BatchReport report = validate_batch(all, Table(columns.columns), {.bitmaps = true});
    CHECK(report.failed_rows == 1);
    CHECK(report.failed_row_bitmap == std::vector<std::uint8_t>{1});
    REQUIRE(report.findings.size() == 3);
    CHECK(report.findings[0].bitmap == std::vector<std::uint8_t>{1});
    CHECK(describe(all, report, report.findings[0]).rfind("expression \"a\" of \"x\", \"y\": error: 1 of 2 rows", 0) ==
          0);
    CHECK(report.not_evaluated.size() == 11);
    CHECK(report.not_evaluated[9] == set_of(Check::expression));
}

TEST_CASE("differences of expressions, and relaxing them") {
    const auto kinds = [](const std::vector<Expression>& before, const std::vector<Expression>& after) {
        std::string text;
        for (const SchemaChange& change : diff(schema_of(before), schema_of(after)))
            text += (text.empty() ? "" : " ") + change.field + "=" + change_kind_name(change.kind);
        return text;
    };
    const Expression a{"a", "x <= y"}, b{"b", "flag", Severity::warning};
    CHECK(kinds({a}, {a}).empty());
    CHECK(kinds({}, {a, b}) == "expressions/a=breaking expressions/b=warned");
    CHECK(kinds({a, b}, {}) == "expressions/a=loosened expressions/b=loosened");
    CHECK(kinds({a}, {{"a", "x<= y"}}) == "expressions/a/expression=annotation");
    CHECK(kinds({a}, {{"a", "x < y"}}) == "expressions/a/expression=breaking");
    CHECK(kinds({a}, {{"a", "x <= y", Severity::warning}}) == "expressions/a/severity=loosened");
    CHECK(kinds({b}, {{"b", "flag"}}) == "expressions/b/severity=breaking");
    CHECK(kinds({a, b}, {b, a}) == "expressions=annotation");

    Schema schema = schema_of(std::vector<Expression>{a, {"c", "x + m > 0"}, {"d", "length(s) < 9"}});
    const Columns columns(std::vector<Row>(30, Row{2.0, 1.0, 2, 3, 1, "", ""}));
    const Relaxation relaxed = relax(schema, Table(columns.columns));
    REQUIRE(relaxed.schema.expressions.size() == 2);
    REQUIRE(relaxed.steps.size() == 1);
    CHECK(describe(relaxed.steps[0]) == "loosened: schema: expressions/a \"x <= y\" -> none");
    std::vector<NamedColumn> retyped = columns.columns;
    retyped[2].column = Column::strings(columns.s);  // m becomes a text
    CHECK(relax(schema, Table(retyped)).schema.expressions.size() == 1);
}
