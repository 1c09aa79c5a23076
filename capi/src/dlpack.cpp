// SPDX-License-Identifier: Apache-2.0
// Reads DLPack tensors. The structs are declared here, as the protocol lays them out, so that nobody needs its header.
#include "dlpack.hpp"

#include <cstddef>
#include <string>

#include "fence.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::capi {

namespace {

// The layout of DLTensor, the same in the legacy and the versioned protocol.
struct Tensor {
    void* data;
    std::int32_t device_type;
    std::int32_t device_id;
    std::int32_t rank;
    std::uint8_t type_code;
    std::uint8_t type_bits;
    std::uint16_t type_lanes;
    std::int64_t* shape;
    std::int64_t* strides;
    std::uint64_t byte_offset;
};
static_assert(sizeof(Tensor) == 48 && offsetof(Tensor, rank) == 16 && offsetof(Tensor, type_code) == 20);
static_assert(offsetof(Tensor, shape) == 24 && offsetof(Tensor, strides) == 32 && offsetof(Tensor, byte_offset) == 40);

constexpr std::int32_t device_cpu = 1;

enum TypeCode : std::uint8_t { code_int = 0, code_uint = 1, code_float = 2, code_bfloat = 4, code_bool = 6 };

Dtype dtype_of_tensor(const Tensor& tensor) {
    if (tensor.type_lanes == 1) {
        switch (tensor.type_code << 8 | tensor.type_bits) {
            case code_float << 8 | 16: return Dtype::f16;
            case code_float << 8 | 32: return Dtype::f32;
            case code_float << 8 | 64: return Dtype::f64;
            case code_bfloat << 8 | 16: return Dtype::bf16;
            case code_int << 8 | 8: return Dtype::i8;
            case code_int << 8 | 16: return Dtype::i16;
            case code_int << 8 | 32: return Dtype::i32;
            case code_int << 8 | 64: return Dtype::i64;
            case code_uint << 8 | 8: return Dtype::u8;
            case code_uint << 8 | 16: return Dtype::u16;
            case code_uint << 8 | 32: return Dtype::u32;
            case code_uint << 8 | 64: return Dtype::u64;
            case code_bool << 8 | 8: return Dtype::boolean;
            default: break;
        }
    }
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
