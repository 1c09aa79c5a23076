// SPDX-License-Identifier: Apache-2.0
// Performance without labels: beside NannyML, merged in any order, saved and resumed, fed with nonsense.
#include "vedette/drift/performance_estimate.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "drift/performance_state.hpp"
#include "unit/drift/allocation_count.hpp"
#include "unit/drift/performance_samples.hpp"
#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/random.hpp"
#include "vedette/stats/isotonic.hpp"

using namespace vedette::drift;
using performance_samples::Sample;
using vedette::ErrorCode;
using vedette::testing::code_of;

namespace {

const double not_a_number = std::nan("");

std::size_t index(PerformanceMetric metric) {
    return static_cast<std::size_t>(metric);
}

PerformanceOptions options_of(const nlohmann::json& item) {
    PerformanceOptions options{.cells = 1024, .chunk_rows = item["chunk_rows"]};
    const auto& calibrated = item["calibrated"];
    const bool all = calibrated.is_boolean() ? calibrated.get<bool>() : calibrated[0].get<bool>();
    options.calibration = all ? CalibrationRule::always : CalibrationRule::never;
    return options;
}

// NannyML's numbers for each chunk of the live rows.
void compare_with_nannyml(const nlohmann::json& item, std::size_t columns) {
    const Sample all = performance_samples::from_oracle(item, columns);
    const std::size_t n = item["n"];
    const std::size_t width = item["chunk_rows"];
    const PerformanceReference reference = all.part(0, n).fit(options_of(item));
    for (std::size_t c = 0; c < item["chunks"].size(); ++c) {
        CAPTURE(c);
        PerformanceWindow window(reference);
        all.part(n + c * width, width).observe_into(window);
        const PerformanceEstimate estimate = window.estimate();
        CHECK(estimate.rows == width);
        for (std::size_t i = 0; i < performance_metric_count; ++i) {
            const auto metric = static_cast<PerformanceMetric>(i);
            const auto& expected = item["chunks"][c][performance_metric_name(metric)];
            CAPTURE(performance_metric_name(metric));
            const bool area = metric == PerformanceMetric::roc_auc;
            // Its sums of positives and negatives are rounded to five decimals.
            const double tolerance = area ? estimate.roc_auc_resolution + 1e-5 : 1e-9;
            CHECK(std::abs(estimate[metric].value - expected[0].get<double>()) <= tolerance);
            // Of ROC-AUC it leaves out the lowest positive.
            CHECK(reference.sampling_error(metric, width) ==
                  doctest::Approx(expected[1].get<double>()).epsilon(area ? 0.02 : 1e-10));
            CHECK(reference.thresholds(metric).lower == doctest::Approx(expected[2].get<double>()).epsilon(1e-10));
            CHECK(reference.thresholds(metric).upper == doctest::Approx(expected[3].get<double>()).epsilon(1e-10));
        }
        CHECK(estimate.roc_auc_resolution < 0.002);
    }
}

}  // namespace

TEST_CASE("Estimates, thresholds and sampling errors are NannyML's") {
    for (const auto& item : oracle_data("performance.json")["binary"]) compare_with_nannyml(item, 1);
    for (const auto& item : oracle_data("performance.json")["multiclass"]) compare_with_nannyml(item, 3);
}

