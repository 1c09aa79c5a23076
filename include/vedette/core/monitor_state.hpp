// SPDX-License-Identifier: Apache-2.0
// What a monitor of a stream says of each observation.
#pragma once

#include <cstdint>

namespace vedette::inline v0 {

/// The values are written into files and never change.
enum class MonitorState : std::uint8_t {
    in_control = 0,  ///< no evidence of a change
    warning = 1,     ///< evidence that would be too weak for an alarm; not every monitor has such a level
    change = 2,      ///< an alarm: the stream is no longer what it was
};

/// "in_control", "warning" or "change".
constexpr const char* monitor_state_name(MonitorState state) noexcept {
    switch (state) {
        case MonitorState::in_control: return "in_control";
        case MonitorState::warning: return "warning";
        case MonitorState::change: return "change";
    }
    return "in_control";
}

}  // namespace vedette::inline v0
