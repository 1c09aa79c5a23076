// SPDX-License-Identifier: Apache-2.0
// Windows and fitted features as bytes and back, believing nothing.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "drift/random_feature_state.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* window_kind = "feature_window";
constexpr const char* fitted_kind = "random_feature_mmd";
constexpr auto unit = static_cast<std::uint64_t>(feature_unit);

void require(bool condition, const char* what) {
    if (!condition) throw Error(ErrorCode::corrupt_data, std::string("random features: ") + what);
}

bool is_feature_count(std::uint64_t features) {
    return features >= 8 && features <= 1024 && features % 8 == 0;
}

template <class T>
bool are_within(std::span<const T> values, T least, T most) {
    return std::all_of(values.begin(), values.end(), [=](T value) { return value >= least && value <= most; });
}

// Whether so many rows can have these sums: no wave is larger than one.
bool are_sums(std::span<const std::int64_t> sums, std::uint64_t rows) {
    if (rows > FeatureWindow::maximum_rows) return false;
    const auto limit = static_cast<std::int64_t>(rows * unit);
    return are_within(sums, -limit, limit);
}

std::span<const double> span_of(const Eigen::VectorXd& values) {
    return {values.data(), static_cast<std::size_t>(values.size())};
}

Eigen::VectorXd vector_of(std::span<const double> values) {
    return Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Eigen::Index>(values.size()));
}

std::vector<double> list_of(const FeatureMoments& law) {
    return {law.mean,     law.row_second, law.row_third, law.pair_second,  law.pair_third,
            law.row_pair, law.rows_pair,  law.triangle,  law.mean_variance};
}

}  // namespace

std::vector<std::byte> FeatureWindow::serialize() const {
    ContainerWriter writer;
    writer.add("rows", std::vector<std::uint64_t>{count_, left_out_});
    writer.add("sums", sums_);
    writer.add("features", std::span<const std::uint8_t>(reinterpret_cast<const std::uint8_t*>(features_.data()), 32));
    return writer.finish(window_kind);
}

FeatureWindow FeatureWindow::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(window_kind);
    require(file.tensors().size() == 3 && file.metadata_keys().size() == 4, "parts that no window has");
    for (const char* part : {"rows", "sums", "features"}) require(file.tensor(part).shape.size() == 1, "no list");
    FeatureWindow window;
    const auto rows = file.values<std::uint64_t>("rows", 2);
    window.count_ = rows[0];
    window.left_out_ = rows[1];
    const auto sums = file.values<std::int64_t>("sums");
    require(sums.empty() || (sums.size() % 2 == 0 && is_feature_count(sums.size() / 2)), "no number of features");
    require(are_sums(sums, window.count_) && (!sums.empty() || window.count_ == 0), "sums larger than their rows");
    window.sums_.assign(sums.begin(), sums.end());
    const auto features = std::as_bytes(file.values<std::uint8_t>("features", 32));
    std::copy(features.begin(), features.end(), window.features_.begin());
    return window;
}

template <class T>
struct RandomFeatureMmd<T>::Codec {
    static void read_map(const Container& file, FeatureMap& map);
    static void read_law(const Container& file, State& state);
};

template <class T>
std::vector<std::byte> RandomFeatureMmd<T>::serialize() const {
    const State& state = *state_;
    ContainerWriter writer;
    writer.set_metadata("element", sizeof(T) == 4 ? "f32" : "f64");
    writer.add_scalar("bandwidth", state.bandwidth);
    writer.add_scalar("regularisation", state.regularisation);
    writer.add_scalar("count", state.count);
    writer.add("sums", state.sums);
    writer.add("offset", state.map.offset);
    writer.add("inverse_scale", state.map.inverse_scale);
    writer.add("weights", state.map.weights);
    writer.add("spectrum", span_of(state.spectrum));
    writer.add("law", list_of(state.law));
    writer.add("shrinkage", span_of(state.shrinkage));
    writer.add("directions",
               std::span<const double>(state.directions.data(), static_cast<std::size_t>(state.directions.size())));
    writer.add("moments", std::span<const float>(state.moments.data(), static_cast<std::size_t>(state.moments.size())));
    return writer.finish(fitted_kind);
}