TEST_CASE("Cells move ROC-AUC by no more than is said") {
    const Sample reference = performance_samples::binary(4000, 1);
    const Sample live = performance_samples::binary(3000, 2, -1.0);
    for (const auto rule : {CalibrationRule::never, CalibrationRule::always}) {
        const auto fine = reference.fit({.calibration = rule, .cells = 1024});
        PerformanceWindow best(fine);
        live.observe_into(best);
        // The definition, pair by pair.
        double wins = 0.0;
        double positives = 0.0;
        for (std::size_t i = 0; i < live.rows(); ++i) {
            const double p = fine.calibrate(0, live.scores[i]);
            positives += p;
            for (std::size_t j = 0; j < live.rows(); ++j) {
                const double q = fine.calibrate(0, live.scores[j]);
                if (live.scores[i] > live.scores[j]) wins += p * (1.0 - q);
                if (live.scores[i] == live.scores[j]) wins += 0.5 * p * (1.0 - q);
            }
        }
        const double exact = wins / (positives * (static_cast<double>(live.rows()) - positives));
        for (const std::size_t cells : {4U, 16U, 64U, 256U}) {
            CAPTURE(cells);
            PerformanceWindow window(reference.fit({.calibration = rule, .cells = cells}));
            live.observe_into(window);
            const PerformanceEstimate estimate = window.estimate();
            const double error = std::abs(estimate[PerformanceMetric::roc_auc].value - exact);
            CHECK(error <= estimate.roc_auc_resolution);
            if (cells == 4) CHECK(error > 1e-4);
            if (cells == 256) CHECK(estimate.roc_auc_resolution < 5e-4);
        }
    }
}

TEST_CASE("A look-up is the map, and the cells are those of the edges") {
    // Skewed scores: most of them in one slot of the table.
    vedette::Random random(5);
    Sample sample;
    for (std::size_t i = 0; i < 3000; ++i) {
        const double p = std::pow(random.uniform(), 12.0);
        sample.add({p}, p > 0.5 ? 1 : 0, random.uniform() < p ? 1 : 0);
    }
    const auto reference = sample.fit({.calibration = CalibrationRule::always});
    std::vector<double> labels(sample.labels.begin(), sample.labels.end());
    const auto map = vedette::stats::IsotonicMap::fit(sample.scores, labels);
    double worst = 0.0;
    const auto check = [&](double p) { worst = std::max(worst, std::abs(reference.calibrate(0, p) - map(p))); };
    for (const double p : sample.scores) check(p);
    for (std::size_t i = 0; i < 20'000; ++i) check(std::pow(random.uniform(), 20.0 * random.uniform()));
    for (const double p : {0.0, -0.0, 1.0, 5e-324, 1e-310, std::nextafter(1.0, 0.0)}) check(p);
    CHECK(worst <= 1e-15);
}

TEST_CASE("Windows merge in any order to the same bytes, and go on bit for bit") {
    for (const std::size_t columns : {1U, 4U}) {
        const Sample reference = performance_samples::any(600, columns, 3);
        const Sample live = performance_samples::any(500, columns, 4);
        const auto fitted = reference.fit();
        std::vector<PerformanceWindow> parts(4, PerformanceWindow(fitted));
        PerformanceWindow whole(fitted);
        live.observe_into(whole);
        for (std::size_t i = 0; i < 4; ++i) live.part(i * 125, 125).observe_into(parts[i]);
        PerformanceWindow forth(fitted);
        PerformanceWindow back(fitted);
        for (std::size_t i = 0; i < 4; ++i) {
            forth.merge(parts[i]);
            back.merge(parts[3 - i]);
        }
        CHECK(forth == whole);
        CHECK(forth.serialize() == whole.serialize());
        CHECK(back.serialize() == whole.serialize());
        PerformanceWindow resumed = PerformanceWindow::deserialize(fitted, parts[0].serialize());
        for (std::size_t i = 1; i < 4; ++i) live.part(i * 125, 125).observe_into(resumed);
        CHECK(resumed.serialize() == whole.serialize());
        // The reference too: another machine estimates the same.
        const auto restored = PerformanceReference::deserialize(fitted.serialize());
        CHECK(restored == fitted);
        CHECK(restored.serialize() == fitted.serialize());
        PerformanceWindow elsewhere(restored);
        live.observe_into(elsewhere);
        CHECK(elsewhere.serialize() == whole.serialize());
        CHECK(elsewhere.estimate()[PerformanceMetric::f1].value == whole.estimate()[PerformanceMetric::f1].value);
        whole.reset();
        CHECK(whole == PerformanceWindow(fitted));
    }
}

TEST_CASE("Rows that cannot be counted change nothing but their count") {
    const auto fitted = performance_samples::binary(200, 6).fit();
    PerformanceWindow window(fitted);
    const double infinity = std::numeric_limits<double>::infinity();
    for (const double bad : {not_a_number, infinity, -infinity, -1e-300, 1.0 + 1e-15, 1e308})
        CHECK(std::isnan(window.observe(bad, 1)));
    CHECK(std::isnan(window.observe(0.5, 2)));
    const std::vector<double> two{0.5, 0.5};
    CHECK(std::isnan(window.observe(std::span<const double>(two), 1)));
    CHECK(window.counts() == PerformanceCounts{0, 1, 5, 2, 0});
    for (const MetricEstimate& metric : window.estimate().metrics) CHECK(std::isnan(metric.value));
    CHECK(window.observe(0.5, 1) >= 0.0);
    CHECK(window.estimate().rows == 1);
    CHECK(code_of([&] { window.observe(two, std::vector<std::uint32_t>{1}); }) == ErrorCode::dimension_mismatch);
    CHECK(code_of([&] { (void)window.estimate(1.0); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)window.estimate_class(0); }) == ErrorCode::invalid_argument);
    const PerformanceWindow other(performance_samples::binary(200, 7).fit());
    CHECK(code_of([&] { window.merge(other); }) == ErrorCode::baseline_mismatch);
    CHECK(window.counts().rows == 1);
}

