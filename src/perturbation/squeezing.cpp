// SPDX-License-Identifier: Apache-2.0
// The image filters: what is checked, and how rows of pixels reach the kernels.
#include "vedette/perturbation/squeezing.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "kernels/dispatch.hpp"
#include "perturbation/squeezers.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::perturbation {
namespace {

// The least multipliers by which 16 bits reach the nearest level, then the nearest byte, for every byte (all 256 are
// tested, for each number of bits).
constexpr kernels::ByteLevels byte_levels[] = {
    {1, 128, 8, 255, 0, 0},      {3, 129, 8, 85, 0, 0},      {225, 4060, 13, 73, 0, 1}, {15, 135, 8, 17, 0, 0},
    {249, 1014, 11, 527, 23, 6}, {253, 505, 10, 259, 33, 6}, {128, 0, 8, 129, 0, 6},
};

void require_sizes(std::size_t in, std::size_t out, const char* what) {
    if (in == out) return;
    throw Error(ErrorCode::dimension_mismatch,
                std::string(what) + ": an output of " + std::to_string(out) + " values for " + std::to_string(in));
}

void require_shape(const ImageShape& shape, std::size_t size, const char* what) {
    if (shape.height == 0 || shape.width == 0 || shape.channels == 0 || size % shape.height != 0 ||
        size / shape.height % shape.width != 0 || size / shape.height / shape.width != shape.channels)
        throw Error(ErrorCode::dimension_mismatch, std::string(what) + ": " + std::to_string(size) +
                                                       " values are no image of " + std::to_string(shape.height) +
                                                       " x " + std::to_string(shape.width) + " x " +
                                                       std::to_string(shape.channels));
}

void require_window(unsigned window) {
    if (window != 2 && window != 3)
        throw Error(ErrorCode::invalid_argument,
                    "median_filter: a window of " + std::to_string(window) + " is neither 2 nor 3");
}

template <class T, class Three, class Two>
void filter(const T* image, const ImageShape& shape, unsigned window, T* out, Three three, Two two) noexcept {
    const std::size_t row = shape.width * shape.channels;
    for (std::size_t y = 0; y < shape.height; ++y) {
        const T* const here = image + y * row;
        const T* const rows[3] = {y == 0 ? here : here - row, here, y + 1 == shape.height ? here : here + row};
        (window == 3 ? three : two)(rows, row, shape.channels, out + y * row);
    }
}

struct Margins {
    std::size_t reach, patch, border, height, width;  // of the image with its border
};
Margins margins(const ImageShape& shape, const NonLocalMeansOptions& options) noexcept {
    const std::size_t reach = options.search_window / 2, patch = options.patch / 2, border = reach + patch;
    return {reach, patch, border, shape.height + 2 * border, shape.width + 2 * border};
}

// Mirrored about the centre of the edge pixel.
std::size_t mirrored(std::size_t padded, std::size_t border, std::size_t size) noexcept {
    if (padded < border) return border - padded;
    const std::size_t i = padded - border;
    return i < size ? i : 2 * (size - 1) - i;
}

}  // namespace

void check_bits(unsigned bits, unsigned most) {
    if (bits < 1 || bits > most)
        throw Error(ErrorCode::invalid_argument,
                    "reduce_bits: " + std::to_string(bits) + " bits are not from 1 to " + std::to_string(most));
}

void check_squeezer(const Squeezer& squeezer, const ImageShape& shape) {
    switch (squeezer.kind) {
        case Squeezer::Kind::bit_depth: return check_bits(squeezer.bits, 16);
        case Squeezer::Kind::median: return require_window(squeezer.window);
        case Squeezer::Kind::non_local_means: return (void)non_local_means_workspace(shape, squeezer.means);
    }
    throw Error(ErrorCode::invalid_argument, "feature squeezing: an unknown kind of squeezer");
}

