// SPDX-License-Identifier: Apache-2.0
// Any text is either refused with Error(invalid_policy), or read as a policy that writes itself the same way again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "vedette/core/error.hpp"
#include "vedette/guard/policy.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const std::string_view text(reinterpret_cast<const char*>(data), size);
        const vedette::Policy policy = vedette::Policy::from_json(text);
        const std::string written = policy.to_json();
        if (vedette::Policy::from_json(written).to_json() != written) std::abort();
    } catch (const vedette::Error& error) {
        if (error.code() != vedette::ErrorCode::invalid_policy) std::abort();
    }
    return 0;
}
