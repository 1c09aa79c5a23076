// SPDX-License-Identifier: Apache-2.0
// One pass over a text: eight bytes of ASCII at a time, and code point by code point where words or characters ask.
#include "validation/text_rules.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "validation/unicode/text_tables.hpp"

namespace vedette::inline v0::validation {

namespace {

struct Decoded {
    char32_t code = 0xFFFD;
    std::size_t size = 1;
};

// Of a text that need not be well-formed: a byte that begins nothing well-formed is U+FFFD.
Decoded decode(std::string_view text, std::size_t i) noexcept {
    const auto byte = [&](std::size_t k) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[k])); };
    const std::uint32_t lead = byte(i);
    if (lead < 0x80) return {static_cast<char32_t>(lead), 1};
    const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() - i < size) return {};
    std::uint32_t code = lead & (0x7FU >> size);
    for (std::size_t k = 1; k < size; ++k) {
        if ((byte(i + k) & 0xC0U) != 0x80U) return {};
        code = code << 6U | (byte(i + k) & 0x3FU);
    }
    const bool is_overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
    if (is_overlong || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return {};
    return {static_cast<char32_t>(code), size};
}

constexpr bool is_letter(unsigned char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_control(unsigned char c) noexcept {
    return c == 0x7F || (c < 0x20 && c != '\t' && c != '\n' && c != '\r');
}
constexpr bool is_of_word(unsigned char c) noexcept {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

// Eight bytes from ' ' to '~'.
bool are_printable(const char* text) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, text, sizeof word);
    constexpr std::uint64_t ones = 0x0101010101010101U, highs = 0x8080808080808080U;
    // Of bytes below 0x80 nothing carries.
    return (word & highs) == 0 && ((word + ones * 0x60U) & highs) == highs && ((word + ones) & highs) == 0;
}

// What is known of a word so far.
class Word {
  public:
    [[nodiscard]] bool is_open() const noexcept { return is_open_; }
    // With the ASCII of the word that stands before.
    void open(std::string_view before) noexcept {
        *this = Word{};
        is_open_ = true;
        for (std::size_t i = before.size(); i-- > 0;) {
            const auto c = static_cast<unsigned char>(before[i]);
            if (c >= 0x80 || (!is_of_word(c) && !is_control(c))) break;
            if (!is_control(c)) add_ascii(c);
        }
    }
    void add_ascii(unsigned char c) noexcept {
        constexpr CharacterKind latin{true, {1, 0, 0}};
        ++size_;
        if (is_letter(c)) add_scripts(latin);
    }
    void add(const CharacterKind& kind, bool is_lookalike) noexcept {
        ++size_;
        has_lookalike_ = has_lookalike_ || is_lookalike;
        reads_as_ascii_ = reads_as_ascii_ && is_lookalike;
        add_scripts(kind);
    }
    [[nodiscard]] bool mixes(Scripts allowed) const noexcept {
        if (allowed == Scripts::any || (scripts_[0] | scripts_[1] | scripts_[2]) != 0) return false;
        return allowed == Scripts::single || beside_latin_ == 0;
    }
    [[nodiscard]] bool is_lookalike() const noexcept { return has_lookalike_ && reads_as_ascii_ && size_ >= 2; }
    void close() noexcept { is_open_ = false; }

  private:
    void add_scripts(const CharacterKind& kind) noexcept {
        if ((kind.scripts[0] | kind.scripts[1] | kind.scripts[2]) == 0) return;
        for (std::size_t k = 0; k < script_words; ++k) scripts_[k] &= kind.scripts[k];
        if ((kind.scripts[0] & 1U) == 0) beside_latin_ &= kind.scripts[0];
    }

    static_assert(script_words == 3);
    bool is_open_ = false, has_lookalike_ = false, reads_as_ascii_ = true;
    std::size_t size_ = 0;
    std::array<std::uint64_t, script_words> scripts_{~std::uint64_t{0}, ~std::uint64_t{0}, ~std::uint64_t{0}};
    std::uint64_t beside_latin_ = 0xE;  // of Jpan, Hanb and Kore, those that all but Latin belongs to
};

