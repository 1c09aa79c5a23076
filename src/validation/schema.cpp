// SPDX-License-Identifier: Apache-2.0
// What makes a schema a possible one.
#include "vedette/validation/schema.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <type_traits>

#include "validation/expression_program.hpp"
#include "validation/normal_form.hpp"
#include "validation/pattern.hpp"
#include "validation/schema_words.hpp"
#include "vedette/core/error.hpp"
#include "vedette/validation/validator.hpp"

namespace vedette::inline v0::validation {

void refuse(const std::string& path, const std::string& what) {
    throw Error(ErrorCode::invalid_argument, fmt::format("schema {}: {}", path.empty() ? "/" : path, what));
}

namespace {

constexpr std::size_t longest_text = 1024;
constexpr std::size_t most_dimensions = 32;
constexpr std::size_t most_levels = 2;
constexpr std::size_t most_instructions = std::size_t{1} << 20;  // of all patterns: bounds time and memory to compile

template <std::size_t n, class Enum>
void check_word(Enum value, const std::array<const char*, n>& words, const std::string& path) {
    if (static_cast<std::size_t>(value) >= words.size())
        refuse(path, fmt::format("{} is no such choice", static_cast<int>(value)));
}

void check_text(const std::string& text, const std::string& path, std::size_t shortest, std::size_t longest) {
    if (text.size() < shortest || text.size() > longest)
        refuse(path, fmt::format("{} bytes long, must be {} to {}", text.size(), shortest, longest));
    if (text.find('\0') != std::string::npos) refuse(path, "holds a zero byte");
    try {
        static_cast<void>(nlohmann::json(text).dump());
    } catch (const nlohmann::json::exception&) {
        refuse(path, "is not UTF-8");
    }
}

void check_set(const std::vector<std::string>& texts, const std::string& path) {
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        check_text(texts[i], fmt::format("{}/{}", path, i), 1, longest_text);
        if (!seen.insert(texts[i]).second) refuse(fmt::format("{}/{}", path, i), "is given twice");
    }
}

void check_share(double share, const std::string& path) {
    if (!(share >= 0.0 && share <= 1.0)) refuse(path, fmt::format("{} lies outside [0, 1]", share));
}

void check_range(const Count& count, const std::string& path) {
    if (count.minimum > count.maximum)
        refuse(path, fmt::format("minimum {} exceeds maximum {}", count.minimum, count.maximum));
}

template <class Number>
void check_finite(Number value, const std::string& path) {
    if constexpr (std::is_floating_point_v<Number>) {
        if (!std::isfinite(value)) refuse(path, fmt::format("{} is not finite", value));
    }
}

template <class Number>
void check_bounds(const Bounds<Number>& bounds, const std::string& path) {
    if (bounds.minimum) check_finite(*bounds.minimum, path + "/minimum");
    if (bounds.maximum) check_finite(*bounds.maximum, path + "/maximum");
    if (bounds.exclusive_minimum && !bounds.minimum) refuse(path + "/exclusive_minimum", "there is no minimum");
    if (bounds.exclusive_maximum && !bounds.maximum) refuse(path + "/exclusive_maximum", "there is no maximum");
    if (bounds.minimum && bounds.maximum) {
        const bool is_open = bounds.exclusive_minimum || bounds.exclusive_maximum;
        if (*bounds.minimum > *bounds.maximum || (is_open && *bounds.minimum == *bounds.maximum))
            refuse(path + "/maximum", "no value lies between minimum and maximum");
        if constexpr (std::is_integral_v<Number>) {
            // Both ends excluded, as unsigned words: the difference of two int64 may not fit into one.
            const auto width =
                static_cast<std::uint64_t>(*bounds.maximum) - static_cast<std::uint64_t>(*bounds.minimum);
            if (bounds.exclusive_minimum && bounds.exclusive_maximum && width == 1)
                refuse(path + "/maximum", "no value lies between minimum and maximum");
        }
    }
    if (bounds.step) {
        check_finite(*bounds.step, path + "/step");
        if (*bounds.step <= Number{0}) refuse(path + "/step", fmt::format("{} is not positive", *bounds.step));
    }
}

bool is_floating(Dtype dtype) {
    return dtype == Dtype::f16 || dtype == Dtype::bf16 || dtype == Dtype::f32 || dtype == Dtype::f64;
}

void check_type(const Feature& feature, const std::string& path) {
    check_word(feature.type, type_words, path + "/type");
    check_word(feature.meaning, meaning_words, path + "/meaning");
    check_word(feature.stage, stage_words, path + "/stage");
    if (!feature.dtype) return;
    const Dtype dtype = *feature.dtype;
    if (dtype_size(dtype) == 0) refuse(path + "/dtype", fmt::format("{} is no type", static_cast<int>(dtype)));
    const FeatureType kind = dtype == Dtype::boolean ? FeatureType::boolean
                             : is_floating(dtype)    ? FeatureType::floating
                                                     : FeatureType::integer;
    if (kind != feature.type)
        refuse(path + "/dtype", fmt::format("{} is not {}", dtype_name(dtype), feature_type_name(feature.type)));
}

void check_dimensions(const Feature& feature, const std::string& path) {
    if (feature.shape && !feature.valency.empty()) refuse(path + "/valency", "excludes shape");
    if (feature.valency.size() > most_levels)
        refuse(path + "/valency", fmt::format("{} levels, at most {}", feature.valency.size(), most_levels));
    for (std::size_t i = 0; i < feature.valency.size(); ++i)
        check_range(feature.valency[i], fmt::format("{}/valency/{}", path, i));
    if (!feature.shape) return;
    if (feature.shape->size() > most_dimensions)
        refuse(path + "/shape", fmt::format("{} dimensions, at most {}", feature.shape->size(), most_dimensions));
    for (std::size_t i = 0; i < feature.shape->size(); ++i) {
        if ((*feature.shape)[i] < -1)
            refuse(fmt::format("{}/shape/{}", path, i), fmt::format("{} is below -1", (*feature.shape)[i]));
    }
}

// A rule that the feature's type can never meet is a mistake of its author, not a rule to skip.
void check_numbers(const Feature& feature, const std::string& path) {
    check_word(feature.order, order_words, path + "/order");
    const auto type = std::string(feature_type_name(feature.type));
    const bool is_float = feature.type == FeatureType::floating;
    if (!is_float && feature.number != Bounds<double>{}) refuse(path, "bounds of floating features, but is " + type);
    if (feature.type != FeatureType::integer && feature.integer != Bounds<std::int64_t>{})
        refuse(path, "bounds of integer features, but is " + type);
    if (!is_float && feature.integral) refuse(path + "/integral", "is for floating features, not " + type);
    if (!is_float && feature.allow_nan) refuse(path + "/allow_nan", "is for floating features, not " + type);
    if (!is_float && feature.allow_infinity) refuse(path + "/allow_infinity", "is for floating features, not " + type);
    if (!is_float && feature.type != FeatureType::integer && feature.order != Order::any)
        refuse(path + "/order", "is for numbers, not " + type);
    check_bounds(feature.number, path);
    check_bounds(feature.integer, path);
    if (!feature.standard_score) return;
    const std::string place = path + "/standard_score";
    if (!is_float) refuse(place, "is for floating features, not " + type);
    const StandardScore& score = *feature.standard_score;
    check_finite(score.mean, place + "/mean");
    check_finite(score.standard_deviation, place + "/standard_deviation");
    check_finite(score.limit, place + "/limit");
    if (!(score.standard_deviation > 0.0)) refuse(place + "/standard_deviation", "must be positive");
    if (!(score.limit > 0.0)) refuse(place + "/limit", "must be positive");
    const double reach = score.limit * score.standard_deviation;
    check_finite(score.mean - reach, place + "/limit");
    check_finite(score.mean + reach, place + "/limit");
}

void check_domain(const Domain& domain, const std::string& path) {
    check_word(domain.letter_case, case_words, path + "/letter_case");
    check_word(domain.normal_form, normal_form_words, path + "/normal_form");
    check_share(domain.tolerated_mass, path + "/tolerated_mass");
    if (domain.values.empty()) refuse(path + "/values", "is empty: no text would be valid");
    std::set<std::string> seen;
    for (std::size_t i = 0; i < domain.values.size(); ++i) {
        const std::string place = fmt::format("{}/values/{}", path, i);
        check_text(domain.values[i], place, 0, std::size_t{1} << 20);
        NormalScratch scratch;
        const auto normal = normalised(domain.values[i], domain.normal_form, scratch);
        if (!normal) refuse(place, "decomposes into more than 512 code points");
        std::string key(*normal);
        if (domain.letter_case == Case::fold_ascii) {
            for (char& c : key) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        }
        if (!seen.insert(std::move(key)).second) refuse(place, "is given twice");
    }
}

// Returns the size of the compiled pattern.
std::size_t check_pattern(const Feature& feature, const std::string& path) {
    if (feature.pattern.empty()) return 0;
    if (feature.type != FeatureType::text)
        refuse(path, fmt::format("is for text, not {}", feature_type_name(feature.type)));
    check_text(feature.pattern, path, 1, Pattern::longest);
    try {
        return Pattern(feature.pattern).instructions();
    } catch (const Error& error) {
        refuse(path, error.what());
    }
}

// Returns the size of the compiled patterns.
std::size_t check_refused_patterns(const Feature& feature, const std::string& path) {
    if (feature.refused_patterns.empty()) return 0;
    if (feature.type != FeatureType::text)
        refuse(path, fmt::format("is for text, not {}", feature_type_name(feature.type)));
    if (feature.refused_patterns.size() > RefusedPatterns::most)
        refuse(path, fmt::format("{} patterns, at most {}", feature.refused_patterns.size(), RefusedPatterns::most));
    std::size_t instructions = 0;
    for (std::size_t i = 0; i < feature.refused_patterns.size(); ++i) {
        const std::string place = fmt::format("{}/{}", path, i);
        check_text(feature.refused_patterns[i], place, 1, Pattern::longest);
        try {
            instructions += Pattern(feature.refused_patterns[i]).instructions();
        } catch (const Error& error) {
            refuse(place, error.what());
        }
    }
    try {
        static_cast<void>(RefusedPatterns(feature.refused_patterns));
    } catch (const Error& error) {
        refuse(path, error.what());
    }
    return instructions;
}

void check_characters(const Feature& feature, const std::string& path) {
    const bool is_text = feature.type == FeatureType::text;
    const std::string for_text = fmt::format("is for text, not {}", feature_type_name(feature.type));
    if (!is_text && !feature.refused_characters.empty()) refuse(path + "/refused_characters", for_text);
    for (std::size_t i = 0; i < feature.refused_characters.size(); ++i) {
        const std::string place = fmt::format("{}/refused_characters/{}", path, i);
        const auto begin = feature.refused_characters.begin(), here = begin + static_cast<std::ptrdiff_t>(i);
        check_word(*here, character_words, place);
        if (std::find(begin, here, *here) != here) refuse(place, "is given twice");
    }
    check_word(feature.scripts, scripts_words, path + "/scripts");
    if (!is_text && feature.scripts != Scripts::any) refuse(path + "/scripts", for_text);
    if (!is_text && feature.refuse_lookalikes) refuse(path + "/refuse_lookalikes", for_text);
    if (!feature.repetition) return;
    const std::string place = path + "/repetition";
    const Repetition& repetition = *feature.repetition;
    if (!is_text) refuse(place, for_text);
    constexpr std::uint32_t longest = 32;
    check_word(repetition.unit, text_unit_words, place + "/unit");
    if (repetition.length < 1 || repetition.length > longest)
        refuse(place + "/length", fmt::format("{} lies outside 1 to {}", repetition.length, longest));
    if (!(repetition.maximum_share >= 0.0 && repetition.maximum_share < 1.0))
        refuse(place + "/maximum_share", fmt::format("{} lies outside [0, 1)", repetition.maximum_share));
    if (repetition.minimum_grams < 2 || repetition.minimum_grams > Repetition::most_grams)
        refuse(place + "/minimum_grams",
               fmt::format("{} lies outside 2 to {}", repetition.minimum_grams, Repetition::most_grams));
}

// Which findings a value may be repaired of, and how.
constexpr CheckSet clamped_checks = set_of(Check::minimum) | set_of(Check::maximum) | set_of(Check::standard_score) |
                                    set_of(Check::infinity) | set_of(Check::long_text);
constexpr CheckSet unrepaired_checks = batch_checks | set_of(Check::missing) | set_of(Check::shape) |
                                       set_of(Check::nestedness) | set_of(Check::few_values) |
                                       set_of(Check::many_values) | set_of(Check::memory) | set_of(Check::unexpected) |
                                       set_of(Check::expression) | set_of(Check::freshness);

void check_repair(const Feature& feature, const std::string& path) {
    constexpr std::array<std::size_t, 5> alternatives{1, 2, 2, 3, 3};  // of each type's replacement
    const std::size_t given = feature.replacement.index();
    if (given != 0 && given != alternatives[static_cast<std::size_t>(feature.type)])
        refuse(path + "/replacement", fmt::format("is none of {}", feature_type_name(feature.type)));
    if (const auto* const number = std::get_if<double>(&feature.replacement))
        check_finite(*number, path + "/replacement");
    const auto* const text = std::get_if<std::string>(&feature.replacement);
    if (text != nullptr) check_text(*text, path + "/replacement", 0, std::size_t{1} << 20);
    const auto* const whole = std::get_if<std::int64_t>(&feature.replacement);
    if (whole != nullptr && feature.type == FeatureType::boolean && *whole != 0 && *whole != 1)
        refuse(path + "/replacement", fmt::format("{} is neither 0 nor 1", *whole));
    for (const auto& [check, repair] : feature.repair) {
        const std::string place = fmt::format("{}/repair/{}", path, check_name(check));
        check_word(repair, repair_words, place);
        if (static_cast<std::size_t>(check) >= check_count || contains(unrepaired_checks, check))
            refuse(place, "is of no value of a row");
        if (repair == Repair::impute && given == 0) refuse(place, "there is no replacement");
        if (repair == Repair::clamp && !contains(clamped_checks, check)) refuse(place, "knows no nearest value");
        const bool has_ends = feature.standard_score || (feature.number.minimum && feature.number.maximum);
        if (repair == Repair::clamp && check == Check::infinity && !has_ends)
            refuse(place, "to clamp an infinity takes a minimum and a maximum, or a standard score");
    }
}

void check_texts(const Feature& feature, const std::string& path) {
    check_word(feature.length_unit, unit_words, path + "/length_unit");
    check_word(feature.format, format_words, path + "/format");
    const bool is_text = feature.type == FeatureType::text;
    const bool is_string = is_text || feature.type == FeatureType::bytes;
    const auto type = std::string(feature_type_name(feature.type));
    if (feature.domain && !is_string) refuse(path + "/domain", "is for text and bytes, not " + type);
    if (feature.length && !is_string) refuse(path + "/length", "is for text and bytes, not " + type);
    if (feature.format != Format::none && !is_text) refuse(path + "/format", "is for text, not " + type);
    if (feature.length_unit == LengthUnit::code_points && !(is_text && feature.length))
        refuse(path + "/length_unit", "code points are counted in the length of text only");
    if (feature.domain) check_domain(*feature.domain, path + "/domain");
    if (feature.length) check_range(*feature.length, path + "/length");
}

void check_freshness(const Feature& feature, const std::string& path) {
    if (!feature.freshness) return;
    const Freshness& freshness = *feature.freshness;
    const bool is_time = feature.type == FeatureType::floating || feature.type == FeatureType::integer ||
                         (feature.type == FeatureType::text && feature.format == Format::date_time);
    if (!is_time) refuse(path, "is for numbers, and for text with the format date_time");
    check_word(freshness.unit, time_unit_words, path + "/unit");
    if (feature.type == FeatureType::text && freshness.unit != TimeUnit::seconds)
        refuse(path + "/unit", "is for numbers, not text");
    if (!freshness.maximum_age && !freshness.maximum_ahead) refuse(path, "has neither maximum_age nor maximum_ahead");
    const auto check = [&](const std::optional<double>& given, const char* name) {
        if (given && !(*given >= 0.0 && *given <= 1e9))
            refuse(fmt::format("{}/{}", path, name), fmt::format("{} lies outside [0, 1e9]", *given));
    };
    check(freshness.maximum_age, "maximum_age");
    check(freshness.maximum_ahead, "maximum_ahead");
}

// The sets, and that each that a feature names is there and can hold its values.
void check_reference_sets(const Schema& schema) {
    if (schema.reference_sets.size() > Schema::most_reference_sets)
        refuse("/reference_sets",
               fmt::format("{} sets, at most {}", schema.reference_sets.size(), Schema::most_reference_sets));
    std::map<std::string_view, const ReferenceSet*> sets;
    for (std::size_t i = 0; i < schema.reference_sets.size(); ++i) {
        const ReferenceSet& set = schema.reference_sets[i];
        const std::string path = fmt::format("/reference_sets/{}", i);
        check_text(set.name, path + "/name", 1, longest_text);
        if (!sets.emplace(set.name, &set).second)
            refuse(path + "/name", fmt::format("\"{}\" is given twice", set.name));
        if (set.most_values < 1 || set.most_values > ReferenceValues::most_values)
            refuse(path + "/most_values",
                   fmt::format("{} lies outside 1 to {}", set.most_values, ReferenceValues::most_values));
        if (set.values.size() > set.most_values)
            refuse(path + "/values", fmt::format("{} values, at most {}", set.values.size(), set.most_values));
        std::set<std::string_view> seen;
        std::size_t bytes = 0;
        for (std::size_t k = 0; k < set.values.size(); ++k) {
            const std::string place = fmt::format("{}/values/{}", path, k);
            check_text(set.values[k], place, 0, std::size_t{1} << 20);
            if (!seen.insert(set.values[k]).second) refuse(place, "is given twice");
            bytes += set.values[k].size();
        }
        if (bytes > ReferenceValues::most_bytes) refuse(path + "/values", "holds more than 2^30 bytes");
    }
    for (std::size_t i = 0; i < schema.features.size(); ++i) {
        const Feature& feature = schema.features[i];
        if (feature.reference_set.empty()) continue;
        const std::string path = fmt::format("/features/{}/reference_set", i);
        if (feature.type == FeatureType::floating || feature.type == FeatureType::boolean)
            refuse(path, fmt::format("is for text, bytes and integers, not {}", feature_type_name(feature.type)));
        if (sets.count(feature.reference_set) == 0)
            refuse(path, fmt::format("\"{}\" is not among the schema's", feature.reference_set));
    }
}

void check_feature(const Feature& feature, const std::vector<std::string>& known, const std::string& path) {
    check_text(feature.name, path + "/name", 1, longest_text);
    check_type(feature, path);
    check_share(feature.minimum_fraction, path + "/minimum_fraction");
    check_dimensions(feature, path);
    check_numbers(feature, path);
    check_texts(feature, path);
    check_characters(feature, path);
    check_freshness(feature, path + "/freshness");
    check_repair(feature, path);
    check_set(feature.environments, path + "/environments");
    for (std::size_t i = 0; i < feature.environments.size(); ++i) {
        if (std::find(known.begin(), known.end(), feature.environments[i]) == known.end())
            refuse(fmt::format("{}/environments/{}", path, i),
                   fmt::format("\"{}\" is not among the schema's", feature.environments[i]));
    }
    for (const auto& [check, severity] : feature.severity) {
        if (static_cast<std::size_t>(check) >= check_count)
            refuse(path + "/severity", fmt::format("{} is no check", static_cast<int>(check)));
        check_word(severity, severity_words, fmt::format("{}/severity/{}", path, check_name(check)));
    }
    check_text(feature.owner, path + "/owner", 0, longest_text);
    check_set(feature.pii, path + "/pii");
}

// After all else: of possible features. All in one validator, so that each reference set is made ready once.
void check_replacements(const Schema& schema) {
    Schema alone;
    std::vector<std::size_t> places;
    std::set<std::string_view> used;
    for (std::size_t i = 0; i < schema.features.size(); ++i) {
        const Feature& feature = schema.features[i];
        if (feature.replacement.index() == 0) continue;
        places.push_back(i);
        if (!feature.reference_set.empty()) used.insert(feature.reference_set);
        Feature& copy = alone.features.emplace_back(feature);
        copy.environments.clear();
        copy.repair.clear();
        copy.replacement = {};
    }
    if (places.empty()) return;
    for (const ReferenceSet& set : schema.reference_sets)
        if (used.count(set.name) != 0) alone.reference_sets.push_back(set);
    const Validator rules(alone);
    for (const std::size_t place : places) {
        const Feature& feature = schema.features[place];
        const std::optional<std::size_t> at = rules.find(feature.name);
        if (!at) continue;
        const CheckSet failed = std::visit(
            [&](const auto& given) {
                using Given = std::decay_t<decltype(given)>;
                if constexpr (std::is_same_v<Given, std::monostate>) {
                    return CheckSet{0};
                } else if constexpr (std::is_same_v<Given, std::string>) {
                    return rules.check(*at, std::string_view(given));
                } else {
                    return rules.check(*at, given);
                }
            },
            feature.replacement);
        if (failed != 0)
            refuse(fmt::format("/features/{}/replacement", place),
                   fmt::format("fails {}", check_name(static_cast<Check>(std::countr_zero(failed)))));
    }
}

void check_expressions(const Schema& schema) {
    const std::vector<Expression>& expressions = schema.expressions;
    if (expressions.size() > Schema::most_expressions)
        refuse("/expressions", fmt::format("{} expressions, at most {}", expressions.size(), Schema::most_expressions));
    if (expressions.empty()) return;
    const Vocabulary vocabulary(schema.features);
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < expressions.size(); ++i) {
        const std::string path = fmt::format("/expressions/{}", i);
        check_text(expressions[i].name, path + "/name", 1, longest_text);
        check_text(expressions[i].expression, path + "/expression", 1, Program::longest);
        check_word(expressions[i].severity, severity_words, path + "/severity");
        try {
            static_cast<void>(compile_expression(expressions[i].expression, vocabulary));
        } catch (const Error& error) {
            refuse(path + "/expression", error.what());
        }
        if (!seen.insert(expressions[i].name).second)
            refuse(path + "/name", fmt::format("\"{}\" is given twice", expressions[i].name));
    }
}

}  // namespace

