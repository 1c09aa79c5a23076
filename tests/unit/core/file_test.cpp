// SPDX-License-Identifier: Apache-2.0
// Reading and atomic replacement: contents, limits, permissions, and the old file after a failure.
#include "vedette/core/file.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "vedette/core/error.hpp"

using namespace vedette;
namespace fs = std::filesystem;

namespace {
class Folder {
  public:
    Folder() {
        std::string pattern = (fs::temp_directory_path() / "vedette-file-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path = pattern;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { fs::remove_all(path); }
    fs::path path;
};

std::string text_of(const fs::path& path) {
    const auto bytes = read_file(path);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::size_t entries(const fs::path& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

template <class Call>
std::string io_message(Call&& call) {
    try {
        call();
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::io_error);
        return error.what();
    }
    return {};
}
}  // namespace

TEST_CASE("file: contents survive, old ones are replaced, no temporary remains") {
    const Folder folder;
    const fs::path path = folder.path / "a.bin";
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{65536}, std::size_t{3'000'001}}) {
        std::string text(size, 'x');
        for (std::size_t i = 0; i < size; i += 97) text[i] = static_cast<char>(i);
        write_file_atomically(path, text);
        REQUIRE(text_of(path) == text);
    }
    CHECK(entries(folder.path) == 1);
}

TEST_CASE("file: a replaced file keeps its permissions") {
    const Folder folder;
    const fs::path path = folder.path / "a";
    write_file_atomically(path, "1");
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
    write_file_atomically(path, "2");
    CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("file: failures name path and reason") {
    const Folder folder;
    const fs::path missing = folder.path / "none" / "a";
    const std::string message = io_message([&] { write_file_atomically(missing, "x"); });
    CHECK(message.find(missing.string()) != std::string::npos);
    CHECK(message.find("No such file or directory") != std::string::npos);
    CHECK(io_message([&] { (void)read_file(missing); }).find("No such file") != std::string::npos);
    CHECK(io_message([&] { (void)read_file(folder.path); }).find("directory") != std::string::npos);
}

TEST_CASE("file: a failing replacement leaves what was there and no temporary") {
    const Folder folder;
    const fs::path occupied = folder.path / "folder";
    fs::create_directory(occupied);
    write_file_atomically(occupied / "inside", "kept");
    CHECK_FALSE(io_message([&] { write_file_atomically(occupied, "x"); }).empty());
    CHECK_FALSE(io_message([&] { write_file_atomically(fs::path(occupied.string() + "/"), "x"); }).empty());
    CHECK(text_of(occupied / "inside") == "kept");
    CHECK(entries(folder.path) == 1);
    CHECK(entries(occupied) == 1);
}

TEST_CASE("file: a write that the system cuts short keeps the old file") {
    const Folder folder;
    const fs::path path = folder.path / "a";
    write_file_atomically(path, "old");
    {
        // The system accepts 1000 bytes of a file and fails then, as a full disk does.
        struct rlimit before {};
        REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
        struct rlimit low = before;
        low.rlim_cur = 1000;
        const auto handler = std::signal(SIGXFSZ, SIG_IGN);
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &low) == 0);
        const std::string message = io_message([&] { write_file_atomically(path, std::string(5000, 'x')); });
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
        std::signal(SIGXFSZ, handler);
        CHECK(message.find("cannot write") != std::string::npos);
        CHECK(message.find("File too large") != std::string::npos);
    }
    CHECK(text_of(path) == "old");
    CHECK(entries(folder.path) == 1);
}

TEST_CASE("file: the longest name works, a longer one leaves nothing behind") {
    const Folder folder;
    CHECK_FALSE(io_message([&] { write_file_atomically(folder.path / std::string(256, 'n'), "x"); }).empty());
    CHECK(entries(folder.path) == 0);
    write_file_atomically(folder.path / std::string(255, 'n'), "x");
    CHECK(entries(folder.path) == 1);
}

TEST_CASE("file: a pipe is not replaced") {
    const Folder folder;
    const fs::path path = folder.path / "pipe";
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK(io_message([&] { write_file_atomically(path, "x"); }).find("not a regular file") != std::string::npos);
    CHECK(fs::is_fifo(path));
    CHECK(entries(folder.path) == 1);
}

TEST_CASE("file: the limit holds for files and for streams without a size") {
    const Folder folder;
    const fs::path path = folder.path / "a";
    write_file_atomically(path, "12345");
    CHECK(read_file(path, 5).size() == 5);
    CHECK(io_message([&] { (void)read_file(path, 4); }).find("limit of 4 bytes") != std::string::npos);
    CHECK(io_message([&] { (void)read_file("/dev/zero", 1'000'000); }).find("limit") != std::string::npos);
}
