// SPDX-License-Identifier: Apache-2.0
// Scores that ask the model as bytes, with what their copies are made of; and back, believing nothing.
#include <string_view>

#include "perturbation/feature_rows.hpp"
#include "perturbation/query_score_models.hpp"
#include "vedette/core/container.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* who = "QueryScore";
constexpr std::size_t words_each = 5;  // of a squeezer
constexpr std::uint64_t most_unsigned = std::numeric_limits<unsigned>::max();

void require(bool condition) {
    require_file(condition, who);
}

void add_matrix(ContainerWriter& writer, const char* name, const std::vector<float>& values, std::size_t columns) {
    const std::uint64_t shape[] = {values.size() / columns, columns};
    writer.add(name, std::span<const float>(values), shape);
}

struct Matrix {
    std::vector<float> values;
    std::size_t rows, columns;
};

Matrix read_matrix(const Container& file, const char* name) {
    const TensorView tensor = file.tensor(name);
    require(tensor.shape.size() == 2 && tensor.shape[0] > 0 && tensor.shape[1] > 0);
    const auto values = file.values<float>(name);
    require(is_finite(values));
    return {{values.begin(), values.end()},
            static_cast<std::size_t>(tensor.shape[0]),
            static_cast<std::size_t>(tensor.shape[1])};
}

void write(ContainerWriter& writer, const query_models::Squeezing&, const FeatureSqueezingOptions& options) {
    std::vector<std::uint64_t> words;
    std::vector<float> strengths;
    for (const Squeezer& squeezer : options.squeezers) {
        words.insert(words.end(), {static_cast<std::uint64_t>(squeezer.kind), squeezer.bits, squeezer.window,
                                   squeezer.means.search_window, squeezer.means.patch});
        strengths.push_back(squeezer.means.strength);
    }
    writer.add("shape", std::vector<std::uint64_t>{options.shape.height, options.shape.width, options.shape.channels});
    writer.add_scalar("highest", options.highest);
    writer.add("squeezers", words);
    writer.add("strengths", strengths);
}

QueryScore read_squeezing(const Container& file) {
    require(file.tensors().size() == 4);
    const auto shape = file.values<std::uint64_t>("shape", 3);
    const auto words = file.values<std::uint64_t>("squeezers");
    require(words.size() % words_each == 0);
    const auto strengths = file.values<float>("strengths", words.size() / words_each);
    FeatureSqueezingOptions options{.shape = {static_cast<std::size_t>(shape[0]), static_cast<std::size_t>(shape[1]),
                                              static_cast<std::size_t>(shape[2])},
                                    .highest = file.scalar<float>("highest"),
                                    .squeezers = {}};
    for (std::size_t i = 0; i < strengths.size(); ++i) {
        const auto each = words.subspan(i * words_each, words_each);
        require(each[0] <= 2);
        for (const std::uint64_t word : each) require(word <= most_unsigned);
        options.squeezers.push_back({.kind = static_cast<Squeezer::Kind>(each[0]),
                                     .bits = static_cast<unsigned>(each[1]),
                                     .window = static_cast<unsigned>(each[2]),
                                     .means = {.search_window = static_cast<unsigned>(each[3]),
                                               .patch = static_cast<unsigned>(each[4]),
                                               .strength = strengths[i]}});
    }
    return QueryScore::feature_squeezing(options);
}

void write(ContainerWriter& writer, const query_models::Overlays& model, const StripOptions& options) {
    add_matrix(writer, "overlays", model.overlays(), model.width);
    writer.add("numbers",
               std::vector<float>{options.row_weight, options.overlay_weight, options.lowest, options.highest});
}

QueryScore read_strip(const Container& file) {
    require(file.tensors().size() == 2);
    const Matrix overlays = read_matrix(file, "overlays");
    const auto numbers = file.values<float>("numbers", 4);
    return QueryScore::strip(
        MatrixView<float>::row_major(overlays.values.data(), overlays.rows, overlays.columns),
        {.row_weight = numbers[0], .overlay_weight = numbers[1], .lowest = numbers[2], .highest = numbers[3]});
}

void write(ContainerWriter& writer, const query_models::Noise& model, const NoiseStabilityOptions& options) {
    add_matrix(writer, "noise", model.noise(), model.width);
    writer.add("numbers", std::vector<float>{options.lowest, options.highest});
    writer.add_scalar("standard_deviation", options.standard_deviation);
    writer.add_scalar("seed", options.seed);
}

