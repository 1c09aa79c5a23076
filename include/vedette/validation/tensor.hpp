// SPDX-License-Identifier: Apache-2.0
// Whether a tensor's shape, strides and bytes agree: asked before any byte of it is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "vedette/core/dlpack.hpp"
#include "vedette/core/dtype.hpp"

namespace vedette::inline v0::validation {

/// A tensor as a client or another library describes it; nothing in it is trusted.
struct TensorView {
    Dtype dtype = Dtype::f32;
    const void* data = nullptr;
    std::uint64_t byte_offset = 0;             ///< from `data` to the first element
    std::span<const std::int64_t> shape;       ///< empty: one element
    std::span<const std::int64_t> strides;     ///< in elements; empty: compact, the last dimension fastest
    std::optional<std::uint64_t> byte_length;  ///< from `data` on; absent (as in DLPack): not known, not checked
};

enum class TensorFault : std::uint8_t {
    none = 0,
    no_tensor = 1,     ///< a null pointer where the tensor, its shape or its data are due
    version = 2,       ///< another major version of the protocol
    device = 3,        ///< memory that the CPU cannot read
    element_type = 4,  ///< an element type that is unknown, or of several lanes
    rank = 5,          ///< a negative number of dimensions, or more than `most_dimensions`; strides for another
    negative_dimension = 6,
    size_overflow = 7,    ///< elements or bytes beyond 2^63 - 1
    stride_overflow = 8,  ///< strides that reach beyond 2^63 - 1 bytes
    out_of_bounds = 9,    ///< an element outside the bytes given
    overlap = 10,         ///< more elements than the bytes they lie in can hold
    byte_length = 11,     ///< a compact tensor of another length than its bytes
    misaligned = 12,      ///< an address or an offset that is no multiple of the element's size
};

/// "none", "device", ...; "unknown" for a value that is no TensorFault.
[[nodiscard]] const char* tensor_fault_name(TensorFault fault) noexcept;

inline constexpr std::size_t most_dimensions = 64;

/// What `check_tensor` found; the sizes are 0 if there is a fault.
struct TensorCheck {
    TensorFault fault = TensorFault::none;
    std::uint64_t elements = 0;
    std::uint64_t bytes = 0;      ///< from the lowest to the highest byte that elements occupy
    std::int64_t first_byte = 0;  ///< the lowest of them, counted from `data`; at most byte_offset
};

/// At most one fault is told, the first found. A dimension of 0 makes the tensor empty, but the others must still
/// be possible: their product without zeros is held to the same limit, so that no later product can overflow. A tensor
/// without strides must fill its bytes exactly. One with strides must lie inside them, and may not hold more elements
/// than would fit in the bytes it occupies: strides of zero make reading cost more than sending. Without a
/// byte_length the extent is computed, but the sender's word is all there is for it. Noexcept, no allocation,
/// O(dimensions); data is not touched.
[[nodiscard]] TensorCheck check_tensor(const TensorView& tensor) noexcept;

/// A DLPack tensor as a view, unless there is a fault: `no_tensor`, `version`, `device`, `element_type` or `rank`. Null
/// strides mean compact. CPU, pinned and managed memory is taken for readable. The view refers to the tensor's shape;
/// nothing is owned, and no deleter is called, here or in any case.
[[nodiscard]] TensorFault read_tensor(const dlpack::Tensor* tensor, TensorView& view) noexcept;
/// Of another major version nothing but the version is read.
[[nodiscard]] TensorFault read_tensor(const dlpack::ManagedTensorVersioned* tensor, TensorView& view) noexcept;
[[nodiscard]] TensorFault read_tensor(const dlpack::ManagedTensor* tensor, TensorView& view) noexcept;

}  // namespace vedette::inline v0::validation
