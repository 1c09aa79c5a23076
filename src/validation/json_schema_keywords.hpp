// SPDX-License-Identifier: Apache-2.0
// The keywords of JSON Schema that apply to one value, gathered.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "validation/exchange_notes.hpp"
#include "validation/json_schema_facts.hpp"

namespace vedette::inline v0::validation {

[[nodiscard]] bool is_annotation(std::string_view key) noexcept;         ///< title, default, ...
[[nodiscard]] bool is_keyword(std::string_view key) noexcept;            ///< of draft 2020-12
[[nodiscard]] bool is_applicator_beyond(std::string_view key) noexcept;  ///< if, $dynamicRef
[[nodiscard]] std::string escaped(std::string_view name);                ///< a token of a JSON pointer
[[nodiscard]] std::string in_backquotes(std::string_view name);          ///< a name in an expression

class JsonKeywords {
  public:
    JsonKeywords(const nlohmann::json& root, ExchangeNotes& notes);

    /// Joins what `schema` asks to `facts`. The document that it is in must outlive both.
    void apply(const nlohmann::json& schema, const std::string& path, JsonFacts& facts);

  private:
    using Json = nlohmann::json;

    void apply_member(const std::string& key, const Json& value, const std::string& path, const Json& schema,
                      JsonFacts& facts);
    bool apply_number(const std::string& key, const Json& value, const std::string& path, JsonFacts& facts);
    bool apply_text(const std::string& key, const Json& value, const std::string& path, JsonFacts& facts);
    bool apply_array(const std::string& key, const Json& value, const std::string& path, JsonFacts& facts);
    bool apply_joint(const std::string& key, const Json& value, const std::string& path, JsonFacts& facts);
    void apply_type(const Json& value, const std::string& path, JsonFacts& facts);
    void apply_reference(const Json& value, const std::string& path, JsonFacts& facts);
    void apply_branches(const Json& value, const std::string& path, bool is_exclusive, JsonFacts& facts);
    void apply_not(const Json& value, const std::string& path, JsonFacts& facts);
    [[nodiscard]] JsonTypes type_named(const Json& name, const std::string& path) const;
    [[nodiscard]] const Json& resolve(const std::string& reference, const std::string& path) const;
    [[nodiscard]] std::uint64_t count_of(const Json& value, const std::string& path) const;

    const Json& root_;
    ExchangeNotes& notes_;
    bool has_nested_id_;  // found once: a walk for each reference would be quadratic
    std::size_t parts_ = 0;
    int depth_ = 0;
};

}  // namespace vedette::inline v0::validation
