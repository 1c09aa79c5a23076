// SPDX-License-Identifier: Apache-2.0
// The bank of ADWIN windows: rows to the kernels, and windows that may have to be cut to Adwin.
#include "vedette/drift/adwin_bank.hpp"

#include <algorithm>
#include <cmath>

#include "drift/bank_file.hpp"
#include "kernels/dispatch.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "adwin";
constexpr const char* kind = "adwin_bank";
constexpr std::size_t lanes = kernels::bank_lanes;
constexpr double most_buckets = 0x1p22;  // of one level: 3 GiB in all

}  // namespace

struct MonitorBank<Adwin>::Kernel {
    static kernels::AdwinBankView view_of(MonitorBank& bank) noexcept {
        return {bank.view(),
                Adwin::levels,
                bank.slots_,
                bank.totals_.front().values,
                bank.deviations_.front().values,
                bank.counts_of_level_.data(),
                bank.used_levels_.data(),
                bank.until_check_.data(),
                bank.agreed_.data(),
                bank.options().clock,
                bank.options().restart_after_change};
    }
};

MonitorBank<Adwin>::MonitorBank(std::size_t features, const AdwinOptions& options)
    : MonitorBankBase(name, features, 3, 0), one_(options), slots_(one_.stride_) {
    require_option(name, "features times (max_buckets + 1)", static_cast<double>(features * slots_), 1.0, most_buckets);
    const std::size_t groups = stride() / lanes;
    totals_.resize(groups * Adwin::levels * slots_);
    deviations_.resize(groups * Adwin::levels * slots_);
    counts_of_level_.resize(groups * Adwin::levels * lanes);
    used_levels_.resize(stride());
    until_check_.resize(stride());
    agreed_.resize(groups);
    dropped_.resize(stride());
    dropped_total_.resize(stride());
    clear();
}

void MonitorBank<Adwin>::clear() noexcept {
    forget();
    std::fill(begins_.begin(), begins_.end(), std::uint8_t{0});
    std::fill(columns_.begin(), columns_.end(), Line{});
    std::fill(counts_of_level_.begin(), counts_of_level_.end(), 0U);
    std::fill(used_levels_.begin(), used_levels_.end(), 1U);
    std::fill(until_check_.begin(), until_check_.end(), options().clock);
    std::fill(agreed_.begin(), agreed_.end(), static_cast<std::uint32_t>(Adwin::levels - 1));
    std::fill(dropped_.begin(), dropped_.end(), 0U);
    std::fill(dropped_total_.begin(), dropped_total_.end(), 0.0);
}

void MonitorBank<Adwin>::reset() noexcept {
    clear();
}

std::size_t MonitorBank<Adwin>::place(std::size_t feature, std::size_t level, std::size_t slot) const noexcept {
    return ((feature / lanes * Adwin::levels + level) * slots_ + slot) * lanes + feature % lanes;
}

void MonitorBank<Adwin>::load(std::size_t feature, Adwin& monitor) const noexcept {
    const double* const totals = totals_.front().values;
    const double* const deviations = deviations_.front().values;
    monitor.used_levels_ = used_levels_[feature];
    for (std::size_t level = 0; level < Adwin::levels; ++level) {
        const std::uint32_t count =
            counts_of_level_[(feature / lanes * Adwin::levels + level) * lanes + feature % lanes];
        monitor.counts_of_level_[level] = count;
        for (std::size_t k = 0; k < count; ++k)
            monitor.level(level)[k] = {totals[place(feature, level, k)], deviations[place(feature, level, k)]};
    }
    monitor.width_ = width(feature);
    monitor.total_ = column(1)[feature];
    monitor.deviations_ = column(2)[feature];
    monitor.until_check_ = until_check_[feature];
    monitor.dropped_ = dropped_[feature];
    monitor.dropped_total_ = dropped_total_[feature];
}

