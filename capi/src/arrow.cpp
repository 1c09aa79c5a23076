// SPDX-License-Identifier: Apache-2.0
// Reads Arrow record batches: structs, lists, maps and unions down to columns of values, and streams of batches.
#include "arrow.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "arrow_column.hpp"
#include "fence.hpp"
#include "structs.hpp"
#include "vedette/core/dtype.hpp"

namespace vedette::inline v0::capi {

namespace {

using validation::ListColumn;
using validation::ListLevel;

// Structs inside of others; and all columns, since a schema's pointers may go in circles.
constexpr std::size_t most_depth = 64, most_columns = 65536;

// Walks down one batch.
class BatchReader {
  public:
    BatchReader(NestedRead nested, ArrowLevel level) : nested_(nested), level_(level) {}

    BorrowedTable read(const ArrowSchema* schema, const ArrowArray* batch);

  private:
    // What lies between the batch's rows and the elements of an array.
    struct Path {
        std::string name;
        std::size_t depth = 0;
        std::vector<ListLevel> levels{};
        // Of each element that there is to be, the place among the array's, or -1 for none; null: as they are.
        const std::vector<std::int64_t>* places = nullptr;
    };

    void read_any(const ArrowChild& child, const Path& path);
    void read_struct(const ArrowChild& child, const Path& path, bool is_map);
    void read_list(const ArrowChild& child, const Path& path);
    void read_union(const ArrowChild& child, const Path& path);
    void read_values(const ArrowChild& child, const Path& path);
    template <class Offset>
    void read_bounds(const ArrowChild& child, bool are_views, ListStorage& lists) const;
    void read_fixed_bounds(const ArrowChild& child, std::size_t size, ListStorage& lists) const;
    [[nodiscard]] ArrowChild child_at(const ArrowChild& parent, std::size_t index, const std::string& name,
                                      std::size_t begin, std::size_t length) const;
    static Column gathered(const Column& column, const std::vector<std::int64_t>& places, ColumnStorage& storage);
    [[nodiscard]] static std::vector<std::uint8_t>& bitmap_of(std::deque<std::vector<std::uint8_t>>& kept,
                                                              std::size_t bits) {
        return kept.emplace_back((bits + 7) / 8, std::uint8_t{0});
    }

