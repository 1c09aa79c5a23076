// SPDX-License-Identifier: Apache-2.0
// What one feature asks of one value, compiled: the scalar half of the validator.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/category_table.hpp"
#include "kernels/interval_table.hpp"
#include "validation/pattern.hpp"
#include "validation/text_rules.hpp"
#include "vedette/core/value.hpp"
#include "vedette/validation/reference_values.hpp"
#include "vedette/validation/schema.hpp"

namespace vedette::inline v0::validation {

static_assert(kernels::found_nan == set_of(Check::not_a_number) && kernels::found_infinity == set_of(Check::infinity));
static_assert(kernels::found_low == set_of(Check::minimum) && kernels::found_high == set_of(Check::maximum));
static_assert(kernels::found_far == set_of(Check::standard_score));

/// A positive double as odd * 2^exponent: x is a whole multiple of it if and only if its odd part divides that of x,
/// and its exponent is no higher. Exact, and one division whatever the sizes.
struct OddPart {
    std::uint64_t odd = 1;
    int exponent = 0;

    /// Of a finite x other than 0; the sign is dropped.
    static OddPart of(double x) noexcept;
    [[nodiscard]] bool divides(double x) const noexcept;  ///< of a finite x
};

/// An integer between -2^63 and 2^64 - 1.
struct Whole {
    bool is_negative = false;
    std::uint64_t magnitude = 0;

    static Whole of(std::int64_t x) noexcept {
        return x < 0 ? Whole{true, std::uint64_t{0} - static_cast<std::uint64_t>(x)}
                     : Whole{false, static_cast<std::uint64_t>(x)};
    }
    static Whole of(std::uint64_t x) noexcept { return {false, x}; }
    /// Empty for a fraction and for numbers that do not fit.
    static std::optional<Whole> of(double x) noexcept;
    [[nodiscard]] bool is_below(std::int64_t limit) const noexcept {
        const Whole other = of(limit);
        if (is_negative != other.is_negative) return is_negative;
        return is_negative ? magnitude > other.magnitude : magnitude < other.magnitude;
    }
    [[nodiscard]] bool is_above(std::int64_t limit) const noexcept {
        const Whole other = of(limit);
        if (is_negative != other.is_negative) return !is_negative;
        return is_negative ? magnitude < other.magnitude : magnitude > other.magnitude;
    }
};

/// A feature's rules without its intervals of floats, which lie in lists for the kernels.
struct Rule {
    FeatureType type = FeatureType::floating;
    bool is_evaluated = true;  ///< in production
    bool may_be_null = false;
    bool is_integral = false;
    CheckSet wanted = 0;  ///< what is not silent
    CheckSet errors = 0;  ///< what of it is an error
    CheckSet clamped = 0, imputed = 0;

    std::optional<OddPart> step;  ///< of floats
    std::int64_t minimum = 0, maximum = 0;
    bool has_minimum = false, has_maximum = false;
    bool is_minimum_open = false, is_maximum_open = false;
    std::uint64_t integer_step = 1;

    bool has_domain = false, folds_case = false;
    NormalForm normal_form = NormalForm::none;
    CategoryTable domain;
    std::optional<ReferenceValues> reference;
    bool is_reference_lacking = false;  ///< the caller has not given it
    std::optional<Freshness> freshness;
    Count length;
    bool counts_code_points = false;
    Format format = Format::none;
    Pattern pattern;
    TextRules texts;

    explicit Rule(const Feature& feature);
    /// The set that the feature names; null: it is lacking.
    void set_reference(const ReferenceValues* values);

    /// Whether a number of a row needs more than intervals.
    [[nodiscard]] bool asks_more() const noexcept {
        return is_evaluated && (type != FeatureType::floating || is_integral || step.has_value());
    }
    /// Whether a text of the domain, byte for byte, may still fail.
    [[nodiscard]] bool asks_more_of_text() const noexcept {
        return length.minimum > 0 || length.maximum != Count{}.maximum || format != Format::none ||
               reference.has_value() || pattern.is_given() || texts.asks_anything();
    }
    /// Each: the failed checks among those wanted.
    [[nodiscard]] CheckSet of_null() const noexcept { return may_be_null ? CheckSet{0} : set_of(Check::null) & wanted; }
    [[nodiscard]] CheckSet of_number(double x) const noexcept;    ///< beyond the intervals
    [[nodiscard]] CheckSet of_fraction(double x) const noexcept;  ///< of a floating feature: integral and step
    [[nodiscard]] CheckSet of_integer(Whole x) const noexcept;
    [[nodiscard]] CheckSet of_text(std::string_view text) const noexcept;
    /// Whether values have an age that is asked for.
    [[nodiscard]] bool is_timed() const noexcept {
        return is_evaluated && freshness.has_value() && contains(wanted, Check::freshness);
    }
    /// Of a timed feature, at `now` (nanoseconds since 1970); whatever else the value fails.
    [[nodiscard]] CheckSet of_age(const Value& value, std::int64_t now) const noexcept;

  private:
    [[nodiscard]] bool is_in_domain(std::string_view text) const noexcept;
};

}  // namespace vedette::inline v0::validation
