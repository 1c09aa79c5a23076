// SPDX-License-Identifier: Apache-2.0
// Frequencies, phases, cosines and sines, bit for bit alike everywhere.
#include "drift/feature_map.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>

#include "vedette/core/container.hpp"
#include "vedette/core/random.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr std::size_t panel = FeatureMap::panel;
constexpr std::size_t group = 4;  // rows that share a load of the weights

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

// sin(2 pi h) for |h| <= 1/4, in units: a Chebyshev fit, off by less than 1e-8 before rounding to float.
inline float sine(float h) noexcept {
    const float u = h * h;
    float sum = 39.7598270853F;
    sum = sum * u - 76.5811726443F;
    sum = sum * u + 81.6024763689F;
    sum = sum * u - 41.3416806133F;
    sum = sum * u + 6.28318528015F;
    return sum * h * static_cast<float>(feature_unit);
}

// Adding it leaves a float below 2^22 rounded to a whole number, which is then in the lowest bits.
constexpr float rounder = 12582912.0F;  // 1.5 * 2^23

inline std::int32_t rounded(float x) noexcept {
    return std::bit_cast<std::int32_t>(x + rounder) - std::bit_cast<std::int32_t>(rounder);
}

// One panel of frequencies; g++ by itself finds a much slower order for loops over plain arrays.
using Panel = Eigen::Array<float, panel, 1>;
using Counts = std::array<std::int32_t, panel>;

// Phases, in turns, of `group` rows.
inline std::array<Panel, group> phases_of(const float* rows, std::size_t columns, const float* weights) noexcept {
    Panel first = Panel::Zero();
    Panel second = Panel::Zero();
    Panel third = Panel::Zero();
    Panel fourth = Panel::Zero();
    for (std::size_t j = 0; j < columns; ++j) {
        const Panel weight = Eigen::Map<const Panel>(weights + j * panel);
        first += rows[j] * weight;
        second += rows[columns + j] * weight;
        third += rows[2 * columns + j] * weight;
        fourth += rows[3 * columns + j] * weight;
    }
    return {first, second, third, fourth};
}

// Adds cosine and sine of each phase: the nearest whole turn off, then folded to a quarter turn around 0.
inline void add_waves(const Panel& phases, Counts& cosines, Counts& sines) noexcept {
    for (std::size_t k = 0; k < panel; ++k) {
        const float phase = phases[static_cast<Eigen::Index>(k)];
        const float turn = phase - ((phase + rounder) - rounder);
        const float quarter = 0.25F - std::abs(turn);
        cosines[k] += rounded(sine(quarter));
        sines[k] += rounded(sine(std::copysign(0.25F - std::abs(quarter), turn)));
    }
}

}  // namespace

std::size_t FeatureMap::block_rows() const noexcept {
    constexpr std::size_t floats = 4096;
    return std::clamp<std::size_t>(floats / columns / group * group, group, 64);
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
    bool finite = true;
    for (std::size_t j = 0; j < columns; ++j) {
        const auto value = static_cast<double>(view(i, j));
        finite &= std::isfinite(value);
        const double scaled = (value - offset[j]) * inverse_scale[j];
        out[j] = static_cast<float>(std::min(std::max(scaled, -limit), limit));
    }
    return finite;
}

void FeatureMap::add(const float* rows, std::size_t count, std::int64_t* sums) const noexcept {
    for (std::size_t p = 0; p < features / panel; ++p) {
        Counts cosines{};
        Counts sines{};
        for (std::size_t i = 0; i < count; i += group) {
            const auto phases = phases_of(rows + i * columns, columns, weights.data() + p * columns * panel);
            for (std::size_t row = 0; row < std::min(group, count - i); ++row) add_waves(phases[row], cosines, sines);
        }
        for (std::size_t k = 0; k < panel; ++k) {
            sums[p * panel + k] += cosines[k];
            sums[features + p * panel + k] += sines[k];
        }
    }
}

template <class T>
std::uint64_t FeatureMap::add_rows(const MatrixView<T>& view, std::span<float> scratch,
                                   std::int64_t* sums) const noexcept {
    const std::size_t block = block_rows();
    std::uint64_t left_out = 0;
    std::size_t filled = 0;
    for (std::size_t i = 0; i < view.rows(); ++i) {
        if (!scale_row(view, i, scratch.data() + filled * columns)) {
            ++left_out;
            continue;
        }
        if (++filled < block) continue;
        add(scratch.data(), filled, sums);
        filled = 0;
    }
    // Rows behind the last are looked at, not counted: they must be finite.
    const std::size_t whole = (filled + group - 1) / group * group;
    std::fill(scratch.begin() + static_cast<std::ptrdiff_t>(filled * columns),
              scratch.begin() + static_cast<std::ptrdiff_t>(whole * columns), 0.0F);
    add(scratch.data(), filled, sums);
    return left_out;
}

void FeatureMap::evaluate(const float* rows, std::size_t count, std::int32_t* out) const noexcept {
    for (std::size_t p = 0; p < features / panel; ++p) {
        const auto phases = phases_of(rows, columns, weights.data() + p * columns * panel);
        for (std::size_t row = 0; row < count; ++row) {
            Counts cosines{};
            Counts sines{};
            add_waves(phases[row], cosines, sines);
            std::int32_t* own = out + 2 * features * row + p * panel;
            std::copy(cosines.begin(), cosines.end(), own);
            std::copy(sines.begin(), sines.end(), own + features);
        }
    }
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
