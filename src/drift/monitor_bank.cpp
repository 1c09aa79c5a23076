// SPDX-License-Identifier: Apache-2.0
// Banks of monitors: what they keep, and the way of rows to the kernels.
#include "vedette/drift/monitor_bank.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "drift/bank_file.hpp"
#include "drift/bank_rules.hpp"
#include "kernels/dispatch.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr std::size_t most_features = std::size_t{1} << 24U;

bool get_bit(const std::vector<std::uint8_t>& map, std::size_t i) noexcept {
    return (map[i / 8] >> (i % 8) & 1) != 0;
}
void set_bit(std::vector<std::uint8_t>& map, std::size_t i, bool on) noexcept {
    const auto bit = static_cast<std::uint8_t>(1U << (i % 8));
    map[i / 8] = static_cast<std::uint8_t>(on ? map[i / 8] | bit : map[i / 8] & ~bit);
}

}  // namespace

MonitorBankBase::MonitorBankBase(const char* name, std::size_t features, std::size_t columns, std::size_t parameters)
    : features_(features) {
    require_option(name, "features", static_cast<double>(features), 1.0, static_cast<double>(most_features));
    const std::size_t groups = (features + 7) / 8;
    parameters_.resize(groups * parameters);
    columns_.resize(groups * columns);
    skipped_.resize(groups);
    skipped_by_all_.resize((features + kernels::bank_block - 1) / kernels::bank_block);
    begins_.resize(groups);
    changing_.resize(groups);
    warned_.resize(groups);
    changed_.resize(groups);
    nan_.resize(features);
    infinite_.resize(features);
    refused_.resize(features);
    changes_.resize(features);
    last_change_.resize(features);
    gathered_.resize(features);
    collected_.resize(groups);
}

void MonitorBankBase::forget() noexcept {
    rows_ = refused_rows_ = 0;
    std::fill(skipped_.begin(), skipped_.end(), Line{});
    std::fill(skipped_by_all_.begin(), skipped_by_all_.end(), std::numeric_limits<double>::quiet_NaN());
    std::fill(begins_.begin(), begins_.end(), std::uint8_t{0xFF});
    for (auto* map : {&changing_, &warned_, &changed_}) std::fill(map->begin(), map->end(), std::uint8_t{0});
    for (auto* list : {&nan_, &infinite_, &refused_, &changes_, &last_change_})
        std::fill(list->begin(), list->end(), 0U);
}

std::size_t MonitorBankBase::changed_count() const noexcept {
    // Most often there is none.
    std::size_t count = 0;
    std::size_t i = 0;
    for (; i + 8 <= changed_.size(); i += 8) {
        std::uint64_t word;
        std::memcpy(&word, changed_.data() + i, sizeof word);
        if (word != 0) count += static_cast<std::size_t>(std::popcount(word));
    }
    for (; i < changed_.size(); ++i) count += static_cast<std::size_t>(std::popcount(changed_[i]));
    return count;
}

MonitorState MonitorBankBase::state(std::size_t feature) const noexcept {
    if (get_bit(changing_, feature)) return MonitorState::change;
    return get_bit(warned_, feature) ? MonitorState::warning : MonitorState::in_control;
}

MonitorCounts MonitorBankBase::counts(std::size_t feature) const noexcept {
    const std::uint64_t away = nan_[feature] + infinite_[feature] + refused_[feature];
    return {rows_ - away, nan_[feature], infinite_[feature], refused_[feature], changes_[feature]};
}

bool MonitorBankBase::is_begun(std::size_t i) const noexcept {
    return get_bit(begins_, i);
}

std::vector<std::uint64_t> MonitorBankBase::counts_of(std::size_t i, bool pending) const {
    const MonitorCounts seen = counts(i);
    return {seen.accepted,    seen.nan, seen.infinite, seen.refused, seen.changes, static_cast<std::uint64_t>(state(i)),
            pending ? 1U : 0U};
}

void MonitorBankBase::restore_counts(std::size_t i, const MonitorCodec& file, bool refuses) {
    const auto state = static_cast<MonitorState>(file.counts[5]);
    MonitorCodec::require(refuses || file.counts[3] == 0, "refused values");
    set_bit(begins_, i, file.counts[6] == 1);
    set_bit(changing_, i, state == MonitorState::change);
    set_bit(warned_, i, state == MonitorState::warning);
    nan_[i] = file.counts[1];
    infinite_[i] = file.counts[2];
    refused_[i] = file.counts[3];
    changes_[i] = file.counts[4];
}

