// SPDX-License-Identifier: Apache-2.0
// The promise as a user meets it: learn, count, assess; without drift, how often does the report cry wolf?
#include <doctest/doctest.h>

#include <cmath>
#include <string_view>
#include <vector>

#include "guarantee/rate.hpp"
#include "vedette/core/random.hpp"
#include "vedette/guard/report.hpp"
#include "vedette/guard/watch.hpp"
#include "vedette/stats/intervals.hpp"

using namespace vedette;

namespace {

constexpr std::size_t runs = 2000;

// Smooth, heavily tied, discrete and categorical features, with nulls; all independent of each other.
struct Traffic {
    std::vector<double> smooth, heavy, tied, discrete;
    std::vector<std::string_view> category;
    std::vector<std::uint8_t> valid;

    Traffic(Random& random, std::size_t rows) : valid(rows / 8 + 1, 0) {
        static constexpr std::string_view names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
        for (std::size_t i = 0; i < rows; ++i) {
            smooth.push_back(random.normal());
            heavy.push_back(std::tan(3.14159265358979 * (random.uniform() - 0.5)));
            tied.push_back(random.uniform() < 0.6 ? 0.0 : random.uniform());
            discrete.push_back(std::floor(random.uniform() * 12.0));
            category.push_back(names[static_cast<std::size_t>(10.0 * random.uniform() * random.uniform())]);
            if (random.uniform() > 0.1) valid[i / 8] |= static_cast<std::uint8_t>(1U << (i % 8));
        }
    }

    [[nodiscard]] Table table() const {
        const Validity bits{valid.data(), 0};
        return Table({{"smooth", Column::numeric(smooth)},
                      {"heavy", Column::numeric(heavy, bits)},
                      {"tied", Column::numeric(tied)},
                      {"discrete", Column::numeric(discrete)},
                      {"category", Column::strings(category)}});
    }
};

struct Rates {
    std::size_t evidence = 0;  // warn or alarm
    std::size_t alarms = 0;
    std::size_t silent = 0;  // neither, nor passed
};

Rates simulate(std::size_t reference_rows, std::size_t live_rows, stats::Correction correction, double level,
               double tolerance, std::uint64_t seed) {
    Policy policy;
    policy.level = level;
    policy.correction = correction;
    policy.defaults.tolerance = tolerance;
    Rates rates;
    for (std::size_t run = 0; run < runs; ++run) {
        Random random(seed, run);
        const Traffic reference(random, reference_rows);
        const Traffic live(random, live_rows);
        const Baseline baseline = Baseline::build(reference.table());
        Window window(baseline);
        window.observe(live.table());
        const Decision decision = assess(baseline, window, policy).decision;
        rates.evidence += decision >= Decision::warn ? 1U : 0U;
        rates.alarms += decision == Decision::alarm ? 1U : 0U;
        rates.silent += decision == Decision::not_evaluated ? 1U : 0U;
    }
    return rates;
}

// The exact binomial band: the level is refuted only when it lies outside the Clopper-Pearson interval at 1e-4.
void check_level(std::size_t events, double level, double least) {
    const stats::Confidence confidence(1.0 - 1e-4);
    const Interval band = stats::clopper_pearson(events, runs, confidence);
    MESSAGE("false alarms: " << events << " of " << runs << " at a nominal level of " << level);
    CHECK(band.lower <= level);
    CHECK(band.upper >= least);
}

}  // namespace

TEST_CASE("without drift, a report shows evidence no more often than its level") {
    // The discrete tests among them are conservative, hence the lower bound of half the level.
    SUBCASE("Holm, 1000 reference rows, 400 live") {
        const Rates rates = simulate(1000, 400, stats::Correction::holm, 0.05, 0.0, 11);
        check_level(rates.alarms, 0.05, 0.025);
        CHECK(rates.silent == 0);
    }
    SUBCASE("Benjamini-Hochberg, 2000 reference rows, 2000 live") {
        const Rates rates = simulate(2000, 2000, stats::Correction::benjamini_hochberg, 0.05, 0.0, 12);
        check_level(rates.alarms, 0.05, 0.025);
        CHECK(rates.silent == 0);
    }
    SUBCASE("the default level, few live rows") {
        const Rates rates = simulate(2000, 100, stats::Correction::benjamini_hochberg, 0.01, 0.0, 13);
        check_level(rates.alarms, 0.01, 0.002);
    }
}

namespace {

class NoBudget final : public privacy::ReleaseBudget {
  public:
    void spend(const privacy::Guarantee&) override {}
};

// Noised windows: whether the report shows evidence, and whether its interval holds the distance of the samples.
struct Released {
    Rate evidence, missed;
};

Released released(double delta, double shift, std::uint64_t seed) {
    Policy policy;
    policy.level = 0.05;
    policy.correction = stats::Correction::holm;
    policy.defaults.tolerance = 0.0;
    ReleasePolicy release_policy;
    release_policy.delta = delta;
    NoBudget budget;
    Released rates;
    for (std::size_t run = 0; run < 250; ++run) {
        Random random(seed, run);
        const Traffic reference(random, 1500);
        Traffic live(random, 1500);
        for (double& x : live.smooth) x += shift;
        const Baseline baseline = Baseline::build(reference.table(), {.cells = 12});
        Window window(baseline);
        window.observe(live.table());
        const Report report = assess(window, policy, release_policy, budget);
        rates.evidence.add(report.decision >= Decision::warn);
        const Interval& interval = report.features[0].evidence()[0].moved_share_interval;
        const double distance = assess(baseline, window, policy).features[0].statistics.ks.effect;
        rates.missed.add(!(interval.lower <= distance && distance <= interval.upper));
    }
    return rates;
}

}  // namespace

