// SPDX-License-Identifier: Apache-2.0
// A schema compiled: lists of intervals for the kernels, and rules for what intervals cannot say.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "validation/expression_program.hpp"
#include "validation/rules.hpp"
#include "vedette/validation/validator.hpp"

namespace vedette::inline v0::validation {

template <class T>
struct Intervals {
    using Word = typename kernels::WordOf<T>::type;
    std::vector<T> lower, upper, minimum, maximum, score_low, score_high;
    std::vector<Word> wanted, graver;

    void add(const Feature& feature, const Rule& rule);
    [[nodiscard]] kernels::IntervalsView<T> from(std::size_t i) const noexcept {
        return {lower.data() + i,     upper.data() + i,      minimum.data() + i, maximum.data() + i,
                score_low.data() + i, score_high.data() + i, wanted.data() + i,  graver.data() + i};
    }
};

/// All that a value of a row can fail; the interval at place 0.
[[nodiscard]] inline CheckSet judge_value(const Rule& rule, const kernels::IntervalsView<double>& interval,
                                          const Value& value) noexcept {
    switch (value.kind) {
        case Value::Kind::number: break;
        case Value::Kind::text: return rule.of_text(value.text);
        case Value::Kind::null: return rule.of_null();
    }
    if (value.is_integer && rule.type == FeatureType::integer && rule.is_evaluated)
        return rule.of_integer(Whole::of(value.integer));
    return kernels::attribute_value(value.number, interval, 0) | rule.of_number(value.number);
}

/// Neighbouring features whose values pass every check if they lie in an interval or in a domain: what most values of
/// valid rows do, found without a branch for each. A value that is not found so may still be valid.
class Screen {
  public:
    void add(const Rule& rule);  ///< of the next feature

    /// How many of the first values, of the features from `first` on, are known to pass or are in need of a closer look
    /// alike, and which; at least one.
    struct Part {
        std::size_t length;
        bool passes;
    };
    [[nodiscard]] Part look(std::span<const Value> values, std::size_t first, const std::vector<Rule>& rules,
                            const Intervals<double>& intervals) const noexcept;
    [[nodiscard]] Part look(std::span<const std::int64_t> values, std::size_t first, const std::vector<Rule>& rules,
                            const Intervals<double>& intervals) const noexcept;
    [[nodiscard]] Part look(std::span<const std::string_view> values, std::size_t first, const std::vector<Rule>& rules,
                            const Intervals<double>& intervals) const noexcept;

  private:
    enum class Kind : std::uint8_t { none, floating, integer, domain };

    // The run that holds a feature, and how many of `count` values from there on are in it.
    [[nodiscard]] std::pair<Kind, std::size_t> run_at(std::size_t first, std::size_t count) const noexcept;

    [[nodiscard]] static bool are_floats_inside(const Value* values, const kernels::IntervalsView<double>& intervals,
                                                std::size_t count) noexcept;
    [[nodiscard]] bool are_integers_inside(const Value* values, std::size_t first, std::size_t count) const noexcept;

    struct Run {
        Kind kind;
        std::uint32_t end;
    };
    std::vector<Run> runs_;              // of features of one kind
    std::vector<std::uint32_t> run_of_;  // of each feature
    std::vector<double> lower_, upper_;
    std::vector<std::int64_t> least_;
    std::vector<std::uint64_t> spread_;  // of an integer above the least
};

/// One expression over the features of a row.
struct CompiledExpression {
    Expression declared;
    Program program;
    std::vector<std::uint32_t> columns;  ///< of the row, those of its features that are there
    std::vector<FeatureType> types;      ///< of each operand
    /// Of a severity, and all its features are in the row and in production: then operand i is at place columns[i].
    bool is_evaluated = false;

    /// Whether it is false of the row whose value at a place is read(place).
    template <class Read>
    [[nodiscard]] bool is_false(Read&& read) const noexcept {
        return is_false_of([&](std::size_t i) { return read(columns[i]); });
    }
    /// Whether it is false where operand i has the value value_of(i).
    template <class ValueOf>
    [[nodiscard]] bool is_false_of(ValueOf&& value_of) const noexcept {
        std::array<Operand, Program::most_features> operands;
        for (std::size_t i = 0; i < columns.size(); ++i) operands[i] = Operand::of(types[i], value_of(i));
        return program.is_false(operands.data());
    }
};

/// What a validator finds as it goes along a row.
struct Tally;

struct Validator::Compiled {
    std::vector<Feature> features;
    std::vector<Rule> rules;
    Screen screen;
    CategoryTable names;
    Intervals<float> f32;
    Intervals<double> f64;
    /// Of all features: views are not made anew for each row.
    kernels::IntervalsView<float> all_f32{};
    kernels::IntervalsView<double> all_f64{};
    std::vector<CompiledExpression> expressions;
    std::vector<std::uint32_t> asking_more;  ///< features whose numbers need more than intervals
    std::vector<std::uint32_t> timed;        ///< features whose values have an age, where there is a clock
    /// How many features there are if intervals say all of rows of numbers, else none that a row could have.
    std::size_t width_of_intervals = std::numeric_limits<std::size_t>::max();
    Clock clock;
    std::vector<std::uint32_t> repairing;  ///< features that repair something
    std::vector<Value> replacements;       ///< of each feature, or null; texts are those of `features`

    template <class T>
    [[nodiscard]] const kernels::IntervalsView<T>& view() const noexcept {
        if constexpr (sizeof(T) == sizeof(float)) {
            return all_f32;
        } else {
            return all_f64;
        }
    }

    template <class T>
    [[nodiscard]] const Intervals<T>& intervals() const noexcept {
        if constexpr (sizeof(T) == sizeof(float)) {
            return f32;
        } else {
            return f64;
        }
    }
    /// Values, integers or texts of the features from `first` on.
    template <class T>
    void judge(std::span<const T> values, std::size_t first, Tally& tally) const noexcept;
    /// Only where something is timed.
    [[nodiscard]] std::int64_t now() const noexcept { return clock.now(clock.user); }
    /// The ages of a row's first values, value i being read(i), at a time or where it is null at this.
    template <class Read>
    void judge_ages(std::size_t count, Read&& read, Tally& tally, const std::int64_t* given) const noexcept;
    /// As Validator::validate, at a time where it is not null.
    [[nodiscard]] RowVerdict judge_row(std::span<const float> row, std::span<CheckSet> failed,
                                       const std::int64_t* at) const noexcept;
    [[nodiscard]] RowVerdict judge_row(std::span<const double> row, std::span<CheckSet> failed,
                                       const std::int64_t* at) const noexcept;
    [[nodiscard]] RowVerdict judge_row(std::span<const Value> row, std::span<CheckSet> failed,
                                       const std::int64_t* at) const noexcept;
    [[nodiscard]] CheckSet of_value(std::size_t i, const Value& value) const noexcept {
        return judge_value(rules[i], f64.from(i), value);
    }
};

/// The failed checks of every element of a readable tensor whose type fits the feature.
[[nodiscard]] CheckSet check_values(const Rule& rule, const kernels::IntervalsView<double>& interval,
                                    const TensorView& tensor) noexcept;
/// The same of a timed feature's ages.
[[nodiscard]] CheckSet check_ages(const Rule& rule, const TensorView& tensor, std::int64_t now) noexcept;
/// Element `place` of a readable tensor, in the order of a compact one; of 64 bits without a sign beyond 2^63, rounded.
[[nodiscard]] Value read_element(const TensorView& tensor, std::uint64_t place) noexcept;

}  // namespace vedette::inline v0::validation
