// SPDX-License-Identifier: Apache-2.0
// What `vedette performance estimate|realised` was asked, as the text that its state file keeps, and back.
#pragma once

#include <string>

#include "commands.hpp"
#include "performance_file.hpp"

namespace vedette::inline v0::cli {

struct PerformanceQuestion {
    std::string command;  ///< "estimate" or "realised"
    PerformanceToolOptions options;
};

/// What two runs must have in common for the second to go on where the first ended, as canonical JSON.
[[nodiscard]] std::string asked_of(const PerformanceQuestion& question, const drift::PerformanceReference& reference);

/// The question of such a text. Throws Error: corrupt_data for any other, baseline_mismatch for another reference.
[[nodiscard]] PerformanceQuestion question_in(const std::string& asked, const drift::PerformanceReference& reference);

/// An empty progress. Throws InputError where the reference leaves the question without an answer, Error as the
/// constructors of its parts.
[[nodiscard]] PerformanceProgress progress_of(const PerformanceQuestion& question,
                                              const drift::PerformanceReference& reference);

/// Adds a shard's progress on the same question. A join does not merge: what waits, waits in its shard. Throws as the
/// parts' merge.
void merge_progress(PerformanceProgress& to, const PerformanceProgress& from);

}  // namespace vedette::inline v0::cli
