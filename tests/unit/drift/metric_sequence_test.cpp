// SPDX-License-Identifier: Apache-2.0
// Metrics at all times: their values are those of windows, their bounds hold, and so does the level of the alarm.
#include "vedette/drift/metric_sequence.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "allocation_count.hpp"
#include "scored_rows.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/realised_performance.hpp"

namespace drift = vedette::drift;
using drift::MetricSequence;
using drift::PerformanceMetric;
using vedette::ErrorCode;
using vedette::MonitorState;
using vedette::Random;
using vedette::testing::code_of;

namespace {

constexpr PerformanceMetric metrics[] = {PerformanceMetric::accuracy, PerformanceMetric::precision,
                                         PerformanceMetric::recall,   PerformanceMetric::specificity,
                                         PerformanceMetric::f1,       PerformanceMetric::roc_auc};

using scored_rows::draw;
using scored_rows::reference;
using scored_rows::Row;

// Three classes; the scores are what each is worth.
struct Row3 {
    double scores[3];
    std::uint32_t prediction;
    std::uint32_t label;
};

Row3 draw3(Random& random) {
    Row3 row{};
    double sum = 0.0;
    for (double& score : row.scores) sum += score = -std::log(1.0 - random.uniform());
    for (double& score : row.scores) score /= sum;
    row.prediction = static_cast<std::uint32_t>(std::max_element(row.scores, row.scores + 3) - row.scores);
    const double u = random.uniform();
    row.label = u < row.scores[0] ? 0 : u < row.scores[0] + row.scores[1] ? 1 : 2;
    return row;
}

drift::PerformanceReference reference3() {
    Random random(2);
    std::vector<double> scores;
    std::vector<std::uint32_t> predictions, labels;
    for (int i = 0; i < 3000; ++i) {
        const Row3 row = draw3(random);
        scores.insert(scores.end(), row.scores, row.scores + 3);
        predictions.push_back(row.prediction);
        labels.push_back(row.label);
    }
    return drift::PerformanceReference::fit(vedette::MatrixView<double>::row_major(scores.data(), 3000, 3), predictions,
                                            labels, {.calibration = drift::CalibrationRule::never});
}

MetricSequence sequence_of(const drift::PerformanceReference& known, PerformanceMetric metric, bool with_labels,
                           double level = 0.05, double tolerated = 0.3) {
    return MetricSequence(
        known,
        {.metric = metric, .with_labels = with_labels, .level = level, .alarm_level = level, .tolerated = tolerated});
}

}  // namespace

TEST_CASE("values of metric sequences are those of windows, and their bounds hold them") {
    const auto known = reference();
    for (const PerformanceMetric metric : metrics) {
        CAPTURE(drift::performance_metric_name(metric));
        MetricSequence estimated = sequence_of(known, metric, false);
        MetricSequence realised = sequence_of(known, metric, true);
        CHECK(std::isnan(estimated.value()));
        CHECK(estimated.bounds().lower == 0.0);
        CHECK(estimated.bounds().upper == 1.0);
        drift::PerformanceWindow window(known);
        drift::RealisedWindow labelled(known);
        Random random(3);
        for (int i = 0; i < 5000; ++i) {
            const Row row = draw(random, 0.8);
            window.observe(row.score, row.prediction);
            labelled.observe(row.score, row.prediction, row.label);
            estimated.observe({&row.score, 1}, row.prediction);
            realised.observe({&row.score, 1}, row.prediction, row.label);
        }
        // ROC-AUC is of other pairs: 2,500 and some 1,300 of them, sd below 0.5.
        const double near = metric == PerformanceMetric::roc_auc ? 0.05 : 1e-8;
        CHECK(std::abs(estimated.value() - window.value(metric)) < near);
        CHECK(std::abs(realised.value() - labelled.performance().metrics[static_cast<std::size_t>(metric)].value) <
              near);
        for (const MetricSequence* each : {&estimated, &realised}) {
            CHECK(each->bounds().lower < each->value());
            CHECK(each->bounds().upper > each->value());
            CHECK(each->bounds().upper - each->bounds().lower < 0.3);
            const auto bytes = each->serialize();
            CHECK(MetricSequence::deserialize(known, bytes).serialize() == bytes);
            for (std::size_t cut = 0; cut < bytes.size(); cut += 31)
                CHECK_THROWS_AS((void)MetricSequence::deserialize(known, std::span(bytes).first(cut)), vedette::Error);
        }
    }
}

