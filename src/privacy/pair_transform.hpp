// SPDX-License-Identifier: Apache-2.0
// Powers and products of two real circular sequences at once, by one complex Fourier transform.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace vedette::inline v0::privacy {

/// Convolves two real sequences, each with itself, as the real and the imaginary part of one: forward transforms leave
/// their output in bit-reversed order, in which the powers are taken, and backward ones start from it, so that nothing
/// is ever reordered. Our own, since what Eigen offers reorders, and plans for one real sequence at a time.
class PairTransform {
  public:
    /// `size` is a power of two, at least 4.
    explicit PairTransform(std::size_t size);

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// In place; `forward` gives bit-reversed order, `backward` takes it. Neither scales.
    void forward(double* real, double* imaginary) const noexcept;
    void backward(double* real, double* imaginary) const noexcept;

  private:
    void forward_block(double* real, double* imaginary, std::size_t n) const noexcept;
    void backward_block(double* real, double* imaginary, std::size_t n) const noexcept;

    struct Level {
        std::size_t n;
        std::vector<double> cosine;  // of 2 pi j / n, j < n / 4
        std::vector<double> sine;
    };
    [[nodiscard]] const Level& level(std::size_t n) const noexcept;

    std::size_t size_;
    std::vector<Level> levels_;  // size, size / 4, ...
};

/// The spectra of two real sequences, kept apart.
struct PairSpectrum {
    std::vector<double> first_real, first_imaginary, second_real, second_imaginary;
};

/// Multiplies `product` by the `times`-th powers of both spectra of a pair that was transformed as
/// real + i * imaginary; a product without elements counts as one. Powers below 1e-30 may become zero.
void multiply_powers(const std::vector<double>& real, const std::vector<double>& imaginary, std::uint64_t times,
                     PairSpectrum& product);

/// The packed spectrum of both products, ready for `backward`; returns the greater mean modulus of the two.
double pack(const PairSpectrum& product, std::vector<double>& real, std::vector<double>& imaginary);

}  // namespace vedette::inline v0::privacy
