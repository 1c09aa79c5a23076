// SPDX-License-Identifier: Apache-2.0
// How what several keywords ask is joined.
#include "validation/json_schema_facts.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

namespace vedette::inline v0::validation {

JsonTypes json_type_of(const nlohmann::json& value) {
    switch (value.type()) {
        case nlohmann::json::value_t::null: return json_null;
        case nlohmann::json::value_t::boolean: return json_boolean;
        case nlohmann::json::value_t::number_integer:
        case nlohmann::json::value_t::number_unsigned: return json_integer;
        case nlohmann::json::value_t::number_float: {
            const auto x = value.get<double>();
            return std::trunc(x) == x ? json_integer : json_fraction;
        }
        case nlohmann::json::value_t::string: return json_text;
        case nlohmann::json::value_t::array: return json_array;
        default: return json_object;
    }
}

bool JsonFacts::are_types_alone() const {
    return !choices && excluded.empty() && !minimum && !maximum && steps.empty() && length == Count{} &&
           items == Count{} && patterns.empty() && refused_patterns.empty() && formats.empty() && elements.empty() &&
           beyond.empty();
}

void JsonFacts::require_at_least(JsonLimit limit) {
    const int order = minimum ? compare_numbers(limit.value, minimum->value) : 1;
    if (order > 0 || (order == 0 && limit.is_open)) minimum = std::move(limit);
}

void JsonFacts::require_at_most(JsonLimit limit) {
    const int order = maximum ? compare_numbers(limit.value, maximum->value) : -1;
    if (order < 0 || (order == 0 && limit.is_open)) maximum = std::move(limit);
}

void JsonFacts::choose(const std::vector<nlohmann::json>& values) {
    JsonTypes chosen = 0;
    std::vector<nlohmann::json> kept;
    std::set<nlohmann::json> seen, before;  // sorted: many choices cost no quadratic time
    if (choices) before.insert(choices->begin(), choices->end());
    for (const nlohmann::json& value : values) {
        chosen |= json_type_of(value);
        if (value.is_null() || !seen.insert(value).second) continue;
        if (!choices || before.count(value) != 0) kept.push_back(value);
    }
    types &= chosen;
    choices = std::move(kept);
}

}  // namespace vedette::inline v0::validation
