// SPDX-License-Identifier: Apache-2.0
// The random-feature MMD against an independent oracle; merging bit for bit; hostile rows and bytes.
#include "vedette/drift/random_feature_mmd.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "unit/drift/allocation_count.hpp"
#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"

namespace drift = vedette::drift;
using View = vedette::MatrixView<double>;
using Mmd = drift::RandomFeatureMmd<double>;
using vedette::ErrorCode;
using vedette::testing::code_of;
using vedette::testing::normals;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

drift::FeatureWindow observed(const Mmd& mmd, View rows) {
    auto window = mmd.window();
    REQUIRE(mmd.observe(window, rows));
    return window;
}

}  // namespace

#if !defined(VEDETTE_SANITIZED)
TEST_CASE("observing allocates nothing, whatever the rows") {
    auto x = normals(300 * 7, 1);
    const auto view = View::row_major(x.data(), 300, 7);
    const Mmd mmd(view, {.features = 16});
    auto window = mmd.window();
    x[10] = std::nan("");
    x[100] = -infinity;
    const std::size_t before = allocation_count();
    const bool counted = mmd.observe(window, view);
    const std::size_t after = allocation_count();
    CHECK(after == before);
    CHECK(after > 0);
    CHECK(counted);
}
#endif

TEST_CASE("features, statistic, p, contributions and witness match the oracle") {
    const auto data = oracle_data("random_feature_mmd.json");
    REQUIRE(data["cases"].size() == 3);
    for (const auto& row : data["cases"]) {
        const std::vector<double> x = row["reference"];
        const std::vector<double> y = row["live"];
        const std::size_t d = row["d"];
        const auto live = View::row_major(y.data(), row["m"], d);
        const Mmd mmd(View::row_major(x.data(), row["n"], d), {.features = row["features"],
                                                               .bandwidth = row["bandwidth"],
                                                               .whitening = row["whitening"],
                                                               .seed = row["seed"]});
        CHECK(mmd.bandwidth() == doctest::Approx(row["used_bandwidth"].get<double>()).epsilon(1e-12));
        const auto window = observed(mmd, live);
        REQUIRE(window.sums().size() == row["sums"].size());
        for (std::size_t k = 0; k < window.sums().size(); ++k)
            CHECK(std::abs(static_cast<double>(window.sums()[k]) / 1048576.0 - row["sums"][k].get<double>()) < 1e-4);
        if (row["g"] > 0.0) CHECK(mmd.regularisation() == doctest::Approx(row["g"].get<double>()).epsilon(1e-4));
        if (row["g"] < 0.0) CHECK(mmd.regularisation() == infinity);
        const auto got = mmd.test(window);
        CHECK(got.test.statistic == doctest::Approx(row["statistic"].get<double>()).epsilon(1e-4));
        CHECK(got.test.p_value == doctest::Approx(row["p"].get<double>()).epsilon(3e-3));
        CHECK(std::abs(got.test.effect - row["effect"].get<double>()) < 1e-3);
        for (std::size_t j = 0; j < d; ++j)
            CHECK(got.feature_contributions[j] == doctest::Approx(row["contributions"][j].get<double>()).epsilon(1e-3));
        const auto witness = mmd.witness(window, live);
        double sum = 0.0;
        for (std::size_t i = 0; i < witness.size(); ++i) {
            CHECK(std::abs(witness[i] - row["witness"][i].get<double>()) < 1e-4);
            sum += witness[i];
        }
        const double n = row["n"];
        const double m = row["m"];
        CHECK(sum / m * n * m / (n + m) == doctest::Approx(got.test.statistic).epsilon(1e-9));
        CHECK(got.row_contributions.empty());
    }
}

