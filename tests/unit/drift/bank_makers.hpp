// SPDX-License-Identifier: Apache-2.0
// One of each bank, with options that let it alarm soon, and rows for it.
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/drift/adwin_bank.hpp"
#include "vedette/drift/monitor_bank.hpp"

namespace bank_makers {

namespace drift = vedette::drift;

/// In place of a level: rows of errors, whose rate changes.
inline constexpr double of_errors = -100.0;

/// Rows of normal values, of a level that changes from time to time, other times in each feature; a tenth of the
/// features with a spread of their own. In troubled ones some values are NaN, infinite, huge, tiny or zero, and some
/// rows all NaN.
inline std::vector<double> rows_of(std::size_t features, std::size_t rows, double level, bool troubled) {
    constexpr double odd[] = {std::numeric_limits<double>::quiet_NaN(),
                              std::numeric_limits<double>::infinity(),
                              -std::numeric_limits<double>::infinity(),
                              1e101,
                              1e30,
                              -1e30,
                              5e-324,
                              0.0,
                              -0.0};
    vedette::Random random(features + rows);
    std::vector<double> values(features * rows);
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t i = 0; i < features; ++i) {
            const double shift = (r / (61 + 3 * (i % 17))) % 2 == 0 ? 0.0 : level;
            double& value = values[r * features + i];
            value = random.normal() * (i % 10 == 7 ? 3.0 : 1.0) + shift;
            if (level == of_errors) value = random.uniform() < (shift == 0.0 ? 0.125 : 0.625) ? 1.0 : 0.0;
            if (!troubled) continue;
            const double chance = random.uniform();
            if (i % 3 == 0 && chance < 0.03) value = odd[static_cast<std::size_t>(chance * 300.0)];
            if (r % 211 == 5) value = odd[0];
        }
    return values;
}

template <class Options>
std::vector<Options> spread(std::size_t features, Options options) {
    std::vector<Options> all(features, options);
    for (std::size_t i = 0; i < features; ++i) {
        if constexpr (requires { options.drift_level; }) {
            all[i].drift_level = 3.0 + 0.25 * static_cast<double>(i % 3);
        } else if constexpr (requires { options.drift_confidence; }) {
            all[i].drift_confidence = 0.01 / static_cast<double>(1 + i % 3);
        } else if constexpr (requires { options.sd; }) {
            all[i].mean = 0.125 * static_cast<double>(i % 5);
            all[i].sd = 1.0 + 0.1 * static_cast<double>(i % 3);
        } else {
            all[i].delta = 0.01 * static_cast<double>(i % 4);
            all[i].threshold = 10.0 + static_cast<double>(i % 7);
        }
    }
    return all;
}

/// Calls check(bank, level of a change) for each.
template <class Check>
void for_each_bank(Check&& check) {
    using drift::Direction;
    check(drift::AdwinBank(37, {.delta = 0.05, .clock = 7}), 1.5);
    check(drift::AdwinBank(16, {.delta = 0.2, .clock = 1, .max_buckets = 2, .rule = drift::AdwinRule::moa}), 1.0);
    check(drift::AdwinBank(3, {.min_window_length = 1, .grace_period = 0}), 3.0);
    check(drift::AdwinBank(9, {.clock = 5, .restart_after_change = true}), 3.0);
    check(drift::PageHinkleyBank(37, {.threshold = 10.0}), 2.0);
    check(drift::PageHinkleyBank(130, {.minimum_observations = 3, .threshold = 20.0, .direction = Direction::up}), 3.0);
    check(drift::PageHinkleyBank(
              5, {.threshold = 10.0, .direction = Direction::down, .rule = drift::PageHinkleyRule::moa}),
          2.0);
    check(drift::PageHinkleyBank(spread<drift::PageHinkleyOptions>(21, {.forgetting = 0.99})), 3.0);
    check(drift::CusumBank(1, {}), 1.0);
    check(drift::CusumBank(201, {.mean = 0.25, .sd = 1.5, .head_start = 2.5}), 1.0);
    check(drift::CusumBank(33, {.slack = 0.0, .threshold = 9.0, .direction = Direction::down}), -1.0);
    check(drift::CusumBank(spread<drift::CusumOptions>(27, {.head_start = 1.0, .direction = Direction::up})), 1.0);
    check(drift::EwmaChartBank(71, {.warning_width = 2.0}), 1.0);
    check(drift::EwmaChartBank(8, {.mean = 0.5, .weight = 0.5, .direction = Direction::up}), 1.0);
    check(drift::EwmaChartBank(spread<drift::EwmaChartOptions>(
              19, {.warning_width = 1.5, .time_varying_limits = false, .direction = Direction::down})),
          -1.0);
    check(drift::DdmBank(70, {}), of_errors);
    check(drift::DdmBank(9, {.warm_start = 5, .rule = drift::DdmRule::river}), of_errors);
    check(drift::DdmBank(spread<drift::DdmOptions>(37, {.warm_start = 1, .rule = drift::DdmRule::moa})), of_errors);
    check(drift::HddmABank(70, {}), of_errors);
    check(drift::HddmABank(5, {.drift_confidence = 0.05, .warning_confidence = 0.2, .direction = Direction::down}),
          of_errors);
    check(drift::HddmABank(spread<drift::HddmAOptions>(
              37, {.drift_confidence = 0.01, .warning_confidence = 0.05, .direction = Direction::both})),
          of_errors);
}

}  // namespace bank_makers
