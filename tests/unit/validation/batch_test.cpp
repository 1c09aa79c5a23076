// SPDX-License-Identifier: Apache-2.0
// Schemas against tables: every row's verdict is the request's, and the batch's own rules against naive ones.
#include "vedette/validation/batch.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "unit/test_values.hpp"
#include "unit/validation/random_column.hpp"
#include "unit/validation/random_schema.hpp"
#include "vedette/core/random.hpp"
#include "vedette/validation/statistics.hpp"

using namespace vedette;
using namespace vedette::validation;
using vedette::testing::code_of;
using namespace vedette::validation::random_schema;

namespace {

bool bit(const std::vector<std::uint8_t>& bitmap, std::size_t row) {
    return (bitmap[row / 8] >> (row % 8) & 1) != 0;
}

const BatchFinding* find(const BatchReport& report, std::size_t feature, Check check) {
    for (const BatchFinding& finding : report.findings) {
        if (finding.feature == feature && finding.check == check) return &finding;
    }
    return nullptr;
}

constexpr CheckSet of_values = ~(batch_checks | set_of(Check::unexpected));

}  // namespace

TEST_CASE("random schemas and tables: each row's findings are those of a request") {
    Random random(21);
    for (int run = 0; run < 400; ++run) {
        const std::size_t rows = run % 50 == 0 ? 4096 + below(random, 5000) : below(random, 200);
        const std::size_t count = 1 + below(random, run % 50 == 0 ? 2 : 6);
        Schema schema;
        std::vector<std::unique_ptr<RandomColumn>> data;
        std::vector<NamedColumn> columns;
        std::vector<std::string> names;
        for (std::size_t i = 0; i < count; ++i) schema.features.push_back(random_feature(random, i));
        for (std::size_t i = 0; i < count; ++i) {
            if (i != 0 && below(random, 8) == 0) continue;
            data.push_back(std::make_unique<RandomColumn>(random, rows));
            columns.push_back({schema.features[i].name, data.back()->column});
        }
        const Validator rules(schema);
        const Table table(columns);
        const BatchReport report = validate_batch(rules, table, {.offenders = 3, .bitmaps = true});
        REQUIRE(report.rows == rows);
        REQUIRE(report.unexpected.empty());
        std::uint64_t failed_rows = 0;
        for (std::size_t row = 0; row < rows; ++row) {
            bool has_error = false;
            for (std::size_t i = 0; i < count; ++i) {
                std::size_t place = columns.size();
                for (std::size_t k = 0; k < columns.size(); ++k) {
                    if (columns[k].name == schema.features[i].name) place = k;
                }
                const CheckSet expected =
                    place == columns.size() ? rules.check_absent(i) : rules.check(i, data[place]->values[row]);
                CheckSet found = 0;
                for (const BatchFinding& finding : report.findings) {
                    if (finding.feature != i || !contains(of_values, finding.check)) continue;
                    if (!bit(finding.bitmap, row)) continue;
                    found |= set_of(finding.check);
                    has_error = has_error || finding.severity == Severity::error;
                }
                REQUIRE(found == expected);
            }
            REQUIRE(bit(report.failed_row_bitmap, row) == has_error);
            failed_rows += has_error ? 1U : 0U;
        }
        REQUIRE(report.failed_rows == failed_rows);
        for (const BatchFinding& finding : report.findings) {
            std::uint64_t set = 0;
            for (std::size_t row = 0; row < rows; ++row) set += bit(finding.bitmap, row) ? 1U : 0U;
            REQUIRE(set == finding.count);
            REQUIRE(finding.offenders.size() == std::min<std::uint64_t>(3, set));
            for (const std::uint64_t row : finding.offenders) REQUIRE(bit(finding.bitmap, row));
        }
    }
}

