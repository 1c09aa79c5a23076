// SPDX-License-Identifier: Apache-2.0
// Counts every allocation; a file of its own, lest the compiler inline the one operator and not the other.
#include "unit/drift/allocation_count.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
std::atomic<std::size_t> allocations{0};
}

std::size_t allocation_count() noexcept {
    return allocations;
}

#if !defined(VEDETTE_SANITIZED)
void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
#endif
