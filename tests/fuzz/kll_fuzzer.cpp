// SPDX-License-Identifier: Apache-2.0
// Fuzzes the reader of sketches, as given and with the checksum mended; what is accepted must work and be canonical.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "promise.hpp"
#include "vedette/core/digest.hpp"
#include "vedette/stats/kll_sketch.hpp"

namespace {

using vedette::fuzzing::attempt;
using vedette::fuzzing::require;

template <class T>
void check_accepted(vedette::stats::KllSketch<T> sketch) {
    const auto bytes = sketch.serialize();  // the container may have come with its header in another order
    require(vedette::stats::KllSketch<T>::deserialize(bytes).serialize() == bytes, "writing is not canonical");
    const std::uint64_t count = sketch.count();
    std::uint64_t weight = 0;
    for (const auto& item : sketch.sorted_values()) weight += item.weight;
    require(weight == count, "weights do not sum to the count");
    if (count > 0) {
        require(sketch.rank(sketch.maximum()) == 1.0, "a value above the maximum");
        const double error = sketch.uniform_rank_error(0.99);
        require(error >= 0.0 && error <= 1.0, "an error that is no share");
    }
    if (count > std::uint64_t{1} << 60U) return;
    for (int i = 0; i < 200; ++i) sketch.update(static_cast<T>(i));
    sketch.merge(sketch);
    require(sketch.count() == 2 * (count + 200), "values got lost");
    require(vedette::stats::KllSketch<T>::deserialize(sketch.serialize()).count() == sketch.count(), "no round trip");
}

template <class T>
void try_sketch(const std::vector<std::byte>& bytes) {
    attempt([&] { check_accepted(vedette::stats::KllSketch<T>::deserialize(bytes)); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto* begin = reinterpret_cast<const std::byte*>(data);
    std::vector<std::byte> bytes(begin, begin + size);
    try_sketch<double>(bytes);
    try_sketch<float>(bytes);

    constexpr std::string_view field = "\"sha256\":\"";
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::size_t at = text.find(field);
    if (at != std::string_view::npos && text.size() - at >= field.size() + 64) {
        const auto digits = bytes.begin() + static_cast<std::ptrdiff_t>(at + field.size());
        std::fill_n(digits, 64, std::byte{'0'});
        const std::string digest = vedette::to_hex(vedette::sha256(bytes));
        std::transform(digest.begin(), digest.end(), digits, [](char c) { return static_cast<std::byte>(c); });
        try_sketch<double>(bytes);
        try_sketch<float>(bytes);
    }
    return 0;
}
