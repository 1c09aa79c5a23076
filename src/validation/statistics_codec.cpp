// SPDX-License-Identifier: Apache-2.0
// Statistics as bytes and back, believing nothing.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/validation/statistics.hpp"

namespace vedette::inline v0::validation {

namespace {

constexpr const char* kind = "column_statistics";
constexpr std::uint64_t most_rows = std::uint64_t{1} << 61U;
constexpr std::size_t parts_of_table = 4;
constexpr std::size_t parts_of_column = 12;

using Sample = stats::ValueSample;

void require(bool condition, const char* what) {
    if (!condition) throw Error(ErrorCode::corrupt_data, std::string("statistics: ") + what);
}

enum Place : std::size_t {
    at_is_text,
    at_dtypes,
    at_rows,
    at_nulls,
    at_nan,
    at_positive_infinity,
    at_negative_infinity,
    at_invalid_utf8,
    at_count,
    at_zeros,
    at_negatives,
    at_resolution,
    at_sample_total,
    at_sample_complete,
    places
};

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span<const char>(text));
}

void add_bytes(ContainerWriter& writer, const std::string& name, const std::string& text) {
    const std::uint64_t size = text.size();
    writer.add_tensor(name, Dtype::u8, {&size, 1}, bytes_of(text));
}

std::string text_of(std::span<const std::uint8_t> bytes) {
    return {bytes.begin(), bytes.end()};
}

void write_sample(ContainerWriter& writer, const std::string& prefix, const ColumnStatistics& column) {
    std::vector<std::uint64_t> hashes, counts, lengths;
    std::vector<double> numbers;
    std::string texts;
    for (const Sample::Entry& entry : column.values.entries()) {
        hashes.push_back(entry.hash);
        counts.push_back(entry.count);
        if (column.is_text) {
            lengths.push_back(entry.length);
            texts += entry.text;
        } else {
            numbers.push_back(entry.number);
        }
    }
    writer.add(prefix + "sample_hashes", hashes);
    writer.add(prefix + "sample_counts", counts);
    writer.add(prefix + "sample_lengths", lengths);
    writer.add(prefix + "sample_numbers", numbers);
    add_bytes(writer, prefix + "sample_texts", texts);
}

void write_column(ContainerWriter& writer, const std::string& prefix, const ColumnStatistics& column,
                  const StatisticsOptions& options) {
    const NumberStatistics& numbers = column.numbers;
    const std::array<std::uint64_t, places> counts{column.is_text ? 1U : 0U,
                                                   column.dtypes,
                                                   column.rows,
                                                   column.nulls,
                                                   column.nan,
                                                   column.positive_infinity,
                                                   column.negative_infinity,
                                                   column.invalid_utf8,
                                                   numbers.count,
                                                   numbers.zeros,
                                                   numbers.negatives,
                                                   numbers.histogram.resolution(),
                                                   column.values.total(),
                                                   column.values.is_complete() ? 1U : 0U};
    writer.add(prefix + "counts", std::span<const std::uint64_t>(counts));
    std::vector<double> extremes;
    if (numbers.count != 0) extremes = {numbers.minimum, numbers.maximum};
    writer.add(prefix + "extremes", extremes);
    const auto sum = numbers.sum.chunks();
    const auto squares = numbers.squares.chunks();
    writer.add(prefix + "sum", std::span<const std::int64_t>(sum));
    writer.add(prefix + "squares", std::span<const std::int64_t>(squares));
    std::vector<std::int32_t> keys;
    std::vector<std::uint64_t> bucket_counts;
    for (const auto& bucket : numbers.histogram.buckets()) {
        keys.push_back(bucket.key);
        bucket_counts.push_back(bucket.count);
    }
    writer.add(prefix + "bucket_keys", keys);
    writer.add(prefix + "bucket_counts", bucket_counts);
    std::vector<std::uint8_t> registers;
    if (options.distinct) registers.assign(column.distinct.registers().begin(), column.distinct.registers().end());
    writer.add(prefix + "registers", registers);
    write_sample(writer, prefix, column);
}

