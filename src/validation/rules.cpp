// SPDX-License-Identifier: Apache-2.0
// One value against the rules of one feature.
#include "validation/rules.hpp"

#include <bit>

#include "validation/code_points.hpp"
#include "validation/normal_form.hpp"
#include "vedette/validation/formats.hpp"

namespace vedette::inline v0::validation {

OddPart OddPart::of(double x) noexcept {
    const auto bits = std::bit_cast<std::uint64_t>(x);
    constexpr int fraction_bits = 52, bias = 1075;
    const auto biased = static_cast<int>(bits >> fraction_bits & 0x7FFU);
    std::uint64_t mantissa = bits & ((std::uint64_t{1} << fraction_bits) - 1);
    if (biased != 0) mantissa |= std::uint64_t{1} << fraction_bits;
    const int zeros = std::countr_zero(mantissa);
    return {mantissa >> zeros, (biased == 0 ? 1 : biased) - bias + zeros};
}

bool OddPart::divides(double x) const noexcept {
    if (x == 0.0) return true;
    const OddPart other = of(x);
    return other.exponent >= exponent && other.odd % odd == 0;
}

std::optional<Whole> Whole::of(double x) noexcept {
    if (x >= -0x1p63 && x < 0x1p63) {
        const auto whole = static_cast<std::int64_t>(x);
        if (static_cast<double>(whole) != x) return std::nullopt;
        return of(whole);
    }
    if (x >= 0x1p63 && x < 0x1p64) return of(static_cast<std::uint64_t>(x));
    return std::nullopt;
}

namespace {

void set_severities(const Feature& feature, Rule& rule) {
    rule.wanted = rule.errors = all_checks;
    if (feature.domain && feature.domain->tolerated_mass > 0.0) rule.errors &= ~set_of(Check::domain);
    for (const auto& [check, severity] : feature.severity) {
        // Bytes that cannot be read are no matter of taste.
        if (check == Check::memory) continue;
        if (severity != Severity::error) rule.errors &= ~set_of(check);
        if (severity == Severity::none) rule.wanted &= ~set_of(check);
    }
    if (!rule.is_evaluated) {
        rule.wanted &= set_of(Check::memory);
        rule.errors &= set_of(Check::memory);
    }
}

}  // namespace

Rule::Rule(const Feature& feature)
    : type(feature.type),
      is_evaluated(feature.stage == Stage::production),
      may_be_null(feature.nullable || !feature.required),
      counts_code_points(feature.length_unit == LengthUnit::code_points),
      format(feature.format) {
    set_severities(feature, *this);
    is_integral = feature.integral && contains(wanted, Check::integral);
    if (feature.number.step && contains(wanted, Check::step)) step = OddPart::of(*feature.number.step);
    has_minimum = feature.integer.minimum.has_value();
    has_maximum = feature.integer.maximum.has_value();
    minimum = feature.integer.minimum.value_or(0);
    maximum = feature.integer.maximum.value_or(0);
    is_minimum_open = feature.integer.exclusive_minimum;
    is_maximum_open = feature.integer.exclusive_maximum;
    integer_step = static_cast<std::uint64_t>(feature.integer.step.value_or(1));
    length = feature.length.value_or(Count{});
    if (!feature.pattern.empty() && contains(wanted, Check::pattern)) pattern = Pattern(feature.pattern);
    texts = TextRules(feature, wanted);
    for (const auto& [check, repair] : feature.repair) (repair == Repair::clamp ? clamped : imputed) |= set_of(check);
    freshness = feature.freshness;
    if (!feature.domain) return;
    has_domain = true;
    folds_case = feature.domain->letter_case == Case::fold_ascii;
    normal_form = feature.domain->normal_form;
    std::vector<std::string> values = feature.domain->values;
    NormalScratch scratch;
    for (std::string& value : values) {
        value = std::string(normalised(value, normal_form, scratch).value_or(value));
        if (folds_case) value = CategoryTable::folded(value);
    }
    domain = CategoryTable(values);
}

void Rule::set_reference(const ReferenceValues* values) {
    is_reference_lacking = values == nullptr;
    if (values != nullptr) reference = *values;
}

bool Rule::is_in_domain(std::string_view text) const noexcept {
    if (normal_form == NormalForm::none)
        return (folds_case ? domain.find_folded(text) : domain.find(text)) != domain.size();
    NormalScratch scratch;
    const std::optional<std::string_view> normal = normalised(text, normal_form, scratch);
    return normal && (folds_case ? domain.find_folded(*normal) : domain.find(*normal)) != domain.size();
}

CheckSet Rule::of_fraction(double x) const noexcept {
    if (!std::isfinite(x)) return 0;
    CheckSet failed = 0;
    if (is_integral && !OddPart{}.divides(x)) failed |= set_of(Check::integral);
    if (step && !step->divides(x)) failed |= set_of(Check::step);
    return failed;
}

CheckSet Rule::of_integer(Whole x) const noexcept {
    CheckSet failed = 0;
    if (has_minimum && (is_minimum_open ? !x.is_above(minimum) : x.is_below(minimum))) failed |= set_of(Check::minimum);
    if (has_maximum && (is_maximum_open ? !x.is_below(maximum) : x.is_above(maximum))) failed |= set_of(Check::maximum);
    if (integer_step != 1 && x.magnitude % integer_step != 0) failed |= set_of(Check::step);
    if (reference) {
        constexpr std::uint64_t sign = std::uint64_t{1} << 63U;
        const bool fits = x.magnitude < sign || (x.is_negative && x.magnitude == sign);
        const auto number = static_cast<std::int64_t>(x.is_negative ? std::uint64_t{0} - x.magnitude : x.magnitude);
        if (!fits || !reference->holds(number)) failed |= set_of(Check::domain);
    }
    return failed & wanted;
}

CheckSet Rule::of_number(double x) const noexcept {
    if (!is_evaluated) return 0;
    switch (type) {
        case FeatureType::floating: return of_fraction(x);
        case FeatureType::integer: {
            if (std::isnan(x)) return of_null();
            const std::optional<Whole> whole = Whole::of(x);
            return whole ? of_integer(*whole) : set_of(Check::type) & wanted;
        }
        case FeatureType::boolean:
            if (std::isnan(x)) return of_null();
            return x == 0.0 || x == 1.0 ? CheckSet{0} : set_of(Check::type) & wanted;
        case FeatureType::text:
        case FeatureType::bytes: break;
    }
    return set_of(Check::type) & wanted;
}

CheckSet Rule::of_text(std::string_view text) const noexcept {
    if (!is_evaluated) return 0;
    if (type != FeatureType::text && type != FeatureType::bytes) return set_of(Check::type) & wanted;
    CheckSet failed = 0;
    bool is_known = false;
    if (has_domain) {
        is_known = is_in_domain(text);
        if (!is_known) failed |= set_of(Check::domain);
    }
    if (reference && !reference->holds(text)) failed |= set_of(Check::domain);
    std::optional<std::size_t> units = text.size();
    bool is_utf8 = true;
    // The values of a domain are UTF-8, and stay so with letters folded.
    if (type == FeatureType::text && (!is_known || counts_code_points)) {
        const std::optional<std::size_t> points = count_code_points(text);
        is_utf8 = points.has_value();
        if (!is_utf8) failed |= set_of(Check::utf8);
        if (counts_code_points) units = points;
    }
    if (units && *units < length.minimum) failed |= set_of(Check::short_text);
    if (units && *units > length.maximum) failed |= set_of(Check::long_text);
    if (format != Format::none && !matches(format, text)) failed |= set_of(Check::format);
    if (pattern.is_given() && !(is_utf8 && pattern.is_found_in(text))) failed |= set_of(Check::pattern);
    failed |= texts.of(text, is_utf8);
    return failed & wanted;
}

}  // namespace vedette::inline v0::validation