TEST_CASE("A row that several classes share is refused whole") {
    const auto fitted = performance_samples::any(400, 3, 8).fit();
    PerformanceWindow window(fitted);
    const PerformanceWindow empty(fitted);
    CHECK(std::isnan(window.observe(std::vector<double>{0.2, not_a_number, 0.3}, 0)));
    CHECK(std::isnan(window.observe(std::vector<double>{0.2, 0.5, 3.0}, 0)));
    CHECK(std::isnan(window.observe(std::vector<double>{0.2, 0.5, 0.3}, 3)));
    CHECK(std::isnan(window.observe(std::vector<double>{0.2, 0.5}, 0)));
    CHECK(std::isnan(window.observe(0.5, 0)));
    CHECK(window.estimate().rows == 0);
    window.reset();
    CHECK(window == empty);
    // All zero: nothing is known of the row.
    const auto plain = performance_samples::any(400, 3, 8).fit({.calibration = CalibrationRule::never});
    PerformanceWindow even(plain);
    CHECK(even.observe(std::vector<double>{0.0, 0.0, 0.0}, 2) == doctest::Approx(1.0 / 3.0));
}

namespace {

// A batch is what its rows are one by one: `right`, counts and bytes.
void check_batch(PerformanceWindow whole, const Sample& sample, std::size_t count) {
    CAPTURE(count);
    PerformanceWindow by_row = whole;
    PerformanceWindow by_column = whole;
    const std::span<const std::uint32_t> predictions(sample.predictions.data(), count);
    std::vector<double> expected;
    for (std::size_t i = 0; i < count; ++i) expected.push_back(by_row.observe(sample.row(i), predictions[i]));
    std::vector<double> right(count, -1.0);
    whole.observe(vedette::MatrixView<double>::row_major(sample.scores.data(), count, sample.columns), predictions,
                  right);
    for (std::size_t i = 0; i < count; ++i) {
        CAPTURE(i);
        REQUIRE(std::isnan(right[i]) == std::isnan(expected[i]));
        if (!std::isnan(expected[i])) REQUIRE(right[i] == expected[i]);
    }
    REQUIRE(whole.serialize() == by_row.serialize());
    std::vector<double> turned;
    for (std::size_t k = 0; k < sample.columns; ++k)
        for (std::size_t i = 0; i < count; ++i) turned.push_back(sample.row(i)[k]);
    by_column.observe(vedette::MatrixView<double>::column_major(turned.data(), count, sample.columns), predictions);
    REQUIRE(by_column.serialize() == by_row.serialize());
}

}  // namespace

