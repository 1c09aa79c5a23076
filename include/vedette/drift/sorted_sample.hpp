// SPDX-License-Identifier: Apache-2.0
// A sample sorted once, for any number of tests against it.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "vedette/core/view.hpp"
#include "vedette/drift/test_options.hpp"

namespace vedette::inline v0::drift {

/// The values of a sample in ascending order, NaN set apart. T is float or double. Immutable, safe to share between
/// threads: freeze the reference once, test many live samples.
template <class T>
class SortedSample {
  public:
    /// Copies and sorts; O(n). Throws Error(invalid_argument) for a NaN under NanPolicy::refuse, naming the
    /// first.
    explicit SortedSample(ColumnView<T> values, NanPolicy nan = NanPolicy::refuse);
    explicit SortedSample(std::span<const T> values, NanPolicy nan = NanPolicy::refuse)
        : SortedSample(ColumnView<T>(values), nan) {}
    explicit SortedSample(const std::vector<T>& values, NanPolicy nan = NanPolicy::refuse)
        : SortedSample(ColumnView<T>(values), nan) {}

    /// Ascending; infinities at the ends.
    [[nodiscard]] std::span<const T> values() const noexcept { return values_; }
    [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
    [[nodiscard]] bool empty() const noexcept { return values_.empty(); }
    /// How many NaN were left out.
    [[nodiscard]] std::size_t nan_count() const noexcept { return nan_count_; }
    /// Whether all values are finite. O(1): they stand at the ends.
    [[nodiscard]] bool is_finite() const noexcept;

  private:
    std::vector<T> values_;
    std::size_t nan_count_ = 0;
};

extern template class SortedSample<float>;
extern template class SortedSample<double>;

}  // namespace vedette::inline v0::drift