const char* feature_type_name(FeatureType type) noexcept {
    const auto index = static_cast<std::size_t>(type);
    return index < type_words.size() ? type_words[index] : "unknown";
}

const char* format_name(Format format) noexcept {
    const auto index = static_cast<std::size_t>(format);
    return index < format_words.size() ? format_words[index] : "unknown";
}

void Schema::validate() const {
    check_text(name, "/name", 0, longest_text);
    check_set(environments, "/environments");
    if (features.size() > most_features)
        refuse("/features", fmt::format("{} features, at most {}", features.size(), most_features));
    std::set<std::string_view> seen;
    std::size_t instructions = 0;
    for (std::size_t i = 0; i < features.size(); ++i) {
        const std::string path = fmt::format("/features/{}", i);
        check_feature(features[i], environments, path);
        if (!seen.insert(features[i].name).second)
            refuse(path + "/name", fmt::format("\"{}\" is given twice", features[i].name));
        instructions += check_pattern(features[i], path + "/pattern");
        instructions += check_refused_patterns(features[i], path + "/refused_patterns");
        if (instructions > most_instructions)
            refuse(path + "/pattern",
                   fmt::format("the patterns compile to more than {} instructions", most_instructions));
    }
    check_expressions(*this);
    check_reference_sets(*this);
    check_replacements(*this);
}

}  // namespace vedette::inline v0::validation
