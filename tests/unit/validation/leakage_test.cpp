// SPDX-License-Identifier: Apache-2.0
#include "vedette/validation/leakage.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "unit/test_values.hpp"
#include "vedette/core/random.hpp"

using namespace vedette;
using namespace vedette::validation;
using vedette::testing::code_of;

namespace {

std::map<std::string, std::string> kinds_of(const LeakageReport& report) {
    std::map<std::string, std::string> kinds;
    for (const LeakageHint& hint : report.hints)
        kinds[hint.column] += (kinds[hint.column].empty() ? "" : " ") + std::string(leakage_kind_name(hint.kind)) +
                              (hint.other.empty() ? "" : ":" + hint.other);
    return kinds;
}

std::vector<std::string_view> views(const std::vector<std::string>& texts) {
    return {texts.begin(), texts.end()};
}

}  // namespace

TEST_CASE("leakage: what tells the label, what copies, what names rows, and nothing else") {
    constexpr std::size_t rows = 2000;
    Random random(11);
    std::vector<double> label(rows), copy(rows), noise(rows), monotone(rows), paid(rows), twin(rows), half(rows);
    std::vector<float> narrow(rows);
    std::vector<std::int64_t> number(rows);
    std::vector<std::string> recoded(rows), name(rows), weak(rows);
    for (std::size_t i = 0; i < rows; ++i) {
        label[i] = static_cast<double>(random() % 3);
        copy[i] = label[i];
        narrow[i] = static_cast<float>(label[i]);
        noise[i] = twin[i] = random.normal();
        // Steps of a continuous number: cells of equal mass cut it near its steps.
        monotone[i] = label[i] * 10.0 + random.uniform();
        paid[i] = label[i] == 0.0 ? std::numeric_limits<double>::quiet_NaN() : random.normal();
        half[i] = label[i] == 0.0 ? 1.0 : 2.0;
        number[i] = static_cast<std::int64_t>(rows - i);
        recoded[i] = "class " + std::to_string(2 - static_cast<int>(label[i]));
        name[i] = "row-" + std::to_string(random());
        weak[i] = random.uniform() < 0.5 ? recoded[i] : "other";
    }
    const std::vector<std::string_view> recoded_views = views(recoded), names = views(name), weak_views = views(weak);
    const Table table(std::vector<NamedColumn>{{"noise", Column::numeric(noise)},
                                               {"copy", Column::numeric(copy)},
                                               {"label", Column::numeric(label)},
                                               {"narrow", Column::numeric(narrow)},
                                               {"recoded", Column::strings(recoded_views)},
                                               {"again", Column::strings(recoded_views)},
                                               {"monotone", Column::numeric(monotone)},
                                               {"paid", Column::numeric(paid)},
                                               {"twin", Column::numeric(twin)},
                                               {"half", Column::numeric(half)},
                                               {"number", Column::numeric(number)},
                                               {"name", Column::strings(names)},
                                               {"weak", Column::strings(weak_views)}});
    const LeakageReport report = find_leakage(table, "label");
    CHECK(report.rows == rows);
    CHECK(report.labels == 3);
    CHECK(kinds_of(report) == std::map<std::string, std::string>{{"copy", "label_copy"},
                                                                 {"narrow", "label_copy"},
                                                                 {"recoded", "tells_label"},
                                                                 {"again", "tells_label duplicate:recoded"},
                                                                 {"monotone", "tells_label"},
                                                                 {"twin", "duplicate:noise"},
                                                                 {"number", "identifier"},
                                                                 {"name", "identifier"}});
    for (const LeakageHint& hint : report.hints) {
        if (hint.kind != LeakageKind::tells_label) continue;
        CHECK(hint.gain <= 1.0);
        CHECK(hint.lower < hint.gain);
        CHECK(hint.lower >= 0.9);
        CHECK(hint.base < 0.4);
        if (hint.column == "recoded") CHECK(hint.gain == 1.0);
    }
    // With two classes, being null alone tells.
    std::vector<double> is_paid(rows);
    for (std::size_t i = 0; i < rows; ++i) is_paid[i] = label[i] == 0.0 ? 0.0 : 1.0;
    const Table nulls(std::vector<NamedColumn>{{"paid", Column::numeric(paid)}, {"y", Column::numeric(is_paid)}});
    const LeakageReport told = find_leakage(nulls, "y");
    REQUIRE(told.hints.size() == 1);
    CHECK(told.hints[0].kind == LeakageKind::tells_label);  // null is a cell of the column
    // Where the values confuse, the nulls still tell: every text is new, and so is guessed as the commonest label.
    std::vector<std::string> free(rows);
    std::vector<std::uint8_t> valid(rows / 8 + 1, 0);
    std::vector<std::string> label_words(rows);
    for (std::size_t i = 0; i < rows; ++i) {
        free[i] = i % 5 == 0 ? "seen" : "text " + std::to_string(i % 400);
        if (is_paid[i] != 0.0) valid[i / 8] = static_cast<std::uint8_t>(valid[i / 8] | 1U << (i % 8));
    }
    const std::vector<std::string_view> free_views = views(free);
    const Table words(std::vector<NamedColumn>{{"note", Column::strings(free_views, {valid.data(), 0})},
                                               {"y", Column::numeric(is_paid)}});
    CHECK(kinds_of(find_leakage(words, "y")).count("note") == 1);
}