std::size_t squeezer_workspace(const Squeezer& squeezer, const ImageShape& shape) noexcept {
    if (squeezer.kind != Squeezer::Kind::non_local_means) return 0;
    const Margins m = margins(shape, squeezer.means);
    return m.height * m.width * shape.channels + 2 * (shape.height + 2 * m.patch) * (shape.width + 2 * m.patch) +
           shape.height * shape.width + shape.width;
}

void squeeze(const Squeezer& squeezer, const float* image, const ImageShape& shape, float highest, float* out,
             float* workspace) noexcept {
    const kernels::ImageKernels& kernel = kernels::kernels().images;
    switch (squeezer.kind) {
        case Squeezer::Kind::bit_depth:
            return kernel.reduce_floats(image, shape.size(), static_cast<float>((1U << squeezer.bits) - 1U), highest,
                                        out);
        case Squeezer::Kind::median:
            return filter(image, shape, squeezer.window, out, kernel.median3_floats, kernel.median2_floats);
        case Squeezer::Kind::non_local_means: return find_non_local_means(image, shape, squeezer.means, out, workspace);
    }
}

// For each place of the window: squared differences of all pixels with those so far away, summed over patches by
// columns and then rows, weigh the far pixel.
void find_non_local_means(const float* image, const ImageShape& shape, const NonLocalMeansOptions& options, float* out,
                          float* workspace) noexcept {
    const Margins m = margins(shape, options);
    const std::size_t channels = shape.channels, height = shape.height, width = shape.width;
    const std::size_t patch_height = height + 2 * m.patch, patch_width = width + 2 * m.patch;
    float* const padded = workspace;
    float* const differences = padded + m.height * m.width * channels;
    float* const totals = differences + 2 * patch_height * patch_width;
    for (std::size_t y = 0; y < m.height; ++y) {
        const float* const row = image + mirrored(y, m.border, height) * width * channels;
        for (std::size_t x = 0; x < m.width; ++x)
            std::copy_n(row + mirrored(x, m.border, width) * channels, channels, padded + (y * m.width + x) * channels);
    }
    std::fill_n(out, shape.size(), 0.0F);
    std::fill_n(totals, height * width, 0.0F);
    float* const sums = totals + height * width;
    const double area = static_cast<double>(options.patch) * static_cast<double>(options.patch);
    const double h = static_cast<double>(options.strength);
    const auto scale = static_cast<float>(-1.0 / (area * static_cast<double>(channels) * h * h));
    for (std::size_t dy = 0; dy <= 2 * m.reach; ++dy) {
        for (std::size_t dx = 0; dx <= 2 * m.reach; ++dx) {
            for (std::size_t y = 0; y < patch_height; ++y) {
                const float* a = padded + ((y + m.reach) * m.width + m.reach) * channels;
                const float* b = padded + ((y + dy) * m.width + dx) * channels;
                float* const line = differences + y * patch_width;
                for (std::size_t x = 0; x < patch_width; ++x, a += channels, b += channels) {
                    float sum = 0.0F;
                    for (std::size_t c = 0; c < channels; ++c) sum += (a[c] - b[c]) * (a[c] - b[c]);
                    line[x] = sum;
                }
            }
            for (std::size_t y = 0; y < height; ++y) {
                float* const columns = differences + (patch_height + y) * patch_width;
                std::copy_n(differences + y * patch_width, patch_width, columns);
                for (std::size_t k = 1; k < options.patch; ++k)
                    for (std::size_t x = 0; x < patch_width; ++x) columns[x] += differences[(y + k) * patch_width + x];
                std::copy_n(columns, width, sums);
                for (std::size_t k = 1; k < options.patch; ++k)
                    for (std::size_t x = 0; x < width; ++x) sums[x] += columns[x + k];
                const float* far = padded + ((y + m.patch + dy) * m.width + m.patch + dx) * channels;
                float* to = out + y * width * channels;
                for (std::size_t x = 0; x < width; ++x, far += channels, to += channels) {
                    const float weight = std::exp(sums[x] * scale);
                    totals[y * width + x] += weight;
                    for (std::size_t c = 0; c < channels; ++c) to[c] += weight * far[c];
                }
            }
        }
    }
    for (std::size_t i = 0; i < height * width; ++i)
        for (std::size_t c = 0; c < channels; ++c) out[i * channels + c] /= totals[i];  // the pixel itself weighs 1
}

