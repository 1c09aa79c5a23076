// SPDX-License-Identifier: Apache-2.0
// Statistics under privacy, paid out of a ledger, across the C boundary.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "fence.hpp"
#include "handles.hpp"
#include "payment.hpp"
#include "structs.hpp"
#include "vedette/core/container.hpp"
#include "vedette/privacy/histogram.hpp"
#include "vedette/privacy/partition_selection.hpp"
#include "vedette/privacy/quantile.hpp"
#include "vedette/privacy/range_bounds.hpp"
#include "vedette/privacy/statistics.hpp"

using namespace vedette;
using namespace vedette::capi;
using privacy::Contributions;
using privacy::PrivacyUnit;

namespace {

PrivateRows make_rows(const vdt_private_rows_options* given) {
    const auto [unit, choice] = read_rows(given);
    PrivateRows rows{unit, {}, {}, {}};
    if (unit.is_user()) rows.limited.emplace(unit, choice);
    return rows;
}

privacy::Epsilon pure_epsilon(const Payment& payment) {
    if (payment.loss.is_gaussian())
        throw Error(ErrorCode::invalid_argument, "options.delta and options.rho must be 0: this release is pure");
    return privacy::Epsilon(payment.loss.guarantee().epsilon);
}

template <class Mechanism>
privacy::Release release_moment(const Mechanism& mechanism, const PrivateRows& rows, privacy::ReleaseBudget& budget) {
    if (rows.limited) return mechanism.release(*rows.limited, budget);
    privacy::MomentsPartial partial = mechanism.partial();
    partial.add(rows.values);
    return mechanism.release(partial, budget);
}

template <class Mechanism>
vdt_status release_bounded(const vdt_private_rows* rows, const vdt_private_release_options* options,
                           vdt_private_release* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(rows, "rows");
        check_release(out);
        Payment payment = read_payment(options);
        const privacy::Bounds bounds(payment.options.lower, payment.options.upper);
        const Mechanism mechanism(rows->object.unit, bounds, payment.loss, payment.confidence);
        write_struct(out, to_c(release_moment(mechanism, rows->object, *payment.budget)), "out");
    });
}

}  // namespace

extern "C" {

void vdt_private_rows_options_init(vdt_private_rows_options* options, size_t size) noexcept {
    init_struct(options, size, default_rows());
}

void vdt_private_release_options_init(vdt_private_release_options* options, size_t size) noexcept {
    init_struct(options, size, default_payment());
}

void vdt_private_release_init(vdt_private_release* release, size_t size) noexcept {
    init_struct(release, size, to_c(privacy::Release{}));
}

vdt_status vdt_private_rows_create(const vdt_private_rows_options* options, const vdt_allocator* allocator,
                                   vdt_private_rows** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = make_handle<vdt_private_rows>(allocator, make_rows(options));
    });
}

void vdt_private_rows_destroy(vdt_private_rows* rows) noexcept {
    destroy_handle(rows);
}

vdt_status vdt_private_rows_add(vdt_private_rows* rows, const char* user, uint64_t user_length, double value,
                                const char* category, uint64_t category_length, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(rows, "rows");
        const std::string_view who = to_text(user, user_length, "user"),
                               what = to_text(category, category_length, "category");
        PrivateRows& object = rows->object;
        if (object.limited) {
            object.limited->add(who, value, what);
            return;
        }
        if (!who.empty()) throw Error(ErrorCode::invalid_argument, "user is given, but the rows were not made by user");
        std::uint64_t& count = object.categories[std::string(what)];
        object.values.push_back(value);
        ++count;
    });
}

vdt_status vdt_private_rows_merge(vdt_private_rows* rows, const vdt_private_rows* other, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(rows, "rows");
        require(other, "other");
        PrivateRows& into = rows->object;
        const PrivateRows from = other->object;
        if (!(into.unit == from.unit))
            throw Error(ErrorCode::dimension_mismatch, "other: its options are not those of these rows");
        if (into.limited) {
            into.limited->merge(*from.limited);
            return;
        }
        into.values.insert(into.values.end(), from.values.begin(), from.values.end());
        for (const auto& [category, count] : from.categories) into.categories[category] += count;
    });
}

