// SPDX-License-Identifier: Apache-2.0
// What a validator costs: one request of 100 floats beside a plain loop, columns in bytes or values per second beside a
// plain read of the same memory, statistics apart and in the same pass, UTF-8 beside simdjson where it is installed.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "allocations.hpp"
#include "validation/code_points.hpp"
#include "vedette/core/random.hpp"
#include "vedette/validation/batch.hpp"
#include "vedette/validation/statistics.hpp"
#ifdef VEDETTE_BENCH_CAPI
#include "vedette.h"
#endif
#if __has_include(<simdjson.h>) && defined(VEDETTE_BENCH_SIMDJSON)
#include <simdjson.h>
#endif

namespace {

namespace validation = vedette::validation;
using vedette::Column;

constexpr std::size_t width = 100, ring = 1024;

std::string schema_of(std::size_t features) {
    std::string text = R"({"version": 1, "features": [)";
    for (std::size_t i = 0; i < features; ++i) {
        if (i != 0) text += ", ";
        text += R"({"name": "f)" + std::to_string(i) +
                R"(", "type": "floating", "minimum": -50, "maximum": 60,
                    "standard_score": {"mean": 0, "standard_deviation": 1, "limit": 8}})";
    }
    return text + "]}";
}

const validation::Validator& rules_of_requests() {
    static const validation::Validator rules(validation::Schema::from_json(schema_of(width)));
    return rules;
}

// Rows that all pass, or with one value of 100 too large.
std::vector<float> rows(bool is_valid) {
    vedette::Random random(7);
    std::vector<float> values(ring * width);
    for (float& value : values) value = static_cast<float>(random.normal());
    for (std::size_t i = 0; !is_valid && i < ring; ++i) values[i * width + random() % width] = 100.0F;
    return values;
}

template <class Judge>
void requests(benchmark::State& state, bool is_valid, Judge judge) {
    const std::vector<float> values = rows(is_valid);
    std::size_t i = 0;
    const std::uint64_t before = bench::allocations;
    for (auto _ : state) {
        judge(std::span(values).subspan(i * width, width));
        i = (i + 1) % ring;
    }
    state.counters["allocations"] = static_cast<double>(bench::allocations - before);
}

void request_accept(benchmark::State& state) {
    requests(state, true,
             [&](std::span<const float> row) { benchmark::DoNotOptimize(rules_of_requests().validate(row)); });
}
void request_attribution(benchmark::State& state) {
    std::vector<validation::CheckSet> failed(width);
    requests(state, state.range(0) != 0, [&](std::span<const float> row) {
        benchmark::DoNotOptimize(rules_of_requests().validate(row, failed));
        benchmark::DoNotOptimize(failed.data());
    });
}
void request_find_failures(benchmark::State& state) {
    std::vector<validation::CheckSet> failed(width);
    requests(state, state.range(0) != 0, [&](std::span<const float> row) {
        benchmark::DoNotOptimize(rules_of_requests().find_failures(row, failed));
        benchmark::DoNotOptimize(failed.data());
    });
}
// What a user would write: one rule after the other for each value.
void request_plain_loop(benchmark::State& state) {
    requests(state, true, [&](std::span<const float> row) {
        std::uint32_t any = 0;
        for (const float x : row) {
            std::uint32_t failed = 0;
            if (std::isnan(x)) failed |= 1;
            if (std::isinf(x)) failed |= 2;
            if (x < -50.0F) failed |= 4;
            if (x > 60.0F) failed |= 8;
            if (std::abs(x) > 8.0F) failed |= 16;
            benchmark::DoNotOptimize(failed);
            any |= failed;
        }
        benchmark::DoNotOptimize(any);
    });
}
BENCHMARK(request_accept);
BENCHMARK(request_attribution)->Arg(1)->Arg(0);
BENCHMARK(request_find_failures)->Arg(1)->Arg(0);
BENCHMARK(request_plain_loop);

