// SPDX-License-Identifier: Apache-2.0
// Level of the least-squares density difference at every size and with repeated rows; power where only shape changes.
#include <doctest/doctest.h>

#include <cmath>
#include <tuple>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/drift/density_difference.hpp"
#include "vedette/stats/intervals.hpp"

namespace drift = vedette::drift;
namespace stats = vedette::stats;
using View = vedette::MatrixView<double>;

TEST_CASE("level: normal, heavy-tailed and rounded rows, few centres and many") {
    const stats::Confidence band(1.0 - 1e-4);
    for (const auto& [n, m, d, centres] :
         {std::tuple{8UL, 12UL, 2UL, 200UL}, std::tuple{40UL, 15UL, 3UL, 10UL}, std::tuple{20UL, 20UL, 30UL, 40UL}})
        for (const int world : {0, 1, 2}) {
            constexpr std::uint64_t runs = 2000;
            std::uint64_t alarms = 0;
            std::vector<double> x((n + m) * d);
            for (std::uint64_t run = 0; run < runs; ++run) {
                vedette::Random random(11, run);
                for (double& value : x) {
                    value = random.normal();
                    if (world == 1) value = std::tan(3.14159 * (random.uniform() - 0.5));
                    if (world == 2) value = std::round(value);
                }
                const auto got = drift::least_squares_density_difference(
                    View::row_major(x.data(), n, d), View::row_major(x.data() + n * d, m, d),
                    {.centres = centres, .permutations = 19, .seed = run});
                alarms += got.test.p_value <= 0.05 ? 1U : 0U;
            }
            const auto interval = stats::clopper_pearson(alarms, runs, band);
            MESSAGE(n, "/", m, ", ", d, " features, world ", world, ": ", alarms, " alarms of ", runs, " at 0.05");
            CHECK(interval.lower <= 0.05);
            // Repeated rows tie, which errs on the safe side.
            if (world != 2) CHECK(interval.upper >= 0.05);
        }
}

TEST_CASE("power: place, spread, dependence, and two halves of what was one") {
    constexpr std::size_t n = 100;
    constexpr std::size_t d = 3;
    constexpr std::uint64_t runs = 60;
    for (const auto& [kind, least] : {std::pair{0, 0.6}, std::pair{1, 0.6}, std::pair{2, 0.5}, std::pair{3, 0.5}}) {
        std::uint64_t found = 0;
        std::vector<double> x(n * d), y(n * d);
        for (std::uint64_t run = 0; run < runs; ++run) {
            vedette::Random random(13, run);
            for (double& value : x) value = random.normal();
            for (std::size_t i = 0; i < n; ++i) {
                double* row = &y[i * d];
                for (std::size_t j = 0; j < d; ++j) row[j] = random.normal();
                if (kind == 0) row[0] += 0.6;
                if (kind == 1) row[0] *= 2.0;
                if (kind == 2) row[0] = 0.8 * row[0] + 0.6 * row[1];
                if (kind == 3) row[0] = (row[1] > 0.0 ? 0.9 : -0.9) + 0.44 * row[0];
            }
            const auto got = drift::least_squares_density_difference(
                View::row_major(x.data(), n, d), View::row_major(y.data(), n, d), {.permutations = 99, .seed = run});
            found += got.test.p_value <= 0.05 ? 1U : 0U;
        }
        MESSAGE("change ", kind, ": found in ", found, " of ", runs);
        CHECK(static_cast<double>(found) >= least * static_cast<double>(runs));
    }
}
