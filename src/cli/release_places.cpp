// SPDX-License-Identifier: Apache-2.0
#include "release_places.hpp"

#include <string_view>

#include "release_rows.hpp"

namespace vedette::inline v0::cli {

std::vector<std::uint64_t> counts_of(const ReleaseOptions& options, const Places& places) {
    std::vector<std::uint64_t> counts(places.size() + 1);
    Rows rows(options);
    rows.read(Rows::As::categories, [&](double, const std::string& text) { ++counts[places.of(text)]; });
    if (rows.limited())
        rows.limited()->for_each([&](double, std::string_view name) { ++counts[places.of(std::string(name))]; });
    return counts;
}

}  // namespace vedette::inline v0::cli