void MonitorBank<Adwin>::store(std::size_t feature, const Adwin& monitor) noexcept {
    double* const totals = totals_.front().values;
    double* const deviations = deviations_.front().values;
    used_levels_[feature] = static_cast<std::uint32_t>(monitor.used_levels_);
    for (std::size_t level = 0; level < Adwin::levels; ++level) {
        const std::uint32_t count = monitor.counts_of_level_[level];
        counts_of_level_[(feature / lanes * Adwin::levels + level) * lanes + feature % lanes] = count;
        for (std::size_t k = 0; k < count; ++k) {
            totals[place(feature, level, k)] = monitor.level(level)[k].total;
            deviations[place(feature, level, k)] = monitor.level(level)[k].deviations;
        }
    }
    column(0)[feature] = static_cast<double>(monitor.width_);
    column(1)[feature] = monitor.total_;
    column(2)[feature] = monitor.deviations_;
    until_check_[feature] = monitor.until_check_;
    dropped_[feature] = monitor.dropped_;
    dropped_total_[feature] = monitor.dropped_total_;
}

void MonitorBank<Adwin>::find_agreed(std::size_t group) noexcept {
    std::uint32_t level = 0;
    for (; level + 1 < Adwin::levels; ++level) {
        const std::uint32_t* const counts = counts_of_level_.data() + (group * Adwin::levels + level) * lanes;
        if (std::any_of(counts, counts + lanes, [&](std::uint32_t count) { return count != counts[0]; })) break;
    }
    agreed_[group] = level;
}

// Which of the lanes whose check is due are to be looked at by Adwin.
unsigned MonitorBank<Adwin>::find_candidates(std::size_t group, unsigned due, MayCut may_cut) noexcept {
    const AdwinOptions& o = options();
    const double margin = static_cast<double>(o.min_window_length) - 1.0;
    kernels::AdwinBound bound{};
    bound.least = margin + (o.rule == AdwinRule::moa ? 3.0 : 1.0);
    double width_before = 0.0;
    double log_term = 0.0;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        const std::size_t i = group * lanes + lane;
        const double width = column(0)[i];
        // Shorter ones are not checked, or have no cut with values enough on either side.
        if (width <= static_cast<double>(o.grace_period) || width < 2.0 * bound.least) due &= ~(1U << lane);
        if ((due >> lane & 1U) == 0) continue;
        if (width != width_before) log_term = std::log(2.0 * std::log(width) / o.delta);
        width_before = width;
        const double part = log_term * (width - 2.0 * margin) * (1.0 - 1e-9);
        bound.squared_part[lane] = 2.0 * (column(2)[i] / width) * part;
        bound.linear_part[lane] = 2.0 / 3.0 * part;
        // No part's mean is further from the mean of all than the root of the squared deviations.
        bound.slack[lane] = 0x1p-44 * (std::abs(column(1)[i] / width) + std::sqrt(column(2)[i]));
    }
    if (due == 0) return 0;
    const kernels::AdwinBankView whole = Kernel::view_of(*this);
    return due & may_cut(&whole, group, &bound);
}

void MonitorBank<Adwin>::check(const kernels::AdwinStop& stop, std::uint64_t row, MayCut may_cut) noexcept {
    bool is_moved = false;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        if ((stop.overflowed >> lane & 1U) == 0) continue;
        const std::size_t i = stop.group * lanes + lane;
        load(i, one_);
        one_.drop_oldest();
        store(i, one_);
        is_moved = true;
    }
    const unsigned candidates = find_candidates(stop.group, stop.due, may_cut);
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        if ((candidates >> lane & 1U) == 0) continue;
        const std::size_t i = stop.group * lanes + lane;
        load(i, one_);
        if (!one_.shrink()) continue;
        store(i, one_);
        is_moved = true;
        ++changes_[i];
        last_change_[i] = row + 1;
        const auto bit = static_cast<std::uint8_t>(1U << lane);
        begins_[stop.group] |= bit;
        changing_[stop.group] |= bit;
        changed_[stop.group] |= bit;
    }
    if (is_moved || agreed_[stop.group] + 1 < Adwin::levels) find_agreed(stop.group);
}

