// SPDX-License-Identifier: Apache-2.0
// Rows of the parity table, and their Markdown.
#include "oracle/parity_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace parity {

double relative_error(double got, double wanted) {
    if (got == wanted) return 0.0;
    const double error = std::abs(got - wanted) / std::abs(wanted);
    return std::isnan(error) ? never : error;
}

void Row::Worst::add(const std::string& case_name, double got, std::optional<double> wanted) {
    if (!wanted) return;
    const double now = relative_error(got, *wanted);
    if (error && now <= *error) return;
    error = now;
    name = fmt::format("{}: {:.17g}, must be {:.17g}", case_name, got, *wanted);
}

std::string Row::Worst::text() const {
    if (!error) return "-";
    return *error == 0.0 ? "0" : fmt::format("{:.0e}", *error);
}

void Row::Seen::add(const Seen& other) {
    cases += other.cases;
    tied += other.tied;
    nan += other.nan;
    zero_cells += other.zero_cells;
    smallest = std::min(smallest, other.smallest);
    largest = std::max(largest, other.largest);
}

void Row::add(const std::string& name, const Looks& looks, const vedette::TestResult& got,
              std::optional<double> statistic, std::optional<double> p_value) {
    seen_.add({1, looks.tied ? 1U : 0U, looks.nan ? 1U : 0U, looks.zero_cell ? 1U : 0U, looks.smallest, looks.largest});
    statistic_.add(name, got.statistic, statistic);
    p_value_.add(name, got.p_value, p_value);
}

std::vector<std::string> Row::cells(bool counts) const {
    std::vector<std::string> out{promise_.test, promise_.oracle, fmt::format("{}", seen_.cases)};
    if (counts) {
        out.push_back(fmt::format("{}", seen_.zero_cells));
    } else {
        out.push_back(fmt::format("{}", seen_.tied));
        out.push_back(fmt::format("{}", seen_.nan));
    }
    out.push_back(fmt::format("{:.0f}", seen_.smallest));
    out.push_back(fmt::format("{:.0f}", seen_.largest));
    out.push_back(statistic_.text());
    out.push_back(p_value_.text());
    out.push_back(promise_.note);
    return out;
}

std::string Row::complaint() const {
    std::string text;
    for (const auto& [what, worst, limit] :
         {std::tuple{"statistic", &statistic_, promise_.statistic}, std::tuple{"p-value", &p_value_, promise_.p_value}})
        if (worst->error && !(*worst->error <= limit))
            text += fmt::format("{}: relative error of the {} {:.3g} exceeds {:.3g} ({})\n", promise_.test, what,
                                *worst->error, limit, worst->name);
    if (!statistic_.error && !p_value_.error) text += promise_.test + ": nothing was compared\n";
    return text;
}

Row& Table::row(const Promise& promise) {
    const auto found = std::find_if(rows_.begin(), rows_.end(), [&](const Row& row) {
        return row.promise().test == promise.test && row.promise().oracle == promise.oracle;
    });
    return found != rows_.end() ? *found : rows_.emplace_back(promise);
}

std::string Table::markdown(const std::string& kind, bool counts) const {
    std::string text = fmt::format("### {}\n\n", kind);
    text += counts ? "| test | oracle | cases | zero cells" : "| test | oracle | cases | ties | NaN";
    text += " | smallest n | largest n | error of the statistic | of the p-value | note |\n";
    text += counts ? "|---|---|---|---|---|---|---|---|---|\n" : "|---|---|---|---|---|---|---|---|---|---|\n";
    for (const Row& row : rows_) {
        for (const std::string& cell : row.cells(counts)) text += "| " + cell + " ";
        text += "|\n";
    }
    return text;
}

std::vector<std::string> Table::complaints() const {
    std::vector<std::string> all;
    for (const Row& row : rows_)
        if (std::string text = row.complaint(); !text.empty()) all.push_back(std::move(text));
    return all;
}

}  // namespace parity
