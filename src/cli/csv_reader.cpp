// SPDX-License-Identifier: Apache-2.0
// The CSV state machine, and numbers without a locale.
#include "csv_reader.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <unordered_map>

#include "core/utf8.hpp"

namespace vedette::inline v0::cli {

namespace {

constexpr std::size_t chunk_bytes = 256U << 10;
constexpr int end_of_input = -1;

/// Whether a decimal that from_chars finds out of range is too large (rather than too small).
bool is_huge(std::string_view digits) noexcept {
    const std::size_t mark = digits.find_first_of("eE");
    const std::string_view mantissa = digits.substr(0, mark);
    long long exponent = 0;
    if (mark != std::string_view::npos) {
        std::string_view power = digits.substr(mark + 1);
        if (power.starts_with('+')) power.remove_prefix(1);
        const auto parsed = std::from_chars(power.data(), power.data() + power.size(), exponent);
        if (parsed.ec == std::errc::result_out_of_range) return !power.starts_with('-');
        exponent = std::clamp(exponent, -1'000'000'000'000LL, 1'000'000'000'000LL);
    }
    const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
    const std::size_t first = mantissa.find_first_of("123456789");
    if (first == std::string_view::npos) return false;
    const long long magnitude = static_cast<long long>(point) - static_cast<long long>(first);
    return exponent + magnitude > 0;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) noexcept {
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b; });
}

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

std::optional<double> parse_number(std::string_view text) noexcept {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return std::nullopt;
    text = text.substr(first, text.find_last_not_of(" \t") - first + 1);
    const bool negative = text.front() == '-';
    if (negative || text.front() == '+') text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
    double value = 0.0;
    if ((text.front() >= '0' && text.front() <= '9') || text.front() == '.') {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (end != text.data() + text.size() || error == std::errc::invalid_argument) return std::nullopt;
        if (error == std::errc::result_out_of_range) {
            value = is_huge(text) ? std::numeric_limits<double>::infinity() : 0.0;
        }
    } else if (equals_ignoring_case(text, "inf") || equals_ignoring_case(text, "infinity")) {
        value = std::numeric_limits<double>::infinity();
    } else if (equals_ignoring_case(text, "nan")) {
        value = std::numeric_limits<double>::quiet_NaN();
    } else {
        return std::nullopt;
    }
    return negative ? -value : value;
}

}  // namespace vedette::inline v0::cli
