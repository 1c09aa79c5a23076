// SPDX-License-Identifier: Apache-2.0
// Statistics of two columns under privacy, and rates by group, across the C boundary.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "fence.hpp"
#include "handles.hpp"
#include "payment.hpp"
#include "structs.hpp"
#include "vedette/privacy/group_rates.hpp"
#include "vedette/privacy/histogram.hpp"
#include "vedette/privacy/statistics.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

std::vector<std::string> names_of(const vdt_string* names, size_t count, const char* argument) {
    std::vector<std::string> result;
    for (const vdt_string& name : to_span(names, count, argument))
        result.emplace_back(to_text(name.data, name.length, argument));
    return result;
}

// Room for no more than what comes, made at every call, would copy all that there is at every call.
void make_room(std::vector<double>& values, size_t count) {
    if (count > values.capacity() - values.size())
        values.reserve(std::max(values.size() + count, 2 * values.capacity()));
}

PrivatePairs make_pairs(const RowsChoice& rows) {
    PrivatePairs pairs{rows.unit, {}, {}, {}};
    if (rows.unit.is_user()) {
        pairs.limited_values.emplace(rows.unit, rows.choice);
        pairs.limited_categories.emplace(rows.unit, rows.choice);
    }
    return pairs;
}

void check_by_user(bool is_by_user, bool gives_user, const char* what) {
    if (is_by_user == gives_user) return;
    throw Error(ErrorCode::invalid_argument,
                std::string(what) + (gives_user ? ": a user is given, but they were not made by user"
                                                : ": they were made by user, and none is given"));
}

vdt_noised to_c(const privacy::NoisyRate& rate) noexcept {
    return {rate.value, rate.interval.lower, rate.interval.upper};
}

vdt_fairness_group to_c(const privacy::GroupRates& group) noexcept {
    vdt_fairness_group out{};
    out.struct_size = sizeof out;
    out.group = borrow(group.group);
    out.rows = {group.rows.value, group.rows.interval.lower, group.rows.interval.upper};
    out.selection = to_c(group.selection);
    out.true_positive = to_c(group.true_positive);
    out.false_positive = to_c(group.false_positive);
    return out;
}

}  // namespace

extern "C" {

vdt_status vdt_private_pairs_create(int32_t replace_one, const vdt_allocator* allocator, vdt_private_pairs** out,
                                    vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        const auto unit = privacy::PrivacyUnit::record(read_neighbouring(replace_one, "replace_one"));
        *out = make_handle<vdt_private_pairs>(allocator, make_pairs({unit, privacy::ContributionChoice::first}));
    });
}

vdt_status vdt_private_pairs_create_with(const vdt_private_rows_options* options, const vdt_allocator* allocator,
                                         vdt_private_pairs** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = make_handle<vdt_private_pairs>(allocator, make_pairs(read_rows(options)));
    });
}

void vdt_private_pairs_destroy(vdt_private_pairs* pairs) noexcept {
    destroy_handle(pairs);
}

vdt_status vdt_private_pairs_add_values(vdt_private_pairs* pairs, const double* x, const double* y, size_t count,
                                        vdt_error* error) noexcept {
    return fence(error, [&] {
        require(pairs, "pairs");
        const std::span<const double> xs = to_span(x, count, "x"), ys = to_span(y, count, "y");
        PrivatePairs& object = pairs->object;
        check_by_user(object.unit.is_user(), false, "pairs");
        make_room(object.x, count);
        make_room(object.y, count);
        object.x.insert(object.x.end(), xs.begin(), xs.end());
        object.y.insert(object.y.end(), ys.begin(), ys.end());
    });
}

vdt_status vdt_private_pairs_add_categories(vdt_private_pairs* pairs, vdt_string row, vdt_string column,
                                            vdt_error* error) noexcept {
    return fence(error, [&] {
        require(pairs, "pairs");
        check_by_user(pairs->object.unit.is_user(), false, "pairs");
        ++pairs->object.categories[{std::string(to_text(row.data, row.length, "row")),
                                    std::string(to_text(column.data, column.length, "column"))}];
    });
}

