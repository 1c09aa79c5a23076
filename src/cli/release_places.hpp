// SPDX-License-Identifier: Apache-2.0
// Listed categories, and rows counted by them.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "release_kinds.hpp"

namespace vedette::inline v0::cli {

/// The name of whatever is not listed.
inline constexpr const char* others = "(all others)";

/// Where each of the listed categories is.
class Places {
  public:
    /// Throws InputError for none, one named twice, and the name of all others.
    explicit Places(const std::vector<std::string>& categories);
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
