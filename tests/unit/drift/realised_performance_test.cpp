// SPDX-License-Identifier: Apache-2.0
// Labels that come late, twice, never, or for nobody.
#include "vedette/drift/realised_performance.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <deque>
#include <map>

#include "unit/drift/allocation_count.hpp"
#include "unit/drift/performance_samples.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/container.hpp"
#include "vedette/stats/isotonic.hpp"

using namespace vedette::drift;
using performance_samples::Sample;
using vedette::ErrorCode;
using vedette::testing::code_of;

namespace {

// What a join should do, written without cleverness.
struct PlainJoin {
    struct Row {
        std::uint64_t id, time;
        bool waits;
    };
    std::size_t capacity;
    std::uint64_t longest;
    std::deque<Row> rows{};
    std::uint64_t now = 0;
    LabelJoinCounts counts{};
    std::vector<std::uint64_t> delays{};

    void advance(std::uint64_t time) {
        now = std::max(now, time);
        while (!rows.empty() && now - rows.front().time > longest) {
            counts.expired += rows.front().waits ? 1U : 0U;
            rows.pop_front();
        }
    }
    Row* waiting(std::uint64_t id) {
        for (Row& row : rows)
            if (row.waits && row.id == id) return &row;
        return nullptr;
    }
    bool predict(std::uint64_t id, std::uint64_t time) {
        advance(time);
        if (waiting(id) != nullptr) {
            ++counts.duplicates;
            return false;
        }
        if (rows.size() == capacity) {
            counts.displaced += rows.front().waits ? 1U : 0U;
            rows.pop_front();
        }
        rows.push_back({id, now, true});
        ++counts.predictions;
        return true;
    }
    bool label(std::uint64_t id, std::uint64_t time) {
        advance(time);
        Row* row = waiting(id);
        if (row == nullptr) {
            ++counts.unknown;
            return false;
        }
        row->waits = false;
        ++counts.joined;
        delays.push_back(now - row->time);
        return true;
    }
};

}  // namespace

TEST_CASE("A join does what a plain list would, through collisions, duplicates, expiry and lack of room") {
    const PerformanceReference reference = performance_samples::binary(100, 1).fit();
    for (const std::size_t capacity : {1U, 7U, 64U}) {
        LabelJoin join(reference, {capacity, 40, 99});
        PlainJoin plain{capacity, 40};
        RealisedWindow window(reference);
        RealisedWindow resumed_window(reference);
        vedette::Random random(capacity);
        std::uint64_t time = 0;
        for (std::size_t i = 0; i < 4000; ++i) {
            const auto pick = [&](std::uint64_t below) { return random() % below; };
            time += pick(4) == 0 ? pick(9) : 0;
            const std::uint64_t said = pick(20) == 0 && time > 5 ? time - 5 : time;  // a clock that runs back
            const std::uint64_t id = pick(90);
            if (pick(2) == 0) {
                CHECK(join.predict(id, said, random.uniform(), static_cast<std::uint32_t>(pick(2))) ==
                      plain.predict(id, said));
            } else {
                CHECK(join.label(id, said, static_cast<std::uint32_t>(pick(2)), window) == plain.label(id, said));
            }
            REQUIRE(join.counts() == plain.counts);
            // Saved and resumed at any point.
            if (i % 500 == 250) {
                const auto bytes = join.serialize();
                join = LabelJoin::deserialize(reference, bytes);
                CHECK(join.serialize() == bytes);
            }
        }
        CHECK(window.counts().rows == plain.counts.joined);
        DelayCounts delays;
        for (const std::uint64_t delay : plain.delays) delays.add(delay);
        CHECK(window.delays() == delays);
        CHECK((capacity < 64 ? plain.counts.displaced : plain.counts.expired) > 0);
    }
}

TEST_CASE("Joined, observed in a batch and merged: the same window") {
    for (const std::size_t columns : {1U, 3U}) {
        const Sample sample = performance_samples::any(300, columns, 2);
        const PerformanceReference reference = performance_samples::any(400, columns, 3).fit();
        LabelJoin join(reference);
        RealisedWindow joined(reference);
        RealisedWindow batch(reference);
        std::vector<RealisedWindow> parts(3, RealisedWindow(reference));
        for (std::size_t i = 0; i < sample.rows(); ++i) join.predict(i, 10, sample.row(i), sample.predictions[i]);
        CHECK(join.waiting() == 300);
        std::size_t right_ones = 0;
        for (std::size_t i = sample.rows(); i-- > 0;) {
            bool right = false;
            CHECK(join.label(i, 10, sample.labels[i], i % 2 == 0 ? parts[0] : parts[1], &right));
            right_ones += right ? 1U : 0U;
        }
        CHECK(join.waiting() == 0);
        joined.merge(parts[1]);
        joined.merge(parts[2]);
        joined.merge(parts[0]);
        CHECK(joined.delays().count() == 300);
        CHECK(joined.delays().quantile(1.0) == 0);
        batch.observe(vedette::MatrixView<double>::row_major(sample.scores.data(), 300, columns), sample.predictions,
                      sample.labels);
        CHECK(batch.counts() == joined.counts());
        const PerformanceEstimate a = batch.performance();
        const PerformanceEstimate b = joined.performance();
        for (std::size_t i = 0; i < performance_metric_count; ++i) CHECK(a.metrics[i].value == b.metrics[i].value);
        CHECK(a[PerformanceMetric::accuracy].value == doctest::Approx(static_cast<double>(right_ones) / 300.0));
        CHECK(RealisedWindow::deserialize(reference, joined.serialize()) == joined);
        joined.reset();
        CHECK(joined == RealisedWindow(reference));
    }
}