TEST_CASE("leakage: a column at the limit is told no oftener than the confidence says") {
    // The label, wrong in one row of twenty: lambda is 0.9, the limit. Told at most 5 times in 100; of 300 runs at most
    // 29 with probability 0.9998 (binomial). One wrong in 200 rows is told nearly always.
    int told = 0, found = 0;
    Random random(3);
    for (int run = 0; run < 300; ++run) {
        constexpr std::size_t rows = 600;
        std::vector<double> label(rows), at_limit(rows), close(rows);
        for (std::size_t i = 0; i < rows; ++i) {
            label[i] = static_cast<double>(random() % 2);
            at_limit[i] = random.uniform() < 0.05 ? 1.0 - label[i] : label[i];
            close[i] = random.uniform() < 0.002 ? 1.0 - label[i] : label[i];
        }
        const Table table(std::vector<NamedColumn>{
            {"y", Column::numeric(label)}, {"limit", Column::numeric(at_limit)}, {"close", Column::numeric(close)}});
        const auto kinds = kinds_of(find_leakage(table, "y", {.minimum_gain = 0.9}));
        told += kinds.count("limit") == 0 ? 0 : 1;
        found += kinds_of(find_leakage(table, "y", {.minimum_gain = 0.8})).count("close") == 0 ? 0 : 1;
    }
    CHECK(told <= 29);
    CHECK(found >= 290);
}

TEST_CASE("leakage: misuse, hostile values, and numbers as labels") {
    std::vector<double> x(200), y(200), z(200);
    for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = static_cast<double>(i) * 0.5;
        y[i] = std::sqrt(static_cast<double>(i));
        z[i] = i % 3 == 0   ? std::numeric_limits<double>::infinity()
               : i % 3 == 1 ? -std::numeric_limits<double>::infinity()
                            : 5e-324;
    }
    const std::vector<double> constant(200, 1.0), nothing(200, std::numeric_limits<double>::quiet_NaN());
    const Table table(std::vector<NamedColumn>{{"x", Column::numeric(x)},
                                               {"y", Column::numeric(y)},
                                               {"z", Column::numeric(z)},
                                               {"one", Column::numeric(constant)},
                                               {"nan", Column::numeric(nothing)}});
    // A number as label: the tenth in which it lies, told by a monotone column; rows are few, so the limit is low.
    const LeakageReport report = find_leakage(table, "y", {.minimum_gain = 0.5, .cells = 200});
    CHECK(report.labels == 10);
    CHECK(kinds_of(report).count("x") == 0);  // 200 cells of one row each foretell nothing
    CHECK(kinds_of(find_leakage(table, "y", {.minimum_gain = 0.5, .cells = 10})).at("x") == "tells_label");
    CHECK(kinds_of(find_leakage(table, "z", {.minimum_gain = 0.5})).empty());
    CHECK(code_of([&] { static_cast<void>(find_leakage(table, "w")); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { static_cast<void>(find_leakage(table, "one")); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { static_cast<void>(find_leakage(table, "nan")); }) == ErrorCode::not_enough_data);
    CHECK(code_of([&] { static_cast<void>(find_leakage(table, "y", {.minimum_gain = 0.0})); }) ==
          ErrorCode::invalid_argument);
    CHECK(code_of([&] { static_cast<void>(find_leakage(table, "y", {.cells = 1})); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { static_cast<void>(find_leakage(Table(), "y")); }) == ErrorCode::invalid_argument);
    CHECK(to_json(report).find("\"labels\": 10") != std::string::npos);
    LeakageHint hint;
    hint.column = "a\"b";
    hint.gain = 1.0;
    hint.lower = 0.5;
    CHECK(describe(hint) == "column \"a\\\"b\": tells_label: gain 1, at least 0.5");
}

TEST_CASE("leakage: of many equal columns, each is told of the first") {
    constexpr std::size_t rows = 200, columns = 50;
    std::vector<double> label(rows), zero(rows, 0.0);
    for (std::size_t i = 0; i < rows; ++i) label[i] = static_cast<double>(i * 7 % 3 % 2);
    std::vector<NamedColumn> named{{"label", Column::numeric(label)}};
    std::vector<std::string> names(columns);
    for (std::size_t k = 0; k < columns; ++k) {
        names[k] = "zero " + std::to_string(k);
        named.push_back({names[k], Column::numeric(zero)});
    }
    const LeakageReport report = find_leakage(Table(named), "label");
    REQUIRE(report.hints.size() == columns - 1);
    for (const LeakageHint& hint : report.hints) {
        CHECK(hint.kind == LeakageKind::duplicate);
        CHECK(hint.other == "zero 0");
    }
}
