// SPDX-License-Identifier: Apache-2.0
// Compares the kernels of banks with their single-lane twins, bit for bit. Free of any test framework, as
// kernel_checks.hpp.
#pragma once

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "kernels/adwin.inl.hpp"
#include "kernels/bank_words.hpp"
#include "kernels/charts.inl.hpp"
#include "kernels/table.hpp"

namespace kernel_checks {

using namespace vedette::kernels;

/// The memory of a bank of either kind.
struct BankMemory {
    static constexpr std::size_t levels = 48;
    static constexpr std::size_t slots = 4;
    struct alignas(64) Line {
        double values[8] = {};
    };

    std::size_t features, groups;
    std::vector<Line> columns, parameters, skipped, totals, deviations;
    std::vector<double> settings;
    std::vector<double> skipped_by_all;
    std::vector<std::uint8_t> begins, changing, warned, changed;
    std::vector<std::uint64_t> nan, infinite, refused, changes, last_change;
    std::vector<std::uint32_t> counts, used, until, agreed;

    explicit BankMemory(std::size_t n)
        : features(n),
          groups((n + 7) / 8),
          columns(7 * groups),
          parameters(3 * groups),
          skipped(groups),
          totals(groups * levels * slots),
          deviations(groups * levels * slots),
          skipped_by_all((n + bank_block - 1) / bank_block, __builtin_nan("")),
          begins(groups),
          changing(groups),
          warned(groups),
          changed(groups),
          nan(n),
          infinite(n),
          refused(n),
          changes(n),
          last_change(n),
          counts(groups * levels * 8),
          used(groups * 8, 1),
          until(groups * 8, 6),
          agreed(groups, levels - 1) {}

