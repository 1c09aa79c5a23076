// SPDX-License-Identifier: Apache-2.0
// Whatever watches a stream takes no memory after it was made, and its file does not lengthen. How many updates each
// gets says VEDETTE_UPDATES; `ctest -C slow -L slow` gives 10^8 to every one.
#include "unit/drift/constant_memory.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "unit/drift/bank_makers.hpp"
#include "unit/drift/monitor_makers.hpp"
#include "unit/drift/performance_samples.hpp"
#include "unit/test_values.hpp"
#include "vedette/drift/any_monitor.hpp"
#include "vedette/drift/mmd_monitor.hpp"
#include "vedette/drift/realised_performance.hpp"
#include "vedette/stats/betting_sequence.hpp"
#include "vedette/stats/confidence_sequence.hpp"

#if !defined(VEDETTE_SANITIZED)

namespace drift = vedette::drift;
namespace stats = vedette::stats;

using constant_memory::check_constant;
using constant_memory::updates;

namespace {

monitor_makers::Values values_of(drift::MonitorKind kind, const char* options) {
    switch (drift::monitor_values(kind, options)) {
        case drift::MonitorValues::shares: return monitor_makers::Values::shares;
        case drift::MonitorValues::errors: return monitor_makers::Values::errors;
        case drift::MonitorValues::any: break;
    }
    return monitor_makers::Values::real;
}

void check_monitor(drift::MonitorKind kind, const char* options, std::uint64_t count) {
    const auto values = monitor_makers::stream(values_of(kind, options), 1 << 12);
    drift::AnyMonitor monitor = drift::make_monitor(kind, options, {.values = monitor_makers::reference()});
    check_constant(
        std::string(drift::monitor_kind_name(kind)) + " " + options, count,
        [&](std::uint64_t i) { monitor.update(values[i % values.size()]); },
        [&] { return monitor.serialize().size(); });
    CHECK(monitor.seen() == count);
    CHECK(monitor.counts().accepted == count / monitor.block_length());
}

template <class Sequence, class Take>
void check_sequence(const char* what, Sequence sequence, std::uint64_t count, Take&& take) {
    check_constant(
        what, count, [&](std::uint64_t i) { take(sequence, i); }, [&] { return sequence.serialize().size(); });
}

}  // namespace

TEST_CASE("memory is constant for ever: no monitor of values allocates, and no file of one lengthens") {
    for (std::uint8_t i = 0; i < drift::monitor_kind_count; ++i) {
        const auto kind = static_cast<drift::MonitorKind>(i);
        const bool is_dear = kind == drift::MonitorKind::kswin || kind == drift::MonitorKind::incremental_ks;
        check_monitor(kind, "", updates(is_dear ? 1 << 17 : 1 << 21));
    }
    check_monitor(drift::MonitorKind::adwin, "rule=moa", updates(1 << 21));
    check_monitor(drift::MonitorKind::mean_monitor, "rule=betting,cells=16", updates(1 << 19));
    check_monitor(drift::MonitorKind::mean_monitor, "rule=proportion", updates(1 << 21));
    check_monitor(drift::MonitorKind::e_process, "level=1e-100", updates(1 << 21));
    check_monitor(drift::MonitorKind::e_detector, "rule=cusum", updates(1 << 21));
    check_monitor(drift::MonitorKind::page_hinkley, "block=5", updates(1 << 21));
}

TEST_CASE("memory is constant for ever: no bank allocates, and no file of one lengthens") {
    bank_makers::for_each_bank([](auto bank, double level) {
        constexpr std::size_t rows = 512;
        const auto values = bank_makers::rows_of(bank.features(), rows, level, false);
        // Updates of a bank are those of its features.
        check_constant(
            "bank", updates(1 << 21) / bank.features(),
            [&](std::uint64_t i) {
                bank.update(std::span<const double>(values).subspan(i % rows * bank.features(), bank.features()));
            },
            [&] { return bank.serialize().size(); });
    });
}

TEST_CASE("memory is constant for ever: the MMD of rows") {
    constexpr std::size_t columns = 2;
    const auto reference = vedette::testing::normals(300 * columns, 1);
    const auto values = vedette::testing::normals(4096 * columns, 2);
    drift::MmdMonitor<double> monitor(
        vedette::MatrixView<double>::row_major(reference.data(), 300, columns),
        {.features = 8, .window = 20, .expected_run = 60.0, .simulations = 1000, .seed = 3});
    check_constant(
        "mmd_monitor", updates(1 << 18),
        [&](std::uint64_t i) { monitor.update(std::span(values).subspan(i % 4096 * columns, columns)); },
        [&] { return monitor.serialize().size(); });
}

TEST_CASE("memory is constant for ever: confidence sequences") {
    check_sequence("mean", stats::MeanConfidenceSequence(), updates(1 << 21), [](auto& sequence, std::uint64_t i) {
        (void)sequence.update(static_cast<double>(i % 17) / 16.0);
        if (i % 1024 == 0) (void)sequence.bounds();
    });
    check_sequence("proportion", stats::ProportionConfidenceSequence(), updates(1 << 21),
                   [](auto& sequence, std::uint64_t i) {
                       (void)sequence.update(i % 5 == 0);
                       if (i % 1024 == 0) (void)sequence.bounds();
                   });
    check_sequence("betting", stats::BettingConfidenceSequence({.cells = 16}), updates(1 << 19),
                   [](auto& sequence, std::uint64_t i) {
                       (void)sequence.update(static_cast<double>(i % 17) / 16.0);
                       if (i % 1024 == 0) (void)sequence.bounds();
                   });
}

TEST_CASE("memory is constant for ever: performance without labels, and with late ones") {
    const auto sample = performance_samples::binary(1024, 5);
    const drift::PerformanceReference reference = sample.fit();
    drift::PerformanceWindow live(reference);
    drift::RealisedWindow known(reference);
    drift::LabelJoin join(reference, {.capacity = 1000, .longest_wait = 2500});
    for (std::uint64_t id = 0; id < 3000; ++id) join.predict(id, id, 0.5, 0);  // the buffer is full
    check_constant(
        "performance", updates(1 << 20),
        [&](std::uint64_t i) {
            const std::size_t row = i % 1024;
            (void)live.observe(sample.row(row), sample.predictions[row]);
            join.predict(3000 + i, 3000 + i, sample.row(row), sample.predictions[row]);
            // A third never comes, a third comes too late, and some of the rest twice.
            if (i > 2000 && i % 3 == 0) join.label(3000 + i - 1500, 3000 + i, sample.labels[row], known);
            if (i > 2000 && i % 3 == 1) join.label(3000 + i - 500, 3000 + i, sample.labels[row], known);
            if (i > 2000 && i % 30 == 1) join.label(3000 + i - 500, 3000 + i, sample.labels[row], known);
        },
        [&] { return live.serialize().size() + known.serialize().size() + join.serialize().size(); });
    CHECK(join.counts().joined > 0);
    CHECK(join.counts().unknown > 0);
    CHECK(join.counts().displaced > 0);
}

#endif
