// SPDX-License-Identifier: Apache-2.0
// Every monitor, update by update, beside river, MOA and plain transcriptions of the papers.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "unit/drift/monitor_streams.hpp"
#include "unit/oracle_data.hpp"
#include "vedette/drift/adwin.hpp"
#include "vedette/drift/cusum.hpp"
#include "vedette/drift/ddm.hpp"
#include "vedette/drift/eddm.hpp"
#include "vedette/drift/ewma_chart.hpp"
#include "vedette/drift/hddm.hpp"
#include "vedette/drift/kswin.hpp"
#include "vedette/drift/page_hinkley.hpp"
#include "vedette/drift/stepd.hpp"

namespace drift = vedette::drift;
using drift::Direction;
using nlohmann::json;
using vedette::MonitorState;

namespace {

struct Trace {
    std::vector<std::uint64_t> changes;
    std::vector<std::vector<std::uint64_t>> warnings;  // begin and end of each
    std::vector<double> estimates;
};

template <class M>
Trace trace_of(M monitor, const std::vector<double>& values, const std::function<double(const M&)>& estimate) {
    Trace trace;
    bool repeats = true;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const MonitorState state = monitor.update(values[i]);
        repeats = repeats && state == monitor.state();
        if (state == MonitorState::change) trace.changes.push_back(i);
        if (state == MonitorState::warning) {
            if (trace.warnings.empty() || trace.warnings.back()[1] != i) trace.warnings.push_back({i, i});
            trace.warnings.back()[1] = i + 1;
        }
        trace.estimates.push_back(estimate(monitor));
    }
    REQUIRE(repeats);
    REQUIRE(monitor.counts().accepted == values.size());
    REQUIRE(monitor.counts().changes == trace.changes.size());
    return trace;
}

template <class M>
Trace trace_of(M monitor, const std::vector<double>& values) {
    return trace_of<M>(std::move(monitor), values, [](const M& m) { return m.estimate(); });
}

template <class T>
T option(const json& options, const char* name, T otherwise) {
    return options.value(name, otherwise);
}

Trace adwin(const json& o, const std::string& rule, const std::vector<double>& values) {
    drift::AdwinOptions options{.delta = option(o, "delta", 0.002),
                                .clock = option(o, "clock", 32U),
                                .max_buckets = option(o, "max_buckets", 5U),
                                .min_window_length = option(o, "min_window_length", 5U),
                                .grace_period = option(o, "grace_period", 10U),
                                .rule = rule == "moa" ? drift::AdwinRule::moa : drift::AdwinRule::river,
                                .restart_after_change = option(o, "restart_after_change", false)};
    return trace_of(drift::Adwin(options), values);
}

Trace page_hinkley(const json& o, const std::string& rule, const std::vector<double>& values) {
    drift::PageHinkleyOptions options{.minimum_observations = option(o, "min_instances", std::uint64_t{30}),
                                      .delta = option(o, "delta", 0.005),
                                      .threshold = option(o, "threshold", 50.0),
                                      .forgetting = option(o, "alpha", 1 - 0.0001)};
    const std::string mode = option(o, "mode", std::string("both"));
    options.direction = mode == "up" ? Direction::up : mode == "down" ? Direction::down : Direction::both;
    // MOA counts from 1 and looks for rises alone.
    if (rule == "moa") options.minimum_observations = 29;
    if (rule == "moa") options.direction = Direction::up;
    if (rule == "moa") options.rule = drift::PageHinkleyRule::moa;
    return trace_of(drift::PageHinkley(options), values);
}

Trace ddm(const json& o, const std::string& rule, const std::vector<double>& values) {
    return trace_of(drift::Ddm({.warm_start = option(o, "warm_start", std::uint64_t{30}),
                                .warning_level = option(o, "warning_threshold", 2.0),
                                .drift_level = option(o, "drift_threshold", 3.0),
                                .rule = rule == "river" ? drift::DdmRule::river
                                        : rule == "moa" ? drift::DdmRule::moa
                                                        : drift::DdmRule::gama}),
                    values);
}

Trace eddm(const json& o, const std::string& rule, const std::vector<double>& values) {
    return trace_of(drift::Eddm({.warm_start = option(o, "warm_start", std::uint64_t{30}),
                                 .warning_level = option(o, "alpha", 0.95),
                                 .drift_level = option(o, "beta", 0.9),
                                 .rule = rule == "river" ? drift::EddmRule::river
                                         : rule == "moa" ? drift::EddmRule::moa
                                                         : drift::EddmRule::baena_garcia}),
                    values);
}

Direction sides(const json& o) {
    return option(o, "two_sided_test", false) ? Direction::both : Direction::up;
}

Trace hddm_a(const json& o, const std::string&, const std::vector<double>& values) {
    return trace_of(drift::HddmA({.drift_confidence = option(o, "drift_confidence", 0.001),
                                  .warning_confidence = option(o, "warning_confidence", 0.005),
                                  .direction = sides(o)}),
                    values);
}

