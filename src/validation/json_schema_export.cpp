// SPDX-License-Identifier: Apache-2.0
// A schema written as a JSON Schema of one row.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "validation/ecma_pattern.hpp"
#include "validation/exchange_notes.hpp"
#include "validation/expression_tokens.hpp"
#include "validation/json_schema_feature.hpp"
#include "validation/schema_words.hpp"
#include "validation/text_rules.hpp"

namespace vedette::inline v0::validation {

namespace {

using Json = nlohmann::ordered_json;

class FeatureWriter {
  public:
    FeatureWriter(const Feature& feature, std::string path, ExchangeNotes& notes)
        : feature_(feature), path_(std::move(path)), notes_(notes) {}

    Json write() {
        accepts_null_ = feature_.nullable || !feature_.required || !is_error(Check::null, true);
        Json value = Json::object();
        write_type(value);
        if (feature_.type == FeatureType::floating) write_numbers(value);
        if (feature_.type == FeatureType::integer) write_bounds(feature_.integer, value);
        if (feature_.type == FeatureType::text || feature_.type == FeatureType::bytes) write_texts(value);
        write_notes();
        return write_list(std::move(value));
    }
    [[nodiscard]] bool accepts_null() const noexcept { return accepts_null_; }
    [[nodiscard]] bool is_required() { return feature_.required && is_error(Check::missing, true); }

  private:
    // Whether what fails the check is an error; what is less is not asserted, and told where something asks for it.
    bool is_error(Check check, bool is_asked) {
        const auto given = feature_.severity.find(check);
        if (given == feature_.severity.end() || given->second == Severity::error) return true;
        if (is_asked) notes_.annotation(fmt::format("{}/severity/{}", path_, check_name(check)), "is not asserted");
        return false;
    }

    void write_type(Json& value) {
        constexpr std::array types{"number", "integer", "boolean", "string", "string"};
        if (!is_error(Check::type, true)) return;
        const char* const type = types[static_cast<std::size_t>(feature_.type)];
        const bool is_list = !feature_.valency.empty() || (feature_.shape && !feature_.shape->empty());
        value["type"] = accepts_null_ && !is_list ? Json::array({type, "null"}) : Json(type);
        if (feature_.type == FeatureType::bytes)
            notes_.stricter(path_ + "/type", "JSON has no texts that are not Unicode");
        if (feature_.dtype) notes_.annotation(path_ + "/dtype", "JSON knows one kind of numbers");
    }

    template <class Number>
    void write_bounds(const Bounds<Number>& bounds, Json& value) {
        if (bounds.minimum && is_error(Check::minimum, true))
            value[bounds.exclusive_minimum ? "exclusiveMinimum" : "minimum"] = *bounds.minimum;
        if (bounds.maximum && is_error(Check::maximum, true))
            value[bounds.exclusive_maximum ? "exclusiveMaximum" : "maximum"] = *bounds.maximum;
        if (!bounds.step || !is_error(Check::step, true)) return;
        value["multipleOf"] = *bounds.step;
        // Our multiples are those of the double; of the decimal that is written there are others.
        if (!is_exact_decimal(static_cast<double>(*bounds.step)))
            notes_.looser(path_ + "/step",
                          "is no sum of powers of two: JSON Schema has other multiples of its decimal");
    }
    void write_numbers(Json& value) {
        write_bounds(feature_.number, value);
        if (feature_.integral && is_error(Check::integral, true)) {
            if (value.contains("multipleOf")) {
                value["allOf"].push_back({{"multipleOf", 1}});
            } else {
                value["multipleOf"] = 1;
            }
        }
        if (feature_.standard_score && is_error(Check::standard_score, true)) {
            const StandardScore& score = *feature_.standard_score;
            const double reach = score.limit * score.standard_deviation;
            value["allOf"].push_back({{"minimum", score.mean - reach}, {"maximum", score.mean + reach}});
        }
        if (feature_.allow_nan) notes_.stricter(path_ + "/allow_nan", "JSON has no NaN");
        if (feature_.allow_infinity) notes_.stricter(path_ + "/allow_infinity", "JSON has no infinities");
    }

