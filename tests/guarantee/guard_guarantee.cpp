// SPDX-License-Identifier: Apache-2.0
// The promise as a user meets it: learn, count, assess; without drift, how often does the report cry wolf?
#include <doctest/doctest.h>

#include <cmath>
#include <string_view>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/guard/report.hpp"
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

TEST_CASE("the default tolerance turns false evidence into warnings, not alarms") {
    const Rates rates = simulate(1000, 1000, stats::Correction::benjamini_hochberg, 0.05, 0.05, 14);
    check_level(rates.evidence, 0.05, 0.025);
    CHECK(rates.alarms <= 2);
}
