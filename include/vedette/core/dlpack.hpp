// SPDX-License-Identifier: Apache-2.0
// The structs of DLPack, laid out as its specification (1.x, and the legacy form before it) says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "vedette/core/dtype.hpp"

namespace vedette::inline v0::dlpack {

enum DeviceType : std::int32_t {
    device_cpu = 1,
    device_cuda = 2,
    device_cuda_host = 3,  ///< pinned, readable by the CPU
    device_rocm = 10,
    device_rocm_host = 11,  ///< pinned, readable by the CPU
    device_cuda_managed = 13,
};

enum TypeCode : std::uint8_t { code_int = 0, code_uint = 1, code_float = 2, code_bfloat = 4, code_bool = 6 };

struct Tensor {
    void* data;
    std::int32_t device_type;
    std::int32_t device_id;
    std::int32_t rank;
    std::uint8_t type_code;
    std::uint8_t type_bits;
    std::uint16_t type_lanes;
    std::int64_t* shape;
    std::int64_t* strides;  ///< in elements; null: compact
    std::uint64_t byte_offset;
};
static_assert(sizeof(void*) != 8 || (sizeof(Tensor) == 48 && offsetof(Tensor, byte_offset) == 40));

/// The element type; empty for one that this library does not read, and for vectors of lanes.
[[nodiscard]] inline std::optional<Dtype> dtype_of(const Tensor& tensor) noexcept {
    if (tensor.type_lanes != 1) return std::nullopt;
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
        default: return std::nullopt;
    }
}

/// The legacy form: without a version.
struct ManagedTensor {
    Tensor tensor;
    void* manager_context;
    void (*deleter)(ManagedTensor*);
};
static_assert(sizeof(void*) != 8 || sizeof(ManagedTensor) == 64);

struct ManagedTensorVersioned {
    std::uint32_t major;
    std::uint32_t minor;
    void* manager_context;
    void (*deleter)(ManagedTensorVersioned*);
    std::uint64_t flags;
    Tensor tensor;
};
static_assert(sizeof(void*) != 8 ||
              (sizeof(ManagedTensorVersioned) == 80 && offsetof(ManagedTensorVersioned, tensor) == 32));

inline constexpr std::uint32_t major_version = 1;
inline constexpr std::uint64_t flag_read_only = 1;
inline constexpr std::uint64_t flag_is_copied = 2;
inline constexpr std::uint64_t flag_subbyte_padded = 4;

}  // namespace vedette::inline v0::dlpack
