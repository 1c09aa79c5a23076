// SPDX-License-Identifier: Apache-2.0
// What many unit tests need: seeded values, and the code of the error that a call throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"

namespace vedette::testing {

inline double sum(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
}

inline std::vector<double> normals(std::size_t count, std::uint64_t seed) {
    Random random(seed);
    std::vector<double> values(count);
    for (double& value : values) value = random.normal();
    return values;
}

/// ErrorCode{} where nothing is thrown.
template <class Call>
ErrorCode code_of(Call&& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.code();
    }
    return ErrorCode{};
}

}  // namespace vedette::testing
