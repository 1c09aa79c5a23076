// SPDX-License-Identifier: Apache-2.0
// Columns counted tile by tile: floats by kernels, other numbers one by one, texts by their bytes.
#include "vedette/validation/statistics.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <memory>
#include <type_traits>

#include "core/utf8.hpp"
#include "kernels/dispatch.hpp"
#include "stats/sum_bins.hpp"
#include "validation/column_values.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::validation {

namespace {

constexpr std::uint64_t most_rows = std::uint64_t{1} << 61U;
static_assert(tile_rows <= kernels::most_column_values);

// Counts of buckets at the finest resolution, in pages by sign and exponent, for one update.
class BucketPages {
  public:
    void add(double value, std::uint64_t count = 1) {
        if (value == 0.0) {
            zeros_ += count;
            return;
        }
        const auto bits = std::bit_cast<std::uint64_t>(value);
        Page*& page = pages_[bits >> 52U];
        if (page == nullptr) page = &new_page(bits >> 52U);
        const bool is_subnormal = (bits >> 52U & 0x7FFU) == 0;
        (*page)[is_subnormal ? 0 : bits >> (52U - stats::LogHistogram::finest) & (parts - 1)] += count;
    }
    void empty_into(stats::LogHistogram& histogram) const {
        std::vector<stats::LogHistogram::Bucket> buckets;
        if (zeros_ != 0) buckets.push_back({0, zeros_});
        for (const auto& [index, page] : owned_) {
            for (std::size_t part = 0; part < parts; ++part) {
                if ((*page)[part] == 0) continue;
                const std::uint64_t bits = index << 52U | std::uint64_t{part} << (52U - stats::LogHistogram::finest);
                // Of subnormals any will do.
                const std::uint64_t any = (index & 0x7FFU) == 0 ? bits | 1U : bits;
                buckets.push_back({stats::LogHistogram::key_of(std::bit_cast<double>(any)), (*page)[part]});
            }
        }
        std::sort(buckets.begin(), buckets.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
        histogram.add(buckets);
    }

  private:
    static constexpr std::size_t parts = std::size_t{1} << stats::LogHistogram::finest;
    using Page = std::array<std::uint64_t, parts>;

    Page& new_page(std::uint64_t index) {
        owned_.push_back({index, std::make_unique<Page>()});
        return *owned_.back().second;
    }

    std::uint64_t zeros_ = 0;
    std::vector<Page*> pages_ = std::vector<Page*>(4096, nullptr);
    std::vector<std::pair<std::uint64_t, std::unique_ptr<Page>>> owned_;
};

class Counter {
  public:
    Counter(ColumnStatistics& column, const StatisticsOptions& options) : column_(column), options_(options) {}

    void count(const Column& column);

  private:
    void count_texts(const Column& column);
    void count_dictionary(const Column& column);
    void add_text(std::string_view text, std::uint64_t times);
    void add_length(std::uint64_t length, std::uint64_t times);
    template <class T>
    void count_floats(const Column& column);
    template <class T>
    void add_tile(const T* x, std::size_t n);
    void add_finite(const float* x, std::size_t n, const kernels::ColumnCensus& census);
    template <class T>
    void add_scalars(const T* x, std::size_t n);
    template <class T>
    void add_values(const T* x, std::size_t n);
    template <class Integer>
    void add_integer(Integer value);
    void add_value(std::uint64_t hash, double number) {
        if (options_.distinct) column_.distinct.add(hash);
        if (!options_.values) return;
        if (column_.values.is_beyond(hash)) {
            column_.values.add_beyond(1);
        } else {
            column_.values.add(hash, number);
        }
    }
    void extend(double minimum, double maximum) noexcept {
        NumberStatistics& numbers = column_.numbers;
        numbers.minimum = std::min(numbers.minimum, minimum);
        numbers.maximum = std::max(numbers.maximum, maximum);
    }
    void count_sign(double value) noexcept {
        column_.numbers.zeros += value == 0.0 ? 1U : 0U;
        column_.numbers.negatives += value < 0.0 ? 1U : 0U;
    }

