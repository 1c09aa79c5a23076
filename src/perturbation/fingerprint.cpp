// SPDX-License-Identifier: Apache-2.0
// Inputs to cells to hashes, a few kilobytes at a time.
#include "vedette/perturbation/fingerprint.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "kernels/dispatch.hpp"
#include "perturbation/content_hash.hpp"
#include "perturbation/feature_rows.hpp"
#include "perturbation/secret_stream.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* who = "Fingerprinter";
constexpr const char* file_kind = "fingerprinter";
constexpr std::size_t most_image_values = std::size_t{1} << 26U, most_row_values = std::size_t{1} << 20U;
constexpr std::size_t most_window_bytes = 1024;
constexpr std::size_t bytes_at_once = 8 * most_window_bytes;  // eight windows at least
constexpr std::size_t row_cell = sizeof(std::uint32_t);

// NaN is below all numbers, which are held to the range in between.
std::int32_t row_bin(double y) noexcept {
    constexpr double most = 2147483646.0;
    if (std::isnan(y)) return std::numeric_limits<std::int32_t>::min();
    return static_cast<std::int32_t>(std::floor(std::clamp(y, -most, most)));
}

template <class T>
double inverse_norm(std::span<const T> row) noexcept {
    double sum = 0.0;
    for (const T x : row) sum += static_cast<double>(x) * static_cast<double>(x);
    const double norm = std::sqrt(sum);
    return norm > 0.0 && std::isfinite(norm) ? 1.0 / norm : 1.0;
}

}  // namespace

Fingerprinter::Fingerprinter(const ImageFingerprintOptions& options)
    : values_(options.values),
      window_(options.window),
      stride_(options.stride),
      slots_(options.slots),
      step_(options.step),
      low_(options.low),
      high_(options.high),
      key_(key_of(options.key)) {
    check();
    draw_tables();
}

Fingerprinter::Fingerprinter(const RowFingerprintOptions& options)
    : values_(options.values),
      window_(options.window),
      stride_(options.stride),
      slots_(options.slots),
      normalise_(options.normalise),
      steps_(options.steps),
      key_(key_of(options.key)) {
    if (steps_.empty()) throw Error(ErrorCode::invalid_argument, "Fingerprinter: steps are empty");
    check();
    draw_tables();
}

void Fingerprinter::check() const {
    const std::size_t cell = is_of_images() ? 1 : row_cell;
    require_option(who, "window", window_, 1, most_window_bytes / cell);
    require_option(who, "stride", stride_, 1, window_);
    require_option(who, "values", values_, window_, is_of_images() ? most_image_values : most_row_values);
    require_option(who, "slots", slots_, 8, Fingerprint::most_slots);
    if (slots_ % 8 != 0)
        throw Error(ErrorCode::invalid_argument,
                    "Fingerprinter: slots is " + std::to_string(slots_) + ", must be a multiple of 8");
    if (is_of_images()) {
        require_option(who, "step", step_, 2, 128);
        if (!(std::isfinite(low_) && std::isfinite(high_) && low_ < high_ && std::isfinite(255.0F / (high_ - low_)) &&
              std::isfinite(low_ * (255.0F / (high_ - low_)))))
            throw Error(ErrorCode::invalid_argument, "Fingerprinter: low is " + std::to_string(low_) + ", high " +
                                                         std::to_string(high_) + ": not a finite range");
        return;
    }
    if (steps_.size() != 1 && steps_.size() != values_)
        throw Error(ErrorCode::dimension_mismatch, "Fingerprinter: " + std::to_string(steps_.size()) + " steps for " +
                                                       std::to_string(values_) + " values, must be 1 or as many");
    for (std::size_t i = 0; i < steps_.size(); ++i)
        if (!(std::isnormal(steps_[i]) && steps_[i] > 0.0))
            throw Error(ErrorCode::invalid_argument,
                        "Fingerprinter: steps[" + std::to_string(i) + "] must be above 0, finite and not subnormal");
}

