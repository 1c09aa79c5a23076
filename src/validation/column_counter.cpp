// SPDX-License-Identifier: Apache-2.0
// Columns counted tile by tile: numbers by kernels, texts by their bytes.
#include "validation/column_counter.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "validation/code_points.hpp"
#include "validation/repeated_values.hpp"
#include "validation/row_words.hpp"

namespace vedette::inline v0::validation {

static_assert(tile_rows <= kernels::most_column_values);

namespace {

// A shorter column is not worth a table of what repeats.
constexpr std::size_t least_repeated = 512;

}  // namespace

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
    // At most tile_rows finite values, of them so many zeros, and the largest size; in a window of binades mostly.
    void add_tile(const kernels::ColumnKernels& kernel, const double* x, std::size_t n, std::uint64_t zeros,
                  double largest) {
        if (n < shortest_tile) {
            for (std::size_t i = 0; i < n; ++i) add(x[i]);
            return;
        }
        if (!window_ || window_->counted > std::uint32_t{1} << 31U || window_->is_amiss) {
            empty_window();
            if (!window_) window_ = std::make_unique<Window>();
            // Room above, for what is yet to come.
            const auto exponent = static_cast<int>(std::bit_cast<std::uint64_t>(largest) >> 52U);
            window_->first = static_cast<std::uint32_t>(std::clamp(exponent - 55, 1, 2047 - 64));
        }
        std::uint32_t& outer = window_->counts[kernels::outer_place];
        kernel.count_places(x, n, window_->first, window_->counts.data());
        window_->counted += static_cast<std::uint32_t>(n);
        zeros_ += zeros;
        // Mostly zeros alone lie outside.
        if (outer != zeros) {
            for (std::size_t i = 0; i < n; ++i) {
                if (x[i] != 0.0 && kernels::scalar::place_of(x[i], window_->first) == kernels::outer_place) add(x[i]);
            }
            window_->is_amiss = outer - zeros > n / 4;
        }
        outer = 0;
    }
    void empty_into(stats::LogHistogram& histogram) {
        empty_window();
        std::vector<stats::LogHistogram::Bucket> buckets;
        // Ascending keys: binades of negative numbers downwards by size, zero, those of positive ones upwards.
        const auto add_bucket = [&](std::uint64_t index, std::size_t part, std::uint64_t count) {
            if (count == 0) return;
            const std::uint64_t bits = index << 52U | std::uint64_t{part} << (52U - stats::LogHistogram::finest);
            // Of subnormals any will do.
            const std::uint64_t any = (index & 0x7FFU) == 0 ? bits | 1U : bits;
            buckets.push_back({stats::LogHistogram::key_of(std::bit_cast<double>(any)), count});
        };
        std::sort(owned_.begin(), owned_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        const auto first_negative =
            std::find_if(owned_.begin(), owned_.end(), [](const auto& owned) { return owned.first >> 11U != 0; });
        for (auto page = owned_.end(); page != first_negative;) {
            --page;
            for (std::size_t part = parts; part-- > 0;) add_bucket(page->first, part, (*page->second)[part]);
        }
        if (zeros_ != 0) buckets.push_back({0, zeros_});
        for (auto page = owned_.begin(); page != first_negative; ++page) {
            for (std::size_t part = 0; part < parts; ++part) add_bucket(page->first, part, (*page->second)[part]);
        }
        histogram.add(buckets);
    }

  private:
    static constexpr std::size_t parts = std::size_t{1} << stats::LogHistogram::finest;
    using Page = std::array<std::uint64_t, parts>;

    static constexpr std::size_t shortest_tile = 256;
    struct Window {
        std::uint32_t first = 0;    // biased exponent of its first binade
        std::uint32_t counted = 0;  // so that no counter is full
        bool is_amiss = false;      // many values lie outside
        std::array<std::uint32_t, kernels::outer_place + 1> counts{};
    };
    static_assert(parts == kernels::place_parts);

    Page& new_page(std::uint64_t index) {
        owned_.push_back({index, std::make_unique<Page>()});
        return *owned_.back().second;
    }
    void empty_window() {
        if (!window_) return;
        for (std::size_t place = 0; place < kernels::outer_place; ++place) {
            const std::uint32_t count = window_->counts[place];
            if (count == 0) continue;
            const std::size_t binade = place / parts;
            const std::size_t index =
                (binade / kernels::place_binades << 11U) + binade % kernels::place_binades + window_->first;
            Page*& page = pages_[index];
            if (page == nullptr) page = &new_page(index);
            (*page)[place % parts] += count;
        }
        window_->counts.fill(0);
        window_->counted = 0;
        window_->is_amiss = false;
    }

    std::uint64_t zeros_ = 0;
    std::vector<Page*> pages_ = std::vector<Page*>(4096, nullptr);
    std::vector<std::pair<std::uint64_t, std::unique_ptr<Page>>> owned_;
    std::unique_ptr<Window> window_;
};

namespace {

__extension__ using Wide = unsigned __int128;
__extension__ using SignedWide = __int128;

// +-size 2^exponent, so many times.
void add_times(stats::ExactSum& sum, Wide size, std::uint64_t times, int exponent, bool is_negative) {
    const auto add = [&](std::uint64_t word, int place) {
        const Wide product = Wide{word} * times;
        if (product != 0)
            sum.add_scaled(static_cast<std::uint64_t>(product), static_cast<std::uint64_t>(product >> 64U), place,
                           is_negative);
    };
    add(static_cast<std::uint64_t>(size), exponent);
    add(static_cast<std::uint64_t>(size >> 64U), exponent + 64);
}

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

// The same of doubles, by windows of 15 binades; false, and nothing done, where there would be many, or the squares
// leave the range of doubles.
bool sum_windows(const kernels::ColumnKernels& kernel, const double* x, std::size_t n,
                 const kernels::DoubleCensus& census, NumberStatistics& numbers) {
    const double largest = std::max(std::abs(census.minimum), census.maximum);
    if (largest == 0.0) return true;
    if (!(largest < 0.5 * kernels::highest_double_window && census.least > 2.0 * kernels::lowest_double_window))
        return false;
    if (largest > census.least * 0x1p45) return false;
    int exponent = 0;
    static_cast<void>(std::frexp(largest, &exponent));
    for (double high = std::ldexp(1.0, exponent);; high = std::ldexp(high, -kernels::double_window)) {
        kernels::DoubleSums sums;
        kernel.double_sums(x, n, high, &sums);
        for (const double sum : sums.sum) numbers.sum.add(sum);
        for (const double sum : sums.squares) numbers.squares.add(sum);
        if (census.least >= std::ldexp(high, -kernels::double_window)) return true;
    }
}

}  // namespace

ColumnCounter::ColumnCounter(ColumnStatistics& column, const StatisticsOptions& options)
    : column_(column), options_(options) {}

ColumnCounter::~ColumnCounter() = default;

void ColumnCounter::extend(double minimum, double maximum) noexcept {
    NumberStatistics& numbers = column_.numbers;
    numbers.minimum = std::min(numbers.minimum, minimum);
    numbers.maximum = std::max(numbers.maximum, maximum);
}

void ColumnCounter::add_value(std::uint64_t hash, double number, std::uint64_t times) {
    if (options_.distinct) column_.distinct.add(hash);
    if (!options_.values) return;
    if (column_.values.is_beyond(hash)) {
        column_.values.add_beyond(times);
    } else {
        column_.values.add(hash, number, times);
    }
}

void ColumnCounter::add_finite(const float* x, std::size_t n, const kernels::ColumnCensus& census) {
    NumberStatistics& numbers = column_.numbers;
    numbers.count += n;
    numbers.zeros += census.zeros;
    numbers.negatives += census.negatives;
    extend(static_cast<double>(census.minimum), static_cast<double>(census.maximum));
    sum_windows(kernel_, x, n, census, numbers);
}

void ColumnCounter::add_finite(const double* x, std::size_t n, const kernels::DoubleCensus& census) {
    NumberStatistics& numbers = column_.numbers;
    numbers.count += n;
    numbers.zeros += census.zeros;
    numbers.negatives += census.negatives;
    extend(census.minimum, census.maximum);
    if (sum_windows(kernel_, x, n, census, numbers)) return;
    if (!bins_) bins_.emplace();
    for (std::size_t i = 0; i < n; ++i) bins_->add(x[i]);
    bins_->make_room(tile_rows, numbers.sum, numbers.squares);
}

// What sketches want of at most tile_rows finite values, of them so many zeros, and the largest size.
void ColumnCounter::add_values(const double* x, std::size_t n, std::uint64_t zeros, double largest) {
    if (pages_) pages_->add_tile(kernel_, x, n, zeros, largest);
    if (!options_.distinct && !options_.values) return;
    // No more than the rank that every register has, or beyond the sample: that changes neither.
    kernels::HashSieve sieve;
    if (options_.values) sieve.highest = column_.values.threshold();
    if (options_.distinct) {
        constexpr std::size_t worth_a_look = 256;
        const auto ranks = column_.distinct.registers();
        const unsigned least = n < worth_a_look ? 0U : *std::min_element(ranks.begin(), ranks.end());
        sieve.highest_rest = ~std::uint64_t{0} >> std::min(least, 63U);
    }
    std::array<std::uint64_t, tile_rows + 8> hashes;
    std::array<double, tile_rows + 8> numbers;
    const std::size_t kept = kernel_.sift(x, n, &sieve, hashes.data(), numbers.data());
    for (std::size_t i = 0; i < kept; ++i) add_value(hashes[i], numbers[i]);
    if (options_.values && kept != n) column_.values.add_beyond(n - kept);
}

void ColumnCounter::add_values(const float* x, std::size_t n, std::uint64_t zeros, double largest) {
    std::array<double, tile_rows> wide;
    for (std::size_t i = 0; i < n; ++i) wide[i] = static_cast<double>(x[i]);
    add_values(static_cast<const double*>(wide.data()), n, zeros, largest);
}

template <class T>
void ColumnCounter::drop_what_is_not_finite(const T* x, std::size_t n) {
    std::array<T, tile_rows> finite;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const T value = x[i];
        finite[kept] = value;
        kept += std::abs(value) <= std::numeric_limits<T>::max() ? 1U : 0U;
        column_.nan += value != value ? 1U : 0U;
        column_.positive_infinity += value > std::numeric_limits<T>::max() ? 1U : 0U;
        column_.negative_infinity += value < -std::numeric_limits<T>::max() ? 1U : 0U;
    }
    add_tile(finite.data(), kept);
}

