// SPDX-License-Identifier: Apache-2.0
// The file of `vedette performance estimate|realised --state`: what was counted so far, and where both streams stand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harm_watch.hpp"
#include "vedette/drift/realised_performance.hpp"

namespace vedette::inline v0::cli {

/// Either rows without labels are counted (`estimated`), or rows with them (`realised`, and `join` where they come by
/// id).
struct PerformanceProgress {
    HarmWatch harm;
    std::optional<drift::PerformanceWindow> estimated{};
    std::optional<drift::RealisedWindow> realised{};
    std::optional<drift::LabelJoin> join{};
    std::uint64_t rows = 0;        ///< predictions read so far
    std::uint64_t labels = 0;      ///< late labels read so far
    std::uint64_t row_time = 0;    ///< of the last prediction
    std::uint64_t label_time = 0;  ///< of the last late label
    std::uint64_t told = 0;        ///< alarms of runs that ended with telling them
};

/// Canonical bytes (core/container.hpp, kind "performance_state"). `asked` is what the command was asked, as one text:
/// metadata of that name. Throws Error(invalid_argument) where that is no UTF-8.
[[nodiscard]] std::vector<std::byte> write_progress(const std::string& asked, const PerformanceProgress& progress);

/// What a file was asked. Throws Error: corrupt_data, unsupported_version.
[[nodiscard]] std::string asked_in(std::span<const std::byte> bytes);

/// What was saved takes the place of a progress that was made for the same question. Throws Error: schema_mismatch
/// where it was saved for another one, corrupt_data, unsupported_version; nothing is changed then.
void read_progress(const std::string& asked, std::span<const std::byte> bytes, PerformanceProgress& progress);

}  // namespace vedette::inline v0::cli