Trace hddm_w(const json& o, const std::string& rule, const std::vector<double>& values) {
    return trace_of(drift::HddmW({.drift_confidence = option(o, "drift_confidence", 0.001),
                                  .warning_confidence = option(o, "warning_confidence", 0.005),
                                  .weight = option(o, "lambda_val", 0.05),
                                  .direction = sides(o),
                                  .rule = rule == "river" ? drift::HddmWRule::river : drift::HddmWRule::frias_blanco}),
                    values);
}

Trace stepd(const json&, const std::string& rule, const std::vector<double>& values) {
    return trace_of(drift::Stepd({.rule = rule == "moa" ? drift::StepdRule::moa : drift::StepdRule::nishida}), values);
}

Trace cusum(const json& o, const std::string&, const std::vector<double>& values) {
    const drift::Cusum monitor({.mean = o["mean"], .sd = o["sd"], .slack = o["slack"], .threshold = o["threshold"]});
    return trace_of<drift::Cusum>(monitor, values, [](const auto& m) { return m.upper() - m.lower(); });
}

Trace ewma_chart(const json& o, const std::string&, const std::vector<double>& values) {
    return trace_of(drift::EwmaChart({.mean = o["mean"],
                                      .sd = o["sd"],
                                      .weight = o["weight"],
                                      .width = o["width"],
                                      .warning_width = o["warning_width"],
                                      .time_varying_limits = o["time_varying_limits"]}),
                    values);
}

// The draws of the oracle: a Fisher-Yates shuffle, begun.
std::vector<std::uint32_t> draw(monitor_streams::SplitMix& random, std::uint32_t from, std::uint32_t count) {
    std::vector<std::uint32_t> pool(from);
    std::iota(pool.begin(), pool.end(), 0U);
    for (std::uint32_t i = 0; i < count; ++i)
        std::swap(pool[i], pool[i + static_cast<std::uint32_t>(random.word() % (from - i))]);
    pool.resize(count);
    return pool;
}

void check_kswin(const json& row, const std::vector<double>& values) {
    const json& o = row["options"];
    const drift::KswinOptions options{
        .level = option(o, "alpha", 0.005),
        .window = option(o, "window_size", 100U),
        .recent = option(o, "stat_size", 30U),
        .rule = row["rule"] == "river" ? drift::KswinRule::river : drift::KswinRule::raab};
    drift::Kswin monitor(options);
    monitor_streams::SplitMix random(77);
    std::vector<std::uint64_t> changes;
    std::uint64_t looks = 0;
    double heights = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        std::vector<std::uint32_t> places;
        const bool looked = monitor.will_look();
        if (looked) places = draw(random, options.window - options.recent, options.recent);
        if (monitor.update(values[i], places) == MonitorState::change) changes.push_back(i);
        looks += looked ? 1U : 0U;
        heights += looked ? monitor.statistic() * options.recent : 0.0;
    }
    CHECK(changes == row["changes"].get<std::vector<std::uint64_t>>());
    if (!row.contains("looks")) return;
    CHECK(looks == row["looks"].get<std::uint64_t>());
    CHECK(std::round(heights) == row["height_sum"].get<double>());
}

void check_estimates(const Trace& trace, const json& row) {
    const std::vector<double> expected = row["estimates"];
    const std::size_t last = trace.estimates.size() - 1;
    for (std::size_t k = 0; k < expected.size(); ++k)
        CHECK(trace.estimates[k * last / 12] == doctest::Approx(expected[k]).epsilon(1e-11));
    const double total = std::accumulate(trace.estimates.begin(), trace.estimates.end(), 0.0);
    CHECK(total / static_cast<double>(last + 1) == doctest::Approx(row["estimate_mean"].get<double>()).epsilon(1e-11));
}

}  // namespace

TEST_CASE("monitors agree with their oracle at every update") {
    const std::map<std::string, Trace (*)(const json&, const std::string&, const std::vector<double>&)> run = {
        {"adwin", adwin},
        {"page_hinkley", page_hinkley},
        {"ddm", ddm},
        {"eddm", eddm},
        {"hddm_a", hddm_a},
        {"hddm_w", hddm_w},
        {"stepd", stepd},
        {"cusum", cusum},
        {"ewma_chart", ewma_chart}};
    std::map<std::string, std::vector<double>> streams;
    std::set<std::string> seen;
    for (const json& row : oracle_data("monitors.json")["cases"]) {
        const std::string name = row["stream"];
        const std::string monitor = row["monitor"];
        const std::string rule = row["rule"];
        CAPTURE(monitor);
        CAPTURE(rule);
        CAPTURE(name);
        CAPTURE(row["options"].dump());
        seen.insert(monitor + "/" + rule);
        if (streams[name].empty()) streams[name] = monitor_streams::stream(name);
        if (monitor == "kswin") {
            check_kswin(row, streams[name]);
            continue;
        }
        const Trace trace = run.at(monitor)(row["options"], rule, streams[name]);
        CHECK(trace.changes == row["changes"].get<std::vector<std::uint64_t>>());
        CHECK(trace.warnings == row["warnings"].get<std::vector<std::vector<std::uint64_t>>>());
        if (row.contains("estimates")) check_estimates(trace, row);
    }
    CHECK(seen.size() == 21);
}
