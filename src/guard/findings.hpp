// SPDX-License-Identifier: Apache-2.0
// How the request path adds to a verdict.
#pragma once

#include <cstddef>
#include <cstdint>

#include "vedette/guard/guard.hpp"

namespace vedette::inline v0 {

/// Nothing where the decision is to pass.
inline void add(Verdict& verdict, Reason reason, Decision decision, std::size_t subject, double value) noexcept {
    if (decision == Decision::pass) return;
    verdict.decision = worst(verdict.decision, decision);
    verdict.reasons |= 1U << static_cast<unsigned>(reason);
    if (verdict.finding_count < Verdict::capacity) {
        verdict.findings[verdict.finding_count] = {
            .reason = reason, .decision = decision, .subject = static_cast<std::uint32_t>(subject), .value = value};
    }
    ++verdict.finding_count;
}

/// What the policy makes of something that the reference held so many times.
inline Decision resolve(Action action, std::uint64_t seen_in_reference) noexcept {
    switch (action) {
        case Action::pass: return Decision::pass;
        case Action::warn: return Decision::warn;
        case Action::alarm: return Decision::alarm;
        case Action::learned: return seen_in_reference > 0 ? Decision::pass : Decision::warn;
    }
    return Decision::alarm;
}

}  // namespace vedette::inline v0
