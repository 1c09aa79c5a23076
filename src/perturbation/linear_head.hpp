// SPDX-License-Identifier: Apache-2.0
// The last layer of a model, and what scores of its embeddings have in common.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "perturbation/whitening.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/view.hpp"

namespace vedette::inline v0::perturbation {

inline constexpr std::size_t most_embedding_columns = 4096;
inline constexpr std::size_t most_head_classes = std::size_t{1} << 15U;

/// logits = weights x embedding + bias, in float; the same bits on every instruction set.
class LinearHead {
  public:
    /// `owner` begins the messages. Throws Error: dimension_mismatch for another number of columns or of biases;
    /// invalid_argument for a value that is not finite or beyond 1e30, or too many classes; not_enough_data for none.
    LinearHead(const std::string& owner, MatrixView<float> weights, std::span<const float> bias, std::size_t columns);
    /// Reads "head_weights" and "head_bias"; throws Error(corrupt_data).
    LinearHead(const Container& file, std::size_t columns);
    void write(ContainerWriter& writer) const;

    /// logits[padded_classes()], aligned to 64 bytes, of x[columns()]; the first classes() are meant.
    void multiply(const float* x, float* logits) const noexcept;

    [[nodiscard]] std::size_t classes() const noexcept { return bias_.size(); }
    [[nodiscard]] std::size_t columns() const noexcept { return rows_.size() / bias_.size(); }
    [[nodiscard]] std::span<const float> row(std::size_t c) const noexcept {
        return std::span(rows_).subspan(c * columns(), columns());
    }
    [[nodiscard]] std::span<const float> bias() const noexcept { return bias_; }
    [[nodiscard]] Eigen::MatrixXd matrix() const;

  private:
    std::vector<float> rows_;
    std::vector<float> bias_;
    PanelMatrix panels_;
};

/// Logits of one request, and room for them without allocation.
struct alignas(64) HeadLogits {
    float values[most_head_classes];
};

/// The place of the largest; the first of equals.
std::size_t largest_place(std::span<const float> logits) noexcept;

/// Sum of squares in sixteen sums, in an order that does not depend on the compiler.
double squared_length(const float* x, std::size_t count) noexcept;

/// The rows in double. Throws Error: not_enough_data for none or no column; invalid_argument for a value that is not
/// finite or beyond 1e30, or more than `most_embedding_columns`.
Eigen::MatrixXd read_embeddings(const std::string& owner, MatrixView<float> embeddings);

/// Throws Error(corrupt_data) unless all are finite and at most 1e31, beyond any that is written.
void require_sane(std::span<const float> values);
/// Throws Error(corrupt_data).
void require_written(bool condition);

}  // namespace vedette::inline v0::perturbation
