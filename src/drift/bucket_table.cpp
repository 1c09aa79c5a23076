// SPDX-License-Identifier: Apache-2.0
// Counting into buckets, bounding what each can add, and settling the buckets that the bounds leave open.
#include "drift/bucket_table.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "drift/tie_groups.hpp"
#include "stats/sort.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/bucketed_sample.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr std::size_t most_values = std::numeric_limits<std::uint32_t>::max();

// The bits of a bucket number for which `size` values leave a few in each bucket.
unsigned bits_for(std::size_t size) {
    constexpr unsigned fewest_bits = 4;
    const auto width = static_cast<unsigned>(std::bit_width(size));
    return std::clamp(width, fewest_bits, BucketMap<double>::most_bits);
}

// What is to be done about a bucket; only to_sort is odd.
constexpr std::uint8_t closed = 0;
constexpr std::uint8_t to_sort = 1;
constexpr std::uint8_t to_compare = 2;  // its reference values are all the same: live values lie below, at or above it
// Live values of a bucket up to which sorting them costs less than another pass over all values.
constexpr std::uint32_t worth_comparing = 64;

// The values of buckets to sort, of which there are `count`, ascending.
template <class T>
std::vector<T> values_of(const Buckets<T>& all, const std::vector<std::uint8_t>& open, std::size_t count) {
    std::vector<T> kept(count + 1);
    std::size_t place = 0;
    all.for_each_block([&](std::span<const T> values, const std::uint16_t* buckets) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            kept[place] = values[i];
            place += static_cast<std::size_t>(open[buckets[i]] & to_sort);
        }
    });
    kept.pop_back();
    stats::sort_ascending(std::span<T>(kept));
    return kept;
}

// Live values of a bucket below and at its single reference value.
struct Sides {
    std::uint32_t below = 0;
    std::uint32_t equal = 0;
};

// The walk over buckets. Within one, F - G rises by at most its reference values and falls by at most its live ones, so
// most buckets cannot hold an extreme; the others are open.
class Extremes {
  public:
    Extremes(std::size_t reference_size, std::size_t live_size, Wanted wanted)
        : n_(static_cast<std::int64_t>(reference_size)), m_(static_cast<std::int64_t>(live_size)), wanted_(wanted) {}

    // At the ends of buckets.
    void close(std::span<const std::uint32_t> reference, std::span<const std::uint32_t> live) {
        std::int64_t difference = 0;
        for (std::size_t k = 0; k < live.size(); ++k) {
            note(difference += rise(reference[k]) - fall(live[k]));
        }
    }
    // Which buckets may hold more, as flags; how many values on either side are to be sorted. is_single(k): whether all
    // reference values of a bucket are known to be the same.
    template <class IsSingle>
    std::pair<std::size_t, std::size_t> open(std::span<const std::uint32_t> reference,
                                             std::span<const std::uint32_t> live, std::vector<std::uint8_t>& flags,
                                             IsSingle&& is_single) {
        const auto [above, below] = bounds();
        std::size_t reference_count = 0;
        std::size_t live_count = 0;
        std::int64_t difference = 0;
        for (std::size_t k = 0; k < live.size(); ++k) {
            const bool may = difference + rise(reference[k]) > above || difference - fall(live[k]) < below;
            // One side alone moves straight to the end of the bucket.
            const bool is_open = may && reference[k] > 0 && live[k] > 0;
            flags[k] = !is_open ? closed : live[k] > worth_comparing && is_single(k) ? to_compare : to_sort;
            reference_count += flags[k] == to_sort ? reference[k] : 0;
            live_count += flags[k] == to_sort ? live[k] : 0;
            difference += rise(reference[k]) - fall(live[k]);
        }
        return {reference_count, live_count};
    }
    // Value by value through the buckets to sort. reference_of(k): the ascending values of bucket k; `sorted`: the live
    // ones of all buckets to sort; sides(k): how many live values lie below and at the single one of bucket k.
    template <class T, class ReferenceOf, class SidesOf>
    void settle(std::span<const std::uint32_t> reference, std::span<const std::uint32_t> live,
                const std::vector<std::uint8_t>& flags, std::span<const T> sorted, ReferenceOf&& reference_of,
                SidesOf&& sides) {
        std::int64_t start = 0;
        std::size_t used = 0;
        for (std::size_t k = 0; k < live.size(); ++k) {
            if (flags[k] == to_sort) {
                std::int64_t difference = start;
                for_each_tie_group<T>(reference_of(k), sorted.subspan(used, live[k]),
                                      [&](T, std::size_t c, std::size_t d) { note(difference += rise(c) - fall(d)); });
                used += live[k];
            } else if (flags[k] == to_compare) {
                const auto [below, equal] = sides(k);
                note(start - fall(below));
                note(start - fall(below + equal) + rise(reference[k]));
            }
            start += rise(reference[k]) - fall(live[k]);
        }
    }
    [[nodiscard]] DifferenceExtremes found() const noexcept { return found_; }

