// SPDX-License-Identifier: Apache-2.0
// Holds every public struct of the C interface, and every shared constant, to its pinned layout and value.
#include <cstddef>

#include "vedette.h"
#include "vedette/core/dtype.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/verdict.hpp"
#include "vedette/guard/guard.hpp"
#include "vedette/guard/report.hpp"
#include "vedette/validation/check.hpp"
#include "vedette/validation/tensor.hpp"

namespace {

static_assert(sizeof(void*) == 8, "the layout is pinned for 64-bit machines");
// NOLINTBEGIN(bugprone-macro-parentheses,bugprone-sizeof-expression): a type cannot be parenthesised, and pointers are
// measured
#define VDT_LAYOUT_STRUCT(type, size) static_assert(sizeof(type) == (size) && sizeof(type) % 8 == 0);
#define VDT_LAYOUT_FIELD(type, field, offset, size) \
    static_assert(offsetof(type, field) == (offset) && sizeof(static_cast<type*>(nullptr)->field) == (size));
#include "layout.def"
#undef VDT_LAYOUT_STRUCT
#undef VDT_LAYOUT_FIELD
// NOLINTEND(bugprone-macro-parentheses,bugprone-sizeof-expression)

template <class Enum>
constexpr bool equals(Enum value, int constant) {
    return static_cast<int>(value) == constant;
}

using vedette::ErrorCode;
static_assert(equals(ErrorCode::invalid_argument, VDT_INVALID_ARGUMENT));
static_assert(equals(ErrorCode::dimension_mismatch, VDT_DIMENSION_MISMATCH));
static_assert(equals(ErrorCode::type_mismatch, VDT_TYPE_MISMATCH));
static_assert(equals(ErrorCode::overflow, VDT_OVERFLOW));
static_assert(equals(ErrorCode::io_error, VDT_IO_ERROR));
static_assert(equals(ErrorCode::corrupt_data, VDT_CORRUPT_DATA));
static_assert(equals(ErrorCode::unsupported_version, VDT_UNSUPPORTED_VERSION));
static_assert(equals(ErrorCode::schema_mismatch, VDT_SCHEMA_MISMATCH));
static_assert(equals(ErrorCode::baseline_mismatch, VDT_BASELINE_MISMATCH));
static_assert(equals(ErrorCode::not_enough_data, VDT_NOT_ENOUGH_DATA));
static_assert(equals(ErrorCode::invalid_policy, VDT_INVALID_POLICY));
static_assert(equals(ErrorCode::unsupported, VDT_UNSUPPORTED));
static_assert(equals(ErrorCode::out_of_memory, VDT_OUT_OF_MEMORY));
static_assert(equals(ErrorCode::callback_aborted, VDT_CALLBACK_ABORTED));
static_assert(equals(ErrorCode::budget_exhausted, VDT_BUDGET_EXHAUSTED));
static_assert(equals(ErrorCode::internal, VDT_INTERNAL));

using vedette::Dtype;
static_assert(equals(Dtype::f32, VDT_F32) && equals(Dtype::f64, VDT_F64) && equals(Dtype::i8, VDT_I8));
static_assert(equals(Dtype::i16, VDT_I16) && equals(Dtype::i32, VDT_I32) && equals(Dtype::i64, VDT_I64));
static_assert(equals(Dtype::u8, VDT_U8) && equals(Dtype::u16, VDT_U16) && equals(Dtype::u32, VDT_U32));
static_assert(equals(Dtype::u64, VDT_U64) && equals(Dtype::boolean, VDT_BOOL));
static_assert(equals(Dtype::f16, VDT_F16) && equals(Dtype::bf16, VDT_BF16));

using vedette::Decision;
static_assert(equals(Decision::pass, VDT_PASS) && equals(Decision::not_evaluated, VDT_NOT_EVALUATED));
static_assert(equals(Decision::warn, VDT_WARN) && equals(Decision::alarm, VDT_ALARM));

using vedette::Reason;
static_assert(equals(Reason::wrong_width, VDT_REASON_WRONG_WIDTH));
static_assert(equals(Reason::wrong_type, VDT_REASON_WRONG_TYPE));
static_assert(equals(Reason::null_value, VDT_REASON_NULL_VALUE));
static_assert(equals(Reason::not_a_number, VDT_REASON_NOT_A_NUMBER));
static_assert(equals(Reason::infinite_value, VDT_REASON_INFINITE_VALUE));
static_assert(equals(Reason::unseen_category, VDT_REASON_UNSEEN_CATEGORY));
static_assert(equals(Reason::out_of_range, VDT_REASON_OUT_OF_RANGE));
static_assert(equals(Reason::far_out_of_range, VDT_REASON_FAR_OUT_OF_RANGE));
static_assert(equals(Reason::score, VDT_REASON_SCORE));
static_assert(equals(Reason::score_not_evaluated, VDT_REASON_SCORE_NOT_EVALUATED));
static_assert(equals(Reason::foreign_window, VDT_REASON_FOREIGN_WINDOW));
static_assert(equals(Reason::calibrated_score, VDT_REASON_CALIBRATED_SCORE));
static_assert(equals(Reason::calibrated_score_not_evaluated, VDT_REASON_CALIBRATED_SCORE_NOT_EVALUATED));
static_assert(equals(Reason::fused_scores, VDT_REASON_FUSED_SCORES));
static_assert(equals(Reason::schema, VDT_REASON_SCHEMA));
static_assert(equals(Reason::model_aborted, VDT_REASON_MODEL_ABORTED));
static_assert(equals(Reason::query_attack, VDT_REASON_QUERY_ATTACK));
static_assert(equals(Reason::extraction, VDT_REASON_EXTRACTION));
static_assert(equals(Reason::unlike_benign, VDT_REASON_UNLIKE_BENIGN));
static_assert(vedette::Policy::most_scores == VDT_VERDICT_SCORES);
static_assert(vedette::Verdict::capacity == VDT_VERDICT_CAPACITY);

using vedette::DriftTest;
static_assert(equals(DriftTest::automatic, VDT_TEST_AUTOMATIC));
static_assert(equals(DriftTest::kolmogorov_smirnov, VDT_TEST_KOLMOGOROV_SMIRNOV));
static_assert(equals(DriftTest::chi_square, VDT_TEST_CHI_SQUARE) && equals(DriftTest::g_test, VDT_TEST_G));
static_assert(equals(DriftTest::population_stability, VDT_TEST_POPULATION_STABILITY));
static_assert(equals(DriftTest::jensen_shannon, VDT_TEST_JENSEN_SHANNON));
static_assert(equals(DriftTest::hellinger, VDT_TEST_HELLINGER));
static_assert(equals(DriftTest::total_variation, VDT_TEST_TOTAL_VARIATION));
static_assert(equals(DriftTest::wasserstein, VDT_TEST_WASSERSTEIN));
static_assert(equals(DriftTest::two_proportion, VDT_TEST_TWO_PROPORTION));
static_assert(equals(DriftTest::kuiper, VDT_TEST_KUIPER));
static_assert(equals(DriftTest::cramer_von_mises, VDT_TEST_CRAMER_VON_MISES));
static_assert(equals(DriftTest::anderson_darling, VDT_TEST_ANDERSON_DARLING));
static_assert(equals(DriftTest::mann_whitney, VDT_TEST_MANN_WHITNEY));
static_assert(equals(DriftTest::epps_singleton, VDT_TEST_EPPS_SINGLETON));
static_assert(equals(DriftTest::energy_distance, VDT_TEST_ENERGY_DISTANCE));
static_assert(equals(DriftTest::welch_t, VDT_TEST_WELCH_T) && equals(DriftTest::levene, VDT_TEST_LEVENE));
static_assert(equals(DriftTest::brown_forsythe, VDT_TEST_BROWN_FORSYTHE));
static_assert(equals(DriftTest::fisher_exact, VDT_TEST_FISHER_EXACT));

using vedette::Hypothesis;
static_assert(equals(Hypothesis::distribution, VDT_HYPOTHESIS_DISTRIBUTION));
static_assert(equals(Hypothesis::null_rate, VDT_HYPOTHESIS_NULL_RATE));
static_assert(equals(Hypothesis::nan_rate, VDT_HYPOTHESIS_NAN_RATE));
static_assert(equals(Hypothesis::positive_infinity_rate, VDT_HYPOTHESIS_POSITIVE_INFINITY_RATE));
static_assert(equals(Hypothesis::negative_infinity_rate, VDT_HYPOTHESIS_NEGATIVE_INFINITY_RATE));
static_assert(equals(Hypothesis::out_of_range_rate, VDT_HYPOTHESIS_OUT_OF_RANGE_RATE));
static_assert(equals(Hypothesis::unseen_rate, VDT_HYPOTHESIS_UNSEEN_RATE));
static_assert(equals(Hypothesis::invalid_rate, VDT_HYPOTHESIS_INVALID_RATE));

using vedette::Window;
static_assert(equals(Window::nan, VDT_EXTRA_NAN) && equals(Window::positive_infinity, VDT_EXTRA_POSITIVE_INFINITY));
static_assert(equals(Window::negative_infinity, VDT_EXTRA_NEGATIVE_INFINITY));
static_assert(equals(Window::null, VDT_EXTRA_NULL) && equals(Window::invalid, VDT_EXTRA_INVALID));

using vedette::FeatureKind;
static_assert(equals(FeatureKind::numeric, VDT_FEATURE_NUMERIC));
static_assert(equals(FeatureKind::categorical, VDT_FEATURE_CATEGORICAL));

using ValueKind = vedette::Value::Kind;
static_assert(equals(ValueKind::null, VDT_VALUE_NULL) && equals(ValueKind::number, VDT_VALUE_NUMBER));
static_assert(equals(ValueKind::text, VDT_VALUE_TEXT));

namespace validation = vedette::validation;
using validation::Check;
static_assert(equals(Check::missing, VDT_CHECK_MISSING) && equals(Check::null, VDT_CHECK_NULL));
static_assert(equals(Check::type, VDT_CHECK_TYPE) && equals(Check::not_a_number, VDT_CHECK_NOT_A_NUMBER));
static_assert(equals(Check::infinity, VDT_CHECK_INFINITY) && equals(Check::minimum, VDT_CHECK_MINIMUM));
static_assert(equals(Check::maximum, VDT_CHECK_MAXIMUM) && equals(Check::standard_score, VDT_CHECK_STANDARD_SCORE));
static_assert(equals(Check::integral, VDT_CHECK_INTEGRAL) && equals(Check::step, VDT_CHECK_STEP));
static_assert(equals(Check::domain, VDT_CHECK_DOMAIN) && equals(Check::utf8, VDT_CHECK_UTF8));
static_assert(equals(Check::short_text, VDT_CHECK_SHORT_TEXT) && equals(Check::long_text, VDT_CHECK_LONG_TEXT));
static_assert(equals(Check::format, VDT_CHECK_FORMAT) && equals(Check::shape, VDT_CHECK_SHAPE));
static_assert(equals(Check::nestedness, VDT_CHECK_NESTEDNESS) && equals(Check::few_values, VDT_CHECK_FEW_VALUES));
static_assert(equals(Check::many_values, VDT_CHECK_MANY_VALUES) && equals(Check::memory, VDT_CHECK_MEMORY));
static_assert(equals(Check::presence, VDT_CHECK_PRESENCE) && equals(Check::count, VDT_CHECK_COUNT));
static_assert(equals(Check::unique, VDT_CHECK_UNIQUE) && equals(Check::monotonic, VDT_CHECK_MONOTONIC));
static_assert(equals(Check::unexpected, VDT_CHECK_UNEXPECTED) && equals(Check::pattern, VDT_CHECK_PATTERN));
static_assert(equals(Check::expression, VDT_CHECK_EXPRESSION) && equals(Check::control, VDT_CHECK_CONTROL));
static_assert(equals(Check::invisible, VDT_CHECK_INVISIBLE) && equals(Check::confusable, VDT_CHECK_CONFUSABLE));
static_assert(equals(validation::Repair::clamp, VDT_REPAIR_CLAMP));
static_assert(equals(validation::Repair::impute, VDT_REPAIR_IMPUTE));
static_assert(equals(Check::repetition, VDT_CHECK_REPETITION) && equals(Check::freshness, VDT_CHECK_FRESHNESS));
static_assert(validation::check_count == VDT_CHECK_FRESHNESS + 1);

using validation::Severity;
static_assert(equals(Severity::none, VDT_SEVERITY_NONE) && equals(Severity::warning, VDT_SEVERITY_WARNING));
static_assert(equals(Severity::error, VDT_SEVERITY_ERROR));

using validation::TensorFault;
static_assert(equals(TensorFault::no_tensor, VDT_TENSOR_NO_TENSOR));
static_assert(equals(TensorFault::version, VDT_TENSOR_VERSION) && equals(TensorFault::device, VDT_TENSOR_DEVICE));
static_assert(equals(TensorFault::element_type, VDT_TENSOR_ELEMENT_TYPE) && equals(TensorFault::rank, VDT_TENSOR_RANK));
static_assert(equals(TensorFault::negative_dimension, VDT_TENSOR_NEGATIVE_DIMENSION));
static_assert(equals(TensorFault::size_overflow, VDT_TENSOR_SIZE_OVERFLOW));
static_assert(equals(TensorFault::stride_overflow, VDT_TENSOR_STRIDE_OVERFLOW));
static_assert(equals(TensorFault::out_of_bounds, VDT_TENSOR_OUT_OF_BOUNDS));
static_assert(equals(TensorFault::overlap, VDT_TENSOR_OVERLAP));
static_assert(equals(TensorFault::byte_length, VDT_TENSOR_BYTE_LENGTH));
static_assert(equals(TensorFault::misaligned, VDT_TENSOR_MISALIGNED));

}  // namespace
