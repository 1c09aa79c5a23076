// SPDX-License-Identifier: Apache-2.0
// How old a value is that stands for a time.
#include <algorithm>
#include <cmath>

#include "validation/rules.hpp"
#include "vedette/validation/formats.hpp"

namespace vedette::inline v0::validation {

namespace {

__extension__ using Wide = __int128;

constexpr std::int64_t nanoseconds = 1'000'000'000;

constexpr std::int64_t nanoseconds_of(TimeUnit unit) noexcept {
    switch (unit) {
        case TimeUnit::seconds: return nanoseconds;
        case TimeUnit::milliseconds: return 1'000'000;
        case TimeUnit::microseconds: return 1'000;
        case TimeUnit::nanoseconds: return 1;
    }
    return 1;
}

// Of the proleptic Gregorian calendar, days since 1970-01-01: years are counted from March, so that the leap day is the
// last of its year, and in eras of 400 years.
constexpr std::int64_t days_since_1970(std::int64_t year, std::int64_t month, std::int64_t day) noexcept {
    year -= month <= 2 ? 1 : 0;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const std::int64_t year_of_era = year - era * 400;
    const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}
static_assert(days_since_1970(1970, 1, 1) == 0 && days_since_1970(2000, 3, 1) == 11017);

std::int64_t digits(std::string_view text, std::size_t at, std::size_t count) noexcept {
    std::int64_t number = 0;
    for (std::size_t i = at; i < at + count; ++i) number = number * 10 + (text[i] - '0');
    return number;
}

// Of what is a date-time; digits beyond nanoseconds are dropped.
Wide time_of(std::string_view text) noexcept {
    Wide seconds = days_since_1970(digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2));
    seconds = seconds * 86400 + digits(text, 11, 2) * 3600 + digits(text, 14, 2) * 60 + digits(text, 17, 2);
    std::size_t at = 19;
    std::int64_t fraction = 0;
    if (text[at] == '.') {
        std::int64_t unit = nanoseconds / 10;
        for (++at; text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10) fraction += (text[at] - '0') * unit;
    }
    if (text[at] == '+' || text[at] == '-') {
        const std::int64_t offset = digits(text, at + 1, 2) * 3600 + digits(text, at + 4, 2) * 60;
        seconds -= text[at] == '+' ? offset : -offset;
    }
    return seconds * nanoseconds + fraction;
}

}  // namespace

CheckSet Rule::of_age(const Value& value, std::int64_t now) const noexcept {
    constexpr CheckSet stale = set_of(Check::freshness);
    const auto span = [](double seconds) { return static_cast<std::int64_t>(seconds * 1e9); };
    const auto judge = [&](auto time, auto at) {
        const bool is_old =
            freshness->maximum_age && time < at - static_cast<decltype(at)>(span(*freshness->maximum_age));
        const bool is_ahead =
            freshness->maximum_ahead && time > at + static_cast<decltype(at)>(span(*freshness->maximum_ahead));
        return is_old || is_ahead ? stale : CheckSet{0};
    };
    switch (value.kind) {
        case Value::Kind::null: return 0;
        case Value::Kind::text:
            if (type != FeatureType::text || !matches(Format::date_time, value.text)) return 0;
            return judge(time_of(value.text), Wide{now});
        case Value::Kind::number: break;
    }
    if (type == FeatureType::text || std::isnan(value.number)) return 0;
    const std::int64_t unit = nanoseconds_of(freshness->unit);
    if (value.is_integer) return judge(Wide{value.integer} * unit, Wide{now});
    const std::optional<Whole> whole = Whole::of(value.number);
    if (whole) return judge((whole->is_negative ? -Wide{whole->magnitude} : Wide{whole->magnitude}) * unit, Wide{now});
    // An integer feature has its fractions refused as such.
    if (type == FeatureType::integer) return 0;
    return judge(value.number * static_cast<double>(unit), static_cast<double>(now));
}

}  // namespace vedette::inline v0::validation
