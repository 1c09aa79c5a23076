// SPDX-License-Identifier: Apache-2.0
// The quantile sketch: exact while small, conserving counts always, merging anything, and its bytes.
#include "vedette/stats/kll_sketch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "stats/small_sort.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"

namespace stats = vedette::stats;
using stats::KllSketch;
using vedette::Error;
using vedette::ErrorCode;
using vedette::testing::code_of;

namespace {

std::vector<double> uniforms(std::size_t n, std::uint64_t seed) {
    vedette::Random random(seed);
    std::vector<double> values(n);
    for (double& value : values) value = random.uniform();
    return values;
}

template <class T>
std::uint64_t total_weight(const KllSketch<T>& sketch) {
    std::uint64_t sum = 0;
    for (const auto& item : sketch.sorted_values()) sum += item.weight;
    return sum;
}

// The largest difference between estimated and true rank over all values.
double worst_error(const KllSketch<double>& sketch, std::vector<double> values) {
    std::sort(values.begin(), values.end());
    double worst = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i + 1 < values.size() && values[i + 1] == values[i]) continue;
        const double rank = static_cast<double>(i + 1) / static_cast<double>(values.size());
        worst = std::max(worst, std::abs(sketch.rank(values[i]) - rank));
    }
    return worst;
}

}  // namespace

TEST_CASE_TEMPLATE("64 values are sorted, and runs merged, as std::sort would", T, float, double) {
    vedette::Random random(5);
    for (const int distinct : {1, 2, 7, 1000000}) {
        for (int run = 0; run < 300; ++run) {
            std::array<T, 64> values;
            for (T& value : values) value = static_cast<T>(random() % static_cast<unsigned>(distinct)) - T(3);
            auto expected = values;
            std::sort(expected.begin(), expected.end());
            stats::sort_64(values);
            REQUIRE(values == expected);
            const std::size_t cut = random() % 65;
            std::vector<T> merged(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(cut));
            std::vector<T> other(40);
            for (std::size_t i = 0; i < 40; ++i) other[i] = static_cast<T>(i);
            auto all = merged;
            for (std::size_t i = 1; i < 40; i += 2) all.push_back(other[i]);
            std::sort(all.begin(), all.end());
            merged.resize(cut + 20);
            stats::merge_into<2>(merged.data(), cut, other.data() + 1, 20);
            REQUIRE(merged == all);
        }
    }
}

TEST_CASE("a small stream is answered exactly") {
    KllSketch<double> sketch(100, 7);
    std::vector<double> values = uniforms(100, 3);
    values.insert(values.end(), values.begin(), values.begin() + 10);  // ties
    sketch.update(values);
    CHECK(sketch.is_exact());
    CHECK(sketch.rank_error(0.99) == 0.0);
    CHECK(sketch.uniform_rank_error(0.99) == 0.0);
    CHECK(worst_error(sketch, values) == 0.0);
    std::sort(values.begin(), values.end());
    CHECK(sketch.quantile(0.0) == values.front());
    CHECK(sketch.quantile(1.0) == values.back());
    CHECK(sketch.quantile(0.5) == values[54]);
    for (const double value : values) CHECK(sketch.quantile(sketch.rank(value)) == value);
    CHECK(sketch.cdf(std::vector<double>{-1.0, 2.0}) == std::vector<double>{0.0, 1.0});
}

TEST_CASE_TEMPLATE("counts, extremes and total weight are exact at every length", T, float, double) {
    for (const std::uint32_t k : {8U, 33U, 200U}) {
        KllSketch<T> sketch(k, 1);
        vedette::Random random(k);
        T least = 1;
        T largest = 0;
        for (std::uint64_t n = 1; n <= 20'000; ++n) {
            const T value = static_cast<T>(random.uniform());
            least = std::min(least, value);
            largest = std::max(largest, value);
            sketch.update(value);
            if (n % 997 != 0 && n > 300) continue;
            REQUIRE(sketch.count() == n);
            REQUIRE(total_weight(sketch) == n);
            REQUIRE(sketch.minimum() == least);
            REQUIRE(sketch.maximum() == largest);
            REQUIRE(sketch.quantile(0.0) == least);
            REQUIRE(sketch.quantile(1.0) == largest);
            REQUIRE(sketch.rank(largest) == 1.0);
        }
        CHECK(sketch.retained() <= 3 * k + 20 * 16 + 64);
    }
}

