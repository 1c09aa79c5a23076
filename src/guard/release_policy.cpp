// SPDX-License-Identifier: Apache-2.0
// Reading, checking and writing the policy of releases.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/strict_json.hpp"
#include "guard/released_columns.hpp"
#include "vedette/core/error.hpp"
#include "vedette/guard/release.hpp"

namespace vedette::inline v0 {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<const char*, released_output_count> output_names{"features", "requests", "scores", "schema",
                                                                      "schema_checks"};
constexpr std::size_t longest_name = 255;  // as of LedgerAccount
constexpr std::size_t most_columns = 4096;
constexpr std::size_t most_groups = 4096;
constexpr double largest_delta = 0.1;
constexpr double least_delta = 1e-30;

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
    throw Error(ErrorCode::invalid_policy, fmt::format("release policy {}: {}", path.empty() ? "/" : path, what));
}

double number(const Json& json, const std::string& path) {
    if (!json.is_number()) refuse(path, "must be a number");
    return json.get<double>();
}

std::string text_at(const Json& json, const std::string& path) {
    if (!json.is_string()) refuse(path, "must be a text");
    return json.get<std::string>();
}

privacy::LedgerAccount account_of(const Json& json) {
    if (!json.is_object()) refuse("/account", "must be an object");
    privacy::LedgerAccount account;
    const std::pair<const char*, std::string*> fields[] = {
        {"data_set", &account.data_set}, {"principal", &account.principal}, {"purpose", &account.purpose}};
    for (const auto& [key, value] : json.items()) {
        const std::string path = "/account/" + key;
        const auto* const field = std::find_if(std::begin(fields), std::end(fields),
                                               [&key = key](const auto& each) { return key == each.first; });
        if (field == std::end(fields)) refuse(path, "unknown key");
        *field->second = text_at(value, path);
    }
    for (const auto& [key, value] : fields)
        if (!json.contains(key)) refuse(std::string("/account/") + key, "is needed");
    return account;
}

std::vector<ReleasedOutput> outputs_of(const Json& json) {
    if (!json.is_array()) refuse("/outputs", "must be an array of words");
    std::vector<ReleasedOutput> outputs;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const std::string path = fmt::format("/outputs/{}", i), word = text_at(json[i], path);
        const auto* const known = std::find(output_names.begin(), output_names.end(), word);
        if (known == output_names.end()) refuse(path, "\"" + word + "\" is no output");
        outputs.push_back(static_cast<ReleasedOutput>(known - output_names.begin()));
    }
    return outputs;
}

std::vector<std::string> names_of(const Json& json, const std::string& path) {
    if (!json.is_array()) refuse(path, "must be an array of texts");
    std::vector<std::string> names;
    for (std::size_t i = 0; i < json.size(); ++i) names.push_back(text_at(json[i], fmt::format("{}/{}", path, i)));
    return names;
}

int power_of(const Json& json, const std::string& path) {
    if (!json.is_number_integer()) refuse(path, "must be an integer");
    return static_cast<int>(std::clamp(json.get<double>(), -1e6, 1e6));
}

void read_statistics(const Json& json, ReleasePolicy& policy) {
    if (!json.is_object()) refuse("/statistics", "must be an object");
    if (!json.contains("columns")) refuse("/statistics/columns", "is needed");
    for (const auto& [key, value] : json.items()) {
        const std::string path = "/statistics/" + key;
        if (key == "columns") {
            policy.columns = names_of(value, path);
            if (policy.columns.empty()) refuse(path, "names no column");
        } else if (key == "least_power") {
            policy.scale.least = power_of(value, path);
        } else if (key == "largest_power") {
            policy.scale.largest = power_of(value, path);
        } else {
            refuse(path, "unknown key");
        }
    }
}

