// SPDX-License-Identifier: Apache-2.0
// What remembering costs: fingerprints, look-ups among a million, and the worst that an attacker can make of them.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <span>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/perturbation/fingerprint_store.hpp"

namespace {

using vedette::perturbation::Fingerprint;
using vedette::perturbation::Fingerprinter;
using vedette::perturbation::FingerprintStore;
using vedette::perturbation::ImageFingerprintOptions;
using vedette::perturbation::RowFingerprintOptions;

constexpr vedette::perturbation::FingerprintKey key{1, 2, 3, 4};
constexpr std::size_t copies = 32, million = 1'000'000;

template <class T>
std::vector<T> inputs(std::size_t values) {
    vedette::Random random(3, values);
    std::vector<T> result(copies * values);
    for (T& x : result)
        x = static_cast<T>(sizeof(T) == 1 ? static_cast<T>(random()) : static_cast<T>(random.uniform()));
    return result;
}

Fingerprinter of_images(std::size_t side) {
    if (side == 32)
        return Fingerprinter(ImageFingerprintOptions{.values = 3072, .window = 20, .stride = 1, .key = key});
    return Fingerprinter(ImageFingerprintOptions{.values = side * side * 3, .key = key});
}

template <class T>
void run_fingerprints(benchmark::State& state, const Fingerprinter& fingerprinter) {
    const std::vector<T> all = inputs<T>(fingerprinter.values());
    std::size_t turn = 0;
    for (auto _ : state)
        benchmark::DoNotOptimize(fingerprinter.fingerprint(
            std::span<const T>(all).subspan(turn++ % copies * fingerprinter.values(), fingerprinter.values())));
}

void fingerprint_u8(benchmark::State& state) {
    run_fingerprints<std::uint8_t>(state, of_images(static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(fingerprint_u8)->Arg(32)->Arg(224);

void fingerprint_f32(benchmark::State& state) {
    run_fingerprints<float>(state, of_images(static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(fingerprint_f32)->Arg(32)->Arg(224);

void fingerprint_row(benchmark::State& state) {
    run_fingerprints<float>(state,
                            Fingerprinter(RowFingerprintOptions{.values = static_cast<std::size_t>(state.range(0)),
                                                                .steps = {0.05},
                                                                .normalise = state.range(1) != 0,
                                                                .key = key}));
}
BENCHMARK(fingerprint_row)->Args({30, 0})->Args({768, 1});

Fingerprint random_print(vedette::Random& random) {
    Fingerprint print;
    print.slots = 48;
    for (auto& hash : print.hashes) hash = random() >> 6U;
    return print;
}

// A full store of a million 224 x 224 x 3 inputs, of unlike prints; shared, for it takes a while to fill.
FingerprintStore& full_store() {
    static FingerprintStore store = [] {
        const Fingerprinter fingerprinter = of_images(224);
        FingerprintStore filled(fingerprinter, {.memory = FingerprintStore::memory_needed(fingerprinter, million)});
        vedette::Random random(7);
        for (std::size_t i = 0; i < million; ++i) filled.remember(random_print(random), "a", 0);
        return filled;
    }();
    return store;
}

// Of this thread alone: what else runs on the machine would be the whole of the 99th percentile.
double thread_microseconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return 1e6 * static_cast<double>(now.tv_sec) + 1e-3 * static_cast<double>(now.tv_nsec);
}

// Fingerprint, look-up and remembering; the whole of a request, with the slowest of a hundred.
void observe_among_a_million(benchmark::State& state) {
    FingerprintStore& store = full_store();
    const std::size_t values = store.fingerprinter().values();
    std::vector<std::uint8_t> all = inputs<std::uint8_t>(values);
    std::vector<double> times;
    std::size_t turn = 0;
    for (auto _ : state) {
        const std::span<std::uint8_t> input = std::span(all).subspan(turn % copies * values, values);
        const double begin = thread_microseconds();
        benchmark::DoNotOptimize(store.observe(std::span<const std::uint8_t>(input), "b", 0));
        times.push_back(thread_microseconds() - begin);
        ++turn;
    }
    std::sort(times.begin(), times.end());
    const auto quantile = [&](double q) {
        return times[static_cast<std::size_t>(q * static_cast<double>(times.size() - 1))];
    };
    state.counters["p50_us"] = quantile(0.5);
    state.counters["p99_us"] = quantile(0.99);
    state.counters["bytes_per_query"] = static_cast<double>(store.memory()) / static_cast<double>(store.capacity());
}
BENCHMARK(observe_among_a_million)->Iterations(4000)->Unit(benchmark::kMicrosecond);

// The store alone. 0: prints unlike all; 1: a flood of near copies, so that every line yields candidates.
void look_up_and_remember(benchmark::State& state) {
    FingerprintStore& store = full_store();
    vedette::Random random(9);
    const Fingerprint base = random_print(random);
    const auto next = [&] {
        Fingerprint print = random_print(random);
        if (state.range(0) == 1)
            for (std::size_t slot = 0; slot < 48; ++slot)
                if (random() % 4 != 0) print.hashes[slot] = base.hashes[slot];
        return print;
    };
    for (int i = 0; i < 5000; ++i) store.remember(next(), "flood", 0);
    std::vector<Fingerprint> prints;
    for (int i = 0; i < 4096; ++i) prints.push_back(next());
    std::size_t turn = 0;
    double compared = 0.0;
    for (auto _ : state) {
        Fingerprint print = prints[turn % prints.size()];
        // Never the same again, but for what the flood shares.
        for (std::size_t slot = 0; slot < 48; ++slot)
            if (state.range(0) == 0 || print.hashes[slot] != base.hashes[slot]) print.hashes[slot] += turn << 8U;
        ++turn;
        compared += store.match(print).compared;
        store.remember(print, "flood", 0);
    }
    state.counters["compared"] = compared / static_cast<double>(state.iterations());
}
BENCHMARK(look_up_and_remember)->Arg(0)->Arg(1);

}  // namespace
