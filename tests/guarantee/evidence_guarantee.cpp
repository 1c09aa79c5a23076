// SPDX-License-Identifier: Apache-2.0
// Evidence looked at after every value keeps its level with a finite reference, ties and 1e5 looks; detectors keep
// their run length; e-BH its false discovery rate under dependence; and changes are found.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "guarantee/rate.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/e_detector.hpp"
#include "vedette/drift/e_process.hpp"
#include "vedette/stats/e_values.hpp"

namespace drift = vedette::drift;
namespace stats = vedette::stats;
using vedette::MonitorState;
using vedette::Random;

namespace {

using Draw = std::function<double(Random&)>;

std::vector<double> sample(const Draw& draw, Random& random, std::size_t count) {
    std::vector<double> values(count);
    for (double& value : values) value = draw(random);
    return values;
}

double uniform(Random& random) {
    return random.uniform();
}
double normal(Random& random) {
    return random.normal();
}
// Half of it is 0, the rest small whole numbers.
double counts(Random& random) {
    return std::floor(std::max(0.0, 8.0 * random.uniform() - 4.0));
}
double coin(Random& random) {
    return random.uniform() < 0.1 ? 1.0 : 0.0;
}

// The first change among `looks` values, or looks + 1.
template <class Monitor>
std::size_t first_change(Monitor& monitor, const Draw& draw, Random& random, std::size_t looks) {
    for (std::size_t i = 1; i <= looks; ++i)
        if (monitor.update(draw(random)) == MonitorState::change) return i;
    return looks + 1;
}

Rate false_alarms(const Draw& draw, std::size_t reference, std::size_t looks, std::uint64_t runs,
                  const drift::EProcessOptions& options, std::uint64_t seed) {
    Rate rate;
    for (std::uint64_t run = 0; run < runs; ++run) {
        Random random(seed, run);
        drift::EProcessOptions seeded = options;
        seeded.seed = run;
        drift::EProcess monitor(sample(draw, random, reference), seeded);
        rate.add(first_change(monitor, draw, random, looks) <= looks);
    }
    return rate;
}

// The simple jumper (Vovk et al. 2021) on ranks beside a reference that is taken for the law itself.
bool naive_jumper_alarms(const std::vector<double>& sorted, Random& random, std::size_t looks, double threshold) {
    constexpr double jump = 0.01;
    std::array<double, 3> capital = {1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0};
    for (std::size_t i = 0; i < looks; ++i) {
        const auto below = std::upper_bound(sorted.begin(), sorted.end(), random.uniform()) - sorted.begin();
        const double p = (static_cast<double>(below) + random.uniform()) / static_cast<double>(sorted.size() + 1);
        const double total = capital[0] + capital[1] + capital[2];
        for (std::size_t k = 0; k < 3; ++k)
            capital[k] =
                ((1.0 - jump) * capital[k] + jump * total / 3.0) * (1.0 + (static_cast<double>(k) - 1.0) * (p - 0.5));
        if (capital[0] + capital[1] + capital[2] >= threshold) return true;
    }
    return false;
}

}  // namespace

