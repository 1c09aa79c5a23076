// SPDX-License-Identifier: Apache-2.0
// Statistics of columns: against plain counting, and the same bytes from any shards in any order.
#include "vedette/validation/statistics.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/digest.hpp"
#include "vedette/core/random.hpp"

using namespace vedette;
using namespace vedette::validation;
using vedette::testing::code_of;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// Numbers of every size and kind, without libm: the same on every machine.
double odd_number(Random& random) {
    const std::uint64_t bits = random();
    switch (bits % 16) {
        case 0: return not_a_number;
        case 1: return infinity;
        case 2: return -infinity;
        case 3: return -0.0;
        case 4: {
            const double any = std::bit_cast<double>(random());
            return std::isfinite(any) ? any : 5e-324;
        }
        case 5: return static_cast<double>(bits >> 60U);
        case 6: return 1e15 + static_cast<double>(bits >> 50U);
        default: return (random.uniform() - 0.5) * 8.0;
    }
}

// One table of every kind of column, from which shards are taken by rows.
struct Data {
    std::vector<double> f64;
    std::vector<float> f32;
    std::vector<std::int64_t> i64;
    std::vector<std::uint64_t> u64;
    std::vector<std::int8_t> i8;
    std::vector<bool> is_null;
    std::vector<std::string> texts;

    explicit Data(std::size_t rows, std::uint64_t seed) {
        Random random(seed);
        for (std::size_t i = 0; i < rows; ++i) {
            f64.push_back(odd_number(random));
            f32.push_back(std::abs(f64.back()) < 3e38 ? static_cast<float>(f64.back()) : 1e-40F);
            if (std::isnan(f64.back())) f32.back() = std::numeric_limits<float>::quiet_NaN();
            i64.push_back(static_cast<std::int64_t>(random() >> (random() % 63)) * ((random() & 1U) != 0 ? 1 : -1));
            u64.push_back(random() >> (random() % 64));
            i8.push_back(static_cast<std::int8_t>(random()));
            is_null.push_back(random() % 7 == 0);
            texts.push_back(random() % 50 == 0 ? std::string(random() % 700, 'x') + "\xFF"
                                               : "t" + std::to_string(random() % (1U << (random() % 14))));
        }
    }
};

struct Shard {
    std::vector<double> f64;
    std::vector<float> f32;
    std::vector<std::int64_t> i64;
    std::vector<std::uint64_t> u64;
    std::vector<std::int8_t> i8;
    std::vector<std::uint8_t> valid;
    std::vector<std::string_view> texts, dictionary;
    std::vector<std::int32_t> codes;

    Shard(const Data& data, const std::vector<std::size_t>& rows) : valid(rows.size() / 8 + 1) {
        std::map<std::string_view, std::int32_t> known;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const std::size_t row = rows[i];
            f64.push_back(data.f64[row]);
            f32.push_back(data.f32[row]);
            i64.push_back(data.i64[row]);
            u64.push_back(data.u64[row]);
            i8.push_back(data.i8[row]);
            texts.emplace_back(data.texts[row]);
            const auto [at, is_new] = known.emplace(texts.back(), static_cast<std::int32_t>(known.size()));
            if (is_new) dictionary.push_back(texts.back());
            codes.push_back(at->second);
            if (!data.is_null[row]) valid[i / 8] = static_cast<std::uint8_t>(valid[i / 8] | 1U << (i % 8));
        }
    }
    [[nodiscard]] Table table(bool reversed = false, bool coded = false) const {
        const Validity nulls{valid.data(), 0};
        std::vector<NamedColumn> columns{
            {"f64", Column::numeric(f64)},        {"f64 with nulls", Column::numeric(f64, nulls)},
            {"f32", Column::numeric(f32)},        {"f32 with nulls", Column::numeric(f32, nulls)},
            {"i64", Column::numeric(i64, nulls)}, {"u64", Column::numeric(u64)},
            {"i8", Column::numeric(i8)}};
        columns.push_back(
            {"text", coded ? Column::dictionary(codes, dictionary, nulls) : Column::strings(texts, nulls)});
        if (reversed) std::reverse(columns.begin(), columns.end());
        return Table(columns);
    }
};

