// SPDX-License-Identifier: Apache-2.0
// Metrics looked at 1e5 times: bounds ever miss, and alarms ever come falsely, no more often than their levels.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "guarantee/rate.hpp"
#include "unit/drift/scored_rows.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/metric_sequence.hpp"

namespace drift = vedette::drift;
using drift::MetricSequence;
using drift::PerformanceMetric;
using vedette::Random;

namespace {

constexpr std::size_t looks = 100'000;
constexpr double level = 0.2;

using scored_rows::draw;
using scored_rows::reference;
using scored_rows::Row;

double truth_of(PerformanceMetric metric) {
    return metric == PerformanceMetric::roc_auc ? 5.0 / 6.0 : 0.75;
}

void observe(MetricSequence& sequence, const Row& row) {
    if (sequence.options().with_labels)
        sequence.observe({&row.score, 1}, row.prediction, row.label);
    else
        sequence.observe({&row.score, 1}, row.prediction);
}

// Bounds cost more than rows: they are looked at after each of the first 200, then after every 16th.
bool is_looked_at(std::size_t i) {
    return i < 200 || i % 16 == 0;
}

}  // namespace

TEST_CASE("bounds of every metric ever miss, and just tolerated metrics ever alarm, within 1e5 looks at their level") {
    const auto known = reference();
    for (std::size_t m = 0; m < drift::performance_metric_count; ++m) {
        const auto metric = static_cast<PerformanceMetric>(m);
        const double truth = truth_of(metric);
        for (const bool with_labels : {false, true}) {
            const drift::MetricSequenceOptions options{.metric = metric,
                                                       .with_labels = with_labels,
                                                       .level = level,
                                                       .alarm_level = level,
                                                       .tolerated = 1.0 - truth + 1e-9};
            Rate missed, missed_by_narrow, alarmed;
            for (std::uint64_t run = 0; run < runs_of(40); ++run) {
                Random random(run, m);
                MetricSequence sequence(known, options);
                bool misses = false, narrow_misses = false;
                for (std::size_t i = 0; i < looks; ++i) {
                    observe(sequence, draw(random));
                    if (!is_looked_at(i)) continue;
                    const vedette::Interval bounds = sequence.bounds();
                    misses = misses || bounds.lower > truth || bounds.upper < truth;
                    const double value = sequence.value();
                    // Not of the first rows, whose bounds are all there is: a quarter of them says nothing.
                    narrow_misses = narrow_misses || (i >= 200 && (value - 0.25 * (value - bounds.lower) > truth ||
                                                                   value + 0.25 * (bounds.upper - value) < truth));
                }
                missed.add(misses);
                missed_by_narrow.add(narrow_misses);
                alarmed.add(sequence.alarms() > 0);
            }
            MESSAGE(std::string(drift::performance_metric_name(metric))
                    << std::string(with_labels ? " by labels" : "") << ": missed " << missed.value()
                    << ", a quarter as wide " << missed_by_narrow.value() << ", alarmed " << alarmed.value());
            CHECK(missed.at_most(level));
            CHECK(alarmed.at_most(level));
            // So wide that no rate shows a level that is too large; a quarter of the width must be found out.
            CHECK_FALSE(missed_by_narrow.at_most(level));
        }
    }
}

TEST_CASE("a metric below what is tolerated by 0.03 is found within 1e5 rows, each") {
    const auto known = reference();
    for (std::size_t m = 0; m < drift::performance_metric_count; ++m)
        for (const bool with_labels : {false, true}) {
            const auto metric = static_cast<PerformanceMetric>(m);
            CAPTURE(drift::performance_metric_name(metric));
            CAPTURE(with_labels);
            for (std::uint64_t run = 0; run < 3; ++run) {
                Random random(100 + run, m);
                MetricSequence sequence(known, {.metric = metric,
                                                .with_labels = with_labels,
                                                .alarm_level = 0.01,
                                                .tolerated = 1.0 - truth_of(metric) - 0.03});
                for (std::size_t i = 0; i < looks && sequence.alarms() == 0; ++i) observe(sequence, draw(random));
                CHECK(sequence.alarms() > 0);
            }
        }
}
