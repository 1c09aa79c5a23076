// SPDX-License-Identifier: Apache-2.0
// Comparators against an independent computation, on what statistics keep, and where they cannot tell.
#include "vedette/validation/statistics_compare.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "source_directory.hpp"
#include "unit/test_values.hpp"
#include "validation/bucket_divergence.hpp"

using namespace vedette;
using namespace vedette::validation;
using nlohmann::json;
using vedette::testing::code_of;

namespace {

json data() {
    std::ifstream file(std::string(source_directory()) + "/tests/oracle/data/comparators.json");
    return json::parse(file);
}

WidthHistogram histogram_of(const json& from) {
    WidthHistogram result;
    result.nan = from.at("nan");
    for (const json& bucket : from.at("buckets")) {
        const double low = bucket[0].is_string() ? -std::numeric_limits<double>::infinity() : bucket[0].get<double>();
        result.buckets.push_back({low, bucket[1], bucket[2]});
    }
    return result;
}

TableStatistics of_texts(const std::vector<std::string>& texts, std::size_t nulls = 0) {
    std::vector<std::string_view> views(texts.begin(), texts.end());
    views.resize(texts.size() + nulls);
    std::vector<std::uint8_t> valid((views.size() + 7) / 8);
    for (std::size_t i = 0; i < texts.size(); ++i) valid[i / 8] |= static_cast<std::uint8_t>(1U << (i % 8));
    TableStatistics statistics;
    statistics.update(Table({{"x", Column::strings(views, {valid.data(), 0})}}));
    return statistics;
}

std::vector<std::string> texts_of(const json& counts) {
    std::vector<std::string> texts;
    for (const auto& [text, count] : counts.items()) texts.insert(texts.end(), count.get<std::size_t>(), text);
    return texts;
}

TableStatistics of_numbers(const std::vector<double>& numbers) {
    TableStatistics statistics;
    statistics.update(Table({{"x", Column::numeric(numbers)}}));
    return statistics;
}

const ColumnComparison& find(const StatisticsComparison& comparison, Comparator comparator) {
    for (const ColumnComparison& one : comparison.columns) {
        if (one.comparator == comparator) return one;
    }
    FAIL("not compared");
    return comparison.columns.front();
}

}  // namespace

TEST_CASE("comparators agree with an independent computation of TensorFlow Data Validation's") {
    const json oracle = data();
    for (const json& one : oracle.at("histograms")) {
        const WidthHistogram a = histogram_of(one.at("a")), b = histogram_of(one.at("b"));
        const double expected = one.at("jensen_shannon");
        CHECK(std::abs(jensen_shannon_bits(aligned_counts(a, b)) - expected) <= 1e-12);
        CHECK(std::abs(jensen_shannon_bits(aligned_counts(b, a)) - expected) <= 1e-12);
    }
    for (const json& one : oracle.at("texts")) {
        const TableStatistics a = of_texts(texts_of(one.at("a"))), b = of_texts(texts_of(one.at("b")));
        for (const bool as_tfdv : {false, true}) {
            const StatisticsComparison found = compare_statistics(a, b, {.as_tfdv = as_tfdv});
            for (const Comparator comparator :
                 {Comparator::infinity_norm, Comparator::jensen_shannon, Comparator::normalized_difference}) {
                const ColumnComparison& each = find(found, comparator);
                CHECK(std::abs(each.value - one.at(comparator_name(comparator)).get<double>()) <= 1e-12);
                CHECK(each.upper == each.value);
                CHECK(each.decision == Decision::not_evaluated);  // without a limit
            }
        }
    }
}

