// SPDX-License-Identifier: Apache-2.0
// The grammars of formats, each read once from left to right.
#include "vedette/validation/formats.hpp"

#include <cstddef>

namespace vedette::inline v0::validation {

namespace {

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_alphanumeric(char c) noexcept {
    return is_digit(c) || is_letter(c);
}
constexpr bool is_hexadecimal(char c) noexcept {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
constexpr bool contains(std::string_view set, char c) noexcept {
    return set.find(c) != std::string_view::npos;
}

// Takes texts from the front; what does not fit leaves it failed.
class Reader {
  public:
    explicit constexpr Reader(std::string_view text) noexcept : rest_(text) {}

    [[nodiscard]] constexpr bool at_end() const noexcept { return rest_.empty(); }
    [[nodiscard]] constexpr std::string_view rest() const noexcept { return rest_; }
    constexpr bool take(char c) noexcept {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    constexpr bool take_letter(char lower) noexcept {
        return take(lower) || take(static_cast<char>(lower - 'a' + 'A'));
    }
    // A number of so many digits, in [lowest, highest].
    constexpr bool take_number(int digits, int lowest, int highest, int& value) noexcept {
        if (rest_.size() < static_cast<std::size_t>(digits)) return false;
        value = 0;
        for (int i = 0; i < digits; ++i) {
            if (!is_digit(rest_[static_cast<std::size_t>(i)])) return false;
            value = value * 10 + (rest_[static_cast<std::size_t>(i)] - '0');
        }
        rest_.remove_prefix(static_cast<std::size_t>(digits));
        return value >= lowest && value <= highest;
    }
    template <class Belongs>
    constexpr std::size_t take_while(Belongs belongs) noexcept {
        std::size_t count = 0;
        while (count < rest_.size() && belongs(rest_[count])) ++count;
        rest_.remove_prefix(count);
        return count;
    }

  private:
    std::string_view rest_;
};

constexpr int days_of(int year, int month) noexcept {
    const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (month == 2) return is_leap ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

bool take_date(Reader& reader) noexcept {
    int year = 0, month = 0, day = 0;
    return reader.take_number(4, 0, 9999, year) && reader.take('-') && reader.take_number(2, 1, 12, month) &&
           reader.take('-') && reader.take_number(2, 1, days_of(year, month), day);
}

bool take_time(Reader& reader) noexcept {
    int hour = 0, minute = 0, second = 0;
    if (!(reader.take_number(2, 0, 23, hour) && reader.take(':') && reader.take_number(2, 0, 59, minute) &&
          reader.take(':') && reader.take_number(2, 0, 60, second))) {
        return false;
    }
    if (reader.take('.') && reader.take_while(is_digit) == 0) return false;
    int offset = 0;  // of local time from UTC, in minutes
    if (!reader.take_letter('z')) {
        const bool is_east = reader.take('+');
        int offset_hour = 0, offset_minute = 0;
        if (!((is_east || reader.take('-')) && reader.take_number(2, 0, 23, offset_hour) && reader.take(':') &&
              reader.take_number(2, 0, 59, offset_minute))) {
            return false;
        }
        offset = (is_east ? 1 : -1) * (offset_hour * 60 + offset_minute);
    }
    constexpr int day = 24 * 60;
    return second < 60 || (hour * 60 + minute - offset + 2 * day) % day == day - 1;
}

bool is_date(std::string_view text) noexcept {
    Reader reader(text);
    return take_date(reader) && reader.at_end();
}

bool is_time(std::string_view text) noexcept {
    Reader reader(text);
    return take_time(reader) && reader.at_end();
}

bool is_date_time(std::string_view text) noexcept {
    Reader reader(text);
    return take_date(reader) && reader.take_letter('t') && take_time(reader) && reader.at_end();
}

bool is_uuid(std::string_view text) noexcept {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_hyphen ? text[i] != '-' : !is_hexadecimal(text[i])) return false;
    }
    return true;
}

// Labels of 1 to 63 letters, digits and inner hyphens, with dots between.
bool is_labels(std::string_view text) noexcept {
    std::size_t length = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '.') {
            if (length == 0 || text[i - 1] == '-') return false;
            length = 0;
        } else {
            if (!(is_alphanumeric(text[i]) || (text[i] == '-' && length != 0)) || ++length > 63) return false;
        }
    }
    return length != 0 && text.back() != '-';
}

bool is_hostname(std::string_view text) noexcept {
    return text.size() <= 253 && is_labels(text);
}

bool is_email(std::string_view text) noexcept {
    if (text.size() > 254) return false;
    Reader reader(text);
    const std::size_t local =
        reader.take_while([](char c) { return is_alphanumeric(c) || contains(".!#$%&'*+/=?^_`{|}~-", c); });
    return local >= 1 && local <= 64 && reader.take('@') && is_labels(reader.rest());
}

bool take_ipv4(Reader& reader) noexcept {
    for (int part = 0; part < 4; ++part) {
        if (part > 0 && !reader.take('.')) return false;
        const std::string_view start = reader.rest();
        const std::size_t digits = reader.take_while(is_digit);
        if (digits == 0 || digits > 3 || (digits > 1 && start.front() == '0')) return false;
        int value = 0;
        for (std::size_t i = 0; i < digits; ++i) value = value * 10 + (start[i] - '0');
        if (value > 255) return false;
    }
    return true;
}

bool is_ipv4(std::string_view text) noexcept {
    Reader reader(text);
    return take_ipv4(reader) && reader.at_end();
}

// Groups of 16 bits until one is not followed by a colon; an IPv4 address may stand for the last two. `groups` counts
// what was read. False for what can be no part of an address.
bool take_groups(Reader& reader, int& groups, bool& has_gap) noexcept {
    while (true) {
        Reader ahead = reader;
        const std::size_t digits = ahead.take_while(is_hexadecimal);
        if (digits == 0) return false;
        if (!ahead.at_end() && ahead.rest().front() == '.') {
            groups += 2;
            return take_ipv4(reader) && reader.at_end();
        }
        if (digits > 4) return false;
        ++groups;
        reader = ahead;
        if (reader.at_end()) return true;
        if (groups > 8 || !reader.take(':')) return false;
        if (reader.take(':')) {
            if (has_gap) return false;
            has_gap = true;
            if (reader.at_end()) return true;
        }
    }
}

bool is_ipv6(std::string_view text) noexcept {
    Reader reader(text);
    int groups = 0;
    bool has_gap = false;
    if (reader.take(':')) {
        if (!reader.take(':')) return false;
        has_gap = true;
        if (reader.at_end()) return true;
    }
    if (!take_groups(reader, groups, has_gap)) return false;
    return has_gap ? groups <= 7 : groups == 8;
}

constexpr bool is_unreserved(char c) noexcept {
    return is_alphanumeric(c) || contains("-._~", c);
}
constexpr bool is_sub_delimiter(char c) noexcept {
    return contains("!$&'()*+,;=", c);
}

// Characters of `extra`, unreserved ones, sub-delimiters and percent-encoded bytes, to the end.
bool is_encoded(std::string_view text, std::string_view extra) noexcept {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (text.size() - i < 3 || !is_hexadecimal(text[i + 1]) || !is_hexadecimal(text[i + 2])) return false;
            i += 2;
        } else if (!is_unreserved(text[i]) && !is_sub_delimiter(text[i]) && !contains(extra, text[i])) {
            return false;
        }
    }
    return true;
}

