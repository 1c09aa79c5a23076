// SPDX-License-Identifier: Apache-2.0
// Fuzzes the container's reader, as given and with the checksum mended so that mutations get past it.
#include <cstdint>
#include <string_view>
#include <vector>

#include "container_input.hpp"
#include "promise.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

namespace {

using vedette::fuzzing::require;

bool is_own_key(std::string_view key) {
    return key == "format" || key == "format_version" || key == "kind" || key == "sha256";
}

// What has been accepted must have sane views, and survive being written and read again.
void check_accepted(const vedette::Container& file) {
    vedette::ContainerWriter writer;
    for (const vedette::TensorView& tensor : file.tensors()) {
        require(tensor.data.empty() ||
                    reinterpret_cast<std::uintptr_t>(tensor.data.data()) % vedette::dtype_size(tensor.dtype) == 0,
                "misaligned tensor");
        writer.add_tensor(tensor.name, tensor.dtype, tensor.shape, tensor.data);
    }
    for (const std::string_view key : file.metadata_keys()) {
        if (!is_own_key(key)) writer.set_metadata(key, file.metadata(key));
    }
    const auto canonical = writer.finish(file.kind());
    const auto again = vedette::Container::view(canonical);
    const auto before = file.tensors();
    const auto after = again.tensors();
    require(std::ranges::equal(before, after,
                               [](const auto& a, const auto& b) {
                                   return a.name == b.name && a.dtype == b.dtype &&
                                          std::ranges::equal(a.shape, b.shape) && std::ranges::equal(a.data, b.data);
                               }),
            "tensors changed by a round trip");
    require(writer.finish(again.kind()) == canonical, "writing is not canonical");
}

void try_file(std::vector<std::byte> bytes) {
    try {
        check_accepted(vedette::Container::parse(std::move(bytes)));
    } catch (const vedette::Error& error) {
        require(
            error.code() == vedette::ErrorCode::corrupt_data || error.code() == vedette::ErrorCode::unsupported_version,
            error.what());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    vedette::fuzzing::read_with_both_digests(data, size, try_file);
    return 0;
}
