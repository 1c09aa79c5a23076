// SPDX-License-Identifier: Apache-2.0
// A feature made of what JSON Schema asks of one value.
#pragma once

#include <string>
#include <vector>

#include "validation/exchange_notes.hpp"
#include "validation/json_schema_facts.hpp"
#include "validation/json_schema_keywords.hpp"

namespace vedette::inline v0::validation {

/// Whether the shortest decimal of a positive double is that double.
[[nodiscard]] bool is_exact_decimal(double x);

class FeatureFromJson {
  public:
    FeatureFromJson(ExchangeNotes& notes, JsonKeywords& keywords) : notes_(notes), keywords_(keywords) {}

    Feature read(const std::string& name, JsonFacts facts, const std::string& path);
    /// What no field of the feature says.
    [[nodiscard]] const std::vector<std::string>& expressions() const noexcept { return expressions_; }

  private:
    void take_list(JsonFacts& facts, std::string& path);
    void take_type(const JsonFacts& facts, const std::string& path);
    void take_numbers(const JsonFacts& facts);
    void take_integers(const JsonFacts& facts);
    void take_real_steps(const JsonFacts& facts);
    void take_integer_steps(const JsonFacts& facts);
    void take_texts(const JsonFacts& facts);
    void take_choices(const JsonFacts& facts, const std::string& path);
    void take_excluded(const JsonFacts& facts, const std::string& path);
    void take_number_choices(std::vector<nlohmann::json> values, const std::string& path);
    [[nodiscard]] std::string literal(const nlohmann::json& value) const;
    void add_expression(const std::string& rule, const std::string& path);

    ExchangeNotes& notes_;
    JsonKeywords& keywords_;
    Feature feature_;
    std::vector<std::string> expressions_;
};

}  // namespace vedette::inline v0::validation
