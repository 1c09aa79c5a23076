// SPDX-License-Identifier: Apache-2.0
// Fields quoted where they need it.
#include "csv_writer.hpp"

#include <fmt/core.h>

#include <cstring>
#include <string_view>

namespace vedette::inline v0::cli {

namespace {

void add_text(std::string_view text, char delimiter, std::string& out) {
    const std::string special{delimiter, '"', '\r', '\n'};
    if (!text.empty() && text.find_first_of(special) == std::string_view::npos) {
        out += text;
        return;
    }
    out += '"';
    for (const char c : text) out.append(c == '"' ? 2 : 1, c);
    out += '"';
}

// Files hold f32 or f64; what else a column may be is a double.
void add_number(const Column& column, std::size_t row, std::string& out) {
    const double number = column.number(row);
    out += column.dtype() == Dtype::f32 ? fmt::format("{}", static_cast<float>(number)) : fmt::format("{}", number);
}

}  // namespace

std::string to_csv(const Table& table, char delimiter) {
    std::string out;
    for (const NamedColumn& column : table.columns()) {
        if (!out.empty()) out += delimiter;
        add_text(column.name, delimiter, out);
    }
    out += '\n';
    for (std::size_t row = 0; row < table.rows(); ++row) {
        bool is_first = true;
        for (const NamedColumn& named : table.columns()) {
            if (!is_first) out += delimiter;
            is_first = false;
            if (!named.column.is_valid(row)) continue;
            if (named.column.is_numeric()) {
                add_number(named.column, row, out);
            } else {
                add_text(named.column.text(row), delimiter, out);
            }
        }
        out += '\n';
    }
    return out;
}

std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string field = "\"";
    for (const char c : text) field += c == '"' ? std::string("\"\"") : std::string(1, c);
    return field + '"';
}

}  // namespace vedette::inline v0::cli
