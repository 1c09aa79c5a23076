// SPDX-License-Identifier: Apache-2.0
// The safetensors container: canonical layout when writing, refusal of everything doubtful when reading.
#include "vedette/core/container.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/utf8.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0 {

namespace {

constexpr std::uint64_t max_header_bytes = 100'000'000;
constexpr std::size_t max_rank = 16;
constexpr std::size_t data_alignment = 64;
constexpr std::size_t length_bytes = 8;
constexpr std::size_t hex_digits = 64;
constexpr std::string_view metadata_name = "__metadata__";
constexpr std::string_view format_name = "vedette";
constexpr std::string_view zero_digest = "0000000000000000000000000000000000000000000000000000000000000000";
static_assert(zero_digest.size() == hex_digits);

template <class... Args>
[[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
    throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
[[noreturn]] void corrupt(fmt::format_string<Args...> format, Args&&... args) {
    throw Error(ErrorCode::corrupt_data, "container: " + fmt::format(format, std::forward<Args>(args)...));
}

bool is_reserved_key(std::string_view key) noexcept {
    return key == "format" || key == "format_version" || key == "kind" || key == "sha256";
}

// What a message may quote of an untrusted name: short and printable.
std::string quote(std::string_view text) {
    constexpr std::size_t limit = 80;
    std::string result = "'";
    for (const char c : text.substr(0, limit)) result += (c >= ' ' && c <= '~') ? c : '?';
    return result + (text.size() > limit ? "...'" : "'");
}

// The bytes of a tensor; false when the product does not fit.
bool tensor_bytes(std::span<const std::uint64_t> shape, Dtype dtype, std::uint64_t& bytes) noexcept {
    // An empty dimension makes the tensor empty, however large the others are.
    if (std::find(shape.begin(), shape.end(), 0u) != shape.end()) {
        bytes = 0;
        return true;
    }
    bytes = dtype_size(dtype);
    for (const std::uint64_t extent : shape) {
        if (__builtin_mul_overflow(bytes, extent, &bytes)) return false;
    }
    return true;
}

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
            out += c;
        }
    }
    out += '"';
}

void append_json_member(std::string& out, std::string_view key, std::string_view value) {
    if (out.back() != '{') out += ',';
    append_json_string(out, key);
    out += ':';
    append_json_string(out, value);
}

// Copies elements between the host's byte order and the file's. The same function serves both directions.
void copy_little_endian(std::byte* to, std::span<const std::byte> from, std::size_t element) noexcept {
    if (from.empty()) return;
    std::memmove(to, from.data(), from.size());
    if constexpr (std::endian::native == std::endian::big) {
        for (std::size_t i = 0; i + element <= from.size(); i += element) std::reverse(to + i, to + i + element);
    }
}

std::uint64_t load_length(std::span<const std::byte> bytes) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = length_bytes; i-- > 0;) value = (value << 8) | std::to_integer<std::uint64_t>(bytes[i]);
    return value;
}

// Where the digits of the checksum stand. In valid JSON an unescaped quote after '{' or ',' opens a string, so the
// pattern can only be the key; repeated keys have been refused before.
std::size_t find_digest_field(std::string_view header) noexcept {
    constexpr std::string_view field = "\"sha256\":\"";
    for (std::size_t at = header.find(field); at != std::string_view::npos; at = header.find(field, at + 1)) {
        if (at > 0 && (header[at - 1] == ',' || header[at - 1] == '{')) {
            return header.size() - at >= field.size() + hex_digits ? at + field.size() : std::string_view::npos;
        }
    }
    return std::string_view::npos;
}

}  // namespace

