// SPDX-License-Identifier: Apache-2.0
// What monitors and banks of them share across the C boundary.
#pragma once

#include "handles.hpp"
#include "vedette/drift/any_monitor.hpp"

struct alignas(64) vdt_monitor {
    vdt_allocator allocator;
    vedette::drift::AnyMonitor object;
};

namespace vedette::inline v0::capi {
vdt_monitor_reading to_c(const drift::AnyMonitor& monitor) noexcept;
}  // namespace vedette::inline v0::capi
