// SPDX-License-Identifier: Apache-2.0
// Banks by name: the class to the last bit, options and references of each feature, files, refusals.
#include "vedette/drift/any_bank.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "unit/drift/bank_makers.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/error.hpp"

namespace drift = vedette::drift;
using vedette::ErrorCode;
using vedette::MatrixView;
using vedette::testing::code_of;

namespace {

constexpr std::size_t features = 19;
constexpr std::size_t row_count = 400;

std::string message_of(const char* kind, std::size_t count, std::vector<std::string_view> texts,
                       MatrixView<double> reference = {}) {
    try {
        (void)drift::make_bank(kind, count, texts, reference);
    } catch (const vedette::Error& error) {
        return error.what();
    }
    return {};
}

// By name and by class: the same bytes after the same rows.
template <class Bank>
void check_same(const char* kind, const char* text, Bank typed, double level) {
    CAPTURE(kind);
    const std::vector<std::string_view> texts{text};
    drift::AnyBank any = drift::make_bank(kind, features, texts);
    CHECK(any.serialize() == typed.serialize());
    CHECK(std::string(drift::monitor_kind_name(any.kind())) == kind);
    const auto rows = bank_makers::rows_of(features, row_count, level, true);
    std::size_t changes = 0;
    for (std::size_t r = 0; r < row_count / 2; ++r) {
        const std::span<const double> row(rows.data() + r * features, features);
        const std::size_t changed = any.update(row);
        changes += changed;
        CHECK(changed == typed.update(row));
    }
    drift::AnyBank resumed = drift::AnyBank::deserialize(any.serialize());
    const auto rest = MatrixView<double>::row_major(rows.data() + row_count / 2 * features, row_count / 2, features);
    const std::size_t changed = typed.update_rows(rest);
    CHECK(any.update_rows(rest) == changed);
    CHECK(resumed.update_rows(rest) == changed);
    CHECK(changes + changed > 0);
    CHECK(any.serialize() == typed.serialize());
    CHECK(resumed.serialize() == typed.serialize());
    for (const std::size_t feature : {std::size_t{0}, features - 1})
        CHECK(any.monitor(feature).serialize() == typed.monitor(feature).serialize());
    CHECK(any.base().rows() == row_count);
    any.reset();
    CHECK(any.serialize() == drift::make_bank(kind, features, texts).serialize());
}

}  // namespace

TEST_CASE("a bank made by name is its class, to the last bit") {
    check_same("adwin", "delta=0.05, clock=4", drift::AdwinBank(features, {.delta = 0.05, .clock = 4}), 2.0);
    check_same("page_hinkley", "threshold=10", drift::PageHinkleyBank(features, {.threshold = 10.0}), 2.0);
    check_same("cusum", "mean=0, sd=1", drift::CusumBank(features, drift::CusumOptions{}), 2.0);
    check_same("ewma_chart", R"({"mean": 0, "sd": 1, "weight": 0.25})",
               drift::EwmaChartBank(features, drift::EwmaChartOptions{.weight = 0.25}), 2.0);
    check_same("ddm", "", drift::DdmBank(features, drift::DdmOptions{}), bank_makers::of_errors);
    check_same("hddm_a", "drift_confidence=0.01, warning_confidence=0.1",
               drift::HddmABank(features, drift::HddmAOptions{.drift_confidence = 0.01, .warning_confidence = 0.1}),
               bank_makers::of_errors);
}

TEST_CASE("a bank learns each feature's mean and sd from its column") {
    std::vector<double> values;
    for (std::size_t r = 0; r < 64; ++r)
        for (std::size_t f = 0; f < features; ++f)
            values.push_back(static_cast<double>(f) + (r % 2 == 0 ? 1.0 : -1.0) * static_cast<double>(f + 1));
    values[3] = std::nan("");
    const auto reference = MatrixView<double>::row_major(values.data(), 64, features);
    const std::vector<std::string_view> texts{"average_run_length=500"};
    const drift::AnyBank bank = drift::make_bank("cusum", features, texts, reference);
    std::vector<double> column;
    for (std::size_t f = 0; f < features; ++f) {
        column.clear();
        for (std::size_t r = 0; r < 64; ++r)
            if (std::isfinite(reference(r, f))) column.push_back(reference(r, f));
        CHECK(bank.monitor(f).serialize() ==
              drift::make_monitor("cusum", "average_run_length=500", {.values = column}).serialize());
    }
    // What an option names is not learned.
    const std::vector<std::string_view> named{"mean=3, sd=2"};
    CHECK(drift::make_bank("cusum", features, named, reference).serialize() ==
          drift::CusumBank(features, drift::CusumOptions{.mean = 3.0, .sd = 2.0}).serialize());
    for (std::size_t r = 0; r < 64; ++r) values[r * features + 2] = 7.0;
    CHECK(message_of("ewma_chart", features, {}, reference).find("feature 2: ") == 0);
}

TEST_CASE("options of each feature, and what is refused") {
    const std::vector<std::string> words{"threshold=5", "threshold=6", "threshold=7"};
    const std::vector<std::string_view> texts(words.begin(), words.end());
    const drift::AnyBank bank = drift::make_bank("page_hinkley", 3, texts);
    for (std::size_t f = 0; f < 3; ++f) CHECK(bank.monitor(f).reading().limit == 5.0 + static_cast<double>(f));
    CHECK(message_of("page_hinkley", 4, texts).find("3 texts") != std::string::npos);
    CHECK(message_of("adwin", 2, {"delta=0.1", "delta=0.2"}).find("must be the same") != std::string::npos);
    CHECK(message_of("adwin", 2, {"delta=0.1", "delta=0.1"}).empty());
    CHECK(message_of("adwin", 2, {"block=5"}).find("no block") != std::string::npos);
    CHECK(message_of("stepd", 2, {}).find("none of kind stepd") != std::string::npos);
    CHECK(message_of("ddm", 0, {}).find("features") != std::string::npos);
    CHECK(message_of("cusum", 2, {}).find("needs mean and sd") != std::string::npos);
    const double one = 1.0;
    CHECK(code_of([&] { (void)drift::make_bank("cusum", 2, {}, MatrixView<double>::row_major(&one, 1, 1)); }) ==
          ErrorCode::dimension_mismatch);
    CHECK(code_of([] { (void)drift::AnyBank::deserialize(drift::make_monitor("adwin").serialize()); }) ==
          ErrorCode::corrupt_data);
}