TEST_CASE("windows merge exactly: any split, order, layout and block") {
    constexpr std::size_t d = 5;
    auto x = normals(400 * d, 1);
    x[3 * d] = std::nan("");
    x[7 * d + 2] = infinity;
    x[8 * d + 2] = 1e300;
    const Mmd mmd(View::row_major(x.data() + 100 * d, 300, d), {.features = 24});
    const auto whole = observed(mmd, View::row_major(x.data(), 400, d));
    CHECK(whole.count() == 398);
    CHECK(whole.rows_left_out() == 2);
    std::vector<drift::FeatureWindow> parts;
    for (std::size_t start = 0, size = 1; start < 400; start += size, size = size * 2 + 1)
        parts.push_back(observed(mmd, View::row_major(x.data() + start * d, std::min(size, 400 - start), d)));
    for (int turn = 0; turn < 3; ++turn) {
        std::rotate(parts.begin(), parts.begin() + 3, parts.end());
        auto merged = mmd.window();
        for (const auto& part : parts) merged.merge(part);
        CHECK(merged.serialize() == whole.serialize());
    }
    std::vector<double> columns(x.size());
    for (std::size_t i = 0; i < 400; ++i)
        for (std::size_t j = 0; j < d; ++j) columns[j * 400 + i] = x[i * d + j];
    CHECK(observed(mmd, View::column_major(columns.data(), 400, d)).serialize() == whole.serialize());
    auto emptied = whole;
    emptied.reset();
    CHECK(emptied.serialize() == mmd.window().serialize());
    // As many rows as a sum may be large.
    const std::vector<double> same(64 * d, 0.25);
    const auto block = observed(mmd, View::row_major(same.data(), 64, d));
    for (std::size_t k = 0; k < block.sums().size(); ++k) CHECK(std::abs(block.sums()[k]) <= 64 * 1048576);
}

TEST_CASE("features and sums are the same on every machine, and in float where float holds the rows") {
    std::vector<double> x(120);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i * i * 7919 % 1009) / 64.0;
    const Mmd mmd(View::row_major(x.data(), 40, 3), {.features = 16, .seed = 3});
    const auto window = observed(mmd, View::row_major(x.data(), 40, 3));
    CHECK(vedette::to_hex(window.features()) == "b50e9a3e5b9adf9a5ef06607acc1a94dd441eadd814ae19c1dfba28ddff204b9");
    CHECK(vedette::to_hex(vedette::sha256(window.serialize())) ==
          "522ec7f891e68439ad66ba8ea54ca6a494c1016d5640e47dd4d360b367a6a6a5");
    const std::vector<float> single(x.begin(), x.end());
    const auto rows = vedette::MatrixView<float>::row_major(single.data(), 40, 3);
    const drift::RandomFeatureMmd<float> in_float(rows, {.features = 16, .seed = 3});
    auto float_window = in_float.window();
    CHECK(in_float.observe(float_window, rows));
    CHECK(float_window.serialize() == window.serialize());
}