TEST_CASE("numbers: equal laws differ by what chance expects, distinct values as their shares, NaN as a cell") {
    // Few values, far apart: cells are values.
    std::vector<double> a, b;
    for (int i = 0; i < 300; ++i) a.push_back(i % 3 == 0 ? 1.0 : 100.0);
    for (int i = 0; i < 300; ++i) b.push_back(i % 3 != 0 ? 1.0 : 100.0);
    const double exact = jensen_shannon_bits({{100.0, 200.0}, {200.0, 100.0}});
    CHECK(std::abs(find(compare_statistics(of_numbers(a), of_numbers(b)), Comparator::jensen_shannon).value - exact) <=
          1e-15);
    // Independent samples of one law: the divergence is expected to be (k - 1)(1/n + 1/m)/(8 ln 2); the mean of 100,
    // each of relative deviation sqrt(2/31), lies within 5 standard errors, 13 %, and 3 % for what is beyond first
    // order.
    double sum = 0.0, expected = 0.0;
    for (std::uint64_t run = 0; run < 100; ++run) {
        const StatisticsComparison found = compare_statistics(of_numbers(testing::normals(1000, 2 * run + 1)),
                                                              of_numbers(testing::normals(2000, 2 * run + 2)));
        sum += find(found, Comparator::jensen_shannon).value;
        expected += find(found, Comparator::jensen_shannon).expected;
    }
    CHECK(sum / expected > 0.84);
    CHECK(sum / expected < 1.16);
    // Equal shares of NaN are no difference; TensorFlow Data Validation's are.
    std::vector<double> with_nan = testing::normals(1000, 5);
    with_nan.resize(1250, std::nan(""));
    const TableStatistics same = of_numbers(with_nan);
    CHECK(find(compare_statistics(same, same), Comparator::jensen_shannon).value == 0.0);
    const double shifted = find(compare_statistics(same, same, {.as_tfdv = true}), Comparator::jensen_shannon).value;
    CHECK(std::abs(shifted - 0.2) <= 1e-12);
    // Ten buckets of the values themselves, for comparison with those of the statistics.
    const std::vector<double> x = testing::normals(5000, 9);
    std::vector<double> y = testing::normals(5000, 10);
    for (double& value : y) value = 1.3 * value + 0.4;
    const auto ten = [](const std::vector<double>& values) {
        WidthHistogram histogram;
        const auto [low, high] = std::minmax_element(values.begin(), values.end());
        for (int i = 0; i < 10; ++i)
            histogram.buckets.push_back({*low + (*high - *low) * i / 10, *low + (*high - *low) * (i + 1) / 10, 0.0});
        for (const double value : values) {
            const auto cell = static_cast<std::size_t>(std::min(9.0, (value - *low) / (*high - *low) * 10));
            histogram.buckets[cell].count += 1.0;
        }
        return histogram;
    };
    const double plain = jensen_shannon_bits(aligned_counts(ten(x), ten(y)));
    const double kept =
        find(compare_statistics(of_numbers(x), of_numbers(y), {.as_tfdv = true}), Comparator::jensen_shannon).value;
    // A bucket's edge is within 1/128 of a value, so few values are on the other side of one of ten cuts.
    CHECK(std::abs(kept - plain) < 0.05 * plain);
    const std::vector<double> point(10, 3.0);
    CHECK(find(compare_statistics(of_numbers(point), of_numbers(point), {.as_tfdv = true}), Comparator::jensen_shannon)
              .value == 0.0);
    const std::vector<double> huge{-1e308, 1e308, 5e-324, 0.0};
    CHECK(find(compare_statistics(of_numbers(huge), of_numbers(huge), {.as_tfdv = true}), Comparator::jensen_shannon)
              .value == 0.0);
}

TEST_CASE("what is not certain is not judged; limits, missing columns and rows decide") {
    const TableStatistics reference = of_texts({"a", "a", "b", "b"}, 4), live = of_texts({"a", "a", "a", "b"});
    ComparisonOptions options;
    options.limits.infinity_norm = 0.25;
    options.as_tfdv = true;
    CHECK(compare_statistics(reference, live, options).decision == Decision::pass);  // at the limit, nulls left out
    options.as_tfdv = false;
    const StatisticsComparison found = compare_statistics(reference, live, options);
    CHECK(found.decision == Decision::alarm);
    CHECK(find(found, Comparator::infinity_norm).value == 0.5);
    CHECK(to_json(found).find("\"worst\"") == std::string::npos);
    CHECK(to_json(found, true).find("\"worst\"") != std::string::npos);
    CHECK(describe(find(found, Comparator::infinity_norm)) ==
          "alarm: \"x\" infinity_norm 0.5 > 0.25 (COMPARATOR_L_INFTY_HIGH)");
    // More different texts than the statistics hold: bounds hold the truth.
    std::vector<std::string> many, others;
    for (int i = 0; i < 3000; ++i) many.push_back("v" + std::to_string(i));
    others = many;
    others.resize(4000, "v7");
    const StatisticsComparison bounded = compare_statistics(of_texts(many), of_texts(others), options);
    const ColumnComparison& norm = find(bounded, Comparator::infinity_norm);
    const double truth = 1001.0 / 4000.0 - 1.0 / 3000.0;
    CHECK(norm.value <= truth);
    CHECK(norm.upper >= truth);
    CHECK(find(bounded, Comparator::jensen_shannon).decision == Decision::not_evaluated);
    CHECK(!find(bounded, Comparator::jensen_shannon).reason.empty());
    // Columns that are missing, of another kind, or empty.
    const std::vector<double> numbers{1.0};
    TableStatistics other;
    other.update(Table({{"y", Column::numeric(numbers)}}));
    CHECK(compare_statistics(reference, other, options).only_in_reference == std::vector<std::string>{"x"});
    CHECK(compare_statistics(reference, other, options).decision == Decision::alarm);
    CHECK(compare_statistics(reference, of_numbers(numbers), options).decision == Decision::not_evaluated);
    CHECK(compare_statistics(TableStatistics(), TableStatistics(), options).decision == Decision::not_evaluated);
    // The general limit of texts does not concern numbers; one of the column does, and cannot be judged.
    CHECK(compare_statistics(of_numbers(numbers), of_numbers(numbers), options).columns.size() == 1);
    ComparisonOptions named;
    named.columns["x"].infinity_norm = 0.1;
    CHECK(compare_statistics(of_numbers(numbers), of_numbers(numbers), named).columns.front().reason == "is for texts");
    options.minimum_rows_ratio = 0.75;
    CHECK(compare_statistics(reference, live, options).rows_decision == Decision::alarm);
    // Misuse.
    CHECK(code_of([&] { static_cast<void>(compare_statistics(live, live, {.cells = 1})); }) ==
          ErrorCode::invalid_argument);
    options.limits.jensen_shannon = 1.5;
    CHECK(code_of([&] { static_cast<void>(compare_statistics(live, live, options)); }) == ErrorCode::invalid_argument);
}
