// SPDX-License-Identifier: Apache-2.0
// Rules from what columns hold, each with the share of new values that it may refuse.
#include "vedette/validation/infer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "validation/column_facts.hpp"
#include "validation/list_rules.hpp"
#include "vedette/core/error.hpp"
#include "vedette/stats/intervals.hpp"
#include "vedette/validation/formats.hpp"
#include "vedette/validation/statistics.hpp"

namespace vedette::inline v0::validation {

namespace {

// Decides on rules, and keeps the evidence.
class Judge {
  public:
    Judge(const InferenceOptions& options, FeatureEvidence& evidence)
        : options_(options), confidence_(options.confidence), evidence_(evidence) {}

    [[nodiscard]] const InferenceOptions& options() const noexcept { return options_; }

    bool keeps(const char* rule, std::uint64_t refused, std::uint64_t values, double slack = 0.0) {
        evidence_.rules.push_back({.rule = rule, .values = values, .refused = refused, .slack = slack});
        RuleEvidence& found = evidence_.rules.back();
        if (values != 0) found.most_refused = stats::wilson(refused, values, confidence_).upper;
        return found.is_kept = found.most_refused <= options_.most_refused;
    }
    /// A bound of order statistics, for which Wilks's limit holds besides.
    bool keeps_bound(const char* rule, bool is_refused, std::uint64_t values, double slack) {
        static_cast<void>(keeps(rule, is_refused ? 1U : 0U, values, slack));
        if (values == 0) return false;
        RuleEvidence& found = evidence_.rules.back();
        const double wilks = -std::expm1(std::log1p(-options_.confidence) / static_cast<double>(values));
        found.most_refused = std::max(found.most_refused, wilks);
        return found.is_kept = found.most_refused <= options_.most_refused;
    }

