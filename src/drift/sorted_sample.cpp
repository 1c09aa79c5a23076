// SPDX-License-Identifier: Apache-2.0
// Sorting a sample, with NaN set apart.
#include "vedette/drift/sorted_sample.hpp"

#include <cmath>
#include <string>

#include "stats/sort.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::drift {

template <class T>
SortedSample<T>::SortedSample(ColumnView<T> values, NanPolicy nan) {
    values_.resize(values.size());
    std::size_t kept = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        values_[kept] = values[i];
        kept += std::isnan(values[i]) ? 0U : 1U;
    }
    nan_count_ = values.size() - kept;
    if (nan_count_ > 0 && nan == NanPolicy::refuse) {
        std::size_t first = 0;
        while (!std::isnan(values[first])) ++first;
        throw Error(ErrorCode::invalid_argument,
                    "sample: element " + std::to_string(first) + " is NaN; NanPolicy::omit leaves such values out");
    }
    values_.resize(kept);
    stats::sort_ascending(std::span<T>(values_));
}

template <class T>
bool SortedSample<T>::is_finite() const noexcept {
    return values_.empty() || (std::isfinite(values_.front()) && std::isfinite(values_.back()));
}

template class SortedSample<float>;
template class SortedSample<double>;

}  // namespace vedette::inline v0::drift