TEST_CASE("Rows at once are counted as one by one, to the same bytes") {
    const double infinity = std::numeric_limits<double>::infinity();
    const double bad[] = {not_a_number, -not_a_number, infinity, -infinity, -1e-300, 1.0 + 1e-15, 1e308, -0.0};
    for (const std::size_t columns : {1U, 2U, 3U, 10U, 300U}) {
        CAPTURE(columns);
        const Sample reference = performance_samples::any(columns == 300 ? 1200 : 600, columns, 3);
        for (const auto rule : {CalibrationRule::always, CalibrationRule::never}) {
            const PerformanceWindow empty(reference.fit({.calibration = rule, .cells = 16}));
            Sample live = performance_samples::any(400, columns, 4);
            for (const std::size_t count : {0U, 1U, 7U, 8U, 9U, 127U, 128U, 129U, 400U})
                check_batch(empty, live, count);
            // Rows without any probability share it evenly; halves of the units that probabilities are counted in.
            for (std::size_t k = 0; k < columns; ++k) live.scores[5 * columns + k] = 0.0;
            for (std::size_t i = 20; i < 100; ++i) live.scores[i * columns] = static_cast<double>(2 * i + 1) * 0x1p-32;
            live.scores[100 * columns] = 1.0;
            check_batch(empty, live, 400);
            // What cannot be counted, in some of the blocks.
            for (std::size_t i = 0; i < std::size(bad); ++i)
                live.scores[(150 + 3 * i) * columns + i % columns] = bad[i];
            live.predictions[390] = static_cast<std::uint32_t>(columns + 5);
            check_batch(empty, live, 400);
        }
    }
    PerformanceWindow window(performance_samples::any(600, 3, 3).fit());
    const Sample live = performance_samples::any(4, 3, 4);
    const auto rows = vedette::MatrixView<double>::row_major(live.scores.data(), 4, 3);
    std::vector<double> few(3);
    CHECK(code_of([&] { window.observe(rows, std::vector<std::uint32_t>(3)); }) == ErrorCode::dimension_mismatch);
    CHECK(code_of([&] { window.observe(rows, live.predictions, few); }) == ErrorCode::dimension_mismatch);
    CHECK(code_of([&] {
              window.observe(vedette::MatrixView<double>::row_major(live.scores.data(), 4, 2), live.predictions);
          }) == ErrorCode::dimension_mismatch);
    CHECK(window.counts() == PerformanceCounts{});
}

TEST_CASE("A batch fills a window to the last row") {
    const auto fitted = performance_samples::binary(200, 11).fit();
    const auto bytes = PerformanceWindow(fitted).serialize();  // the view's
    const auto counters = vedette::Container::view(bytes).values<std::uint64_t>("counters");
    std::vector<std::uint64_t> full(counters.begin(), counters.end());
    full[0] = PerformanceWindow::maximum_rows - 5;
    vedette::ContainerWriter writer;
    writer.add("counts", std::vector<std::uint64_t>{full[0], 0, 0, 0, 0});
    writer.add("counters", full);
    writer.set_metadata("reference",
                        vedette::Container::view(PerformanceWindow(fitted).serialize()).metadata("reference"));
    const auto window = PerformanceWindow::deserialize(fitted, writer.finish("performance_window"));
    const Sample live = performance_samples::binary(20, 12);
    check_batch(window, live, 20);
    PerformanceWindow beyond = window;
    beyond.observe(live.scores, live.predictions);
    CHECK(beyond.counts() == PerformanceCounts{PerformanceWindow::maximum_rows, 0, 0, 0, 15});
}