  private:
    const InferenceOptions& options_;
    stats::Confidence confidence_;
    FeatureEvidence& evidence_;
};

// The minimum that values from `least` to `greatest` give. The maximum is that of the negated ones, negated.
double slackened(double least, double greatest, double slack) noexcept {
    const double lower = least - slack * (greatest - least);
    if (!std::isfinite(lower)) return least;
    return least >= 0.0 ? std::max(lower, 0.0) : lower;
}

struct Ends {
    double lower = 0.0, upper = 0.0;
    bool is_least_refused = false, is_greatest_refused = false;  // by the bounds of all the others
};

template <class Number>
Ends ends_of(const Extremes<Number>& x, double slack) noexcept {
    const auto of = [](Number number) { return static_cast<double>(number); };
    const auto lower = [&](Number a, Number b) { return slackened(of(a), of(b), slack); };
    const auto upper = [&](Number a, Number b) { return -slackened(-of(b), -of(a), slack); };
    Ends ends{lower(x.least, x.greatest), upper(x.least, x.greatest), true, true};
    if (x.count < 2) return ends;
    // Integers that are one as doubles are told apart, without slack.
    ends.is_least_refused = x.least < x.second_least &&
                            (of(x.least) < lower(x.second_least, x.greatest) || of(x.least) == of(x.second_least));
    ends.is_greatest_refused = x.greatest > x.second_greatest && (of(x.greatest) > upper(x.least, x.second_greatest) ||
                                                                  of(x.greatest) == of(x.second_greatest));
    return ends;
}

std::int64_t rounded_down(double x, std::int64_t at_most) noexcept {
    if (!(x > -0x1p63)) return std::numeric_limits<std::int64_t>::min();
    return x < 0x1p63 ? std::min(static_cast<std::int64_t>(std::floor(x)), at_most) : at_most;
}
std::int64_t rounded_up(double x, std::int64_t at_least) noexcept {
    if (!(x < 0x1p63)) return std::numeric_limits<std::int64_t>::max();
    return x >= -0x1p63 ? std::max(static_cast<std::int64_t>(std::ceil(x)), at_least) : at_least;
}

void infer_order(const ColumnFacts& facts, Judge& judge, Feature& feature) {
    if (facts.rises != 0 && facts.falls != 0) return;
    const std::uint64_t changes = facts.rises + facts.falls;
    if (changes == 0 || !judge.keeps("order", 0, changes)) return;
    const bool is_strict = facts.ties == 0;
    if (facts.rises != 0) {
        feature.order = is_strict ? Order::strictly_increasing : Order::increasing;
    } else {
        feature.order = is_strict ? Order::strictly_decreasing : Order::decreasing;
    }
}

void infer_floating(const ColumnFacts& facts, Judge& judge, Feature& feature) {
    feature.allow_nan = facts.not_a_number != 0;
    feature.allow_infinity = facts.low_infinite + facts.high_infinite != 0;
    infer_order(facts, judge, feature);
    const Extremes<double>& x = facts.numbers;
    if (x.count == 0) return;
    if (facts.fractions == 0) feature.integral = judge.keeps("integral", 0, x.count);
    const Ends ends = ends_of(x, judge.options().slack);
    if (facts.low_infinite == 0 && judge.keeps_bound("minimum", ends.is_least_refused, x.count, x.least - ends.lower))
        feature.number.minimum = ends.lower;
    if (facts.high_infinite == 0 &&
        judge.keeps_bound("maximum", ends.is_greatest_refused, x.count, ends.upper - x.greatest))
        feature.number.maximum = ends.upper;
}

void infer_integer(const ColumnFacts& facts, Judge& judge, Feature& feature) {
    const Extremes<std::int64_t>& x = facts.integers;
    if (x.count == 0 || !facts.fits_integers) return;
    infer_order(facts, judge, feature);
    const Ends ends = ends_of(x, judge.options().slack);
    const std::int64_t minimum = rounded_down(ends.lower, x.least);
    const std::int64_t maximum = rounded_up(ends.upper, x.greatest);
    const auto distance = [](std::int64_t a, std::int64_t b) {
        return static_cast<double>(static_cast<std::uint64_t>(b) - static_cast<std::uint64_t>(a));
    };
    if (judge.keeps_bound("minimum", ends.is_least_refused, x.count, distance(minimum, x.least)))
        feature.integer.minimum = minimum;
    if (judge.keeps_bound("maximum", ends.is_greatest_refused, x.count, distance(x.greatest, maximum)))
        feature.integer.maximum = maximum;
}

bool may_be_domain(const ColumnFacts& facts, std::size_t most) {
    constexpr std::size_t longest = std::size_t{1} << 20;
    return facts.type == FeatureType::text && !facts.texts.empty() && facts.texts.size() <= most &&
           std::none_of(facts.texts.begin(), facts.texts.end(), [](std::string_view text) {
               return text.size() > longest || text.find('\0') != std::string_view::npos;
           });
}

// The first format that all texts have. Any word is a hostname: only names with a dot make one.
Format format_of(const std::vector<std::string_view>& texts) {
    constexpr std::array formats{Format::date, Format::time, Format::date_time, Format::uuid, Format::email,
                                 Format::ipv4, Format::ipv6, Format::hostname,  Format::uri};
    for (const Format format : formats) {
        const bool fits = std::all_of(texts.begin(), texts.end(), [&](std::string_view text) {
            return matches(format, text) && (format != Format::hostname || text.find('.') != std::string_view::npos);
        });
        if (fits && !texts.empty()) return format;
    }
    return Format::none;
}

void infer_length(const ColumnFacts& facts, Judge& judge, Feature& feature) {
    const Extremes<std::uint64_t>& x = facts.lengths;
    if (x.count == 0) return;
    const Ends ends = ends_of(x, judge.options().slack);
    const double lower = std::min(std::floor(ends.lower), static_cast<double>(x.least));
    const double upper = std::max(std::ceil(ends.upper), static_cast<double>(x.greatest));
    const double room = std::max(static_cast<double>(x.least) - lower, upper - static_cast<double>(x.greatest));
    // One rule with two ends: what either refuses counts.
    const std::uint64_t refused = (ends.is_least_refused ? 1U : 0U) + (ends.is_greatest_refused ? 1U : 0U);
    if (!judge.keeps("length", std::min(refused, x.count), x.count, room)) return;
    feature.length = Count{static_cast<std::uint64_t>(lower), static_cast<std::uint64_t>(upper)};
    if (facts.type == FeatureType::text) feature.length_unit = LengthUnit::code_points;
}

void infer_text(const ColumnFacts& facts, Judge& judge, Feature& feature) {
    if (may_be_domain(facts, judge.options().most_domain_values) &&
        judge.keeps("domain", facts.seen_once, facts.values())) {
        feature.domain = Domain{{facts.texts.begin(), facts.texts.end()}};
        feature.meaning = Meaning::categorical;
        return;
    }
    if (facts.type == FeatureType::text) {
        const Format format = format_of(facts.texts);
        if (format != Format::none && judge.keeps("format", 0, facts.values())) feature.format = format;
    }
    infer_length(facts, judge, feature);
}

void infer_presence(const ColumnFacts& facts, Judge& judge, Feature& feature) {
    feature.minimum_count = facts.values() == 0 ? 0 : 1;
    feature.nullable = facts.nulls != 0 || !judge.keeps("null", 0, facts.rows);
    if (!feature.nullable) feature.minimum_fraction = 1.0;
}

void infer_rules(const ColumnFacts& facts, Judge& judge, FeatureEvidence& evidence, Feature& feature) {
    evidence.distinct = facts.distinct;
    infer_presence(facts, judge, feature);
    switch (feature.type) {
        case FeatureType::floating: infer_floating(facts, judge, feature); break;
        case FeatureType::integer: infer_integer(facts, judge, feature); break;
        case FeatureType::boolean: break;
        case FeatureType::text:
        case FeatureType::bytes: infer_text(facts, judge, feature); break;
    }
    // Reals do not repeat anyway.
    if (feature.type != FeatureType::floating && feature.type != FeatureType::boolean && facts.distinct != 0 &&
        facts.repeated == 0 && facts.nulls == 0)
        feature.unique = judge.keeps("unique", 0, facts.values());
}

// The lists of one level.
struct LevelFacts {
    std::uint64_t lists = 0;  // null ones, too
    std::uint64_t nulls = 0;
    std::uint64_t shortest = 0, longest = 0;
};

// Of a feature that was learned from the values in lists, what the lists say.
void infer_lists(const std::vector<LevelFacts>& levels, Judge judge, const FeatureEvidence& evidence,
                 Feature& feature) {
    feature.unique = false;
    feature.order = Order::any;
    const LevelFacts& rows = levels.front();
    const bool has_nulls = evidence.nulls != 0 || std::any_of(levels.begin(), levels.end(),
                                                              [](const LevelFacts& level) { return level.nulls != 0; });
    const bool is_present = judge.keeps("null", 0, rows.lists) && rows.nulls == 0;
    feature.minimum_count = rows.nulls == rows.lists ? 0 : 1;
    feature.minimum_fraction = is_present ? 1.0 : 0.0;
    feature.nullable = has_nulls || !is_present;
    const bool is_fixed = std::all_of(levels.begin(), levels.end(), [](const LevelFacts& level) {
        return level.nulls == 0 && level.shortest == level.longest && level.shortest != 0;
    });
    if (is_fixed && judge.keeps("shape", 0, rows.lists)) {
        feature.shape.emplace();
        for (const LevelFacts& level : levels) feature.shape->push_back(static_cast<std::int64_t>(level.shortest));
        return;
    }
    for (const LevelFacts& level : levels) {
        Count& count = feature.valency.emplace_back();
        if (level.shortest == 0 || !judge.keeps("valency", 0, level.lists - level.nulls)) continue;
        count.minimum = 1;
        if (level.shortest == level.longest) count = {level.shortest, level.longest};
    }
}

LevelFacts level_of(const Column& lengths) {
    LevelFacts level;
    level.lists = lengths.size();
    bool is_first = true;
    for (std::size_t i = 0; i < lengths.size(); ++i) {
        if (!lengths.is_valid(i)) {
            ++level.nulls;
            continue;
        }
        const auto length = static_cast<std::uint64_t>(lengths.number(i));
        level.shortest = is_first ? length : std::min(level.shortest, length);
        level.longest = std::max(level.longest, length);
        is_first = false;
    }
    return level;
}

void start_evidence(const std::string& name, const ColumnFacts& facts, FeatureEvidence& evidence) {
    evidence.name = name;
    evidence.rows = facts.rows;
    evidence.nulls = facts.nulls;
    evidence.not_a_number = facts.not_a_number;
    evidence.infinite = facts.low_infinite + facts.high_infinite;
}

void require_rows(std::uint64_t rows, const InferenceOptions& options) {
    if (rows < options.minimum_rows)
        throw Error(ErrorCode::not_enough_data,
                    fmt::format("a schema of {} rows would fit only them: {} are needed", rows, options.minimum_rows));
}

}  // namespace

void check_options(const InferenceOptions& options) {
    if (!(options.most_refused > 0.0 && options.most_refused < 1.0))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("most_refused = {} lies outside (0, 1)", options.most_refused));
    if (!(options.confidence >= 0.5 && options.confidence < 1.0))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("confidence = {} lies outside [0.5, 1)", options.confidence));
    if (!(options.slack >= 0.0) || !std::isfinite(options.slack))
        throw Error(ErrorCode::invalid_argument, fmt::format("slack = {} must be finite, 0 at least", options.slack));
}