TEST_CASE("metric sequences of several classes are those of windows, too") {
    const auto known = reference3();
    for (const PerformanceMetric metric : metrics) {
        CAPTURE(drift::performance_metric_name(metric));
        MetricSequence estimated = sequence_of(known, metric, false);
        MetricSequence realised = sequence_of(known, metric, true);
        drift::PerformanceWindow window(known);
        drift::RealisedWindow labelled(known);
        Random random(4);
        for (int i = 0; i < 4000; ++i) {
            const Row3 row = draw3(random);
            window.observe(row.scores, row.prediction);
            labelled.observe(row.scores, row.prediction, row.label);
            estimated.observe(row.scores, row.prediction);
            realised.observe(row.scores, row.prediction, row.label);
        }
        const double near = metric == PerformanceMetric::roc_auc ? 0.05 : 1e-6;
        CHECK(std::abs(estimated.value() - window.value(metric)) < near);
        CHECK(std::abs(realised.value() - labelled.performance().metrics[static_cast<std::size_t>(metric)].value) <
              near);
        CHECK(estimated.bounds().lower < estimated.value());
        CHECK(estimated.bounds().upper > estimated.value());
        CHECK(estimated.has_loss() == (metric == PerformanceMetric::accuracy));
        const auto bytes = realised.serialize();
        CHECK(MetricSequence::deserialize(known, bytes).serialize() == bytes);
    }
}

TEST_CASE("bounds at all times miss, and alarms come, no more often than their level, for every metric") {
    // True values of uniform scores: accuracy 3/4, precision 3/4, recall 3/4, specificity 3/4, F1 3/4; ROC-AUC 5/6.
    // 300 runs of 1,500 rows, looked at after each: a miss ever at level 0.1, an alarm ever at level 0.1 where just the
    // true loss is tolerated. More than 50 of 300 at a true rate of 0.1: probability below 2e-4, of 24 such checks.
    const auto known = reference();
    constexpr int runs = 300;
    for (const PerformanceMetric metric : metrics) {
        const double truth = metric == PerformanceMetric::roc_auc ? 5.0 / 6.0 : 0.75;
        for (const bool with_labels : {false, true}) {
            CAPTURE(drift::performance_metric_name(metric));
            CAPTURE(with_labels);
            int missed = 0, alarmed = 0;
            for (int run = 0; run < runs; ++run) {
                Random random(100 + static_cast<std::uint64_t>(run));
                MetricSequence sequence = sequence_of(known, metric, with_labels, 0.1, 1.0 - truth + 1e-9);
                bool has_missed = false;
                for (int i = 0; i < 1500; ++i) {
                    const Row row = draw(random);
                    with_labels ? sequence.observe({&row.score, 1}, row.prediction, row.label)
                                : sequence.observe({&row.score, 1}, row.prediction);
                    const vedette::Interval bounds = sequence.bounds();
                    has_missed = has_missed || bounds.lower > truth || bounds.upper < truth;
                }
                missed += has_missed ? 1 : 0;
                alarmed += sequence.alarms() > 0 ? 1 : 0;
            }
            CHECK(missed <= 50);
            CHECK(alarmed <= 50);
        }
    }
}

