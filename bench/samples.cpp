// SPDX-License-Identifier: Apache-2.0
// What the tests on two samples cost, sorting included, on other values in every iteration.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/drift/distance_tests.hpp"
#include "vedette/drift/epps_singleton.hpp"
#include "vedette/drift/rank_tests.hpp"

namespace {

namespace drift = vedette::drift;

constexpr std::size_t copies = 8;

template <class T>
struct Pair {
    std::vector<T> reference;
    std::vector<T> live;
};

// Normal values, the live ones a little larger; f32 has ties by itself at a million.
template <class T>
std::vector<Pair<T>> make_pairs(std::size_t n) {
    vedette::Random random(11, n);
    std::vector<Pair<T>> pairs(copies);
    for (Pair<T>& pair : pairs) {
        for (std::size_t i = 0; i < n; ++i) {
            pair.reference.push_back(static_cast<T>(random.normal()));
            pair.live.push_back(static_cast<T>(random.normal() + 0.001));
        }
    }
    return pairs;
}

// A benchmark is called again until it has run for long enough: made once for all calls in a row.
template <class T>
const std::vector<Pair<T>>& kept_pairs(std::size_t n) {
    static std::vector<Pair<T>> pairs;
    if (pairs.empty() || pairs.front().live.size() != n) pairs = make_pairs<T>(n);
    return pairs;
}

template <class T, class Test>
void run(benchmark::State& state, Test&& test) {
    const auto& pairs = kept_pairs<T>(static_cast<std::size_t>(state.range(0)));
    std::size_t turn = 0;
    for (auto _ : state) {
        const Pair<T>& pair = pairs[turn++ % copies];
        benchmark::DoNotOptimize(test(pair.reference, pair.live));
    }
    state.counters["values/s"] =
        benchmark::Counter(2.0 * static_cast<double>(state.range(0)), benchmark::Counter::kIsIterationInvariantRate);
}

drift::TestOptions asymptotic() {
    drift::TestOptions options;
    options.method = drift::Method::asymptotic;
    return options;
}

// The distances have no asymptotic law: the measure alone.
drift::TestOptions measure_only() {
    drift::TestOptions options;
    options.permutations = 0;
    return options;
}

template <class T>
void kolmogorov_smirnov(benchmark::State& state) {
    run<T>(state, [](const auto& x, const auto& y) { return drift::ks_two_sample(x, y, asymptotic()); });
}
// Against a frozen reference of 10,000 values: state.range(0) live values, sorted by no one.
template <class T>
void against_frozen(benchmark::State& state, T (*shape)(T)) {
    auto references = make_pairs<T>(10'000);
    auto pairs = make_pairs<T>(static_cast<std::size_t>(state.range(0)));
    for (auto* some : {&references, &pairs})
        for (Pair<T>& pair : *some)
            for (auto* values : {&pair.reference, &pair.live})
                for (T& value : *values) value = shape(value);
    std::vector<drift::BucketedSample<T>> frozen;
    for (const Pair<T>& pair : references) frozen.emplace_back(pair.reference);
    std::size_t turn = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(
            drift::ks_two_sample(frozen[turn % copies], pairs[(turn / copies) % copies].live, asymptotic()));
        ++turn;
    }
    state.counters["values/s"] =
        benchmark::Counter(static_cast<double>(state.range(0)), benchmark::Counter::kIsIterationInvariantRate);
}
template <class T>
void kolmogorov_smirnov_frozen(benchmark::State& state) {
    against_frozen<T>(state, [](T value) { return value; });
}
// Two clusters, each too narrow for buckets of one width, on a logarithmic scale too.
template <class T>
void kolmogorov_smirnov_frozen_clusters(benchmark::State& state) {
    against_frozen<T>(state,
                      [](T value) { return value < 0 ? T(1) + T(1e-3) * value : T(1e6) * (T(1) + T(1e-3) * value); });
}
// Ten different values.
template <class T>
void kolmogorov_smirnov_frozen_ties(benchmark::State& state) {
    against_frozen<T>(state, [](T value) { return std::floor(T(2.5) * value); });
}
template <class T>
void kuiper(benchmark::State& state) {
    run<T>(state, [](const auto& x, const auto& y) { return drift::kuiper_two_sample(x, y, asymptotic()); });
}
template <class T>
void cramer_von_mises(benchmark::State& state) {
    run<T>(state, [](const auto& x, const auto& y) { return drift::cramer_von_mises(x, y, asymptotic()); });
}
template <class T>
void anderson_darling(benchmark::State& state) {
    drift::AndersonDarlingOptions options;
    options.method = drift::Method::asymptotic;
    run<T>(state, [&](const auto& x, const auto& y) { return drift::anderson_darling(x, y, options); });
}
template <class T>
void mann_whitney(benchmark::State& state) {
    run<T>(state, [](const auto& x, const auto& y) { return drift::mann_whitney(x, y, asymptotic()); });
}
template <class T>
void epps_singleton(benchmark::State& state) {
    drift::EppsSingletonOptions options;
    options.method = drift::Method::asymptotic;
    run<T>(state, [&](const auto& x, const auto& y) { return drift::epps_singleton(x, y, options); });
}
template <class T>
void wasserstein(benchmark::State& state) {
    run<T>(state, [](const auto& x, const auto& y) { return drift::wasserstein_1(x, y, measure_only()); });
}
template <class T>
void energy_distance(benchmark::State& state) {
    run<T>(state, [](const auto& x, const auto& y) { return drift::energy_distance(x, y, measure_only()); });
}

void both_sizes(benchmark::internal::Benchmark* bench) {
    bench->Arg(1000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);
}
void live_sizes(benchmark::internal::Benchmark* bench) {
    bench->Arg(1000)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);
}