    BankView view(std::uint64_t rows, bool uniform) {
        return {features,           8 * groups,
                columns[0].values,  parameters[0].values,
                settings.data(),    uniform,
                skipped[0].values,  skipped_by_all.data(),
                begins.data(),      changing.data(),
                warned.data(),      changed.data(),
                nan.data(),         infinite.data(),
                refused.data(),     changes.data(),
                last_change.data(), rows};
    }
    AdwinBankView adwin_view(std::uint64_t rows) {
        return {view(rows, true),
                levels,
                slots,
                totals[0].values,
                deviations[0].values,
                counts.data(),
                used.data(),
                until.data(),
                agreed.data(),
                6,
                true};
    }
    bool operator==(const BankMemory& o) const {
        const auto same = [](const std::vector<Line>& a, const std::vector<Line>& b) {
            return std::memcmp(a.data(), b.data(), a.size() * sizeof(Line)) == 0;
        };
        return same(columns, o.columns) && same(skipped, o.skipped) && same(totals, o.totals) &&
               same(deviations, o.deviations) && begins == o.begins && changing == o.changing && warned == o.warned &&
               changed == o.changed && nan == o.nan && infinite == o.infinite && refused == o.refused &&
               changes == o.changes && last_change == o.last_change && counts == o.counts && used == o.used &&
               until == o.until && agreed == o.agreed;
    }
};

template <class T>
std::vector<T> bank_rows(std::size_t count, std::mt19937_64& random) {
    // The last is turned away.
    const double odd[] = {__builtin_nan(""), __builtin_inf(), -__builtin_inf(), 0.0, -0.0, 1e30, -1e30, 1e101};
    const std::size_t possible = sizeof(T) == sizeof(double) ? 8 : 7;
    std::normal_distribution<double> normal;
    std::vector<T> values(count);
    for (T& value : values) value = static_cast<T>(random() % 200 == 0 ? odd[random() % possible] : normal(random));
    return values;
}

/// Which chart, its settings, and its parameters for a feature.
template <class T>
struct ChartCase {
    UpdateBank<T> BankKernels<T>::*kernel;
    std::vector<double> settings;
    double parameters[3];
    bool errors = false;  // looks at errors: of numbers it would refuse almost all
};

template <class T>
std::string check_charts(const BankKernels<T>& kernels, std::size_t features, bool uniform, std::mt19937_64& random) {
    constexpr double never = __builtin_inf();
    const BankKernels<T> scalar = bank_entries<ScalarLane, T>();
    const ChartCase<T> cases[] = {{&BankKernels<T>::page_hinkley, {0.999, 5.0, 1.0}, {0.005, 8.0, 8.0}},
                                  {&BankKernels<T>::page_hinkley, {1.0, 2.0, 0.0}, {0.0, 9.0, never}},
                                  {&BankKernels<T>::cusum, {0.5, 0.5, 3.0, 1.0, 1.0}, {0.125, 0.75, 0.0}},
                                  {&BankKernels<T>::ewma_chart, {0.2, 2.5, 2.0, 1.0, 0.0}, {0.0, 1.0 / 3.0, 0.0}},
                                  {&BankKernels<T>::ewma_chart, {0.5, 2.5, never, 0.0, -1.0}, {0.0, 0.5, 0.0}},
                                  {&BankKernels<T>::ddm, {3.0, 3.0, 1.0, 0.0}, {1.0, 1.5, 0.0}, true},
                                  {&BankKernels<T>::ddm, {4.0, 4.0, 0.0, 1.0}, {1.0, 2.0, 0.0}, true},
                                  {&BankKernels<T>::hddm_a, {1.0, 1.0}, {2.0, 2.5, 2.0}, true}};
    for (const auto& chart : cases) {
        BankMemory memory(features);
        memory.settings = chart.settings;
        for (std::size_t p = 0; p < 3; ++p)
            for (std::size_t i = 0; i < 8 * memory.groups; ++i)
                memory.parameters[p * memory.groups + i / 8].values[i % 8] =
                    chart.parameters[p] * (uniform || p == 0 ? 1.0 : 1.0 + 0.01 * static_cast<double>(i));
        std::fill(memory.begins.begin(), memory.begins.end(), std::uint8_t{0xFF});
        BankMemory twin = memory;
        std::uint64_t rows = 0;
        for (const std::size_t count : {1U, 7U, 1U, 2U, 1U, 16U, 17U, 50U, 1U, 70U}) {
            auto values = bank_rows<T>(count * features, random);
            for (T& value : values)
                if (chart.errors && value > T{-3} && value < T{3})
                    value = value > (rows > 20 ? T{-0.5} : T{1}) ? T{1} : T{0};
            const BankView view = memory.view(rows, uniform), other = twin.view(rows, uniform);
            const auto stride = static_cast<std::ptrdiff_t>(features);
            (kernels.*chart.kernel)(&view, values.data(), count, stride);
            (scalar.*chart.kernel)(&other, values.data(), count, stride);
            rows += count;
            if (!(memory == twin))
                return "chart " + std::to_string(&chart - cases) + " of " + std::to_string(features) + " features";
        }
    }
    return {};
}

template <class T>
std::string check_windows(const AdwinKernels<T>& kernels, std::size_t features, std::mt19937_64& random) {
    const AdwinKernels<T> scalar = adwin_entries<ScalarLane, T>();
    BankMemory memory(features);
    BankMemory twin = memory;
    AdwinBound bound{5.0, {}, {}, {}};
    for (std::size_t lane = 0; lane < 8; ++lane) {
        bound.squared_part[lane] = 1.0;
        bound.linear_part[lane] = 2.0;
        bound.slack[lane] = 1e-9;
    }
    for (std::uint64_t rows = 0; rows < 300; rows += 10) {
        const auto values = bank_rows<T>(10 * features, random);
        const AdwinBankView view = memory.adwin_view(rows), other = twin.adwin_view(rows);
        const auto stride = static_cast<std::ptrdiff_t>(features);
        AdwinStop stop{}, expected{};
        for (bool more = true; more; ++stop.row, ++expected.row) {
            more = kernels.insert(&view, values.data(), 10, stride, &stop);
            const bool same = scalar.insert(&other, values.data(), 10, stride, &expected) == more;
            if (!same || !(memory == twin) ||
                (more && (stop.group != expected.group || stop.row != expected.row || stop.due != expected.due)))
                return "windows of " + std::to_string(features) + " features";
            if (!more) break;
            if (kernels.may_cut(&view, stop.group, &bound) != scalar.may_cut(&other, stop.group, &bound))
                return "cuts in windows of " + std::to_string(features) + " features";
            // Some begin anew.
            if (random() % 8 == 0) {
                const auto bits = static_cast<std::uint8_t>(random());
                memory.begins[stop.group] = twin.begins[stop.group] = bits;
            }
        }
    }
    return {};
}

/// Charts and windows, of floats and doubles, with features that fill their vectors and that do not.
inline std::string check_banks(const KernelTable& table) {
    std::mt19937_64 random(83);
    // The last: more than one range of them, an odd number of vectors, and some left over.
    for (const std::size_t features : {1U, 5U, 8U, 64U, 139U, 349U}) {
        for (const bool uniform : {true, false}) {
            std::string failure = check_charts<float>(table.bank_f32, features, uniform, random);
            if (failure.empty()) failure = check_charts<double>(table.bank_f64, features, uniform, random);
            if (!failure.empty()) return failure;
        }
        std::string failure = check_windows<float>(table.adwin_f32, features, random);
        if (failure.empty()) failure = check_windows<double>(table.adwin_f64, features, random);
        if (!failure.empty()) return failure;
    }
    return {};
}

}  // namespace kernel_checks
