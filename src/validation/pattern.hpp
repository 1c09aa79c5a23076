// SPDX-License-Identifier: Apache-2.0
// A feature's regular expression, compiled.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace vedette::inline v0::validation {

/// Cheap to copy, immutable to its users; any number of threads may search at once.
class Pattern {
  public:
    static constexpr std::size_t longest = 4096;  ///< bytes
    /// Of the compiled form and the automaton that grows from it, about.
    static constexpr std::size_t most_bytes = std::size_t{1} << 20;

    Pattern() = default;  ///< found in every text
    /// Throws Error(invalid_argument) with RE2's words for the fault, of a pattern that is not in its syntax or too
    /// large for `most_bytes`.
    explicit Pattern(const std::string& pattern);

    [[nodiscard]] bool is_given() const noexcept { return program_ != nullptr; }
    [[nodiscard]] std::size_t instructions() const noexcept;

    /// Whether the pattern is found somewhere in the text, of UTF-8. O(length x instructions) at worst, and one look-up
    /// per byte where the automaton has its states. These are made as texts ask for them, so that the first texts
    /// allocate, within `most_bytes`; where that does not hold them RE2 takes a slower path that allocates per
    /// search. Threads share the states behind a lock that searches take for reading, and for writing to add one. Fails
    /// closed: not found, where memory runs out.
    [[nodiscard]] bool is_found_in(std::string_view text) const noexcept;

  private:
    std::shared_ptr<const re2::RE2> program_;
};

/// Several patterns, searched for in one pass; cheap to copy, as `Pattern`.
class RefusedPatterns {
  public:
    static constexpr std::size_t most = 64;

    RefusedPatterns() = default;  ///< none
    /// Throws as `Pattern`; of none as without arguments.
    explicit RefusedPatterns(const std::vector<std::string>& patterns);

    [[nodiscard]] bool is_given() const noexcept { return automaton_ != nullptr; }
    /// Whether none of them is found in the text, of UTF-8. As `Pattern::is_found_in`, but for the slower path, which
    /// there is not: the states that `most_bytes` does not hold are made anew. Fails closed: false, where memory runs
    /// out.
    [[nodiscard]] bool is_none_in(std::string_view text) const noexcept;

  private:
    struct Automaton;
    std::shared_ptr<const Automaton> automaton_;
};

}  // namespace vedette::inline v0::validation
