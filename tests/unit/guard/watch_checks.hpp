// SPDX-License-Identifier: Apache-2.0
// What tests of watches ask of words and of policies.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "sample.hpp"
#include "vedette/core/error.hpp"
#include "vedette/guard/watch.hpp"

namespace vedette::testing {

inline bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// What a watch of the sample refuses a policy with; "accepted" otherwise.
inline std::string refusal(const std::string& policy) {
    try {
        (void)Watch(sample_baseline(), Policy::from_json(policy));
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::invalid_policy);
        return error.what();
    }
    return "accepted";
}

}  // namespace vedette::testing
