// SPDX-License-Identifier: Apache-2.0
// Compiling a schema, and judging rows by it.
#include "vedette/validation/validator.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "kernels/dispatch.hpp"
#include "validation/tally.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::validation {

namespace {

// The least T at or above the bound (above it, if open); +Inf if there is none that is finite.
template <class T>
T least_from(double bound, bool is_open) noexcept {
    constexpr T infinity = std::numeric_limits<T>::infinity();
    constexpr auto top = static_cast<double>(std::numeric_limits<T>::max());
    if (bound > top) return infinity;
    if (bound < -top) return -std::numeric_limits<T>::max();
    const auto fits = [&](T x) { return is_open ? static_cast<double>(x) > bound : static_cast<double>(x) >= bound; };
    T x = static_cast<T>(bound);
    while (!fits(x)) x = std::nextafter(x, infinity);
    return x;
}

template <class T>
T greatest_to(double bound, bool is_open) noexcept {
    return -least_from<T>(-bound, is_open);
}

bool is_expected(const Feature& feature, std::string_view environment) noexcept {
    return environment.empty() || feature.environments.empty() ||
           std::find(feature.environments.begin(), feature.environments.end(), environment) !=
               feature.environments.end();
}

// What intervals find in a row, `failed` being told its first elements: of every row, or if `is_lazy` of a row that is
// not all inside.
template <class T, class Compiled>
void ask_intervals(const Compiled& compiled, const T* row, std::size_t count, bool is_lazy, Tally& tally) noexcept {
    const kernels::IntervalKernels<T>& kernel = kernels::intervals<T>(kernels::kernels());
    const std::size_t told = std::min(tally.failed.size(), count);
    const bool is_asked = count == compiled.width_of_intervals;  // by `is_plainly_valid`
    if (is_lazy) {
        tally.untold = std::min(tally.failed.size(), compiled.rules.size());
        if (!is_asked && kernel.row_inside(row, &compiled.template view<T>(), count)) return;
        std::fill(tally.failed.begin() + static_cast<std::ptrdiff_t>(told),
                  tally.failed.begin() + static_cast<std::ptrdiff_t>(tally.untold), CheckSet{0});
        tally.untold = 0;
    }
    if (told != 0) {
        const kernels::RowFindings found =
            kernel.attribute_row(row, &compiled.template view<T>(), told, tally.failed.data());
        tally.any = found.any;
        tally.graver = found.graver;
        if (told == count) return;
        const kernels::IntervalsView<T> rest = compiled.template intervals<T>().from(told);
        const kernels::RowFindings more = kernel.attribute_row(row + told, &rest, count - told, nullptr);
        tally.any |= more.any;
        tally.graver |= more.graver;
        return;
    }
    if (!is_asked && kernel.row_inside(row, &compiled.template view<T>(), count)) return;
    const kernels::RowFindings found = kernel.attribute_row(row, &compiled.template view<T>(), count, nullptr);
    tally.any = found.any;
    tally.graver = found.graver;
}

// The shortest way for most rows of most schemas: intervals say all, and the row is inside.
template <class T, class Compiled>
bool is_plainly_valid(const Compiled& compiled, std::span<const T> row) noexcept {
    return row.size() == compiled.width_of_intervals &&
           kernels::intervals<T>(kernels::kernels()).row_inside(row.data(), &compiled.template view<T>(), row.size());
}

template <class T, class Compiled>
RowVerdict judge_numbers(const Compiled& compiled, std::span<const T> row, std::span<CheckSet> failed,
                         bool is_lazy = false, const std::int64_t* at = nullptr) noexcept {
    const std::size_t count = std::min(row.size(), compiled.rules.size());
    Tally tally{0, 0, failed};
    ask_intervals(compiled, row.data(), count, is_lazy && !failed.empty(), tally);
    for (const std::uint32_t i : compiled.asking_more) {
        if (i >= count) break;
        const CheckSet found = compiled.rules[i].of_number(static_cast<double>(row[i]));
        if (found != 0) tally.add(i, found, compiled.rules[i]);
    }
    compiled.judge_ages(
        count, [row](std::size_t i) noexcept { return Value(static_cast<double>(row[i])); }, tally, at);
    if (row.size() != compiled.rules.size()) tally.add_width(row.size(), compiled.rules, compiled.features);
    if (!compiled.expressions.empty()) {
        tally.add_expressions(compiled.expressions, compiled.rules.size(), [row](std::size_t i) noexcept {
            return i < row.size() ? Value(static_cast<double>(row[i])) : Value();
        });
    }
    return tally.verdict();
}

Value read_one(Validator::ReadValues read, const void* row, std::size_t feature) noexcept {
    Value value;
    read(row, feature, {&value, 1});
    return value;
}

constexpr std::uint32_t nowhere = std::numeric_limits<std::uint32_t>::max();

// `places`: of each feature of the schema in the row, or `nowhere`.
CompiledExpression compile(const Expression& expression, const Schema& schema, const Vocabulary& vocabulary,
                           const std::vector<std::uint32_t>& places) {
    CompiledExpression compiled{expression, compile_expression(expression.expression, vocabulary), {}, {}, true};
    for (const std::uint32_t place : compiled.program.features) {
        const Feature& feature = schema.features[place];
        if (places[place] != nowhere) compiled.columns.push_back(places[place]);
        if (places[place] == nowhere || feature.stage != Stage::production) compiled.is_evaluated = false;
        compiled.types.push_back(feature.type);
    }
    if (expression.severity == Severity::none) compiled.is_evaluated = false;
    return compiled;
}

}  // namespace