// The noise itself, so that a file means the same whatever draws the numbers.
std::shared_ptr<const QueryScore::Model> read_noise(const Container& file) {
    require(file.tensors().size() == 4);
    Matrix noise = read_matrix(file, "noise");
    const auto numbers = file.values<float>("numbers", 2);
    const NoiseStabilityOptions options{.width = noise.columns,
                                        .copies = noise.rows,
                                        .standard_deviation = file.scalar<double>("standard_deviation"),
                                        .lowest = numbers[0],
                                        .highest = numbers[1],
                                        .seed = file.scalar<std::uint64_t>("seed")};
    query_models::check(options);
    return std::make_shared<const query_models::Noise>(options, std::move(noise.values));
}

void write(ContainerWriter& writer, const query_models::Resampling& model, const MarginalResamplingOptions& options) {
    std::vector<std::uint64_t> features;
    std::vector<float> values;
    for (const auto& change : model.changes()) {
        features.push_back(change.feature);
        values.push_back(change.value);
    }
    writer.add("features", features);
    writer.add("values", values);
    writer.add("begins", std::vector<std::uint64_t>(model.begins().begin(), model.begins().end()));
    writer.add_scalar("width", std::uint64_t{model.width});
    writer.add_scalar("share", options.share);
    writer.add_scalar("seed", options.seed);
}

std::shared_ptr<const QueryScore::Model> read_resampling(const Container& file) {
    require(file.tensors().size() == 6);
    const auto features = file.values<std::uint64_t>("features");
    const auto values = file.values<float>("values", features.size());
    const auto stored = file.values<std::uint64_t>("begins");
    const auto width = file.scalar<std::uint64_t>("width");
    require(is_finite(values) && stored.size() >= 2 && stored.front() == 0 && stored.back() == features.size());
    require(width > 0 && width <= std::uint64_t{1} << 40U);
    std::vector<query_models::Resampling::Change> changes;
    std::vector<std::size_t> begins{0};
    for (std::size_t k = 0; k + 1 < stored.size(); ++k) {
        require(stored[k] < stored[k + 1] && stored[k + 1] <= features.size());
        begins.push_back(static_cast<std::size_t>(stored[k + 1]));
        for (std::size_t i = begins[k]; i < begins[k + 1]; ++i) {
            require(features[i] < width && (i == begins[k] || features[i - 1] < features[i]));
            changes.push_back({static_cast<std::size_t>(features[i]), values[i]});
        }
    }
    const MarginalResamplingOptions options{
        .copies = stored.size() - 1, .share = file.scalar<double>("share"), .seed = file.scalar<std::uint64_t>("seed")};
    query_models::check(options);
    return std::make_shared<const query_models::Resampling>(options, static_cast<std::size_t>(width),
                                                            std::move(changes), std::move(begins));
}

}  // namespace

std::vector<std::byte> QueryScore::serialize() const {
    ContainerWriter writer;
    const Model& model = *model_;
    switch (kind()) {
        case QueryScoreKind::feature_squeezing:
            write(writer, static_cast<const query_models::Squeezing&>(model), std::get<0>(model.options));
            break;
        case QueryScoreKind::strip:
            write(writer, static_cast<const query_models::Overlays&>(model), std::get<1>(model.options));
            break;
        case QueryScoreKind::noise_stability:
            write(writer, static_cast<const query_models::Noise&>(model), std::get<2>(model.options));
            break;
        case QueryScoreKind::marginal_resampling:
            write(writer, static_cast<const query_models::Resampling&>(model), std::get<3>(model.options));
            break;
    }
    return writer.finish(query_score_name(kind()));
}

QueryScore QueryScore::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    const std::string_view kind = file.kind();
    for (const TensorView& tensor : file.tensors()) {
        const bool is_scalar = tensor.name == "highest" || tensor.name == "standard_deviation" ||
                               tensor.name == "seed" || tensor.name == "width" || tensor.name == "share";
        const bool is_matrix = tensor.name == "overlays" || tensor.name == "noise";
        require(tensor.shape.size() == (is_scalar ? 0U : is_matrix ? 2U : 1U));
    }
    try {
        if (kind == query_score_name(QueryScoreKind::feature_squeezing)) return read_squeezing(file);
        if (kind == query_score_name(QueryScoreKind::strip)) return read_strip(file);
        if (kind == query_score_name(QueryScoreKind::noise_stability)) return QueryScore(read_noise(file));
        if (kind == query_score_name(QueryScoreKind::marginal_resampling)) return QueryScore(read_resampling(file));
    } catch (const Error& error) {
        if (error.code() == ErrorCode::unsupported_version) throw;
        throw Error(ErrorCode::corrupt_data, error.what());
    }
    throw Error(ErrorCode::corrupt_data, "QueryScore: a file of kind \"" + file.kind() + "\" holds no such score");
}

}  // namespace vedette::inline v0::perturbation
