// SPDX-License-Identifier: Apache-2.0
// A radix-4 Fourier transform, depth first for the caches' sake, and powers of spectra in blocks.
#include "privacy/pair_transform.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "kernels/transform_table.hpp"

namespace vedette::inline v0::privacy {
namespace {

constexpr std::size_t block = 256;

void fill_roots(std::size_t n, std::vector<double>& cosine, std::vector<double>& sine) {
    const std::size_t count = n / 4;
    const std::size_t fine = std::min<std::size_t>(count, 512);
    const double angle = 2.0 * std::numbers::pi / static_cast<double>(n);
    std::vector<double> c(fine);
    std::vector<double> s(fine);
    for (std::size_t j = 0; j < fine; ++j) {
        c[j] = std::cos(angle * static_cast<double>(j));
        s[j] = std::sin(angle * static_cast<double>(j));
    }
    cosine.resize(count);
    sine.resize(count);
    for (std::size_t base = 0; base < count; base += fine) {
        const double bc = std::cos(angle * static_cast<double>(base));
        const double bs = std::sin(angle * static_cast<double>(base));
        for (std::size_t j = 0; j < fine; ++j) {
            cosine[base + j] = bc * c[j] - bs * s[j];
            sine[base + j] = bs * c[j] + bc * s[j];
        }
    }
}

void forward_pair(double* re, double* im) noexcept {
    const double a = re[0] - re[1];
    const double b = im[0] - im[1];
    re[0] += re[1];
    im[0] += im[1];
    re[1] = a;
    im[1] = b;
}

void forward_four(double* re, double* im) noexcept {
    const double s02r = re[0] + re[2], s02i = im[0] + im[2], d02r = re[0] - re[2], d02i = im[0] - im[2];
    const double s13r = re[1] + re[3], s13i = im[1] + im[3], d13r = re[1] - re[3], d13i = im[1] - im[3];
    re[0] = s02r + s13r;
    im[0] = s02i + s13i;
    re[1] = s02r - s13r;
    im[1] = s02i - s13i;
    re[2] = d02r + d13i;
    im[2] = d02i - d13r;
    re[3] = d02r - d13i;
    im[3] = d02i + d13r;
}

void backward_four(double* re, double* im) noexcept {
    const double s02r = re[0] + re[1], s02i = im[0] + im[1], s13r = re[0] - re[1], s13i = im[0] - im[1];
    const double d02r = re[2] + re[3], d02i = im[2] + im[3], er = re[2] - re[3], ei = im[2] - im[3];
    // d13 = i e
    re[0] = s02r + d02r;
    im[0] = s02i + d02i;
    re[1] = s13r - ei;
    im[1] = s13i + er;
    re[2] = s02r - d02r;
    im[2] = s02i - d02i;
    re[3] = s13r + ei;
    im[3] = s13i - er;
}

// Short vectors do for short lists.
const kernels::TransformKernels& kernels_for(std::size_t q) noexcept {
    return q < 8 ? kernels::baseline_transforms : kernels::transforms();
}

// Whether all powers of the block are below 1e-30 in modulus: most are, of many compositions.
bool vanishes(const double* re, const double* im, std::uint64_t times) noexcept {
    const double most = kernels::transforms().largest_square(re, im, block);
    return 0.5 * std::log(most) * static_cast<double>(times) < -69.1;
}

// z^times of a block, by squaring.
void raise(double* __restrict re, double* __restrict im, std::uint64_t times) noexcept {
    if (vanishes(re, im, times)) {
        std::fill(re, re + block, 0.0);
        std::fill(im, im + block, 0.0);
        return;
    }
    double pr[block];
    double pi[block];
    std::fill(pr, pr + block, 1.0);
    std::fill(pi, pi + block, 0.0);
    const kernels::TransformKernels& steps = kernels::transforms();
    for (;; times >>= 1U) {
        if ((times & 1U) != 0) steps.multiply(pr, pi, re, im, block);
        if (times <= 1) break;
        steps.square(re, im, block);
    }
    std::copy(pr, pr + block, re);
    std::copy(pi, pi + block, im);
}

// In bit-reversed order the negative frequencies of a block [2^s, 2^(s+1)) are its elements backwards.
std::size_t mirrored(std::size_t i) noexcept {
    if (i < 2) return i;
    std::size_t top = i;
    for (unsigned shift = 1; shift < 64; shift *= 2) top |= top >> shift;
    return top + (top >> 1U) + 1 - i;
}

}  // namespace

PairTransform::PairTransform(std::size_t size) : size_(size) {
    for (std::size_t n = size; n >= 8; n /= 4) {
        Level level{n, {}, {}};
        if (levels_.empty()) {
            fill_roots(n, level.cosine, level.sine);
        } else {
            const Level& before = levels_.back();
            level.cosine.resize(n / 4);
            level.sine.resize(n / 4);
            for (std::size_t j = 0; j < n / 4; ++j) {
                level.cosine[j] = before.cosine[4 * j];
                level.sine[j] = before.sine[4 * j];
            }
        }
        levels_.push_back(std::move(level));
    }
}

const PairTransform::Level& PairTransform::level(std::size_t n) const noexcept {
    std::size_t i = 0;
    while (levels_[i].n != n) ++i;
    return levels_[i];
}

void PairTransform::forward_block(double* real, double* imaginary, std::size_t n) const noexcept {
    if (n == 4) return forward_four(real, imaginary);
    if (n == 2) return forward_pair(real, imaginary);
    const Level& roots = level(n);
    const std::size_t q = n / 4;
    kernels_for(q).forward_pass(real, imaginary, q, roots.cosine.data(), roots.sine.data());
    for (std::size_t i = 0; i < n; i += q) forward_block(real + i, imaginary + i, q);
}

void PairTransform::backward_block(double* real, double* imaginary, std::size_t n) const noexcept {
    if (n == 4) return backward_four(real, imaginary);
    if (n == 2) return forward_pair(real, imaginary);
    const Level& roots = level(n);
    const std::size_t q = n / 4;
    for (std::size_t i = 0; i < n; i += q) backward_block(real + i, imaginary + i, q);
    kernels_for(q).backward_pass(real, imaginary, q, roots.cosine.data(), roots.sine.data());
}

void PairTransform::forward(double* real, double* imaginary) const noexcept {
    forward_block(real, imaginary, size_);
}

void PairTransform::backward(double* real, double* imaginary) const noexcept {
    backward_block(real, imaginary, size_);
}

void multiply_powers(const std::vector<double>& real, const std::vector<double>& imaginary, std::uint64_t times,
                     PairSpectrum& product) {
    const std::size_t n = real.size();
    const bool fresh = product.first_real.empty();
    for (auto* part :
         {&product.first_real, &product.first_imaginary, &product.second_real, &product.second_imaginary}) {
        if (fresh) part->assign(n, 1.0);
    }
    if (fresh) {
        std::fill(product.first_imaginary.begin(), product.first_imaginary.end(), 0.0);
        std::fill(product.second_imaginary.begin(), product.second_imaginary.end(), 0.0);
    }
    double fr[block], fi[block], sr[block], si[block];
    for (std::size_t begin = 0; begin < n; begin += block) {
        const std::size_t end = std::min(n, begin + block);
        const std::size_t count = end - begin;
        for (std::size_t j = 0; j < block; ++j) fr[j] = fi[j] = sr[j] = si[j] = 0.0;
        // z = f + i s with real f, s: f^ = (z + conj z')/2, s^ = (z - conj z')/(2 i), z' at the negative frequency.
        const std::size_t mirror_begin = mirrored(begin);
        const bool one_block = begin >= 2 && mirrored(end - 1) + count == mirror_begin + 1;
        for (std::size_t j = 0; j < count; ++j) {
            const std::size_t m = one_block ? mirror_begin - j : mirrored(begin + j);
            const double a = real[begin + j], b = imaginary[begin + j], c = real[m], d = imaginary[m];
            fr[j] = 0.5 * (a + c);
            fi[j] = 0.5 * (b - d);
            sr[j] = 0.5 * (b + d);
            si[j] = 0.5 * (c - a);
        }
        raise(fr, fi, times);
        raise(sr, si, times);
        const kernels::TransformKernels& steps = kernels::transforms();
        steps.multiply(product.first_real.data() + begin, product.first_imaginary.data() + begin, fr, fi, count);
        steps.multiply(product.second_real.data() + begin, product.second_imaginary.data() + begin, sr, si, count);
    }
}

double pack(const PairSpectrum& product, std::vector<double>& real, std::vector<double>& imaginary) {
    const std::size_t n = product.first_real.size();
    double first = 0.0;
    double second = 0.0;
    for (std::size_t j = 0; j < n; ++j) {
        const double a = product.first_real[j], b = product.first_imaginary[j];
        const double c = product.second_real[j], d = product.second_imaginary[j];
        first += std::sqrt(a * a + b * b);
        second += std::sqrt(c * c + d * d);
        real[j] = a - d;
        imaginary[j] = b + c;
    }
    return std::max(first, second) / static_cast<double>(n);
}

}  // namespace vedette::inline v0::privacy
