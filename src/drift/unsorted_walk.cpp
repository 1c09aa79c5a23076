// SPDX-License-Identifier: Apache-2.0
// Cutting two samples into chunks, and the room that the kernel works in.
#include "drift/unsorted_walk.hpp"

#include <bit>
#include <limits>

#include "kernels/dispatch.hpp"
#include "stats/sort.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr std::size_t least_values = 16384;
constexpr std::size_t chunk_values = 4096;
constexpr std::size_t alignment = 64;

unsigned chunk_bits(std::size_t total) {
    const auto width = static_cast<unsigned>(std::bit_width(total / chunk_values));
    return std::clamp(width, 1U, 11U);
}

}  // namespace

template <class T>
bool PooledChunks<T>::is_large(std::span<const T> reference, std::span<const T> live) noexcept {
    return !reference.empty() && !live.empty() && reference.size() + live.size() >= least_values;
}

template <class T>
bool PooledChunks<T>::is_rarely_tied(std::span<const T> glance) noexcept {
    std::size_t tied = 0;
    for (std::size_t i = 1; i < glance.size(); ++i) tied += glance[i] == glance[i - 1] ? 1U : 0U;
    return 4 * tied < glance.size();
}

template <class T>
PooledChunks<T>::PooledChunks(std::span<const T> reference, std::span<const T> live, std::span<const T> glance)
    : n_(static_cast<double>(reference.size())),
      m_(static_cast<double>(live.size())),
      values_(std::make_unique_for_overwrite<T[]>(reference.size() + live.size())) {
    const std::size_t total = reference.size() + live.size();
    const BucketMap<T> map(glance, chunk_bits(total));
    std::vector<std::uint32_t> reference_counts(map.size(), 0), live_counts(map.size(), 0);
    const Buckets<T> reference_buckets(map, reference), live_buckets(map, live);
    reference_buckets.count(reference_counts.data());
    live_buckets.count(live_counts.data());

    std::vector<T*> reference_places(map.size()), live_places(map.size());
    std::size_t end = 0;
    std::size_t largest = 0;
    for (std::size_t k = 0; k < map.size(); ++k) {
        const std::size_t size = std::size_t{reference_counts[k]} + live_counts[k];
        if (size <= kernels::most_walk_values) largest = std::max(largest, size);
        reference_places[k] = values_.get() + end;
        reference_ends_.push_back(end + reference_counts[k]);
        live_places[k] = values_.get() + reference_ends_.back();
        ends_.push_back(end += size);
    }
    const auto scatter = [](const Buckets<T>& side, std::vector<T*>& places) {
        side.for_each_block([&](std::span<const T> values, const std::uint16_t* bucket) {
            for (std::size_t i = 0; i < values.size(); ++i) *places[bucket[i]]++ = values[i];
        });
    };
    scatter(reference_buckets, reference_places);
    scatter(live_buckets, live_places);

    const std::size_t most_buckets = kernels::walk_buckets<T>(largest);
    places_.resize((kernels::walk_places + 1) * most_buckets + alignment / sizeof(T));
    void* place = places_.data();
    std::size_t room = places_.size() * sizeof(T);
    aligned_places_ = static_cast<T*>(std::align(alignment, sizeof(T), place, room));
    buckets_.resize(largest);
    counts_.resize(4 * most_buckets);
}

template <class T>
bool PooledChunks<T>::walk(std::size_t k, kernels::WalkSum sum, kernels::WalkState& state) noexcept {
    const std::size_t start = start_of(k);
    if (ends_[k] - start > kernels::most_walk_values || ends_[k] == start) return false;
    const kernels::WalkChunk<T> chunk{values_.get() + start,
                                      reference_ends_[k] - start,
                                      ends_[k] - reference_ends_[k],
                                      sum,
                                      n_,
                                      m_,
                                      aligned_places_,
                                      buckets_.data(),
                                      counts_.data()};
    return kernels::walks<T>(kernels::kernels()).walk(&chunk, &state);
}

template <class T>
std::span<const T> PooledChunks<T>::sorted(std::size_t begin, std::size_t end) {
    const std::span<T> values(values_.get() + begin, end - begin);
    stats::sort_ascending(values);
    return values;
}

template class PooledChunks<float>;
template class PooledChunks<double>;

}  // namespace vedette::inline v0::drift