void check_companions(const ReleasePolicy& policy) {
    const auto check = [](const std::vector<std::string>& names, const char* path, std::size_t most) {
        if (names.size() > most) refuse(path, fmt::format("names more than {}", most));
        std::set<std::string> seen;
        for (const std::string& name : names) {
            if (name.size() > longest_name) refuse(path, "a name is longer than 255 bytes");
            if (!seen.insert(name).second) refuse(path, "names one twice");
        }
    };
    check(policy.columns, "/statistics/columns", most_columns);
    check(policy.groups, "/groups", most_groups);
    if (policy.columns.empty() && policy.scale != privacy::RangeScale())
        refuse("/statistics", "has a scale, but no columns");
    try {
        if (!policy.columns.empty()) released::check_columns(policy.columns, policy.scale);
    } catch (const Error& error) {
        refuse("/statistics", error.what());
    }
}

void require(const ReleasePolicy& policy, ReleasedOutput needs, ReleasedOutput needed) {
    if (policy.releases(needs) && !policy.releases(needed))
        refuse("/outputs", fmt::format("{} needs {}", released_output_name(needs), released_output_name(needed)));
}

bool contains(const std::vector<ReleasedOutput>& outputs, ReleasedOutput output) noexcept {
    return std::find(outputs.begin(), outputs.end(), output) != outputs.end();
}

}  // namespace

const char* released_output_name(ReleasedOutput output) noexcept {
    const auto index = static_cast<std::size_t>(output);
    return index < output_names.size() ? output_names[index] : "unknown";
}

bool ReleasePolicy::releases(ReleasedOutput output) const noexcept {
    return contains(outputs, output);
}

bool ReleaseReport::releases(ReleasedOutput output) const noexcept {
    return contains(outputs, output);
}

std::string ReleaseReport::reason() const {
    std::string text = fmt::format("noised: epsilon {:g}", spent.epsilon);
    if (spent.delta > 0.0) text += fmt::format(", delta {:g}", spent.delta);
    text += fmt::format(" for whoever has at most {} {} in it; each count is off by {:.3g} (standard deviation)",
                        noise.rows_per_user, noise.rows_per_user == 1 ? "row" : "rows", noise.standard_deviation());
    return text;
}

void ReleasePolicy::validate() const {
    if (!(epsilon >= least_epsilon && epsilon <= largest_epsilon))
        refuse("/epsilon", fmt::format("{} lies outside [{}, {}]", epsilon, least_epsilon, largest_epsilon));
    if (delta != 0.0 && !(delta >= least_delta && delta <= largest_delta))
        refuse("/delta", fmt::format("{} is neither 0 nor in [{}, {}]", delta, least_delta, largest_delta));
    if (rows_per_user == 0 || rows_per_user > most_rows_per_user)
        refuse("/rows_per_user", fmt::format("{} lies outside [1, 2^20]", rows_per_user));
    if (outputs.empty() && columns.empty() && groups.empty()) refuse("/outputs", "names nothing to release");
    check_companions(*this);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        if (static_cast<std::size_t>(outputs[i]) >= released_output_count) refuse("/outputs", "holds no such output");
        if (std::count(outputs.begin(), outputs.end(), outputs[i]) > 1)
            refuse("/outputs", fmt::format("names {} twice", released_output_name(outputs[i])));
    }
    require(*this, ReleasedOutput::schema, ReleasedOutput::requests);
    require(*this, ReleasedOutput::schema_checks, ReleasedOutput::schema);
    for (const std::string* name : {&account.data_set, &account.principal, &account.purpose})
        if (name->size() > longest_name) refuse("/account", "a name is longer than 255 bytes");
}