Feature infer_feature(const NamedColumn& column, const InferenceOptions& options, FeatureEvidence& evidence) {
    Feature feature;
    feature.name = std::string(column.name);
    feature.type = type_of(column.column, options.read_texts);
    ColumnFacts facts = facts_of(column.column, feature.type, options.read_texts);
    start_evidence(feature.name, facts, evidence);
    Judge judge(options, evidence);
    if (feature.type == FeatureType::boolean && column.column.dtype() != Dtype::boolean &&
        !judge.keeps("boolean", 0, facts.values())) {
        feature.type = facts.words == 0 ? FeatureType::integer : FeatureType::text;
        facts = facts_of(column.column, feature.type, options.read_texts);
    }
    infer_rules(facts, judge, evidence, feature);
    return feature;
}

namespace {

void add_times(Extremes<double>& extremes, double value, std::uint64_t times) noexcept {
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(times, 2); ++i) extremes.add(value);
}

// Those of all values where the sample holds them; else the least and the greatest, seen once and far from all others.
Extremes<double> extremes_of(const NumberStatistics& numbers, const std::vector<stats::ValueSample::Entry>& known,
                             bool is_text) {
    Extremes<double> extremes;
    for (const stats::ValueSample::Entry& entry : known)
        add_times(extremes, is_text ? static_cast<double>(entry.length) : entry.number, entry.count);
    if (known.empty() && numbers.count != 0) {
        extremes.least = extremes.second_greatest = numbers.minimum;
        extremes.greatest = extremes.second_least = numbers.maximum;
    }
    extremes.count = numbers.count;
    return extremes;
}

