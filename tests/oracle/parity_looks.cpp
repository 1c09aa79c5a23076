// SPDX-License-Identifier: Apache-2.0
// Counting what cases of the parity table have.
#include "oracle/parity_looks.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

namespace parity {

Looks looks(const std::vector<std::vector<double>>& samples) {
    Looks out;
    out.smallest = never;
    std::vector<double> pooled;
    for (const std::vector<double>& sample : samples) {
        const std::size_t before = pooled.size();
        std::copy_if(sample.begin(), sample.end(), std::back_inserter(pooled), [](double v) { return !std::isnan(v); });
        const std::size_t n = pooled.size() - before;
        out.nan = out.nan || n < sample.size();
        out.smallest = std::min(out.smallest, static_cast<double>(n));
        out.largest = std::max(out.largest, static_cast<double>(n));
    }
    std::sort(pooled.begin(), pooled.end());
    out.tied = std::adjacent_find(pooled.begin(), pooled.end()) != pooled.end();
    return out;
}

Looks looks(const Rows& reference, const Rows& live) {
    Looks out;
    std::vector<const double*> complete;
    std::size_t sizes[2] = {0, 0};
    for (const Rows* side : {&reference, &live}) {
        for (std::size_t i = 0; i < side->values.size(); i += side->d) {
            const double* row = side->values.data() + i;
            if (std::any_of(row, row + side->d, [](double v) { return std::isnan(v); })) {
                out.nan = true;
                continue;
            }
            ++sizes[side == &live ? 1 : 0];
            complete.push_back(row);
        }
    }
    out.smallest = static_cast<double>(std::min(sizes[0], sizes[1]));
    out.largest = static_cast<double>(std::max(sizes[0], sizes[1]));
    const std::size_t d = reference.d;
    std::sort(complete.begin(), complete.end(),
              [d](const double* a, const double* b) { return std::lexicographical_compare(a, a + d, b, b + d); });
    const auto same_row = [d](const double* a, const double* b) { return std::equal(a, a + d, b); };
    out.tied = std::adjacent_find(complete.begin(), complete.end(), same_row) != complete.end();
    return out;
}

Looks looks(const OracleTable& table) {
    Looks out;
    out.smallest = never;
    for (std::size_t i = 0; i < table.rows; ++i) {
        const auto begin = table.counts.begin() + static_cast<std::ptrdiff_t>(i * table.columns);
        const auto end = begin + static_cast<std::ptrdiff_t>(table.columns);
        const auto sum = static_cast<double>(std::accumulate(begin, end, std::uint64_t{0}));
        out.smallest = std::min(out.smallest, sum);
        out.largest = std::max(out.largest, sum);
    }
    out.zero_cell = std::find(table.counts.begin(), table.counts.end(), std::uint64_t{0}) != table.counts.end();
    return out;
}

}  // namespace parity
