// SPDX-License-Identifier: Apache-2.0
// A ring of predictions in the order of their coming, and a table of their ids: linear probing, deletion by moving up.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "drift/performance_state.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/realised_performance.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* kind = "label_join";
// A file of a few bytes may ask for as much.
constexpr std::size_t most_capacity = std::size_t{1} << 24U;
constexpr std::size_t most_cells = std::size_t{1} << 26U;

std::size_t capacity_limit(std::size_t columns) noexcept {
    return std::min(most_capacity, most_cells / columns);
}

void require(bool condition, const char* what) {
    if (!condition) throw Error(ErrorCode::corrupt_data, fmt::format("label join: {}", what));
}

// The finalizer of SplitMix64 (Steele, Lea and Flood 2014), twice around the seed.
std::uint64_t mix(std::uint64_t x) noexcept {
    x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
    return x ^ (x >> 31U);
}

}  // namespace

LabelJoin::LabelJoin(PerformanceReference reference, const LabelJoinOptions& options)
    : reference_(std::move(reference)), options_(options) {
    const std::size_t columns = reference_.state_->columns.size();
    if (options.capacity < 1 || options.capacity > capacity_limit(columns))
        throw Error(ErrorCode::invalid_argument, fmt::format("label join: capacity = {}, must be in [1, {}]",
                                                             options.capacity, capacity_limit(columns)));
    ring_.resize(options.capacity);
    ring_cells_.resize(options.capacity * columns);
    slots_.assign(std::bit_ceil(2 * options.capacity), nobody);
    probabilities_.resize(columns);
    cells_.resize(columns);
}

std::size_t LabelJoin::place_of(std::uint64_t id) const noexcept {
    return static_cast<std::size_t>(mix(mix(id + options_.seed) ^ options_.seed)) & (slots_.size() - 1);
}

std::size_t LabelJoin::find(std::uint64_t id) const noexcept {
    std::size_t slot = place_of(id);
    while (slots_[slot] != nobody && ring_[slots_[slot]].id != id) slot = (slot + 1) & (slots_.size() - 1);
    return slot;
}

void LabelJoin::insert(std::uint32_t entry) noexcept {
    slots_[find(ring_[entry].id)] = entry;
    ++waiting_;
}

void LabelJoin::erase(std::size_t slot) noexcept {
    const std::size_t mask = slots_.size() - 1;
    ring_[slots_[slot]].waits = false;
    --waiting_;
    // Whoever was pushed beyond the hole moves into it.
    for (std::size_t next = (slot + 1) & mask; slots_[next] != nobody; next = (next + 1) & mask) {
        const std::size_t wanted = place_of(ring_[slots_[next]].id);
        if (((next - wanted) & mask) < ((next - slot) & mask)) continue;
        slots_[slot] = slots_[next];
        slot = next;
    }
    slots_[slot] = nobody;
}

void LabelJoin::drop_oldest() noexcept {
    if (ring_[oldest_].waits) erase(find(ring_[oldest_].id));
    oldest_ = oldest_ + 1 == ring_.size() ? 0 : oldest_ + 1;
    --used_;
}

std::uint64_t LabelJoin::advance(std::uint64_t time) noexcept {
    now_ = std::max(now_, time);
    while (used_ > 0 && now_ - ring_[oldest_].time > options_.longest_wait) {
        counts_.expired += ring_[oldest_].waits ? 1U : 0U;
        drop_oldest();
    }
    return now_;
}

void LabelJoin::expire(std::uint64_t time) noexcept {
    advance(time);
}

bool LabelJoin::predict(std::uint64_t id, std::uint64_t time, std::span<const double> scores,
                        std::uint32_t prediction) noexcept {
    time = advance(time);
    const PerformanceReference::State& state = *reference_.state_;
    PerformanceCounts ignored;
    if (!state.read(scores, prediction, ignored, probabilities_, cells_)) {
        ++counts_.refused;
        return false;
    }
    if (slots_[find(id)] != nobody) {
        ++counts_.duplicates;
        return false;
    }
    if (used_ == ring_.size()) {
        counts_.displaced += ring_[oldest_].waits ? 1U : 0U;
        drop_oldest();
    }
    const std::size_t entry = (oldest_ + used_) % ring_.size();
    const auto right = static_cast<std::uint32_t>(state.right_units(probabilities_, prediction));
    ring_[entry] = {id, time, prediction, right, true};
    std::copy(cells_.begin(), cells_.end(), ring_cells_.begin() + static_cast<std::ptrdiff_t>(entry * cells_.size()));
    ++used_;
    insert(static_cast<std::uint32_t>(entry));
    ++counts_.predictions;
    return true;
}