TEST_CASE("errors stay within the stated bounds for hostile orders and laws") {
    constexpr std::size_t n = 150'000;
    std::vector<double> sorted(n);
    std::iota(sorted.begin(), sorted.end(), 0.0);
    std::vector<double> reversed(sorted.rbegin(), sorted.rend());
    std::vector<double> zigzag(n);
    for (std::size_t i = 0; i < n; ++i) zigzag[i] = i % 2 == 0 ? static_cast<double>(i) : -static_cast<double>(i);
    std::vector<double> tied(n);
    for (std::size_t i = 0; i < n; ++i) tied[i] = static_cast<double>((i * 7919) % 5);
    std::vector<double> denormal(n);
    for (std::size_t i = 0; i < n; ++i) denormal[i] = 5e-324 * static_cast<double>((i * 31) % 1000);
    const std::vector<double> constant(n, 3.5);
    for (const auto& values : {sorted, reversed, zigzag, tied, denormal, constant, uniforms(n, 9)}) {
        for (const std::uint32_t k : {20U, 200U, 1000U}) {
            KllSketch<double> sketch(k, 4);
            sketch.update(values);
            const double bound = sketch.uniform_rank_error(1.0 - 1e-6);
            CAPTURE(k);
            CHECK(worst_error(sketch, values) <= bound);
            CHECK(sketch.rank_error(0.99) > 0.0);
            CHECK(sketch.rank_error(0.99) < bound);
            if (k == 1000) CHECK(bound < 0.01);
        }
    }
}