std::vector<std::size_t> all_rows(std::size_t rows) {
    std::vector<std::size_t> all(rows);
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
}

TableStatistics statistics_of(const Table& table, const StatisticsOptions& options = {}) {
    TableStatistics statistics(options);
    statistics.update(table);
    return statistics;
}

ColumnStatistics of(const std::vector<double>& values) {
    return statistics_of(Table({{"x", Column::numeric(values)}})).columns().at("x");
}

}  // namespace

TEST_CASE("any shards, in any order, save as the same bytes as the whole") {
    const std::size_t rows = 6000;
    const Data data(rows, 1);
    std::vector<std::size_t> order = all_rows(rows);
    for (const StatisticsOptions options : {StatisticsOptions{}, StatisticsOptions{false, false, false}}) {
        const auto whole = statistics_of(Shard(data, order).table(), options).serialize();
        Random random(2);
        for (int trial = 0; trial < 6; ++trial) {
            for (std::size_t i = rows; i-- > 1;)
                std::swap(order[i], order[static_cast<std::size_t>(random() % (i + 1))]);
            std::vector<TableStatistics> parts;
            for (std::size_t begin = 0; begin < rows;) {
                const std::size_t size = std::min<std::size_t>(rows - begin, random() % 4000);
                const auto first = order.begin() + static_cast<std::ptrdiff_t>(begin);
                const Shard shard(data, {first, first + static_cast<std::ptrdiff_t>(size)});
                const Table table = shard.table(random() % 2 == 0, random() % 2 == 0);
                // A second update of the same object is a merge, too.
                if (!parts.empty() && random() % 3 == 0) {
                    parts.back().update(table);
                } else {
                    parts.push_back(statistics_of(table, options));
                }
                begin += size;
            }
            // Any tree of merges, some through files.
            while (parts.size() > 1) {
                const std::size_t a = static_cast<std::size_t>(random() % parts.size());
                TableStatistics taken = TableStatistics::deserialize(parts[a].serialize());
                parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(a));
                parts[static_cast<std::size_t>(random() % parts.size())].merge(taken);
            }
            REQUIRE(parts.front().rows() == rows);
            CHECK(parts.front().serialize() == whole);
            CHECK(parts.front().to_json() == TableStatistics::deserialize(whole).to_json());
        }
    }
}