template <class T>
void Intervals<T>::add(const Feature& feature, const Rule& rule) {
    constexpr T infinity = std::numeric_limits<T>::infinity();
    const auto is_wanted = [&](Check check) { return contains(rule.wanted, check); };
    T least = -infinity, greatest = infinity, low = -infinity, high = infinity, edge = infinity;
    CheckSet bits = 0;
    if (feature.type == FeatureType::floating && rule.is_evaluated) {
        const Bounds<double>& bounds = feature.number;
        if (bounds.minimum && is_wanted(Check::minimum))
            least = least_from<T>(*bounds.minimum, bounds.exclusive_minimum);
        if (bounds.maximum && is_wanted(Check::maximum))
            greatest = greatest_to<T>(*bounds.maximum, bounds.exclusive_maximum);
        if (feature.standard_score && is_wanted(Check::standard_score)) {
            const StandardScore& score = *feature.standard_score;
            low = least_from<T>(score.mean - score.limit * score.standard_deviation, false);
            high = greatest_to<T>(score.mean + score.limit * score.standard_deviation, false);
        }
        bits = set_of(Check::minimum) | set_of(Check::maximum) | set_of(Check::standard_score);
        if (!feature.allow_nan) bits |= set_of(Check::not_a_number);
        if (!feature.allow_infinity) bits |= set_of(Check::infinity);
        bits &= rule.wanted;
        if (contains(bits, Check::infinity)) edge = std::numeric_limits<T>::max();
    }
    minimum.push_back(least);
    maximum.push_back(greatest);
    score_low.push_back(low);
    score_high.push_back(high);
    lower.push_back(std::max({least, low, -edge}));
    upper.push_back(std::min({greatest, high, edge}));
    wanted.push_back(bits);
    graver.push_back(bits & rule.errors);
}

namespace {

// The schema's reference sets by name: its own made ready, and those that the caller gives.
class ReferenceSets {
  public:
    ReferenceSets(const Schema& schema, const RuleInputs& inputs) {
        const auto fault = [](const std::string& name, const std::string& what) {
            return Error(ErrorCode::invalid_argument, fmt::format("reference set \"{}\": {}", name, what));
        };
        for (const ReferenceSet& set : schema.reference_sets) {
            const auto given = inputs.reference_sets.find(set.name);
            if (given == inputs.reference_sets.end()) {
                if (!set.values.empty()) sets_.emplace(set.name, ReferenceValues(set.values));
                continue;
            }
            if (!set.values.empty()) throw fault(set.name, "stands in the schema, and is given, too");
            if (given->second.size() > set.most_values)
                throw fault(set.name, fmt::format("{} values, at most {}", given->second.size(), set.most_values));
            sets_.emplace(set.name, given->second);
        }
        for (const auto& [name, values] : inputs.reference_sets)
            if (sets_.count(name) == 0) throw fault(name, "is given, and the schema has none of this name");
    }
    [[nodiscard]] const ReferenceValues* find(const std::string& name) const noexcept {
        const auto found = sets_.find(name);
        return found == sets_.end() ? nullptr : &found->second;
    }

