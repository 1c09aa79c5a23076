// SPDX-License-Identifier: Apache-2.0
// A table as CSV that the reader reads back as it was.
#pragma once

#include <string>

#include "vedette/core/view.hpp"

namespace vedette::inline v0::cli {

/// A header and a line per row (LF). Nulls are empty fields, empty texts quoted ones; numbers in their shortest form
/// that reads as the same number of the column's type. Texts must be UTF-8 without NUL.
[[nodiscard]] std::string to_csv(const Table& table, char delimiter);

/// A text as a field of a CSV with commas, quoted where it must be.
[[nodiscard]] std::string csv_field(const std::string& text);

}  // namespace vedette::inline v0::cli
