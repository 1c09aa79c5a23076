// SPDX-License-Identifier: Apache-2.0
// Pads cells to the widest of their column.
#include "text_table.hpp"

#include <algorithm>
#include <cstddef>

#include "guard/render_common.hpp"

namespace vedette::inline v0::cli {

std::string text_table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const std::vector<std::string>& row : rows) {
        widths.resize(std::max(widths.size(), row.size()), 0);
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], rendering::width_of(row[i]));
    }
    std::string text;
    for (const std::vector<std::string>& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string padding(widths[i] - rendering::width_of(row[i]), ' ');
            line += "  " + (i == 0 ? row[i] + padding : padding + row[i]);
        }
        text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
    }
    return text;
}

}  // namespace vedette::inline v0::cli
