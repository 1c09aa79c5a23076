// SPDX-License-Identifier: Apache-2.0
// Level of the random-feature MMD down to one live row, power against the plain distance, and the effect's coverage.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/drift/random_feature_mmd.hpp"
#include "vedette/stats/intervals.hpp"

namespace drift = vedette::drift;
namespace stats = vedette::stats;
using View = vedette::MatrixView<double>;
using Mmd = drift::RandomFeatureMmd<double>;

namespace {

enum class World { normal, heavy, rare };

void draw(vedette::Random& random, World world, std::vector<double>& values) {
    for (double& value : values) {
        value = random.normal();
        if (world == World::heavy) value /= std::sqrt(-2.0 * std::log(1.0 - random.uniform())) / std::sqrt(2.0);
        if (world == World::rare) value = random.uniform() < 0.1 ? 1.0 : 0.0;
    }
}

bool alarms(const Mmd& mmd, const std::vector<double>& rows, double level = 0.05) {
    auto window = mmd.window();
    mmd.observe(window, View::row_major(rows.data(), rows.size() / mmd.dimension(), mmd.dimension()));
    return mmd.test(window).test.p_value <= level;
}

}  // namespace

TEST_CASE("level: normal, heavy-tailed and rare values, from one live row to as many as the reference") {
    const stats::Confidence band(1.0 - 1e-4);
    constexpr std::size_t n = 1000;
    constexpr std::size_t d = 4;
    for (const World world : {World::normal, World::heavy, World::rare}) {
        const std::vector<std::size_t> sizes{1, 5, 30, 200, 1000};
        constexpr std::uint64_t references = 100;
        // Windows against one reference are not independent unless it is much the larger sample.
        const std::vector<std::uint64_t> windows{20, 20, 20, 10, 1};
        std::vector<std::uint64_t> hits(sizes.size());
        std::vector<double> x(n * d);
        for (std::uint64_t run = 0; run < references; ++run) {
            vedette::Random random(21, run);
            draw(random, world, x);
            const Mmd mmd(View::row_major(x.data(), n, d), {.features = 32, .seed = run});
            for (std::size_t s = 0; s < sizes.size(); ++s) {
                std::vector<double> y(sizes[s] * d);
                for (std::uint64_t k = 0; k < windows[s]; ++k) {
                    draw(random, world, y);
                    hits[s] += alarms(mmd, y) ? 1U : 0U;
                }
            }
        }
        for (std::size_t s = 0; s < sizes.size(); ++s) {
            const std::uint64_t all = references * windows[s];
            const auto interval = stats::clopper_pearson(hits[s], all, band);
            MESSAGE("world ", static_cast<int>(world), ", ", sizes[s], " live rows: ", hits[s], " of ", all,
                    " at 0.05");
            CHECK(interval.lower <= 0.05);
            // A single row of four binary features has few values, none of which may be rare enough.
            if (world != World::rare || sizes[s] > 1) CHECK(interval.upper >= 0.05);
        }
    }
}

TEST_CASE("level against small references stays below what the description says") {
    for (const auto& [n, world, limit] : {std::tuple{100UL, World::normal, 0.07}, std::tuple{100UL, World::heavy, 0.08},
                                          std::tuple{100UL, World::rare, 0.11}}) {
        constexpr std::uint64_t runs = 2000;
        std::uint64_t hits = 0;
        std::vector<double> x(n * 4), y(50 * 4);
        for (std::uint64_t run = 0; run < runs; ++run) {
            vedette::Random random(22, run);
            draw(random, world, x);
            draw(random, world, y);
            hits += alarms(Mmd(View::row_major(x.data(), n, 4), {.features = 32, .seed = run}), y) ? 1U : 0U;
        }
        MESSAGE("reference of ", n, ", world ", static_cast<int>(world), ": ", hits, " of ", runs, " at 0.05");
        CHECK(stats::clopper_pearson(hits, runs, stats::Confidence(1.0 - 1e-4)).lower <= limit);
    }
}

TEST_CASE("power: changes of spread and dependence are found where the plain distance does not see them") {
    constexpr std::size_t n = 1000;
    constexpr std::size_t m = 200;
    constexpr std::size_t d = 8;
    constexpr std::uint64_t runs = 40;
    std::vector<std::vector<std::uint64_t>> found(2, std::vector<std::uint64_t>(3));
    std::uint64_t first = 0;
    std::uint64_t covered = 0;
    std::vector<double> x(n * d), y(m * d);
    for (std::uint64_t run = 0; run < runs; ++run) {
        vedette::Random random(23, run);
        draw(random, World::normal, x);
        const auto reference = View::row_major(x.data(), n, d);
        const Mmd whitened(reference, {.features = 64, .seed = run});
        const Mmd plain(reference, {.features = 64, .whitening = 0.0, .seed = run});
        for (std::size_t change = 0; change < 3; ++change) {
            draw(random, World::normal, y);
            for (std::size_t i = 0; i < m; ++i) {
                double* row = &y[i * d];
                if (change == 0) row[2] += 0.5;
                if (change == 1) row[2] *= 1.5;
                if (change == 2) row[2] = 0.8 * row[2] + 0.6 * row[3];
            }
            found[0][change] += alarms(whitened, y) ? 1U : 0U;
            found[1][change] += alarms(plain, y) ? 1U : 0U;
            if (change > 0) continue;
            auto window = whitened.window();
            whitened.observe(window, View::row_major(y.data(), m, d));
            const auto got = whitened.test(window);
            const auto& c = got.feature_contributions;
            first += std::max_element(c.begin(), c.end()) - c.begin() == 2 ? 1U : 0U;
            // The kernel's MMD of N(0, I) and a shift, in closed form; features and scale are off by a few per cent.
            const double s2 = whitened.bandwidth() * whitened.bandwidth();
            const double shared = std::pow(s2 / (s2 + 2.0), 0.5 * static_cast<double>(d));
            const double truth = std::sqrt(2.0 * shared * (1.0 - std::exp(-0.25 / (2.0 * (s2 + 2.0)))));
            covered += got.test.effect_interval.lower <= truth && truth <= got.test.effect_interval.upper ? 1U : 0U;
        }
    }
    MESSAGE("whitened, of ", runs, ": place ", found[0][0], ", spread ", found[0][1], ", dependence ", found[0][2],
            "; plain: ", found[1][0], ", ", found[1][1], ", ", found[1][2], "; right feature first ", first,
            ", interval holds the truth ", covered);
    CHECK(found[0][0] >= runs * 9 / 10);
    CHECK(found[0][1] >= runs * 9 / 10);
    CHECK(found[0][2] >= runs * 6 / 10);
    CHECK(found[0][2] >= found[1][2] + runs / 4);
    CHECK(first >= runs * 9 / 10);
    CHECK(covered >= runs * 9 / 10);
}
