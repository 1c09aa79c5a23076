// SPDX-License-Identifier: Apache-2.0
// Reference data in memory: columns with their kinds inferred or given.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "row_source.hpp"
#include "vedette/core/view.hpp"

namespace vedette::inline v0::cli {

enum class FramePrecision : std::uint8_t { automatic, f32, f64 };

/// What the columns are. Names that the file does not have are an error.
struct FrameOptions {
    std::vector<std::string> numeric;
    std::vector<std::string> categorical;
    std::vector<std::string> ignore;
    FramePrecision precision = FramePrecision::automatic;  ///< automatic: f32 for f4 files, f64 otherwise
};

/// Owns the columns. A column is numeric when all of its non-null values are numbers (or when it has none), else
/// categorical.
class Frame {
  public:
    /// Reads every row. Throws InputError.
    Frame(RowSource& source, const FrameOptions& options);

    /// A view of the columns, which must outlive it.
    [[nodiscard]] Table table() const;

  private:
    struct FrameColumn {
        std::string name;
        std::size_t index = 0;  // in the source
        bool keep_numbers = true;
        bool keep_texts = true;
        std::vector<double> numbers;
        std::vector<float> narrow;
        std::string arena;              // all texts, end to end
        std::vector<std::size_t> ends;  // of each text in the arena
        std::vector<std::uint8_t> valid;
        std::vector<std::string_view> texts;
    };

    void add(FrameColumn& column, RowSource& source);
    void settle(FrameColumn& column, bool narrow);

    std::vector<FrameColumn> columns_;
    std::size_t rows_ = 0;
};

/// Rows of another file, its columns read as those of `known` were: what is a category there is one here. Columns that
/// `known` does not have are left alone; one that is missing is an error.
[[nodiscard]] Frame frame_like(RowSource& source, const Table& known, FramePrecision precision);

}  // namespace vedette::inline v0::cli