TEST_CASE("Realised metrics are the definitions, with intervals around them") {
    const Sample sample = performance_samples::binary(500, 4);
    const PerformanceReference reference = sample.fit({.cells = 1024});
    RealisedWindow window(reference);
    for (std::size_t i = 0; i < 500; ++i) window.observe(sample.row(i), sample.predictions[i], sample.labels[i]);
    const PerformanceEstimate estimate = window.performance(0.99);
    for (std::size_t i = 0; i < performance_metric_count; ++i) {
        const auto metric = static_cast<PerformanceMetric>(i);
        CAPTURE(performance_metric_name(metric));
        CHECK(std::abs(estimate[metric].value - reference.realised(metric)) <=
              (metric == PerformanceMetric::roc_auc ? estimate.roc_auc_resolution : 1e-12));
        CHECK(estimate[metric].interval.lower < estimate[metric].value);
        CHECK(estimate[metric].interval.upper > estimate[metric].value);
        CHECK(estimate[metric].realised.lower == estimate[metric].value);
    }
    const ConfusionCounts corners = window.confusion();
    CHECK(corners.true_positives == static_cast<double>(reference.confusion()[3]));
    CHECK(corners.false_negatives == static_cast<double>(reference.confusion()[1]));
    // All right: an interval all the same.
    RealisedWindow perfect(reference);
    for (std::size_t i = 0; i < 30; ++i) perfect.observe(i % 2 == 0 ? 0.9 : 0.1, i % 2 == 0, i % 2 == 0);
    const PerformanceEstimate sure = perfect.performance();
    for (const MetricEstimate& metric : sure.metrics) {
        CHECK(metric.value == 1.0);
        CHECK(metric.interval.lower < 1.0);
        CHECK(metric.interval.lower > 0.7);
        CHECK(metric.interval.upper == doctest::Approx(1.0));
    }
}