void ContainerWriter::add_tensor(std::string_view name, Dtype dtype, std::span<const std::uint64_t> shape,
                                 std::span<const std::byte> bytes) {
    if (name.empty() || name == metadata_name || !detail::is_utf8(name)) {
        fail(ErrorCode::invalid_argument, "name: tensor name {} is empty, reserved or not UTF-8", quote(name));
    }
    if (dtype_size(dtype) == 0) {
        fail(ErrorCode::invalid_argument, "dtype: {} of tensor {} is none of 1 to 13", static_cast<unsigned>(dtype),
             quote(name));
    }
    if (shape.size() > max_rank) {
        fail(ErrorCode::dimension_mismatch, "shape: rank {} of tensor {} exceeds {}", shape.size(), quote(name),
             max_rank);
    }
    std::uint64_t expected = 0;
    if (!tensor_bytes(shape, dtype, expected)) {
        fail(ErrorCode::overflow, "shape: the size of tensor {} exceeds 64 bits", quote(name));
    }
    if (expected != bytes.size()) {
        fail(ErrorCode::dimension_mismatch, "shape: tensor {} needs {} bytes, {} are given", quote(name), expected,
             bytes.size());
    }
    if (dtype == Dtype::boolean &&
        std::any_of(bytes.begin(), bytes.end(), [](std::byte b) { return b > std::byte{1}; })) {
        fail(ErrorCode::invalid_argument, "bytes: tensor {} has a boolean that is neither 0 nor 1", quote(name));
    }
    const auto [entry, is_new] = tensors_.try_emplace(std::string(name));
    if (!is_new) fail(ErrorCode::invalid_argument, "name: tensor {} is already there", quote(name));
    entry->second = {dtype, {shape.begin(), shape.end()}, {bytes.begin(), bytes.end()}};
}

void ContainerWriter::set_metadata(std::string_view key, std::string_view value) {
    if (key.empty() || is_reserved_key(key) || !detail::is_utf8(key)) {
        fail(ErrorCode::invalid_argument, "key: metadata key {} is empty, reserved or not UTF-8", quote(key));
    }
    if (!detail::is_utf8(value)) fail(ErrorCode::invalid_argument, "value: metadata {} is not UTF-8", quote(key));
    metadata_.insert_or_assign(std::string(key), std::string(value));
}

std::vector<std::byte> ContainerWriter::finish(std::string_view kind) const {
    if (kind.empty() || !detail::is_utf8(kind)) {
        fail(ErrorCode::invalid_argument, "kind: {} is empty or not UTF-8", quote(kind));
    }
    auto metadata = metadata_;
    metadata.emplace("format", format_name);
    metadata.emplace("format_version", std::to_string(container_format_version));
    metadata.emplace("kind", kind);
    metadata.emplace("sha256", zero_digest);

    // Falling element size keeps every tensor aligned without holes, which the format forbids.
    using Item = std::pair<const std::string, Tensor>;
    std::vector<const Item*> order;
    for (const Item& item : tensors_) order.push_back(&item);
    std::stable_sort(order.begin(), order.end(), [](const Item* a, const Item* b) {
        return dtype_size(a->second.dtype) > dtype_size(b->second.dtype);
    });
    std::map<std::string_view, std::size_t> begins;
    std::size_t total = 0;
    for (const Item* item : order) {
        begins.emplace(item->first, total);
        total += item->second.bytes.size();
    }

    std::string header = "{\"__metadata__\":{";
    for (const auto& [key, value] : metadata) append_json_member(header, key, value);
    header += '}';
    for (const auto& [name, tensor] : tensors_) {
        header += ',';
        append_json_string(header, name);
        const std::size_t begin = begins.at(name);
        header += fmt::format(":{{\"dtype\":\"{}\",\"shape\":[", dtype_name(tensor.dtype));
        for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
            if (i != 0) header += ',';
            header += fmt::format("{}", tensor.shape[i]);
        }
        header += fmt::format("],\"data_offsets\":[{},{}]}}", begin, begin + tensor.bytes.size());
    }
    header += '}';
    header.append((data_alignment - (length_bytes + header.size()) % data_alignment) % data_alignment, ' ');
    if (header.size() > max_header_bytes) {
        fail(ErrorCode::overflow, "container: the header has {} bytes, the limit is {}", header.size(),
             max_header_bytes);
    }

    std::vector<std::byte> file(length_bytes + header.size() + total);
    for (std::size_t i = 0; i < length_bytes; ++i) file[i] = static_cast<std::byte>(header.size() >> (8 * i) & 0xffu);
    std::memcpy(file.data() + length_bytes, header.data(), header.size());
    std::byte* const data = file.data() + length_bytes + header.size();
    for (const Item* item : order) {
        copy_little_endian(data + begins.at(item->first), item->second.bytes, dtype_size(item->second.dtype));
    }
    const std::string digest = to_hex(sha256(file));
    std::memcpy(file.data() + length_bytes + find_digest_field(header), digest.data(), digest.size());
    return file;
}

