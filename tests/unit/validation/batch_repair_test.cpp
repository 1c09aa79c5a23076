// SPDX-License-Identifier: Apache-2.0
// Tables repaired: against rows repaired one by one, in every type of column.
#include "vedette/validation/batch_repair.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/guard/render_batch.hpp"

using namespace vedette;
using namespace vedette::validation;

namespace {

Schema one(const std::string& fields) {
    return Schema::from_json(R"({"version":1,"features":[{"name":"x",)" + fields + "}]}");
}

Table table_of(const Column& column) {
    return Table(std::vector<NamedColumn>{{"x", column}});
}

// Each value of the column as a row of one, repaired, is what the table has now.
template <class T>
void check_numbers(const Schema& schema, const std::vector<T>& values, std::size_t expected) {
    const Validator rules(schema);
    const std::uint8_t bits[] = {0b11110111, 0xFF};  // the fourth is null
    const Column column = Column::numeric(values, {bits, 0});
    const TableRepair repair(rules, table_of(column));
    CHECK(repair.cells().size() == expected);
    const Column& now = repair.table().columns()[0].column;
    CHECK(now.dtype() == column.dtype());
    std::size_t changed = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        CAPTURE(i);
        std::vector<Value> row{Value(values[i])};
        if (i == 3) row[0] = Value();
        const RepairVerdict verdict = rules.repair(std::span(row));
        changed += verdict.repaired;
        CHECK(now.is_valid(i) == (row[0].kind == Value::Kind::number));
        if (now.is_valid(i))
            CHECK((now.number(i) == row[0].number || (std::isnan(now.number(i)) && std::isnan(row[0].number))));
    }
    CHECK(changed == expected);
}

}  // namespace

TEST_CASE("table repair: numbers of every type, as row by row") {
    const Schema floating = one(R"("type":"floating","minimum":-2,"maximum":1.5,"repair":{"minimum":"clamp",
        "maximum":"clamp","not_a_number":"impute","null":"impute"},"replacement":0.25)");
    const double nan = std::nan("");
    check_numbers<double>(floating, {-3.0, 0.5, 2.0, 0.0, nan, -INFINITY}, 4);
    check_numbers<float>(floating, {-3.0F, 0.5F, 2.0F, 0.0F, std::nanf(""), 1.0F}, 4);
    const Schema integer = one(R"("type":"integer","minimum":3,"maximum":100,"repair":{"minimum":"clamp",
        "maximum":"clamp","null":"impute"},"replacement":7)");
    check_numbers<std::int8_t>(integer, {-3, 5, 127, 0, 100}, 3);
    check_numbers<std::uint16_t>(integer, {0, 5, 60000, 0, 100}, 3);
    check_numbers<std::int64_t>(integer, {std::numeric_limits<std::int64_t>::min(), 5, 101, 0}, 3);
    check_numbers<std::uint64_t>(integer, {0, 10000000000000000000U, 5, 0}, 3);
}

