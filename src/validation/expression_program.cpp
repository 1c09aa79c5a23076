// SPDX-License-Identifier: Apache-2.0
// The stack machine.
#include "validation/expression_program.hpp"

#include <algorithm>
#include <cmath>
#include <new>

namespace vedette::inline v0::validation {

namespace {

using Kind = Operand::Kind;

constexpr bool is_whole(const Operand& a) noexcept {
    return a.kind == Kind::integer;
}

Operand arithmetic(Op op, const Operand& a, const Operand& b) noexcept {
    if (is_whole(a) && is_whole(b)) {
        std::int64_t exact = 0;
        switch (op) {
            case Op::add:
                if (!__builtin_add_overflow(a.integer, b.integer, &exact)) return Operand::of_integer(exact);
                break;
            case Op::subtract:
                if (!__builtin_sub_overflow(a.integer, b.integer, &exact)) return Operand::of_integer(exact);
                break;
            case Op::multiply:
                if (!__builtin_mul_overflow(a.integer, b.integer, &exact)) return Operand::of_integer(exact);
                break;
            case Op::remainder:
                if (b.integer == 0) return {};
                return Operand::of_integer(b.integer == -1 ? 0 : a.integer % b.integer);
            default: break;
        }
    }
    const double x = a.as_real(), y = b.as_real();
    switch (op) {
        case Op::add: return Operand::of_real(x + y);
        case Op::subtract: return Operand::of_real(x - y);
        case Op::multiply: return Operand::of_real(x * y);
        case Op::divide: return Operand::of_real(x / y);
        case Op::remainder: return Operand::of_real(std::fmod(x, y));
        case Op::least: return compare_numbers(a, b) <= 0 ? a : b;
        case Op::greatest: return compare_numbers(a, b) >= 0 ? a : b;
        default: return {};
    }
}

// Of two known operands of one type.
int compare(const Operand& a, const Operand& b) noexcept {
    if (a.kind == Kind::text) {
        const int order = a.text.compare(b.text);
        return order < 0 ? -1 : order > 0 ? 1 : 0;
    }
    if (a.kind == Kind::truth) return static_cast<int>(a.truth) - static_cast<int>(b.truth);
    return compare_numbers(a, b);
}

bool is_met(Op op, int order) noexcept {
    switch (op) {
        case Op::less: return order < 0;
        case Op::less_equal: return order <= 0;
        case Op::greater: return order > 0;
        case Op::greater_equal: return order >= 0;
        case Op::equal: return order == 0;
        default: return order != 0;
    }
}

// Kleene's disjunction; the others follow from it.
Operand either(const Operand& a, const Operand& b) noexcept {
    if ((a.is_known() && a.truth) || (b.is_known() && b.truth)) return Operand::of_truth(true);
    return a.is_known() && b.is_known() ? Operand::of_truth(false) : Operand{};
}
Operand opposite(const Operand& a) noexcept {
    return a.is_known() ? Operand::of_truth(!a.truth) : Operand{};
}

Operand of_one(const Instruction& instruction, const Operand& a, const std::vector<Operand>& literals) noexcept {
    switch (instruction.op) {
        case Op::is_null: return Operand::of_truth(!a.is_known());
        case Op::is_not_null: return Operand::of_truth(a.is_known());
        case Op::negate_truth: return opposite(a);
        default: break;
    }
    if (!a.is_known()) return {};
    const bool turns = instruction.op == Op::negate || (is_whole(a) ? a.integer < 0 : a.real < 0.0);
    switch (instruction.op) {
        case Op::length: return Operand::of_integer(static_cast<std::int64_t>(a.text.size()));
        case Op::is_in: {
            const auto begin = literals.begin() + instruction.first;
            return Operand::of_truth(std::any_of(begin, begin + instruction.count,
                                                 [&a](const Operand& literal) { return compare(a, literal) == 0; }));
        }
        case Op::negate:
        case Op::absolute:
            if (!turns) return is_whole(a) ? a : Operand::of_real(std::fabs(a.real));
            return is_whole(a) ? arithmetic(Op::subtract, Operand::of_integer(0), a) : Operand::of_real(-a.real);
        default: return {};
    }
}

Operand of_two(Op op, const Operand& a, const Operand& b) noexcept {
    switch (op) {
        case Op::conjunction: return opposite(either(opposite(a), opposite(b)));
        case Op::disjunction: return either(a, b);
        case Op::implication: return either(opposite(a), b);
        default: break;
    }
    if (!a.is_known() || !b.is_known()) return {};
    if (op >= Op::less && op <= Op::not_equal) return Operand::of_truth(is_met(op, compare(a, b)));
    return arithmetic(op, a, b);
}

// Room for operands, none of which is made before it is pushed.
union Stack {
    Stack() noexcept {}  // NOLINT(modernize-use-equals-default)
    Operand operands[Program::most_height];
};

}  // namespace

bool Program::is_false(const Operand* operands) const noexcept {
    Stack memory;
    Operand* const stack = memory.operands;
    std::size_t height = 0;
    for (const Instruction& instruction : instructions) {
        switch (instruction.op) {
            case Op::feature: new (stack + height++) Operand(operands[instruction.first]); break;
            case Op::literal: new (stack + height++) Operand(literals[instruction.first]); break;
            case Op::negate:
            case Op::absolute:
            case Op::length:
            case Op::is_null:
            case Op::is_not_null:
            case Op::is_in:
            case Op::negate_truth: stack[height - 1] = of_one(instruction, stack[height - 1], literals); break;
            default:
                --height;
                stack[height - 1] = of_two(instruction.op, stack[height - 1], stack[height]);
                break;
        }
    }
    // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): no programme is empty
    return stack[0].kind == Kind::truth && !stack[0].truth;
}

}  // namespace vedette::inline v0::validation
