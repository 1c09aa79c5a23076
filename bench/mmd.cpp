// SPDX-License-Identifier: Apache-2.0
// The kernel and energy two-sample tests: each stage, and the whole, beside the rate of fused multiply-adds measured in
// the same run. CPU time throughout.
#include <benchmark/benchmark.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <deque>
#include <limits>
#include <numbers>
#include <vector>

#include "drift/pair_test.hpp"
#include "kernels/dispatch.hpp"
#include "vedette/core/random.hpp"
#include "vedette/core/version.hpp"
#include "vedette/drift/energy_test.hpp"
#include "vedette/drift/maximum_mean_discrepancy.hpp"

namespace {

namespace drift = vedette::drift;
namespace kernels = vedette::kernels;

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Independent chains of fused multiply-adds, as many as hide their latency, with nothing else in the loop: of 512-bit
// registers where the CPU has them, else of 256.
#if defined(__x86_64__)
__attribute__((target("avx512f"))) void chains_avx512(std::size_t rounds) {
    for (std::size_t i = 0; i < rounds; ++i) {
        __asm__ volatile(
            "vfmadd213ps %%zmm11, %%zmm10, %%zmm0\n\tvfmadd213ps %%zmm11, %%zmm10, %%zmm1\n\t"
            "vfmadd213ps %%zmm11, %%zmm10, %%zmm2\n\tvfmadd213ps %%zmm11, %%zmm10, %%zmm3\n\t"
            "vfmadd213ps %%zmm11, %%zmm10, %%zmm4\n\tvfmadd213ps %%zmm11, %%zmm10, %%zmm5\n\t"
            "vfmadd213ps %%zmm11, %%zmm10, %%zmm6\n\tvfmadd213ps %%zmm11, %%zmm10, %%zmm7\n\t"
            "vfmadd213ps %%zmm11, %%zmm10, %%zmm8\n\tvfmadd213ps %%zmm11, %%zmm10, %%zmm9" ::
                : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9");
    }
    __asm__ volatile("vzeroupper");
}
__attribute__((target("avx2,fma"))) void chains_avx2(std::size_t rounds) {
    for (std::size_t i = 0; i < rounds; ++i) {
        __asm__ volatile(
            "vfmadd213ps %%ymm11, %%ymm10, %%ymm0\n\tvfmadd213ps %%ymm11, %%ymm10, %%ymm1\n\t"
            "vfmadd213ps %%ymm11, %%ymm10, %%ymm2\n\tvfmadd213ps %%ymm11, %%ymm10, %%ymm3\n\t"
            "vfmadd213ps %%ymm11, %%ymm10, %%ymm4\n\tvfmadd213ps %%ymm11, %%ymm10, %%ymm5\n\t"
            "vfmadd213ps %%ymm11, %%ymm10, %%ymm6\n\tvfmadd213ps %%ymm11, %%ymm10, %%ymm7\n\t"
            "vfmadd213ps %%ymm11, %%ymm10, %%ymm8\n\tvfmadd213ps %%ymm11, %%ymm10, %%ymm9" ::
                : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9");
    }
    __asm__ volatile("vzeroupper");
}
#endif

/// GFLOP/s of f32 fused multiply-adds of one core; 0 where there are none.
double fma_rate() {
#if defined(__x86_64__)
    const bool wide = __builtin_cpu_supports("avx512f") != 0;
    if (!wide && __builtin_cpu_supports("fma") == 0) return 0.0;
    constexpr std::size_t rounds = 400'000;
    double best = std::numeric_limits<double>::infinity();
    for (int i = 0; i < 25; ++i) {
        const double begin = cpu_seconds();
        wide ? chains_avx512(rounds) : chains_avx2(rounds);
        best = std::min(best, cpu_seconds() - begin);
    }
    return 2.0 * 10.0 * (wide ? 16.0 : 8.0) * static_cast<double>(rounds) / best * 1e-9;
#else
    return 0.0;
#endif
}

template <class T>
struct Data {
    std::vector<T> x, y;
    vedette::MatrixView<T> reference, live;

    Data(std::size_t n, std::size_t m, std::size_t d, std::uint64_t stream = 0) : x(n * d), y(m * d) {
        vedette::Random random(7, stream);
        for (T& v : x) v = static_cast<T>(random.normal());
        for (T& v : y) v = static_cast<T>(random.normal());
        reference = vedette::MatrixView<T>::row_major(x.data(), n, d);
        live = vedette::MatrixView<T>::row_major(y.data(), m, d);
    }
};

// Kernel of one bandwidth, as the library's own but without what chooses it.
class Gaussian final : public drift::PairKernel<float> {
  public:
    explicit Gaussian(std::size_t d)
        : factor_(static_cast<float>(std::numbers::log2e / (2.0 * static_cast<double>(d)))) {}
    [[nodiscard]] std::size_t functions() const noexcept override { return 1; }
    void evaluate(std::size_t, const float* squared, std::size_t rows, float* out) const noexcept override {
        kernels::kernels().pairs_f32.gaussian(squared, rows, factor_, 1.0F, false, out);
    }
    void slope(const float*, std::size_t, float*) const noexcept override {}

  private:
    float factor_;
};

// Of one pair, on a tile that stays in the first cache; the least of many rounds.
double exponential_seconds() {
    static const double least = [] {
        constexpr std::size_t values = kernels::tile_rows * kernels::panel_rows;
        drift::AlignedArray<float> squared(values), out(values);
        for (std::size_t i = 0; i < values; ++i) squared[i] = 0.01F * static_cast<float>(i % 200);
        double seconds = std::numeric_limits<double>::infinity();
        for (int round = 0; round < 200; ++round) {
            const double begin = cpu_seconds();
            for (int i = 0; i < 100; ++i) {
                kernels::kernels().pairs_f32.gaussian(squared.data(), kernels::tile_rows, 1.0F, 1.0F, false,
                                                      out.data());
                benchmark::DoNotOptimize(out.data());
                benchmark::ClobberMemory();
            }
            seconds = std::min(seconds, (cpu_seconds() - begin) / (100.0 * static_cast<double>(values)));
        }
        return seconds;
    }();
    return least;
}

// All pairs: products, exponentials, sums, bytes; rows rounded to whole steps first, as maximum_mean_discrepancy does
// where that loses nothing, or in floats as they are. `of_fma`: the time that the products of rows alone take at the
// rate of FMA that this run reached, over all of it. `of_bound`: the same with the exponentials of all pairs added, as
// measured on a tile that stays in the first cache: what is left to be had without a cheaper exponential.
// The heap keeps its pages, as that of a process does which has run for a while: fresh ones cost 1.2 ms of 2 x 1,000
// rows.
void run_kernel_stage(benchmark::State& state, bool in_steps) {
#if defined(__GLIBC__)
    static const bool kept = mallopt(M_MMAP_THRESHOLD, 1 << 30) != 0 && mallopt(M_TRIM_THRESHOLD, 1 << 30) != 0;
    static_cast<void>(kept);
#endif
    const auto n = static_cast<std::size_t>(state.range(0)), d = static_cast<std::size_t>(state.range(1));
    static const double rate = fma_rate();
    const Data<float> data(n, n, d);
    std::vector<std::size_t> all(n);
    for (std::size_t i = 0; i < n; ++i) all[i] = i;
    const std::array<drift::Sample<float>, 2> samples{drift::Sample<float>{data.reference, all},
                                                      drift::Sample<float>{data.live, all}};
    const drift::PairFrame frame = drift::make_frame<float>(samples);
    const Gaussian kernel(d);
    double best = std::numeric_limits<double>::infinity();
    for (auto _ : state) {
        state.PauseTiming();
        drift::PairRows<float> reference(samples[0], frame), live(samples[1], frame);
        state.ResumeTiming();
        const double begin = cpu_seconds();
        if (in_steps) {
            const double step = std::max(reference.finest_step(), live.finest_step());
            reference.round_to(step);
            live.round_to(step);
        }
        const drift::ReferencePairs<float> frozen(std::move(reference), {{0.0F, 255.0F}}, kernel, false);
        const drift::ComparedPairs<float> pairs(frozen, live, kernel, false);
        benchmark::DoNotOptimize(pairs.pooled.data());
        best = std::min(best, cpu_seconds() - begin);
    }
    const double pairs = static_cast<double>(n) * (2.0 * static_cast<double>(n) - 1.0);
    state.counters["best_ms"] = 1e3 * best;
    state.counters["gflops"] = 2.0 * pairs * static_cast<double>(d) / best * 1e-9;
    if (rate == 0.0) return;
    const double products = 2.0 * pairs * static_cast<double>(d) / (rate * 1e9);
    state.counters["fma_gflops"] = rate;
    state.counters["of_fma"] = products / best;
    state.counters["exponential_ns"] = 1e9 * exponential_seconds();
    state.counters["of_bound"] = (products + exponential_seconds() * pairs) / best;
}

void kernel_stage(benchmark::State& state) {
    run_kernel_stage(state, true);
}
void kernel_stage_floats(benchmark::State& state) {
    run_kernel_stage(state, false);
}

// A thousand relabellings of n + n rows, splits included.
void permutation_stage(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0));
    const Data<float> data(n, n, 4);
    std::vector<std::size_t> all(n);
    for (std::size_t i = 0; i < n; ++i) all[i] = i;
    const std::array<drift::Sample<float>, 2> samples{drift::Sample<float>{data.reference, all},
                                                      drift::Sample<float>{data.live, all}};
    const drift::PairFrame frame = drift::make_frame<float>(samples);
    const Gaussian kernel(4);
    const drift::ReferencePairs<float> frozen(drift::PairRows<float>(samples[0], frame), {{0.0F, 255.0F}}, kernel,
                                              false);
    const drift::PairRows<float> live(samples[1], frame);
    const drift::ComparedPairs<float> pairs(frozen, live, kernel, false);
    double best = std::numeric_limits<double>::infinity();
    for (auto _ : state) {
        const double begin = cpu_seconds();
        benchmark::DoNotOptimize(drift::relabelling_p_value(
            pairs.pooled, n, n, drift::unbiased_weights(n, n), {1000, 3, 0},
            [](drift::Forms permuted, drift::Forms observed) { return permuted[0] >= observed[0]; }));
        best = std::min(best, cpu_seconds() - begin);
    }
    state.counters["best_ms"] = 1e3 * best;
    // Multiply-adds of the full quadratic forms that the answer stands for.
    state.counters["effective_gops"] = 2.0 * 4.0 * static_cast<double>(n * n) * 1000.0 / best * 1e-9;
}

template <class Test>
void whole(benchmark::State& state, Test&& test) {
    double best = std::numeric_limits<double>::infinity();
    for (auto _ : state) {
        const double begin = cpu_seconds();
        benchmark::DoNotOptimize(test());
        best = std::min(best, cpu_seconds() - begin);
    }
    state.counters["best_ms"] = 1e3 * best;
}

template <class T>
void run_mmd(benchmark::State& state, drift::MmdOptions options) {
    const auto n = static_cast<std::size_t>(state.range(0)), d = static_cast<std::size_t>(state.range(1));
    std::deque<Data<T>> copies;
    for (std::uint64_t stream = 0; stream < 4; ++stream) copies.emplace_back(n, n, d, stream);
    std::size_t turn = 0;
    options.test.permutations = 1000;
    whole(state, [&] {
        const Data<T>& data = copies[turn++ % copies.size()];
        return drift::maximum_mean_discrepancy(data.reference, data.live, options).test.p_value;
    });
}

void mmd_f32(benchmark::State& state, const drift::MmdOptions& options) {
    run_mmd<float>(state, options);
}
void mmd_f64(benchmark::State& state, const drift::MmdOptions& options) {
    run_mmd<double>(state, options);
}

void mmd_frozen(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0)), m = static_cast<std::size_t>(state.range(1));
    const Data<float> data(n, m, static_cast<std::size_t>(state.range(2)));
    const drift::MaximumMeanDiscrepancy<float> frozen(data.reference,
                                                      {.test = {.permutations = 1000}, .feature_contributions = false});
    whole(state, [&] { return frozen.test(data.live).test.p_value; });
}

