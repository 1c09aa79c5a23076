// SPDX-License-Identifier: Apache-2.0
// Predictions and labels merged by time.
#include "label_events.hpp"

#include <cmath>
#include <cstring>

#include "input.hpp"
#include "labelled_rows.hpp"
#include "vedette/core/digest.hpp"

namespace vedette::inline v0::cli {

namespace {

constexpr double largest_time = 9007199254740992.0;  // 2^53

}  // namespace

LabelEvents::LabelEvents(const PerformanceToolOptions& options, std::uint64_t row_time, std::uint64_t label_time,
                         int stop)
    : predictions_{RowSource({.path = options.source.path, .delimiter = options.source.delimiter, .stop = stop})},
      labels_{RowSource({.path = options.labels.path, .delimiter = options.source.delimiter, .stop = stop})},
      has_times_(!options.time.empty()) {
    predictions_.now = row_time;
    labels_.now = label_time;
    for (Side* const side : {&predictions_, &labels_}) {
        side->id = side->source.column(options.id);
        if (has_times_) side->time = side->source.column(options.time);
    }
    predictions_.which = predictions_.source.column(options.columns.prediction);
    labels_.which = labels_.source.column(options.columns.label);
    score_columns_ = score_columns(options.columns, predictions_.source);
    scores_.resize(score_columns_.size());
}

void LabelEvents::advance(Side& side) {
    side.has_row = side.source.next();
    if (!side.has_row || !has_times_) return;
    const double time = number_in(side.source, side.time);
    if (!(time >= 0.0 && time <= largest_time && time == std::floor(time)))
        throw InputError(side.source.place(side.time) + ": a time must be a whole number from 0 to 2^53");
    const auto now = static_cast<std::uint64_t>(time);
    if (now < side.now) throw InputError(side.source.place(side.time) + ": times must not go back");
    side.now = now;
}

bool LabelEvents::next() {
    if (!begun_) {
        begun_ = true;
        advance(predictions_);
        advance(labels_);
    } else {
        advance(is_label_ ? labels_ : predictions_);
    }
    if (!predictions_.has_row && !labels_.has_row) return false;
    is_label_ = !predictions_.has_row || (labels_.has_row && labels_.now < predictions_.now);
    Side& side = is_label_ ? labels_ : predictions_;
    const std::string_view id = side.source.text(side.id);
    if (id.empty()) throw InputError(side.source.place(side.id) + ": a row without an id");
    const Digest digest = sha256(id);
    std::memcpy(&id_, digest.data(), sizeof id_);
    time_ = side.now;
    which_ = class_in(side.source, side.which);
    if (is_label_) return true;
    for (std::size_t k = 0; k < scores_.size(); ++k) scores_[k] = number_in(side.source, score_columns_[k]);
    return true;
}

}  // namespace vedette::inline v0::cli
