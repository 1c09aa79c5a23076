// SPDX-License-Identifier: Apache-2.0
// Every kernel on every instruction set of this CPU, on typical and on hostile data, beside the read bandwidth measured
// in the same run. Each iteration takes the next of several buffers, so that no branch predictor learns the data.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "kernels/dispatch.hpp"
#include "kernels/row_plan.hpp"

namespace {

using namespace vedette::kernels;

enum class Data { normal, ties, nan_flood, half_nan, half_infinite, rare_nan, skew, half_zero, far, leaps };
constexpr Data all_data[] = {Data::normal,   Data::ties, Data::nan_flood, Data::half_nan, Data::half_infinite,
                             Data::rare_nan, Data::skew, Data::half_zero, Data::far,      Data::leaps};

const char* name_of(Data data) {
    switch (data) {
        case Data::normal: return "normal";
        case Data::ties: return "ties";
        case Data::nan_flood: return "nan_flood";
        case Data::half_nan: return "half_nan";
        case Data::half_infinite: return "half_infinite";
        case Data::rare_nan: return "rare_nan";
        case Data::skew: return "skew";
        case Data::half_zero: return "half_zero";
        case Data::far: return "far";
        case Data::leaps: return "leaps";
    }
    return "";
}

template <class T>
std::vector<T> make_values(Data data, std::size_t n, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<T> normal;
    std::vector<T> x(n);
    const T nan = std::numeric_limits<T>::quiet_NaN();
    for (T& v : x) {
        switch (data) {
            case Data::normal: v = normal(random); break;
            case Data::ties: v = T(0.25); break;
            case Data::nan_flood: v = nan; break;
            case Data::half_nan: v = random() % 2 == 0 ? nan : normal(random); break;
            case Data::half_infinite:
                v = random() % 2 == 0 ? std::numeric_limits<T>::infinity() : normal(random);
                break;
            case Data::rare_nan: v = random() % 2000 == 0 ? nan : normal(random); break;
            case Data::skew: v = std::exp(T(4) * normal(random)); break;
            case Data::half_zero: v = std::max(T(0), normal(random)); break;
            case Data::far: v = T(300) + T(10) * normal(random); break;
            // Every block of moments far from the one before.
            case Data::leaps:
                v = ((&v - x.data()) * std::ptrdiff_t{sizeof(T)} / 16384 % 2 == 0 ? T(1e5) : T(-1e5)) + normal(random);
                break;
        }
    }
    return x;
}

/// Equal-mass edges of the standard normal law, from a sorted sample.
template <class T>
std::vector<T> make_edges(std::size_t count) {
    std::vector<T> sample = make_values<T>(Data::normal, 64 * (count + 1), 99);
    std::sort(sample.begin(), sample.end());
    std::vector<T> edges;
    for (std::size_t i = 1; i <= count; ++i) edges.push_back(sample[64 * i]);
    return edges;
}

void report(benchmark::State& state, std::size_t values, std::size_t bytes) {
    const auto iterations = static_cast<double>(state.iterations());
    state.counters["ns/value"] = benchmark::Counter(iterations * static_cast<double>(values) * 1e-9,
                                                    benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(bytes));
}

/// One large buffer per type and kind of data, generated on first use and shared by the benchmarks.
template <class T>
const std::vector<T>& pool(Data data) {
    static std::map<Data, std::vector<T>> pools;
    auto [entry, fresh] = pools.try_emplace(data);
    if (fresh) entry->second = make_values<T>(data, std::size_t{1} << 24, 7);
    return entry->second;
}

template <class T>
void count_column(benchmark::State& state, const KernelTable* table, std::size_t edge_count, Data data) {
    constexpr std::size_t n = 65536;
    const std::vector<T>& x = pool<T>(data);
    const std::vector<T> edges = make_edges<T>(edge_count);
    std::vector<std::uint64_t> cells(edge_count + 1 + special_count);
    std::size_t begin = 0;
    for (auto _ : state) {
        typed<T>(*table).count_cells(x.data() + begin, n, 1, edges.data(), edge_count, cells.data(),
                                     &cells[edge_count + 1]);
        begin = (begin + n) % (16 * n);
        benchmark::ClobberMemory();
    }
    report(state, n, n * sizeof(T));
}

template <class T>
void column_moments(benchmark::State& state, const KernelTable* table, std::size_t n, Data data) {
    const std::vector<T>& x = pool<T>(data);
    std::size_t begin = 0;
    for (auto _ : state) {
        MomentsState moments;
        typed<T>(*table).moments(x.data() + begin, n, 1, &moments);
        benchmark::DoNotOptimize(moments);
        begin = (begin + n) % x.size();
    }
    report(state, n, n * sizeof(T));
}

/// The bound: a vector of the table's width read into each of eight accumulators, about as fast as this core can read.
template <class Vector>
__attribute__((always_inline)) inline std::uint64_t or_all(const unsigned char* p, std::size_t bytes) {
    Vector a{}, b{}, c{}, d{}, e{}, f{}, g{}, h{};
    for (std::size_t i = 0; i + 8 * sizeof(Vector) <= bytes; i += 8 * sizeof(Vector)) {
        // One by one: g++ copies an array to the stack first.
        Vector v0, v1, v2, v3, v4, v5, v6, v7;
        __builtin_memcpy(&v0, p + i + 0 * sizeof(Vector), sizeof(Vector));
        a |= v0;
        __builtin_memcpy(&v1, p + i + 1 * sizeof(Vector), sizeof(Vector));
        b |= v1;
        __builtin_memcpy(&v2, p + i + 2 * sizeof(Vector), sizeof(Vector));
        c |= v2;
        __builtin_memcpy(&v3, p + i + 3 * sizeof(Vector), sizeof(Vector));
        d |= v3;
        __builtin_memcpy(&v4, p + i + 4 * sizeof(Vector), sizeof(Vector));
        e |= v4;
        __builtin_memcpy(&v5, p + i + 5 * sizeof(Vector), sizeof(Vector));
        f |= v5;
        __builtin_memcpy(&v6, p + i + 6 * sizeof(Vector), sizeof(Vector));
        g |= v6;
        __builtin_memcpy(&v7, p + i + 7 * sizeof(Vector), sizeof(Vector));
        h |= v7;
    }
    const Vector all = ((a | b) | (c | d)) | ((e | f) | (g | h));
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < sizeof(Vector) / sizeof word; ++i) word |= all[i];
    return word;
}

