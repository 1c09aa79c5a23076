// SPDX-License-Identifier: Apache-2.0
// The guard's memory across requests over the C boundary: made, calibrated, saved, merged.
#include "vedette/guard/query_memory.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "drift_arguments.hpp"
#include "fence.hpp"
#include "handles.hpp"
#include "mmd_monitor.hpp"
#include "structs.hpp"
#include "vedette/core/file.hpp"
#include "views.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

using perturbation::PradaAccounts;
using perturbation::QueryWatch;
using perturbation::UpdateSimilarity;

std::size_t size_within(std::uint64_t bytes) noexcept {
    return static_cast<std::size_t>(std::min<std::uint64_t>(bytes, std::numeric_limits<std::size_t>::max()));
}

vdt_query_memory_options default_options() noexcept {
    const perturbation::QueryWatchOptions watch;
    const perturbation::PradaOptions prada;
    vdt_query_memory_options options{};
    options.struct_size = sizeof options;
    options.guarantee = VDT_CONFORMAL_CONDITIONAL_DKW;
    options.failure_probability = stats::ConformalOptions{}.failure_probability;
    options.level = watch.callers.level;
    options.caller_capacity = watch.callers.capacity;
    options.idle_time = watch.callers.idle_time;
    options.links = watch.links;
    options.linked_score = watch.linked_score;
    options.prada_accounts = 16;
    options.prada_threshold = prada.threshold;
    options.prada_capacity = prada.capacity;
    options.prada_distances = prada.distances;
    options.mmd_accounts = 16;
    const MmdGroupOptions groups;
    options.mmd_group_accounts = groups.accounts;
    options.mmd_group_least_shared = groups.least_shared;
    options.mmd_group_largest = groups.largest;
    return options;
}

stats::ConformalCalibration calibration_of(const double* scores, std::uint64_t count,
                                           const vdt_query_memory_options& given, const char* argument) {
    if (count != 0) require(scores, argument);
    (void)checked_product(count, sizeof *scores, argument);
    if (given.guarantee < VDT_CONFORMAL_MARGINAL || given.guarantee > VDT_CONFORMAL_CONDITIONAL_SIMES)
        throw Error(ErrorCode::invalid_argument, "options.guarantee is " + std::to_string(given.guarantee));
    const std::span<const double> values(scores, static_cast<std::size_t>(count));
    return stats::ConformalCalibration(values, {.guarantee = static_cast<stats::ConformalGuarantee>(given.guarantee),
                                                .failure_probability = given.failure_probability});
}

std::optional<QueryWatch> make_watch(const vdt_query_memory_options& given) {
    if (given.store == nullptr) {
        if (given.updates != nullptr)
            throw Error(ErrorCode::invalid_argument, "options.updates are watched beside a store alone");
        return std::nullopt;
    }
    std::optional<perturbation::CalibratedUpdates> updates;
    if (given.updates != nullptr)
        updates = perturbation::CalibratedUpdates{
            given.updates->object,
            calibration_of(given.update_scores, given.update_score_count, given, "options.update_scores")};
    return QueryWatch(
        given.store->object, calibration_of(given.store_scores, given.store_score_count, given, "options.store_scores"),
        {.callers = {.level = given.level,
                     .capacity = static_cast<std::size_t>(given.caller_capacity),
                     .idle_time = given.idle_time},
         .links = static_cast<std::size_t>(given.links),
         .linked_score = given.linked_score,
         .repeats = choice(given.repeats_left_out, perturbation::RepeatRule::left_out, "options.repeats_left_out")},
        std::move(updates));
}

std::optional<PradaAccounts> make_prada(const vdt_query_memory_options& given) {
    if (given.prada_values == 0) return std::nullopt;
    return PradaAccounts({.values = static_cast<std::size_t>(given.prada_values),
                          .classes = given.prada_classes,
                          .threshold = given.prada_threshold,
                          .capacity = static_cast<std::size_t>(given.prada_capacity),
                          .distances = static_cast<std::size_t>(given.prada_distances)},
                         given.prada_accounts);
}

std::optional<MmdAccounts> make_mmd(const vdt_query_memory_options& given) {
    if (given.mmd == nullptr) return std::nullopt;
    return MmdAccounts(monitor_of_floats(*given.mmd), static_cast<std::size_t>(given.mmd_accounts));
}

std::optional<MmdGroups> make_groups(const vdt_query_memory_options& given) {
    if (given.mmd_groups == 0) return std::nullopt;
    if (given.mmd == nullptr)
        throw Error(ErrorCode::invalid_argument, "options.mmd_groups are watched by options.mmd, which is NULL");
    return MmdGroups(monitor_of_floats(*given.mmd), {.groups = static_cast<std::size_t>(given.mmd_groups),
                                                     .accounts = static_cast<std::size_t>(given.mmd_group_accounts),
                                                     .least_shared = given.mmd_group_least_shared,
                                                     .largest = static_cast<std::size_t>(given.mmd_group_largest)});
}

std::string_view name_of(const void* account, std::size_t length) {
    if (length != 0) require(account, "account");
    return {static_cast<const char*>(account), length};
}

}  // namespace

