// SPDX-License-Identifier: Apache-2.0
// What the guard costs: per request, per batch, per report, per merge and per load; typical and at its worst.
#include "vedette/guard/guard.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "allocations.hpp"
#include "guard_data.hpp"
#include "kernels/dispatch.hpp"
#include "vedette/guard/report.hpp"

#ifdef VEDETTE_BENCH_CAPI
#include "vedette.h"
#endif

namespace {

using bench::Kind;
using bench::Shape;
using vedette::Baseline;
using vedette::Guard;
using vedette::MatrixView;
using vedette::Window;

constexpr std::size_t ring = 1024;  // distinct rows: far more than a branch predictor remembers, and still in L2
constexpr std::size_t window_rows = 10'000;

/// A named situation: which reference, which traffic. The first of a group is the typical one.
struct Situation {
    const char* name;
    Shape shape;
    std::size_t cells;
    Kind kind;
};

constexpr Situation situations[] = {
    {"typical", Shape::normal, 64, Kind::reference},
    {"ties", Shape::normal, 64, Kind::ties},
    {"nan", Shape::normal, 64, Kind::nan},
    {"infinite", Shape::normal, 64, Kind::infinite},
    {"outside", Shape::normal, 64, Kind::outside},
    {"edge", Shape::normal, 64, Kind::edge},
    {"mixed", Shape::normal, 64, Kind::mixed},
    {"shifted", Shape::normal, 64, Kind::shifted},
    {"lognormal_reference", Shape::lognormal, 64, Kind::reference},
    {"duplicated_reference", Shape::duplicated, 64, Kind::reference},
    {"few_values_reference", Shape::few, 64, Kind::reference},
    {"clustered_reference", Shape::clustered, 64, Kind::reference},
    {"cells_1024", Shape::normal, 1024, Kind::reference},
};

/// Counts allocations from here to `report`, per iteration.
class AllocationMeter {
  public:
    AllocationMeter() : before_(bench::allocations.load()) {}
    void report(benchmark::State& state, double calls_per_iteration = 1.0) const {
        const auto made = static_cast<double>(bench::allocations.load() - before_);
        state.counters["allocations"] = made / (static_cast<double>(state.iterations()) * calls_per_iteration);
    }

  private:
    std::uint64_t before_;
};

struct Traffic {
    Baseline baseline;
    std::vector<float> rows;

    explicit Traffic(const Situation& s, std::size_t count = ring)
        : baseline(bench::numeric_baseline(s.shape, s.cells)), rows(bench::traffic(s.kind, s.shape, count, baseline)) {}

    [[nodiscard]] std::span<const float> row(std::size_t i) const {
        return std::span<const float>(rows).subspan((i % ring) * bench::features, bench::features);
    }
};

void observe_row(benchmark::State& state, const Situation& s) {
    const Traffic traffic(s);
    Window window(traffic.baseline);
    std::size_t turn = 0;
    const AllocationMeter meter;
    for (auto _ : state) benchmark::DoNotOptimize(window.observe(traffic.row(turn++)));
    meter.report(state);
}

/// Times every call on its own and reports the percentiles; the clock's own cost is in them.
template <class Call>
void latencies(benchmark::State& state, Call&& call) {
    using Clock = std::chrono::steady_clock;
    constexpr std::size_t most = std::size_t{1} << 20U;
    std::vector<std::int32_t> samples;
    samples.reserve(most);
    std::size_t turn = 0;
    const AllocationMeter meter;
    for (auto _ : state) {
        const auto begin = Clock::now();
        call(turn++);
        const auto spent = Clock::now() - begin;
        state.SetIterationTime(std::chrono::duration<double>(spent).count());
        if (samples.size() < most) samples.push_back(static_cast<std::int32_t>(spent.count()));
    }
    meter.report(state);
    const auto percentile = [&](double share) {
        const auto at = static_cast<std::size_t>(share * static_cast<double>(samples.size() - 1));
        std::nth_element(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(at), samples.end());
        return static_cast<double>(samples[at]);
    };
    state.counters["p50_ns"] = percentile(0.5);
    state.counters["p99_ns"] = percentile(0.99);
}

void check_row(benchmark::State& state, const Situation& s) {
    const Traffic traffic(s);
    const Guard guard(traffic.baseline);
    Window window(traffic.baseline);
    std::size_t turn = 0;
    const AllocationMeter meter;
    for (auto _ : state) benchmark::DoNotOptimize(guard.check(traffic.row(turn++), window));
    meter.report(state);
}

void check_row_latency(benchmark::State& state, const Situation& s) {
    const Traffic traffic(s);
    const Guard guard(traffic.baseline);
    Window window(traffic.baseline);
    latencies(state, [&](std::size_t turn) { benchmark::DoNotOptimize(guard.check(traffic.row(turn), window)); });
}

void empty_call_latency(benchmark::State& state) {
    latencies(state, [](std::size_t turn) { benchmark::DoNotOptimize(turn); });
}

#ifdef VEDETTE_BENCH_CAPI
/// The same baseline, guard and window behind the C boundary.
struct CGuard {
    vdt_baseline* baseline = nullptr;
    vdt_guard* guard = nullptr;
    vdt_window* window = nullptr;
    vdt_verdict verdict{};

