// SPDX-License-Identifier: Apache-2.0
// What scoring one request costs, on other requests in every iteration, and what the machine would take at least.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <span>
#include <vector>

#include "kernels/dispatch.hpp"
#include "vedette/core/random.hpp"
#include "vedette/perturbation/embedding_scores.hpp"
#include "vedette/perturbation/logit_scores.hpp"
#include "vedette/perturbation/neighbour_score.hpp"
#include "vedette/perturbation/squeezing.hpp"
#include "vedette/perturbation/tail_scores.hpp"
#include "vedette/stats/conformal.hpp"

namespace {

namespace perturbation = vedette::perturbation;

constexpr std::size_t copies = 64;

std::vector<float> normals(std::size_t count, float scale = 1.0F) {
    vedette::Random random(17, count);
    std::vector<float> values(count);
    for (float& value : values) value = scale * static_cast<float>(random.normal());
    return values;
}

// Calls `score` with one of `copies` rows.
template <class Score>
void run(benchmark::State& state, std::size_t width, const Score& score, float scale = 1.0F) {
    const std::vector<float> rows = normals(copies * width, scale);
    std::size_t turn = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(score(std::span<const float>(rows).subspan(turn % copies * width, width)));
        ++turn;
    }
}

// Filters of feature squeezing over an image of 224 x 224 x 3, another of eight each time. 0: bit depth of 5; 2 and 3:
// medians.
template <class T>
void squeezing(benchmark::State& state) {
    constexpr perturbation::ImageShape shape{224, 224, 3};
    vedette::Random random(17);
    std::vector<T> images(8 * shape.size()), out(shape.size());
    for (T& x : images) x = static_cast<T>(random() % 256);
    const auto window = static_cast<unsigned>(state.range(0));
    std::size_t turn = 0;
    for (auto _ : state) {
        const auto image = std::span<const T>(images).subspan(turn++ % 8 * shape.size(), shape.size());
        if (window != 0) {
            perturbation::median_filter(image, shape, window, out);
        } else if constexpr (sizeof(T) == 1) {
            perturbation::reduce_bits(image, 5, out);
        } else {
            perturbation::reduce_bits(image, 5, 255.0F, out);
        }
        benchmark::DoNotOptimize(out.data());
        benchmark::ClobberMemory();
    }
}
BENCHMARK(squeezing<std::uint8_t>)->Arg(0)->Arg(2)->Arg(3)->Unit(benchmark::kMicrosecond);
BENCHMARK(squeezing<float>)->Arg(0)->Arg(2)->Arg(3)->Unit(benchmark::kMicrosecond);