extern "C" {

vdt_status vdt_update_similarity_create(uint64_t values, uint64_t accounts, const uint64_t* key,
                                        const vdt_allocator* allocator, vdt_update_similarity** out,
                                        vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        perturbation::UpdateSimilarityOptions options{.values = static_cast<std::size_t>(values),
                                                      .accounts = static_cast<std::size_t>(accounts)};
        if (key != nullptr) options.key = perturbation::FingerprintKey{key[0], key[1], key[2], key[3]};
        *out = make_handle<vdt_update_similarity>(allocator, UpdateSimilarity(options));
    });
}

void vdt_update_similarity_destroy(vdt_update_similarity* updates) noexcept {
    destroy_handle(updates);
}

vdt_status vdt_update_similarity_observe_f32(vdt_update_similarity* updates, const float* input, size_t values,
                                             const void* account, size_t account_length, double* score,
                                             vdt_error* error) noexcept {
    return fence(error, [&] {
        require(updates, "updates");
        if (values != 0) require(input, "input");
        const std::string_view name = name_of(account, account_length);
        const double found = updates->object.update(std::span<const float>(input, values), name).score;
        if (score != nullptr) *score = found;
    });
}

void vdt_query_memory_options_init(vdt_query_memory_options* options, size_t size) noexcept {
    init_struct(options, size, default_options());
}

vdt_status vdt_query_memory_create(const vdt_query_memory_options* options, const vdt_allocator* allocator,
                                   vdt_query_memory** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(options, "options");
        require(out, "out");
        const vdt_query_memory_options given = read_struct(options, default_options(), "options");
        *out = make_handle<vdt_query_memory>(
            allocator, QueryMemory(make_watch(given), make_prada(given), make_mmd(given), make_groups(given)));
    });
}

void vdt_query_memory_destroy(vdt_query_memory* memory) noexcept {
    destroy_handle(memory);
}

vdt_status vdt_query_memory_forget(vdt_query_memory* memory, const void* account, size_t account_length,
                                   vdt_error* error) noexcept {
    return fence(error, [&] {
        require(memory, "memory");
        (void)memory->object.forget(name_of(account, account_length));
    });
}

vdt_status vdt_query_memory_merge(vdt_query_memory* memory, const vdt_query_memory* other, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(memory, "memory");
        require(other, "other");
        memory->object.merge(other->object);
    });
}

vdt_status vdt_query_memory_links(const vdt_query_memory* memory, uint64_t least_shared, vdt_account_link* buffer,
                                  size_t capacity, size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(memory, "memory");
        std::vector<vdt_account_link> links;
        if (const QueryWatch* const watch = memory->object.queries())
            for (const perturbation::AccountLink& link :
                 watch->links().strongest(watch->links().capacity(), least_shared))
                links.push_back({link.first, link.second, link.shared, link.overcount});
        copy_bytes(links.data(), links.size(), sizeof(vdt_account_link), buffer, capacity, length);
    });
}

vdt_status vdt_query_memory_to_bytes(const vdt_query_memory* memory, void* buffer, size_t capacity, size_t* length,
                                     vdt_error* error) noexcept {
    return fence(error, [&] {
        require(memory, "memory");
        const std::vector<std::byte> bytes = memory->object.to_bytes();
        copy_bytes(bytes.data(), bytes.size(), 1, buffer, capacity, length);
    });
}

vdt_status vdt_query_memory_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator,
                                       vdt_query_memory** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        if (size != 0) require(bytes, "bytes");
        *out = make_handle<vdt_query_memory>(allocator,
                                             QueryMemory::from_bytes({static_cast<const std::byte*>(bytes), size}));
    });
}

vdt_status vdt_query_memory_from_bytes_within(const void* bytes, size_t size, uint64_t most_memory,
                                              const vdt_allocator* allocator, vdt_query_memory** out,
                                              vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        if (size != 0) require(bytes, "bytes");
        *out = make_handle<vdt_query_memory>(
            allocator, QueryMemory::from_bytes({static_cast<const std::byte*>(bytes), size}, size_within(most_memory)));
    });
}

uint64_t vdt_query_memory_size(const vdt_query_memory* memory) noexcept {
    return memory == nullptr ? 0 : memory->object.memory();
}

vdt_status vdt_query_memory_save(const vdt_query_memory* memory, const char* path, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(memory, "memory");
        require(path, "path");
        memory->object.save(path);
    });
}

vdt_status vdt_query_memory_load(const char* path, const vdt_allocator* allocator, vdt_query_memory** out,
                                 vdt_error* error) noexcept {
    return fence(error, [&] {
        require(path, "path");
        require(out, "out");
        *out = make_handle<vdt_query_memory>(allocator, QueryMemory::load(path));
    });
}

vdt_status vdt_query_memory_load_within(const char* path, uint64_t most_memory, const vdt_allocator* allocator,
                                        vdt_query_memory** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(path, "path");
        require(out, "out");
        *out = make_handle<vdt_query_memory>(allocator, QueryMemory::load(path, size_within(most_memory)));
    });
}

}  // extern "C"
