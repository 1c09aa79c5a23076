// SPDX-License-Identifier: Apache-2.0
// Which options, parameters and statistics of a monitor stand where in its bank: see kernels/chart_rules.inl.hpp.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "kernels/table.hpp"
#include "vedette/drift/cusum.hpp"
#include "vedette/drift/ewma_chart.hpp"
#include "vedette/drift/page_hinkley.hpp"

namespace vedette::inline v0::drift {

inline constexpr double never_reached = std::numeric_limits<double>::infinity();

template <class M>
struct BankRule;

template <>
struct BankRule<PageHinkley> {
    static constexpr const char* name = "page_hinkley";
    static constexpr const char* kind = "page_hinkley_bank";
    static constexpr std::size_t option_count = 3;
    static constexpr std::size_t setting_count = 3;
    static constexpr std::size_t columns = 5;
    static constexpr std::size_t parameters = 3;
    static constexpr bool warns = false;
    template <class T>
    static constexpr auto kernel = &kernels::BankKernels<T>::page_hinkley;

    static std::vector<double> settings(const PageHinkleyOptions& o) {
        return {o.forgetting, static_cast<double>(o.minimum_observations), o.rule == PageHinkleyRule::page ? 1.0 : 0.0};
    }
    static std::array<double, parameters> parameters_of(const PageHinkleyOptions& o) {
        return {o.delta, o.direction != Direction::down ? o.threshold : never_reached,
                o.direction != Direction::up ? o.threshold : never_reached};
    }
    static bool may_differ(const PageHinkleyOptions& a, const PageHinkleyOptions& b) {
        return a.minimum_observations == b.minimum_observations && a.forgetting == b.forgetting &&
               a.direction == b.direction && a.rule == b.rule;
    }
    /// A statistic before the first value; `parameter` is the feature's first.
    static double start(std::size_t, const double*, double) noexcept { return 0.0; }
};

template <>
struct BankRule<Cusum> {
    static constexpr const char* name = "cusum";
    static constexpr const char* kind = "cusum_bank";
    static constexpr std::size_t option_count = 5;
    static constexpr std::size_t setting_count = 1;
    static constexpr std::size_t columns = 2;
    static constexpr std::size_t parameters = 2;
    static constexpr bool warns = false;
    template <class T>
    static constexpr auto kernel = &kernels::BankKernels<T>::cusum;

    static std::vector<double> settings(const CusumOptions& o) {
        const bool up = o.direction != Direction::down;
        const bool down = o.direction != Direction::up;
        return {up ? o.slack : never_reached, down ? o.slack : never_reached, o.threshold, up ? o.head_start : 0.0,
                down ? o.head_start : 0.0};
    }
    static std::array<double, parameters> parameters_of(const CusumOptions& o) { return {o.mean, 1.0 / o.sd}; }
    static bool may_differ(const CusumOptions& a, const CusumOptions& b) {
        return a.slack == b.slack && a.threshold == b.threshold && a.head_start == b.head_start &&
               a.direction == b.direction;
    }
    static double start(std::size_t column, const double* settings, double) noexcept { return settings[3 + column]; }
};

template <>
struct BankRule<EwmaChart> {
    static constexpr const char* name = "ewma_chart";
    static constexpr const char* kind = "ewma_chart_bank";
    static constexpr std::size_t option_count = 5;
    static constexpr std::size_t setting_count = 2;
    static constexpr std::size_t columns = 2;
    static constexpr std::size_t parameters = 2;
    static constexpr bool warns = true;
    template <class T>
    static constexpr auto kernel = &kernels::BankKernels<T>::ewma_chart;

    static std::vector<double> settings(const EwmaChartOptions& o) {
        const double sign = o.direction == Direction::up ? 1.0 : o.direction == Direction::down ? -1.0 : 0.0;
        return {o.weight, o.width, o.warning_width > 0.0 ? o.warning_width : never_reached,
                o.time_varying_limits ? 1.0 : 0.0, sign};
    }
    static std::array<double, parameters> parameters_of(const EwmaChartOptions& o) {
        return {o.mean, o.sd * std::sqrt(o.weight / (2.0 - o.weight))};
    }
    static bool may_differ(const EwmaChartOptions& a, const EwmaChartOptions& b) {
        return a.weight == b.weight && a.width == b.width && a.warning_width == b.warning_width &&
               a.time_varying_limits == b.time_varying_limits && a.direction == b.direction;
    }
    static double start(std::size_t column, const double*, double mean) noexcept { return column == 0 ? mean : 1.0; }
};

}  // namespace vedette::inline v0::drift
