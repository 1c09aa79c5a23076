// SPDX-License-Identifier: Apache-2.0
// Which monitors a policy asks for over a baseline, in the order in which a watch keeps them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "vedette/guard/report.hpp"

namespace vedette::inline v0 {

struct PlannedStream {
    std::string name;
    StreamSource source = StreamSource::feature;
    std::size_t index = 0;  // of the feature or the output
    MonitorRule rule;
};

struct PlannedGroup {
    std::string name;
    std::vector<std::size_t> features;  // none: an embedding
    std::vector<MonitorRule> rules;
};

/// Those of features in the baseline's order, then those of outputs by name. Throws Error(invalid_policy).
std::vector<PlannedStream> plan_streams(const Baseline& baseline, const Policy& policy);
/// By name. Throws Error(invalid_policy).
std::vector<PlannedGroup> plan_groups(const Baseline& baseline, const Policy& policy);
/// Whether a monitor has the options that its rule names.
bool matches(const MonitorRule& rule, const drift::AnyMonitor& monitor);
std::vector<std::string> planned_outputs(const Policy& policy);

template <class F>
void Watch::each(F&& visit) const {
    for (const Stream& stream : streams_) visit(stream);
    for (const RowStream& stream : rows_) visit(stream);
}

template <class Monitor>
std::uint64_t Watch::alarms_of(const Watched<Monitor>& stream) const noexcept {
    if (!stream.joined || !joined_) return stream.monitor.counts().changes;
    return joined_->is_discovered(*stream.joined) ? 1 : 0;
}

}  // namespace vedette::inline v0
