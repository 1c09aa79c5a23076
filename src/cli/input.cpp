// SPDX-License-Identifier: Apache-2.0
// Files, standard input and memory as byte sources.
#include "input.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <system_error>

namespace vedette::inline v0::cli {

namespace {

struct CloseFile {
    void operator()(std::FILE* file) const noexcept {
        if (file != nullptr && file != stdin) static_cast<void>(std::fclose(file));
    }
};

[[noreturn]] void refuse(const std::string& name, int reason) {
    throw InputError(name + ": cannot be read: " + std::generic_category().message(reason));
}

constexpr std::size_t peek_bytes = 8;

}  // namespace

ByteSource ByteSource::open(const std::string& path) {
    const std::string name = path == "-" ? "<stdin>" : path;
    errno = 0;
    const std::shared_ptr<std::FILE> file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"), CloseFile{});
    if (!file) refuse(name, errno);
    return {name, [file, name](char* to, std::size_t capacity) {
                errno = 0;
                const std::size_t got = std::fread(to, 1, capacity, file.get());
                if (got == 0 && std::ferror(file.get()) != 0) refuse(name, errno);
                return got;
            }};
}

ByteSource ByteSource::memory(std::string name, std::string_view bytes) {
    return {std::move(name), [bytes](char* to, std::size_t capacity) mutable {
                const std::size_t got = std::min(capacity, bytes.size());
                if (got != 0) std::memcpy(to, bytes.data(), got);
                bytes.remove_prefix(got);
                return got;
            }};
}

std::size_t ByteSource::read(char* to, std::size_t capacity) {
    std::size_t filled = std::min(capacity, ahead_.size());
    if (filled != 0) std::memcpy(to, ahead_.data(), filled);
    ahead_.erase(0, filled);
    while (filled < capacity) {
        const std::size_t got = read_(to + filled, capacity - filled);
        if (got == 0) break;
        filled += got;
    }
    return filled;
}

std::string_view ByteSource::peek() {
    if (ahead_.size() < peek_bytes) {
        char bytes[peek_bytes];
        const std::size_t got = read(bytes, peek_bytes);
        ahead_.assign(bytes, got);
    }
    return ahead_;
}

}  // namespace vedette::inline v0::cli