// Receives the events of the JSON parser and accepts nothing but the one shape that a header has. Returning false
// stops the parser at once, so neither depth nor size of a hostile header costs more than reading up to its fault.
struct Container::Reader {
    explicit Reader(Container& target) : container(target) {}

    enum class State { start, top, metadata, tensor, shape, offsets, done };

    Container& container;
    State state = State::start;
    std::string top_key;
    std::string field;
    Entry entry;
    std::vector<std::uint64_t> offsets;
    std::vector<std::string> seen;  // fields of the tensor at hand
    std::map<std::string, Entry, std::less<>> tensors;
    bool has_metadata = false;
    std::string problem;

    bool refuse(std::string what) {
        if (problem.empty()) problem = std::move(what);
        return false;
    }
    std::string where() const {
        switch (state) {
            case State::start:
            case State::done:
            case State::top: return top_key.empty() ? "the header" : quote(top_key);
            default: return field.empty() ? quote(top_key) : quote(top_key) + ", field " + quote(field);
        }
    }
    bool unexpected(std::string_view what) { return refuse(fmt::format("unexpected {} in {}", what, where())); }

    bool null() { return unexpected("null"); }
    bool boolean(bool) { return unexpected("boolean"); }
    bool number_integer(std::int64_t) { return unexpected("negative number"); }
    bool number_float(double, const std::string&) { return unexpected("number that is no 64-bit integer"); }
    bool binary(nlohmann::json::binary_t&) { return unexpected("binary value"); }

    bool number_unsigned(std::uint64_t value) {
        if (state == State::shape) {
            if (entry.shape.size() == max_rank) return refuse(fmt::format("rank above {} in {}", max_rank, where()));
            entry.shape.push_back(value);
            return true;
        }
        if (state == State::offsets) {
            if (offsets.size() == 2) return refuse(fmt::format("more than two offsets in {}", where()));
            offsets.push_back(value);
            return true;
        }
        return unexpected("number");
    }

    bool string(std::string& value) {
        if (state == State::metadata) {
            container.metadata_[field] = std::move(value);
            return true;
        }
        if (state == State::tensor && field == "dtype") {
            const auto dtype = dtype_from_name(value);
            if (!dtype) return refuse(fmt::format("unknown dtype {} of tensor {}", quote(value), quote(top_key)));
            entry.dtype = *dtype;
            return true;
        }
        return unexpected("string");
    }

    bool key(std::string& name) {
        if (state == State::top) {
            top_key = name;
            field.clear();
            if (name.empty()) return refuse("a tensor without a name");
            const bool is_repeated = name == metadata_name ? has_metadata : tensors.contains(name);
            return is_repeated ? refuse(fmt::format("repeated key {}", quote(name))) : true;
        }
        field = name;
        if (state == State::metadata) {
            if (name.empty()) return refuse("an empty key in the metadata");
            return container.metadata_.emplace(name, "").second ? true : refuse("repeated key in " + where());
        }
        if (name != "dtype" && name != "shape" && name != "data_offsets") {
            return refuse(fmt::format("unknown field {} of tensor {}", quote(name), quote(top_key)));
        }
        if (std::find(seen.begin(), seen.end(), name) != seen.end()) return refuse("repeated key in " + where());
        seen.push_back(name);
        return true;
    }

    bool start_object(std::size_t) {
        switch (state) {
            case State::start: state = State::top; return true;
            case State::top:
                if (top_key == metadata_name) {
                    has_metadata = true;
                    state = State::metadata;
                } else {
                    entry = {};
                    entry.name = top_key;
                    offsets.clear();
                    seen.clear();
                    state = State::tensor;
                }
                return true;
            default: return unexpected("object");
        }
    }

    bool end_object() {
        if (state == State::top) {
            state = State::done;
        } else if (state == State::metadata) {
            state = State::top;
        } else {
            if (seen.size() != 3) return refuse(fmt::format("tensor {} lacks a field", quote(top_key)));
            if (offsets.size() != 2) return refuse(fmt::format("tensor {} needs two offsets", quote(top_key)));
            entry.begin = offsets[0];
            entry.end = offsets[1];
            tensors.emplace(top_key, std::move(entry));
            state = State::top;
        }
        return true;
    }

    bool start_array(std::size_t) {
        if (state == State::tensor && field == "shape") {
            state = State::shape;
        } else if (state == State::tensor && field == "data_offsets") {
            state = State::offsets;
        } else {
            return unexpected("array");
        }
        return true;
    }

