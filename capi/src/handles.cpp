// SPDX-License-Identifier: Apache-2.0
// Memory of handles, and the arguments that several families share.
#include "handles.hpp"

#include <cstdint>

namespace vedette::inline v0::capi {

namespace {

void* default_allocate(void* /*user_data*/, std::size_t size, std::size_t alignment) {
    return ::operator new (size, std::align_val_t{alignment}, std::nothrow);
}

void default_release(void* /*user_data*/, void* pointer, std::size_t /*size*/, std::size_t alignment) {
    ::operator delete (pointer, std::align_val_t{alignment});
}

}  // namespace

vdt_allocator default_allocator() noexcept {
    return {sizeof(vdt_allocator), 0, default_allocate, default_release, nullptr};
}

vdt_allocator read_allocator(const vdt_allocator* given) {
    const vdt_allocator allocator = read_struct(given, default_allocator(), "allocator");
    if (allocator.allocate == nullptr || allocator.release == nullptr) {
        throw Error(ErrorCode::invalid_argument, "allocator: allocate or release is NULL");
    }
    return allocator;
}

void* allocate_handle(const vdt_allocator& allocator, std::size_t size, std::size_t alignment) {
    void* memory = allocator.allocate(allocator.user_data, size, alignment);
    if (memory == nullptr) throw std::bad_alloc();
    if (reinterpret_cast<std::uintptr_t>(memory) % alignment != 0) {
        allocator.release(allocator.user_data, memory, size, alignment);
        throw Error(ErrorCode::invalid_argument,
                    "allocator: the memory is not aligned to " + std::to_string(alignment) + " bytes");
    }
    return memory;
}

vdt_window* make_window(const vdt_allocator* allocator, Window window) {
    std::vector<Value> row(window.baseline().feature_count());
    return make_handle<vdt_window>(allocator, std::move(window), std::move(row));
}

Policy read_policy(const char* json, std::uint64_t length) {
    if (json == nullptr && length == 0) return {};
    require(json, "policy");
    return Policy::from_json(to_text(json, length, "policy"));
}

vdt_baseline_options default_baseline_options() noexcept {
    vdt_baseline_options options{};
    options.struct_size = sizeof options;
    return options;
}

BaselineOptions read_baseline_options(const vdt_baseline_options* given) {
    const vdt_baseline_options options = read_struct(given, default_baseline_options(), "options");
    BaselineOptions result;
    if (options.cells != 0) result.cells = options.cells;
    if (options.max_categories != 0) result.max_categories = options.max_categories;
    if (options.minimum_rows != 0) result.minimum_rows = options.minimum_rows;
    result.name = to_text(options.name, options.name_length, "options.name");
    result.model_digest = to_text(options.model_digest, options.model_digest_length, "options.model_digest");
    return result;
}

void check_feature(const Baseline& baseline, std::size_t feature) {
    if (feature >= baseline.feature_count()) {
        throw Error(ErrorCode::invalid_argument, "feature " + std::to_string(feature) + " is not below the " +
                                                     std::to_string(baseline.feature_count()) + " of the baseline");
    }
}

}  // namespace vedette::inline v0::capi

extern "C" {

void vdt_allocator_init(vdt_allocator* allocator, size_t size) noexcept {
    vedette::capi::init_struct(allocator, size, vedette::capi::default_allocator());
}

}  // extern "C"
