// SPDX-License-Identifier: Apache-2.0
// What AnyMonitor asks of each kind of monitor, and the one class that answers for all of them.
#pragma once

#include <algorithm>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "drift/monitor_options.hpp"
#include "vedette/drift/any_monitor.hpp"

namespace vedette::inline v0::drift {

struct AnyMonitor::Model {
    virtual ~Model() = default;
    virtual MonitorState update(double x) noexcept = 0;
    [[nodiscard]] virtual Kswin* kswin() noexcept { return nullptr; }  // the one kind that takes a draw
    virtual MonitorState merge(const Model& other) = 0;                ///< of the same kind
    virtual void reset() noexcept = 0;
    [[nodiscard]] virtual MonitorKind kind() const noexcept = 0;
    [[nodiscard]] virtual MonitorState state() const noexcept = 0;
    [[nodiscard]] virtual const MonitorCounts& counts() const noexcept = 0;
    [[nodiscard]] virtual MonitorReading reading() const noexcept = 0;
    [[nodiscard]] virtual OptionList options() const = 0;
    [[nodiscard]] virtual std::vector<std::byte> serialize() const = 0;
    [[nodiscard]] virtual std::unique_ptr<Model> clone() const = 0;
};

/// Of one class: its kind, its options by name, and its numbers in the words of MonitorReading.
template <class M>
struct MonitorTraits;

/// The larger of two statistics, of those that a direction looks at.
inline double looked_at(Direction direction, double up, double down) noexcept {
    return direction == Direction::up ? up : direction == Direction::down ? down : std::max(up, down);
}

#define VEDETTE_MONITOR(Class, OptionStruct, name)         \
    static constexpr MonitorKind kind = MonitorKind::name; \
    using Options = OptionStruct;                          \
    static constexpr const auto& fields = name##_fields;   \
    static MonitorReading reading([[maybe_unused]] const Class& m) noexcept

template <>
struct MonitorTraits<Adwin> {
    VEDETTE_MONITOR(Adwin, AdwinOptions, adwin) { return {.estimate = m.estimate()}; }
};
template <>
struct MonitorTraits<PageHinkley> {
    VEDETTE_MONITOR(PageHinkley, PageHinkleyOptions, page_hinkley) {
        return {.estimate = m.estimate(),
                .statistic = looked_at(m.options().direction, m.increase(), m.decrease()),
                .limit = m.options().threshold};
    }
};
template <>
struct MonitorTraits<Cusum> {
    VEDETTE_MONITOR(Cusum, CusumOptions, cusum) {
        return {.statistic = looked_at(m.options().direction, m.upper(), m.lower()), .limit = m.options().threshold};
    }
};
template <>
struct MonitorTraits<EwmaChart> {
    VEDETTE_MONITOR(EwmaChart, EwmaChartOptions, ewma_chart) {
        MonitorReading reading{.estimate = m.estimate(), .limit = m.options().width};
        const double apart = m.estimate() - m.options().mean;
        if (m.observations() > 0)
            reading.statistic = looked_at(m.options().direction, apart, -apart) / m.standard_error();
        return reading;
    }
};
template <>
struct MonitorTraits<Ddm> {
    VEDETTE_MONITOR(Ddm, DdmOptions, ddm) { return {.estimate = m.estimate()}; }
};
template <>
struct MonitorTraits<Eddm> {
    VEDETTE_MONITOR(Eddm, EddmOptions, eddm) { return {.estimate = m.estimate()}; }
};
template <>
struct MonitorTraits<HddmA> {
    VEDETTE_MONITOR(HddmA, HddmAOptions, hddm_a) { return {.estimate = m.estimate()}; }
};
template <>
struct MonitorTraits<HddmW> {
    VEDETTE_MONITOR(HddmW, HddmWOptions, hddm_w) { return {.estimate = m.estimate()}; }
};
template <>
struct MonitorTraits<Kswin> {
    VEDETTE_MONITOR(Kswin, KswinOptions, kswin) { return {.statistic = m.statistic(), .p_value = m.p_value()}; }
};
template <>
struct MonitorTraits<Stepd> {
    VEDETTE_MONITOR(Stepd, StepdOptions, stepd) { return {.estimate = m.estimate(), .p_value = m.p_value()}; }
};
template <>
struct MonitorTraits<IncrementalKs> {
    VEDETTE_MONITOR(IncrementalKs, IncrementalKsOptions, incremental_ks) {
        return {.statistic = m.statistic(), .limit = m.critical_distance(), .p_value = m.p_value()};
    }
};
template <>
struct MonitorTraits<EProcess> {
    VEDETTE_MONITOR(EProcess, EProcessOptions, e_process) {
        return {
            .statistic = m.e_value(), .limit = 1.0 / m.options().level, .p_value = m.p_value(), .e_value = m.e_value()};
    }
};
template <>
struct MonitorTraits<EDetector> {
    VEDETTE_MONITOR(EDetector, EDetectorOptions, e_detector) {
        return {.statistic = m.statistic(), .limit = m.options().average_run_length};
    }
};
template <>
struct MonitorTraits<HarmMonitor> {
    VEDETTE_MONITOR(HarmMonitor, HarmOptions, harm_monitor) {
        return {.estimate = m.mean(),
                .statistic = m.bounds().lower,
                .limit = m.options().tolerated,
                .interval = m.bounds()};
    }
};
template <>
struct MonitorTraits<MeanMonitor> {
    // Of the two bounds the one that is nearer to its limit.
    VEDETTE_MONITOR(MeanMonitor, MeanOptions, mean_monitor) {
        const Interval bounds = m.bounds();
        const bool looks_up = bounds.lower - m.options().most >= m.options().least - bounds.upper;
        return {.estimate = m.mean(),
                .statistic = looks_up ? bounds.lower : bounds.upper,
                .limit = looks_up ? m.options().most : m.options().least,
                .interval = bounds};
    }
};
#undef VEDETTE_MONITOR

template <class M>
class MonitorModel final : public AnyMonitor::Model {
  public:
    explicit MonitorModel(M monitor) : monitor_(std::move(monitor)) {}

