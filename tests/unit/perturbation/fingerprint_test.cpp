// SPDX-License-Identifier: Apache-2.0
#include "vedette/perturbation/fingerprint.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "unit/drift/allocation_count.hpp"
#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"

namespace {

using vedette::ErrorCode;
using vedette::perturbation::Fingerprint;
using vedette::perturbation::Fingerprinter;
using vedette::perturbation::FingerprintKey;
using vedette::perturbation::ImageFingerprintOptions;
using vedette::perturbation::RowFingerprintOptions;
using vedette::testing::code_of;

constexpr FingerprintKey key{1, 2, 3, 4};
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

void check_against(const char* name, const Fingerprint& print) {
    CAPTURE(name);
    const auto& expected = oracle_data("fingerprint.json").at(name);
    REQUIRE(print.slots == expected.size());
    for (std::size_t i = 0; i < print.slots; ++i) CHECK(print.hashes[i] == expected[i].get<std::uint64_t>());
}

std::uint32_t agreeing(const Fingerprint& a, const Fingerprint& b) {
    std::uint32_t count = 0;
    for (std::size_t i = 0; i < a.slots; ++i) count += a.hashes[i] == b.hashes[i] ? 1U : 0U;
    return count;
}

}  // namespace

TEST_CASE("fingerprints: images and rows by the oracle, the same bits on every instruction set") {
    std::vector<std::uint8_t> pixels(768);
    std::vector<float> floats;
    std::vector<double> doubles;
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(7 * i * i + 3 * i);
    for (const std::uint8_t pixel : pixels) {
        floats.push_back(static_cast<float>(pixel) / 255.0F);
        doubles.push_back(pixel / 255.0);
    }
    struct Case {
        const char* name;
        ImageFingerprintOptions options;
    };
    for (const Case& c :
         {Case{"image_50_25", {.values = 768, .slots = 16, .key = key}},
          Case{"image_20_1", {.values = 768, .window = 20, .stride = 1, .key = key}},
          Case{"image_3_2", {.values = 768, .step = 7, .window = 3, .stride = 2, .slots = 8, .key = key}}}) {
        const Fingerprinter fingerprinter(c.options);
        check_against(c.name, fingerprinter.fingerprint(std::span<const std::uint8_t>(pixels)));
        check_against(c.name, fingerprinter.fingerprint(std::span<const float>(floats)));
        check_against(c.name, fingerprinter.fingerprint(std::span<const double>(doubles)));
    }
    std::vector<double> row, steps;
    for (int i = 0; i < 12; ++i) row.push_back(std::sin(1.0 + i) * std::pow(10.0, i % 4));
    row.insert(row.end(), {not_a_number, infinity, -infinity, 1e300});
    for (int i = 0; i < 16; ++i) steps.push_back(0.1 * (1 + i % 5));
    const auto rows = [&](std::size_t window, std::size_t stride, std::size_t slots) {
        return Fingerprinter(
                   RowFingerprintOptions{
                       .values = 16, .steps = steps, .window = window, .stride = stride, .slots = slots, .key = key})
            .fingerprint(std::span<const double>(row));
    };
    check_against("row_3_1", rows(3, 1, 48));
    check_against("row_1_1", rows(1, 1, 8));
    check_against("row_5_4", rows(5, 4, 8));
}