template <class Integer>
Extremes<Integer> as_integers(const Extremes<double>& x) noexcept {
    const auto whole = [](double value) {
        constexpr double end = std::is_signed_v<Integer> ? 0x1p63 : 0x1p64;
        return value < end ? static_cast<Integer>(value) : std::numeric_limits<Integer>::max();
    };
    return {x.count, whole(x.least), whole(x.second_least), whole(x.greatest), whole(x.second_greatest)};
}

FeatureType type_of(const ColumnStatistics& column, const std::vector<stats::ValueSample::Entry>& known) {
    if (column.is_text) return column.invalid_utf8 == 0 ? FeatureType::text : FeatureType::bytes;
    constexpr auto bit = [](Dtype dtype) { return 1U << static_cast<unsigned>(dtype); };
    constexpr std::uint32_t floating = bit(Dtype::f16) | bit(Dtype::bf16) | bit(Dtype::f32) | bit(Dtype::f64);
    if ((column.dtypes & floating) != 0) return FeatureType::floating;
    const bool are_bits = std::all_of(known.begin(), known.end(),
                                      [](const auto& entry) { return entry.number == 0.0 || entry.number == 1.0; });
    const bool has_one =
        column.dtypes == bit(Dtype::boolean) || (column.numbers.count != 0 && column.numbers.maximum == 1.0);
    return has_one && are_bits && column.numbers.minimum >= 0.0 ? FeatureType::boolean : FeatureType::integer;
}

