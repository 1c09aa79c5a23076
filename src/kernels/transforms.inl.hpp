// SPDX-License-Identifier: Apache-2.0
// Steps of a Fourier transform: plain loops, which compilers turn into vectors of whatever instruction set they are
// compiled for. The source of each includes them.
#pragma once

#include "kernels/transform_table.hpp"

namespace vedette::inline v0::kernels {
namespace {

// Parameters, since compilers believe `restrict` of these alone.
void forward_quarters(double* __restrict r0, double* __restrict i0, double* __restrict r1, double* __restrict i1,
                      double* __restrict r2, double* __restrict i2, double* __restrict r3, double* __restrict i3,
                      std::size_t q, const double* __restrict cosine, const double* __restrict sine) noexcept {
    for (std::size_t j = 0; j < q; ++j) {
        const double s02r = r0[j] + r2[j], s02i = i0[j] + i2[j];
        const double d02r = r0[j] - r2[j], d02i = i0[j] - i2[j];
        const double s13r = r1[j] + r3[j], s13i = i1[j] + i3[j];
        const double d13r = r1[j] - r3[j], d13i = i1[j] - i3[j];
        const double c1 = cosine[j], s1 = sine[j];
        const double c2 = c1 * c1 - s1 * s1, s2 = 2.0 * c1 * s1;
        const double c3 = c1 * c2 - s1 * s2, s3 = s1 * c2 + c1 * s2;
        r0[j] = s02r + s13r;
        i0[j] = s02i + s13i;
        const double ar = s02r - s13r, ai = s02i - s13i;
        r1[j] = ar * c2 + ai * s2;
        i1[j] = ai * c2 - ar * s2;
        const double br = d02r + d13i, bi = d02i - d13r;
        r2[j] = br * c1 + bi * s1;
        i2[j] = bi * c1 - br * s1;
        const double cr = d02r - d13i, ci = d02i + d13r;
        r3[j] = cr * c3 + ci * s3;
        i3[j] = ci * c3 - cr * s3;
    }
}

void backward_quarters(double* __restrict r0, double* __restrict i0, double* __restrict r1, double* __restrict i1,
                       double* __restrict r2, double* __restrict i2, double* __restrict r3, double* __restrict i3,
                       std::size_t q, const double* __restrict cosine, const double* __restrict sine) noexcept {
    for (std::size_t j = 0; j < q; ++j) {
        const double c1 = cosine[j], s1 = sine[j];
        const double c2 = c1 * c1 - s1 * s1, s2 = 2.0 * c1 * s1;
        const double c3 = c1 * c2 - s1 * s2, s3 = s1 * c2 + c1 * s2;
        const double ar = r1[j] * c2 - i1[j] * s2, ai = i1[j] * c2 + r1[j] * s2;
        const double br = r2[j] * c1 - i2[j] * s1, bi = i2[j] * c1 + r2[j] * s1;
        const double cr = r3[j] * c3 - i3[j] * s3, ci = i3[j] * c3 + r3[j] * s3;
        const double s02r = r0[j] + ar, s02i = i0[j] + ai, s13r = r0[j] - ar, s13i = i0[j] - ai;
        const double d02r = br + cr, d02i = bi + ci, er = br - cr, ei = bi - ci;
        r0[j] = s02r + d02r;
        i0[j] = s02i + d02i;
        r1[j] = s13r - ei;
        i1[j] = s13i + er;
        r2[j] = s02r - d02r;
        i2[j] = s02i - d02i;
        r3[j] = s13r + ei;
        i3[j] = s13i - er;
    }
}

void forward_pass(double* re, double* im, std::size_t q, const double* cosine, const double* sine) noexcept {
    forward_quarters(re, im, re + q, im + q, re + 2 * q, im + 2 * q, re + 3 * q, im + 3 * q, q, cosine, sine);
}

void backward_pass(double* re, double* im, std::size_t q, const double* cosine, const double* sine) noexcept {
    backward_quarters(re, im, re + q, im + q, re + 2 * q, im + 2 * q, re + 3 * q, im + 3 * q, q, cosine, sine);
}

void multiply(double* __restrict re, double* __restrict im, const double* __restrict other_re,
              const double* __restrict other_im, std::size_t count) noexcept {
    for (std::size_t j = 0; j < count; ++j) {
        const double r = re[j] * other_re[j] - im[j] * other_im[j];
        im[j] = re[j] * other_im[j] + im[j] * other_re[j];
        re[j] = r;
    }
}

void square(double* __restrict re, double* __restrict im, std::size_t count) noexcept {
    for (std::size_t j = 0; j < count; ++j) {
        const double a = re[j], b = im[j];
        const double r = a * a - b * b;
        const double i = 2.0 * a * b;
        const double keep = __builtin_fabs(r) + __builtin_fabs(i) < 1e-150 ? 0.0 : 1.0;
        re[j] = r * keep;
        im[j] = i * keep;
    }
}

double largest_square(const double* re, const double* im, std::size_t count) noexcept {
    constexpr std::size_t width = 8;
    double most[width] = {};
    for (std::size_t j = 0; j < count; j += width)
        for (std::size_t k = 0; k < width; ++k) {
            const double size = re[j + k] * re[j + k] + im[j + k] * im[j + k];
            most[k] = most[k] < size ? size : most[k];
        }
    for (std::size_t k = 1; k < width; ++k) most[0] = most[0] < most[k] ? most[k] : most[0];
    return most[0];
}

constexpr TransformKernels transform_entries() noexcept {
    return {&forward_pass, &backward_pass, &multiply, &square, &largest_square};
}

}  // namespace
}  // namespace vedette::inline v0::kernels