// Valid values, at most tile_rows.
template <class T>
void ColumnCounter::add_tile(const T* x, std::size_t n) {
    if (n == 0) return;
    std::conditional_t<std::is_same_v<T, float>, kernels::ColumnCensus, kernels::DoubleCensus> census;
    if constexpr (std::is_same_v<T, float>) {
        kernel_.census(x, n, &census);
    } else {
        kernel_.double_census(x, n, &census);
    }
    if (!census.is_finite) return drop_what_is_not_finite(x, n);
    add_finite(x, n, census);
    if (!keeps_sketches()) return;
    add_values(x, n, census.zeros, static_cast<double>(std::max(std::abs(census.minimum), census.maximum)));
}

template <class Integer>
void ColumnCounter::add_large(Integer value) {
    column_.numbers.sum.add(value);
    column_.numbers.squares.add_square(value);
}

// As signed integers with the sign bit flipped in numbers without sign, so that both are ordered alike.
void ColumnCounter::add_integers(const std::uint64_t* x, std::size_t n) {
    if (n == 0) return;
    const bool is_signed = dtype_ != Dtype::u64;
    NumberStatistics& numbers = column_.numbers;
    const std::uint64_t flip = is_signed ? 0 : std::uint64_t{1} << 63U;
    auto least = std::numeric_limits<std::int64_t>::max(), greatest = std::numeric_limits<std::int64_t>::min();
    std::uint64_t zeros = 0, negatives = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const auto value = static_cast<std::int64_t>(x[i] ^ flip);
        least = std::min(least, value);
        greatest = std::max(greatest, value);
        zeros += x[i] == 0 ? 1U : 0U;
        negatives += x[i] >> 63U;
    }
    const auto number = [&](std::uint64_t bits) {
        return is_signed ? static_cast<double>(static_cast<std::int64_t>(bits)) : static_cast<double>(bits);
    };
    extend(number(static_cast<std::uint64_t>(least) ^ flip), number(static_cast<std::uint64_t>(greatest) ^ flip));
    numbers.zeros += zeros;
    numbers.negatives += is_signed ? negatives : 0;
    numbers.count += n;
    // 4096 squares of values below 2^57 stay below 2^126.
    constexpr std::int64_t large = std::int64_t{1} << 57U;
    const auto least_bits = static_cast<std::uint64_t>(least) ^ flip,
               greatest_bits = static_cast<std::uint64_t>(greatest) ^ flip;
    const bool is_small = is_signed ? least > -large && greatest < large
                                    : greatest_bits < static_cast<std::uint64_t>(large) && least_bits <= greatest_bits;
    if (is_small) {
        SignedWide sum = 0;
        Wide squares = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const auto value = static_cast<std::int64_t>(x[i]);
            sum += value;
            squares += static_cast<Wide>(static_cast<SignedWide>(value) * value);
        }
        const Wide size = sum < 0 ? Wide{0} - static_cast<Wide>(sum) : static_cast<Wide>(sum);
        add_times(numbers.sum, size, 1, 0, sum < 0);
        add_times(numbers.squares, squares, 1, 0, false);
    } else {
        for (std::size_t i = 0; i < n; ++i) is_signed ? add_large(static_cast<std::int64_t>(x[i])) : add_large(x[i]);
    }
    if (!keeps_sketches()) return;
    const double low = number(least_bits), high = number(greatest_bits);
    if (low >= -0x1p53 && high <= 0x1p53 && low <= high) {
        // As the doubles that they are, which have the same hashes.
        std::array<double, tile_rows> wide;
        for (std::size_t i = 0; i < n; ++i) wide[i] = static_cast<double>(static_cast<std::int64_t>(x[i]));
        return add_values(static_cast<const double*>(wide.data()), n, zeros, std::max(-low, high));
    }
    if (pages_) {
        for (std::size_t i = 0; i < n; ++i) pages_->add(number(x[i]));
    }
    if (!options_.distinct && !options_.values) return;
    for (std::size_t i = 0; i < n; ++i)
        add_value(is_signed ? stats::hash_of(static_cast<std::int64_t>(x[i])) : stats::hash_of(x[i]), number(x[i]));
}

