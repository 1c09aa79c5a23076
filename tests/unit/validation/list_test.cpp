// SPDX-License-Identifier: Apache-2.0
// Columns of lists against a reference that judges value by value, and their statistics against plain columns.
#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "unit/test_values.hpp"
#include "unit/validation/random_column.hpp"
#include "unit/validation/random_schema.hpp"
#include "vedette/validation/batch.hpp"
#include "vedette/validation/statistics.hpp"

using namespace vedette;
using namespace vedette::validation;
using namespace vedette::validation::random_schema;
using vedette::testing::code_of;

namespace {

bool bit(const std::vector<std::uint8_t>& bitmap, std::size_t row) {
    return (bitmap[row / 8] >> (row % 8) & 1) != 0;
}

// One level of random lists over `below` elements: in order, some of them null, which may hold elements all the same,
// and some elements in none.
struct RandomLevel {
    std::vector<std::int64_t> begins, ends;
    std::vector<std::uint8_t> valid;

    RandomLevel(Random& random, std::size_t lists, std::size_t elements) : valid(lists / 8 + 1, 0) {
        std::size_t at = 0;
        for (std::size_t i = 0; i < lists; ++i) {
            at += below(random, 8) == 0 ? 1U : 0U;
            const std::size_t begin = std::min(at, elements);
            const std::size_t end = std::min(begin + below(random, 4), elements);
            begins.push_back(static_cast<std::int64_t>(begin));
            ends.push_back(static_cast<std::int64_t>(end));
            if (below(random, 6) != 0) valid[i / 8] = static_cast<std::uint8_t>(valid[i / 8] | 1U << (i % 8));
            at = end;
        }
    }
    [[nodiscard]] ListLevel level() const { return {begins, ends, {valid.data(), 0}}; }
    [[nodiscard]] std::size_t length(std::size_t i) const { return static_cast<std::size_t>(ends[i] - begins[i]); }
};

// As the header says, list by list.
CheckSet naive(const Validator& rules, const std::vector<const RandomLevel*>& levels, std::size_t level, std::size_t i,
               const std::vector<Value>& values) {
    const Feature& feature = rules.feature(0);
    if (level == levels.size()) return rules.check(0, values[i]);
    const RandomLevel& own = *levels[level];
    if (!bit(own.valid, i)) return rules.check(0, Value());
    CheckSet failed = 0;
    if (level == 0 && !feature.valency.empty() && feature.valency.size() != levels.size())
        failed |= set_of(Check::nestedness);
    if (level == 0 && feature.shape && feature.shape->size() != levels.size()) failed |= set_of(Check::shape);
    if (feature.valency.size() == levels.size()) {
        if (own.length(i) < feature.valency[level].minimum) failed |= set_of(Check::few_values);
        if (own.length(i) > feature.valency[level].maximum) failed |= set_of(Check::many_values);
    }
    if (feature.shape && feature.shape->size() == levels.size()) {
        const std::int64_t wanted = (*feature.shape)[level];
        if (wanted >= 0 && static_cast<std::size_t>(wanted) != own.length(i)) failed |= set_of(Check::shape);
    }
    CheckSet silent = 0;
    for (const auto& [check, severity] : feature.severity)
        if (severity == Severity::none) silent |= set_of(check);
    failed &= ~silent;
    for (std::int64_t k = own.begins[i]; k < own.ends[i]; ++k)
        failed |= naive(rules, levels, level + 1, static_cast<std::size_t>(k), values);
    return failed;
}

}  // namespace

