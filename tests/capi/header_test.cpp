// SPDX-License-Identifier: Apache-2.0
// The C header from C++: it compiles alone, its functions are noexcept, and a C++ score works through the callback.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "vedette.h"

static_assert(noexcept(vdt_guard_check_f32(nullptr, nullptr, 0, nullptr, nullptr, nullptr)));
static_assert(noexcept(vdt_baseline_load(nullptr, nullptr, nullptr, nullptr)));

namespace {

// A user's detector: distance from a centre.
struct Distance {
    std::array<double, 2> centre;
    double score(const double* row, std::size_t width) const {
        double sum = 0.0;
        for (std::size_t i = 0; i < width; ++i) sum += (row[i] - centre[i]) * (row[i] - centre[i]);
        return std::sqrt(sum);
    }
};

vdt_column make_column(const char* name, const std::vector<double>& values) {
    vdt_column column;
    vdt_column_init(&column, sizeof column);
    column.name = name;
    column.name_length = 1;
    column.data = values.data();
    column.length = values.size();
    column.byte_length = values.size() * sizeof(double);
    return column;
}

}  // namespace

TEST_CASE("a C++ score plugs into the guard through the C interface") {
    std::vector<double> x;
    std::vector<double> y;
    for (int i = 0; i < 400; ++i) {
        x.push_back(0.01 * (i % 20) - 0.1);
        y.push_back(0.01 * (i / 20) - 0.1);
    }
    const std::array columns{make_column("x", x), make_column("y", y)};
    vdt_error error = VDT_ERROR_INIT;
    vdt_baseline* baseline = nullptr;
    vdt_guard* guard = nullptr;
    vdt_window* window = nullptr;
    REQUIRE(vdt_baseline_create(columns.data(), columns.size(), nullptr, nullptr, &baseline, &error) == VDT_OK);
    REQUIRE(vdt_guard_create(baseline, nullptr, nullptr, &guard, &error) == VDT_OK);
    REQUIRE(vdt_window_create(baseline, nullptr, &window, &error) == VDT_OK);
    Distance distance{{0.0, 0.0}};
    vdt_score_options options;
    vdt_score_options_init(&options, sizeof options);
    options.name = "distance";
    options.name_length = 8;
    options.user_data = &distance;
    options.score_f64 = [](void* user_data, const double* row, std::size_t width, double* score) -> std::int32_t {
        *score = static_cast<const Distance*>(user_data)->score(row, width);
        return 0;
    };
    options.warn_threshold = 0.05;
    options.alarm_threshold = 0.1;
    REQUIRE(vdt_guard_add_score(guard, &options, &error) == VDT_OK);
    vdt_verdict verdict;
    vdt_verdict_init(&verdict, sizeof verdict);
    const auto decide = [&](float a, float b) {
        const std::array row{a, b};
        REQUIRE(vdt_guard_check_f32(guard, row.data(), row.size(), window, &verdict, &error) == VDT_OK);
        return verdict.decision;
    };
    CHECK(decide(0.0F, 0.01F) == VDT_PASS);
    CHECK(decide(0.05F, 0.05F) == VDT_WARN);
    CHECK(decide(0.08F, -0.08F) == VDT_ALARM);
    CHECK(verdict.findings[0].value == doctest::Approx(std::sqrt(2.0) * 0.08));
    vdt_window_destroy(window);
    vdt_guard_destroy(guard);
    vdt_baseline_destroy(baseline);
}
