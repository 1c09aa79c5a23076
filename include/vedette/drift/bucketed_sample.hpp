// SPDX-License-Identifier: Apache-2.0
// A reference frozen so that live samples are compared with it without being sorted.
#pragma once

#include <cstddef>
#include <memory>

#include "vedette/drift/sorted_sample.hpp"

namespace vedette::inline v0::drift {

template <class T>
struct BucketTable;  // private

/// A sorted sample with a table of up to 32,768 buckets that keep the order of values. A live sample is counted into
/// the buckets; only the values of the few buckets in which a difference of distribution functions can still grow are
/// then looked at one by one, so the answer is exact. Immutable, safe to share between threads, cheap to copy.
template <class T>
class BucketedSample {
  public:
    /// O(n) after sorting; about 10 bytes a value and at most 200 KiB besides the values.
    explicit BucketedSample(SortedSample<T> sample);
    explicit BucketedSample(ColumnView<T> values, NanPolicy nan = NanPolicy::refuse)
        : BucketedSample(SortedSample<T>(values, nan)) {}
    explicit BucketedSample(const std::vector<T>& values, NanPolicy nan = NanPolicy::refuse)
        : BucketedSample(SortedSample<T>(values, nan)) {}

    [[nodiscard]] const SortedSample<T>& sample() const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return sample().size(); }
    [[nodiscard]] const BucketTable<T>& table() const noexcept { return *table_; }

  private:
    std::shared_ptr<const BucketTable<T>> table_;
};

extern template class BucketedSample<float>;
extern template class BucketedSample<double>;

}  // namespace vedette::inline v0::drift
