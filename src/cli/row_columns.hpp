// SPDX-License-Identifier: Apache-2.0
// Which columns of a file make up the rows of a score or a memory: those it was made with, by their names.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "row_source.hpp"

namespace vedette::inline v0::cli {

/// What a caller says of the columns of a file.
struct ColumnChoice {
    const std::vector<std::string>& columns;          ///< in order; empty = not said
    const std::vector<std::string>& ignore;           ///< that are not of the row
    std::vector<std::optional<std::size_t>> apart{};  ///< with another meaning: label, group, account, ...
};

/// The columns of a row in order: those asked for; else those of the names in `made_with`; else, and where the file has
/// none of these names, all that are neither ignored nor apart. Throws InputError for columns asked for that are those
/// of `made_with` in another order or selection, which no score can tell, and where some of these are missing.
[[nodiscard]] std::vector<std::size_t> row_columns(const RowSource& source, const ColumnChoice& choice,
                                                   const std::vector<std::string>& made_with);

[[nodiscard]] std::vector<std::string> names_of(const RowSource& source, std::span<const std::size_t> columns);

/// A container with the names of columns in its metadata, as they are read again; readers of what it holds pass them
/// over. Without names, or with names that are not UTF-8, as it is.
[[nodiscard]] std::vector<std::byte> with_columns(std::vector<std::byte> container,
                                                  const std::vector<std::string>& names);
/// Empty where there are none. Throws Error(corrupt_data).
[[nodiscard]] std::vector<std::string> columns_of(std::span<const std::byte> container);

}  // namespace vedette::inline v0::cli