kernels::BankView MonitorBankBase::view() noexcept {
    return {.features = features_,
            .stride = stride(),
            .columns = columns_.front().values,
            .parameters = parameters_.empty() ? nullptr : parameters_.front().values,
            .settings = settings_.data(),
            .uniform = uniform_,
            .skipped = skipped_.front().values,
            .skipped_by_all = skipped_by_all_.data(),
            .begins = begins_.data(),
            .changing = changing_.data(),
            .warned = warned_.data(),
            .changed = changed_.data(),
            .nan = nan_.data(),
            .infinite = infinite_.data(),
            .refused = refused_.data(),
            .changes = changes_.data(),
            .last_change = last_change_.data(),
            .rows = rows_};
}

template <class M>
MonitorBank<M>::MonitorBank(std::size_t features, const Options& options)
    : MonitorBankBase(BankRule<M>::name, features, BankRule<M>::columns, BankRule<M>::parameters), options_{options} {
    (void)M(options);
    settings_ = BankRule<M>::settings(options);
    for (std::size_t i = 0; i < stride(); ++i)
        for (std::size_t k = 0; k < BankRule<M>::parameters; ++k)
            parameter(k)[i] = BankRule<M>::parameters_of(options)[k];
    clear();
}

template <class M>
MonitorBank<M>::MonitorBank(std::span<const Options> options)
    : MonitorBankBase(BankRule<M>::name, options.size(), BankRule<M>::columns, BankRule<M>::parameters),
      options_(options.begin(), options.end()) {
    settings_ = BankRule<M>::settings(options.front());
    std::vector<double> first;
    for (std::size_t i = 0; i < stride(); ++i) {
        const Options& own = options[std::min(i, options.size() - 1)];
        if (i < options.size()) {
            (void)M(own);
            if (!BankRule<M>::may_differ(own, options.front()))
                throw Error(ErrorCode::invalid_argument,
                            std::string(BankRule<M>::name) + ": feature " + std::to_string(i) +
                                " differs from feature 0 in an option that must be the same for all");
        }
        const auto values = BankRule<M>::parameters_of(own);
        if (i == 0) first.assign(values.begin(), values.end());
        uniform_ = uniform_ && std::equal(first.begin(), first.end(), values.begin());
        for (std::size_t k = 0; k < values.size(); ++k) parameter(k)[i] = values[k];
    }
    if (uniform_) options_.resize(1);
    clear();
}

template <class M>
void MonitorBank<M>::clear() noexcept {
    forget();
    for (std::size_t c = 0; c < BankRule<M>::columns; ++c)
        for (std::size_t i = 0; i < stride(); ++i)
            column(c)[i] = BankRule<M>::start(c, settings_.data(), parameter(0)[i]);
}

template <class M>
void MonitorBank<M>::reset() noexcept {
    clear();
}

template <class M>
template <class T>
std::size_t MonitorBank<M>::take(const T* rows, std::size_t row_count, std::ptrdiff_t row_stride) noexcept {
    std::fill(changed_.begin(), changed_.end(), std::uint8_t{0});
    const kernels::BankView whole = view();
    (kernels::banks<T>(kernels::kernels()).*BankRule<M>::template kernel<T>)(&whole, rows, row_count, row_stride);
    rows_ += row_count;
    return changed_count();
}

std::size_t MonitorBankBase::refuse(std::size_t rows) noexcept {
    refused_rows_ += rows;
    std::fill(changed_.begin(), changed_.end(), std::uint8_t{0});
    return 0;
}

template <class M>
template <class T>
std::size_t MonitorBank<M>::take(const MatrixView<T>& rows) noexcept {
    if (rows.columns() != features_) return refuse(rows.rows());
    if (rows.is_row_major()) return take(rows.data(), rows.rows(), rows.row_stride());
    return take_columns(rows, [&](const double* row) { take(row, 1, 0); });
}

template <class M>
std::size_t MonitorBank<M>::update(std::span<const float> row) noexcept {
    return row.size() == features_ ? take(row.data(), 1, 0) : refuse(1);
}
template <class M>
std::size_t MonitorBank<M>::update(std::span<const double> row) noexcept {
    return row.size() == features_ ? take(row.data(), 1, 0) : refuse(1);
}
template <class M>
std::size_t MonitorBank<M>::update_rows(const MatrixView<float>& rows) noexcept {
    return take(rows);
}
template <class M>
std::size_t MonitorBank<M>::update_rows(const MatrixView<double>& rows) noexcept {
    return take(rows);
}