// The same number, so many times.
template <class T>
void ColumnCounter::add_repeated(T value, std::uint64_t times) {
    NumberStatistics& numbers = column_.numbers;
    double number = 0.0;
    std::uint64_t hash = 0;
    if constexpr (std::is_same_v<T, std::uint64_t>) {
        const bool is_signed = dtype_ != Dtype::u64, is_negative = is_signed && value >> 63U != 0;
        const auto whole = static_cast<std::int64_t>(value);
        number = is_signed ? static_cast<double>(whole) : static_cast<double>(value);
        hash = is_signed ? stats::hash_of(whole) : stats::hash_of(value);
        const std::uint64_t size = is_negative ? std::uint64_t{0} - value : value;
        add_times(numbers.sum, size, times, 0, is_negative);
        add_times(numbers.squares, Wide{size} * size, times, 0, false);
    } else {
        number = static_cast<double>(value) + 0.0;
        if (!(std::abs(number) <= std::numeric_limits<double>::max())) {
            (number != number ? column_.nan
             : number > 0     ? column_.positive_infinity
                              : column_.negative_infinity) += times;
            return;
        }
        hash = stats::hash_of(number);
        if (number != 0.0) {
            int exponent = 0;
            const auto size = static_cast<std::uint64_t>(std::ldexp(std::frexp(std::abs(number), &exponent), 53));
            // A subnormal's mantissa ends in zeros, which the least place has no room for.
            const int zeros = std::countr_zero(size), place = exponent - 53 + zeros;
            add_times(numbers.sum, size >> static_cast<unsigned>(zeros), times, place, number < 0.0);
            add_times(numbers.squares,
                      Wide{size >> static_cast<unsigned>(zeros)} * (size >> static_cast<unsigned>(zeros)), times,
                      2 * place, false);
        }
    }
    extend(number, number);
    numbers.zeros += number == 0.0 ? times : 0;
    numbers.negatives += number < 0.0 ? times : 0;
    numbers.count += times;
    if (pages_) pages_->add(number, times);
    if (options_.distinct || options_.values) add_value(hash, number, times);
}