// `known` views the texts that the facts refer to; empty unless the sample is all values.
ColumnFacts facts_of(const ColumnStatistics& column, FeatureType type, std::uint64_t rows,
                     const std::vector<stats::ValueSample::Entry>& known) {
    ColumnFacts facts;
    facts.type = type;
    facts.rows = rows;
    facts.nulls = column.nulls + (rows - column.rows);
    facts.not_a_number = column.nan;
    facts.high_infinite = column.positive_infinity;
    facts.low_infinite = column.negative_infinity;
    facts.fractions = 1;  // not known: no claim that there are none
    facts.numbers = extremes_of(column.numbers, known, column.is_text);
    facts.repeated = known.empty() ? 1 : 0;
    for (const stats::ValueSample::Entry& entry : known) {
        facts.distinct += type == FeatureType::floating ? 0U : 1U;
        facts.repeated += entry.count - 1;
        facts.seen_once += entry.count == 1 ? 1U : 0U;
        if (column.is_text) facts.texts.emplace_back(entry.text);
    }
    std::sort(facts.texts.begin(), facts.texts.end());
    // Beyond 2^53 the extremes of integers are rounded.
    facts.fits_integers = std::max(-column.numbers.minimum, column.numbers.maximum) <= 0x1p53;
    if (type == FeatureType::integer) facts.integers = as_integers<std::int64_t>(facts.numbers);
    if (column.is_text) facts.lengths = as_integers<std::uint64_t>(facts.numbers);
    return facts;
}

// All values with their counts, or nothing; texts that were cut are not known.
std::vector<stats::ValueSample::Entry> known_values(const ColumnStatistics& column) {
    std::vector<stats::ValueSample::Entry> known;
    if (column.values.is_complete() && column.values.total() == column.numbers.count) known = column.values.entries();
    const bool is_whole =
        std::all_of(known.begin(), known.end(), [](const auto& e) { return e.length == e.text.size(); });
    return column.is_text && !is_whole ? std::vector<stats::ValueSample::Entry>{} : known;
}

Feature infer_feature(const std::string& name, const ColumnStatistics& column, std::uint64_t rows,
                      const InferenceOptions& options, FeatureEvidence& evidence) {
    const std::vector<stats::ValueSample::Entry> known = known_values(column);
    Feature feature;
    feature.name = name;
    feature.type = type_of(column, known);
    ColumnFacts facts = facts_of(column, feature.type, rows, known);
    start_evidence(name, facts, evidence);
    Judge judge(options, evidence);
    const bool is_declared = column.dtypes == 1U << static_cast<unsigned>(Dtype::boolean);
    if (feature.type == FeatureType::boolean && !is_declared && !judge.keeps("boolean", 0, facts.values())) {
        feature.type = FeatureType::integer;
        facts = facts_of(column, feature.type, rows, known);
    }
    infer_rules(facts, judge, evidence, feature);
    if (column.is_text) feature.length_unit = LengthUnit::bytes;
    return feature;
}

}  // namespace