TEST_CASE("what only a batch can tell: presence, count, repetition, order, tolerated mass") {
    const auto schema = Schema::from_json(R"({"version":1,"features":[
        {"name":"x","type":"floating","required":false,"minimum_fraction":0.8,"minimum_count":5,
         "severity":{"count":"warning"}},
        {"name":"id","type":"integer","unique":true,"order":"increasing"},
        {"name":"t","type":"text","nullable":true,"unique":true,"domain":{"values":["a","b","c"],"tolerated_mass":0.4}}]})");
    const Validator rules(schema);
    const std::vector<double> x{1, 2, 3, 4, 5};
    const std::vector<std::uint8_t> three{0b01011}, four{0b11011};
    const std::vector<std::int64_t> id{3, 5, 5, 4, std::numeric_limits<std::int64_t>::max()};
    const std::vector<std::string_view> t{"a", "z", "?", "b", "a"};
    const auto report_of = [&](const std::vector<std::uint8_t>& valid) {
        return validate_batch(rules, Table({{"x", Column::numeric(x, {valid.data(), 0})},
                                            {"id", Column::numeric(id)},
                                            {"t", Column::strings(t, {four.data(), 0})}}));
    };
    const BatchReport report = report_of(three);
    REQUIRE(find(report, 0, Check::presence) != nullptr);
    CHECK(find(report, 0, Check::presence)->count == 2);
    CHECK(find(report, 0, Check::presence)->offenders == std::vector<std::uint64_t>{2, 4});
    CHECK(find(report, 0, Check::count)->severity == Severity::warning);
    CHECK(find(report, 1, Check::unique)->offenders == std::vector<std::uint64_t>{2});
    CHECK(find(report, 1, Check::monotonic)->offenders == std::vector<std::uint64_t>{3});
    CHECK(find(report, 2, Check::unique)->offenders == std::vector<std::uint64_t>{4});
    // One of the four values that are not null.
    CHECK(find(report, 2, Check::domain)->severity == Severity::none);
    CHECK(find(report, 2, Check::null) == nullptr);
    CHECK(report.failed_rows == 3);
    CHECK(find(report_of(four), 0, Check::presence) == nullptr);

    const std::vector<std::string_view> worse{"a", "z", "?", "y", "b"};
    const BatchReport beyond = validate_batch(rules, Table({{"x", Column::numeric(x)},
                                                            {"id", Column::numeric(id)},
                                                            {"t", Column::strings(worse, {four.data(), 0})}}));
    CHECK(find(beyond, 2, Check::domain)->severity == Severity::error);
    CHECK(find(beyond, 2, Check::domain)->rate.lower < 0.4);
    CHECK(find(beyond, 0, Check::presence) == nullptr);
    CHECK(beyond.not_evaluated == std::vector<CheckSet>{0, 0, 0});
    CHECK(describe(rules, beyond, *find(beyond, 1, Check::unique)) ==
          "feature \"id\": unique (FEATURE_TYPE_LOW_UNIQUE), error: 1 of 5 rows (0.51 % to 72 %), first 2");
}

TEST_CASE("columns that are missing, unknown or of another type; empty tables; misuse") {
    const auto schema = Schema::from_json(R"({"version":1,"features":[
        {"name":"a","type":"floating","dtype":"F32"},{"name":"b","type":"text"},
        {"name":"c","type":"integer","minimum_count":1},{"name":"d","type":"floating","stage":"planned"},
        {"name":"e","type":"floating","shape":[3]}]})");
    const Validator rules(schema);
    const std::vector<double> a{1, 2};
    const std::vector<std::uint64_t> c{0, std::numeric_limits<std::uint64_t>::max()};
    const BatchReport report = validate_batch(
        rules, Table({{"a", Column::numeric(a)}, {"c", Column::numeric(c)}, {"new", Column::numeric(a)}}));
    CHECK(find(report, 0, Check::type)->count == 2);
    CHECK(find(report, 1, Check::missing)->count == 2);
    CHECK(find(report, 2, Check::count) == nullptr);
    CHECK(report.unexpected == std::vector<std::string>{"new"});
    CHECK(find(report, 5, Check::unexpected)->severity == Severity::error);
    CHECK(!report.is_valid());
    CHECK(report.not_evaluated[3] == all_checks);
    CHECK(report.not_evaluated[4] == set_of(Check::shape));
    CHECK(describe(rules, report, report.findings.back()) == "table: unexpected (SCHEMA_NEW_COLUMN), error: \"new\"");

    const BatchReport empty = validate_batch(rules, Table({{"c", Column::numeric(std::vector<double>{})}}));
    CHECK(empty.rows == 0);
    CHECK(find(empty, 2, Check::count) != nullptr);
    CHECK(find(empty, 2, Check::null) == nullptr);
    CHECK(find(empty, 0, Check::missing)->count == 0);
    CHECK(code_of([&] { (void)validate_batch(rules, Table(), {.confidence = 1.0}); }) == ErrorCode::invalid_argument);
}

