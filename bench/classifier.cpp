// SPDX-License-Identifier: Apache-2.0
// What the classifier two-sample test costs, on other rows in every iteration: without a shift, with one, separable.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/drift/classifier_test.hpp"

namespace {

namespace drift = vedette::drift;

constexpr std::size_t copies = 4;

template <class T>
struct Pair {
    std::vector<T> reference;
    std::vector<T> live;
};

// Normal rows; the first feature of live ones is moved.
template <class T>
std::vector<Pair<T>> make_pairs(std::size_t n, std::size_t d, double shift) {
    vedette::Random random(17, n * d);
    std::vector<Pair<T>> pairs(copies);
    for (Pair<T>& pair : pairs) {
        for (std::size_t i = 0; i < n * d; ++i) {
            pair.reference.push_back(static_cast<T>(random.normal()));
            pair.live.push_back(static_cast<T>(random.normal() + (i % d == 0 ? shift : 0.0)));
        }
    }
    return pairs;
}

template <class T>
void run(benchmark::State& state, double shift, std::size_t folds, bool permute) {
    const auto n = static_cast<std::size_t>(state.range(0));
    const auto d = static_cast<std::size_t>(state.range(1));
    const auto pairs = make_pairs<T>(n, d, shift);
    drift::ClassifierTestOptions options;
    options.folds = folds;
    if (permute) options.test.method = drift::Method::permutation;
    options.test.permutations = 99;
    std::size_t turn = 0;
    for (auto _ : state) {
        const Pair<T>& pair = pairs[turn++ % copies];
        const auto reference = vedette::MatrixView<T>::row_major(pair.reference.data(), n, d);
        const auto live = vedette::MatrixView<T>::row_major(pair.live.data(), n, d);
        benchmark::DoNotOptimize(drift::classifier_two_sample(reference, live, options));
    }
    state.counters["rows/s"] =
        benchmark::Counter(2.0 * static_cast<double>(n), benchmark::Counter::kIsIterationInvariantRate);
}

void classifier(benchmark::State& state, double shift, std::size_t folds, bool permute) {
    run<double>(state, shift, folds, permute);
}
void classifier_f32(benchmark::State& state, double shift, std::size_t folds, bool permute) {
    run<float>(state, shift, folds, permute);
}

BENCHMARK_CAPTURE(classifier, null, 0.0, 10, false)
    ->Args({100, 8})
    ->Args({1000, 8})
    ->Args({1000, 64})
    ->Args({10'000, 64})
    ->Args({1000, 512})
    ->Args({100, 512})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(classifier, null_of_5_folds, 0.0, 5, false)->Args({1000, 64})->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(classifier_f32, null, 0.0, 10, false)->Args({1000, 64})->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(classifier, shifted, 0.5, 10, false)->Args({1000, 64})->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(classifier, separable, 20.0, 10, false)->Args({1000, 64})->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(classifier, permuted_99, 0.0, 10, true)->Args({100, 8})->Unit(benchmark::kMillisecond);

}  // namespace
