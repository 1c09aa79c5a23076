// SPDX-License-Identifier: Apache-2.0
// What the drift functions of the C interface share: options, choices and answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "vedette.h"
#include "vedette/core/error.hpp"
#include "vedette/drift/multivariate.hpp"
#include "vedette/drift/test_options.hpp"

namespace vedette::inline v0::capi {

/// One of an enumeration's values, which run from 0 to `last`. Throws Error(invalid_argument).
template <class Enum>
Enum choice(std::int32_t value, Enum last, const char* argument) {
    if (value < 0 || value > static_cast<std::int32_t>(last))
        throw Error(ErrorCode::invalid_argument, std::string(argument) + ": " + std::to_string(value) +
                                                     " is none of 0 to " + std::to_string(static_cast<int>(last)));
    return static_cast<Enum>(value);
}

vdt_test_options default_test_options() noexcept;
/// Of functions that do not take rows in blocks, and refuse them. Throws Error(unsupported).
drift::TestOptions read_test_options(const vdt_test_options* given);
struct ColumnOptions {
    drift::TestOptions test;
    drift::RowBlocks rows;
};
ColumnOptions read_column_options(const vdt_test_options* given);

/// The answer where there are too few rows: NaN but for the counts.
drift::MultivariateResult not_evaluated(std::size_t reference_rows, std::size_t live_rows);

/// Throws Error(dimension_mismatch) where a buffer, unless null, is not of the size that is needed.
void check_room(const double* buffer, std::size_t capacity, std::size_t needed, const char* argument);
/// Copies contributions to the caller, NaN where the test defines none; a null buffer is left alone.
void write_contributions(const std::vector<double>& from, double* to, std::size_t capacity, std::size_t needed,
                         const char* argument);

}  // namespace vedette::inline v0::capi