vdt_status vdt_private_count(const vdt_private_rows* rows, const vdt_private_release_options* options,
                             vdt_private_release* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(rows, "rows");
        check_release(out);
        Payment payment = read_payment(options);
        const privacy::PrivateCount mechanism(rows->object.unit, payment.loss, payment.confidence);
        privacy::CountPartial partial = mechanism.partial();
        if (rows->object.limited) {
            partial = mechanism.partial(*rows->object.limited);
        } else {
            partial.add(rows->object.values.size());
        }
        write_struct(out, to_c(mechanism.release(partial, *payment.budget)), "out");
    });
}

vdt_status vdt_private_sum(const vdt_private_rows* rows, const vdt_private_release_options* options,
                           vdt_private_release* out, vdt_error* error) noexcept {
    return release_bounded<privacy::PrivateSum>(rows, options, out, error);
}

vdt_status vdt_private_mean(const vdt_private_rows* rows, const vdt_private_release_options* options,
                            vdt_private_release* out, vdt_error* error) noexcept {
    return release_bounded<privacy::PrivateMean>(rows, options, out, error);
}

vdt_status vdt_private_histogram(const vdt_private_rows* rows, const vdt_string* categories, size_t category_count,
                                 const vdt_private_release_options* options, double* counts, size_t capacity,
                                 double* half_width, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(rows, "rows");
        require(categories, "categories");
        require(counts, "counts");
        if (capacity <= category_count)
            throw Error(ErrorCode::overflow, "capacity is " + std::to_string(capacity) + ", there are " +
                                                 std::to_string(category_count) + " categories and all others");
        Payment payment = read_payment(options);
        std::vector<std::string> names;
        for (size_t i = 0; i < category_count; ++i)
            names.emplace_back(to_text(categories[i].data, categories[i].length, "categories"));
        const privacy::PrivateHistogram mechanism(rows->object.unit, std::move(names), payment.loss,
                                                  payment.confidence);
        privacy::HistogramPartial partial = mechanism.partial();
        if (rows->object.limited) {
            partial = mechanism.partial(*rows->object.limited);
        } else {
            for (const auto& [category, count] : rows->object.categories) partial.add(category, count);
        }
        const privacy::HistogramRelease release = mechanism.release(partial, *payment.budget);
        for (std::size_t i = 0; i < release.cells.size(); ++i) counts[i] = release.cells[i].value;
        if (half_width != nullptr) {
            *half_width = 0.0;
            for (const privacy::Release& cell : release.cells)
                *half_width = std::max(*half_width, cell.interval.upper - cell.value);
        }
    });
}

vdt_status vdt_private_variance(const vdt_private_rows* rows, const vdt_private_release_options* options,
                                vdt_private_release* out, vdt_error* error) noexcept {
    return release_bounded<privacy::PrivateVariance>(rows, options, out, error);
}

vdt_status vdt_private_quantile(const vdt_private_rows* rows, uint32_t numerator, uint32_t denominator, uint64_t steps,
                                const vdt_private_release_options* options, vdt_private_release* out,
                                double* rank_error, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(rows, "rows");
        check_release(out);
        Payment payment = read_payment(options);
        const privacy::QuantileGrid grid({payment.options.lower, payment.options.upper}, steps);
        const privacy::PrivateQuantile mechanism(rows->object.unit, grid, {numerator, denominator},
                                                 pure_epsilon(payment), payment.confidence);
        privacy::QuantilePartial partial = mechanism.partial();
        if (rows->object.limited) {
            partial = mechanism.partial(*rows->object.limited);
        } else {
            partial.add(rows->object.values);
        }
        const privacy::QuantileRelease release = mechanism.release(partial, *payment.budget);
        write_struct(out, to_c({release.value, {release.value, release.value}, release.spent}), "out");
        if (rank_error != nullptr) *rank_error = release.rank_error;
    });
}

vdt_status vdt_private_partitions(const vdt_private_rows* rows, const vdt_private_release_options* options,
                                  vdt_name_callback names, void* user_data, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(rows, "rows");
        if (names == nullptr) refuse_null("names");
        Payment payment = read_payment(options);
        if (payment.options.delta == 0.0)
            throw Error(ErrorCode::invalid_argument, "options.delta must be above 0: which categories there are");
        const privacy::PartitionSelection mechanism(rows->object.unit, privacy::Epsilon(payment.options.epsilon),
                                                    privacy::Delta(payment.options.delta));
        privacy::SelectedPartitions selected;
        if (rows->object.limited) {
            selected = mechanism.release(*rows->object.limited, *payment.budget);
        } else {
            const auto& counts = rows->object.categories;
            selected = mechanism.release(
                std::map<std::string, std::uint64_t, std::less<>>(counts.begin(), counts.end()), *payment.budget);
        }
        for (const std::string& name : selected.names) names(user_data, name.data(), name.size());
    });
}

