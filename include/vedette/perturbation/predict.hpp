// SPDX-License-Identifier: Apache-2.0
// A model as a batched callback: how scores and explanations that ask the model again reach it.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

#include "vedette/core/view.hpp"

namespace vedette::inline v0::perturbation {

/// A reference to a callable that runs the model; it does not own it, and is two pointers wide. The callable takes
/// the rows, row-major and without gaps, and the place of the outputs, a row of `classes` for each; it returns 0, or a
/// value of its own that stops the score and is handed back. It may keep no pointer. An exception of the callable is
/// caught, and stops the score with `threw`.
class PredictFunction {
  public:
    /// What a C caller gives: rows of row_count x features, outputs of row_count x classes.
    using Raw = std::int32_t (*)(void* user_data, const float* rows, std::size_t row_count, std::size_t features,
                                 float* outputs, std::size_t classes);
    static constexpr std::int32_t threw = std::numeric_limits<std::int32_t>::min();

    constexpr PredictFunction() noexcept = default;
    constexpr PredictFunction(Raw function, void* user_data) noexcept : function_(function), user_data_(user_data) {}
    /// `int callable(MatrixView<float> rows, std::span<float> outputs)`, an lvalue that outlives this.
    template <class Callable>
    requires std::invocable<Callable&, MatrixView<float>, std::span<float>> &&
        (!std::same_as<std::remove_cv_t<Callable>, PredictFunction>)PredictFunction(Callable& callable) noexcept
        : function_([](void* user_data, const float* rows, std::size_t row_count, std::size_t features, float* outputs,
                       std::size_t classes) -> std::int32_t {
              return static_cast<std::int32_t>(
                  (*static_cast<Callable*>(user_data))(MatrixView<float>::row_major(rows, row_count, features),
                                                       std::span<float>(outputs, row_count * classes)));
          }),
          user_data_(const_cast<void*>(static_cast<const void*>(&callable))) {}

    [[nodiscard]] constexpr explicit operator bool() const noexcept { return function_ != nullptr; }
    [[nodiscard]] std::int32_t operator()(const float* rows, std::size_t row_count, std::size_t features,
                                          float* outputs, std::size_t classes) const noexcept {
        try {
            return function_(user_data_, rows, row_count, features, outputs, classes);
        } catch (...) {
            return threw;
        }
    }

  private:
    Raw function_ = nullptr;
    void* user_data_ = nullptr;
};

/// What the outputs of a model are.
enum class ModelOutput : std::uint8_t {
    probabilities = 0,  ///< none negative, their sum 1 within 0.01 (half precision)
    logits = 1,         ///< any finite numbers; softmax makes probabilities of them
};

/// The model, as the caller runs it.
struct PredictModel {
    PredictFunction predict{};
    std::size_t features = 0;  ///< entries of a row
    std::size_t classes = 0;   ///< outputs of a row
    /// No call gets more rows. A larger batch takes more workspace and changes no result of a model whose rows do not
    /// influence each other.
    std::size_t batch_rows = 32;
    ModelOutput output = ModelOutput::probabilities;
};

/// How asking a model went. The values are those of the C interface.
enum class AnswerStatus : std::uint8_t {
    answered = 0,
    aborted = 1,             ///< the callback returned a value other than 0
    invalid_prediction = 2,  ///< an output that is not finite, or no probability although the model says so
    invalid_row = 3,         ///< of another width than the model's, or with a value that is not finite
    invalid_model = 4,       ///< no callback, no class, no row to a batch, or of another width than the score
    workspace_too_small = 5,
    not_asked =
        6,  ///< by a guard: the calibration is stale, or the request is outside of the sample that is asked about
};

/// "answered", "aborted", ...
const char* answer_status_name(AnswerStatus status) noexcept;

/// What asking a model cost, whether it was answered or not: calls and rows that were sent, the last, failed ones too.
struct ModelQueries {
    std::uint64_t calls = 0;
    std::uint64_t rows = 0;
};

/// What a score that asks the model says of one row.
struct Answer {
    /// Higher = more anomalous; NaN unless answered.
    double score = std::numeric_limits<double>::quiet_NaN();
    AnswerStatus status = AnswerStatus::answered;
    std::int32_t callback_status = 0;  ///< what the last call returned
    ModelQueries queries{};
};

}  // namespace vedette::inline v0::perturbation
