// SPDX-License-Identifier: Apache-2.0
// Any text is either refused with an Error, or read as a schema that writes itself the same way again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "vedette/core/error.hpp"
#include "vedette/validation/schema.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using vedette::validation::Schema;
    try {
        const Schema schema = Schema::from_json(std::string_view(reinterpret_cast<const char*>(data), size));
        const std::string written = schema.to_json();
        const Schema again = Schema::from_json(written);
        if (again != schema || again.to_json() != written) std::abort();
    } catch (const vedette::Error& error) {
        if (error.code() != vedette::ErrorCode::invalid_argument &&
            error.code() != vedette::ErrorCode::unsupported_version) {
            std::abort();
        }
    }
    return 0;
}
