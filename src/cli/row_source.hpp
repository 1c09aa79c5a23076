// SPDX-License-Identifier: Apache-2.0
// Rows of a CSV or NPY file under one face, one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "csv_reader.hpp"
#include "npy_reader.hpp"
#include "vedette/guard/window.hpp"

namespace vedette::inline v0::cli {

/// What to read, and how.
struct SourceOptions {
    std::string path;  ///< "-" = standard input; NPY is told by its first bytes
    char delimiter = ',';
    std::uint64_t thinning = 1;                  ///< of so many consecutive rows the first is kept
    bool has_header = true;                      ///< of CSV; without one, columns are called f0, f1, ...
    int stop = -1;                               ///< see ByteSource::open
    std::shared_ptr<const std::string> bytes{};  ///< of the file, where they were read already: see read_once
};

/// The bytes of what can be read only once, as a pipe (`<(...)`) or standard input, for those who read it twice; null
/// for a regular file, and for an empty path. Throws InputError.
[[nodiscard]] std::shared_ptr<const std::string> read_once(const std::string& path);

/// A forward reader of rows with named columns; those of an NPY file are called f0, f1, ...
class RowSource {
  public:
    /// Opens the file and reads its header. Throws InputError.
    explicit RowSource(const SourceOptions& options);

    [[nodiscard]] const std::string& name() const noexcept { return csv_ ? csv_->name() : npy_->name(); }
    [[nodiscard]] const std::vector<std::string>& columns() const noexcept { return columns_; }
    /// The column of that name. Throws InputError that lists what there is.
    [[nodiscard]] std::size_t column(std::string_view wanted) const;
    /// Whether every number is exact as f32.
    [[nodiscard]] bool is_f32() const noexcept { return npy_ && npy_->is_f32(); }

    /// Whether values are texts, of which some may be numbers.
    [[nodiscard]] bool is_text() const noexcept { return csv_ != nullptr; }

    /// Reads the next row that is kept; false at the end. Texts given before are void then. Throws InputError.
    bool next();
    /// Rows kept so far.
    [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }

    [[nodiscard]] bool is_null(std::size_t column) const noexcept { return csv_ && csv_->is_null(column); }
    /// The number in a column; empty when it is null or another text.
    [[nodiscard]] std::optional<double> number(std::size_t column) const noexcept;
    /// The text in a column; numbers of an NPY file in their shortest form, whole ones up to 2^53 without an exponent.
    [[nodiscard]] std::string_view text(std::size_t column);
    /// The value as a feature of that kind sees it: what is no number stays a text in a numeric feature.
    [[nodiscard]] Value value(std::size_t column, FeatureKind kind);
    /// "file:line:column" or "file: row r, f2".
    [[nodiscard]] std::string place(std::size_t column) const;

  private:
    std::shared_ptr<const std::string> bytes_;  // what the reader reads, where that is not a file
    std::unique_ptr<CsvReader> csv_;
    std::unique_ptr<NpyReader> npy_;
    std::vector<std::string> columns_;
    std::vector<double> numbers_;     // NPY: the row
    std::vector<std::string> texts_;  // NPY: the row as texts, where asked for
    std::uint64_t thinning_ = 1;
    std::uint64_t rows_ = 0;
};

}  // namespace vedette::inline v0::cli
