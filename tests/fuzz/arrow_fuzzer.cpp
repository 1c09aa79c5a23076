// SPDX-License-Identifier: Apache-2.0
// Record batches of the Arrow C Data Interface, and streams of them, whose metadata, offsets, codes and views are any
// bytes: refused, or judged and counted. The interface carries no length of a buffer, so that buffers are here as long
// as the lengths that are claimed. A batch alone and a stream of it give one report; a stream of it twice counts twice.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "promise.hpp"
#include "vedette.h"

namespace {

constexpr std::size_t buffer_bytes = 8192, data_bytes = 4096;
constexpr std::int64_t most_rows = 80, most_offset = 9, list_elements = 186;

using vedette::fuzzing::require;

// The input, then zeros.
class Bytes {
  public:
    Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
    std::uint8_t take() { return at_ < size_ ? data_[at_++] : std::uint8_t{0}; }
    std::size_t below(std::size_t limit) { return take() % limit; }
    // What is not the rule: never behind the end of the input.
    bool chance(std::size_t limit) { return below(limit) == limit - 1; }

  private:
    const std::uint8_t* data_;
    std::size_t size_, at_ = 0;
};

void release_schema(ArrowSchema* schema) {
    schema->release = nullptr;
}
void release_array(ArrowArray* array) {
    array->release = nullptr;
}

// Owns arrays, their schemas and all that these point to.
class Batch {
  public:
    explicit Batch(Bytes& bytes) : bytes_(bytes) {
        rows_ = static_cast<std::int64_t>(bytes_.below(most_rows - 4));
        make_struct(schema, array, "", 0);
    }

    ArrowSchema schema{};
    ArrowArray array{};

  private:
    void make_struct(ArrowSchema& type, ArrowArray& values, const char* name, int level, std::size_t wanted = 0) {
        const std::size_t count = wanted != 0 ? wanted : 1 + bytes_.below(3);
        auto& types = type_lists_.emplace_back();
        auto& arrays = array_lists_.emplace_back();
        for (std::size_t i = 0; i < count; ++i) {
            constexpr std::array names{"a", "b", "c", "d"};
            ArrowSchema& child = types_.emplace_back();
            ArrowArray& part = arrays_.emplace_back();
            make_any(child, part, names[i], level);
            types.push_back(&child);
            arrays.push_back(&part);
        }
        finish(type, values, "+s", name, 1);
        type.n_children = static_cast<std::int64_t>(count);
        values.n_children = bytes_.chance(128) ? -1 : static_cast<std::int64_t>(count);
        type.children = types.data();
        values.children = arrays.data();
    }

    void make_any(ArrowSchema& type, ArrowArray& values, const char* name, int level) {
        if (level < 3 && bytes_.chance(8)) {
            make_struct(type, values, name, level + 1);
        } else if (level < 4 && bytes_.chance(4)) {
            make_list(type, values, name, level + 1);
        } else if (level < 3 && bytes_.chance(8)) {
            make_union(type, values, name, level + 1);
        } else {
            make_column(type, values, name);
        }
    }

    // Gives `type` these children, as many as are told.
    void set_children(ArrowSchema& type, ArrowArray& values, std::vector<ArrowSchema*>& types,
                      std::vector<ArrowArray*>& arrays) {
        type.children = types.data();
        values.children = arrays.data();
        type.n_children = static_cast<std::int64_t>(types.size());
        values.n_children = bytes_.chance(128) ? 0 : type.n_children;
    }

    // Of a child that is `length` long, itself most often as the rows are.
    template <class Make>
    void with_rows(std::int64_t length, Make&& make) {
        const std::int64_t kept = std::exchange(rows_, length);
        make();
        rows_ = kept;
    }

    void make_list(ArrowSchema& type, ArrowArray& values, const char* name, int level) {
        constexpr std::array formats{"+l", "+m", "+L", "+vl", "+vL", "+w:2"};
        const std::string_view format = formats[bytes_.below(formats.size())];
        auto& types = type_lists_.emplace_back();
        auto& arrays = array_lists_.emplace_back();
        ArrowSchema& child = types_.emplace_back();
        ArrowArray& part = arrays_.emplace_back();
        with_rows(list_elements, [&] {
            if (format == "+m" && !bytes_.chance(20)) {
                make_struct(child, part, "entries", level, 2);
            } else {
                make_any(child, part, "item", level);
            }
        });
        types.push_back(&child);
        arrays.push_back(&part);
        finish(type, values, format.data(), name, format == "+w:2" ? 1 : format.starts_with("+v") ? 3 : 2);
        set_children(type, values, types, arrays);
    }

