// SPDX-License-Identifier: Apache-2.0
// Level, power and coverage of the classifier two-sample test: normal, heavy-tailed and tied rows, lopsided and wide.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "drift/out_of_fold.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/classifier_test.hpp"
#include "vedette/stats/distributions.hpp"
#include "vedette/stats/intervals.hpp"

namespace drift = vedette::drift;
namespace stats = vedette::stats;
using View = vedette::MatrixView<double>;

namespace {

const stats::Confidence band(1.0 - 1e-5);

enum class Law { normal, cauchy, binary, mixed };

// One row; `mixed` has correlated, skewed and discrete features side by side.
void draw(Law law, vedette::Random& random, double* row, std::size_t d) {
    const double common = random.normal();
    for (std::size_t j = 0; j < d; ++j) {
        switch (law) {
            case Law::normal: row[j] = random.normal(); break;
            case Law::cauchy: row[j] = std::tan(3.14159 * (random.uniform() - 0.5)); break;
            case Law::binary: row[j] = random.uniform() < 0.3 ? 1.0 : 0.0; break;
            case Law::mixed:
                row[j] = j % 3 == 0   ? common + 0.5 * random.normal()
                         : j % 3 == 1 ? std::exp(1.5 * random.normal())
                                      : std::floor(3.0 * random.uniform() * random.uniform());
        }
    }
}

std::vector<double> sample(Law law, vedette::Random& random, std::size_t rows, std::size_t d) {
    std::vector<double> values(rows * d);
    for (std::size_t i = 0; i < rows; ++i) draw(law, random, &values[i * d], d);
    return values;
}

void check_level(const std::string& what, std::uint64_t hits, std::uint64_t runs, double level, double tolerated) {
    const vedette::Interval rate = stats::clopper_pearson(hits, runs, band);
    INFO(what, ": ", hits, " of ", runs, " at level ", level);
    CHECK(rate.lower <= level);
    CHECK(rate.upper >= level * tolerated);
}

}  // namespace

TEST_CASE("level of the normal law") {
    struct World {
        std::string name;
        Law law;
        std::size_t n, m, d;
        std::uint64_t runs;
        double least;  // of the level: where scores are few and tied the test may err on the safe side, so far
    };
    for (const World& world : {World{"normal 100/100, 1", Law::normal, 100, 100, 1, 4000, 1.0},
                               World{"normal 10/10, 3", Law::normal, 10, 10, 3, 4000, 0.7},
                               World{"normal 5/5, 2", Law::normal, 5, 5, 2, 300, 0.0},
                               World{"cauchy 40/60, 5", Law::cauchy, 40, 60, 5, 3000, 1.0},
                               World{"binary 60/50, 1", Law::binary, 60, 50, 1, 4000, 1.0},
                               World{"binary 60/50, 4", Law::binary, 60, 50, 4, 3000, 1.0},
                               World{"mixed 1000/100, 8", Law::mixed, 1000, 100, 8, 2000, 1.0},
                               World{"mixed 500/5, 6", Law::mixed, 500, 5, 6, 2000, 0.7},
                               World{"normal 50/50, 50", Law::normal, 50, 50, 50, 2000, 1.0}}) {
        vedette::Random random(21, world.n * world.d + static_cast<std::uint64_t>(world.law));
        std::uint64_t at_5 = 0, at_1 = 0;
        for (std::uint64_t run = 0; run < world.runs; ++run) {
            const auto x = sample(world.law, random, world.n, world.d);
            const auto y = sample(world.law, random, world.m, world.d);
            const double p =
                drift::classifier_two_sample(View::row_major(x.data(), world.n, world.d),
                                             View::row_major(y.data(), world.m, world.d), {.test = {.seed = run}})
                    .test.p_value;
            at_5 += p <= 0.05 ? 1U : 0U;
            at_1 += p <= 0.01 ? 1U : 0U;
        }
        MESSAGE(world.name, ", of ", world.runs, " runs: ", at_5, " at 5 %, ", at_1, " at 1 %");
        check_level(world.name, at_5, world.runs, 0.05, world.least);
        check_level(world.name, at_1, world.runs, 0.01, world.least * world.least);
    }
}

TEST_CASE("level of relabelling, with few rows and many ties") {
    vedette::Random random(22);
    constexpr std::uint64_t runs = 2000;
    std::uint64_t alarms = 0;
    for (std::uint64_t run = 0; run < runs; ++run) {
        const auto x = sample(Law::mixed, random, 12, 3);
        const auto y = sample(Law::mixed, random, 8, 3);
        const drift::TestOptions options{.method = drift::Method::permutation, .permutations = 39, .seed = run};
        alarms += drift::classifier_two_sample(View::row_major(x.data(), 12, 3), View::row_major(y.data(), 8, 3),
                                               {.test = options})
                              .test.p_value <= 0.05
                      ? 1U
                      : 0U;
    }
    MESSAGE("permutation, 12/8 mixed: ", alarms, " of ", runs);
    check_level("permutation", alarms, runs, 0.05, 0.8);
}

