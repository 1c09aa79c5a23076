// SPDX-License-Identifier: Apache-2.0
// Any text is either refused with an Error, or read as a schema that writes itself the same way again, and judges rows.
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <span>
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
        // And with sets and a clock, which ask no less.
        vedette::validation::RuleInputs inputs;
        inputs.clock.now = [](void*) { return std::int64_t{1700000000000000000}; };
        const std::vector<std::string> known{"US", "-7"};
        for (const auto& set : schema.reference_sets)
            if (set.values.empty() && set.most_values >= known.size())
                inputs.reference_sets.emplace(set.name, vedette::validation::ReferenceValues(known));
        const vedette::validation::Validator stricter(schema, {}, inputs);
        std::vector<vedette::Value> row(rules.feature_count());
        const vedette::Value values[] = {1.5,
                                         -7,
                                         "US",
                                         {},
                                         std::numeric_limits<std::int64_t>::min(),
                                         1,
                                         "",
                                         std::numeric_limits<double>::infinity(),
                                         "e\xCC\x81",
                                         "2024-02-29T12:00:00.5+01:00",
                                         "p\xD0\xB0y no no no \xE2\x80\x8B\x1B\xC3"};
        for (std::size_t shift = 0; shift < std::size(values); ++shift) {
            for (std::size_t i = 0; i < row.size(); ++i) row[i] = values[(i + shift) % std::size(values)];
            const vedette::validation::RowVerdict verdict = rules.validate(row);
            if ((stricter.validate(row).failed & verdict.failed) != verdict.failed) std::abort();
            // What is repaired is told, and stays so.
            std::vector<vedette::validation::CheckSet> failed(row.size() + rules.expression_count());
            std::vector<vedette::validation::Repaired> told(row.size());
            const vedette::validation::RepairVerdict repaired = rules.repair(std::span(row), failed, told);
            if (repaired.before != verdict || repaired.repaired > row.size()) std::abort();
            if (repaired.after != rules.validate(row)) std::abort();
            for (std::size_t i = 0; i < repaired.repaired; ++i) {
                const auto& done = told[i];
                if (rules.check(done.feature, done.before) != done.failed) std::abort();
                if ((rules.check(done.feature, done.after) & done.failed) == done.failed) std::abort();
            }
            if (rules.repair(std::span(row)).repaired != 0) std::abort();
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
