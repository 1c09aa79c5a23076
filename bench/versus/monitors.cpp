// SPDX-License-Identifier: Apache-2.0
// Stream monitors as the evaluation of detection delays runs them: by name, with one number that sets how strict they
// are, over a whole stream at once.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "vedette/core/error.hpp"
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
#include "vedette/drift/mmd_monitor.hpp"
#include "vedette/drift/page_hinkley.hpp"
#include "vedette/drift/stepd.hpp"

namespace {

namespace drift = vedette::drift;

template <class Monitor>
std::size_t first_change(Monitor monitor, std::span<const double> values) {
    for (std::size_t i = 0; i < values.size(); ++i)
        if (monitor.update(values[i]) == vedette::MonitorState::change) return i;
    return values.size();
}

// Errors of the reference and the rate that is tolerated then: what it is at most, at 99 %.
double tolerated(std::span<const double> reference) {
    std::uint64_t errors = 0;
    for (const double error : reference) errors += error > 0.5 ? 1U : 0U;
    return drift::tolerated_loss(errors, reference.size(), 0.01);
}

// A fit serves all streams beside one reference.
const drift::MmdMonitor<double>& fitted_mmd(double expected_run, std::span<const double> reference) {
    static std::map<std::pair<double, std::vector<double>>, drift::MmdMonitor<double>> fits;
    std::pair<double, std::vector<double>> key(expected_run, {reference.begin(), reference.end()});
    const auto found = fits.find(key);
    if (found != fits.end()) return found->second;
    const drift::MmdMonitorOptions options{
        .features = 64, .window = 50, .expected_run = expected_run, .first_look = 10, .simulations = 4000};
    return fits
        .try_emplace(key, vedette::MatrixView<double>::row_major(key.second.data(), reference.size(), 1), options)
        .first->second;
}

std::size_t first_change_of_rows(drift::MmdMonitor<double> monitor, std::span<const double> values) {
    for (std::size_t i = 0; i < values.size(); ++i)
        if (monitor.update(values.subspan(i, 1)) == vedette::MonitorState::change) return i;
    return values.size();
}

// `strictness`: a threshold, or minus the logarithm to base ten of a level.
std::size_t run(std::string_view name, double strictness, std::span<const double> reference,
                std::span<const double> values) {
    const double level = std::pow(10.0, -strictness);
    if (name == "CUSUM") return first_change(drift::Cusum({.slack = 0.25, .threshold = strictness}), values);
    if (name == "EWMA chart")
        return first_change(drift::EwmaChart({.weight = 0.05, .width = strictness, .time_varying_limits = false}),
                            values);
    if (name == "Page-Hinkley") return first_change(drift::PageHinkley({.threshold = strictness}), values);
    if (name == "ADWIN") return first_change(drift::Adwin({.delta = level}), values);
    if (name == "KSWIN") return first_change(drift::Kswin({.level = level}), values);
    if (name == "sliding KS")
        return first_change(drift::IncrementalKs(reference, {.window = 50, .level = level}), values);
    if (name == "e-detector")
        return first_change(drift::EDetector(reference, {.average_run_length = strictness}), values);
    if (name == "DDM") return first_change(drift::Ddm({.warning_level = 0.01, .drift_level = strictness}), values);
    if (name == "HDDM-A")
        return first_change(drift::HddmA({.drift_confidence = level, .warning_confidence = level}), values);
    if (name == "STEPD")
        return first_change(
            drift::Stepd({.drift_level = level, .warning_level = level, .direction = drift::Direction::up}), values);
    if (name == "EDDM")
        return first_change(drift::Eddm({.warning_level = 1.0 / strictness, .drift_level = 1.0 / strictness}), values);
    if (name == "HDDM-W")
        return first_change(drift::HddmW({.drift_confidence = level, .warning_confidence = level}), values);
    if (name == "e-process") return first_change(drift::EProcess(reference, {.level = level}), values);
    if (name == "harm monitor")
        return first_change(
            drift::HarmMonitor({.tolerated = tolerated(reference), .level = level, .warning_level = level}), values);
    if (name == "mean monitor")
        return first_change(
            drift::MeanMonitor(
                {.most = tolerated(reference), .level = level, .rule = drift::MeanRule::betting, .cells = 200}),
            values);
    if (name == "windowed MMD") return first_change_of_rows(fitted_mmd(strictness, reference), values);
    throw vedette::Error(vedette::ErrorCode::invalid_argument, "no such monitor");
}

}  // namespace

/// The index of the first change, `count` when there is none, -1 for a name or a strictness that is not allowed.
extern "C" __attribute__((visibility("default"))) std::int64_t versus_first_change(const char* name, double strictness,
                                                                                   const double* reference,
                                                                                   std::size_t reference_count,
                                                                                   const double* values,
                                                                                   std::size_t count) {
    try {
        return static_cast<std::int64_t>(run(name, strictness, {reference, reference_count}, {values, count}));
    } catch (const vedette::Error&) {
        return -1;
    }
}
