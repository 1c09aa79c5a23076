// SPDX-License-Identifier: Apache-2.0
// NPY headers and elements, with every length checked before it is trusted.
#include "npy_reader.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace vedette::inline v0::cli {

namespace {

constexpr std::size_t max_header_bytes = 65536;
constexpr std::size_t load_step = 1U << 20;

/// A reader of the one dictionary literal that NPY headers hold.
class HeaderParser {
  public:
    explicit HeaderParser(std::string_view text) : text_(text) {}

    NpyHeader parse() {
        NpyHeader header;
        bool has_descr = false;
        bool has_order = false;
        bool has_shape = false;
        expect('{');
        while (!accept('}')) {
            const std::string key = string();
            expect(':');
            if (key == "descr") {
                once(has_descr, key);
                read_descr(header);
            } else if (key == "fortran_order") {
                once(has_order, key);
                header.fortran_order = boolean();
            } else if (key == "shape") {
                once(has_shape, key);
                header.shape = tuple();
            } else {
                fail("an unknown key \"" + key + "\"");
            }
            if (!accept(',')) {
                expect('}');
                break;
            }
        }
        skip_space();
        if (at_ != text_.size()) fail("text after the dictionary");
        if (!has_descr || !has_order || !has_shape) fail("descr, fortran_order and shape are all needed");
        return header;
    }

  private:
    [[noreturn]] void fail(const std::string& what) const {
        throw InputError("NPY header, byte " + std::to_string(at_) + ": " + what);
    }
    void once(bool& seen, const std::string& key) const {
        if (seen) fail("the key \"" + key + "\" is repeated");
        seen = true;
    }
    void skip_space() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    }
    bool accept(char wanted) {
        skip_space();
        if (at_ == text_.size() || text_[at_] != wanted) return false;
        ++at_;
        return true;
    }
    void expect(char wanted) {
        if (!accept(wanted)) fail(std::string("'") + wanted + "' expected");
    }
    std::string string() {
        skip_space();
        const char quote = at_ < text_.size() ? text_[at_] : '\0';
        if (quote != '\'' && quote != '"') fail("a string expected");
        const std::size_t end = text_.find(quote, at_ + 1);
        if (end == std::string_view::npos) fail("the string has no end");
        std::string value(text_.substr(at_ + 1, end - at_ - 1));
        at_ = end + 1;
        return value;
    }
    bool boolean() {
        skip_space();
        const std::string_view rest = text_.substr(at_);
        const bool value = rest.starts_with("True");
        if (!value && !rest.starts_with("False")) fail("True or False expected");
        at_ += value ? 4 : 5;
        return value;
    }
    std::uint64_t integer() {
        skip_space();
        const std::size_t begin = at_;
        std::uint64_t value = 0;
        while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
            const auto digit = static_cast<std::uint64_t>(text_[at_] - '0');
            if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) fail("a dimension too large");
            value = value * 10 + digit;
            ++at_;
        }
        if (at_ == begin) fail("a dimension expected");
        return value;
    }
    std::vector<std::uint64_t> tuple() {
        std::vector<std::uint64_t> shape;
        expect('(');
        while (!accept(')')) {
            if (shape.size() == 2) fail("an array of more than two dimensions; reshape it to rows and columns");
            shape.push_back(integer());
            if (!accept(',')) {
                if (shape.size() == 1) fail("',' expected: a tuple of one element ends in a comma");
                expect(')');
                break;
            }
        }
        if (shape.empty()) fail("an array without dimensions; one or two are needed");
        return shape;
    }
    void read_descr(NpyHeader& header) {
        skip_space();
        if (at_ < text_.size() && text_[at_] == '[') fail("a structured type; write one plain numeric array");
        const std::string descr = string();
        const char order = descr.empty() ? '\0' : descr[0];
        if (descr.find('O') != std::string::npos) fail("an object array; it could run code and is never read");
        if (descr.size() != 3 || (order != '<' && order != '>' && order != '|' && order != '=')) {
            fail("the type \"" + descr + "\" is none of f4, f8, i1..i8, u1..u8, b1");
        }
        header.type = descr[1];
        header.item_bytes = static_cast<std::size_t>(descr[2] - '0');
        const bool integer_size = descr[2] == '1' || descr[2] == '2' || descr[2] == '4' || descr[2] == '8';
        const bool known = (header.type == 'f' && (descr[2] == '4' || descr[2] == '8')) ||
                           ((header.type == 'i' || header.type == 'u') && integer_size) ||
                           (header.type == 'b' && descr[2] == '1');
        if (!known) fail("the type \"" + descr + "\" is none of f4, f8, i1..i8, u1..u8, b1");
        if (order == '|' && header.item_bytes != 1) fail("the type \"" + descr + "\" does not say its byte order");
        header.big_endian = order == '>' || (order == '=' && std::endian::native == std::endian::big);
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

template <class T>
T from_bits(std::uint64_t bits) noexcept {
    T value;
    if constexpr (sizeof(T) == 8) {
        std::memcpy(&value, &bits, 8);
    } else {
        const auto narrow = static_cast<std::uint32_t>(bits);
        std::memcpy(&value, &narrow, 4);
    }
    return value;
}

}  // namespace

