// SPDX-License-Identifier: Apache-2.0
// Inferred schemas: they accept their own data, hold the rules that the data has evidence for, and relax for other
// data.
#include "vedette/validation/infer.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "unit/test_values.hpp"
#include "unit/validation/random_column.hpp"
#include "unit/validation/random_schema.hpp"
#include "vedette/core/random.hpp"
#include "vedette/stats/intervals.hpp"
#include "vedette/validation/batch.hpp"
#include "vedette/validation/statistics.hpp"

using namespace vedette;
using namespace vedette::validation;
using vedette::testing::code_of;
using namespace vedette::validation::random_schema;

namespace {

struct Texts {
    std::vector<std::string> storage;
    std::vector<std::string_view> views;

    explicit Texts(std::vector<std::string> texts) : storage(std::move(texts)), views(storage.begin(), storage.end()) {}
    [[nodiscard]] Table table() const { return Table({{"a", Column::strings(views)}}); }
};

template <class T>
Table table_of(const std::vector<T>& values) {
    return Table({{"a", Column::numeric(values)}});
}

Feature feature_of(const Table& table, const InferenceOptions& options = {}) {
    return infer_schema(table, options).schema.features.at(0);
}

const RuleEvidence* find(const FeatureEvidence& evidence, std::string_view rule) {
    for (const RuleEvidence& found : evidence.rules) {
        if (found.rule == rule) return &found;
    }
    return nullptr;
}

bool accepts(const Schema& schema, const Table& table, bool read_texts) {
    return validate_batch(Validator(schema), table, {.read_texts = read_texts}).is_valid();
}

// A text that may stand for something.
std::string random_word(Random& random) {
    const char* words[] = {"1",     "0",   "true", "False", "nan", "-inf", "1.5", "9223372036854775808", "007", " 3",
                           "1e400", "a.b", "",     "+2",    "2",   "1.0",  "-0",  "2024-02-29"};
    return words[below(random, std::size(words))];
}

}  // namespace

TEST_CASE("random tables: what was inferred, or relaxed, accepts the data") {
    Random random(61);
    std::size_t kept = 0, steps = 0;
    for (int run = 0; run < 600; ++run) {
        const std::size_t rows = run % 3 == 0 ? 400 + below(random, 300) : below(random, 60);
        std::vector<std::unique_ptr<RandomColumn>> data;
        std::vector<Texts> words;
        words.reserve(3);
        std::vector<NamedColumn> columns;
        const std::vector<std::string> names{"0", "1", "2", "3", "4"};
        for (std::size_t i = 0; i < 3; ++i) {
            data.push_back(std::make_unique<RandomColumn>(random, rows));
            columns.push_back({names[i], data.back()->column});
        }
        for (std::size_t i = 3; i < 5; ++i) {
            std::vector<std::string> pool, texts;
            for (std::size_t k = 0; k < 1 + below(random, 4); ++k) pool.push_back(random_word(random));
            for (std::size_t k = 0; k < rows; ++k) texts.push_back(pool[below(random, pool.size())]);
            words.emplace_back(std::move(texts));
            columns.push_back({names[i], Column::strings(words.back().views)});
        }
        const Table table(columns);
        const bool read_texts = coin(random);
        const double slack = coin(random) ? 0.0 : 0.1;
        const Inference inference =
            infer_schema(table, {.minimum_rows = 0, .most_refused = 0.3, .slack = slack, .read_texts = read_texts});
        REQUIRE(inference.features.size() == 5);
        for (const FeatureEvidence& evidence : inference.features) {
            for (const RuleEvidence& rule : evidence.rules) kept += rule.is_kept ? 1U : 0U;
        }
        REQUIRE(accepts(inference.schema, table, read_texts));

        Schema strange;
        for (std::size_t i = 0; i < 6; ++i) {
            if (below(random, 6) != 0) strange.features.push_back(random_feature(random, i));
        }
        const Schema before = strange;
        const Relaxation relaxation = relax(strange, table, {.read_texts = read_texts});
        REQUIRE(accepts(relaxation.schema, table, read_texts));
        REQUIRE(strange == before);
        REQUIRE((relaxation.steps.empty()) == (relaxation.schema == strange));
        steps += relaxation.steps.size();
        // What is accepted stays as it is.
        const Relaxation again = relax(relaxation.schema, table, {.read_texts = read_texts});
        REQUIRE(again.schema == relaxation.schema);
        REQUIRE(again.steps.empty());
        // Without a change of type the steps loosen alone.
        bool same_types = true;
        for (std::size_t i = 0; i < strange.features.size(); ++i)
            same_types = same_types && strange.features[i].type == relaxation.schema.features[i].type;
        if (same_types) REQUIRE(is_compatible(diff(strange, relaxation.schema)));
    }
    CHECK(kept > 1000);
    CHECK(steps > 1000);
}