    explicit CGuard(const Baseline& source) {
        const std::vector<std::byte> bytes = source.to_bytes();
        vdt_verdict_init(&verdict, sizeof verdict);
        if (vdt_baseline_from_bytes(bytes.data(), bytes.size(), nullptr, &baseline, nullptr) != VDT_OK ||
            vdt_guard_create(baseline, nullptr, nullptr, &guard, nullptr) != VDT_OK ||
            vdt_window_create(baseline, nullptr, &window, nullptr) != VDT_OK) {
            std::fputs("the C library refused the benchmark's baseline\n", stderr);
            std::abort();
        }
    }
    CGuard(const CGuard&) = delete;
    CGuard& operator=(const CGuard&) = delete;
    ~CGuard() {
        vdt_window_destroy(window);
        vdt_guard_destroy(guard);
        vdt_baseline_destroy(baseline);
    }
    vdt_status check(std::span<const float> row) {
        return vdt_guard_check_f32(guard, row.data(), row.size(), window, &verdict, nullptr);
    }
};

void check_row_c(benchmark::State& state, const Situation& s) {
    const Traffic traffic(s);
    CGuard c(traffic.baseline);
    std::size_t turn = 0;
    const AllocationMeter meter;
    for (auto _ : state) benchmark::DoNotOptimize(c.check(traffic.row(turn++)));
    meter.report(state);
}

void check_row_c_latency(benchmark::State& state, const Situation& s) {
    const Traffic traffic(s);
    CGuard c(traffic.baseline);
    latencies(state, [&](std::size_t turn) { benchmark::DoNotOptimize(c.check(traffic.row(turn))); });
}
#endif

/// Rows of texts. `length` is the reference's, `unseen` whether the texts are ones that it never held.
void check_texts(benchmark::State& state, std::size_t length, std::size_t live_length, bool unseen) {
    constexpr std::size_t categories = 60;
    const Baseline baseline = bench::categorical_baseline(categories, length);
    const Guard guard(baseline);
    Window window(baseline);
    vedette::Random random(5, 0);
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < 64; ++i)
        texts.push_back(bench::category((unseen ? 1000 : 0) + i % categories, live_length));
    std::vector<vedette::Value> rows(ring * bench::features);
    for (vedette::Value& value : rows) value = std::string_view(texts[random() % texts.size()]);
    std::size_t turn = 0;
    const AllocationMeter meter;
    for (auto _ : state) {
        const std::span<const vedette::Value> row(rows.data() + (turn++ % ring) * bench::features, bench::features);
        benchmark::DoNotOptimize(guard.check(row, window));
    }
    meter.report(state);
    state.counters["text_bytes"] = static_cast<double>(bench::features * live_length);
}

