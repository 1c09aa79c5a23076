// SPDX-License-Identifier: Apache-2.0
// The values of a column that are not NaN.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "vedette/core/error.hpp"
#include "vedette/core/view.hpp"
#include "vedette/drift/test_options.hpp"

namespace vedette::inline v0::drift {

/// How many NaN there are. Throws Error(invalid_argument) for one under NanPolicy::refuse, naming the first.
template <class T>
std::size_t count_nan(ColumnView<T> values, NanPolicy nan) {
    std::size_t count = 0;
    if (values.is_contiguous()) {
        for (const T value : std::span<const T>(values.data(), values.size())) count += value != value ? 1U : 0U;
    } else {
        for (std::size_t i = 0; i < values.size(); ++i) count += values[i] != values[i] ? 1U : 0U;
    }
    if (count == 0 || nan == NanPolicy::omit) return count;
    std::size_t first = 0;
    while (values[first] == values[first]) ++first;
    throw Error(ErrorCode::invalid_argument,
                "sample: element " + std::to_string(first) + " is NaN; NanPolicy::omit leaves such values out");
}

/// A copy without the NaN, of which there are `count`.
template <class T>
std::vector<T> copy_without_nan(ColumnView<T> values, std::size_t count) {
    if (count == 0 && values.is_contiguous()) return {values.data(), values.data() + values.size()};
    std::vector<T> kept;
    kept.reserve(values.size() - count);
    for (std::size_t i = 0; i < values.size(); ++i)
        if (values[i] == values[i]) kept.push_back(values[i]);
    return kept;
}

/// Values in one piece and free of NaN: the view's own where it is, a copy else.
template <class T>
class CleanValues {
  public:
    CleanValues(ColumnView<T> values, NanPolicy nan) {
        const std::size_t count = count_nan(values, nan);
        if (count == 0 && values.is_contiguous()) {
            values_ = {values.data(), values.size()};
        } else {
            copy_ = copy_without_nan(values, count);
            values_ = copy_;
        }
    }
    CleanValues(const CleanValues&) = delete;
    CleanValues& operator=(const CleanValues&) = delete;
    [[nodiscard]] std::span<const T> values() const noexcept { return values_; }

  private:
    std::vector<T> copy_;
    std::span<const T> values_;
};

}  // namespace vedette::inline v0::drift
