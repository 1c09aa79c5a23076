// SPDX-License-Identifier: Apache-2.0
// Fuzzes what a C caller may be handed: bytes of baselines, random features, the windows of both and monitors, as given
// and with the checksum mended. What is accepted must work through the whole interface. No input at all stands for the
// program's own.
#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "promise.hpp"
#include "vedette.h"
#include "vedette/core/digest.hpp"

namespace {

using Bytes = std::vector<std::uint8_t>;

using vedette::fuzzing::require;

vdt_column make_column(std::string_view name, vdt_dtype dtype, const void* data, std::size_t bytes) {
    vdt_column column;
    vdt_column_init(&column, sizeof column);
    column.name = name.data();
    column.name_length = name.size();
    column.dtype = dtype;
    column.data = data;
    column.length = 60;
    column.byte_length = bytes;
    return column;
}

// A baseline of two numeric features and a categorical one, always the same.
vdt_baseline* learn() {
    std::array<double, 60> smooth{};
    std::array<float, 60> tied{};
    std::array<std::int32_t, 60> codes{};
    for (std::size_t i = 0; i < 60; ++i) {
        smooth[i] = static_cast<double>(i * 37 % 61);
        tied[i] = static_cast<float>(i % 3);
        codes[i] = static_cast<std::int32_t>(i % 5) - 1;
    }
    const std::array words{vdt_string{"a", 1}, vdt_string{"bc", 2}, vdt_string{"\"\\", 2}, vdt_string{"", 0}};
    std::array columns{make_column("smooth", VDT_F64, smooth.data(), sizeof smooth),
                       make_column("tied", VDT_F32, tied.data(), sizeof tied),
                       make_column("word", 0, codes.data(), sizeof codes)};
    columns[2].kind = VDT_COLUMN_DICTIONARY;
    columns[2].dictionary = words.data();
    columns[2].dictionary_length = words.size();
    vdt_baseline_options options;
    vdt_baseline_options_init(&options, sizeof options);
    options.cells = 6;
    vdt_baseline* baseline = nullptr;
    require(vdt_baseline_create(columns.data(), columns.size(), &options, nullptr, &baseline, nullptr) == VDT_OK,
            "cannot learn");
    return baseline;
}

// Random features of two columns, always the same.
vdt_random_features* fit() {
    std::array<double, 48> values{};
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i * 29 % 31);
    vdt_matrix matrix;
    vdt_matrix_init(&matrix, sizeof matrix);
    matrix.dtype = VDT_F64;
    matrix.data = values.data();
    matrix.rows = 24;
    matrix.columns = 2;
    matrix.byte_length = sizeof values;
    vdt_random_features_options options;
    vdt_random_features_options_init(&options, sizeof options);
    options.features = 8;
    vdt_random_features* features = nullptr;
    require(vdt_random_features_create(&matrix, &options, nullptr, &features, nullptr) == VDT_OK, "cannot fit");
    return features;
}

Bytes bytes_of(const vdt_baseline* baseline) {
    std::size_t size = 0;
    require(vdt_baseline_to_bytes(baseline, nullptr, 0, &size, nullptr) == VDT_OK, "no size of a baseline");
    Bytes bytes(size);
    require(vdt_baseline_to_bytes(baseline, bytes.data(), size, nullptr, nullptr) == VDT_OK, "no bytes of a baseline");
    return bytes;
}

Bytes bytes_of(const vdt_window* window) {
    std::size_t size = 0;
    require(vdt_window_to_bytes(window, nullptr, 0, &size, nullptr) == VDT_OK, "no size of a window");
    Bytes bytes(size);
    require(vdt_window_to_bytes(window, bytes.data(), size, nullptr, nullptr) == VDT_OK, "no bytes of a window");
    return bytes;
}

Bytes bytes_of(const vdt_feature_window* window) {
    std::size_t size = 0;
    require(vdt_feature_window_to_bytes(window, nullptr, 0, &size, nullptr) == VDT_OK, "no size of sums");
    Bytes bytes(size);
    require(vdt_feature_window_to_bytes(window, bytes.data(), size, nullptr, nullptr) == VDT_OK, "no bytes of sums");
    return bytes;
}