ReleasePolicy ReleasePolicy::from_json(std::string_view text) {
    constexpr int max_depth = 4;
    if (const std::string fault = detail::strict_json_fault(text, max_depth); !fault.empty()) refuse("", fault);
    const Json json = Json::parse(text);
    if (!json.is_object()) refuse("", "must be an object");
    ReleasePolicy policy;
    for (const auto& [key, value] : json.items()) {
        const std::string path = "/" + key;
        if (key == "version") {
            if (!value.is_number_integer() || value.get<double>() != version) refuse(path, "must be 1");
        } else if (key == "account") {
            policy.account = account_of(value);
        } else if (key == "epsilon") {
            policy.epsilon = number(value, path);
        } else if (key == "delta") {
            policy.delta = number(value, path);
        } else if (key == "rows_per_user") {
            if (!value.is_number_unsigned()) refuse(path, "must be a positive integer");
            policy.rows_per_user = value.get<std::uint64_t>();
        } else if (key == "outputs") {
            policy.outputs = outputs_of(value);
        } else if (key == "statistics") {
            read_statistics(value, policy);
        } else if (key == "groups") {
            policy.groups = names_of(value, path);
            if (policy.groups.empty()) refuse(path, "names no group");
        } else {
            refuse(path, "unknown key");
        }
    }
    if (!json.contains("account")) refuse("/account", "is needed");
    policy.validate();
    return policy;
}

std::string ReleasePolicy::to_json() const {
    Json json{
        {"version", version},
        {"account", {{"data_set", account.data_set}, {"principal", account.principal}, {"purpose", account.purpose}}},
        {"epsilon", epsilon},
        {"delta", delta},
        {"rows_per_user", rows_per_user},
        {"outputs", Json::array()}};
    for (const ReleasedOutput output : outputs) json["outputs"].push_back(released_output_name(output));
    if (!columns.empty())
        json["statistics"] = {{"columns", columns}, {"least_power", scale.least}, {"largest_power", scale.largest}};
    if (!groups.empty()) json["groups"] = groups;
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string_view ReleasePolicy::json_schema() noexcept {
    // clang-format off
    return R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Vedette release policy, version 1",
  "type": "object",
  "additionalProperties": false,
  "required": ["account"],
  "properties": {
    "version": {"const": 1},
    "account": {"type": "object", "additionalProperties": false, "required": ["data_set", "principal", "purpose"],
      "description": "who pays: an account of a ledger, kept in epsilon and delta",
      "properties": {"data_set": {"$ref": "#/$defs/name"}, "principal": {"$ref": "#/$defs/name"},
                     "purpose": {"$ref": "#/$defs/name"}}},
    "epsilon": {"type": "number", "minimum": 1e-6, "maximum": 1000, "default": 1,
      "description": "what each release spends, all that is in it together"},
    "delta": {"type": "number", "minimum": 0, "maximum": 0.1, "default": 0,
      "description": "0: discrete Laplace noise; else, from 1e-30 on, discrete Gaussian noise"},
    "rows_per_user": {"type": "integer", "minimum": 1, "maximum": 1048576, "default": 1,
      "description": "rows of a window that one user has at most; the caller sees to it"},
    "outputs": {"type": "array", "uniqueItems": true,
      "items": {"enum": ["features", "requests", "scores", "schema", "schema_checks"]},
      "default": ["features", "requests", "scores", "schema"],
      "description": "of the window; schema needs requests, schema_checks needs schema; empty only with statistics or groups"},
    "statistics": {"type": "object", "additionalProperties": false, "required": ["columns"],
      "description": "counts of the columns' nulls, NaN, infinities and numbers by sign and power of two",
      "properties": {"columns": {"$ref": "#/$defs/names"},
                     "least_power": {"type": "integer", "minimum": -1022, "maximum": 1022, "default": -30,
                       "description": "numbers below 2 to this power count as 0"},
                     "largest_power": {"type": "integer", "minimum": -1021, "maximum": 1023, "default": 40,
                       "description": "from 2 to this power on all are one cell"}}},
    "groups": {"$ref": "#/$defs/names",
      "description": "rates of decisions by group, of groups that are known beforehand"}
  },
  "$defs": {
    "name": {"type": "string", "maxLength": 255},
    "names": {"type": "array", "minItems": 1, "maxItems": 4096, "uniqueItems": true, "items": {"$ref": "#/$defs/name"}}
  }
}
)";
    // clang-format on
}

}  // namespace vedette::inline v0
