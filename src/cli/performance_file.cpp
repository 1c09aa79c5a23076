// SPDX-License-Identifier: Apache-2.0
// The progress of performance commands as bytes and back, believing nothing.
#include "performance_file.hpp"

#include <algorithm>
#include <utility>

#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::cli {

namespace {

constexpr const char* kind = "performance_state";

void require(bool condition, const char* what) {
    if (!condition) throw Error(ErrorCode::corrupt_data, std::string("state file: ") + what);
}

void add(ContainerWriter& writer, const char* name, const std::vector<std::byte>& bytes) {
    writer.add(name, std::span<const std::uint8_t>(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

std::span<const std::byte> part(const Container& file, const char* name) {
    return std::as_bytes(file.values<std::uint8_t>(name));
}

}  // namespace

std::vector<std::byte> write_progress(const std::string& asked, const PerformanceProgress& progress) {
    ContainerWriter writer;
    writer.set_metadata("asked", asked);
    writer.add("places", std::vector<std::uint64_t>{progress.rows, progress.labels, progress.row_time,
                                                    progress.label_time, progress.told});
    add(writer, "harm", progress.harm.serialize());
    if (progress.estimated) add(writer, "estimated", progress.estimated->serialize());
    if (progress.realised) add(writer, "realised", progress.realised->serialize());
    if (progress.join) add(writer, "join", progress.join->serialize());
    return writer.finish(kind);
}

std::string asked_in(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(kind);
    return std::string(file.metadata("asked"));
}

void read_progress(const std::string& asked, std::span<const std::byte> bytes, PerformanceProgress& progress) {
    const Container file = Container::view(bytes);
    file.require_kind(kind);
    if (file.metadata("asked") != asked)
        throw Error(ErrorCode::schema_mismatch,
                    "was saved with another reference, columns or options; remove it to begin anew");
    const std::size_t parts =
        2U + (progress.estimated ? 1U : 0U) + (progress.realised ? 1U : 0U) + (progress.join ? 1U : 0U);
    require(file.tensors().size() == parts && file.metadata_keys().size() == 5, "parts that no such file has");
    PerformanceProgress read = progress;
    const auto places = file.values<std::uint64_t>("places");
    require(places.size() == 5, "places that are none");
    read.rows = places[0];
    read.labels = places[1];
    read.row_time = places[2];
    read.label_time = places[3];
    read.told = places[4];
    read.harm.restore(part(file, "harm"));
    require(read.told <= read.harm.alarms(), "more alarms told than there were");
    // A number of rows that runs over would give an alarm the row 0, which no file may have.
    require(std::max(read.rows, read.labels) <= std::uint64_t{1} << 62U &&
                read.harm.values() <= (read.join ? read.labels : read.rows),
            "places that no stream has");
    if (read.estimated)
        read.estimated = drift::PerformanceWindow::deserialize(read.estimated->reference(), part(file, "estimated"));
    if (read.realised)
        read.realised = drift::RealisedWindow::deserialize(read.realised->reference(), part(file, "realised"));
    if (read.join) {
        const drift::LabelJoinOptions options = read.join->options();
        read.join = drift::LabelJoin::deserialize(read.join->reference(), part(file, "join"));
        require(read.join->options().capacity == options.capacity &&
                    read.join->options().longest_wait == options.longest_wait &&
                    read.join->options().seed == options.seed,
                "a join of other options");
    }
    progress = std::move(read);
}

}  // namespace vedette::inline v0::cli
