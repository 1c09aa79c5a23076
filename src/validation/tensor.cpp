// SPDX-License-Identifier: Apache-2.0
// Shapes, strides and bytes of tensors, in arithmetic that cannot overflow unseen.
#include "vedette/validation/tensor.hpp"

#include <array>
#include <limits>

namespace vedette::inline v0::validation {

namespace {

constexpr std::array<const char*, 13> fault_words = {
    "none",          "no_tensor",       "version",       "device",  "element_type", "rank",      "negative_dimension",
    "size_overflow", "stride_overflow", "out_of_bounds", "overlap", "byte_length",  "misaligned"};

constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();

struct Sizes {
    std::int64_t compact_bytes = 0;  // of the elements side by side
    std::int64_t low = 0, high = 0;  // bytes from the first element to the lowest, and past the highest
};

// The elements of a shape; those of its other dimensions must be countable even where one is zero.
TensorFault count_elements(const TensorView& tensor, std::int64_t& elements, std::int64_t& bytes) noexcept {
    bool is_empty = false;
    const auto size = static_cast<std::int64_t>(dtype_size(tensor.dtype));
    std::int64_t product = size;
    for (const std::int64_t n : tensor.shape) {
        if (n < 0) return TensorFault::negative_dimension;
    }
    for (const std::int64_t n : tensor.shape) {
        is_empty = is_empty || n == 0;
        if (n != 0 && __builtin_mul_overflow(product, n, &product)) return TensorFault::size_overflow;
    }
    bytes = is_empty ? 0 : product;
    elements = bytes / size;
    return TensorFault::none;
}

TensorFault measure(const TensorView& tensor, std::int64_t elements, Sizes& sizes) noexcept {
    sizes.low = 0;
    sizes.high = sizes.compact_bytes;
    if (tensor.strides.empty() || elements == 0) return TensorFault::none;
    const auto size = static_cast<std::int64_t>(dtype_size(tensor.dtype));
    sizes.high = size;
    for (std::size_t d = 0; d < tensor.shape.size(); ++d) {
        std::int64_t reach = 0;
        // A dimension of one is never stepped along: its stride may be anything.
        if (tensor.shape[d] == 1) continue;
        if (__builtin_mul_overflow(tensor.shape[d] - 1, tensor.strides[d], &reach) ||
            __builtin_mul_overflow(reach, size, &reach)) {
            return TensorFault::stride_overflow;
        }
        std::int64_t& end = reach < 0 ? sizes.low : sizes.high;
        if (__builtin_add_overflow(end, reach, &end)) return TensorFault::stride_overflow;
    }
    std::int64_t extent = 0;
    if (__builtin_sub_overflow(sizes.high, sizes.low, &extent)) return TensorFault::stride_overflow;
    return TensorFault::none;
}

// The elements lie at [offset + low, offset + high) of the bytes.
TensorFault check_bounds(const TensorView& tensor, const Sizes& sizes, std::int64_t& first,
                         std::int64_t& end) noexcept {
    if (tensor.byte_offset > static_cast<std::uint64_t>(largest)) return TensorFault::out_of_bounds;
    const auto offset = static_cast<std::int64_t>(tensor.byte_offset);
    first = offset + sizes.low;  // low is not positive
    if (__builtin_add_overflow(offset, sizes.high, &end)) return TensorFault::out_of_bounds;
    if (tensor.byte_length) {
        const std::uint64_t length = *tensor.byte_length;
        if (tensor.strides.empty() && length != static_cast<std::uint64_t>(end)) {
            return length < static_cast<std::uint64_t>(end) ? TensorFault::out_of_bounds : TensorFault::byte_length;
        }
        if (first < 0 || length < static_cast<std::uint64_t>(end)) return TensorFault::out_of_bounds;
    }
    const auto address = reinterpret_cast<std::uintptr_t>(tensor.data);
    std::uintptr_t sum = 0;
    // first may lie before `data` if the length is not known.
    const bool wraps = (first < 0 && static_cast<std::uintptr_t>(-(first + 1)) >= address) ||
                       (end > 0 && __builtin_add_overflow(address, static_cast<std::uintptr_t>(end), &sum));
    return wraps ? TensorFault::out_of_bounds : TensorFault::none;
}

bool is_readable(std::int32_t device) noexcept {
    return device == dlpack::device_cpu || device == dlpack::device_cuda_host || device == dlpack::device_rocm_host ||
           device == dlpack::device_cuda_managed;
}

TensorFault check_address(const TensorView& tensor, std::int64_t elements) noexcept {
    if (elements == 0) return TensorFault::none;
    const std::uint64_t size = dtype_size(tensor.dtype);
    const auto address = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(tensor.data));
    return (address + tensor.byte_offset) % size == 0 ? TensorFault::none : TensorFault::misaligned;
}

}  // namespace