void observe_batch(benchmark::State& state, const Situation& s, bool row_major) {
    const Traffic traffic(s);
    std::vector<float> columns(traffic.rows.size());
    for (std::size_t i = 0; i < ring; ++i) {
        for (std::size_t f = 0; f < bench::features; ++f) columns[f * ring + i] = traffic.rows[i * bench::features + f];
    }
    const auto matrix = row_major ? MatrixView<float>::row_major(traffic.rows.data(), ring, bench::features)
                                  : MatrixView<float>::column_major(columns.data(), ring, bench::features);
    Window window(traffic.baseline);
    const AllocationMeter meter;
    for (auto _ : state) window.observe(matrix);
    meter.report(state, static_cast<double>(ring));
    state.counters["rows"] = static_cast<double>(ring);
}

/// One long column of one feature, in fresh pieces, as a table gives it; `nulls` adds a validity bitmap.
void observe_column(benchmark::State& state, const Situation& s, bool nulls) {
    constexpr std::size_t piece = 16'384;
    const Baseline& baseline = bench::numeric_baseline(s.shape, s.cells);
    const std::vector<float> values = bench::traffic(s.kind, s.shape, 8 * piece / bench::features + 1, baseline);
    std::vector<std::uint8_t> bits(piece / 8 + 1);
    vedette::Random random(6, 0);
    for (std::uint8_t& byte : bits) byte = static_cast<std::uint8_t>(random());
    Window window(baseline);
    std::size_t turn = 0;
    const AllocationMeter meter;
    for (auto _ : state) {
        const std::span<const float> part = std::span<const float>(values).subspan((turn++ % 8) * piece, piece);
        window.observe_column(
            0, vedette::Column::numeric(part, nulls ? vedette::Validity{bits.data(), 0} : vedette::Validity{}));
    }
    meter.report(state);
    state.counters["rows"] = static_cast<double>(piece);
}

void assess_window(benchmark::State& state, const Situation& s, std::size_t rows) {
    const Baseline& baseline = bench::numeric_baseline(s.shape, s.cells);
    std::vector<Window> windows;
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        const std::vector<float> live = bench::traffic(s.kind, s.shape, rows, baseline, 10 + seed);
        windows.emplace_back(baseline).observe(MatrixView<float>::row_major(live.data(), rows, bench::features));
    }
    std::size_t turn = 0;
    const AllocationMeter meter;
    for (auto _ : state) benchmark::DoNotOptimize(vedette::assess(baseline, windows[turn++ % windows.size()]));
    meter.report(state);
}

void assess_categories(benchmark::State& state, std::size_t categories, bool unseen) {
    const Baseline baseline = bench::categorical_baseline(categories, 8);
    vedette::Random random(7, 0);
    std::vector<float> live(window_rows * bench::features);
    for (float& x : live) x = static_cast<float>(unseen ? categories : random() % categories);
    Window window(baseline);
    window.observe(MatrixView<float>::row_major(live.data(), window_rows, bench::features));
    const AllocationMeter meter;
    for (auto _ : state) benchmark::DoNotOptimize(vedette::assess(baseline, window));
    meter.report(state);
}

void merge_windows(benchmark::State& state, const Situation& s) {
    const Traffic traffic(s);
    Window sum(traffic.baseline);
    std::vector<Window> parts(8, Window(traffic.baseline));
    for (std::size_t i = 0; i < ring; ++i) parts[i % parts.size()].observe(traffic.row(i));
    std::size_t turn = 0;
    const AllocationMeter meter;
    for (auto _ : state) sum.merge(parts[turn++ % parts.size()]);
    meter.report(state);
    state.counters["bytes_per_feature"] = static_cast<double>((s.cells + Window::extra_count) * sizeof(std::uint64_t));
}

