// SPDX-License-Identifier: Apache-2.0
// From the text of an expression to its programme: one pass by recursive descent, types checked on the way.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "validation/expression_program.hpp"
#include "validation/expression_tokens.hpp"

namespace vedette::inline v0::validation {

namespace {

enum class Type : std::uint8_t { number, truth, text };

constexpr std::array type_names{"a number", "a truth value", "a text"};

Type type_of(FeatureType type) noexcept {
    switch (type) {
        case FeatureType::floating:
        case FeatureType::integer: return Type::number;
        case FeatureType::boolean: return Type::truth;
        case FeatureType::text:
        case FeatureType::bytes: break;
    }
    return Type::text;
}

constexpr std::array<std::string_view, 8> reserved{"implies", "or", "and", "not", "in", "true", "false", "null"};

constexpr std::array<std::pair<std::string_view, Op>, 6> comparisons{{{"<", Op::less},
                                                                      {"<=", Op::less_equal},
                                                                      {">", Op::greater},
                                                                      {">=", Op::greater_equal},
                                                                      {"==", Op::equal},
                                                                      {"!=", Op::not_equal}}};

class Compiler {
  public:
    Compiler(std::string_view text, const Vocabulary& vocabulary) : tokenizer_(text), vocabulary_(vocabulary) {
        advance();
    }

    Program compile() {
        const std::size_t begin = token_.begin;
        need(Type::truth, implication(), begin);
        if (token_.kind != Token::Kind::end) refuse_expression(token_.begin, "the expression is over before this");
        if (program_.features.empty()) refuse_expression(0, "no feature is named");
        for (Operand& literal : program_.literals) {
            if (literal.kind == Operand::Kind::text)
                literal.text = program_.texts[static_cast<std::size_t>(literal.integer)];
        }
        return std::move(program_);
    }

  private:
    // One level of parentheses, signs or words before an operand.
    class Level {
      public:
        Level(std::size_t& levels, std::size_t place) : levels_(levels) {
            if (++levels_ > Program::most_levels)
                refuse_expression(place, fmt::format("nested deeper than {} levels", Program::most_levels));
        }
        Level(const Level&) = delete;
        Level& operator=(const Level&) = delete;
        ~Level() { --levels_; }

      private:
        std::size_t& levels_;
    };

    void advance() { token_ = tokenizer_.next(); }
    bool take(std::string_view written) {
        if (!token_.is(written)) return false;
        advance();
        return true;
    }
    void expect(std::string_view written) {
        if (!take(written)) refuse_expression(token_.begin, fmt::format("\"{}\" is missing", written));
    }
    static void need(Type wanted, Type found, std::size_t place) {
        if (wanted != found)
            refuse_expression(place, fmt::format("{} where {} is needed", type_names[static_cast<std::size_t>(found)],
                                                 type_names[static_cast<std::size_t>(wanted)]));
    }
    void count_word() const {
        if (program_.instructions.size() + program_.literals.size() >= Program::most_instructions)
            refuse_expression(token_.begin,
                              fmt::format("more than {} operations and literals", Program::most_instructions));
    }
    // `growth`: how many operands more there are on the stack afterwards.
    void emit(Op op, int growth, std::size_t first = 0, std::size_t count = 0) {
        count_word();
        height_ += growth;
        if (height_ > static_cast<int>(Program::most_height)) refuse_expression(token_.begin, "too many open operands");
        program_.instructions.push_back({op, static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(count)});
    }
    std::size_t keep(Operand literal) {
        count_word();
        program_.literals.push_back(literal);
        return program_.literals.size() - 1;
    }
    std::size_t keep(std::string text) {
        Operand literal = Operand::of_text({});
        literal.integer = static_cast<std::int64_t>(program_.texts.size());
        program_.texts.push_back(std::move(text));
        return keep(literal);
    }

