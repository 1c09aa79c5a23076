// SPDX-License-Identifier: Apache-2.0
// Words against thresholds: every instruction set gives what the scalar twin gives.
#include <doctest/doctest.h>

#include <algorithm>
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

TEST_CASE("candidates are judged alike by every instruction set, from close by on") {
    vedette::Random random(3);
    constexpr std::size_t count = 16 * draw_group;
    std::vector<std::uint64_t> signs(count), coins(count), low(count);
    std::vector<std::int64_t> large(count);
    for (const unsigned low_bits : {1U, 5U, 28U, 32U, 40U}) {
        GaussianCandidates c{.signs = signs.data(),
                             .coins = coins.data(),
                             .low = low.data(),
                             .large = large.data(),
                             .count = count,
                             .low_shift = low_bits <= 32 ? 32U : 0U,
                             .low_bits = low_bits,
                             .large_bits = 6,
                             .factor = 0xA123456789ABCDEFU,
                             .error = 64};
        for (const std::int64_t distance : {-5000, -150, 150, 5000, 0}) {
            for (std::size_t i = 0; i < count; ++i) {
                signs[i] = random();
                low[i] = i < 8 ? 0 : random();
                large[i] = static_cast<std::int64_t>(i < 4 ? 0 : random() % 31);
                // The exponential by the twin, then the coin next to it.
                const std::uint64_t top = (low[i] << c.low_shift) & (~std::uint64_t{0} << (64 - low_bits));
                const std::uint64_t n =
                    scalar::multiply_high(top, (top >> 6U) + (static_cast<std::uint64_t>(large[i]) << 59U));
                const std::int64_t bound = scalar::binary_exp(scalar::multiply_high(n, c.factor));
                const std::int64_t coin = std::max<std::int64_t>(std::min(bound, largest - 9000) + distance, 0);
                coins[i] = (static_cast<std::uint64_t>(coin) << 1U) | (random() & 1U);
            }
            std::vector<std::int64_t> expected(count), expected_keep(count);
            const bool open = scalar::judge_candidates(&c, expected.data(), expected_keep.data());
            CHECK(open == (distance == 0));
            if (distance < 0 && !open) CHECK(std::count(expected_keep.begin(), expected_keep.end(), 1) >= 120);
            for (const KernelTable* kernel : available_tables()) {
                CAPTURE(kernel->name);
                std::vector<std::int64_t> values(count), keep(count);
                CHECK(kernel->draws.judge_candidates(&c, values.data(), keep.data()) == open);
                CHECK(values == expected);
                if (!open) CHECK(keep == expected_keep);
            }
        }
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