const char* tensor_fault_name(TensorFault fault) noexcept {
    const auto index = static_cast<std::size_t>(fault);
    return index < fault_words.size() ? fault_words[index] : "unknown";
}

TensorCheck check_tensor(const TensorView& tensor) noexcept {
    const auto fail = [](TensorFault fault) { return TensorCheck{fault, 0, 0, 0}; };
    if (dtype_size(tensor.dtype) == 0) return fail(TensorFault::element_type);
    if (tensor.shape.size() > most_dimensions) return fail(TensorFault::rank);
    if (!tensor.strides.empty() && tensor.strides.size() != tensor.shape.size()) return fail(TensorFault::rank);
    Sizes sizes;
    std::int64_t elements = 0;
    if (const TensorFault fault = count_elements(tensor, elements, sizes.compact_bytes); fault != TensorFault::none)
        return fail(fault);
    if (elements != 0 && tensor.data == nullptr) return fail(TensorFault::no_tensor);
    if (const TensorFault fault = measure(tensor, elements, sizes); fault != TensorFault::none) return fail(fault);
    std::int64_t first = 0, end = 0;
    if (const TensorFault fault = check_bounds(tensor, sizes, first, end); fault != TensorFault::none)
        return fail(fault);
    if (sizes.compact_bytes > sizes.high - sizes.low) return fail(TensorFault::overlap);
    if (const TensorFault fault = check_address(tensor, elements); fault != TensorFault::none) return fail(fault);
    return {TensorFault::none, static_cast<std::uint64_t>(elements), static_cast<std::uint64_t>(end - first), first};
}

TensorFault read_tensor(const dlpack::Tensor* tensor, TensorView& view) noexcept {
    if (tensor == nullptr) return TensorFault::no_tensor;
    if (!is_readable(tensor->device_type)) return TensorFault::device;
    if (tensor->rank < 0 || static_cast<std::size_t>(tensor->rank) > most_dimensions) return TensorFault::rank;
    const Dtype dtype = dlpack::dtype_of(*tensor).value_or(Dtype{});
    if (dtype == Dtype{}) return TensorFault::element_type;
    const auto rank = static_cast<std::size_t>(tensor->rank);
    if (rank != 0 && tensor->shape == nullptr) return TensorFault::no_tensor;
    view = TensorView{dtype, tensor->data, tensor->byte_offset, {}, {}, std::nullopt};
    if (rank != 0) view.shape = {tensor->shape, rank};
    if (rank != 0 && tensor->strides != nullptr) view.strides = {tensor->strides, rank};
    return TensorFault::none;
}

TensorFault read_tensor(const dlpack::ManagedTensorVersioned* tensor, TensorView& view) noexcept {
    if (tensor == nullptr) return TensorFault::no_tensor;
    if (tensor->major != dlpack::major_version) return TensorFault::version;
    // Elements of less than a byte are refused by their type; padding does not matter to the others.
    return read_tensor(&tensor->tensor, view);
}

TensorFault read_tensor(const dlpack::ManagedTensor* tensor, TensorView& view) noexcept {
    return tensor == nullptr ? TensorFault::no_tensor : read_tensor(&tensor->tensor, view);
}

}  // namespace vedette::inline v0::validation
