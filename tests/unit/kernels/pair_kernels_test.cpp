// SPDX-License-Identifier: Apache-2.0
// The kernels of pairs on every instruction set against their scalar twins, and the twins against the definitions.
#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <vector>

#include "kernels/dispatch.hpp"
#include "pair_checks.hpp"
#include "vedette/stats/permutation.hpp"

namespace {

using namespace vedette::kernels;
using kernel_checks::Aligned;

TEST_CASE("every available table agrees with the scalar twins of pair kernels bit for bit") {
    for (const KernelTable* table : available_tables()) {
        CAPTURE(table->name);
        const std::string failure = kernel_checks::check_all_pairs(*table);
        CHECK_MESSAGE(failure.empty(), failure);
    }
}

TEST_CASE_TEMPLATE("the power is accurate to two units in the last place", T, float, double) {
    std::mt19937_64 random(4);
    std::uniform_real_distribution<double> exponent(-12.0, 9.5);
    const T unit = std::numeric_limits<T>::epsilon();
    for (int i = 0; i < 200'000; ++i) {
        const T x = static_cast<T>(-std::exp2(exponent(random)));
        if (x < ExpTerms<T>::lowest) continue;
        const T got = exp2_nonpositive<scalar::PlainWords<T>, T>(x);
        const long double wanted = std::exp2(static_cast<long double>(x));
        REQUIRE(std::fabs(static_cast<long double>(got) - wanted) <= 2.0L * static_cast<long double>(unit) * wanted);
    }
    CHECK(exp2_nonpositive<scalar::PlainWords<T>, T>(T{0}) == T{1});
    CHECK(exp2_nonpositive<scalar::PlainWords<T>, T>(-std::numeric_limits<T>::infinity()) ==
          std::numeric_limits<T>::min());
}

TEST_CASE("splits drawn in lanes are those of random_split") {
    constexpr std::uint32_t n = 300, m = 170;
    constexpr std::size_t splits = 4096, words = 5 + 3;
    for (const KernelTable* table : available_tables()) {
        std::vector<std::uint64_t> labels(words * splits), undecided(splits);
        const SplitRequest request{99, 7, splits / split_lanes, m, n, m, labels.data(), splits, undecided.data()};
        table->labels.random_splits(&request);
        std::vector<std::uint8_t> wanted(n + m);
        std::size_t unclear = 0;
        for (std::size_t s = 0; s < splits; ++s) {
            unclear += undecided[s] >> 63U;
            if (undecided[s] >> 63U != 0) continue;
            vedette::stats::random_split(99, 7 + s, m, wanted);
            for (std::size_t l = 0; l < n + m; ++l) {
                const std::size_t place = l < n ? l : 320 + (l - n);
                REQUIRE(((labels[place / 64 * splits + s] >> (place % 64)) & 1U) == wanted[l]);
            }
        }
        CHECK(unclear < 8);
    }
}

}  // namespace
