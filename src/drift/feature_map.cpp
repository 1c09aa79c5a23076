// SPDX-License-Identifier: Apache-2.0
// Frequencies, phases, cosines and sines, bit for bit alike everywhere.
#include "drift/feature_map.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "kernels/dispatch.hpp"
#include "kernels/scalar_waves.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/random.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr std::size_t panel = FeatureMap::panel;
constexpr std::size_t group = kernels::wave_rows;
static_assert(panel == kernels::wave_panel && feature_unit == static_cast<double>(kernels::wave_unit));

// The natural logarithm without a library's: 2 artanh((m - 1)/(m + 1)) of the mantissa; within 2 ulp.
double portable_log(double x) {
    int exponent = 0;
    double mantissa = std::frexp(x, &exponent);
    if (mantissa < 0.5 * std::numbers::sqrt2) {
        mantissa *= 2.0;
        --exponent;
    }
    const double ratio = (mantissa - 1.0) / (mantissa + 1.0);
    const double square = ratio * ratio;
    double sum = 0.0;
    for (int k = 25; k >= 1; k -= 2) sum = sum * square + 1.0 / k;
    return 2.0 * ratio * sum + exponent * std::numbers::ln2;
}

// Marsaglia's polar method (Marsaglia and Bray 1964).
class PortableNormal {
  public:
    explicit PortableNormal(std::uint64_t seed) : random_(seed, 0x7266660000000000U) {}

    double next() {
        if (ready_) {
            ready_ = false;
            return spare_;
        }
        double u = 0.0;
        double v = 0.0;
        double square = 0.0;
        do {
            u = 2.0 * random_.uniform() - 1.0;
            v = 2.0 * random_.uniform() - 1.0;
            square = u * u + v * v;
        } while (square >= 1.0 || square == 0.0);
        const double factor = std::sqrt(-2.0 * portable_log(square) / square);
        spare_ = v * factor;
        ready_ = true;
        return u * factor;
    }

  private:
    Random random_;
    double spare_ = 0.0;
    bool ready_ = false;
};

double squared_norm(const std::vector<double>& vector) {
    double sum = 0.0;
    for (const double value : vector) sum += value * value;
    return sum;
}

// Takes out of `vector` its parts along unit vectors, twice, since once leaves rounding behind.
void orthogonalise(std::vector<double>& vector, const std::vector<std::vector<double>>& basis) {
    for (int pass = 0; pass < 2; ++pass)
        for (const auto& unit : basis) {
            double dot = 0.0;
            for (std::size_t j = 0; j < vector.size(); ++j) dot += vector[j] * unit[j];
            for (std::size_t j = 0; j < vector.size(); ++j) vector[j] -= dot * unit[j];
        }
}

}  // namespace

std::size_t FeatureMap::block_rows() const noexcept {
    constexpr std::size_t floats = 16384;
    return std::clamp<std::size_t>(floats / columns / group * group, group, kernels::most_wave_rows);
}

void FeatureMap::draw_weights(std::uint64_t seed) {
    PortableNormal normal(seed);
    weights.assign(features * columns, 0.0F);
    std::vector<std::vector<double>> basis;
    std::vector<double> vector(columns);
    for (std::size_t k = 0; k < features; ++k) {
        if (basis.size() == columns) basis.clear();
        // The length of an independent draw, so that each frequency alone is Gaussian.
        for (double& value : vector) value = normal.next();
        const double length = std::sqrt(squared_norm(vector));
        double rest = 0.0;
        while (!(rest > 1e-6)) {
            for (double& value : vector) value = normal.next();
            orthogonalise(vector, basis);
            rest = std::sqrt(squared_norm(vector));
        }
        for (double& value : vector) value /= rest;
        for (std::size_t j = 0; j < columns; ++j)
            weights[((k / panel) * columns + j) * panel + k % panel] =
                static_cast<float>(vector[j] * length / (2.0 * std::numbers::pi));
        basis.push_back(vector);
    }
    set_limit();
}