TEST_CASE("table repair: half floats, against a search among all of them") {
    std::vector<std::uint16_t> all(65536);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
    for (const Dtype dtype : {Dtype::f16, Dtype::bf16}) {
        CAPTURE(static_cast<int>(dtype));
        const Column column = Column::numeric(dtype, all.data(), all.size(), 2);
        // The bounds are no halves: what is clamped becomes the next one within.
        const Validator clamped(one(R"("type":"floating","minimum":-1.1,"maximum":3.3,"repair":{"minimum":"clamp",
            "maximum":"clamp"})"));
        double least = INFINITY, greatest = -INFINITY;
        for (std::size_t i = 0; i < all.size(); ++i) {
            const double x = column.number(i);
            if (x >= -1.1) least = std::min(least, x);
            if (x <= 3.3) greatest = std::max(greatest, x);
        }
        REQUIRE(least < -1.0);
        REQUIRE(greatest > 3.2);
        const TableRepair repair(clamped, table_of(column));
        const Column& now = repair.table().columns()[0].column;
        CHECK(now.dtype() == dtype);
        std::size_t changed = 0, wrong = 0;
        for (std::size_t i = 0; i < all.size(); ++i) {
            const double x = column.number(i);
            if (!std::isfinite(x)) continue;
            const double expected = x < -1.1 ? least : x > 3.3 ? greatest : x;
            changed += expected != x ? 1U : 0U;
            if (now.number(i) != expected) ++wrong;
        }
        CHECK(wrong == 0);
        CHECK(changed > 30'000);
        CHECK(std::count_if(repair.cells().begin(), repair.cells().end(), [&](const CellRepair& cell) {
                  return std::isfinite(column.number(cell.row));
              }) == static_cast<std::ptrdiff_t>(changed));

        // What is imputed becomes the nearest half, of every size; beyond the largest one nothing is.
        const std::vector<std::uint16_t> bad{0x7FFF};
        for (const char* const text :
             {"0.0", "1.0", "-0.1", "1e-7", "6.1e-5", "2049.3", "65503.0", "-65505.0", "1e30", "-1e-39", "3.5e38"}) {
            CAPTURE(text);
            const double replacement = std::strtod(text, nullptr);
            const Validator imputed(
                one(R"("type":"floating","repair":{"not_a_number":"impute"},"replacement":)" + std::string(text)));
            double distance = INFINITY, largest = 0.0;
            for (std::size_t i = 0; i < all.size(); ++i) {
                const double x = column.number(i);
                if (!std::isfinite(x)) continue;
                distance = std::min(distance, std::abs(x - replacement));
                largest = std::max(largest, x);
            }
            const TableRepair one_value(imputed, table_of(Column::numeric(dtype, bad.data(), 1, 2)));
            const double found = one_value.table().columns()[0].column.number(0);
            if (std::abs(replacement) <= largest) {
                CHECK(std::abs(found - replacement) == distance);
            } else {
                CHECK(std::isnan(found));
            }
        }
    }
}

TEST_CASE("table repair: what a column's type cannot hold stays as it came") {
    const Validator rules(one(R"("type":"integer","minimum":-1000,"maximum":-200,"repair":{"maximum":"clamp"})"));
    const std::vector<std::int8_t> narrow{5, -100};
    const TableRepair none(rules, table_of(Column::numeric(narrow)));
    CHECK(none.cells().empty());
    CHECK(none.table().columns()[0].column.data() == narrow.data());  // not copied
    CHECK_FALSE(none.report().is_valid());
    const std::vector<std::int16_t> wide{5, -300};
    CHECK(TableRepair(rules, table_of(Column::numeric(wide))).report().is_valid());
}

TEST_CASE("table repair: texts, dictionaries, and texts read as numbers") {
    const Validator rules(Schema::from_json(R"({"version":1,"features":[
        {"name":"a","type":"text","length":{"maximum":3},"repair":{"long_text":"clamp","null":"impute"},
         "replacement":"no"},
        {"name":"b","type":"floating","maximum":1,"repair":{"maximum":"clamp","type":"impute"},"replacement":0.5},
        {"name":"c","type":"integer","maximum":9007199254740993,"repair":{"maximum":"clamp"}},
        {"name":"d","type":"text","domain":{"values":["x","y"]}}]})"));
    const std::vector<std::string_view> a{"abcdef", "", "\xC3\xA9\xC3\xA9", "abc"};
    const std::vector<std::string_view> b{"2", "much", "0.125", "1e3"};
    const std::vector<std::string_view> c{"9007199254740994", "1", "2", "3"};
    const std::vector<std::string_view> words{"x", "z"};
    const std::vector<std::int32_t> d{0, 1, 0, -1};
    const std::uint8_t bits[] = {0b1101};
    const Table table(std::vector<NamedColumn>{{"a", Column::strings(a, {bits, 0})},
                                               {"b", Column::strings(b)},
                                               {"c", Column::strings(c)},
                                               {"d", Column::dictionary(d, words)}});
    const TableRepair repair(rules, table, {.read_texts = true});
    const std::vector<std::vector<std::string_view>> expected{
        {"abc", "no", "\xC3\xA9", "abc"}, {"1", "0.5", "0.125", "1"}, {"9007199254740993", "1", "2", "3"}};
    for (std::size_t f = 0; f < expected.size(); ++f)
        for (std::size_t i = 0; i < 4; ++i) CHECK(repair.table().columns()[f].column.text(i) == expected[f][i]);
    const BatchReport report = repair.report();
    REQUIRE(report.repairs.size() == 5);
    CHECK((report.repairs[0].how == Repair::clamp && report.repairs[0].count == 2));
    CHECK((report.repairs[1].how == Repair::impute && report.repairs[1].offenders == std::vector<std::uint64_t>{1}));
    CHECK(report.repairs[2].failed == set_of(Check::maximum));
    CHECK(report.repairs[3].failed == set_of(Check::type));
    // What is not repaired is found: of d a value outside, and a null.
    CHECK(report.findings.size() == 2);
    CHECK(describe(rules, report, report.repairs[0]) ==
          "feature \"a\": clamped 2 of 4 rows (6.8 % to 93 %) that failed long_text, first 0, 2");
    for (const ReportFormat format :
         {ReportFormat::table, ReportFormat::json, ReportFormat::markdown, ReportFormat::junit, ReportFormat::sarif}) {
        const std::string text = render(format, rules, report);
        CHECK(text.find(format == ReportFormat::json ? "\"how\": \"clamp\"" : "clamped 2 of 4 rows") !=
              std::string::npos);
    }
}

