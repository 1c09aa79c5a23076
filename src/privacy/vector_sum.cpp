// SPDX-License-Identifier: Apache-2.0
// Clipping whose result is checked in integers, and noise by tiles.
#include "vedette/privacy/vector_sum.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "privacy/draws.hpp"
#include "privacy/rounding.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

namespace {

constexpr std::size_t noise_tile = 4096, small_tile = 64;

// Grains to a clip's length: 2^20 at least, and 2^10 times the root of the dimension, since cutting moves each
// coordinate by up to a grain. At most 2^26, so that squares add up exactly in doubles.
int euclidean_bits(std::size_t dimension) noexcept {
    return std::max(20, 10 + (static_cast<int>(std::bit_width(dimension - 1)) + 1) / 2);
}

// As many as squares, or sums of 2^36 records, have room for; fewer where the noise is so wide that it hides the rest.
int l1_bits(Epsilon epsilon) noexcept {
    return std::min(26, 36 + std::ilogb(epsilon.value()));
}

Epsilon checked_epsilon(Epsilon epsilon) {
    if (epsilon.value() < LaplaceVectorSum::least_epsilon || epsilon.value() > LaplaceVectorSum::largest_epsilon)
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("epsilon is {}: it must be from 2^-20 to 2^20", epsilon.value()));
    return epsilon;
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
    if (other.grains_.size() != grains_.size() || other.grid_ != grid_)
        throw Error(ErrorCode::dimension_mismatch, "sum: its length, its grain or its clip is another sum's");
    if (records_ + other.records_ > VectorRelease::most_records)
        throw Error(ErrorCode::overflow, "sum: more than 2^36 records");
    records_ += other.records_;
    for (std::size_t i = 0; i < grains_.size(); ++i) grains_[i] += other.grains_[i];
}

std::size_t VectorRelease::checked_dimension(std::size_t dimension) {
    if (dimension == 0 || dimension > largest_dimension)
        throw Error(ErrorCode::invalid_argument, fmt::format("dimension is {}: it must be from 1 to 2^32", dimension));
    return dimension;
}

double VectorRelease::checked_clip(double clip) {
    if (clip < 0x1p-900 || clip > 0x1p900)
        throw Error(ErrorCode::invalid_argument, fmt::format("clip is {}: it must be from 2^-900 to 2^900", clip));
    return clip;
}

VectorRelease::VectorRelease(std::size_t dimension, double clip, bool is_l1, int clip_bits, Neighbouring neighbouring)
    : dimension_(dimension), clip_(clip), grid_{std::ilogb(clip) + 1 - clip_bits, is_l1, 0}, sensitivity_(0) {
    grid_.clip_grains = static_cast<std::uint64_t>(std::ldexp(clip, -grid_.grain_exponent));
    sensitivity_ = neighbouring == Neighbouring::add_remove ? grid_.clip_grains : 2 * grid_.clip_grains;
}

double VectorRelease::grain() const noexcept {
    return std::ldexp(1.0, grid_.grain_exponent);
}

GaussianVectorSum::GaussianVectorSum(std::size_t dimension, L2Norm clip, Neighbouring neighbouring,
                                     NoiseMultiplier multiplier)
    : VectorRelease(checked_dimension(dimension), checked_clip(clip.value()), false, euclidean_bits(dimension),
                    neighbouring),
      sampler_(up(checked_multiplier(multiplier) * static_cast<double>(sensitivity()))) {}

double GaussianVectorSum::rho() const noexcept {
    const double ratio = up(static_cast<double>(sensitivity()) / sampler_.sigma());
    return up(0.5 * up(ratio * ratio));
}

LaplaceVectorSum::LaplaceVectorSum(std::size_t dimension, L1Norm clip, Neighbouring neighbouring, Epsilon epsilon)
    : VectorRelease(checked_dimension(dimension), checked_clip(clip.value()), true, l1_bits(checked_epsilon(epsilon)),
                    neighbouring),
      sampler_(divide_up(at_least(sensitivity()), epsilon.value())) {}

