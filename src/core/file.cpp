// SPDX-License-Identifier: Apache-2.0
// Whole-file reading and atomic replacement over POSIX calls.
#include "vedette/core/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <string>
#include <system_error>

#include "vedette/core/error.hpp"

namespace vedette::inline v0 {

namespace {

[[noreturn]] void fail(const char* action, const std::filesystem::path& path, int error) {
    throw Error(ErrorCode::io_error, std::string("cannot ") + action + " '" + path.string() +
                                         "': " + std::generic_category().message(error));
}

class Descriptor {
  public:
    explicit Descriptor(int value) noexcept : value_(value) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (value_ >= 0) ::close(value_);
    }
    [[nodiscard]] int get() const noexcept { return value_; }
    // Network file systems report a failed write only here.
    [[nodiscard]] int close() noexcept {
        const int result = ::close(value_);
        value_ = -1;
        return result;
    }

  private:
    int value_;
};

// Removes the temporary file unless it has become the real one.
class Temporary {
  public:
    explicit Temporary(std::filesystem::path path) : path_(std::move(path)) {}
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;
    ~Temporary() {
        if (!released_) ::unlink(path_.c_str());
    }
    void release() noexcept { released_ = true; }

  private:
    std::filesystem::path path_;
    bool released_ = false;
};

// 0, or the errno of the failure.
int write_all(int file, std::span<const std::byte> bytes) noexcept {
    constexpr std::size_t piece = std::size_t{1} << 30;
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), std::min(bytes.size(), piece));
        if (written < 0) {
            if (errno == EINTR) continue;
            return errno;
        }
        if (written == 0) return EIO;
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return 0;
}

// The name does not derive from the target's, so that the longest allowed target leaves room for it.
std::filesystem::path temporary_name(const std::filesystem::path& path) {
    static std::atomic<unsigned> counter{0};
    return path.parent_path() / (".vedette-" + std::to_string(::getpid()) + "-" + std::to_string(counter++) + ".tmp");
}

int create_temporary(const std::filesystem::path& path, std::filesystem::path& name, NewFile access) {
    const mode_t mode = access == NewFile::owner_only ? 0600 : 0666;
    for (unsigned attempt = 0; attempt < 100; ++attempt) {
        name = temporary_name(path);
        const int file = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
        if (file >= 0) return file;
        if (errno != EEXIST) break;
    }
    fail("create a temporary file beside", path, errno);
}

void sync_folder(const std::filesystem::path& path) {
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (descriptor.get() < 0) fail("open folder", folder, errno);
    // Some file systems cannot sync a folder; the rename itself has succeeded there.
    if (::fsync(descriptor.get()) != 0 && errno != EINVAL && errno != ENOTSUP) fail("sync folder", folder, errno);
}

}  // namespace

std::vector<std::byte> read_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) fail("open", path, errno);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) fail("inspect", path, errno);
    const auto too_long = [&] {
        throw Error(ErrorCode::io_error, "cannot read '" + path.string() + "': longer than the limit of " +
                                             std::to_string(max_bytes) + " bytes");
    };
    const bool is_regular = S_ISREG(status.st_mode);
    if (is_regular && static_cast<std::uint64_t>(status.st_size) > max_bytes) too_long();

    // The size is a hint only: a file may grow meanwhile, and a pipe has none. One byte more than the hint is asked
    // for, so that a regular file is read in one go and its end seen.
    std::vector<std::byte> bytes(is_regular ? static_cast<std::size_t>(status.st_size) + 1 : std::size_t{65536});
    std::size_t used = 0;
    for (;;) {
        if (used == bytes.size()) bytes.resize(2 * bytes.size());
        const ssize_t got = ::read(file.get(), bytes.data() + used, bytes.size() - used);
        if (got < 0) {
            if (errno == EINTR) continue;
            fail("read", path, errno);
        }
        if (got == 0) break;
        used += static_cast<std::size_t>(got);
        if (used > max_bytes) too_long();
    }
    bytes.resize(used);
    return bytes;
}

void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes, NewFile access) {
    if (!path.has_filename()) fail("write", path, EISDIR);
    std::filesystem::path name;
    Descriptor file(create_temporary(path, name, access));
    Temporary temporary(name);

    struct stat old {};
    if (::stat(path.c_str(), &old) == 0) {
        // The rename would replace a device or a pipe by a file.
        if (!S_ISREG(old.st_mode)) {
            throw Error(ErrorCode::io_error, "cannot write '" + path.string() + "': not a regular file");
        }
        if (::fchmod(file.get(), old.st_mode & 0777) != 0) fail("set the permissions of", path, errno);
    }
    if (const int error = write_all(file.get(), bytes); error != 0) fail("write", path, error);
    if (::fsync(file.get()) != 0) fail("sync", path, errno);
    if (file.close() != 0) fail("close", path, errno);
    if (::rename(name.c_str(), path.c_str()) != 0) fail("replace", path, errno);
    temporary.release();
    sync_folder(path);
}

void write_file_atomically(const std::filesystem::path& path, std::string_view text) {
    write_file_atomically(path, std::as_bytes(std::span<const char>(text.data(), text.size())));
}

}  // namespace vedette::inline v0
