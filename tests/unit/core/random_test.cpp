// SPDX-License-Identifier: Apache-2.0
// Philox against the published known answers, and the streams' plain properties.
#include "vedette/core/random.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

using vedette::philox4x32;
using vedette::Random;
using Words = std::array<std::uint32_t, 4>;

TEST_CASE("philox4x32 gives the known answers of Random123") {
    CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    CHECK(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
          Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
          Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a stream is the sequence of its blocks, and streams differ") {
    Random random(0);
    CHECK(random() == 0xe169c58d6627e8d5U);
    CHECK(random() == 0x9b00dbd8bc57ac4cU);
    Random again(7, 3);
    Random other(7, 4);
    Random same(7, 3);
    int equal = 0;
    for (int i = 0; i < 100; ++i) {
        const std::uint64_t word = again();
        CHECK(word == same());
        equal += word == other() ? 1 : 0;
    }
    CHECK(equal == 0);
    static_assert(std::uniform_random_bit_generator<Random>);
}

TEST_CASE("uniform and normal have the moments of their laws") {
    Random random(11);
    constexpr int draws = 200'000;
    double sum = 0.0;
    double normal_sum = 0.0;
    double normal_squares = 0.0;
    double normal_fourth = 0.0;
    for (int i = 0; i < draws; ++i) {
        const double u = random.uniform();
        REQUIRE(u >= 0.0);
        REQUIRE(u < 1.0);
        sum += u;
        const double z = random.normal();
        normal_sum += z;
        normal_squares += z * z;
        normal_fourth += z * z * z * z;
    }
    // Five standard errors of each mean.
    CHECK(std::abs(sum / draws - 0.5) < 5 * 0.289 / std::sqrt(draws));
    CHECK(std::abs(normal_sum / draws) < 5 / std::sqrt(draws));
    CHECK(std::abs(normal_squares / draws - 1) < 5 * std::sqrt(2.0 / draws));
    CHECK(std::abs(normal_fourth / draws - 3) < 5 * std::sqrt(96.0 / draws));
}