TEST_CASE("presence is TensorFlow Data Validation's: whole only where nothing is missing") {
    std::vector<double> x(200, 1.5);
    x[3] = 2.5;
    Feature whole = feature_of(table_of(x));
    CHECK(whole.minimum_count == 1);
    CHECK(whole.minimum_fraction == 1.0);
    CHECK(whole.required);
    CHECK_FALSE(whole.nullable);
    std::vector<std::uint8_t> valid(25, 0xFF);
    valid[0] = 0xFE;
    const Table holes({{"a", Column::numeric(x, Validity{valid.data(), 0})}});
    const Feature partial = feature_of(holes);
    CHECK(partial.minimum_count == 1);
    CHECK(partial.minimum_fraction == 0.0);
    CHECK(partial.nullable);
    const std::vector<std::uint8_t> none(25, 0);
    const Feature empty = feature_of(Table({{"a", Column::numeric(x, Validity{none.data(), 0})}}));
    CHECK(empty.minimum_count == 0);
    CHECK(empty.nullable);
    CHECK_FALSE(empty.number.minimum);
}

TEST_CASE("types: of the column, bits with a one are boolean, texts as they read") {
    std::vector<std::int32_t> bits(200), zeros(200), three(200);
    for (std::size_t i = 0; i < 200; ++i) {
        bits[i] = static_cast<std::int32_t>(i % 2);
        three[i] = static_cast<std::int32_t>(i % 3);
    }
    CHECK(feature_of(table_of(bits)).type == FeatureType::boolean);
    CHECK(feature_of(table_of(zeros)).type == FeatureType::integer);
    CHECK(feature_of(table_of(three)).type == FeatureType::integer);
    const auto type = [](const std::vector<std::string>& pool, bool read_texts) {
        std::vector<std::string> texts;
        for (std::size_t i = 0; i < 200; ++i) texts.push_back(pool[i % pool.size()]);
        return feature_of(Texts(texts).table(), {.read_texts = read_texts}).type;
    };
    CHECK(type({"1", "7", "-2"}, true) == FeatureType::integer);
    CHECK(type({"1", "7", "-2"}, false) == FeatureType::text);
    CHECK(type({"1", "7.5"}, true) == FeatureType::floating);
    CHECK(type({"1", "nan"}, true) == FeatureType::floating);
    CHECK(type({"9223372036854775808", "2"}, true) == FeatureType::floating);
    CHECK(type({"0", "1"}, true) == FeatureType::boolean);
    CHECK(type({"true", "FALSE"}, true) == FeatureType::boolean);
    CHECK(type({"true", "2"}, true) == FeatureType::text);
    CHECK(type({"00501", "10001"}, true) == FeatureType::text);
    CHECK(type({"0", "0.5"}, true) == FeatureType::floating);
    CHECK(type({"1", ""}, true) == FeatureType::text);
    CHECK(type({"a", "\xC3"}, true) == FeatureType::bytes);
}

TEST_CASE("domains: at most so many texts, valid, and new ones rare") {
    const auto texts = [](std::size_t distinct, std::size_t rows) {
        std::vector<std::string> values;
        for (std::size_t i = 0; i < rows; ++i) values.push_back("v" + std::to_string(i % distinct));
        return values;
    };
    const Feature hundred = feature_of(Texts(texts(100, 1000)).table());
    REQUIRE(hundred.domain);
    CHECK(hundred.domain->values.size() == 100);
    CHECK_FALSE(hundred.length);
    CHECK_FALSE(feature_of(Texts(texts(101, 1010)).table()).domain);
    CHECK(feature_of(Texts(texts(101, 1010)).table(), {.most_domain_values = 101}).domain);
    // Every tenth text was seen once: the next one may be new.
    std::vector<std::string> rare = texts(5, 450);
    for (std::size_t i = 0; i < 50; ++i) rare.push_back("once " + std::to_string(i));
    const Texts rare_texts(rare);
    const Inference inference = infer_schema(rare_texts.table());
    CHECK_FALSE(inference.schema.features[0].domain);
    const RuleEvidence* domain = find(inference.features[0], "domain");
    REQUIRE(domain != nullptr);
    CHECK(domain->refused == 50);
    CHECK(domain->values == 500);
    CHECK(domain->most_refused == stats::wilson(50, 500, stats::Confidence(0.95)).upper);
    CHECK(describe(inference.features[0], *domain, 0.05).find("domain left out: 50 of 500") != std::string::npos);
    std::vector<std::string> zero = texts(3, 300);
    for (std::string& text : zero) text.push_back('\0');
    CHECK_FALSE(feature_of(Texts(zero).table()).domain);
}

