// SPDX-License-Identifier: Apache-2.0
// Counts what the request path allocates: nothing.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "sample.hpp"
#include "vedette/guard/guard.hpp"

// Every allocation of this executable is counted. The sanitizers replace these operators themselves.
#if !defined(VEDETTE_SANITIZED)
namespace {
std::atomic<std::size_t> allocations{0};
}

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

TEST_CASE("checking and counting rows allocates nothing") {
    using namespace vedette;
    Guard guard(vedette::testing::sample_baseline());
    struct First {
        double score(std::span<const float> row) const noexcept { return static_cast<double>(row[0]); }
    };
    guard.add_score("first", First{}, {.alarm = 1e30});
    Window window(guard.baseline());
    const std::vector<float> narrow{1.0F, 0.0F, 0.5F, 1.0F};
    const std::vector<double> wide{-1e9, std::nan(""), 0.5, 7.0};
    const std::vector<Value> mixed{Value(), 0.0, "wrong", "a category that nobody has ever seen before"};
    const std::vector<float> short_row{1.0F};
    const std::size_t before = allocations;
    unsigned reasons = 0;
    for (int i = 0; i < 1000; ++i) {
        reasons |= guard.check(narrow, window).reasons | guard.check(wide, window).reasons |
                   guard.check(mixed, window).reasons | guard.check(short_row, window).reasons;
        window.observe(narrow);
        window.observe(wide);
        window.observe(mixed);
    }
    CHECK(allocations == before);
    CHECK(reasons != 0);
    const std::vector<int> proof(10);
    CHECK(allocations > before);  // the counter does count
}
#endif