  private:
    void note(std::int64_t difference) {
        found_.largest = std::max(found_.largest, difference);
        found_.smallest = std::min(found_.smallest, difference);
    }
    [[nodiscard]] std::int64_t rise(std::size_t count) const { return static_cast<std::int64_t>(count) * m_; }
    [[nodiscard]] std::int64_t fall(std::size_t count) const { return static_cast<std::int64_t>(count) * n_; }

    // What a bucket must exceed to matter.
    [[nodiscard]] std::pair<std::int64_t, std::int64_t> bounds() const {
        const std::int64_t never = n_ * m_;
        switch (wanted_) {
            case Wanted::largest: return {found_.largest, -never};
            case Wanted::smallest: return {never, found_.smallest};
            case Wanted::both: return {found_.largest, found_.smallest};
            default: break;
        }
        const std::int64_t size = std::max(found_.largest, -found_.smallest);
        return {size, -size};
    }

    std::int64_t n_;
    std::int64_t m_;
    Wanted wanted_;
    DifferenceExtremes found_;
};

}  // namespace

template <class T>
BucketTable<T>::BucketTable(SortedSample<T> sorted) : sample(std::move(sorted)) {
    const std::span<const T> values = sample.values();
    if (values.empty()) return;
    if (values.size() > most_values)
        throw Error(ErrorCode::invalid_argument,
                    "BucketedSample: " + std::to_string(values.size()) + " values, at most 4294967295 are supported");
    map.emplace(values, bits_for(2 * values.size()));
    std::vector<std::uint32_t> ends(map->size() + 1, 0);
    Buckets<T>(*map, values).count(ends.data() + 1);
    for (std::size_t k = 1; k < ends.size(); ++k) ends[k] += ends[k - 1];
    levels.push_back(std::move(ends));
    while (levels.back().size() > 17) {
        const std::vector<std::uint32_t>& finer = levels.back();
        std::vector<std::uint32_t> coarser;
        for (std::size_t k = 0; k < finer.size(); k += 2) coarser.push_back(finer[k]);
        levels.push_back(std::move(coarser));
    }
}