TEST_CASE("a metric that falls below what is tolerated alarms, and one above does not") {
    const auto known = reference();
    for (const PerformanceMetric metric : metrics) {
        const double truth = metric == PerformanceMetric::roc_auc ? 5.0 / 6.0 : 0.75;
        for (const bool with_labels : {false, true}) {
            CAPTURE(drift::performance_metric_name(metric));
            CAPTURE(with_labels);
            MetricSequence strict = sequence_of(known, metric, with_labels, 0.01, 1.0 - truth - 0.1);
            MetricSequence lenient = sequence_of(known, metric, with_labels, 0.01, 1.0 - truth + 0.1);
            Random random(8);
            const std::size_t allocations = allocation_count();
            for (int i = 0; i < 6000; ++i) {
                const Row row = draw(random);
                for (MetricSequence* each : {&strict, &lenient})
                    with_labels ? each->observe({&row.score, 1}, row.prediction, row.label)
                                : each->observe({&row.score, 1}, row.prediction);
            }
            CHECK(allocation_count() == allocations);
            CHECK(strict.alarms() > 0);
            CHECK(lenient.alarms() == 0);
            MonitorState said = MonitorState::in_control;
            while (said != MonitorState::change) {
                const Row row = draw(random);
                said = with_labels ? strict.observe({&row.score, 1}, row.prediction, row.label)
                                   : strict.observe({&row.score, 1}, row.prediction);
            }
            const double none = std::nan("");  // refused: a change is said once
            CHECK((with_labels ? strict.observe({&none, 1}, 1, 1) : strict.observe({&none, 1}, 1)) ==
                  MonitorState::in_control);
        }
    }
    // Macro averages.
    const auto three = reference3();
    MetricSequence strict = sequence_of(three, PerformanceMetric::f1, false, 0.01, 0.05);
    MetricSequence lenient = sequence_of(three, PerformanceMetric::f1, false, 0.01, 0.6);
    Random random(9);
    int told = 0;
    const double none[3] = {std::nan(""), 0.5, 0.5};
    for (int i = 0; i < 6000; ++i) {
        const Row3 row = draw3(random);
        told += strict.observe(row.scores, row.prediction) == MonitorState::change ? 1 : 0;
        told += strict.observe(none, 0) == MonitorState::change ? 1 : 0;  // refused: told once all the same
        lenient.observe(row.scores, row.prediction);
    }
    CHECK(told == 1);
    CHECK(strict.alarms() == 1);
    CHECK(lenient.alarms() == 0);
}

TEST_CASE("metric sequences merge, take late labels, and refuse what they must") {
    const auto known = reference();
    MetricSequence whole = sequence_of(known, PerformanceMetric::recall, true);
    MetricSequence a = sequence_of(known, PerformanceMetric::recall, true);
    MetricSequence b = sequence_of(known, PerformanceMetric::recall, true);
    MetricSequence joined = sequence_of(known, PerformanceMetric::recall, true);
    drift::LabelJoin join(known);
    drift::RealisedWindow window(known);
    Random random(6);
    for (std::uint64_t i = 0; i < 2000; ++i) {
        const Row row = draw(random);
        whole.observe({&row.score, 1}, row.prediction, row.label);
        (i % 2 == 0 ? a : b).observe({&row.score, 1}, row.prediction, row.label);
        join.predict(i, i, row.score, row.prediction);
        join.label(i, i + 1, row.label, window, nullptr, &joined);
    }
    CHECK(joined.serialize() == whole.serialize());
    a.merge(b);
    CHECK(a.value() == doctest::Approx(whole.value()).epsilon(1e-12));
    CHECK(a.values() == whole.values());
    CHECK(code_of([&] { a.merge(a); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { a.merge(sequence_of(known, PerformanceMetric::f1, true)); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { a.merge(sequence_of(reference3(), PerformanceMetric::recall, true)); }) ==
          ErrorCode::baseline_mismatch);
    CHECK(code_of([&] { (void)MetricSequence::deserialize(reference3(), a.serialize()); }) ==
          ErrorCode::baseline_mismatch);

    MetricSequence estimated = sequence_of(known, PerformanceMetric::f1, false);
    const double bad[] = {std::nan(""), 1.5, -0.1, std::numeric_limits<double>::infinity()};
    for (const double score : bad) estimated.observe({&score, 1}, 1);
    const double good = 0.7;
    estimated.observe({&good, 1}, 2);
    estimated.observe({&good, 0}, 1);
    estimated.observe({&good, 1}, 1, 1);  // it takes rows without labels
    CHECK(estimated.counts().rows == 0);
    CHECK(estimated.counts().nan == 1);
    CHECK(estimated.counts().out_of_range == 3);
    CHECK(estimated.counts().unknown_class == 2);
    CHECK(std::isnan(estimated.value()));
    CHECK(code_of([&] { (void)sequence_of(known, PerformanceMetric::f1, false, 0.0); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)sequence_of(known, PerformanceMetric::f1, false, 0.1, 1.0); }) ==
          ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)sequence_of(known, static_cast<PerformanceMetric>(9), false); }) ==
          ErrorCode::invalid_argument);
}