TEST_CASE("table repair: moved, it keeps what it points to") {
    const Validator rules(one(R"("type":"floating","maximum":1,"repair":{"maximum":"clamp"})"));
    const std::vector<double> values{5.0, 0.5};
    TableRepair first(rules, table_of(Column::numeric(values)));
    const TableRepair second = std::move(first);
    CHECK(second.table().columns()[0].column.number(0) == 1.0);
    CHECK(values[0] == 5.0);
}

TEST_CASE("table repair: a null of floats is imputed as NaN is, whether or not a float is the replacement") {
    for (const double maximum : {1.5, 0.1}) {
        CAPTURE(maximum);
        Schema schema =
            one(R"("type":"floating","repair":{"not_a_number":"impute","null":"impute"},"replacement":0.1)");
        schema.features[0].number.maximum = maximum;
        const Validator rules(schema);
        const std::vector<float> values{0.0F, std::nanf(""), 0.5F};
        const std::uint8_t bits[] = {0b110};
        const TableRepair repair(rules, table_of(Column::numeric(values, {bits, 0})));
        REQUIRE(repair.cells().size() == 2);
        const Column& now = repair.table().columns()[0].column;
        CHECK(now.is_valid(0));
        CHECK(now.number(0) == now.number(1));
        CHECK(repair.cells()[0].done.after.number == now.number(0));
        CHECK(now.number(0) <= maximum);
        CHECK(std::abs(now.number(0) - 0.1) < 1e-8);
    }
}

TEST_CASE("table repair: a number is no value of a column of texts that are not read") {
    const Validator rules(one(R"("type":"integer","repair":{"type":"impute","null":"impute"},"replacement":5)"));
    const std::vector<std::string_view> texts{"abc", "7"};
    const Table table = table_of(Column::strings(texts));
    const TableRepair repair(rules, table);
    CHECK(repair.cells().empty());
    CHECK(repair.report().repairs.empty());
    CHECK_FALSE(repair.report().is_valid());
    const TableRepair read(rules, table, {.read_texts = true});
    CHECK(read.cells().size() == 1);
    CHECK(read.report().is_valid());
}