TEST_CASE("an e-process ever alarms within 1e5 looks in at most 5 % of runs, beside 200 reference values") {
    const Rate rate = false_alarms(uniform, 200, 100'000, 1000, {.level = 0.05}, 1);
    MESSAGE("rate " << rate.value());
    CHECK(rate.at_most(0.05));
    CHECK(rate.value() > 0.002);  // and not by never saying anything
}

TEST_CASE(
    "a conformal martingale beside a frozen reference does not keep its level within 1e5 looks; the e-process does") {
    Rate naive;
    for (std::uint64_t run = 0; run < 400; ++run) {
        Random random(2, run);
        auto reference = sample(uniform, random, 200);
        std::sort(reference.begin(), reference.end());
        naive.add(naive_jumper_alarms(reference, random, 100'000, 20.0));
    }
    const Rate ours = false_alarms(uniform, 200, 100'000, 400, {.level = 0.05}, 2);
    MESSAGE("naive " << naive.value() << ", e-process " << ours.value());
    CHECK(naive.value() > 0.25);
    CHECK(ours.at_most(0.05));
}

TEST_CASE("the level holds with ties, tiny references and any number of cells") {
    for (const Draw& draw : {Draw(counts), Draw(coin), Draw(normal)})
        for (const std::size_t reference : {std::size_t{8}, std::size_t{50}, std::size_t{1000}})
            for (const std::size_t cells : {std::size_t{4}, std::size_t{64}}) {
                const Rate rate = false_alarms(draw, reference, 2000, 1000, {.level = 0.1, .cells = cells}, 3);
                CAPTURE(reference);
                CAPTURE(cells);
                CAPTURE(rate.value());
                CHECK(rate.at_most(0.1));
            }
}

TEST_CASE("the level holds beside frozen grids, of distinct values and discrete") {
    for (const Draw& draw : {Draw(normal), Draw(counts)}) {
        Rate rate;
        for (std::uint64_t run = 0; run < 1000; ++run) {
            Random random(4, run);
            auto reference = sample(draw, random, 300);
            drift::EProcess monitor(stats::fit_grid(reference, 32), {.level = 0.1, .seed = run});
            rate.add(first_change(monitor, draw, random, 3000) <= 3000);
        }
        CHECK(rate.at_most(0.1));
    }
}

TEST_CASE("the mean time to a false alarm of an e-detector is at least what was asked for") {
    for (const auto rule : {drift::EDetectorRule::shiryaev_roberts, drift::EDetectorRule::cusum})
        for (const Draw& draw : {Draw(normal), Draw(counts)}) {
            double sum = 0.0;
            double squares = 0.0;
            constexpr std::uint64_t runs = 1000;
            for (std::uint64_t run = 0; run < runs; ++run) {
                Random random(5, run);
                drift::EDetector monitor(sample(draw, random, 100),
                                         {.average_run_length = 200.0, .rule = rule, .seed = run});
                // Cut off, which can only shorten the mean.
                const auto length = static_cast<double>(first_change(monitor, draw, random, 5000));
                sum += length;
                squares += length * length;
            }
            const double mean = sum / static_cast<double>(runs);
            const double error =
                std::sqrt((squares / static_cast<double>(runs) - mean * mean) / static_cast<double>(runs));
            MESSAGE("mean run length " << mean << " +- " << error);
            CHECK(mean + 4.0 * error >= 200.0);
        }
}

TEST_CASE("the mean time to a false alarm of an e-detector is what was asked for over 1e5 looks, too") {
    constexpr double asked = 20'000.0;
    constexpr std::size_t looks = 100'000;
    for (const auto rule : {drift::EDetectorRule::shiryaev_roberts, drift::EDetectorRule::cusum}) {
        double sum = 0.0;
        double squares = 0.0;
        Rate ever;
        constexpr std::uint64_t runs = 200;
        for (std::uint64_t run = 0; run < runs; ++run) {
            Random random(9, run);
            drift::EDetector monitor(sample(normal, random, 100),
                                     {.average_run_length = asked, .rule = rule, .seed = run});
            const auto length = static_cast<double>(first_change(monitor, normal, random, looks));
            sum += length;
            squares += length * length;
            ever.add(length <= static_cast<double>(looks));
        }
        const double mean = sum / runs;
        const double error = std::sqrt((squares / runs - mean * mean) / runs);
        MESSAGE("mean run length " << mean << " +- " << error << ", alarms within 1e5 in " << ever.value());
        CHECK(mean + 4.0 * error >= asked);
        CHECK(ever.value() > 0.01);  // and not by never saying anything
    }
}

TEST_CASE(
    "e-BH of e-processes looked at 1e5 times, stopped at the first false discovery, keeps the false discovery rate") {
    constexpr double level = 0.2;
    constexpr std::size_t features = 8;
    constexpr std::size_t looks = 100'000;
    for (const std::size_t changed : {std::size_t{0}, std::size_t{2}}) {
        double sum = 0.0;
        double squares = 0.0;
        double found = 0.0;
        constexpr std::uint64_t runs = 60;
        for (std::uint64_t run = 0; run < runs; ++run) {
            Random random(10, run);
            std::vector<drift::EProcess> processes;
            for (std::size_t k = 0; k < features; ++k)
                processes.emplace_back(sample(normal, random, 100),
                                       drift::EProcessOptions{.level = 1e-100, .seed = run});
            std::vector<double> e_values(features, 1.0);
            double share = 0.0;
            bool all_found = changed == 0;
            for (std::size_t i = 0; i < looks; ++i) {
                const double shared = random.normal();  // features go together
                double largest = 0.0;
                for (std::size_t k = 0; k < features; ++k) {
                    if (k < changed && all_found) continue;  // its evidence stays
                    const double own = (k % 2 == 0 ? 0.8 : -0.8) * shared + 0.6 * random.normal();
                    processes[k].update(own + (k < changed ? 2.0 : 0.0));
                    e_values[k] = processes[k].e_value();
                    if (k >= changed) largest = std::max(largest, e_values[k]);
                }
                if (all_found && largest < 1.0 / level) continue;  // nothing that e-BH could find
                const auto adjusted = stats::adjust_e_values(e_values);
                double right = 0.0;
                double wrong = 0.0;
                for (std::size_t k = 0; k < features; ++k)
                    if (adjusted[k] <= level) (k < changed ? right : wrong) += 1.0;
                all_found = right == static_cast<double>(changed);
                share = wrong / std::max(1.0, right + wrong);
                if (wrong > 0.0) break;
            }
            sum += share;
            squares += share * share;
            found += all_found ? 1.0 : 0.0;
        }
        const double mean = sum / runs;
        const double error = std::sqrt((squares / runs - mean * mean) / runs);
        MESSAGE(changed << " changed: false discovery proportion " << mean << " +- " << error);
        CHECK(mean - 4.0 * error <= level);
        CHECK(found >= 0.95 * runs);
    }
}

TEST_CASE("changes are found soon, after a long time without one too") {
    struct Change {
        const char* what;
        Draw draw;
        std::size_t within;
    };
    const Change changes[] = {
        {"level + 1 sd", [](Random& r) { return r.normal() + 1.0; }, 120},
        {"level - 0.5 sd", [](Random& r) { return r.normal() - 0.5; }, 400},
        {"spread x 2", [](Random& r) { return 2.0 * r.normal(); }, 300},
        {"5 % are a constant", [](Random& r) { return r.uniform() < 0.05 ? -999.0 : r.normal(); }, 500},
        {"two peaks", [](Random& r) { return 0.3 * r.normal() + (r.uniform() < 0.5 ? 0.9 : -0.9); }, 300},
    };
    for (const Change& change : changes)
        for (const std::size_t quiet : {std::size_t{0}, std::size_t{20'000}}) {
            Rate process;
            Rate detector;
            double delays[2] = {};
            for (std::uint64_t run = 0; run < 100; ++run) {
                Random random(6, run);
                const auto reference = sample(normal, random, 2000);
                drift::EProcess first(reference, {.level = 0.01});
                drift::EDetector second(reference, {.average_run_length = 1e6});
                for (std::size_t i = 0; i < quiet; ++i) {
                    const double value = random.normal();
                    first.update(value);
                    second.update(value);
                }
                const std::size_t waited = first_change(first, change.draw, random, change.within);
                const std::size_t waited_2 = first_change(second, change.draw, random, change.within);
                process.add(waited <= change.within);
                detector.add(waited_2 <= change.within);
                delays[0] += static_cast<double>(waited) / 100.0;
                delays[1] += static_cast<double>(waited_2) / 100.0;
            }
            MESSAGE(std::string(change.what)
                    << " after " << quiet << ": e-process " << delays[0] << ", e-detector " << delays[1]);
            CHECK(process.value() >= 0.95);
            CHECK(detector.value() >= 0.95);
        }
}

TEST_CASE("e-BH keeps the false discovery rate over thousands of features, however dependent") {
    constexpr std::size_t features = 2000;
    constexpr std::size_t changed = 200;
    for (const double common : {0.0, 0.5, 0.95}) {
        double sum = 0.0;
        double squares = 0.0;
        double found = 0.0;
        constexpr int runs = 300;
        for (int run = 0; run < runs; ++run) {
            Random random(7, static_cast<std::uint64_t>(run));
            const double shared = random.normal();
            std::vector<double> e_values(features);
            for (std::size_t i = 0; i < features; ++i) {
                // A likelihood ratio of normal laws, of which a part is common to all.
                const double z = std::sqrt(common) * shared + std::sqrt(1.0 - common) * random.normal();
                e_values[i] = std::exp(3.0 * (z + (i < changed ? 3.5 : 0.0)) - 4.5);
            }
            const auto adjusted = stats::adjust_e_values(e_values);
            double right = 0.0;
            double wrong = 0.0;
            for (std::size_t i = 0; i < features; ++i)
                if (adjusted[i] <= 0.1) (i < changed ? right : wrong) += 1.0;
            const double share = wrong / std::max(1.0, right + wrong);
            sum += share;
            squares += share * share;
            found += right / static_cast<double>(changed);
        }
        const double mean = sum / runs;
        const double error = std::sqrt((squares / runs - mean * mean) / runs);
        MESSAGE("false discovery rate " << mean << ", found " << found / runs);
        CHECK(mean - 4.0 * error <= 0.1);
        CHECK(found / runs > 0.3);
    }
}

TEST_CASE("averages beside one reference and products of independent ones keep their level at each of 1e5 looks") {
    constexpr double level = 0.1;
    Rate average;
    Rate product;
    for (std::uint64_t run = 0; run < 100; ++run) {
        Random random(11, run);
        const auto shared = sample(normal, random, 200);
        std::vector<drift::EProcess> beside_one, beside_own;
        for (std::uint64_t k = 0; k < 3; ++k) {
            const drift::EProcessOptions options{.level = 1e-100, .seed = 3 * run + k};
            beside_one.emplace_back(shared, options);
            beside_own.emplace_back(sample(normal, random, 200), options);
        }
        bool averaged = false;
        bool multiplied = false;
        std::array<double, 3> e_values{};
        for (std::size_t i = 0; i < 100'000 && !(averaged && multiplied); ++i) {
            for (std::size_t k = 0; k < 3; ++k) {
                beside_one[k].update(random.normal());
                e_values[k] = beside_one[k].e_value();
            }
            averaged = averaged || stats::average_e_values(e_values) >= 1.0 / level;
            for (std::size_t k = 0; k < 3; ++k) {
                beside_own[k].update(random.normal());
                e_values[k] = beside_own[k].e_value();
            }
            multiplied = multiplied || stats::multiply_e_values(e_values) >= 1.0 / level;
        }
        average.add(averaged);
        product.add(multiplied);
    }
    MESSAGE("average " << average.value() << ", product " << product.value());
    CHECK(average.at_most(level));
    CHECK(product.at_most(level));
}

TEST_CASE("shards beside one reference are averaged, not multiplied") {
    Rate average;
    Rate product;
    for (std::uint64_t run = 0; run < 2000; ++run) {
        Random random(8, run);
        const auto reference = sample(uniform, random, 50);
        std::vector<drift::EProcess> shards(8, drift::EProcess(reference, {.level = 1e-100}));
        std::vector<double> e_values(shards.size());
        bool averaged = false;
        bool multiplied = false;
        for (int i = 0; i < 200; ++i) {
            for (std::size_t k = 0; k < shards.size(); ++k) {
                shards[k].update(random.uniform());
                e_values[k] = shards[k].e_value();
            }
            averaged = averaged || stats::average_e_values(e_values) >= 10.0;
            multiplied = multiplied || stats::multiply_e_values(e_values) >= 10.0;
        }
        average.add(averaged);
        product.add(multiplied);
    }
    MESSAGE("average " << average.value() << ", product " << product.value());
    CHECK(average.at_most(0.1));
    CHECK_FALSE(product.at_most(0.1));
}