void reduce_bits(std::span<const float> values, unsigned bits, float highest, std::span<float> out) {
    check_bits(bits, 16);
    require_sizes(values.size(), out.size(), "reduce_bits");
    if (!(highest > 0.0F) || std::isinf(highest))
        throw Error(ErrorCode::invalid_argument, "reduce_bits: the highest value is not finite and positive");
    kernels::kernels().images.reduce_floats(values.data(), values.size(), static_cast<float>((1U << bits) - 1U),
                                            highest, out.data());
}

void reduce_bits(std::span<const std::uint8_t> values, unsigned bits, std::span<std::uint8_t> out) {
    check_bits(bits, 8);
    require_sizes(values.size(), out.size(), "reduce_bits");
    if (bits < 8)
        kernels::kernels().images.reduce_bytes(values.data(), values.size(), &byte_levels[bits - 1], out.data());
    else if (out.data() != values.data())
        std::copy(values.begin(), values.end(), out.begin());
}

void median_filter(std::span<const float> image, const ImageShape& shape, unsigned window, std::span<float> out) {
    require_window(window);
    require_sizes(image.size(), out.size(), "median_filter");
    require_shape(shape, image.size(), "median_filter");
    const kernels::ImageKernels& kernel = kernels::kernels().images;
    filter(image.data(), shape, window, out.data(), kernel.median3_floats, kernel.median2_floats);
}

void median_filter(std::span<const std::uint8_t> image, const ImageShape& shape, unsigned window,
                   std::span<std::uint8_t> out) {
    require_window(window);
    require_sizes(image.size(), out.size(), "median_filter");
    require_shape(shape, image.size(), "median_filter");
    const kernels::ImageKernels& kernel = kernels::kernels().images;
    filter(image.data(), shape, window, out.data(), kernel.median3_bytes, kernel.median2_bytes);
}

std::size_t non_local_means_workspace(const ImageShape& shape, const NonLocalMeansOptions& options) {
    const auto refuse = [](const std::string& what) {
        throw Error(ErrorCode::invalid_argument, "non_local_means: " + what);
    };
    if (options.search_window < 3 || options.search_window > 63 || options.search_window % 2 == 0)
        refuse("a search window of " + std::to_string(options.search_window) + " is not odd and from 3 to 63");
    if (options.patch < 1 || options.patch > 31 || options.patch % 2 == 0)
        refuse("a patch of " + std::to_string(options.patch) + " is not odd and from 1 to 31");
    if (!(options.strength > 0.0F) || std::isinf(options.strength)) refuse("the strength is not finite and positive");
    const std::size_t border = margins(shape, options).border;
    if (shape.height <= border || shape.width <= border || shape.channels == 0)
        refuse("an image of " + std::to_string(shape.height) + " x " + std::to_string(shape.width) + " x " +
               std::to_string(shape.channels) + " has no border of " + std::to_string(border) + " to mirror");
    if (shape.height > 1U << 20U || shape.width > 1U << 20U || shape.channels > 1U << 16U)
        refuse("an image of more than 2^20 pixels a side or 2^16 channels");
    return squeezer_workspace(Squeezer::non_local_means(options), shape);
}

void non_local_means(std::span<const float> image, const ImageShape& shape, const NonLocalMeansOptions& options,
                     std::span<float> out, std::span<float> workspace) {
    require_sizes(image.size(), out.size(), "non_local_means");
    require_shape(shape, image.size(), "non_local_means");
    if (workspace.size() < non_local_means_workspace(shape, options))
        throw Error(ErrorCode::dimension_mismatch,
                    "non_local_means: a workspace of " + std::to_string(workspace.size()) + " floats is too small");
    find_non_local_means(image.data(), shape, options, out.data(), workspace.data());
}

}  // namespace vedette::inline v0::perturbation
