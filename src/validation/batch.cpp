// SPDX-License-Identifier: Apache-2.0
// A schema held against a table: columns matched by name, rows counted, findings written.
#include "vedette/validation/batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <utility>

#include "validation/list_rules.hpp"
#include "vedette/core/error.hpp"
#include "vedette/stats/intervals.hpp"
#include "vedette/validation/batch_repair.hpp"
#include "vedette/validation/statistics.hpp"

namespace vedette::inline v0::validation {

namespace {

// What a batch can decide of lists.
constexpr CheckSet checks_of_lists = set_of(Check::presence) | set_of(Check::count) | set_of(Check::shape) |
                                     set_of(Check::nestedness) | set_of(Check::few_values) | set_of(Check::many_values);

// What findings are made of, for one feature after the other.
class Writer {
  public:
    Writer(BatchReport& report, const BatchOptions& options)
        : report_(report), options_(options), confidence_(options.confidence), rows_(report.rows) {}

    void add(std::size_t feature, Check check, Severity severity, const RowBits& failed, bool is_of_value) {
        add(feature, check, severity, failed, failed.count(), is_of_value);
    }
    void add(std::size_t feature, Check check, Severity severity, const RowBits& failed, std::uint64_t count,
             bool is_of_value) {
        BatchFinding finding;
        finding.feature = static_cast<std::uint32_t>(feature);
        finding.check = check;
        finding.severity = severity;
        finding.count = count;
        finding.rate = stats::clopper_pearson(finding.count, rows_, confidence_);
        finding.offenders = failed.first(options_.offenders);
        if (options_.bitmaps) finding.bitmap = failed.bytes(rows_);
        report_.severity = std::max(report_.severity, severity);
        report_.findings.push_back(std::move(finding));
        if (severity == Severity::error && is_of_value) failed_rows_.join(failed);
    }
    void finish() {
        report_.failed_rows = failed_rows_.count();
        if (options_.bitmaps) report_.failed_row_bitmap = failed_rows_.bytes(rows_);
    }

  private:
    BatchReport& report_;
    const BatchOptions& options_;
    stats::Confidence confidence_;
    std::size_t rows_;
    RowBits failed_rows_;
};

// Above the tolerated mass, what is outside a domain is as grave as the schema says of a domain without one.
Severity domain_severity(const Feature& feature, std::uint64_t outside, std::uint64_t values) noexcept {
    const auto given = feature.severity.find(Check::domain);
    const double share = values == 0 ? 0.0 : static_cast<double>(outside) / static_cast<double>(values);
    if (share <= feature.domain->tolerated_mass) return Severity::none;
    return given == feature.severity.end() ? Severity::error : given->second;
}

// `has_column`: in a part, at least; else only that is told.
void write_feature(const Validator& rules, std::size_t index, const FailedRows& failed, bool has_column,
                   const ListTally* listed, Writer& writer) {
    const Feature& feature = rules.feature(index);
    const std::uint64_t values = failed.rows - failed.null.count();
    if (!has_column) {
        const Severity severity = rules.severity(index, Check::missing);
        if (rules.check_absent(index) == 0 || severity == Severity::none) return;
        return writer.add(index, Check::missing, severity, failed.of[static_cast<std::size_t>(Check::missing)], true);
    }
    for (std::size_t c = 0; c < check_count; ++c) {
        const auto check = static_cast<Check>(c);
        Severity severity = rules.severity(index, check);
        if (severity == Severity::none) continue;
        if (check == Check::presence || check == Check::count) {
            const bool is_short =
                check == Check::count
                    ? values < feature.minimum_count
                    : static_cast<double>(values) < feature.minimum_fraction * static_cast<double>(failed.rows);
            if (is_short) writer.add(index, check, severity, failed.null, false);
            continue;
        }
        const std::uint64_t count = failed.of[c].count();
        if (count == 0) continue;
        if (check == Check::domain && feature.domain && feature.domain->tolerated_mass > 0.0)
            severity = listed == nullptr ? domain_severity(feature, count, values)
                                         : domain_severity(feature, listed->outside, listed->values);
        writer.add(index, check, severity, failed.of[c], count, true);
    }
}

}  // namespace

// One feature, or one column, a part of the table after the other.
struct BatchStream::State {
    struct OfFeature {
        FailedRows failed;
        Sequence sequence;
        std::optional<Dtype> dtype;  // of the parts before; of texts u8
        bool is_text = false;
        std::size_t levels = 0;  // of lists
        ListTally listed;
    };

