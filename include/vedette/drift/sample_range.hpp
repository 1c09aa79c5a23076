// SPDX-License-Identifier: Apache-2.0
// What the tests on samples take besides sorted samples: anything contiguous of float or double.
#pragma once

#include <concepts>
#include <ranges>
#include <span>

#include "vedette/drift/sorted_sample.hpp"

namespace vedette::inline v0::drift {

/// A vector, array, span or the like of float or double.
template <class R>
concept SampleRange = std::ranges::contiguous_range<const R> && std::ranges::sized_range<const R> &&
    (std::same_as<std::ranges::range_value_t<const R>, float> ||
     std::same_as<std::ranges::range_value_t<const R>, double>);

/// Two of them with the same type of value.
template <class R, class L>
concept SampleRanges = SampleRange<R> && SampleRange<L> &&
    std::same_as<std::ranges::range_value_t<const R>, std::ranges::range_value_t<const L>>;

/// The range as a view.
template <SampleRange R>
auto column(const R& values) {
    using T = std::ranges::range_value_t<const R>;
    return ColumnView<T>(std::span<const T>(std::ranges::data(values), std::ranges::size(values)));
}

/// Sorts a copy of the range.
template <SampleRange R>
auto sorted(const R& values, NanPolicy nan = NanPolicy::refuse) {
    return SortedSample<std::ranges::range_value_t<const R>>(column(values), nan);
}

}  // namespace vedette::inline v0::drift
