// SPDX-License-Identifier: Apache-2.0
// The oracles' cases as the tests on counts want them.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "vedette/drift/contingency_tests.hpp"
#include "vedette/drift/grid_tests.hpp"

/// A table of counts that owns them.
struct OracleTable {
    std::vector<std::uint64_t> counts;
    std::size_t rows;
    std::size_t columns;

    [[nodiscard]] vedette::drift::CountTable view() const { return {counts, rows, columns}; }
    [[nodiscard]] OracleTable transposed() const {
        OracleTable other{std::vector<std::uint64_t>(counts.size()), columns, rows};
        for (std::size_t i = 0; i < counts.size(); ++i) other.counts[i % columns * rows + i / columns] = counts[i];
        return other;
    }
};

/// Of an array of rows.
inline OracleTable oracle_table(const nlohmann::json& json) {
    OracleTable table{{}, json.size(), json[0].size()};
    for (const auto& row : json)
        for (const auto& count : row) table.counts.push_back(count.get<std::uint64_t>());
    return table;
}

/// A list of numbers, or the formula that stands for a long one (`lattice` of divergences_oracle.py).
inline std::vector<double> oracle_numbers(const nlohmann::json& side) {
    if (side.is_array()) return side;
    std::vector<double> values(side["count"].get<std::size_t>());
    const auto step = side["step"].get<std::size_t>(), modulus = side["modulus"].get<std::size_t>();
    const std::size_t nan = side.value("nan", std::size_t{0});
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t root = i * step % modulus;
        values[i] = nan != 0 && (i + 1) % nan == 0
                        ? std::nan("")
                        : static_cast<double>(root * root) / side["unit"].get<double>() + side["offset"].get<double>();
    }
    return values;
}

/// The cells of a grid: those counts, and the two outer cells.
inline std::vector<std::uint64_t> with_outer(const std::vector<std::uint64_t>& counts) {
    std::vector<std::uint64_t> cells{0};
    cells.insert(cells.end(), counts.begin(), counts.end());
    cells.push_back(0);
    return cells;
}

/// A value's mass sits on it: cells [places[i], places[i + 1]), as in a discrete grid, with the two outer cells.
inline vedette::drift::GridReference discrete_reference(const std::vector<std::uint64_t>& counts,
                                                        const std::vector<double>& places) {
    std::vector<double> edges = places;
    edges.push_back(std::nextafter(places.back(), 1e300));
    return vedette::drift::GridReference::ordered(with_outer(counts), edges, places.front(), places.back(), 2.0, true);
}