template <class T>
void ColumnCounter::add_plain(const T* x, std::size_t n) {
    if constexpr (std::is_same_v<T, std::uint64_t>) {
        add_integers(x, n);
    } else {
        add_tile(x, n);
    }
}

template <class T>
void ColumnCounter::settle_repeated() {
    repeated_->pass_left<T>(0, [&](const T* x, std::size_t n) { add_plain(x, n); });
    repeated_->empty_into<T>([&](T value, std::uint64_t times) { add_repeated(value, times); });
}

// Valid values, at most tile_rows.
template <class T>
void ColumnCounter::add_valid(const T* x, std::size_t n) {
    if (!repeated_ || !repeated_->take(x, n)) return add_plain(x, n);
    if (repeated_->is_stale()) return settle_repeated<T>();
    repeated_->pass_left<T>(tile_rows, [&](const T* left, std::size_t m) { add_plain(left, m); });
}

template <class T>
void ColumnCounter::add(const Column& column, std::size_t first, std::size_t count, const T* x) {
    const Validity validity = column.validity();
    if (validity.bits == nullptr) return add_valid(x, count);
    std::array<T, tile_rows> valid;
    std::size_t kept = 0;
    for (std::size_t begin = 0; begin < count; begin += 64) {
        const std::size_t rows = std::min<std::size_t>(64, count - begin);
        const std::uint64_t word = valid_word(validity, first + begin, rows);
        for (std::size_t i = 0; i < rows; ++i) {
            valid[kept] = x[begin + i];
            kept += word >> i & 1U;
        }
    }
    column_.nulls += count - kept;
    add_valid(static_cast<const T*>(valid.data()), kept);
}

