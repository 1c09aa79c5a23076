// SPDX-License-Identifier: Apache-2.0
// What a feature asks of the characters, words and repetitions of a text, compiled.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "validation/pattern.hpp"
#include "vedette/validation/schema.hpp"

namespace vedette::inline v0::validation {

inline constexpr std::size_t character_class_count = 6;

/// Empty for what is seen, or is white space.
[[nodiscard]] std::optional<CharacterClass> class_of(char32_t c) noexcept;
[[nodiscard]] constexpr Check check_of(CharacterClass c) noexcept {
    return c == CharacterClass::control || c == CharacterClass::bidirectional ? Check::control : Check::invisible;
}
/// The share of a text's n-grams that equal an earlier one of their stretch: of the stretch where it is greatest; 0 of
/// a text that is not asked. n-grams are told apart by hashes of 64 bits, so that different ones pass for equal with a
/// chance of 2^-45 per stretch. O(length); 16 KiB of stack.
[[nodiscard]] double repeated_share(std::string_view text, const Repetition& repetition) noexcept;

class TextRules {
  public:
    TextRules() = default;  ///< asks nothing
    TextRules(const Feature& feature, CheckSet wanted);

    [[nodiscard]] bool asks_anything() const noexcept { return asks_anything_; }
    [[nodiscard]] CheckSet of(std::string_view text, bool is_utf8) const noexcept {
        return asks_anything_ ? judge(text, is_utf8) : CheckSet{0};
    }

  private:
    [[nodiscard]] CheckSet judge(std::string_view text, bool is_utf8) const noexcept;
    [[nodiscard]] CheckSet of_characters(std::string_view text) const noexcept;

    bool asks_anything_ = false;
    bool asks_characters_ = false;
    std::array<CheckSet, character_class_count> refused_{};  ///< of each class, what fails
    Scripts scripts_ = Scripts::any;
    bool refuses_lookalikes_ = false;
    std::optional<Repetition> repetition_;
    RefusedPatterns patterns_;
};

}  // namespace vedette::inline v0::validation
