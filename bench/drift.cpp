// SPDX-License-Identifier: Apache-2.0
// What the drift statistics of one feature cost, for typical and worst-case counters.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/drift/grid_tests.hpp"
#include "vedette/drift/rate_tests.hpp"

namespace {

using vedette::drift::GridReference;

struct Case {
    GridReference reference;
    std::vector<std::vector<std::uint64_t>> live;  // fresh counters per iteration
};

// Drift from none to total; `per_cell` sets how much is pooled.
Case make_case(std::size_t cells, double drift, std::uint64_t per_cell, bool ordered) {
    vedette::Random random(17, cells);
    std::vector<std::uint64_t> counts(cells, per_cell);
    std::vector<double> edges;
    for (std::size_t i = 0; i + 1 < cells; ++i) edges.push_back(static_cast<double>(i));
    counts.front() = counts.back() = 0;
    Case made{ordered ? GridReference::ordered(counts, edges, edges.front(), edges.back(), 1.0)
                      : GridReference::nominal(counts),
              {}};
    for (int copy = 0; copy < 64; ++copy) {
        std::vector<std::uint64_t> live(cells);
        for (std::size_t i = 0; i < cells; ++i) {
            const double slope = 1.0 + drift * (2.0 * static_cast<double>(i) / static_cast<double>(cells) - 1.0);
            const double mean = static_cast<double>(counts[i]) * slope;
            live[i] = static_cast<std::uint64_t>(std::max(0.0, mean + std::sqrt(mean) * random.normal()));
        }
        made.live.push_back(live);
    }
    return made;
}

void run(benchmark::State& state, double drift, std::uint64_t per_cell, bool ordered) {
    const Case data = make_case(static_cast<std::size_t>(state.range(0)), drift, per_cell, ordered);
    const vedette::stats::Confidence confidence(0.99);
    std::size_t turn = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(vedette::drift::evaluate(data.reference, data.live[turn++ & 63U], confidence));
    }
    state.counters["cells/s"] =
        benchmark::Counter(static_cast<double>(state.range(0)), benchmark::Counter::kIsIterationInvariantRate);
}

void evaluate_ordered_no_drift(benchmark::State& state) {
    run(state, 0.0, 1000, true);
}
void evaluate_ordered_small_drift(benchmark::State& state) {
    run(state, 0.1, 1000, true);
}
void evaluate_ordered_large_drift(benchmark::State& state) {
    run(state, 1.0, 1000, true);
}
void evaluate_ordered_few_values(benchmark::State& state) {
    run(state, 0.1, 2, true);
}
void evaluate_nominal_small_drift(benchmark::State& state) {
    run(state, 0.1, 1000, false);
}

BENCHMARK(evaluate_ordered_no_drift)->Arg(16)->Arg(64)->Arg(256)->Arg(1024);
BENCHMARK(evaluate_ordered_small_drift)->Arg(16)->Arg(64)->Arg(256)->Arg(1024);
BENCHMARK(evaluate_ordered_large_drift)->Arg(16)->Arg(64)->Arg(256)->Arg(1024);
BENCHMARK(evaluate_ordered_few_values)->Arg(16)->Arg(64)->Arg(256)->Arg(1024);
BENCHMARK(evaluate_nominal_small_drift)->Arg(16)->Arg(64)->Arg(256)->Arg(1024);

// The rate tests of one feature: null, NaN, both infinities, out of range.
void rate_tests(benchmark::State& state) {
    const vedette::stats::Confidence confidence(0.99);
    const std::uint64_t live = static_cast<std::uint64_t>(state.range(0));
    std::uint64_t events = 0;
    for (auto _ : state) {
        events = (events + 1) % (live / 10);
        benchmark::DoNotOptimize(vedette::drift::two_proportion(5, 100'000, events, live, confidence));
        benchmark::DoNotOptimize(vedette::drift::two_proportion(5000, 100'000, events, live, confidence));
        benchmark::DoNotOptimize(vedette::drift::two_proportion(0, 100'000, 0, live, confidence));
        benchmark::DoNotOptimize(vedette::drift::two_proportion(0, 100'000, 0, live, confidence));
        benchmark::DoNotOptimize(vedette::drift::exceedance(100'000, events, live, confidence));
    }
}
BENCHMARK(rate_tests)->Arg(100)->Arg(10'000)->Arg(1'000'000);

}  // namespace