void logits(benchmark::State& state) {
    const auto kind = static_cast<perturbation::LogitScoreKind>(state.range(1));
    state.SetLabel(logit_score_name(kind));
    const perturbation::LogitScore score(kind);
    run(
        state, static_cast<std::size_t>(state.range(0)), [&](auto row) { return score.score(row); }, 3.0F);
}
BENCHMARK(logits)->ArgsProduct({{10, 1000, 100'000}, {0, 1, 2, 3, 4, 5}});

void all_of_logits(benchmark::State& state) {
    const perturbation::LogitScore score(perturbation::LogitScoreKind::energy);
    run(
        state, static_cast<std::size_t>(state.range(0)), [&](auto row) { return score.all(row); }, 3.0F);
}
BENCHMARK(all_of_logits)->Arg(10)->Arg(1000)->Arg(100'000);

// Logits over the whole range of exponents: no guess of the largest classes helps.
void hostile_logits(benchmark::State& state) {
    std::vector<float> row = normals(1000);
    for (std::size_t i = 0; i < row.size(); ++i)
        row[i] = -std::ldexp(1.0F + 0.1F * std::abs(row[i]), static_cast<int>(i % 250) - 125);
    const perturbation::LogitScore score(perturbation::LogitScoreKind::generalised_entropy);
    for (auto _ : state) benchmark::DoNotOptimize(score.score(row));
}
BENCHMARK(hostile_logits);

// d columns, C classes, relative or not.
void score_mahalanobis(benchmark::State& state, perturbation::MapStorage storage) {
    const auto d = static_cast<std::size_t>(state.range(0)), classes = static_cast<std::size_t>(state.range(1));
    const std::size_t n = 2 * d + 4 * classes;
    const std::vector<float> rows = normals(n * d);
    std::vector<std::uint32_t> labels(n);
    for (std::size_t i = 0; i < n; ++i) labels[i] = static_cast<std::uint32_t>(i % classes);
    const perturbation::MahalanobisScore score(vedette::MatrixView<float>::row_major(rows.data(), n, d), labels,
                                               classes, {.relative = state.range(2) != 0, .storage = storage});
    run(state, d, [&](auto row) { return score.score(row); });
    state.counters["storage_error"] = score.storage_error();
}
void mahalanobis(benchmark::State& state) {
    score_mahalanobis(state, perturbation::MapStorage::float32);
}
void mahalanobis_int16(benchmark::State& state) {
    score_mahalanobis(state, perturbation::MapStorage::int16);
}
BENCHMARK(mahalanobis)->ArgsProduct({{64, 256, 768}, {10, 100}, {0, 1}});
BENCHMARK(mahalanobis_int16)->ArgsProduct({{64, 256, 768}, {10, 100}, {0, 1}});

// Fits n rows of d columns and 10 classes. `share`: of the rate at which the kernel multiplies matrices of doubles,
// measured by turns, counting a covariance as n d^2 operations.
void fit_mahalanobis(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0)), d = static_cast<std::size_t>(state.range(1));
    constexpr std::size_t classes = 10, depth = 128, panel = vedette::kernels::panel_rows;
    const std::vector<float> rows = normals(n * d);
    std::vector<std::uint32_t> labels(n);
    for (std::size_t i = 0; i < n; ++i) labels[i] = static_cast<std::uint32_t>(i % classes);
    struct alignas(64) Line {
        double x[8];
    };
    std::vector<Line> operands((panel + d) * depth / 8, Line{{0.5, 1.5, -0.5, 2.5, 0.25, -1.5, 3.5, -2.5}});
    std::vector<Line> products(panel * d / 8);
    const vedette::kernels::PanelProduct<double> product{
        operands[0].x, depth, operands[0].x + panel * depth, depth, 1, d, products[0].x, false};
    const auto seconds = [](std::clock_t begin) {
        return static_cast<double>(std::clock() - begin) / static_cast<double>(CLOCKS_PER_SEC);
    };
    constexpr int together = 50;
    double least_fit = HUGE_VAL, least_product = HUGE_VAL;
    for (auto _ : state) {
        std::clock_t begin = std::clock();
        const perturbation::MahalanobisScore score(vedette::MatrixView<float>::row_major(rows.data(), n, d), labels,
                                                   classes);
        least_fit = std::min(least_fit, seconds(begin));
        benchmark::DoNotOptimize(score.rank());
        state.PauseTiming();
        for (int run = 0; run < 20; ++run) {
            begin = std::clock();
            for (int k = 0; k < together; ++k) vedette::kernels::kernels().pairs_f64.multiply(&product);
            benchmark::DoNotOptimize(products.data());
            least_product = std::min(least_product, seconds(begin) / together);
        }
        state.ResumeTiming();
    }
    const double fit_rate = static_cast<double>(n * d * d) / least_fit;
    const double rate = static_cast<double>(2 * panel * d * depth) / least_product;
    state.counters["gflops"] = fit_rate * 1e-9;
    state.counters["gemm_gflops"] = rate * 1e-9;
    state.counters["share"] = fit_rate / rate;
}
BENCHMARK(fit_mahalanobis)->Args({100'000, 512})->Iterations(3)->Unit(benchmark::kMillisecond);

// As many bytes as a scan of floats reads, read by a kernel that does hardly more.
void read_floats(benchmark::State& state) {
    const std::vector<float> rows = normals(static_cast<std::size_t>(state.range(0)) * 128);
    for (auto _ : state)
        benchmark::DoNotOptimize(vedette::kernels::kernels().scores.count_at_least(rows.data(), rows.size(), 0.5F));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(rows.size() * sizeof(float)));
}
BENCHMARK(read_floats)->Arg(10'000)->Arg(100'000);

// As many bytes as a Mahalanobis score of d columns and 100 classes reads: the triangle and the means, in whole panels.
void read_mahalanobis(benchmark::State& state) {
    const auto d = static_cast<std::size_t>(state.range(0));
    constexpr std::size_t classes = 104, panel = vedette::kernels::product_rows;
    const std::size_t panels = d / panel, triangle = panel * panel * panels * (panels + 1) / 2;
    const std::vector<float> values = normals(triangle + classes * d);
    for (auto _ : state)
        benchmark::DoNotOptimize(vedette::kernels::kernels().scores.count_at_least(values.data(), values.size(), 0.5F));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(values.size() * sizeof(float)));
}
BENCHMARK(read_mahalanobis)->Arg(64)->Arg(256)->Arg(768);

// Known embeddings of 128 columns, neighbours; scanned as floats or codes; of rows around centres, or all close
// together.
void neighbours(benchmark::State& state) {
    constexpr std::size_t d = 128;
    const auto n = static_cast<std::size_t>(state.range(0)), k = static_cast<std::size_t>(state.range(1));
    const auto scan = static_cast<perturbation::NeighbourScan>(state.range(2));
    const bool close = state.range(3) != 0;
    std::vector<float> rows = normals(n * d, close ? 1e-4F : 1.0F);
    if (close)
        for (float& x : rows) x += 1.0F;
    const perturbation::NeighbourScore score(vedette::MatrixView<float>::row_major(rows.data(), n, d),
                                             {.neighbours = k, .scan = scan});
    run(state, d, [&](auto row) { return score.score(row); });
    const std::size_t bytes = n * d * (scan == perturbation::NeighbourScan::int8 ? 1 : sizeof(float));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}
BENCHMARK(neighbours)->ArgsProduct({{10'000, 100'000}, {10, 50}, {0, 1}, {0}});
BENCHMARK(neighbours)->ArgsProduct({{10'000}, {50}, {0, 1}, {1}});

// Reference rows, features.
void tails(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0)), d = static_cast<std::size_t>(state.range(1));
    const std::vector<float> rows = normals(n * d);
    const perturbation::TailScore score(vedette::MatrixView<float>::row_major(rows.data(), n, d));
    run(state, d, [&](auto row) { return score.score(row); });
}
BENCHMARK(tails)->Args({1000, 30})->Args({10'000, 30});

void p_value(benchmark::State& state) {
    const std::vector<float> scores = normals(static_cast<std::size_t>(state.range(0)));
    const vedette::stats::ConformalCalibration calibration(std::vector<double>(scores.begin(), scores.end()));
    std::size_t turn = 0;
    for (auto _ : state) benchmark::DoNotOptimize(calibration.p_value(scores[turn++ % scores.size()]));
}
BENCHMARK(p_value)->Arg(1000)->Arg(10'000);

}  // namespace