#ifdef VEDETTE_BENCH_CAPI
void request_c_call(benchmark::State& state) {
    const std::string text = schema_of(width);
    vdt_schema* schema = nullptr;
    vdt_validator* rules = nullptr;
    if (vdt_schema_from_json(text.data(), text.size(), nullptr, &schema, nullptr) != VDT_OK ||
        vdt_validator_create(schema, nullptr, 0, nullptr, &rules, nullptr) != VDT_OK) {
        state.SkipWithError("no validator");
        return;
    }
    std::vector<std::uint32_t> failed(width);
    vdt_row_verdict verdict{};
    const std::size_t told = state.range(0) != 0 ? width : 0;
    requests(state, true, [&](std::span<const float> row) {
        benchmark::DoNotOptimize(vdt_validator_check_f32(rules, row.data(), row.size(),
                                                         told == 0 ? nullptr : failed.data(), told, &verdict, nullptr));
        benchmark::DoNotOptimize(verdict);
    });
    vdt_validator_destroy(rules);
    vdt_schema_destroy(schema);
}
BENCHMARK(request_c_call)->Arg(0)->Arg(1);
#endif

// 70 floats, 20 integers, 10 texts of a domain; as one row of values, or (1) in pieces of one type each.
void request_mixed(benchmark::State& state) {
    std::string text = R"({"version": 1, "features": [)";
    std::vector<float> floats;
    std::vector<std::int64_t> integers;
    std::vector<std::string_view> texts;
    for (int i = 0; i < 100; ++i) {
        text += (i == 0 ? R"({"name": "f)" : R"(, {"name": "f)") + std::to_string(i);
        if (i < 70) {
            text += R"(", "type": "floating", "minimum": -8, "maximum": 8})";
            floats.push_back(0.25F + 0.01F * static_cast<float>(i));
        } else if (i < 90) {
            text += R"(", "type": "integer", "minimum": 0, "maximum": 1000})";
            integers.push_back(i);
        } else {
            text += R"(", "type": "text", "domain": {"values": ["red", "green", "blue", "a longer colour"]}})";
            texts.emplace_back(i % 2 == 0 ? "green" : "a longer colour");
        }
    }
    std::vector<vedette::Value> row;
    for (const float x : floats) row.emplace_back(static_cast<double>(x));
    row.insert(row.end(), integers.begin(), integers.end());
    row.insert(row.end(), texts.begin(), texts.end());
    const validation::RowPart parts[] = {std::span<const float>(floats), std::span<const std::int64_t>(integers),
                                         std::span<const std::string_view>(texts)};
    const validation::Validator rules(validation::Schema::from_json(text + "]}"));
    if (!rules.validate(row).is_valid()) state.SkipWithError("the request is not valid");
    const std::uint64_t before = bench::allocations;
    if (state.range(0) == 0) {
        for (auto _ : state) benchmark::DoNotOptimize(rules.validate(row));
    } else {
        for (auto _ : state) benchmark::DoNotOptimize(rules.validate(parts));
    }
    state.counters["allocations"] = static_cast<double>(bench::allocations - before);
}
BENCHMARK(request_mixed)->Arg(0)->Arg(1);

// A request of 100 tensors by name, of one float each, in the order of the schema or not.
void request_tensors(benchmark::State& state) {
    std::vector<float> values(width, 0.25F);
    const std::int64_t one[] = {1};
    std::vector<validation::NamedTensor> request;
    const validation::Schema schema = validation::Schema::from_json(schema_of(width));
    for (std::size_t i = 0; i < width; ++i) {
        const std::size_t place = state.range(0) == 0 ? i : i * 37 % width;
        request.push_back(
            {schema.features[place].name, {vedette::Dtype::f32, &values[place], 0, one, {}, sizeof(float)}, {}});
    }
    const validation::Validator rules(schema);
    if (!rules.validate(request).is_valid()) state.SkipWithError("the request is not valid");
    const std::uint64_t before = bench::allocations;
    for (auto _ : state) benchmark::DoNotOptimize(rules.validate(request));
    state.counters["allocations"] = static_cast<double>(bench::allocations - before);
}
BENCHMARK(request_tensors)->Arg(0)->Arg(1);