// Finds kinds, most often that of the range found last.
class Kinds {
  public:
    const CharacterKind& of(char32_t c) noexcept {
        const auto code = static_cast<std::uint32_t>(c);
        if (code < first_ || code >= last_) {
            const auto next = std::upper_bound(kind_starts.begin(), kind_starts.end(), code << 11U | 0x7FFU);
            first_ = *(next - 1) >> 11U;
            last_ = next == kind_starts.end() ? 0x110000 : *next >> 11U;
            kind_ = &kinds[*(next - 1) & 0x7FFU];
        }
        return *kind_;
    }

  private:
    std::uint32_t first_ = 1, last_ = 0;
    const CharacterKind* kind_ = nullptr;
};

constexpr bool is_white_space(char32_t c) noexcept {
    return (c >= 0x9 && c <= 0xD) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

constexpr std::uint64_t mixed(std::uint64_t x) noexcept {  // the finaliser of splitmix64
    x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
    return x ^ (x >> 31U);
}

// The n-grams of a stream of units, as hashes of those of one stretch.
class Grams {
  public:
    explicit Grams(std::size_t length) noexcept : length_(length) {
        for (std::size_t i = 1; i < length; ++i) oldest_weight_ *= base;
    }
    void add(std::uint64_t unit) noexcept {
        std::uint64_t& slot = units_[unit_count_ % length_];
        if (unit_count_ >= length_) hash_ -= slot * oldest_weight_;
        slot = unit;
        hash_ = hash_ * base + unit;
        if (++unit_count_ < length_) return;
        grams_[count_++ % stretch] = hash_;
        if (count_ % stretch == 0) look();
    }
    // The greatest share of a stretch.
    double finish(std::size_t minimum) noexcept {
        if (count_ < minimum) return 0.0;
        if (count_ % stretch != 0) look();
        return share_;
    }

  private:
    static constexpr std::size_t stretch = Repetition::most_grams;
    static constexpr std::uint64_t base = 0x9E3779B97F4A7C15U;

    void look() noexcept {
        const std::size_t size = std::min(count_, stretch);
        std::array<std::uint64_t, stretch> sorted;
        std::copy_n(grams_.begin(), size, sorted.begin());
        const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(size);
        std::sort(sorted.begin(), end);
        const auto distinct = static_cast<std::size_t>(std::unique(sorted.begin(), end) - sorted.begin());
        share_ = std::max(share_, static_cast<double>(size - distinct) / static_cast<double>(size));
    }

    std::size_t length_;
    std::uint64_t oldest_weight_ = 1, hash_ = 0;
    std::array<std::uint64_t, 32> units_{};
    std::array<std::uint64_t, stretch> grams_;
    std::size_t unit_count_ = 0, count_ = 0;
    double share_ = 0.0;
};

}  // namespace

std::optional<CharacterClass> class_of(char32_t c) noexcept {
    const auto within = [c](char32_t first, char32_t last) { return c >= first && c <= last; };
    using enum CharacterClass;
    if (c < 0xA0) {
        const bool is_text = within(0x20, 0x7E) || c == '\t' || c == '\n' || c == '\r';
        return is_text ? std::nullopt : std::optional(control);
    }
    if (c < 0x2000) {
        if (c == 0x061C) return bidirectional;
        if (within(0x180B, 0x180D) || c == 0x180F) return variation_selector;
        const bool is_hidden =
            c == 0xAD || c == 0x034F || within(0x115F, 0x1160) || within(0x17B4, 0x17B5) || c == 0x180E;
        return is_hidden ? std::optional(invisible) : std::nullopt;
    }
    if (c < 0x2070) {
        if (within(0x200C, 0x200D)) return joiner;
        if (within(0x200E, 0x200F) || within(0x202A, 0x202E) || within(0x2066, 0x2069)) return bidirectional;
        return c == 0x200B || c >= 0x2060 ? std::optional(invisible) : std::nullopt;
    }
    if (within(0xFE00, 0xFE0F) || within(0xE0100, 0xE01EF)) return variation_selector;
    if (within(0xE0000, 0xE007F)) return tag;
    const bool is_hidden = c == 0x3164 || c == 0xFEFF || c == 0xFFA0 || within(0xFFF0, 0xFFF8) ||
                           within(0x1BCA0, 0x1BCA3) || within(0x1D173, 0x1D17A) || within(0xE0000, 0xE0FFF);
    return is_hidden ? std::optional(invisible) : std::nullopt;
}