    void write_texts(Json& value) {
        write_domain(value);
        if (feature_.length) write_length(value);
        if (feature_.format != Format::none && is_error(Check::format, true)) {
            std::string word = format_name(feature_.format);
            std::replace(word.begin(), word.end(), '_', '-');
            value["format"] = word;
            notes_.annotation(path_ + "/format", "is asserted only by validators that are told to");
        }
        write_text_rules(value);
        if (feature_.pattern.empty() || !is_error(Check::pattern, true)) return;
        if (const std::optional<std::string> pattern = pattern_to_ecma(feature_.pattern)) {
            value["pattern"] = *pattern;
        } else {
            notes_.looser(path_ + "/pattern", "ECMA-262 has no such expression");
        }
    }
    // What looks at characters says nothing in JSON Schema; what is refused is `not`.
    void write_text_rules(Json& value) {
        const auto lose = [&](bool is_given, Check check, const char* field) {
            if (is_given && is_error(check, true))
                notes_.looser(fmt::format("{}/{}", path_, field), "JSON Schema knows no such rule");
        };
        for (const CharacterClass refused : feature_.refused_characters)
            lose(true, check_of(refused), "refused_characters");
        lose(feature_.scripts != Scripts::any, Check::confusable, "scripts");
        lose(feature_.refuse_lookalikes, Check::confusable, "refuse_lookalikes");
        lose(feature_.repetition.has_value(), Check::repetition, "repetition");
        if (feature_.refused_patterns.empty() || !is_error(Check::pattern, true)) return;
        for (std::size_t i = 0; i < feature_.refused_patterns.size(); ++i) {
            if (const std::optional<std::string> pattern = pattern_to_ecma(feature_.refused_patterns[i])) {
                // A pattern says nothing of what is no text, so that `not` must.
                value["allOf"].push_back({{"not", {{"type", "string"}, {"pattern", *pattern}}}});
            } else {
                notes_.looser(fmt::format("{}/refused_patterns/{}", path_, i), "ECMA-262 has no such expression");
            }
        }
    }
    void write_domain(Json& value) {
        if (!feature_.domain || !is_error(Check::domain, true)) return;
        const Domain& domain = *feature_.domain;
        if (domain.tolerated_mass > 0.0) {
            notes_.annotation(path_ + "/domain/tolerated_mass", "a stray value of one row is no error");
        } else if (domain.letter_case != Case::exact) {
            notes_.looser(path_ + "/domain/letter_case", "JSON Schema compares texts exactly");
        } else if (domain.normal_form != NormalForm::none) {
            notes_.looser(path_ + "/domain/normal_form", "JSON Schema compares texts exactly");
        } else {
            value["enum"] = domain.values;
            if (accepts_null_ && feature_.valency.empty()) value["enum"].push_back(nullptr);
        }
    }
    void write_length(Json& value) {
        const bool has_minimum = feature_.length->minimum != 0 && is_error(Check::short_text, true);
        const bool has_maximum = feature_.length->maximum != Count{}.maximum && is_error(Check::long_text, true);
        if (feature_.length_unit == LengthUnit::bytes && (has_minimum || has_maximum)) {
            notes_.looser(path_ + "/length", "JSON Schema counts code points, not bytes");
            return;
        }
        if (has_minimum) value["minLength"] = feature_.length->minimum;
        if (has_maximum) value["maxLength"] = feature_.length->maximum;
    }

