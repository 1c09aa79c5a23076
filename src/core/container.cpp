// SPDX-License-Identifier: Apache-2.0
// Reading a safetensors container: everything doubtful is refused.
#include "vedette/core/container.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/container_format.hpp"
#include "core/utf8.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0 {

using namespace container_format;

namespace {

template <class... Args>
[[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
    throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
[[noreturn]] void corrupt(fmt::format_string<Args...> format, Args&&... args) {
    throw Error(ErrorCode::corrupt_data, "container: " + fmt::format(format, std::forward<Args>(args)...));
}

std::uint64_t load_length(std::span<const std::byte> bytes) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = length_bytes; i-- > 0;) value = (value << 8) | std::to_integer<std::uint64_t>(bytes[i]);
    return value;
}

}  // namespace

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
