// SPDX-License-Identifier: Apache-2.0
// The handle of a metric sequence, which a join of labels feeds too.
#pragma once

#include "handles.hpp"
#include "vedette/drift/metric_sequence.hpp"

struct alignas(64) vdt_metric_sequence {
    vdt_allocator allocator;
    vedette::drift::MetricSequence object;
};