TEST_CASE("bounds: observed, with slack that keeps the sign; integers outwards; infinities none") {
    std::vector<double> x;
    for (std::size_t i = 0; i <= 1000; ++i) x.push_back(2.0 + static_cast<double>(i) / 10.0 + 1e-3);
    std::swap(x[0], x[500]);
    const Feature positive = feature_of(table_of(x));
    CHECK(*positive.number.minimum == 0.0);
    CHECK(*positive.number.maximum == doctest::Approx(112.001).epsilon(1e-12));
    CHECK_FALSE(positive.integral);
    CHECK(positive.order == Order::any);
    CHECK(*feature_of(table_of(x), {.slack = 0.0}).number.minimum == 2.001);
    x[7] = infinity;
    x[8] = not_a_number;
    const Feature open = feature_of(table_of(x));
    CHECK(open.allow_infinity);
    CHECK(open.allow_nan);
    CHECK(open.number.minimum);
    CHECK_FALSE(open.number.maximum);
    std::vector<std::int64_t> wide;
    for (std::int64_t i = 0; i < 500; ++i)
        wide.push_back(i % 2 == 0 ? std::numeric_limits<std::int64_t>::min() + i / 4
                                  : std::numeric_limits<std::int64_t>::max() - i / 4);
    const Feature extreme = feature_of(table_of(wide));
    CHECK(*extreme.integer.minimum == std::numeric_limits<std::int64_t>::min());
    CHECK(*extreme.integer.maximum == std::numeric_limits<std::int64_t>::max());
    std::vector<double> huge(500, -1e308);
    for (std::size_t i = 0; i < 250; ++i) huge[2 * i] = 1e308;
    CHECK(*feature_of(table_of(huge)).number.minimum == -1e308);
    // One value far from the others would be refused by them.
    std::vector<double> lone(60);
    for (std::size_t i = 0; i < 60; ++i) lone[i] = static_cast<double>(i * 7 % 59) / 60.0;
    lone[30] = 1e6;
    const Inference inference = infer_schema(table_of(lone), {.most_refused = 0.07});
    CHECK(find(inference.features[0], "maximum")->refused == 1);
    CHECK(find(inference.features[0], "minimum")->refused == 0);
    CHECK_FALSE(inference.schema.features[0].number.maximum);
    CHECK(inference.schema.features[0].number.minimum);
}

TEST_CASE("whole numbers, order, uniqueness, formats and lengths") {
    std::vector<double> up(300);
    for (std::size_t i = 0; i < 300; ++i) up[i] = static_cast<double>(i - i % 2);
    Feature feature = feature_of(table_of(up));
    CHECK(feature.integral);
    CHECK(feature.order == Order::increasing);
    CHECK_FALSE(feature.unique);
    std::vector<std::int64_t> down(300);
    for (std::size_t i = 0; i < 300; ++i) down[i] = -static_cast<std::int64_t>(i);
    feature = feature_of(table_of(down));
    CHECK(feature.order == Order::strictly_decreasing);
    CHECK(feature.unique);
    CHECK(*feature.integer.maximum == 0);
    const std::vector<double> constant(300, 0.5);
    CHECK(feature_of(table_of(constant)).order == Order::any);
    std::vector<std::uint64_t> beyond(300);
    for (std::size_t i = 0; i < 300; ++i) beyond[i] = std::numeric_limits<std::uint64_t>::max() - i * 3 % 7;
    feature = feature_of(table_of(beyond));
    CHECK_FALSE(feature.integer.maximum);
    CHECK(feature.order == Order::any);

    const auto of = [](auto&& make) {
        std::vector<std::string> texts;
        for (std::size_t i = 0; i < 300; ++i) texts.push_back(make(i));
        return feature_of(Texts(texts).table());
    };
    feature = of([](std::size_t i) { return "10.0." + std::to_string(i % 2) + "." + std::to_string(i / 2); });
    CHECK(feature.format == Format::ipv4);
    CHECK(feature.unique);
    CHECK(of([](std::size_t i) { return "u" + std::to_string(i) + "@example.org"; }).format == Format::email);
    CHECK(of([](std::size_t i) { return "https://example.org/" + std::to_string(i); }).format == Format::uri);
    feature = of([](std::size_t i) { return "word" + std::to_string(100 + i); });
    CHECK(feature.format == Format::none);
    CHECK(*feature.length == Count{7, 7});
    feature = of([](std::size_t i) { return "\xC3\xA9" + std::to_string(100 + i); });
    CHECK(*feature.length == Count{4, 4});
    CHECK(feature.length_unit == LengthUnit::code_points);
}