template <class T>
DifferenceExtremes difference_extremes(const BucketTable<T>& reference, std::span<const T> live, Wanted wanted) {
    const BucketMap<T>& map = *reference.map;
    const auto finest = static_cast<unsigned>(reference.levels.size() - 1);
    const auto all_bits = static_cast<unsigned>(std::bit_width(map.size() - 1));
    // Fewer buckets are quicker to look through, more leave fewer values open.
    const unsigned wanted_bits = std::max(bits_for(live.size() >> 4), 9U);
    const unsigned shift = std::min(all_bits - std::min(all_bits, wanted_bits), finest);
    const std::vector<std::uint32_t>& ends = reference.levels[shift];
    const std::size_t size = ends.size() - 1;
    std::vector<std::uint32_t> reference_counts(size);
    for (std::size_t k = 0; k < size; ++k) reference_counts[k] = ends[k + 1] - ends[k];
    std::vector<std::uint32_t> live_counts(size, 0);
    const Buckets<T> live_buckets(map, live, shift);
    live_buckets.count(live_counts.data());

    Extremes extremes(reference.sample.size(), live.size(), wanted);
    extremes.close(reference_counts, live_counts);
    std::vector<std::uint8_t> flags(size);
    const std::span<const T> known = reference.sample.values();
    const auto [unused, live_open] = extremes.open(
        reference_counts, live_counts, flags, [&](std::size_t k) { return known[ends[k]] == known[ends[k + 1] - 1]; });
    const std::vector<T> sorted = values_of(live_buckets, flags, live_open);
    std::vector<Sides> sides;
    if (std::find(flags.begin(), flags.end(), to_compare) != flags.end()) {
        sides.resize(size);
        live_buckets.for_each_block([&](std::span<const T> values, const std::uint16_t* buckets) {
            for (std::size_t i = 0; i < values.size(); ++i) {
                const std::size_t k = buckets[i];
                if (flags[k] != to_compare) continue;
                sides[k].below += values[i] < known[ends[k]] ? 1U : 0U;
                sides[k].equal += values[i] == known[ends[k]] ? 1U : 0U;
            }
        });
    }
    extremes.settle<T>(
        reference_counts, live_counts, flags, sorted,
        [&](std::size_t k) { return known.subspan(ends[k], reference_counts[k]); },
        [&](std::size_t k) { return sides[k]; });
    return extremes.found();
}

template <class T>
std::optional<DifferenceExtremes> difference_extremes(std::span<const T> reference, std::span<const T> live,
                                                      Wanted wanted) {
    if (std::max(reference.size(), live.size()) > most_values) return std::nullopt;
    const std::vector<T> glance = glance_at(reference, live);
    const BucketMap<T> map(glance, bits_for(std::max(reference.size(), live.size())));
    constexpr double too_crowded = 1e-3;
    if (map.crowding() > too_crowded) return std::nullopt;

    std::vector<std::uint32_t> reference_counts(map.size(), 0), live_counts(map.size(), 0);
    const Buckets<T> reference_buckets(map, reference), live_buckets(map, live);
    reference_buckets.count(reference_counts.data());
    live_buckets.count(live_counts.data());

    Extremes extremes(reference.size(), live.size(), wanted);
    extremes.close(reference_counts, live_counts);
    std::vector<std::uint8_t> flags(map.size());
    const auto [reference_open, live_open] =
        extremes.open(reference_counts, live_counts, flags, [](std::size_t) { return false; });
    const std::vector<T> sorted_reference = values_of(reference_buckets, flags, reference_open);
    const std::vector<T> sorted_live = values_of(live_buckets, flags, live_open);
    std::size_t used = 0;
    extremes.settle<T>(
        reference_counts, live_counts, flags, sorted_live,
        [&](std::size_t k) {
            used += reference_counts[k];
            return std::span<const T>(sorted_reference).subspan(used - reference_counts[k], reference_counts[k]);
        },
        [](std::size_t) { return Sides{}; });
    return extremes.found();
}

template <class T>
BucketedSample<T>::BucketedSample(SortedSample<T> sample)
    : table_(std::make_shared<const BucketTable<T>>(std::move(sample))) {}

template <class T>
const SortedSample<T>& BucketedSample<T>::sample() const noexcept {
    return table_->sample;
}

template struct BucketTable<float>;
template struct BucketTable<double>;
template class BucketedSample<float>;
template class BucketedSample<double>;
template DifferenceExtremes difference_extremes<float>(const BucketTable<float>&, std::span<const float>, Wanted);
template DifferenceExtremes difference_extremes<double>(const BucketTable<double>&, std::span<const double>, Wanted);
template std::optional<DifferenceExtremes> difference_extremes<float>(std::span<const float>, std::span<const float>,
                                                                      Wanted);
template std::optional<DifferenceExtremes> difference_extremes<double>(std::span<const double>, std::span<const double>,
                                                                       Wanted);

}  // namespace vedette::inline v0::drift
