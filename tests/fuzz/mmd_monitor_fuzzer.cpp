// SPDX-License-Identifier: Apache-2.0
// Fuzzes the reader of monitors of rows, as given and with the checksum mended; what is accepted must work and be
// canonical.
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

void try_bytes(const std::vector<std::byte>& bytes) {
    try {
        check_accepted(Monitor::deserialize(bytes));
    } catch (const vedette::Error& error) {
        require(
            error.code() == vedette::ErrorCode::corrupt_data || error.code() == vedette::ErrorCode::unsupported_version,
            error.what());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    vedette::fuzzing::read_with_both_digests(data, size, try_bytes);
    return 0;
}
