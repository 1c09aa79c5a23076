// SPDX-License-Identifier: Apache-2.0
// How tests see that whatever watches a stream takes no memory after it was made, and that its file does not lengthen.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "unit/drift/allocation_count.hpp"

namespace constant_memory {

/// How many updates each gets: what VEDETTE_UPDATES says (`ctest -C slow -L slow`: 10^8), or fewer of dear ones.
inline std::uint64_t updates(std::uint64_t otherwise) {
    const char* const asked = std::getenv("VEDETTE_UPDATES");
    return asked == nullptr ? otherwise : std::strtoull(asked, nullptr, 10);
}

/// Calls update(i) `count` times, in sixteen parts: none may allocate, and after the first four (in which windows fill)
/// no file may be longer than it was, but for what a window that has been cut, or a buffer, holds more or less at
/// times.
template <class Update, class Size>
void check_constant(const std::string& what, std::uint64_t count, Update&& update, Size&& size) {
    CAPTURE(what);
    std::size_t largest = 0;
    std::uint64_t done = 0;
    for (std::uint64_t part = 1; part <= 16; ++part) {
        const std::size_t before = allocation_count();
        for (; done < part * count / 16; ++done) update(done);
        CHECK(allocation_count() == before);
        const std::size_t now = size();
        if (part <= 4) largest = std::max(largest, now);
        CHECK(now <= largest + largest / 4 + 256);
    }
    CHECK(done == count);
}

}  // namespace constant_memory