void load_bytes(benchmark::State& state, const std::function<Baseline()>& make) {
    const std::vector<std::byte> bytes = make().to_bytes();
    const AllocationMeter meter;
    for (auto _ : state) benchmark::DoNotOptimize(Baseline::from_bytes(bytes));
    meter.report(state);
    state.counters["bytes_per_feature"] = static_cast<double>(bytes.size()) / bench::features;
}

void load_file(benchmark::State& state, const std::function<Baseline()>& make) {
    const auto path = std::filesystem::temp_directory_path() / "vedette_bench_baseline.vedette";
    make().save(path);
    const AllocationMeter meter;
    for (auto _ : state) benchmark::DoNotOptimize(Baseline::load(path));
    meter.report(state);
    std::filesystem::remove(path);
}

template <class Function>
void add(const std::string& name, Function&& function, bool manual = false) {
    auto* const made = benchmark::RegisterBenchmark(name.c_str(), std::forward<Function>(function));
    if (manual) made->UseManualTime();
}

void add_situation(const Situation& s) {
    const auto name = [&s](const char* group) { return std::string(group) + "/" + s.name; };
    add(name("observe_row"), [&s](benchmark::State& state) { observe_row(state, s); });
    add(name("check_row"), [&s](benchmark::State& state) { check_row(state, s); });
    add(
        name("check_row_latency"), [&s](benchmark::State& state) { check_row_latency(state, s); }, true);
#ifdef VEDETTE_BENCH_CAPI
    add(name("check_row_c"), [&s](benchmark::State& state) { check_row_c(state, s); });
    add(
        name("check_row_c_latency"), [&s](benchmark::State& state) { check_row_c_latency(state, s); }, true);
#endif
    add(name("observe_rows_row_major"), [&s](benchmark::State& state) { observe_batch(state, s, true); });
    add(name("observe_rows_column_major"), [&s](benchmark::State& state) { observe_batch(state, s, false); });
    add(name("observe_column"), [&s](benchmark::State& state) { observe_column(state, s, false); });
    add(name("assess"), [&s](benchmark::State& state) { assess_window(state, s, window_rows); });
    add(name("merge"), [&s](benchmark::State& state) { merge_windows(state, s); });
    if (s.kind != Kind::reference) return;
    const auto make = [&s] { return bench::numeric_baseline(s.shape, s.cells); };
    add(name("load_bytes"), [make](benchmark::State& state) { load_bytes(state, make); });
    add(name("load_file"), [make](benchmark::State& state) { load_file(state, make); });
}

void add_all() {
    for (const Situation& s : situations) add_situation(s);
    add("observe_column_with_nulls/typical",
        [](benchmark::State& state) { observe_column(state, situations[0], true); });
    add("assess/hundred_rows", [](benchmark::State& state) { assess_window(state, situations[0], 100); });
    add("assess/hundred_rows_mixed", [](benchmark::State& state) { assess_window(state, situations[6], 100); });
    add("assess/categories_63", [](benchmark::State& state) { assess_categories(state, 63, false); });
    add("assess/categories_63_unseen", [](benchmark::State& state) { assess_categories(state, 63, true); });
    add("check_texts/typical", [](benchmark::State& state) { check_texts(state, 12, 12, false); });
    add("check_texts/unseen", [](benchmark::State& state) { check_texts(state, 12, 12, true); });
    add("check_texts/unseen_too_long", [](benchmark::State& state) { check_texts(state, 12, 4096, true); });
    add("check_long_texts/typical", [](benchmark::State& state) { check_texts(state, 256, 256, false); });
    add("check_long_texts/unseen", [](benchmark::State& state) { check_texts(state, 256, 256, true); });
    const auto texts = [] { return bench::categorical_baseline(63, 12); };
    add("load_bytes/categories_63", [texts](benchmark::State& state) { load_bytes(state, texts); });
    add(
        "clock/empty", [](benchmark::State& state) { empty_call_latency(state); }, true);
}

}  // namespace

int main(int argc, char** argv) {
    benchmark::AddCustomContext("vedette_isa", vedette::kernels::kernels().name);
    add_all();
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
