// SPDX-License-Identifier: Apache-2.0
// A schema's findings in a table, in every format.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <nlohmann/json.hpp>

#include "guard/render_common.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/version.hpp"
#include "vedette/guard/render_batch.hpp"

namespace vedette::inline v0::rendering {

namespace {

using validation::BatchFinding;
using validation::BatchRepair;
using validation::BatchReport;
using validation::Check;
using validation::CheckSet;
using validation::Severity;
using validation::Validator;
using Json = nlohmann::ordered_json;

// A finding within what the schema tolerates is told, and is no fault.
const char* severity_word(Severity severity) noexcept {
    return severity == Severity::none ? "tolerated" : validation::severity_name(severity);
}

// A feature's name or, after the features, an expression's.
const std::string& name_of(const Validator& rules, std::size_t place) {
    return place < rules.feature_count() ? rules.feature(place).name
                                         : rules.expression(place - rules.feature_count()).name;
}

std::string feature_name(const Validator& rules, const BatchFinding& finding) {
    const bool is_of_table = finding.feature >= rules.feature_count() && finding.check != Check::expression;
    return is_of_table ? "(table)" : clean(name_of(rules, finding.feature));
}

const char* anomaly(const Validator& rules, const BatchFinding& finding) noexcept {
    const bool is_integer = finding.feature < rules.feature_count() &&
                            rules.feature(finding.feature).type == validation::FeatureType::integer;
    return validation::anomaly_name(finding.check, is_integer);
}

std::string summary(const BatchReport& report) {
    const auto count = [&](Severity severity) {
        return std::count_if(report.findings.begin(), report.findings.end(),
                             [severity](const BatchFinding& finding) { return finding.severity == severity; });
    };
    const char* const verdict = report.severity == Severity::error     ? "invalid"
                                : report.severity == Severity::warning ? "valid, with warnings"
                                                                       : "valid";
    return fmt::format("{}: {} rows, {} with an error; {} errors, {} warnings", verdict, grouped(report.rows),
                       grouped(report.failed_rows), count(Severity::error), count(Severity::warning));
}

std::string rows_of(const BatchReport& report, const BatchFinding& finding) {
    std::string text;
    if (finding.check != Check::unexpected) {
        for (const std::uint64_t row : finding.offenders) text += fmt::format("{}{}", text.empty() ? "" : ", ", row);
        if (finding.offenders.size() < finding.count) text += text.empty() ? "" : ", ...";
        return text;
    }
    for (const std::string& name : report.unexpected) text += (text.empty() ? "" : ", ") + clean(name);
    return text;
}

// Names of the checks in a set.
std::vector<std::string> names_of(CheckSet checks) {
    std::vector<std::string> names;
    for (CheckSet left = checks; left != 0; left &= left - 1)
        names.emplace_back(validation::check_name(static_cast<Check>(std::countr_zero(left))));
    return names;
}

std::string not_evaluated_words(CheckSet checks) {
    if (checks == validation::all_checks) return "not in production";
    return fmt::format("not evaluated: {}", fmt::join(names_of(checks), ", "));
}

std::string heading(const RenderOptions& options) {
    std::string text = options.title.empty() ? "Schema check" : clean(options.title);
    if (!options.live_name.empty()) text += fmt::format(" of {}", clean(options.live_name));
    return text;
}

std::string batch_table(const Validator& rules, const BatchReport& report, const RenderOptions& options) {
    std::vector<std::array<std::string, 6>> lines;
    if (!report.findings.empty()) lines.push_back({"feature", "check", "severity", "rows", "share", "first rows"});
    for (const BatchFinding& finding : report.findings)
        lines.push_back({shortened(feature_name(rules, finding), 40), validation::check_name(finding.check),
                         severity_word(finding.severity), grouped(finding.count),
                         report.rows == 0
                             ? "-"
                             : percent_with_interval(
                                   static_cast<double>(finding.count) / static_cast<double>(report.rows), finding.rate),
                         rows_of(report, finding)});
    std::array<std::size_t, 6> widths{};
    for (const auto& line : lines) {
        for (std::size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], width_of(line[c]));
    }
    std::string text = heading(options) + "\n" + summary(report) + "\n";
    for (const auto& line : lines) {
        std::string row = "  ";
        for (std::size_t c = 0; c < line.size(); ++c) {
            const std::string pad(widths[c] - width_of(line[c]), ' ');
            const bool is_right = c == 3;
            row += (is_right ? pad + line[c] : line[c] + pad) + "  ";
        }
        const bool is_error = options.color && line[2] == "error";
        row.erase(row.find_last_not_of(' ') + 1);
        text += (is_error ? "\x1B[31m" + row + "\x1B[0m" : row) + "\n";
    }
    for (const BatchRepair& repair : report.repairs)
        text += fmt::format("  repaired: {}\n", clean(describe(rules, report, repair)));
    for (std::size_t i = 0; i < report.not_evaluated.size(); ++i) {
        if (report.not_evaluated[i] == 0) continue;
        text += fmt::format("  {}: {}\n", clean(name_of(rules, i)), not_evaluated_words(report.not_evaluated[i]));
    }
    return text;
}

std::string batch_json(const Validator& rules, const BatchReport& report, const RenderOptions& options) {
    Json out{{"format", "vedette.schema-check"}, {"version", 1}};
    if (!options.live_name.empty()) out["data"] = options.live_name;
    out["valid"] = report.is_valid();
    out["severity"] = validation::severity_name(report.severity);
    out["rows"] = report.rows;
    out["failed_rows"] = report.failed_rows;
    out["findings"] = Json::array();
    for (const BatchFinding& finding : report.findings) {
        const bool is_of_feature = finding.feature < rules.feature_count();
        Json item{{"feature", is_of_feature ? Json(rules.feature(finding.feature).name) : Json()},
                  {"check", validation::check_name(finding.check)},
                  {"anomaly", anomaly(rules, finding)},
                  {"severity", validation::severity_name(finding.severity)},
                  {"count", finding.count},
                  {"rate", report.rows == 0 ? Json() : Json{finding.rate.lower, finding.rate.upper}},
                  {"rows", finding.offenders}};
        if (finding.check == Check::expression) {
            item["expression"] = name_of(rules, finding.feature);
            for (const std::uint32_t feature : rules.features_of(finding.feature - rules.feature_count()))
                item["features"].push_back(rules.feature(feature).name);
        }
        out["findings"].push_back(item);
    }
    out["repairs"] = Json::array();
    for (const BatchRepair& repair : report.repairs)
        out["repairs"].push_back({{"feature", rules.feature(repair.feature).name},
                                  {"how", validation::repair_name(repair.how)},
                                  {"failed", names_of(repair.failed)},
                                  {"count", repair.count},
                                  {"rate", Json{repair.rate.lower, repair.rate.upper}},
                                  {"rows", repair.offenders}});
    out["unexpected"] = report.unexpected;
    out["not_evaluated"] = Json::array();
    for (std::size_t i = 0; i < report.not_evaluated.size(); ++i) {
        if (report.not_evaluated[i] != 0)
            out["not_evaluated"].push_back({{i < rules.feature_count() ? "feature" : "expression", name_of(rules, i)},
                                            {"checks", names_of(report.not_evaluated[i])}});
    }
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string batch_markdown(const Validator& rules, const BatchReport& report, const RenderOptions& options) {
    std::string text = fmt::format("## {}\n\n{}\n", markdown_text(heading(options)), markdown_text(summary(report)));
    if (!report.findings.empty())
        text += "\n| feature | check | severity | rows | first rows |\n| --- | --- | --- | ---: | --- |\n";
    for (const BatchFinding& finding : report.findings)
        text += fmt::format("| {} | {} | {} | {} | {} |\n", markdown_text(feature_name(rules, finding)),
                            markdown_text(validation::check_name(finding.check)), severity_word(finding.severity),
                            grouped(finding.count), markdown_text(rows_of(report, finding)));
    if (!report.repairs.empty()) text += "\nRepaired:\n\n";
    for (const BatchRepair& repair : report.repairs)
        text += fmt::format("- {}\n", markdown_text(clean(describe(rules, report, repair))));
    for (std::size_t i = 0; i < report.not_evaluated.size(); ++i) {
        if (report.not_evaluated[i] != 0)
            text += fmt::format("\n{}: {}\n", markdown_text(name_of(rules, i)),
                                markdown_text(not_evaluated_words(report.not_evaluated[i])));
    }
    return text;
}

// The element inside a test case, or nothing.
std::string case_body(const Validator& rules, const BatchReport& report, std::size_t feature, bool is_table,
                      std::size_t& failures, std::size_t& skipped) {
    std::string errors, others;
    for (const BatchFinding& finding : report.findings) {
        if (finding.feature != feature || (finding.check == Check::unexpected) != is_table) continue;
        std::string& words = finding.severity == Severity::error ? errors : others;
        words += escape_xml(describe(rules, report, finding)) + "\n";
    }
    for (const BatchRepair& repair : report.repairs) {
        if (!is_table && repair.feature == feature)
            others += "repaired: " + escape_xml(describe(rules, report, repair)) + "\n";
    }
    if (!errors.empty()) {
        ++failures;
        return fmt::format("      <failure type=\"schema\">{}</failure>\n", errors + others);
    }
    const CheckSet open = !is_table && feature < report.not_evaluated.size() ? report.not_evaluated[feature] : 0;
    if (open != 0 && others.empty()) {
        ++skipped;
        return fmt::format("      <skipped message=\"{}\"/>\n", escape_xml(not_evaluated_words(open)));
    }
    return others.empty() ? others : fmt::format("      <system-out>{}</system-out>\n", others);
}

std::string batch_junit(const Validator& rules, const BatchReport& report, const RenderOptions& options) {
    std::string cases;
    std::size_t tests = 0, failures = 0, skipped = 0;
    const std::size_t own = rules.feature_count() + rules.expression_count();
    for (std::size_t i = 0; i < own + (report.unexpected.empty() ? 0 : 1); ++i) {
        const bool is_table = i == own;
        const std::string name = is_table ? "(table)" : name_of(rules, i);
        const std::string body =
            case_body(rules, report, is_table ? rules.feature_count() : i, is_table, failures, skipped);
        cases += fmt::format("    <testcase classname=\"vedette.schema\" name=\"{}\" time=\"0\"", escape_xml(name));
        cases += body.empty() ? "/>\n" : fmt::format(">\n{}    </testcase>\n", body);
        ++tests;
    }
    const std::string counts =
        fmt::format("tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\"", tests, failures, skipped);
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"vedette\" {}>\n"
        "  <testsuite name=\"{}\" {}>\n{}  </testsuite>\n</testsuites>\n",
        counts, escape_xml(heading(options)), counts, cases);
}

std::string batch_sarif(const Validator& rules, const BatchReport& report, const RenderOptions& options) {
    Json results = Json::array(), descriptors = Json::array();
    for (std::size_t c = 0; c < validation::check_count; ++c) {
        const char* const name = validation::check_name(static_cast<Check>(c));
        descriptors.push_back({{"id", std::string("vedette/schema/") + name},
                               {"shortDescription", {{"text", std::string("A feature fails the check: ") + name}}}});
    }
    const auto place = [&](const std::string& name) {
        Json location{
            {"logicalLocations", Json::array({{{"name", name}, {"fullyQualifiedName", name}, {"kind", "member"}}})}};
        if (!options.live_name.empty())
            location["physicalLocation"] = {{"artifactLocation", {{"uri", uri_reference(options.live_name)}}},
                                            {"region", {{"startLine", 1}}}};
        return Json::array({location});
    };
    for (const BatchFinding& finding : report.findings) {
        const auto rule = static_cast<std::size_t>(finding.check);
        results.push_back({{"ruleId", descriptors[rule]["id"]},
                           {"ruleIndex", rule},
                           {"level", finding.severity == Severity::error     ? "error"
                                     : finding.severity == Severity::warning ? "warning"
                                                                             : "note"},
                           {"message", {{"text", clean(describe(rules, report, finding))}}},
                           {"locations", place(feature_name(rules, finding))}});
    }
    if (!report.repairs.empty())
        descriptors.push_back({{"id", "vedette/schema/repaired"},
                               {"shortDescription", {{"text", "Values were changed as the schema says"}}}});
    for (const BatchRepair& repair : report.repairs)
        results.push_back({{"ruleId", descriptors.back()["id"]},
                           {"ruleIndex", descriptors.size() - 1},
                           {"level", "note"},
                           {"message", {{"text", clean(describe(rules, report, repair))}}},
                           {"locations", place(clean(rules.feature(repair.feature).name))}});
    const Json driver{{"name", "vedette"}, {"version", version_string}, {"rules", descriptors}};
    const Json run{
        {"tool", {{"driver", driver}}}, {"results", results}, {"properties", {{"summary", summary(report)}}}};
    const Json out{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                   {"version", "2.1.0"},
                   {"runs", Json::array({run})}};
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace

}  // namespace vedette::inline v0::rendering

namespace vedette::inline v0 {

std::string render(ReportFormat format, const validation::Validator& rules, const validation::BatchReport& report,
                   const RenderOptions& options) {
    switch (format) {
        case ReportFormat::table: return rendering::batch_table(rules, report, options);
        case ReportFormat::json: return rendering::batch_json(rules, report, options);
        case ReportFormat::markdown: return rendering::batch_markdown(rules, report, options);
        case ReportFormat::junit: return rendering::batch_junit(rules, report, options);
        case ReportFormat::sarif: return rendering::batch_sarif(rules, report, options);
        case ReportFormat::html:
        case ReportFormat::openmetrics: break;
    }
    throw Error(ErrorCode::unsupported, fmt::format("a schema check has no report in {}", report_format_name(format)));
}

}  // namespace vedette::inline v0