void read_sample(const Container& file, const std::string& prefix, std::uint64_t total, std::uint64_t is_complete,
                 ColumnStatistics& column) {
    const auto hashes = file.values<std::uint64_t>(prefix + "sample_hashes");
    const auto counts = file.values<std::uint64_t>(prefix + "sample_counts", hashes.size());
    const auto lengths = file.values<std::uint64_t>(prefix + "sample_lengths", column.is_text ? hashes.size() : 0);
    const auto numbers = file.values<double>(prefix + "sample_numbers", column.is_text ? 0 : hashes.size());
    auto texts = file.values<std::uint8_t>(prefix + "sample_texts");
    require(hashes.size() <= Sample::capacity && is_complete <= 1, "an impossible sample");
    std::vector<Sample::Entry> entries(hashes.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
        Sample::Entry& entry = entries[i];
        entry.hash = hashes[i];
        entry.count = counts[i];
        if (column.is_text) {
            entry.length = lengths[i];
            const auto kept = static_cast<std::size_t>(std::min<std::uint64_t>(lengths[i], Sample::longest_text));
            require(kept <= texts.size(), "texts cut short");
            entry.text = text_of(texts.first(kept));
            texts = texts.subspan(kept);
            require(lengths[i] > kept || stats::hash_of(std::string_view(entry.text)) == entry.hash, "a wrong hash");
        } else {
            entry.number = numbers[i];
            // Larger ones may stand for integers that are no doubles.
            require(!(std::abs(entry.number) < 0x1p53) || stats::hash_of(entry.number) == entry.hash, "a wrong hash");
        }
    }
    require(texts.empty(), "texts of no value");
    column.values = Sample::from_entries(std::move(entries), total, is_complete == 1);
}

stats::ExactSum read_sum(const Container& file, const std::string& name) {
    const auto chunks = file.values<std::int64_t>(name, stats::ExactSum::chunk_count);
    return stats::ExactSum::from_chunks(chunks.first<stats::ExactSum::chunk_count>());
}

void read_numbers(const Container& file, const std::string& prefix, std::span<const std::uint64_t> counts,
                  NumberStatistics& numbers) {
    numbers.count = counts[at_count];
    numbers.zeros = counts[at_zeros];
    numbers.negatives = counts[at_negatives];
    require(numbers.zeros <= numbers.count && numbers.negatives <= numbers.count - numbers.zeros, "impossible counts");
    numbers.sum = read_sum(file, prefix + "sum");
    numbers.squares = read_sum(file, prefix + "squares");
    const auto extremes = file.values<double>(prefix + "extremes", numbers.count == 0 ? 0 : 2);
    if (numbers.count == 0) {
        require(numbers.sum == stats::ExactSum() && numbers.squares == stats::ExactSum(), "a sum of nothing");
    } else {
        const auto is_extreme = [](double x) { return std::isfinite(x) && !(x == 0.0 && std::signbit(x)); };
        require(is_extreme(extremes[0]) && is_extreme(extremes[1]) && extremes[0] <= extremes[1],
                "impossible extremes");
        require((extremes[0] < 0.0) == (numbers.negatives != 0), "impossible extremes");
        numbers.minimum = extremes[0];
        numbers.maximum = extremes[1];
    }
    const auto keys = file.values<std::int32_t>(prefix + "bucket_keys");
    const auto bucket_counts = file.values<std::uint64_t>(prefix + "bucket_counts", keys.size());
    require(keys.size() <= stats::LogHistogram::most_buckets, "too many buckets");
    std::vector<stats::LogHistogram::Bucket> buckets(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) buckets[i] = {keys[i], bucket_counts[i]};
    require(counts[at_resolution] <= stats::LogHistogram::finest, "an impossible resolution");
    numbers.histogram =
        stats::LogHistogram::from_buckets(static_cast<unsigned>(counts[at_resolution]), std::move(buckets));
}

