// SPDX-License-Identifier: Apache-2.0
// Reads DLPack tensors.
#include "dlpack.hpp"

#include <cstddef>
#include <optional>
#include <string>

#include "fence.hpp"
#include "vedette/core/dlpack.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::capi {

namespace {

using dlpack::device_cpu;
using dlpack::Tensor;

Dtype dtype_of_tensor(const Tensor& tensor) {
    if (const std::optional<Dtype> dtype = dlpack::dtype_of(tensor)) return *dtype;
    throw Error(ErrorCode::type_mismatch, "tensor: type code " + std::to_string(tensor.type_code) + " with " +
                                              std::to_string(tensor.type_bits) + " bits and " +
                                              std::to_string(tensor.type_lanes) + " lanes is not supported");
}

std::int64_t stride_in_bytes(std::int64_t stride, std::size_t element) {
    std::int64_t bytes = 0;
    if (__builtin_mul_overflow(stride, static_cast<std::int64_t>(element), &bytes)) {
        throw Error(ErrorCode::overflow, "tensor: a stride of " + std::to_string(stride) + " elements is too large");
    }
    return bytes;
}

}  // namespace

StridedMatrix read_dlpack(const void* given) {
    require(given, "tensor");
    const Tensor& tensor = *static_cast<const Tensor*>(given);
    if (tensor.device_type != device_cpu) {
        throw Error(ErrorCode::type_mismatch, "tensor: device type " + std::to_string(tensor.device_type) +
                                                  " is not the CPU (" + std::to_string(device_cpu) + ")");
    }
    if (tensor.rank != 2) {
        throw Error(ErrorCode::type_mismatch,
                    "tensor: " + std::to_string(tensor.rank) + " dimensions, 2 (rows, features) are needed");
    }
    require(tensor.shape, "tensor.shape");
    if (tensor.shape[0] < 0 || tensor.shape[1] < 0) {
        throw Error(ErrorCode::invalid_argument, "tensor: a negative dimension, " + std::to_string(tensor.shape[0]) +
                                                     " x " + std::to_string(tensor.shape[1]));
    }
    StridedMatrix matrix;
    matrix.dtype = dtype_of_tensor(tensor);
    matrix.rows = static_cast<std::size_t>(tensor.shape[0]);
    matrix.columns = static_cast<std::size_t>(tensor.shape[1]);
    const std::size_t element = dtype_size(matrix.dtype);
    if (tensor.strides != nullptr) {
        matrix.row_stride = stride_in_bytes(tensor.strides[0], element);
        matrix.column_stride = stride_in_bytes(tensor.strides[1], element);
    } else {
        matrix.row_stride = static_cast<std::int64_t>(checked_product(matrix.columns, element, "tensor"));
        matrix.column_stride = static_cast<std::int64_t>(element);
    }
    (void)matrix_extent(matrix);
    if (tensor.data != nullptr) {
        (void)checked_sum(tensor.byte_offset, 0, "tensor.byte_offset");
        matrix.data = static_cast<const std::byte*>(tensor.data) + tensor.byte_offset;
    }
    return matrix;
}

}  // namespace vedette::inline v0::capi
