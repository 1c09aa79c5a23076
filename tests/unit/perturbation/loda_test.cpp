// SPDX-License-Identifier: Apache-2.0
#include "vedette/perturbation/loda.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "unit/oracle_data.hpp"
#include "unit/perturbation/score_checks.hpp"
#include "vedette/core/container.hpp"

namespace {

using vedette::ErrorCode;
using vedette::perturbation::Loda;
using vedette::testing::code_of;
using vedette::testing::float_normals;
using View = vedette::MatrixView<float>;

static_assert(vedette::Score<Loda>);

struct File {
    std::uint64_t terms = 1, count = 2, seed = 0, bins = 0;
    std::vector<float> weights{1.0F}, means{0.0F};
    std::vector<std::uint16_t> features{0};
    std::vector<double> begins{0.0}, ends{1.0}, scales{2.0};
    std::vector<std::uint32_t> offsets{0, 2}, counts{1, 1};

    [[nodiscard]] std::vector<std::byte> bytes() const {
        vedette::ContainerWriter writer;
        const std::uint64_t shape[] = {weights.size() / terms, terms};
        writer.add("weights", std::span<const float>(weights), shape);
        const std::uint64_t of_features[] = {features.size() / terms, terms};
        writer.add("features", std::span<const std::uint16_t>(features), of_features);
        writer.add("means", means);
        writer.add("begins", begins);
        writer.add("ends", ends);
        writer.add("scales", scales);
        writer.add("offsets", offsets);
        writer.add("counts", counts);
        writer.add_scalar("reference_count", count);
        writer.add_scalar("bins", bins);
        writer.add_scalar("seed", seed);
        return writer.finish("loda");
    }
};

}  // namespace

TEST_CASE("LODA: on given projections, the paper's score and its explanation") {
    const auto& data = oracle_data("tabular_scores.json")["loda"];
    File file;
    file.terms = data["terms"];
    file.count = data["n"];
    file.weights = data["weights"].get<std::vector<float>>();
    file.features = data["features"].get<std::vector<std::uint16_t>>();
    file.means = data["means"].get<std::vector<float>>();
    file.begins = data["begins"].get<std::vector<double>>();
    file.ends = data["ends"].get<std::vector<double>>();
    file.counts = data["counts"].get<std::vector<std::uint32_t>>();
    file.scales.clear();
    file.offsets = {0};
    for (std::size_t k = 0; k < file.begins.size(); ++k) {
        const std::uint32_t bins = data["bins"][k];
        file.scales.push_back(bins / (file.ends[k] - file.begins[k]));
        file.offsets.push_back(file.offsets.back() + bins);
    }
    const Loda score = Loda::deserialize(file.bytes());
    CHECK(score.serialize() == file.bytes());
    std::vector<double> statistics(score.dimension());
    std::size_t compared = 0;
    for (std::size_t i = 0; i < data["rows"].size(); ++i) {
        const auto row = data["rows"][i].get<std::vector<float>>();
        CHECK(score.score(row) == doctest::Approx(data["scores"][i].get<double>()).epsilon(1e-12));
        REQUIRE(score.feature_statistics(row, statistics));
        for (std::size_t j = 0; j < statistics.size(); ++j) {
            const double expected = data["statistics"][i][j];
            if (std::abs(expected) > 1e6) continue;  // no spread but rounding
            CHECK(statistics[j] == doctest::Approx(expected).epsilon(1e-9));
            ++compared;
        }
    }
    CHECK(compared >= 70);
}

TEST_CASE("LODA: bins as the penalised likelihood chooses") {
    for (const auto& each : oracle_data("tabular_scores.json")["chosen_bins"]) {
        const auto column = each["column"].get<std::vector<float>>();
        const Loda score(View::row_major(column.data(), column.size(), 1), {.projections = 1, .seed = 3});
        CHECK(score.bin_count(0) == each["bins"].get<std::size_t>());
    }
}

TEST_CASE("LODA: a fit counts its reference") {
    const std::size_t n = 257, d = 10;
    const std::vector<float> reference = float_normals(n * d, 4);
    const Loda score(View::row_major(reference.data(), n, d), {.projections = 50, .bins = 9, .seed = 2});
    const auto bytes = score.serialize();
    const auto file = vedette::Container::view(bytes);
    const auto weights = file.values<float>("weights");
    const auto features = file.values<std::uint16_t>("features");
    REQUIRE(weights.size() == 150);  // 3 of 10 features
    double mean = 0.0, square = 0.0;
    for (const float weight : weights) {
        mean += static_cast<double>(weight) / 150.0;
        square += static_cast<double>(weight) * static_cast<double>(weight) / 150.0;
    }
    CHECK(std::abs(mean) < 4.0 / std::sqrt(150.0));
    CHECK(std::abs(square - 1.0) < 4.0 * std::sqrt(2.0 / 150.0));
    // Scores by counting, for each row, the reference rows in its bin.
    for (std::size_t i = 0; i < 20; ++i) {
        double sum = 0.0;
        for (std::size_t k = 0; k < 50; ++k) {
            CHECK(std::set<std::uint16_t>(features.begin() + static_cast<std::ptrdiff_t>(3 * k),
                                          features.begin() + static_cast<std::ptrdiff_t>(3 * k + 3))
                      .size() == 3);
            std::vector<double> values(n, 0.0);
            for (std::size_t row = 0; row < n; ++row)
                for (std::size_t t = 3 * k; t < 3 * k + 3; ++t)
                    values[row] +=
                        static_cast<double>(weights[t]) * static_cast<double>(reference[row * d + features[t]]);
            const auto [least, most] = std::minmax_element(values.begin(), values.end());
            const auto bin = [&, low = *least, width = *most - *least](double x) {
                return std::min(8.0, std::floor((x - low) * (9.0 / width)));
            };
            const auto same =
                std::count_if(values.begin(), values.end(), [&](double x) { return bin(x) == bin(values[i]); });
            sum += std::log(static_cast<double>(n) / static_cast<double>(same));
        }
        CHECK(score.score(std::span(reference).subspan(i * d, d)) == doctest::Approx(sum / 50.0).epsilon(1e-12));
    }
}

