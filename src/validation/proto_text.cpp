// SPDX-License-Identifier: Apache-2.0
// A parser of protocol buffers' text format, after its published specification.
#include "validation/proto_text.hpp"

#include <fmt/core.h>

#include <cstddef>

namespace vedette::inline v0::validation {

namespace {

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr int hex_value(char c) noexcept {
    return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void append_utf8(std::string& text, std::uint32_t point) {
    const auto byte = [&](std::uint32_t x) { text += static_cast<char>(static_cast<unsigned char>(x)); };
    if (point < 0x80) {
        byte(point);
    } else if (point < 0x800) {
        byte(0xC0 | point >> 6);
        byte(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        byte(0xE0 | point >> 12);
        byte(0x80 | (point >> 6 & 0x3F));
        byte(0x80 | (point & 0x3F));
    } else {
        byte(0xF0 | point >> 18);
        byte(0x80 | (point >> 12 & 0x3F));
        byte(0x80 | (point >> 6 & 0x3F));
        byte(0x80 | (point & 0x3F));
    }
}

class Parser {
  public:
    Parser(std::string_view text, const ExchangeNotes& notes) : text_(text), notes_(notes) {}

    std::vector<ProtoField> parse() {
        std::vector<ProtoField> fields;
        parse_fields(fields, '\0', 0);
        return fields;
    }

  private:
    // Counted as the parser goes along, so that places cost no second pass.
    void advance() {
        if (text_[at_] == '\n') {
            ++line_;
            line_begin_ = at_ + 1;
        }
        ++at_;
    }
    [[nodiscard]] std::string place() const { return fmt::format("{}:{}", line_, at_ - line_begin_ + 1); }
    [[noreturn]] void fail(const std::string& what) const { notes_.refuse(place(), what); }

    void skip_space() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '#') {
                while (at_ < text_.size() && text_[at_] != '\n') advance();
            } else if (c == ' ' || (c >= '\t' && c <= '\r')) {
                advance();
            } else {
                return;
            }
        }
    }
    [[nodiscard]] char peek() {
        skip_space();
        return at_ < text_.size() ? text_[at_] : '\0';
    }
    bool take(char c) {
        if (at_ == text_.size() || peek() != c || at_ == text_.size()) return false;
        advance();
        return true;
    }
    std::string word() {
        skip_space();
        const std::size_t begin = at_;
        while (at_ < text_.size() && (is_letter(text_[at_]) || (at_ > begin && is_digit(text_[at_])))) advance();
        if (at_ == begin) fail("a name is missing");
        return std::string(text_.substr(begin, at_ - begin));
    }

    void parse_fields(std::vector<ProtoField>& fields, char end, int depth) {
        if (depth > deepest_proto) fail(fmt::format("nested more than {} levels deep", deepest_proto));
        for (;;) {
            const char c = peek();
            if (at_ == text_.size()) {
                if (end != '\0') fail(fmt::format("a '{}' is missing", end));
                return;
            }
            if (end != '\0' && c == end) {
                advance();
                return;
            }
            if (c == '[') fail("extensions are not known here");
            parse_field(fields, depth);
            if (!take(';')) take(',');
        }
    }

    void parse_field(std::vector<ProtoField>& fields, int depth) {
        ProtoField field;
        skip_space();
        field.path = place();
        field.name = word();
        const bool has_colon = take(':');
        const char c = peek();
        if (c == '[') {
            if (!has_colon) fail("a ':' is missing before a list");
            advance();
            if (take(']')) return;
            do {
                fields.push_back({field.name, {}, {}, {}, field.path});
                parse_value(fields.back(), depth);
            } while (take(','));
            if (!take(']')) fail("a ']' is missing");
            return;
        }
        if (!has_colon && c != '{' && c != '<') fail("a ':' or a message is missing");
        parse_value(field, depth);
        fields.push_back(std::move(field));
    }

    void parse_value(ProtoField& field, int depth) {
        const char c = peek();
        if (c == '{' || c == '<') {
            advance();
            field.kind = ProtoField::Kind::message;
            parse_fields(field.fields, c == '{' ? '}' : '>', depth + 1);
        } else if (c == '"' || c == '\'') {
            field.kind = ProtoField::Kind::text;
            // Texts side by side are one.
            while (peek() == '"' || peek() == '\'') parse_text(field.value);
        } else if (c == '-' || c == '.' || is_digit(c)) {
            parse_number(field);
        } else {
            field.kind = ProtoField::Kind::word;
            field.value = word();
        }
    }

    void parse_number(ProtoField& field) {
        field.kind = ProtoField::Kind::number;
        if (take('-')) {
            field.value.push_back('-');  // g++ 12 warns of an assignment: overlapping memory that is none
        }
        const std::size_t begin = at_;
        if (at_ < text_.size() && is_letter(text_[at_])) {  // -inf
            field.value += word();
            return;
        }
        while (at_ < text_.size()) {
            const char c = text_[at_];
            const bool is_sign =
                (c == '+' || c == '-') && at_ > begin && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E');
            if (!is_digit(c) && !is_letter(c) && c != '.' && !is_sign) break;
            advance();
        }
        if (at_ == begin) fail("a number is missing");
        field.value += text_.substr(begin, at_ - begin);
    }

    void parse_text(std::string& value) {
        const char quote = text_[at_];
        advance();
        for (;;) {
            if (at_ == text_.size() || text_[at_] == '\n') fail("a quote is not closed");
            const char c = text_[at_];
            if (c == quote) {
                advance();
                return;
            }
            if (c == '\\') {
                advance();
                parse_escape(value);
            } else {
                value += c;
                advance();
            }
        }
    }
    std::uint32_t digits(int base, std::size_t least, std::size_t most) {
        std::uint32_t value = 0;
        std::size_t count = 0;
        for (; count < most && at_ < text_.size(); ++count) {
            const int digit = hex_value(text_[at_]);
            if (digit < 0 || digit >= base) break;
            value = value * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(digit);
            advance();
        }
        if (count < least) fail("a digit of an escape is missing");
        return value;
    }
    void parse_escape(std::string& value) {
        constexpr std::string_view names = "abfnrtv\\'\"?", meanings = "\a\b\f\n\r\t\v\\'\"?";
        if (at_ == text_.size()) fail("a quote is not closed");
        const char c = text_[at_];
        if (const std::size_t i = names.find(c); i != std::string_view::npos) {
            value += meanings[i];
            advance();
        } else if (c >= '0' && c <= '7') {
            const std::uint32_t byte = digits(8, 1, 3);
            if (byte > 0xFF) fail("an escape beyond a byte");
            value += static_cast<char>(static_cast<unsigned char>(byte));
        } else if (c == 'x' || c == 'X') {
            advance();
            value += static_cast<char>(static_cast<unsigned char>(digits(16, 1, 2)));
        } else if (c == 'u' || c == 'U') {
            advance();
            const std::size_t length = c == 'u' ? 4 : 8;
            const std::uint32_t point = digits(16, length, length);
            if (point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) fail("an escape of no code point");
            append_utf8(value, point);
        } else {
            fail("an unknown escape");
        }
    }

    std::string_view text_;
    const ExchangeNotes& notes_;
    std::size_t at_ = 0;
    std::size_t line_ = 1, line_begin_ = 0;
};

}  // namespace

std::vector<ProtoField> parse_proto_text(std::string_view text, const ExchangeNotes& notes) {
    if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos)
        notes.refuse("1:1", fmt::format("a zero byte at {}", zero));
    return Parser(text, notes).parse();
}

}  // namespace vedette::inline v0::validation
