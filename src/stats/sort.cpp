// SPDX-License-Identifier: Apache-2.0
// Radix sort on the bits of floating-point numbers.
#include "stats/sort.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace vedette::inline v0::stats {
namespace {

constexpr std::size_t digit_bits = 8;
constexpr std::size_t digit_count = std::size_t{1} << digit_bits;
constexpr std::size_t few_values = 256;

// Positive numbers are ordered as their bits; negative ones the other way round. Flipping the sign of the former and
// all bits of the latter makes one ascending order of unsigned integers.
template <class Word>
constexpr Word to_key(Word bits) noexcept {
    constexpr unsigned last = sizeof(Word) * 8 - 1;
    const Word negative = Word{0} - (bits >> last);
    return bits ^ (negative | (Word{1} << last));
}
template <class Word>
constexpr Word from_key(Word key) noexcept {
    constexpr unsigned last = sizeof(Word) * 8 - 1;
    const Word positive = Word{0} - (key >> last);
    return key ^ (~positive | (Word{1} << last));
}

template <class Word>
constexpr std::size_t digit(Word key, std::size_t place) noexcept {
    return static_cast<std::size_t>(key >> (place * digit_bits)) & (digit_count - 1);
}

template <class Word, class T>
void sort_by_radix(std::span<T> values) {
    constexpr std::size_t places = (sizeof(Word) * 8 + digit_bits - 1) / digit_bits;
    const std::size_t n = values.size();
    const auto buffer = std::make_unique_for_overwrite<Word[]>(2 * n);
    Word* from = buffer.get();
    Word* to = from + n;
    // All histograms in one pass: the digits of a number do not change as it moves.
    std::array<std::array<std::size_t, digit_count>, places> starts{};
    for (std::size_t i = 0; i < n; ++i) {
        const Word key = to_key(std::bit_cast<Word>(values[i]));
        from[i] = key;
        for (std::size_t place = 0; place < places; ++place) ++starts[place][digit(key, place)];
    }
    for (std::size_t place = 0; place < places; ++place) {
        auto& start = starts[place];
        if (start[digit(from[0], place)] == n) continue;  // the same everywhere
        std::size_t sum = 0;
        for (std::size_t& count : start) sum += std::exchange(count, sum);
        for (std::size_t i = 0; i < n; ++i) to[start[digit(from[i], place)]++] = from[i];
        std::swap(from, to);
    }
    for (std::size_t i = 0; i < n; ++i) values[i] = std::bit_cast<T>(from_key(from[i]));
}

}  // namespace

void sort_ascending(std::span<float> values) {
    if (values.size() <= few_values) return std::sort(values.begin(), values.end());
    sort_by_radix<std::uint32_t>(values);
}

void sort_ascending(std::span<double> values) {
    if (values.size() <= few_values) return std::sort(values.begin(), values.end());
    sort_by_radix<std::uint64_t>(values);
}

}  // namespace vedette::inline v0::stats
