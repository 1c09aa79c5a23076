// SPDX-License-Identifier: Apache-2.0
// Sorting a sample, with NaN set apart.
#include "vedette/drift/sorted_sample.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::drift {

template <class T>
SortedSample<T>::SortedSample(ColumnView<T> values, NanPolicy nan) {
    values_.reserve(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const T value = values[i];
        if (!std::isnan(value)) {
            values_.push_back(value);
        } else if (nan == NanPolicy::omit) {
            ++nan_count_;
        } else {
            throw Error(ErrorCode::invalid_argument,
                        "sample: element " + std::to_string(i) + " is NaN; NanPolicy::omit leaves such values out");
        }
    }
    std::sort(values_.begin(), values_.end());
}

template <class T>
bool SortedSample<T>::is_finite() const noexcept {
    return values_.empty() || (std::isfinite(values_.front()) && std::isfinite(values_.back()));
}

template class SortedSample<float>;
template class SortedSample<double>;

}  // namespace vedette::inline v0::drift
