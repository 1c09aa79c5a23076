// SPDX-License-Identifier: Apache-2.0
// Statistics as a JSON document.
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "vedette/validation/statistics.hpp"

namespace vedette::inline v0::validation {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<double, 9> shown{0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99};

Json number_or_null(double x) {
    return std::isfinite(x) ? Json(x) : Json(nullptr);
}

Json json_of(const NumberStatistics& numbers, const StatisticsOptions& options) {
    Json out{{"count", numbers.count}, {"zeros", numbers.zeros}, {"negatives", numbers.negatives}};
    if (numbers.count == 0) return out;
    out["minimum"] = numbers.minimum;
    out["maximum"] = numbers.maximum;
    out["mean"] = numbers.mean();
    out["standard_deviation"] = number_or_null(numbers.standard_deviation());
    if (!options.quantiles) return out;
    out["quantile_relative_error"] = numbers.histogram.relative_error();
    Json quantiles = Json::array();
    for (const double q : shown) quantiles.push_back({{"rank", q}, {"value", numbers.quantile(q)}});
    out["quantiles"] = std::move(quantiles);
    return out;
}

Json json_of(const ColumnStatistics& column, const StatisticsOptions& options, std::size_t most) {
    Json out{{"type", column.is_text ? "text" : "number"}, {"rows", column.rows}, {"nulls", column.nulls}};
    if (column.is_text) {
        out["invalid_utf8"] = column.invalid_utf8;
        out["lengths"] = json_of(column.numbers, options);
    } else {
        Json types = Json::array();
        for (unsigned bit = 1; bit < 14; ++bit) {
            if ((column.dtypes >> bit & 1U) != 0) types.push_back(dtype_name(static_cast<Dtype>(bit)));
        }
        out["element_types"] = std::move(types);
        out["nan"] = column.nan;
        out["positive_infinity"] = column.positive_infinity;
        out["negative_infinity"] = column.negative_infinity;
        out["numbers"] = json_of(column.numbers, options);
    }
    if (options.values || options.distinct) {
        const bool is_exact = options.values && column.values.is_complete();
        Json distinct{{"count", std::round(column.distinct_count(options))}, {"is_exact", is_exact}};
        if (!is_exact) distinct["relative_standard_error"] = stats::HyperLogLog::relative_error;
        if (is_exact || options.distinct) out["distinct"] = std::move(distinct);
    }
    if (!options.values) return out;
    Json list = Json::array();
    for (const stats::ValueSample::Entry& entry : column.values.commonest(most)) {
        Json value{{"value", column.is_text ? Json(entry.text) : Json(entry.number)}, {"count", entry.count}};
        if (entry.length > entry.text.size()) value["length"] = entry.length;
        list.push_back(std::move(value));
    }
    out["commonest"] = {{"is_complete", column.values.is_complete()},
                        {"missing_count", column.values.missing_count()},
                        {"values", std::move(list)}};
    return out;
}

}  // namespace

std::string TableStatistics::to_json(std::size_t commonest) const {
    Json columns = Json::array();
    for (const auto& [name, column] : columns_) {
        Json entry{{"name", name}};
        entry.update(json_of(column, options_, commonest));
        columns.push_back(std::move(entry));
    }
    const Json out{{"format", "vedette-statistics"}, {"version", 1}, {"rows", rows_}, {"columns", std::move(columns)}};
    return out.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace vedette::inline v0::validation
