// SPDX-License-Identifier: Apache-2.0
// Both dialects are walked symbol by symbol; what means the same is copied, what differs is spelled out.
#include "validation/ecma_pattern.hpp"

#include <cstddef>

namespace vedette::inline v0::validation {

namespace {

// ECMA-262's white space and line ends: what \s is there; RE2's is of ASCII, and without \v.
constexpr std::string_view ecma_space =
    R"(\t\n\v\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff})";
constexpr std::string_view ecma_dot = R"([^\n\r\x{2028}\x{2029}])";
constexpr std::string_view re2_space = R"(\t\n\f\r )";
constexpr std::string_view re2_dot = R"([^\n])";

constexpr bool is_hex(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
constexpr bool is_alphanumeric(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

class Translator {
  public:
    Translator(std::string_view pattern, bool is_from_ecma) : text_(pattern), is_from_ecma_(is_from_ecma) {}

    std::optional<std::string> translate() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            const bool is_known = c == '\\'  ? escape(false)
                                  : c == '[' ? character_class()
                                  : c == '(' ? group()
                                             : plain(c);
            if (!is_known) return std::nullopt;
        }
        return std::move(out_);
    }

  private:
    [[nodiscard]] char peek(std::size_t ahead) const noexcept {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
    }
    bool copy(std::size_t count) {
        out_ += text_.substr(at_, count);
        at_ += count;
        return true;
    }
    bool plain(char c) {
        if (c == ']' && !is_from_ecma_) out_ += '\\';  // alone it is no member of a class; flag u wants it escaped
        if (c != '.') return copy(1);
        out_ += is_from_ecma_ ? ecma_dot : re2_dot;
        ++at_;
        return true;
    }
    bool group() {
        if (peek(1) != '?') return copy(1);
        // (?: is the same in both; all others are flags, names or look-around.
        return peek(2) == ':' && copy(3);
    }
    // The digits of \xHH, \x{H...}, \uHHHH and \u{H...}: a code point, written in the other's way.
    bool code_point(bool is_braced, std::size_t digits) {
        const std::size_t begin = at_ + (is_braced ? 3 : 2);
        std::size_t end = begin;
        while (end < text_.size() && is_hex(text_[end]) && (is_braced ? end - begin < 6 : end - begin < digits)) ++end;
        const std::string hex(text_.substr(begin, end - begin));
        if (hex.empty() || (!is_braced && hex.size() != digits)) return false;
        if (is_braced && (end == text_.size() || text_[end] != '}')) return false;
        // Halves of a pair are no code points; RE2 knows none of them.
        const unsigned long value = std::stoul(hex, nullptr, 16);
        if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return false;
        out_ += is_from_ecma_ ? "\\x{" : "\\u{";
        out_ += hex;
        out_ += '}';
        at_ = end + (is_braced ? 1 : 0);
        return true;
    }
    bool space(bool is_in_class, bool is_negated) {
        if (is_in_class && is_negated) return false;
        const std::string_view set = is_from_ecma_ ? ecma_space : re2_space;
        if (!is_in_class) out_ += is_negated ? "[^" : "[";
        out_ += set;
        if (!is_in_class) out_ += ']';
        at_ += 2;
        return true;
    }
    bool property() {
        if (peek(2) != '{') return false;
        std::size_t end = at_ + 3;
        while (end < text_.size() && (is_alphanumeric(text_[end]) || text_[end] == '_')) ++end;
        if (end == at_ + 3 || end == text_.size() || text_[end] != '}') return false;
        // Of the same spelling only general categories of one or two letters; scripts need "Script=" in ECMA-262.
        const std::string_view name = text_.substr(at_ + 3, end - at_ - 3);
        if (name.size() > 2) return false;
        return copy(end + 1 - at_);
    }
    bool escape(bool is_in_class) {
        const char c = peek(1);
        switch (c) {
            case 'd':
            case 'D':
            case 'w':
            case 'W':
            case 't':
            case 'n':
            case 'r':
            case 'f':
            case 'v': return copy(2);
            case 'b':
            case 'B': return !is_in_class && copy(2);
            case 's':
            case 'S': return space(is_in_class, c == 'S');
            case 'p':
            case 'P': return property();
            case 'x': return code_point(!is_from_ecma_ && peek(2) == '{', 2);
            case 'u': return is_from_ecma_ && code_point(peek(2) == '{', 4);
            default: break;
        }
        if (c == '\0' || is_alphanumeric(c) || static_cast<unsigned char>(c) >= 0x80) return false;
        // ECMA-262 (flag u, as JSON Schema asks) escapes what it must, and '-' within a class; RE2 any punctuation.
        constexpr std::string_view needed = "^$\\.*+?()[]{}|/";
        if (is_from_ecma_ || needed.find(c) != std::string_view::npos || (is_in_class && c == '-')) return copy(2);
        out_ += c;
        at_ += 2;
        return true;
    }
    bool character_class() {
        // [] and [^] are nothing and anything in ECMA-262; RE2 takes the bracket for a member.
        copy(1);
        if (peek(0) == '^') copy(1);
        if (peek(0) == ']') return false;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == ']') return copy(1);
            if (c == '\\') {
                if (!escape(true)) return false;
            } else if (c == '[') {
                if (!is_from_ecma_ && peek(1) == ':') return false;
                out_ += "\\[";
                ++at_;
            } else {
                copy(1);
            }
        }
        return false;
    }

    std::string_view text_;
    bool is_from_ecma_;
    std::size_t at_ = 0;
    std::string out_;
};

}  // namespace

std::optional<std::string> pattern_from_ecma(std::string_view pattern) {
    return Translator(pattern, true).translate();
}

std::optional<std::string> pattern_to_ecma(std::string_view pattern) {
    return Translator(pattern, false).translate();
}

}  // namespace vedette::inline v0::validation
