// SPDX-License-Identifier: Apache-2.0
// The checks behind versioned structs and two-call outputs.
#include "structs.hpp"

#include <cstddef>
#include <limits>

#include "handles.hpp"

namespace vedette::inline v0::capi {

namespace {

// Far above any struct we shall ever have: a larger one was never initialised.
constexpr std::uint32_t largest_struct = 4096;

void tell_length(std::size_t value, const void* buffer, std::size_t* length) {
    if (buffer == nullptr) require(length, "length (the buffer is NULL too)");
    if (length != nullptr) *length = value;
}

void check_capacity(std::size_t capacity, std::size_t needed) {
    if (capacity < needed) {
        throw Error(ErrorCode::overflow, "capacity " + std::to_string(capacity) + " is below the " +
                                             std::to_string(needed) + " that are needed");
    }
}

}  // namespace

void check_struct_size(std::uint32_t size, const char* argument) {
    if (size < 8 || size % 8 != 0 || size > largest_struct) {
        throw Error(ErrorCode::invalid_argument,
                    std::string(argument) + ": struct_size " + std::to_string(size) +
                        " is no multiple of 8 from 8 to 4096; was the struct initialised?");
    }
}

void check_unknown_tail(const void* given, std::size_t known, std::uint32_t size, const char* argument) {
    const auto* bytes = static_cast<const unsigned char*>(given);
    for (std::size_t i = known; i < size; ++i) {
        if (bytes[i] != 0) {
            throw Error(ErrorCode::unsupported, std::string(argument) + ": byte " + std::to_string(i) +
                                                    " is set, but this library knows only the first " +
                                                    std::to_string(known));
        }
    }
}

void refuse_reserved(const char* argument) {
    throw Error(ErrorCode::unsupported, std::string(argument) + ": reserved is not 0");
}

vdt_request_vectors default_request_vectors() noexcept {
    vdt_request_vectors vectors{};
    vectors.struct_size = sizeof vectors;
    vectors.weight = 1.0;
    vectors.predicted = -1;
    return vectors;
}

vdt_predict_model default_predict_model() noexcept {
    vdt_predict_model model{};
    model.struct_size = sizeof model;
    model.batch_rows = perturbation::PredictModel{}.batch_rows;
    return model;
}

perturbation::PredictModel read_predict_model(const vdt_predict_model* model) {
    require(model, "model");
    const vdt_predict_model given = read_struct(model, default_predict_model(), "model");
    if (given.output != VDT_MODEL_PROBABILITIES && given.output != VDT_MODEL_LOGITS)
        throw Error(ErrorCode::invalid_argument, "model.output is " + std::to_string(given.output));
    return {.predict = perturbation::PredictFunction(given.predict, given.user_data),
            .features = static_cast<std::size_t>(given.features),
            .classes = static_cast<std::size_t>(given.classes),
            .batch_rows = static_cast<std::size_t>(given.batch_rows),
            .output = static_cast<perturbation::ModelOutput>(given.output)};
}

std::size_t workspace_floats(std::size_t floats) {
    if (floats > static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) / sizeof(float))
        throw Error(ErrorCode::overflow, "the model's batch needs more memory than there can be");
    return floats;
}

const char* read_vectors(const vdt_request_vectors* given, RequestVectors& out,
                         perturbation::PredictModel& model) noexcept {
    if (given == nullptr) return nullptr;
    const std::uint32_t size = given->struct_size;
    if (size < 8 || size % 8 != 0 || size > 4096)
        return "vectors: struct_size is no multiple of 8 from 8 to 4096; was the struct initialised?";
    vdt_request_vectors vectors = default_request_vectors();
    std::memcpy(&vectors, given, std::min<std::size_t>(size, sizeof vectors));
    for (std::size_t i = sizeof vectors; i < size; ++i)
        if (reinterpret_cast<const unsigned char*>(given)[i] != 0)
            return "vectors: a field that this library does not know is not zero";
    if (vectors.embedding == nullptr && vectors.embedding_length != 0) return "vectors.embedding is NULL";
    if (vectors.logits == nullptr && vectors.logits_length != 0) return "vectors.logits is NULL";
    out.embedding = {vectors.embedding, static_cast<std::size_t>(vectors.embedding_length)};
    out.logits = {vectors.logits, static_cast<std::size_t>(vectors.logits_length)};
    out.context = {vectors.group, vectors.weight};
    if (vectors.input == nullptr && vectors.input_length != 0) return "vectors.input is NULL";
    if (vectors.workspace == nullptr && vectors.workspace_length != 0) return "vectors.workspace is NULL";
    if (vectors.account == nullptr && vectors.account_length != 0) return "vectors.account is NULL";
    if (vectors.reserved != 0) return "vectors: reserved is not 0";
    out.input = {vectors.input, static_cast<std::size_t>(vectors.input_length)};
    out.workspace = {vectors.workspace, static_cast<std::size_t>(vectors.workspace_length)};
    out.without_model = vectors.without_model != 0;
    out.memory = vectors.memory == nullptr ? nullptr : &vectors.memory->object;
    out.account = {static_cast<const char*>(vectors.account), static_cast<std::size_t>(vectors.account_length)};
    out.time = vectors.time;
    out.predicted = vectors.predicted;
    if (vectors.model == nullptr) return nullptr;
    try {
        model = read_predict_model(vectors.model);
    } catch (...) {
        return "vectors.model: a bad struct_size, an unknown output, or a field that this library does not know";
    }
    out.model = &model;
    return nullptr;
}

std::string_view to_text(const char* data, std::uint64_t length, const char* argument) {
    if (length == 0) return {};
    require(data, argument);
    if (length > static_cast<std::uint64_t>(PTRDIFF_MAX)) {
        throw Error(ErrorCode::overflow,
                    std::string(argument) + ": length " + std::to_string(length) + " exceeds the address space");
    }
    return {data, static_cast<std::size_t>(length)};
}

vdt_test_result to_c(DriftTest test, const TestResult& result) noexcept {
    return {sizeof(vdt_test_result),
            static_cast<vdt_drift_test>(test),
            result.statistic,
            result.p_value,
            result.degrees_of_freedom,
            result.effect,
            result.effect_interval.lower,
            result.effect_interval.upper,
            result.reference_count,
            result.live_count};
}

vdt_string borrow(std::string_view text) noexcept {
    return {text.data(), text.size()};
}

void copy_text(std::string_view text, char* buffer, std::size_t capacity, std::size_t* length) {
    tell_length(text.size(), buffer, length);
    if (buffer == nullptr) return;
    check_capacity(capacity, text.size() + 1);
    std::memcpy(buffer, text.data(), text.size());
    buffer[text.size()] = '\0';
}

void copy_bytes(const void* data, std::size_t count, std::size_t element, void* buffer, std::size_t capacity,
                std::size_t* length) {
    tell_length(count, buffer, length);
    if (buffer == nullptr) return;
    check_capacity(capacity, count);
    if (count != 0) std::memcpy(buffer, data, count * element);
}

}  // namespace vedette::inline v0::capi
