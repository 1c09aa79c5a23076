// SPDX-License-Identifier: Apache-2.0
// Words from bytes.
#include "validation/expression_tokens.hpp"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "core/number_text.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::validation {

void refuse_expression(std::size_t place, const std::string& what) {
    throw Error(ErrorCode::invalid_argument, fmt::format("at byte {}: {}", place, what));
}

namespace {

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr bool is_of_word(char c) noexcept {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

// digits [. digits] [e [sign] digits]
Token Tokenizer::number() {
    Token token;
    token.kind = Token::Kind::number;
    token.begin = at_;
    const auto digits = [&] {
        const std::size_t from = at_;
        while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
        if (at_ == from) refuse_expression(at_, "a digit is missing");
    };
    bool is_whole = true;
    digits();
    if (at_ < text_.size() && text_[at_] == '.') {
        is_whole = false;
        ++at_;
        digits();
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
        is_whole = false;
        ++at_;
        if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
        digits();
    }
    token.end = at_;
    token.text = text_.substr(token.begin, at_ - token.begin);
    if (at_ < text_.size() && is_of_word(text_[at_])) refuse_expression(at_, "a space is missing after a number");
    std::int64_t whole = 0;
    const char* const last = token.text.data() + token.text.size();
    if (is_whole && std::from_chars(token.text.data(), last, whole).ec == std::errc()) {
        token.number = Operand::of_integer(whole);
        return token;
    }
    const std::optional<double> real = parse_number(token.text);
    if (!real || !std::isfinite(*real)) refuse_expression(token.begin, token.text + " is beyond all doubles");
    token.number = Operand::of_real(*real);
    return token;
}

// A text, or with ` a name, in which the quote is doubled.
Token Tokenizer::quoted(char quote) {
    Token token;
    token.kind = quote == '`' ? Token::Kind::quoted_name : Token::Kind::text;
    token.begin = at_++;
    for (; at_ < text_.size(); ++at_) {
        const char c = text_[at_];
        const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
        if (quote == '`' && c == quote && next == quote) {
            ++at_;
        } else if (c == quote) {
            token.end = ++at_;
            return token;
        } else if (quote != '`' && c == '\\') {
            if (next != '\\' && next != '"' && next != '\'')
                refuse_expression(at_, "a backslash goes before \\, \" or '");
            ++at_;
        }
        token.text += text_[at_];
    }
    refuse_expression(token.begin, "a quote is not closed");
}

Token Tokenizer::next() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    Token token;
    token.begin = token.end = at_;
    if (at_ == text_.size()) return token;
    const char c = text_[at_];
    if (is_digit(c)) return number();
    if (c == '"' || c == '\'' || c == '`') return quoted(c);
    if (is_of_word(c)) {
        while (at_ < text_.size() && is_of_word(text_[at_])) ++at_;
        token.kind = Token::Kind::word;
    } else {
        constexpr std::array<std::string_view, 14> signs{"<=", ">=", "==", "!=", "<", ">", "+",
                                                         "-",  "*",  "/",  "%",  "(", ")", ","};
        std::size_t found = 0;
        while (found < signs.size() && text_.substr(at_, signs[found].size()) != signs[found]) ++found;
        if (found == signs.size()) refuse_expression(at_, "a byte that begins no word of the language");
        at_ += signs[found].size();
        token.kind = Token::Kind::sign;
    }
    token.end = at_;
    token.text = text_.substr(token.begin, at_ - token.begin);
    return token;
}

}  // namespace vedette::inline v0::validation
