// SPDX-License-Identifier: Apache-2.0
// An operator new that fails on demand; a file of its own, lest the compiler inline the one operator and not the other.
#include "allocation_failure.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace {
thread_local int left = -1;
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
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
#endif
