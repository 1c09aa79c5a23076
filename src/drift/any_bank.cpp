// SPDX-License-Identifier: Apache-2.0
// Banks by name: options as text, a reference's columns, and files.
#include "vedette/drift/any_bank.hpp"

#include <fmt/format.h>

#include <cmath>
#include <type_traits>
#include <utility>

#include "drift/monitor_codec.hpp"
#include "drift/monitor_model.hpp"
#include "vedette/core/container.hpp"
#include "vedette/stats/moments.hpp"

namespace vedette::inline v0::drift {
namespace {

template <class M>
using OptionsOf = typename MonitorTraits<M>::Options;

// Mean and sd of a column; NaN where there is none.
MonitorReference moments_of(const MatrixView<double>& reference, std::size_t column) {
    MonitorReference found;
    stats::Moments moments;
    for (std::size_t i = 0; i < reference.rows(); ++i)
        if (std::isfinite(reference(i, column))) moments.add(reference(i, column));
    if (moments.count == 0) return found;
    found.mean = moments.mean;
    found.sd = moments.standard_deviation();
    return found;
}

// Of one feature, by way of the monitor itself, so that names, defaults and refusals are its own.
template <class M>
OptionsOf<M> read_options(std::string_view text, const MonitorReference& reference) {
    const AnyMonitor monitor = make_monitor(MonitorTraits<M>::kind, text, reference);
    if (monitor.block_length() != 1)
        throw Error(ErrorCode::invalid_argument, "a bank takes no block or thin: give it every so many rows instead");
    return M::deserialize(monitor.serialize()).options();
}

// The options of the feature before with the same text, but for what the reference says: a threshold for a run length
// takes a while to find.
template <class M>
OptionsOf<M> with_moments(OptionsOf<M> options, std::string_view text, const MonitorReference& reference) {
    if constexpr (std::is_same_v<M, Cusum> || std::is_same_v<M, EwmaChart>) {
        const OptionList given = parse_options(monitor_kind_name(MonitorTraits<M>::kind), text);
        const bool names_mean = find_option(given, "mean") != nullptr, names_sd = find_option(given, "sd") != nullptr;
        const bool is_known = (names_mean || std::isfinite(reference.mean)) &&
                              (names_sd || (std::isfinite(reference.sd) && reference.sd > 0.0));
        if (!is_known) return read_options<M>(text, reference);  // says what is wrong
        if (!names_mean) options.mean = reference.mean;
        if (!names_sd) options.sd = reference.sd;
    }
    return options;
}

template <class M>
MonitorBank<M> make(std::size_t features, std::span<const std::string_view> texts,
                    const MatrixView<double>& reference) {
    if (texts.size() > 1 && texts.size() != features)
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("bank: {} texts of options for {} features", texts.size(), features));
    const bool learns = monitor_reference_use(MonitorTraits<M>::kind) == MonitorReferenceUse::moments;
    const bool has_reference = reference.rows() > 0 || reference.columns() > 0;
    if (learns && has_reference && reference.columns() != features)
        throw Error(ErrorCode::dimension_mismatch,
                    fmt::format("bank: the reference has {} columns for {} features", reference.columns(), features));
    const auto text_of = [&](std::size_t i) {
        return texts.empty() ? std::string_view() : texts[texts.size() == 1 ? 0 : i];
    };
    const auto known_of = [&](std::size_t i) {
        return learns && has_reference ? moments_of(reference, i) : MonitorReference{};
    };
    const bool differ = texts.size() > 1 || (learns && has_reference);
    if (!differ || features == 0) return MonitorBank<M>(features, read_options<M>(text_of(0), {}));
    std::vector<OptionsOf<M>> options;
    for (std::size_t i = 0; i < features; ++i) {
        try {
            const bool repeats = i > 0 && text_of(i) == text_of(i - 1);
            options.push_back(repeats ? with_moments<M>(options.back(), text_of(i), known_of(i))
                                      : read_options<M>(text_of(i), known_of(i)));
        } catch (const Error& error) {
            throw Error(error.code(), fmt::format("feature {}: {}", i, error.what()));
        }
    }
    if constexpr (std::is_same_v<M, Adwin>) {
        const OptionList first = list_fields(options.front(), adwin_fields);
        for (std::size_t i = 1; i < features; ++i) {
            const OptionList own = list_fields(options[i], adwin_fields);
            for (std::size_t k = 0; k < own.size(); ++k)
                if (!same_value(own[k].value, first[k].value))
                    throw Error(ErrorCode::invalid_argument,
                                fmt::format("adwin: feature {} differs from feature 0 in an option that must be the "
                                            "same for all",
                                            i));
        }
        return MonitorBank<M>(features, options.front());
    } else {
        return MonitorBank<M>(std::span<const OptionsOf<M>>(options));
    }
}

// The kind of its files, by class.
template <class M>
std::string file_kind() {
    return std::string(monitor_kind_name(MonitorTraits<M>::kind)) + "_bank";
}

template <class M>
bool reads(std::string_view kind, std::span<const std::byte> bytes, std::vector<AnyBank>& found) {
    if (kind != file_kind<M>()) return false;
    found.emplace_back(MonitorBank<M>::deserialize(bytes));
    return true;
}

// As std::visit, for calls that cannot fail: a bank never loses its object.
template <class BankVariant, class Call>
decltype(auto) with(BankVariant& bank, Call call) noexcept {
    if (auto* const adwin = std::get_if<AdwinBank>(&bank)) return call(*adwin);
    if (auto* const page = std::get_if<PageHinkleyBank>(&bank)) return call(*page);
    if (auto* const cusum = std::get_if<CusumBank>(&bank)) return call(*cusum);
    if (auto* const ewma = std::get_if<EwmaChartBank>(&bank)) return call(*ewma);
    if (auto* const ddm = std::get_if<DdmBank>(&bank)) return call(*ddm);
    return call(*std::get_if<HddmABank>(&bank));
}

}  // namespace

