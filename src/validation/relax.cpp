// SPDX-License-Identifier: Apache-2.0
// A schema loosened finding by finding: a table is held against it, what fails gives way, and again.
#include <algorithm>
#include <cmath>
#include <deque>
#include <set>
#include <string_view>

#include "validation/code_points.hpp"
#include "validation/column_facts.hpp"
#include "validation/expression_program.hpp"
#include "validation/list_rules.hpp"
#include "validation/normal_form.hpp"
#include "validation/schema_changes.hpp"
#include "validation/text_rules.hpp"
#include "vedette/core/error.hpp"
#include "vedette/validation/batch.hpp"
#include "vedette/validation/infer.hpp"

namespace vedette::inline v0::validation {

namespace {

bool is_of_texts(FeatureType type) noexcept {
    return type == FeatureType::text || type == FeatureType::bytes;
}

void drop_rules_of_texts(Feature& feature) {
    feature.format = Format::none;
    feature.pattern.clear();
    feature.refused_patterns.clear();
    feature.refused_characters.clear();
    feature.scripts = Scripts::any;
    feature.refuse_lookalikes = false;
    feature.repetition.reset();
}

void drop_rules_of_values(Feature& feature) {
    const Feature plain;
    feature.dtype.reset();
    feature.number = {};
    feature.integer = {};
    feature.standard_score.reset();
    feature.integral = feature.allow_nan = feature.allow_infinity = false;
    feature.domain.reset();
    feature.reference_set.clear();
    feature.freshness.reset();
    feature.length.reset();
    feature.length_unit = plain.length_unit;
    drop_rules_of_texts(feature);
    feature.repair.clear();
    feature.replacement = {};
    if (feature.type != FeatureType::floating && feature.type != FeatureType::integer) feature.order = Order::any;
}

// From integers to reals, with their bounds where a double holds them.
void make_floating(Feature& feature) {
    const Bounds<std::int64_t> bounds = feature.integer;
    feature.type = FeatureType::floating;
    drop_rules_of_values(feature);
    constexpr std::int64_t exact = std::int64_t{1} << 53;
    if (bounds.minimum && *bounds.minimum >= -exact && *bounds.minimum <= exact) {
        feature.number.minimum = static_cast<double>(*bounds.minimum);
        feature.number.exclusive_minimum = bounds.exclusive_minimum;
    }
    if (bounds.maximum && *bounds.maximum >= -exact && *bounds.maximum <= exact) {
        feature.number.maximum = static_cast<double>(*bounds.maximum);
        feature.number.exclusive_maximum = bounds.exclusive_maximum;
    }
}

// The column's type. A feature that takes it already was failed for its `dtype` alone.
void widen_type(Feature& feature, const Column& column, bool read_texts) {
    const FeatureType seen = type_of(column, read_texts);
    const bool fits = seen == feature.type || (seen == FeatureType::boolean && !is_of_texts(feature.type)) ||
                      (seen == FeatureType::integer && feature.type == FeatureType::floating);
    if (fits && feature.dtype) {
        feature.dtype.reset();
    } else if (seen == FeatureType::floating && feature.type == FeatureType::integer) {
        make_floating(feature);
    } else {
        feature.type = seen;
        drop_rules_of_values(feature);
    }
}

void widen_domain(Feature& feature, const ColumnFacts& facts, std::size_t most) {
    Domain& domain = *feature.domain;
    std::set<std::string, std::less<>> known;
    const auto key = [&](std::string_view text) {
        NormalScratch scratch;
        std::string folded(normalised(text, domain.normal_form, scratch).value_or(text));
        if (domain.letter_case == Case::fold_ascii) {
            for (char& c : folded) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        }
        return folded;
    };
    for (const std::string& value : domain.values) known.insert(key(value));
    constexpr std::size_t longest = std::size_t{1} << 20;
    NormalScratch scratch;
    for (const std::string_view text : facts.texts) {
        if (!known.insert(key(text)).second) continue;
        const bool may_stand = text.size() <= longest && text.find('\0') == std::string_view::npos && is_utf8(text) &&
                               normalised(text, domain.normal_form, scratch).has_value();
        if (!may_stand || known.size() > most) return feature.domain.reset();
        domain.values.emplace_back(text);
    }
}

template <class Number>
void lower_minimum(Bounds<Number>& bounds, bool is_unbounded, Number least) {
    if (is_unbounded) {
        bounds.minimum.reset();
    } else {
        bounds.minimum = least;
    }
    bounds.exclusive_minimum = false;
}
template <class Number>
void raise_maximum(Bounds<Number>& bounds, bool is_unbounded, Number greatest) {
    if (is_unbounded) {
        bounds.maximum.reset();
    } else {
        bounds.maximum = greatest;
    }
    bounds.exclusive_maximum = false;
}

void move_bound(Feature& feature, Check check, const ColumnFacts& facts) {
    if (feature.type == FeatureType::floating) {
        const bool none = facts.numbers.count == 0;
        if (check == Check::minimum)
            lower_minimum(feature.number, none || facts.low_infinite != 0, facts.numbers.least);
        if (check == Check::maximum)
            raise_maximum(feature.number, none || facts.high_infinite != 0, facts.numbers.greatest);
        return;
    }
    // Integers beyond int64 lie on the one side only.
    const bool none = facts.integers.count == 0;
    if (check == Check::minimum) lower_minimum(feature.integer, none, facts.integers.least);
    if (check == Check::maximum) raise_maximum(feature.integer, none || !facts.fits_integers, facts.integers.greatest);
}

void widen_length(Feature& feature, Check check, const ColumnFacts& facts, const Column& column) {
    std::uint64_t least = facts.lengths.least, greatest = facts.lengths.greatest;
    if (feature.length_unit == LengthUnit::bytes) {
        const ColumnFacts bytes = facts_of(column, FeatureType::bytes, false);
        least = bytes.lengths.least;
        greatest = bytes.lengths.greatest;
    }
    if (check == Check::short_text) feature.length->minimum = std::min(feature.length->minimum, least);
    if (check == Check::long_text) feature.length->maximum = std::max(feature.length->maximum, greatest);
}

Order relaxed(Order order) noexcept {
    if (order == Order::strictly_increasing) return Order::increasing;
    if (order == Order::strictly_decreasing) return Order::decreasing;
    return Order::any;
}

// What is there, in whole hundredths.
double share_of(std::uint64_t values, std::uint64_t rows) noexcept {
    const auto all = static_cast<double>(rows);
    double share = std::floor(100.0 * static_cast<double>(values) / all) / 100.0;
    while (static_cast<double>(values) < share * all) share = std::nextafter(share, 0.0);
    return share;
}

void make_bytes(Feature& feature) {
    feature.type = FeatureType::bytes;
    drop_rules_of_texts(feature);
    // Code points are of text; their number is no bound of bytes.
    if (feature.length_unit == LengthUnit::code_points) feature.length.reset();
    feature.length_unit = LengthUnit::bytes;
}

// A column, or the values of one of lists.
struct Held {
    const Column* values = nullptr;
    const ListColumn* lists = nullptr;
    const ListedValues* listed = nullptr;
};

// How many there are in the lists that are there.
void widen_valency(Feature& feature, Check check, const Held& held) {
    const std::size_t levels = std::min(feature.valency.size(), held.lists->levels.size());
    for (std::size_t k = 0; k < levels; ++k) {
        Count& count = feature.valency[k];
        const Column lengths = held.listed->lengths(k);
        for (std::size_t i = 0; i < lengths.size(); ++i) {
            if (!lengths.is_valid(i)) continue;
            const auto length = static_cast<std::uint64_t>(lengths.number(i));
            if (check == Check::few_values) count.minimum = std::min(count.minimum, length);
            if (check == Check::many_values) count.maximum = std::max(count.maximum, length);
        }
    }
}

// What only lists can fail, or rows of them.
bool loosen_lists(Feature& feature, Check check, const Held& held) {
    switch (check) {
        case Check::shape: feature.shape.reset(); return true;
        case Check::nestedness: feature.valency.clear(); return true;
        case Check::few_values:
        case Check::many_values: widen_valency(feature, check, held); return true;
        default: return false;
    }
}

// Of one finding in `rows`: the rule gives way as far as the column asks for.
void loosen(Feature& feature, const BatchFinding& finding, std::uint64_t rows, const Held& held,
            const InferenceOptions& options) {
    const Check check = finding.check;
    if (check == Check::missing) feature.required = false;
    // As many values as the finding counts, whatever a null is to the feature's type.
    if (check == Check::presence) feature.minimum_fraction = share_of(rows - finding.count, rows);
    if (check == Check::count) feature.minimum_count = rows - finding.count;
    const Column* const column = held.values;
    if (column == nullptr || (held.lists != nullptr && loosen_lists(feature, check, held))) return;
    if (check == Check::type) return widen_type(feature, *column, options.read_texts);
    if (check == Check::utf8) return make_bytes(feature);
    const ColumnFacts facts = facts_of(*column, feature.type, options.read_texts);
    switch (check) {
        case Check::null: feature.nullable = true; break;
        case Check::not_a_number: feature.allow_nan = true; break;
        case Check::infinity: feature.allow_infinity = true; break;
        case Check::minimum:
        case Check::maximum: move_bound(feature, check, facts); break;
        case Check::standard_score: feature.standard_score.reset(); break;
        case Check::integral: feature.integral = false; break;
        case Check::step:
            feature.number.step.reset();
            feature.integer.step.reset();
            break;
        case Check::domain: {
            const std::optional<Domain> before = feature.domain;
            if (feature.domain) widen_domain(feature, facts, options.most_domain_values);
            // What the domain knew was not in the reference set.
            if (feature.domain == before) feature.reference_set.clear();
            break;
        }
        case Check::short_text:
        case Check::long_text: widen_length(feature, check, facts, *column); break;
        case Check::format:
            feature.format = Format::none;
            feature.freshness.reset();
            break;
        case Check::pattern:
            feature.pattern.clear();
            feature.refused_patterns.clear();
            break;
        case Check::control:
        case Check::invisible:
            std::erase_if(feature.refused_characters,
                          [check](CharacterClass refused) { return check_of(refused) == check; });
            break;
        case Check::confusable:
            feature.scripts = Scripts::any;
            feature.refuse_lookalikes = false;
            break;
        case Check::repetition: feature.repetition.reset(); break;
        case Check::unique: feature.unique = false; break;
        case Check::monotonic: feature.order = relaxed(feature.order); break;
        default: break;  // a table answers no other check
    }
}

// To clamp an infinity takes ends, which may have given way.
void drop_impossible_repair(Feature& feature) {
    const bool has_ends = feature.standard_score || (feature.number.minimum && feature.number.maximum);
    const auto found = feature.repair.find(Check::infinity);
    if (!has_ends && found != feature.repair.end() && found->second == Repair::clamp) feature.repair.erase(found);
}

// Takes away the expressions that `is_kept` does not keep, and tells each.
template <class Keep>
void drop_expressions(Relaxation& relaxation, Keep&& is_kept) {
    std::erase_if(relaxation.schema.expressions, [&](const Expression& expression) {
        if (is_kept(expression)) return false;
        relaxation.steps.push_back(removal_of(expression));
        return true;
    });
}

void drop_false_expressions(const Validator& rules, const BatchReport& report, Relaxation& relaxation) {
    std::set<std::string, std::less<>> names;
    for (const BatchFinding& finding : report.findings) {
        if (finding.check == Check::expression && finding.severity == Severity::error)
            names.insert(rules.expression(finding.feature - rules.feature_count()).name);
    }
    drop_expressions(relaxation, [&](const Expression& expression) { return names.count(expression.name) == 0; });
}

// Those of features that have another type now.
void drop_impossible_expressions(Relaxation& relaxation) {
    if (relaxation.schema.expressions.empty()) return;
    const Vocabulary vocabulary(relaxation.schema.features);
    drop_expressions(relaxation, [&](const Expression& expression) {
        try {
            static_cast<void>(compile_expression(expression.expression, vocabulary));
            return true;
        } catch (const Error&) {
            return false;
        }
    });
}

// The change of one feature as `diff` tells it.
void tell(const Schema& schema, std::vector<Feature> before, const Feature& after, std::vector<SchemaChange>& steps) {
    Schema was;
    was.environments = schema.environments;
    was.features = std::move(before);
    Schema is;
    is.environments = schema.environments;
    was.reference_sets = is.reference_sets = schema.reference_sets;
    is.features = {after};
    for (SchemaChange& change : diff(was, is)) steps.push_back(std::move(change));
}

template <class Find>
void append(Find&& find, const std::vector<std::string>& unknown, const InferenceOptions& options,
            Relaxation& relaxation) {
    for (const std::string& name : unknown) {
        FeatureEvidence evidence;
        const Held held = find(name);
        Feature feature = held.lists != nullptr ? infer_list_feature(*held.lists, options, evidence)
                                                : infer_feature({name, *held.values}, options, evidence);
        feature.required = false;
        tell(relaxation.schema, {}, feature, relaxation.steps);
        relaxation.schema.features.push_back(std::move(feature));
    }
}

}  // namespace

Relaxation relax(const Schema& schema, const Table& table, const InferenceOptions& options) {
    return relax(schema, NestedTable{table, {}}, options);
}

Relaxation relax(const Schema& schema, const NestedTable& table, const InferenceOptions& options) {
    check_options(options);
    static_cast<void>(check_lists(table.flat, table.lists));
    std::deque<ListedValues> listed;
    for (const ListColumn& lists : table.lists) listed.emplace_back(lists);
    const auto find = [&](std::string_view name) -> Held {
        for (std::size_t k = 0; k < table.lists.size(); ++k)
            if (table.lists[k].name == name) return {&listed[k].column(), &table.lists[k], &listed[k]};
        return {table.flat.find(name), nullptr, nullptr};
    };
    Relaxation relaxation{schema, {}};
    // Types widen at most twice, an order twice, and each other rule of a type gives way once.
    constexpr int most_passes = 32;
    for (int pass = 0; pass < most_passes; ++pass) {
        const Validator rules(relaxation.schema);
        const BatchReport report = validate_batch(rules, table, {.offenders = 0, .read_texts = options.read_texts});
        if (report.is_valid()) return relaxation;
        std::size_t changed = rules.feature_count();
        for (const BatchFinding& finding : report.findings) {
            if (finding.severity != Severity::error || finding.feature >= rules.feature_count()) continue;
            // Under another type the findings that follow are of another feature.
            if (changed == finding.feature) continue;
            Feature& feature = relaxation.schema.features[finding.feature];
            const Feature before = feature;
            loosen(feature, finding, report.rows, find(feature.name), options);
            drop_impossible_repair(feature);
            if (feature.type != before.type) changed = finding.feature;
            tell(relaxation.schema, {before}, feature, relaxation.steps);
        }
        drop_false_expressions(rules, report, relaxation);
        drop_impossible_expressions(relaxation);
        append(find, report.unexpected, options, relaxation);
    }
    throw Error(ErrorCode::internal, "a schema does not accept a table, however loosened");
}

}  // namespace vedette::inline v0::validation
