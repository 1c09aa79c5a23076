// SPDX-License-Identifier: Apache-2.0
// Monitors of rows for other parts of the C interface.
#pragma once

#include "vedette.h"
#include "vedette/drift/mmd_monitor.hpp"

namespace vedette::inline v0::capi {

/// Throws Error(type_mismatch) for one that was fitted in f64.
const drift::MmdMonitor<float>& monitor_of_floats(const vdt_mmd_monitor& monitor);

}  // namespace vedette::inline v0::capi