TEST_CASE("texts that stand for numbers") {
    const auto schema = Schema::from_json(R"({"version":1,"features":[
        {"name":"i","type":"integer","maximum":9007199254740993,"unique":true},
        {"name":"b","type":"boolean"},{"name":"x","type":"floating","maximum":1,"order":"increasing"},
        {"name":"t","type":"text"}]})");
    const Validator rules(schema);
    const std::vector<std::string_view> i{"9007199254740993", "9007199254740994", "1.5", "many", "1", "1.0"};
    const std::vector<std::string_view> b{"TRUE", "0", "1.0", "yes", "false", "2"};
    const std::vector<std::string_view> x{"0.5", " 1e0", "one", "0.75", "nan", "+2"};
    const Table table(
        {{"i", Column::strings(i)}, {"b", Column::strings(b)}, {"x", Column::strings(x)}, {"t", Column::strings(i)}});
    const BatchReport read = validate_batch(rules, table, {.read_texts = true});
    CHECK(find(read, 0, Check::maximum)->offenders == std::vector<std::uint64_t>{1});
    CHECK(find(read, 0, Check::type)->offenders == std::vector<std::uint64_t>{2, 3});
    CHECK(find(read, 0, Check::unique)->offenders == std::vector<std::uint64_t>{5});
    CHECK(find(read, 1, Check::type)->offenders == std::vector<std::uint64_t>{3, 5});
    CHECK(find(read, 2, Check::type)->offenders == std::vector<std::uint64_t>{2});
    CHECK(find(read, 2, Check::monotonic)->offenders == std::vector<std::uint64_t>{3});
    CHECK(find(read, 2, Check::not_a_number)->offenders == std::vector<std::uint64_t>{4});
    CHECK(find(read, 2, Check::maximum)->offenders == std::vector<std::uint64_t>{5});
    CHECK(find(read, 3, Check::type) == nullptr);
    CHECK(find(validate_batch(rules, table), 0, Check::type)->count == 6);
}

namespace {

void require_same(const BatchReport& a, const BatchReport& b) {
    REQUIRE(a.rows == b.rows);
    REQUIRE(a.failed_rows == b.failed_rows);
    REQUIRE(a.severity == b.severity);
    REQUIRE(a.not_evaluated == b.not_evaluated);
    REQUIRE(a.unexpected == b.unexpected);
    REQUIRE(a.failed_row_bitmap == b.failed_row_bitmap);
    REQUIRE(a.findings.size() == b.findings.size());
    for (std::size_t i = 0; i < a.findings.size(); ++i) {
        const BatchFinding &x = a.findings[i], &y = b.findings[i];
        CAPTURE(i);
        REQUIRE(x.feature == y.feature);
        REQUIRE(x.check == y.check);
        REQUIRE(x.severity == y.severity);
        REQUIRE(x.count == y.count);
        REQUIRE(x.rate.lower == y.rate.lower);
        REQUIRE(x.rate.upper == y.rate.upper);
        REQUIRE(x.offenders == y.offenders);
        REQUIRE(x.bitmap == y.bitmap);
    }
}

// Rows [begin, end) of a column; `texts` is kept for it.
Column part_of(const Column& column, std::size_t begin, std::size_t end, std::vector<std::string_view>& texts) {
    const std::size_t size = end - begin;
    const Validity validity{column.validity().bits, column.validity().offset + begin};
    if (column.is_numeric())
        return Column::numeric(
            column.dtype(),
            static_cast<const std::byte*>(column.data()) + static_cast<std::ptrdiff_t>(begin) * column.stride_bytes(),
            size, column.stride_bytes(), validity);
    if (column.kind() == ColumnKind::dictionary)
        return Column::dictionary({static_cast<const std::int32_t*>(column.data()) + begin, size}, column.dictionary(),
                                  validity);
    for (std::size_t i = begin; i < end; ++i) texts.push_back(column.text(i));
    return Column::strings(texts, validity);
}

}  // namespace