  private:
    std::map<std::string, ReferenceValues> sets_;
};

}  // namespace

Validator::Validator(const Schema& schema, std::string_view environment, const RuleInputs& inputs) {
    schema.validate();
    const ReferenceSets sets(schema, inputs);
    if (!environment.empty() &&
        std::find(schema.environments.begin(), schema.environments.end(), environment) == schema.environments.end()) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("environment: \"{}\" is not among the schema's", environment));
    }
    auto compiled = std::make_shared<Compiled>();
    compiled->clock = inputs.clock;
    std::vector<std::string> names;
    std::vector<std::uint32_t> places;
    for (const Feature& feature : schema.features) {
        places.push_back(nowhere);
        if (!is_expected(feature, environment)) continue;
        places.back() = static_cast<std::uint32_t>(names.size());
        Rule& rule = compiled->rules.emplace_back(feature);
        if (!feature.reference_set.empty()) rule.set_reference(sets.find(feature.reference_set));
        if (inputs.clock.now != nullptr && rule.is_timed())
            compiled->timed.push_back(static_cast<std::uint32_t>(compiled->features.size()));
        if (rule.asks_more()) compiled->asking_more.push_back(static_cast<std::uint32_t>(compiled->features.size()));
        compiled->f32.add(feature, rule);
        compiled->f64.add(feature, rule);
        compiled->screen.add(rule);
        compiled->features.push_back(feature);
        names.push_back(feature.name);
    }
    for (std::size_t i = 0; i < compiled->features.size(); ++i) {
        const Feature& feature = compiled->features[i];
        if (!feature.repair.empty()) compiled->repairing.push_back(static_cast<std::uint32_t>(i));
        Value& replacement = compiled->replacements.emplace_back();
        if (const auto* const number = std::get_if<double>(&feature.replacement)) replacement = *number;
        if (const auto* const whole = std::get_if<std::int64_t>(&feature.replacement)) replacement = *whole;
        if (const auto* const text = std::get_if<std::string>(&feature.replacement))
            replacement = std::string_view(*text);
    }
    compiled->names = CategoryTable(names);
    compiled->all_f32 = compiled->f32.from(0);
    compiled->all_f64 = compiled->f64.from(0);
    if (!schema.expressions.empty()) {
        const Vocabulary vocabulary(schema.features);
        for (const Expression& expression : schema.expressions)
            compiled->expressions.push_back(compile(expression, schema, vocabulary, places));
    }
    if (compiled->asking_more.empty() && compiled->timed.empty() && compiled->expressions.empty())
        compiled->width_of_intervals = compiled->rules.size();
    compiled_ = std::move(compiled);
}

std::size_t Validator::feature_count() const noexcept {
    return compiled_->features.size();
}

const Feature& Validator::feature(std::size_t index) const {
    return compiled_->features.at(index);
}

std::size_t Validator::expression_count() const noexcept {
    return compiled_->expressions.size();
}

const Expression& Validator::expression(std::size_t index) const {
    return compiled_->expressions.at(index).declared;
}

std::span<const std::uint32_t> Validator::features_of(std::size_t expression) const {
    return compiled_->expressions.at(expression).columns;
}

std::optional<std::size_t> Validator::find(std::string_view name) const noexcept {
    const std::size_t found = compiled_->names.find(name);
    return found < feature_count() ? std::optional(found) : std::nullopt;
}