void energy(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0)), d = static_cast<std::size_t>(state.range(1));
    const Data<float> data(n, n, d);
    const drift::EnergyOptions options{.test = {.permutations = 1000}, .feature_contributions = false};
    whole(state, [&] { return drift::energy_test(data.reference, data.live, options).test.p_value; });
}

// The slow path: all rows in two clusters so far apart that every near pair is computed again from differences.
void mmd_clusters(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0)), d = static_cast<std::size_t>(state.range(1));
    Data<float> data(n, n, d);
    for (std::size_t i = 0; i < n * d; ++i) data.x[i] += (i / d) % 2 == 0 ? 1e4F : -1e4F;
    for (std::size_t i = 0; i < n * d; ++i) data.y[i] += (i / d) % 2 == 0 ? 1e4F : -1e4F;
    whole(state, [&] {
        return drift::maximum_mean_discrepancy(data.reference, data.live,
                                               {.test = {.permutations = 1000}, .feature_contributions = false})
            .test.p_value;
    });
}

drift::MmdOptions make_options(drift::KernelAggregation aggregation, std::size_t stop_after, bool features) {
    drift::MmdOptions options;
    options.aggregation = aggregation;
    options.stop_after = stop_after;
    options.feature_contributions = features;
    return options;
}
const auto plain = make_options(drift::KernelAggregation::mean_kernel, 0, false);
const auto features = make_options(drift::KernelAggregation::mean_kernel, 0, true);
const auto stopped = make_options(drift::KernelAggregation::mean_kernel, 20, false);
const auto fused = make_options(drift::KernelAggregation::fuse, 0, false);

