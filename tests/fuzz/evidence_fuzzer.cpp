// SPDX-License-Identifier: Apache-2.0
// Fuzzes the readers of confidence sequences, joined evidence, performance references, performance windows, metric
// sequences and label joins, as given and with the checksum mended; what is accepted must work and be canonical.
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "container_input.hpp"
#include "known_performance.hpp"
#include "promise.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/joined_evidence.hpp"
#include "vedette/drift/metric_sequence.hpp"
#include "vedette/drift/performance_estimate.hpp"
#include "vedette/drift/realised_performance.hpp"
#include "vedette/stats/betting_sequence.hpp"
#include "vedette/stats/confidence_sequence.hpp"

namespace {

namespace drift = vedette::drift;
namespace stats = vedette::stats;

using vedette::fuzzing::attempt;
using vedette::fuzzing::require;

void check(stats::MeanConfidenceSequence sequence) {
    require(stats::MeanConfidenceSequence::deserialize(sequence.serialize()).serialize() == sequence.serialize(),
            "a mean's bytes are not canonical");
    for (int i = 0; i < 50; ++i) sequence.update(i % 2 == 0 ? sequence.options().lower : sequence.options().upper);
    const vedette::Interval bounds = sequence.bounds();
    require(bounds.lower <= bounds.upper, "a mean's bounds are crossed");
    require(bounds.lower >= sequence.options().lower && bounds.upper <= sequence.options().upper, "out of range");
    require(stats::MeanConfidenceSequence::deserialize(sequence.serialize()).count() == sequence.count(), "lost");
}

void check(stats::ProportionConfidenceSequence sequence) {
    require(stats::ProportionConfidenceSequence::deserialize(sequence.serialize()).serialize() == sequence.serialize(),
            "a proportion's bytes are not canonical");
    for (int i = 0; i < 50; ++i) sequence.update(i % 3 == 0);
    const vedette::Interval bounds = sequence.bounds();
    require(bounds.lower >= 0.0 && bounds.lower <= bounds.upper && bounds.upper <= 1.0, "a proportion's bounds");
    require(stats::ProportionConfidenceSequence::deserialize(sequence.serialize()).trials() == sequence.trials(),
            "lost");
}

void check(stats::BettingConfidenceSequence sequence) {
    if (sequence.options().cells > 4096) return;  // slow, and no other code
    require(stats::BettingConfidenceSequence::deserialize(sequence.serialize()).serialize() == sequence.serialize(),
            "a betting sequence's bytes are not canonical");
    for (int i = 0; i < 50; ++i) sequence.update(i % 2 == 0 ? sequence.options().lower : sequence.options().upper);
    const vedette::Interval bounds = sequence.bounds();
    require(std::isnan(bounds.lower) == std::isnan(bounds.upper), "half of a betting sequence's bounds");
    require(std::isnan(bounds.lower) || (bounds.lower <= bounds.upper && bounds.lower >= sequence.options().lower &&
                                         bounds.upper <= sequence.options().upper),
            "a betting sequence's bounds");
    require(stats::BettingConfidenceSequence::deserialize(sequence.serialize()).count() == sequence.count(), "lost");
}

void check(drift::JoinedEvidence joined) {
    const auto bytes = joined.serialize();
    drift::JoinedEvidence resumed = drift::JoinedEvidence::deserialize(bytes);
    require(resumed.serialize() == bytes, "joined evidence is not canonical");
    const std::size_t found = joined.discoveries().size();
    for (std::size_t i = 0; i < 50; ++i) {
        const std::size_t stream = i % joined.size();
        const double p = i % 7 == 0 ? std::nan("") : std::pow(0.5, static_cast<double>(i));
        require(joined.update(stream, p) == resumed.update(stream, p), "joined evidence does not go on as it was");
    }
    require(joined.discoveries().size() >= found, "what was discovered is so no more");
    require(joined.threshold() > 0.0, "a threshold");
    require(drift::JoinedEvidence::deserialize(joined.serialize()).serialize() == resumed.serialize(),
            "joined evidence does not end as it was");
}

void use(drift::MetricSequence sequence) {
    const auto bytes = sequence.serialize();
    drift::MetricSequence resumed = drift::MetricSequence::deserialize(sequence.reference(), bytes);
    require(resumed.serialize() == bytes, "a metric sequence's bytes are not canonical");
    const double scores[] = {0.25, 0.75, std::nan(""), 0.5};
    for (std::uint32_t i = 0; i < 50; ++i) {
        const std::span<const double> row(scores + i % 4, 1);
        const auto next = [&](drift::MetricSequence& each) {
            return each.options().with_labels ? each.observe(row, i % 2, i % 3 == 0 ? 1 : 0) : each.observe(row, i % 2);
        };
        require(next(sequence) == next(resumed), "a metric sequence does not go on as it was");
    }
    const vedette::Interval bounds = sequence.bounds();
    require(bounds.lower >= 0.0 && bounds.lower <= bounds.upper && bounds.upper <= 1.0, "a metric's bounds");
    require(drift::MetricSequence::deserialize(sequence.reference(), sequence.serialize()).serialize() ==
                resumed.serialize(),
            "a metric sequence does not end as it was");
}

void use(drift::PerformanceWindow window) {
    const auto bytes = window.serialize();
    require(drift::PerformanceWindow::deserialize(window.reference(), bytes).serialize() == bytes,
            "a window's bytes are not canonical");
    window.observe(0.75, 1);
    window.observe(std::nan(""), 1);
    (void)window.estimate();
}

void use(drift::RealisedWindow window) {
    const auto bytes = window.serialize();
    require(drift::RealisedWindow::deserialize(window.reference(), bytes).serialize() == bytes,
            "a realised window's bytes are not canonical");
    window.observe(0.75, 1, 0);
    (void)window.performance();
    (void)window.gap();
}

void use(drift::LabelJoin join, const drift::PerformanceReference& reference) {
    const auto bytes = join.serialize();
    require(drift::LabelJoin::deserialize(reference, bytes).serialize() == bytes, "a join's bytes are not canonical");
    drift::RealisedWindow window(reference);
    for (std::uint64_t id = 0; id < 40; ++id) {
        join.predict(id, 100 + id, 0.75, 1);
        join.label(id / 2, 200 + id, 1, window);
    }
    require(drift::LabelJoin::deserialize(reference, join.serialize()).serialize() == join.serialize(),
            "a join does not end as it was");
}

void check(const drift::PerformanceReference& reference) {
    require(drift::PerformanceReference::deserialize(reference.serialize()).serialize() == reference.serialize(),
            "a reference's bytes are not canonical");
    if (reference.classes() > 64) return;  // slow, and no other code
    drift::PerformanceWindow window(reference);
    (void)window.estimate();
    drift::RealisedWindow realised(reference);
    (void)realised.performance();
}

// What windows and joins are of.
const drift::PerformanceReference& known() {
    static const drift::PerformanceReference reference = vedette::fuzzing::known_performance({.cells = 4});
    return reference;
}

void try_all(const std::vector<std::byte>& bytes) {
    attempt([&] { check(stats::MeanConfidenceSequence::deserialize(bytes)); });
    attempt([&] { check(stats::ProportionConfidenceSequence::deserialize(bytes)); });
    attempt([&] { check(stats::BettingConfidenceSequence::deserialize(bytes)); });
    attempt([&] { check(drift::JoinedEvidence::deserialize(bytes)); });
    attempt([&] { check(drift::PerformanceReference::deserialize(bytes)); });
    attempt([&] { use(drift::PerformanceWindow::deserialize(known(), bytes)); },
            {vedette::ErrorCode::baseline_mismatch});
    attempt([&] { use(drift::MetricSequence::deserialize(known(), bytes)); }, {vedette::ErrorCode::baseline_mismatch});
    attempt([&] { use(drift::RealisedWindow::deserialize(known(), bytes)); }, {vedette::ErrorCode::baseline_mismatch});
    attempt([&] { use(drift::LabelJoin::deserialize(known(), bytes), known()); },
            {vedette::ErrorCode::baseline_mismatch});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    vedette::fuzzing::read_with_both_digests(data, size, try_all);
    return 0;
}