    Json write_list(Json value) {
        std::vector<std::pair<std::optional<std::uint64_t>, std::optional<std::uint64_t>>> levels;
        for (const Count& count : feature_.valency) {
            levels.emplace_back(std::nullopt, std::nullopt);
            if (count.minimum != 0 && is_error(Check::few_values, true)) levels.back().first = count.minimum;
            if (count.maximum != Count{}.maximum && is_error(Check::many_values, true))
                levels.back().second = count.maximum;
        }
        for (const std::int64_t size : feature_.shape.value_or(std::vector<std::int64_t>{})) {
            levels.emplace_back(std::nullopt, std::nullopt);
            if (size < 0 || !is_error(Check::shape, true)) continue;
            levels.back().first = levels.back().second = static_cast<std::uint64_t>(size);
        }
        for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
            Json list = Json::object();
            const bool is_outermost = std::next(level) == levels.rend();
            list["type"] = is_outermost && accepts_null_ ? Json::array({"array", "null"}) : Json("array");
            list["items"] = std::move(value);
            if (level->first) list["minItems"] = *level->first;
            if (level->second) list["maxItems"] = *level->second;
            value = std::move(list);
        }
        return value;
    }

    void write_notes() {
        const auto note = [&](bool is_given, const char* field, const char* what) {
            if (is_given) notes_.annotation(fmt::format("{}/{}", path_, field), what);
        };
        constexpr const char* of_batch = "says nothing of one row";
        note(feature_.minimum_fraction > 0.0, "minimum_fraction", of_batch);
        note(feature_.minimum_count > 0, "minimum_count", of_batch);
        note(feature_.unique, "unique", of_batch);
        note(feature_.order != Order::any, "order", of_batch);
        note(feature_.meaning != Meaning::unspecified, "meaning", "is not kept");
        note(!feature_.owner.empty(), "owner", "is not kept");
        note(!feature_.pii.empty(), "pii", "is not kept");
        if (!feature_.reference_set.empty() && is_error(Check::domain, true))
            notes_.looser(path_ + "/reference_set", "JSON Schema has no sets beside it");
        if (feature_.freshness && is_error(Check::freshness, true))
            notes_.looser(path_ + "/freshness", "JSON Schema has no clock");
        note(!feature_.repair.empty(), "repair", "JSON Schema changes no value");
    }

    const Feature& feature_;
    std::string path_;
    ExchangeNotes& notes_;
    bool accepts_null_ = false;
};

// `name in (...)`, `name not in (...)`, `name == true`, taken apart.
struct Choice {
    std::string name;
    bool is_negated = false;
    std::vector<Json> values;
};

Json json_of(const Token& token, bool is_negative) {
    if (token.kind == Token::Kind::text) return token.text;
    if (token.number.kind == Operand::Kind::integer) return is_negative ? -token.number.integer : token.number.integer;
    return is_negative ? -token.number.real : token.number.real;
}

std::optional<Choice> choice_of(const std::string& rule) {
    Tokenizer tokenizer(rule);
    Choice choice;
    Token token = tokenizer.next();
    if (token.kind != Token::Kind::word && token.kind != Token::Kind::quoted_name) return std::nullopt;
    choice.name = token.text;
    token = tokenizer.next();
    if (token.is("==") || token.is("!=")) {
        choice.is_negated = token.is("!=");
        token = tokenizer.next();
        if (!token.is("true") && !token.is("false")) return std::nullopt;
        choice.values.emplace_back(token.is("true"));
        return tokenizer.next().kind == Token::Kind::end ? std::optional(choice) : std::nullopt;
    }
    choice.is_negated = token.is("not");
    if (choice.is_negated) token = tokenizer.next();
    if (!token.is("in") || !tokenizer.next().is("(")) return std::nullopt;
    do {
        token = tokenizer.next();
        const bool is_negative = token.is("-");
        if (is_negative) token = tokenizer.next();
        if (token.kind != Token::Kind::number && token.kind != Token::Kind::text) return std::nullopt;
        choice.values.push_back(json_of(token, is_negative));
        token = tokenizer.next();
    } while (token.is(","));
    return token.is(")") && tokenizer.next().kind == Token::Kind::end ? std::optional(choice) : std::nullopt;
}

class RowWriter {
  public:
    RowWriter(const Schema& schema, std::string_view environment, ExchangeNotes& notes)
        : schema_(schema), environment_(environment), notes_(notes) {}

