// SPDX-License-Identifier: Apache-2.0
// The monitor at the place of an account; all of them as bytes, what was fitted once.
#include "vedette/guard/mmd_accounts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0 {

namespace {

using Monitor = drift::MmdMonitor<float>;

constexpr const char* file_kind = "mmd_accounts";
constexpr std::size_t most_bytes = std::size_t{1} << 34U;

void require(bool condition) {
    if (!condition) throw Error(ErrorCode::corrupt_data, "MmdAccounts: a file that no such object writes");
}

std::string tensor_name(std::size_t place) {
    return "monitor_" + std::to_string(place);
}

// Of one account: its window and, of rows of many columns the larger part, the block in which a row is scaled.
std::size_t bytes_each(const Monitor& monitor) noexcept {
    return monitor.memory() + sizeof(Monitor);
}

void check_memory(const Monitor& monitor, std::size_t accounts, std::size_t most) {
    if (bytes_each(monitor) > most / accounts)
        throw Error(ErrorCode::overflow, "MmdAccounts: " + std::to_string(accounts) + " accounts of " +
                                             std::to_string(bytes_each(monitor)) + " bytes each take more than the " +
                                             std::to_string(most) + " allowed");
}

void add_bytes(ContainerWriter& writer, const std::string& name, const std::vector<std::byte>& bytes) {
    writer.add(name, std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

MmdEvidence evidence_of(const Monitor& monitor) noexcept {
    MmdEvidence evidence{.rows = monitor.width()};
    evidence.statistic = monitor.statistic();
    if (!std::isnan(evidence.statistic)) evidence.threshold = monitor.threshold();
    evidence.distance = monitor.distance();
    evidence.is_alarm = monitor.state() == MonitorState::change ||
                        (monitor.counts().changes > 0 && monitor.width() < monitor.options().window);
    return evidence;
}

}  // namespace

MmdAccounts::MmdAccounts(Monitor fitted, std::size_t accounts, const std::optional<perturbation::FingerprintKey>& key)
    : places_("MmdAccounts", accounts, key) {
    check_memory(fitted, accounts, most_bytes);
    fitted.reset();
    monitors_.assign(accounts, fitted);
}

MmdAccounts::MmdAccounts(perturbation::AccountPlaces places, std::vector<Monitor> monitors) noexcept
    : places_(std::move(places)), monitors_(std::move(monitors)) {}

MmdEvidence MmdAccounts::update(std::span<const float> input, std::string_view account) noexcept {
    if (input.size() != dimension()) return {};
    // What cannot be counted gets no place: that of the account that was silent longest would be lost for it.
    if (!std::all_of(input.begin(), input.end(), [](float x) { return std::isfinite(x); })) {
        const std::optional<std::size_t> known = places_.find(account);
        return known ? evidence_of(monitors_[*known]) : MmdEvidence{};
    }
    const perturbation::AccountPlaces::Found found = places_.place_of(account);
    Monitor& monitor = monitors_[found.place];
    if (found.is_new) monitor.reset();
    (void)monitor.update(input);
    return evidence_of(monitor);
}

void MmdAccounts::join(std::string_view account, std::string_view other) noexcept {
    // First that of the other: it is not the one silent for longest then, and keeps its place while the account gets
    // one.
    if (!places_.find(other)) return;
    const std::size_t ended = places_.place_of(other).place;
    const perturbation::AccountPlaces::Found found = places_.place_of(account);
    // One account, or a single place: its window has the rows already.
    if (found.place == ended) return;
    Monitor& joined = monitors_[found.place];
    if (found.is_new) joined.reset();
    const bool is_alarm = evidence_of(joined).is_alarm, other_is_alarm = evidence_of(monitors_[ended]).is_alarm;
    if (other_is_alarm && !is_alarm) std::swap(joined, monitors_[ended]);
    if (is_alarm == other_is_alarm) joined.take_window(monitors_[ended]);
    (void)forget(other);
}

bool MmdAccounts::forget(std::string_view account) noexcept {
    const std::optional<std::size_t> place = places_.release(account);
    if (place) monitors_[*place].reset();
    return place.has_value();
}

std::size_t MmdAccounts::memory() const noexcept {
    return sizeof *this + places_.memory() + monitors_.size() * bytes_each(monitors_.front());
}

std::vector<std::byte> MmdAccounts::serialize() const {
    ContainerWriter writer;
    for (std::size_t i = 0; i < monitors_.size(); ++i) {
        // Of a free place the first alone is written, for what was fitted.
        if (places_.is_free(i) && i != 0) continue;
        add_bytes(writer, tensor_name(i), monitors_[i].serialize());
    }
    const auto settings = places_.settings();
    writer.add("places", places_.words());
    writer.add("settings", std::vector<std::uint64_t>(settings.begin(), settings.end()));
    return writer.finish(file_kind);
}

MmdAccounts MmdAccounts::deserialize(std::span<const std::byte> bytes, std::size_t most_memory) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    for (const TensorView& tensor : file.tensors()) require(tensor.shape.size() == 1);
    auto places = perturbation::AccountPlaces::from_words(file.values<std::uint64_t>("places"),
                                                          file.values<std::uint64_t>("settings", 3));
    require(places.has_value());
    const std::size_t accounts = places->size();
    const auto bytes_of = [&](std::size_t place) {
        return std::as_bytes(file.values<std::uint8_t>(tensor_name(place)));
    };
    std::vector<Monitor> monitors{Monitor::deserialize(bytes_of(0))};
    check_memory(monitors[0], accounts, std::min(most_memory, most_bytes));
    Monitor empty = monitors[0];
    empty.reset();
    require(!places->is_free(0) || monitors[0].serialize() == empty.serialize());
    monitors.reserve(accounts);
    std::size_t tensors = 3;
    for (std::size_t i = 1; i < accounts; ++i) {
        monitors.push_back(empty);
        if (places->is_free(i)) continue;
        // Which shares what was fitted, or is refused.
        try {
            monitors.back().resume(Monitor::deserialize(bytes_of(i)));
        } catch (const Error& error) {
            throw Error(ErrorCode::corrupt_data, error.what());
        }
        ++tensors;
    }
    require(file.tensors().size() == tensors);
    return MmdAccounts(*std::move(places), std::move(monitors));
}

}  // namespace vedette::inline v0
