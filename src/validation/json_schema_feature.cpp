// SPDX-License-Identifier: Apache-2.0
// Types decided, bounds turned into those of the type, choices into domains, bounds or expressions.
#include "validation/json_schema_feature.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "validation/ecma_pattern.hpp"
#include "validation/expression_program.hpp"
#include "validation/rules.hpp"

namespace vedette::inline v0::validation {

namespace {

constexpr std::array<std::pair<std::string_view, Format>, 9> formats{{{"date", Format::date},
                                                                      {"time", Format::time},
                                                                      {"date-time", Format::date_time},
                                                                      {"uuid", Format::uuid},
                                                                      {"email", Format::email},
                                                                      {"ipv4", Format::ipv4},
                                                                      {"ipv6", Format::ipv6},
                                                                      {"uri", Format::uri},
                                                                      {"hostname", Format::hostname}}};

// A positive number as digits * 10^exponent, of the shortest decimal that reads as it; the last digit is not 0.
struct Decimal {
    std::uint64_t digits = 0;
    int exponent = 0;

    static Decimal of(double x) {
        // The shortest digits: fmt without a precision.
        const std::string shortest = fmt::format("{}", x);
        Decimal result;
        int point = 0;
        bool is_past_point = false;
        std::size_t i = 0;
        for (; i < shortest.size() && shortest[i] != 'e'; ++i) {
            if (shortest[i] == '.') {
                is_past_point = true;
                continue;
            }
            // A double's shortest decimal has at most 17 digits; zeros behind them are the exponent's.
            if (result.digits > UINT64_MAX / 100) {
                if (!is_past_point) ++point;
                continue;
            }
            result.digits = result.digits * 10 + static_cast<std::uint64_t>(shortest[i] - '0');
            if (is_past_point) --point;
        }
        if (i < shortest.size()) point += std::stoi(shortest.substr(i + 1));
        result.exponent = point;
        while (result.digits != 0 && result.digits % 10 == 0) {
            result.digits /= 10;
            ++result.exponent;
        }
        return result;
    }
};

// Whether the decimal that was written is the double that it is read as: both end after as many decimal places.
bool is_exact(double x) {
    const Decimal decimal = Decimal::of(x);
    return std::max(0, -OddPart::of(x).exponent) == std::max(0, -decimal.exponent);
}

bool is_exact_in(double x, const Operand& bound) {
    return compare_numbers(Operand::of_real(x), bound) == 0;
}

// The outermost double that meets a bound: an integer beyond 2^53 may lie in between two.
double double_within(const JsonLimit& limit, bool is_minimum) {
    const double nearest = limit.value.as_real();
    const int side = compare_numbers(Operand::of_real(nearest), limit.value);
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (is_minimum ? side >= 0 : side <= 0) return nearest;
    return std::nextafter(nearest, is_minimum ? infinity : -infinity);
}

// The integers that are multiples of digits * 10^exponent are those of this; empty where it is beyond 64 bits.
std::optional<std::int64_t> integer_step(double x) {
    Decimal decimal = Decimal::of(x);
    constexpr auto highest = static_cast<std::uint64_t>(INT64_MAX);
    for (; decimal.exponent > 0; --decimal.exponent) {
        if (decimal.digits > highest / 10) return std::nullopt;
        decimal.digits *= 10;
    }
    // Lowest terms: what divides both numerator and 10^-exponent leaves.
    for (const std::uint64_t prime : {std::uint64_t{2}, std::uint64_t{5}}) {
        for (int i = 0; i < -decimal.exponent && decimal.digits % prime == 0; ++i) decimal.digits /= prime;
    }
    if (decimal.digits > highest) return std::nullopt;
    return static_cast<std::int64_t>(decimal.digits);
}

}  // namespace

bool is_exact_decimal(double x) {
    return is_exact(x);
}

Feature FeatureFromJson::read(const std::string& name, JsonFacts facts, const std::string& path) {
    feature_ = Feature{};
    expressions_.clear();
    feature_.name = name;
    feature_.nullable = (facts.types & json_null) != 0;
    std::string place = path;
    take_list(facts, place);
    take_type(facts, place);
    for (const JsonFacts::Beyond& beyond : facts.beyond) {
        if ((beyond.types & facts.types & ~json_null) != 0) notes_.looser(beyond.path, beyond.what);
    }
    if (feature_.type == FeatureType::floating) take_numbers(facts);
    if (feature_.type == FeatureType::integer) take_integers(facts);
    if (feature_.type == FeatureType::text) take_texts(facts);
    if (facts.choices) take_choices(facts, place);
    if (!facts.excluded.empty()) take_excluded(facts, place);
    return std::move(feature_);
}

// Lists of lists down to their elements.
void FeatureFromJson::take_list(JsonFacts& facts, std::string& path) {
    while ((facts.types & ~json_null) == json_array) {
        if (facts.items.minimum > facts.items.maximum)
            notes_.refuse(path, "no list is as long as minItems and maxItems ask");
        if (feature_.valency.size() == 2) notes_.refuse(path, "lists of more than two levels");
        feature_.valency.push_back(facts.items);
        if (facts.choices || !facts.excluded.empty()) notes_.looser(path, "lists cannot be chosen from");
        for (const JsonFacts::Beyond& beyond : facts.beyond) {
            if ((beyond.types & json_array) != 0) notes_.looser(beyond.path, beyond.what);
        }
        JsonFacts inner;
        path += "/items";
        for (const auto& [schema, place] : facts.elements) {
            keywords_.apply(*schema, place, inner);
            path = place;
        }
        if ((inner.types & json_null) != 0 && inner.types != all_json_types) {
            notes_.stricter(path, "null within a list is refused");
            inner.types &= ~json_null;
        }
        facts = std::move(inner);
    }
}

void FeatureFromJson::take_type(const JsonFacts& facts, const std::string& path) {
    switch (facts.types & ~json_null) {
        case json_boolean: feature_.type = FeatureType::boolean; return;
        case json_integer: feature_.type = FeatureType::integer; return;
        case json_number: feature_.type = FeatureType::floating; return;
        case json_text: feature_.type = FeatureType::text; return;
        case json_object: notes_.refuse(path, "a feature is no object");
        case 0: notes_.refuse(path, "no value but null, at most, is valid");
        case json_fraction: notes_.refuse(path, "fractions alone are no type here");
        case all_json_types & ~json_null: notes_.refuse(path, "has no type");
        default: notes_.refuse(path, "has more than one type");
    }
}

void FeatureFromJson::take_numbers(const JsonFacts& facts) {
    Bounds<double>& bounds = feature_.number;
    if (facts.minimum) {
        bounds.minimum = double_within(*facts.minimum, true);
        bounds.exclusive_minimum = facts.minimum->is_open && is_exact_in(*bounds.minimum, facts.minimum->value);
    }
    if (facts.maximum) {
        bounds.maximum = double_within(*facts.maximum, false);
        bounds.exclusive_maximum = facts.maximum->is_open && is_exact_in(*bounds.maximum, facts.maximum->value);
    }
    take_real_steps(facts);
}

void FeatureFromJson::take_real_steps(const JsonFacts& facts) {
    for (const auto& [step, path] : facts.steps) {
        if (!is_exact(step))
            notes_.refuse(path, fmt::format("{} is no sum of powers of two: doubles have other multiples", step));
        if (!feature_.number.step || OddPart::of(*feature_.number.step).divides(step)) {
            feature_.number.step = step;
        } else if (!OddPart::of(step).divides(*feature_.number.step)) {
            notes_.looser(path, "neither of two steps is a multiple of the other");
        }
    }
    if (feature_.number.step == 1.0) {
        feature_.number.step.reset();
        feature_.integral = true;
    }
}

void FeatureFromJson::take_integers(const JsonFacts& facts) {
    Bounds<std::int64_t>& bounds = feature_.integer;
    const auto bound = [&](const std::optional<JsonLimit>& limit, bool is_minimum, std::optional<std::int64_t>& value,
                           bool& is_open) {
        if (!limit) return;
        if (limit->value.kind == Operand::Kind::integer) {
            value = limit->value.integer;
            is_open = limit->is_open;
            return;
        }
        const double x = limit->value.real;
        const double whole = is_minimum ? std::ceil(x) : std::floor(x);
        is_open = limit->is_open && whole == x;
        if (whole >= -0x1p63 && whole < 0x1p63) {
            value = static_cast<std::int64_t>(whole);
        } else if ((whole > 0.0) == is_minimum) {
            notes_.refuse(limit->path, "no integer of 64 bits lies within");
        } else {
            is_open = false;  // all of them do, but for those of 64 bits without a sign
            if (!is_minimum && whole < 0x1p64) notes_.looser(limit->path, "lies beyond the integers of 64 bits");
        }
    };
    bound(facts.minimum, true, bounds.minimum, bounds.exclusive_minimum);
    bound(facts.maximum, false, bounds.maximum, bounds.exclusive_maximum);
    take_integer_steps(facts);
}

void FeatureFromJson::take_integer_steps(const JsonFacts& facts) {
    for (const auto& [value, path] : facts.steps) {
        const std::optional<std::int64_t> step = integer_step(value);
        if (!step) notes_.refuse(path, "of the integers of 64 bits, 0 alone is a multiple of it");
        const std::int64_t known = feature_.integer.step.value_or(1);
        const std::int64_t part = *step / std::gcd(known, *step);
        if (part > INT64_MAX / known) notes_.refuse(path, "of the integers of 64 bits, 0 alone is a multiple of all");
        if (known * part != 1) feature_.integer.step = known * part;
    }
}

void FeatureFromJson::take_texts(const JsonFacts& facts) {
    if (facts.length != Count{}) {
        feature_.length = facts.length;
        feature_.length_unit = LengthUnit::code_points;
    }
    for (const auto& [pattern, path] : facts.patterns) {
        const std::optional<std::string> own = pattern_from_ecma(pattern);
        if (!own) {
            notes_.looser(path, "RE2 has no such expression");
        } else if (!feature_.pattern.empty() && feature_.pattern != *own) {
            notes_.looser(path, "a feature has one pattern");
        } else {
            feature_.pattern = *own;
        }
    }
    for (const auto& [pattern, path] : facts.refused_patterns) {
        const std::optional<std::string> own = pattern_from_ecma(pattern);
        std::vector<std::string>& refused = feature_.refused_patterns;
        if (!own) {
            notes_.looser(path, "RE2 has no such expression");
        } else if (std::find(refused.begin(), refused.end(), *own) == refused.end()) {
            refused.push_back(*own);
        }
    }
    for (const auto& [format, path] : facts.formats) {
        const std::string& word = format;
        const auto known = std::find_if(formats.begin(), formats.end(), [&](auto& one) { return one.first == word; });
        if (known == formats.end()) {
            notes_.annotation(path, fmt::format("\"{}\" is not checked", format));
        } else if (feature_.format != Format::none && feature_.format != known->second) {
            notes_.annotation(path, fmt::format("\"{}\" is not checked: a feature has one format", format));
        } else {
            feature_.format = known->second;
            notes_.stricter(path, fmt::format("\"{}\" is asserted", format));
        }
    }
}

void FeatureFromJson::take_choices(const JsonFacts& facts, const std::string& path) {
    std::vector<nlohmann::json> values;
    for (const nlohmann::json& value : *facts.choices) {
        if ((json_type_of(value) & facts.types) != 0) values.push_back(value);
    }
    if (values.empty()) notes_.refuse(path, "no value but null, at most, is valid");
    if (feature_.type == FeatureType::text) {
        feature_.domain.emplace();
        for (const nlohmann::json& value : values) feature_.domain->values.push_back(value.get<std::string>());
    } else if (feature_.type == FeatureType::boolean) {
        if (values.size() == 1)
            add_expression(fmt::format("{} == {}", in_backquotes(feature_.name), values[0].dump()), path);
    } else {
        take_number_choices(std::move(values), path);
    }
}

void FeatureFromJson::take_number_choices(std::vector<nlohmann::json> values, const std::string& path) {
    std::sort(values.begin(), values.end());
    const bool are_wide = std::any_of(values.begin(), values.end(), [](const nlohmann::json& value) {
        return value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX);
    });
    if (are_wide) notes_.looser(path, "expressions round integers beyond 2^63");
    const bool are_small = std::all_of(values.begin(), values.end(), [](const nlohmann::json& value) {
        return std::abs(value.get<double>()) < 0x1p53;
    });
    // Whole numbers in a row are a range, if nothing else asks for one.
    const double first = values.front().get<double>(), last = values.back().get<double>();
    const bool is_range = feature_.type == FeatureType::integer && are_small &&
                          last - first == static_cast<double>(values.size() - 1) && !feature_.integer.minimum &&
                          !feature_.integer.maximum;
    if (is_range) {
        feature_.integer.minimum = static_cast<std::int64_t>(first);
        feature_.integer.maximum = static_cast<std::int64_t>(last);
        return;
    }
    std::string list;
    for (const nlohmann::json& value : values) list += fmt::format("{}{}", list.empty() ? "" : ", ", literal(value));
    add_expression(fmt::format("{} in ({})", in_backquotes(feature_.name), list), path);
}

