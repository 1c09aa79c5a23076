// SPDX-License-Identifier: Apache-2.0
// Fuzzes the reader of column statistics; what is accepted must be canonical, merge, and be told.
#include <cmath>
#include <cstdint>
#include <vector>

#include "fuzz/container_input.hpp"
#include "promise.hpp"
#include "vedette/validation/statistics.hpp"

namespace {

using vedette::validation::TableStatistics;

using vedette::fuzzing::attempt;
using vedette::fuzzing::require;

void check_accepted(const TableStatistics& statistics) {
    const auto bytes = statistics.serialize();
    require(TableStatistics::deserialize(bytes).serialize() == bytes, "writing is not canonical");
    require(!statistics.to_json().empty(), "nothing is told");
    for (const auto& [name, column] : statistics.columns()) {
        const auto& numbers = column.numbers;
        if (numbers.count == 0) continue;
        const double median = numbers.quantile(0.5);
        require(std::isnan(median) || (median >= numbers.minimum && median <= numbers.maximum), "a median outside");
        require(numbers.mean() >= numbers.minimum && numbers.mean() <= numbers.maximum, "a mean outside");
    }
    // Both ways of adding others, in either order.
    if (statistics.rows() > std::uint64_t{1} << 59U) return;
    TableStatistics twice = statistics;
    twice.merge(statistics);
    require(twice.rows() == 2 * statistics.rows(), "rows got lost");
    const std::vector<double> values{1.0, -2.5, 0.0};
    TableStatistics other(statistics.options());
    other.update(vedette::Table({{"fuzzed", vedette::Column::numeric(values)}}));
    const auto column = statistics.columns().find("fuzzed");
    if (column != statistics.columns().end() && column->second.is_text) return;
    TableStatistics a = twice, b = other;
    a.merge(other);
    b.merge(twice);
    require(a.serialize() == b.serialize(), "the order of merges shows");
    require(TableStatistics::deserialize(a.serialize()).serialize() == a.serialize(), "merged statistics are refused");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    vedette::fuzzing::read_with_both_digests(data, size, [](const std::vector<std::byte>& bytes) {
        attempt([&] { check_accepted(TableStatistics::deserialize(bytes)); });
    });
    return 0;
}
