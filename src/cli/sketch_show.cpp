// SPDX-License-Identifier: Apache-2.0
// `vedette sketch show`: what a sketch file knows of each column, with how far its ranks may be off.
#include <fmt/core.h>

#include <array>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "guard/render_common.hpp"
#include "sketch_file.hpp"
#include "text_table.hpp"

namespace vedette::inline v0::cli {

namespace {

using Sketch = stats::KllSketch<double>;
using rendering::grouped;

constexpr double confidence = 0.99;
constexpr std::array<double, 7> shown{0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};

std::string table_of(std::span<const NamedSketch> sketches) {
    std::vector<std::vector<std::string>> rows{{"column", "values", "minimum"}};
    for (const double q : shown) rows.front().push_back(rendering::percent(q));
    for (const char* title : {"maximum", "empty or NaN", "infinite", "k", "rank error"}) rows.front().push_back(title);
    for (const NamedSketch& named : sketches) {
        const Sketch& sketch = named.sketch;
        std::vector<std::string> row{named.name.empty() ? "(unnamed)" : rendering::shortened(named.name, 32),
                                     grouped(sketch.count())};
        const auto number = [&](double value) { row.push_back(fmt::format("{:.6g}", value)); };
        if (sketch.empty()) {
            row.resize(row.size() + shown.size() + 2, "-");
        } else {
            number(sketch.minimum());
            for (const double value : sketch.quantiles(shown)) number(value);
            number(sketch.maximum());
        }
        row.push_back(grouped(sketch.nan_count()));
        row.push_back(grouped(sketch.positive_infinity_count() + sketch.negative_infinity_count()));
        row.push_back(std::to_string(sketch.k()));
        row.push_back(sketch.empty()      ? "-"
                      : sketch.is_exact() ? "exact"
                                          : rendering::percent(sketch.uniform_rank_error(confidence)));
        rows.push_back(std::move(row));
    }
    return text_table(rows) + "\nRank error: of no value is the rank off by more, at 99 % confidence.\n";
}

std::string json_of(std::span<const NamedSketch> sketches) {
    using Json = nlohmann::ordered_json;
    Json columns = Json::array();
    for (const NamedSketch& named : sketches) {
        const Sketch& sketch = named.sketch;
        Json column{{"name", named.name},
                    {"count", sketch.count()},
                    {"nan", sketch.nan_count()},
                    {"positive_infinity", sketch.positive_infinity_count()},
                    {"negative_infinity", sketch.negative_infinity_count()},
                    {"k", sketch.k()},
                    {"exact", sketch.is_exact()}};
        if (!sketch.empty()) {
            column["minimum"] = sketch.minimum();
            column["maximum"] = sketch.maximum();
            column["rank_error"] = sketch.uniform_rank_error(confidence);
            column["rank_error_confidence"] = confidence;
            Json quantiles = Json::array();
            const std::vector<double> values = sketch.quantiles(shown);
            for (std::size_t i = 0; i < shown.size(); ++i)
                quantiles.push_back({{"rank", shown.at(i)}, {"value", values[i]}});
            column["quantiles"] = std::move(quantiles);
        }
        columns.push_back(std::move(column));
    }
    const Json out{{"format", "vedette-sketches"}, {"columns", std::move(columns)}};
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace

ExitStatus sketch_show(const std::string& path, const std::vector<std::string>& formats) {
    const std::vector<Output> outputs = parse_table_or_json(formats);
    const std::vector<NamedSketch> sketches = load_sketches(path);
    for (const Output& output : outputs)
        write_text(output.path, output.format == ReportFormat::json ? json_of(sketches) : table_of(sketches));
    return exit_pass;
}

}  // namespace vedette::inline v0::cli