    bool end_array() {
        state = State::tensor;
        return true;
    }

    bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) {
        return refuse(fmt::format("the header is no valid JSON at byte {}", position));
    }

    void read(std::string_view header) {
        if (header.empty() || header.front() != '{') corrupt("the header does not begin with '{{'");
        // The parser takes a zero byte for the end of its input and would ignore what follows.
        if (const auto zero = header.find('\0'); zero != std::string_view::npos) {
            corrupt("zero byte in the header at byte {}", zero);
        }
        if (!nlohmann::json::sax_parse(header.begin(), header.end(), this) || state != State::done) {
            corrupt("{}", problem.empty() ? "incomplete header" : problem);
        }
    }

    // The tensors must tile the data exactly, each of the size and alignment that its shape and dtype demand.
    void check_layout(std::uint64_t data_size, std::uint64_t data_begin) const {
        std::vector<const Entry*> order;
        for (const auto& item : tensors) order.push_back(&item.second);
        std::sort(order.begin(), order.end(), [](const Entry* a, const Entry* b) {
            return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
        });
        std::uint64_t position = 0;
        for (const Entry* tensor : order) {
            if (tensor->begin != position || tensor->end < tensor->begin || tensor->end > data_size) {
                corrupt("tensor {} has offsets {} to {}; {} was expected to follow, of {} bytes of data",
                        quote(tensor->name), tensor->begin, tensor->end, position, data_size);
            }
            std::uint64_t expected = 0;
            if (!tensor_bytes(tensor->shape, tensor->dtype, expected) || expected != tensor->end - tensor->begin) {
                corrupt("the shape of tensor {} does not match its {} bytes", quote(tensor->name),
                        tensor->end - tensor->begin);
            }
            if ((data_begin + tensor->begin) % dtype_size(tensor->dtype) != 0) {
                corrupt("tensor {} at offset {} is not aligned to its element size", quote(tensor->name),
                        tensor->begin);
            }
            position = tensor->end;
        }
        if (position != data_size) corrupt("{} bytes follow the last tensor", data_size - position);
    }

    // Whose file it is, of which version, and of which kind.
    void check_identity() const {
        if (!has_metadata || !container.metadata_.contains("kind")) {
            corrupt("no 'kind' in the metadata: a safetensors file, but not one of Vedette");
        }
        if (container.metadata("kind").empty()) corrupt("the kind is empty");
        if (container.metadata("format") != format_name) {
            corrupt("format is {}, not '{}'", quote(container.metadata("format")), format_name);
        }
        const std::string& version = container.metadata("format_version");
        const bool is_number = !version.empty() && version.size() <= 9 && version.front() != '0' &&
                               std::all_of(version.begin(), version.end(), [](char c) { return c >= '0' && c <= '9'; });
        if (!is_number) corrupt("format_version {} is no version number", quote(version));
        if (std::stoi(version) > container_format_version) {
            fail(ErrorCode::unsupported_version, "container: format_version {} is newer than {}, the newest known",
                 version, container_format_version);
        }
    }
};