template <class T>
std::size_t MonitorBank<Adwin>::take(const T* rows, std::size_t row_count, std::ptrdiff_t row_stride) noexcept {
    std::fill(changed_.begin(), changed_.end(), std::uint8_t{0});
    const auto& own = kernels::adwins<T>(kernels::kernels());
    const kernels::AdwinBankView whole = Kernel::view_of(*this);
    kernels::AdwinStop stop{};
    while (own.insert(&whole, rows, row_count, row_stride, &stop)) {
        check(stop, rows_ + stop.row, own.may_cut);
        ++stop.row;
    }
    rows_ += row_count;
    return changed_count();
}

template <class T>
std::size_t MonitorBank<Adwin>::take(const MatrixView<T>& rows) noexcept {
    if (rows.columns() != features_) return refuse(rows.rows());
    if (rows.is_row_major()) return take(rows.data(), rows.rows(), rows.row_stride());
    return take_columns(rows, [&](const double* row) { take(row, 1, 0); });
}

std::size_t MonitorBank<Adwin>::update(std::span<const float> row) noexcept {
    return row.size() == features_ ? take(row.data(), 1, 0) : refuse(1);
}
std::size_t MonitorBank<Adwin>::update(std::span<const double> row) noexcept {
    return row.size() == features_ ? take(row.data(), 1, 0) : refuse(1);
}
std::size_t MonitorBank<Adwin>::update_rows(const MatrixView<float>& rows) noexcept {
    return take(rows);
}
std::size_t MonitorBank<Adwin>::update_rows(const MatrixView<double>& rows) noexcept {
    return take(rows);
}

Adwin MonitorBank<Adwin>::monitor(std::size_t feature) const {
    require_option(name, "feature", static_cast<double>(feature), 0.0, static_cast<double>(features_ - 1));
    Adwin made(options());
    load(feature, made);
    MonitorCodec counted;
    counted.counts = counts_of(feature, is_begun(feature));
    counted.restore(made);
    return made;
}

std::vector<std::byte> MonitorBank<Adwin>::serialize() const {
    BankFile file{
        .monitors = {}, .uniform = true, .rows = rows_, .refused_rows = refused_rows_, .last_change = last_change_};
    for (std::size_t i = 0; i < features_; ++i)
        file.monitors.push_back(MonitorCodec::read(name, monitor(i).serialize(), 1, 6));
    return file.write(kind);
}

MonitorBank<Adwin> MonitorBank<Adwin>::deserialize(std::span<const std::byte> bytes) {
    const auto file = BankFile::read(kind, bytes, 1, 6);
    MonitorCodec::require(file.uniform, "options of single features");
    const auto read = [&](std::size_t i) { return Adwin::deserialize(file.monitors[i].write(name)); };
    const AdwinOptions options = read(0).options();
    auto bank = MonitorCodec::make([&] { return MonitorBank(file.monitors.size(), options); });
    bank.rows_ = file.rows;
    bank.refused_rows_ = file.refused_rows;
    bank.last_change_ = file.last_change;
    for (std::size_t i = 0; i < bank.stride(); ++i) {
        // Lanes beyond the last feature follow it.
        const std::size_t from = std::min(i, bank.features_ - 1);
        const Adwin monitor = read(from);
        if (i < bank.features_) {
            MonitorCodec::require(monitor.state() != MonitorState::warning, "an unknown state");
            bank.restore_counts(i, file.monitors[i]);
            for (std::size_t k = 0; k < monitor.counts_of_level_[0]; ++k)
                MonitorCodec::require(monitor.level(0)[k].deviations == 0.0, "a single value with a deviation");
        }
        bank.store(i, monitor);
    }
    for (std::size_t group = 0; group < bank.agreed_.size(); ++group) bank.find_agreed(group);
    return bank;
}

}  // namespace vedette::inline v0::drift