    MonitorState update(double x) noexcept override { return monitor_.update(x); }
    [[nodiscard]] Kswin* kswin() noexcept override {
        if constexpr (std::is_same_v<M, Kswin>) return &monitor_;
        return nullptr;
    }
    MonitorState merge([[maybe_unused]] const AnyMonitor::Model& other) override {
        if constexpr (requires(M a, const M& b) { a.merge(b); }) {
            return monitor_.merge(static_cast<const MonitorModel&>(other).monitor_);
        } else {
            throw Error(ErrorCode::unsupported,
                        std::string("monitor ") + monitor_kind_name(kind()) +
                            ": depends on the order of its values, so that streams do not merge; watch each by itself");
        }
    }
    void reset() noexcept override { monitor_.reset(); }
    [[nodiscard]] MonitorKind kind() const noexcept override { return MonitorTraits<M>::kind; }
    [[nodiscard]] MonitorState state() const noexcept override { return monitor_.state(); }
    [[nodiscard]] const MonitorCounts& counts() const noexcept override { return monitor_.counts(); }
    [[nodiscard]] MonitorReading reading() const noexcept override { return MonitorTraits<M>::reading(monitor_); }
    [[nodiscard]] OptionList options() const override {
        return list_fields(monitor_.options(), MonitorTraits<M>::fields);
    }
    [[nodiscard]] std::vector<std::byte> serialize() const override { return monitor_.serialize(); }
    [[nodiscard]] std::unique_ptr<AnyMonitor::Model> clone() const override {
        return std::make_unique<MonitorModel>(monitor_);
    }

  private:
    M monitor_;
};

}  // namespace vedette::inline v0::drift