vdt_status vdt_private_range(const vdt_private_rows* rows, int32_t least_power, int32_t largest_power,
                             double false_cell, const vdt_private_release_options* options, int32_t* found,
                             double* lower, double* upper, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(rows, "rows");
        require(found, "found");
        require(lower, "lower");
        require(upper, "upper");
        Payment payment = read_payment(options);
        const privacy::PrivateRange mechanism(rows->object.unit, {least_power, largest_power}, payment.loss,
                                              false_cell);
        privacy::RangePartial partial = mechanism.partial();
        if (rows->object.limited) {
            partial = mechanism.partial(*rows->object.limited);
        } else {
            partial.add(rows->object.values);
        }
        const std::optional<privacy::Bounds> bounds = mechanism.release(partial, *payment.budget).bounds;
        *found = bounds ? 1 : 0;
        *lower = bounds ? bounds->lower() : 0.0;
        *upper = bounds ? bounds->upper() : 0.0;
    });
}

vdt_status vdt_running_count_create(vdt_running_count_kind kind, uint64_t horizon, uint64_t rows_per_unit,
                                    const vdt_private_release_options* options, const vdt_allocator* allocator,
                                    vdt_running_count** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        static_cast<void>(read_allocator(allocator));  // before it is paid for
        Payment payment = read_payment(options);
        const PrivacyUnit unit = PrivacyUnit::user(privacy::Neighbouring::add_remove, {1, rows_per_unit});
        if (kind == VDT_RUNNING_TREE) {
            *out = make_handle<vdt_running_count>(
                allocator,
                privacy::ContinualCount(unit, horizon, pure_epsilon(payment), *payment.budget, payment.confidence));
            return;
        }
        if (kind != VDT_RUNNING_ROOT && kind != VDT_RUNNING_BUFFERED)
            throw Error(ErrorCode::invalid_argument, "kind is no kind of running count");
        const auto factor =
            kind == VDT_RUNNING_ROOT ? privacy::CountFactor::toeplitz_root : privacy::CountFactor::buffered_toeplitz;
        *out = make_handle<vdt_running_count>(
            allocator,
            privacy::CorrelatedCount(unit, horizon, factor, payment.loss, *payment.budget, 0, payment.confidence));
    });
}

void vdt_running_count_destroy(vdt_running_count* count) noexcept {
    destroy_handle(count);
}

vdt_status vdt_running_count_step(vdt_running_count* count, uint64_t rows, vdt_private_release* out,
                                  vdt_error* error) noexcept {
    return fence(error, [&] {
        require(count, "count");
        check_release(out);
        write_struct(out, to_c(std::visit([&](auto& object) { return object.step(rows); }, count->object)), "out");
    });
}

vdt_status vdt_running_count_to_bytes(const vdt_running_count* count, void* buffer, size_t capacity, size_t* length,
                                      vdt_error* error) noexcept {
    return fence(error, [&] {
        require(count, "count");
        std::vector<std::byte> bytes = std::visit([](const auto& object) { return object.to_bytes(); }, count->object);
        try {
            copy_bytes(bytes.data(), bytes.size(), 1, buffer, capacity, length);
        } catch (...) {
            privacy::detail::wipe_memory(bytes.data(), bytes.size());
            throw;
        }
        privacy::detail::wipe_memory(bytes.data(), bytes.size());
    });
}

vdt_status vdt_running_count_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator,
                                        vdt_running_count** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        if (size != 0) require(bytes, "bytes");
        require(out, "out");
        const std::span<const std::byte> view(static_cast<const std::byte*>(bytes), size);
        if (Container::view(view).kind() == "continual_count") {
            *out = make_handle<vdt_running_count>(allocator, privacy::ContinualCount::from_bytes(view));
        } else {
            *out = make_handle<vdt_running_count>(allocator, privacy::CorrelatedCount::from_bytes(view));
        }
    });
}

vdt_status vdt_running_count_variance(const vdt_running_count* count, uint64_t step, double* out,
                                      vdt_error* error) noexcept {
    return fence(error, [&] {
        require(count, "count");
        require(out, "out");
        *out = std::visit([&](const auto& object) { return object.variance(step); }, count->object);
    });
}

}  // extern "C"
