// SPDX-License-Identifier: Apache-2.0
// The CSV state machine, and numbers without a locale.
#include "csv_reader.hpp"

#include <algorithm>
#include <unordered_map>

#include "core/utf8.hpp"

namespace vedette::inline v0::cli {

namespace {

constexpr std::size_t chunk_bytes = 256U << 10;
constexpr int end_of_input = -1;

}  // namespace

CsvReader::CsvReader(ByteSource source, const CsvOptions& options)
    : source_(std::move(source)), options_(options), buffer_(chunk_bytes) {
    const char delimiter = options_.delimiter;
    if (delimiter == '"' || delimiter == '\r' || delimiter == '\n' || delimiter == '\0') {
        throw InputError(source_.name() + ": the delimiter must not be a quote, a line end or NUL");
    }
    const std::string_view front = source_.peek();
    if (front.starts_with("\xFF\xFE") || front.starts_with("\xFE\xFF")) {
        fail(1, 1, "the file is UTF-16; convert it to UTF-8 first");
    }
    if (front.starts_with("\xEF\xBB\xBF")) {
        char mark[3];
        source_.read(mark, sizeof mark);
    }
    while (header_.empty()) {
        if (!read_record())
            fail_here(options_.has_header ? "the file is empty: a header line is needed" : "the file is empty");
        if (fields_.size() == 1 && is_null(0)) continue;  // empty lines before the header
        for (std::size_t i = 0; i < fields_.size(); ++i) {
            if (options_.has_header) {
                header_.emplace_back(text(i));
            } else {
                header_.emplace_back("f").append(std::to_string(i));
            }
        }
    }
    holds_first_ = !options_.has_header;
    if (options_.has_header) check_header();
}

void CsvReader::check_header() {
    std::unordered_map<std::string_view, std::size_t> seen;
    for (std::size_t i = 0; i < header_.size(); ++i) {
        const Field& field = fields_[i];
        if (header_[i].empty()) {
            fail(field.line, field.column, "column " + std::to_string(i + 1) + " of the header has no name");
        }
        const auto [earlier, is_new] = seen.emplace(header_[i], i);
        if (!is_new) {
            fail(field.line, field.column,
                 "the name \"" + header_[i] + "\" of column " + std::to_string(i + 1) + " is already that of column " +
                     std::to_string(earlier->second + 1));
        }
    }
}

bool CsvReader::next() {
    if (holds_first_) {
        holds_first_ = false;
        ++rows_;
        return true;
    }
    while (read_record()) {
        if (fields_.size() == 1 && is_null(0) && width() != 1) continue;
        if (fields_.size() != width()) {
            const Field& at = fields_.size() > width() ? fields_[width()] : fields_.back();
            fail(at.line, at.column,
                 "the record has " + std::to_string(fields_.size()) + " fields, the header has " +
                     std::to_string(width()));
        }
        ++rows_;
        return true;
    }
    return false;
}

std::string CsvReader::place(std::size_t i) const {
    return name() + ":" + std::to_string(fields_[i].line) + ":" + std::to_string(fields_[i].column);
}

void CsvReader::fail(std::uint64_t line, std::uint64_t column, const std::string& what) const {
    throw InputError(name() + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + what);
}

int CsvReader::peek() {
    if (position_ == filled_) {
        filled_ = source_.read_some(buffer_.data(), buffer_.size());
        position_ = 0;
        if (filled_ == 0) return end_of_input;
    }
    return static_cast<unsigned char>(buffer_[position_]);
}

void CsvReader::take(int byte) {
    ++position_;
    if (byte == '\n') {
        ++line_;
        column_ = 1;
    } else if ((static_cast<unsigned>(byte) & 0xC0U) != 0x80U) {
        ++column_;
    }
}

void CsvReader::append(int byte) {
    if (byte == 0) fail_here("a NUL byte; the file is not text");
    if (record_.size() - fields_.back().begin >= options_.max_field_bytes) {
        fail(fields_.back().line, fields_.back().column,
             "the field is longer than " + std::to_string(options_.max_field_bytes) +
                 " bytes; is a closing quote missing?");
    }
    if (record_.size() >= options_.max_record_bytes) {
        fail_here("the record is longer than " + std::to_string(options_.max_record_bytes) + " bytes");
    }
    record_.push_back(static_cast<char>(byte));
    take(byte);
}

bool CsvReader::read_record() {
    record_.clear();
    fields_.clear();
    if (peek() == end_of_input) return false;
    do {
        if (fields_.size() == options_.max_columns) {
            fail_here("the record has more than " + std::to_string(options_.max_columns) + " fields");
        }
        fields_.push_back({record_.size(), record_.size(), line_, column_, peek() == '"'});
        if (fields_.back().quoted) {
            read_quoted();
        } else {
            read_unquoted();
        }
        finish_field();
    } while (!end_of_record());
    return true;
}

void CsvReader::read_quoted() {
    take('"');
    while (true) {
        const int byte = peek();
        if (byte == end_of_input)
            fail(fields_.back().line, fields_.back().column, "the quoted field has no closing quote");
        if (byte != '"') {
            append(byte);
            continue;
        }
        take(byte);
        if (peek() != '"') return;
        append('"');
    }
}

void CsvReader::read_unquoted() {
    while (true) {
        const int byte = peek();
        if (byte == end_of_input || byte == '\n' || byte == '\r' ||
            byte == static_cast<unsigned char>(options_.delimiter)) {
            return;
        }
        if (byte == '"') fail_here("a quote inside an unquoted field; quote the whole field and double the quote");
        append(byte);
    }
}

void CsvReader::finish_field() {
    Field& field = fields_.back();
    field.end = record_.size();
    const std::string_view value = std::string_view(record_).substr(field.begin);
    const bool plain =
        std::all_of(value.begin(), value.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (!plain && !detail::is_utf8(value))
        fail(field.line, field.column, "the field is not valid UTF-8; convert the file first");
}

/// Takes what follows a field: true after a line end or the end of the file, false after a delimiter.
bool CsvReader::end_of_record() {
    const int byte = peek();
    if (byte == end_of_input) return true;
    if (byte == static_cast<unsigned char>(options_.delimiter)) {
        take(byte);
        return false;
    }
    if (byte == '\r') {
        take(byte);
        if (peek() != '\n') fail(line_, column_ - 1, "a carriage return without a line feed");
        take('\n');
        return true;
    }
    if (byte == '\n') {
        take(byte);
        return true;
    }
    fail_here("text after the closing quote; a quote inside a quoted field is doubled");
}

}  // namespace vedette::inline v0::cli
