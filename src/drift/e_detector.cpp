// SPDX-License-Identifier: Apache-2.0
// Options and files of the e-detector.
#include "vedette/drift/e_detector.hpp"

#include <utility>

#include "drift/rank_bets_codec.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "e_detector";

}  // namespace

EDetector::EDetector(RankBets bets, const EDetectorOptions& options) : options_(options), bets_(std::move(bets)) {
    require_option(name, "average_run_length", options.average_run_length, 2.0, 1e100);
    require_choice(name, "rule", static_cast<unsigned>(options.rule), 1);
    require_option(name, "cells", static_cast<double>(options.cells), 4.0, 1024.0);
}

EDetector::EDetector(std::span<const double> reference, const EDetectorOptions& options)
    : EDetector(RankBets(reference, options.cells, options.seed), options) {}

EDetector::EDetector(const stats::Grid& grid, const EDetectorOptions& options)
    : EDetector(RankBets(grid, options.seed), options) {}

void EDetector::clear() noexcept {
    bets_.clear();
    stakes_ = {};
    statistic_ = 0.0;
}

void EDetector::reset() noexcept {
    clear();
    forget();
}

std::vector<std::byte> EDetector::serialize() const {
    MonitorCodec file;
    file.options = {options_.average_run_length};
    file.settings = {static_cast<std::uint64_t>(options_.rule), options_.cells};
    RankBetsCodec::write(bets_, file);
    file.numbers.insert(file.numbers.end(), stakes_.begin(), stakes_.end());
    file.numbers.push_back(statistic_);
    return file.write(name, *this);
}

EDetector EDetector::deserialize(std::span<const std::byte> bytes) {
    constexpr std::size_t own = RankBets::count + 1;
    const auto file = MonitorCodec::read(name, bytes, 1, 2 + RankBetsCodec::setting_count);
    auto bets = RankBetsCodec::read(file, 2, own);
    const EDetectorOptions options{.average_run_length = file.options[0],
                                   .rule = static_cast<EDetectorRule>(file.choice(0, 1)),
                                   .cells = static_cast<std::size_t>(file.settings[1]),
                                   .seed = file.settings[2]};
    auto monitor = MonitorCodec::make([&] { return EDetector(std::move(bets), options); });
    const double* const numbers = file.numbers.data() + (file.numbers.size() - own);
    for (std::size_t i = 0; i < own; ++i) MonitorCodec::require_within(numbers[i], 0.0, 1e250, "a sum out of range");
    std::copy_n(numbers, RankBets::count, monitor.stakes_.begin());
    monitor.statistic_ = numbers[RankBets::count];
    file.restore(monitor);
    MonitorCodec::require(monitor.bets_.observations() <= monitor.counts().accepted, "more values than were accepted");
    return monitor;
}

}  // namespace vedette::inline v0::drift