    std::string write() {
        Json root = Json::object();
        root["$schema"] = "https://json-schema.org/draft/2020-12/schema";
        if (!schema_.name.empty()) root["title"] = schema_.name;
        root["type"] = "object";
        std::vector<std::pair<std::string, Json>> properties;
        for (std::size_t i = 0; i < schema_.features.size(); ++i) write_feature(i, properties, root);
        std::map<std::string, Json*> by_name;
        for (auto& [name, value] : properties) by_name[name] = &value;
        for (std::size_t k = 0; k < schema_.expressions.size(); ++k) write_expression(k, by_name);
        // Its objects look for a key among all others, so that the text is put together by hand.
        std::string text = root.dump();
        text.pop_back();
        text += ",\"properties\":{";
        for (std::size_t i = 0; i < properties.size(); ++i)
            text += fmt::format("{}{}:{}", i == 0 ? "" : ",", Json(properties[i].first).dump(),
                                properties[i].second.dump());
        return text + "},\"additionalProperties\":false}";
    }

  private:
    [[nodiscard]] bool is_expected(const Feature& feature) const {
        return environment_.empty() || feature.environments.empty() ||
               std::find(feature.environments.begin(), feature.environments.end(), environment_) !=
                   feature.environments.end();
    }
    [[nodiscard]] bool is_elsewhere(const std::string& name) const {
        return std::any_of(schema_.features.begin(), schema_.features.end(),
                           [&](const Feature& feature) { return feature.name == name && !is_expected(feature); });
    }
    void write_feature(std::size_t i, std::vector<std::pair<std::string, Json>>& properties, Json& root) {
        const Feature& feature = schema_.features[i];
        const std::string path = fmt::format("/features/{}", i);
        if (!is_expected(feature)) return;
        if (feature.stage != Stage::production) {
            notes_.annotation(path + "/stage", "out of production: any value is valid");
            properties.emplace_back(feature.name, true);
            nullable_.push_back(feature.name);
            return;
        }
        FeatureWriter writer(feature, path, notes_);
        properties.emplace_back(feature.name, writer.write());
        if (writer.accepts_null()) nullable_.push_back(feature.name);
        if (writer.is_required()) root["required"].push_back(feature.name);
    }
    void write_expression(std::size_t k, std::map<std::string, Json*>& by_name) {
        const Expression& expression = schema_.expressions[k];
        const std::string path = fmt::format("/expressions/{}", k);
        if (expression.severity != Severity::error) {
            notes_.annotation(path, "is no error, so not asserted");
            return;
        }
        std::optional<Choice> choice = choice_of(expression.expression);
        if (choice && is_elsewhere(choice->name)) {
            notes_.annotation(path, "is of a feature of other environments");
            return;
        }
        const auto found = choice ? by_name.find(choice->name) : by_name.end();
        if (found == by_name.end() || !found->second->is_object() || found->second->contains("items")) {
            notes_.looser(path, "JSON Schema holds no several values against each other");
            return;
        }
        Json& value = *found->second;
        if (choice->is_negated) {
            value["allOf"].push_back({{"not", {{"enum", choice->values}}}});
            return;
        }
        if (std::find(nullable_.begin(), nullable_.end(), choice->name) != nullable_.end())
            choice->values.emplace_back(nullptr);
        value["allOf"].push_back({{"enum", choice->values}});
    }

    const Schema& schema_;
    std::string_view environment_;
    ExchangeNotes& notes_;
    std::vector<std::string> nullable_;
};

}  // namespace

ExportedSchema export_json_schema(const Schema& schema, std::string_view environment, const ExchangeOptions& options) {
    schema.validate();
    ExchangeNotes notes("schema", options);
    if (!environment.empty() &&
        std::find(schema.environments.begin(), schema.environments.end(), environment) == schema.environments.end())
        notes.refuse("/environments", fmt::format("\"{}\" is not among them", environment));
    ExportedSchema result;
    result.text = RowWriter(schema, environment, notes).write();
    result.notes = std::move(notes).take();
    return result;
}

}  // namespace vedette::inline v0::validation
