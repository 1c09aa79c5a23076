// SPDX-License-Identifier: Apache-2.0
// A strict reader of NumPy's NPY files (1.0, 2.0, 3.0): numbers in one or two dimensions, as rows of doubles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "input.hpp"

namespace vedette::inline v0::cli {

/// What the header of an NPY file says.
struct NpyHeader {
    char type = 'f';  ///< 'f' float, 'i' signed, 'u' unsigned, 'b' bool
    std::size_t item_bytes = 8;
    bool big_endian = false;
    bool fortran_order = false;
    std::vector<std::uint64_t> shape;  ///< one or two dimensions
};

/// Reads f4, f8, i1..i8, u1..u8 and b1 of either byte order. A one-dimensional array is a table of one column. C order
/// is streamed in constant memory; Fortran order is read whole (as much as is there, never what the header claims).
/// Refused: objects (they would be executable), structured, text, half and complex types, other ranks, more than 65536
/// columns, sizes that overflow, truncated files, and bytes after the array.
class NpyReader {
  public:
    static constexpr std::uint64_t max_columns = 65536;

    /// Reads the header. Throws InputError.
    explicit NpyReader(ByteSource source);

    /// Whether a file that begins with these bytes is meant to be NPY.
    [[nodiscard]] static bool recognises(std::string_view front) noexcept { return front.starts_with("\x93NUMPY"); }

    [[nodiscard]] const NpyHeader& header() const noexcept { return header_; }
    [[nodiscard]] const std::string& name() const noexcept { return source_.name(); }
    [[nodiscard]] std::uint64_t rows() const noexcept { return header_.shape[0]; }
    [[nodiscard]] std::size_t columns() const noexcept {
        return header_.shape.size() == 2 ? static_cast<std::size_t>(header_.shape[1]) : 1;
    }
    /// Whether every value is exact as f32 (f4 files).
    [[nodiscard]] bool is_f32() const noexcept { return header_.type == 'f' && header_.item_bytes == 4; }

    /// Reads the next row into `row` (columns() values); false after the last. 64-bit integers are rounded to the
    /// nearest double. Throws InputError for a truncated file.
    bool next(std::span<double> row);

  private:
    void read_header();
    void load_fortran();
    [[nodiscard]] double decode(const unsigned char* item) const noexcept;
    void check_end();
    [[noreturn]] void fail(const std::string& what) const { throw InputError(source_.name() + ": " + what); }

    ByteSource source_;
    NpyHeader header_;
    std::vector<char> bytes_;  // one row in C order, everything in Fortran order
    std::uint64_t row_ = 0;
    bool loaded_ = false;
};

/// Parses the dictionary of an NPY header; the message of the InputError names the place as a byte offset.
[[nodiscard]] NpyHeader parse_npy_header(std::string_view text);

}  // namespace vedette::inline v0::cli