template <class T>
void RandomFeatureMmd<T>::Codec::read_map(const Container& file, FeatureMap& map) {
    const auto sums = file.values<std::int64_t>("sums");
    require(sums.size() % 2 == 0 && is_feature_count(sums.size() / 2), "no number of features");
    map.features = sums.size() / 2;
    const auto offset = file.values<double>("offset");
    map.columns = offset.size();
    require(map.columns >= 1 && map.columns <= (std::size_t{1} << 20U), "no number of columns");
    constexpr double largest = std::numeric_limits<double>::max();
    require(are_within(offset, -largest, largest), "an offset that is not finite");
    map.offset.assign(offset.begin(), offset.end());
    const auto scale = file.values<double>("inverse_scale", map.columns);
    require(are_within(scale, 0.0, 1e300), "an impossible scale");
    map.inverse_scale.assign(scale.begin(), scale.end());
    const auto weights = file.values<float>("weights", map.features * map.columns);
    require(are_within(weights, -16.0F, 16.0F), "an impossible frequency");
    map.weights.assign(weights.begin(), weights.end());
    map.set_limit();
    map.set_digest();
}

template <class T>
void RandomFeatureMmd<T>::Codec::read_law(const Container& file, State& state) {
    const std::size_t width = 2 * state.map.features;
    state.count = file.scalar<std::uint64_t>("count");
    const auto sums = file.values<std::int64_t>("sums");
    require(state.count >= minimum_rows && are_sums(sums, state.count), "sums larger than their rows");
    state.sums.assign(sums.begin(), sums.end());
    state.bandwidth = file.scalar<double>("bandwidth");
    state.regularisation = file.scalar<double>("regularisation");
    require(state.bandwidth > 0.0 && std::isfinite(state.bandwidth), "an impossible bandwidth");
    require(state.regularisation > 0.0, "an impossible regularisation");
    state.spectrum = vector_of(file.values<double>("spectrum", width));
    require(are_within(span_of(state.spectrum), 0.0, 1e6), "impossible eigenvalues");
    require(std::is_sorted(state.spectrum.begin(), state.spectrum.end()), "eigenvalues out of order");
    const auto law = file.values<double>("law", 9);
    require(are_within(law, -1e60, 1e60), "a moment that is not finite");
    state.law = {law[0], law[1], law[2], law[3], law[4], law[5], law[6], law[7], law[8]};
    const bool has_spread = state.spectrum.maxCoeff() > 0.0;
    for (const double moment : {state.law.mean, state.law.pair_second})
        require(has_spread ? moment > 1e-60 : moment == 0.0, "a law without spread");
    require(state.law.row_second >= 0.0 && state.law.mean_variance >= 0.0 && state.law.mean_variance <= 100.0,
            "an impossible variance");
    const auto shrinkage = file.values<double>("shrinkage");
    require(shrinkage.size() <= width && are_within(shrinkage, 0.0, 1.0), "an impossible metric");
    state.shrinkage = vector_of(shrinkage);
    const auto directions = file.values<double>("directions", width * shrinkage.size());
    require(are_within(directions, -1.001, 1.001), "a direction that is no unit vector");
    const auto rows = static_cast<Eigen::Index>(width);
    state.directions = Eigen::Map<const Eigen::MatrixXd>(directions.data(), rows, state.shrinkage.size());
    const auto moments = file.values<float>("moments", width * state.map.columns);
    require(are_within(moments, -1025.0F, 1025.0F), "an impossible moment");
    state.moments =
        Eigen::Map<const Eigen::MatrixXf>(moments.data(), rows, static_cast<Eigen::Index>(state.map.columns));
}

template <class T>
RandomFeatureMmd<T> RandomFeatureMmd<T>::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(fitted_kind);
    require(file.tensors().size() == 12 && file.metadata_keys().size() == 5, "parts that it does not have");
    require(file.metadata("element") == (sizeof(T) == 4 ? "f32" : "f64"), "made for another element type");
    for (const char* part : {"bandwidth", "regularisation", "count"})
        require(file.tensor(part).shape.empty(), "no scalar");
    for (const char* part :
         {"sums", "offset", "inverse_scale", "weights", "spectrum", "law", "shrinkage", "directions", "moments"})
        require(file.tensor(part).shape.size() == 1, "no list");
    const auto state = std::make_shared<State>();
    Codec::read_map(file, state->map);
    Codec::read_law(file, *state);
    state->complete();
    return RandomFeatureMmd(state);
}

template std::vector<std::byte> RandomFeatureMmd<float>::serialize() const;
template std::vector<std::byte> RandomFeatureMmd<double>::serialize() const;
template RandomFeatureMmd<float> RandomFeatureMmd<float>::deserialize(std::span<const std::byte> bytes);
template RandomFeatureMmd<double> RandomFeatureMmd<double>::deserialize(std::span<const std::byte> bytes);

}  // namespace vedette::inline v0::drift
