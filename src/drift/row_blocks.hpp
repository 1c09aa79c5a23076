// SPDX-License-Identifier: Apache-2.0
// Rows in the order of time, taken in blocks or thinned before they are compared.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "vedette/core/error.hpp"
#include "vedette/drift/test_options.hpp"

namespace vedette::inline v0::drift {

inline void check(const RowBlocks& rows) {
    if (rows.block == 0 || rows.thin == 0)
        throw Error(ErrorCode::invalid_argument,
                    std::string(rows.block == 0 ? "block" : "thin") + " is 0, must be at least 1");
    if (rows.block > 1 && rows.thin > 1) throw Error(ErrorCode::invalid_argument, "block and thin exclude each other");
}

/// One of how many values that have no mean is kept.
inline std::size_t step_of(const RowBlocks& rows) noexcept {
    return std::max(rows.block, rows.thin);
}

/// Whole rows of `width` values each: the first of each `thin` rows, without those that are not finite; or of those
/// that are, means of `block` in a row. What is left over at the end makes no block. `origins`: where each that is
/// taken (or the first of its block) was among the rows.
inline std::vector<double> take(const RowBlocks& rows, std::size_t width, std::vector<double> values,
                                std::vector<std::size_t>* origins = nullptr) {
    const std::size_t step = rows.thin;
    const auto weight = static_cast<double>(rows.block);
    std::size_t kept = 0;   // values in the front, which the reading is never behind
    std::size_t place = 0;  // in the block
    std::size_t first = 0;  // value of the block
    for (std::size_t i = 0; i + width <= values.size() && width > 0; i += step * width) {
        bool finite = true;
        for (std::size_t j = 0; j < width; ++j) finite = finite && std::isfinite(values[i + j]);
        if (!finite) continue;
        if (place == 0) first = i;
        // Shares, so that no sum runs over.
        for (std::size_t j = 0; j < width; ++j) {
            const double share = rows.block == 1 ? values[i + j] : values[i + j] / weight;
            values[kept + j] = place == 0 ? share : values[kept + j] + share;
        }
        if (++place < rows.block) continue;
        place = 0;
        kept += width;
        if (origins != nullptr) origins->push_back(first / width);
    }
    values.resize(kept);
    return values;
}

}  // namespace vedette::inline v0::drift