TEST_CASE("table repair: an integer that a double does not hold is not imputed into a column of doubles") {
    const Validator rules(one(R"("type":"integer","minimum":9007199254740993,"repair":{"null":"impute"},
        "replacement":9007199254740993)"));
    const std::vector<double> values{0.0, 9007199254740994.0};
    const std::uint8_t bits[] = {0b10};
    const TableRepair repair(rules, table_of(Column::numeric(values, {bits, 0})));
    CHECK(repair.cells().empty());
    for (const BatchFinding& finding : repair.report().findings) CHECK(finding.check == Check::null);
}

TEST_CASE("table repair: parts of a stream are repaired and judged as one table") {
    const Validator rules(Schema::from_json(R"({"version":1,"features":[
        {"name":"x","type":"floating","minimum":0,"maximum":1,"repair":{"minimum":"clamp","maximum":"clamp",
         "not_a_number":"impute"},"replacement":0.5},
        {"name":"t","type":"text","length":{"maximum":3},"repair":{"long_text":"clamp"}},
        {"name":"u","type":"floating","unique":true,"maximum":1e6,"repair":{"maximum":"clamp"}}]})"));
    const double nan = std::nan("");
    const std::vector<double> x{0.5, -1, nan, 3, 0.25, nan, -7, 1}, u{1, 2, 3, 2e6, 5, 6, 3e6, 1};
    const std::vector<std::string_view> t{"abc", "abcd", "", "x", "lengthy", "yes", "no", "more"};
    const auto table_from = [&](std::size_t begin, std::size_t end) {
        const std::size_t n = end - begin;
        return Table(std::vector<NamedColumn>{{"x", Column::numeric(std::span(x).subspan(begin, n))},
                                              {"t", Column::strings(std::span(t).subspan(begin, n))},
                                              {"u", Column::numeric(std::span(u).subspan(begin, n))}});
    };
    const BatchOptions options{.offenders = 3, .bitmaps = true};
    const TableRepair whole(rules, table_from(0, 8), options);
    const BatchReport expected = whole.report();
    REQUIRE(expected.repairs.size() == 4);
    REQUIRE(expected.findings.size() == 1);  // 1e6 twice, and 1 twice
    BatchStream stream(rules, options);
    std::size_t cells = 0;
    for (const auto& [begin, end] : {std::pair{0UL, 3UL}, std::pair{3UL, 3UL}, std::pair{3UL, 8UL}}) {
        const TableRepair done = stream.repair(table_from(begin, end));
        cells += done.cells().size();
    }
    CHECK(cells == whole.cells().size());
    const BatchReport report = stream.finish();
    CHECK(render(ReportFormat::json, rules, report) == render(ReportFormat::json, rules, expected));
    REQUIRE(report.repairs.size() == expected.repairs.size());
    for (std::size_t i = 0; i < report.repairs.size(); ++i) {
        CHECK(report.repairs[i].feature == expected.repairs[i].feature);
        CHECK(report.repairs[i].how == expected.repairs[i].how);
        CHECK(report.repairs[i].failed == expected.repairs[i].failed);
        CHECK(report.repairs[i].count == expected.repairs[i].count);
        CHECK(report.repairs[i].rate.lower == expected.repairs[i].rate.lower);
        CHECK(report.repairs[i].offenders == expected.repairs[i].offenders);
    }
    // A part that is refused leaves the stream as it was, and a finished one is as new.
    static_cast<void>(stream.repair(table_from(0, 3)));
    const std::vector<std::int64_t> other{1, 2};
    CHECK_THROWS_AS(static_cast<void>(stream.repair(table_of(Column::numeric(other)))), Error);
    CHECK(stream.rows() == 3);
    const BatchReport first = stream.finish();
    CHECK(first.repairs.size() == 3);
    CHECK(first.repairs[0].count == 1);
}
