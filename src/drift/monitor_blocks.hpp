// SPDX-License-Identifier: Apache-2.0
// The options `block` and `thin`, which every monitor by name takes against autocorrelation.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "drift/monitor_options.hpp"

namespace vedette::inline v0::drift {

inline constexpr std::uint32_t longest_block = std::uint32_t{1} << 31U;

struct BlockRule {
    std::uint32_t length = 1;
    bool thin = false;

    /// Takes them out of the list.
    static BlockRule take(const char* monitor, OptionList& options) {
        const std::uint32_t block = take_length(monitor, "block", options);
        const std::uint32_t thin = take_length(monitor, "thin", options);
        if (block > 1 && thin > 1) refuse_option(monitor, "block", "and thin exclude each other");
        return {std::max(block, thin), thin > 1};
    }
    void write(OptionList& options) const {
        if (length > 1) options.push_back({thin ? "thin" : "block", std::uint64_t{length}});
    }

  private:
    static std::uint32_t take_length(const char* monitor, const char* key, OptionList& options) {
        const OptionValue* const given = find_option(options, key);
        if (given == nullptr) return 1;
        const std::uint64_t length = read_whole(monitor, key, *given, longest_block);
        if (length == 0)
            refuse_option(monitor, key, "must be a whole number from 1 to " + std::to_string(longest_block));
        std::erase_if(options, [key](const Option& option) { return option.key == key; });
        return static_cast<std::uint32_t>(length);
    }
};

}  // namespace vedette::inline v0::drift