    void make_union(ArrowSchema& type, ArrowArray& values, const char* name, int level) {
        const bool is_dense = bytes_.chance(2);
        auto& types = type_lists_.emplace_back();
        auto& arrays = array_lists_.emplace_back();
        for (const char* child_name : {"a", "b"}) {
            ArrowSchema& child = types_.emplace_back();
            ArrowArray& part = arrays_.emplace_back();
            // Longer than the union's offset may want.
            with_rows(is_dense ? rows_ : rows_ + most_offset + 3, [&] { make_any(child, part, child_name, level); });
            types.push_back(&child);
            arrays.push_back(&part);
        }
        const char* const format = is_dense ? "+ud:0,1" : "+us:0,1";
        finish(type, values, bytes_.chance(60) ? "+us:7" : format, name, is_dense ? 2 : 1);
        set_children(type, values, types, arrays);
    }

    void make_column(ArrowSchema& type, ArrowArray& values, const char* name) {
        constexpr std::array formats{"g",   "u",    "l", "f",   "e",    "c",   "C",     "s",           "S",
                                     "i",   "I",    "L", "b",   "U",    "z",   "Z",     "vu",          "vz",
                                     "w:7", "w:40", "n", "tdD", "tsm:", "tDn", "d:9,2", "d:38,10,256", "d:9,2,32"};
        constexpr std::array refused{"+l", "+m", "+us:0", "w:99x", "", "tsu", "d:77,2", "d:9,2,32,1", "+r"};
        std::string_view format = formats[bytes_.below(formats.size())];
        if (bytes_.chance(40)) format = refused[bytes_.below(refused.size())];
        const bool has_codes =
            format.size() == 1 && std::string_view("cCsSiIlL").find(format) != std::string_view::npos;
        const std::int64_t buffers = is_text(format) ? 3 : 2;
        finish(type, values, format.data(), name, buffers);
        if (!has_codes || !bytes_.chance(3)) return;
        ArrowSchema& entries = types_.emplace_back();
        ArrowArray& texts = arrays_.emplace_back();
        constexpr std::array of_texts{"u", "Z", "vu", "w:7"};
        format = bytes_.chance(40) ? "i" : of_texts[bytes_.below(of_texts.size())];
        finish(entries, texts, format.data(), "", is_text(format) ? 3 : 2);
        type.dictionary = &entries;
        if (!bytes_.chance(16)) values.dictionary = &texts;
    }

    static bool is_text(std::string_view format) {
        return format == "u" || format == "U" || format == "z" || format == "Z" || format == "vu" || format == "vz";
    }

    void finish(ArrowSchema& type, ArrowArray& values, const char* format, const char* name, std::int64_t buffers) {
        type.format = bytes_.chance(250) ? nullptr : format;
        type.name = bytes_.chance(250) ? nullptr : name;
        type.release = release_schema;
        values.length = bytes_.chance(60) ? static_cast<std::int64_t>(bytes_.below(80)) - 1 : rows_;
        values.offset = bytes_.chance(3) ? static_cast<std::int64_t>(bytes_.below(most_offset)) : 0;
        // Enough of them for the offsets of the structs around.
        if (values.length == rows_) values.length += static_cast<std::int64_t>(bytes_.below(3));
        if (bytes_.chance(120)) values.offset = -1;
        values.null_count = -1;
        if (bytes_.chance(4)) values.null_count = static_cast<std::int64_t>(bytes_.below(24)) - 2;
        values.release = bytes_.chance(250) ? nullptr : release_array;
        values.n_buffers = bytes_.chance(60) ? static_cast<std::int64_t>(bytes_.below(6)) - 1 : buffers;
        const std::string_view text = format;
        const bool are_views = text.starts_with("v");
        if (are_views && values.n_buffers == 3) values.n_buffers += static_cast<std::int64_t>(bytes_.below(3));
        auto& pointers = buffer_lists_.emplace_back();
        for (std::size_t i = 0; i < 8; ++i) pointers[i] = make_buffer(text, i);
        const bool is_union = text.starts_with("+u");
        if (!is_union && (!bytes_.chance(3) || std::string_view(format) == "+s")) pointers[0] = nullptr;
        if (bytes_.chance(90)) pointers[1] = nullptr;
        // How long the buffers of views are is not taken on trust: it is said behind them.
        if (are_views && values.n_buffers > 3) {
            auto& sizes = storage_.emplace_back();
            for (std::size_t i = 0; i < 8; ++i) {
                const auto size = static_cast<std::int64_t>(bytes_.below(3) == 0 ? 5 : data_bytes);
                std::memcpy(sizes.data() + i * sizeof size, &size, sizeof size);
            }
            pointers[static_cast<std::size_t>(values.n_buffers) - 1] = sizes.data();
        }
        values.buffers = bytes_.chance(250) ? nullptr : pointers.data();
    }

