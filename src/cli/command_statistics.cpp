// SPDX-License-Identifier: Apache-2.0
// `vedette schema statistics`: what the columns of files hold, merged, saved, and shown.
#include <fmt/core.h>

#include <cmath>

#include "commands.hpp"
#include "frame.hpp"
#include "guard/render_common.hpp"
#include "row_source.hpp"
#include "text_table.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/file.hpp"
#include "vedette/validation/statistics.hpp"

namespace vedette::inline v0::cli {

namespace {

using rendering::grouped;

constexpr std::size_t largest_file = std::size_t{1} << 30U;

std::string number(double x) {
    return std::isnan(x) ? "-" : fmt::format("{:.6g}", x);
}

std::string table_of(const validation::TableStatistics& statistics) {
    std::vector<std::vector<std::string>> rows{{"column", "of", "values", "null", "NaN", "infinite", "zero", "distinct",
                                                "minimum", "mean", "deviation", "median", "95 %", "maximum",
                                                "commonest"}};
    for (const auto& [name, column] : statistics.columns()) {
        const validation::NumberStatistics& numbers = column.numbers;
        const bool is_empty = numbers.count == 0;
        const bool is_exact = column.values.is_complete();
        const auto top = column.values.commonest(1);
        std::string commonest = "-";
        if (is_exact && !top.empty())
            commonest =
                fmt::format("{} ({})", column.is_text ? rendering::shortened(top[0].text, 20) : number(top[0].number),
                            grouped(top[0].count));
        rows.push_back({rendering::shortened(name, 32), column.is_text ? "text" : "numbers", grouped(numbers.count),
                        grouped(column.nulls), grouped(column.nan),
                        grouped(column.positive_infinity + column.negative_infinity),
                        column.is_text ? "-" : grouped(numbers.zeros),
                        fmt::format("{}{:.0f}", is_exact ? "" : "~", column.distinct_count(statistics.options())),
                        is_empty ? "-" : number(numbers.minimum), number(numbers.mean()),
                        number(numbers.standard_deviation()), number(numbers.quantile(0.5)),
                        number(numbers.quantile(0.95)), is_empty ? "-" : number(numbers.maximum), commonest});
    }
    return text_table(rows) + "\nOf texts: the lengths in bytes. ~: estimated, standard error 1.6 %.\n";
}

}  // namespace

ExitStatus schema_statistics(const SchemaStatisticsOptions& options) {
    if (options.data.empty() && options.merge.empty()) throw InputError("neither data nor a file to merge is given");
    const std::vector<Output> outputs = parse_table_or_json(options.formats);
    validation::TableStatistics statistics;
    for (const std::string& path : options.merge) {
        try {
            statistics.merge(validation::TableStatistics::deserialize(read_file(path, largest_file)));
        } catch (const Error& error) {
            throw Error(error.code(), path + ": " + error.what());
        }
    }
    for (const std::string& path : options.data) {
        SourceOptions source_options = options.source;
        source_options.path = path;
        RowSource source(source_options);
        FrameOptions columns;
        columns.categorical = options.texts;
        const Frame frame(source, columns);
        try {
            statistics.update(frame.table());
        } catch (const Error& error) {
            throw Error(error.code(), path + ": " + error.what());
        }
    }
    if (!options.output.empty()) write_file_atomically(options.output, statistics.serialize());
    for (const Output& output : outputs)
        write_text(output.path,
                   output.format == ReportFormat::json ? statistics.to_json() + "\n" : table_of(statistics));
    return statistics.rows() == 0 ? exit_not_enough_data : exit_pass;
}

}  // namespace vedette::inline v0::cli
