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
#include "vedette/drift/joined_evidence.hpp"
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

// The evidence that may be looked at for 1e5 values: its largest of each run.
constexpr std::size_t looks = 100'000;

double largest_evidence(drift::EProcess monitor, const Draw& draw, Random& random) {
    for (std::size_t i = 0; i < looks; ++i) monitor.update(draw(random));
    return monitor.maximum();
}

// One that goes on beyond any level.
drift::EProcessOptions endless(std::uint64_t seed, std::size_t cells = 32) {
    return {.level = 1e-100, .cells = cells, .seed = seed};
}

// The simple jumper (Vovk et al. 2021) on ranks beside a reference that is taken for the law itself.
bool naive_jumper_alarms(const std::vector<double>& sorted, Random& random, double threshold) {
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

TEST_CASE(
    "an e-process ever says 1/level within 1e5 looks in at most that share of runs, beside 200 reference values") {
    Largest largest;
    Mean lifted;
    for (std::uint64_t run = 0; run < runs_of(1000); ++run) {
        Random random(1, run);
        const auto reference = sample(uniform, random, 200);
        largest.add(largest_evidence(drift::EProcess(reference, endless(run)), uniform, random));
        lifted.add(stats::lift_e_process(largest.evidence.back()));
    }
    MESSAGE("largest evidence, lifted: " << lifted.value() << " +- " << lifted.error());
    CHECK(lifted.at_most(1.0));  // an e-value, at whichever time of the 1e5 it is asked for
    MESSAGE("of 0.25: " << largest.rate(0.25).value() << ", of 0.05: " << largest.rate(0.05).value());
    CHECK(largest.keeps_levels());
    CHECK_FALSE(largest.keeps_levels(2.0));
    CHECK(largest.rate(0.05).value() > 0.002);  // and not by never saying anything
}

TEST_CASE("an e-process alarms where its evidence first says 1/level, in at most 5 % of runs") {
    Rate rate;
    for (std::uint64_t run = 0; run < runs_of(60); ++run) {
        Random random(1, run);  // the same runs again
        const auto reference = sample(uniform, random, 200);
        drift::EProcess monitor(reference, {.level = 0.05, .seed = run});
        drift::EProcess evidence(reference, endless(run));
        bool alarmed = false;
        bool said = false;
        for (std::size_t i = 0; i < looks && !alarmed && !said; ++i) {
            const double value = random.uniform();
            alarmed = monitor.update(value) == MonitorState::change;
            evidence.update(value);
            said = evidence.e_value() >= 20.0;
        }
        CHECK(alarmed == said);
        rate.add(alarmed);
    }
    CHECK(rate.at_most(0.05));
}

TEST_CASE("a conformal martingale beside a frozen reference does not keep its level within 1e5 looks") {
    Rate naive;
    for (std::uint64_t run = 0; run < 400; ++run) {
        Random random(2, run);
        auto reference = sample(uniform, random, 200);
        std::sort(reference.begin(), reference.end());
        naive.add(naive_jumper_alarms(reference, random, 20.0));
    }
    MESSAGE("naive " << naive.value());
    CHECK(naive.value() > 0.25);
}

TEST_CASE("the levels hold with ties, tiny references, any number of cells and beside frozen grids, within 1e5 looks") {
    struct Case {
        const char* name;
        Draw draw;
        std::size_t reference;
        std::size_t cells;
        bool frozen;
    };
    const Case cases[] = {{"counts", counts, 8, 4, false},
                          {"counts, many cells", counts, 1000, 64, false},
                          {"coin", coin, 50, 4, false},
                          {"coin, many cells", coin, 200, 64, false},
                          {"normal", normal, 8, 64, false},
                          {"normal, many values", normal, 1000, 64, false},
                          {"grid of counts", counts, 300, 32, true},
                          {"grid", normal, 300, 32, true}};
    Largest ties, grids;
    for (const Case& each : cases) {
        Largest largest;
        for (std::uint64_t run = 0; run < runs_of(each.frozen ? 120 : 60); ++run) {
            Random random(3, run);
            auto reference = sample(each.draw, random, each.reference);
            const auto options = endless(run, each.cells);
            largest.add(largest_evidence(each.frozen ? drift::EProcess(stats::fit_grid(reference, each.cells), options)
                                                     : drift::EProcess(reference, options),
                                         each.draw, random));
        }
        MESSAGE(std::string(each.name) << ": " << largest.rate(0.25).value());
        CHECK(largest.keeps_levels());
        (each.frozen ? grids : ties).add(largest);
    }
    for (const Largest* together : {&ties, &grids}) {
        CHECK(together->keeps_levels());
        CHECK_FALSE(together->keeps_levels(2.0));
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
    for (const auto rule : {drift::EDetectorRule::shiryaev_roberts, drift::EDetectorRule::cusum}) {
        double sum = 0.0;
        double squares = 0.0;
        Rate ever;
        constexpr std::uint64_t runs = 150;
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
    constexpr double level = 0.4;
    struct Case {
        std::size_t features;
        std::size_t changed;
        std::uint64_t runs;
    };
    // Where nothing changed the rate is that of any discovery, which e-BH all but exhausts with few features.
    for (const Case& each : {Case{3, 0, 300}, Case{8, 2, 40}}) {
        Mean shares;
        Rate wrong, wrong_at_twice, found;
        for (std::uint64_t run = 0; run < runs_of(each.runs); ++run) {
            Random random(10, run);
            std::vector<drift::EProcess> processes;
            for (std::size_t k = 0; k < each.features; ++k)
                processes.emplace_back(sample(uniform, random, 100), endless(run));
            std::vector<double> e_values(each.features, 1.0);
            double share = 0.0;
            bool all_found = each.changed == 0;
            bool at_twice = false;  // e-BH on evidence twice too large
            for (std::size_t i = 0; i < looks && share == 0.0; ++i) {
                const double shared = random.uniform();  // features go together, and against one another
                double largest = 0.0;
                for (std::size_t k = 0; k < each.features; ++k) {
                    if (k < each.changed && all_found) continue;  // its evidence stays
                    const double own = random.uniform();
                    const double value = own < 0.5 ? (k % 2 == 0 ? shared : 1.0 - shared) : 2.0 * own - 1.0;
                    processes[k].update(k < each.changed ? std::sqrt(std::sqrt(value)) : value);
                    e_values[k] = processes[k].e_value();
                    if (k >= each.changed) largest = std::max(largest, e_values[k]);
                }
                if (!at_twice && 2.0 * largest >= 1.0 / level) {
                    std::vector<double> doubled = e_values;
                    for (double& e_value : doubled) e_value *= 2.0;
                    const auto adjusted = stats::adjust_e_values(doubled);
                    at_twice = *std::min_element(adjusted.begin() + static_cast<std::ptrdiff_t>(each.changed),
                                                 adjusted.end()) <= level;
                }
                if (all_found && largest < 1.0 / level) continue;  // nothing that e-BH could find
                const auto adjusted = stats::adjust_e_values(e_values);
                double right = 0.0;
                double false_ones = 0.0;
                for (std::size_t k = 0; k < each.features; ++k)
                    if (adjusted[k] <= level) (k < each.changed ? right : false_ones) += 1.0;
                all_found = right == static_cast<double>(each.changed);
                share = false_ones / std::max(1.0, right + false_ones);
            }
            shares.add(share);
            wrong.add(share > 0.0);
            wrong_at_twice.add(at_twice || share > 0.0);
            found.add(all_found);
        }
        MESSAGE(each.changed << " of " << each.features << " changed: false discovery proportion " << shares.value()
                             << " +- " << shares.error() << ", any of twice the evidence " << wrong_at_twice.value());
        CHECK(shares.at_most(level * static_cast<double>(each.features - each.changed) /
                             static_cast<double>(each.features)));
        CHECK(found.value() >= 0.95);
        if (each.changed > 0) continue;
        CHECK(wrong.at_most(level));
        CHECK_FALSE(wrong_at_twice.at_most(level));
    }
}

TEST_CASE("joined evidence, asked after each of 1e5 rows, keeps its false discovery rate, and finds what changed") {
    constexpr double rate = 0.5;
    constexpr std::size_t features = 6;
    for (const std::size_t changed : {std::size_t{0}, std::size_t{2}}) {
        Mean shares;
        Rate found, naive;
        for (std::uint64_t run = 0; run < runs_of(60); ++run) {
            Random random(12, run);
            std::vector<drift::EProcess> processes;
            for (std::size_t k = 0; k < features; ++k)
                processes.emplace_back(sample(uniform, random, 100), endless(run));
            drift::JoinedEvidence joined(features, rate);
            const auto share = [&] {
                double wrong = 0.0;
                for (const std::uint32_t k : joined.discoveries()) wrong += k >= changed ? 1.0 : 0.0;
                return wrong / std::max(1.0, static_cast<double>(joined.discoveries().size()));
            };
            double largest = 0.0;  // the worst time to have asked
            bool any_alone = false;
            for (std::size_t i = 0; i < looks; ++i) {
                const double shared = random.uniform();  // features go together, and against one another
                for (std::size_t k = 0; k < features; ++k) {
                    if (k < changed && joined.is_discovered(k)) continue;
                    const double own = random.uniform();
                    const double value = own < 0.5 ? (k % 2 == 0 ? shared : 1.0 - shared) : 2.0 * own - 1.0;
                    processes[k].update(k < changed ? std::sqrt(value) : value);
                    if (joined.update(k, processes[k].p_value())) largest = std::max(largest, share());
                    any_alone = any_alone || processes[k].p_value() <= rate;
                }
            }
            shares.add(largest);
            naive.add(any_alone);
            for (std::uint32_t k = 0; k < changed; ++k) found.add(joined.is_discovered(k));
        }
        MESSAGE(changed << " changed: false discovery proportion " << shares.value() << " +- " << shares.error());
        CHECK(shares.at_most(rate * static_cast<double>(features - changed) / static_cast<double>(features)));
        if (changed > 0) CHECK(found.value() >= 0.95);
        // Neither lifted nor joined, the same evidence tells more than that.
        if (changed == 0) CHECK_FALSE(naive.at_most(rate));
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

TEST_CASE("averages beside one reference and products of independent ones keep their levels at each of 1e5 looks") {
    Largest average, product;
    for (std::uint64_t run = 0; run < runs_of(180); ++run) {
        Random random(11, run);
        const auto shared = sample(uniform, random, 200);
        std::vector<drift::EProcess> beside_one, beside_own;
        for (std::uint64_t k = 0; k < 2; ++k) {
            beside_one.emplace_back(shared, endless(3 * run + k));
            beside_own.emplace_back(sample(uniform, random, 200), endless(3 * run + k));
        }
        std::array<double, 2> largest{};
        std::array<double, 2> e_values{};
        for (std::size_t i = 0; i < looks; ++i) {
            for (std::size_t k = 0; k < 2; ++k) {
                beside_one[k].update(random.uniform());
                e_values[k] = beside_one[k].e_value();
            }
            largest[0] = std::max(largest[0], stats::average_e_values(e_values));
            for (std::size_t k = 0; k < 2; ++k) {
                beside_own[k].update(random.uniform());
                e_values[k] = beside_own[k].e_value();
            }
            largest[1] = std::max(largest[1], stats::multiply_e_values(e_values));
        }
        average.add(largest[0]);
        product.add(largest[1]);
    }
    for (const Largest* merged : {&average, &product}) {
        MESSAGE((merged == &average ? "average" : "product")
                << " of 0.25: " << merged->rate(0.25).value() << ", of 0.05: " << merged->rate(0.05).value());
        CHECK(merged->keeps_levels());
        CHECK_FALSE(merged->keeps_levels(2.0));
    }
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