    Type implication() {
        const std::size_t begin = token_.begin;
        const Type left = disjunction();
        if (!token_.is("implies")) return left;
        const Level level(levels_, token_.begin);
        need(Type::truth, left, begin);
        advance();
        const std::size_t place = token_.begin;
        need(Type::truth, implication(), place);
        emit(Op::implication, -1);
        return Type::truth;
    }
    // Operands of one type between words that keep it.
    template <class Operand_, std::size_t n>
    Type series(Type wanted, const std::array<std::pair<std::string_view, Op>, n>& words, Operand_ operand) {
        const std::size_t begin = token_.begin;
        const Type left = (this->*operand)();
        for (;;) {
            const auto found =
                std::find_if(words.begin(), words.end(), [&](auto& word) { return token_.is(word.first); });
            if (found == words.end()) return left;
            need(wanted, left, begin);
            advance();
            const std::size_t place = token_.begin;
            need(wanted, (this->*operand)(), place);
            emit(found->second, -1);
        }
    }
    Type disjunction() {
        constexpr std::array<std::pair<std::string_view, Op>, 1> words{{{"or", Op::disjunction}}};
        return series(Type::truth, words, &Compiler::conjunction);
    }
    Type conjunction() {
        constexpr std::array<std::pair<std::string_view, Op>, 1> words{{{"and", Op::conjunction}}};
        return series(Type::truth, words, &Compiler::negation);
    }
    Type negation() {
        if (!token_.is("not")) return comparison();
        const Level level(levels_, token_.begin);
        advance();
        const std::size_t place = token_.begin;
        need(Type::truth, negation(), place);
        emit(Op::negate_truth, 0);
        return Type::truth;
    }
    Type comparison() {
        const Type left = sum();
        if (token_.is("in") || token_.is("not")) return membership(left);
        const auto found =
            std::find_if(comparisons.begin(), comparisons.end(), [&](auto& one) { return token_.is(one.first); });
        if (found == comparisons.end()) return left;
        const std::size_t sign = token_.begin;
        const bool is_equality = found->second == Op::equal || found->second == Op::not_equal;
        advance();
        if (token_.is("null")) {
            if (!is_equality) refuse_expression(sign, "null is compared by == and != alone");
            advance();
            emit(found->second == Op::equal ? Op::is_null : Op::is_not_null, 0);
        } else {
            const std::size_t place = token_.begin;
            need(left, sum(), place);
            if (left == Type::truth && !is_equality) refuse_expression(sign, "truth values have no order");
            emit(found->second, -1);
        }
        for (const auto& [word, op] : comparisons) {
            if (token_.is(word)) refuse_expression(token_.begin, "comparisons do not chain: join two by \"and\"");
        }
        return Type::truth;
    }
    Type membership(Type left) {
        const bool is_negated = take("not");
        expect("in");
        expect("(");
        const std::size_t first = program_.literals.size();
        do {
            const bool is_negative = take("-");
            const std::size_t place = token_.begin;
            Operand literal = token_.number;
            if (token_.kind == Token::Kind::number) {
                need(left, Type::number, place);
                if (is_negative)
                    literal = literal.kind == Operand::Kind::integer ? Operand::of_integer(-literal.integer)
                                                                     : Operand::of_real(-literal.real);
                keep(literal);
            } else if (token_.kind == Token::Kind::text && !is_negative) {
                need(left, Type::text, place);
                keep(token_.text);
            } else {
                refuse_expression(place, "a number or a text is needed");
            }
            advance();
        } while (take(","));
        expect(")");
        emit(Op::is_in, 0, first, program_.literals.size() - first);
        if (is_negated) emit(Op::negate_truth, 0);
        return Type::truth;
    }
    Type sum() {
        constexpr std::array<std::pair<std::string_view, Op>, 2> words{{{"+", Op::add}, {"-", Op::subtract}}};
        return series(Type::number, words, &Compiler::product);
    }
    Type product() {
        constexpr std::array<std::pair<std::string_view, Op>, 3> words{
            {{"*", Op::multiply}, {"/", Op::divide}, {"%", Op::remainder}}};
        return series(Type::number, words, &Compiler::factor);
    }
    Type factor() {
        if (!token_.is("-")) return primary();
        const Level level(levels_, token_.begin);
        advance();
        const std::size_t place = token_.begin;
        need(Type::number, factor(), place);
        emit(Op::negate, 0);
        return Type::number;
    }
    Type primary() {
        Token token = std::move(token_);
        const std::size_t begin = token.begin;
        if (token.kind == Token::Kind::end) refuse_expression(begin, "an operand is missing");
        advance();
        switch (token.kind) {
            case Token::Kind::number: emit(Op::literal, 1, keep(token.number)); return Type::number;
            case Token::Kind::text: emit(Op::literal, 1, keep(std::move(token.text))); return Type::text;
            case Token::Kind::quoted_name: return feature(token);
            case Token::Kind::word: return word(token);
            default: break;
        }
        if (!token.is("(")) refuse_expression(begin, fmt::format("\"{}\" where an operand is needed", token.text));
        const Level level(levels_, begin);
        const Type type = implication();
        expect(")");
        return type;
    }
    Type word(const Token& token) {
        if (token.text == "true" || token.text == "false") {
            emit(Op::literal, 1, keep(Operand::of_truth(token.text == "true")));
            return Type::truth;
        }
        if (token.text == "null") refuse_expression(token.begin, "null stands right of == or != alone");
        if (std::find(reserved.begin(), reserved.end(), token.text) != reserved.end())
            refuse_expression(token.begin, fmt::format("\"{}\" where an operand is needed", token.text));
        return token_.is("(") ? call(token) : feature(token);
    }
    Type call(const Token& token) {
        const Level level(levels_, token.begin);
        struct Function {
            std::string_view name;
            Type of;
            Op op;
            int arguments;
        };
        constexpr std::array<Function, 4> functions{{{"abs", Type::number, Op::absolute, 1},
                                                     {"min", Type::number, Op::least, 2},
                                                     {"max", Type::number, Op::greatest, 2},
                                                     {"length", Type::text, Op::length, 1}}};
        const auto found =
            std::find_if(functions.begin(), functions.end(), [&](auto& one) { return one.name == token.text; });
        if (found == functions.end())
            refuse_expression(token.begin, fmt::format("\"{}\" is no function: abs, min, max or length", token.text));
        expect("(");
        for (int i = 0; i < found->arguments; ++i) {
            if (i != 0) expect(",");
            const std::size_t place = token_.begin;
            need(found->of, implication(), place);
        }
        expect(")");
        emit(found->op, 1 - found->arguments);
        return Type::number;
    }
    Type feature(const Token& token) {
        const std::optional<std::uint32_t> place = vocabulary_.find(token.text);
        if (!place) refuse_expression(token.begin, fmt::format("the schema has no feature \"{}\"", token.text));
        std::vector<std::uint32_t>& used = program_.features;
        const auto known = std::find(used.begin(), used.end(), *place);
        const auto operand = static_cast<std::size_t>(known - used.begin());
        if (known == used.end()) {
            if (used.size() == Program::most_features)
                refuse_expression(token.begin, fmt::format("more than {} features", Program::most_features));
            used.push_back(*place);
        }
        emit(Op::feature, 1, operand);
        return type_of(vocabulary_[*place].type);
    }

    Tokenizer tokenizer_;
    const Vocabulary& vocabulary_;
    Token token_;
    Program program_;
    int height_ = 0;
    std::size_t levels_ = 0;
};

}  // namespace

Program compile_expression(std::string_view text, const Vocabulary& vocabulary) {
    if (text.size() > Program::longest)
        refuse_expression(Program::longest, fmt::format("longer than {} bytes", Program::longest));
    return Compiler(text, vocabulary).compile();
}

std::string normal_form(std::string_view text) {
    std::string words;
    Tokenizer tokenizer(text);
    for (Token token = tokenizer.next(); token.kind != Token::Kind::end; token = tokenizer.next()) {
        if (!words.empty()) words += ' ';
        words += text.substr(token.begin, token.end - token.begin);
    }
    return words;
}

}  // namespace vedette::inline v0::validation
