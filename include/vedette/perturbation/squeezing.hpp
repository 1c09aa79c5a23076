// SPDX-License-Identifier: Apache-2.0
// Image filters of feature squeezing: fewer bits of colour, the local median, non-local means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace vedette::inline v0::perturbation {

/// An image of height x width x channels, channels innermost, without gaps.
struct ImageShape {
    std::size_t height = 0;
    std::size_t width = 0;
    std::size_t channels = 1;
    [[nodiscard]] constexpr std::size_t size() const noexcept { return height * width * channels; }
};

// All throw Error: dimension_mismatch unless the output, and the image's shape, are as large as the input;
// invalid_argument for an option out of range. Else they allocate nothing, but for non-local means. Images and outputs
// must not overlap, but for `reduce_bits`, which may work in place.

/// The nearest of 2^bits evenly spaced levels from 0 to `highest`: rint(x L / highest) highest / L, L = 2^bits - 1
/// (Xu, Evans and Qi 2018, for highest = 1). bits: 1 to 16, of bytes 1 to 8 with highest = 255, where results are
/// rounded to whole numbers once more. Values outside [0, highest] are not clipped. The same bits on every instruction
/// set.
void reduce_bits(std::span<const float> values, unsigned bits, float highest, std::span<float> out);
void reduce_bits(std::span<const std::uint8_t> values, unsigned bits, std::span<std::uint8_t> out);

/// The median of the `window` x `window` neighbours (2 or 3) of each pixel, channel by channel, as SciPy's
/// `ndimage.median_filter(image, size=(window, window, 1))`: beyond the border the image goes on mirrored about its
/// edge (d c b a | a b c d); a window of 2 reaches up and left, and takes the third smallest of four. Values must not
/// be NaN (the result would be any of the window's). O(n). Takes the same time for any image of a size.
void median_filter(std::span<const float> image, const ImageShape& shape, unsigned window, std::span<float> out);
void median_filter(std::span<const std::uint8_t> image, const ImageShape& shape, unsigned window,
                   std::span<std::uint8_t> out);

struct NonLocalMeansOptions {
    unsigned search_window = 11;  ///< odd, 3 to 63: the side of the square in which alike pixels are sought
    unsigned patch = 3;           ///< odd, 1 to 31: the side of the squares that are compared
    /// h, in units of the image's values: above 0. (11, 3 and 4 of 255 levels in Xu, Evans and Qi 2018.)
    float strength = 4.0F / 255.0F;
};

/// Non-local means (Buades, Coll and Morel 2005), each pixel the mean of those of the search window around it, weighted
/// with exp(-d / h^2), d the mean squared difference of the two pixels' patches over the patch and all channels. One
/// weight for all channels. Beyond the border, of the search window too, the image goes on mirrored about the centre of
/// its edge pixels (d c b | a b c d). The definition of OpenCV's `fastNlMeansDenoising`, which rounds d, weights and
/// results to integers. The image must be wider and higher than half the search window and half the patch together.
/// O(n search_window^2), some 10 ns for each pixel and place of the window. Throws Error(dimension_mismatch) for a
/// workspace of another size than `non_local_means_workspace` or more.
void non_local_means(std::span<const float> image, const ImageShape& shape, const NonLocalMeansOptions& options,
                     std::span<float> out, std::span<float> workspace);
/// Floats that it needs. Throws Error(invalid_argument) for an option out of range or an image that is too small.
[[nodiscard]] std::size_t non_local_means_workspace(const ImageShape& shape, const NonLocalMeansOptions& options);

}  // namespace vedette::inline v0::perturbation
