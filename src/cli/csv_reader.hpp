// SPDX-License-Identifier: Apache-2.0
// A strict streaming reader of CSV (RFC 4180) in constant memory, whose errors name file, line and column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "input.hpp"

namespace vedette::inline v0::cli {

struct CsvOptions {
    char delimiter = ',';                      ///< any byte but a quote, CR, LF or NUL
    bool has_header = true;                    ///< false: the first line is a record, columns are called f0, f1, ...
    std::size_t max_field_bytes = 1U << 20;    ///< 1 MiB
    std::size_t max_record_bytes = 64U << 20;  ///< 64 MiB
    std::size_t max_columns = 65536;
};

/// Reads a header, then records of as many fields. Accepted: LF or CRLF, a UTF-8 byte order mark, quoted fields with
/// doubled quotes, delimiters and line ends inside, a last line without an end. An empty line is skipped, except in a
/// file of one column, where it is one empty field. Refused, with the place: an unterminated quote, a quote inside an
/// unquoted field, text after a closing quote, a record of another width, NUL, a CR without LF, text that is not UTF-8,
/// fields and records beyond the limits, empty or repeated names in the header, and a file without a header,
/// or without a first line.
/// Lines count line ends; columns count characters (code points) from 1.
class CsvReader {
  public:
    /// Reads the header, or the first record. Throws InputError.
    explicit CsvReader(ByteSource source, const CsvOptions& options = {});

    [[nodiscard]] const std::vector<std::string>& header() const noexcept { return header_; }
    [[nodiscard]] std::size_t width() const noexcept { return header_.size(); }
    [[nodiscard]] const std::string& name() const noexcept { return source_.name(); }

    /// Reads the next record; false at the end. What the accessors gave before is void then. Throws InputError.
    bool next();

    /// Field `i` of the record, quotes resolved. `i` < width().
    [[nodiscard]] std::string_view text(std::size_t i) const noexcept {
        return std::string_view(record_).substr(fields_[i].begin, fields_[i].end - fields_[i].begin);
    }
    /// Empty and not quoted.
    [[nodiscard]] bool is_null(std::size_t i) const noexcept {
        return !fields_[i].quoted && fields_[i].begin == fields_[i].end;
    }
    /// Records so far, without the header.
    [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
    /// "file:line:column" of field `i`.
    [[nodiscard]] std::string place(std::size_t i) const;

  private:
    struct Field {
        std::size_t begin = 0;
        std::size_t end = 0;
        std::uint64_t line = 0;
        std::uint64_t column = 0;
        bool quoted = false;
    };

    [[nodiscard]] int peek();
    void take(int byte);
    void append(int byte);
    bool read_record();
    void read_quoted();
    void read_unquoted();
    bool end_of_record();
    void finish_field();
    void check_header();
    [[noreturn]] void fail(std::uint64_t line, std::uint64_t column, const std::string& what) const;
    [[noreturn]] void fail_here(const std::string& what) const { fail(line_, column_, what); }

    ByteSource source_;
    CsvOptions options_;
    std::vector<std::string> header_;
    std::vector<char> buffer_;
    std::size_t position_ = 0;
    std::size_t filled_ = 0;
    std::string record_;
    std::vector<Field> fields_;
    std::uint64_t line_ = 1;
    std::uint64_t column_ = 1;
    std::uint64_t rows_ = 0;
    bool holds_first_ = false;  // the record that was read in place of a header
};

}  // namespace vedette::inline v0::cli