Container Container::open(std::vector<std::byte> owned, std::span<const std::byte> bytes) {
    if (bytes.size() < length_bytes) corrupt("{} bytes are too few for a file", bytes.size());
    const std::uint64_t header_size = load_length(bytes);
    if (header_size > max_header_bytes || header_size > bytes.size() - length_bytes) {
        corrupt("header length {} exceeds the file of {} bytes or the limit of {}", header_size, bytes.size(),
                max_header_bytes);
    }
    const auto header_bytes = bytes.subspan(length_bytes, static_cast<std::size_t>(header_size));
    const std::string_view header(reinterpret_cast<const char*>(header_bytes.data()), header_bytes.size());
    const std::size_t data_begin = length_bytes + header.size();

    Container container;
    Reader reader(container);
    reader.read(header);
    reader.check_layout(bytes.size() - data_begin, data_begin);
    reader.check_identity();
    container.kind_ = container.metadata("kind");

    const auto stored = digest_from_hex(container.metadata("sha256"));
    const std::size_t field = find_digest_field(header);
    if (!stored || field == std::string_view::npos) corrupt("the sha256 field is malformed");
    const std::size_t digits = length_bytes + field;
    container.digest_ = DigestBuilder()
                            .update(bytes.first(digits))
                            .update(zero_digest)
                            .update(bytes.subspan(digits + hex_digits))
                            .digest();
    if (!constant_time_equal(container.digest_, *stored)) {
        corrupt("the SHA-256 does not match: the file is damaged or was altered");
    }

    if constexpr (std::endian::native == std::endian::big) {
        if (owned.empty()) owned.assign(bytes.begin(), bytes.end());
        bytes = owned;
        for (const auto& [name, entry] : reader.tensors) {
            const auto part = std::span(owned).subspan(data_begin + entry.begin, entry.end - entry.begin);
            copy_little_endian(part.data(), part, dtype_size(entry.dtype));
        }
    }
    container.data_ = bytes.subspan(data_begin);
    for (auto& item : reader.tensors) {
        const auto data = container.data_.subspan(item.second.begin, item.second.end - item.second.begin);
        if (item.second.dtype == Dtype::boolean &&
            std::any_of(data.begin(), data.end(), [](std::byte b) { return b > std::byte{1}; })) {
            corrupt("tensor {} has a boolean that is neither 0 nor 1", quote(item.first));
        }
        container.entries_.push_back(std::move(item.second));
    }
    container.owned_ = std::move(owned);
    return container;
}

Container Container::parse(std::vector<std::byte> bytes) {
    const std::span<const std::byte> all(bytes);
    return open(std::move(bytes), all);  // moving a vector leaves its elements where they are
}

Container Container::view(std::span<const std::byte> bytes) {
    if (std::bit_cast<std::uintptr_t>(bytes.data()) % alignof(std::uint64_t) != 0) {
        return parse({bytes.begin(), bytes.end()});
    }
    return open({}, bytes);
}

void Container::require_kind(std::string_view expected) const {
    if (kind_ != expected) corrupt("the file holds a {}, not a '{}'", quote(kind_), expected);
}

const std::string& Container::metadata(std::string_view key) const {
    const auto found = metadata_.find(key);
    if (found == metadata_.end()) corrupt("metadata {} is missing", quote(key));
    return found->second;
}

std::optional<std::string_view> Container::find_metadata(std::string_view key) const noexcept {
    const auto found = metadata_.find(key);
    if (found == metadata_.end()) return std::nullopt;
    return found->second;
}

std::vector<std::string_view> Container::metadata_keys() const {
    std::vector<std::string_view> keys;
    keys.reserve(metadata_.size());
    for (const auto& item : metadata_) keys.push_back(item.first);
    return keys;
}

const Container::Entry* Container::find_entry(std::string_view name) const noexcept {
    const auto found = std::lower_bound(entries_.begin(), entries_.end(), name,
                                        [](const Entry& entry, std::string_view n) { return entry.name < n; });
    return found == entries_.end() || found->name != name ? nullptr : &*found;
}

TensorView Container::view_of(const Entry& entry) const noexcept {
    return {entry.name, entry.dtype, entry.shape, data_.subspan(entry.begin, entry.end - entry.begin)};
}

TensorView Container::tensor(std::string_view name) const {
    const Entry* const entry = find_entry(name);
    if (entry == nullptr) corrupt("tensor {} is missing", quote(name));
    return view_of(*entry);
}

std::optional<TensorView> Container::find_tensor(std::string_view name) const noexcept {
    const Entry* const entry = find_entry(name);
    if (entry == nullptr) return std::nullopt;
    return view_of(*entry);
}

std::vector<TensorView> Container::tensors() const {
    std::vector<TensorView> result;
    result.reserve(entries_.size());
    for (const Entry& entry : entries_) result.push_back(view_of(entry));
    return result;
}

std::span<const std::byte> Container::checked_data(std::string_view name, Dtype dtype,
                                                   std::optional<std::uint64_t> expected_count) const {
    const TensorView found = tensor(name);
    if (found.dtype != dtype) {
        corrupt("tensor {} has dtype {}, not {}", quote(name), dtype_name(found.dtype), dtype_name(dtype));
    }
    const std::size_t count = found.data.size() / dtype_size(dtype);
    if (expected_count && count != *expected_count) {
        corrupt("tensor {} has {} elements, not {}", quote(name), count, *expected_count);
    }
    return found.data;
}

}  // namespace vedette::inline v0
