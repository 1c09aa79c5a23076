// SPDX-License-Identifier: Apache-2.0
// Whether the memory across requests speaks against accounts of a window.
#include "guard/memory_report.hpp"

#include <fmt/core.h>

namespace vedette::inline v0 {

namespace {

Decision decision_of(Action action) noexcept {
    return action == Action::alarm ? Decision::alarm : action == Action::warn ? Decision::warn : Decision::pass;
}

}  // namespace

std::optional<MemoryReport> assess_memory(const Window& window, const Policy& policy) {
    MemoryReport report{.is_silent = policy.memory.silent,
                        .watched = window.memory_count(Window::watched),
                        .query_attacks = window.memory_count(Window::query_attacks),
                        .extractions = window.memory_count(Window::extractions),
                        .untold = window.memory_count(Window::untold)};
    if (report.watched == 0) return std::nullopt;
    if (report.untold < report.watched) report.decision = Decision::pass;
    if (report.query_attacks > 0) report.decision = worst(report.decision, decision_of(policy.memory.query_attacks));
    if (report.extractions > 0) report.decision = worst(report.decision, decision_of(policy.memory.extraction));
    return report;
}

std::string MemoryReport::reason() const {
    if (untold == watched) return fmt::format("memory: it could tell of none of {} requests", watched);
    return fmt::format(
        "memory: of {} requests {} came from accounts accused of query attacks, {} from accounts that "
        "seem to copy the model{}",
        watched, query_attacks, extractions, is_silent ? "; silent" : "");
}

}  // namespace vedette::inline v0