TEST_CASE("what repeats is counted beside the sketches, to the same bytes") {
    // Long columns take the table of what repeats, short shards do not. Values stay for a while, then others come, or
    // none repeats for a while.
    const std::size_t rows = 60'000;
    Random random(14);
    std::vector<double> f64(rows);
    std::vector<float> f32(rows);
    std::vector<std::int64_t> i64(rows);
    std::vector<std::uint64_t> u64(rows);
    std::vector<std::string> words(rows);
    const double extremes[] = {not_a_number,
                               infinity,
                               -infinity,
                               -0.0,
                               0.0,
                               5e-324,
                               -5e-324,
                               0x1p-1022,
                               std::numeric_limits<double>::max(),
                               -std::numeric_limits<double>::max(),
                               0x1.8p1000};
    for (std::size_t i = 0; i < rows; ++i) {
        const std::size_t phase = i / 10'000;
        const std::uint64_t kinds = phase == 2 ? ~std::uint64_t{0} : std::uint64_t{1} << (4 + 2 * phase);
        const std::uint64_t drawn = random() % kinds + 1000 * phase;
        f64[i] = drawn % 16 < 11 ? extremes[drawn % 16] : 0.1 * static_cast<double>(drawn);
        f32[i] = std::isnan(f64[i]) ? std::numeric_limits<float>::quiet_NaN()
                                    : static_cast<float>(std::clamp(f64[i], -3e38, 3e38));
        i64[i] = drawn % 3 == 0 ? std::numeric_limits<std::int64_t>::min() + static_cast<std::int64_t>(drawn % 64)
                                : static_cast<std::int64_t>(drawn) - 40;
        u64[i] = drawn % 3 == 0 ? ~(drawn % 64) : drawn;
        // Of many lengths, and of texts alike but for the middle.
        words[i] = drawn % 3 == 0   ? std::string(drawn % 20, 'x') + (drawn % 5 == 0 ? "\xC3" : "")
                   : drawn % 3 == 1 ? "the same " + std::to_string(drawn) + " and the same"
                                    : std::to_string(drawn);
    }
    const std::vector<std::string_view> texts(words.begin(), words.end());
    const auto table = [&](std::size_t begin, std::size_t count) {
        const auto part = [&](const auto& values) { return std::span(values).subspan(begin, count); };
        return Table({{"f64", Column::numeric(part(f64))},
                      {"f32", Column::numeric(part(f32))},
                      {"i64", Column::numeric(part(i64))},
                      {"u64", Column::numeric(part(u64))},
                      {"text", Column::strings(part(texts))}});
    };
    const TableStatistics whole = statistics_of(table(0, rows));
    TableStatistics parts;
    for (std::size_t begin = 0; begin < rows; begin += 200) parts.update(table(begin, 200));
    CHECK(whole.serialize() == parts.serialize());

    // And by plain counting.
    std::map<double, std::uint64_t> counts;
    std::uint64_t nans = 0;
    for (const double x : f64) std::isnan(x) ? ++nans : ++counts[x + 0.0];
    const ColumnStatistics& column = whole.columns().at("f64");
    CHECK(column.nan == nans);
    CHECK(column.positive_infinity == counts[infinity]);
    CHECK(column.numbers.zeros == counts[0.0]);
    CHECK(column.numbers.count == rows - nans - counts[infinity] - counts[-infinity]);
    for (const auto& entry : column.values.entries()) CHECK(entry.count == counts[entry.number]);
}

TEST_CASE("statistics: every instruction set gives the same bytes") {
    // Run under each VEDETTE_ISA; the digest is of all of them.
    const Data data(9000, 3);
    const auto bytes = statistics_of(Shard(data, all_rows(9000)).table()).serialize();
    CHECK(to_hex(sha256(bytes)) == "f6ef6097803637993d509a1489fadc2f6ac1103942cd93449e070f4eee48186d");
}

TEST_CASE("moments agree with exact arithmetic") {
    for (const auto& item : oracle_data("statistics.json")["samples"]) {
        CAPTURE(item["name"].get<std::string>());
        std::vector<double> values;
        for (const auto& text : item["values"]) values.push_back(std::strtod(text.get<std::string>().c_str(), nullptr));
        const NumberStatistics numbers = of(values).numbers;
        const auto close = [](double value, const nlohmann::json& expected) {
            const double truth = std::strtod(expected.get<std::string>().c_str(), nullptr);
            return value == truth ||
                   std::abs(value - truth) <= 4 * std::numeric_limits<double>::epsilon() * std::abs(truth) + 5e-324;
        };
        CHECK(numbers.count == values.size());
        CHECK(numbers.sum.value() == std::strtod(item["sum"].get<std::string>().c_str(), nullptr));
        CHECK(close(numbers.mean(), item["mean"]));
        CHECK(close(numbers.variance(), item["variance"]));
        for (const auto& quantile : item["quantiles"]) {
            const double truth = std::strtod(quantile[1].get<std::string>().c_str(), nullptr);
            const double found = numbers.quantile(quantile[0].get<double>());
            CHECK(std::abs(found - truth) <= numbers.histogram.relative_error() * std::abs(truth) + 0x1p-1022);
        }
    }
}

