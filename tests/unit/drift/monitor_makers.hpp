// SPDX-License-Identifier: Apache-2.0
// One of each monitor, with options that let it alarm soon, and a stream for it.
#pragma once

#include <cstdint>
#include <vector>

#include "unit/drift/monitor_streams.hpp"
#include "vedette/core/concepts.hpp"
#include "vedette/drift/adwin.hpp"
#include "vedette/drift/cusum.hpp"
#include "vedette/drift/ddm.hpp"
#include "vedette/drift/e_detector.hpp"
#include "vedette/drift/e_process.hpp"
#include "vedette/drift/eddm.hpp"
#include "vedette/drift/ewma_chart.hpp"
#include "vedette/drift/harm_monitor.hpp"
#include "vedette/drift/hddm.hpp"
#include "vedette/drift/incremental_ks.hpp"
#include "vedette/drift/kswin.hpp"
#include "vedette/drift/mean_monitor.hpp"
#include "vedette/drift/page_hinkley.hpp"
#include "vedette/drift/stepd.hpp"

namespace monitor_makers {

namespace drift = vedette::drift;

enum class Values { real, shares, errors };

inline std::vector<double> stream(Values values, std::size_t count) {
    switch (values) {
        case Values::real: return monitor_streams::levels(count);
        case Values::shares: return monitor_streams::shares(count);
        case Values::errors: break;
    }
    return monitor_streams::errors(count);
}

inline std::vector<double> reference() {
    const auto values = monitor_streams::levels(1600);
    return {values.begin(), values.begin() + 400};
}

/// Calls check(monitor, kind of its values) for each.
template <class Check>
void for_each(Check&& check) {
    check(drift::Adwin({.delta = 0.05, .clock = 7}), Values::real);
    check(drift::Adwin({.delta = 0.2, .clock = 1, .max_buckets = 2, .rule = drift::AdwinRule::moa}), Values::real);
    check(drift::Adwin({.restart_after_change = true}), Values::real);
    check(drift::PageHinkley({.threshold = 10.0}), Values::real);
    check(drift::PageHinkley({.direction = drift::Direction::down, .rule = drift::PageHinkleyRule::moa}), Values::real);
    check(drift::Cusum({.head_start = 2.5}), Values::real);
    check(drift::Cusum({.mean = 0.25, .direction = drift::Direction::down}), Values::real);
    check(drift::EwmaChart({.warning_width = 2.0}), Values::real);
    check(drift::Ddm(), Values::errors);
    check(drift::Ddm({.rule = drift::DdmRule::river}), Values::errors);
    check(drift::Ddm({.rule = drift::DdmRule::moa}), Values::errors);
    check(drift::Eddm(), Values::errors);
    check(drift::Eddm({.rule = drift::EddmRule::river}), Values::errors);
    check(drift::Eddm({.rule = drift::EddmRule::moa}), Values::errors);
    check(drift::HddmA({.drift_confidence = 0.01, .warning_confidence = 0.1, .direction = drift::Direction::both}),
          Values::shares);
    check(drift::HddmW({.drift_confidence = 0.01, .warning_confidence = 0.1, .direction = drift::Direction::both}),
          Values::shares);
    check(drift::HddmW({.rule = drift::HddmWRule::river}), Values::errors);
    check(drift::HarmMonitor({.tolerated = 0.2, .level = 0.05, .warning_level = 0.2}), Values::shares);
    check(drift::MeanMonitor({.least = 0.0, .most = 0.2, .level = 0.05}), Values::shares);
    check(drift::MeanMonitor({.most = 0.2, .level = 0.05, .rule = drift::MeanRule::betting, .cells = 64}),
          Values::shares);
    check(drift::MeanMonitor({.most = 0.2, .rule = drift::MeanRule::proportion}), Values::errors);
    check(drift::Stepd(), Values::errors);
    check(drift::Stepd({.window = 65, .direction = drift::Direction::up, .rule = drift::StepdRule::moa}),
          Values::errors);
    check(drift::Kswin({.seed = 9}), Values::real);
    check(drift::Kswin({.level = 0.05, .window = 64, .recent = 32, .rule = drift::KswinRule::river}), Values::real);
    check(drift::IncrementalKs(reference(), {.window = 100}), Values::real);
    check(drift::IncrementalKs(reference(), {.window = 33, .threshold = 0.25}), Values::real);
    check(drift::EProcess(reference()), Values::real);
    check(drift::EDetector(reference(), {.average_run_length = 1000.0}), Values::real);
    check(drift::EDetector(reference(), {.rule = drift::EDetectorRule::cusum, .cells = 7}), Values::real);
}

}  // namespace monitor_makers
