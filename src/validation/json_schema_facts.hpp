// SPDX-License-Identifier: Apache-2.0
// What all keywords that apply to one value ask of it together.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "validation/operand.hpp"
#include "vedette/validation/schema.hpp"

namespace vedette::inline v0::validation {

/// A set of JSON's types; an integer is a number without a fraction.
using JsonTypes = std::uint32_t;
inline constexpr JsonTypes json_null = 1, json_boolean = 2, json_integer = 4, json_fraction = 8, json_text = 16,
                           json_array = 32, json_object = 64;
inline constexpr JsonTypes json_number = json_integer | json_fraction;
inline constexpr JsonTypes all_json_types = 127;

[[nodiscard]] JsonTypes json_type_of(const nlohmann::json& value);

struct JsonLimit {
    Operand value;
    bool is_open = false;
    std::string path;
};

struct JsonFacts {
    JsonTypes types = all_json_types;
    std::optional<std::vector<nlohmann::json>> choices;  ///< of enum and const, those that are not null
    std::vector<nlohmann::json> excluded;                ///< of not
    std::optional<JsonLimit> minimum, maximum;
    std::vector<std::pair<double, std::string>> steps;  ///< with their paths
    Count length, items;
    std::vector<std::pair<std::string, std::string>> patterns, formats;  ///< with their paths
    std::vector<std::pair<std::string, std::string>> refused_patterns;   ///< of not, likewise
    std::vector<std::pair<const nlohmann::json*, std::string>> elements;
    /// What cannot be said here, the types that it concerns, and its path.
    struct Beyond {
        JsonTypes types;
        std::string path, what;
    };
    std::vector<Beyond> beyond;

    /// Nothing but types was asked for.
    [[nodiscard]] bool are_types_alone() const;

    void require_at_least(JsonLimit limit);
    void require_at_most(JsonLimit limit);
    void choose(const std::vector<nlohmann::json>& values);
};

}  // namespace vedette::inline v0::validation