// One text of 4,096 bytes by one rule, of ASCII words (1) or of four scripts' words (0): what a chat sends.
void text_rule(benchmark::State& state, const char* rule) {
    const bool ascii = state.range(0) != 0;
    const validation::Validator rules(validation::Schema::from_json(
        R"({"version": 1, "features": [{"name": "x", "type": "text")" + std::string(rule) + "}]}"));
    const char* words[][4] = {{"drift", "gradient", "the", "evaluation"}, {"über", "модель", "μέτρο", "推論"}};
    vedette::Random random(10);
    std::vector<std::string> texts(16);
    for (std::string& text : texts)
        while (text.size() < 4096) {
            text += words[ascii ? 0 : random() % 2][random() % 4];
            text += random() % 3 == 0 ? std::to_string(random() % 100'000) + " " : " ";
        }
    const std::uint64_t before = bench::allocations;
    std::size_t bytes = 0, turn = 0;
    for (auto _ : state) {
        const std::string& text = texts[turn++ % texts.size()];
        const vedette::Value row[] = {std::string_view(text)};
        benchmark::DoNotOptimize(rules.validate(row));
        bytes += text.size();
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
    state.counters["allocations"] = static_cast<double>(bench::allocations - before);
}
BENCHMARK_CAPTURE(text_rule, none, "")->Arg(1)->Arg(0);
BENCHMARK_CAPTURE(text_rule, refused_characters,
                  R"(, "refused_characters": ["control", "bidirectional", "tag", "invisible"])")
    ->Arg(1)
    ->Arg(0);
BENCHMARK_CAPTURE(text_rule, scripts, R"(, "scripts": "highly_restrictive")")->Arg(1)->Arg(0);
BENCHMARK_CAPTURE(text_rule, refuse_lookalikes, R"(, "refuse_lookalikes": true)")->Arg(1)->Arg(0);
BENCHMARK_CAPTURE(text_rule, repetition, R"(, "repetition": {"maximum_share": 0.9})")->Arg(1)->Arg(0);
BENCHMARK_CAPTURE(
    text_rule, refused_patterns,
    R"(, "refused_patterns": ["(?i)ignore (all|any) previous", "-----BEGIN [A-Z ]*KEY", "(?i)system prompt"])")
    ->Arg(1)
    ->Arg(0);

constexpr std::size_t long_rows = std::size_t{1} << 22;
enum class Work { read, check, count, check_then_count, check_and_count };

template <class T>
const std::vector<T>& numbers() {
    static const std::vector<T> made = [] {
        vedette::Random random(3);
        std::vector<T> values(long_rows);
        for (T& value : values)
            value = std::is_integral_v<T> ? static_cast<T>(random() >> 44) : static_cast<T>(random.normal());
        return values;
    }();
    return made;
}

// Checks of range, NaN and infinity; statistics without sketches (`all`: with them).
void work_on(benchmark::State& state, const validation::Validator& rules, const vedette::Table& table, Work work,
             bool all) {
    const validation::StatisticsOptions options{.quantiles = all, .distinct = all, .values = all};
    for (auto _ : state) {
        validation::TableStatistics statistics(options);
        if (work == Work::check || work == Work::check_then_count)
            benchmark::DoNotOptimize(validate_batch(rules, table).failed_rows);
        if (work == Work::count || work == Work::check_then_count) statistics.update(table);
        if (work == Work::check_and_count)
            benchmark::DoNotOptimize(validate_batch(rules, table, statistics).failed_rows);
        benchmark::DoNotOptimize(statistics.rows());
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(table.rows()));
}

template <class T>
void column(benchmark::State& state, Work work, bool all) {
    const std::vector<T>& values = numbers<T>();
    const std::string type = std::is_integral_v<T> ? "integer" : "floating";
    const std::string bounds =
        std::is_integral_v<T> ? R"("minimum": 0, "maximum": 1048576)" : R"("minimum": -50, "maximum": 60)";
    const validation::Validator rules(validation::Schema::from_json(
        R"({"version": 1, "features": [{"name": "x", "type": ")" + type + R"(", )" + bounds + "}]}"));
    if (work == Work::read) {
        for (auto _ : state) {
            // As much as a compiler makes of the baseline: the memory is the limit.
            std::uint64_t sum[8] = {};
            const auto* words = reinterpret_cast<const std::uint8_t*>(values.data());
            for (std::size_t i = 0; i < values.size() * sizeof(T); i += 64) {
                std::uint64_t block[8];
                std::memcpy(block, words + i, sizeof block);
                for (int k = 0; k < 8; ++k) sum[k] += block[k];
            }
            benchmark::DoNotOptimize(sum);
        }
    } else {
        work_on(state, rules, vedette::Table({{"x", Column::numeric(values)}}), work, all);
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(values.size() * sizeof(T)));
}

void codes(benchmark::State& state, Work work, bool has_strays) {
    std::vector<std::string> words;
    for (int i = 0; i < 24; ++i) words.push_back("category " + std::to_string(i));
    std::string text = R"({"version": 1, "features": [{"name": "x", "type": "text", "domain": {"values": [)";
    for (int i = has_strays ? 1 : 0; i < 24; ++i)
        text += (i == (has_strays ? 1 : 0) ? "\"" : ", \"") + words[static_cast<std::size_t>(i)] + "\"";
    const validation::Validator rules(validation::Schema::from_json(text + "]}}]}"));
    vedette::Random random(5);
    std::vector<std::int32_t> values(long_rows);
    for (std::int32_t& value : values) value = static_cast<std::int32_t>(random() % 24);
    const std::vector<std::string_view> dictionary(words.begin(), words.end());
    work_on(state, rules, vedette::Table({{"x", Column::dictionary(values, dictionary)}}), work, false);
}

void table_of_50(benchmark::State& state, Work work) {
    constexpr std::size_t table_rows = 1'000'000, columns = 25;
    const std::vector<float>& values = numbers<float>();
    std::vector<std::string> names;
    std::vector<vedette::NamedColumn> named;
    for (std::size_t i = 0; i < columns; ++i) names.push_back(std::to_string(i));
    // Columns overlap: each begins at another place of one sample.
    for (std::size_t i = 0; i < columns; ++i)
        named.push_back({names[i], Column::numeric(std::span(values).subspan(i * 1024, table_rows))});
    const validation::Validator rules(validation::Schema::from_json(schema_of(columns)));
    const vedette::Table table(named);
    work_on(state, rules, table, work, false);
}

// What statistics cost by kind of column, and by what is kept: each stage is the difference of two lines.
enum class Kind { normal, few_doubles, small_integers, wide_integers, few_texts, different_texts };
void statistics_of(benchmark::State& state, Kind kind, const validation::StatisticsOptions& options) {
    constexpr std::size_t column_rows = 1'000'000;
    vedette::Random random(11);
    std::vector<double> doubles;
    std::vector<std::int64_t> integers;
    std::vector<std::string> words;
    std::vector<std::string_view> texts;
    const auto make = [&](auto& values, auto&& value) {
        for (std::size_t i = 0; i < column_rows; ++i) values.push_back(value());
    };
    if (kind == Kind::normal) make(doubles, [&] { return random.normal(); });
    if (kind == Kind::few_doubles) make(doubles, [&] { return 0.25 * static_cast<double>(random() % 100); });
    if (kind == Kind::small_integers) make(integers, [&] { return static_cast<std::int64_t>(random() % 1000); });
    if (kind == Kind::wide_integers) make(integers, [&] { return static_cast<std::int64_t>(random() >> 20U); });
    for (std::size_t i = 0; i < (kind == Kind::few_texts ? 50 : column_rows); ++i)
        words.push_back("category " + std::to_string(i));
    // In an order that no text's address foretells.
    std::string bytes;
    std::vector<std::int32_t> offsets{0};
    if (kind == Kind::few_texts || kind == Kind::different_texts) {
        for (std::size_t i = 0; i < column_rows; ++i) {
            bytes += words[kind == Kind::few_texts ? random() % words.size() : i];
            offsets.push_back(static_cast<std::int32_t>(bytes.size()));
        }
        for (std::size_t i = 0; i < column_rows; ++i)
            texts.emplace_back(bytes.data() + offsets[i], static_cast<std::size_t>(offsets[i + 1] - offsets[i]));
    }
    const Column values = !doubles.empty()    ? Column::numeric(doubles)
                          : !integers.empty() ? Column::numeric(integers)
                                              : Column::strings(texts);
    const vedette::Table table({{"x", values}});
    for (auto _ : state) {
        validation::TableStatistics statistics(options);
        statistics.update(table);
        benchmark::DoNotOptimize(statistics.rows());
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(column_rows));
}

const int registered = [] {
    const auto add = [](const std::string& name, auto run) {
        benchmark::RegisterBenchmark(name.c_str(), run)->Unit(benchmark::kMillisecond);
    };
    const std::vector<std::pair<std::string, Work>> works{{"read", Work::read},
                                                          {"check", Work::check},
                                                          {"count", Work::count},
                                                          {"check_then_count", Work::check_then_count},
                                                          {"check_and_count", Work::check_and_count}};
    for (const auto& [name, work] : works) {
        add("column_f32/" + name, [work = work](benchmark::State& s) { column<float>(s, work, false); });
        add("column_f64/" + name, [work = work](benchmark::State& s) { column<double>(s, work, false); });
        add("column_i64/" + name, [work = work](benchmark::State& s) { column<std::int64_t>(s, work, false); });
        if (work == Work::read) continue;
        add("codes/" + name, [work = work](benchmark::State& s) { codes(s, work, false); });
        add("codes_with_strays/" + name, [work = work](benchmark::State& s) { codes(s, work, true); });
        add("table_25_columns/" + name, [work = work](benchmark::State& s) { table_of_50(s, work); });
    }
    const std::vector<std::pair<std::string, Kind>> kinds{{"normal", Kind::normal},
                                                          {"few_doubles", Kind::few_doubles},
                                                          {"small_integers", Kind::small_integers},
                                                          {"wide_integers", Kind::wide_integers},
                                                          {"few_texts", Kind::few_texts},
                                                          {"different_texts", Kind::different_texts}};
    const std::vector<std::pair<std::string, validation::StatisticsOptions>> kept{
        {"moments", {.quantiles = false, .distinct = false, .values = false}},
        {"quantiles", {.quantiles = true, .distinct = false, .values = false}},
        {"distinct", {.quantiles = false, .distinct = true, .values = false}},
        {"values", {.quantiles = false, .distinct = false, .values = true}},
        {"all", {}}};
    for (const auto& [kind_name, kind] : kinds) {
        for (const auto& [name, options] : kept)
            add("statistics/" + kind_name + "/" + name,
                [kind = kind, options = options](benchmark::State& s) { statistics_of(s, kind, options); });
    }
    add("column_f32/count_with_sketches", [](benchmark::State& s) { column<float>(s, Work::count, true); });
    add("column_f64/count_with_sketches", [](benchmark::State& s) { column<double>(s, Work::count, true); });
    return 0;
}();

template <class Validate>
void utf8(benchmark::State& state, Validate validate) {
    vedette::Random random(9);
    const char* pieces[] = {"a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    std::string text;
    while (text.size() < 65536) text += state.range(0) != 0 ? "a" : pieces[random() % 4];
    for (auto _ : state) {
        benchmark::DoNotOptimize(text.data());
        benchmark::DoNotOptimize(validate(text));
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
void utf8_vedette(benchmark::State& state) {
    utf8(state, [](const std::string& text) { return validation::is_utf8(text); });
}
void utf8_byte_by_byte(benchmark::State& state) {
    utf8(state, [](const std::string& text) { return vedette::detail::is_utf8(text); });
}
BENCHMARK(utf8_vedette)->Arg(0)->Arg(1);
BENCHMARK(utf8_byte_by_byte)->Arg(0)->Arg(1);
#if __has_include(<simdjson.h>) && defined(VEDETTE_BENCH_SIMDJSON)
void utf8_simdjson(benchmark::State& state) {
    utf8(state, [](const std::string& text) { return simdjson::validate_utf8(text.data(), text.size()); });
}
BENCHMARK(utf8_simdjson)->Arg(0)->Arg(1);
#endif

}  // namespace
