// SPDX-License-Identifier: Apache-2.0
// A table of texts, and of those of them that are integers.
#include "vedette/validation/reference_values.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "core/category_table.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::validation {

struct ReferenceValues::Table {
    CategoryTable texts;
    std::vector<std::int64_t> integers;
};

namespace {

// The integer whose shortest text this is.
bool read_integer(const std::string& text, std::int64_t& number) {
    const char* const end = text.data() + text.size();
    const auto [at, fault] = std::from_chars(text.data(), end, number);
    return fault == std::errc{} && at == end && fmt::format("{}", number) == text;
}

}  // namespace

ReferenceValues::ReferenceValues(std::span<const std::string> values) {
    std::size_t bytes = 0;
    for (const std::string& value : values) bytes += std::min(value.size(), most_bytes);
    if (values.size() > most_values || bytes > most_bytes)
        throw Error(ErrorCode::overflow, fmt::format("a reference set of {} values and {} bytes, at most {} and {}",
                                                     values.size(), bytes, most_values, most_bytes));
    std::vector<std::string> sorted(values.begin(), values.end());
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    auto table = std::make_shared<Table>();
    for (const std::string& value : sorted) {
        std::int64_t number = 0;
        if (read_integer(value, number)) table->integers.push_back(number);
    }
    std::sort(table->integers.begin(), table->integers.end());
    table->texts = CategoryTable(sorted);
    table_ = std::move(table);
}

bool ReferenceValues::holds(std::string_view text) const noexcept {
    return table_->texts.find(text) != table_->texts.size();
}

bool ReferenceValues::holds(std::int64_t number) const noexcept {
    return std::binary_search(table_->integers.begin(), table_->integers.end(), number);
}

std::size_t ReferenceValues::size() const noexcept {
    return table_->texts.size();
}

}  // namespace vedette::inline v0::validation
