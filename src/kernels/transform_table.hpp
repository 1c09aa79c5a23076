// SPDX-License-Identifier: Apache-2.0
// Kernels of the Fourier transform behind compositions of privacy losses.
#pragma once

#include <cstddef>

namespace vedette::inline v0::kernels {

/// Complex numbers as lists of real and of imaginary parts. Sums and products are rounded one by one, in one order: the
/// same bits on every instruction set. noexcept, no allocation.
struct TransformKernels {
    /// A radix-4 step over 4 q numbers, decimation in frequency: the quarters of out are its results of frequency 0, 2,
    /// 1 and 3, turned by the roots exp(-2 pi i j / (4 q)), of which `cosine` and `sine` (of the positive angle) list
    /// q.
    void (*forward_pass)(double* real, double* imaginary, std::size_t q, const double* cosine,
                         const double* sine) noexcept;
    /// Undoes it, but for a factor of 4.
    void (*backward_pass)(double* real, double* imaginary, std::size_t q, const double* cosine,
                          const double* sine) noexcept;
    /// The first list times the second, number by number. They do not overlap.
    void (*multiply)(double* real, double* imaginary, const double* other_real, const double* other_imaginary,
                     std::size_t count) noexcept;
    /// Squares, and 0 for those whose parts' sizes add up to less than 1e-150: denormal numbers would cost a hundred
    /// times as much as the rest.
    void (*square)(double* real, double* imaginary, std::size_t count) noexcept;
    /// The largest squared modulus; 0 of none. `count` is a multiple of 8.
    double (*largest_square)(const double* real, const double* imaginary, std::size_t count) noexcept;
};

extern const TransformKernels baseline_transforms;
extern const TransformKernels avx2_transforms;
extern const TransformKernels avx512_transforms;

struct KernelTable;
/// Those of the instruction set that the table is for.
const TransformKernels& transforms(const KernelTable& table) noexcept;
/// Those of the one in use (dispatch.hpp). Thread-safe.
const TransformKernels& transforms() noexcept;

}  // namespace vedette::inline v0::kernels
