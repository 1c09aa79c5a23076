// SPDX-License-Identifier: Apache-2.0
// Rounding of a triangle, and its bound.
#include "perturbation/compact_triangle.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "perturbation/linear_head.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::perturbation {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double largest_whole = 32'767.0;
// Of a row's largest element, and of its length, before it is rounded with regard to others.
constexpr double largest_before = 32'000.0, longest_before = 64'000.0;
// Of squared distances: what may change more says nothing of the map it stands for.
constexpr double largest_error = 0.1;

Eigen::Index index_of(std::size_t i) {
    return static_cast<Eigen::Index>(i);
}

// |E|_2 to the eighth is the largest eigenvalue of (E E')^4, at most its trace, the squared elements of (E E')^2.
double spectral_bound(const Eigen::MatrixXd& e) {
    const double scale = e.cwiseAbs().maxCoeff();
    if (!(scale > 0.0)) return scale;
    const Eigen::MatrixXd scaled = e / scale;
    const Eigen::MatrixXd gram = scaled * scaled.transpose();
    const Eigen::MatrixXd square = gram * gram;
    return scale * std::pow(square.squaredNorm(), 0.125) * (1.0 + 1e-9);
}

}  // namespace

// Low words of a number's rest, half a high word: as many as keep the length of all within what products allow.
float low_scale_of(std::size_t columns) {
    const double most = 2.0 * 32'000.0 / std::sqrt(static_cast<double>(columns));
    return static_cast<float>(std::exp2(std::floor(std::log2(most))));
}

CompactTriangle::CompactTriangle(std::size_t columns)
    : column_scales_(columns),
      row_scales_((columns + panel_rows - 1) / panel_rows * panel_rows),
      low_scale_(low_scale_of(columns)) {
    std::size_t pairs = 0;
    for (std::size_t panel = 0; panel < panels(); ++panel) pairs += pairs_of(panel);
    lines_.resize(pairs * panel_words / 32);
}

bool CompactTriangle::is_short(std::size_t row) const noexcept {
    double square = 0.0;
    for (std::size_t k = 0; k <= row; ++k) {
        const double x = word(word_of(row, k));
        square += x * x;
    }
    return square <= kernels::longest_words * kernels::longest_words;
}

CompactTriangle CompactTriangle::from(const Eigen::MatrixXd& map, const Eigen::VectorXd& column_scales) {
    const std::size_t d = static_cast<std::size_t>(map.rows());
    CompactTriangle made(d);
    RowMajor rows = map;
    for (std::size_t k = 0; k < d; ++k) {
        const auto scale = static_cast<float>(column_scales[index_of(k)]);
        if (!std::isnormal(scale) || scale < 0.0F)
            throw Error(ErrorCode::invalid_argument,
                        "storage int16: column " + std::to_string(k) + " has a scale that is no normal float");
        made.column_scales_[k] = scale;
        rows.col(index_of(k)) /= static_cast<double>(scale);
    }
    const RowMajor inverse = rows.triangularView<Eigen::Lower>().solve(RowMajor::Identity(index_of(d), index_of(d)));
    // Row by row: what the stored row leaves of the identity where `inverse` is mapped.
    Eigen::MatrixXd left = Eigen::MatrixXd::Zero(index_of(d), index_of(d));
    Eigen::RowVectorXd rest;
    for (std::size_t i = 0; i < d; ++i) {
        const auto row = rows.row(index_of(i)).head(index_of(i + 1));
        double least_step = std::max(row.cwiseAbs().maxCoeff() / largest_before, row.norm() / longest_before);
        do {
            const auto step = static_cast<float>(least_step);
            made.row_scales_[i] = step;
            rest = Eigen::RowVectorXd::Zero(index_of(i + 1));
            for (std::size_t k = i + 1; k-- > 0;) {
                const Eigen::Index column = index_of(k);
                const double wanted =
                    (row[column] - rest[column] / inverse(column, column)) / static_cast<double>(step);
                const double whole = std::clamp(std::nearbyint(wanted), -largest_whole, largest_whole);
                made.word(made.word_of(i, k)) = static_cast<std::int16_t>(whole);
                rest.head(column + 1) +=
                    (whole * static_cast<double>(step) - row[column]) * inverse.row(column).head(column + 1);
            }
            least_step *= 1.05;
        } while (!made.is_short(i));
        left.row(index_of(i)).head(index_of(i + 1)) = rest;
    }
    const double norm = spectral_bound(left);
    made.error_ = 2.0 * norm + norm * norm;
    if (!(made.error_ <= largest_error))
        throw Error(ErrorCode::invalid_argument,
                    "storage int16: the covariance is too badly conditioned, squared distances might change by " +
                        std::to_string(100.0 * made.error_) + " %; keep it in float32");
    return made;
}