CheckSet Validator::not_evaluated(std::size_t index) const {
    if (index >= feature_count())
        return compiled_->expressions.at(index - feature_count()).is_evaluated ? CheckSet{0}
                                                                               : set_of(Check::expression);
    const Feature& feature = compiled_->features.at(index);
    if (feature.stage != Stage::production) return all_checks;
    CheckSet open = 0;
    if (feature.minimum_fraction > 0.0) open |= set_of(Check::presence);
    if (feature.minimum_count > 0) open |= set_of(Check::count);
    if (feature.unique) open |= set_of(Check::unique);
    if (feature.order != Order::any) open |= set_of(Check::monotonic);
    if (feature.shape && !feature.shape->empty()) open |= set_of(Check::shape);
    if (compiled_->rules[index].is_reference_lacking) open |= set_of(Check::domain);
    if (feature.freshness && compiled_->clock.now == nullptr) open |= set_of(Check::freshness);
    if (!feature.valency.empty())
        open |= set_of(Check::nestedness) | set_of(Check::few_values) | set_of(Check::many_values);
    return open & compiled_->rules[index].wanted;
}

Severity Validator::severity(std::size_t feature, Check check) const noexcept {
    if (feature >= feature_count()) {
        const std::size_t k = feature - feature_count();
        return check == Check::expression && k < expression_count() ? compiled_->expressions[k].declared.severity
                                                                    : Severity::error;
    }
    const Rule& rule = compiled_->rules[feature];
    return verdict_of(set_of(check) & rule.wanted, set_of(check) & rule.errors);
}

RowVerdict Validator::Compiled::judge_row(std::span<const float> row, std::span<CheckSet> failed,
                                          const std::int64_t* at) const noexcept {
    return judge_numbers(*this, row, failed, false, at);
}

RowVerdict Validator::Compiled::judge_row(std::span<const double> row, std::span<CheckSet> failed,
                                          const std::int64_t* at) const noexcept {
    return judge_numbers(*this, row, failed, false, at);
}

RowVerdict Validator::Compiled::judge_row(std::span<const Value> row, std::span<CheckSet> failed,
                                          const std::int64_t* at) const noexcept {
    Tally tally{0, 0, failed};
    const std::size_t count = std::min(row.size(), rules.size());
    std::fill_n(failed.begin(), std::min(count, failed.size()), CheckSet{0});
    judge(row.first(count), 0, tally);
    judge_ages(
        count, [row](std::size_t i) noexcept { return row[i]; }, tally, at);
    if (row.size() != rules.size()) tally.add_width(row.size(), rules, features);
    tally.add_expressions(expressions, rules.size(),
                          [row](std::size_t i) noexcept { return i < row.size() ? row[i] : Value(); });
    return tally.verdict();
}

RowVerdict Validator::validate(std::span<const float> row, std::span<CheckSet> failed) const noexcept {
    if (failed.empty() && is_plainly_valid(*compiled_, row)) return {};
    return judge_numbers(*compiled_, row, failed);
}

RowVerdict Validator::validate(std::span<const double> row, std::span<CheckSet> failed) const noexcept {
    if (failed.empty() && is_plainly_valid(*compiled_, row)) return {};
    return judge_numbers(*compiled_, row, failed);
}

RowVerdict Validator::validate(std::span<const Value> row, std::span<CheckSet> failed) const noexcept {
    return compiled_->judge_row(row, failed, nullptr);
}

RowVerdict Validator::validate(ReadValues read, const void* row, std::size_t width,
                               std::span<CheckSet> failed) const noexcept {
    const std::vector<Rule>& rules = compiled_->rules;
    Tally tally{0, 0, failed};
    const std::size_t count = std::min(width, rules.size());
    std::fill_n(failed.begin(), std::min(count, failed.size()), CheckSet{0});
    std::array<Value, 16> block;
    for (std::size_t first = 0; first < count; first += block.size()) {
        const std::span<Value> values(block.data(), std::min(block.size(), count - first));
        read(row, first, values);
        compiled_->judge<Value>(values, first, tally);
    }
    compiled_->judge_ages(
        count, [=](std::size_t i) noexcept { return read_one(read, row, i); }, tally, nullptr);
    if (width != rules.size()) tally.add_width(width, rules, compiled_->features);
    tally.add_expressions(compiled_->expressions, rules.size(),
                          [=](std::size_t i) noexcept { return i < width ? read_one(read, row, i) : Value(); });
    return tally.verdict();
}

