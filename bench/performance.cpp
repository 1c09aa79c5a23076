// SPDX-License-Identifier: Apache-2.0
// What performance without labels costs: a row counted, a label joined, a window judged.
#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/drift/any_monitor.hpp"
#include "vedette/drift/harm_monitor.hpp"
#include "vedette/drift/joined_evidence.hpp"
#include "vedette/drift/metric_sequence.hpp"
#include "vedette/drift/realised_performance.hpp"

namespace {

namespace drift = vedette::drift;

// Longer than what a branch predictor learns.
constexpr std::size_t count = std::size_t{1} << 17U;

struct Rows {
    std::size_t columns;
    std::vector<double> scores;
    std::vector<std::uint32_t> predictions;
    std::vector<std::uint32_t> labels;

    [[nodiscard]] std::span<const double> row(std::size_t i) const {
        return std::span<const double>(scores).subspan(i * columns, columns);
    }
    [[nodiscard]] drift::PerformanceReference fit() const {
        return drift::PerformanceReference::fit(
            vedette::MatrixView<double>::row_major(scores.data(), predictions.size(), columns), predictions, labels,
            {.calibration = drift::CalibrationRule::always});
    }
};

// Scores u^power: 1 even, 4 of a rare event, 12 the worst, crowded at 0.
Rows binary(double power) {
    vedette::Random random(1);
    Rows rows{1, {}, {}, {}};
    for (std::size_t i = 0; i < count; ++i) {
        rows.scores.push_back(std::pow(random.uniform(), power));
        rows.predictions.push_back(rows.scores.back() > 0.5 ? 1 : 0);
        rows.labels.push_back(random.uniform() < rows.scores.back() ? 1 : 0);
    }
    return rows;
}

Rows several(std::size_t columns) {
    vedette::Random random(2);
    Rows rows{columns, {}, {}, {}};
    for (std::size_t i = 0; i < count / columns; ++i) {
        double sum = 0.0;
        for (std::size_t k = 0; k < columns; ++k) sum += -std::log(1.0 - random.uniform());
        double left = sum;
        for (std::size_t k = 0; k < columns; ++k) {
            const double part = k + 1 == columns ? left : left * random.uniform();
            rows.scores.push_back(part / sum);
            left -= part;
        }
        rows.predictions.push_back(static_cast<std::uint32_t>(random() % columns));
        rows.labels.push_back(static_cast<std::uint32_t>(random() % columns));
    }
    return rows;
}

void per_row(benchmark::State& state, std::size_t rows) {
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(rows));
    state.counters["ns"] = benchmark::Counter(
        static_cast<double>(rows) * 1e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void observe(benchmark::State& state, double power) {
    const Rows rows = binary(power);
    drift::PerformanceWindow window(rows.fit());
    for (auto _ : state) {
        window.reset();
        for (std::size_t i = 0; i < count; ++i) window.observe(rows.scores[i], rows.predictions[i]);
    }
    benchmark::DoNotOptimize(window.counts().rows);
    per_row(state, count);
}

void observe_classes(benchmark::State& state) {
    const Rows rows = several(static_cast<std::size_t>(state.range(0)));
    drift::PerformanceWindow window(rows.fit());
    for (auto _ : state) {
        window.reset();
        for (std::size_t i = 0; i < rows.predictions.size(); ++i) window.observe(rows.row(i), rows.predictions[i]);
    }
    benchmark::DoNotOptimize(window.counts().rows);
    per_row(state, rows.predictions.size());
}

// The same rows at once.
void observe_batch(benchmark::State& state) {
    const Rows rows = state.range(0) == 1 ? binary(1.0) : several(static_cast<std::size_t>(state.range(0)));
    drift::PerformanceWindow window(rows.fit());
    const auto scores =
        vedette::MatrixView<double>::row_major(rows.scores.data(), rows.predictions.size(), rows.columns);
    for (auto _ : state) {
        window.reset();
        window.observe(scores, rows.predictions);
    }
    benchmark::DoNotOptimize(window.counts().rows);
    per_row(state, rows.predictions.size());
}

void estimate(benchmark::State& state) {
    const Rows rows = state.range(0) == 1 ? binary(1.0) : several(static_cast<std::size_t>(state.range(0)));
    drift::PerformanceWindow window(rows.fit());
    for (std::size_t i = 0; i < rows.predictions.size(); ++i) window.observe(rows.row(i), rows.predictions[i]);
    for (auto _ : state) benchmark::DoNotOptimize(window.estimate());
}

// A prediction, and its label a buffer later.
void join(benchmark::State& state) {
    const Rows rows = binary(1.0);
    const auto reference = rows.fit();
    const auto waiting = static_cast<std::size_t>(state.range(0));
    drift::LabelJoin joined(reference, {.capacity = 2 * waiting, .seed = 7});
    drift::RealisedWindow window(reference);
    std::uint64_t id = 0;
    for (auto _ : state) {
        window.reset();
        for (std::size_t i = 0; i < count; ++i, ++id) {
            joined.predict(id, id, rows.scores[i], rows.predictions[i]);
            if (id >= waiting) joined.label(id - waiting, id, rows.labels[i], window);
        }
    }
    per_row(state, count);
}

// A row into the bounds of a metric that hold at all times, and its alarm.
void metric_row(benchmark::State& state, drift::PerformanceMetric metric, bool with_labels) {
    const Rows rows = state.range(0) == 1 ? binary(1.0) : several(static_cast<std::size_t>(state.range(0)));
    drift::MetricSequence sequence(rows.fit(), {.metric = metric, .with_labels = with_labels, .tolerated = 0.9});
    const std::size_t n = rows.predictions.size();
    for (auto _ : state)
        for (std::size_t i = 0; i < n; ++i)
            benchmark::DoNotOptimize(with_labels ? sequence.observe(rows.row(i), rows.predictions[i], rows.labels[i])
                                                 : sequence.observe(rows.row(i), rows.predictions[i]));
    per_row(state, n);
}

// A value of one of many streams that are judged together: its e-process, and what the family makes of it.
void joined_row(benchmark::State& state) {
    const auto streams = static_cast<std::size_t>(state.range(0));
    vedette::Random random(3);
    std::vector<double> reference, values;
    for (int i = 0; i < 1000; ++i) reference.push_back(random.normal());
    for (std::size_t i = 0; i < count; ++i) values.push_back(random.normal());
    const bool is_joined = state.range(1) == 1;
    std::vector<drift::AnyMonitor> processes;
    for (std::size_t i = 0; i < streams; ++i)
        processes.push_back(drift::make_monitor("e_process", R"({"level": 1e-100})", {.values = reference}));
    drift::JoinedEvidence evidence(streams, 0.01);
    for (auto _ : state) {
        // The same values again would be evidence.
        for (drift::AnyMonitor& process : processes) process.reset();
        evidence.reset();
        for (std::size_t i = 0; i < count; ++i) {
            drift::AnyMonitor& process = processes[i % streams];
            benchmark::DoNotOptimize(process.update(values[i]));
            if (is_joined) benchmark::DoNotOptimize(evidence.update(i % streams, process.reading().p_value));
        }
    }
    per_row(state, count);
}

void watch(benchmark::State& state, double tolerated) {
    const Rows rows = binary(1.0);
    drift::HarmMonitor monitor({.tolerated = tolerated, .level = 1e-6, .warning_level = 1e-6});
    for (auto _ : state)
        for (const double score : rows.scores) benchmark::DoNotOptimize(monitor.update(0.5 * score));
    per_row(state, count);
}

BENCHMARK_CAPTURE(observe, even, 1.0);
BENCHMARK_CAPTURE(observe, rare, 4.0);
BENCHMARK_CAPTURE(observe, crowded, 12.0);
BENCHMARK(observe_classes)->Arg(3)->Arg(10);
BENCHMARK(observe_batch)->Arg(1)->Arg(3)->Arg(10);
BENCHMARK(estimate)->Arg(1)->Arg(10);
BENCHMARK(join)->Arg(1000)->Arg(100'000);
BENCHMARK_CAPTURE(metric_row, accuracy, drift::PerformanceMetric::accuracy, false)->Arg(1)->Arg(3)->Arg(10);
BENCHMARK_CAPTURE(metric_row, f1, drift::PerformanceMetric::f1, false)->Arg(1)->Arg(3)->Arg(10);
BENCHMARK_CAPTURE(metric_row, roc_auc, drift::PerformanceMetric::roc_auc, false)->Arg(1)->Arg(10);
BENCHMARK_CAPTURE(metric_row, f1_by_labels, drift::PerformanceMetric::f1, true)->Arg(1)->Arg(10);
BENCHMARK(joined_row)->Args({100, 0})->Args({100, 1})->Args({1000, 0})->Args({1000, 1});
BENCHMARK_CAPTURE(watch, in_order, 0.3);
BENCHMARK_CAPTURE(watch, near_alarm, 0.25);

}  // namespace
