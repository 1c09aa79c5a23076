// SPDX-License-Identifier: Apache-2.0
// What TensorFlow Data Validation's own package (1.16.1) found in columns of lists, and measured between columns.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <deque>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "unit/oracle_data.hpp"
#include "vedette/validation/batch.hpp"
#include "vedette/validation/infer.hpp"
#include "vedette/validation/schema_exchange.hpp"
#include "vedette/validation/statistics.hpp"
#include "vedette/validation/statistics_compare.hpp"

using namespace vedette;
using namespace vedette::validation;
using Json = nlohmann::json;

namespace {

// Rows of lists, and lists of lists, as a column.
class Lists {
  public:
    Lists(const Json& rows, const std::string& kind, std::size_t depth) : kind_(kind), levels_(depth) {
        for (const Json& row : rows) add(row, 0);
    }
    [[nodiscard]] NestedTable table() const {
        NestedTable table;
        ListColumn& lists = table.lists.emplace_back();
        lists.name = "x";
        for (const Level& level : levels_) lists.levels.push_back({level.begins, level.ends, {level.valid.data(), 0}});
        lists.values = kind_ == "INT"     ? Column::numeric(whole_)
                       : kind_ == "FLOAT" ? Column::numeric(floats_)
                                          : Column::strings(views_);
        return table;
    }

  private:
    struct Level {
        std::vector<std::int64_t> begins, ends;
        std::vector<std::uint8_t> valid;
    };

    void add(const Json& value, std::size_t level) {
        if (level == levels_.size()) return add_value(value);
        // The lists below come before the next beside.
        const std::size_t below = level + 1 == levels_.size() ? whole_.size() + floats_.size() + views_.size()
                                                              : levels_[level + 1].begins.size();
        Level& own = levels_[level];
        const std::size_t i = own.begins.size();
        if (i % 8 == 0) own.valid.push_back(0);
        if (!value.is_null()) own.valid.back() = static_cast<std::uint8_t>(own.valid.back() | 1U << (i % 8));
        own.begins.push_back(static_cast<std::int64_t>(below));
        own.ends.push_back(static_cast<std::int64_t>(below + (value.is_null() ? 0 : value.size())));
        for (const Json& inner : value.is_null() ? Json::array() : value) add(inner, level + 1);
    }
    void add_value(const Json& value) {
        if (kind_ == "INT") whole_.push_back(value.get<std::int64_t>());
        if (kind_ == "FLOAT") {
            const bool is_word = value.is_string();
            const auto word = is_word ? value.get<std::string>() : std::string();
            floats_.push_back(word == "nan"   ? std::numeric_limits<float>::quiet_NaN()
                              : word == "inf" ? std::numeric_limits<float>::infinity()
                                              : value.get<float>());
        }
        if (kind_ == "BYTES") views_.emplace_back(texts_.emplace_back(value.get<std::string>()));
    }

    std::string kind_;
    std::vector<Level> levels_;
    std::vector<std::int64_t> whole_;
    std::vector<float> floats_;
    std::deque<std::string> texts_;
    std::vector<std::string_view> views_;
};

TableStatistics statistics_of(const Json& words) {
    std::vector<std::string> texts;
    for (const Json& word : words) texts.push_back(word.get<std::string>());
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    TableStatistics statistics;
    statistics.update(Table(std::vector<NamedColumn>{{"x", Column::strings(views)}}));
    return statistics;
}

}  // namespace

TEST_CASE("TFDV's package: the same anomalies in lists, by the same schema") {
    std::size_t compared = 0, with_anomalies = 0;
    for (const Json& entry : oracle_data("tfdv_package.json")["anomalies"]) {
        const auto text = entry["schema"].get<std::string>();
        CAPTURE(text);
        CAPTURE(entry["rows"].dump());
        const Lists lists(entry["rows"], entry["kind"], entry["depth"].get<std::size_t>());
        const Validator rules(import_tfdv_schema(text).schema);
        const BatchReport report = validate_batch(rules, lists.table());
        std::set<std::string> found, expected;
        for (const BatchFinding& finding : report.findings) {
            if (finding.severity != Severity::error) continue;
            // A null where each row must hold a value: to TFDV it is the fraction alone that is too low.
            if (finding.check == Check::null) continue;
            found.insert(anomaly_name(finding.check, entry["kind"] == "INT"));
        }
        for (const Json& name : entry["anomalies"]) expected.insert(name.get<std::string>());
        CHECK(found == expected);
        ++compared;
        with_anomalies += expected.empty() ? 0U : 1U;
    }
    CHECK(compared == 150);
    CHECK(with_anomalies > 75);
}

TEST_CASE("TFDV's package: the same distances of texts") {
    for (const Json& entry : oracle_data("tfdv_package.json")["comparisons"]) {
        const StatisticsComparison found =
            compare_statistics(statistics_of(entry["before"]), statistics_of(entry["after"]), {.as_tfdv = true});
        std::size_t compared = 0;
        for (const ColumnComparison& column : found.columns) {
            const char* const name = column.comparator == Comparator::infinity_norm    ? "L_INFTY"
                                     : column.comparator == Comparator::jensen_shannon ? "JENSEN_SHANNON_DIVERGENCE"
                                                                                       : "";
            if (!entry["measured"].contains(name)) continue;
            CHECK(std::abs(column.value - entry["measured"][name].get<double>()) <= 1e-12);
            CHECK(column.upper == column.value);
            ++compared;
        }
        CHECK(compared == 2);
    }
}

TEST_CASE("TFDV's package: the same presence, shape and number of values are inferred") {
    std::size_t shapes = 0, counts = 0;
    for (const Json& entry : oracle_data("tfdv_package.json")["inference"]) {
        CAPTURE(entry.dump());
        const Lists lists(entry["rows"], entry["kind"], 1);
        const NestedTable table = lists.table();
        // TFDV asks for no evidence.
        const InferenceOptions options{.minimum_rows = 1, .most_refused = 0.999, .confidence = 0.5};
        TableStatistics statistics;
        statistics.update(table);
        for (const Inference& inference : {infer_schema(table, options), infer_schema(statistics, options)}) {
            REQUIRE(inference.schema.features.size() == 1);
            const Feature& feature = inference.schema.features[0];
            CHECK(feature.minimum_fraction == entry["min_fraction"].get<double>());
            CHECK(feature.minimum_count == entry["min_count"].get<std::uint64_t>());
            CHECK(feature.shape.has_value() == !entry["shape"].is_null());
            if (feature.shape) CHECK(Json(*feature.shape) == entry["shape"]);
            if (entry["shape"].is_null()) {
                const std::vector<Count> expected{entry["value_count"].is_null()
                                                      ? Count{}
                                                      : Count{entry["value_count"][0].get<std::uint64_t>(),
                                                              entry["value_count"][1] == 0
                                                                  ? Count{}.maximum
                                                                  : entry["value_count"][1].get<std::uint64_t>()}};
                CHECK(feature.valency == expected);
            }
            (feature.shape ? shapes : counts) += 1;
            // What it was learned from passes.
            CHECK(validate_batch(Validator(inference.schema), table).is_valid());
        }
    }
    CHECK((shapes > 10 && counts > 40));
}