void FeatureMap::set_limit() {
    constexpr double most_turns = 4e6;  // below 2^22, and the rounding of the sum
    double largest = 0.0;
    for (std::size_t k = 0; k < features; ++k) {
        double sum = 0.0;
        for (std::size_t j = 0; j < columns; ++j) sum += std::abs(static_cast<double>(weight(k, j)));
        largest = std::max(largest, sum);
    }
    limit = std::min(furthest_value, most_turns / std::max(largest, 1.0));
}

void FeatureMap::set_digest() {
    ContainerWriter writer;
    writer.add("offset", offset);
    writer.add("inverse_scale", inverse_scale);
    writer.add("weights", weights);
    digest = sha256(writer.finish("feature_map"));
}

template <class T>
bool FeatureMap::scale_row(const MatrixView<T>& view, std::size_t i, float* out) const noexcept {
    if (columns == 0) return true;
    const kernels::WaveScale scale{offset.data(), inverse_scale.data(), limit, columns};
    const auto& waves = kernels::kernels().waves;
    if (view.column_stride() != 1) return kernels::scalar::scale_row(scale, &view(i, 0), view.column_stride(), out);
    if constexpr (sizeof(T) == sizeof(float))
        return waves.scale_floats(&scale, &view(i, 0), out);
    else
        return waves.scale_doubles(&scale, &view(i, 0), out);
}

void FeatureMap::add(const float* rows, std::size_t count, std::int64_t* sums) const noexcept {
    std::array<std::int32_t, 2 * most_features> block{};
    const kernels::WaveRequest request{rows, count, columns, stride(), weights.data(), features / panel};
    kernels::kernels().waves.add(&request, block.data());
    for (std::size_t k = 0; k < 2 * features; ++k) sums[k] += block[k];
}

template <class T>
std::uint64_t FeatureMap::add_rows(const MatrixView<T>& view, std::span<float> scratch,
                                   std::int64_t* sums) const noexcept {
    const std::size_t block = block_rows();
    std::uint64_t left_out = 0;
    std::size_t filled = 0;
    for (std::size_t i = 0; i < view.rows(); ++i) {
        if (!scale_row(view, i, scratch.data() + filled * stride())) {
            ++left_out;
            continue;
        }
        if (++filled < block) continue;
        add(scratch.data(), filled, sums);
        filled = 0;
    }
    // Rows behind the last are looked at, not counted: they must be finite.
    const std::size_t whole = (filled + group - 1) / group * group;
    std::fill(scratch.begin() + static_cast<std::ptrdiff_t>(filled * stride()),
              scratch.begin() + static_cast<std::ptrdiff_t>(whole * stride()), 0.0F);
    add(scratch.data(), filled, sums);
    return left_out;
}

void FeatureMap::evaluate(const float* rows, std::size_t count, std::int32_t* out) const noexcept {
    const kernels::WaveRequest request{rows, count, columns, stride(), weights.data(), features / panel};
    kernels::kernels().waves.evaluate(&request, out);
}

double median_distance(const Eigen::MatrixXd& points) {
    std::vector<double> squares;
    for (Eigen::Index i = 0; i < points.cols(); ++i)
        for (Eigen::Index k = 0; k < i; ++k) {
            double sum = 0.0;
            for (Eigen::Index j = 0; j < points.rows(); ++j) {
                const double difference = points(j, i) - points(j, k);
                sum += difference * difference;
            }
            if (sum > 0.0) squares.push_back(sum);
        }
    if (squares.empty()) return 1.0;
    // Of an even number the upper of the two in the middle, for which one selection does.
    const auto middle = squares.begin() + static_cast<std::ptrdiff_t>(squares.size() / 2);
    std::nth_element(squares.begin(), middle, squares.end());
    return std::sqrt(*middle);
}

template bool FeatureMap::scale_row(const MatrixView<float>&, std::size_t, float*) const noexcept;
template bool FeatureMap::scale_row(const MatrixView<double>&, std::size_t, float*) const noexcept;
template std::uint64_t FeatureMap::add_rows(const MatrixView<float>&, std::span<float>, std::int64_t*) const noexcept;
template std::uint64_t FeatureMap::add_rows(const MatrixView<double>&, std::span<float>, std::int64_t*) const noexcept;

}  // namespace vedette::inline v0::drift