// The lists of the monitor of one feature, but for its options.
template <class M>
MonitorCodec MonitorBank<M>::lists_of(std::size_t i) const {
    MonitorCodec file;
    const auto count = static_cast<std::uint64_t>(static_cast<double>(rows_) - skipped_[i / 8].values[i % 8]);
    std::array<double, BankRule<M>::columns> own;
    for (std::size_t c = 0; c < own.size(); ++c) own[c] = column(c)[i];
    BankRule<M>::write(own, count, file);
    file.counts = counts_of(i, count > 0 && is_begun(i));
    return file;
}

template <class M>
void MonitorBank<M>::restore(std::size_t i, const MonitorCodec& file) {
    std::array<double, BankRule<M>::columns> own{};
    const std::uint64_t count = BankRule<M>::read(file, BankRule<M>::parameters_of(options(i)), own);
    MonitorCodec::require(count <= file.counts[0], "an impossible count");
    MonitorCodec::require(file.counts[6] == 0 || count > 0, "a change without a value");
    restore_counts(i, file, BankRule<M>::refuses);
    skipped_[i / 8].values[i % 8] = static_cast<double>(rows_ - count);
    for (std::size_t c = 0; c < own.size(); ++c) column(c)[i] = own[c];
    if (count == 0) set_bit(begins_, i, true);
}

template <class M>
M MonitorBank<M>::monitor(std::size_t feature) const {
    require_option(BankRule<M>::name, "feature", static_cast<double>(feature), 0.0, static_cast<double>(features_ - 1));
    const auto fresh = M(options(feature)).serialize();
    const auto given =
        MonitorCodec::read(BankRule<M>::name, fresh, BankRule<M>::option_count, BankRule<M>::setting_count);
    MonitorCodec file = lists_of(feature);
    file.options = given.options;
    file.settings = given.settings;
    return M::deserialize(file.write(BankRule<M>::name));
}

template <class M>
std::vector<std::byte> MonitorBank<M>::serialize() const {
    BankFile file{
        .monitors = {}, .uniform = uniform_, .rows = rows_, .refused_rows = refused_rows_, .last_change = last_change_};
    for (std::size_t i = 0; i < features_; ++i) {
        MonitorCodec lists = lists_of(i);
        if (i == 0 || !uniform_) {
            const auto fresh = M(options(i)).serialize();
            const auto given =
                MonitorCodec::read(BankRule<M>::name, fresh, BankRule<M>::option_count, BankRule<M>::setting_count);
            lists.options = given.options;
            lists.settings = given.settings;
        }
        file.monitors.push_back(std::move(lists));
    }
    return file.write(BankRule<M>::kind);
}

template <class M>
MonitorBank<M> MonitorBank<M>::deserialize(std::span<const std::byte> bytes) {
    const auto file = BankFile::read(BankRule<M>::kind, bytes, BankRule<M>::option_count, BankRule<M>::setting_count);
    std::vector<Options> options;
    for (const MonitorCodec& lists : file.monitors) {
        // The monitor's own reader says whether one can be there.
        const M monitor = M::deserialize(lists.write(BankRule<M>::name));
        MonitorCodec::require(BankRule<M>::warns || monitor.state() != MonitorState::warning, "an unknown state");
        if (options.empty() || !file.uniform) options.push_back(monitor.options());
    }
    auto bank = MonitorCodec::make(
        [&] { return file.uniform ? MonitorBank(file.monitors.size(), options.front()) : MonitorBank(options); });
    MonitorCodec::require(bank.uniform_ == file.uniform, "options said more than once");
    bank.rows_ = file.rows;
    bank.refused_rows_ = file.refused_rows;
    bank.last_change_ = file.last_change;
    for (std::size_t i = 0; i < bank.features_; ++i) bank.restore(i, file.monitors[i]);
    return bank;
}

template class MonitorBank<PageHinkley>;
template class MonitorBank<Cusum>;
template class MonitorBank<EwmaChart>;
template class MonitorBank<Ddm>;
template class MonitorBank<HddmA>;

}  // namespace vedette::inline v0::drift