TEST_CASE("a table in parts gives the report of the whole, and is counted along to the same bytes") {
    Random random(77);
    for (int run = 0; run < 120; ++run) {
        const std::size_t rows = run % 40 == 0 ? 4090 + below(random, 5000) : 1 + below(random, 300);
        const std::size_t count = 1 + below(random, 5);
        Schema schema;
        std::vector<std::unique_ptr<RandomColumn>> data;
        std::vector<NamedColumn> columns;
        std::deque<std::string> names;
        for (std::size_t i = 0; i < count; ++i) {
            schema.features.push_back(random_feature(random, i));
            schema.features.back().unique = below(random, 3) == 0;
            const bool is_number = schema.features.back().type < FeatureType::boolean;
            if (is_number && below(random, 3) == 0) schema.features.back().order = Order::increasing;
            if (coin(random)) schema.features.back().minimum_fraction = 0.8;
        }
        for (std::size_t i = 0; i < count; ++i) {
            if (i != 0 && below(random, 8) == 0) continue;
            data.push_back(std::make_unique<RandomColumn>(random, rows));
            names.push_back(i != 0 && below(random, 8) == 0 ? "stranger " + std::to_string(i)
                                                            : schema.features[i].name);
            columns.push_back({names.back(), data.back()->column});
        }
        const Validator rules(schema);
        const BatchOptions options{.offenders = 4, .bitmaps = true, .read_texts = coin(random)};
        const Table table(columns);
        const BatchReport whole = validate_batch(rules, table, options);
        TableStatistics apart, along, streamed;
        apart.update(table);
        require_same(validate_batch(rules, table, along, options), whole);
        REQUIRE(along.serialize() == apart.serialize());
        BatchStream stream(rules, options);
        for (int pass = 0; pass < 2; ++pass) {  // after `finish` it is as new
            for (std::size_t begin = 0; begin < rows;) {
                const std::size_t end = std::min(rows, begin + 1 + below(random, 1 + rows / 2));
                std::vector<NamedColumn> part;
                std::deque<std::vector<std::string_view>> texts;
                for (const NamedColumn& named : columns)
                    part.push_back({named.name, part_of(named.column, begin, end, texts.emplace_back())});
                pass == 0 ? stream.add(Table(part), streamed) : stream.add(Table(part));
                begin = end;
            }
            REQUIRE(stream.rows() == rows);
            require_same(stream.finish(), whole);
        }
        REQUIRE(streamed.serialize() == apart.serialize());
    }
}