// By what a record is multiplied before it is cut to integers; 0 for one that is not finite.
template <class T>
double VectorRelease::factor_of(std::span<const T> record) const noexcept {
    const bool is_l1 = grid_.is_l1;
    const auto total = [&](double scale) {
        return is_l1 ? sum_of(record, [scale](double x) { return std::abs(x / scale); })
                     : sum_of(record, [scale](double x) { return (x / scale) * (x / scale); });
    };
    // Sums may leave the range of doubles: then about the largest.
    double unit = 1.0, length = is_l1 ? total(1.0) : sum_of(record, [](double x) { return x * x; });
    if (!(length < 0x1p1000 && length > 0x1p-900)) {
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
        length = total(unit);
    }
    if (!is_l1) length = std::sqrt(length);
    double factor = std::ldexp(std::min(1.0, clip_ / unit / length), -grid_.grain_exponent);
    const auto grains = static_cast<double>(grid_.clip_grains);
    // The sums are exact: integers below 2^53.
    for (int attempt = 0; attempt < 40; ++attempt) {
        const bool fits =
            is_l1 ? sum_of(record, [factor](double x) { return std::abs(in_grains(x, factor)); }) <= grains
                  : sum_of(record, [factor](double x) { return in_grains(x, factor) * in_grains(x, factor); }) <=
                        grains * grains;
        if (fits) return factor;
        factor *= 1.0 - std::ldexp(1.0, attempt - 40);
    }
    return 0.0;
}

void VectorRelease::check(const VectorSum& sum) const {
    check_length(sum.dimension(), dimension_, "sum");
    if (sum.grid_ != grid_) throw Error(ErrorCode::dimension_mismatch, "sum: it was made for another mechanism");
}

template <class T>
void VectorRelease::add_record(std::span<const T> record, VectorSum& sum) const {
    check_length(record.size(), dimension_, "record");
    check(sum);
    if (sum.records_ >= most_records) throw Error(ErrorCode::overflow, "sum: more than 2^36 records");
    ++sum.records_;
    const double factor = factor_of(record);
    if (factor == 0.0) return;
    for (std::size_t i = 0; i < record.size(); ++i)
        sum.grains_[i] += static_cast<std::int32_t>(static_cast<double>(record[i]) * factor);
}

// Noise by tiles onto grains_at(i), which may read what out overwrites.
template <std::size_t tile, class T, class Grains>
void VectorRelease::noise_tiles(std::span<T> out, Grains grains_at) const {
    const double unit = grain();
    ZeroOnFailure guard(out);
    SecretArray<std::int64_t, tile> drawn;
    for (std::size_t begin = 0; begin < out.size(); begin += tile) {
        const std::size_t count = std::min(tile, out.size() - begin);
        noise({drawn.data(), count});
        for (std::size_t i = 0; i < count; ++i)
            out[begin + i] = static_cast<T>(static_cast<double>(grains_at(begin + i) + drawn[i]) * unit);
    }
    guard.done();
}

template <class T, class Grains>
void VectorRelease::noise_all(std::span<T> out, Grains grains_at) const {
    // What is drawn is wiped: for a number, no more than needed.
    if (out.size() <= small_tile) return noise_tiles<small_tile>(out, grains_at);
    noise_tiles<noise_tile>(out, grains_at);
}

template <class T>
void VectorRelease::release_sum(const VectorSum& sum, std::span<T> out) const {
    check_length(out.size(), dimension_, "out");
    check(sum);
    noise_all(out, [&](std::size_t i) { return sum.grains_[i]; });
}

template <class T>
void VectorRelease::release_record(std::span<const T> record, std::span<T> out) const {
    check_length(record.size(), dimension_, "record");
    check_length(out.size(), dimension_, "out");
    const double factor = factor_of(record);
    noise_all(out, [record, factor](std::size_t i) {
        const double x = static_cast<double>(record[i]);
        return std::int64_t{factor == 0.0 ? 0 : static_cast<std::int32_t>(x * factor)};
    });
}

void VectorRelease::add(std::span<const float> record, VectorSum& sum) const {
    add_record(record, sum);
}
void VectorRelease::add(std::span<const double> record, VectorSum& sum) const {
    add_record(record, sum);
}
void VectorRelease::release(const VectorSum& sum, std::span<float> out) const {
    release_sum(sum, out);
}
void VectorRelease::release(const VectorSum& sum, std::span<double> out) const {
    release_sum(sum, out);
}
void VectorRelease::release(std::span<const float> record, std::span<float> out) const {
    release_record(record, out);
}
void VectorRelease::release(std::span<const double> record, std::span<double> out) const {
    release_record(record, out);
}

}  // namespace vedette::inline v0::privacy
