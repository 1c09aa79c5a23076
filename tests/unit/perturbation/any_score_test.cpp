// SPDX-License-Identifier: Apache-2.0
#include "vedette/perturbation/any_score.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include "unit/drift/allocation_count.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/concepts.hpp"
#include "vedette/perturbation/embedding_scores.hpp"
#include "vedette/perturbation/logit_scores.hpp"
#include "vedette/perturbation/query_score.hpp"
#include "vedette/perturbation/tail_scores.hpp"

namespace {

namespace perturbation = vedette::perturbation;
using perturbation::AnyScore;
using perturbation::fit_score;
using perturbation::ScoreInput;
using perturbation::ScoreKindInfo;
using vedette::ErrorCode;
using vedette::MatrixView;
using vedette::testing::code_of;

static_assert(vedette::Score<AnyScore>);

constexpr std::size_t rows = 300, width = 7;

std::vector<float> floats(std::size_t count, std::uint64_t seed) {
    std::vector<float> values;
    for (const double x : vedette::testing::normals(count, seed)) values.push_back(static_cast<float>(x));
    return values;
}

const std::vector<float>& reference_values() {
    static const std::vector<float> values = floats(rows * width, 5);
    return values;
}

std::vector<std::uint32_t> labels_of_rows() {
    std::vector<std::uint32_t> labels(rows);
    for (std::size_t i = 0; i < rows; ++i) labels[i] = static_cast<std::uint32_t>(i % 2);
    return labels;
}

MatrixView<float> view() {
    return MatrixView<float>::row_major(reference_values().data(), rows, width);
}

// A last layer of two classes, for the kinds that ask for one.
MatrixView<float> head_weights() {
    static const std::vector<float> values = floats(2 * width, 7);
    return MatrixView<float>::row_major(values.data(), 2, width);
}
constexpr float head_bias[] = {0.25F, -0.5F};

// A kind without a default for all of them.
std::string_view needed_options(const ScoreKindInfo& info) {
    return std::string_view(info.name) == "feature_squeezing" ? "height=1, width=7" : "";
}

bool same_bits(double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

}  // namespace

TEST_CASE("any score: each kind is its class, and stays so through its bytes") {
    const std::vector<std::uint32_t> labels = labels_of_rows();
    const std::vector<float> live = floats(20 * width, 6);
    for (const ScoreKindInfo& info : perturbation::score_kinds()) {
        CAPTURE(info.name);
        const perturbation::ScoreReference reference{
            .rows = view(), .labels = labels, .head_weights = head_weights(), .head_bias = head_bias};
        const AnyScore score = fit_score(info.name, needed_options(info), reference);
        CHECK(&score.kind() == &info);
        CHECK(&perturbation::score_kind(info.name) == &info);
        CHECK(score.width() == width);
        const std::vector<std::byte> bytes = score.serialize();
        const AnyScore again = AnyScore::deserialize(bytes);
        CHECK(again.serialize() == bytes);
        CHECK(again.options_json() == score.options_json());
        CHECK(&again.kind() == &info);
        // Options go round, and give the same score.
        CHECK(fit_score(info.name, score.options_json(), reference).serialize() == bytes);
        for (std::size_t i = 0; i < 20; ++i) {
            const std::span<const float> row(&live[i * width], width);
            const double value = score.score(row);
            if (info.input == ScoreInput::model) {
                CHECK(std::isnan(value));  // not without the model
                REQUIRE(again.asks() != nullptr);
                CHECK(again.asks()->queries_per_row() == score.asks()->queries_per_row());
                continue;
            }
            CHECK(score.asks() == nullptr);
            CHECK(std::isfinite(value));
            CHECK(same_bits(again.score(row), value));
            std::vector<double> contributions(width, -1.0);
            const double told = score.score(row, contributions);
            if (!info.has_contributions) {
                CHECK(std::isnan(told));
                CHECK(contributions == std::vector<double>(width, -1.0));
                continue;
            }
            CHECK(same_bits(told, value));
            double sum = 0.0;
            for (const double each : contributions) sum += each;
            CHECK(sum == doctest::Approx(value).epsilon(1e-12));
        }
        CHECK(std::isnan(score.score(std::span<const float>(live.data(), width - 1))));
        CHECK(std::isnan(score.score(std::span<const float>())));
    }
}

TEST_CASE("any score: the numbers are those of the classes") {
    const std::vector<std::uint32_t> labels = labels_of_rows();
    const std::vector<float> row = floats(width, 8);
    const perturbation::ScoreReference reference{.rows = view(), .labels = labels};
    CHECK(fit_score("energy", "temperature=2").score(row) ==
          perturbation::LogitScore(perturbation::LogitScoreKind::energy, {.temperature = 2.0}).score(row));
    CHECK(fit_score("mahalanobis", R"({"relative": true, "rank": 4})", reference).score(row) ==
          perturbation::MahalanobisScore(view(), labels, 2, {.relative = true, .rank = 4}).score(row));
    const AnyScore compact = fit_score("mahalanobis", "storage=int16", reference);
    const perturbation::MahalanobisScore same(view(), labels, 2, {.storage = perturbation::MapStorage::int16});
    CHECK(compact.score(row) == same.score(row));
    CHECK(compact.storage_error() == same.storage_error());
    CHECK(compact.storage_error() > 0.0);
    CHECK(fit_score("copod_pyod", "", reference).storage_error() == 0.0);
    CHECK(fit_score("copod_pyod", "", reference).score(row) ==
          perturbation::TailScore(view(), perturbation::TailScoreKind::copod_pyod).score(row));
    // Without labels there is one class.
    CHECK(fit_score("mahalanobis", "", {.rows = view()}).score(row) ==
          perturbation::MahalanobisScore(view(), std::vector<std::uint32_t>(rows, 0), 1).score(row));
    const AnyScore any_length = fit_score("margin");
    CHECK(any_length.width() == 0);
    CHECK(std::isfinite(any_length.score(floats(3, 1))));
}

TEST_CASE("any score: what is wrong is said") {
    const perturbation::ScoreReference reference{.rows = view()};
    CHECK(code_of([] { (void)fit_score("no_such"); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { (void)fit_score("ecod"); }) == ErrorCode::not_enough_data);
    CHECK(code_of([&] { (void)fit_score("ecod", "rank=3", reference); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)fit_score("mahalanobis", "rank=300", reference); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)fit_score("mahalanobis", "rank=many", reference); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)fit_score("mahalanobis", "storage=int8", reference); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { (void)fit_score("energy", R"({"temperature": 1, "temperature": 2})"); }) ==
          ErrorCode::invalid_argument);
    CHECK(code_of([] { (void)perturbation::score_defaults("none"); }) == ErrorCode::invalid_argument);
    CHECK(perturbation::score_defaults("mahalanobis") ==
          R"({"relative":false,"normalise":false,"rank":0,"storage":"float32"})");
    try {
        (void)fit_score("no_such");
    } catch (const vedette::Error& error) {
        CHECK(std::string(error.what()).find("mahalanobis") != std::string::npos);
    }
}

