// SPDX-License-Identifier: Apache-2.0
// A mean against its limits, by whichever confidence sequence was chosen.
#include "vedette/drift/mean_monitor.hpp"

#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "drift/monitor_codec.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "mean_monitor";

const MeanOptions& checked(const MeanOptions& options) {
    require_option(name, "least", options.least, 0.0, 1.0);
    require_option(name, "most", options.most, options.least, 1.0);
    require_option(name, "level", options.level, 1e-300, std::nextafter(1.0, 0.0));
    require_option(name, "cells", options.cells, 16.0, 65536.0);
    require_choice(name, "rule", static_cast<unsigned>(options.rule), static_cast<unsigned>(MeanRule::proportion));
    return options;
}

// Bytes of a sequence as whole numbers, their count first.
std::vector<std::uint64_t> pack(const std::vector<std::byte>& bytes) {
    std::vector<std::uint64_t> packed(1 + (bytes.size() + 7) / 8);
    packed[0] = bytes.size();
    for (std::size_t i = 0; i < bytes.size(); ++i)
        packed[1 + i / 8] |= static_cast<std::uint64_t>(bytes[i]) << (8 * (i % 8));
    return packed;
}

std::vector<std::byte> unpack(const std::vector<std::uint64_t>& packed) {
    MonitorCodec::require(!packed.empty() && packed[0] <= 8 * (packed.size() - 1), "a sequence that is cut");
    std::vector<std::byte> bytes(static_cast<std::size_t>(packed[0]));
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::byte>((packed[1 + i / 8] >> (8 * (i % 8))) & 0xFFU);
    MonitorCodec::require(pack(bytes) == packed, "a sequence with a tail");
    return bytes;
}

}  // namespace

MeanMonitor::Sequence MeanMonitor::make(const MeanOptions& options) {
    switch (options.rule) {
        case MeanRule::stitched: break;
        case MeanRule::betting:
            return stats::BettingConfidenceSequence({.level = options.level, .cells = options.cells});
        case MeanRule::proportion: return stats::ProportionConfidenceSequence({.level = options.level});
    }
    return stats::MeanConfidenceSequence({.level = options.level});
}

MeanMonitor::MeanMonitor(const MeanOptions& options) : options_(checked(options)), sequence_(make(options)) {}

std::uint64_t MeanMonitor::observations() const noexcept {
    if (const auto* const proportion = std::get_if<stats::ProportionConfidenceSequence>(&sequence_))
        return proportion->trials();
    if (const auto* const betting = std::get_if<stats::BettingConfidenceSequence>(&sequence_)) return betting->count();
    return std::get_if<stats::MeanConfidenceSequence>(&sequence_)->count();
}

double MeanMonitor::mean() const noexcept {
    if (const auto* const proportion = std::get_if<stats::ProportionConfidenceSequence>(&sequence_)) {
        if (proportion->trials() == 0) return std::numeric_limits<double>::quiet_NaN();
        return static_cast<double>(proportion->successes()) / static_cast<double>(proportion->trials());
    }
    if (const auto* const betting = std::get_if<stats::BettingConfidenceSequence>(&sequence_)) return betting->mean();
    return std::get_if<stats::MeanConfidenceSequence>(&sequence_)->mean();
}

Interval MeanMonitor::bounds() const noexcept {
    if (const auto* const proportion = std::get_if<stats::ProportionConfidenceSequence>(&sequence_))
        return proportion->bounds();
    if (const auto* const betting = std::get_if<stats::BettingConfidenceSequence>(&sequence_)) return betting->bounds();
    return std::get_if<stats::MeanConfidenceSequence>(&sequence_)->bounds();
}

void MeanMonitor::reset() noexcept {
    if (auto* const proportion = std::get_if<stats::ProportionConfidenceSequence>(&sequence_)) {
        proportion->reset();
    } else if (auto* const betting = std::get_if<stats::BettingConfidenceSequence>(&sequence_)) {
        betting->reset();
    } else {
        std::get_if<stats::MeanConfidenceSequence>(&sequence_)->reset();
    }
    forget();
}

MonitorState MeanMonitor::update(double x) noexcept {
    if (options_.rule == MeanRule::proportion ? !admit_error(x) : !admit_share(x)) return state();
    const bool restarts = take_restart();
    bool taken = false;
    if (auto* const proportion = std::get_if<stats::ProportionConfidenceSequence>(&sequence_)) {
        if (restarts) proportion->reset();
        taken = proportion->update(x == 1.0);
    } else if (auto* const betting = std::get_if<stats::BettingConfidenceSequence>(&sequence_)) {
        if (restarts) betting->reset();
        taken = betting->update(x);
    } else {
        auto* const stitched = std::get_if<stats::MeanConfidenceSequence>(&sequence_);
        if (restarts) stitched->reset();
        taken = stitched->update(x);
    }
    if (!taken) return settle(MonitorState::in_control);  // 2^53 values: nothing more is learned
    return judge();
}

