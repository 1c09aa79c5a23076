// SPDX-License-Identifier: Apache-2.0
// What scoring one row of raw features costs, on other rows in every iteration: 10,000 reference rows of 30 features.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/perturbation/half_space_trees.hpp"
#include "vedette/perturbation/histogram_score.hpp"
#include "vedette/perturbation/isolation_forest.hpp"
#include "vedette/perturbation/local_outlier_factor.hpp"
#include "vedette/perturbation/loda.hpp"
#include "vedette/perturbation/tail_scores.hpp"

namespace {

namespace perturbation = vedette::perturbation;

constexpr std::size_t count = 10'000, width = 30, queries = 1024;

const std::vector<float>& normals() {
    static const std::vector<float> values = [] {
        vedette::Random random(17);
        std::vector<float> drawn((count + queries) * width);
        for (float& value : drawn) value = static_cast<float>(random.normal());
        return drawn;
    }();
    return values;
}

vedette::MatrixView<float> reference() {
    return vedette::MatrixView<float>::row_major(normals().data(), count, width);
}

template <class Score>
void run(benchmark::State& state, const Score& score) {
    const auto rows = std::span<const float>(normals()).subspan(count * width);
    std::size_t turn = 0;
    for (auto _ : state) benchmark::DoNotOptimize(score.score(rows.subspan(turn++ % queries * width, width)));
}

template <class Score>
void run_explained(benchmark::State& state, const Score& score) {
    const auto rows = std::span<const float>(normals()).subspan(count * width);
    std::vector<double> contributions(width);
    std::size_t turn = 0;
    for (auto _ : state)
        benchmark::DoNotOptimize(score.score(rows.subspan(turn++ % queries * width, width), contributions));
}

// A kind in either form: the score alone, and with contributions.
template <class Make>
void add(const char* name, const Make& make) {
    benchmark::RegisterBenchmark(name, [make](benchmark::State& state) { run(state, make()); });
    benchmark::RegisterBenchmark((std::string(name) + "/explained").c_str(),
                                 [make](benchmark::State& state) { run_explained(state, make()); });
}

template <class Make>
void add_fit(const char* name, const Make& make) {
    benchmark::RegisterBenchmark((std::string(name) + "/fit").c_str(), [make](benchmark::State& state) {
        for (auto _ : state) benchmark::DoNotOptimize(make());
    })->Unit(benchmark::kMillisecond);
}

perturbation::IsolationForest forest(std::size_t trees, std::size_t extension) {
    return perturbation::IsolationForest(reference(), {.trees = trees, .extension = extension});
}

void observe(benchmark::State& state) {
    perturbation::HalfSpaceTrees score(reference());
    const auto rows = std::span<const float>(normals()).subspan(count * width);
    std::size_t turn = 0;
    for (auto _ : state) benchmark::DoNotOptimize(score.observe(rows.subspan(turn++ % queries * width, width)));
}

}  // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    using Histogram = perturbation::HistogramScore;
    add("ecod", [] { return perturbation::TailScore(reference()); });
    add("copod_pyod", [] { return perturbation::TailScore(reference(), perturbation::TailScoreKind::copod_pyod); });
    add("hbos", [] { return Histogram(reference()); });
    add("hbos_pyod", [] { return Histogram(reference(), {.kind = perturbation::HistogramScoreKind::pyod}); });
    add("forest/100", [] { return forest(100, 0); });
    add("forest/500", [] { return forest(500, 0); });
    add("extended_forest/1", [] { return forest(100, 1); });
    add("extended_forest/29", [] { return forest(100, width - 1); });
    add("loda", [] { return perturbation::Loda(reference()); });
    add("half_space_trees", [] { return perturbation::HalfSpaceTrees(reference()); });
    benchmark::RegisterBenchmark("half_space_trees/observe", observe);
    add("local_outlier_factor", [] { return perturbation::LocalOutlierFactor(reference()); });
    add_fit("ecod", [] { return perturbation::TailScore(reference()); });
    add_fit("hbos", [] { return Histogram(reference()); });
    add_fit("forest", [] { return forest(100, 0); });
    add_fit("loda", [] { return perturbation::Loda(reference()); });
    add_fit("half_space_trees", [] { return perturbation::HalfSpaceTrees(reference()); });
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