    const void* make_buffer(std::string_view format, std::size_t index) {
        auto& buffer = storage_.emplace_back();
        const std::size_t given = bytes_.below(48);
        std::array<std::uint8_t, 48> pattern{};
        for (std::size_t i = 0; i < given; ++i) pattern[i] = bytes_.take();
        for (std::size_t i = 0; i < buffer.size(); ++i) buffer[i] = given == 0 ? std::uint8_t{0} : pattern[i % given];
        // Offsets lie within the bytes, ascending or not.
        if (index == 1 && (format == "u" || format == "z")) fill_offsets<std::int32_t>(buffer, pattern, given, 16);
        if (index == 1 && (format == "U" || format == "Z")) fill_offsets<std::int64_t>(buffer, pattern, given, 16);
        const bool are_views = format.starts_with("+v");
        if (format == "+l" || format == "+m" || format == "+vl") {
            if (index == 1) fill_offsets<std::int32_t>(buffer, pattern, given, 4);
            if (index == 2 && are_views) fill_sizes<std::int32_t>(buffer, pattern, given);
        }
        if (format == "+L" || format == "+vL") {
            if (index == 1) fill_offsets<std::int64_t>(buffer, pattern, given, 4);
            if (index == 2 && are_views) fill_sizes<std::int64_t>(buffer, pattern, given);
        }
        if (format.starts_with("+u") && index == 0) {
            // Types 0 and 1, and now and then another.
            for (std::uint8_t& id : buffer) id = id == 0xFF ? std::uint8_t{3} : static_cast<std::uint8_t>(id % 2);
        }
        if (format.starts_with("+ud") && index == 1) fill_offsets<std::int32_t>(buffer, pattern, given, 2);
        return buffer.data();
    }
    template <class Offset>
    static void fill_offsets(std::array<std::uint8_t, buffer_bytes>& buffer, const std::array<std::uint8_t, 48>& steps,
                             std::size_t given, unsigned most_step) {
        const std::size_t end = most_step == 16 ? data_bytes : list_elements;
        std::size_t at = 0;
        for (std::size_t i = 0; (i + 1) * sizeof(Offset) <= buffer.size(); ++i) {
            const auto offset = static_cast<Offset>(
                given != 0 && i % 97 == 96 && steps[i % given] == 0xFF ? -1 : static_cast<Offset>(at));
            std::memcpy(buffer.data() + i * sizeof offset, &offset, sizeof offset);
            at = given == 0 ? 0 : at + steps[i % given] % most_step;
            // Texts begin anew, lists hold no more.
            if (at >= end) at = most_step == 16 ? at % end : end;
        }
    }
    // Of views: as many as lie before the next, or one more.
    template <class Size>
    static void fill_sizes(std::array<std::uint8_t, buffer_bytes>& buffer, const std::array<std::uint8_t, 48>& steps,
                           std::size_t given) {
        for (std::size_t i = 0; (i + 1) * sizeof(Size) <= buffer.size(); ++i) {
            const auto size = static_cast<Size>(given == 0 ? 0 : steps[i % given] % 3U);
            std::memcpy(buffer.data() + i * sizeof size, &size, sizeof size);
        }
    }