TEST_CASE("any score: no byte of a file can be missing or changed") {
    for (const char* kind : {"generalised_entropy", "mahalanobis", "nearest_neighbours", "ecod"}) {
        const std::vector<std::byte> bytes = fit_score(kind, "", {.rows = view()}).serialize();
        for (std::size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 64)
            CHECK(code_of([&] { (void)AnyScore::deserialize(std::span(bytes).first(size)); }) ==
                  ErrorCode::corrupt_data);
        for (std::size_t at = 0; at < bytes.size(); at += 1 + bytes.size() / 64) {
            std::vector<std::byte> changed = bytes;
            changed[at] ^= std::byte{1};
            CHECK_THROWS_AS((void)AnyScore::deserialize(changed), vedette::Error);
        }
    }
}

TEST_CASE("any score: scoring does not allocate") {
    const std::vector<float> row = floats(width, 9);
    const std::vector<std::uint32_t> labels = labels_of_rows();
    std::vector<double> contributions(width);
    for (const ScoreKindInfo& info : perturbation::score_kinds()) {
        const AnyScore score =
            fit_score(info.name, needed_options(info),
                      {.rows = view(), .labels = labels, .head_weights = head_weights(), .head_bias = head_bias});
        const std::size_t before = allocation_count();
        double sum = 0.0;
        for (int i = 0; i < 10; ++i) sum += score.score(row) + score.score(row, contributions);
        CHECK(allocation_count() == before);
        CHECK((info.has_contributions ? std::isfinite(sum) : std::isnan(sum)));
    }
}

TEST_CASE("any score: squeezers go round as a text") {
    const AnyScore score = fit_score("feature_squeezing",
                                     R"({"height": 8, "width": 8, "channels": 3, "highest": 255,
        "squeezers": "median:3 bit_depth:4 non_local_means:5:3:0.25"})");
    CHECK(score.width() == 192);
    CHECK(score.asks()->queries_per_row() == 4);
    const auto& options = std::get<0>(score.asks()->options());
    REQUIRE(options.squeezers.size() == 3);
    CHECK(options.highest == 255.0F);
    CHECK(options.squeezers[0].window == 3);
    CHECK(options.squeezers[1].bits == 4);
    CHECK(options.squeezers[2].means.search_window == 5);
    CHECK(options.squeezers[2].means.strength == 0.25F);
    CHECK(score.options_json().find("median:3 bit_depth:4 non_local_means:5:3:0.25") != std::string::npos);
    for (const char* const wrong :
         {"blur:3", "bit_depth", "bit_depth:1.5", "median:2:2", "median:-1", "bit_depth:99"}) {
        CAPTURE(wrong);
        const std::string given = std::string(R"({"height": 8, "width": 8, "squeezers": ")") + wrong + "\"}";
        CHECK(code_of([&] { (void)fit_score("feature_squeezing", given); }) == ErrorCode::invalid_argument);
    }
    CHECK(code_of([] { (void)fit_score("feature_squeezing", R"({"height": 8, "width": 8, "squeezers": ""})"); }) ==
          ErrorCode::invalid_argument);
    CHECK(fit_score("strip", "overlays=5", {.rows = view()}).asks()->queries_per_row() == 5);
    CHECK(fit_score("strip", "lowest=0, highest=none", {.rows = view()}).options_json().find("\"lowest\":0") !=
          std::string::npos);
}
