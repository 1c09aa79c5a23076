// SPDX-License-Identifier: Apache-2.0
// Fingerprints of inputs: inputs that differ little share much of them, and nobody without the key can say which part.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "vedette/core/digest.hpp"

namespace vedette::inline v0::perturbation {

/// 256 secret bits of one deployment.
using FingerprintKey = std::array<std::uint64_t, 4>;

/// Of images, pixel by pixel in one order that the caller keeps to (channels last or first).
struct ImageFingerprintOptions {
    std::size_t values = 0;               ///< height * width * channels, from `window` to 2^26
    unsigned step = 50;                   ///< of 256 levels that make one cell, 2 to 128
    std::size_t window = 50;              ///< values hashed together, 1 to 1024
    std::size_t stride = 25;              ///< from window to window, 1 to `window`
    std::size_t slots = 48;               ///< hashes kept: a multiple of 8 from 8 to 64
    float low = 0.0F;                     ///< of images of floats: what level 0 stands for
    float high = 1.0F;                    ///< and level 255; above `low`, and both finite
    std::optional<FingerprintKey> key{};  ///< empty: drawn by the system
};

/// Of tabular rows and of embeddings.
struct RowFingerprintOptions {
    std::size_t values = 0;  ///< columns, from `window` to 2^20
    std::vector<double>
        steps{};             ///< width of a cell: one for all, or one for each value; above 0, finite, not subnormal
    bool normalise = false;  ///< rows are divided by their Euclidean norm first (embeddings)
    std::size_t window = 3;  ///< as above, 1 to 256
    std::size_t stride = 1;  ///< from window to window, 1 to `window`
    std::size_t slots = 48;  ///< as above
    std::optional<FingerprintKey> key{};  ///< as above
};

/// What is kept of one input. To be kept secret like the key.
struct Fingerprint {
    static constexpr std::size_t most_slots = 64;
    std::array<std::uint64_t, most_slots> hashes{};
    /// Hashes in use; 0 where the input had another number of values than the options say.
    std::uint32_t slots = 0;
    /// Of the input's very bytes, keyed, never 0: equal ones are of the same input, whatever its cells.
    std::uint32_t content = 0;
};

/// Fingerprints of the Blacklight kind (Li, Shan, Wenger, Zhang, Zheng and Zhao 2022): values become coarse cells,
/// windows of cells hashes, and a secret choice of few hashes stands for the input. A perturbation small enough to
/// query a model's boundary with moves few cells, so most windows, and most of the chosen ones, stay.
///
/// **Cells.** A secret offset per value moves the edges of its cells, so that none can be aimed at, and ties windows to
/// their place. An image's value x of 0 to 255 has the cell floor(((x + offset) mod 256) / step); a row's
/// floor(x/step + offset), with a secret number added. NaN is a cell of its own; infinities are the outermost cells.
///
/// **Hashes.** SipHash-1-3 (Aumasson and Bernstein 2012) under the key: a pseudo-random function as Python and Rust use
/// against crafted collisions, in place of the paper's SHA-256. It is not collision-resistant for who knows the key,
/// and need not be: hashes never leave the house. Several windows are hashed side by side.
///
/// **Choice.** Windows are dealt out to `slots` slots in turn, and each keeps its least hash; the paper keeps the 50
/// least of all. Where a share u of windows is unchanged, a slot agrees with probability u/(2 - u), so slots are
/// compared one by one, with less variance than two lists of least hashes. Fewer windows than slots: all are kept.
/// Up to stride - 1 values at the end belong to no window.
///
/// **What it cannot see.** Perturbations of more than a cell in most windows: steps of an attack that adapts to what is
/// refused (Feng, Hooda, Mangaokar, Fawaz, Jha and Prakash 2023), geometric transformations, inputs of other origin.
///
/// Immutable, safe to share between threads; scoring allocates nothing. Memory: a byte per value of an image, 20 bytes
/// of a row, and a KiB.
class Fingerprinter {
  public:
    /// Throws Error(invalid_argument) for an option out of range; dimension_mismatch for steps that are neither one nor
    /// `values`.
    explicit Fingerprinter(const ImageFingerprintOptions& options);
    explicit Fingerprinter(const RowFingerprintOptions& options);

    /// O(values). Floats of an image are levels between `low` and `high`, values of a row the values themselves.
    [[nodiscard]] Fingerprint fingerprint(std::span<const std::uint8_t> input) const noexcept;
    [[nodiscard]] Fingerprint fingerprint(std::span<const float> input) const noexcept;
    [[nodiscard]] Fingerprint fingerprint(std::span<const double> input) const noexcept;

    [[nodiscard]] std::size_t values() const noexcept { return values_; }
    [[nodiscard]] std::size_t windows() const noexcept { return (values_ - window_) / stride_ + 1; }
    /// Hashes in use of each fingerprint: as many as slots, or as windows where these are fewer.
    [[nodiscard]] std::size_t slots() const noexcept { return windows() < slots_ ? windows() : slots_; }
    [[nodiscard]] bool is_of_images() const noexcept { return steps_.empty(); }
    [[nodiscard]] const FingerprintKey& key() const noexcept { return key_; }
    /// The same under another key, drawn by the system if none is given.
    [[nodiscard]] Fingerprinter with_key(const std::optional<FingerprintKey>& key = {}) const;
    /// Of options and key: fingerprints of equal ones compare.
    [[nodiscard]] const Digest& identity() const noexcept { return identity_; }
    /// Bytes of its tables.
    [[nodiscard]] std::size_t memory() const noexcept;

    /// As a container of kind "fingerprinter". The bytes hold the key, and so are as secret. `deserialize` throws
    /// Error(corrupt_data) for anything else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static Fingerprinter deserialize(std::span<const std::byte> bytes);

  private:
    void check() const;
    void draw_tables();
    template <class T>
    [[nodiscard]] Fingerprint make(std::span<const T> input) const noexcept;
    template <class T>
    void cells_of_image(const T* input, std::size_t begin, std::size_t count, std::uint8_t* cells) const noexcept;
    template <class T>
    void cells_of_row(const T* input, double scale, std::size_t begin, std::size_t count,
                      std::uint8_t* cells) const noexcept;

    std::size_t values_ = 0, window_ = 0, stride_ = 0, slots_ = 0;
    unsigned step_ = 0;  // of images
    float low_ = 0.0F, high_ = 1.0F;
    bool normalise_ = false;
    std::vector<double> steps_;  // of rows, as given
    FingerprintKey key_{};
    Digest identity_{};
    std::array<std::uint64_t, 2> hash_key_{};
    std::vector<std::uint64_t> content_key_;
    std::vector<std::uint8_t> salt_;          // of images
    std::vector<double> per_step_, offsets_;  // of rows
    std::vector<std::uint32_t> row_salt_;
};

}  // namespace vedette::inline v0::perturbation
