// SPDX-License-Identifier: Apache-2.0
// Memory across requests over the C boundary.
#include "vedette/perturbation/fingerprint_store.hpp"

#include <cstdio>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "fence.hpp"
#include "handles.hpp"
#include "structs.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

using perturbation::Fingerprinter;
using perturbation::FingerprintKey;
using perturbation::FingerprintMatch;
using perturbation::FingerprintStore;

vdt_fingerprint_options default_options() noexcept {
    const perturbation::ImageFingerprintOptions images;
    const perturbation::FingerprintStoreOptions store;
    vdt_fingerprint_options options{};
    options.struct_size = sizeof options;
    options.slots = images.slots;
    options.step = images.step;
    options.low = static_cast<double>(images.low);
    options.high = static_cast<double>(images.high);
    options.memory = store.memory;
    options.period = store.period;
    options.periods = store.periods;
    return options;
}

Fingerprinter make_fingerprinter(const vdt_fingerprint_options& given) {
    std::optional<FingerprintKey> key;
    if (given.has_key != 0) key = FingerprintKey{given.key[0], given.key[1], given.key[2], given.key[3]};
    if (given.kind == VDT_FINGERPRINT_IMAGE) {
        perturbation::ImageFingerprintOptions options;
        options.window = given.window == 0 ? options.window : given.window;
        return Fingerprinter(
            perturbation::ImageFingerprintOptions{.values = given.values,
                                                  .step = given.step,
                                                  .window = options.window,
                                                  .stride = given.stride == 0 ? (options.window + 1) / 2 : given.stride,
                                                  .slots = given.slots,
                                                  .low = static_cast<float>(given.low),
                                                  .high = static_cast<float>(given.high),
                                                  .key = key});
    }
    if (given.kind != VDT_FINGERPRINT_ROW)
        throw Error(ErrorCode::invalid_argument,
                    "options.kind is " + std::to_string(given.kind) + ", must be one of VDT_FINGERPRINT_*");
    if (given.step_count != 0) require(given.steps, "options.steps");
    perturbation::RowFingerprintOptions options;
    if (given.step_count > 1 && given.step_count != given.values)
        throw Error(ErrorCode::dimension_mismatch, std::to_string(given.step_count) + " steps for " +
                                                       std::to_string(given.values) + " values, must be 1 or as many");
    return Fingerprinter(
        perturbation::RowFingerprintOptions{.values = given.values,
                                            .steps = {given.steps, given.steps + given.step_count},
                                            .normalise = given.normalise != 0,
                                            .window = given.window == 0 ? options.window : given.window,
                                            .stride = given.stride == 0 ? options.stride : given.stride,
                                            .slots = given.slots,
                                            .key = key});
}

std::string_view name_of(const void* account, std::size_t length) noexcept {
    return {static_cast<const char*>(account), length};
}

const char* complaint(const void* store, const void* account, std::size_t length) noexcept {
    if (store == nullptr) return "store is NULL";
    return account == nullptr && length != 0 ? "account is NULL" : nullptr;
}

vdt_fingerprint_match to_c(const FingerprintMatch& match) noexcept {
    vdt_fingerprint_match result{};
    result.overlap = match.overlap;
    result.score = match.score;
    result.slots = match.slots;
    result.compared = match.compared;
    result.query = match.query;
    result.period = match.period;
    result.account = match.account;
    result.is_silent = match.is_silent ? 1 : 0;
    result.repeat = static_cast<std::int32_t>(match.repeat);
    return result;
}

template <class T>
vdt_status observe(vdt_fingerprint_store* store, const T* input, std::size_t values, const void* account,
                   std::size_t account_length, std::uint64_t time, vdt_fingerprint_match* match,
                   vdt_error* error) noexcept {
    if (const char* const message = complaint(store, account, account_length))
        return fail(error, VDT_INVALID_ARGUMENT, message);
    if (input == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "input is NULL");
    const std::size_t expected = store->object.fingerprinter().values();
    if (values != expected) {
        char message[96];
        (void)std::snprintf(message, sizeof message, "the input has %zu values, the store's %zu", values, expected);
        return fail(error, VDT_DIMENSION_MISMATCH, message);
    }
    return fence(error, [&] {
        // Before anything is remembered.
        if (match != nullptr) check_struct_size(match->struct_size, "match");
        const FingerprintMatch found =
            store->object.observe(std::span<const T>(input, values), name_of(account, account_length), time);
        if (match != nullptr) write_struct(match, to_c(found), "match");
    });
}

}  // namespace

