// SPDX-License-Identifier: Apache-2.0
// Bucket numbers: plain loops, which compilers turn into vectors of whatever instruction set they are compiled for; the
// source of each includes them, and CPUs without one run them as they are.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/bucket_table.hpp"

namespace vedette::inline v0::kernels {
namespace {

template <class T>
struct Ordered;
template <>
struct Ordered<float> {
    using Key = std::int32_t;
    using Word = std::uint32_t;
};
template <>
struct Ordered<double> {
    using Key = std::int64_t;
    using Word = std::uint64_t;
};

// Ordered as the values are; -0 becomes 0 first.
template <class T>
inline typename Ordered<T>::Key ordered_bits(T value) noexcept {
    using Key = typename Ordered<T>::Key;
    constexpr unsigned last = sizeof(Key) * 8 - 1;
    constexpr Key largest = static_cast<Key>(~(typename Ordered<T>::Word{1} << last));
    const Key bits = __builtin_bit_cast(Key, value + T{0});
    return bits ^ ((bits >> last) & largest);
}

template <class T>
void buckets_by_width(const T* x, std::size_t n, T low, T scale, std::uint16_t last, std::uint16_t* buckets) noexcept {
    const T limit = static_cast<T>(last);
    for (std::size_t i = 0; i < n; ++i) {
        T place = (x[i] - low) * scale;
        place = place > T{0} ? place : T{0};  // NaN becomes 0
        place = place < limit ? place : limit;
        buckets[i] = static_cast<std::uint16_t>(static_cast<std::int32_t>(place));
    }
}

template <class T>
void buckets_by_bits(const T* x, std::size_t n, std::int64_t base, unsigned shift, std::uint16_t last,
                     std::uint16_t* buckets) noexcept {
    using Key = typename Ordered<T>::Key;
    using Word = typename Ordered<T>::Word;
    const Key first = static_cast<Key>(base);
    for (std::size_t i = 0; i < n; ++i) {
        const Key bits = ordered_bits(x[i]);
        const Key known = x[i] == x[i] ? bits : first;  // NaN becomes 0
        const Key key = known > first ? known : first;
        const Word place = static_cast<Word>(static_cast<Word>(key) - static_cast<Word>(first)) >> shift;
        buckets[i] = static_cast<std::uint16_t>(place < last ? place : last);
    }
}

template <class T>
constexpr BucketKernels<T> bucket_entries() noexcept {
    return {&buckets_by_width<T>, &buckets_by_bits<T>};
}

}  // namespace
}  // namespace vedette::inline v0::kernels