using Vector16 = std::uint64_t __attribute__((vector_size(16)));
std::uint64_t or_baseline(const unsigned char* p, std::size_t bytes) {
    return or_all<Vector16>(p, bytes);
}
#if defined(__x86_64__)
using Vector32 = std::uint64_t __attribute__((vector_size(32)));
using Vector64 = std::uint64_t __attribute__((vector_size(64)));
__attribute__((target("avx2"))) std::uint64_t or_avx2(const unsigned char* p, std::size_t bytes) {
    return or_all<Vector32>(p, bytes);
}
__attribute__((target("avx512f"))) std::uint64_t or_avx512(const unsigned char* p, std::size_t bytes) {
    return or_all<Vector64>(p, bytes);
}
#endif

template <class T>
void read_bandwidth(benchmark::State& state, const std::string& isa) {
    const std::vector<T>& x = pool<T>(Data::normal);
    auto* read = &or_baseline;
#if defined(__x86_64__)
    if (isa == "avx2") read = &or_avx2;
    if (isa == "avx512") read = &or_avx512;
#endif
    for (auto _ : state) {
        std::uint64_t word = read(reinterpret_cast<const unsigned char*>(x.data()), x.size() * sizeof(T));
        benchmark::DoNotOptimize(word);
    }
    report(state, x.size(), x.size() * sizeof(T));
}

template <class T>
void one_row(benchmark::State& state, const KernelTable* table, std::size_t edge_count, Data data, bool batch) {
    constexpr std::size_t features = 100, rows = 1024;
    const std::vector<T>& x = pool<T>(data);
    const std::vector<T> edges = make_edges<T>(edge_count);
    const std::vector<std::span<const T>> grids(features, edges);
    const RowPlan<T> plan(grids);
    std::vector<std::uint64_t> counters(plan.counter_count());
    std::vector<std::uint16_t> codes(features);
    const TypedKernels<T>& kernel = typed<T>(*table);
    std::size_t row = 0;
    for (auto _ : state) {
        if (batch) {
            kernel.observe_rows(x.data(), rows, features, plan.view(), counters.data());
        } else {
            kernel.observe_row(x.data() + row * features, plan.view(), counters.data(), codes.data());
            row = (row + 1) % rows;
        }
        benchmark::ClobberMemory();
    }
    const std::size_t values = features * (batch ? rows : 1);
    report(state, values, values * sizeof(T));
}

template <class T>
void add_typed(const char* type) {
    const std::string suffix = std::string("/") + type;
    for (const KernelTable* table : available_tables()) {
        const std::string isa = suffix + "/" + table->name + "/";
        benchmark::RegisterBenchmark(("read_bandwidth" + suffix + "/" + table->name).c_str(), read_bandwidth<T>,
                                     std::string(table->name));
        for (const Data data : all_data) {
            const std::string tail = isa + name_of(data);
            for (const std::size_t edges : {7U, 15U, 31U, 63U, 255U, 1023U}) {
                if (data != Data::normal && edges != 15 && edges != 63 && edges != 1023) continue;
                benchmark::RegisterBenchmark(("count_cells" + tail + "/edges:" + std::to_string(edges)).c_str(),
                                             count_column<T>, table, edges, data);
            }
            for (const std::size_t n : {std::size_t{16384}, std::size_t{1} << 24}) {
                benchmark::RegisterBenchmark(("moments" + tail + "/n:" + std::to_string(n)).c_str(), column_moments<T>,
                                             table, n, data);
            }
            benchmark::RegisterBenchmark(("observe_row" + tail + "/edges:63").c_str(), one_row<T>, table, 63U, data,
                                         false);
            benchmark::RegisterBenchmark(("observe_rows" + tail + "/edges:63").c_str(), one_row<T>, table, 63U, data,
                                         true);
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    add_typed<float>("f32");
    add_typed<double>("f64");
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
