// SPDX-License-Identifier: Apache-2.0
// The last layer in panels, and checks of what is fitted and read.
#include "perturbation/linear_head.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace vedette::inline v0::perturbation {
namespace {

constexpr double largest_value = 1e30;

std::vector<float> checked_weights(const std::string& owner, MatrixView<float> weights, std::span<const float> bias,
                                   std::size_t columns) {
    if (weights.rows() == 0)
        throw Error(ErrorCode::invalid_argument, fmt::format("{}: needs the weights of the model's last layer", owner));
    if (weights.rows() > most_head_classes)
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("{}: {} classes, at most {}", owner, weights.rows(), most_head_classes));
    if (weights.columns() != columns)
        throw Error(ErrorCode::dimension_mismatch,
                    fmt::format("{}: head weights have {} columns, embeddings {}", owner, weights.columns(), columns));
    if (bias.size() != weights.rows())
        throw Error(ErrorCode::dimension_mismatch,
                    fmt::format("{}: {} biases of {} classes", owner, bias.size(), weights.rows()));
    std::vector<float> rows;
    rows.reserve(weights.rows() * columns);
    for (std::size_t c = 0; c < weights.rows(); ++c) {
        for (std::size_t j = 0; j < columns; ++j) {
            const float x = weights(c, j);
            if (!(std::abs(static_cast<double>(x)) <= largest_value))
                throw Error(ErrorCode::invalid_argument,
                            fmt::format("{}: head weight {}, {} is {}, must lie within 1e30", owner, c, j, x));
            rows.push_back(x);
        }
        if (!(std::abs(static_cast<double>(bias[c])) <= largest_value))
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("{}: head bias {} is {}, must lie within 1e30", owner, c, bias[c]));
    }
    return rows;
}

std::vector<float> read_rows(const Container& file, std::size_t columns) {
    const auto rows = file.values<float>("head_weights");
    const auto bias = file.values<float>("head_bias");
    require_written(columns != 0 && !bias.empty() && bias.size() <= most_head_classes &&
                    rows.size() == bias.size() * columns);
    require_sane(rows);
    require_sane(bias);
    return {rows.begin(), rows.end()};
}

}  // namespace

LinearHead::LinearHead(const std::string& owner, MatrixView<float> weights, std::span<const float> bias,
                       std::size_t columns)
    : rows_(checked_weights(owner, weights, bias, columns)),
      bias_(bias.begin(), bias.end()),
      panels_(PanelMatrix::from(matrix_of(rows_, columns), false)) {}

LinearHead::LinearHead(const Container& file, std::size_t columns)
    : rows_(read_rows(file, columns)), panels_(PanelMatrix::from(matrix_of(rows_, columns), false)) {
    const auto bias = file.values<float>("head_bias");
    bias_.assign(bias.begin(), bias.end());
}

void LinearHead::write(ContainerWriter& writer) const {
    writer.add("head_weights", rows_);
    writer.add("head_bias", bias_);
}

void LinearHead::multiply(const float* x, float* logits) const noexcept {
    panels_.multiply(x, logits);
    for (std::size_t c = 0; c < bias_.size(); ++c) logits[c] += bias_[c];
}

Eigen::MatrixXd LinearHead::matrix() const {
    return matrix_of(rows_, columns());
}

std::size_t largest_place(std::span<const float> logits) noexcept {
    return static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

double squared_length(const float* x, std::size_t count) noexcept {
    double sums[16] = {};
    std::size_t i = 0;
    for (; i + 16 <= count; i += 16)
        for (std::size_t k = 0; k < 16; ++k) sums[k] += static_cast<double>(x[i + k]) * static_cast<double>(x[i + k]);
    for (std::size_t k = 0; i < count; ++i, ++k) sums[k] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    for (std::size_t width = 8; width > 0; width /= 2)
        for (std::size_t k = 0; k < width; ++k) sums[k] += sums[k + width];
    return sums[0];
}

Eigen::MatrixXd read_embeddings(const std::string& owner, MatrixView<float> embeddings) {
    const std::size_t n = embeddings.rows(), d = embeddings.columns();
    if (n == 0 || d == 0) throw Error(ErrorCode::not_enough_data, fmt::format("{}: no embeddings", owner));
    if (d > most_embedding_columns)
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("{}: {} columns, at most {}", owner, d, most_embedding_columns));
    Eigen::MatrixXd rows(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(d));
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < d; ++j) {
            const auto x = static_cast<double>(embeddings(i, j));
            if (!(std::abs(x) <= largest_value))
                throw Error(ErrorCode::invalid_argument,
                            fmt::format("{}: row {}, column {} is {}, must lie within 1e30", owner, i, j, x));
            rows(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) = x;
        }
    }
    return rows;
}

void require_sane(std::span<const float> values) {
    require_written(std::all_of(values.begin(), values.end(), [](float x) { return std::abs(x) <= 1e31F; }));
}

void require_written(bool condition) {
    if (!condition) throw Error(ErrorCode::corrupt_data, "a file that no score writes");
}

}  // namespace vedette::inline v0::perturbation