TEST_CASE("small data is refused, and rules without evidence are left out and told") {
    std::vector<double> x(29);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i * 5 % 29);
    CHECK(code_of([&] { static_cast<void>(infer_schema(table_of(x))); }) == ErrorCode::not_enough_data);
    x.push_back(3.0);
    const Inference inference = infer_schema(table_of(x));
    const Feature& feature = inference.schema.features[0];
    CHECK_FALSE(feature.number.minimum);
    CHECK_FALSE(feature.integral);
    CHECK(feature.nullable);
    for (const char* rule : {"null", "integral", "minimum", "maximum"}) {
        REQUIRE(find(inference.features[0], rule) != nullptr);
        CHECK_FALSE(find(inference.features[0], rule)->is_kept);
        CHECK(find(inference.features[0], rule)->most_refused > 0.05);
    }
    // The limit is where z^2 / (n + z^2) falls below it: 73 values at 95 % and 0.05.
    const std::vector<double> just(73, 1.0), short_of(72, 1.0);
    CHECK(feature_of(table_of(just)).integral);
    CHECK_FALSE(feature_of(table_of(short_of)).integral);
}

TEST_CASE("options out of range, and columns that no schema can hold") {
    const std::vector<double> x(100);
    const auto code = [&](const InferenceOptions& options) {
        return code_of([&] { static_cast<void>(infer_schema(table_of(x), options)); });
    };
    CHECK(code({.most_refused = 0.0}) == ErrorCode::invalid_argument);
    CHECK(code({.most_refused = not_a_number}) == ErrorCode::invalid_argument);
    CHECK(code({.confidence = 0.4}) == ErrorCode::invalid_argument);
    CHECK(code({.confidence = 1.0}) == ErrorCode::invalid_argument);
    CHECK(code({.slack = -0.1}) == ErrorCode::invalid_argument);
    CHECK(code({.slack = infinity}) == ErrorCode::invalid_argument);
    const Table named({{"\xFF", Column::numeric(x)}});
    CHECK(code_of([&] { static_cast<void>(infer_schema(named)); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { static_cast<void>(relax({}, named)); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { static_cast<void>(infer_schema(Table())); }) == ErrorCode::not_enough_data);
}

TEST_CASE("relaxing tells each step") {
    const Schema schema = Schema::from_json(R"({"version":1,"features":[
        {"name":"a","type":"integer","minimum":0,"maximum":5,"step":2},
        {"name":"b","type":"text","domain":{"values":["x"]}},
        {"name":"gone","type":"floating"}]})");
    const std::vector<std::int64_t> a{-3, 9};
    const std::vector<std::string_view> b{"x", "y"};
    const Table table({{"a", Column::numeric(a)}, {"b", Column::strings(b)}, {"new", Column::numeric(a)}});
    const Relaxation relaxation = relax(schema, table);
    std::vector<std::string> told;
    for (const SchemaChange& step : relaxation.steps) told.push_back(describe(step));
    REQUIRE(told.size() == 6);
    CHECK(told[0] == R"(loosened: feature "a": minimum 0 -> -3)");
    CHECK(told[1] == R"(loosened: feature "a": maximum 5 -> 9)");
    CHECK(told[2] == R"(loosened: feature "a": step 2 -> none)");
    CHECK(told[3] == R"(loosened: feature "b": domain {"values":["x"]} -> {"values":["x","y"]})");
    CHECK(told[4] == R"(loosened: feature "gone": required none -> false)");
    CHECK(told[5].starts_with(R"(loosened: feature "new": feature none -> )"));
    CHECK(is_compatible(diff(schema, relaxation.schema)));
    // Integers that turn out to be reals keep their bounds, and readers are warned.
    const std::vector<double> reals{0.5, 4.0};
    const Relaxation typed = relax(schema, Table({{"a", Column::numeric(reals)}}));
    CHECK(typed.schema.features[0].type == FeatureType::floating);
    CHECK(typed.schema.features[0].number.maximum == 5.0);
    CHECK_FALSE(is_compatible(typed.steps));
}