TEST_CASE("without drift, a report on a noised window shows evidence no more often than its level") {
    for (const double delta : {0.0, 1e-6}) {
        CAPTURE(delta);
        const Released none = released(delta, 0.0, 21);
        CHECK_MESSAGE(none.evidence.at_most(0.05), none.evidence.value());
        CHECK_MESSAGE(none.missed.at_most(0.05), none.missed.value());
    }
    const Released moved = released(0.0, 1.0, 22);
    CHECK_MESSAGE(moved.evidence.at_least(0.98), moved.evidence.value());
    CHECK_MESSAGE(moved.missed.at_most(0.05), moved.missed.value());
}

TEST_CASE("the default tolerance turns false evidence into warnings, not alarms") {
    const Rates rates = simulate(1000, 1000, stats::Correction::benjamini_hochberg, 0.05, 0.05, 14);
    check_level(rates.evidence, 0.05, 0.025);
    CHECK(rates.alarms <= 2);
}

namespace {

// So many rows are watched, and what each monitor of the policy below may alarm falsely in them: an e-process and a
// monitor of harm with the probability of their level, however long; others once in `average` rows on average.
constexpr int watched_rows = 500;
constexpr double level = 0.05;
constexpr double average = 5000.0;

constexpr const char* watching = R"({
    "features": {"a": {"monitors": [{"kind": "e_process", "level": 0.05},
                                    {"kind": "cusum", "mean": 0, "sd": 1, "average_run_length": 5000}]},
                 "b": {"monitors": [{"kind": "e_process", "level": 0.05},
                                    {"kind": "e_detector", "average_run_length": 5000}]}},
    "outputs": {"loss": [{"kind": "harm_monitor", "tolerated": 0.2, "level": 0.05}]},
    "groups": {"both": {"features": ["a", "b"],
                        "monitors": [{"kind": "mmd_monitor", "window": 20, "expected_run": 5000, "features": 8,
                                      "simulations": 2500}]}}})";

// Features that depend on each other, so that no sum of chances hides behind independence.
struct Pair {
    double a, b;
    Pair(Random& random, double shift) : a(random.normal() + shift), b(0.6 * a + 0.8 * random.normal()) {}
};

Watch watch_of(Random& random, const Policy& policy) {
    std::vector<double> a, b, rows;
    for (int i = 0; i < 400; ++i) {
        const Pair pair(random, 0.0);
        a.push_back(pair.a);
        b.push_back(pair.b);
        rows.insert(rows.end(), {pair.a, pair.b});
    }
    const Table table({{"a", Column::numeric(a)}, {"b", Column::numeric(b)}});
    WatchReferences references;
    references.groups.emplace("both", MatrixView<double>::row_major(rows.data(), 400, 2));
    return Watch(Baseline::build(table), policy, references);
}

}  // namespace

TEST_CASE("a whole watch cries wolf no more often than its monitors promise together") {
    // A new reference for each run: that is over what the promises are. Alarms of one watch may join by a sum alone.
    const Policy policy = Policy::from_json(watching);
    const double share = watched_rows / average;
    const std::vector<double> promised{level, share, level, share, level, share};
    std::vector<Rate> single(promised.size());
    Rate any;
    Rate seen;
    for (std::uint64_t run = 0; run < 250; ++run) {
        Random random(run, 91);
        Watch watch = watch_of(random, policy);
        for (int i = 0; i < watched_rows; ++i) {
            const Pair pair(random, 0.0);
            watch.observe(std::vector<double>{pair.a, pair.b}, i);
            watch.observe_output(0, random.uniform() < 0.2 ? 1.0 : 0.0, i);
        }
        any.add(watch.alarms() > 0);
        const auto reports = watch.report();
        REQUIRE(reports.size() == promised.size());
        for (std::size_t i = 0; i < reports.size(); ++i) single[i].add(reports[i].counts.changes > 0);
        // And it does see: every monitor of the features, a shift by one standard deviation.
        if (run >= 25) continue;
        const WatchMark mark = watch.mark();
        for (int i = 0; i < 300; ++i) {
            const Pair pair(random, 1.0);
            watch.observe(std::vector<double>{pair.a, pair.b}, watched_rows + i);
            watch.observe_output(0, random.uniform() < 0.6 ? 1.0 : 0.0, watched_rows + i);
        }
        bool all = true;
        for (const StreamReport& report : watch.report(mark)) all = all && report.period_alarms > 0;
        seen.add(all);
    }
    double sum = 0.0;
    for (std::size_t i = 0; i < promised.size(); ++i) {
        CAPTURE(i);
        CAPTURE(single[i].value());
        CHECK(single[i].at_most(promised[i]));
        sum += promised[i];
    }
    CAPTURE(any.value());
    CHECK(any.at_most(sum));
    // Those that keep to a rate do alarm at about that rate, so the bound is no empty one.
    CHECK(single[1].at_least(0.5 * share));
    CHECK(single[5].at_least(0.5 * share));
    CAPTURE(seen.value());
    CHECK(seen.at_least(0.95));
}
