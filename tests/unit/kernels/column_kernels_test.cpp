// SPDX-License-Identifier: Apache-2.0
// The kernels of column statistics against their plain twins, on every instruction set that this CPU has.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "core/utf8.hpp"
#include "kernels/dispatch.hpp"

using namespace vedette::kernels;

TEST_CASE("column kernels agree with their twins, bit for bit") {
    std::mt19937_64 random(11);
    std::normal_distribution<double> normal;
    for (const std::size_t n : {1U, 3U, 15U, 16U, 31U, 64U, 1000U, 4095U, 4096U}) {
        for (int kind = 0; kind < 4; ++kind) {
            std::vector<float> x(n);
            for (float& value : x) {
                value = static_cast<float>(normal(random));
                if (kind == 1 && random() % 5 == 0) value = random() % 2 == 0 ? 0.0F : -0.0F;
                if (kind == 2) value = std::ldexp(value, static_cast<int>(random() % 250) - 140);
                if (kind == 3 && random() % 50 == 0)
                    value = random() % 2 == 0 ? std::numeric_limits<float>::quiet_NaN()
                                              : -std::numeric_limits<float>::infinity();
            }
            for (const KernelTable* table : available_tables()) {
                CAPTURE(table->name);
                CAPTURE(n);
                ColumnCensus found, expected;
                table->columns.census(x.data(), n, &found);
                scalar::column_census(x.data(), n, &expected);
                CHECK(found.is_finite == expected.is_finite);
                if (!expected.is_finite) continue;
                CHECK(found.zeros == expected.zeros);
                CHECK(found.negatives == expected.negatives);
                CHECK(found.minimum == expected.minimum);
                CHECK(found.maximum == expected.maximum);
                CHECK(!std::signbit(found.minimum + 0.0F) == !std::signbit(expected.minimum));
                CHECK(found.least == expected.least);
                for (int exponent = -140; exponent <= 128; exponent += 18) {
                    const double high = std::ldexp(1.0, exponent);
                    ColumnSums a, b;
                    table->columns.window_sums(x.data(), n, high * 0x1p-18, high, 1.5 * 0x1p11 * high * high, &a);
                    scalar::window_sums(x.data(), n, high * 0x1p-18, high, 1.5 * 0x1p11 * high * high, &b);
                    CHECK(a.sum == b.sum);
                    CHECK(a.square == b.square);
                    CHECK(a.rest == b.rest);
                }
            }
        }
    }
}

TEST_CASE("sums of doubles agree with their twin, bit for bit, and are exact") {
    std::mt19937_64 random(12);
    std::normal_distribution<double> normal;
    for (const std::size_t n : {1U, 7U, 16U, 65U, 1000U, 4096U}) {
        for (const int scale : {-420, -60, 0, 300}) {
            std::vector<double> x(n);
            for (double& value : x) value = std::ldexp(normal(random), scale - static_cast<int>(random() % 20));
            if (n > 20) x[3] = 0.0, x[5] = -0.0;
            DoubleCensus expected;
            scalar::double_census(x.data(), n, &expected);
            int exponent = 0;
            static_cast<void>(std::frexp(std::max(-expected.minimum, expected.maximum), &exponent));
            const double high = std::ldexp(1.0, exponent);
            DoubleSums want;
            scalar::double_sums(x.data(), n, high, &want);
            // In quadruple precision, scaled, no product of the window and no sum of 4096 is rounded by more than its
            // last bits.
            long double total = 0.0L;
            for (const double value : x) {
                const double size = std::abs(value);
                if (size >= high * 0x1p-15 && size < high) total += static_cast<long double>(value);
            }
            CHECK(static_cast<double>(total / high) ==
                  doctest::Approx((want.sum[0] + want.sum[1]) / high).epsilon(1e-15));
            for (const KernelTable* table : available_tables()) {
                CAPTURE(table->name);
                CAPTURE(n);
                DoubleCensus census;
                table->columns.double_census(x.data(), n, &census);
                CHECK(census.is_finite == expected.is_finite);
                CHECK(census.zeros == expected.zeros);
                CHECK(census.negatives == expected.negatives);
                CHECK(census.minimum == expected.minimum);
                CHECK(census.maximum == expected.maximum);
                CHECK(census.least == expected.least);
                DoubleSums found;
                table->columns.double_sums(x.data(), n, high, &found);
                for (int i = 0; i < 2; ++i) CHECK(found.sum[i] == want.sum[i]);
                for (int i = 0; i < 4; ++i) CHECK(found.squares[i] == want.squares[i]);
            }
        }
    }
}

