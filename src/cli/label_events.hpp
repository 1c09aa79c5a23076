// SPDX-License-Identifier: Apache-2.0
// Two files, of predictions and of labels that come later, as one stream of events in the order of time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "commands.hpp"

namespace vedette::inline v0::cli {

/// Without a column of times all predictions come first, at time 0. With one, each file must be in its order, and of
/// equal times the prediction comes first. An id is any text: what tells rows apart are 64 bits of its SHA-256.
class LabelEvents {
  public:
    /// Times before which none may lie: of a stream that goes on, the last of each side. Where `stop` is a descriptor,
    /// see ByteSource::open. Throws InputError for columns that are missing.
    explicit LabelEvents(const PerformanceToolOptions& options, std::uint64_t row_time = 0,
                         std::uint64_t label_time = 0, int stop = -1);

    /// The next event; false at the end. Throws InputError for an empty id, and a time that is no whole number from 0
    /// on or before the one above it.
    bool next();
    [[nodiscard]] bool is_label() const noexcept { return is_label_; }
    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
    [[nodiscard]] std::uint64_t time() const noexcept { return time_; }
    /// Of a prediction.
    [[nodiscard]] std::span<const double> scores() const noexcept { return scores_; }
    /// The class that is predicted, or the label; no_class where it is none.
    [[nodiscard]] std::uint32_t which() const noexcept { return which_; }

  private:
    struct Side {
        RowSource source;
        std::size_t id = 0;
        std::size_t time = 0;
        std::size_t which = 0;
        bool has_row = false;
        std::uint64_t now = 0;
    };
    void advance(Side& side);

    Side predictions_;
    Side labels_;
    bool has_times_;
    std::vector<std::size_t> score_columns_;
    bool begun_ = false;
    bool is_label_ = false;
    std::uint64_t id_ = 0;
    std::uint64_t time_ = 0;
    std::uint32_t which_ = 0;
    std::vector<double> scores_;
};

}  // namespace vedette::inline v0::cli
