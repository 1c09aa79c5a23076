// SPDX-License-Identifier: Apache-2.0
// The ledger's file, over POSIX calls.
#include "privacy/ledger_storage.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {
namespace {

class LedgerFile final : public LedgerStorage {
  public:
    LedgerFile(std::filesystem::path path, bool create) : path_(std::move(path)), process_(::getpid()) {
        const int flags = O_RDWR | O_CLOEXEC | (create ? O_CREAT | O_EXCL : 0);
        file_ = ::open(path_.c_str(), flags, 0600);
        if (file_ < 0) fail(create ? "create" : "open");
        struct stat found {};
        if (::fstat(file_, &found) != 0 || !S_ISREG(found.st_mode)) {
            ::close(file_);
            throw Error(ErrorCode::io_error, std::string("'") + path_.string() + "' is not a regular file");
        }
        if (create) sync_folder();
    }
    ~LedgerFile() override { ::close(file_); }

    void lock() override {
        // A lock belongs to the open file, which a forked child shares: it would exclude nobody.
        if (::getpid() != process_)
            throw Error(ErrorCode::io_error, "the ledger was opened by another process: open it again");
        while (::flock(file_, LOCK_EX) != 0)
            if (errno != EINTR) fail("lock");
        struct stat ours {
        }, named{};
        if (::fstat(file_, &ours) != 0 || ::stat(path_.c_str(), &named) != 0 || ours.st_ino != named.st_ino ||
            ours.st_dev != named.st_dev) {
            unlock();
            throw Error(ErrorCode::io_error, std::string("'") + path_.string() + "' has been removed or replaced");
        }
    }
    void unlock() noexcept override { ::flock(file_, LOCK_UN); }

    std::uint64_t size() override {
        struct stat found {};
        if (::fstat(file_, &found) != 0) fail("read the size of");
        return static_cast<std::uint64_t>(found.st_size);
    }

    std::size_t read(std::uint64_t offset, std::span<std::byte> into) override {
        std::size_t done = 0;
        while (done < into.size()) {
            const ssize_t got =
                ::pread(file_, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) fail("read");
            if (got == 0) break;
            done += static_cast<std::size_t>(got);
        }
        return done;
    }

    void write(std::uint64_t offset, std::span<const std::byte> bytes) override {
        std::size_t done = 0;
        while (done < bytes.size()) {
            const ssize_t put =
                ::pwrite(file_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
            if (put < 0 && errno == EINTR) continue;
            if (put <= 0) fail("write");
            done += static_cast<std::size_t>(put);
        }
    }

    void sync() override {
        if (::fdatasync(file_) != 0) fail("sync");
    }

  private:
    [[noreturn]] void fail(const char* action) const {
        throw Error(ErrorCode::io_error, std::string("cannot ") + action + " '" + path_.string() +
                                             "': " + std::generic_category().message(errno));
    }
    void sync_folder() const {
        const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : ".";
        const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (file < 0) fail("open the folder of");
        const bool synced = ::fsync(file) == 0;
        ::close(file);
        if (!synced) fail("sync the folder of");
    }

    std::filesystem::path path_;
    pid_t process_;
    int file_ = -1;
};

}  // namespace

std::unique_ptr<LedgerStorage> ledger_file(const std::filesystem::path& path, bool create) {
    return std::make_unique<LedgerFile>(path, create);
}

}  // namespace vedette::inline v0::privacy