// Accepted sums: canonical, fit to take more rows and to be tested.
void use_sums(const vdt_random_features* features, vdt_feature_window* window) {
    const Bytes canonical = bytes_of(window);
    vdt_feature_window* again = nullptr;
    require(
        vdt_feature_window_from_bytes(features, canonical.data(), canonical.size(), nullptr, &again, nullptr) == VDT_OK,
        "sums cannot be read again");
    require(bytes_of(again) == canonical, "sums are not canonical");
    const vdt_status merged = vdt_feature_window_merge(again, window, nullptr);
    require(merged == VDT_OK || merged == VDT_OVERFLOW, "sums cannot be merged with themselves");
    const std::size_t width = vdt_random_features_dimension(features);
    std::vector<double> row(width, 0.5);
    const std::vector<float> narrow(width, 0.25F);
    for (const vdt_status observed : {vdt_feature_window_observe_f64(window, row.data(), width, nullptr),
                                      vdt_feature_window_observe_f32(window, narrow.data(), width, nullptr)})
        require(observed == VDT_OK || observed == VDT_OVERFLOW, "a row is refused");
    vdt_test_result result;
    vdt_test_result_init(&result, sizeof result);
    require(vdt_feature_window_test(window, 0.95, &result, row.data(), width, nullptr) == VDT_OK, "no test");
    require(result.p_value >= 0.0 && result.p_value <= 1.0, "p is no probability");
    vdt_feature_window_destroy(again);
}

// Accepted features: canonical, and fit to sum up rows.
void use_features(const vdt_random_features* features) {
    std::size_t size = 0;
    require(vdt_random_features_to_bytes(features, nullptr, 0, &size, nullptr) == VDT_OK, "no size of features");
    Bytes bytes(size);
    require(vdt_random_features_to_bytes(features, bytes.data(), size, nullptr, nullptr) == VDT_OK, "no bytes");
    vdt_random_features* again = nullptr;
    require(vdt_random_features_from_bytes(bytes.data(), size, nullptr, &again, nullptr) == VDT_OK,
            "features cannot be read again");
    vdt_random_features_destroy(again);
    if (vdt_random_features_dimension(features) > 1000) return;
    vdt_feature_window* window = nullptr;
    require(vdt_feature_window_create(features, nullptr, &window, nullptr) == VDT_OK, "no window of features");
    use_sums(features, window);
    vdt_feature_window_destroy(window);
}

// An accepted window: canonical, and fit to be merged and judged.
void use_window(const vdt_baseline* baseline, const vdt_window* window) {
    const Bytes canonical = bytes_of(window);
    vdt_window* again = nullptr;
    require(vdt_window_from_bytes(baseline, canonical.data(), canonical.size(), nullptr, &again, nullptr) == VDT_OK,
            "a window cannot be read again");
    require(bytes_of(again) == canonical, "a window is not canonical");
    const vdt_status merged = vdt_window_merge(again, window, nullptr);
    require(merged == VDT_OK || merged == VDT_OVERFLOW, "a window cannot be merged with itself");
    vdt_report* report = nullptr;
    require(vdt_assess(baseline, window, nullptr, nullptr, &report, nullptr) == VDT_OK, "a window cannot be judged");
    for (const char* format : {"json", "html"}) {
        require(vdt_report_render(report, format, nullptr, nullptr, 0, std::array<std::size_t, 1>{}.data(), nullptr) ==
                    VDT_OK,
                "a report cannot be rendered");
    }
    vdt_report_destroy(report);
    vdt_window_destroy(again);
}

// An accepted baseline: canonical, and fit to guard with.
void use_baseline(const vdt_baseline* baseline) {
    const Bytes canonical = bytes_of(baseline);
    vdt_baseline* again = nullptr;
    require(vdt_baseline_from_bytes(canonical.data(), canonical.size(), nullptr, &again, nullptr) == VDT_OK,
            "a baseline cannot be read again");
    require(bytes_of(again) == canonical, "a baseline is not canonical");
    vdt_baseline_destroy(again);
    vdt_guard* guard = nullptr;
    vdt_window* window = nullptr;
    require(vdt_guard_create(baseline, nullptr, nullptr, &guard, nullptr) == VDT_OK, "no guard");
    require(vdt_window_create(baseline, nullptr, &window, nullptr) == VDT_OK, "no window");
    vdt_verdict verdict;
    vdt_verdict_init(&verdict, sizeof verdict);
    for (const double x : {0.0, 1.0, -1e300, 2.5}) {
        const std::vector<double> row(vdt_baseline_feature_count(baseline), x);
        const std::vector<float> narrow(row.begin(), row.end());
        require(vdt_guard_check_f64(guard, row.data(), row.size(), window, &verdict, nullptr) == VDT_OK, "f64");
        require(vdt_guard_check_f32(guard, narrow.data(), narrow.size(), window, &verdict, nullptr) == VDT_OK, "f32");
    }
    use_window(baseline, window);
    vdt_window_destroy(window);
    vdt_guard_destroy(guard);
}

bool is_refusal(vdt_status status) {
    return status == VDT_CORRUPT_DATA || status == VDT_UNSUPPORTED_VERSION || status == VDT_BASELINE_MISMATCH;
}

