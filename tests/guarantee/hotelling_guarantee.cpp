// SPDX-License-Identifier: Apache-2.0
// Level and power of Hotelling's tests, balanced or not, and under heavy tails.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/drift/hotelling.hpp"
#include "vedette/stats/intervals.hpp"

namespace drift = vedette::drift;
namespace stats = vedette::stats;
using View = vedette::MatrixView<double>;

TEST_CASE("level: F law on normal rows, permutation on heavy tails; power: the shifted feature stands first") {
    const stats::Confidence band(1.0 - 1e-4);
    for (const auto& [n, m, d, runs] : {std::tuple{20UL, 15UL, 5UL, 2000UL}, std::tuple{200UL, 20UL, 10UL, 1000UL},
                                        std::tuple{15UL, 10UL, 30UL, 300UL}}) {
        vedette::Random random(3, n * d);
        std::uint64_t pooled = 0, frozen = 0, permuted = 0, found = 0, first = 0;
        std::vector<double> x(n * d), y(m * d);
        for (std::uint64_t run = 0; run < runs; ++run) {
            for (double& value : x) value = random.normal();
            for (double& value : y) value = random.normal();
            const auto a = View::row_major(x.data(), n, d);
            const auto b = View::row_major(y.data(), m, d);
            pooled += drift::hotelling_t2(a, b, {.permutations = 99, .seed = run}).test.p_value <= 0.05 ? 1U : 0U;
            if (d < n) frozen += drift::MahalanobisDistance<double>(a).mean_shift(b).test.p_value <= 0.05 ? 1U : 0U;
            for (std::size_t i = 0; i < m; ++i) y[i * d + 2] += 2.5;
            const auto moved = drift::hotelling_t2(a, b, {.permutations = 99, .seed = run});
            found += moved.test.p_value <= 0.05 ? 1U : 0U;
            const auto& c = moved.feature_contributions;
            first += std::max_element(c.begin(), c.end()) - c.begin() == 2 ? 1U : 0U;
            for (double& value : x) value = std::tan(3.14159 * (random.uniform() - 0.5));
            for (double& value : y) value = std::tan(3.14159 * (random.uniform() - 0.5));
            if (run >= 400) continue;
            const drift::TestOptions options{.method = drift::Method::permutation, .permutations = 99, .seed = run};
            permuted += drift::hotelling_t2(a, b, options).test.p_value <= 0.05 ? 1U : 0U;
        }
        MESSAGE(n, "/", m, ", ", d, " features, of ", runs, " runs: pooled ", pooled, ", frozen ", frozen,
                ", permuted Cauchy (of at most 400) ", permuted, ", found ", found, ", right feature first ", first);
        const auto of = [&](std::uint64_t hits, std::uint64_t all) { return stats::clopper_pearson(hits, all, band); };
        CHECK(of(pooled, runs).lower <= 0.05);
        CHECK(of(pooled, runs).upper >= 0.05);
        CHECK(of(frozen, runs).lower <= 0.05);
        if (d < n) CHECK(of(frozen, runs).upper >= 0.05);
        CHECK(of(permuted, std::min<std::uint64_t>(runs, 400)).lower <= 0.05);
        // With more features than rows the ridge pays for 29 features that did not move.
        CHECK(found >= (d < n ? runs * 3 / 4 : runs * 2 / 5));
        CHECK(first >= runs * 3 / 4);
    }
}