TEST_CASE("what has no rank is counted apart") {
    const double infinity = std::numeric_limits<double>::infinity();
    KllSketch<double> sketch(50);
    CHECK(sketch.empty());
    CHECK(std::isnan(sketch.rank(1.0)));
    CHECK(std::isnan(sketch.minimum()));
    CHECK(std::isnan(sketch.rank_error(0.9)));
    CHECK(std::isnan(sketch.uniform_rank_error(0.9)));
    CHECK(code_of([&] { (void)sketch.quantile(0.5); }) == ErrorCode::not_enough_data);
    for (const double value : {std::nan(""), infinity, infinity, -infinity, -0.0, 1e308, -1e308}) sketch.update(value);
    CHECK(sketch.count() == 3);
    CHECK(sketch.nan_count() == 1);
    CHECK(sketch.positive_infinity_count() == 2);
    CHECK(sketch.negative_infinity_count() == 1);
    CHECK(sketch.minimum() == -1e308);
    CHECK(sketch.rank(0.0) == 2.0 / 3.0);
    CHECK(sketch.rank(-infinity) == 0.0);
    CHECK(sketch.rank(infinity) == 1.0);
    CHECK(std::isnan(sketch.rank(std::nan(""))));
    CHECK_FALSE(std::signbit(sketch.quantile(0.5)));
    CHECK(code_of([&] { (void)sketch.quantile(1.5); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)sketch.quantile(std::nan("")); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)sketch.rank_error(1.0); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)sketch.uniform_rank_error(0.0); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { KllSketch<double>(7); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { KllSketch<double>(65'536); }) == ErrorCode::invalid_argument);
}

TEST_CASE("merging: any k, empty, single, oneself; counts add up and errors stay bounded") {
    const auto values = uniforms(90'000, 12);
    for (const std::size_t parts : {2UL, 9UL}) {
        double independent = 0.0;
        for (const bool same_seed : {false, true}) {
            KllSketch<double> all(150, 100);
            KllSketch<double> loneliest(8, 99);
            loneliest.update(0.5);
            all.merge(KllSketch<double>(400, 3));  // empty into empty
            CHECK(all.empty());
            all.merge(loneliest);
            CHECK(all.is_exact());
            CHECK(all.quantile(0.5) == 0.5);
            double mean = 0.0;  // of the shards' errors, by their share
            for (std::size_t part = 0; part < parts; ++part) {
                KllSketch<double> shard(part % 2 == 0 ? 150 : 300, same_seed ? 100 : 200 + part);
                const std::size_t size = values.size() / parts;
                shard.update(std::span<const double>(values).subspan(part * size, size));
                mean += shard.rank_error(0.99) / static_cast<double>(parts);
                all.merge(shard);
            }
            all.merge(KllSketch<double>(20, 5));
            REQUIRE(all.count() == values.size() + 1);
            REQUIRE(total_weight(all) == all.count());
            auto seen = values;
            seen.push_back(0.5);
            CHECK(all.minimum() == *std::min_element(seen.begin(), seen.end()));
            CHECK(worst_error(all, seen) <= all.uniform_rank_error(1.0 - 1e-6));
            CAPTURE(parts);
            // Independent errors average out, common ones need not.
            if (!same_seed) independent = all.rank_error(0.99);
            if (same_seed) CHECK(all.rank_error(0.99) > (parts == 9 ? 1.2 : 1.0) * independent);
            if (same_seed) CHECK(all.rank_error(0.99) >= 0.999 * mean);
        }
    }
    KllSketch<double> twice(100, 1);
    twice.update(values);
    const double alone = twice.rank_error(0.9);
    twice.merge(twice);
    CHECK(twice.count() == 2 * values.size());
    CHECK(total_weight(twice) == twice.count());
    CHECK(twice.rank_error(0.9) >= alone);  // its own copy teaches nothing
}

TEST_CASE("merging beyond 2^62 values is refused") {
    KllSketch<double> sketch(8, 1);
    sketch.update(uniforms(64, 1));
    int doublings = 0;
    const auto code = code_of([&] {
        for (; doublings < 70; ++doublings) sketch.merge(sketch);
    });
    CHECK(code == ErrorCode::overflow);
    CHECK(doublings == 56);  // 64 * 2^56 = 2^62
    CHECK(sketch.count() == std::uint64_t{1} << 62U);
    CHECK(total_weight(sketch) == sketch.count());
    CHECK(KllSketch<double>::deserialize(sketch.serialize()).serialize() == sketch.serialize());
}

TEST_CASE_TEMPLATE("bytes: canonical, and the sketch goes on as if nothing had happened", T, float, double) {
    for (const std::size_t n : {0UL, 1UL, 63UL, 64UL, 65UL, 700UL, 50'000UL}) {
        KllSketch<T> sketch(60, 17);
        for (const double value : uniforms(n, 2)) sketch.update(static_cast<T>(value));
        sketch.update(std::numeric_limits<T>::quiet_NaN());
        const auto bytes = sketch.serialize();
        auto again = KllSketch<T>::deserialize(bytes);
        CHECK(again.serialize() == bytes);
        CHECK(again.count() == n);
        CHECK(again.nan_count() == 1);
        for (const double value : uniforms(1000, 3)) {
            sketch.update(static_cast<T>(value));
            again.update(static_cast<T>(value));
        }
        CHECK(again.serialize() == sketch.serialize());
    }
    KllSketch<T> forward(30);
    KllSketch<T> backward(30);
    for (int i = 0; i < 60; ++i) {
        forward.update(static_cast<T>(i));
        backward.update(static_cast<T>(59 - i));
    }
    CHECK(forward.serialize() == backward.serialize());
}

TEST_CASE("bytes that no sketch writes are refused") {
    KllSketch<double> sketch(20, 1);
    sketch.update(uniforms(5000, 2));
    const auto bytes = sketch.serialize();
    CHECK(code_of([&] { (void)KllSketch<float>::deserialize(bytes); }) == ErrorCode::corrupt_data);
    CHECK(code_of([] { (void)KllSketch<double>::deserialize({}); }) == ErrorCode::corrupt_data);
    const auto rewritten = [&](const char* name, auto change) {
        const auto file = vedette::Container::view(bytes);
        vedette::ContainerWriter writer;
        for (const auto& tensor : file.tensors()) {
            std::vector<std::byte> data(tensor.data.begin(), tensor.data.end());
            std::vector<std::uint64_t> shape(tensor.shape.begin(), tensor.shape.end());
            if (tensor.name == name) change(data, shape);
            writer.add_tensor(tensor.name, tensor.dtype, shape, data);
        }
        const auto made = writer.finish(file.kind());
        return code_of([&] { (void)KllSketch<double>::deserialize(made); });
    };
    const auto nothing = [](auto&, auto&) {};
    const auto raise = [](auto& data, auto&) { data[0] = static_cast<std::byte>(~std::to_integer<unsigned>(data[0])); };
    const auto saturate = [](auto& data, auto&) { std::fill(data.begin(), data.end(), std::byte{0xFF}); };
    const auto clear = [](auto& data, auto&) { std::fill(data.begin(), data.end(), std::byte{0}); };
    const auto drop = [](auto& data, auto& shape) {
        data.resize(data.size() - 8);
        --shape[0];
    };
    CHECK(rewritten("k", nothing) == ErrorCode{});
    CHECK(rewritten("k", clear) == ErrorCode::corrupt_data);
    CHECK(rewritten("seed", raise) == ErrorCode::corrupt_data);
    for (const char* name : {"level_sizes", "level_values", "level_coins", "specials", "extremes", "seeds"})
        CHECK(rewritten(name, drop) == ErrorCode::corrupt_data);
    for (const char* name : {"level_sizes", "level_values", "level_faces", "error_variance", "extremes", "buffer", "k"})
        CHECK(rewritten(name, saturate) == ErrorCode::corrupt_data);
    for (const char* name : {"level_sizes", "level_coins", "error_variance", "extremes"})
        CHECK(rewritten(name, clear) == ErrorCode::corrupt_data);
}