    ColumnStatistics& column_;
    const StatisticsOptions& options_;
    const kernels::ColumnKernels& kernel_ = kernels::kernels().columns;
    std::optional<BucketPages> pages_;
    stats::SumBins bins_;
};

// Windows of 18 binades from the largest downwards: mostly there is one.
void sum_windows(const kernels::ColumnKernels& kernel, const float* x, std::size_t n,
                 const kernels::ColumnCensus& census, NumberStatistics& numbers) {
    const double largest = std::max(std::abs(static_cast<double>(census.minimum)), static_cast<double>(census.maximum));
    if (largest == 0.0) return;
    int exponent = 0;
    static_cast<void>(std::frexp(std::max(largest, static_cast<double>(census.least)), &exponent));
    const double first = std::ldexp(1.0, exponent);
    for (double high = first;; high *= 0x1p-18) {
        kernels::ColumnSums sums;
        const double low = high * 0x1p-18;
        const bool is_last = static_cast<double>(census.least) >= low;
        kernel.window_sums(x, n, is_last && high == first ? 0.0 : low, high, 1.5 * 0x1p11 * high * high, &sums);
        numbers.sum.add(sums.sum);
        numbers.squares.add(sums.square);
        numbers.squares.add(sums.rest);
        if (is_last) return;
    }
}

void Counter::add_finite(const float* x, std::size_t n, const kernels::ColumnCensus& census) {
    NumberStatistics& numbers = column_.numbers;
    numbers.count += n;
    numbers.zeros += census.zeros;
    numbers.negatives += census.negatives;
    extend(static_cast<double>(census.minimum), static_cast<double>(census.maximum));
    sum_windows(kernel_, x, n, census, numbers);
}

template <class T>
void Counter::add_scalars(const T* x, std::size_t n) {
    double low = column_.numbers.minimum, high = column_.numbers.maximum;
    std::uint64_t zeros = 0, negatives = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const auto value = static_cast<double>(x[i]) + 0.0;
        low = value < low ? value : low;
        high = value > high ? value : high;
        zeros += value == 0.0 ? 1U : 0U;
        negatives += value < 0.0 ? 1U : 0U;
        bins_.add(value);
    }
    extend(low, high);
    column_.numbers.zeros += zeros;
    column_.numbers.negatives += negatives;
    column_.numbers.count += n;
    bins_.make_room(tile_rows, column_.numbers.sum, column_.numbers.squares);
}

// What sketches want of finite values.
template <class T>
void Counter::add_values(const T* x, std::size_t n) {
    if (pages_) {
        for (std::size_t i = 0; i < n; ++i) pages_->add(static_cast<double>(x[i]));
    }
    if (!options_.distinct && !options_.values) return;
    for (std::size_t i = 0; i < n; ++i) {
        const auto value = static_cast<double>(x[i]);
        add_value(stats::hash_of(value), value);
    }
}

// A tile of valid values, at most tile_rows.
template <class T>
void Counter::add_tile(const T* x, std::size_t n) {
    if (n == 0) return;
    std::array<T, tile_rows> finite;
    kernels::ColumnCensus census;
    bool is_finite = true;
    if constexpr (std::is_same_v<T, float>) {
        kernel_.census(x, n, &census);
        is_finite = census.is_finite;
    } else {
        for (std::size_t i = 0; i < n; ++i) is_finite &= std::abs(x[i]) <= std::numeric_limits<T>::max();
    }
    if (!is_finite) {
        std::size_t kept = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const T value = x[i];
            finite[kept] = value;
            kept += std::abs(value) <= std::numeric_limits<T>::max() ? 1U : 0U;
            column_.nan += value != value ? 1U : 0U;
            column_.positive_infinity += value > std::numeric_limits<T>::max() ? 1U : 0U;
            column_.negative_infinity += value < -std::numeric_limits<T>::max() ? 1U : 0U;
        }
        return add_tile(finite.data(), kept);
    }
    if constexpr (std::is_same_v<T, float>) {
        add_finite(x, n, census);
    } else {
        // Doubles that are floats, too, such as small integers, take the short way.
        std::array<float, tile_rows> narrow;
        bool is_narrow = true;
        for (std::size_t i = 0; i < n; ++i) {
            is_narrow &= std::abs(x[i]) <= static_cast<T>(std::numeric_limits<float>::max());
            narrow[i] = is_narrow ? static_cast<float>(x[i]) : 0.0F;
            is_narrow &= static_cast<T>(narrow[i]) == x[i];
            if (!is_narrow) break;
        }
        if (is_narrow) {
            kernel_.census(narrow.data(), n, &census);
            add_finite(narrow.data(), n, census);
        } else {
            add_scalars(x, n);
        }
    }
    add_values(x, n);
}