TEST_CASE("statistics: counts agree with plain counting") {
    const Data data(5000, 4);
    const Shard shard(data, all_rows(5000));
    const TableStatistics statistics = statistics_of(shard.table());
    for (const bool has_nulls : {false, true}) {
        const ColumnStatistics& column = statistics.columns().at(has_nulls ? "f64 with nulls" : "f64");
        std::uint64_t nulls = 0, nan = 0, high = 0, low = 0, zeros = 0, negatives = 0;
        std::map<double, std::uint64_t> times;
        for (std::size_t i = 0; i < data.f64.size(); ++i) {
            const double x = data.f64[i];
            if (has_nulls && data.is_null[i]) {
                ++nulls;
                continue;
            }
            nan += std::isnan(x) ? 1U : 0U;
            high += x == infinity ? 1U : 0U;
            low += x == -infinity ? 1U : 0U;
            if (!std::isfinite(x)) continue;
            zeros += x == 0.0 ? 1U : 0U;
            negatives += x < 0.0 ? 1U : 0U;
            ++times[x];
        }
        CHECK(column.rows == 5000);
        CHECK(column.nulls == nulls);
        CHECK(column.nan == nan);
        CHECK(column.positive_infinity == high);
        CHECK(column.negative_infinity == low);
        CHECK(column.numbers.zeros == zeros);
        CHECK(column.numbers.negatives == negatives);
        CHECK(column.numbers.minimum == times.begin()->first);
        CHECK(column.numbers.maximum == times.rbegin()->first);
        const double distinct = static_cast<double>(times.size());
        CHECK(std::abs(column.distinct.estimate() / distinct - 1.0) < 4 * stats::HyperLogLog::relative_error);
        CHECK(!column.values.is_complete());
        // Each count of the sample is exact, though not all values are in it.
        for (const auto& entry : column.values.entries()) CHECK(entry.count == times.at(entry.number));
    }
    const ColumnStatistics& text = statistics.columns().at("text");
    std::map<std::string, std::uint64_t> times;
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < data.texts.size(); ++i) {
        if (data.is_null[i]) continue;
        ++times[data.texts[i]];
        total += data.texts[i].size();
    }
    CHECK(text.is_text);
    CHECK(text.numbers.sum.value() == static_cast<double>(total));
    for (const auto& entry : text.values.entries()) {
        if (entry.length == entry.text.size()) CHECK(entry.count == times.at(entry.text));
    }
    std::uint64_t missing = 0;
    for (const auto& [value, count] : times) {
        const auto entries = text.values.entries();
        const std::uint64_t hash = stats::hash_of(std::string_view(value));
        const bool is_there =
            std::any_of(entries.begin(), entries.end(), [hash](const auto& entry) { return entry.hash == hash; });
        missing += is_there ? 0 : count;
    }
    CHECK(missing == text.values.missing_count());
}

TEST_CASE("statistics: the commonest are the commonest while there are few different values") {
    Random random(5);
    std::vector<double> values;
    std::map<double, std::uint64_t> times;
    for (int i = 0; i < 40'000; ++i) {
        const double u = random.uniform();
        values.push_back(std::floor(1000.0 * u * u * u));
        ++times[values.back()];
    }
    const ColumnStatistics column = of(values);
    REQUIRE(column.values.is_complete());
    CHECK(column.distinct_count({}) == static_cast<double>(times.size()));
    CHECK(column.values.missing_count() == 0);
    const auto top = column.values.commonest(10);
    REQUIRE(top.size() == 10);
    std::vector<std::uint64_t> counts;
    for (const auto& [value, count] : times) counts.push_back(count);
    std::sort(counts.begin(), counts.end(), std::greater<>());
    for (std::size_t i = 0; i < top.size(); ++i) {
        CHECK(top[i].count == counts[i]);
        CHECK(times.at(top[i].number) == counts[i]);
    }
}

TEST_CASE("statistics: the same numbers in other element types") {
    std::vector<double> f64;
    std::vector<float> f32;
    std::vector<std::int64_t> i64;
    std::vector<std::uint8_t> u8;
    for (int i = 0; i < 300; ++i) {
        const int value = i * 7 % 250;
        f64.push_back(value);
        f32.push_back(static_cast<float>(value));
        i64.push_back(value);
        u8.push_back(static_cast<std::uint8_t>(value));
    }
    const auto json_of = [](const Column& column) {
        TableStatistics statistics = statistics_of(Table({{"x", column}}));
        std::string json = statistics.to_json();
        return json.substr(json.find("\"nan\""));
    };
    const std::string expected = json_of(Column::numeric(f64));
    CHECK(json_of(Column::numeric(f32)) == expected);
    CHECK(json_of(Column::numeric(i64)) == expected);
    CHECK(json_of(Column::numeric(u8)) == expected);
}