TEST_CASE("lists: every row fails what its values, and their number, fail") {
    Random random(31);
    int with_failures = 0, valid = 0;
    for (int run = 0; run < 600; ++run) {
        Schema schema;
        schema.features.push_back(random_feature(random, 0));
        Feature& feature = schema.features[0];
        feature.stage = Stage::production;
        const std::size_t depth = 1 + below(random, 2);
        if (coin(random)) {
            for (std::size_t k = 0; k < (below(random, 5) == 0 ? 3 - depth : depth); ++k)
                feature.valency.push_back({below(random, 2), below(random, 3) + 1});
        } else if (coin(random)) {
            feature.shape.emplace();
            for (std::size_t k = 0; k < (below(random, 5) == 0 ? 3 - depth : depth); ++k)
                feature.shape->push_back(static_cast<std::int64_t>(below(random, 4)) - 1);
        }
        const Validator rules(schema);
        const std::size_t rows = below(random, 150), inner = depth == 2 ? below(random, 300) : 0;
        const RandomColumn data(random, below(random, 500));
        const RandomLevel lowest(random, depth == 2 ? inner : rows, data.values.size());
        const RandomLevel highest(random, rows, inner);
        std::vector<const RandomLevel*> levels{&lowest};
        if (depth == 2) levels.insert(levels.begin(), &highest);
        NestedTable table;
        table.lists.push_back({"0", {}, data.column});
        for (const RandomLevel* level : levels) table.lists[0].levels.push_back(level->level());
        const BatchReport report = validate_batch(rules, table, {.bitmaps = true});
        REQUIRE(report.rows == rows);
        for (std::size_t row = 0; row < rows; ++row) {
            CheckSet found = 0;
            for (const BatchFinding& finding : report.findings)
                if (bit(finding.bitmap, row)) found |= set_of(finding.check);
            REQUIRE(found == naive(rules, levels, 0, row, data.values));
        }
        (report.findings.empty() ? valid : with_failures) += 1;

        // In parts, as a stream of batches comes.
        BatchStream stream(rules, {.bitmaps = true});
        for (std::size_t begin = 0; begin == 0 || begin < rows; begin += 40) {
            const std::size_t count = std::min<std::size_t>(40, rows - begin);
            NestedTable part = table;
            ListLevel& cut = part.lists[0].levels[0];
            cut = {cut.begins.subspan(begin, count), cut.ends.subspan(begin, count), {cut.validity.bits, begin}};
            stream.add(part);
        }
        const BatchReport streamed = stream.finish();
        REQUIRE(streamed.findings.size() == report.findings.size());
        for (std::size_t k = 0; k < report.findings.size(); ++k) {
            REQUIRE(streamed.findings[k].check == report.findings[k].check);
            REQUIRE(streamed.findings[k].severity == report.findings[k].severity);
            REQUIRE(streamed.findings[k].bitmap == report.findings[k].bitmap);
        }
    }
    CHECK(with_failures > 200);
    CHECK(valid > 20);
}

TEST_CASE("lists: a tolerated mass is a share of values; sequences are not evaluated") {
    const auto rules = [](double mass) {
        return Validator(Schema::from_json(
            R"({"version":1,"features":[{"name":"t","type":"text","domain":{"values":["a"],"tolerated_mass":)" +
            std::to_string(mass) + R"(},"unique":true,"minimum_fraction":0.6}]})"));
    };
    const std::vector<std::string_view> texts{"a", "x", "a", "a", "hidden"};
    // [a, x], null that holds one, [], [a, a]
    const std::vector<std::int64_t> begins{0, 4, 2, 2}, ends{2, 5, 2, 4};
    const std::uint8_t valid[] = {0b1101};
    NestedTable table;
    table.lists.push_back({"t", {{begins, ends, {valid, 0}}}, Column::strings(texts)});
    const BatchReport tolerated = validate_batch(rules(0.25), table);
    REQUIRE(tolerated.findings.size() == 2);
    CHECK(tolerated.findings[0].check == Check::null);
    CHECK(tolerated.findings[1].check == Check::domain);
    CHECK(tolerated.findings[1].severity == Severity::none);
    CHECK(tolerated.findings[1].offenders == std::vector<std::uint64_t>{0});
    CHECK(tolerated.not_evaluated[0] == set_of(Check::unique));
    CHECK(validate_batch(rules(0.24), table).findings[1].severity == Severity::error);
}

TEST_CASE("lists: what contradicts itself is refused") {
    const Validator rules(Schema::from_json(R"({"version":1,"features":[{"name":"x","type":"floating"}]})"));
    const std::vector<double> values{1.0, 2.0, 3.0};
    const auto refused = [&](std::vector<std::int64_t> begins, std::vector<std::int64_t> ends, std::size_t levels = 1) {
        NestedTable table;
        table.lists.push_back(
            {"x", std::vector<ListLevel>(levels, ListLevel{begins, ends, {}}), Column::numeric(values)});
        return code_of([&] { static_cast<void>(validate_batch(rules, table)); });
    };
    CHECK(refused({0}, {4}) == ErrorCode::invalid_argument);
    CHECK(refused({-1}, {1}) == ErrorCode::invalid_argument);
    CHECK(refused({2}, {1}) == ErrorCode::invalid_argument);
    CHECK(refused({0, 0}, {2, 3}) == ErrorCode::invalid_argument);  // five elements of three
    CHECK(refused({0, 1}, {1}) == ErrorCode::dimension_mismatch);
    CHECK(refused({0}, {1}, 0) == ErrorCode::invalid_argument);
    CHECK(refused({0}, {1}, 3) == ErrorCode::invalid_argument);
    const std::vector<std::int64_t> begins{0, 1}, ends{1, 3};
    const ListColumn lists{"x", {{begins, ends, {}}}, Column::numeric(values)};
    CHECK(validate_batch(rules, NestedTable{{}, {lists}}).is_valid());
    const Table flat(std::vector<NamedColumn>{{"y", Column::numeric(values)}});
    CHECK(code_of([&] { check_lists(flat, std::vector{lists}); }) == ErrorCode::dimension_mismatch);
    CHECK(code_of([&] { check_lists({}, std::vector{lists, lists}); }) == ErrorCode::invalid_argument);
    // A stream's parts are all lists of so many levels, or none is.
    BatchStream stream(rules);
    stream.add(NestedTable{{}, {lists}});
    const Table plain(std::vector<NamedColumn>{{"x", Column::numeric(values)}});
    CHECK(code_of([&] { stream.add(plain); }) == ErrorCode::type_mismatch);
    CHECK(stream.rows() == 2);
}