    NestedRead nested_;
    ArrowLevel level_;
    BorrowedTable result_;
    std::vector<NamedColumn> named_;
    std::size_t arrays_ = 0;  // that were read
};

void set_bit(std::vector<std::uint8_t>& bits, std::size_t i) {
    bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | 1U << (i % 8));
}

std::string name_of(const ArrowSchema* schema) {
    return schema != nullptr && schema->name != nullptr ? schema->name : "";
}

// Elements [begin, begin + length) of a child, counted from its own offset.
ArrowChild BatchReader::child_at(const ArrowChild& parent, std::size_t index, const std::string& name,
                                 std::size_t begin, std::size_t length) const {
    const ArrowSchema* const schema = parent.schema->children[index];
    const ArrowArray* const array = parent.array->children[index];
    ArrowChild child{schema, array, 0, length, "column '" + name + "'", level_};
    check_array(schema, array, child.what, level_);
    const std::uint64_t end = checked_sum(begin, length, child.what.c_str());
    if (level_ != ArrowLevel::none && static_cast<std::uint64_t>(array->length) < end) {
        refuse_arrow(ErrorCode::dimension_mismatch, child.what,
                     "has " + std::to_string(array->length) + " values, the batch needs " + std::to_string(end));
    }
    child.begin =
        static_cast<std::size_t>(checked_sum(static_cast<std::uint64_t>(array->offset), begin, child.what.c_str()));
    return child;
}

// NOLINTNEXTLINE(misc-no-recursion): to `most_depth`
void BatchReader::read_any(const ArrowChild& child, const Path& path) {
    if (path.depth > most_depth)
        refuse_arrow(ErrorCode::unsupported, child.what, "structs inside of more than 64 others");
    // Structs without columns count, too: a schema may hold one child many times.
    if (result_.storage.size() + result_.lists.size() >= most_columns || ++arrays_ > most_columns)
        refuse_arrow(ErrorCode::unsupported, child.what, "more than 65536 columns");
    const std::string_view format = child.schema->format;
    const bool has_nested = format.starts_with("+") && child.schema->dictionary == nullptr;
    if (!has_nested) return read_values(child, path);
    if (format == "+s") return read_struct(child, path, false);
    if (format.starts_with("+ud:") || format.starts_with("+us:")) return read_union(child, path);
    if (nested_ == NestedRead::refused) refuse_format(child);
    read_list(child, path);
}

// The columns of a struct by the names "outer.inner".
// NOLINTNEXTLINE(misc-no-recursion): see read_any
void BatchReader::read_struct(const ArrowChild& child, const Path& path, bool is_map) {
    const std::size_t count = child_count(child);
    if (is_map && count != 2) refuse_arrow(ErrorCode::invalid_argument, child.what, "a map's entries are two columns");
    constexpr std::array of_map{"key", "value"};
    const Validity outer = path.depth == 0 ? Validity{} : validity_of(child, 1, bitmap_of(result_.bitmaps, 0));
    for (std::size_t i = 0; i < count; ++i) {
        Path inner = path;
        if (path.depth != 0) inner.name += '.';
        inner.name += is_map ? of_map[i] : name_of(child.schema->children[i]);
        ++inner.depth;
        ArrowChild part = child_at(child, i, inner.name, child.begin, child.length);
        part.outer = outer;
        read_any(part, inner);
    }
}

// A column, or the values of lists.
void BatchReader::read_values(const ArrowChild& child, const Path& path) {
    ColumnStorage& storage = result_.storage.emplace_back();
    storage.name = path.name;
    Column column = read_leaf(child, storage);
    if (path.places != nullptr) {
        ColumnStorage& kept = result_.storage.emplace_back();
        column = gathered(column, *path.places, kept);
    }
    if (path.levels.empty()) {
        named_.push_back({storage.name, column});
    } else {
        result_.lists.push_back({storage.name, path.levels, column});
    }
}

template <class Offset>
void BatchReader::read_bounds(const ArrowChild& child, bool are_views, ListStorage& lists) const {
    if (child.length == 0) return;
    const std::int64_t buffers = are_views ? 3 : 2;
    // One more offset than lists.
    (void)checked_product(checked_sum(child.begin + child.length, 1, child.what.c_str()), sizeof(Offset),
                          child.what.c_str());
    const void* const offsets = arrow_data(child, 1, buffers);
    const void* const sizes = are_views ? arrow_data(child, 2, buffers) : nullptr;
    for (std::size_t i = 0; i < child.length; ++i) {
        const std::int64_t begin = load<Offset>(offsets, child.begin + i);
        const std::int64_t size = are_views ? std::int64_t{load<Offset>(sizes, child.begin + i)} : 0;
        // Beyond 2^63 there is no end; whoever reads the list refuses it.
        lists.ends[i] = !are_views ? std::int64_t{load<Offset>(offsets, child.begin + i + 1)}
                        : begin < 0 || size < 0 || size > INT64_MAX - begin ? -1
                                                                            : begin + size;
        lists.begins[i] = begin;
    }
}

void BatchReader::read_fixed_bounds(const ArrowChild& child, std::size_t size, ListStorage& lists) const {
    const std::uint64_t last = checked_product(child.begin + child.length, size, child.what.c_str());
    if (last > static_cast<std::uint64_t>(INT64_MAX)) refuse_arrow(ErrorCode::overflow, child.what, "too many values");
    for (std::size_t i = 0; i < child.length; ++i) {
        lists.begins[i] = static_cast<std::int64_t>((child.begin + i) * size);
        lists.ends[i] = static_cast<std::int64_t>((child.begin + i + 1) * size);
    }
}

// The number behind "+w:".
std::size_t list_size(const ArrowChild& child) {
    const std::string_view format = child.schema->format;
    std::size_t size = 0;
    const auto [end, fault] = std::from_chars(format.data() + 3, format.data() + format.size(), size);
    if (fault != std::errc{} || end != format.data() + format.size()) refuse_format(child);
    return size;
}

// NOLINTNEXTLINE(misc-no-recursion): see read_any
void BatchReader::read_list(const ArrowChild& child, const Path& path) {
    const std::string_view format = child.schema->format;
    if (path.levels.size() == ListColumn::most_levels)
        refuse_arrow(ErrorCode::unsupported, child.what, "lists in more than two levels");
    const bool are_views = format == "+vl" || format == "+vL";
    const std::int64_t buffers = format.starts_with("+w:") ? 1 : are_views ? 3 : 2;
    if (child_count(child) != 1) refuse_arrow(ErrorCode::invalid_argument, child.what, "a list has one child");
    ListStorage& lists = result_.list_storage.emplace_back();
    lists.begins.assign(child.length, 0);
    lists.ends.assign(child.length, 0);
    if (format == "+l" || format == "+vl" || format == "+m") {
        read_bounds<std::int32_t>(child, are_views, lists);
    } else if (format == "+L" || format == "+vL") {
        read_bounds<std::int64_t>(child, are_views, lists);
    } else if (format.starts_with("+w:")) {
        read_fixed_bounds(child, list_size(child), lists);
    } else {
        refuse_format(child);
    }
    Validity validity = validity_of(child, buffers, lists.valid);
    std::int64_t low = INT64_MAX, high = 0;
    for (std::size_t i = 0; i < child.length; ++i) {
        if (!validity[i]) continue;
        if (lists.begins[i] < 0 || lists.ends[i] < lists.begins[i])
            refuse_arrow(ErrorCode::invalid_argument, child.what,
                         "list " + std::to_string(i) + " ends before it begins");
        low = std::min(low, lists.begins[i]);
        high = std::max(high, lists.ends[i]);
    }
    low = std::min(low, high);
    for (std::size_t i = 0; i < child.length; ++i) {
        lists.begins[i] = validity[i] ? lists.begins[i] - low : 0;
        lists.ends[i] = validity[i] ? lists.ends[i] - low : 0;
    }
    Path inner = path;
    if (path.places != nullptr) {
        validity = lists.gather(*path.places, validity);
        inner.places = nullptr;
    }
    inner.levels.push_back({lists.begins, lists.ends, validity});
    ++inner.depth;
    const ArrowChild elements =
        child_at(child, 0, path.name, static_cast<std::size_t>(low), static_cast<std::size_t>(high - low));
    // At every level, unlike lengths of columns.
    if (elements.array->length < high) {
        refuse_arrow(
            ErrorCode::dimension_mismatch, elements.what,
            "has " + std::to_string(elements.array->length) + " values, the lists need " + std::to_string(high));
    }
    if (format != "+m") return read_any(elements, inner);
    if (std::string_view(elements.schema->format) != "+s")
        refuse_arrow(ErrorCode::invalid_argument, child.what, "a map is a list of structs");
    read_struct(elements, inner, true);
}

// The identifiers of a union's children, behind "+us:" or "+ud:".
std::vector<int> union_ids(const ArrowChild& child) {
    std::vector<int> ids;
    const std::string_view format = child.schema->format;
    const char* at = format.data() + 4;
    const char* const end = format.data() + format.size();
    while (at < end) {
        int id = -1;
        const auto [next, fault] = std::from_chars(at, end, id);
        if (fault != std::errc{} || id < 0 || id > INT8_MAX || std::find(ids.begin(), ids.end(), id) != ids.end() ||
            (next != end && *next != ','))
            refuse_format(child);
        ids.push_back(id);
        at = next == end ? end : next + 1;
    }
    return ids;
}

// A column for each alternative, with a value where it is the chosen one.
// NOLINTNEXTLINE(misc-no-recursion): see read_any
void BatchReader::read_union(const ArrowChild& child, const Path& path) {
    const bool is_dense = std::string_view(child.schema->format).starts_with("+ud:");
    const std::vector<int> ids = union_ids(child);
    if (child_count(child) != ids.size())
        refuse_arrow(ErrorCode::dimension_mismatch, child.what, "has other children than its format names");
    const std::int64_t buffers = is_dense ? 2 : 1;
    (void)checked_product(child.begin + child.length, sizeof(std::int32_t), child.what.c_str());
    const void* const types = arrow_data(child, 0, buffers);
    const void* const offsets = is_dense ? arrow_data(child, 1, buffers) : nullptr;
    for (std::size_t i = 0; i < child.length; ++i) {
        if (std::find(ids.begin(), ids.end(), int{load<std::int8_t>(types, child.begin + i)}) == ids.end())
            refuse_arrow(ErrorCode::invalid_argument, child.what,
                         "value " + std::to_string(i) + " is of no type of the union");
    }
    for (std::size_t k = 0; k < ids.size(); ++k) {
        const auto is_chosen = [&](std::size_t i) {
            return child.outer[i] && load<std::int8_t>(types, child.begin + i) == ids[k];
        };
        Path inner = path;
        const std::string name = name_of(child.schema->children[k]);
        inner.name += "." + (name.empty() ? std::to_string(k) : name);
        ++inner.depth;
        if (!is_dense) {
            ArrowChild part = child_at(child, k, inner.name, child.begin, child.length);
            std::vector<std::uint8_t>& chosen = bitmap_of(result_.bitmaps, child.length);
            for (std::size_t i = 0; i < child.length; ++i) {
                if (is_chosen(i)) set_bit(chosen, i);
            }
            part.outer = {chosen.data(), 0};
            read_any(part, inner);
            continue;
        }
        // All of the alternative's values are read, and then put where they belong.
        const ArrowArray* const array = child.array->children[k];
        const std::size_t size = array == nullptr || array->length < 0 ? 0 : static_cast<std::size_t>(array->length);
        const ArrowChild part = child_at(child, k, inner.name, 0, size);
        std::vector<std::int64_t>& places = result_.places.emplace_back(child.length, -1);
        for (std::size_t i = 0; i < child.length; ++i) {
            if (!is_chosen(i)) continue;
            const auto place = load<std::int32_t>(offsets, child.begin + i);
            if (place < 0 || static_cast<std::size_t>(place) >= size)
                refuse_arrow(ErrorCode::invalid_argument, part.what,
                             "the union's offset " + std::to_string(place) + " is outside its " + std::to_string(size) +
                                 " values");
            places[i] = place;
        }
        if (path.places != nullptr) {
            std::vector<std::int64_t>& both = result_.places.emplace_back(path.places->size(), -1);
            for (std::size_t i = 0; i < both.size(); ++i) {
                const std::int64_t from = (*path.places)[i];
                if (from >= 0) both[i] = places[static_cast<std::size_t>(from)];
            }
            inner.places = &both;
        } else {
            inner.places = &places;
        }
        read_any(part, inner);
    }
}

Column BatchReader::gathered(const Column& column, const std::vector<std::int64_t>& places, ColumnStorage& storage) {
    storage.valid.assign((places.size() + 7) / 8, 0);
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (places[i] >= 0 && column.is_valid(static_cast<std::size_t>(places[i]))) set_bit(storage.valid, i);
    }
    const Validity validity{storage.valid.data(), 0};
    if (!column.is_numeric()) {
        for (const std::int64_t place : places)
            storage.texts.push_back(place < 0 ? std::string_view() : column.text(static_cast<std::size_t>(place)));
        return Column::strings(storage.texts, validity);
    }
    const std::size_t element = dtype_size(column.dtype());
    storage.bytes.assign(places.size() * element, 0);
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (places[i] < 0) continue;
        std::memcpy(storage.bytes.data() + i * element,
                    static_cast<const std::byte*>(column.data()) +
                        static_cast<std::ptrdiff_t>(places[i]) * column.stride_bytes(),
                    element);
    }
    return Column::numeric(column.dtype(), storage.bytes.data(), places.size(), static_cast<std::ptrdiff_t>(element),
                           validity);
}

