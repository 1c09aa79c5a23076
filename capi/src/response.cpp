// SPDX-License-Identifier: Apache-2.0
// Randomised response and unary encodings across the C boundary.
#include <span>

#include "fence.hpp"
#include "handles.hpp"
#include "structs.hpp"

using namespace vedette;
using namespace vedette::capi;
using privacy::RandomizedResponse;
using privacy::UnaryEncoding;
using privacy::UnaryForm;

namespace {

using Response = decltype(vdt_response::object);

Response response_of(vdt_response_kind kind, double epsilon, uint32_t categories) {
    const privacy::Epsilon loss(epsilon);
    switch (kind) {
        case VDT_RESPONSE_RANDOMIZED: return RandomizedResponse(loss, categories);
        case VDT_RESPONSE_UNARY_SYMMETRIC: return UnaryEncoding(loss, categories, UnaryForm::symmetric);
        case VDT_RESPONSE_UNARY_OPTIMISED: return UnaryEncoding(loss, categories, UnaryForm::optimised);
        default: throw Error(ErrorCode::invalid_argument, "kind is no kind of response");
    }
}

template <class Kind>
const Kind& only(const vdt_response* response, const char* otherwise) {
    require(response, "response");
    const auto* const object = std::get_if<Kind>(&response->object);
    if (object == nullptr) throw Error(ErrorCode::invalid_argument, otherwise);
    return *object;
}

}  // namespace

extern "C" {

vdt_status vdt_response_create(vdt_response_kind kind, double epsilon, uint32_t categories,
                               const vdt_allocator* allocator, vdt_response** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = make_handle<vdt_response>(allocator, response_of(kind, epsilon, categories));
    });
}

void vdt_response_destroy(vdt_response* response) noexcept {
    destroy_handle(response);
}

vdt_status vdt_response_answer(const vdt_response* response, const uint32_t* truths, uint32_t* answers, size_t count,
                               vdt_error* error) noexcept {
    return fence(error, [&] {
        only<RandomizedResponse>(response, "response answers in unary bits")
            .respond(to_span(truths, count, "truths"), to_span(answers, count, "answers"));
    });
}

vdt_status vdt_response_bits(const vdt_response* response, uint32_t truth, uint8_t* bits, size_t count,
                             vdt_error* error) noexcept {
    return fence(error, [&] {
        only<UnaryEncoding>(response, "response answers with a category").respond(truth, to_span(bits, count, "bits"));
    });
}

vdt_status vdt_response_estimate(const vdt_response* response, uint64_t named, uint64_t answers, double confidence,
                                 vdt_noised* share, double* variance, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(response, "response");
        require(share, "share");
        const stats::Confidence level(confidence);
        const privacy::ShareEstimate estimate =
            std::visit([&](const auto& object) { return object.estimate(named, answers, level); }, response->object);
        *share = {estimate.share, estimate.interval.lower, estimate.interval.upper};
        if (variance != nullptr) *variance = estimate.variance;
    });
}

}  // extern "C"
