// SPDX-License-Identifier: Apache-2.0
#include "vedette/perturbation/squeezing.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "unit/drift/allocation_count.hpp"
#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"

namespace {

namespace perturbation = vedette::perturbation;
using perturbation::ImageShape;
using vedette::ErrorCode;
using vedette::testing::code_of;
using Bytes = std::vector<std::uint8_t>;
using Floats = std::vector<float>;

ImageShape shape_of(const nlohmann::json& entry) {
    return {entry["shape"][0].get<std::size_t>(), entry["shape"][1].get<std::size_t>(),
            entry["shape"][2].get<std::size_t>()};
}

}  // namespace

TEST_CASE("squeezing: medians are SciPy's, of bytes and of floats") {
    for (const auto& entry : oracle_data("squeezing.json")["medians"]) {
        const ImageShape shape = shape_of(entry);
        const auto image = entry["image"].get<Bytes>();
        const Floats floats(image.begin(), image.end());
        for (const unsigned window : {2U, 3U}) {
            const auto expected = entry[window == 2 ? "window_2" : "window_3"].get<Bytes>();
            Bytes out(image.size());
            Floats float_out(image.size());
            perturbation::median_filter(image, shape, window, out);
            perturbation::median_filter(floats, shape, window, float_out);
            CHECK(out == expected);
            CHECK(float_out == Floats(expected.begin(), expected.end()));
        }
    }
}

TEST_CASE("squeezing: levels are NumPy's, for every byte and every number of bits, in place too") {
    const auto& data = oracle_data("squeezing.json");
    Bytes every(256);
    for (std::size_t i = 0; i < 256; ++i) every[i] = static_cast<std::uint8_t>(i);
    for (unsigned bits = 1; bits <= 8; ++bits) {
        Bytes out = every;
        perturbation::reduce_bits(out, bits, out);
        CHECK(out == data["bytes_by_bits"][bits - 1].get<Bytes>());
    }
    const auto unit = data["unit"].get<Floats>();
    for (unsigned bits = 1; bits <= 16; ++bits) {
        Floats out(unit.size());
        perturbation::reduce_bits(unit, bits, 1.0F, out);
        CHECK(out == data["floats_by_bits"][bits - 1].get<Floats>());
        // Twice is once.
        Floats again(unit.size());
        perturbation::reduce_bits(out, bits, 1.0F, again);
        CHECK(again == out);
    }
}

TEST_CASE("squeezing: non-local means are those of the definition, and OpenCV's up to its integers") {
    for (const auto& entry : oracle_data("squeezing.json")["non_local_means"]) {
        const ImageShape shape = shape_of(entry);
        const perturbation::NonLocalMeansOptions options{.search_window = entry["search_window"].get<unsigned>(),
                                                         .patch = entry["patch"].get<unsigned>(),
                                                         .strength = entry["strength"].get<float>()};
        const auto image = entry["image"].get<Floats>();
        Floats out(image.size()), workspace(perturbation::non_local_means_workspace(shape, options));
        const std::size_t before = allocation_count();
        perturbation::non_local_means(image, shape, options, out, workspace);
        CHECK(allocation_count() == before);
        const auto expected = entry["expected"].get<std::vector<double>>();
        const auto opencv = entry["opencv"].get<std::vector<double>>();
        double worst = 0.0, from_opencv = 0.0, change = 0.0;
        for (std::size_t i = 0; i < out.size(); ++i) {
            worst = std::max(worst, std::fabs(static_cast<double>(out[i]) - expected[i]));
            from_opencv = std::max(from_opencv, std::fabs(static_cast<double>(out[i]) - opencv[i]));
            change = std::max(change, std::fabs(static_cast<double>(out[i] - image[i])));
        }
        MESSAGE("worst error ", worst, ", from OpenCV ", from_opencv, ", the filter changes ", change);
        CHECK(worst < 1e-3);
        CHECK(from_opencv < 1.5);
        CHECK(change > 5.0);
    }
}

TEST_CASE("squeezing: an even image stays, and a lone pixel goes") {
    const ImageShape shape{9, 11, 3};
    Bytes image(shape.size(), 200), out(image.size());
    image[4 * 33 + 15] = 0;
    for (const unsigned window : {2U, 3U}) {
        perturbation::median_filter(image, shape, window, out);
        CHECK(out == Bytes(shape.size(), 200));
    }
}

TEST_CASE("squeezing: misuse") {
    Bytes bytes(12), out(12);
    Floats floats(12), float_out(12), workspace(10000);
    const ImageShape shape{2, 2, 3};
    const auto code = [](auto&& call) { return code_of(call); };
    CHECK(code([&] { perturbation::median_filter(bytes, shape, 4, out); }) == ErrorCode::invalid_argument);
    CHECK(code([&] { perturbation::median_filter(bytes, {2, 3, 3}, 3, out); }) == ErrorCode::dimension_mismatch);
    CHECK(code([&] { perturbation::median_filter(bytes, {0, 3, 3}, 3, out); }) == ErrorCode::dimension_mismatch);
    CHECK(code([&] {
              perturbation::median_filter(floats, {std::size_t{1} << 62U, 8, 3}, 3, float_out);
          }) == ErrorCode::dimension_mismatch);
    CHECK(code([&] { perturbation::median_filter(bytes, shape, 3, std::span(out).first(11)); }) ==
          ErrorCode::dimension_mismatch);
    CHECK(code([&] { perturbation::reduce_bits(bytes, 0, out); }) == ErrorCode::invalid_argument);
    CHECK(code([&] { perturbation::reduce_bits(bytes, 9, out); }) == ErrorCode::invalid_argument);
    CHECK(code([&] { perturbation::reduce_bits(floats, 17, 1.0F, float_out); }) == ErrorCode::invalid_argument);
    for (const float highest : {0.0F, -1.0F, std::nanf(""), std::numeric_limits<float>::infinity()})
        CHECK(code([&] { perturbation::reduce_bits(floats, 4, highest, float_out); }) == ErrorCode::invalid_argument);
    const auto means = [&](const ImageShape& of, const perturbation::NonLocalMeansOptions& options) {
        return code_of([&] { (void)perturbation::non_local_means_workspace(of, options); });
    };
    CHECK(means({6, 9, 1}, {}) == ErrorCode::invalid_argument);  // 5 and 1 are mirrored
    CHECK(means({9, 9, 1}, {.search_window = 4}) == ErrorCode::invalid_argument);
    CHECK(means({9, 9, 1}, {.patch = 2}) == ErrorCode::invalid_argument);
    CHECK(means({9, 9, 1}, {.strength = 0.0F}) == ErrorCode::invalid_argument);
    Floats image(81), result(81);
    CHECK(code([&] {
              perturbation::non_local_means(image, {9, 9, 1}, {}, result, std::span(workspace).first(10));
          }) == ErrorCode::dimension_mismatch);
}