TEST_CASE("relaxing: what is null to a type is no value of it") {
    const std::vector<double> x{std::nan(""), 2.0, 3.0};
    const Table table({{"a", Column::numeric(std::span<const double>(x))}});
    for (const char* const type : {"integer", "boolean", "floating"}) {
        CAPTURE(type);
        const Schema schema =
            Schema::from_json(R"({"version": 1, "features": [{"name": "a", "type": ")" + std::string(type) +
                              R"(", "nullable": true, "allow_nan": false, "minimum_count": 9,
                "minimum_fraction": 1}]})");
        const Relaxation relaxed = relax(schema, table, {});
        CHECK(validate_batch(Validator(relaxed.schema), table).is_valid());
        if (std::string_view(type) == "integer") CHECK(relaxed.schema.features[0].minimum_count == 2);
        if (std::string_view(type) == "integer") CHECK(relaxed.schema.features[0].minimum_fraction == 0.66);
    }
}

TEST_CASE("relaxing: a repair that needs an end goes with the end") {
    const auto relaxed = [](const std::string& rules, const std::vector<double>& x) {
        const Schema schema = Schema::from_json(R"({"version":1,"features":[{"name":"x","type":"floating",)" + rules +
                                                R"(,"repair":{"infinity":"clamp","maximum":"clamp"}}]})");
        return relax(schema, Table({{"x", Column::numeric(x)}})).schema.features[0];
    };
    const std::string score = R"("standard_score":{"mean":0,"standard_deviation":1,"limit":3})";
    CHECK(relaxed(score, {0.0, 9.0}).repair == std::map<Check, Repair>{{Check::maximum, Repair::clamp}});
    const std::string bounds = R"("minimum":0,"maximum":1)";
    CHECK(relaxed(bounds, {0.0, infinity}).repair == std::map<Check, Repair>{{Check::maximum, Repair::clamp}});
    CHECK(relaxed(bounds, {0.0, 2.0}).repair.size() == 2);
}

TEST_CASE("schemas of statistics accept the data, and claim no more than those of tables") {
    Random random(63);
    std::size_t kept = 0;
    for (int run = 0; run < 200; ++run) {
        const std::size_t rows = 200 + below(random, 300);
        const RandomColumn first(random, rows), second(random, rows);
        const Table whole({{"a", first.column}, {"b", second.column}});
        TableStatistics one, other;
        one.update(whole);
        other.update(Table({{"b", second.column}, {"a", first.column}}));
        one.merge(other);  // every value twice
        const Inference inference = infer_schema(one);
        CHECK(accepts(inference.schema, whole, false));
        REQUIRE(inference.schema.features.size() == 2);
        for (const FeatureEvidence& evidence : inference.features) {
            REQUIRE(evidence.rows == 2 * rows);
            REQUIRE(find(evidence, "order") == nullptr);
            for (const RuleEvidence& rule : evidence.rules) kept += rule.is_kept ? 1U : 0U;
        }
    }
    CHECK(kept > 400);
}

