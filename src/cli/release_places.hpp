// SPDX-License-Identifier: Apache-2.0
// Listed categories, and rows counted by them.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "input.hpp"
#include "release_kinds.hpp"

namespace vedette::inline v0::cli {

/// The name of whatever is not listed.
inline constexpr const char* others = "(all others)";

/// Where each of the listed categories is.
class Places {
  public:
    explicit Places(const std::vector<std::string>& categories) {
        if (categories.empty()) throw InputError("--categories are needed for this statistic");
        for (const std::string& category : categories) {
            if (category == others)
                throw InputError(fmt::format("--categories: \"{}\" is the name of whatever is not listed", others));
            if (!places_.emplace(category, places_.size()).second)
                throw InputError(fmt::format("--categories name \"{}\" twice", category));
        }
    }
    [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }
    /// size() for what is not listed.
    [[nodiscard]] std::size_t of(const std::string& category) const {
        const auto found = places_.find(category);
        return found == places_.end() ? size() : found->second;
    }

  private:
    std::unordered_map<std::string, std::size_t> places_;
};

/// The rows that count, in each of the listed categories and (at the end) in none of them. Not private.
std::vector<std::uint64_t> counts_of(const ReleaseOptions& options, const Places& places);

}  // namespace vedette::inline v0::cli
