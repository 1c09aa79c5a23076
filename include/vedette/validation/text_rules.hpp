// SPDX-License-Identifier: Apache-2.0
// What a text written for people, or for a language model, may not hold: characters, mixtures of scripts, repetition.
#pragma once

#include <cstdint>

namespace vedette::inline v0::validation {

/// Characters that are not seen. Disjoint; by properties of Unicode 15.0.0.
enum class CharacterClass : std::uint8_t {
    /// General category Cc but for tab, line feed and carriage return: U+0000 to U+001F, U+007F to U+009F.
    control,
    /// Bidi_Control (UAX 9): U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069. They reorder what is shown.
    bidirectional,
    /// U+200C and U+200D. Persian, the languages of India and emoji need them.
    joiner,
    /// U+180B to U+180D, U+180F, U+FE00 to U+FE0F, U+E0100 to U+E01EF. Emoji need U+FE0F; hidden bytes are written in
    /// the others.
    variation_selector,
    /// U+E0000 to U+E007F, of which nothing is shown. The flags of England, Scotland and Wales are written in them.
    tag,
    /// All other of Default_Ignorable_Code_Point: soft hyphen, zero width space, word joiner, byte order mark, fillers,
    /// what is reserved for such ...
    invisible,
};

/// Which scripts one word of a text may mix: the restriction levels of UTS 39, section 5.2, by Script_Extensions of
/// Unicode 15.0.0, without that section's identifier profile. A word is a longest run of letters, marks, numbers and
/// connecting punctuation (general categories L, M, N, Pc); what `CharacterClass` names does not end it. Words of
/// different scripts may stand side by side.
enum class Scripts : std::uint8_t {
    any,
    /// One script, or Latin beside those of Japanese, of Korean, or of Chinese with Bopomofo.
    highly_restrictive,
    /// One script; kanji and kana are one, as are hangul and hanja.
    single,
};

enum class TextUnit : std::uint8_t { words, code_points };

/// How much of a text repeats itself. The share is 1 - distinct-n (Li et al., 2016): of all n-grams, how many equal an
/// earlier one. Words are runs without white space (White_Space of Unicode), compared byte by byte.
struct Repetition {
    /// Of the longest text that is looked at as a whole. A longer one is taken apart into stretches of so many n-grams,
    /// the last of which ends with the text, and its share is the greatest of theirs.
    static constexpr std::uint32_t most_grams = 1024;

    TextUnit unit = TextUnit::words;
    std::uint32_t length = 3;          ///< of the n-grams, in units: 1 to 32
    double maximum_share = 0.5;        ///< in [0, 1); more fails
    std::uint32_t minimum_grams = 32;  ///< a text of fewer n-grams is not asked; 2 to most_grams

    friend bool operator==(const Repetition&, const Repetition&) = default;
};

}  // namespace vedette::inline v0::validation
