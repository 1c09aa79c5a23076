// SPDX-License-Identifier: Apache-2.0
// Reading a whole file with a size limit, and replacing a file so that a crash leaves the old or the new one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace vedette::inline v0 {

/// The default limit of `read_file`: 1 GiB.
inline constexpr std::uint64_t default_max_file_bytes = std::uint64_t{1} << 30;

/// The bytes of a regular file (or pipe). Throws io_error (path and the system's reason) when it cannot be read or is
/// longer than `max_bytes`; memory grows with what is read, not with what the file system claims.
[[nodiscard]] std::vector<std::byte> read_file(const std::filesystem::path& path,
                                               std::uint64_t max_bytes = default_max_file_bytes);

/// Who may open a new file.
enum class NewFile : std::uint8_t {
    as_usual = 0,   ///< 0666 less the umask
    owner_only = 1  ///< 0600: it holds a key, or inputs of requests
};

/// Replaces `path`: temporary file in the same folder, fsync, rename, fsync of the folder. Until the rename the old
/// file stays as it was, whatever fails, and the temporary is removed. A replaced file keeps its permission bits, a
/// new one gets those of `access`. A symbolic link is itself replaced; anything but a regular file is refused.
/// Throws io_error with the path and the system's reason. Safe to call from several threads.
void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes,
                           NewFile access = NewFile::as_usual);
void write_file_atomically(const std::filesystem::path& path, std::string_view text);

}  // namespace vedette::inline v0