TEST_CASE("power: a shift of every feature, of one in fifty, and one that correlation hides") {
    struct World {
        std::string name;
        Law law;
        std::size_t n, m, d;
        double shift;
        bool one;
        double power, first;
    };
    for (const World& world : {World{"all of 20 by 0.2 sd", Law::normal, 200, 150, 20, 0.2, false, 0.9, 0.0},
                               World{"one of 50 by 0.6 sd", Law::normal, 300, 200, 50, 0.6, true, 0.75, 0.9},
                               World{"one of 12, correlated", Law::mixed, 300, 200, 12, 0.5, true, 0.9, 0.9}}) {
        vedette::Random random(23, world.d);
        constexpr std::uint64_t runs = 200;
        std::uint64_t found = 0, first = 0;
        for (std::uint64_t run = 0; run < runs; ++run) {
            const auto x = sample(world.law, random, world.n, world.d);
            auto y = sample(world.law, random, world.m, world.d);
            for (std::size_t i = 0; i < world.m; ++i)
                for (std::size_t j = 0; j < world.d; ++j)
                    if (!world.one || j == 3) y[i * world.d + j] += world.shift;
            const auto result = drift::classifier_two_sample(View::row_major(x.data(), world.n, world.d),
                                                             View::row_major(y.data(), world.m, world.d));
            found += result.test.p_value <= 0.05 ? 1U : 0U;
            const auto& parts = result.feature_contributions;
            first += std::max_element(parts.begin(), parts.end()) - parts.begin() == 3 ? 1U : 0U;
        }
        MESSAGE(world.name, ": found ", found, ", right feature first ", first, " of ", runs);
        CHECK(static_cast<double>(found) >= world.power * runs);
        CHECK(static_cast<double>(first) >= world.first * runs);
    }
}

TEST_CASE("coverage: the interval holds the true area of the models that were trained") {
    // Normal rows, one feature moved: a model's true area is normal_cdf(shift coefficient / (norm sqrt 2)).
    for (const double shift : {0.0, 0.7, 3.0}) {
        constexpr std::size_t n = 80, m = 50, d = 3;
        constexpr std::uint64_t runs = 2000;
        vedette::Random random(24, static_cast<std::uint64_t>(10.0 * shift));
        std::uint64_t covered = 0;
        for (std::uint64_t run = 0; run < runs; ++run) {
            const auto x = sample(Law::normal, random, n, d);
            auto y = sample(Law::normal, random, m, d);
            for (std::size_t i = 0; i < m; ++i) y[i * d] += shift;
            const auto result = drift::classifier_two_sample(
                View::row_major(x.data(), n, d), View::row_major(y.data(), m, d), {.test = {.seed = run}, .folds = 5});
            // The same models once more, from the inside; in units of the features' standard deviations.
            using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
            const Eigen::MatrixXd a = Eigen::Map<const RowMajor>(x.data(), n, d);
            const Eigen::MatrixXd b = Eigen::Map<const RowMajor>(y.data(), m, d);
            const auto folded =
                drift::fold_rows(a, b, drift::assign_folds(n, 5, run, 0), drift::assign_folds(m, 5, run, 1), 5);
            Eigen::MatrixXd all(n + m, d);
            all << a, b;
            const Eigen::MatrixXd centred = all.rowwise() - all.colwise().mean();
            const Eigen::ArrayXd deviation =
                (centred.colwise().squaredNorm().transpose() / static_cast<double>(n + m)).array().sqrt();
            drift::ProgressiveClassifier classifier(folded, 1.0, 100);
            const auto separation = classifier.separation(folded.labels);
            REQUIRE(separation.area == result.test.statistic);
            double truth = 0.0;
            for (std::size_t k = 0; k < separation.weights.size(); ++k) {
                const Eigen::VectorXd raw = classifier.models()[k].coefficients.array() / deviation;
                truth += separation.weights[k] * stats::normal_cdf(shift * raw[0] / (raw.norm() * std::sqrt(2.0)));
            }
            const vedette::Interval interval = result.test.effect_interval;
            covered += interval.lower <= truth - 0.5 && truth - 0.5 <= interval.upper ? 1U : 0U;
        }
        MESSAGE("shift ", shift, ": 95 % intervals covered ", covered, " of ", runs);
        CHECK(stats::clopper_pearson(covered, runs, band).upper >= 0.95);
        CHECK(covered <= runs * 99 / 100 + (shift > 2.0 ? runs / 100 : 0));
    }
}