vdt_status vdt_private_pairs_add_user_values(vdt_private_pairs* pairs, vdt_string user, double x, double y,
                                             vdt_error* error) noexcept {
    return fence(error, [&] {
        require(pairs, "pairs");
        const std::string_view who = to_text(user.data, user.length, "user");
        check_by_user(pairs->object.unit.is_user(), true, "pairs");
        pairs->object.limited_values->add(who, {x, y});
    });
}

vdt_status vdt_private_pairs_add_user_categories(vdt_private_pairs* pairs, vdt_string user, vdt_string row,
                                                 vdt_string column, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(pairs, "pairs");
        const std::string_view who = to_text(user.data, user.length, "user");
        check_by_user(pairs->object.unit.is_user(), true, "pairs");
        pairs->object.limited_categories->add(who, to_text(row.data, row.length, "row"),
                                              to_text(column.data, column.length, "column"));
    });
}

vdt_status vdt_private_pairs_merge(vdt_private_pairs* pairs, const vdt_private_pairs* other,
                                   vdt_error* error) noexcept {
    return fence(error, [&] {
        require(pairs, "pairs");
        require(other, "other");
        PrivatePairs& into = pairs->object;
        const PrivatePairs& from = other->object;
        if (!(into.unit == from.unit))
            throw Error(ErrorCode::dimension_mismatch,
                        "other: its replace_one or its limit is not that of these pairs");
        PrivatePairs merged = into;  // all or nothing, and other may be pairs
        if (from.limited_values) {
            merged.limited_values->merge(*from.limited_values);
            merged.limited_categories->merge(*from.limited_categories);
        }
        merged.x.insert(merged.x.end(), from.x.begin(), from.x.end());
        merged.y.insert(merged.y.end(), from.y.begin(), from.y.end());
        for (const auto& [names, count] : from.categories) merged.categories[names] += count;
        into = std::move(merged);
    });
}

vdt_status vdt_private_covariance(const vdt_private_pairs* pairs, double y_lower, double y_upper,
                                  const vdt_private_release_options* options, vdt_private_release* out,
                                  vdt_error* error) noexcept {
    return fence(error, [&] {
        require(pairs, "pairs");
        check_release(out);
        Payment payment = read_payment(options);
        const privacy::PrivateCovariance mechanism(pairs->object.unit, {payment.options.lower, payment.options.upper},
                                                   {y_lower, y_upper}, payment.loss, payment.confidence);
        const PrivatePairs& rows = pairs->object;
        privacy::MomentsPartial partial =
            rows.limited_values ? mechanism.partial(*rows.limited_values) : mechanism.partial();
        for (std::size_t i = 0; i < rows.x.size(); ++i) partial.add(rows.x[i], rows.y[i]);
        write_struct(out, vedette::capi::to_c(mechanism.release(partial, *payment.budget)), "out");
    });
}

vdt_status vdt_private_table(const vdt_private_pairs* pairs, const vdt_string* rows, size_t row_count,
                             const vdt_string* columns, size_t column_count, const vdt_private_release_options* options,
                             double* counts, size_t capacity, double* half_width, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(pairs, "pairs");
        require(counts, "counts");
        Payment payment = read_payment(options);
        const privacy::PrivateContingencyTable mechanism(pairs->object.unit, names_of(rows, row_count, "rows"),
                                                         names_of(columns, column_count, "columns"), payment.loss,
                                                         payment.confidence);
        privacy::ContingencyPartial partial = mechanism.partial();
        const std::size_t cells = partial.counts().exact().size();
        if (capacity < cells)
            throw Error(ErrorCode::overflow, "capacity is " + std::to_string(capacity) + ", there are " +
                                                 std::to_string(cells) + " cells, those of all others included");
        if (pairs->object.limited_categories) partial = mechanism.partial(*pairs->object.limited_categories);
        for (const auto& [names, count] : pairs->object.categories) partial.add(names.first, names.second, count);
        const privacy::ContingencyRelease release = mechanism.release(partial, *payment.budget);
        double widest = 0.0;
        for (std::size_t i = 0; i < release.cells.size(); ++i) {
            counts[i] = release.cells[i].value;
            widest = std::max(widest, release.cells[i].interval.upper - release.cells[i].value);
        }
        if (half_width != nullptr) *half_width = widest;
    });
}

