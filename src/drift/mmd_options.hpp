// SPDX-License-Identifier: Apache-2.0
// The options of an MmdMonitor, checked and with what follows from others.
#pragma once

#include "vedette/drift/mmd_monitor.hpp"

namespace vedette::inline v0::drift {

/// With everything that 0 stands for put in, but the bandwidth. Throws Error(invalid_argument) for what no reference
/// could mend.
MmdMonitorOptions complete(MmdMonitorOptions options);

/// Of what RandomFeatureMmd refuses: Error(invalid_argument).
void check_options(const RandomFeatureOptions& options);

}  // namespace vedette::inline v0::drift
