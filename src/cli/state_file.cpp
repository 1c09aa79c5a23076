// SPDX-License-Identifier: Apache-2.0
// State files are looked at before the first row, and before each time that they are replaced.
#include "state_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "vedette/core/error.hpp"
#include "vedette/core/file.hpp"

namespace vedette::inline v0::cli {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& what) {
    throw Error(ErrorCode::io_error, path + ": " + what);
}

std::filesystem::path folder_of(const std::filesystem::path& file) {
    return file.has_parent_path() ? file.parent_path() : ".";
}

// Of the folder of a file, so that no lock file remains: between the look at the file and its replacement no other run
// may replace it. Where the file system has no locks, or the folder may not be read, there is none.
class FolderLock {
  public:
    explicit FolderLock(const std::string& path) {
        descriptor_ = ::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (descriptor_ < 0) return;
        while (::flock(descriptor_, LOCK_EX) != 0 && errno == EINTR) {
        }
    }
    ~FolderLock() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

  private:
    int descriptor_;
};

// Where a link leads: the link stays one when the file is replaced.
std::string target_of(const std::string& path) {
    std::error_code error;
    if (path.empty() || !std::filesystem::is_symlink(path, error)) return path;
    const std::filesystem::path target = std::filesystem::canonical(path, error);
    return error ? path : target.string();
}

}  // namespace

StateFile::StateFile(const std::string& given) : path_(target_of(given)) {
    const std::string& path = path_;
    if (!is_wanted()) return;
    const std::filesystem::path file = path;
    const std::filesystem::path folder = folder_of(file);
    std::error_code error;
    if (std::filesystem::is_directory(file, error)) fail(path, "is a folder, no state file");
    if (!std::filesystem::is_directory(folder, error)) fail(path, "cannot be saved: there is no folder for it");
    // A new file takes the old one's place, so that it is the folder that must let itself be written.
    if (::access(folder.c_str(), W_OK | X_OK) != 0) fail(path, std::string("cannot be saved: ") + std::strerror(errno));
}

bool StateFile::exists() const {
    if (!is_wanted()) return false;
    std::error_code error;
    const bool there = std::filesystem::exists(path_, error);
    if (error) fail(path_, error.message());
    return there;
}

void StateFile::resume(const std::function<void(std::span<const std::byte>)>& take) {
    if (!exists()) return;
    try {
        const std::vector<std::byte> bytes = read_file(path_);
        take(bytes);
        left_ = sha256(bytes);
    } catch (const Error& error) {
        throw Error(error.code(), path_ + ": " + error.what());
    }
}

void StateFile::save(std::span<const std::byte> bytes) {
    if (!is_wanted()) return;
    const FolderLock lock(path_);
    std::optional<Digest> found;
    if (exists()) found = sha256(read_file(path_));
    if (found != left_)
        fail(path_, "was changed by another process meanwhile; what this run counted after its last save is not in it");
    write_file_atomically(path_, bytes);
    left_ = sha256(bytes);
}

}  // namespace vedette::inline v0::cli
