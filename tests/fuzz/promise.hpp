// SPDX-License-Identifier: Apache-2.0
// What fuzzers ask of the library: a promise that is broken ends the run, and a reader refuses with a code made for it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>

#include "vedette/core/error.hpp"

namespace vedette::fuzzing {

/// How often a reader took what it was given: the replay of a corpus sees by it that its seeds are still files.
inline std::size_t accepted = 0;

/// Says which promise was broken and aborts; the stack names the fuzzer.
inline void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "broken promise: %s\n", what);
    std::abort();
}

/// Calls read(). It may refuse what it reads as corrupt, as of an unknown version or with one of the others, and must
/// not throw anything else.
template <class Read>
void attempt(Read&& read, std::initializer_list<ErrorCode> others = {}) {
    try {
        read();
        ++accepted;
    } catch (const Error& error) {
        const ErrorCode code = error.code();
        require(code == ErrorCode::corrupt_data || code == ErrorCode::unsupported_version ||
                    std::find(others.begin(), others.end(), code) != others.end(),
                error.what());
    }
}

}  // namespace vedette::fuzzing