TEST_CASE("parts: columns come and go, types stay, and what is refused changes nothing") {
    const auto schema = Schema::from_json(R"({"version":1,"features":[
        {"name":"x","type":"floating"},{"name":"t","type":"text","unique":true}]})");
    const std::vector<double> x{1, 2, 3};
    const std::vector<float> narrow{1, 2, 3};
    BatchStream stream{Validator(schema)};
    TableStatistics statistics;
    {
        const std::vector<std::string> texts{"a", "b", "a"};
        const std::vector<std::string_view> views(texts.begin(), texts.end());
        stream.add(Table({{"x", Column::numeric(x)}, {"t", Column::strings(views)}}), statistics);
    }
    CHECK(code_of([&] { stream.add(Table({{"x", Column::numeric(narrow)}})); }) == ErrorCode::type_mismatch);
    const std::vector<std::string_view> later{"c", "b", "d"};
    CHECK(code_of([&] { stream.add(Table({{"x", Column::strings(later)}}), statistics); }) == ErrorCode::type_mismatch);
    const auto before = statistics.serialize();
    CHECK(code_of([&] {
              stream.add(Table({{"x", Column::numeric(x)}, {"u", Column::numeric(x)}, {"t", Column::numeric(x)}}),
                         statistics);
          }) == ErrorCode::type_mismatch);
    CHECK(statistics.serialize() == before);
    CHECK(stream.rows() == 3);
    stream.add(Table({{"t", Column::strings(later)}, {"new", Column::numeric(x)}}));
    const BatchReport report = stream.finish();
    CHECK(report.rows == 6);
    REQUIRE(find(report, 0, Check::missing) != nullptr);
    CHECK(find(report, 0, Check::missing)->offenders == std::vector<std::uint64_t>{3, 4, 5});
    REQUIRE(find(report, 1, Check::unique) != nullptr);
    CHECK(find(report, 1, Check::unique)->offenders == std::vector<std::uint64_t>{2, 4});
    CHECK(report.unexpected == std::vector<std::string>{"new"});
    CHECK(find(report, 2, Check::unexpected)->count == 3);
    // A stream without a part has no row, and lacks what is required.
    CHECK(BatchStream{Validator(schema)}.finish().severity == Severity::error);
}

TEST_CASE("64-bit integers at the ends of bounds, with and without sign") {
    const std::vector<std::int64_t> edges{std::numeric_limits<std::int64_t>::min(), -1, 0, 1,
                                          std::numeric_limits<std::int64_t>::max()};
    std::vector<std::int64_t> values;
    std::vector<std::uint64_t> plain;
    for (const std::int64_t edge : edges) {
        for (const std::uint64_t step : {~std::uint64_t{0}, std::uint64_t{0}, std::uint64_t{1}}) {
            plain.push_back(static_cast<std::uint64_t>(edge) + step);
            values.push_back(static_cast<std::int64_t>(plain.back()));
        }
    }
    for (const std::int64_t bound : edges) {
        for (int kind = 0; kind < 8; ++kind) {
            Schema schema;
            schema.features.emplace_back();
            Feature& feature = schema.features.back();
            feature.name = "n";
            feature.type = FeatureType::integer;
            if ((kind & 1) == 0) feature.integer.minimum = bound;
            if ((kind & 1) != 0) feature.integer.maximum = bound;
            feature.integer.exclusive_minimum = (kind & 1) == 0 && (kind & 2) != 0;
            feature.integer.exclusive_maximum = (kind & 1) != 0 && (kind & 2) != 0;
            const Validator rules(schema);
            const bool is_signed = (kind & 4) == 0;
            const BatchReport report = validate_batch(
                rules, Table({{"n", is_signed ? Column::numeric(values) : Column::numeric(plain)}}), {.bitmaps = true});
            const auto fails = [&](std::size_t i) {
                const auto wide = is_signed ? static_cast<long double>(values[i]) : static_cast<long double>(plain[i]);
                const auto limit = static_cast<long double>(bound);
                switch (kind & 3) {
                    case 0: return wide < limit;
                    case 1: return wide > limit;
                    case 2: return wide <= limit;
                    default: return wide >= limit;
                }
            };
            for (std::size_t i = 0; i < values.size(); ++i) {
                CAPTURE(bound);
                CAPTURE(kind);
                CAPTURE(i);
                REQUIRE((!report.findings.empty() && bit(report.findings[0].bitmap, i)) == fails(i));
            }
        }
    }
}
