// SPDX-License-Identifier: Apache-2.0
// Any text is either refused with an Error, or read as a schema that writes itself the same way again, and judges rows.
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/core/error.hpp"
#include "vedette/core/value.hpp"
#include "vedette/validation/validator.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using vedette::validation::Schema;
    try {
        const Schema schema = Schema::from_json(std::string_view(reinterpret_cast<const char*>(data), size));
        const std::string written = schema.to_json();
        const Schema again = Schema::from_json(written);
        // Compiled, it judges rows that do and do not suit it.
        const vedette::validation::Validator rules(schema);
        std::vector<vedette::Value> row(rules.feature_count());
        const vedette::Value values[] = {1.5, -7, "US", {}, std::numeric_limits<std::int64_t>::min(), 1, ""};
        for (std::size_t shift = 0; shift < std::size(values); ++shift) {
            for (std::size_t i = 0; i < row.size(); ++i) row[i] = values[(i + shift) % std::size(values)];
            static_cast<void>(rules.validate(row));
        }
        if (again != schema || again.to_json() != written) std::abort();
    } catch (const vedette::Error& error) {
        if (error.code() != vedette::ErrorCode::invalid_argument &&
            error.code() != vedette::ErrorCode::unsupported_version) {
            std::abort();
        }
    }
    return 0;
}
