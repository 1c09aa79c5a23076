// SPDX-License-Identifier: Apache-2.0
// Options and files of the e-process.
#include "vedette/drift/e_process.hpp"

#include <utility>

#include "drift/rank_bets_codec.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "e_process";

}  // namespace

EProcess::EProcess(RankBets bets, const EProcessOptions& options)
    : options_(options), threshold_(1.0 / options.level), bets_(std::move(bets)) {
    require_option(name, "level", options.level, 1e-100, 0.5);
    require_option(name, "cells", static_cast<double>(options.cells), 4.0, 1024.0);
}

EProcess::EProcess(std::span<const double> reference, const EProcessOptions& options)
    : EProcess(RankBets(reference, options.cells, options.seed), options) {}

EProcess::EProcess(const stats::Grid& grid, const EProcessOptions& options)
    : EProcess(RankBets(grid, options.seed), options) {}

void EProcess::clear() noexcept {
    bets_.clear();
    stakes_ = {};
    e_value_ = maximum_ = 1.0;
}

void EProcess::reset() noexcept {
    clear();
    forget();
}

std::vector<std::byte> EProcess::serialize() const {
    MonitorCodec file;
    file.options = {options_.level};
    file.settings = {options_.cells};
    RankBetsCodec::write(bets_, file);
    file.numbers.insert(file.numbers.end(), stakes_.begin(), stakes_.end());
    file.numbers.push_back(e_value_);
    file.numbers.push_back(maximum_);
    return file.write(name, *this);
}

EProcess EProcess::deserialize(std::span<const std::byte> bytes) {
    constexpr std::size_t own = RankBets::count + 2;
    const auto file = MonitorCodec::read(name, bytes, 1, 1 + RankBetsCodec::setting_count);
    auto bets = RankBetsCodec::read(file, 1, own);
    const EProcessOptions options{
        .level = file.options[0], .cells = static_cast<std::size_t>(file.settings[0]), .seed = file.settings[1]};
    auto monitor = MonitorCodec::make([&] { return EProcess(std::move(bets), options); });
    const double* const numbers = file.numbers.data() + (file.numbers.size() - own);
    for (std::size_t i = 0; i < own; ++i)
        MonitorCodec::require_within(numbers[i], 0.0, 1e250, "an e-value out of range");
    std::copy_n(numbers, RankBets::count, monitor.stakes_.begin());
    monitor.e_value_ = numbers[RankBets::count];
    monitor.maximum_ = numbers[RankBets::count + 1];
    MonitorCodec::require(monitor.maximum_ >= 1.0 && monitor.maximum_ >= monitor.e_value_, "a maximum that is none");
    file.restore(monitor);
    MonitorCodec::require(monitor.bets_.observations() <= monitor.counts().accepted, "more values than were accepted");
    return monitor;
}

}  // namespace vedette::inline v0::drift
