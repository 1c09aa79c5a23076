// SPDX-License-Identifier: Apache-2.0
// A sketch as bytes and back, believing nothing: what is read is what some sketch could have written.
#include <algorithm>
#include <cmath>
#include <string>

#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/stats/kll_sketch.hpp"

namespace vedette::inline v0::stats {
namespace {

constexpr const char* kind = "kll_sketch";

void require(bool condition, const char* what) {
    if (!condition) throw Error(ErrorCode::corrupt_data, std::string("sketch: ") + what);
}

// Ascending, finite, and no negative zero.
template <class T>
bool are_sorted_values(std::span<const T> values) {
    return std::is_sorted(values.begin(), values.end()) && std::all_of(values.begin(), values.end(), [](T value) {
               return std::isfinite(value) && !(value == T(0) && std::signbit(value));
           });
}

}  // namespace

template <class T>
struct KllSketch<T>::Codec {
    static void read_levels(const Container& file, KllSketch& sketch);
    static void read_state(const Container& file, KllSketch& sketch);
};

template <class T>
std::vector<std::byte> KllSketch<T>::serialize() const {
    std::vector<std::uint64_t> sizes;
    std::vector<std::uint64_t> coins;
    std::vector<std::uint8_t> faces;
    std::vector<T> values;
    for (const Level& level : levels_) {
        sizes.push_back(level.values.size());
        coins.push_back(level.coins);
        faces.push_back(level.next_face);
        values.insert(values.end(), level.values.begin(), level.values.end());
    }
    // The order of arrival is no part of the state.
    std::vector<T> buffer(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(buffered_));
    std::sort(buffer.begin(), buffer.end());
    std::vector<T> extremes;
    if (flushed_ > 0) extremes = {minimum_, maximum_};
    ContainerWriter writer;
    writer.add_scalar("k", k_);
    writer.add_scalar("seed", seed_);
    writer.add("seeds", seeds_);
    writer.add("level_sizes", sizes);
    writer.add("level_coins", coins);
    writer.add("level_faces", faces);
    writer.add("level_values", values);
    writer.add("buffer", buffer);
    writer.add("extremes", extremes);
    writer.add_scalar("error_variance", error_variance_);
    writer.add("specials", std::vector<std::uint64_t>{nan_, positive_infinity_, negative_infinity_});
    return writer.finish(kind);
}

template <class T>
void KllSketch<T>::Codec::read_levels(const Container& file, KllSketch& sketch) {
    const auto sizes = file.values<std::uint64_t>("level_sizes");
    require(!sizes.empty() && sizes.size() <= most_levels, "impossible number of levels");
    const auto coins = file.values<std::uint64_t>("level_coins", sizes.size());
    const auto faces = file.values<std::uint8_t>("level_faces", sizes.size());
    auto values = file.values<T>("level_values");
    sketch.levels_.resize(sizes.size());
    sketch.set_capacities();
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        require(sizes[i] <= values.size(), "levels larger than their values");
        const auto own = values.first(static_cast<std::size_t>(sizes[i]));
        values = values.subspan(own.size());
        require(are_sorted_values(own), "a level is not sorted");
        require(faces[i] <= 2 && (faces[i] == 0 || coins[i] > 0), "a coin that never fell");
        sketch.levels_[i] = {{own.begin(), own.end()}, coins[i], faces[i]};
        sketch.held_ += own.size();
        // At most 2^16 * 3 values are held, so that the sum below 2^62 cannot wrap before it is refused.
        require(sketch.held_ <= sketch.capacity_, "more values than the levels hold");
        require(own.size() <= ((std::uint64_t{1} << 62U) - sketch.flushed_) >> i, "more than 2^62 values");
        sketch.flushed_ += std::uint64_t{own.size()} << i;
    }
    require(values.empty(), "values without a level");
    const bool thinned = std::any_of(coins.begin(), coins.end(), [](std::uint64_t fallen) { return fallen > 0; });
    const double variance = file.scalar<double>("error_variance");
    const auto count = static_cast<double>(sketch.flushed_);
    require(!std::signbit(variance) && variance <= count * count && (variance > 0.0) == thinned, "an impossible error");
    require(thinned || sizes.size() == 1, "levels above the first without a coin");
    sketch.error_variance_ = variance;
}

template <class T>
void KllSketch<T>::Codec::read_state(const Container& file, KllSketch& sketch) {
    const auto seeds = file.values<std::uint64_t>("seeds");
    require(std::adjacent_find(seeds.begin(), seeds.end(), std::greater_equal<>()) == seeds.end() &&
                std::binary_search(seeds.begin(), seeds.end(), sketch.seed_),
            "the list of seeds is not that of a sketch");
    sketch.seeds_.assign(seeds.begin(), seeds.end());
    const auto buffer = file.values<T>("buffer");
    require(buffer.size() <= buffer_size && are_sorted_values(buffer), "an impossible buffer");
    std::copy(buffer.begin(), buffer.end(), sketch.buffer_.begin());
    sketch.buffered_ = buffer.size();
    const auto extremes = file.values<T>("extremes", sketch.flushed_ > 0 ? 2U : 0U);
    if (!extremes.empty()) {
        require(are_sorted_values(extremes), "impossible extremes");
        sketch.minimum_ = extremes[0];
        sketch.maximum_ = extremes[1];
        for (const Level& level : sketch.levels_)
            require(level.values.empty() ||
                        (level.values.front() >= sketch.minimum_ && level.values.back() <= sketch.maximum_),
                    "values beyond the extremes");
    }
    const auto specials = file.values<std::uint64_t>("specials", 3);
    sketch.nan_ = specials[0];
    sketch.positive_infinity_ = specials[1];
    sketch.negative_infinity_ = specials[2];
}

template <class T>
KllSketch<T> KllSketch<T>::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(kind);
    require(file.tensors().size() == 11 && file.metadata_keys().size() == 4, "parts that no sketch has");
    for (const char* name : {"k", "seed", "error_variance"}) require(file.tensor(name).shape.empty(), "no scalar");
    for (const char* name :
         {"seeds", "level_sizes", "level_coins", "level_faces", "level_values", "buffer", "extremes", "specials"})
        require(file.tensor(name).shape.size() == 1, "no list");
    const auto k = file.scalar<std::uint32_t>("k");
    require(k >= minimum_k && k <= maximum_k, "k out of range");
    KllSketch sketch(k, file.scalar<std::uint64_t>("seed"));
    Codec::read_levels(file, sketch);
    Codec::read_state(file, sketch);
    return sketch;
}

template std::vector<std::byte> KllSketch<float>::serialize() const;
template std::vector<std::byte> KllSketch<double>::serialize() const;
template KllSketch<float> KllSketch<float>::deserialize(std::span<const std::byte> bytes);
template KllSketch<double> KllSketch<double>::deserialize(std::span<const std::byte> bytes);

}  // namespace vedette::inline v0::stats