void Fingerprinter::draw_tables() {
    const std::vector<std::uint64_t> words = expand_words(key_, 0, 2);
    hash_key_ = {words[0], words[1]};
    content_key_ = expand_words(key_, 6, content_key_words);
    DigestBuilder digest;
    digest.update(serialize());
    identity_ = digest.digest();
    if (is_of_images()) {
        salt_ = expand_bytes(key_, 1, values_);
        return;
    }
    // Exactly as large as their copies, for stores reckon with it.
    per_step_.reserve(values_);
    offsets_.reserve(values_);
    row_salt_.reserve(values_);
    for (std::size_t i = 0; i < values_; ++i) per_step_.push_back(1.0 / steps_[steps_.size() == 1 ? 0 : i]);
    for (const std::uint64_t word : expand_words(key_, 2, values_)) {
        offsets_.push_back(static_cast<double>(word >> 32U) * 0x1p-32);
        row_salt_.push_back(static_cast<std::uint32_t>(word));
    }
}

Fingerprinter Fingerprinter::with_key(const std::optional<FingerprintKey>& key) const {
    if (is_of_images())
        return Fingerprinter(ImageFingerprintOptions{.values = values_,
                                                     .step = step_,
                                                     .window = window_,
                                                     .stride = stride_,
                                                     .slots = slots_,
                                                     .low = low_,
                                                     .high = high_,
                                                     .key = key});
    return Fingerprinter(RowFingerprintOptions{.values = values_,
                                               .steps = steps_,
                                               .normalise = normalise_,
                                               .window = window_,
                                               .stride = stride_,
                                               .slots = slots_,
                                               .key = key});
}

std::size_t Fingerprinter::memory() const noexcept {
    return salt_.size() + (steps_.size() + per_step_.size() + offsets_.size()) * sizeof(double) +
           row_salt_.size() * row_cell + content_key_.size() * sizeof(std::uint64_t);
}

template <class T>
void Fingerprinter::cells_of_image(const T* input, std::size_t begin, std::size_t count,
                                   std::uint8_t* cells) const noexcept {
    const float scale = 255.0F / (high_ - low_);
    const kernels::CellRequest request{&salt_[begin], count, static_cast<std::uint16_t>((65536U + step_ - 1) / step_),
                                       scale, -low_ * scale};
    if constexpr (sizeof(T) == 1) {
        kernels::kernels().fingerprints.cells_of_bytes(input + begin, &request, cells);
    } else if constexpr (sizeof(T) == sizeof(float)) {
        kernels::kernels().fingerprints.cells_of_floats(input + begin, &request, cells);
    } else {
        float narrow[bytes_at_once];
        for (std::size_t i = 0; i < count; ++i) narrow[i] = static_cast<float>(input[begin + i]);
        kernels::kernels().fingerprints.cells_of_floats(narrow, &request, cells);
    }
}

template <class T>
void Fingerprinter::cells_of_row(const T* input, double scale, std::size_t begin, std::size_t count,
                                 std::uint8_t* cells) const noexcept {
    for (std::size_t i = begin; i < begin + count; ++i) {
        const double y = static_cast<double>(input[i]) * scale * per_step_[i] + offsets_[i];
        const std::uint32_t cell = static_cast<std::uint32_t>(row_bin(y)) + row_salt_[i];
        for (std::size_t k = 0; k < row_cell; ++k) *cells++ = static_cast<std::uint8_t>(cell >> (8 * k));
    }
}