template void ColumnCounter::add(const Column&, std::size_t, std::size_t, const float*);
template void ColumnCounter::add(const Column&, std::size_t, std::size_t, const double*);
template void ColumnCounter::add(const Column&, std::size_t, std::size_t, const std::uint64_t*);

void ColumnCounter::add_length(std::uint64_t length, std::uint64_t times) {
    LengthTotals& lengths = *lengths_;
    lengths.least = std::min(lengths.least, length);
    lengths.greatest = std::max(lengths.greatest, length);
    lengths.empty += length == 0 ? times : 0;
    lengths.count += times;
    if (pages_) pages_->add(static_cast<double>(length), times);
    // 2^61 rows of squares below 2^64 are below 2^125.
    if (length < std::uint64_t{1} << 32U) {
        lengths.sum += Wide{length} * times;
        lengths.squares += Wide{length * length} * times;
    } else {
        add_times(column_.numbers.sum, length, times, 0, false);
        add_times(column_.numbers.squares, Wide{length} * length, times, 0, false);
    }
}

void ColumnCounter::settle_lengths() {
    NumberStatistics& numbers = column_.numbers;
    if (lengths_->count == 0) return;
    extend(static_cast<double>(lengths_->least), static_cast<double>(lengths_->greatest));
    numbers.zeros += lengths_->empty;
    numbers.count += lengths_->count;
    add_times(numbers.sum, lengths_->sum, 1, 0, false);
    add_times(numbers.squares, lengths_->squares, 1, 0, false);
}

void ColumnCounter::add_text(std::string_view text, std::uint64_t times) {
    if (times == 0) return;
    column_.invalid_utf8 += is_utf8(text) ? 0 : times;
    add_length(text.size(), times);
    if (!options_.distinct && !options_.values) return;
    const std::uint64_t hash = stats::hash_of(text);
    if (options_.distinct) column_.distinct.add(hash);
    if (!options_.values) return;
    if (column_.values.is_beyond(hash)) {
        column_.values.add_beyond(times);
    } else {
        column_.values.add(hash, text, times);
    }
}

