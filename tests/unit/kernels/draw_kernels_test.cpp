// SPDX-License-Identifier: Apache-2.0
// Words against thresholds: every instruction set gives what the scalar twin gives.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/dispatch.hpp"
#include "kernels/scalar_draws.hpp"
#include "vedette/core/random.hpp"

namespace {

using namespace vedette::kernels;

constexpr std::int64_t largest = 0x7FFFFFFFFFFFFFFF;

TEST_CASE("outcomes are the numbers of thresholds below the word's upper 63 bits") {
    vedette::Random random(1);
    const std::vector<std::vector<std::int64_t>> tables = {
        {largest - 1}, {-1, -1, 0, 5, largest - 1}, {100, 1000, 1000, std::int64_t{1} << 62U, largest - 3}};
    std::vector<std::vector<std::int64_t>> all = tables;
    for (const std::size_t size : {1U, 2U, 7U, 8U, 9U, 16U, 17U, 32U, 33U, 63U, 64U, 65U, 190U}) {
        std::vector<std::int64_t> table;
        for (std::size_t k = 0; k < size; ++k)
            table.push_back(static_cast<std::int64_t>(static_cast<std::uint64_t>(largest) / (size + 1) * (k + 1)));
        all.push_back(table);
    }
    for (const auto& table : all) {
        std::vector<std::uint64_t> words(32 * draw_group);
        for (std::uint64_t& word : words) word = random();
        // Words on, just below and just above the thresholds, and the extremes.
        std::size_t place = 0;
        for (const std::int64_t t : table)
            for (const std::int64_t d : {std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}})
                if (t + d >= 0 && place < words.size() / 2)
                    words[place++] = (static_cast<std::uint64_t>(t + d) << 1U) | (random() & 1U);
        words.back() = ~std::uint64_t{0};
        words[words.size() - 2] = 0;
        for (const std::size_t count : {draw_group, 5 * draw_group, words.size()}) {
            for (const unsigned shift : {64U, 0U, 4U}) {
                for (const std::uint64_t mask : {std::uint64_t{0}, std::uint64_t{1}}) {
                    std::vector<std::int64_t> start(words.size(), -77);
                    for (std::size_t i = 0; i < count; ++i) start[i] = static_cast<std::int64_t>(random() >> 40U);
                    auto expected = start;
                    const bool passed = scalar::count_thresholds(words.data(), count, table.data(), table.size(), shift,
                                                                 mask, expected.data());
                    for (const KernelTable* kernel : available_tables()) {
                        CAPTURE(kernel->name);
                        auto got = start;
                        CHECK(kernel->draws.count_thresholds(words.data(), count, table.data(), table.size(), shift,
                                                             mask, got.data()) == passed);
                        CHECK(got == expected);
                    }
                }
            }
        }
    }
}

// The upper 63 bits that a candidate's coin must be below, by the twin.
std::int64_t bound_of(const NoiseCandidates& c, std::size_t i, bool is_gaussian) {
    const std::uint64_t top = (c.low[i] << c.low_shift) & (~std::uint64_t{0} << (64 - c.low_bits));
    if (!is_gaussian) return scalar::small_binary_exp(scalar::multiply_high(top, c.factor));
    const std::uint64_t sum = (top >> c.large_bits) + (static_cast<std::uint64_t>(c.large[i]) << (65 - c.large_bits));
    return scalar::binary_exp(scalar::multiply_high(scalar::multiply_high(top, sum), c.factor));
}

void check_candidates(bool is_gaussian) {
    vedette::Random random(3);
    constexpr std::size_t count = 16 * draw_group;
    std::vector<std::uint64_t> signs(count), coins(count), low(count);
    std::vector<std::int64_t> large(count);
    const auto judge_of = [&](const DrawKernels& draws) {
        return is_gaussian ? draws.judge_gaussian : draws.judge_laplace;
    };
    for (const unsigned low_bits : {1U, 5U, 28U, 32U, 40U}) {
        for (const std::int64_t distance : {-5000, -150, 150, 5000, 0}) {
            const NoiseCandidates c{.signs = signs.data(),
                                    .coins = coins.data(),
                                    .low = low.data(),
                                    .large = large.data(),
                                    .count = count,
                                    .low_shift = low_bits <= 32 ? 32U : 0U,
                                    .low_bits = low_bits,
                                    .large_bits = 6,
                                    .sign_mask = distance == 5000 ? 0U : 1U,
                                    .factor = is_gaussian ? 0xA123456789ABCDEFU : 0x0523456789ABCDEFU,
                                    .error = 64};
            for (std::size_t i = 0; i < count; ++i) {
                signs[i] = random();
                low[i] = i < 8 ? 0 : random();
                large[i] = static_cast<std::int64_t>(i < 4 ? 0 : random() % 31);
                // A coin next to the bound, where there is room; every third one far away on its other side.
                const std::int64_t bound = bound_of(c, i, is_gaussian), near = std::min(bound, largest - 9000);
                std::int64_t coin = std::max<std::int64_t>(near + distance, 0);
                if (i % 3 == 0 && distance != 0 && bound == near) coin = distance < 0 ? largest : 0;
                coins[i] = (static_cast<std::uint64_t>(coin) << 1U) | (random() & 1U);
            }
            constexpr std::size_t start = 3;
            std::vector<std::int64_t> expected(start + count, -7);
            std::size_t expected_kept = start;
            const auto twin = is_gaussian ? &scalar::judge_candidates<true> : &scalar::judge_candidates<false>;
            const bool is_open = twin(&c, expected.data(), &expected_kept);
            CHECK(is_open == (distance == 0));
            if (distance != 0) {
                CHECK(expected_kept > start + count / 4);
                CHECK(expected_kept < start + count);
            }
            for (const KernelTable* kernel : available_tables()) {
                CAPTURE(kernel->name);
                std::vector<std::int64_t> accepted(start + count, -7);
                std::size_t kept = start;
                CHECK(judge_of(kernel->draws)(&c, accepted.data(), &kept) == is_open);
                if (is_open) continue;
                REQUIRE(kept == expected_kept);
                CHECK(std::equal(accepted.begin(), accepted.begin() + static_cast<std::ptrdiff_t>(kept),
                                 expected.begin()));
            }
        }
    }
}

