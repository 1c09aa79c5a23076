// SPDX-License-Identifier: Apache-2.0
// The difference of two schemas: fields that differ are found in their documents, so that none is forgotten; what each
// means is judged field by field.
#include "vedette/validation/schema_diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "validation/expression_program.hpp"
#include "validation/schema_changes.hpp"
#include "validation/text_rules.hpp"

namespace vedette::inline v0::validation {
namespace {

using Json = nlohmann::json;

// What a change of a field does to what its checks accept.
struct Effect {
    bool tightened = false;
    bool loosened = false;
    CheckSet checks = 0;

    void tighten(bool condition, Check check) noexcept {
        if (!condition) return;
        tightened = true;
        checks |= set_of(check);
    }
    void loosen(bool condition) noexcept { loosened = loosened || condition; }
    /// A switch or a rule that is there or not.
    void demand(bool before, bool after, Check check) noexcept {
        tighten(!before && after, check);
        loosen(before && !after);
    }
    /// A limit that grows with strictness.
    template <class Number>
    void raise(Number before, Number after, Check check) noexcept {
        tighten(after > before, check);
        loosen(after < before);
    }
};

Severity severity_of(const Feature& feature, Check check) noexcept {
    const auto given = feature.severity.find(check);
    return given == feature.severity.end() || check == Check::memory ? Severity::error : given->second;
}

Severity gravest(const Feature& feature, CheckSet checks) noexcept {
    Severity found = Severity::none;
    for (std::size_t i = 0; i < check_count; ++i)
        if (contains(checks, static_cast<Check>(i)))
            found = std::max(found, severity_of(feature, static_cast<Check>(i)));
    return found;
}

ChangeKind kind_of(const Feature& after, const Effect& effect) noexcept {
    if (after.stage != Stage::production) return ChangeKind::annotation;
    const Severity severity = effect.tightened ? gravest(after, effect.checks) : Severity::none;
    if (severity == Severity::error) return ChangeKind::breaking;
    if (severity == Severity::warning) return ChangeKind::warned;
    return effect.loosened ? ChangeKind::loosened : ChangeKind::annotation;
}

// A lower bound: `sign` -1 makes it an upper one.
template <class Number>
Effect judge_bound(const std::optional<Number>& before, bool before_open, const std::optional<Number>& after,
                   bool after_open, bool is_upper, Check check) {
    Effect effect;
    effect.demand(before.has_value(), after.has_value(), check);
    if (!before || !after) return effect;
    const bool is_higher = *after > *before;
    const bool is_lower = *after < *before;
    effect.tighten(is_upper ? is_lower : is_higher, check);
    effect.loosen(is_upper ? is_higher : is_lower);
    if (*after == *before) effect.demand(before_open, after_open, check);
    return effect;
}

double remainder_of(double a, double b) {
    return std::fmod(a, b);
}
std::int64_t remainder_of(std::int64_t a, std::int64_t b) {
    return a % b;
}

template <class Number>
Effect judge_step(const std::optional<Number>& before, const std::optional<Number>& after) {
    Effect effect;
    effect.demand(before.has_value(), after.has_value(), Check::step);
    if (!before || !after) return effect;
    effect.tighten(remainder_of(*before, *after) != Number{0}, Check::step);
    effect.loosen(remainder_of(*after, *before) != Number{0} || *after < *before);
    return effect;
}

template <class Number>
Effect judge_bounds(std::string_view key, const Bounds<Number>& before, const Bounds<Number>& after) {
    if (key == "step") return judge_step(before.step, after.step);
    if (key == "minimum" || key == "exclusive_minimum")
        return judge_bound(before.minimum, before.exclusive_minimum, after.minimum, after.exclusive_minimum, false,
                           Check::minimum);
    return judge_bound(before.maximum, before.exclusive_maximum, after.maximum, after.exclusive_maximum, true,
                       Check::maximum);
}

Effect judge_score(const Feature& before, const Feature& after) {
    Effect effect;
    effect.demand(before.standard_score.has_value(), after.standard_score.has_value(), Check::standard_score);
    if (!before.standard_score || !after.standard_score) return effect;
    const auto ends = [](const StandardScore& score) {
        const double reach = score.limit * score.standard_deviation;
        return std::pair(score.mean - reach, score.mean + reach);
    };
    const auto [old_low, old_high] = ends(*before.standard_score);
    const auto [new_low, new_high] = ends(*after.standard_score);
    effect.raise(old_low, new_low, Check::standard_score);
    effect.raise(-old_high, -new_high, Check::standard_score);
    return effect;
}

std::string folded(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

Effect judge_domain(const Feature& before, const Feature& after) {
    Effect effect;
    effect.demand(before.domain.has_value(), after.domain.has_value(), Check::domain);
    if (!before.domain || !after.domain) return effect;
    const auto accepts = [](const Domain& domain) {
        std::set<std::string> values;
        for (const std::string& value : domain.values)
            values.insert(domain.letter_case == Case::fold_ascii ? folded(value) : value);
        return values;
    };
    const std::set<std::string> old_values = accepts(*before.domain);
    const std::set<std::string> new_values = accepts(*after.domain);
    const bool folds = after.domain->letter_case == Case::fold_ascii;
    effect.demand(before.domain->letter_case == Case::fold_ascii, folds, Check::domain);
    std::swap(effect.tightened, effect.loosened);  // folding accepts more
    effect.checks |= set_of(Check::domain);
    // So does each form beside the one before it.
    effect.loosen(after.domain->normal_form > before.domain->normal_form);
    effect.tighten(after.domain->normal_form < before.domain->normal_form, Check::domain);
    for (const std::string& value : old_values)
        effect.tighten(new_values.count(folds ? folded(value) : value) == 0, Check::domain);
    effect.loosen(std::any_of(new_values.begin(), new_values.end(),
                              [&](const std::string& value) { return old_values.count(value) == 0; }));
    effect.raise(-before.domain->tolerated_mass, -after.domain->tolerated_mass, Check::domain);
    return effect;
}

Effect judge_length(const Feature& before, const Feature& after) {
    Effect effect;
    effect.demand(before.length.has_value(), after.length.has_value(), Check::short_text);
    effect.demand(before.length.has_value(), after.length.has_value(), Check::long_text);
    if (!before.length || !after.length) return effect;
    effect.raise(before.length->minimum, after.length->minimum, Check::short_text);
    effect.tighten(after.length->maximum < before.length->maximum, Check::long_text);
    effect.loosen(after.length->maximum > before.length->maximum);
    const bool other_unit = before.length_unit != after.length_unit;
    effect.tighten(other_unit, Check::short_text);
    effect.tighten(other_unit, Check::long_text);
    return effect;
}

Effect judge_shape(const Feature& before, const Feature& after) {
    Effect effect;
    effect.demand(before.shape.has_value(), after.shape.has_value(), Check::shape);
    if (!before.shape || !after.shape) return effect;
    effect.tighten(before.shape->size() != after.shape->size(), Check::shape);
    for (std::size_t i = 0; i < std::min(before.shape->size(), after.shape->size()); ++i) {
        const std::int64_t was = (*before.shape)[i];
        const std::int64_t is = (*after.shape)[i];
        effect.tighten(is != was && is != -1, Check::shape);
        effect.loosen(is != was && is == -1);
    }
    return effect;
}

Effect judge_valency(const Feature& before, const Feature& after) {
    Effect effect;
    for (const Check check : {Check::nestedness, Check::few_values, Check::many_values})
        effect.demand(!before.valency.empty(), !after.valency.empty(), check);
    if (before.valency.empty() || after.valency.empty()) return effect;
    effect.tighten(before.valency.size() != after.valency.size(), Check::nestedness);
    for (std::size_t i = 0; i < std::min(before.valency.size(), after.valency.size()); ++i) {
        effect.raise(before.valency[i].minimum, after.valency[i].minimum, Check::few_values);
        effect.tighten(after.valency[i].maximum < before.valency[i].maximum, Check::many_values);
        effect.loosen(after.valency[i].maximum > before.valency[i].maximum);
    }
    return effect;
}

Effect judge_order(const Feature& before, const Feature& after) {
    const auto is_relaxed = [](Order strict, Order lax) {
        return (strict == Order::strictly_increasing && lax == Order::increasing) ||
               (strict == Order::strictly_decreasing && lax == Order::decreasing);
    };
    Effect effect;
    effect.demand(before.order != Order::any, after.order != Order::any, Check::monotonic);
    if (before.order == Order::any || after.order == Order::any) return effect;
    effect.tighten(!is_relaxed(before.order, after.order), Check::monotonic);
    effect.loosen(!is_relaxed(after.order, before.order));
    return effect;
}

Effect judge_required(const Feature& before, const Feature& after) {
    Effect effect;
    effect.demand(before.required, after.required, Check::missing);
    if (!after.nullable) effect.demand(before.required, after.required, Check::null);
    return effect;
}

Effect judge_format(const Feature& before, const Feature& after) {
    Effect effect;
    effect.tighten(after.format != Format::none, Check::format);
    effect.loosen(before.format != Format::none);
    return effect;
}

// Whether one regular expression finds all that another finds is not asked.
Effect judge_pattern(const Feature& before, const Feature& after) {
    Effect effect;
    effect.tighten(!after.pattern.empty(), Check::pattern);
    effect.loosen(!before.pattern.empty());
    return effect;
}

// As of patterns, but one that is no longer refused only loosens.
// Another set may hold other values.
Effect judge_reference_set(const Feature& before, const Feature& after) {
    Effect effect;
    effect.tighten(!after.reference_set.empty(), Check::domain);
    effect.loosen(!before.reference_set.empty());
    return effect;
}

Effect judge_freshness(const Feature& before, const Feature& after) {
    Effect effect;
    const auto limit = [](const Feature& feature, std::optional<double> Freshness::*member) {
        const std::optional<double> given = feature.freshness ? *feature.freshness.*member : std::nullopt;
        return given.value_or(std::numeric_limits<double>::infinity());
    };
    effect.raise(-limit(before, &Freshness::maximum_age), -limit(after, &Freshness::maximum_age), Check::freshness);
    effect.raise(-limit(before, &Freshness::maximum_ahead), -limit(after, &Freshness::maximum_ahead), Check::freshness);
    const bool is_other = before.freshness && after.freshness && before.freshness->unit != after.freshness->unit;
    effect.tighten(is_other, Check::freshness);
    return effect;
}

Effect judge_refused_patterns(const Feature& before, const Feature& after) {
    const auto lacks = [](const std::vector<std::string>& known, const std::vector<std::string>& asked) {
        return std::any_of(asked.begin(), asked.end(), [&](const std::string& pattern) {
            return std::find(known.begin(), known.end(), pattern) == known.end();
        });
    };
    Effect effect;
    effect.tighten(lacks(before.refused_patterns, after.refused_patterns), Check::pattern);
    effect.loosen(lacks(after.refused_patterns, before.refused_patterns));
    return effect;
}

Effect judge_characters(const Feature& before, const Feature& after) {
    Effect effect;
    for (std::size_t i = 0; i < character_class_count; ++i) {
        const auto refused = static_cast<CharacterClass>(i);
        const auto refuses = [refused](const Feature& feature) {
            return std::find(feature.refused_characters.begin(), feature.refused_characters.end(), refused) !=
                   feature.refused_characters.end();
        };
        effect.demand(refuses(before), refuses(after), check_of(refused));
    }
    return effect;
}

Effect judge_scripts(const Feature& before, const Feature& after) {
    Effect effect;
    effect.raise(static_cast<int>(before.scripts), static_cast<int>(after.scripts), Check::confusable);
    return effect;
}

Effect judge_repetition(const Feature& before, const Feature& after) {
    Effect effect;
    effect.demand(before.repetition.has_value(), after.repetition.has_value(), Check::repetition);
    if (!before.repetition || !after.repetition) return effect;
    const Repetition &was = *before.repetition, &is = *after.repetition;
    effect.raise(-was.maximum_share, -is.maximum_share, Check::repetition);
    effect.tighten(is.minimum_grams < was.minimum_grams, Check::repetition);
    effect.loosen(is.minimum_grams > was.minimum_grams);
    // Longer n-grams repeat less often, but are fewer: neither is the stricter.
    const bool is_other = was.unit != is.unit || was.length != is.length;
    effect.tighten(is_other, Check::repetition);
    effect.loosen(is_other);
    return effect;
}

Effect judge_dtype(const Feature& before, const Feature& after) {
    Effect effect;
    effect.tighten(after.dtype.has_value(), Check::type);
    effect.loosen(before.dtype.has_value());
    return effect;
}

// The checks whose severity rose above what their findings had.
ChangeKind judge_severity(const Feature& before, const Feature& after) noexcept {
    ChangeKind kind = ChangeKind::annotation;
    for (std::size_t i = 0; i < check_count; ++i) {
        const Severity was = severity_of(before, static_cast<Check>(i));
        const Severity is = severity_of(after, static_cast<Check>(i));
        if (is < was) kind = std::max(kind, ChangeKind::loosened);
        if (is > was) kind = std::max(kind, is == Severity::error ? ChangeKind::breaking : ChangeKind::warned);
    }
    return kind;
}

ChangeKind judge_stage(const Feature& before, const Feature& after) noexcept {
    if (after.stage == Stage::production) return ChangeKind::breaking;  // it was another
    return before.stage == Stage::production ? ChangeKind::loosened : ChangeKind::annotation;
}

bool is_expected(const Feature& feature, const std::string& environment) {
    return feature.environments.empty() || std::find(feature.environments.begin(), feature.environments.end(),
                                                     environment) != feature.environments.end();
}

// Rows have other elements where a feature is expected in other environments than before; new ones had no rows.
ChangeKind judge_environments(const Schema& schema_before, const Feature& before, const Feature& after) {
    const bool same = std::all_of(schema_before.environments.begin(), schema_before.environments.end(),
                                  [&](const std::string& environment) {
                                      return is_expected(before, environment) == is_expected(after, environment);
                                  });
    return same ? ChangeKind::annotation : ChangeKind::breaking;
}

using Judge = Effect (*)(const Feature&, const Feature&);

template <bool Feature::*member, Check check>
Effect judge_demand(const Feature& before, const Feature& after) {
    Effect effect;
    effect.demand(before.*member, after.*member, check);
    return effect;
}
template <bool Feature::*member, Check check>
Effect judge_permission(const Feature& before, const Feature& after) {
    Effect effect;
    effect.demand(!(before.*member), !(after.*member), check);
    return effect;
}
template <auto member, Check check>
Effect judge_least(const Feature& before, const Feature& after) {
    Effect effect;
    effect.raise(before.*member, after.*member, check);
    return effect;
}

const std::map<std::string_view, Judge>& judges() {
    static const std::map<std::string_view, Judge> all{
        {"dtype", judge_dtype},
        {"required", judge_required},
        {"nullable", judge_permission<&Feature::nullable, Check::null>},
        {"minimum_fraction", judge_least<&Feature::minimum_fraction, Check::presence>},
        {"minimum_count", judge_least<&Feature::minimum_count, Check::count>},
        {"shape", judge_shape},
        {"valency", judge_valency},
        {"standard_score", judge_score},
        {"integral", judge_demand<&Feature::integral, Check::integral>},
        {"allow_nan", judge_permission<&Feature::allow_nan, Check::not_a_number>},
        {"allow_infinity", judge_permission<&Feature::allow_infinity, Check::infinity>},
        {"domain", judge_domain},
        {"reference_set", judge_reference_set},
        {"freshness", judge_freshness},
        {"length", judge_length},
        {"length_unit", judge_length},
        {"format", judge_format},
        {"pattern", judge_pattern},
        {"refused_patterns", judge_refused_patterns},
        {"refused_characters", judge_characters},
        {"scripts", judge_scripts},
        {"refuse_lookalikes", judge_demand<&Feature::refuse_lookalikes, Check::confusable>},
        {"repetition", judge_repetition},
        {"unique", judge_demand<&Feature::unique, Check::unique>},
        {"order", judge_order}};
    return all;
}

bool is_bound(std::string_view key) {
    constexpr std::array<std::string_view, 5> keys{"minimum", "maximum", "exclusive_minimum", "exclusive_maximum",
                                                   "step"};
    return std::find(keys.begin(), keys.end(), key) != keys.end();
}

ChangeKind judge(const Schema& schema_before, const Feature& before, const Feature& after, std::string_view key) {
    // What is done about a finding changes no finding.
    if (key == "meaning" || key == "owner" || key == "pii" || key == "repair" || key == "replacement")
        return ChangeKind::annotation;
    if (key == "stage") return judge_stage(before, after);
    if (key == "environments") return judge_environments(schema_before, before, after);
    if (after.stage != Stage::production) return ChangeKind::annotation;
    if (key == "severity") return judge_severity(before, after);
    // Under another type a rule that came or went says nothing of its own.
    if (before.type != after.type && key != "required" && key != "nullable") return ChangeKind::breaking;
    if (is_bound(key))
        return kind_of(after, after.type == FeatureType::integer ? judge_bounds(key, before.integer, after.integer)
                                                                 : judge_bounds(key, before.number, after.number));
    const auto known = judges().find(key);
    // A field that nobody judges yet is breaking, lest it be overlooked.
    return known == judges().end() ? ChangeKind::breaking : kind_of(after, known->second(before, after));
}

std::string text_of(const Json& json, const std::string& key) {
    const auto found = json.find(key);
    return found == json.end() ? std::string() : found->dump();
}

// Calls report(key, before, after) for each key whose values differ, in the order of keys.
template <class Report>
void for_each_difference(const Json& before, const Json& after, Report&& report) {
    std::set<std::string> keys;
    for (const auto& item : before.items()) keys.insert(item.key());
    for (const auto& item : after.items()) keys.insert(item.key());
    for (const std::string& key : keys) {
        std::string was = text_of(before, key);
        std::string is = text_of(after, key);
        if (was != is) report(key, std::move(was), std::move(is));
    }
}

bool contains_all(const std::vector<std::string>& values, const std::vector<std::string>& parts) {
    return std::all_of(parts.begin(), parts.end(), [&](const std::string& part) {
        return std::find(values.begin(), values.end(), part) != values.end();
    });
}

void compare_whole(const Schema& before, const Schema& after, std::vector<SchemaChange>& changes) {
    if (before.name != after.name) changes.push_back({ChangeKind::annotation, "", "name", before.name, after.name});
    if (before.environments != after.environments) {
        const bool kept = contains_all(after.environments, before.environments);
        const bool grew = !contains_all(before.environments, after.environments);
        changes.push_back({!kept  ? ChangeKind::breaking
                           : grew ? ChangeKind::loosened
                                  : ChangeKind::annotation,
                           "", "environments", Json(before.environments).dump(), Json(after.environments).dump()});
    }
    const bool same_places = before.features.size() <= after.features.size() &&
                             std::equal(before.features.begin(), before.features.end(), after.features.begin(),
                                        [](const Feature& was, const Feature& is) { return was.name == is.name; });
    if (!same_places)
        changes.push_back({ChangeKind::breaking, "", "features",
                           fmt::format("{} in their places", before.features.size()),
                           fmt::format("{} in others", after.features.size())});
}

// The gravest finding of features that values of a set may fail.
Severity gravest_of_set(const Schema& schema, const std::string& name) noexcept {
    Severity found = Severity::none;
    for (const Feature& feature : schema.features)
        if (feature.reference_set == name && feature.stage == Stage::production)
            found = std::max(found, severity_of(feature, Check::domain));
    return found;
}

// Sets are the same by their names. One that the caller gives may hold anything.
void compare_reference_sets(const Schema& before, const Schema& after, std::vector<SchemaChange>& changes) {
    const auto find = [](const Schema& schema, const std::string& name) {
        return std::find_if(schema.reference_sets.begin(), schema.reference_sets.end(),
                            [&](const ReferenceSet& set) { return set.name == name; });
    };
    const auto told = [&](const ReferenceSet& set) {
        return set.values.empty() ? std::string("given by the caller") : fmt::format("{} values", set.values.size());
    };
    for (const ReferenceSet& is : after.reference_sets) {
        const std::string field = "reference_sets/" + is.name;
        const auto was = find(before, is.name);
        if (was == before.reference_sets.end()) {
            // What it does to a feature is told of the feature.
            changes.push_back({ChangeKind::annotation, "", field, "", told(is)});
            continue;
        }
        if (was->most_values != is.most_values)
            changes.push_back({ChangeKind::annotation, "", field + "/most_values", std::to_string(was->most_values),
                               std::to_string(is.most_values)});
        if (was->values == is.values) continue;
        const bool is_same_kind = was->values.empty() == is.values.empty();
        const std::set<std::string_view> old_values(was->values.begin(), was->values.end());
        const std::set<std::string_view> new_values(is.values.begin(), is.values.end());
        const bool is_kept =
            is_same_kind && std::includes(new_values.begin(), new_values.end(), old_values.begin(), old_values.end());
        const Severity severity = gravest_of_set(after, is.name);
        const ChangeKind kind =
            is_kept ? (old_values.size() == new_values.size() || severity == Severity::none ? ChangeKind::annotation
                                                                                            : ChangeKind::loosened)
            : severity == Severity::error   ? ChangeKind::breaking
            : severity == Severity::warning ? ChangeKind::warned
                                            : ChangeKind::annotation;
        changes.push_back({kind, "", field, told(*was), told(is)});
    }
    for (const ReferenceSet& was : before.reference_sets)
        if (find(after, was.name) == after.reference_sets.end())
            changes.push_back({ChangeKind::annotation, "", "reference_sets/" + was.name, told(was), ""});
}

ChangeKind kind_of_stricter(Severity severity) noexcept {
    if (severity == Severity::error) return ChangeKind::breaking;
    return severity == Severity::warning ? ChangeKind::warned : ChangeKind::annotation;
}

// Expressions are the same by their names. Whether one implies another is not asked.
void compare_expressions(const Schema& before, const Schema& after, std::vector<SchemaChange>& changes) {
    const auto find = [](const Schema& schema, const std::string& name) {
        return std::find_if(schema.expressions.begin(), schema.expressions.end(),
                            [&](const Expression& expression) { return expression.name == name; });
    };
    const auto told = [&](ChangeKind kind, const std::string& name, const char* field, std::string was,
                          std::string is) {
        changes.push_back({kind, "", fmt::format("expressions/{}{}", name, field), std::move(was), std::move(is)});
    };
    for (const Expression& is : after.expressions) {
        const auto was = find(before, is.name);
        if (was == before.expressions.end()) {
            told(kind_of_stricter(is.severity), is.name, "", "", Json(is.expression).dump());
            continue;
        }
        if (was->expression != is.expression)
            told(normal_form(was->expression) == normal_form(is.expression) ? ChangeKind::annotation
                                                                            : kind_of_stricter(is.severity),
                 is.name, "/expression", Json(was->expression).dump(), Json(is.expression).dump());
        if (was->severity != is.severity)
            told(is.severity > was->severity ? kind_of_stricter(is.severity) : ChangeKind::loosened, is.name,
                 "/severity", severity_name(was->severity), severity_name(is.severity));
    }
    for (const Expression& was : before.expressions) {
        if (find(after, was.name) == after.expressions.end()) changes.push_back(removal_of(was));
    }
    const auto names = [&](const Schema& schema, const Schema& other) {
        std::vector<std::string> kept;
        for (const Expression& expression : schema.expressions)
            if (find(other, expression.name) != other.expressions.end()) kept.push_back(expression.name);
        return kept;
    };
    const std::vector<std::string> old_order = names(before, after), new_order = names(after, before);
    if (old_order != new_order)
        changes.push_back({ChangeKind::annotation, "", "expressions", Json(old_order).dump(), Json(new_order).dump()});
}

ChangeKind kind_of_new(const Feature& feature) noexcept {
    Effect effect;
    effect.tighten(feature.required, Check::missing);
    effect.loosen(true);
    return kind_of(feature, effect);
}

}  // namespace

std::vector<SchemaChange> diff(const Schema& before, const Schema& after) {
    const Json old_document = Json::parse(before.to_json());
    const Json new_document = Json::parse(after.to_json());
    std::vector<SchemaChange> changes;
    compare_whole(before, after, changes);
    compare_expressions(before, after, changes);
    compare_reference_sets(before, after, changes);
    std::map<std::string_view, std::size_t> old_places;
    for (std::size_t i = 0; i < before.features.size(); ++i) old_places.emplace(before.features[i].name, i);
    for (std::size_t i = 0; i < after.features.size(); ++i) {
        const Feature& feature = after.features[i];
        const auto place = old_places.find(feature.name);
        if (place == old_places.end()) {
            changes.push_back({kind_of_new(feature), feature.name, "feature", "", new_document["features"][i].dump()});
            continue;
        }
        const Feature& was = before.features[place->second];
        for_each_difference(old_document["features"][place->second], new_document["features"][i],
                            [&](const std::string& key, std::string old_text, std::string new_text) {
                                changes.push_back({judge(before, was, feature, key), feature.name, key,
                                                   std::move(old_text), std::move(new_text)});
                            });
        old_places.erase(place);
    }
    for (std::size_t i = 0; i < before.features.size(); ++i)
        if (old_places.count(before.features[i].name) != 0)
            changes.push_back(
                {ChangeKind::breaking, before.features[i].name, "feature", old_document["features"][i].dump(), ""});
    return changes;
}

SchemaChange removal_of(const Expression& expression) {
    return {expression.severity == Severity::none ? ChangeKind::annotation : ChangeKind::loosened, "",
            "expressions/" + expression.name, Json(expression.expression).dump(), ""};
}

bool is_compatible(const std::vector<SchemaChange>& changes) noexcept {
    return std::none_of(changes.begin(), changes.end(),
                        [](const SchemaChange& change) { return change.kind == ChangeKind::breaking; });
}

const char* change_kind_name(ChangeKind kind) noexcept {
    constexpr std::array names{"annotation", "loosened", "warned", "breaking"};
    const auto index = static_cast<std::size_t>(kind);
    return index < names.size() ? names[index] : "unknown";
}

std::string describe(const SchemaChange& change) {
    const std::string subject =
        change.feature.empty() ? "schema" : fmt::format("feature {}", Json(change.feature).dump());
    const auto shown = [](const std::string& text) { return text.empty() ? "none" : text; };
    return fmt::format("{}: {}: {} {} -> {}", change_kind_name(change.kind), subject, change.field,
                       shown(change.before), shown(change.after));
}

std::string to_json(const std::vector<SchemaChange>& changes) {
    nlohmann::ordered_json json;
    json["compatible"] = is_compatible(changes);
    json["changes"] = nlohmann::ordered_json::array();
    for (const SchemaChange& change : changes)
        json["changes"].push_back({{"kind", change_kind_name(change.kind)},
                                   {"feature", change.feature},
                                   {"field", change.field},
                                   {"before", change.before},
                                   {"after", change.after}});
    return json.dump(2);
}

}  // namespace vedette::inline v0::validation
