// SPDX-License-Identifier: Apache-2.0
// Which options, parameters and statistics of a monitor stand where in its bank: see kernels/chart_rules.inl.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "drift/monitor_codec.hpp"
#include "kernels/table.hpp"
#include "vedette/drift/cusum.hpp"
#include "vedette/drift/ddm.hpp"
#include "vedette/drift/ewma_chart.hpp"
#include "vedette/drift/hddm.hpp"
#include "vedette/drift/page_hinkley.hpp"

namespace vedette::inline v0::drift {

inline constexpr double never_reached = std::numeric_limits<double>::infinity();

template <class M>
struct BankRule;

/// Monitors whose files list the statistics as a bank does, and the count.
struct PlainStatistics {
    static constexpr bool refuses = false;

    template <std::size_t columns>
    static void write(const std::array<double, columns>& statistics, std::uint64_t count, MonitorCodec& file) {
        file.numbers.assign(statistics.begin(), statistics.end());
        file.integers = {count};
    }
    /// The count. The monitor's own reader has seen the lists; `parameters` are the feature's.
    template <std::size_t columns, std::size_t parameters>
    static std::uint64_t read(const MonitorCodec& file, const std::array<double, parameters>&,
                              std::array<double, columns>& statistics) {
        std::copy_n(file.numbers.begin(), columns, statistics.begin());
        return file.integers[0];
    }
};

template <>
struct BankRule<PageHinkley> : PlainStatistics {
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
struct BankRule<Cusum> : PlainStatistics {
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
struct BankRule<EwmaChart> : PlainStatistics {
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

template <>
struct BankRule<Ddm> {
    static constexpr const char* name = "ddm";
    static constexpr const char* kind = "ddm_bank";
    static constexpr std::size_t option_count = 2;
    static constexpr std::size_t setting_count = 2;
    static constexpr std::size_t columns = 4;
    static constexpr std::size_t parameters = 2;
    static constexpr bool warns = true;
    static constexpr bool refuses = true;
    template <class T>
    static constexpr auto kernel = &kernels::BankKernels<T>::ddm;

    static std::vector<double> settings(const DdmOptions& o) {
        const auto start = static_cast<double>(o.warm_start);
        const bool paper = o.rule == DdmRule::gama;
        const bool river = o.rule == DdmRule::river;
        return {river   ? start + 1.0
                : paper ? start
                        : start - 1.0,
                river ? start + 1.0 : start, paper ? 1.0 : 0.0, river ? 1.0 : 0.0};
    }
    static std::array<double, parameters> parameters_of(const DdmOptions& o) {
        return {o.warning_level, o.drift_level};
    }
    static bool may_differ(const DdmOptions& a, const DdmOptions& b) {
        return a.warm_start == b.warm_start && a.rule == b.rule;
    }
    // An infinite rate is no minimum; files say 0, and that there is none.
    static double start(std::size_t column, const double*, double) noexcept {
        return column == 2 ? never_reached : 0.0;
    }
    static void write(std::array<double, columns> own, std::uint64_t count, MonitorCodec& file) {
        const bool has_minimum = own[2] < never_reached;
        if (!has_minimum) own[2] = 0.0;
        file.numbers.assign(own.begin(), own.end());
        file.integers = {count, has_minimum ? 1U : 0U};
    }
    static std::uint64_t read(const MonitorCodec& file, const std::array<double, parameters>&,
                              std::array<double, columns>& own) {
        std::copy_n(file.numbers.begin(), columns, own.begin());
        const bool has_minimum = file.integers[1] == 1;
        MonitorCodec::require(!has_minimum || file.integers[0] > 0, "a minimum of nothing");
        MonitorCodec::require(has_minimum || (own[2] == 0.0 && own[3] == 0.0), "a minimum that is none");
        if (!has_minimum) own[2] = never_reached;
        return file.integers[0];
    }
};

template <>
struct BankRule<HddmA> {
    static constexpr const char* name = "hddm_a";
    static constexpr const char* kind = "hddm_a_bank";
    static constexpr std::size_t option_count = 2;
    static constexpr std::size_t setting_count = 1;
    static constexpr std::size_t columns = 7;
    static constexpr std::size_t parameters = 3;
    static constexpr bool warns = true;
    static constexpr bool refuses = true;
    template <class T>
    static constexpr auto kernel = &kernels::BankKernels<T>::hddm_a;

    static std::vector<double> settings(const HddmAOptions& o) {
        return {o.direction != Direction::down ? 1.0 : 0.0, o.direction != Direction::up ? 1.0 : 0.0};
    }
    static std::array<double, parameters> parameters_of(const HddmAOptions& o) {
        return {std::log(1.0 / o.drift_confidence), std::log(2.0 / o.drift_confidence),
                std::log(2.0 / o.warning_confidence)};
    }
    static bool may_differ(const HddmAOptions& a, const HddmAOptions& b) { return a.direction == b.direction; }
    static double start(std::size_t column, const double*, double) noexcept {
        return column == 3 ? never_reached : column == 6 ? -never_reached : 0.0;
    }
    // Files have the count of all, and no bounds.
    static void write(const std::array<double, columns>& own, std::uint64_t count, MonitorCodec& file) {
        file.numbers = {static_cast<double>(count), own[0], own[1], own[2], own[4], own[5]};
    }
    static std::uint64_t read(const MonitorCodec& file, const std::array<double, parameters>& logs,
                              std::array<double, columns>& own) {
        const auto& n = file.numbers;
        own = {n[1], n[2], n[3], never_reached, n[4], n[5], -never_reached};
        if (n[0] > 0.0) {
            own[3] = n[3] + std::sqrt(1.0 / (2.0 * n[2]) * logs[0]);
            own[6] = n[5] - std::sqrt(1.0 / (2.0 * n[4]) * logs[0]);
        }
        return static_cast<std::uint64_t>(n[0]);
    }
};

}  // namespace vedette::inline v0::drift