Feature infer_list_feature(const ListColumn& lists, const InferenceOptions& options, FeatureEvidence& evidence) {
    const ListedValues listed(lists);
    Feature feature = infer_feature({lists.name, listed.column()}, options, evidence);
    std::vector<LevelFacts> levels;
    for (std::size_t k = 0; k < lists.levels.size(); ++k) levels.push_back(level_of(listed.lengths(k)));
    infer_lists(levels, Judge(options, evidence), evidence, feature);
    return feature;
}

Inference infer_schema(const TableStatistics& statistics, const InferenceOptions& options) {
    check_options(options);
    require_rows(statistics.rows(), options);
    Inference inference;
    const auto& columns = statistics.columns();
    // A column of its own may be named so, too: lengths are 64-bit integers, those of the outermost lists one for a row
    // at most.
    const auto find_lengths = [&](const std::string& name) -> const ColumnStatistics* {
        const auto found = columns.find(name);
        const bool are_lengths = found != columns.end() && !found->second.is_text &&
                                 found->second.dtypes == 1U << static_cast<unsigned>(Dtype::i64);
        return are_lengths ? &found->second : nullptr;
    };
    const auto has_lists = [&](const std::string& name) {
        const ColumnStatistics* const rows = find_lengths(name + "[]");
        return rows != nullptr && rows->rows <= statistics.rows();
    };
    const auto is_length = [&](const std::string& name) {
        std::string_view base = name;
        while (base.ends_with("[]")) base.remove_suffix(2);
        return base != name && columns.find(base) != columns.end() && has_lists(std::string(base)) &&
               find_lengths(name) != nullptr;
    };
    for (const auto& [name, column] : columns) {
        if (is_length(name)) continue;
        FeatureEvidence& evidence = inference.features.emplace_back();
        std::vector<LevelFacts> levels;
        for (std::string of = name + "[]"; has_lists(name) && find_lengths(of) != nullptr; of += "[]") {
            const ColumnStatistics& lengths = columns.at(of);
            const bool is_any = lengths.numbers.count != 0;
            levels.push_back({lengths.rows, lengths.nulls,
                              is_any ? static_cast<std::uint64_t>(lengths.numbers.minimum) : 0,
                              is_any ? static_cast<std::uint64_t>(lengths.numbers.maximum) : 0});
        }
        const std::uint64_t rows = levels.empty() ? statistics.rows() : column.rows;
        inference.schema.features.push_back(infer_feature(name, column, rows, options, evidence));
        if (levels.empty()) continue;
        // Shards without the column have no lists of it.
        levels[0].nulls += statistics.rows() - levels[0].lists;
        levels[0].lists = statistics.rows();
        infer_lists(levels, Judge(options, evidence), evidence, inference.schema.features.back());
    }
    inference.schema.validate();
    return inference;
}

Inference infer_schema(const Table& table, const InferenceOptions& options) {
    return infer_schema(NestedTable{table, {}}, options);
}

Inference infer_schema(const NestedTable& table, const InferenceOptions& options) {
    check_options(options);
    require_rows(check_lists(table.flat, table.lists), options);
    Inference inference;
    for (const NamedColumn& column : table.flat.columns()) {
        inference.features.emplace_back();
        inference.schema.features.push_back(infer_feature(column, options, inference.features.back()));
    }
    for (const ListColumn& lists : table.lists) {
        FeatureEvidence& evidence = inference.features.emplace_back();
        inference.schema.features.push_back(infer_list_feature(lists, options, evidence));
    }
    inference.schema.validate();
    return inference;
}

std::string describe(const FeatureEvidence& feature, const RuleEvidence& rule, double most_refused) {
    return fmt::format(
        "feature {}: {} {}: {} of {} values refused by the rule of the others, so up to {:.2g} % of new ones; {:.2g} % "
        "are allowed",
        nlohmann::json(feature.name).dump(), rule.rule, rule.is_kept ? "kept" : "left out", rule.refused, rule.values,
        100.0 * rule.most_refused, 100.0 * most_refused);
}

}  // namespace vedette::inline v0::validation