extern "C" {

void vdt_fingerprint_options_init(vdt_fingerprint_options* options, size_t size) noexcept {
    init_struct(options, size, default_options());
}

void vdt_fingerprint_match_init(vdt_fingerprint_match* match, size_t size) noexcept {
    init_struct(match, size, vdt_fingerprint_match{});
}

vdt_status vdt_fingerprint_store_create(const vdt_fingerprint_options* options, const vdt_allocator* allocator,
                                        vdt_fingerprint_store** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(options, "options");
        require(out, "out");
        const vdt_fingerprint_options given = read_struct(options, default_options(), "options");
        *out = make_handle<vdt_fingerprint_store>(
            allocator, FingerprintStore(make_fingerprinter(given), {.memory = static_cast<std::size_t>(given.memory),
                                                                    .period = given.period,
                                                                    .periods = given.periods,
                                                                    .silent = given.silent != 0}));
    });
}

void vdt_fingerprint_store_destroy(vdt_fingerprint_store* store) noexcept {
    destroy_handle(store);
}

vdt_status vdt_fingerprint_store_observe_u8(vdt_fingerprint_store* store, const uint8_t* input, size_t values,
                                            const void* account, size_t account_length, uint64_t time,
                                            vdt_fingerprint_match* match, vdt_error* error) noexcept {
    return observe(store, input, values, account, account_length, time, match, error);
}

vdt_status vdt_fingerprint_store_observe_f32(vdt_fingerprint_store* store, const float* input, size_t values,
                                             const void* account, size_t account_length, uint64_t time,
                                             vdt_fingerprint_match* match, vdt_error* error) noexcept {
    return observe(store, input, values, account, account_length, time, match, error);
}

vdt_status vdt_fingerprint_store_observe_f64(vdt_fingerprint_store* store, const double* input, size_t values,
                                             const void* account, size_t account_length, uint64_t time,
                                             vdt_fingerprint_match* match, vdt_error* error) noexcept {
    return observe(store, input, values, account, account_length, time, match, error);
}

vdt_status vdt_fingerprint_store_account_mark(const vdt_fingerprint_store* store, const void* account,
                                              size_t account_length, uint32_t* mark, vdt_error* error) noexcept {
    if (const char* const message = complaint(store, account, account_length))
        return fail(error, VDT_INVALID_ARGUMENT, message);
    if (mark == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "mark is NULL");
    *mark = store->object.account_mark(name_of(account, account_length));
    return VDT_OK;
}

vdt_status vdt_fingerprint_store_counts(const vdt_fingerprint_store* store, uint64_t* remembered, uint64_t* capacity,
                                        uint64_t* memory, vdt_error* error) noexcept {
    if (store == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "store is NULL");
    if (remembered != nullptr) *remembered = store->object.size();
    if (capacity != nullptr) *capacity = store->object.capacity();
    if (memory != nullptr) *memory = store->object.memory();
    return VDT_OK;
}

vdt_status vdt_fingerprint_store_rotate_key(vdt_fingerprint_store* store, const uint64_t* key,
                                            vdt_error* error) noexcept {
    return fence(error, [&] {
        require(store, "store");
        std::optional<FingerprintKey> chosen;
        if (key != nullptr) chosen = FingerprintKey{key[0], key[1], key[2], key[3]};
        store->object.rotate_key(chosen);
    });
}

vdt_status vdt_fingerprint_store_merge(vdt_fingerprint_store* store, const vdt_fingerprint_store* other,
                                       vdt_error* error) noexcept {
    return fence(error, [&] {
        require(store, "store");
        require(other, "other");
        store->object.merge(other->object);
    });
}

vdt_status vdt_fingerprint_store_to_bytes(const vdt_fingerprint_store* store, void* buffer, size_t capacity,
                                          size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(store, "store");
        const std::vector<std::byte> bytes = store->object.serialize();
        copy_bytes(bytes.data(), bytes.size(), 1, buffer, capacity, length);
    });
}

vdt_status vdt_fingerprint_store_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator,
                                            vdt_fingerprint_store** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        if (size != 0) require(bytes, "bytes");
        *out = make_handle<vdt_fingerprint_store>(
            allocator, FingerprintStore::deserialize({static_cast<const std::byte*>(bytes), size}));
    });
}

}  // extern "C"
