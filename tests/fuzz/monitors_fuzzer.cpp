// SPDX-License-Identifier: Apache-2.0
// Fuzzes the readers of monitors, as given and with the checksum mended; what is accepted must work and be canonical.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "container_input.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/adwin.hpp"
#include "vedette/drift/cusum.hpp"
#include "vedette/drift/ddm.hpp"
#include "vedette/drift/eddm.hpp"
#include "vedette/drift/ewma_chart.hpp"
#include "vedette/drift/hddm.hpp"
#include "vedette/drift/incremental_ks.hpp"
#include "vedette/drift/kswin.hpp"
#include "vedette/drift/page_hinkley.hpp"
#include "vedette/drift/stepd.hpp"

namespace {

namespace drift = vedette::drift;

void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "monitors fuzzer: %s\n", what);
    std::abort();
}

template <class M>
void check_accepted(M monitor) {
    const auto bytes = monitor.serialize();
    M resumed = M::deserialize(bytes);
    require(resumed.serialize() == bytes, "writing is not canonical");
    const std::uint64_t before = monitor.counts().accepted;
    const double values[] = {0.0, 1.0, 0.0, 1.0, 1.0, std::numeric_limits<double>::quiet_NaN(), 0.0};
    for (int i = 0; i < 210; ++i) {
        const double value = values[i % 7];
        require(monitor.update(value) == resumed.update(value), "it does not go on as it was");
    }
    require(monitor.counts().accepted == before + 180, "values got lost");
    require(monitor.serialize() == resumed.serialize(), "it does not end as it was");
    require(M::deserialize(monitor.serialize()).counts().accepted == before + 180, "no round trip");
    monitor.reset();
    require(monitor.counts().accepted == 0 && monitor.state() == vedette::MonitorState::in_control, "no new beginning");
}

template <class M>
void try_monitor(const std::vector<std::byte>& bytes) {
    try {
        check_accepted(M::deserialize(bytes));
    } catch (const vedette::Error& error) {
        require(
            error.code() == vedette::ErrorCode::corrupt_data || error.code() == vedette::ErrorCode::unsupported_version,
            error.what());
    }
}

// By the kind of the file: the readers are alike until there, and hashing the file eleven times would teach nothing.
void try_all(const std::vector<std::byte>& bytes) {
    std::string kind = "adwin";
    try {
        kind = vedette::Container::view(bytes).kind();
    } catch (const vedette::Error&) {
    }
    if (kind == "page_hinkley") return try_monitor<drift::PageHinkley>(bytes);
    if (kind == "cusum") return try_monitor<drift::Cusum>(bytes);
    if (kind == "ewma_chart") return try_monitor<drift::EwmaChart>(bytes);
    if (kind == "ddm") return try_monitor<drift::Ddm>(bytes);
    if (kind == "eddm") return try_monitor<drift::Eddm>(bytes);
    if (kind == "hddm_a") return try_monitor<drift::HddmA>(bytes);
    if (kind == "hddm_w") return try_monitor<drift::HddmW>(bytes);
    if (kind == "stepd") return try_monitor<drift::Stepd>(bytes);
    if (kind == "kswin") return try_monitor<drift::Kswin>(bytes);
    if (kind == "incremental_ks") return try_monitor<drift::IncrementalKs>(bytes);
    try_monitor<drift::Adwin>(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    vedette::fuzzing::read_with_both_digests(data, size, try_all);
    return 0;
}
