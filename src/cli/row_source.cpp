// SPDX-License-Identifier: Apache-2.0
// Telling CSV from NPY, and values from fields.
#include "row_source.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <system_error>

#include "core/number_text.hpp"

namespace vedette::inline v0::cli {

std::shared_ptr<const std::string> read_once(const std::string& path) {
    std::error_code fault;
    if (path.empty() || (path != "-" && std::filesystem::is_regular_file(path, fault))) return nullptr;
    ByteSource source = ByteSource::open(path);
    auto bytes = std::make_shared<std::string>();
    for (std::size_t got = 1; got != 0;) {
        constexpr std::size_t piece = std::size_t{1} << 16U;
        const std::size_t begin = bytes->size();
        bytes->resize(begin + piece);
        got = source.read(bytes->data() + begin, piece);
        bytes->resize(begin + got);
    }
    return bytes;
}

RowSource::RowSource(const SourceOptions& options) : bytes_(options.bytes), thinning_(options.thinning) {
    ByteSource bytes = bytes_ ? ByteSource::memory(options.path == "-" ? "<stdin>" : options.path, *bytes_)
                              : ByteSource::open(options.path, options.stop);
    if (NpyReader::recognises(bytes.peek())) {
        npy_ = std::make_unique<NpyReader>(std::move(bytes));
        for (std::size_t i = 0; i < npy_->columns(); ++i) columns_.emplace_back("f").append(std::to_string(i));
        numbers_.resize(columns_.size());
        texts_.resize(columns_.size());
    } else {
        csv_ = std::make_unique<CsvReader>(
            std::move(bytes), CsvOptions{.delimiter = options.delimiter, .has_header = options.has_header});
        columns_ = csv_->header();
    }
}

std::size_t RowSource::column(std::string_view wanted) const {
    const auto found = std::find(columns_.begin(), columns_.end(), wanted);
    if (found != columns_.end()) return static_cast<std::size_t>(found - columns_.begin());
    std::string known;
    for (const std::string& column : columns_) {
        if (known.size() > 200) {
            known += ", ...";
            break;
        }
        if (!known.empty()) known += ", ";
        known += column;
    }
    throw InputError(name() + ": there is no column \"" + std::string(wanted) + "\"; there are " + known);
}

bool RowSource::next() {
    for (std::uint64_t skip = rows_ == 0 ? 0 : thinning_ - 1;; --skip) {
        if (csv_ ? !csv_->next() : !npy_->next(numbers_)) return false;
        if (skip == 0) break;
    }
    ++rows_;
    return true;
}

std::optional<double> RowSource::number(std::size_t column) const noexcept {
    if (npy_) return numbers_[column];
    return csv_->is_null(column) ? std::nullopt : parse_number(csv_->text(column));
}

std::string_view RowSource::text(std::size_t column) {
    if (csv_) return csv_->text(column);
    constexpr double largest_whole = 9007199254740992.0;  // 2^53
    const double number = numbers_[column];
    char digits[32];
    // Whole numbers are codes and ids: 100000, not 1e+05, as a CSV would have them.
    const bool is_whole = std::abs(number) <= largest_whole && number == std::floor(number);
    const auto end = is_whole ? std::to_chars(digits, digits + sizeof digits, number, std::chars_format::fixed).ptr
                              : std::to_chars(digits, digits + sizeof digits, number).ptr;
    texts_[column].assign(digits, end);
    return texts_[column];
}

Value RowSource::value(std::size_t column, FeatureKind kind) {
    if (is_null(column)) return {};
    if (kind == FeatureKind::categorical) return {text(column)};
    const std::optional<double> parsed = number(column);
    return parsed ? Value(*parsed) : Value(text(column));
}

std::string RowSource::place(std::size_t column) const {
    if (csv_) return csv_->place(column);
    return name() + ": row " + std::to_string((rows_ - 1) * thinning_ + 1) + ", " + columns_[column];
}

}  // namespace vedette::inline v0::cli
