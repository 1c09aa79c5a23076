// SPDX-License-Identifier: Apache-2.0
// E-values, confidence sequences, label shift and ranking by effect, across the C boundary.
#include <algorithm>
#include <limits>
#include <span>
#include <type_traits>
#include <variant>
#include <vector>

#include "fence.hpp"
#include "handles.hpp"
#include "monitor_handle.hpp"
#include "structs.hpp"
#include "vedette/core/container.hpp"
#include "vedette/drift/label_shift.hpp"
#include "vedette/drift/performance_ranking.hpp"
#include "vedette/stats/betting_sequence.hpp"
#include "vedette/stats/confidence_sequence.hpp"
#include "vedette/stats/e_values.hpp"
#include "views.hpp"

using namespace vedette;
using namespace vedette::capi;

using Sequence =
    std::variant<stats::MeanConfidenceSequence, stats::ProportionConfidenceSequence, stats::BettingConfidenceSequence>;

struct alignas(64) vdt_confidence_sequence {
    vdt_allocator allocator;
    Sequence object;
    std::uint64_t refused = 0;
};

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

std::span<const double> read_e_values(const double* values, std::size_t count) {
    if (count != 0) require(values, "e_values");
    return {values, count};
}

vdt_confidence_sequence_options default_sequence() noexcept {
    const stats::MeanSequenceOptions mean;
    const stats::ProportionSequenceOptions proportion;
    const stats::BettingSequenceOptions betting;
    return {sizeof(vdt_confidence_sequence_options),
            VDT_SEQUENCE_MEAN,
            mean.level,
            mean.intrinsic_time,
            mean.lower,
            mean.upper,
            proportion.prior_successes,
            proportion.prior_failures,
            betting.cells,
            betting.largest_bet};
}

vdt_confidence_bounds no_bounds() noexcept {
    return {sizeof(vdt_confidence_bounds), 0, 0, 0, not_a_number, not_a_number, not_a_number};
}

vdt_label_shift no_shift() noexcept {
    return {sizeof(vdt_label_shift),
            VDT_NOT_EVALUATED,
            0,
            0,
            not_a_number,
            not_a_number,
            not_a_number,
            not_a_number,
            not_a_number,
            not_a_number,
            not_a_number};
}

Sequence make_sequence(const vdt_confidence_sequence_options& options) {
    if (options.kind == VDT_SEQUENCE_MEAN)
        return stats::MeanConfidenceSequence({.level = options.level,
                                              .intrinsic_time = options.intrinsic_time,
                                              .lower = options.lower,
                                              .upper = options.upper});
    if (options.kind == VDT_SEQUENCE_PROPORTION)
        return stats::ProportionConfidenceSequence(
            {.level = options.level, .prior_successes = options.prior_ones, .prior_failures = options.prior_zeros});
    if (options.kind == VDT_SEQUENCE_BETTING)
        return stats::BettingConfidenceSequence({.level = options.level,
                                                 .lower = options.lower,
                                                 .upper = options.upper,
                                                 .cells = static_cast<std::size_t>(options.cells),
                                                 .largest_bet = options.largest_bet});
    throw Error(ErrorCode::invalid_argument, "options.kind is no VDT_SEQUENCE_*");
}

Sequence read_sequence(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    if (file.kind() == "proportion_confidence_sequence") return stats::ProportionConfidenceSequence::deserialize(bytes);
    if (file.kind() == "betting_confidence_sequence") return stats::BettingConfidenceSequence::deserialize(bytes);
    return stats::MeanConfidenceSequence::deserialize(bytes);
}

template <class Sequence>
bool enter(Sequence& sequence, double value) noexcept {
    return sequence.update(value);
}
bool enter(stats::ProportionConfidenceSequence& sequence, double value) noexcept {
    return (value == 0.0 || value == 1.0) && sequence.update(value == 1.0);
}

template <class Sequence>
vdt_confidence_bounds to_c(const Sequence& sequence, std::uint64_t refused) noexcept {
    const Interval bounds = sequence.bounds();
    return {sizeof(vdt_confidence_bounds), 0, sequence.count(), refused, sequence.mean(), bounds.lower, bounds.upper};
}
vdt_confidence_bounds to_c(const stats::ProportionConfidenceSequence& sequence, std::uint64_t refused) noexcept {
    const Interval bounds = sequence.bounds();
    const auto trials = static_cast<double>(sequence.trials());
    const double mean = trials == 0.0 ? not_a_number : static_cast<double>(sequence.successes()) / trials;
    return {sizeof(vdt_confidence_bounds), 0, sequence.trials(), refused, mean, bounds.lower, bounds.upper};
}

