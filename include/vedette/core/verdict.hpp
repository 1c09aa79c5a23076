// SPDX-License-Identifier: Apache-2.0
// The four words every judgement of the library ends in.
#pragma once

#include <cstdint>

namespace vedette::inline v0 {

/// A judgement. What was not checked is said (`not_evaluated`), never passed.
enum class Decision : std::uint8_t {
    pass = 0,
    not_evaluated = 1,
    warn = 2,
    alarm = 3,
};

/// "pass", "not_evaluated", "warn" or "alarm".
constexpr const char* decision_name(Decision decision) noexcept {
    switch (decision) {
        case Decision::pass: return "pass";
        case Decision::not_evaluated: return "not_evaluated";
        case Decision::warn: return "warn";
        case Decision::alarm: return "alarm";
    }
    return "not_evaluated";
}

/// The graver of two judgements: alarm over warn over not_evaluated over pass.
constexpr Decision worst(Decision a, Decision b) noexcept {
    return a < b ? b : a;
}

}  // namespace vedette::inline v0