template <class T>
Fingerprint Fingerprinter::make(std::span<const T> input) const noexcept {
    Fingerprint result;
    if (input.size() != values_) return result;
    result.slots = static_cast<std::uint32_t>(slots());
    result.hashes.fill(~std::uint64_t{0});
    const bool of_images = is_of_images();
    const double scale = normalise_ ? inverse_norm(input) : 1.0;
    const std::size_t cell = of_images ? 1 : row_cell, length = window_ * cell, stride = stride_ * cell;
    const std::size_t at_once = ((bytes_at_once - length) / stride + 1) / 8 * 8;
    alignas(64) std::uint8_t cells[bytes_at_once + kernels::window_padding];
    for (std::size_t first = 0; first < windows(); first += at_once) {
        const std::size_t count = std::min(at_once, windows() - first);
        const std::size_t begin = first * stride_, covered = (count - 1) * stride_ + window_;
        if (of_images)
            cells_of_image(input.data(), begin, covered, cells);
        else
            cells_of_row(input.data(), scale, begin, covered, cells);
        std::fill_n(cells + covered * cell, kernels::window_padding, std::uint8_t{0});
        const kernels::WindowRequest request{cells, count, length, stride, first, slots_, {hash_key_[0], hash_key_[1]}};
        kernels::kernels().fingerprints.least_hashes(&request, result.hashes.data());
    }
    const std::uint64_t content = content_hash(std::as_bytes(input), content_key_);
    result.content = std::max(static_cast<std::uint32_t>(content >> 16U), std::uint32_t{1});
    return result;
}

Fingerprint Fingerprinter::fingerprint(std::span<const std::uint8_t> input) const noexcept {
    return make(input);
}
Fingerprint Fingerprinter::fingerprint(std::span<const float> input) const noexcept {
    return make(input);
}
Fingerprint Fingerprinter::fingerprint(std::span<const double> input) const noexcept {
    return make(input);
}

std::vector<std::byte> Fingerprinter::serialize() const {
    ContainerWriter writer;
    writer.add("steps", steps_);
    writer.add("key", std::span<const std::uint64_t>(key_));
    writer.add("sizes", std::vector<std::uint64_t>{values_, window_, stride_, slots_, step_});
    writer.add("range", std::vector<float>{low_, high_});
    writer.add_scalar("normalise", static_cast<std::uint8_t>(normalise_ ? 1 : 0));
    return writer.finish(file_kind);
}

Fingerprinter Fingerprinter::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    const auto sizes = file.values<std::uint64_t>("sizes", 5);
    const auto key = file.values<std::uint64_t>("key", 4);
    const auto range = file.values<float>("range", 2);
    const auto steps = file.values<double>("steps");
    const auto normalise = file.scalar<std::uint8_t>("normalise");
    require_file(file.tensors().size() == 5 && normalise <= 1, who);
    for (const TensorView& tensor : file.tensors())
        require_file(tensor.shape.size() == (tensor.name == "normalise" ? 0U : 1U), who);
    const FingerprintKey own{key[0], key[1], key[2], key[3]};
    const auto size = [&](std::size_t i) {
        return static_cast<std::size_t>(std::min<std::uint64_t>(sizes[i], std::numeric_limits<std::uint32_t>::max()));
    };
    try {
        if (steps.empty()) {
            require_file(normalise == 0, who);
            return Fingerprinter(ImageFingerprintOptions{.values = size(0),
                                                         .step = static_cast<unsigned>(size(4)),
                                                         .window = size(1),
                                                         .stride = size(2),
                                                         .slots = size(3),
                                                         .low = range[0],
                                                         .high = range[1],
                                                         .key = own});
        }
        require_file(sizes[4] == 0 && range[0] == 0.0F && !std::signbit(range[0]) && range[1] == 1.0F, who);
        return Fingerprinter(RowFingerprintOptions{.values = size(0),
                                                   .steps = {steps.begin(), steps.end()},
                                                   .normalise = normalise == 1,
                                                   .window = size(1),
                                                   .stride = size(2),
                                                   .slots = size(3),
                                                   .key = own});
    } catch (const Error& error) {
        throw Error(ErrorCode::corrupt_data, error.what());
    }
}

}  // namespace vedette::inline v0::perturbation