BENCHMARK_TEMPLATE(kolmogorov_smirnov, float)->Apply(both_sizes);
BENCHMARK_TEMPLATE(kolmogorov_smirnov, double)->Apply(both_sizes);
BENCHMARK_TEMPLATE(kolmogorov_smirnov_frozen, float)->Apply(live_sizes);
BENCHMARK_TEMPLATE(kolmogorov_smirnov_frozen, double)->Apply(live_sizes);
BENCHMARK_TEMPLATE(kolmogorov_smirnov_frozen_clusters, float)->Apply(live_sizes);
BENCHMARK_TEMPLATE(kolmogorov_smirnov_frozen_clusters, double)->Apply(live_sizes);
BENCHMARK_TEMPLATE(kolmogorov_smirnov_frozen_ties, float)->Apply(live_sizes);
BENCHMARK_TEMPLATE(kolmogorov_smirnov_frozen_ties, double)->Apply(live_sizes);
BENCHMARK_TEMPLATE(kuiper, float)->Apply(both_sizes);
BENCHMARK_TEMPLATE(kuiper, double)->Apply(both_sizes);
BENCHMARK_TEMPLATE(cramer_von_mises, float)->Apply(both_sizes);
BENCHMARK_TEMPLATE(cramer_von_mises, double)->Apply(both_sizes);
BENCHMARK_TEMPLATE(anderson_darling, float)->Apply(both_sizes);
BENCHMARK_TEMPLATE(anderson_darling, double)->Apply(both_sizes);
BENCHMARK_TEMPLATE(mann_whitney, float)->Apply(both_sizes);
BENCHMARK_TEMPLATE(mann_whitney, double)->Apply(both_sizes);
BENCHMARK_TEMPLATE(epps_singleton, float)->Apply(both_sizes);
BENCHMARK_TEMPLATE(epps_singleton, double)->Apply(both_sizes);
BENCHMARK_TEMPLATE(wasserstein, float)->Apply(both_sizes);
BENCHMARK_TEMPLATE(wasserstein, double)->Apply(both_sizes);
BENCHMARK_TEMPLATE(energy_distance, float)->Apply(both_sizes);
BENCHMARK_TEMPLATE(energy_distance, double)->Apply(both_sizes);

}  // namespace
