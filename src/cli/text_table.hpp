// SPDX-License-Identifier: Apache-2.0
// Columns of text for the terminal.
#pragma once

#include <string>
#include <vector>

namespace vedette::inline v0::cli {

/// Rows of cells, the first row the heading, padded to the widest of each column; the first column to the left, others
/// to the right. Cells must be clean already.
[[nodiscard]] std::string text_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace vedette::inline v0::cli