TEST_CASE("no wave is larger than one, nor off by more than a float's rounding") {
    constexpr std::size_t rows = 50'001;
    std::vector<double> x(rows);
    for (std::size_t i = 0; i < rows; ++i) x[i] = (static_cast<double>(i) - 25'000.0) / 2500.0;
    const Mmd mmd(View::row_major(x.data(), rows, 1), {.features = 8, .bandwidth = 0.01});
    for (std::size_t i = 0; i < rows; i += 7) {
        const auto window = observed(mmd, View::row_major(x.data() + i, 1, 1));
        for (std::size_t k = 0; k < 8; ++k) {
            const double cosine = static_cast<double>(window.sums()[k]) / 1048576.0;
            const double sine = static_cast<double>(window.sums()[8 + k]) / 1048576.0;
            REQUIRE(std::abs(cosine) <= 1.0);
            REQUIRE(std::abs(sine) <= 1.0);
            REQUIRE(std::abs(cosine * cosine + sine * sine - 1.0) < 4e-6);
        }
    }
}

TEST_CASE("a shifted, and a stretched, feature stands first; rows that are new stand out") {
    constexpr std::size_t d = 20;
    const auto x = normals(1000 * d, 1);
    const Mmd mmd(View::row_major(x.data(), 1000, d));
    auto y = normals(400 * d, 2);
    CHECK(mmd.test(observed(mmd, View::row_major(y.data(), 400, d))).test.p_value > 0.01);
    for (std::size_t i = 0; i < 400; ++i) y[i * d + 4] += 0.7;
    auto got = mmd.test(observed(mmd, View::row_major(y.data(), 400, d)));
    CHECK(got.test.p_value < 1e-6);
    const auto& c = got.feature_contributions;
    CHECK(std::max_element(c.begin(), c.end()) - c.begin() == 4);
    CHECK(got.test.effect_interval.lower > 0.0);
    CHECK(got.test.effect > got.test.effect_interval.lower);
    CHECK(got.test.effect < got.test.effect_interval.upper);
    for (std::size_t i = 0; i < 400; ++i) y[i * d + 4] = 3.0 * (y[i * d + 4] - 0.7);
    const auto stretched = mmd.test(observed(mmd, View::row_major(y.data(), 400, d))).feature_contributions;
    CHECK(std::max_element(stretched.begin(), stretched.end()) - stretched.begin() == 4);
    y = normals(400 * d, 3);
    for (std::size_t i = 0; i < 40; ++i)
        for (std::size_t j = 0; j < d; ++j) y[i * d + j] = 2.0 + 0.3 * y[i * d + j];
    y[399 * d] = std::nan("");
    const auto live = View::row_major(y.data(), 400, d);
    const auto scores = mmd.witness(observed(mmd, live), live);
    CHECK(*std::min_element(scores.begin(), scores.begin() + 40) >
          *std::max_element(scores.begin() + 40, scores.begin() + 399));
    CHECK(std::isnan(scores[399]));
}

TEST_CASE("equal rows, constants, duplicates, huge values, more features than rows") {
    const std::vector<double> equal(90, 7.3);
    const Mmd point(View::row_major(equal.data(), 30, 3), {.features = 8});
    CHECK(point.test(observed(point, View::row_major(equal.data(), 5, 3))).test.p_value == 1.0);
    std::vector<double> other = equal;
    other[1] = 7.4;
    const auto moved = point.test(observed(point, View::row_major(other.data(), 1, 3)));
    CHECK(moved.test.p_value == 0.0);
    CHECK(moved.test.statistic == infinity);
    CHECK(moved.test.effect > 0.0);

    auto x = normals(30 * 40, 1);
    const Mmd wide(View::row_major(x.data(), 30, 40), {.features = 64});
    const auto again = wide.test(observed(wide, View::row_major(x.data(), 30, 40)));
    CHECK(again.test.statistic < 1e-12);
    CHECK(again.test.p_value > 0.9);
    CHECK(again.test.effect == 0.0);
    // Units and places of features do not matter, however large.
    std::vector<double> scaled = x;
    for (std::size_t i = 0; i < 30; ++i) scaled[i * 40 + 3] *= 1e290;
    const Mmd huge(View::row_major(scaled.data(), 30, 40), {.features = 64});
    CHECK(huge.bandwidth() == doctest::Approx(wide.bandwidth()).epsilon(1e-12));
    for (double& value : scaled) value = 1e308;
    const auto far = huge.test(observed(huge, View::row_major(scaled.data(), 30, 40)));
    CHECK(far.test.p_value < 1e-6);
    CHECK(far.test.effect <= std::sqrt(2.0));
    // A unit in common, chosen by the caller.
    const Mmd raw(View::row_major(x.data(), 30, 40), {.features = 8, .bandwidth = 3.0, .standardise = false});
    CHECK(raw.bandwidth() == doctest::Approx(3.0).epsilon(1e-12));
    std::vector<double> binary(200);
    for (std::size_t i = 0; i < 200; i += 9) binary[i] = 1.0;
    const Mmd two(View::row_major(binary.data(), 200, 1), {.features = 8});
    const auto rare = two.test(observed(two, View::row_major(binary.data(), 100, 1)));
    CHECK(rare.test.p_value > 0.5);
    const std::vector<double> ones(100, 1.0);
    CHECK(two.test(observed(two, View::row_major(ones.data(), 100, 1))).test.p_value < 1e-12);
}

TEST_CASE("misuse is named") {
    auto x = normals(80, 1);
    const auto view = View::row_major(x.data(), 40, 2);
    const auto fit = [](View rows, drift::RandomFeatureOptions options) { return [=] { Mmd{rows, options}; }; };
    CHECK(code_of(fit(View::row_major(x.data(), 19, 2), {})) == ErrorCode::not_enough_data);
    CHECK(code_of(fit(View::row_major(nullptr, 40, 0), {})) == ErrorCode::not_enough_data);
    for (const std::size_t features : {0UL, 4UL, 12UL, 2048UL})
        CHECK(code_of(fit(view, {.features = features})) == ErrorCode::invalid_argument);
    for (const double bandwidth : {-1.0, infinity, std::nan("")})
        CHECK(code_of(fit(view, {.bandwidth = bandwidth})) == ErrorCode::invalid_argument);
    for (const double whitening : {-0.1, 1.1, std::nan("")})
        CHECK(code_of(fit(view, {.whitening = whitening})) == ErrorCode::invalid_argument);
    const Mmd mmd(view, {.features = 8});
    const Mmd other(view, {.features = 8, .seed = 1});
    auto window = mmd.window();
    CHECK_FALSE(mmd.observe(window, View::row_major(x.data(), 20, 4)));
    CHECK_FALSE(other.observe(window, view));
    drift::FeatureWindow none;
    CHECK_FALSE(mmd.observe(none, view));
    CHECK(window.count() == 0);
    CHECK(code_of([&] { (void)mmd.test(window); }) == ErrorCode::not_enough_data);
    CHECK(mmd.observe(window, view));
    CHECK(code_of([&] { (void)mmd.test(window, 1.0); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)other.test(window); }) == ErrorCode::baseline_mismatch);
    CHECK(code_of([&] { (void)mmd.witness(window, View::row_major(x.data(), 20, 4)); }) ==
          ErrorCode::dimension_mismatch);
    CHECK(code_of([&] { window.merge(other.window()); }) == ErrorCode::baseline_mismatch);
    x[7] = std::nan("");
    CHECK(code_of(fit(view, {})) == ErrorCode::invalid_argument);
    CHECK(Mmd(view, {.nan = drift::NanPolicy::omit}).reference_count() == 39);
    x[7] = infinity;
    CHECK(code_of(fit(view, {.nan = drift::NanPolicy::omit})) == ErrorCode::invalid_argument);
}

