// SPDX-License-Identifier: Apache-2.0
// Fuzzes the readers of monitors, as given and with the checksum mended, and of their options; what is accepted must
// work and be canonical.
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "container_input.hpp"
#include "promise.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/adwin.hpp"
#include "vedette/drift/adwin_bank.hpp"
#include "vedette/drift/any_monitor.hpp"
#include "vedette/drift/cusum.hpp"
#include "vedette/drift/ddm.hpp"
#include "vedette/drift/eddm.hpp"
#include "vedette/drift/ewma_chart.hpp"
#include "vedette/drift/hddm.hpp"
#include "vedette/drift/incremental_ks.hpp"
#include "vedette/drift/kswin.hpp"
#include "vedette/drift/monitor_bank.hpp"
#include "vedette/drift/page_hinkley.hpp"
#include "vedette/drift/stepd.hpp"
#include "vedette/guard/watch.hpp"

namespace {

namespace drift = vedette::drift;

using vedette::fuzzing::attempt;
using vedette::fuzzing::require;

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

// A bank goes on as it was, and each of its features as its monitor.
template <class Bank>
void check_accepted_bank(Bank bank) {
    const auto bytes = bank.serialize();
    Bank resumed = Bank::deserialize(bytes);
    require(resumed.serialize() == bytes, "writing is not canonical");
    const std::size_t last = bank.features() - 1;
    auto first_monitor = bank.monitor(0);
    auto last_monitor = bank.monitor(last);
    const double values[] = {0.0, 1.0, 0.0, 3.0, 1.0, std::numeric_limits<double>::quiet_NaN(), 0.0};
    std::vector<double> row(bank.features());
    for (std::size_t i = 0; i < 70; ++i) {
        for (std::size_t k = 0; k < row.size(); ++k) row[k] = values[(i + k) % 7];
        require(bank.update(row) == resumed.update(row), "it does not go on as it was");
        require(first_monitor.update(row[0]) == bank.state(0), "the first feature is not its monitor");
        require(last_monitor.update(row[last]) == bank.state(last), "the last feature is not its monitor");
    }
    require(bank.serialize() == resumed.serialize(), "it does not end as it was");
    require(bank.monitor(0).serialize() == first_monitor.serialize(), "the first feature is not its monitor");
    require(bank.monitor(last).serialize() == last_monitor.serialize(), "the last feature is not its monitor");
    bank.reset();
    require(bank.rows() == 0 && bank.counts(last).accepted == 0, "no new beginning");
}

template <class M>
void try_monitor(const std::vector<std::byte>& bytes) {
    attempt([&] { check_accepted(M::deserialize(bytes)); });
}

template <class Bank>
void try_bank(const std::vector<std::byte>& bytes) {
    attempt([&] { check_accepted_bank(Bank::deserialize(bytes)); });
}

// A monitor of any kind goes on as it was, in blocks too.
void check_accepted_any(drift::AnyMonitor monitor) {
    const auto bytes = monitor.serialize();
    drift::AnyMonitor resumed = drift::AnyMonitor::deserialize(bytes);
    require(resumed.serialize() == bytes, "writing is not canonical");
    require(resumed.options_json() == monitor.options_json(), "other options");
    const std::uint64_t before = monitor.seen();
    const double values[] = {0.0, 1.0, 0.0, 1.0, 1.0, std::numeric_limits<double>::quiet_NaN(), 0.25};
    for (int i = 0; i < 70; ++i)
        require(monitor.update(values[i % 7]) == resumed.update(values[i % 7]), "it does not go on as it was");
    require(monitor.seen() == before + 70, "values got lost");
    require(monitor.serialize() == resumed.serialize(), "it does not end as it was");
    monitor.reset();
    require(monitor.seen() == 0 && monitor.state() == vedette::MonitorState::in_control, "no new beginning");
}

void try_any(const std::vector<std::byte>& bytes) {
    attempt([&] { check_accepted_any(drift::AnyMonitor::deserialize(bytes)); });
}

// A watch of one feature, one output and of F1, over what never changes.
struct Watched {
    vedette::Baseline baseline;
    vedette::Policy policy;
    drift::PerformanceReference performance;
};

const Watched& watched() {
    static const Watched all = [] {
        std::vector<double> values(256);
        std::vector<double> scores(64);
        std::vector<std::uint32_t> predictions(64);
        std::vector<std::uint32_t> labels(64);
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i * 37 % 256) / 256.0;
        for (std::size_t i = 0; i < scores.size(); ++i) {
            scores[i] = static_cast<double>(i) / 64.0;
            predictions[i] = i >= 32 ? 1 : 0;
            labels[i] = i % 8 == 0 ? 1 - predictions[i] : predictions[i];
        }
        return Watched{vedette::Baseline::build(vedette::Table({{"x", vedette::Column::numeric(values)}})),
                       vedette::Policy::from_json(R"({"features": {"x": {"monitors": [
                           {"kind": "cusum", "threshold": 1}]}}, "outputs": {"loss": [{"kind": "adwin"}]},
                           "performance": {"metric": "f1", "rows": 50, "monitors": [{"kind": "page_hinkley"}]}})"),
                       drift::PerformanceReference::fit(scores, predictions, labels, {.cells = 4})};
    }();
    return all;
}

