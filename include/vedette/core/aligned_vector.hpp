// SPDX-License-Identifier: Apache-2.0
// Vectors that begin at a cache line, so that no register's worth of them lies across two.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace vedette::inline v0 {

/// Allocates at multiples of 64 bytes.
template <class T>
struct LineAllocator {
    using value_type = T;
    static constexpr std::align_val_t alignment{64};

    LineAllocator() = default;
    template <class U>
    LineAllocator(const LineAllocator<U>& /*other*/) noexcept {}  // NOLINT(google-explicit-constructor): rebinding

    [[nodiscard]] T* allocate(std::size_t count) {
        if (count > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_array_new_length();
        return static_cast<T*>(::operator new(count * sizeof(T), alignment));
    }
    void deallocate(T* values, std::size_t /*count*/) noexcept { ::operator delete(values, alignment); }

    friend bool operator==(const LineAllocator& /*a*/, const LineAllocator& /*b*/) noexcept { return true; }
};

template <class T>
using AlignedVector = std::vector<T, LineAllocator<T>>;

}  // namespace vedette::inline v0
