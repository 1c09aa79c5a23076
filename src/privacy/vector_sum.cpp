// SPDX-License-Identifier: Apache-2.0
// Clipping whose result is checked in integers, and noise by tiles.
#include "vedette/privacy/vector_sum.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "privacy/draws.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

namespace {

constexpr std::size_t noise_tile = 4096;

double up(double x) noexcept {
    return std::nextafter(x, std::numeric_limits<double>::infinity());
}

// Grains to a clip's length: 2^20 at least, and 2^10 times the root of the dimension, since cutting moves each
// coordinate by up to a grain. At most 2^26, so that squares add up exactly in doubles.
unsigned clip_bits(std::size_t dimension) noexcept {
    return std::max(20U, 10U + (static_cast<unsigned>(std::bit_width(dimension - 1)) + 1) / 2);
}

std::size_t checked_dimension(std::size_t dimension) {
    if (dimension == 0 || dimension > GaussianVectorSum::largest_dimension)
        throw Error(ErrorCode::invalid_argument, fmt::format("dimension is {}: it must be from 1 to 2^32", dimension));
    return dimension;
}

double checked_clip(L2Norm clip) {
    if (clip.value() < 0x1p-900 || clip.value() > 0x1p900)
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("clip is {}: it must be from 2^-900 to 2^900", clip.value()));
    return clip.value();
}

double checked_multiplier(NoiseMultiplier multiplier) {
    if (multiplier.value() < 0x1p-10 || multiplier.value() > 0x1p12)
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("noise multiplier is {}: it must be from 2^-10 to 2^12", multiplier.value()));
    return multiplier.value();
}

void check_length(std::size_t length, std::size_t dimension, const char* what) {
    if (length != dimension)
        throw Error(ErrorCode::dimension_mismatch,
                    fmt::format("{} has {} coordinates: the mechanism has {}", what, length, dimension));
}

// sum over four interleaved partial sums of f(x).
template <class T, class Term>
double sum_of(std::span<const T> values, Term term) noexcept {
    double sums[4] = {};
    std::size_t i = 0;
    for (; i + 4 <= values.size(); i += 4)
        for (std::size_t lane = 0; lane < 4; ++lane) sums[lane] += term(static_cast<double>(values[i + lane]));
    for (; i < values.size(); ++i) sums[0] += term(static_cast<double>(values[i]));
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

double in_grains(double x, double factor) noexcept {
    return static_cast<double>(static_cast<std::int32_t>(x * factor));
}

}  // namespace

void VectorSum::merge(const VectorSum& other) {
    if (other.grains_.size() != grains_.size() || other.grain_exponent_ != grain_exponent_)
        throw Error(ErrorCode::dimension_mismatch, "sum: its length or its grain is another sum's");
    if (records_ + other.records_ > GaussianVectorSum::most_records)
        throw Error(ErrorCode::overflow, "sum: more than 2^36 records");
    records_ += other.records_;
    for (std::size_t i = 0; i < grains_.size(); ++i) grains_[i] += other.grains_[i];
}

GaussianVectorSum::GaussianVectorSum(std::size_t dimension, L2Norm clip, Neighbouring neighbouring,
                                     NoiseMultiplier multiplier)
    : dimension_(checked_dimension(dimension)),
      clip_(checked_clip(clip)),
      grain_exponent_(std::ilogb(clip_) + 1 - static_cast<int>(clip_bits(dimension))),
      clip_grains_(static_cast<std::uint64_t>(std::ldexp(clip_, -grain_exponent_))),
      sensitivity_(neighbouring == Neighbouring::add_remove ? clip_grains_ : 2 * clip_grains_),
      sampler_(up(checked_multiplier(multiplier) * static_cast<double>(sensitivity_))) {}

double GaussianVectorSum::grain() const noexcept {
    return std::ldexp(1.0, grain_exponent_);
}

double GaussianVectorSum::sigma() const noexcept {
    return sampler_.sigma() * grain();
}

double GaussianVectorSum::rho() const noexcept {
    const double ratio = up(static_cast<double>(sensitivity_) / sampler_.sigma());
    return up(0.5 * up(ratio * ratio));
}