Eigen::MatrixXd CompactTriangle::matrix() const {
    Eigen::MatrixXd out = Eigen::MatrixXd::Zero(index_of(rows()), index_of(columns()));
    for (std::size_t i = 0; i < rows(); ++i)
        for (std::size_t k = 0; k <= i; ++k)
            out(index_of(i), index_of(k)) = static_cast<double>(row_scales_[i]) *
                                            static_cast<double>(word(word_of(i, k))) *
                                            static_cast<double>(column_scales_[k]);
    return out;
}

void CompactTriangle::multiply(const float* x, float* out) const noexcept {
    alignas(64) float scaled[most_embedding_columns];
    alignas(64) std::int16_t high[most_embedding_columns];
    alignas(64) std::int16_t low[most_embedding_columns];
    const kernels::ScoreKernels& scores = kernels::kernels().scores;
    for (std::size_t k = 0; k < columns(); ++k) scaled[k] = x[k] * column_scales_[k];
    kernels::EncodedRow request;
    scores.encode_words(scaled, columns(), low_scale_, high, low, &request);
    // What is not finite leaves no product finite.
    const float unit =
        std::isfinite(request.square) ? request.unit / low_scale_ : std::numeric_limits<float>::quiet_NaN();
    if (columns() % 2 != 0) high[columns()] = low[columns()] = 0;
    for (std::size_t panel = 0; panel < panels(); ++panel) {
        float* const here = out + panel * panel_rows;
        scores.split_word_products(data() + word_of(panel), high, low, pairs_of(panel), low_scale_, here);
        // In double: what three factors come to may be a float where two of them are not.
        for (std::size_t i = 0; i < panel_rows; ++i)
            here[i] = static_cast<float>(static_cast<double>(here[i]) * static_cast<double>(unit) *
                                         static_cast<double>(row_scales_[panel * panel_rows + i]));
    }
}

void CompactTriangle::write(ContainerWriter& writer, const std::string& name) const {
    writer.add(name, std::span<const std::int16_t>(data(), words()));
    writer.add(name + "_rows", std::span<const float>(row_scales_).first(rows()));
    writer.add(name + "_columns", column_scales_);
    writer.add_scalar(name + "_error", error_);
}

CompactTriangle CompactTriangle::read(const Container& file, const std::string& name, std::size_t columns) {
    CompactTriangle made(columns);
    const auto values = file.values<std::int16_t>(name, made.words());
    const auto row_scales = file.values<float>(name + "_rows", columns);
    const auto column_scales = file.values<float>(name + "_columns", columns);
    made.error_ = file.scalar<double>(name + "_error");
    const auto is_scale = [](float x) { return std::isnormal(x) && x > 0.0F; };
    require_written(std::all_of(row_scales.begin(), row_scales.end(), is_scale) &&
                    std::all_of(column_scales.begin(), column_scales.end(), is_scale) && made.error_ >= 0.0 &&
                    made.error_ <= largest_error);
    for (std::size_t at = 0; at < values.size(); ++at) made.word(at) = values[at];
    // What lies above the triangle or pads it is 0.
    std::size_t within = 0;
    for (std::size_t row = 0; row < columns; ++row) {
        for (std::size_t k = 0; k <= row; ++k) within += values[made.word_of(row, k)] != 0 ? 1U : 0U;
        require_written(made.is_short(row));
    }
    const auto all = values.size() - static_cast<std::size_t>(std::count(values.begin(), values.end(), 0));
    require_written(all == within && std::count(values.begin(), values.end(), -32'768) == 0);
    std::copy(row_scales.begin(), row_scales.end(), made.row_scales_.begin());
    std::copy(column_scales.begin(), column_scales.end(), made.column_scales_.begin());
    return made;
}

}  // namespace vedette::inline v0::perturbation
