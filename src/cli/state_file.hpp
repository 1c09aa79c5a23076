// SPDX-License-Identifier: Apache-2.0
// The file that a run goes on from and saves to, of one run at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "vedette/core/digest.hpp"

namespace vedette::inline v0::cli {

/// Of no path: nothing is read or saved.
class StateFile {
  public:
    /// Throws Error(io_error), before anything is read, where the folder does not exist or nothing may be written.
    explicit StateFile(const std::string& given);

    /// Whether states are saved at all.
    [[nodiscard]] bool is_wanted() const noexcept { return !path_.empty(); }
    /// Whether there is something to go on from.
    [[nodiscard]] bool exists() const;
    /// Gives what is saved, if there is something, to `take`; errors name the file.
    void resume(const std::function<void(std::span<const std::byte>)>& take);
    /// Replaces the file as a whole. Throws Error(io_error) when it is no longer as this run read or wrote it last: two
    /// runs with one file would each overwrite the rows and alarms of the other.
    void save(std::span<const std::byte> bytes);

  private:
    std::string path_;            // that a link leads to
    std::optional<Digest> left_;  // of the file as this run read or wrote it last
};

}  // namespace vedette::inline v0::cli