RowVerdict Validator::find_failures(std::span<const float> row, std::span<CheckSet> failed) const noexcept {
    if (is_plainly_valid(*compiled_, row)) return {};
    return judge_numbers(*compiled_, row, failed, true);
}

RowVerdict Validator::find_failures(std::span<const double> row, std::span<CheckSet> failed) const noexcept {
    if (is_plainly_valid(*compiled_, row)) return {};
    return judge_numbers(*compiled_, row, failed, true);
}

RowVerdict Validator::find_failures(std::span<const Value> row, std::span<CheckSet> failed) const noexcept {
    return validate(row, failed);
}

CheckSet Validator::check(std::size_t feature, const Value& value) const noexcept {
    if (feature >= feature_count()) return set_of(Check::unexpected);
    const CheckSet failed = compiled_->of_value(feature, value);
    const bool is_timed = compiled_->clock.now != nullptr && compiled_->rules[feature].is_timed();
    return is_timed ? failed | compiled_->rules[feature].of_age(value, compiled_->now()) : failed;
}

CheckSet Validator::check_absent(std::size_t feature) const noexcept {
    return feature < feature_count() ? of_absent(compiled_->features[feature], compiled_->rules[feature]) : CheckSet{0};
}

RowVerdict Validator::check_expressions(ReadValues read, const void* row, std::span<CheckSet> failed) const noexcept {
    Tally tally{0, 0, failed};
    tally.add_expressions(compiled_->expressions, feature_count(),
                          [=](std::size_t i) noexcept { return read_one(read, row, i); });
    return tally.verdict();
}

RowVerdict Validator::verdict(std::size_t feature, CheckSet failed) const noexcept {
    if (feature < feature_count()) return {verdict_of(failed, failed & compiled_->rules[feature].errors), failed};
    if (failed == set_of(Check::expression)) return {severity(feature, Check::expression), failed};
    return {verdict_of(failed, failed), failed};
}

std::size_t Validator::list(const RowVerdict& verdict, std::span<const CheckSet> failed,
                            std::span<RowFinding> findings) const noexcept {
    std::size_t count = 0;
    const auto add = [&](std::size_t feature, Check check) {
        if (count < findings.size())
            findings[count] = {static_cast<std::uint32_t>(feature), check, severity(feature, check)};
        ++count;
    };
    const std::size_t told = std::min(failed.size(), feature_count() + expression_count());
    for (std::size_t i = 0; i < told; ++i) {
        for (CheckSet left = failed[i]; left != 0; left &= left - 1) add(i, static_cast<Check>(std::countr_zero(left)));
    }
    if (contains(verdict.failed, Check::unexpected)) add(feature_count(), Check::unexpected);
    return count;
}

std::string describe(const Validator& validator, const RowFinding& finding) {
    const char* severity = severity_name(finding.severity);
    if (finding.check == Check::expression && finding.feature >= validator.feature_count()) {
        const std::size_t k = finding.feature - validator.feature_count();
        std::string text = fmt::format("expression \"{}\" of", validator.expression(k).name);
        const char* comma = " ";
        for (const std::uint32_t feature : validator.features_of(k))
            text += std::exchange(comma, ", ") + fmt::format("\"{}\"", validator.feature(feature).name);
        return fmt::format("{}: {}", text, severity);
    }
    if (finding.feature >= validator.feature_count())
        return fmt::format("row: {} ({}), {}", check_name(finding.check), anomaly_name(finding.check), severity);
    const Feature& feature = validator.feature(finding.feature);
    const char* anomaly = anomaly_name(finding.check, feature.type == FeatureType::integer);
    return fmt::format("feature \"{}\": {}{}{}{}, {}", feature.name, check_name(finding.check),
                       *anomaly == '\0' ? "" : " (", anomaly, *anomaly == '\0' ? "" : ")", severity);
}

}  // namespace vedette::inline v0::validation