MonitorState MeanMonitor::merge(const MeanMonitor& other) {
    if (&other == this)
        throw Error(ErrorCode::invalid_argument, "mean_monitor: merged with itself, each value would count twice");
    if (options_.least != other.options_.least || options_.most != other.options_.most ||
        options_.level != other.options_.level || options_.rule != other.options_.rule ||
        options_.cells != other.options_.cells)
        throw Error(ErrorCode::invalid_argument, "mean_monitor: only those of equal options merge");
    Sequence merged = restart_is_pending() ? make(options_) : sequence_;
    if (!other.restart_is_pending())
        std::visit(
            [&](auto& sequence) { sequence.merge(*std::get_if<std::decay_t<decltype(sequence)>>(&other.sequence_)); },
            merged);
    MonitorCodec::add_counts(*this, other);
    take_restart();
    sequence_ = std::move(merged);
    return observations() == 0 ? settle(MonitorState::in_control) : judge();
}

// Whether that proportion is within the bounds for certain, at the price of two logarithms in place of a search: the
// bounds' mixture of likelihoods is no larger than the largest of them, which is less than 1/level of this one's.
bool MeanMonitor::is_likely(double proportion) const noexcept {
    const double found = mean();
    const double gain = (found > 0.0 ? found * std::log(found / proportion) : 0.0) +
                        (found < 1.0 ? (1.0 - found) * std::log((1.0 - found) / (1.0 - proportion)) : 0.0);
    return static_cast<double>(observations()) * gain < -std::log(options_.level) * (1.0 - 1e-6);
}

MonitorState MeanMonitor::judge() noexcept {
    // Bounds hold the mean, but for the one case below: no look at them while it is in order.
    const double now = mean();
    const bool is_inside = now >= options_.least && now <= options_.most;
    if (is_inside && options_.rule != MeanRule::betting) return settle(MonitorState::in_control);
    if (options_.rule == MeanRule::proportion && is_likely(now > options_.most ? options_.most : options_.least))
        return settle(MonitorState::in_control);
    const Interval found = bounds();
    const bool none = std::isnan(found.lower);
    return settle(none || found.lower > options_.most || found.upper < options_.least ? MonitorState::change
                                                                                      : MonitorState::in_control);
}

std::vector<std::byte> MeanMonitor::serialize() const {
    MonitorCodec file;
    file.options = {options_.least, options_.most, options_.level};
    file.settings = {static_cast<std::uint64_t>(options_.rule), options_.cells};
    file.integers = pack(std::visit([](const auto& sequence) { return sequence.serialize(); }, sequence_));
    return file.write(name, *this);
}

MeanMonitor MeanMonitor::deserialize(std::span<const std::byte> bytes) {
    const auto file = MonitorCodec::read(name, bytes, 3, 2);
    const auto last = static_cast<std::uint8_t>(MeanRule::proportion);
    const MeanOptions options{file.options[0], file.options[1], file.options[2],
                              static_cast<MeanRule>(file.choice(0, last)), file.setting32(1)};
    auto monitor = MonitorCodec::make([&] { return MeanMonitor(options); });
    MonitorCodec::require(file.numbers.empty(), "a state of another length");
    const std::vector<std::byte> inner = unpack(file.integers);
    const auto options_of = [](const Sequence& sequence) {
        return std::visit(
            [](const auto& s) {
                const auto& o = s.options();
                if constexpr (requires { o.cells; })
                    return std::vector<double>{o.level, o.lower, o.upper, static_cast<double>(o.cells), o.largest_bet};
                else if constexpr (requires { o.intrinsic_time; })
                    return std::vector<double>{o.level, o.lower, o.upper, o.intrinsic_time};
                else
                    return std::vector<double>{o.level, o.prior_successes, o.prior_failures};
            },
            sequence);
    };
    const std::vector<double> wanted = options_of(monitor.sequence_);
    switch (options.rule) {
        case MeanRule::stitched: monitor.sequence_ = stats::MeanConfidenceSequence::deserialize(inner); break;
        case MeanRule::betting: monitor.sequence_ = stats::BettingConfidenceSequence::deserialize(inner); break;
        case MeanRule::proportion: monitor.sequence_ = stats::ProportionConfidenceSequence::deserialize(inner); break;
    }
    MonitorCodec::require(options_of(monitor.sequence_) == wanted, "a sequence of other options");
    file.restore(monitor);
    const std::uint64_t accepted = monitor.counts().accepted;
    const bool never = monitor.counts().changes == 0;
    MonitorCodec::require(never ? monitor.observations() == accepted : monitor.observations() <= accepted,
                          "a sequence of other values");
    return monitor;
}

}  // namespace vedette::inline v0::drift
