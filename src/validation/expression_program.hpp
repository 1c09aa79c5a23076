// SPDX-License-Identifier: Apache-2.0
// An expression compiled to a short programme for a stack of fixed height.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "validation/operand.hpp"
#include "vedette/validation/expression.hpp"
#include "vedette/validation/schema.hpp"

namespace vedette::inline v0::validation {

enum class Op : std::uint8_t {
    feature,   // pushes operand `first`
    literal,   // pushes literal `first`
    negate,    // of a number
    absolute,  //
    length,    // of a text
    add,
    subtract,
    multiply,
    divide,
    remainder,
    least,
    greatest,
    less,
    less_equal,
    greater,
    greater_equal,
    equal,
    not_equal,
    is_null,
    is_not_null,
    is_in,  // the literals from `first` on, `count` of them
    negate_truth,
    conjunction,
    disjunction,
    implication
};

struct Instruction {
    Op op = Op::feature;
    std::uint16_t first = 0, count = 0;
};

/// Immutable, and cheap to share. Made by `compile_expression` alone, which bounds what is in it.
class Program {
  public:
    static constexpr std::size_t longest = 4096;  ///< bytes of text
    static constexpr std::size_t most_instructions = 256, most_features = 32, most_height = 40, most_levels = 32;

    /// Places of the features among those that the compiler was given; operand i is of the feature at `features[i]`.
    std::vector<std::uint32_t> features;
    std::vector<Instruction> instructions;
    std::vector<Operand> literals;
    std::vector<std::string> texts;  ///< what literals of text point into

    Program() = default;
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    Program(Program&&) = default;
    Program& operator=(Program&&) = default;
    ~Program() = default;

    /// Whether the expression is false: not of what is unknown. O(instructions + bytes of texts), no allocation.
    [[nodiscard]] bool is_false(const Operand* operands) const noexcept;
};

/// The features that expressions may name; they are borrowed.
class Vocabulary {
  public:
    explicit Vocabulary(const std::vector<Feature>& features) : features_(features) {
        for (std::size_t i = 0; i < features.size(); ++i)
            places_.emplace(features[i].name, static_cast<std::uint32_t>(i));
    }
    [[nodiscard]] std::optional<std::uint32_t> find(std::string_view name) const {
        const auto found = places_.find(name);
        return found == places_.end() ? std::nullopt : std::optional(found->second);
    }
    [[nodiscard]] const Feature& operator[](std::uint32_t place) const noexcept { return features_[place]; }

  private:
    const std::vector<Feature>& features_;
    std::map<std::string_view, std::uint32_t> places_;
};

/// Throws Error(invalid_argument), "at byte 12: ...", for what is not in the language.
[[nodiscard]] Program compile_expression(std::string_view text, const Vocabulary& vocabulary);

/// The words of an expression with one space between each two: equal for expressions that differ by spaces alone. Of
/// one that compiles.
[[nodiscard]] std::string normal_form(std::string_view text);

}  // namespace vedette::inline v0::validation
