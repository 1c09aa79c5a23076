// SPDX-License-Identifier: Apache-2.0
// Learning the equal-mass grid from reference values.
#include "vedette/stats/grid.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::stats {
namespace {

void check_and_round(std::span<double> values, Precision precision) {
    for (std::size_t i = 0; i < values.size(); ++i) {
        double value = values[i];
        if (precision == Precision::f32) {
            constexpr double limit = std::numeric_limits<float>::max();
            value = std::abs(value) <= limit ? static_cast<double>(static_cast<float>(value)) : value + 0.0;
            if (!(std::abs(value) <= limit)) value = std::numeric_limits<double>::infinity();
        }
        if (!std::isfinite(value))
            throw Error(ErrorCode::invalid_argument, "fit_grid: values[" + std::to_string(i) + "] is " +
                                                         std::to_string(values[i]) + ", must be finite in " +
                                                         (precision == Precision::f32 ? "f32" : "f64"));
        values[i] = value + 0.0;  // -0 becomes +0
    }
}

double next_above(double value, Precision precision) noexcept {
    if (precision == Precision::f32)
        return static_cast<double>(std::nextafter(static_cast<float>(value), std::numeric_limits<float>::infinity()));
    return std::nextafter(value, std::numeric_limits<double>::infinity());
}

struct DistinctValue {
    double value;
    std::uint64_t count;
};

std::vector<DistinctValue> distinct_values(std::span<const double> sorted) {
    std::vector<DistinctValue> distinct;
    for (const double value : sorted) {
        if (distinct.empty() || distinct.back().value != value) distinct.push_back({value, 0});
        ++distinct.back().count;
    }
    return distinct;
}

// Cuts the distinct values into at most `inner` runs. Heavy values, with a cell's share or more, stand alone; the light
// ones share the other cells, each cell aiming at what is left divided by the cells left.
class GreedyCutter {
  public:
    GreedyCutter(const std::vector<DistinctValue>& distinct, std::uint64_t total, std::size_t inner)
        : distinct_(distinct), share_(static_cast<double>(total) / static_cast<double>(inner)) {
        std::size_t heavy = 0;
        for (const DistinctValue& d : distinct) {
            if (is_heavy(d))
                ++heavy;
            else
                light_mass_ += static_cast<double>(d.count);
        }
        light_cells_ = inner - std::min(inner, heavy);
    }

    void cut(Grid& grid) {
        for (const DistinctValue& d : distinct_) {
            if (is_heavy(d)) {
                open(grid, d);
                open_is_light_ = false;
            } else {
                add_light(grid, d);
            }
        }
    }

  private:
    [[nodiscard]] bool is_heavy(const DistinctValue& d) const noexcept {
        return static_cast<double>(d.count) >= share_;
    }

    void add_light(Grid& grid, const DistinctValue& d) {
        const double count = static_cast<double>(d.count);
        // A value joins the open cell when that leaves the cell nearer to its target than without it.
        const bool full = !open_is_light_ || filled_ + 0.5 * count > target_;
        if (full && light_cells_ > 0) {
            target_ = light_mass_ / static_cast<double>(light_cells_--);
            filled_ = 0.0;
            open(grid, d);
            open_is_light_ = true;
        } else {
            grid.reference_counts.back() += d.count;
        }
        filled_ += count;
        light_mass_ -= count;
    }

    static void open(Grid& grid, const DistinctValue& d) {
        grid.edges.push_back(d.value);
        grid.reference_counts.push_back(d.count);
    }

    const std::vector<DistinctValue>& distinct_;
    double share_;
    double light_mass_ = 0.0;
    std::size_t light_cells_ = 0;
    double target_ = 0.0;
    double filled_ = 0.0;
    bool open_is_light_ = false;
};

}  // namespace

std::size_t Grid::cell(double x) const noexcept {
    if (std::isnan(x)) return 0;
    return static_cast<std::size_t>(std::upper_bound(edges.begin(), edges.end(), x) - edges.begin());
}

Grid fit_grid(std::span<double> values, std::size_t cells, Precision precision) {
    if (cells < minimum_grid_cells || cells > maximum_grid_cells)
        throw Error(ErrorCode::invalid_argument,
                    "fit_grid: cells is " + std::to_string(cells) + ", must lie between 4 and 1024");
    if (values.empty()) throw Error(ErrorCode::not_enough_data, "fit_grid: values is empty, needs at least 1 value");
    check_and_round(values, precision);
    std::sort(values.begin(), values.end());

    Grid grid;
    grid.precision = precision;
    grid.minimum = values.front();
    grid.maximum = values.back();
    grid.reference_counts.push_back(0);
    const std::vector<DistinctValue> distinct = distinct_values(values);
    const std::size_t inner = cells - 2;
    if (distinct.size() <= inner) {
        for (const DistinctValue& d : distinct) {
            grid.edges.push_back(d.value);
            grid.reference_counts.push_back(d.count);
        }
    } else {
        GreedyCutter(distinct, values.size(), inner).cut(grid);
    }
    grid.discrete = grid.edges.size() == distinct.size();
    grid.edges.push_back(next_above(grid.maximum, precision));
    grid.reference_counts.push_back(0);
    const std::uint64_t largest = *std::max_element(grid.reference_counts.begin(), grid.reference_counts.end());
    grid.largest_inner_share = static_cast<double>(largest) / static_cast<double>(values.size());
    return grid;
}

}  // namespace vedette::inline v0::stats
