// SPDX-License-Identifier: Apache-2.0
// Where the tool's bytes come from (file, standard input, memory), and the error that says where they are wrong.
#pragma once

#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::inline v0::cli {

/// Unusable input. The message begins with the place: "live.csv:17:4: ...".
class InputError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Thrown by a source whose reading was asked to stop; see ByteSource::open.
struct ReadingStopped {};

/// A named stream of bytes, read once and forwards.
class ByteSource {
  public:
    /// Takes up to `capacity` bytes, what is there; 0 = the end. Throws InputError when the system refuses.
    using Read = std::function<std::size_t(char* to, std::size_t capacity)>;

    ByteSource(std::string name, Read read) : name_(std::move(name)), read_(std::move(read)) {}

    /// Opens a file, or standard input for "-" (named "<stdin>"). Throws InputError with the system's reason. Where
    /// `stop` is a file descriptor, reading throws ReadingStopped once that is readable, even while it waits.
    [[nodiscard]] static ByteSource open(const std::string& path, int stop = -1);
    /// Bytes that the caller keeps alive.
    [[nodiscard]] static ByteSource memory(std::string name, std::string_view bytes);

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// As `Read`, but short only at the end.
    std::size_t read(char* to, std::size_t capacity);
    /// As `Read`: waits for no more than the first byte.
    std::size_t read_some(char* to, std::size_t capacity);
    /// What the next read will begin with, up to 8 bytes, without taking it.
    [[nodiscard]] std::string_view peek();

  private:
    std::string name_;
    Read read_;
    std::vector<char> buffer_;  // so that small reads are no system calls
    std::size_t taken_ = 0;     // of the buffer
    std::size_t filled_ = 0;
};

}  // namespace vedette::inline v0::cli