void ColumnCounter::count_dictionary(const Column& column) {
    // Several counters for each code: one that was just written is slow to read again.
    constexpr std::size_t lists = 4;
    const std::size_t size = column.dictionary().size() + 1;  // the first is for nulls
    std::vector<std::uint64_t> times(lists * size, 0);
    const Validity validity = column.validity();
    const auto* codes = static_cast<const std::int32_t*>(column.data());
    for (std::size_t begin = 0; begin < column.size(); begin += 64) {
        const std::size_t rows = std::min<std::size_t>(64, column.size() - begin);
        const std::uint64_t word = valid_word(validity, begin, rows);
        const bool are_valid = word == valid_word({}, 0, rows);
        for (std::size_t i = 0; i < rows; ++i) {
            const std::int32_t code = are_valid || (word >> i & 1U) != 0 ? std::max(codes[begin + i], -1) : -1;
            ++times[i % lists * size + static_cast<std::size_t>(code + 1)];
        }
    }
    const auto total = [&](std::size_t place) {
        std::uint64_t sum = 0;
        for (std::size_t l = 0; l < lists; ++l) sum += times[l * size + place];
        return sum;
    };
    column_.nulls += total(0);
    for (std::size_t code = 0; code + 1 < size; ++code) add_text(column.dictionary()[code], total(code + 1));
}

void ColumnCounter::count_texts(const Column& column) {
    const auto* texts = static_cast<const std::string_view*>(column.data());
    const auto use = [&](std::string_view text, std::uint64_t times) { add_text(text, times); };
    std::optional<RepeatedTexts> repeated;
    if (column.size() >= least_repeated) repeated.emplace();
    const auto take = [&](std::size_t rows, auto&& text) {
        if (repeated) return repeated->take(rows, text, use);
        for (std::size_t k = 0; k < rows; ++k) use(text(k), 1);
    };
    std::array<std::size_t, tile_rows> valid;
    for (std::size_t begin = 0; begin < column.size(); begin += tile_rows) {
        const std::size_t rows = std::min(tile_rows, column.size() - begin);
        if (column.validity().bits == nullptr) {
            take(rows, [&](std::size_t k) { return texts[begin + k]; });
            continue;
        }
        std::size_t kept = 0;
        for (std::size_t i = begin; i < begin + rows; ++i) {
            valid[kept] = i;
            kept += column.validity()[i] ? 1U : 0U;
        }
        column_.nulls += rows - kept;
        take(kept, [&](std::size_t k) { return texts[valid[k]]; });
    }
    if (repeated) repeated->empty_into(use);
}

void ColumnCounter::begin(const Column& column) {
    if (options_.quantiles) pages_ = std::make_unique<BucketPages>();
    column_.rows += column.size();
    column_.is_text = !column.is_numeric();
    if (!column.is_numeric()) {
        lengths_.emplace();
        return;
    }
    column_.dtypes |= 1U << static_cast<unsigned>(column.dtype());
    dtype_ = column.dtype();
    if (keeps_sketches() && column.size() >= least_repeated) repeated_ = std::make_unique<RepeatedNumbers>();
}

void ColumnCounter::finish() {
    if (repeated_) {
        if (takes<float>(dtype_)) {
            settle_repeated<float>();
        } else if (takes<double>(dtype_)) {
            settle_repeated<double>();
        } else {
            settle_repeated<std::uint64_t>();
        }
        repeated_.reset();
    }
    if (lengths_) settle_lengths();
    if (bins_) bins_->empty_into(column_.numbers.sum, column_.numbers.squares);
    if (pages_) pages_->empty_into(column_.numbers.histogram);
    column_.values.settle();
}

void ColumnCounter::count(const Column& column) {
    begin(column);
    const auto tiles = [&]<class T>(T /*type*/) {
        for_each_tile<T>(column, [&](std::size_t first, std::size_t n, const T* x) { add(column, first, n, x); });
    };
    if (column.kind() == ColumnKind::dictionary) {
        count_dictionary(column);
    } else if (!column.is_numeric()) {
        count_texts(column);
    } else if (takes<float>(column.dtype())) {
        tiles(float{});
    } else if (takes<double>(column.dtype())) {
        tiles(double{});
    } else {
        tiles(std::uint64_t{});
    }
    finish();
}

}  // namespace vedette::inline v0::validation