void FeatureFromJson::take_excluded(const JsonFacts& facts, const std::string& path) {
    std::string list;
    for (const nlohmann::json& value : facts.excluded) {
        if ((json_type_of(value) & facts.types) == 0) continue;
        if (feature_.type == FeatureType::boolean) {
            add_expression(fmt::format("{} != {}", in_backquotes(feature_.name), value.dump()), path);
            continue;
        }
        list += fmt::format("{}{}", list.empty() ? "" : ", ", literal(value));
    }
    if (!list.empty()) add_expression(fmt::format("{} not in ({})", in_backquotes(feature_.name), list), path);
}

std::string FeatureFromJson::literal(const nlohmann::json& value) const {
    if (!value.is_string()) {
        // A whole number without point or exponent is exact; so is the shortest decimal of a double.
        const auto real = value.get<double>();
        if (value.is_number_float() && std::trunc(real) == real && std::abs(real) < 0x1p53)
            return fmt::format("{}", static_cast<std::int64_t>(real));
        return value.is_number_float() ? fmt::format("{}", real) : value.dump();
    }
    std::string text = "\"";
    for (const char c : value.get_ref<const std::string&>()) {
        if (c == '"' || c == '\\') text += '\\';
        text += c;
    }
    return text + "\"";
}

void FeatureFromJson::add_expression(const std::string& rule, const std::string& path) {
    const bool is_scalar = feature_.valency.empty();
    if (!is_scalar || rule.size() > Program::longest) {
        notes_.looser(path,
                      is_scalar ? "too many choices for an expression" : "elements of lists cannot be chosen from");
        return;
    }
    expressions_.push_back(rule);
}

}  // namespace vedette::inline v0::validation
