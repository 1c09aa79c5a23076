// SPDX-License-Identifier: Apache-2.0
// Windows as bytes and as files.
#include <fmt/core.h>

#include <algorithm>
#include <numeric>

#include "guard/baseline_state.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/file.hpp"
#include "vedette/guard/window.hpp"

namespace vedette::inline v0 {

std::vector<std::byte> Window::to_bytes() const {
    ContainerWriter writer;
    writer.set_metadata("baseline", to_hex(baseline_.id()));
    writer.add("counters", counters_);
    writer.add("requests", std::span<const std::uint64_t>(requests_));
    writer.add_scalar("rejected", rejected_);
    if (!score_counters_.empty()) writer.add("score_counters", score_counters_);
    // A window without a memory has the bytes that it ever had.
    if (memory_counters_[watched] > 0) writer.add("memory_counters", std::span<const std::uint64_t>(memory_counters_));
    if (!query_counters_.empty()) writer.add("query_counters", query_counters_);
    if (!schema_counters_.empty()) writer.add("schema_counters", schema_counters_);
    return writer.finish("window");
}

void Window::save(const std::filesystem::path& path) const {
    write_file_atomically(path, to_bytes());
}

Window Window::from_bytes(const Baseline& baseline, std::span<const std::byte> bytes) {
    const Container container = Container::view(bytes);
    container.require_kind("window");
    if (container.metadata("baseline") != to_hex(baseline.id())) {
        throw Error(ErrorCode::baseline_mismatch, "the window was counted against another baseline");
    }
    Window window(baseline);
    const auto counters = container.values<std::uint64_t>("counters", window.counters_.size());
    const auto requests = container.values<std::uint64_t>("requests", window.requests_.size());
    std::copy(counters.begin(), counters.end(), window.counters_.begin());
    std::copy(requests.begin(), requests.end(), window.requests_.begin());
    window.rejected_ = container.scalar<std::uint64_t>("rejected");
    if (!window.score_counters_.empty()) {
        const auto scores = container.values<std::uint64_t>("score_counters", window.score_counters_.size());
        std::copy(scores.begin(), scores.end(), window.score_counters_.begin());
    }
    if (container.find_tensor("memory_counters")) {
        const auto remembered = container.values<std::uint64_t>("memory_counters", memory_counts);
        std::copy(remembered.begin(), remembered.end(), window.memory_counters_.begin());
        if (remembered[watched] == 0) throw Error(ErrorCode::corrupt_data, "a window counts a memory that saw nothing");
    }
    if (!window.query_counters_.empty()) {
        const auto asked = container.values<std::uint64_t>("query_counters", window.query_counters_.size());
        std::copy(asked.begin(), asked.end(), window.query_counters_.begin());
    }
    if (!window.schema_counters_.empty())
        window.read_schema_counters(container.values<std::uint64_t>("schema_counters"));
    window.check_totals(ErrorCode::corrupt_data, nullptr);
    return window;
}

// Another version may know fewer checks.
void Window::read_schema_counters(std::span<const std::uint64_t> stored) {
    const std::size_t features = failed_.size();
    const std::size_t checks = stored.size() < severities ? 0 : (stored.size() - severities) / features;
    if (checks == 0 || checks > validation::check_count || stored.size() != severities + features * checks)
        throw Error(ErrorCode::corrupt_data, "the window's counters of failed checks have a wrong size");
    // A report divides by the requests that were judged: no check can have failed more often.
    const std::uint64_t requests = std::accumulate(requests_.begin(), requests_.end(), std::uint64_t{0});
    const std::uint64_t judged = requests < rejected_ ? 0 : requests - rejected_;
    if (requests < rejected_ || stored[0] > judged || stored[1] > judged - stored[0] ||
        *std::max_element(stored.begin(), stored.end()) > judged)
        throw Error(ErrorCode::corrupt_data, "the window counts more failed checks than requests");
    std::copy_n(stored.begin(), severities, schema_counters_.begin());
    for (std::size_t f = 0; f < features; ++f)
        std::copy_n(stored.begin() + static_cast<std::ptrdiff_t>(severities + f * checks), checks,
                    schema_counters_.begin() + static_cast<std::ptrdiff_t>(severities + f * validation::check_count));
}

Window Window::load(const Baseline& baseline, const std::filesystem::path& path) {
    const std::vector<std::byte> bytes = read_file(path);
    try {
        return from_bytes(baseline, bytes);
    } catch (const Error& error) {
        throw Error(error.code(), fmt::format("{}: {}", path.string(), error.what()));
    }
}

}  // namespace vedette::inline v0