template <class T>
void Counter::count_floats(const Column& column) {
    const Validity validity = column.validity();
    std::array<T, tile_rows> valid;
    for_each_tile<T>(column, [&](std::size_t begin, std::size_t count, const T* x) {
        if (validity.bits == nullptr) return add_tile(x, count);
        std::size_t kept = 0;
        for (std::size_t i = 0; i < count; ++i) {
            valid[kept] = x[i];
            kept += validity[begin + i] ? 1U : 0U;
        }
        column_.nulls += count - kept;
        add_tile(valid.data(), kept);
    });
}

template <class Integer>
void Counter::add_integer(Integer value) {
    NumberStatistics& numbers = column_.numbers;
    const auto rounded = static_cast<double>(value);
    extend(rounded, rounded);
    count_sign(rounded);
    ++numbers.count;
    if (std::abs(rounded) < 0x1p53) {
        bins_.add(static_cast<std::int64_t>(value));
        bins_.make_room(1, numbers.sum, numbers.squares);
    } else {
        numbers.sum.add(value);
        numbers.squares.add_square(value);
    }
    if (pages_) pages_->add(rounded);
    add_value(stats::hash_of(value), rounded);
}

void Counter::add_length(std::uint64_t length, std::uint64_t times) {
    NumberStatistics& numbers = column_.numbers;
    const auto rounded = static_cast<double>(length);
    extend(rounded, rounded);
    numbers.zeros += length == 0 ? times : 0;
    numbers.count += times;
    if (pages_) pages_->add(rounded, times);
    if (times == 1 && length < std::uint64_t{1} << 53U) {
        bins_.add(static_cast<std::int64_t>(length));
        return bins_.make_room(1, numbers.sum, numbers.squares);
    }
    // Squares of lengths below 2^22, 2^20 times, are below 2^64.
    for (std::uint64_t left = times; left != 0;) {
        const std::uint64_t chunk = std::min<std::uint64_t>(left, std::uint64_t{1} << 20U);
        if (length >= std::uint64_t{1} << 22U) {
            for (std::uint64_t i = 0; i < chunk; ++i) {
                numbers.sum.add(length);
                numbers.squares.add_square(length);
            }
        } else {
            numbers.sum.add(length * chunk);
            numbers.squares.add(length * length * chunk);
        }
        left -= chunk;
    }
}

void Counter::add_text(std::string_view text, std::uint64_t times) {
    if (times == 0) return;
    column_.invalid_utf8 += detail::is_utf8(text) ? 0 : times;
    add_length(text.size(), times);
    if (!options_.distinct && !options_.values) return;
    const std::uint64_t hash = stats::hash_of(text);
    if (options_.distinct) column_.distinct.add(hash);
    if (options_.values) column_.values.add(hash, text, times);
}

void Counter::count_dictionary(const Column& column) {
    std::vector<std::uint64_t> times(column.dictionary().size(), 0);
    for (std::size_t i = 0; i < column.size(); ++i) {
        if (column.is_valid(i)) {
            ++times[static_cast<std::size_t>(column.code(i))];
        } else {
            ++column_.nulls;
        }
    }
    for (std::size_t code = 0; code < times.size(); ++code) add_text(column.dictionary()[code], times[code]);
}

void Counter::count_texts(const Column& column) {
    for (std::size_t i = 0; i < column.size(); ++i) {
        if (column.is_valid(i)) {
            add_text(column.text(i), 1);
        } else {
            ++column_.nulls;
        }
    }
}