TEST_CASE("candidates are judged alike by every instruction set, from close by on") {
    check_candidates(true);
    check_candidates(false);
}

// 2^63 2^-y for small y is what the whole one is, but for its last product.
TEST_CASE("the exponential of small arguments is the exponential") {
    vedette::Random random(4);
    for (int i = 0; i < 20000; ++i) {
        const std::uint64_t y =
            i < 2 ? static_cast<std::uint64_t>(i) * ((std::uint64_t{1} << 59U) - 1) : random() >> 5U;
        const std::int64_t difference = scalar::small_binary_exp(y) - scalar::binary_exp(y);
        CHECK(difference >= 0);
        CHECK(difference <= 1);
        CHECK(std::abs(std::ldexp(static_cast<double>(scalar::small_binary_exp(y)), -63) -
                       std::exp2(-std::ldexp(static_cast<double>(y), -61))) < 0x1p-51);
    }
}

template <class T>
void check_records(const RecordKernels<T>& kernel) {
    vedette::Random random(5);
    for (const std::size_t n : {1U, 31U, 32U, 33U, 64U, 100U, 4097U}) {
        std::vector<T> x(n);
        std::vector<std::int64_t> noise(n);
        double lanes[2][record_lanes] = {}, grains = 0.0, squared = 0.0;
        constexpr double factor = 1234567.25, unit = 0x1p-20;
        for (std::size_t i = 0; i < n; ++i) {
            x[i] = static_cast<T>(random.normal() * 20.0);
            noise[i] = static_cast<std::int64_t>(random()) >> (2 + random() % 60);
            const auto value = static_cast<double>(x[i]), cut = std::trunc(value * factor);
            lanes[0][i % record_lanes] += std::abs(value);
            lanes[1][i % record_lanes] += value * value;
            grains += std::abs(cut);
            squared += cut * cut / 1024.0;
        }
        for (auto& sums : lanes)
            for (std::size_t half = record_lanes / 2; half > 0; half /= 2)
                for (std::size_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
        CHECK(kernel.sum_sizes(x.data(), n) == lanes[0][0]);
        CHECK(kernel.sum_squares(x.data(), n) == lanes[1][0]);
        CHECK(kernel.sum_grains(x.data(), n, factor) == grains);
        CHECK(kernel.sum_squared_grains(x.data(), n, factor) == doctest::Approx(squared * 1024.0).epsilon(1e-12));
        std::vector<T> out(n), in_place = x;
        kernel.add_noise(x.data(), n, factor, noise.data(), unit, out.data());
        kernel.add_noise(in_place.data(), n, factor, noise.data(), unit, in_place.data());
        CHECK(in_place == out);
        for (std::size_t i = 0; i < n; ++i) {
            const auto cut = static_cast<std::int64_t>(static_cast<double>(x[i]) * factor);
            const auto sum =
                static_cast<std::int64_t>(static_cast<std::uint64_t>(cut) + static_cast<std::uint64_t>(noise[i]));
            CHECK(out[i] == static_cast<T>(static_cast<double>(sum) * unit));
        }
    }
}

TEST_CASE("records are measured, cut and noised alike by every instruction set") {
    for (const KernelTable* kernel : available_tables()) {
        CAPTURE(kernel->name);
        check_records(kernel->records_f32);
        check_records(kernel->records_f64);
    }
}

TEST_CASE("the scalar twin counts") {
    const std::vector<std::int64_t> table = {-1, 9, 20};
    const std::vector<std::uint64_t> words = {0, 19, 20, 21, 41, 42, 43};
    std::vector<std::int64_t> out(words.size(), 1);
    CHECK(scalar::count_thresholds(words.data(), words.size(), table.data(), table.size(), 2, 1, out.data()));
    CHECK(out == std::vector<std::int64_t>{5, -5, 6, -6, -6, 7, -7});
    CHECK_FALSE(scalar::count_thresholds(words.data(), 5, table.data(), table.size(), 64, 0, out.data()));
    CHECK(out[0] == 1);
}

}  // namespace
