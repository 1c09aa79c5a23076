// SPDX-License-Identifier: Apache-2.0
// The squeezers of feature squeezing as a text, and a text as squeezers.
#include "perturbation/asking_score_kinds.hpp"

#include <optional>
#include <sstream>

#include "core/number_text.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* names[] = {"bit_depth", "median", "non_local_means"};

// "11:3:0.0157" as numbers; none where one of them is none.
std::vector<double> numbers_of(std::string_view text) {
    std::vector<double> numbers;
    std::istringstream parts{std::string(text)};
    for (std::string part; std::getline(parts, part, ':');) {
        const std::optional<double> number = parse_number(part);
        if (!number || !(*number >= 0.0 && *number <= 65535.0)) return {};
        numbers.push_back(*number);
    }
    return numbers;
}

}  // namespace

std::vector<Squeezer> read_squeezers(detail::OptionOwner owner, const char* key, std::string_view text) {
    std::vector<Squeezer> squeezers;
    std::istringstream words{std::string(text)};
    const auto whole = [](double x) { return static_cast<unsigned>(x); };
    for (std::string word; words >> word;) {
        const std::size_t sign = word.find(':');
        const std::string name = word.substr(0, sign);
        const std::vector<double> numbers =
            sign == std::string::npos ? std::vector<double>() : numbers_of(std::string_view(word).substr(sign + 1));
        const auto is = [&](std::size_t kind, std::size_t count) {
            bool fits = name == names[kind] && numbers.size() == count;
            for (std::size_t i = 0; i < std::min<std::size_t>(numbers.size(), 2); ++i)
                fits = fits && numbers[i] == std::floor(numbers[i]);
            return fits;
        };
        if (is(0, 1))
            squeezers.push_back(Squeezer::bit_depth(whole(numbers[0])));
        else if (is(1, 1))
            squeezers.push_back(Squeezer::median(whole(numbers[0])));
        else if (is(2, 3))
            squeezers.push_back(Squeezer::non_local_means({.search_window = whole(numbers[0]),
                                                           .patch = whole(numbers[1]),
                                                           .strength = static_cast<float>(numbers[2])}));
        else
            detail::refuse_option(owner, key,
                                  fmt::format("holds \"{}\", which is none of bit_depth:BITS, median:WINDOW, "
                                              "non_local_means:SEARCH_WINDOW:PATCH:STRENGTH",
                                              word));
    }
    return squeezers;
}

std::string write_squeezers(std::span<const Squeezer> squeezers) {
    std::string text;
    for (const Squeezer& each : squeezers) {
        if (!text.empty()) text += ' ';
        text += names[static_cast<std::size_t>(each.kind)];
        if (each.kind == Squeezer::Kind::bit_depth)
            text += fmt::format(":{}", each.bits);
        else if (each.kind == Squeezer::Kind::median)
            text += fmt::format(":{}", each.window);
        else
            text += fmt::format(":{}:{}:{}", each.means.search_window, each.means.patch, each.means.strength);
    }
    return text;
}

}  // namespace vedette::inline v0::perturbation
