// SPDX-License-Identifier: Apache-2.0
// What a quantile sketch costs: per value, per merge, per test.
#include <benchmark/benchmark.h>

#include <span>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/drift/sketch_tests.hpp"

namespace {

constexpr std::size_t count = std::size_t{1} << 20U;

template <class T>
const std::vector<T>& values() {
    static const std::vector<T> made = [] {
        vedette::Random random(1);
        std::vector<T> drawn(count);
        for (T& value : drawn) value = static_cast<T>(random.uniform());
        return drawn;
    }();
    return made;
}

template <class T = double>
vedette::stats::KllSketch<T> filled(std::int64_t k, std::uint64_t seed) {
    vedette::stats::KllSketch<T> sketch(static_cast<std::uint32_t>(k), seed);
    sketch.update(std::span<const T>(values<T>()));
    return sketch;
}

template <class T>
void update(benchmark::State& state) {
    auto sketch = filled<T>(state.range(0), 1);
    for (auto _ : state) sketch.update(std::span<const T>(values<T>()));
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
    benchmark::DoNotOptimize(sketch.count());
}
void merge(benchmark::State& state) {
    const auto a = filled(state.range(0), 1);
    const auto b = filled(state.range(0), 2);
    for (auto _ : state) {
        auto sum = a;
        sum.merge(b);
        benchmark::DoNotOptimize(sum.count());
    }
}
void ks_two_sample(benchmark::State& state) {
    const auto a = filled(state.range(0), 1);
    const auto b = filled(state.range(0), 2);
    for (auto _ : state) benchmark::DoNotOptimize(vedette::drift::ks_two_sample(a, b));
}

BENCHMARK_TEMPLATE(update, float)->Arg(200)->Arg(1024)->Arg(4096)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(update, double)->Arg(200)->Arg(1024)->Arg(4096)->Unit(benchmark::kMillisecond);
BENCHMARK(merge)->Arg(200)->Arg(1024)->Arg(4096)->Unit(benchmark::kMicrosecond);
BENCHMARK(ks_two_sample)->Arg(200)->Arg(1024)->Arg(4096)->Unit(benchmark::kMicrosecond);

}  // namespace