vdt_class_share to_c(const drift::ClassShare& share) noexcept {
    return {share.reference, share.live,         share.live_interval.lower, share.live_interval.upper,
            share.weight,    share.weight_error, share.share_error};
}

vdt_label_shift to_c(const drift::LabelShift& shift) noexcept {
    vdt_label_shift out = no_shift();
    out.decision = static_cast<vdt_decision>(shift.decision);
    out.was_cut = shift.was_cut ? 1 : 0;
    out.condition = shift.condition;
    out.statistic = shift.test.statistic;
    out.p_value = shift.test.p_value;
    out.effect = shift.test.effect;
    out.accuracy = shift.accuracy;
    out.accuracy_lower = shift.accuracy_interval.lower;
    out.accuracy_upper = shift.accuracy_interval.upper;
    return out;
}

}  // namespace

extern "C" {

vdt_status vdt_average_e_values(const double* e_values, size_t count, double* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = stats::average_e_values(read_e_values(e_values, count));
    });
}

vdt_status vdt_multiply_e_values(const double* e_values, size_t count, double* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = stats::multiply_e_values(read_e_values(e_values, count));
    });
}

vdt_status vdt_lift_e_process(double largest, double* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = stats::lift_e_process(largest);
    });
}

vdt_status vdt_join_evidence(const vdt_monitor* const* monitors, size_t streams, size_t shards,
                             double false_discovery_rate, int32_t merge, double* e_values, uint8_t* discovered,
                             double* threshold, vdt_error* error) noexcept {
    return fence(error, [&] {
        if (merge != VDT_EVIDENCE_AVERAGE && merge != VDT_EVIDENCE_PRODUCT)
            throw Error(ErrorCode::invalid_argument, "merge is no VDT_EVIDENCE_*");
        if (shards != 0 && streams > (std::size_t{1} << 24U) / shards)
            throw Error(ErrorCode::invalid_argument, "streams and shards are too many");
        std::vector<const drift::AnyMonitor*> list;
        for (const vdt_monitor* const monitor : to_span(monitors, streams * shards, "monitors")) {
            require(monitor, "monitors");
            list.push_back(&monitor->object);
        }
        const drift::JoinedEvidence joined =
            drift::join_evidence(list, shards, false_discovery_rate, static_cast<drift::EvidenceMerge>(merge));
        for (std::size_t i = 0; i < joined.size(); ++i) {
            if (e_values != nullptr) e_values[i] = joined.e_values()[i];
            if (discovered != nullptr) discovered[i] = joined.is_discovered(i) ? 1 : 0;
        }
        if (threshold != nullptr) *threshold = joined.threshold();
    });
}

vdt_status vdt_adjust_e_values(const double* e_values, size_t count, double* adjusted, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(adjusted, "adjusted");
        const std::vector<double> found = stats::adjust_e_values(read_e_values(e_values, count));
        std::copy(found.begin(), found.end(), adjusted);
    });
}

void vdt_confidence_sequence_options_init(vdt_confidence_sequence_options* options, size_t size) noexcept {
    init_struct(options, size, default_sequence());
}

void vdt_confidence_bounds_init(vdt_confidence_bounds* bounds, size_t size) noexcept {
    init_struct(bounds, size, no_bounds());
}

vdt_status vdt_confidence_sequence_create(const vdt_confidence_sequence_options* options,
                                          const vdt_allocator* allocator, vdt_confidence_sequence** out,
                                          vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = make_handle<vdt_confidence_sequence>(allocator,
                                                    make_sequence(read_struct(options, default_sequence(), "options")));
    });
}

vdt_status vdt_confidence_sequence_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator,
                                              vdt_confidence_sequence** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        if (size != 0) require(bytes, "bytes");
        require(out, "out");
        const std::span<const std::byte> view(static_cast<const std::byte*>(bytes), size);
        *out = make_handle<vdt_confidence_sequence>(allocator, read_sequence(view));
    });
}