void check_accepted_watch(vedette::Watch watch) {
    const auto bytes = watch.to_bytes();
    vedette::Watch resumed =
        vedette::Watch::from_bytes(watched().baseline, watched().policy, bytes, watched().performance);
    require(resumed.to_bytes() == bytes, "writing is not canonical");
    const double values[] = {0.0, 1.0, 0.5, 3.0, 1.0, std::numeric_limits<double>::quiet_NaN(), 0.25};
    for (std::int64_t i = 0; i < 70; ++i) {
        const double value = values[i % 7];
        const std::vector<double> row{value};
        require(watch.observe(row, i) == resumed.observe(row, i), "it does not go on as it was");
        require(watch.observe_output(0, value, i) == resumed.observe_output(0, value, i), "an output does not");
        require(watch.observe_prediction(value, 1, i) == resumed.observe_prediction(value, 1, i),
                "a prediction does not");
    }
    require(watch.to_bytes() == resumed.to_bytes(), "it does not end as it was");
    for (const vedette::StreamReport& stream : watch.report()) require(!stream.reason().empty(), "nothing to say");
    watch.reset();
    require(watch.alarms() == 0, "no new beginning");
}

void try_watch(const std::vector<std::byte>& bytes) {
    attempt(
        [&] {
            check_accepted_watch(
                vedette::Watch::from_bytes(watched().baseline, watched().policy, bytes, watched().performance));
        },
        {vedette::ErrorCode::baseline_mismatch, vedette::ErrorCode::invalid_policy});
}

// The first byte says the kind, the others are the options.
void try_options(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return;
    static const std::vector<double> reference = {0.5, 1.5, 2.0, 2.5, 3.0, 4.0, 4.25, 5.0, 6.0, 7.5, 8.0, 9.0};
    const auto kind = static_cast<drift::MonitorKind>(data[0] % drift::monitor_kind_count);
    const std::string_view options(reinterpret_cast<const char*>(data) + 1, size - 1);
    attempt(
        [&] {
            const auto monitor = drift::make_monitor(kind, options, {.values = reference});
            const auto again = drift::make_monitor(kind, monitor.options_json(), {.values = reference});
            require(again.serialize() == monitor.serialize(), "options that do not come back");
            check_accepted_any(monitor);
        },
        {vedette::ErrorCode::invalid_argument, vedette::ErrorCode::not_enough_data});
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
    if (kind == "adwin_bank") return try_bank<drift::AdwinBank>(bytes);
    if (kind == "cusum_bank") return try_bank<drift::CusumBank>(bytes);
    if (kind == "ddm_bank") return try_bank<drift::DdmBank>(bytes);
    if (kind == "hddm_a_bank") return try_bank<drift::HddmABank>(bytes);
    if (kind == "ewma_chart_bank") return try_bank<drift::EwmaChartBank>(bytes);
    if (kind == "page_hinkley_bank") return try_bank<drift::PageHinkleyBank>(bytes);
    if (kind == "adwin") return try_monitor<drift::Adwin>(bytes);
    if (kind == "watch") return try_watch(bytes);
    try_any(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try_options(data, size);
    vedette::fuzzing::read_with_both_digests(data, size, try_all);
    return 0;
}
