// SPDX-License-Identifier: Apache-2.0
// The words of an expression.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "validation/operand.hpp"

namespace vedette::inline v0::validation {

struct Token {
    enum class Kind : std::uint8_t { end, number, text, word, quoted_name, sign };

    Kind kind = Kind::end;
    std::size_t begin = 0, end = 0;  ///< its bytes
    std::string text;                ///< of a text and a name what they stand for, of others as written
    Operand number;

    [[nodiscard]] bool is(std::string_view written) const noexcept {
        return (kind == Kind::sign || kind == Kind::word) && text == written;
    }
};

/// Throws Error(invalid_argument): "at byte <place>: <what>".
[[noreturn]] void refuse_expression(std::size_t place, const std::string& what);

/// Reads one word after the other; at the end, `end` again and again. Throws by `refuse_expression`.
class Tokenizer {
  public:
    explicit Tokenizer(std::string_view text) : text_(text) {}
    Token next();

  private:
    Token number();
    Token quoted(char quote);

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace vedette::inline v0::validation
