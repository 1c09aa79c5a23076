// SPDX-License-Identifier: Apache-2.0
// Do contributions rank the features that moved before all others, whatever the kind of change?
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/drift/multivariate.hpp"

namespace drift = vedette::drift;
using vedette::MultivariateTest;

namespace {

constexpr std::size_t rows = 200, features = 6;
constexpr std::uint64_t runs = 100;

enum class Change { location, far_location, scale, correlation, clumps };

struct Family {
    Change change;
    const char* name;
    std::vector<std::size_t> moved;
};

void move(std::vector<double>& live, Change change, vedette::Random& random) {
    for (std::size_t i = 0; i < rows; ++i) {
        double* const row = live.data() + i * features;
        if (change == Change::location) row[2] += 0.8;
        if (change == Change::far_location) row[2] += 8.0;
        if (change == Change::scale) row[2] *= 2.0;
        if (change == Change::correlation) row[3] = 0.95 * row[2] + std::sqrt(1.0 - 0.95 * 0.95) * row[3];
        // Mean and variance as before: two narrow clumps.
        if (change == Change::clumps) row[2] = (random.uniform() < 0.5 ? -0.98 : 0.98) + 0.2 * row[2];
    }
}

// How often the features that moved came first.
std::uint64_t right(MultivariateTest test, const Family& family) {
    std::uint64_t count = 0;
    std::vector<double> reference(rows * features), live(rows * features);
    for (std::uint64_t run = 0; run < runs; ++run) {
        vedette::Random random(77, run);
        for (double& value : reference) value = random.normal();
        for (double& value : live) value = random.normal();
        move(live, family.change, random);
        const auto result =
            drift::run_test(test, vedette::MatrixView<double>::row_major(reference.data(), rows, features),
                            vedette::MatrixView<double>::row_major(live.data(), rows, features),
                            drift::TestOptions{.permutations = 1, .seed = run});
        std::vector<std::size_t> order(features);
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return result.feature_contributions[a] > result.feature_contributions[b];
        });
        const auto first = static_cast<std::ptrdiff_t>(family.moved.size());
        std::sort(order.begin(), order.begin() + first);
        const bool all = std::equal(family.moved.begin(), family.moved.end(), order.begin());
        count += all && result.feature_contributions[family.moved[0]] > 0.0 ? 1U : 0U;
    }
    return count;
}

}  // namespace

TEST_CASE("contributions: what moved comes first, and is above zero") {
    const std::array<Family, 5> families{{{Change::location, "location", {2}},
                                          {Change::far_location, "far location", {2}},
                                          {Change::scale, "scale", {2}},
                                          {Change::correlation, "correlation", {2, 3}},
                                          {Change::clumps, "clumps", {2}}}};
    for (const MultivariateTest test : {MultivariateTest::maximum_mean_discrepancy, MultivariateTest::energy,
                                        MultivariateTest::density_difference, MultivariateTest::mmd_fuse}) {
        for (const Family& family : families) {
            const std::uint64_t count = right(test, family);
            MESSAGE(std::string(vedette::multivariate_test_name(test)), ", ", std::string(family.name), ": ", count,
                    " of ", runs);
            // Clumps much narrower than the median distance are below the resolution of all but MMD-FUSE: the others
            // find no more than by chance, or little more, and are only reported.
            if (family.change == Change::clumps && test != MultivariateTest::mmd_fuse) continue;
            // Even at a true 95 % (of clumps 80 %) fewer has a chance below 2e-4.
            std::uint64_t least = 99;
            if (family.change == Change::correlation) least = 86;
            if (family.change == Change::clumps) least = 65;
            CHECK(count >= least);
        }
    }
}
