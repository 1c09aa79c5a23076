// SPDX-License-Identifier: Apache-2.0
// Files, standard input and memory as byte sources.
#include "input.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

namespace vedette::inline v0::cli {

namespace {

class Descriptor {
  public:
    explicit Descriptor(int number) noexcept : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    Descriptor(Descriptor&&) = delete;
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (number_ > STDIN_FILENO) ::close(number_);
    }
    [[nodiscard]] int number() const noexcept { return number_; }

  private:
    int number_;
};

[[noreturn]] void refuse(const std::string& name, int reason) {
    throw InputError(name + ": cannot be read: " + std::generic_category().message(reason));
}

// Returns when there is something to read, or the end; regular files always have one of them.
void wait_for(int input, int stop, const std::string& name) {
    pollfd both[2] = {{stop, POLLIN, 0}, {input, POLLIN, 0}};
    while (::poll(both, 2, -1) < 0)
        if (errno != EINTR) refuse(name, errno);
    if (both[0].revents != 0) throw ReadingStopped{};
}

constexpr std::size_t peek_bytes = 8;
constexpr std::size_t buffer_bytes = std::size_t{64} << 10U;

}  // namespace

ByteSource ByteSource::open(const std::string& path, int stop) {
    const std::string name = path == "-" ? "<stdin>" : path;
    const auto file =
        std::make_shared<Descriptor>(path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file->number() < 0) refuse(name, errno);
    return {name, [file, name, stop](char* to, std::size_t capacity) {
                while (true) {
                    if (stop >= 0) wait_for(file->number(), stop, name);
                    const ssize_t got = ::read(file->number(), to, capacity);
                    if (got >= 0) return static_cast<std::size_t>(got);
                    if (errno != EINTR) refuse(name, errno);
                }
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

std::size_t ByteSource::read_some(char* to, std::size_t capacity) {
    if (taken_ == filled_) {
        if (capacity >= buffer_bytes) return read_(to, capacity);
        buffer_.resize(buffer_bytes);
        taken_ = filled_ = 0;
        filled_ = read_(buffer_.data(), buffer_.size());
    }
    const std::size_t got = std::min(capacity, filled_ - taken_);
    if (got != 0) std::memcpy(to, buffer_.data() + taken_, got);
    taken_ += got;
    return got;
}

std::size_t ByteSource::read(char* to, std::size_t capacity) {
    std::size_t filled = 0;
    while (filled < capacity) {
        const std::size_t got = read_some(to + filled, capacity - filled);
        if (got == 0) break;
        filled += got;
    }
    return filled;
}

std::string_view ByteSource::peek() {
    if (filled_ - taken_ < peek_bytes) {
        buffer_.resize(buffer_bytes);
        std::memmove(buffer_.data(), buffer_.data() + taken_, filled_ - taken_);
        filled_ -= taken_;
        taken_ = 0;
        while (filled_ < peek_bytes) {
            const std::size_t got = read_(buffer_.data() + filled_, buffer_.size() - filled_);
            if (got == 0) break;
            filled_ += got;
        }
    }
    return {buffer_.data() + taken_, std::min(peek_bytes, filled_ - taken_)};
}

}  // namespace vedette::inline v0::cli