NpyHeader parse_npy_header(std::string_view text) {
    return HeaderParser(text).parse();
}

NpyReader::NpyReader(ByteSource source) : source_(std::move(source)) {
    read_header();
    if (header_.shape.size() == 2 && (header_.shape[1] == 0 || header_.shape[1] > max_columns)) {
        fail("the array has " + std::to_string(header_.shape[1]) + " columns; 1 to " + std::to_string(max_columns) +
             " are possible");
    }
    const std::uint64_t row_bytes = columns() * header_.item_bytes;
    if (rows() > static_cast<std::uint64_t>(std::numeric_limits<std::ptrdiff_t>::max()) / row_bytes) {
        fail("the size of the array overflows");
    }
    if (header_.shape.size() == 1) header_.fortran_order = false;  // the same bytes, and C order streams
    if (!header_.fortran_order) bytes_.resize(row_bytes);
}

void NpyReader::read_header() {
    unsigned char front[12];
    if (source_.read(reinterpret_cast<char*>(front), 8) != 8 ||
        !recognises({reinterpret_cast<const char*>(front), 6})) {
        fail("not an NPY file");
    }
    const unsigned major = front[6];
    if (major < 1 || major > 3 || front[7] != 0) {
        fail("NPY version " + std::to_string(major) + "." + std::to_string(front[7]) + "; 1.0, 2.0 and 3.0 are known");
    }
    const std::size_t length_bytes = major == 1 ? 2 : 4;
    if (source_.read(reinterpret_cast<char*>(front), length_bytes) != length_bytes) fail("truncated in the header");
    std::size_t length = 0;
    for (std::size_t i = length_bytes; i-- > 0;) length = length << 8 | front[i];
    if (length > max_header_bytes) {
        fail("a header of " + std::to_string(length) + " bytes; at most " + std::to_string(max_header_bytes));
    }
    std::string text(length, '\0');
    if (source_.read(text.data(), length) != length) fail("truncated in the header");
    try {
        header_ = parse_npy_header(text);
    } catch (const InputError& error) {
        fail(error.what());
    }
}

double NpyReader::decode(const unsigned char* item) const noexcept {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < header_.item_bytes; ++i) {
        bits = bits << 8 | item[header_.big_endian ? i : header_.item_bytes - 1 - i];
    }
    if (header_.type == 'f') return header_.item_bytes == 4 ? double{from_bits<float>(bits)} : from_bits<double>(bits);
    if (header_.type == 'b') return bits == 0 ? 0.0 : 1.0;
    if (header_.type == 'u') return static_cast<double>(bits);
    const std::size_t unused = (64 - 8 * header_.item_bytes) & 63;  // 1 to 8 bytes, as the header's check has seen to
    return static_cast<double>(static_cast<std::int64_t>(bits << unused) >> unused);
}

void NpyReader::load_fortran() {
    const std::size_t total = static_cast<std::size_t>(rows()) * columns() * header_.item_bytes;
    while (bytes_.size() < total) {
        const std::size_t old = bytes_.size();
        bytes_.resize(old + std::min(load_step, total - old));
        if (source_.read(bytes_.data() + old, bytes_.size() - old) != bytes_.size() - old) {
            fail("truncated: the array needs " + std::to_string(total) + " bytes");
        }
    }
    loaded_ = true;
}

void NpyReader::check_end() {
    if (!source_.peek().empty()) fail("bytes follow the array");
}

bool NpyReader::next(std::span<double> row) {
    if (row_ == rows()) {
        check_end();
        return false;
    }
    const std::size_t size = header_.item_bytes;
    if (header_.fortran_order) {
        if (!loaded_) load_fortran();
        for (std::size_t j = 0; j < columns(); ++j) {
            const std::size_t at = (j * static_cast<std::size_t>(rows()) + static_cast<std::size_t>(row_)) * size;
            row[j] = decode(reinterpret_cast<const unsigned char*>(bytes_.data()) + at);
        }
    } else {
        if (source_.read(bytes_.data(), bytes_.size()) != bytes_.size()) {
            fail("truncated in row " + std::to_string(row_ + 1) + " of " + std::to_string(rows()));
        }
        for (std::size_t j = 0; j < columns(); ++j) {
            row[j] = decode(reinterpret_cast<const unsigned char*>(bytes_.data()) + j * size);
        }
    }
    ++row_;
    return true;
}

}  // namespace vedette::inline v0::cli
