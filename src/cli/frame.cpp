// SPDX-License-Identifier: Apache-2.0
// Reading all rows, and settling what each column is.
#include "frame.hpp"

#include <algorithm>
#include <limits>

namespace vedette::inline v0::cli {

namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Frame::Frame(RowSource& source, const FrameOptions& options) {
    for (const auto* names : {&options.numeric, &options.categorical, &options.ignore}) {
        for (const std::string& name : *names) static_cast<void>(source.column(name));
    }
    for (std::size_t i = 0; i < source.columns().size(); ++i) {
        const std::string& name = source.columns()[i];
        const bool numeric = contains(options.numeric, name);
        const bool categorical = contains(options.categorical, name);
        if (numeric + categorical + contains(options.ignore, name) > 1) {
            throw InputError(source.name() + ": column \"" + name +
                             "\" is named by more than one of --numeric, --categorical and --ignore");
        }
        if (contains(options.ignore, name)) continue;
        FrameColumn column;
        column.name = name;
        column.index = i;
        column.keep_numbers = !categorical;
        column.keep_texts = !numeric;
        columns_.push_back(std::move(column));
    }
    if (columns_.empty()) throw InputError(source.name() + ": every column is ignored");
    while (source.next()) {
        for (FrameColumn& column : columns_) add(column, source);
        ++rows_;
    }
    const bool narrow =
        options.precision == FramePrecision::f32 || (options.precision == FramePrecision::automatic && source.is_f32());
    for (FrameColumn& column : columns_) settle(column, narrow);
}

void Frame::add(FrameColumn& column, RowSource& source) {
    const bool null = source.is_null(column.index);
    if (rows_ % 8 == 0) column.valid.push_back(0);
    if (!null) column.valid.back() = static_cast<std::uint8_t>(column.valid.back() | (1U << (rows_ % 8)));
    if (column.keep_numbers) {
        const std::optional<double> number = source.number(column.index);
        if (!number && !null) {
            if (!column.keep_texts) {
                throw InputError(source.place(column.index) + ": \"" + std::string(source.text(column.index)) +
                                 "\" is not a number, but --numeric names the column \"" + column.name + "\"");
            }
            column.keep_numbers = false;
            column.numbers = {};
        } else {
            column.numbers.push_back(number.value_or(std::numeric_limits<double>::quiet_NaN()));
        }
    }
    if (column.keep_texts) {
        if (!null) column.arena += source.text(column.index);
        column.ends.push_back(column.arena.size());
    }
}

void Frame::settle(FrameColumn& column, bool narrow) {
    if (column.keep_numbers) {
        column.arena = {};
        column.ends = {};
        if (!narrow) return;
        column.narrow.reserve(column.numbers.size());
        for (const double number : column.numbers) column.narrow.push_back(static_cast<float>(number));
        column.numbers = {};
        return;
    }
    std::size_t begin = 0;
    column.texts.reserve(column.ends.size());
    for (const std::size_t end : column.ends) {
        column.texts.push_back(std::string_view(column.arena).substr(begin, end - begin));
        begin = end;
    }
}

Table Frame::table() const {
    std::vector<NamedColumn> columns;
    for (const FrameColumn& column : columns_) {
        const Validity valid{column.valid.data(), 0};
        if (!column.keep_numbers) {
            columns.push_back({column.name, Column::strings(column.texts, valid)});
        } else if (!column.narrow.empty()) {
            columns.push_back({column.name, Column::numeric(column.narrow, valid)});
        } else {
            columns.push_back({column.name, Column::numeric(column.numbers, valid)});
        }
    }
    return Table(std::move(columns));
}

Frame frame_like(RowSource& source, const Table& known, FramePrecision precision) {
    FrameOptions options;
    options.precision = precision;
    for (const NamedColumn& named : known.columns()) {
        static_cast<void>(source.column(named.name));
        if (!named.column.is_numeric()) options.categorical.emplace_back(named.name);
    }
    for (const std::string& name : source.columns())
        if (known.find(name) == nullptr) options.ignore.push_back(name);
    return Frame(source, options);
}

}  // namespace vedette::inline v0::cli