TEST_CASE("LODA: contributions, hostile rows and values") {
    const std::size_t n = 400, d = 9;
    const std::vector<float> reference = float_normals(n * d, 2);
    const auto view = View::row_major(reference.data(), n, d);
    const Loda score(view, {.projections = 200});
    vedette::testing::check_contributions(score, 200);
    vedette::testing::check_hostile_rows(score);
    CHECK(Loda(view, {.seed = 1}).serialize() == Loda(view, {.seed = 1}).serialize());
    CHECK(Loda(view, {.seed = 1}).serialize() != Loda(view, {.seed = 2}).serialize());
    std::vector<double> contributions(d), statistics(d);
    std::vector<float> row(d, 0.0F);
    row[5] = 12.0F;
    CHECK(score.score(row, contributions) > score.score(std::vector<float>(d, 0.0F)));
    CHECK(std::max_element(contributions.begin(), contributions.end()) - contributions.begin() == 5);
    CHECK(score.feature_statistics(row, statistics));
    CHECK(std::max_element(statistics.begin(), statistics.end()) - statistics.begin() == 5);
    row[0] = std::numeric_limits<float>::infinity();
    row[1] = -row[0];
    CHECK(score.score(row, contributions) <= std::log(2.0 * n));
    CHECK(std::isfinite(contributions[0]));
    row[0] = std::nanf("");
    CHECK_FALSE(score.feature_statistics(row, statistics));
    CHECK_FALSE(score.feature_statistics(std::span(reference).first(d), std::span(statistics).first(3)));
    // Beyond all bins in every projection.
    CHECK(score.score(std::vector<float>(d, 1e30F)) == doctest::Approx(std::log(2.0 * n)));
    const std::vector<float> same(20 * 4, -3.0F);
    const Loda flat(View::row_major(same.data(), 20, 4));
    CHECK(flat.score(std::span(same).first(4)) == 0.0);
    CHECK(flat.score(std::vector<float>(4, -2.9F)) == doctest::Approx(std::log(40.0)));
    CHECK(flat.feature_statistics(std::span(same).first(4), std::span(statistics).first(4)));
    CHECK(statistics[0] == 0.0);
}

TEST_CASE("LODA: what cannot be fitted, and files") {
    std::vector<float> values = float_normals(400, 1);
    const auto code = [&](std::size_t n, std::size_t d, const vedette::perturbation::LodaOptions& options) {
        return code_of([&] { Loda(View::row_major(values.data(), n, d), options); });
    };
    CHECK(code(1, 4, {}) == ErrorCode::not_enough_data);
    CHECK(code(10, 0, {}) == ErrorCode::not_enough_data);
    CHECK(code(100, 4, {.projections = 0}) == ErrorCode::invalid_argument);
    CHECK(code(100, 4, {.projections = 1025}) == ErrorCode::invalid_argument);
    CHECK(code(100, 4, {.bins = 4097}) == ErrorCode::invalid_argument);
    vedette::testing::check_file(Loda(View::row_major(values.data(), 100, 4), {.projections = 5}),
                                 std::span(values).first(4));
    const auto broken = [](auto&& change) {
        File file;
        change(file);
        return code_of([&] { (void)Loda::deserialize(file.bytes()); }) == ErrorCode::corrupt_data;
    };
    CHECK_FALSE(broken([](File&) {}));
    CHECK(broken([](File& f) { f.features = {1}; }));
    CHECK(broken([](File& f) { f.weights[0] = std::nanf(""); }));
    CHECK(broken([](File& f) { f.counts = {1, 2}; }));
    CHECK(broken([](File& f) { f.count = 3; }));
    CHECK(broken([](File& f) { f.offsets = {0, 3}; }));
    CHECK(broken([](File& f) { f.offsets = {1, 2}; }));
    CHECK(broken([](File& f) { f.offsets = {0, 0}; }));
    CHECK(broken([](File& f) { f.scales = {1e9}; }));
    CHECK(broken([](File& f) { f.scales = {-1.0}; }));
    CHECK(broken([](File& f) { f.ends = {-1.0}; }));
    CHECK(broken([](File& f) { f.begins = {std::nan("")}; }));
    CHECK(broken([](File& f) { f.means = {}; }));
    CHECK(broken([](File& f) { f.bins = 4097; }));
    values[5] = std::nanf("");
    CHECK(code(10, 4, {}) == ErrorCode::invalid_argument);
}
