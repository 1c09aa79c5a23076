// SPDX-License-Identifier: Apache-2.0
// What one update of a monitor costs: on a stream without change, and on the worst that a sender can make of it. Every
// line also says how often it allocated, however long it ran: never.
#include <benchmark/benchmark.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "allocations.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/adwin.hpp"
#include "vedette/drift/adwin_bank.hpp"
#include "vedette/drift/cusum.hpp"
#include "vedette/drift/ddm.hpp"
#include "vedette/drift/e_detector.hpp"
#include "vedette/drift/e_process.hpp"
#include "vedette/drift/eddm.hpp"
#include "vedette/drift/ewma_chart.hpp"
#include "vedette/drift/hddm.hpp"
#include "vedette/drift/incremental_ks.hpp"
#include "vedette/drift/kswin.hpp"
#include "vedette/drift/monitor_bank.hpp"
#include "vedette/drift/page_hinkley.hpp"
#include "vedette/drift/stepd.hpp"

namespace {

namespace drift = vedette::drift;

// Longer than any window here, so that no branch predictor learns it.
constexpr std::size_t count = std::size_t{1} << 20U;

enum class Stream { steady, storm, ties, nan, errors };

std::vector<double> make(Stream stream) {
    vedette::Random random(1);
    std::vector<double> values(count);
    for (std::size_t i = 0; i < count; ++i) {
        const double normal = random.normal();
        switch (stream) {
            case Stream::steady: values[i] = normal; break;
            // A new level at every 64th value: cut after cut.
            case Stream::storm: values[i] = normal + (i / 64 % 2 == 0 ? 0.0 : 1e3); break;
            case Stream::ties: values[i] = std::floor(2.0 * random.uniform()); break;
            case Stream::nan: values[i] = std::numeric_limits<double>::quiet_NaN(); break;
            case Stream::errors: values[i] = random.uniform() < 0.125 ? 1.0 : 0.0; break;
        }
    }
    return values;
}

const std::vector<double>& values(Stream stream) {
    static const std::vector<double> made[] = {make(Stream::steady), make(Stream::storm), make(Stream::ties),
                                               make(Stream::nan), make(Stream::errors)};
    return made[static_cast<std::size_t>(stream)];
}

template <class M>
void run(benchmark::State& state, M monitor, Stream stream) {
    const auto& all = values(stream);
    const std::uint64_t before = bench::allocations;
    for (auto _ : state)
        for (const double value : all) benchmark::DoNotOptimize(monitor.update(value));
    state.counters["allocations"] = static_cast<double>(bench::allocations - before);
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
    // Seconds per item are what counts here.
    state.counters["ns"] = benchmark::Counter(
        static_cast<double>(count) * 1e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
    state.counters["changes"] = static_cast<double>(monitor.counts().changes) / static_cast<double>(state.iterations());
}

// Banks take the same values as rows of so many features. Chunks of a few rows, or one row at a time.
constexpr std::size_t features = 1000;

template <class T, class Bank>
void run_bank(benchmark::State& state, Bank bank, Stream stream) {
    // Rows come from a request, not from memory: 64 of them stay in the second-level cache. There is nothing to learn.
    constexpr std::size_t row_count = 64;
    const auto& all = values(stream);
    std::vector<T> rows(all.begin(), all.begin() + row_count * features);
    // A new level every 32 rows: cut after cut, of all features together.
    for (std::size_t i = 0; stream == Stream::storm && i < rows.size(); ++i)
        rows[i] = static_cast<T>(values(Stream::steady)[i] + (i / features / 32 % 2 == 0 ? 0.0 : 1e3));
    const auto chunk = static_cast<std::size_t>(state.range(0));
    const std::size_t chunks = row_count / chunk;
    // Made here: views are allowed to allocate.
    std::vector<vedette::MatrixView<T>> views;
    for (std::size_t i = 0; i < chunks; ++i)
        views.push_back(vedette::MatrixView<T>::row_major(rows.data() + i * chunk * features, chunk, features));
    const std::uint64_t before = bench::allocations;
    for (auto _ : state)
        for (const auto& view : views) benchmark::DoNotOptimize(bank.update_rows(view));
    state.counters["allocations"] = static_cast<double>(bench::allocations - before);
    const std::size_t items = chunks * chunk * features;
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(items));
    state.counters["ns"] = benchmark::Counter(
        static_cast<double>(items) * 1e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
    std::uint64_t changes = 0;
    for (std::size_t i = 0; i < features; ++i) changes += bank.counts(i).changes;
    state.counters["changes"] = static_cast<double>(changes) / static_cast<double>(state.iterations());
}

template <class Bank>
void bank(benchmark::State& state, Bank bank, Stream stream) {
    run_bank<double>(state, std::move(bank), stream);
}
template <class Bank>
void bank_of_floats(benchmark::State& state, Bank bank, Stream stream) {
    run_bank<float>(state, std::move(bank), stream);
}

drift::IncrementalKs sliding(std::size_t reference, std::uint32_t window) {
    vedette::Random random(2);
    std::vector<double> sample(reference);
    for (double& value : sample) value = random.normal();
    return drift::IncrementalKs(sample, {.window = window, .level = 1e-9});
}

std::vector<double> reference() {
    vedette::Random random(2);
    std::vector<double> sample(10'000);
    for (double& value : sample) value = random.normal();
    return sample;
}

drift::Adwin adwin(std::uint32_t clock) {
    return drift::Adwin({.clock = clock});
}

void adwin_clock(benchmark::State& state, Stream stream) {
    run(state, adwin(static_cast<std::uint32_t>(state.range(0))), stream);
}

BENCHMARK_CAPTURE(adwin_clock, steady, Stream::steady)->Arg(32)->Arg(1);
BENCHMARK_CAPTURE(adwin_clock, storm, Stream::storm)->Arg(32)->Arg(1);
BENCHMARK_CAPTURE(adwin_clock, ties, Stream::ties)->Arg(32);
BENCHMARK_CAPTURE(adwin_clock, nan, Stream::nan)->Arg(32);
BENCHMARK_CAPTURE(run, page_hinkley_steady, drift::PageHinkley(), Stream::steady);
BENCHMARK_CAPTURE(run, page_hinkley_storm, drift::PageHinkley(), Stream::storm);
BENCHMARK_CAPTURE(run, cusum_steady, drift::Cusum(), Stream::steady);
BENCHMARK_CAPTURE(run, cusum_storm, drift::Cusum(), Stream::storm);
BENCHMARK_CAPTURE(run, ewma_chart_steady, drift::EwmaChart(), Stream::steady);
BENCHMARK_CAPTURE(run, ewma_chart_storm, drift::EwmaChart(), Stream::storm);
BENCHMARK_CAPTURE(bank, adwin_steady, drift::AdwinBank(features, {}), Stream::steady)->Arg(1)->Arg(16);
BENCHMARK_CAPTURE(bank, adwin_storm, drift::AdwinBank(features, {}), Stream::storm)->Arg(1)->Arg(16);
BENCHMARK_CAPTURE(bank, adwin_ties, drift::AdwinBank(features, {}), Stream::ties)->Arg(1);
BENCHMARK_CAPTURE(bank, adwin_nan, drift::AdwinBank(features, {}), Stream::nan)->Arg(1);
BENCHMARK_CAPTURE(bank, page_hinkley_steady, drift::PageHinkleyBank(features, {}), Stream::steady)->Arg(1)->Arg(16);
BENCHMARK_CAPTURE(bank_of_floats, page_hinkley_steady, drift::PageHinkleyBank(features, {}), Stream::steady)
    ->Arg(1)
    ->Arg(16);
BENCHMARK_CAPTURE(bank, page_hinkley_storm, drift::PageHinkleyBank(features, {}), Stream::storm)->Arg(1);
BENCHMARK_CAPTURE(bank, page_hinkley_nan, drift::PageHinkleyBank(features, {}), Stream::nan)->Arg(1);
BENCHMARK_CAPTURE(bank, cusum_steady, drift::CusumBank(features, {}), Stream::steady)->Arg(1)->Arg(16);
BENCHMARK_CAPTURE(bank_of_floats, cusum_steady, drift::CusumBank(features, {}), Stream::steady)->Arg(1)->Arg(16);
BENCHMARK_CAPTURE(bank, cusum_storm, drift::CusumBank(features, {}), Stream::storm)->Arg(1);
BENCHMARK_CAPTURE(bank, cusum_nan, drift::CusumBank(features, {}), Stream::nan)->Arg(1);
BENCHMARK_CAPTURE(bank, ewma_chart_steady, drift::EwmaChartBank(features, {}), Stream::steady)->Arg(1)->Arg(16);
BENCHMARK_CAPTURE(bank, ewma_chart_storm, drift::EwmaChartBank(features, {}), Stream::storm)->Arg(1);
BENCHMARK_CAPTURE(bank, ddm, drift::DdmBank(features, {}), Stream::errors)->Arg(1)->Arg(16);
BENCHMARK_CAPTURE(bank, hddm_a, drift::HddmABank(features, {}), Stream::errors)->Arg(1)->Arg(16);
BENCHMARK_CAPTURE(bank, hddm_a_nan, drift::HddmABank(features, {}), Stream::nan)->Arg(1);
BENCHMARK_CAPTURE(run, ddm, drift::Ddm(), Stream::errors);
BENCHMARK_CAPTURE(run, eddm, drift::Eddm(), Stream::errors);
BENCHMARK_CAPTURE(run, hddm_a, drift::HddmA(), Stream::errors);
BENCHMARK_CAPTURE(run, hddm_w, drift::HddmW(), Stream::errors);
BENCHMARK_CAPTURE(run, stepd, drift::Stepd(), Stream::errors);
BENCHMARK_CAPTURE(run, kswin_steady, drift::Kswin(), Stream::steady);
BENCHMARK_CAPTURE(run, kswin_storm, drift::Kswin(), Stream::storm);
BENCHMARK_CAPTURE(run, kswin_ties, drift::Kswin(), Stream::ties);
BENCHMARK_CAPTURE(run, incremental_ks_steady, sliding(1024, 1000), Stream::steady);
BENCHMARK_CAPTURE(run, incremental_ks_storm, sliding(1024, 1000), Stream::storm);
BENCHMARK_CAPTURE(run, incremental_ks_ties, sliding(1024, 1000), Stream::ties);
BENCHMARK_CAPTURE(run, incremental_ks_large, sliding(100'000, 10'000), Stream::steady);
BENCHMARK_CAPTURE(run, e_process_steady, drift::EProcess(reference()), Stream::steady);
BENCHMARK_CAPTURE(run, e_process_storm, drift::EProcess(reference()), Stream::storm);
BENCHMARK_CAPTURE(run, e_process_ties, drift::EProcess(reference()), Stream::ties);
BENCHMARK_CAPTURE(run, e_detector_steady, drift::EDetector(reference()), Stream::steady);

}  // namespace
