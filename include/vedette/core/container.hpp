// SPDX-License-Identifier: Apache-2.0
// The file container of baselines and windows: safetensors with our metadata, canonical writer, strict reader.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/core/digest.hpp"
#include "vedette/core/dtype.hpp"

namespace vedette::inline v0 {

/// The version that `ContainerWriter` writes and the newest that `Container` reads.
inline constexpr int container_format_version = 1;

/// Collects tensors and text, then lays them out as a safetensors file. Equal content gives equal bytes, whatever the
/// order of the calls. Layout: length of the header (u64, little-endian), JSON header (`__metadata__`, then tensors by
/// name) padded with spaces so that data start at a multiple of 64 bytes, tensors by falling element size and name.
/// Not thread-safe while being filled.
class ContainerWriter {
  public:
    /// Adds a tensor of `bytes` in the host's byte order (copied). Throws invalid_argument for an empty, reserved
    /// (`__metadata__`), repeated or non-UTF-8 name, dimension_mismatch when shape x element size differs from the
    /// bytes or the rank exceeds 16, overflow when the product does not fit.
    void add_tensor(std::string_view name, Dtype dtype, std::span<const std::uint64_t> shape,
                    std::span<const std::byte> bytes);

    /// Adds a tensor of shape {values.size()}.
    template <Element T>
    void add(std::string_view name, std::span<const T> values) {
        const std::uint64_t count = values.size();
        add_tensor(name, dtype_of<T>, {&count, 1}, std::as_bytes(values));
    }
    /// Adds a tensor in row-major order; the product of `shape` must be the number of values.
    template <Element T>
    void add(std::string_view name, std::span<const T> values, std::span<const std::uint64_t> shape) {
        add_tensor(name, dtype_of<T>, shape, std::as_bytes(values));
    }
    template <Element T>
    void add(std::string_view name, const std::vector<T>& values) requires(!std::same_as<T, bool>) {
        add(name, std::span<const T>(values));
    }
    /// Adds one value as a tensor of rank 0.
    template <Element T>
    void add_scalar(std::string_view name, T value) {
        add_tensor(name, dtype_of<T>, {}, std::as_bytes(std::span<const T, 1>(&value, 1)));
    }

    /// Sets a text entry; the last value wins. Throws invalid_argument for the keys that the container sets itself
    /// (format, format_version, kind, sha256), an empty key, or text that is not UTF-8.
    void set_metadata(std::string_view key, std::string_view value);

    /// The file, e.g. `finish("baseline")`. Throws invalid_argument for an empty or non-UTF-8 kind and overflow when
    /// the header would exceed 100,000,000 bytes. The writer may be extended and finished again.
    [[nodiscard]] std::vector<std::byte> finish(std::string_view kind) const;

    /// Overwrites the tensors that were added, in a way that no compiler leaves out, and forgets them: for secret ones.
    void wipe() noexcept;

  private:
    struct Tensor {
        Dtype dtype{};
        std::vector<std::uint64_t> shape;
        std::vector<std::byte> bytes;
    };
    std::map<std::string, Tensor, std::less<>> tensors_;
    std::map<std::string, std::string, std::less<>> metadata_;
};

/// One tensor of a container; valid as long as the container (or what it was moved to) lives.
struct TensorView {
    std::string_view name;
    Dtype dtype{};
    std::span<const std::uint64_t> shape;  ///< empty for a scalar
    std::span<const std::byte> data;       ///< row-major, in the host's byte order, aligned to the element size
};

/// A verified file. Immutable, so safe to share between threads. Opening refuses with corrupt_data (and what is wrong
/// where) anything but a well-formed file whose SHA-256 matches: truncation, trailing bytes, overlaps, holes, repeated
/// or unknown keys, sizes that do not fit, misaligned tensors, booleans other than 0 and 1, files of other programs;
/// with unsupported_version a file of a newer format. The digest detects damage; it is no signature. O(size).
class Container {
  public:
    /// Takes the bytes of a file.
    [[nodiscard]] static Container parse(std::vector<std::byte> bytes);
    /// Refers to the caller's bytes, which must outlive the container unchanged; copies them only when they are not
    /// aligned to 8 bytes (or the host is big-endian).
    [[nodiscard]] static Container view(std::span<const std::byte> bytes);

    Container(Container&&) noexcept = default;
    Container& operator=(Container&&) noexcept = default;
    Container(const Container&) = delete;
    Container& operator=(const Container&) = delete;
    ~Container() = default;

    /// What the file holds, e.g. "baseline".
    [[nodiscard]] const std::string& kind() const noexcept { return kind_; }
    /// Throws corrupt_data unless the kind is `expected`.
    void require_kind(std::string_view expected) const;

    /// The text of a key; throws corrupt_data when the file lacks it.
    [[nodiscard]] const std::string& metadata(std::string_view key) const;
    [[nodiscard]] std::optional<std::string_view> find_metadata(std::string_view key) const noexcept;

    /// All keys, sorted, those of the container itself included.
    [[nodiscard]] std::vector<std::string_view> metadata_keys() const;

    /// The tensor of that name; throws corrupt_data when the file lacks it. O(log n).
    [[nodiscard]] TensorView tensor(std::string_view name) const;
    [[nodiscard]] std::optional<TensorView> find_tensor(std::string_view name) const noexcept;
    /// All tensors, by name.
    [[nodiscard]] std::vector<TensorView> tensors() const;

    /// The elements of a tensor, in place. Throws corrupt_data when it is missing, of another dtype, or (when given)
    /// not of `expected_count` elements.
    template <Element T>
    [[nodiscard]] std::span<const T> values(std::string_view name,
                                            std::optional<std::uint64_t> expected_count = {}) const {
        const auto data = checked_data(name, dtype_of<T>, expected_count);
        return {reinterpret_cast<const T*>(data.data()), data.size() / sizeof(T)};
    }
    /// The only element of a tensor; throws corrupt_data as `values` does.
    template <Element T>
    [[nodiscard]] T scalar(std::string_view name) const {
        return values<T>(name, 1).front();
    }

    /// The verified SHA-256: over the file, with the digits of the field that holds it set to '0'.
    [[nodiscard]] const Digest& digest() const noexcept { return digest_; }

  private:
    struct Entry {
        std::string name;
        Dtype dtype{};
        std::vector<std::uint64_t> shape;
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
    };
    struct Reader;

    Container() = default;
    [[nodiscard]] static Container open(std::vector<std::byte> owned, std::span<const std::byte> bytes);
    [[nodiscard]] const Entry* find_entry(std::string_view name) const noexcept;
    [[nodiscard]] TensorView view_of(const Entry& entry) const noexcept;
    [[nodiscard]] std::span<const std::byte> checked_data(std::string_view name, Dtype dtype,
                                                          std::optional<std::uint64_t> expected_count) const;

    std::vector<std::byte> owned_;     // empty for a view
    std::span<const std::byte> data_;  // the part behind the header
    std::vector<Entry> entries_;       // by name
    std::map<std::string, std::string, std::less<>> metadata_;
    std::string kind_;
    Digest digest_{};
};

}  // namespace vedette::inline v0
