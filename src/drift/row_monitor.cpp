// SPDX-License-Identifier: Apache-2.0
// Monitors of rows by name.
#include "vedette/drift/row_monitor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/named_options.hpp"
#include "drift/mmd_options.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::drift {
namespace {

using detail::MemberOf;

constexpr const char* mmd = "mmd_monitor";
constexpr detail::OptionOwner owner{"monitor", mmd};

#define VEDETTE_OPTION(name) MemberOf<&MmdMonitorOptions::name>::field(#name)
constexpr detail::OptionField<MmdMonitorOptions> fields[] = {
    VEDETTE_OPTION(window),      VEDETTE_OPTION(expected_run), VEDETTE_OPTION(features),    VEDETTE_OPTION(bandwidth),
    VEDETTE_OPTION(standardise), VEDETTE_OPTION(first_look),   VEDETTE_OPTION(simulations), VEDETTE_OPTION(seed),
};
#undef VEDETTE_OPTION

// Checked, and complete.
MmdMonitorOptions read_options(std::string_view kind, std::string_view text) {
    if (!is_row_monitor(kind))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("monitor: there is no kind \"{}\" for rows; there is {}", kind, mmd));
    MmdMonitorOptions options{.nan = NanPolicy::omit};
    for (const detail::Option& option : detail::parse_options(owner, text)) {
        if (detail::read_field(options, owner, option, fields)) continue;
        std::string known;
        for (const auto& field : fields) known += fmt::format("{}{}", known.empty() ? "" : ", ", field.key);
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("monitor {}: there is no option \"{}\"; there are {}", mmd, option.key, known));
    }
    check_options({.features = options.features, .bandwidth = options.bandwidth});
    return complete(options);
}

std::string text_of(const MmdMonitorOptions& options) {
    return detail::write_options(detail::list_fields(options, fields));
}

}  // namespace

bool is_row_monitor(std::string_view kind) noexcept {
    return kind == mmd;
}

RowMonitor::RowMonitor(MmdMonitor<double> monitor) noexcept : monitor_(std::move(monitor)) {}

RowMonitor::RowMonitor(std::string_view kind, std::string_view options, MatrixView<double> reference)
    : monitor_(reference, read_options(kind, options)) {}

void RowMonitor::check(std::string_view kind, std::string_view options) {
    static_cast<void>(read_options(kind, options));
}

std::string RowMonitor::defaults() {
    return text_of({});
}

MonitorReading RowMonitor::reading() const noexcept {
    return {.estimate = monitor_.distance(), .statistic = monitor_.statistic(), .limit = monitor_.threshold()};
}

std::uint64_t RowMonitor::seen() const noexcept {
    const MonitorCounts& entered = counts();
    return entered.accepted + entered.nan + entered.infinite + entered.refused;
}

std::string RowMonitor::options_json() const {
    return text_of(monitor_.options());
}

bool RowMonitor::has_options(std::string_view options) const {
    return text_of(read_options(mmd, options)) == options_json();
}

RowMonitor RowMonitor::deserialize(std::span<const std::byte> bytes) {
    return RowMonitor(MmdMonitor<double>::deserialize(bytes));
}

}  // namespace vedette::inline v0::drift