bool LabelJoin::label(std::uint64_t id, std::uint64_t time, std::uint32_t label, RealisedWindow& window, bool* right,
                      MetricSequence* sequence) noexcept {
    if (!reference_.is_same(window.reference_)) return false;
    time = advance(time);
    if (label >= reference_.state_->classes) {
        ++counts_.refused_labels;
        return false;
    }
    const std::size_t slot = find(id);
    if (slots_[slot] == nobody) {
        ++counts_.unknown;
        return false;
    }
    const std::size_t index = slots_[slot];
    const Entry& entry = ring_[index];
    const std::span<const std::uint32_t> cells(ring_cells_.data() + index * cells_.size(), cells_.size());
    if (!window.count(cells, entry.prediction, label, entry.right_units)) return false;
    window.delays_.add(time - entry.time);
    if (right != nullptr) *right = entry.prediction == label;
    if (sequence != nullptr && sequence->options().with_labels && sequence->reference().is_same(reference_))
        sequence->count(cells, {}, entry.prediction, &label);
    ++counts_.joined;
    erase(slot);
    return true;
}

std::vector<std::byte> LabelJoin::serialize() const {
    std::vector<std::uint64_t> ids;
    std::vector<std::uint64_t> times;
    std::vector<std::uint32_t> rows;  // prediction, probability of being right, whether it waits
    std::vector<std::uint32_t> cells;
    for (std::size_t i = 0; i < used_; ++i) {
        const std::size_t index = (oldest_ + i) % ring_.size();
        const Entry& entry = ring_[index];
        ids.push_back(entry.id);
        times.push_back(entry.time);
        rows.insert(rows.end(), {entry.prediction, entry.right_units, entry.waits ? 1U : 0U});
        const auto begin = ring_cells_.begin() + static_cast<std::ptrdiff_t>(index * cells_.size());
        cells.insert(cells.end(), begin, begin + static_cast<std::ptrdiff_t>(cells_.size()));
    }
    const LabelJoinCounts& c = counts_;
    ContainerWriter writer;
    writer.add("options", std::vector<std::uint64_t>{options_.capacity, options_.longest_wait, options_.seed});
    writer.add("counts", std::vector<std::uint64_t>{c.predictions, c.refused, c.duplicates, c.joined, c.unknown,
                                                    c.refused_labels, c.expired, c.displaced, now_});
    writer.add("ids", ids);
    writer.add("times", times);
    writer.add("rows", rows);
    writer.add("cells", cells);
    writer.set_metadata("reference", to_hex(reference_.state_->digest));
    return writer.finish(kind);
}

LabelJoin LabelJoin::deserialize(const PerformanceReference& reference, std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(kind);
    require(file.tensors().size() == 6 && file.metadata_keys().size() == 5, "parts that it does not have");
    for (const TensorView& tensor : file.tensors()) require(tensor.shape.size() == 1, "no list");
    const PerformanceReference::State& state = *reference.state_;
    if (file.metadata("reference") != to_hex(state.digest))
        throw Error(ErrorCode::baseline_mismatch, "label join: it is of another reference");
    const auto options = file.values<std::uint64_t>("options", 3);
    require(options[0] >= 1 && options[0] <= capacity_limit(state.columns.size()), "an impossible capacity");
    const auto ids = file.values<std::uint64_t>("ids");
    require(ids.size() <= options[0], "more rows than it has room for");
    LabelJoin join(reference, {static_cast<std::size_t>(options[0]), options[1], options[2]});
    const auto counts = file.values<std::uint64_t>("counts", 9);
    for (std::size_t i = 0; i < 8; ++i) require(counts[i] <= std::uint64_t{1} << 62U, "a count out of range");
    join.counts_ = {counts[0], counts[1], counts[2], counts[3], counts[4], counts[5], counts[6], counts[7]};
    join.now_ = counts[8];
    const auto times = file.values<std::uint64_t>("times", ids.size());
    const auto rows = file.values<std::uint32_t>("rows", 3 * ids.size());
    const auto cells = file.values<std::uint32_t>("cells", state.columns.size() * ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
        require(times[i] <= join.now_ && (i == 0 || times[i - 1] <= times[i]), "times out of order");
        require(rows[3 * i] < state.classes && rows[3 * i + 1] <= probability_unit && rows[3 * i + 2] <= 1,
                "an impossible row");
        for (std::size_t k = 0; k < state.columns.size(); ++k) {
            const std::uint32_t cell = cells[i * state.columns.size() + k];
            require(cell < state.columns[k].cells(), "a cell that there is not");
            join.ring_cells_[i * state.columns.size() + k] = cell;
        }
        join.ring_[i] = {ids[i], times[i], rows[3 * i], rows[3 * i + 1], rows[3 * i + 2] == 1};
        ++join.used_;
        if (!join.ring_[i].waits) continue;
        require(join.slots_[join.find(ids[i])] == nobody, "an id that waits twice");
        join.insert(static_cast<std::uint32_t>(i));
    }
    return join;
}

}  // namespace vedette::inline v0::drift