double repeated_share(std::string_view text, const Repetition& repetition) noexcept {
    Grams grams(repetition.length);
    constexpr std::uint64_t seed = 0xCBF29CE484222325U, prime = 0x100000001B3U;  // FNV-1a
    std::uint64_t word = seed;
    bool is_in_word = false;
    for (std::size_t i = 0; i < text.size();) {
        const Decoded at = decode(text, i);
        if (repetition.unit == TextUnit::code_points) {
            // Bytes that are ill-formed are units of their own.
            const auto byte = static_cast<std::uint64_t>(static_cast<unsigned char>(text[i]));
            const bool is_ill = at.size == 1 && at.code == 0xFFFD;
            grams.add(mixed(is_ill ? 0x110000 + byte : static_cast<std::uint64_t>(at.code) + 1));
        } else if (!is_white_space(at.code)) {
            for (std::size_t k = 0; k < at.size; ++k) word = (word ^ static_cast<unsigned char>(text[i + k])) * prime;
            is_in_word = true;
        } else if (is_in_word) {
            grams.add(mixed(word));
            word = seed;
            is_in_word = false;
        }
        i += at.size;
    }
    if (is_in_word) grams.add(mixed(word));
    return grams.finish(repetition.minimum_grams);
}

TextRules::TextRules(const Feature& feature, CheckSet wanted) {
    const auto is_wanted = [&](Check check) { return contains(wanted, check); };
    for (const CharacterClass refused : feature.refused_characters)
        refused_[static_cast<std::size_t>(refused)] = set_of(check_of(refused)) & wanted;
    if (is_wanted(Check::confusable)) {
        scripts_ = feature.scripts;
        refuses_lookalikes_ = feature.refuse_lookalikes;
    }
    if (is_wanted(Check::repetition)) repetition_ = feature.repetition;
    if (is_wanted(Check::pattern)) patterns_ = RefusedPatterns(feature.refused_patterns);
    asks_characters_ = scripts_ != Scripts::any || refuses_lookalikes_ ||
                       std::any_of(refused_.begin(), refused_.end(), [](CheckSet set) { return set != 0; });
    asks_anything_ = asks_characters_ || repetition_.has_value() || patterns_.is_given();
}

CheckSet TextRules::judge(std::string_view text, bool is_utf8) const noexcept {
    CheckSet failed = asks_characters_ ? of_characters(text) : CheckSet{0};
    if (repetition_ && repeated_share(text, *repetition_) > repetition_->maximum_share)
        failed |= set_of(Check::repetition);
    if (patterns_.is_given() && !(is_utf8 && patterns_.is_none_in(text))) failed |= set_of(Check::pattern);
    return failed;
}

CheckSet TextRules::of_characters(std::string_view text) const noexcept {
    const bool asks_words = scripts_ != Scripts::any || refuses_lookalikes_;
    CheckSet failed = 0;
    Word word;
    Kinds kinds_of;
    const auto end_word = [&] {
        if (word.is_open() && (word.mixes(scripts_) || (refuses_lookalikes_ && word.is_lookalike())))
            failed |= set_of(Check::confusable);
        word.close();
    };
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x80) {
            if (!word.is_open() && text.size() - i >= 8 && are_printable(text.data() + i)) {
                i += 8;
                continue;
            }
            if (is_control(byte)) {
                failed |= refused_[static_cast<std::size_t>(CharacterClass::control)];
            } else if (word.is_open()) {
                is_of_word(byte) ? word.add_ascii(byte) : end_word();
            }
            ++i;
            continue;
        }
        const Decoded at = decode(text, i);
        const std::optional<CharacterClass> hidden = class_of(at.code);
        if (hidden) failed |= refused_[static_cast<std::size_t>(*hidden)];
        if (asks_words) {
            const CharacterKind* const kind = hidden ? nullptr : &kinds_of.of(at.code);
            if (kind != nullptr && !kind->is_of_word) {
                end_word();
            } else {
                if (!word.is_open()) word.open(text.substr(0, i));
                if (kind != nullptr) word.add(*kind, refuses_lookalikes_ && is_lookalike(at.code));
            }
        }
        i += at.size;
    }
    end_word();
    return failed;
}

}  // namespace vedette::inline v0::validation
