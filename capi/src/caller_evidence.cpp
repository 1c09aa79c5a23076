// SPDX-License-Identifier: Apache-2.0
// Evidence against callers over the C boundary.
#include "vedette/perturbation/caller_evidence.hpp"

#include "fence.hpp"
#include "handles.hpp"
#include "structs.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

using perturbation::CallerEvidence;

vdt_caller_options default_options() noexcept {
    const perturbation::CallerEvidenceOptions defaults;
    return {sizeof(vdt_caller_options), 0, defaults.level, defaults.capacity, defaults.idle_time, {0, 0}};
}

const char* complaint(const void* evidence, const void* caller, std::size_t length) noexcept {
    if (evidence == nullptr) return "evidence is NULL";
    return caller == nullptr && length != 0 ? "caller is NULL" : nullptr;
}

std::string_view name_of(const void* caller, std::size_t length) noexcept {
    return {static_cast<const char*>(caller), length};
}

}  // namespace

extern "C" {

void vdt_caller_options_init(vdt_caller_options* options, size_t size) noexcept {
    init_struct(options, size, default_options());
}

void vdt_caller_state_init(vdt_caller_state* state, size_t size) noexcept {
    init_struct(state, size, vdt_caller_state{});
}

vdt_status vdt_caller_evidence_create(const vdt_caller_options* options, const vdt_allocator* allocator,
                                      vdt_caller_evidence** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        const vdt_caller_options given = read_struct(options, default_options(), "options");
        perturbation::CallerEvidenceOptions chosen{
            .level = given.level, .capacity = static_cast<std::size_t>(given.capacity), .idle_time = given.idle_time};
        if (given.has_key != 0) chosen.key = std::array<std::uint64_t, 2>{given.key[0], given.key[1]};
        *out = make_handle<vdt_caller_evidence>(allocator, CallerEvidence(chosen));
    });
}

void vdt_caller_evidence_destroy(vdt_caller_evidence* evidence) noexcept {
    destroy_handle(evidence);
}

vdt_status vdt_caller_evidence_update(vdt_caller_evidence* evidence, const void* caller, size_t caller_length,
                                      double p_value, uint64_t time, vdt_caller_state* state,
                                      vdt_error* error) noexcept {
    if (const char* const message = complaint(evidence, caller, caller_length))
        return fail(error, VDT_INVALID_ARGUMENT, message);
    return fence(error, [&] {
        // Before anything is counted.
        if (state != nullptr) check_struct_size(state->struct_size, "state");
        const perturbation::CallerState now = evidence->object.update(name_of(caller, caller_length), p_value, time);
        if (state == nullptr) return;
        vdt_caller_state result{};
        result.is_alarm = now.is_alarm ? 1 : 0;
        result.e_value = now.e_value;
        result.requests = now.requests;
        result.is_shared = now.is_shared ? 1 : 0;
        write_struct(state, result, "state");
    });
}

vdt_status vdt_caller_evidence_forget(vdt_caller_evidence* evidence, const void* caller, size_t caller_length,
                                      vdt_error* error) noexcept {
    if (const char* const message = complaint(evidence, caller, caller_length))
        return fail(error, VDT_INVALID_ARGUMENT, message);
    (void)evidence->object.forget(name_of(caller, caller_length));
    return VDT_OK;
}

vdt_status vdt_caller_evidence_to_bytes(const vdt_caller_evidence* evidence, void* buffer, size_t capacity,
                                        size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(evidence, "evidence");
        const std::vector<std::byte> bytes = evidence->object.serialize();
        copy_bytes(bytes.data(), bytes.size(), 1, buffer, capacity, length);
    });
}

vdt_status vdt_caller_evidence_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator,
                                          vdt_caller_evidence** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        if (size != 0) require(bytes, "bytes");
        *out = make_handle<vdt_caller_evidence>(
            allocator, CallerEvidence::deserialize({static_cast<const std::byte*>(bytes), size}));
    });
}

}  // extern "C"
