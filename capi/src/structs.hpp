// SPDX-License-Identifier: Apache-2.0
// Reading and writing versioned structs, texts and buffers across the C boundary.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "fence.hpp"
#include "vedette.h"
#include "vedette/core/error.hpp"
#include "vedette/core/evidence.hpp"
#include "vedette/drift/drift_test.hpp"
#include "vedette/guard/guard.hpp"

namespace vedette::inline v0::capi {

/// Throws Error(invalid_argument) for a size below 8, no multiple of 8 (it would cut a field) or absurdly large.
void check_struct_size(std::uint32_t size, const char* argument);
/// Throws Error(unsupported) when a byte after the known part of a struct is not zero.
void check_unknown_tail(const void* given, std::size_t known, std::uint32_t size, const char* argument);
[[noreturn]] void refuse_reserved(const char* argument);

/// The caller's struct over defaults: missing fields stay default, unknown ones must be zero. Null gives the defaults.
template <class Struct>
Struct read_struct(const Struct* given, Struct defaults, const char* argument) {
    defaults.struct_size = sizeof(Struct);
    if (given == nullptr) return defaults;
    const std::uint32_t size = given->struct_size;
    check_struct_size(size, argument);
    check_unknown_tail(given, sizeof(Struct), size, argument);
    Struct result = defaults;
    std::memcpy(&result, given, std::min<std::size_t>(size, sizeof(Struct)));
    result.struct_size = sizeof(Struct);
    if constexpr (requires { result.reserved; }) {
        if (result.reserved != 0) refuse_reserved(argument);
    }
    return result;
}

/// Writes a result into the caller's struct: at most its size, and never its struct_size.
template <class Struct>
void write_struct(Struct* out, const Struct& result, const char* argument) {
    require(out, argument);
    check_struct_size(out->struct_size, argument);
    constexpr std::size_t header = sizeof(out->struct_size);
    const std::size_t size = std::min<std::size_t>(out->struct_size, sizeof(Struct));
    std::memcpy(reinterpret_cast<std::byte*>(out) + header, reinterpret_cast<const std::byte*>(&result) + header,
                size - header);
}

/// The body of every `_init` function: defaults over zeros, at most `size` bytes.
template <class Struct>
void init_struct(Struct* out, std::size_t size, const Struct& defaults) noexcept {
    if (out == nullptr || size < sizeof(out->struct_size)) return;
    std::memset(static_cast<void*>(out), 0, size);
    std::memcpy(static_cast<void*>(out), &defaults, std::min(size, sizeof(Struct)));
    const auto own_size = static_cast<std::uint32_t>(size);
    std::memcpy(static_cast<void*>(out), &own_size, sizeof own_size);
}

/// Of a request without vectors.
vdt_request_vectors default_request_vectors() noexcept;
/// Reads them on the request path: null where all is well, else what is wrong. `given` may be null; `model` is where
/// `out` finds the model.
const char* read_vectors(const vdt_request_vectors* given, RequestVectors& out,
                         perturbation::PredictModel& model) noexcept;

vdt_predict_model default_predict_model() noexcept;
/// Throws Error: invalid_argument, unsupported.
perturbation::PredictModel read_predict_model(const vdt_predict_model* model);

/// Floats of a workspace, as told to a caller, who multiplies them by their size. Throws Error(overflow) where that
/// would pass what memory there can be.
std::size_t workspace_floats(std::size_t floats);

/// A pointer and a length as text. Throws Error(invalid_argument) for null with a length.
std::string_view to_text(const char* data, std::uint64_t length, const char* argument);

/// A pointer and a number of elements. Throws Error(invalid_argument) for null with some.
template <class T>
std::span<T> to_span(T* values, std::size_t count, const char* argument) {
    if (count != 0) require(values, argument);
    return {values, count};
}

/// A test's answer as the caller's struct.
vdt_test_result to_c(DriftTest test, const TestResult& result) noexcept;

/// The view of a text that the caller may keep.
vdt_string borrow(std::string_view text) noexcept;

/// The second half of every two-call function: `*length` is always told, the buffer written only when all fits.
void copy_text(std::string_view text, char* buffer, std::size_t capacity, std::size_t* length);
void copy_bytes(const void* data, std::size_t count, std::size_t element, void* buffer, std::size_t capacity,
                std::size_t* length);
template <class T>
void copy_numbers(std::span<const T> values, T* buffer, std::size_t capacity, std::size_t* length) {
    copy_bytes(values.data(), values.size(), sizeof(T), buffer, capacity, length);
}

}  // namespace vedette::inline v0::capi
