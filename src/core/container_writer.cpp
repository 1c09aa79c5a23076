// SPDX-License-Identifier: Apache-2.0
// Writing a safetensors container: one canonical layout.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/container_format.hpp"
#include "core/utf8.hpp"
#include "core/wipe.hpp"
#include "vedette/core/container.hpp"

namespace vedette::inline v0 {

using namespace container_format;

namespace {

template <class... Args>
[[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
    throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

bool is_reserved_key(std::string_view key) noexcept {
    return key == "format" || key == "format_version" || key == "kind" || key == "sha256";
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

void ContainerWriter::wipe() noexcept {
    for (auto& item : tensors_) detail::wipe(item.second.bytes);
    tensors_.clear();
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

}  // namespace vedette::inline v0