// A record batch has no nulls of its own: a row is there, or it is not.
void refuse_null_rows(const ArrowArray& batch) {
    if (batch.null_count == 0) return;
    const bool has_buffer = batch.n_buffers != 0 && batch.buffers != nullptr;
    const Validity validity{has_buffer ? static_cast<const std::uint8_t*>(batch.buffers[0]) : nullptr,
                            static_cast<std::size_t>(batch.offset)};
    if (validity.bits == nullptr) {
        if (batch.null_count > 0)
            refuse_arrow(ErrorCode::invalid_argument, "batch", "counts nulls but has no validity bitmap");
        return;
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(batch.length); ++i) {
        if (!validity[i]) refuse_arrow(ErrorCode::invalid_argument, "batch", "row " + std::to_string(i) + " is null");
    }
}

BorrowedTable BatchReader::read(const ArrowSchema* schema, const ArrowArray* batch) {
    // What a batch is must be known at any level.
    check_array(schema, batch, "batch", ArrowLevel::full);
    if (schema->release == nullptr || batch->release == nullptr) {
        refuse_arrow(ErrorCode::invalid_argument, "batch", "the schema or the array has been released");
    }
    if (std::string_view(schema->format) != "+s") {
        refuse_arrow(ErrorCode::type_mismatch, "batch",
                     "the Arrow format '" + std::string(schema->format) + "' is not that of a struct ('+s')");
    }
    const ArrowChild whole{
        schema,  batch, static_cast<std::size_t>(batch->offset), static_cast<std::size_t>(batch->length),
        "batch", level_};
    static_cast<void>(child_count(whole));
    if (level_ == ArrowLevel::full) refuse_null_rows(*batch);
    read_struct(whole, {}, false);
    result_.table = Table(std::move(named_));
    return std::move(result_);
}

}  // namespace