TEST_CASE("places and sieved hashes agree with their twins") {
    std::mt19937_64 random(17);
    for (const std::size_t n : {1U, 7U, 8U, 9U, 63U, 64U, 65U, 200U, 4096U}) {
        for (const std::uint32_t first : {1U, 990U, 1983U}) {
            std::vector<double> x(n);
            for (double& value : x) {
                const std::uint64_t bits = random();
                // Of every exponent, of those about the window, and zeros of either sign.
                value = bits % 4 == 0 ? std::bit_cast<double>(bits & ~(std::uint64_t{1} << 62U))
                        : bits % 4 == 1
                            ? std::ldexp(1.0 + 0x1p-40 * static_cast<double>(bits >> 24U),
                                         static_cast<int>(first) - 1023 + static_cast<int>(bits >> 8U & 127U) - 32)
                        : bits % 16 == 2 ? 0.0
                        : bits % 16 == 3 ? -0.0
                                         : -1.5 - 0x1p-64 * static_cast<double>(bits);
                if (!std::isfinite(value)) value = 5e-324;
            }
            std::vector<std::uint32_t> expected(outer_place + 1, 3), counts;
            for (const double value : x) {
                int exponent = 0;
                const double fraction = std::frexp(std::abs(value), &exponent);
                const int binade = exponent + 1022 - static_cast<int>(first);
                // The leading bits of a subnormal are those of exponent 0, which no window has.
                const bool is_inside = std::isnormal(value) && binade >= 0 && binade < 64;
                const auto part = static_cast<std::size_t>(is_inside ? (2.0 * fraction - 1.0) * 128.0 : 0.0);
                ++expected[is_inside
                               ? (std::signbit(value) ? 8192U : 0U) + 128 * static_cast<std::size_t>(binade) + part
                               : outer_place];
            }
            const HashSieve sieves[] = {{0, 0},
                                        {~std::uint64_t{0}, 0},
                                        {random() >> 4U, 0},
                                        {0, random() >> 3U},
                                        {random() >> 2U, random() >> 1U},
                                        {0, ~std::uint64_t{0}}};
            for (const KernelTable* table : available_tables()) {
                CAPTURE(table->name);
                CAPTURE(n);
                CAPTURE(first);
                counts.assign(outer_place + 1, 3);
                table->columns.count_places(x.data(), n, first, counts.data());
                CHECK(counts == expected);
                for (const HashSieve& sieve : sieves) {
                    std::vector<std::uint64_t> hashes(n + 8), wanted_hashes(n + 8);
                    std::vector<double> values(n + 8), wanted(n + 8);
                    const std::size_t kept = table->columns.sift(x.data(), n, &sieve, hashes.data(), values.data());
                    REQUIRE(kept == scalar::sift(x.data(), n, &sieve, wanted_hashes.data(), wanted.data()));
                    CHECK(std::equal(hashes.begin(), hashes.begin() + static_cast<std::ptrdiff_t>(kept),
                                     wanted_hashes.begin()));
                    CHECK(std::memcmp(values.data(), wanted.data(), kept * sizeof(double)) == 0);
                }
            }
        }
    }
}

TEST_CASE("marks of integers and codes agree with their twins") {
    std::mt19937_64 random(13);
    for (const std::size_t n : {1U, 63U, 64U, 65U, 129U, 4096U}) {
        for (const std::size_t size : {1U, 31U, 200U, 256U, 257U, 5000U}) {
            std::vector<std::uint64_t> x(n), words((n + 63) / 64), expected(words.size());
            std::vector<std::int32_t> codes(n);
            std::vector<std::uint32_t> set((size + 31) / 32);
            for (std::uint32_t& word : set) word = static_cast<std::uint32_t>(random());
            for (std::size_t i = 0; i < n; ++i) {
                x[i] = random() >> (random() % 64);
                if (random() % 2 == 0) x[i] = ~x[i];
                codes[i] = random() % 9 == 0 ? -1 - static_cast<std::int32_t>(random() % 1000)
                                             : static_cast<std::int32_t>(random() % size);
            }
            const CodeSet given{set.data(), size};
            const auto lower = static_cast<std::int64_t>(random()), upper = static_cast<std::int64_t>(random() >> 1U);
            for (const KernelTable* table : available_tables()) {
                CAPTURE(table->name);
                const ColumnKernels& kernel = table->columns;
                for (const std::uint64_t flip : {std::uint64_t{0}, std::uint64_t{1} << 63U}) {
                    const auto marked = scalar::mark_integers(x.data(), n, flip, lower, upper, expected.data());
                    CHECK(kernel.mark_integers(x.data(), n, flip, lower, upper, words.data()) == marked);
                    CHECK(words == expected);
                }
                CHECK(kernel.mark_codes(codes.data(), n, &given, words.data()) ==
                      scalar::mark_codes(codes.data(), n, &given, expected.data()));
                CHECK(words == expected);
                CHECK(kernel.mark_negative(codes.data(), n, words.data()) ==
                      scalar::mark_negative(codes.data(), n, expected.data()));
                CHECK(words == expected);
            }
        }
    }
}

TEST_CASE("UTF-8: every three bytes, and texts with a byte that is wrong, as byte by byte") {
    std::mt19937_64 random(14);
    const char* const pieces[] = {"abc", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "twenty ASCII letters"};
    for (const KernelTable* table : available_tables()) {
        const auto kernel = table->texts.count_code_points;
        if (kernel == nullptr) continue;
        const auto agrees = [&](std::string_view text) {
            const auto wanted = vedette::detail::count_code_points(text);
            return kernel(text.data(), text.size()) == wanted.value_or(no_code_points);
        };
        std::uint64_t wrong = 0, valid = 0;
        // The third byte only where the second is asked of it; each at the ends of the ranges that tell bytes apart.
        for (unsigned lead = 0x80; lead < 0x100; ++lead) {
            for (unsigned second = 0; second < 0x100; ++second) {
                for (const unsigned third : {0x00U, 0x7FU, 0x80U, 0xBFU, 0xC0U, 0xFFU}) {
                    const char bytes[] = {static_cast<char>(lead), static_cast<char>(second), static_cast<char>(third),
                                          static_cast<char>(0x80)};
                    for (const std::size_t size : {1U, 2U, 3U, 4U}) wrong += agrees({bytes, size}) ? 0U : 1U;
                }
            }
        }
        for (int run = 0; run < 20000; ++run) {
            std::string text;
            while (text.size() < random() % 300) text += pieces[random() % 5];
            if (run % 2 == 0 && !text.empty()) text[random() % text.size()] = static_cast<char>(random());
            if (run % 3 == 0 && !text.empty()) text.resize(random() % text.size());
            wrong += agrees(text) ? 0U : 1U;
            valid += vedette::detail::is_utf8(text) ? 1U : 0U;
        }
        CAPTURE(table->name);
        CHECK(wrong == 0);
        CHECK(valid > 5000);
        CHECK(valid < 15000);
    }
}
