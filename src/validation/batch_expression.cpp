// SPDX-License-Identifier: Apache-2.0
// Expressions held against tables, tile by tile: each column of a tile becomes operands, then each row is judged.
#include <algorithm>

#include "validation/batch_column.hpp"
#include "validation/column_values.hpp"

namespace vedette::inline v0::validation {

namespace {

// Small, so that the operands of a tile stay in the cache.
constexpr std::size_t tile = 256;

template <class Stored>
void read_numbers(FeatureType type, const Column& column, std::size_t begin, std::size_t count, Operand* out) noexcept {
    const auto* address =
        static_cast<const std::byte*>(column.data()) + static_cast<std::ptrdiff_t>(begin) * column.stride_bytes();
    for (std::size_t i = 0; i < count; ++i, address += column.stride_bytes()) {
        Stored value;
        std::memcpy(&value, address, sizeof value);
        out[i] = Operand::of(type, Value(value));
    }
}

void read_numbers(FeatureType type, const Column& column, std::size_t begin, std::size_t count, Operand* out) noexcept {
    switch (column.dtype()) {
        case Dtype::i8: return read_numbers<std::int8_t>(type, column, begin, count, out);
        case Dtype::i16: return read_numbers<std::int16_t>(type, column, begin, count, out);
        case Dtype::i32: return read_numbers<std::int32_t>(type, column, begin, count, out);
        case Dtype::i64: return read_numbers<std::int64_t>(type, column, begin, count, out);
        case Dtype::boolean:
        case Dtype::u8: return read_numbers<std::uint8_t>(type, column, begin, count, out);
        case Dtype::u16: return read_numbers<std::uint16_t>(type, column, begin, count, out);
        case Dtype::u32: return read_numbers<std::uint32_t>(type, column, begin, count, out);
        case Dtype::u64: return read_numbers<std::uint64_t>(type, column, begin, count, out);
        case Dtype::f32: return read_numbers<float>(type, column, begin, count, out);
        case Dtype::f64: return read_numbers<double>(type, column, begin, count, out);
        case Dtype::f16:
        case Dtype::bf16: break;
    }
    std::array<double, tile> values;
    column.copy_as_double(begin, count, values.data());
    for (std::size_t i = 0; i < count; ++i) out[i] = Operand::of(type, Value(values[i]));
}

void read_tile(FeatureType type, const Column* column, bool read_texts, std::size_t begin, std::size_t count,
               Operand* out) {
    if (column == nullptr) {
        std::fill_n(out, count, Operand{});
        return;
    }
    if (column->is_numeric()) {
        read_numbers(type, *column, begin, count, out);
        if (column->validity().bits == nullptr) return;
        for (std::size_t i = 0; i < count; ++i) {
            if (!column->is_valid(begin + i)) out[i] = Operand{};
        }
        return;
    }
    const bool are_numbers = read_texts && type != FeatureType::text && type != FeatureType::bytes;
    for (std::size_t i = 0; i < count; ++i) {
        out[i] = Operand{};
        if (!column->is_valid(begin + i)) continue;
        const std::string_view text = column->text(begin + i);
        out[i] = Operand::of(type, are_numbers ? read_text(type, text) : Value(text));
    }
}

}  // namespace

void judge_expression(const CompiledExpression& expression, const std::vector<const Column*>& columns, bool read_texts,
                      std::size_t first, std::size_t rows, RowBits& failed) {
    std::vector<Operand> operands(columns.size() * tile);
    std::array<Operand, Program::most_features> row;
    for (std::size_t begin = 0; begin < rows - first; begin += tile) {
        const std::size_t count = std::min(tile, rows - first - begin);
        for (std::size_t k = 0; k < columns.size(); ++k)
            read_tile(expression.types[k], columns[k], read_texts, begin, count, operands.data() + k * tile);
        for (std::size_t i = 0; i < count; ++i) {
            for (std::size_t k = 0; k < columns.size(); ++k) row[k] = operands[k * tile + i];
            if (expression.program.is_false(row.data())) failed.set(first + begin + i, rows);
        }
    }
}

}  // namespace vedette::inline v0::validation