// By what a record is multiplied before it is cut to integers; 0 for one that is not finite.
template <class T>
double GaussianVectorSum::factor_of(std::span<const T> record) const noexcept {
    // Squares of doubles may leave the range: then about the largest.
    double unit = 1.0, squares = sum_of(record, [](double x) { return x * x; });
    if (!(squares < 0x1p1000 && squares > 0x1p-900)) {
        double largest = 0.0;
        bool finite = true;
        for (const T x : record) {
            finite = finite && std::isfinite(x);
            largest = std::max(largest, std::abs(static_cast<double>(x)));
        }
        if (!finite || largest == 0.0) return 0.0;
        int exponent = 0;
        (void)std::frexp(largest, &exponent);
        unit = std::ldexp(1.0, exponent - 1);
        squares = sum_of(record, [unit](double x) { return (x / unit) * (x / unit); });
    }
    const double length = std::sqrt(squares);
    double factor = std::ldexp(std::min(1.0, clip_ / unit / length), -grain_exponent_);
    const double most = static_cast<double>(clip_grains_) * static_cast<double>(clip_grains_);
    // The sum is exact: integers below 2^53.
    for (int attempt = 0; attempt < 40; ++attempt) {
        if (sum_of(record, [factor](double x) { return in_grains(x, factor) * in_grains(x, factor); }) <= most)
            return factor;
        factor *= 1.0 - std::ldexp(1.0, attempt - 40);
    }
    return 0.0;
}

template <class T>
void GaussianVectorSum::add_record(std::span<const T> record, VectorSum& sum) const {
    check_length(record.size(), dimension_, "record");
    check_length(sum.dimension(), dimension_, "sum");
    if (sum.grain_exponent_ != grain_exponent_)
        throw Error(ErrorCode::dimension_mismatch, "sum: it was made for another mechanism");
    if (sum.records_ >= most_records) throw Error(ErrorCode::overflow, "sum: more than 2^36 records");
    ++sum.records_;
    const double factor = factor_of(record);
    if (factor == 0.0) return;
    for (std::size_t i = 0; i < record.size(); ++i)
        sum.grains_[i] += static_cast<std::int32_t>(static_cast<double>(record[i]) * factor);
}

template <class T>
void GaussianVectorSum::release_sum(const VectorSum& sum, std::span<T> out) const {
    check_length(out.size(), dimension_, "out");
    check_length(sum.dimension(), dimension_, "sum");
    if (sum.grain_exponent_ != grain_exponent_)
        throw Error(ErrorCode::dimension_mismatch, "sum: it was made for another mechanism");
    ZeroOnFailure guard(out);
    SecretArray<std::int64_t, noise_tile> noise;
    const double unit = grain();
    for (std::size_t begin = 0; begin < out.size(); begin += noise_tile) {
        const std::size_t count = std::min(noise_tile, out.size() - begin);
        sampler_.sample({noise.data(), count});
        for (std::size_t i = 0; i < count; ++i)
            out[begin + i] = static_cast<T>(static_cast<double>(sum.grains_[begin + i] + noise[i]) * unit);
    }
    guard.done();
}

template <class T>
void GaussianVectorSum::release_record(std::span<const T> record, std::span<T> out) const {
    check_length(record.size(), dimension_, "record");
    check_length(out.size(), dimension_, "out");
    const double unit = grain(), factor = factor_of(record);
    ZeroOnFailure guard(out);
    SecretArray<std::int64_t, noise_tile> noise;
    for (std::size_t begin = 0; begin < out.size(); begin += noise_tile) {
        const std::size_t count = std::min(noise_tile, out.size() - begin);
        sampler_.sample({noise.data(), count});
        for (std::size_t i = 0; i < count; ++i) {
            const double x = static_cast<double>(record[begin + i]);
            const std::int32_t grains = factor == 0.0 ? 0 : static_cast<std::int32_t>(x * factor);
            out[begin + i] = static_cast<T>(static_cast<double>(grains + noise[i]) * unit);
        }
    }
    guard.done();
}

void GaussianVectorSum::add(std::span<const float> record, VectorSum& sum) const {
    add_record(record, sum);
}
void GaussianVectorSum::add(std::span<const double> record, VectorSum& sum) const {
    add_record(record, sum);
}
void GaussianVectorSum::release(const VectorSum& sum, std::span<float> out) const {
    release_sum(sum, out);
}
void GaussianVectorSum::release(const VectorSum& sum, std::span<double> out) const {
    release_sum(sum, out);
}
void GaussianVectorSum::release(std::span<const float> record, std::span<float> out) const {
    release_record(record, out);
}
void GaussianVectorSum::release(std::span<const double> record, std::span<double> out) const {
    release_record(record, out);
}

}  // namespace vedette::inline v0::privacy