TEST_CASE("lists: statistics count the values in them, and how many there are") {
    Random random(7);
    for (int run = 0; run < 60; ++run) {
        const std::size_t rows = below(random, 100), inner = below(random, 200);
        const RandomColumn data(random, below(random, 300));
        const RandomLevel lowest(random, inner, data.values.size()), highest(random, rows, inner);
        NestedTable table;
        table.lists.push_back({"x", {highest.level(), lowest.level()}, data.column});
        TableStatistics whole;
        whole.update(table);
        // A plain table of what the lists hold.
        std::vector<double> of_rows, of_lists;
        std::uint64_t values = 0, nulls = 0;
        for (std::size_t row = 0; row < rows; ++row) {
            of_rows.push_back(bit(highest.valid, row) ? static_cast<double>(highest.length(row)) : not_a_number);
            if (!bit(highest.valid, row)) continue;
            for (std::int64_t k = highest.begins[row]; k < highest.ends[row]; ++k) {
                const auto i = static_cast<std::size_t>(k);
                of_lists.push_back(bit(lowest.valid, i) ? static_cast<double>(lowest.length(i)) : not_a_number);
                if (!bit(lowest.valid, i)) continue;
                for (std::int64_t j = lowest.begins[i]; j < lowest.ends[i]; ++j) {
                    ++values;
                    nulls += data.values[static_cast<std::size_t>(j)].kind == Value::Kind::null ? 1U : 0U;
                }
            }
        }
        const ColumnStatistics& counted = whole.columns().at("x");
        CHECK(counted.rows == values);
        CHECK(counted.nulls == nulls);
        const auto same = [&](const char* name, const std::vector<double>& lengths) {
            const ColumnStatistics& found = whole.columns().at(name);
            std::uint64_t null_lists = 0;
            double sum = 0.0;
            for (const double length : lengths) {
                null_lists += length != length ? 1U : 0U;
                sum += length == length ? length : 0.0;
            }
            CHECK(found.rows == lengths.size());
            CHECK(found.nulls == null_lists);
            CHECK(found.numbers.sum.value() == sum);
        };
        same("x[]", of_rows);
        same("x[][]", of_lists);
        CHECK(whole.rows() == rows);
        CHECK(TableStatistics::deserialize(whole.serialize()).serialize() == whole.serialize());

        // Beside the judgement, and in parts: the same bytes.
        const Validator rules(Schema::from_json(R"({"version":1,"features":[]})"));
        TableStatistics beside, merged;
        static_cast<void>(validate_batch(rules, table, beside));
        CHECK(beside.serialize() == whole.serialize());
        for (std::size_t begin = 0; begin < rows; begin += 33) {
            const std::size_t count = std::min<std::size_t>(33, rows - begin);
            NestedTable part = table;
            ListLevel& cut = part.lists[0].levels[0];
            cut = {cut.begins.subspan(begin, count), cut.ends.subspan(begin, count), {cut.validity.bits, begin}};
            merged.update(part);
        }
        if (rows != 0) CHECK(merged.serialize() == whole.serialize());
    }
    TableStatistics clash;
    const std::vector<double> numbers{1.0};
    const std::vector<std::int64_t> begins{0}, ends{1};
    const NestedTable table{Table(std::vector<NamedColumn>{{"x[]", Column::numeric(numbers)}}),
                            {{"x", {{begins, ends, {}}}, Column::numeric(numbers)}}};
    CHECK(code_of([&] { clash.update(table); }) == ErrorCode::invalid_argument);
    CHECK(clash.rows() == 0);
}

TEST_CASE("lists: without a name they are refused, as columns are; statistics of them could not be read back") {
    const std::vector<std::int64_t> begins{0}, ends{1};
    const std::vector<double> values{1.0};
    const ListColumn lists{"", {{begins, ends, {}}}, Column::numeric(values)};
    CHECK(code_of([&] { check_lists(Table(), std::vector{lists}); }) == ErrorCode::invalid_argument);
    TableStatistics statistics;
    CHECK(code_of([&] { statistics.update({Table(), {lists}}); }) == ErrorCode::invalid_argument);
    CHECK(TableStatistics::deserialize(statistics.serialize()).rows() == 0);
}