const auto unit = benchmark::kMillisecond;
BENCHMARK(kernel_stage)->Args({1000, 64})->Args({1000, 768})->Args({4000, 128})->Unit(unit);
BENCHMARK(kernel_stage_floats)->Args({1000, 64})->Args({1000, 768})->Unit(unit);
BENCHMARK(permutation_stage)->Arg(500)->Arg(1000)->Arg(2000)->Unit(unit);
BENCHMARK_CAPTURE(mmd_f32, plain, plain)->Args({1000, 64})->Args({1000, 768})->Unit(unit);
BENCHMARK_CAPTURE(mmd_f32, features, features)->Args({1000, 64})->Args({1000, 768})->Unit(unit);
BENCHMARK_CAPTURE(mmd_f64, plain, plain)->Args({1000, 64})->Args({1000, 768})->Unit(unit);
BENCHMARK_CAPTURE(mmd_f32, fuse, fused)->Args({1000, 64})->Args({1000, 768})->Unit(unit);
BENCHMARK_CAPTURE(mmd_f32, stop_after_20, stopped)->Args({1000, 64})->Unit(unit);
BENCHMARK(mmd_frozen)->Args({5000, 100, 64})->Args({1000, 1000, 64})->Unit(unit);
BENCHMARK(energy)->Args({1000, 64})->Args({1000, 768})->Unit(unit);
BENCHMARK(mmd_clusters)->Args({1000, 64})->Args({1000, 768})->Unit(unit);

}  // namespace

int main(int argc, char** argv) {
    benchmark::AddCustomContext("instruction_set", std::string(vedette::active_instruction_set()));
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