ColumnStatistics read_column(const Container& file, const std::string& prefix, std::uint64_t rows, bool has_lists,
                             const StatisticsOptions& options) {
    const auto counts = file.values<std::uint64_t>(prefix + "counts", places);
    ColumnStatistics column;
    require(counts[at_is_text] <= 1 && counts[at_dtypes] < std::uint64_t{1} << 14U && counts[at_dtypes] % 2 == 0,
            "an impossible type");
    column.is_text = counts[at_is_text] == 1;
    column.dtypes = static_cast<std::uint32_t>(counts[at_dtypes]);
    column.rows = counts[at_rows];
    column.nulls = counts[at_nulls];
    column.nan = counts[at_nan];
    column.positive_infinity = counts[at_positive_infinity];
    column.negative_infinity = counts[at_negative_infinity];
    column.invalid_utf8 = counts[at_invalid_utf8];
    // Lists may hold any number of values; all other columns are counted row by row.
    require(column.rows <= (has_lists ? most_rows : rows), "more rows than the table has");
    std::uint64_t left = column.rows;
    for (const Place place : {at_nulls, at_nan, at_positive_infinity, at_negative_infinity, at_count}) {
        require(counts[place] <= left, "counts beyond the rows");
        left -= counts[place];
    }
    require(left == 0, "rows that are not accounted for");
    read_numbers(file, prefix, counts, column.numbers);
    const std::uint64_t count = column.numbers.count;
    require(column.is_text ? column.nan + column.positive_infinity + column.negative_infinity == 0 &&
                                 column.numbers.negatives == 0 && column.dtypes == 0 && column.invalid_utf8 <= count
                           : column.invalid_utf8 == 0 && column.dtypes != 0,
            "counts of another type");
    require(column.numbers.histogram.count() == (options.quantiles ? count : 0), "a histogram of other values");
    const auto registers =
        file.values<std::uint8_t>(prefix + "registers", options.distinct ? stats::HyperLogLog::register_count : 0);
    if (options.distinct)
        column.distinct = stats::HyperLogLog::from_registers(registers.first<stats::HyperLogLog::register_count>());
    require(!options.distinct || (column.distinct == stats::HyperLogLog()) == (count == 0), "impossible registers");
    require(counts[at_sample_total] == (options.values ? count : 0), "a sample of other values");
    read_sample(file, prefix, counts[at_sample_total], counts[at_sample_complete], column);
    return column;
}

}  // namespace

std::vector<std::byte> TableStatistics::serialize() const {
    ContainerWriter writer;
    const std::array<std::uint8_t, 3> options{options_.quantiles ? std::uint8_t{1} : std::uint8_t{0},
                                              options_.distinct ? std::uint8_t{1} : std::uint8_t{0},
                                              options_.values ? std::uint8_t{1} : std::uint8_t{0}};
    writer.add("options", std::span<const std::uint8_t>(options));
    writer.add_scalar("rows", rows_);
    std::string names;
    std::vector<std::uint64_t> lengths;
    std::size_t index = 0;
    for (const auto& [name, column] : columns_) {
        names += name;
        lengths.push_back(name.size());
        write_column(writer, std::to_string(index++) + ".", column, options_);
    }
    add_bytes(writer, "names", names);
    writer.add("name_lengths", lengths);
    return writer.finish(kind);
}

TableStatistics TableStatistics::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(kind);
    const auto options = file.values<std::uint8_t>("options", 3);
    require(std::all_of(options.begin(), options.end(), [](std::uint8_t o) { return o <= 1; }), "unknown options");
    TableStatistics result({options[0] == 1, options[1] == 1, options[2] == 1});
    result.rows_ = file.scalar<std::uint64_t>("rows");
    require(result.rows_ <= most_rows, "too many rows");
    require(file.tensor("rows").shape.empty(), "rows are no list");
    const auto lengths = file.values<std::uint64_t>("name_lengths");
    auto names = file.values<std::uint8_t>("names");
    const std::vector<TensorView> tensors = file.tensors();
    require(lengths.size() <= tensors.size() && tensors.size() == parts_of_table + parts_of_column * lengths.size() &&
                file.metadata_keys().size() == 4,
            "parts that no statistics have");
    require(std::all_of(tensors.begin(), tensors.end(),
                        [](const TensorView& t) { return t.name == "rows" || t.shape.size() == 1; }),
            "a part that is no list");
    std::string before;
    const std::string_view all(reinterpret_cast<const char*>(names.data()), names.size());
    const bool has_lists = all.find("[]") != std::string_view::npos;
    for (std::size_t i = 0; i < lengths.size(); ++i) {
        require(lengths[i] != 0 && lengths[i] <= names.size(), "names cut short");
        const std::string name = text_of(names.first(static_cast<std::size_t>(lengths[i])));
        names = names.subspan(name.size());
        require(before < name, "names out of order");
        before = name;
        result.columns_.emplace(name,
                                read_column(file, std::to_string(i) + ".", result.rows_, has_lists, result.options_));
    }
    require(names.empty(), "a name of no column");
    return result;
}

}  // namespace vedette::inline v0::validation