TEST_CASE("fingerprints: long inputs are cut into pieces without a seam") {
    // A window over all seams: another value anywhere changes what it should, and nothing else.
    const Fingerprinter fingerprinter(ImageFingerprintOptions{.values = 40'000, .key = key});
    std::vector<std::uint8_t> pixels(40'000);
    vedette::Random random(4);
    for (auto& pixel : pixels) pixel = static_cast<std::uint8_t>(random());
    const Fingerprint before = fingerprinter.fingerprint(std::span<const std::uint8_t>(pixels));
    int changed = 0;
    for (int run = 0; run < 300; ++run) {
        const std::size_t at = random() % pixels.size();
        pixels[at] = static_cast<std::uint8_t>(pixels[at] + 128);
        const Fingerprint after = fingerprinter.fingerprint(std::span<const std::uint8_t>(pixels));
        // Two windows hold each value.
        CHECK(agreeing(before, after) >= 46);
        changed += agreeing(before, after) < 48 ? 1 : 0;
        pixels[at] = static_cast<std::uint8_t>(pixels[at] - 128);
    }
    CHECK(changed > 0);
    CHECK(changed < 150);
}

TEST_CASE("fingerprints: a share u of unchanged windows agrees in u/(2 - u) of the slots") {
    constexpr std::size_t n = 50'000;
    const Fingerprinter fingerprinter(
        ImageFingerprintOptions{.values = n, .window = 25, .stride = 25, .slots = 64, .key = key});
    vedette::Random random(6);
    std::vector<std::uint8_t> pixels(n);
    for (const double unchanged : {0.9, 0.5, 0.2}) {
        double sum = 0.0;
        for (int run = 0; run < 60; ++run) {
            for (auto& pixel : pixels) pixel = static_cast<std::uint8_t>(random());
            const Fingerprint before = fingerprinter.fingerprint(std::span<const std::uint8_t>(pixels));
            for (std::size_t window = 0; window < n / 25; ++window)
                if (random.uniform() >= unchanged)
                    pixels[window * 25 + 3] = static_cast<std::uint8_t>(pixels[window * 25 + 3] + 100);
            sum += agreeing(before, fingerprinter.fingerprint(std::span<const std::uint8_t>(pixels))) / 64.0;
        }
        const double expected = unchanged / (2.0 - unchanged);
        CHECK(std::abs(sum / 60.0 - expected) < 4.0 * std::sqrt(expected * (1.0 - expected) / (60.0 * 64.0)));
    }
}

TEST_CASE("fingerprints: another key agrees in nothing, normalised rows do not depend on their length") {
    std::vector<float> row;
    for (const double x : vedette::testing::normals(64, 8)) row.push_back(static_cast<float>(x));
    const RowFingerprintOptions options{.values = 64, .steps = {0.05}, .normalise = true, .key = key};
    const Fingerprinter fingerprinter(options);
    const Fingerprint print = fingerprinter.fingerprint(std::span<const float>(row));
    CHECK(agreeing(print,
                   fingerprinter.with_key(FingerprintKey{1, 2, 3, 5}).fingerprint(std::span<const float>(row))) == 0);
    CHECK(fingerprinter.with_key(key).identity() == fingerprinter.identity());
    CHECK(fingerprinter.with_key().identity() != fingerprinter.with_key().identity());
    for (float& x : row) x *= 8.0F;
    CHECK(agreeing(print, fingerprinter.fingerprint(std::span<const float>(row))) == 48);
    row[5] += 40.0F;
    CHECK(agreeing(print, fingerprinter.fingerprint(std::span<const float>(row))) < 48);
}

TEST_CASE("fingerprints: hostile values, and no allocation") {
    const Fingerprinter images(
        ImageFingerprintOptions{.values = 3072, .window = 20, .stride = 1, .low = -1.0F, .key = key});
    const Fingerprinter rows(RowFingerprintOptions{.values = 30, .steps = {1e-300}, .normalise = true, .key = key});
    const std::vector<float> nans(3072, std::numeric_limits<float>::quiet_NaN());
    std::vector<double> row(30, infinity);
    const std::size_t before = allocation_count();
    const Fingerprint of_nans = images.fingerprint(std::span<const float>(nans));
    CHECK(of_nans.slots == 48);
    CHECK(images.fingerprint(std::span<const float>(nans).first(3071)).slots == 0);
    CHECK(images.fingerprint(std::span<const float>{}).slots == 0);
    for (const double value : {infinity, -infinity, not_a_number, 0.0, 5e-324, 1.7e308}) {
        row.assign(30, value);
        CHECK(rows.fingerprint(std::span<const double>(row)).slots == 28);
    }
    CHECK(allocation_count() == before);
}

TEST_CASE("fingerprints: misuse is refused, files go around and are refused") {
    const auto image = [](ImageFingerprintOptions options) { return code_of([&] { Fingerprinter{options}; }); };
    const auto of_row = [](RowFingerprintOptions options) { return code_of([&] { Fingerprinter{options}; }); };
    CHECK(image({.values = 49}) == ErrorCode::invalid_argument);
    CHECK(image({.values = (std::size_t{1} << 26U) + 1}) == ErrorCode::invalid_argument);
    CHECK(image({.values = 100, .step = 1}) == ErrorCode::invalid_argument);
    CHECK(image({.values = 100, .window = 0, .stride = 0}) == ErrorCode::invalid_argument);
    CHECK(image({.values = 100, .window = 20, .stride = 21}) == ErrorCode::invalid_argument);
    CHECK(image({.values = 100, .slots = 12}) == ErrorCode::invalid_argument);
    CHECK(image({.values = 100, .slots = 72}) == ErrorCode::invalid_argument);
    CHECK(image({.values = 100, .low = 1.0F, .high = 1.0F}) == ErrorCode::invalid_argument);
    CHECK(image({.values = 100, .high = std::numeric_limits<float>::infinity()}) == ErrorCode::invalid_argument);
    CHECK(of_row({.values = 10}) == ErrorCode::invalid_argument);
    CHECK(of_row({.values = 10, .steps = {1.0, 2.0}}) == ErrorCode::dimension_mismatch);
    CHECK(of_row({.values = 10, .steps = {0.0}}) == ErrorCode::invalid_argument);
    CHECK(of_row({.values = 10, .steps = {not_a_number}}) == ErrorCode::invalid_argument);
    CHECK(of_row({.values = 10, .steps = {1e-310}}) == ErrorCode::invalid_argument);

    const Fingerprinter images(ImageFingerprintOptions{.values = 768, .step = 9, .low = -2.0F, .high = 3.0F});
    const Fingerprinter rows(RowFingerprintOptions{.values = 3, .steps = {1.0, 2.0, 3.0}, .window = 1});
    for (const Fingerprinter* each : {&images, &rows}) {
        const auto bytes = each->serialize();
        const Fingerprinter back = Fingerprinter::deserialize(bytes);
        CHECK(back.identity() == each->identity());
        CHECK(back.serialize() == bytes);
        CHECK(back.is_of_images() == (each == &images));
        CHECK(code_of([&] { (void)Fingerprinter::deserialize(std::span(bytes).first(bytes.size() - 1)); }) ==
              ErrorCode::corrupt_data);
    }
}