vdt_status vdt_confidence_sequence_to_bytes(const vdt_confidence_sequence* sequence, void* buffer, size_t capacity,
                                            size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(sequence, "sequence");
        const std::vector<std::byte> bytes =
            std::visit([](const auto& object) { return object.serialize(); }, sequence->object);
        copy_bytes(bytes.data(), bytes.size(), 1, buffer, capacity, length);
    });
}

void vdt_confidence_sequence_destroy(vdt_confidence_sequence* sequence) noexcept {
    destroy_handle(sequence);
}

vdt_status vdt_confidence_sequence_update(vdt_confidence_sequence* sequence, const double* values, size_t count,
                                          vdt_error* error) noexcept {
    return fence(error, [&] {
        require(sequence, "sequence");
        if (count != 0) require(values, "values");
        std::visit(
            [&](auto& object) {
                for (std::size_t i = 0; i < count; ++i)
                    if (!enter(object, values[i])) ++sequence->refused;
            },
            sequence->object);
    });
}

vdt_status vdt_confidence_sequence_merge(vdt_confidence_sequence* sequence, const vdt_confidence_sequence* other,
                                         vdt_error* error) noexcept {
    return fence(error, [&] {
        require(sequence, "sequence");
        require(other, "other");
        if (sequence->object.index() != other->object.index())
            throw Error(ErrorCode::invalid_argument, "other is a sequence of another kind");
        std::visit(
            [&](auto& object) { object.merge(std::get<std::remove_reference_t<decltype(object)>>(other->object)); },
            sequence->object);
        sequence->refused += other->refused;
    });
}

vdt_status vdt_confidence_sequence_reset(vdt_confidence_sequence* sequence, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(sequence, "sequence");
        std::visit([](auto& object) { object.reset(); }, sequence->object);
        sequence->refused = 0;
    });
}

vdt_status vdt_confidence_sequence_bounds(const vdt_confidence_sequence* sequence, vdt_confidence_bounds* out,
                                          vdt_error* error) noexcept {
    return fence(error, [&] {
        require(sequence, "sequence");
        write_struct(out,
                     std::visit([&](const auto& object) { return to_c(object, sequence->refused); }, sequence->object),
                     "out");
    });
}

void vdt_label_shift_init(vdt_label_shift* shift, size_t size) noexcept {
    init_struct(shift, size, no_shift());
}

vdt_status vdt_estimate_label_shift(const uint64_t* confusion, const uint64_t* live, size_t classes, double confidence,
                                    double largest_condition, vdt_label_shift* out, vdt_class_share* shares,
                                    vdt_error* error) noexcept {
    return fence(error, [&] {
        require(confusion, "confusion");
        require(live, "live");
        constexpr std::size_t most_classes = 1024;  // before the product below can overflow
        if (classes > most_classes) throw Error(ErrorCode::dimension_mismatch, "classes is above 1024");
        const drift::LabelShift found =
            drift::estimate_label_shift(std::span(confusion, classes * classes), std::span(live, classes),
                                        {.confidence = confidence, .largest_condition = largest_condition});
        write_struct(out, to_c(found), "out");
        if (shares != nullptr)
            for (std::size_t i = 0; i < classes; ++i) shares[i] = to_c(found.classes[i]);
    });
}

vdt_status vdt_rank_by_performance(const vdt_feature_cells* features, size_t count, double confidence,
                                   vdt_performance_effect* effects, vdt_error* error) noexcept {
    return fence(error, [&] {
        if (count != 0) require(features, "features");
        if (count != 0) require(effects, "effects");
        std::vector<drift::FeatureCells> cells(count);
        for (std::size_t i = 0; i < count; ++i) {
            const vdt_feature_cells& given = features[i];
            require(given.reference, "features.reference");
            require(given.right, "features.right");
            require(given.live, "features.live");
            const auto size = static_cast<std::size_t>(given.cells);
            cells[i] = {{given.reference, size}, {given.right, size}, {given.live, size}};
        }
        const std::vector<drift::PerformanceEffect> found = drift::rank_by_performance(cells, confidence);
        for (std::size_t i = 0; i < count; ++i)
            effects[i] = {found[i].feature,        found[i].effect,  found[i].standard_error, found[i].interval.lower,
                          found[i].interval.upper, found[i].p_value, found[i].live_unseen};
    });
}

}  // extern "C"