TEST_CASE("One label only, ties only, and predictions of one class") {
    Sample sample;
    for (std::size_t i = 0; i < 50; ++i) sample.add({0.25}, 0, 0);
    const auto fitted = sample.fit();
    CHECK_FALSE(fitted.is_calibrated(0));
    CHECK(std::isnan(fitted.realised(PerformanceMetric::roc_auc)));
    CHECK(std::isnan(fitted.thresholds(PerformanceMetric::precision).lower));
    CHECK(std::isnan(fitted.sampling_error(PerformanceMetric::recall, 10)));
    CHECK(fitted.realised(PerformanceMetric::accuracy) == 1.0);
    PerformanceWindow window(fitted);
    sample.observe_into(window);
    const PerformanceEstimate estimate = window.estimate();
    CHECK(estimate[PerformanceMetric::accuracy].value == doctest::Approx(0.75));
    CHECK(std::isnan(estimate[PerformanceMetric::precision].value));
    CHECK(estimate[PerformanceMetric::recall].value == 0.0);
    CHECK(estimate[PerformanceMetric::roc_auc].value == doctest::Approx(0.5));
    CHECK(estimate.roc_auc_resolution < 1e-4);
    CHECK(performance_samples::any(60, 3, 9, true).fit().classes() == 3);
}

TEST_CASE("A reference is refused for what is wrong with it") {
    const Sample good = performance_samples::binary(100, 10);
    const auto code = [&](auto&& change) {
        Sample bad = good;
        PerformanceOptions options;
        change(bad, options);
        return code_of([&] { (void)bad.fit(options); });
    };
    CHECK(code([](Sample& s, auto&) { s.scores[3] = not_a_number; }) == ErrorCode::invalid_argument);
    CHECK(code([](Sample& s, auto&) { s.scores[3] = 1.5; }) == ErrorCode::invalid_argument);
    CHECK(code([](Sample& s, auto&) { s.labels[3] = 2; }) == ErrorCode::invalid_argument);
    CHECK(code([](Sample& s, auto&) { s.predictions[3] = 7; }) == ErrorCode::invalid_argument);
    CHECK(code([](Sample& s, auto&) { s.labels.pop_back(); }) == ErrorCode::dimension_mismatch);
    CHECK(code([](Sample& s, auto&) { s = s.part(0, 19); }) == ErrorCode::not_enough_data);
    CHECK(code([](Sample&, auto& o) { o.cells = 3; }) == ErrorCode::invalid_argument);
    CHECK(code([](Sample&, auto& o) { o.cells = 1025; }) == ErrorCode::invalid_argument);
    CHECK(code([](Sample&, auto& o) { o.deviations = not_a_number; }) == ErrorCode::invalid_argument);
    CHECK(code([](Sample&, auto& o) { o.calibration = static_cast<CalibrationRule>(9); }) ==
          ErrorCode::invalid_argument);
    CHECK(code([](Sample&, auto& o) { o.chunk_rows = 1'000'000; }) == ErrorCode{});
}