bool is_future_address(std::string_view text) noexcept {
    Reader reader(text);
    return reader.take_letter('v') && reader.take_while(is_hexadecimal) > 0 && reader.take('.') && !reader.at_end() &&
           reader.rest().find('%') == std::string_view::npos && is_encoded(reader.rest(), ":");
}

bool is_authority(std::string_view text) noexcept {
    if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
        if (!is_encoded(text.substr(0, at), ":")) return false;
        text.remove_prefix(at + 1);
    }
    std::string_view port;
    if (!text.empty() && text.front() == '[') {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos) return false;
        const std::string_view address = text.substr(1, close - 1);
        if (!is_ipv6(address) && !is_future_address(address)) return false;
        port = text.substr(close + 1);
        if (!port.empty() && port.front() != ':') return false;
    } else {
        const std::size_t colon = text.find(':');
        if (!is_encoded(text.substr(0, colon), "")) return false;
        if (colon != std::string_view::npos) port = text.substr(colon);
    }
    Reader reader(port);
    return !reader.take(':') || (reader.take_while(is_digit), reader.at_end());
}

bool is_uri(std::string_view text) noexcept {
    Reader reader(text);
    if (reader.at_end() || !is_letter(reader.rest().front())) return false;
    reader.take_while([](char c) { return is_alphanumeric(c) || contains("+-.", c); });
    if (!reader.take(':')) return false;
    std::string_view rest = reader.rest();
    if (const std::size_t hash = rest.find('#'); hash != std::string_view::npos) {
        if (!is_encoded(rest.substr(hash + 1), ":@/?")) return false;
        rest = rest.substr(0, hash);
    }
    if (const std::size_t question = rest.find('?'); question != std::string_view::npos) {
        if (!is_encoded(rest.substr(question + 1), ":@/?")) return false;
        rest = rest.substr(0, question);
    }
    if (rest.substr(0, 2) == "//") {
        rest.remove_prefix(2);
        const std::size_t slash = rest.find('/');
        if (!is_authority(rest.substr(0, slash))) return false;
        rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
    }
    return is_encoded(rest, ":@/");
}

}  // namespace

bool matches(Format format, std::string_view text) noexcept {
    switch (format) {
        case Format::none: return true;
        case Format::date: return is_date(text);
        case Format::time: return is_time(text);
        case Format::date_time: return is_date_time(text);
        case Format::uuid: return is_uuid(text);
        case Format::email: return is_email(text);
        case Format::ipv4: return is_ipv4(text);
        case Format::ipv6: return is_ipv6(text);
        case Format::uri: return is_uri(text);
        case Format::hostname: return is_hostname(text);
    }
    return false;
}

}  // namespace vedette::inline v0::validation