    Bytes& bytes_;
    std::int64_t rows_ = 0;
    std::deque<ArrowSchema> types_;
    std::deque<ArrowArray> arrays_;
    std::deque<std::vector<ArrowSchema*>> type_lists_;
    std::deque<std::vector<ArrowArray*>> array_lists_;
    std::deque<std::array<const void*, 8>> buffer_lists_;
    std::deque<std::array<std::uint8_t, buffer_bytes>> storage_;
};

// Gives the same batch `left` times.
struct Source {
    Batch* batch;
    int left;
};
int get_schema(ArrowArrayStream* stream, ArrowSchema* out) {
    *out = static_cast<Source*>(stream->private_data)->batch->schema;
    out->release = release_schema;
    return 0;
}
int get_next(ArrowArrayStream* stream, ArrowArray* out) {
    Source& source = *static_cast<Source*>(stream->private_data);
    *out = source.batch->array;
    out->release = source.left-- > 0 ? release_array : nullptr;
    return 0;
}
void release_stream(ArrowArrayStream* stream) {
    stream->release = nullptr;
}

const vdt_validator* rules() {
    static const vdt_validator* const made = [] {
        const std::string text =
            R"({"version":1,"features":[{"name":"a","type":"floating","minimum":0,"nullable":true,"unique":true,"valency":[{"maximum":2}]},)"
            R"({"name":"b","type":"text","length":{"maximum":9},"refused_characters":["control","invisible"],)"
            R"("scripts":"single","refuse_lookalikes":true,"repetition":{"unit":"code_points","length":1,)"
            R"("minimum_grams":2},"refused_patterns":["7"]},)"
            R"({"name":"c","type":"integer","order":"increasing","required":false},)"
            R"({"name":"a.b","type":"bytes","required":false},)"
            R"({"name":"a.key","type":"text","required":false,"length":{"maximum":3}},)"
            R"({"name":"b.a","type":"integer","required":false,"shape":[2],"maximum":9}],)"
            R"("expressions":[{"name":"e","expression":"a < c"}]})";
        vdt_schema* schema = nullptr;
        vdt_validator* validator = nullptr;
        require(vdt_schema_from_json(text.data(), text.size(), nullptr, &schema, nullptr) == VDT_OK, "cannot read");
        require(vdt_validator_create(schema, nullptr, 0, nullptr, &validator, nullptr) == VDT_OK, "cannot compile");
        vdt_schema_destroy(schema);
        return validator;
    }();
    return made;
}

std::string text_of(vdt_batch_report* report) {
    std::size_t length = 0;
    require(vdt_batch_report_render(report, "json", nullptr, nullptr, 0, &length, nullptr) == VDT_OK, "cannot measure");
    std::string text(length + 1, '\0');
    require(vdt_batch_report_render(report, "json", nullptr, text.data(), text.size(), &length, nullptr) == VDT_OK,
            "cannot render");
    vdt_batch_report_destroy(report);
    return text;
}

vdt_status judge_stream(Batch& batch, int times, vdt_batch_report** report) {
    Source source{&batch, times};
    ArrowArrayStream stream{};
    stream.get_schema = get_schema;
    stream.get_next = get_next;
    stream.release = release_stream;
    stream.private_data = &source;
    return vdt_validator_check_arrow_stream(rules(), &stream, nullptr, nullptr, nullptr, report, nullptr);
}

std::uint64_t rows_of(vdt_batch_report* report) {
    vdt_batch_summary summary{};
    summary.struct_size = sizeof summary;
    require(vdt_batch_report_summary(report, &summary, nullptr) == VDT_OK, "no summary");
    return summary.rows;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bytes bytes(data, size);
    Batch batch(bytes);
    vdt_batch_report* alone = nullptr;
    const vdt_status status =
        vdt_validator_check_arrow(rules(), &batch.schema, &batch.array, nullptr, nullptr, &alone, nullptr);
    require((status == VDT_OK) == (alone != nullptr), "a report and an error, or neither");
    vdt_statistics* counted = nullptr;
    require(vdt_statistics_create(nullptr, nullptr, &counted, nullptr) == VDT_OK, "no statistics");
    const vdt_status as_counted = vdt_statistics_update_arrow(counted, &batch.schema, &batch.array, nullptr);
    require(as_counted == status, "what is judged is not counted, or the other way round");
    if (alone != nullptr) require(vdt_statistics_rows(counted) == rows_of(alone), "other rows are counted");
    vdt_statistics_destroy(counted);
    // A stream stands for schema and array that are there: what had been released before is given anew.
    const bool is_whole = batch.schema.release != nullptr && batch.array.release != nullptr;
    vdt_batch_report* once = nullptr;
    const vdt_status as_stream = judge_stream(batch, 1, &once);
    if (is_whole) require(as_stream == status, "a batch and a stream of it disagree");
    if (alone != nullptr) {
        const std::uint64_t rows = rows_of(alone);
        vdt_batch_report* twice = nullptr;
        require(judge_stream(batch, 2, &twice) == VDT_OK && rows_of(twice) == 2 * rows, "twice is not twice");
        vdt_batch_report_destroy(twice);
        require(text_of(alone) == text_of(once), "a batch and a stream of it are told apart");
    } else if (once != nullptr) {
        vdt_batch_report_destroy(once);
    }
    return 0;
}