TEST_CASE("Files of windows and references are not believed") {
    const auto fitted = performance_samples::binary(200, 11).fit();
    PerformanceWindow window(fitted);
    performance_samples::binary(100, 12).observe_into(window);
    const auto bytes = window.serialize();
    const auto other = performance_samples::binary(200, 13).fit();
    CHECK(code_of([&] { (void)PerformanceWindow::deserialize(other, bytes); }) == ErrorCode::baseline_mismatch);
    const auto forge = [&](auto&& change) {
        const auto file = vedette::Container::view(bytes);
        const auto list = [&](const char* name) {
            const auto values = file.values<std::uint64_t>(name);
            return std::vector<std::uint64_t>(values.begin(), values.end());
        };
        auto counts = list("counts");
        auto counters = list("counters");
        change(counts, counters);
        vedette::ContainerWriter writer;
        writer.add("counts", counts);
        writer.add("counters", counters);
        writer.set_metadata("reference", file.metadata("reference"));
        return code_of([&] { (void)PerformanceWindow::deserialize(fitted, writer.finish("performance_window")); });
    };
    CHECK(forge([](auto&, auto&) {}) == ErrorCode{});
    CHECK(forge([](auto& counts, auto&) { ++counts[0]; }) == ErrorCode::corrupt_data);
    CHECK(forge([](auto& counts, auto&) { counts[1] = ~std::uint64_t{0}; }) == ErrorCode::corrupt_data);
    CHECK(forge([](auto&, auto& counters) { counters[0] += 1; }) == ErrorCode::corrupt_data);
    CHECK(forge([](auto&, auto& counters) { counters[0] = ~std::uint64_t{0}; }) == ErrorCode::corrupt_data);
    CHECK(forge([](auto&, auto& counters) { counters[1] = std::uint64_t{1} << 50U; }) == ErrorCode::corrupt_data);
    CHECK(forge([](auto&, auto& counters) { counters.pop_back(); }) == ErrorCode::corrupt_data);
    auto broken = fitted.serialize();
    for (std::size_t i = 0; i < broken.size(); i += 97) {
        auto copy = broken;
        copy[i] ^= std::byte{0x10};
        CHECK(code_of([&] { (void)PerformanceReference::deserialize(copy); }) != ErrorCode{});
    }
}

TEST_CASE("Counting rows allocates nothing") {
    const Sample sample = performance_samples::any(500, 3, 14);
    PerformanceWindow window(sample.fit());
    const std::size_t before = allocation_count();
    for (std::size_t i = 0; i < sample.rows(); ++i) window.observe(sample.row(i), sample.predictions[i]);
    CHECK(allocation_count() == before);
    CHECK(window.counts().rows == 500);
    CHECK(index(PerformanceMetric::roc_auc) == 5);
    for (std::size_t i = 0; i < performance_metric_count; ++i) {
        const auto metric = static_cast<PerformanceMetric>(i);
        CHECK(performance_metric(performance_metric_name(metric)) == metric);
    }
    CHECK_FALSE(performance_metric("auc").has_value());
}

TEST_CASE("performance: the table of scores finds what a search among all edges does, wherever they crowd") {
    vedette::Random random(5);
    // Edges u^power, at either end; 40 lie below 2^-100.
    for (const double power : {1.0, 4.0, 12.0, 40.0}) {
        for (const bool mirrored : {false, true}) {
            CAPTURE(power);
            CAPTURE(mirrored);
            const auto draw = [&] {
                const double score = std::pow(random.uniform(), power);
                return mirrored ? 1.0 - score : score;
            };
            std::vector<double> edges, x{0.0, 0.25, 0.5, 1.0}, y{0.0, 0.1, 0.9, 1.0};
            for (int i = 0; i < 300; ++i) edges.push_back(draw());
            std::sort(edges.begin(), edges.end());
            edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
            const auto map = vedette::stats::IsotonicMap::from_knots(x, y);
            const ScoreTable table(map, edges);
            std::vector<double> scores{0.0, 1.0, std::numeric_limits<double>::denorm_min(), 1.0 - 0x1p-53};
            for (int i = 0; i < 2000; ++i) scores.push_back(draw());
            for (const double edge : edges)
                for (const double beside : {std::nextafter(edge, -1.0), edge, std::nextafter(edge, 2.0)})
                    if (beside >= 0.0 && beside <= 1.0) scores.push_back(beside);
            for (const double score : scores) {
                CAPTURE(score);
                const auto found = table.find(score);
                const auto cell = std::upper_bound(edges.begin(), edges.end(), score) - edges.begin();
                REQUIRE(found.cell == static_cast<std::uint32_t>(cell));
                REQUIRE(found.probability == doctest::Approx(map(score)).epsilon(1e-12));
            }
        }
    }
}