TEST_CASE("statistics of hostile numbers") {
    const double largest = std::numeric_limits<double>::max();
    const ColumnStatistics huge = of({largest, largest, largest});
    CHECK(huge.numbers.mean() == largest);
    CHECK(huge.numbers.variance() == 0.0);
    CHECK(of({largest, -largest}).numbers.mean() == 0.0);
    CHECK(of({largest, -largest}).numbers.variance() == infinity);
    CHECK(of({1e300, 1.0, -1e300}).numbers.sum.value() == 1.0);
    CHECK(of({5e-324, 5e-324, 5e-324}).numbers.sum.value() == 15e-324);
    CHECK(of({5e-324, 5e-324, 5e-324}).numbers.variance() == 0.0);
    const ColumnStatistics empty = of({});
    CHECK(std::isnan(empty.numbers.mean()));
    CHECK(std::isnan(empty.numbers.variance()));
    CHECK(std::isnan(empty.numbers.quantile(0.5)));
    CHECK(empty.distinct_count({}) == 0.0);
    CHECK(of({not_a_number, infinity}).numbers.count == 0);
    CHECK(std::isnan(of({1.0}).numbers.variance()));
    CHECK(code_of([] { (void)of({1.0}).numbers.quantile(1.5); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { (void)of({1.0}).numbers.quantile(not_a_number); }) == ErrorCode::invalid_argument);
    // Every binade of both signs: the histogram coarsens, and keeps its promise.
    std::vector<double> scattered;
    for (int e = -1070; e < 1020; ++e) {
        for (int part = 0; part < 8; ++part) {
            scattered.push_back(std::ldexp(1.0 + part / 8.0, e));
            scattered.push_back(-scattered.back());
        }
    }
    const NumberStatistics numbers = of(scattered).numbers;
    CHECK(numbers.histogram.resolution() < stats::LogHistogram::finest);
    CHECK(numbers.histogram.buckets().size() <= stats::LogHistogram::most_buckets);
    CHECK(numbers.mean() == 0.0);
    std::sort(scattered.begin(), scattered.end());
    for (const double q : {0.001, 0.1, 0.3, 0.5, 0.7, 0.999}) {
        const double truth =
            scattered[static_cast<std::size_t>(std::ceil(q * static_cast<double>(scattered.size()))) - 1];
        CHECK(std::abs(numbers.quantile(q) - truth) <=
              numbers.histogram.relative_error() * std::abs(truth) + 0x1p-1022);
    }
}

TEST_CASE("statistics refuse what does not fit, and stay as they were") {
    const std::vector<double> numbers{1, 2};
    const std::vector<std::string_view> texts{"a", "b"};
    TableStatistics statistics = statistics_of(Table({{"x", Column::numeric(numbers)}}));
    const auto before = statistics.serialize();
    CHECK(code_of([&] {
              statistics.update(Table({{"w", Column::numeric(numbers)}, {"x", Column::strings(texts)}}));
          }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { statistics.merge(TableStatistics({false, true, true})); }) == ErrorCode::invalid_argument);
    CHECK(statistics.serialize() == before);
    statistics.merge(statistics);
    CHECK(statistics.rows() == 4);
    CHECK(statistics.columns().at("x").numbers.sum.value() == 6.0);
    CHECK(statistics.columns().at("x").values.commonest(1).front().count == 2);
    // Columns may be in some shards only.
    statistics.update(Table({{"y", Column::strings(texts)}}));
    CHECK(statistics.rows() == 6);
    CHECK(statistics.columns().at("y").rows == 2);
    CHECK(statistics.columns().at("x").rows == 4);
}
