// SPDX-License-Identifier: Apache-2.0
// A request as a server holds it: a row in pieces of one type each, or tensors by the names of their features.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "vedette/core/value.hpp"
#include "vedette/validation/tensor.hpp"

namespace vedette::inline v0::validation {

/// Writes the values of a row's features from `first` on into `values`; must not throw.
using ReadValues = void (*)(const void* row, std::size_t first, std::span<Value> values) noexcept;

/// A piece of a row: values of one type, of features that follow each other. Borrowed; what it points to must outlive
/// it.
class RowPart {
  public:
    enum class Kind : std::uint8_t { f32 = 1, f64 = 2, i64 = 3, text = 4, value = 5, read = 6 };

    constexpr RowPart() noexcept : RowPart(Kind::value, nullptr, 0) {}  ///< nothing
    constexpr RowPart(std::span<const float> values) noexcept           // NOLINT(google-explicit-constructor)
        : RowPart(Kind::f32, values.data(), values.size()) {}
    constexpr RowPart(std::span<const double> values) noexcept  // NOLINT(google-explicit-constructor)
        : RowPart(Kind::f64, values.data(), values.size()) {}
    constexpr RowPart(std::span<const std::int64_t> values) noexcept  // NOLINT(google-explicit-constructor)
        : RowPart(Kind::i64, values.data(), values.size()) {}
    constexpr RowPart(std::span<const std::string_view> values) noexcept  // NOLINT(google-explicit-constructor)
        : RowPart(Kind::text, values.data(), values.size()) {}
    constexpr RowPart(std::span<const Value> values) noexcept  // NOLINT(google-explicit-constructor)
        : RowPart(Kind::value, values.data(), values.size()) {}
    /// Values of any layout; `first` is counted from the beginning of the piece.
    constexpr RowPart(ReadValues reader, const void* piece, std::size_t size) noexcept
        : RowPart(Kind::read, piece, size) {
        read_ = reader;
    }

    [[nodiscard]] constexpr Kind kind() const noexcept { return kind_; }
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
    /// The values, where they are of that type.
    template <class T>
    [[nodiscard]] std::span<const T> as() const noexcept {
        return {static_cast<const T*>(data_), size_};
    }
    /// Values from `first` on, of any kind.
    void read(std::size_t first, std::span<Value> values) const noexcept;

  private:
    constexpr RowPart(Kind kind, const void* data, std::size_t size) noexcept : data_(data), size_(size), kind_(kind) {}

    const void* data_;
    std::size_t size_;
    ReadValues read_ = nullptr;
    Kind kind_;
};

/// All values of one feature in a request, as a client describes them; nothing in it is trusted.
struct NamedTensor {
    std::string_view name;
    TensorView tensor{};  ///< of texts, only its shape counts
    /// Of a feature of texts or bytes: the elements, in the order of a compact tensor, as many as the shape says.
    std::optional<RowPart> texts{};
};

/// Tensor `place` of a request; must not throw.
using ReadTensor = NamedTensor (*)(const void* request, std::size_t place) noexcept;

}  // namespace vedette::inline v0::validation
