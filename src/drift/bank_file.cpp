// SPDX-License-Identifier: Apache-2.0
// The container of banks, read without believing it.
#include "drift/bank_file.hpp"

#include <algorithm>

#include "vedette/core/container.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr std::size_t count_fields = 7;
constexpr std::uint64_t most_count = std::uint64_t{1} << 53U;

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
    to.insert(to.end(), from.begin(), from.end());
}

// The next so many values of a list.
template <class T>
std::vector<T> take(std::span<const T>& list, std::uint64_t count) {
    MonitorCodec::require(count <= list.size(), "a list that is too short");
    const auto part = list.first(static_cast<std::size_t>(count));
    list = list.subspan(static_cast<std::size_t>(count));
    return {part.begin(), part.end()};
}

// The rows of a tensor that has as many columns.
template <class T>
std::uint64_t rows_of(const Container& file, const char* name, std::size_t columns) {
    const TensorView tensor = file.tensor(name);
    MonitorCodec::require(tensor.shape.size() == 2 && tensor.shape[1] == columns, "a table of another shape");
    (void)file.values<T>(name);
    return tensor.shape[0];
}

void check_counts(const BankFile& bank) {
    for (std::size_t i = 0; i < bank.monitors.size(); ++i) {
        const auto& counts = bank.monitors[i].counts;
        for (std::size_t k = 0; k < 5; ++k) MonitorCodec::require(counts[k] <= bank.rows, "more values than rows");
        MonitorCodec::require(counts[0] + counts[1] + counts[2] + counts[3] == bank.rows, "rows without their values");
        MonitorCodec::require((counts[4] > 0) == (bank.last_change[i] > 0) && bank.last_change[i] <= bank.rows,
                              "an impossible last change");
    }
}

}  // namespace

std::vector<std::byte> BankFile::write(std::string_view kind) const {
    MonitorCodec all;
    std::vector<std::uint64_t> sizes;
    for (const MonitorCodec& monitor : monitors) {
        if (!uniform || &monitor == monitors.data()) {
            append(all.options, monitor.options);
            append(all.settings, monitor.settings);
        }
        append(all.counts, monitor.counts);
        append(all.numbers, monitor.numbers);
        append(all.integers, monitor.integers);
        sizes.insert(sizes.end(), {monitor.numbers.size(), monitor.integers.size()});
    }
    ContainerWriter writer;
    const auto add_table = [&](const char* name, const auto& values, std::size_t columns) {
        const std::uint64_t shape[] = {values.size() / columns, columns};
        writer.add(name, std::span(values), shape);
    };
    add_table("options", all.options, monitors.front().options.size());
    add_table("settings", all.settings, monitors.front().settings.size());
    add_table("counts", all.counts, count_fields);
    add_table("sizes", sizes, 2);
    writer.add("numbers", all.numbers);
    writer.add("integers", all.integers);
    writer.add("rows", std::vector<std::uint64_t>{rows, refused_rows});
    writer.add("last_change", last_change);
    return writer.finish(kind);
}

BankFile BankFile::read(std::string_view kind, std::span<const std::byte> bytes, std::size_t option_count,
                        std::size_t setting_count) {
    const Container file = Container::view(bytes);
    file.require_kind(kind);
    MonitorCodec::require(file.tensors().size() == 8 && file.metadata_keys().size() == 4, "parts that no bank has");
    const std::uint64_t features = rows_of<std::uint64_t>(file, "counts", count_fields);
    const std::uint64_t options = rows_of<double>(file, "options", option_count);
    MonitorCodec::require(features >= 1, "a bank without features");
    MonitorCodec::require(options == 1 || options == features, "options of other features");
    MonitorCodec::require(rows_of<std::uint64_t>(file, "settings", setting_count) == options, "settings missing");
    MonitorCodec::require(rows_of<std::uint64_t>(file, "sizes", 2) == features, "sizes missing");
    for (const char* list : {"numbers", "integers", "rows", "last_change"})
        MonitorCodec::require(file.tensor(list).shape.size() == 1, "no list");
    BankFile bank;
    bank.uniform = options == 1;
    const auto rows = file.values<std::uint64_t>("rows", 2);
    MonitorCodec::require(rows[0] <= most_count && rows[1] <= most_count, "a count out of range");
    bank.rows = rows[0];
    bank.refused_rows = rows[1];
    auto last_change = file.values<std::uint64_t>("last_change", features);
    bank.last_change = take(last_change, features);
    auto option_list = file.values<double>("options");
    auto setting_list = file.values<std::uint64_t>("settings");
    auto counts = file.values<std::uint64_t>("counts");
    auto sizes = file.values<std::uint64_t>("sizes");
    auto numbers = file.values<double>("numbers");
    auto integers = file.values<std::uint64_t>("integers");
    for (std::uint64_t i = 0; i < features; ++i) {
        MonitorCodec monitor;
        const bool shared = bank.uniform && i > 0;
        monitor.options = shared ? bank.monitors.front().options : take(option_list, option_count);
        monitor.settings = shared ? bank.monitors.front().settings : take(setting_list, setting_count);
        monitor.counts = take(counts, count_fields);
        const auto own = take(sizes, 2);
        monitor.numbers = take(numbers, own[0]);
        monitor.integers = take(integers, own[1]);
        bank.monitors.push_back(std::move(monitor));
    }
    MonitorCodec::require(numbers.empty() && integers.empty(), "values without a feature");
    check_counts(bank);
    return bank;
}

}  // namespace vedette::inline v0::drift
