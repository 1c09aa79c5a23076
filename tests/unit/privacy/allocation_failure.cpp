// SPDX-License-Identifier: Apache-2.0
// An operator new that fails on demand; a file of its own, lest the compiler inline the one operator and not the other.
#include "allocation_failure.hpp"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {
thread_local int left = -1;
thread_local bool watching = false;
thread_local unsigned long long watched = 0, found = 0;
}  // namespace

void watch_freed(unsigned long long word) noexcept {
    watched = word;
    found = 0;
    watching = true;
}

unsigned long long freed_with() noexcept {
    watching = false;
    return found;
}

void fail_allocation(int skipped) noexcept {
    left = skipped;
}

#if !defined(VEDETTE_SANITIZED)
void* operator new(std::size_t size) {
    if (left >= 0 && left-- == 0) throw std::bad_alloc();
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t size) noexcept {
    if (watching)
        for (std::size_t i = 0; i + sizeof watched <= size; i += sizeof watched)
            if (std::memcmp(static_cast<const unsigned char*>(memory) + i, &watched, sizeof watched) == 0) {
                ++found;
                break;
            }
    std::free(memory);
}
#endif
