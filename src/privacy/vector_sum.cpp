// SPDX-License-Identifier: Apache-2.0
// Clipping whose result is checked in integers, and noise by tiles.
#include "vedette/privacy/vector_sum.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "kernels/dispatch.hpp"
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

const kernels::RecordKernels<float>& kernels_of(std::span<const float>) noexcept {
    return kernels::kernels().records_f32;
}
const kernels::RecordKernels<double>& kernels_of(std::span<const double>) noexcept {
    return kernels::kernels().records_f64;
}

// The length of a record whose squares leave the range of doubles, squared or in sizes, in units of `unit`.
template <class T>
double scaled_length(std::span<const T> record, bool is_l1, double unit) noexcept {
    double sum = 0.0;
    for (const T x : record) {
        const double scaled = std::abs(static_cast<double>(x)) / unit;
        sum += is_l1 ? scaled : scaled * scaled;
    }
    return sum;
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
    const auto& kernel = kernels_of(record);
    // Sums may leave the range of doubles: then about the largest.
    double unit = 1.0, length = (is_l1 ? kernel.sum_sizes : kernel.sum_squares)(record.data(), record.size());
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
        length = scaled_length(record, is_l1, unit);
    }
    if (!is_l1) length = std::sqrt(length);
    double factor = std::ldexp(std::min(1.0, clip_ / unit / length), -grid_.grain_exponent);
    const auto grains = static_cast<double>(grid_.clip_grains);
    // The sums are exact: integers below 2^53.
    const double most = is_l1 ? grains : grains * grains;
    for (int attempt = 0; attempt < 40; ++attempt) {
        const auto sum_grains = is_l1 ? kernel.sum_grains : kernel.sum_squared_grains;
        if (sum_grains(record.data(), record.size(), factor) <= most) return factor;
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

// Noise by tiles of `out`, which `put(begin, drawn, part)` puts on what is released from `begin` on.
template <std::size_t tile, class T, class Put>
void VectorRelease::noise_tiles(std::span<T> out, Put put) const {
    ZeroOnFailure guard(out);
    SecretArray<std::int64_t, tile> drawn;
    for (std::size_t begin = 0; begin < out.size(); begin += tile) {
        const std::span<T> part = out.subspan(begin, std::min(tile, out.size() - begin));
        noise({drawn.data(), part.size()});
        put(begin, drawn.data(), part);
    }
    guard.done();
}

template <class T, class Put>
void VectorRelease::noise_all(std::span<T> out, Put put) const {
    // What is drawn is wiped: for a number, no more than needed.
    if (out.size() <= small_tile) return noise_tiles<small_tile>(out, put);
    noise_tiles<noise_tile>(out, put);
}

template <class T>
void VectorRelease::release_sum(const VectorSum& sum, std::span<T> out) const {
    check_length(out.size(), dimension_, "out");
    check(sum);
    noise_all(out, [&sum, unit = grain()](std::size_t begin, const std::int64_t* drawn, std::span<T> part) {
        const std::int64_t* const grains = sum.grains_.data() + begin;
        for (std::size_t i = 0; i < part.size(); ++i)
            part[i] = static_cast<T>(static_cast<double>(grains[i] + drawn[i]) * unit);
    });
}

template <class T>
void VectorRelease::release_record(std::span<const T> record, std::span<T> out) const {
    check_length(record.size(), dimension_, "record");
    check_length(out.size(), dimension_, "out");
    const double factor = factor_of(record), unit = grain();
    if (factor == 0.0)
        return noise_all(out, [unit](std::size_t, const std::int64_t* drawn, std::span<T> part) {
            for (std::size_t i = 0; i < part.size(); ++i)
                part[i] = static_cast<T>(static_cast<double>(drawn[i]) * unit);
        });
    noise_all(out, [&](std::size_t begin, const std::int64_t* drawn, std::span<T> part) {
        kernels_of(record).add_noise(record.data() + begin, part.size(), factor, drawn, unit, part.data());
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
