// SPDX-License-Identifier: Apache-2.0
// A schema held against a table: columns matched by name, rows counted, findings written.
#include "vedette/validation/batch.hpp"

#include <fmt/format.h>

#include "validation/batch_column.hpp"
#include "vedette/stats/intervals.hpp"

namespace vedette::inline v0::validation {

namespace {

// What findings are made of, for one feature after the other.
class Writer {
  public:
    Writer(BatchReport& report, const BatchOptions& options)
        : report_(report), options_(options), confidence_(options.confidence), rows_(report.rows) {}

    void add(std::size_t feature, Check check, Severity severity, const RowBits& failed, bool is_of_value) {
        BatchFinding finding;
        finding.feature = static_cast<std::uint32_t>(feature);
        finding.check = check;
        finding.severity = severity;
        finding.count = failed.count();
        finding.rate = stats::clopper_pearson(finding.count, rows_, confidence_);
        finding.offenders = failed.first(options_.offenders);
        if (options_.bitmaps) finding.bitmap = failed.bytes(rows_);
        report_.severity = std::max(report_.severity, severity);
        report_.findings.push_back(std::move(finding));
        if (severity == Severity::error && is_of_value) failed_rows_.join(failed, rows_);
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

void write_feature(const Validator& rules, std::size_t index, const FailedRows& failed, Writer& writer) {
    const Feature& feature = rules.feature(index);
    const std::uint64_t values = failed.rows - failed.null.count();
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
        if (check == Check::domain && feature.domain->tolerated_mass > 0.0)
            severity = domain_severity(feature, count, values);
        writer.add(index, check, severity, failed.of[c], true);
    }
}

void write_missing(const Validator& rules, std::size_t index, std::size_t rows, Writer& writer) {
    const Severity severity = rules.severity(index, Check::missing);
    if (rules.check_absent(index) == 0 || severity == Severity::none) return;
    RowBits all;
    all.set_all(rows);
    writer.add(index, Check::missing, severity, all, true);
}

void write_expressions(const Validator& rules, const std::vector<CompiledExpression>& expressions, const Table& table,
                       const BatchOptions& options, BatchReport& report, Writer& writer) {
    for (std::size_t k = 0; k < expressions.size(); ++k) {
        const std::size_t place = rules.feature_count() + k;
        report.not_evaluated.push_back(rules.not_evaluated(place));
        if (!expressions[k].is_evaluated) continue;
        std::vector<const Column*> columns;
        for (const std::uint32_t i : expressions[k].columns) columns.push_back(table.find(rules.feature(i).name));
        RowBits failed;
        judge_expression(expressions[k], columns, options.read_texts, table.rows(), failed);
        if (failed.count() != 0) writer.add(place, Check::expression, expressions[k].declared.severity, failed, true);
    }
}

}  // namespace

BatchReport validate_batch(const Validator& rules, const Table& table, const BatchOptions& options) {
    BatchReport report;
    report.rows = table.rows();
    Writer writer(report, options);
    const Validator::Compiled& compiled = *rules.compiled_;
    for (std::size_t i = 0; i < rules.feature_count(); ++i) {
        report.not_evaluated.push_back(rules.not_evaluated(i));
        const Column* column = table.find(rules.feature(i).name);
        if (!compiled.rules[i].is_evaluated) continue;
        report.not_evaluated.back() &= ~batch_checks;
        if (column == nullptr) {
            write_missing(rules, i, table.rows(), writer);
            continue;
        }
        FailedRows failed;
        failed.rows = table.rows();
        judge_column(
            {compiled.features[i], compiled.rules[i], compiled.f32.from(i), compiled.f64.from(i), options.read_texts},
            *column, failed);
        write_feature(rules, i, failed, writer);
    }
    write_expressions(rules, compiled.expressions, table, options, report, writer);
    for (const NamedColumn& column : table.columns()) {
        if (!rules.find(column.name)) report.unexpected.emplace_back(column.name);
    }
    if (!report.unexpected.empty()) {
        RowBits all;
        all.set_all(table.rows());
        writer.add(rules.feature_count(), Check::unexpected, Severity::error, all, false);
    }
    writer.finish();
    return report;
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
    const auto percent = [](double rate) { return fmt::format("{:.2g} %", 100.0 * rate); };
    const bool is_of_values = finding.check != Check::presence && finding.check != Check::count;
    text += fmt::format(": {} of {} rows{}", finding.count, report.rows, is_of_values ? "" : " hold no value");
    if (finding.check == Check::missing || report.rows == 0) return text;
    text += fmt::format(" ({} to {})", percent(finding.rate.lower), percent(finding.rate.upper));
    for (std::size_t i = 0; i < finding.offenders.size(); ++i)
        text += fmt::format("{} {}", i == 0 ? ", first" : ",", finding.offenders[i]);
    return text;
}

}  // namespace vedette::inline v0::validation