TEST_CASE("Refused rows and labels change nothing but counts") {
    const PerformanceReference reference = performance_samples::binary(100, 5).fit();
    RealisedWindow window(reference);
    CHECK_FALSE(window.observe(std::nan(""), 1, 1));
    CHECK_FALSE(window.observe(1.5, 1, 1));
    CHECK_FALSE(window.observe(0.5, 2, 1));
    CHECK_FALSE(window.observe(0.5, 1, 2));
    CHECK(window.counts() == PerformanceCounts{0, 1, 1, 2, 0});
    CHECK(std::isnan(window.performance()[PerformanceMetric::accuracy].value));
    CHECK(std::isnan(window.gap().p_value));
    CHECK(window.delays().quantile(0.5) == 0);
    LabelJoin join(reference, {4, 100, 0});
    CHECK_FALSE(join.predict(1, 0, std::nan(""), 1));
    CHECK_FALSE(join.predict(1, 0, 0.5, 9));
    CHECK(join.predict(1, 0, 0.5, 1));
    CHECK_FALSE(join.label(1, 1, 2, window));
    CHECK(join.waiting() == 1);
    RealisedWindow other(performance_samples::binary(100, 6).fit());
    CHECK_FALSE(join.label(1, 1, 1, other));
    CHECK(code_of([&] { window.merge(other); }) == ErrorCode::baseline_mismatch);
    CHECK(join.label(1, 1, 1, window));
    CHECK_FALSE(join.label(1, 1, 1, window));
    CHECK(join.counts() == LabelJoinCounts{1, 2, 0, 1, 1, 1, 0, 0});
    const std::size_t before = allocation_count();
    for (std::uint64_t i = 0; i < 1000; ++i) {
        join.predict(i << 32U, i, 0.25, 0);
        join.label(i << 32U, ~std::uint64_t{0}, 0, window);
    }
    CHECK(allocation_count() == before);
    CHECK(code_of([&] { LabelJoin(reference, {0, 1, 0}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { LabelJoin(reference, {(std::size_t{1} << 24U) + 1, 1, 0}); }) == ErrorCode::invalid_argument);
}

TEST_CASE("Delays are known to an eighth") {
    for (const std::uint64_t delay :
         {std::uint64_t{0}, std::uint64_t{15}, std::uint64_t{16}, std::uint64_t{17}, std::uint64_t{1000},
          std::uint64_t{1} << 40U, (std::uint64_t{1} << 63U) + 12345, ~std::uint64_t{0}}) {
        DelayCounts delays;
        delays.add(delay);
        for (const double p : {0.0, 0.5, 1.0}) {
            const std::uint64_t read = delays.quantile(p);
            CHECK(read <= delay);
            CHECK(delay - read <= delay / 8);
        }
    }
    DelayCounts many;
    for (std::uint64_t i = 0; i < 10; ++i) many.add(i);
    CHECK(many.quantile(0.5) == 4);
    CHECK(many.quantile(-3.0) == 0);
    CHECK(many.quantile(2.0) == 9);
}

TEST_CASE("Windows and joins from files are not believed") {
    const PerformanceReference reference = performance_samples::binary(100, 7).fit();
    LabelJoin join(reference, {8, 100, 0});
    for (std::uint64_t i = 0; i < 5; ++i) join.predict(i, i, 0.5, 1);
    RealisedWindow window(reference);
    join.label(2, 50, 1, window);
    const auto forge = [&](auto&& change) {
        const auto bytes = join.serialize();
        const auto file = vedette::Container::view(bytes);
        const auto list = [&]<class T>(const char* name, T) {
            const auto values = file.values<T>(name);
            return std::vector<T>(values.begin(), values.end());
        };
        auto options = list("options", std::uint64_t{});
        auto times = list("times", std::uint64_t{});
        auto ids = list("ids", std::uint64_t{});
        auto rows = list("rows", std::uint32_t{});
        auto cells = list("cells", std::uint32_t{});
        change(options, times, ids, rows, cells);
        vedette::ContainerWriter writer;
        writer.add("options", options);
        writer.add("counts", list("counts", std::uint64_t{}));
        writer.add("ids", ids);
        writer.add("times", times);
        writer.add("rows", rows);
        writer.add("cells", cells);
        writer.set_metadata("reference", file.metadata("reference"));
        return code_of([&] { (void)LabelJoin::deserialize(reference, writer.finish("label_join")); });
    };
    CHECK(forge([](auto&, auto&, auto&, auto&, auto&) {}) == ErrorCode{});
    CHECK(forge([](auto& o, auto&, auto&, auto&, auto&) { o[0] = 4; }) == ErrorCode::corrupt_data);
    CHECK(forge([](auto& o, auto&, auto&, auto&, auto&) { o[0] = ~std::uint64_t{0}; }) == ErrorCode::corrupt_data);
    CHECK(forge([](auto&, auto& t, auto&, auto&, auto&) { t[0] = 77; }) == ErrorCode::corrupt_data);
    CHECK(forge([](auto&, auto&, auto& i, auto&, auto&) { i[0] = i[1]; }) == ErrorCode::corrupt_data);
    CHECK(forge([](auto&, auto&, auto&, auto& r, auto&) { r[0] = 2; }) == ErrorCode::corrupt_data);
    CHECK(forge([](auto&, auto&, auto&, auto& r, auto&) { r[1] = ~0U; }) == ErrorCode::corrupt_data);
    CHECK(forge([](auto&, auto&, auto&, auto&, auto& c) { c[0] = 9999; }) == ErrorCode::corrupt_data);
    const PerformanceReference other = performance_samples::binary(100, 8).fit();
    CHECK(code_of([&] { (void)LabelJoin::deserialize(other, join.serialize()); }) == ErrorCode::baseline_mismatch);
    CHECK(code_of([&] { (void)RealisedWindow::deserialize(other, window.serialize()); }) ==
          ErrorCode::baseline_mismatch);
    CHECK(code_of([&] { (void)RealisedWindow::deserialize(reference, join.serialize()); }) == ErrorCode::corrupt_data);
}

TEST_CASE("Ids that differ little, and a table full to its half") {
    const PerformanceReference reference = performance_samples::binary(100, 9).fit();
    LabelJoin join(reference, {1024, ~std::uint64_t{0}, 0});
    RealisedWindow window(reference);
    for (const std::uint64_t step : {std::uint64_t{1}, std::uint64_t{2048}, std::uint64_t{1} << 40U}) {
        for (std::uint64_t i = 0; i < 1024; ++i) CHECK(join.predict(i * step, 0, 0.5, 1));
        for (std::uint64_t i = 1024; i-- > 0;) CHECK(join.label(i * step, 0, 1, window));
    }
    CHECK(window.counts().rows == 3072);
}
