// SPDX-License-Identifier: Apache-2.0
// Memory that is wiped before it is given back, for exact counts that wait for their noise.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace vedette::inline v0::privacy::detail {

/// Overwrites in a way that is not optimised away.
void wipe_memory(void* memory, std::size_t size) noexcept;

template <class T>
struct WipingAllocator {
    using value_type = T;
    WipingAllocator() = default;
    template <class Other>
    WipingAllocator(const WipingAllocator<Other>&) noexcept {}  // NOLINT(google-explicit-constructor): as allocators do
    [[nodiscard]] T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
    void deallocate(T* memory, std::size_t count) noexcept {
        wipe_memory(memory, count * sizeof(T));
        std::allocator<T>().deallocate(memory, count);
    }
    friend bool operator==(const WipingAllocator&, const WipingAllocator&) noexcept { return true; }
};

template <class T>
using SecretVector = std::vector<T, WipingAllocator<T>>;

}  // namespace vedette::inline v0::privacy::detail