void try_features(const vdt_random_features* fitted, const Bytes& bytes) {
    vdt_error error = VDT_ERROR_INIT;
    vdt_random_features* features = nullptr;
    vdt_status status = vdt_random_features_from_bytes(bytes.data(), bytes.size(), nullptr, &features, &error);
    require(status == VDT_OK ? features != nullptr : is_refusal(status) && features == nullptr, error.message);
    if (features != nullptr) use_features(features);
    vdt_random_features_destroy(features);
    vdt_feature_window* window = nullptr;
    status = vdt_feature_window_from_bytes(fitted, bytes.data(), bytes.size(), nullptr, &window, &error);
    require(status == VDT_OK ? window != nullptr : is_refusal(status) && window == nullptr, error.message);
    if (window != nullptr) use_sums(fitted, window);
    vdt_feature_window_destroy(window);
}

void try_monitor(const Bytes& bytes) {
    vdt_error error = VDT_ERROR_INIT;
    vdt_monitor* monitor = nullptr;
    const vdt_status status = vdt_monitor_from_bytes(bytes.data(), bytes.size(), nullptr, &monitor, &error);
    if (status != VDT_OK) {
        require(status == VDT_CORRUPT_DATA || status == VDT_UNSUPPORTED_VERSION, error.message);
        return;
    }
    vdt_monitor_reading reading;
    vdt_monitor_reading_init(&reading, sizeof reading);
    for (int i = 0; i < 50; ++i) {
        vdt_monitor_state state = -1;
        require(vdt_monitor_update(monitor, i % 2, &state, nullptr) == VDT_OK, "a value that is not taken");
        require(state >= VDT_MONITOR_IN_CONTROL && state <= VDT_MONITOR_CHANGE, "a state that there is not");
        require(vdt_monitor_reading_get(monitor, &reading, nullptr) == VDT_OK, "no reading");
    }
    std::size_t size = 0;
    require(vdt_monitor_options_text(monitor, nullptr, 0, &size, nullptr) == VDT_OK && size > 0, "no options");
    require(vdt_monitor_to_bytes(monitor, nullptr, 0, &size, nullptr) == VDT_OK, "no size of a monitor");
    Bytes again(size);
    require(vdt_monitor_to_bytes(monitor, again.data(), size, nullptr, nullptr) == VDT_OK, "no bytes of a monitor");
    vdt_monitor* resumed = nullptr;
    require(vdt_monitor_from_bytes(again.data(), size, nullptr, &resumed, nullptr) == VDT_OK, "no way back");
    vdt_monitor_destroy(resumed);
    vdt_monitor_destroy(monitor);
}

void try_bytes(const vdt_baseline* known, const vdt_random_features* fitted, const Bytes& bytes) {
    try_features(fitted, bytes);
    try_monitor(bytes);
    vdt_error error = VDT_ERROR_INIT;
    vdt_baseline* baseline = nullptr;
    vdt_status status = vdt_baseline_from_bytes(bytes.data(), bytes.size(), nullptr, &baseline, &error);
    require(status == VDT_OK ? baseline != nullptr : is_refusal(status) && baseline == nullptr, error.message);
    if (baseline != nullptr) use_baseline(baseline);
    vdt_baseline_destroy(baseline);
    vdt_window* window = nullptr;
    status = vdt_window_from_bytes(known, bytes.data(), bytes.size(), nullptr, &window, &error);
    require(status == VDT_OK ? window != nullptr : is_refusal(status) && window == nullptr, error.message);
    if (window != nullptr) use_window(known, window);
    vdt_window_destroy(window);
}

// Gives the file the checksum of its contents, so that changes get past it.
bool mend(Bytes& bytes) {
    constexpr std::string_view field = "\"sha256\":\"";
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::size_t at = text.find(field);
    if (at == std::string_view::npos || text.size() - at < field.size() + 64) return false;
    const auto digits = bytes.begin() + static_cast<std::ptrdiff_t>(at + field.size());
    std::fill_n(digits, 64, std::uint8_t{'0'});
    const std::string digest = vedette::to_hex(vedette::sha256(std::as_bytes(std::span<const std::uint8_t>(bytes))));
    std::transform(digest.begin(), digest.end(), digits, [](char c) { return static_cast<std::uint8_t>(c); });
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const vdt_baseline* const known = learn();
    static const vdt_random_features* const fitted = fit();
    if (size == 0) {
        use_baseline(known);
        use_features(fitted);
        return 0;
    }
    Bytes bytes(data, data + size);
    try_bytes(known, fitted, bytes);
    if (mend(bytes)) try_bytes(known, fitted, bytes);
    return 0;
}