Validity ListStorage::gather(const std::vector<std::int64_t>& places, const Validity& validity) {
    std::vector<std::int64_t> from_begins(places.size(), 0), from_ends(places.size(), 0);
    std::vector<std::uint8_t> bits((places.size() + 7) / 8, 0);
    for (std::size_t i = 0; i < places.size(); ++i) {
        const auto from = static_cast<std::size_t>(places[i]);
        if (places[i] < 0 || !validity[from]) continue;
        from_begins[i] = begins[from];
        from_ends[i] = ends[from];
        set_bit(bits, i);
    }
    begins = std::move(from_begins);
    ends = std::move(from_ends);
    valid = std::move(bits);
    return {valid.data(), 0};
}

BorrowedTable read_arrow(const ArrowSchema* schema, const ArrowArray* batch, NestedRead nested, ArrowLevel level) {
    return BatchReader(nested, level).read(schema, batch);
}

namespace {

[[noreturn]] void refuse_stream(ArrowArrayStream* stream, const char* what, int code) {
    const char* const told = stream->get_last_error == nullptr ? nullptr : stream->get_last_error(stream);
    throw Error(ErrorCode::io_error, std::string("stream: ") + what + " failed with " + std::to_string(code) +
                                         (told == nullptr ? "" : ": " + std::string(told)));
}

// What a callback filled in is given back, whatever happens.
template <class Owned>
struct Filled {
    Owned object{};
    Filled() = default;
    Filled(const Filled&) = delete;
    Filled& operator=(const Filled&) = delete;
    ~Filled() {
        if (object.release != nullptr) object.release(&object);
    }
};

}  // namespace

void read_arrow_stream(ArrowArrayStream* stream, const std::function<void(const validation::NestedTable&)>& take,
                       ArrowLevel level) {
    require(stream, "stream");
    if (stream->release == nullptr) refuse_arrow(ErrorCode::invalid_argument, "stream", "has been released");
    if (stream->get_schema == nullptr || stream->get_next == nullptr)
        refuse_arrow(ErrorCode::invalid_argument, "stream", "a callback is NULL");
    Filled<ArrowSchema> schema;
    if (const int code = stream->get_schema(stream, &schema.object); code != 0)
        refuse_stream(stream, "get_schema", code);
    for (;;) {
        Filled<ArrowArray> batch;
        if (const int code = stream->get_next(stream, &batch.object); code != 0)
            refuse_stream(stream, "get_next", code);
        if (batch.object.release == nullptr) return;  // the end
        const BorrowedTable part = read_arrow(&schema.object, &batch.object, NestedRead::lists, level);
        take({part.table, part.lists});
    }
}

}  // namespace vedette::inline v0::capi
