// SPDX-License-Identifier: Apache-2.0
// What a pattern and an expression cost, of a request and of a table; per value or row, with the allocations of a
// steady state.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>
#include <vector>

#include "allocations.hpp"
#include "vedette/core/random.hpp"
#include "vedette/validation/batch.hpp"
#include "vedette/validation/validator.hpp"

namespace {

using vedette::Value;
namespace validation = vedette::validation;

constexpr std::size_t rows = 4096;

validation::Validator rules_of(const std::string& members) {
    return validation::Validator(validation::Schema::from_json(
        R"({"version": 1, "features": [{"name": "total", "type": "floating"}, {"name": "fare", "type": "floating"},
            {"name": "tip", "type": "floating"}, {"name": "pickup", "type": "integer"}, {"name": "dropoff", "type": "integer"},
            {"name": "country", "type": "text"}, {"name": "zip", "type": "text", "nullable": true)" +
        members));
}

// Rows as the schema wants them; one in 16 texts is of another kind.
struct Data {
    std::vector<double> total, fare, tip;
    std::vector<std::int64_t> pickup, dropoff;
    std::vector<std::string> texts{"US", "DE", "12345-6789", "12345", "no postal code, whatever it is"};
    std::vector<std::string_view> country, zip;

    Data() {
        vedette::Random random(1);
        for (std::size_t i = 0; i < rows; ++i) {
            fare.push_back(10.0 * random.uniform());
            tip.push_back(random.uniform());
            total.push_back(fare[i] + tip[i]);
            pickup.push_back(1'700'000'000'000'000'000 + static_cast<std::int64_t>(random() % 1'000'000'000));
            dropoff.push_back(pickup[i] + static_cast<std::int64_t>(random() % 1'000'000'000));
            country.emplace_back(texts[random() % 2]);
            zip.emplace_back(texts[random() % 16 == 0 ? 4 : 2 + random() % 2]);
        }
    }
    [[nodiscard]] std::vector<Value> row(std::size_t i) const {
        return {total[i], fare[i], tip[i], pickup[i], dropoff[i], country[i], zip[i]};
    }
    [[nodiscard]] vedette::Table table() const {
        using vedette::Column;
        return vedette::Table(std::vector<vedette::NamedColumn>{{"total", Column::numeric(total)},
                                                                {"fare", Column::numeric(fare)},
                                                                {"tip", Column::numeric(tip)},
                                                                {"pickup", Column::numeric(pickup)},
                                                                {"dropoff", Column::numeric(dropoff)},
                                                                {"country", Column::strings(country)},
                                                                {"zip", Column::strings(zip)}});
    }
};

const Data& data() {
    static const Data made;
    return made;
}

void of_requests(benchmark::State& state, const std::string& members) {
    const validation::Validator rules = rules_of(members);
    std::vector<std::vector<Value>> made;
    for (std::size_t i = 0; i < rows; ++i) made.push_back(data().row(i));
    for (const std::vector<Value>& row : made) benchmark::DoNotOptimize(rules.validate(row));
    std::size_t i = 0;
    const std::uint64_t before = bench::allocations;
    for (auto _ : state) {
        benchmark::DoNotOptimize(rules.validate(made[i]));
        i = (i + 1) % rows;
    }
    state.counters["allocations"] = static_cast<double>(bench::allocations - before);
    state.SetItemsProcessed(state.iterations());
}

void of_tables(benchmark::State& state, const std::string& members) {
    const validation::Validator rules = rules_of(members);
    const vedette::Table table = data().table();
    for (auto _ : state) benchmark::DoNotOptimize(validate_batch(rules, table).failed_rows);
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(rows));
}

const std::string none = "}]}";
const std::string pattern = R"(, "pattern": "^[0-9]{5}(-[0-9]{4})?$"}]})";

std::string expression(const std::string& text) {
    return R"(}], "expressions": [{"name": "e", "expression": ")" + text + R"("}]})";
}

const int registered = [] {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"none", none},
        {"pattern", pattern},
        {"order", expression("pickup <= dropoff")},
        {"sum", expression("abs(total - (fare + tip)) <= 0.01")},
        {"implication", expression("country == 'US' implies zip != null")}};
    for (const auto& [name, members] : cases) {
        benchmark::RegisterBenchmark(("request/" + name).c_str(), of_requests, members);
        benchmark::RegisterBenchmark(("table/" + name).c_str(), of_tables, members);
    }
    return 0;
}();

}  // namespace
