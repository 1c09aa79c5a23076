// SPDX-License-Identifier: Apache-2.0
// What a quantile sketch costs: per value, per merge, per test.
#include <benchmark/benchmark.h>

#include <span>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/drift/sketch_tests.hpp"

namespace {

using Sketch = vedette::stats::KllSketch<double>;

const std::vector<double>& values() {
    static const std::vector<double> made = [] {
        vedette::Random random(1);
        std::vector<double> drawn(1U << 20U);
        for (double& value : drawn) value = random.uniform();
        return drawn;
    }();
    return made;
}

Sketch filled(std::int64_t k, std::uint64_t seed) {
    Sketch sketch(static_cast<std::uint32_t>(k), seed);
    sketch.update(std::span<const double>(values()));
    return sketch;
}

void update(benchmark::State& state) {
    Sketch sketch = filled(state.range(0), 1);
    for (auto _ : state) sketch.update(std::span<const double>(values()));
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(values().size()));
    benchmark::DoNotOptimize(sketch.count());
}
void merge(benchmark::State& state) {
    const Sketch a = filled(state.range(0), 1);
    const Sketch b = filled(state.range(0), 2);
    for (auto _ : state) {
        Sketch sum = a;
        sum.merge(b);
        benchmark::DoNotOptimize(sum.count());
    }
}
void ks_two_sample(benchmark::State& state) {
    const Sketch a = filled(state.range(0), 1);
    const Sketch b = filled(state.range(0), 2);
    for (auto _ : state) benchmark::DoNotOptimize(vedette::drift::ks_two_sample(a, b));
}

BENCHMARK(update)->Arg(200)->Arg(1024)->Arg(4096)->Unit(benchmark::kMillisecond);
BENCHMARK(merge)->Arg(200)->Arg(1024)->Arg(4096)->Unit(benchmark::kMicrosecond);
BENCHMARK(ks_two_sample)->Arg(200)->Arg(1024)->Arg(4096)->Unit(benchmark::kMicrosecond);

}  // namespace