std::size_t AnyBank::update(std::span<const float> row) noexcept {
    return with(bank_, [&](auto& bank) { return bank.update(row); });
}
std::size_t AnyBank::update(std::span<const double> row) noexcept {
    return with(bank_, [&](auto& bank) { return bank.update(row); });
}
std::size_t AnyBank::update_rows(const MatrixView<float>& rows) noexcept {
    return with(bank_, [&](auto& bank) { return bank.update_rows(rows); });
}
std::size_t AnyBank::update_rows(const MatrixView<double>& rows) noexcept {
    return with(bank_, [&](auto& bank) { return bank.update_rows(rows); });
}
void AnyBank::reset() noexcept {
    with(bank_, [](auto& bank) { bank.reset(); });
}

MonitorKind AnyBank::kind() const noexcept {
    return with(bank_, []<class M>(const MonitorBank<M>&) { return MonitorTraits<M>::kind; });
}

const MonitorBankBase& AnyBank::base() const noexcept {
    return with(bank_, [](const auto& bank) -> const MonitorBankBase& { return bank; });
}

AnyMonitor AnyBank::monitor(std::size_t feature) const {
    return std::visit([&](const auto& bank) { return AnyMonitor::deserialize(bank.monitor(feature).serialize()); },
                      bank_);
}

std::vector<std::byte> AnyBank::serialize() const {
    return std::visit([](const auto& bank) { return bank.serialize(); }, bank_);
}

AnyBank AnyBank::deserialize(std::span<const std::byte> bytes) {
    const std::string kind(Container::view(bytes).kind());
    std::vector<AnyBank> found;
    const bool known = reads<Adwin>(kind, bytes, found) || reads<PageHinkley>(kind, bytes, found) ||
                       reads<Cusum>(kind, bytes, found) || reads<EwmaChart>(kind, bytes, found) ||
                       reads<Ddm>(kind, bytes, found) || reads<HddmA>(kind, bytes, found);
    MonitorCodec::require(known, "a file of another kind than a bank");
    return std::move(found.front());
}

AnyBank make_bank(MonitorKind kind, std::size_t features, std::span<const std::string_view> options,
                  const MatrixView<double>& reference) {
    switch (kind) {
        case MonitorKind::adwin: return AnyBank(make<Adwin>(features, options, reference));
        case MonitorKind::page_hinkley: return AnyBank(make<PageHinkley>(features, options, reference));
        case MonitorKind::cusum: return AnyBank(make<Cusum>(features, options, reference));
        case MonitorKind::ewma_chart: return AnyBank(make<EwmaChart>(features, options, reference));
        case MonitorKind::ddm: return AnyBank(make<Ddm>(features, options, reference));
        case MonitorKind::hddm_a: return AnyBank(make<HddmA>(features, options, reference));
        default: break;
    }
    throw Error(ErrorCode::invalid_argument,
                fmt::format("bank: there is none of kind {}; there are adwin, page_hinkley, cusum, ewma_chart, ddm, "
                            "hddm_a",
                            monitor_kind_name(kind)));
}

AnyBank make_bank(std::string_view kind, std::size_t features, std::span<const std::string_view> options,
                  const MatrixView<double>& reference) {
    return make_bank(monitor_kind(kind), features, options, reference);
}

}  // namespace vedette::inline v0::drift