vdt_status vdt_group_rates_create(const vdt_string* groups, size_t group_count, const vdt_allocator* allocator,
                                  vdt_group_rates** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = make_handle<vdt_group_rates>(
            allocator, CountedRates{privacy::GroupRatesPartial(names_of(groups, group_count, "groups"))});
    });
}

vdt_status vdt_group_rates_create_with(const vdt_string* groups, size_t group_count,
                                       const vdt_private_rows_options* options, const vdt_allocator* allocator,
                                       vdt_group_rates** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        const RowsChoice rows = read_rows(options);
        CountedRates rates{privacy::GroupRatesPartial(names_of(groups, group_count, "groups"), rows.unit)};
        if (rows.unit.is_user()) rates.limited.emplace(rows.unit, rows.choice);
        *out = make_handle<vdt_group_rates>(allocator, std::move(rates));
    });
}

void vdt_group_rates_destroy(vdt_group_rates* rates) noexcept {
    destroy_handle(rates);
}

vdt_status vdt_group_rates_add(vdt_group_rates* rates, const char* group, uint64_t group_length, int32_t decision,
                               int32_t label, uint64_t records, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(rates, "rates");
        check_by_user(rates->object.limited.has_value(), false, "rates");
        rates->object.records.add(to_text(group, group_length, "group"), read_flag(decision, "decision"),
                                  read_flag(label, "label"), records);
    });
}

vdt_status vdt_group_rates_add_user(vdt_group_rates* rates, vdt_string user, vdt_string group, int32_t decision,
                                    int32_t label, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(rates, "rates");
        check_by_user(rates->object.limited.has_value(), true, "rates");
        const privacy::Outcome outcome{read_flag(decision, "decision"), read_flag(label, "label")};
        rates->object.limited->add(to_text(user.data, user.length, "user"), outcome,
                                   to_text(group.data, group.length, "group"));
    });
}

vdt_status vdt_group_rates_merge(vdt_group_rates* rates, const vdt_group_rates* other, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(rates, "rates");
        require(other, "other");
        rates->object.records.merge(other->object.records);  // none by user, but groups and unit are compared
        if (rates->object.limited) rates->object.limited->merge(*other->object.limited);
    });
}

void vdt_fairness_group_init(vdt_fairness_group* group, size_t size) noexcept {
    init_struct(group, size, vdt_fairness_group{});
}

void vdt_fairness_differences_init(vdt_fairness_differences* differences, size_t size) noexcept {
    init_struct(differences, size, vdt_fairness_differences{});
}

vdt_status vdt_private_group_rates(const vdt_group_rates* rates, const vdt_private_release_options* options,
                                   const vdt_allocator* allocator, vdt_fairness** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(rates, "rates");
        require(out, "out");
        static_cast<void>(read_allocator(allocator));  // what is refused must not be paid
        Payment payment = read_payment(options);
        const privacy::GroupRatesPartial partial = rates->object.partial();
        const privacy::PrivateGroupRates mechanism(partial.counts().counts().unit(), partial.groups(), payment.loss,
                                                   payment.confidence);
        *out = make_handle<vdt_fairness>(allocator, mechanism.release(partial, *payment.budget));
    });
}

void vdt_fairness_destroy(vdt_fairness* fairness) noexcept {
    destroy_handle(fairness);
}

vdt_status vdt_fairness_differences_get(const vdt_fairness* fairness, vdt_fairness_differences* out,
                                        vdt_error* error) noexcept {
    return fence(error, [&] {
        require(fairness, "fairness");
        const privacy::FairnessRelease& object = fairness->object;
        write_struct(
            out,
            vdt_fairness_differences{sizeof(vdt_fairness_differences), static_cast<std::uint32_t>(object.groups.size()),
                                     to_c(object.parity_difference), to_c(object.opportunity_difference),
                                     to_c(object.odds_difference)},
            "out");
    });
}

vdt_status vdt_fairness_group_get(const vdt_fairness* fairness, size_t index, vdt_fairness_group* out,
                                  vdt_error* error) noexcept {
    return fence(error, [&] {
        require(fairness, "fairness");
        const auto& groups = fairness->object.groups;
        if (index >= groups.size())
            throw Error(ErrorCode::invalid_argument,
                        "index is " + std::to_string(index) + " of " + std::to_string(groups.size()) + " groups");
        write_struct(out, to_c(groups[index]), "out");
    });
}

}  // extern "C"
