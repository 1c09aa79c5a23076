// SPDX-License-Identifier: Apache-2.0
// A schema compiled: lists of intervals for the kernels, and rules for what intervals cannot say.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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

struct Validator::Compiled {
    std::vector<Feature> features;
    std::vector<Rule> rules;
    CategoryTable names;
    Intervals<float> f32;
    Intervals<double> f64;
    std::vector<std::uint32_t> asking_more;  ///< features whose numbers need more than intervals

    template <class T>
    [[nodiscard]] const Intervals<T>& intervals() const noexcept {
        if constexpr (sizeof(T) == sizeof(float)) {
            return f32;
        } else {
            return f64;
        }
    }
    /// All that a number of a row can fail.
    [[nodiscard]] CheckSet of_number(std::size_t i, double x) const noexcept {
        return kernels::attribute_value(x, f64.from(0), i) | rules[i].of_number(x);
    }
    [[nodiscard]] CheckSet of_value(std::size_t i, const Value& value) const noexcept {
        switch (value.kind) {
            case Value::Kind::number: break;
            case Value::Kind::text: return rules[i].of_text(value.text);
            case Value::Kind::null: return rules[i].of_null();
        }
        const bool is_exact = value.is_integer && rules[i].type == FeatureType::integer && rules[i].is_evaluated;
        return is_exact ? rules[i].of_integer(Whole::of(value.integer)) : of_number(i, value.number);
    }
};

/// The failed checks of every element of a readable tensor whose type fits the feature.
[[nodiscard]] CheckSet check_values(const Rule& rule, const kernels::IntervalsView<double>& interval,
                                    const TensorView& tensor) noexcept;

}  // namespace vedette::inline v0::validation
