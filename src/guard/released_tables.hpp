// SPDX-License-Identifier: Apache-2.0
// What a report tells of released statistics and rates by group: as tables, and as metrics.
#pragma once

#include <string>
#include <vector>

#include "vedette/guard/report.hpp"

namespace vedette::inline v0::rendering {

struct ReleasedTable {
    std::string title;
    std::vector<std::vector<std::string>> rows;  ///< the heading first; names as they are, for the format to make safe
    std::string note;                            ///< a sentence below it
};

/// Of statistics and of rates, where there are any.
std::vector<ReleasedTable> released_tables(const Report& report);

}  // namespace vedette::inline v0::rendering
