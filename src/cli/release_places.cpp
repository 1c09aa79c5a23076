// SPDX-License-Identifier: Apache-2.0
#include "release_places.hpp"

#include <fmt/core.h>

#include <string_view>

#include "input.hpp"
#include "release_rows.hpp"

namespace vedette::inline v0::cli {

Places::Places(const std::vector<std::string>& categories) {
    if (categories.empty()) throw InputError("--categories are needed for this statistic");
    for (const std::string& category : categories) {
        if (category == others)
            throw InputError(fmt::format("--categories: \"{}\" is the name of whatever is not listed", others));
        if (!places_.emplace(category, places_.size()).second)
            throw InputError(fmt::format("--categories name \"{}\" twice", category));
    }
}

std::vector<std::uint64_t> counts_of(const ReleaseOptions& options, const Places& places) {
    std::vector<std::uint64_t> counts(places.size() + 1);
    Rows rows(options);
    rows.read(Rows::As::categories, [&](double, const std::string& text) { ++counts[places.of(text)]; });
    if (rows.limited())
        rows.limited()->for_each([&](double, std::string_view name) { ++counts[places.of(std::string(name))]; });
    return counts;
}

}  // namespace vedette::inline v0::cli