TEST_CASE("statistics of few different values give the domain and the bounds of the table itself") {
    const std::vector<std::string> words{"red", "green", "blue"};
    std::vector<std::string_view> colours;
    std::vector<std::int64_t> counts;
    std::vector<double> prices;
    for (int i = 0; i < 600; ++i) {
        colours.emplace_back(words[static_cast<std::size_t>(i % 3)]);
        counts.push_back(10 + i % 20);
        prices.push_back(0.25 * (i % 200));
    }
    const Table table(
        {{"colour", Column::strings(colours)}, {"count", Column::numeric(counts)}, {"price", Column::numeric(prices)}});
    TableStatistics statistics;
    statistics.update(table);
    const Schema of_table = infer_schema(table).schema, of_statistics = infer_schema(statistics).schema;
    CHECK(of_statistics.features[0].domain->values == of_table.features[0].domain->values);
    CHECK(of_statistics.features[1].integer.minimum == of_table.features[1].integer.minimum);
    CHECK(of_statistics.features[1].integer.maximum == of_table.features[1].integer.maximum);
    CHECK(of_statistics.features[2].number.minimum == of_table.features[2].number.minimum);
    CHECK(of_statistics.features[2].number.maximum == of_table.features[2].number.maximum);
    CHECK(of_statistics.features[0].minimum_fraction == 1.0);
    // A shard without a column leaves its rows without a value.
    statistics.update(Table({{"price", Column::numeric(prices)}}));
    const Schema merged = infer_schema(statistics).schema;
    CHECK(merged.features[1].nullable);
    CHECK_FALSE(merged.features[2].nullable);
    CHECK(code_of([] { static_cast<void>(infer_schema(TableStatistics{})); }) == ErrorCode::not_enough_data);
}

TEST_CASE("columns named as lengths of lists are, but are none, keep their own feature") {
    std::vector<double> numbers(200);
    std::vector<std::string_view> texts(200, "word");
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = 0.5 * static_cast<double>(i);
    TableStatistics statistics;
    statistics.update(
        Table(std::vector<NamedColumn>{{"a", Column::numeric(numbers)}, {"a[]", Column::strings(texts)}}));
    const Inference inference = infer_schema(statistics);
    REQUIRE(inference.schema.features.size() == 2);
    CHECK(inference.schema.features[0].valency.empty());
    CHECK_FALSE(inference.schema.features[0].shape.has_value());
    CHECK(inference.schema.features[1].type == FeatureType::text);
}

TEST_CASE("relax: lists, their values, numbers and nulls, and no more than they ask for") {
    const Schema schema = Schema::from_json(R"({"version":1,"features":[
        {"name":"n","type":"integer","required":true,"minimum":0,"maximum":9,"valency":[{"minimum":2,"maximum":3}]},
        {"name":"s","type":"floating","minimum":0,"shape":[2],"minimum_fraction":1},
        {"name":"d","type":"floating","valency":[{"maximum":5},{"maximum":5}]},
        {"name":"gone","type":"floating","required":true}]})");
    const std::vector<std::int64_t> numbers{1, 2, 3, 40, 5, 6, 7, 8};
    const std::vector<double> values{0.5, 1.5, -2, 3, 4, 5};
    const std::uint8_t bits[] = {0b101};  // the second list is null
    std::deque<std::vector<std::int64_t>> places;
    const auto level = [&](std::vector<std::int64_t> begins, std::vector<std::int64_t> ends, Validity validity = {}) {
        const auto& from = places.emplace_back(std::move(begins));
        return ListLevel{from, places.emplace_back(std::move(ends)), validity};
    };
    const NestedTable table{{},
                            {{"n", {level({0, 1, 3}, {1, 3, 8})}, Column::numeric(numbers)},
                             {"s", {level({0, 2, 3}, {2, 3, 6}, {bits, 0})}, Column::numeric(values)},
                             {"d", {level({0, 2, 2}, {2, 2, 3})}, Column::numeric(values)},
                             {"new", {level({0, 2, 4}, {2, 4, 6})}, Column::numeric(values)}}};
    REQUIRE(!validate_batch(Validator(schema), table).is_valid());
    const Relaxation relaxed = relax(schema, table);
    CHECK(validate_batch(Validator(relaxed.schema), table).is_valid());
    REQUIRE(relaxed.schema.features.size() == 5);
    const std::vector<Feature>& now = relaxed.schema.features;
    CHECK(now[0].integer.minimum == 0);
    CHECK(now[0].integer.maximum == 40);
    REQUIRE(now[0].valency.size() == 1);
    CHECK(now[0].valency[0] == Count{1, 5});
    CHECK(now[1].nullable);
    CHECK(now[1].minimum_fraction == 0.66);
    CHECK(!now[1].shape);
    CHECK(now[1].number.minimum == 0.0);  // -2 lies in a list that is null
    CHECK(now[2].valency.empty());
    CHECK(!now[3].required);
    CHECK(now[4].name == "new");
    CHECK(!now[4].required);
    CHECK(now[4].type == FeatureType::floating);
    // What is accepted stays as it was.
    const Relaxation again = relax(relaxed.schema, table);
    CHECK(again.steps.empty());
    CHECK(again.schema == relaxed.schema);
}
