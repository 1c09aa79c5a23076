// SPDX-License-Identifier: Apache-2.0
// Where the tool's bytes come from (file, standard input, memory), and the error that says where they are wrong.
#pragma once

#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace vedette::inline v0::cli {

/// Unusable input. The message begins with the place: "live.csv:17:4: ...".
class InputError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// A named stream of bytes, read once and forwards.
class ByteSource {
  public:
    /// Fills up to `capacity` bytes; 0 = the end. Throws InputError when the system refuses.
    using Read = std::function<std::size_t(char* to, std::size_t capacity)>;

    ByteSource(std::string name, Read read) : name_(std::move(name)), read_(std::move(read)) {}

    /// Opens a file, or standard input for "-" (named "<stdin>"). Throws InputError with the system's reason.
    [[nodiscard]] static ByteSource open(const std::string& path);
    /// Bytes that the caller keeps alive.
    [[nodiscard]] static ByteSource memory(std::string name, std::string_view bytes);

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// As `Read`, but short only at the end.
    std::size_t read(char* to, std::size_t capacity);
    /// What the next read will begin with, up to 8 bytes, without taking it.
    [[nodiscard]] std::string_view peek();

  private:
    std::string name_;
    Read read_;
    std::string ahead_;  // peeked, not yet read
};

}  // namespace vedette::inline v0::cli
