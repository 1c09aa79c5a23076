// SPDX-License-Identifier: Apache-2.0
// Reference sets copied out of the caller's memory.
#include "rule_inputs.hpp"

#include <string>
#include <vector>

#include "fence.hpp"
#include "structs.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::capi {

namespace {

constexpr vdt_rule_inputs default_inputs() noexcept {
    return {sizeof(vdt_rule_inputs), 0, nullptr, 0, nullptr, nullptr};
}

}  // namespace

validation::RuleInputs read_rule_inputs(const vdt_rule_inputs* given) {
    const vdt_rule_inputs read = read_struct(given, default_inputs(), "inputs");
    validation::RuleInputs inputs;
    inputs.clock = {read.now, read.user_data};
    if (read.reference_set_count != 0) require(read.reference_sets, "inputs.reference_sets");
    for (std::uint64_t i = 0; i < read.reference_set_count; ++i) {
        const vdt_reference_set& set = read.reference_sets[i];
        if (set.count != 0) require(set.values, "a reference set's values");
        // Before anything is copied.
        if (set.count > validation::ReferenceValues::most_values)
            throw Error(ErrorCode::overflow, "a reference set of " + std::to_string(set.count) + " values");
        std::vector<std::string> values;
        values.reserve(static_cast<std::size_t>(set.count));
        for (std::uint64_t k = 0; k < set.count; ++k)
            values.emplace_back(to_text(set.values[k].data, set.values[k].length, "a reference set's value"));
        std::string name(to_text(set.name.data, set.name.length, "a reference set's name"));
        if (!inputs.reference_sets.emplace(name, validation::ReferenceValues(values)).second)
            throw Error(ErrorCode::invalid_argument, "the reference set \"" + name + "\" is given twice");
    }
    return inputs;
}

}  // namespace vedette::inline v0::capi

using namespace vedette::capi;

extern "C" void vdt_rule_inputs_init(vdt_rule_inputs* inputs, size_t size) noexcept {
    init_struct(inputs, size, default_inputs());
}