    Validator rules;
    BatchOptions options;
    bool is_lasting = false;
    std::size_t rows = 0;
    std::vector<OfFeature> features;
    std::vector<RowBits> expressions;
    std::vector<std::string> unexpected;
    RowBits unexpected_rows;
    std::vector<BatchRepair> repairs;

    State(Validator validator, const BatchOptions& given)
        : rules(std::move(validator)),
          options(given),
          features(rules.feature_count()),
          expressions(rules.expression_count()) {
        static_cast<void>(stats::Confidence(options.confidence));
    }
    // A part of the table.
    struct Part {
        const Table& table;
        std::span<const ListColumn> lists;
        std::size_t rows;

        [[nodiscard]] const ListColumn* find_lists(std::string_view name) const noexcept {
            const auto found =
                std::find_if(lists.begin(), lists.end(), [&](const ListColumn& each) { return each.name == name; });
            return found == lists.end() ? nullptr : &*found;
        }
    };

    void require_types(const Part& part) const;
    void judge_features(const Validator::Compiled& compiled, const Part& part, TableStatistics* statistics,
                        std::map<std::string, ColumnStatistics, std::less<>>* counted);
    void judge_expressions(const Validator::Compiled& compiled, const Part& part);
    void find_unexpected(const Part& part);
    void count_repairs(const std::vector<BatchRepair>& done, std::size_t first);
};

void BatchStream::State::require_types(const Part& part) const {
    for (std::size_t i = 0; i < features.size(); ++i) {
        const ListColumn* const lists = part.find_lists(rules.feature(i).name);
        const Column* const column = lists == nullptr ? part.table.find(rules.feature(i).name) : &lists->values;
        if (column == nullptr || !features[i].dtype) continue;
        const bool is_same = features[i].is_text != column->is_numeric() &&
                             (!column->is_numeric() || *features[i].dtype == column->dtype()) &&
                             features[i].levels == (lists == nullptr ? 0 : lists->levels.size());
        if (!is_same)
            throw Error(ErrorCode::type_mismatch,
                        fmt::format("column \"{}\" is of another type than before", rules.feature(i).name));
    }
}

void BatchStream::State::judge_features(const Validator::Compiled& compiled, const Part& part,
                                        TableStatistics* statistics,
                                        std::map<std::string, ColumnStatistics, std::less<>>* counted) {
    const std::optional<std::int64_t> now = compiled.timed.empty() ? std::nullopt : std::optional(compiled.now());
    for (std::size_t i = 0; i < features.size(); ++i) {
        if (!compiled.rules[i].is_evaluated) continue;
        OfFeature& feature = features[i];
        feature.failed.first = rows;
        feature.failed.rows = rows + part.rows;
        const ListColumn* const lists = part.find_lists(rules.feature(i).name);
        const Column* const column = lists == nullptr ? part.table.find(rules.feature(i).name) : &lists->values;
        if (column == nullptr) {
            if (rules.check_absent(i) != 0) feature.failed[Check::missing].set_all(rows, rows + part.rows);
            feature.failed.null.set_all(rows, rows + part.rows);
            continue;
        }
        feature.dtype = column->dtype();
        feature.is_text = !column->is_numeric();
        feature.levels = lists == nullptr ? 0 : lists->levels.size();
        const FeatureRules asked{compiled.features[i], compiled.rules[i],
                                 compiled.f32.from(i), compiled.f64.from(i),
                                 options.read_texts,   is_lasting,
                                 lists != nullptr,     now && compiled.rules[i].is_timed() ? now : std::nullopt};
        if (lists != nullptr) {
            judge_lists(asked, *lists, feature.failed, feature.listed);
        } else if (statistics == nullptr) {
            judge_column(asked, *column, feature.failed, feature.sequence);
        } else {
            ColumnCounter counter((*counted)[rules.feature(i).name], statistics->options());
            judge_column(asked, *column, feature.failed, feature.sequence, &counter);
        }
    }
}

void BatchStream::State::judge_expressions(const Validator::Compiled& compiled, const Part& part) {
    for (std::size_t k = 0; k < expressions.size(); ++k) {
        const CompiledExpression& expression = compiled.expressions[k];
        if (!expression.is_evaluated) continue;
        std::vector<const Column*> columns;
        for (const std::uint32_t i : expression.columns) columns.push_back(part.table.find(rules.feature(i).name));
        judge_expression(expression, columns, options.read_texts, rows, rows + part.rows, expressions[k]);
    }
}

void BatchStream::State::find_unexpected(const Part& part) {
    bool is_any = false;
    const auto find = [&](std::string_view name) {
        if (rules.find(name)) return;
        is_any = true;
        if (std::find(unexpected.begin(), unexpected.end(), name) == unexpected.end()) unexpected.emplace_back(name);
    };
    for (const NamedColumn& column : part.table.columns()) find(column.name);
    for (const ListColumn& column : part.lists) find(column.name);
    if (is_any) unexpected_rows.set_all(rows, rows + part.rows);
}

// Of a part whose first row is that row of all.
void BatchStream::State::count_repairs(const std::vector<BatchRepair>& done, std::size_t first) {
    for (const BatchRepair& part : done) {
        const auto same = [&](const BatchRepair& each) { return each.feature == part.feature && each.how == part.how; };
        auto all = std::find_if(repairs.begin(), repairs.end(), same);
        if (all == repairs.end()) {
            all = repairs.insert(repairs.end(), BatchRepair());
            all->feature = part.feature;
            all->how = part.how;
        }
        all->count += part.count;
        all->failed |= part.failed;
        for (const std::uint64_t row : part.offenders)
            if (all->offenders.size() < options.offenders) all->offenders.push_back(first + row);
    }
}

BatchStream::BatchStream(const Validator& rules, const BatchOptions& options)
    : state_(std::make_unique<State>(rules, options)) {}
BatchStream::~BatchStream() = default;
BatchStream::BatchStream(BatchStream&&) noexcept = default;
BatchStream& BatchStream::operator=(BatchStream&&) noexcept = default;

std::uint64_t BatchStream::rows() const noexcept {
    return state_->rows;
}

void BatchStream::add(const Table& table) {
    judge(table, {}, nullptr);
}

void BatchStream::add(const NestedTable& table) {
    judge(table.flat, table.lists, nullptr);
}

void BatchStream::add(const Table& table, TableStatistics& statistics) {
    judge(table, {}, &statistics);
}

void BatchStream::add(const NestedTable& table, TableStatistics& statistics) {
    judge(table.flat, table.lists, &statistics);
}

TableRepair BatchStream::repair(const Table& table) {
    return repair(NestedTable{table, {}});
}

TableRepair BatchStream::repair(const NestedTable& table) {
    TableRepair done(state_->rules, table, state_->options);
    const std::size_t first = state_->rows;
    judge(done.table(), table.lists, nullptr);
    state_->count_repairs(done.counts(), first);
    return done;
}

void BatchStream::judge(const Table& table, std::span<const ListColumn> lists, TableStatistics* statistics) {
    const Validator::Compiled& compiled = *state_->rules.compiled_;
    const State::Part whole{table, lists, check_lists(table, lists)};
    state_->require_types(whole);
    if (statistics == nullptr) {
        state_->judge_features(compiled, whole, nullptr, nullptr);
    } else {
        statistics->require_fit(table, lists);
        TableStatistics part(statistics->options());
        part.rows_ = whole.rows;
        state_->judge_features(compiled, whole, statistics, &part.columns_);
        for (const NamedColumn& named : table.columns()) {
            const auto [place, is_new] = part.columns_.try_emplace(std::string(named.name));
            if (is_new) ColumnCounter(place->second, part.options()).count(named.column);
        }
        part.count_lists(lists);
        statistics->merge(part);
    }
    state_->judge_expressions(compiled, whole);
    state_->find_unexpected(whole);
    state_->rows += whole.rows;
}

BatchReport BatchStream::finish() {
    State& state = *state_;
    const Validator& rules = state.rules;
    const Validator::Compiled& compiled = *rules.compiled_;
    BatchReport report;
    report.rows = state.rows;
    Writer writer(report, state.options);
    for (std::size_t i = 0; i < rules.feature_count(); ++i) {
        report.not_evaluated.push_back(rules.not_evaluated(i));
        if (!compiled.rules[i].is_evaluated) continue;
        State::OfFeature& feature = state.features[i];
        report.not_evaluated.back() &= feature.levels == 0 ? ~batch_checks : ~checks_of_lists;
        feature.failed.rows = state.rows;
        feature.sequence.finish(rules.feature(i), feature.failed);
        // Of a feature that is in no part, no more is known than that.
        write_feature(rules, i, feature.failed, feature.dtype.has_value(),
                      feature.levels == 0 ? nullptr : &feature.listed, writer);
    }
    for (std::size_t k = 0; k < rules.expression_count(); ++k) {
        const std::size_t place = rules.feature_count() + k;
        report.not_evaluated.push_back(rules.not_evaluated(place));
        if (state.expressions[k].count() != 0)
            writer.add(place, Check::expression, compiled.expressions[k].declared.severity, state.expressions[k], true);
    }
    report.unexpected = std::move(state.unexpected);
    if (!report.unexpected.empty())
        writer.add(rules.feature_count(), Check::unexpected, Severity::error, state.unexpected_rows, false);
    writer.finish();
    report.repairs = std::move(state.repairs);
    std::sort(report.repairs.begin(), report.repairs.end(), [](const BatchRepair& a, const BatchRepair& b) {
        return std::pair(a.feature, a.how) < std::pair(b.feature, b.how);
    });
    for (BatchRepair& each : report.repairs)
        each.rate = stats::clopper_pearson(each.count, report.rows, stats::Confidence(state.options.confidence));
    *state_ = State(rules, state.options);
    return report;
}

BatchReport BatchStream::judge_whole(const Validator& rules, const Table& table, std::span<const ListColumn> lists,
                                     TableStatistics* statistics, const BatchOptions& options) {
    BatchStream whole(rules, options);
    whole.state_->is_lasting = true;
    whole.judge(table, lists, statistics);
    return whole.finish();
}

BatchReport validate_batch(const Validator& rules, const Table& table, const BatchOptions& options) {
    return BatchStream::judge_whole(rules, table, {}, nullptr, options);
}

BatchReport validate_batch(const Validator& rules, const NestedTable& table, const BatchOptions& options) {
    return BatchStream::judge_whole(rules, table.flat, table.lists, nullptr, options);
}

BatchReport validate_batch(const Validator& rules, const Table& table, TableStatistics& statistics,
                           const BatchOptions& options) {
    return BatchStream::judge_whole(rules, table, {}, &statistics, options);
}

BatchReport validate_batch(const Validator& rules, const NestedTable& table, TableStatistics& statistics,
                           const BatchOptions& options) {
    return BatchStream::judge_whole(rules, table.flat, table.lists, &statistics, options);
}

namespace {

std::string rate_and_rows(const Interval& rate, const std::vector<std::uint64_t>& rows, const std::string& between) {
    const auto percent = [](double share) { return fmt::format("{:.2g} %", 100.0 * share); };
    std::string text = fmt::format(" ({} to {}){}", percent(rate.lower), percent(rate.upper), between);
    for (std::size_t i = 0; i < rows.size(); ++i) text += fmt::format("{} {}", i == 0 ? ", first" : ",", rows[i]);
    return text;
}

}  // namespace

std::string describe(const Validator& rules, const BatchReport& report, const BatchRepair& repair) {
    std::string failed;
    for (CheckSet left = repair.failed; left != 0; left &= left - 1)
        failed += fmt::format("{} {}", failed.empty() ? " that failed" : ",",
                              check_name(static_cast<Check>(std::countr_zero(left))));
    return fmt::format("feature \"{}\": {} {} of {} rows", rules.feature(repair.feature).name,
                       repair.how == Repair::clamp ? "clamped" : "imputed", repair.count, report.rows) +
           rate_and_rows(repair.rate, repair.offenders, failed);
}

std::string describe(const Validator& rules, const BatchReport& report, const BatchFinding& finding) {
    std::string text = describe(rules, RowFinding{finding.feature, finding.check, finding.severity});
    if (finding.feature >= rules.feature_count() && finding.check != Check::expression) {
        text = fmt::format("table: {} ({}), {}:", check_name(finding.check), anomaly_name(finding.check),
                           severity_name(finding.severity));
        for (std::size_t i = 0; i < report.unexpected.size(); ++i)
            text += fmt::format("{} \"{}\"", i == 0 ? "" : ",", report.unexpected[i]);
        return text;
    }
    const bool is_of_values = finding.check != Check::presence && finding.check != Check::count;
    text += fmt::format(": {} of {} rows{}", finding.count, report.rows, is_of_values ? "" : " hold no value");
    if (finding.check == Check::missing || report.rows == 0) return text;
    return text + rate_and_rows(finding.rate, finding.offenders, {});
}

}  // namespace vedette::inline v0::validation