void Counter::count(const Column& column) {
    if (options_.quantiles) pages_.emplace();
    column_.rows += column.size();
    column_.is_text = !column.is_numeric();
    if (column.kind() == ColumnKind::dictionary) {
        count_dictionary(column);
    } else if (!column.is_numeric()) {
        count_texts(column);
    } else {
        column_.dtypes |= 1U << static_cast<unsigned>(column.dtype());
        switch (column.dtype()) {
            // All of these are floats without rounding.
            case Dtype::boolean:
            case Dtype::i8:
            case Dtype::u8:
            case Dtype::i16:
            case Dtype::u16:
            case Dtype::f16:
            case Dtype::bf16:
            case Dtype::f32: count_floats<float>(column); break;
            case Dtype::i32:
            case Dtype::u32:
            case Dtype::f64: count_floats<double>(column); break;
            case Dtype::i64:
            case Dtype::u64: {
                std::uint64_t valid = 0;
                for_each_integer(column, [&](std::size_t, auto value) {
                    ++valid;
                    add_integer(value);
                });
                column_.nulls += column.size() - valid;
                break;
            }
        }
    }
    bins_.empty_into(column_.numbers.sum, column_.numbers.squares);
    if (pages_) pages_->empty_into(column_.numbers.histogram);
    column_.values.settle();
}

void merge_column(ColumnStatistics& into, const ColumnStatistics& from) {
    into.is_text = from.is_text;
    into.dtypes |= from.dtypes;
    into.rows += from.rows;
    into.nulls += from.nulls;
    into.nan += from.nan;
    into.positive_infinity += from.positive_infinity;
    into.negative_infinity += from.negative_infinity;
    into.invalid_utf8 += from.invalid_utf8;
    into.numbers.merge(from.numbers);
    into.distinct.merge(from.distinct);
    into.values.merge(from.values);
}

void require_kind(const std::string& name, const ColumnStatistics& column, bool is_text) {
    if (column.is_text != is_text)
        throw Error(ErrorCode::invalid_argument, "column \"" + name + "\" holds texts in one part, numbers in another");
}

}  // namespace

double NumberStatistics::mean() const {
    if (count == 0) return std::numeric_limits<double>::quiet_NaN();
    return std::clamp(stats::mean(count, sum), minimum, maximum);
}

double NumberStatistics::variance() const {
    if (count < 2) return std::numeric_limits<double>::quiet_NaN();
    return stats::centred_squares(count, sum, squares) / static_cast<double>(count - 1);
}

double NumberStatistics::standard_deviation() const {
    return std::sqrt(variance());
}

double NumberStatistics::quantile(double q) const {
    if (!(q >= 0.0 && q <= 1.0)) throw Error(ErrorCode::invalid_argument, "q lies outside [0, 1]");
    if (histogram.count() == 0) return std::numeric_limits<double>::quiet_NaN();
    if (q == 0.0) return minimum;
    if (q == 1.0) return maximum;
    return std::clamp(histogram.quantile(q), minimum, maximum);
}

void NumberStatistics::merge(const NumberStatistics& other) {
    count += other.count;
    zeros += other.zeros;
    negatives += other.negatives;
    minimum = std::min(minimum, other.minimum);
    maximum = std::max(maximum, other.maximum);
    sum.merge(other.sum);
    squares.merge(other.squares);
    histogram.merge(other.histogram);
}

double ColumnStatistics::distinct_count(const StatisticsOptions& options) const {
    if (options.values && values.is_complete()) return static_cast<double>(values.entries().size());
    return options.distinct ? distinct.estimate() : std::numeric_limits<double>::quiet_NaN();
}

void TableStatistics::require_room(std::uint64_t rows) const {
    if (rows > most_rows - rows_) throw Error(ErrorCode::overflow, "more than 2^61 rows");
}

void TableStatistics::update(const Table& table) {
    require_room(table.rows());
    TableStatistics part(options_);
    part.rows_ = table.rows();
    for (const NamedColumn& named : table.columns()) {
        ColumnStatistics& column = part.columns_[std::string(named.name)];
        Counter(column, options_).count(named.column);
    }
    merge(part);
}

void TableStatistics::merge(const TableStatistics& other) {
    if (!(options_ == other.options_))
        throw Error(ErrorCode::invalid_argument, "statistics of other options do not merge");
    require_room(other.rows_);
    for (const auto& [name, column] : other.columns_) {
        const auto own = columns_.find(name);
        if (own != columns_.end()) require_kind(name, own->second, column.is_text);
    }
    // A failed allocation must leave all as it was.
    std::map<std::string, ColumnStatistics, std::less<>> merged = columns_;
    for (const auto& [name, column] : other.columns_) merge_column(merged[name], column);
    columns_ = std::move(merged);
    rows_ += other.rows_;
}

}  // namespace vedette::inline v0::validation
