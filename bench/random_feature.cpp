// SPDX-License-Identifier: Apache-2.0
// What the random-feature MMD costs: per live row, per test, per fit.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/drift/random_feature_mmd.hpp"

namespace {

template <class T>
using Mmd = vedette::drift::RandomFeatureMmd<T>;

template <class T>
std::vector<T> normals(std::size_t count) {
    vedette::Random random(1);
    std::vector<T> values(count);
    for (T& value : values) value = static_cast<T>(random.normal());
    return values;
}

template <class T>
Mmd<T> fitted(const std::vector<T>& values, std::size_t columns, std::size_t features) {
    const std::size_t rows = std::min<std::size_t>(1000, values.size() / columns);
    return Mmd<T>(vedette::MatrixView<T>::row_major(values.data(), rows, columns), {.features = features});
}

// The bound: d x r multiply-adds, at 16 (SSE2: 8) floats of them per cycle, and r sines and cosines.
template <class T>
void observe(benchmark::State& state) {
    const auto columns = static_cast<std::size_t>(state.range(0));
    const auto features = static_cast<std::size_t>(state.range(1));
    constexpr std::size_t rows = 2048;
    const auto values = normals<T>(rows * columns);
    const Mmd<T> mmd = fitted(values, columns, features);
    auto window = mmd.window();
    const auto view = vedette::MatrixView<T>::row_major(values.data(), rows, columns);
    for (auto _ : state) benchmark::DoNotOptimize(mmd.observe(window, view));
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(rows));
}
void merge(benchmark::State& state) {
    const auto values = normals<float>(64'000);
    const auto mmd = fitted(values, 64, static_cast<std::size_t>(state.range(0)));
    auto window = mmd.window();
    const auto other = window;
    for (auto _ : state) {
        window.merge(other);
        benchmark::ClobberMemory();
    }
}
void test(benchmark::State& state) {
    const auto values = normals<float>(64'000);
    const auto mmd = fitted(values, 64, static_cast<std::size_t>(state.range(0)));
    auto window = mmd.window();
    mmd.observe(window, vedette::MatrixView<float>::row_major(values.data(), 500, 64));
    for (auto _ : state) benchmark::DoNotOptimize(mmd.test(window));
}
void fit(benchmark::State& state) {
    const auto values = normals<float>(64 * 4096);
    const auto view = vedette::MatrixView<float>::row_major(values.data(), 4096, 64);
    for (auto _ : state)
        benchmark::DoNotOptimize(Mmd<float>(view, {.features = static_cast<std::size_t>(state.range(0))}));
}

BENCHMARK(observe<float>)->Args({64, 256})->Args({8, 256})->Args({768, 256})->Unit(benchmark::kMicrosecond);
BENCHMARK(observe<double>)->Args({64, 256})->Unit(benchmark::kMicrosecond);
BENCHMARK(merge)->Arg(256);
BENCHMARK(test)->Arg(128)->Arg(256)->Unit(benchmark::kMillisecond);
BENCHMARK(fit)->Arg(128)->Arg(256)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
