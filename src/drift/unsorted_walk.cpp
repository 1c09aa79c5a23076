// SPDX-License-Identifier: Apache-2.0
// Cutting two samples into chunks, and the room that the kernel works in.
#include "drift/unsorted_walk.hpp"

#include <algorithm>
#include <bit>
#include <iterator>

#include "drift/bucket_map.hpp"
#include "drift/clean_values.hpp"
#include "kernels/dispatch.hpp"
#include "stats/sort.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr std::size_t chunk_values = 4096;
constexpr std::size_t alignment = 64;
// So many values before it is written to, a line is asked for: room for them is behind the last value.
template <class T>
constexpr std::size_t ahead = 64 / sizeof(T);

unsigned chunk_bits(std::size_t total) {
    const auto width = static_cast<unsigned>(std::bit_width(total / chunk_values));
    return std::clamp(width, 1U, 11U);
}

template <class T>
bool is_rarely_tied(std::span<const T> glance) noexcept {
    std::size_t tied = 0;
    for (std::size_t i = 1; i < glance.size(); ++i) tied += glance[i] == glance[i - 1] ? 1U : 0U;
    return 4 * tied < glance.size();
}

}  // namespace

template <class T>
std::optional<PooledChunks<T>> PooledChunks<T>::cut(ColumnView<T> reference, ColumnView<T> live, NanPolicy nan) {
    const std::size_t total = reference.size() + live.size();
    if (reference.empty() || live.empty() || total < least_values) return std::nullopt;
    if (!reference.is_contiguous() || !live.is_contiguous()) {
        const CleanValues<T> x(reference, nan), y(live, nan);
        return cut(x.values(), y.values(), nan);
    }
    const std::span<const T> x(reference.data(), reference.size()), y(live.data(), live.size());
    const std::vector<T> glance = glance_at(x, y);
    if (!is_rarely_tied<T>(glance)) return std::nullopt;
    PooledChunks chunks(x, y, glance);
    chunks.drop_nan();
    if (nan == NanPolicy::refuse && chunks.n_ + chunks.m_ < total) {
        (void)count_nan(reference, nan);
        (void)count_nan(live, nan);
    }
    // What is left may be little: tests trust that it is not, and take exact laws where it is.
    if (chunks.n_ == 0 || chunks.m_ == 0 || chunks.n_ + chunks.m_ < least_values) return std::nullopt;
    chunks.make_room();
    return chunks;
}

template <class T>
PooledChunks<T>::PooledChunks(std::span<const T> reference, std::span<const T> live, std::span<const T> glance)
    : n_(reference.size()), m_(live.size()), values_(std::make_unique_for_overwrite<T[]>(n_ + m_ + ahead<T>)) {
    const BucketMap<T> map(glance, chunk_bits(n_ + m_));
    std::vector<std::uint32_t> reference_counts(map.size(), 0), live_counts(map.size(), 0);
    const Buckets<T> reference_buckets(map, reference), live_buckets(map, live);
    reference_buckets.count(reference_counts.data());
    live_buckets.count(live_counts.data());

    std::vector<T*> reference_places(map.size()), live_places(map.size());
    std::size_t end = 0;
    for (std::size_t k = 0; k < map.size(); ++k) {
        reference_places[k] = values_.get() + end;
        reference_ends_.push_back(end += reference_counts[k]);
        live_places[k] = values_.get() + end;
        ends_.push_back(end += live_counts[k]);
    }
    const auto scatter = [](const Buckets<T>& side, std::vector<T*>& places) {
        side.for_each_block([&](std::span<const T> values, const std::uint16_t* bucket) {
            for (std::size_t i = 0; i < values.size(); ++i) {
                T* const place = places[bucket[i]]++;
                *place = values[i];
                // Hundreds of streams are more than the processor follows by itself.
                __builtin_prefetch(place + ahead<T>, 1);
            }
        });
    };
    scatter(reference_buckets, reference_places);
    scatter(live_buckets, live_places);
}

// NaN are in the first chunk, which moves its other values up.
template <class T>
void PooledChunks<T>::drop_nan() noexcept {
    T* const values = values_.get();
    const auto upwards = [&](std::size_t begin, std::size_t end) {
        const auto kept =
            std::remove_if(std::make_reverse_iterator(values + end), std::make_reverse_iterator(values + begin),
                           [](T value) { return value != value; });
        return static_cast<std::size_t>(kept.base() - values);
    };
    const std::size_t first_live = reference_ends_.front();
    const std::size_t live = upwards(first_live, ends_.front()), reference = upwards(0, first_live);
    std::move_backward(values + reference, values + first_live, values + live);
    n_ -= reference;
    m_ -= live - first_live;
    start_ = reference + (live - first_live);
    reference_ends_.front() = live;
}

template <class T>
void PooledChunks<T>::make_room() {
    std::size_t largest = 0;
    for (std::size_t k = 0; k < ends_.size(); ++k) {
        const std::size_t size = ends_[k] - start_of(k);
        if (size <= kernels::most_walk_values) largest = std::max(largest, size);
    }
    const std::size_t most_buckets = kernels::walk_buckets<T>(largest);
    places_.resize((kernels::walk_places + 1) * most_buckets + alignment / sizeof(T));
    void* place = places_.data();
    std::size_t room = places_.size() * sizeof(T);
    aligned_places_ = static_cast<T*>(std::align(alignment, sizeof(T), place, room));
    buckets_.resize(largest);
    counts_.resize(4 * most_buckets);
}

template <class T>
bool PooledChunks<T>::walk_chunk(std::size_t k, kernels::WalkSum sum, kernels::WalkState& state) noexcept {
    const std::size_t start = start_of(k);
    if (ends_[k] - start > kernels::most_walk_values || ends_[k] == start) return false;
    const kernels::WalkChunk<T> chunk{values_.get() + start,
                                      reference_ends_[k] - start,
                                      ends_[k] - reference_ends_[k],
                                      sum,
                                      static_cast<double>(n_),
                                      static_cast<double>(m_),
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