TEST_CASE("bytes: there and back, and nothing that was not written") {
    const auto x = normals(300, 1);
    const auto y = normals(150, 2);
    const Mmd mmd(View::row_major(x.data(), 100, 3), {.features = 16});
    const auto bytes = mmd.serialize();
    const auto back = Mmd::deserialize(bytes);
    CHECK(back.serialize() == bytes);
    const auto window = observed(mmd, View::row_major(y.data(), 50, 3));
    const auto read = drift::FeatureWindow::deserialize(window.serialize());
    CHECK(read.serialize() == window.serialize());
    const auto first = mmd.test(window);
    const auto second = back.test(read);
    CHECK(second.test.p_value == first.test.p_value);
    CHECK(second.feature_contributions == first.feature_contributions);
    auto further = back.window();
    further.merge(read);
    CHECK(back.observe(further, View::row_major(y.data(), 50, 3)));
    CHECK(further.count() == 100);
    CHECK(code_of([&] { (void)drift::RandomFeatureMmd<float>::deserialize(bytes); }) == ErrorCode::corrupt_data);
    CHECK(code_of([&] { (void)drift::FeatureWindow::deserialize(bytes); }) == ErrorCode::corrupt_data);
    // Sums larger than their rows; 2^63 rows.
    for (const std::uint64_t rows : {std::uint64_t{1}, std::uint64_t{1} << 63U}) {
        vedette::ContainerWriter writer;
        writer.add("rows", std::vector<std::uint64_t>{rows, 0});
        writer.add("sums", std::vector<std::int64_t>(16, (1 << 20) + 1));
        writer.add("features", std::vector<std::uint8_t>(32));
        const auto forged = writer.finish("feature_window");
        CHECK(code_of([&] { (void)drift::FeatureWindow::deserialize(forged); }) == ErrorCode::corrupt_data);
    }
    auto cut = bytes;
    cut.resize(cut.size() - 1);
    CHECK(code_of([&] { (void)Mmd::deserialize(cut); }) == ErrorCode::corrupt_data);
}
