// SPDX-License-Identifier: Apache-2.0
// Fuzzes the readers of monitors of rows, in blocks or not, and of a watch with groups, as given and with the checksum
// mended; what is accepted must work and be canonical.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <span>
#include <vector>

#include "container_input.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/mmd_monitor.hpp"
#include "vedette/drift/row_monitor.hpp"
#include "vedette/guard/watch.hpp"

namespace {

using Monitor = vedette::drift::MmdMonitor<double>;

void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "mmd monitor fuzzer: %s\n", what);
    std::abort();
}

void check_accepted(Monitor monitor) {
    const auto bytes = monitor.serialize();
    Monitor resumed = Monitor::deserialize(bytes);
    require(resumed.serialize() == bytes, "writing is not canonical");
    if (monitor.dimension() > 1000) return;
    const std::uint64_t before = monitor.counts().accepted;
    std::vector<double> row(monitor.dimension(), 0.5);
    const double values[] = {0.0, 1.0, -std::numeric_limits<double>::max(), std::nan(""), 1e9, 0.5};
    for (int i = 0; i < 30; ++i) {
        row[0] = values[i % 6];
        require(monitor.update(std::span<const double>(row)) == resumed.update(std::span<const double>(row)),
                "it does not go on as it was");
    }
    require(monitor.counts().accepted == before + 25, "rows got lost");
    require(monitor.serialize() == resumed.serialize(), "it does not end as it was");
    require(monitor.live().count() == monitor.width(), "a window of another size");
    monitor.reset();
    require(monitor.width() == 0 && monitor.state() == vedette::MonitorState::in_control, "no new beginning");
}

void check_accepted(vedette::drift::RowMonitor monitor) {
    using vedette::drift::RowMonitor;
    RowMonitor resumed = RowMonitor::deserialize(monitor.serialize());
    require(resumed.serialize() == monitor.serialize(), "a monitor by name is not canonical");
    require(monitor.has_options(monitor.options_json()), "options that are not its own");
    if (monitor.dimension() > 1000) return;
    const std::uint64_t before = monitor.seen();
    std::vector<double> row(monitor.dimension(), 0.5);
    for (int i = 0; i < 30; ++i) {
        row[0] = i % 5 == 0 ? std::nan("") : 0.1 * i;
        require(monitor.update(row) == resumed.update(row), "a monitor by name does not go on as it was");
    }
    require(monitor.seen() == before + 30, "rows by name got lost");
    require(monitor.serialize() == resumed.serialize(), "a monitor by name does not end as it was");
}

// A watch of two features together in blocks, and of an embedding that is thinned.
constexpr const char* watching = R"({"groups": {
    "both": {"features": ["a", "b"], "monitors": [{"kind": "mmd_monitor", "window": 5, "expected_run": 20,
        "features": 8, "simulations": 1000, "block": 2}]},
    "text": {"monitors": [{"kind": "mmd_monitor", "window": 4, "expected_run": 20, "features": 8,
        "simulations": 1000, "thin": 3}]}}})";

const vedette::Baseline& known_baseline() {
    static const vedette::Baseline baseline = [] {
        std::vector<double> a(100);
        std::vector<double> b(100);
        for (std::size_t i = 0; i < a.size(); ++i) {
            a[i] = static_cast<double>(i);
            b[i] = static_cast<double>(i * 37 % 100);
        }
        return vedette::Baseline::build(
            vedette::Table({{"a", vedette::Column::numeric(a)}, {"b", vedette::Column::numeric(b)}}));
    }();
    return baseline;
}

void check_accepted(vedette::Watch watch, const vedette::Policy& policy) {
    const auto bytes = watch.to_bytes();
    vedette::Watch resumed = vedette::Watch::from_bytes(known_baseline(), policy, bytes);
    require(resumed.to_bytes() == bytes, "a watch is not canonical");
    const std::vector<double> embedded(3, 0.25);
    for (int i = 0; i < 12; ++i) {
        const std::vector<double> row{i == 7 ? std::nan("") : 9.0 * i, 50.0};
        require(watch.observe(row, i) == resumed.observe(row, i), "a watch does not go on as it was");
        require(watch.observe_embedding(1, embedded, i) == resumed.observe_embedding(1, embedded, i), "nor its texts");
    }
    require(watch.to_bytes() == resumed.to_bytes(), "a watch does not end as it was");
    for (const vedette::StreamReport& report : watch.report())
        require(!report.reason().empty() && report.alarms.size() <= report.counts.changes, "a report that cannot be");
    watch.reset();
    require(watch.alarms() == 0, "a watch without a new beginning");
}

template <class Read>
void attempt(Read&& read) {
    try {
        read();
        ++vedette::fuzzing::accepted;
    } catch (const vedette::Error& error) {
        const vedette::ErrorCode code = error.code();
        require(code == vedette::ErrorCode::corrupt_data || code == vedette::ErrorCode::unsupported_version ||
                    code == vedette::ErrorCode::baseline_mismatch || code == vedette::ErrorCode::invalid_policy,
                error.what());
    }
}

void try_bytes(const std::vector<std::byte>& bytes) {
    static const vedette::Policy policy = vedette::Policy::from_json(watching);
    attempt([&] { check_accepted(Monitor::deserialize(bytes)); });
    attempt([&] { check_accepted(vedette::drift::RowMonitor::deserialize(bytes)); });
    attempt([&] { check_accepted(vedette::Watch::from_bytes(known_baseline(), policy, bytes), policy); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    vedette::fuzzing::read_with_both_digests(data, size, try_bytes);
    return 0;
}
