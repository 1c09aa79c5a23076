// SPDX-License-Identifier: Apache-2.0
// Sorting a sample, with NaN set apart.
#include "vedette/drift/sorted_sample.hpp"

#include <cmath>

#include "drift/clean_values.hpp"
#include "stats/sort.hpp"

namespace vedette::inline v0::drift {

template <class T>
SortedSample<T>::SortedSample(ColumnView<T> values, NanPolicy nan) {
    nan_count_ = count_nan(values, nan);
    values_ = copy_without_nan(values, nan_count_);
    stats::sort_ascending(std::span<T>(values_));
}

template <class T>
bool SortedSample<T>::is_finite() const noexcept {
    return values_.empty() || (std::isfinite(values_.front()) && std::isfinite(values_.back()));
}

template class SortedSample<float>;
template class SortedSample<double>;

}  // namespace vedette::inline v0::drift
