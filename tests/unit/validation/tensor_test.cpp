// SPDX-License-Identifier: Apache-2.0
#include "vedette/validation/tensor.hpp"

#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <string>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/validation/validator.hpp"

using namespace vedette;
using namespace vedette::validation;

namespace {

using Shape = std::vector<std::int64_t>;
constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
alignas(64) constexpr std::array<float, 64> memory{};

TensorView view_of(const Shape& shape, std::optional<std::uint64_t> bytes, const Shape& strides = {},
                   std::uint64_t offset = 0, Dtype dtype = Dtype::f32) {
    return {dtype, memory.data(), offset, shape, strides, bytes};
}

TensorFault fault_of(const Shape& shape, std::optional<std::uint64_t> bytes, const Shape& strides = {},
                     std::uint64_t offset = 0, Dtype dtype = Dtype::f32) {
    const TensorCheck check = check_tensor(view_of(shape, bytes, strides, offset, dtype));
    if (check.fault != TensorFault::none) {
        CHECK(check.elements == 0);
        CHECK(check.bytes == 0);
    }
    return check.fault;
}

}  // namespace

TEST_CASE("a shape must agree with its bytes") {
    CHECK(fault_of({2, 3}, 24) == TensorFault::none);
    CHECK(fault_of({}, 4) == TensorFault::none);
    CHECK(fault_of({0, 5}, 0) == TensorFault::none);
    CHECK(fault_of({2, 3}, 23) == TensorFault::out_of_bounds);
    CHECK(fault_of({2, 3}, 25) == TensorFault::byte_length);
    CHECK(fault_of({2, 3}, 0) == TensorFault::out_of_bounds);
    CHECK(fault_of({0}, 4) == TensorFault::byte_length);
    CHECK(fault_of({}, 0) == TensorFault::out_of_bounds);
    CHECK(fault_of({2, 3}, std::nullopt) == TensorFault::none);
    CHECK(fault_of({2, 3}, 32, {}, 8) == TensorFault::none);
    CHECK(fault_of({2, 3}, 24, {}, 8) == TensorFault::out_of_bounds);
    CHECK(fault_of({0}, 0, {}, 8) == TensorFault::out_of_bounds);
    CHECK(fault_of({2}, 16, {}, std::numeric_limits<std::uint64_t>::max()) == TensorFault::out_of_bounds);
    CHECK(fault_of({2}, std::nullopt, {}, static_cast<std::uint64_t>(largest)) == TensorFault::out_of_bounds);
    CHECK(fault_of({2}, 9, {}, 1) == TensorFault::misaligned);
    CHECK(fault_of({2}, 3, {}, 1, Dtype::u8) == TensorFault::none);
    CHECK(fault_of({2}, 8, {}, 0, static_cast<Dtype>(77)) == TensorFault::element_type);
}

TEST_CASE("hostile dimensions are refused, not multiplied") {
    CHECK(fault_of({-1}, 4) == TensorFault::negative_dimension);
    CHECK(fault_of({-1, -1}, 4) == TensorFault::negative_dimension);
    CHECK(fault_of({0, -1}, 0) == TensorFault::negative_dimension);
    CHECK(fault_of({lowest}, 0) == TensorFault::negative_dimension);
    // Products that wrap to something small, or to zero.
    CHECK(fault_of({std::int64_t{1} << 62, 4}, 0) == TensorFault::size_overflow);
    CHECK(fault_of({std::int64_t{1} << 32, std::int64_t{1} << 32}, 0) == TensorFault::size_overflow);
    CHECK(fault_of({(std::int64_t{1} << 62) + 1}, 4) == TensorFault::size_overflow);
    CHECK(fault_of({largest}, 4, {}, 0, Dtype::u8) == TensorFault::out_of_bounds);
    CHECK(fault_of({0, largest, largest}, 0) == TensorFault::size_overflow);
    CHECK(fault_of(Shape(64, 1), 4) == TensorFault::none);
    CHECK(fault_of(Shape(65, 1), 4) == TensorFault::rank);
    CHECK(fault_of(Shape(64, 2), 4) == TensorFault::size_overflow);
    CHECK(check_tensor({Dtype::f32, nullptr, 0, {}, {}, 4}).fault == TensorFault::no_tensor);
    const Shape empty{0};
    CHECK(check_tensor({Dtype::f32, nullptr, 0, empty, {}, 0}).fault == TensorFault::none);
}

TEST_CASE("strides stay inside the bytes") {
    CHECK(fault_of({2, 3}, 24, {3, 1}) == TensorFault::none);
    CHECK(fault_of({2, 3}, 24, {1, 2}) == TensorFault::none);
    CHECK(fault_of({2, 3}, 100, {8, 2}) == TensorFault::none);
    CHECK(fault_of({2, 3}, 48, {8, 2}) == TensorFault::out_of_bounds);
    CHECK(fault_of({2, 3}, 52, {8, 2}) == TensorFault::none);
    CHECK(fault_of({2}, 24, {-1}) == TensorFault::out_of_bounds);
    CHECK(fault_of({2}, 24, {-1}, 4) == TensorFault::none);
    CHECK(fault_of({3}, 24, {-1}, 4) == TensorFault::out_of_bounds);
    CHECK(fault_of({2, 3}, 24, {0, 1}) == TensorFault::overlap);
    CHECK(fault_of({1000000}, 4, {0}) == TensorFault::overlap);
    CHECK(fault_of({3, 3}, 24, {1, 1}) == TensorFault::overlap);
    CHECK(fault_of({2, 3}, 24, {3}) == TensorFault::rank);
    CHECK(fault_of({}, 4, {1}) == TensorFault::rank);
    CHECK(fault_of({2}, 24, {largest}) == TensorFault::stride_overflow);
    CHECK(fault_of({2}, 24, {lowest}) == TensorFault::stride_overflow);
    CHECK(fault_of({2, 2}, 24, {largest / 4, largest / 4}) == TensorFault::stride_overflow);
    CHECK(fault_of({2, 2}, 24, {largest / 4, -(largest / 4)}) == TensorFault::stride_overflow);
    CHECK(fault_of({1, 2}, 24, {lowest, 1}) == TensorFault::none);  // never stepped along
    CHECK(fault_of({0, 2}, 24, {lowest, largest}) == TensorFault::none);
    CHECK(fault_of({2}, std::nullopt, {-(std::int64_t{1} << 60)}) == TensorFault::out_of_bounds);
}

TEST_CASE("random strided tensors: accepted exactly if every element lies inside, and no two need the same bytes") {
    Random random(9);
    int accepted = 0;
    for (int run = 0; run < 20000; ++run) {
        const auto pick = [&](int low, int high) {
            return low + static_cast<int>(random() % static_cast<std::uint64_t>(high - low + 1));
        };
        Shape shape(static_cast<std::size_t>(pick(1, 3))), strides;
        std::int64_t elements = 1;
        for (auto& n : shape) {
            n = pick(0, 3);
            strides.push_back(pick(-6, 6));
            elements *= n;
        }
        const int offset = 4 * pick(0, 12), length = pick(0, 80);
        std::int64_t least = offset, greatest = offset;
        bool inside = offset <= length;
        for (std::int64_t k = 0; k < elements; ++k) {
            std::int64_t at = offset, rest = k;
            for (std::size_t d = 0; d < shape.size(); ++d) {
                at += 4 * strides[d] * (rest % shape[d]);
                rest /= shape[d];
            }
            least = std::min(least, at);
            greatest = std::max(greatest, at + 4);
        }
        inside = inside && least >= 0 && greatest <= length && 4 * elements <= greatest - least;
        const TensorCheck check = check_tensor(
            view_of(shape, static_cast<std::uint64_t>(length), strides, static_cast<std::uint64_t>(offset)));
        REQUIRE((check.fault == TensorFault::none) == inside);
        if (!inside) continue;
        ++accepted;
        REQUIRE(check.elements == static_cast<std::uint64_t>(elements));
        REQUIRE(check.first_byte == least);
        REQUIRE(check.bytes == static_cast<std::uint64_t>(greatest - least));
    }
    CHECK(accepted > 1000);
}

TEST_CASE("DLPack tensors, versioned and legacy") {
    std::int64_t shape[] = {2, 3}, strides[] = {3, 1};
    dlpack::Tensor tensor{
        const_cast<float*>(memory.data()), dlpack::device_cpu, 0, 2, dlpack::code_float, 32, 1, shape, nullptr, 0};
    TensorView view;
    CHECK(read_tensor(&tensor, view) == TensorFault::none);
    CHECK(check_tensor(view).elements == 6);
    tensor.strides = strides;
    dlpack::ManagedTensorVersioned versioned{1, 9, nullptr, nullptr, dlpack::flag_read_only, tensor};
    CHECK(read_tensor(&versioned, view) == TensorFault::none);
    CHECK(view.strides.size() == 2);
    versioned.major = 2;
    versioned.tensor.shape = reinterpret_cast<std::int64_t*>(8);  // not to be read
    CHECK(read_tensor(&versioned, view) == TensorFault::version);
    const dlpack::ManagedTensor legacy{tensor, nullptr, nullptr};
    CHECK(read_tensor(&legacy, view) == TensorFault::none);
    const auto with = [&](auto change) {
        dlpack::Tensor other = tensor;
        change(other);
        return read_tensor(&other, view);
    };
    CHECK(with([](auto& t) { t.device_type = dlpack::device_cuda; }) == TensorFault::device);
    CHECK(with([](auto& t) { t.device_type = dlpack::device_cuda_host; }) == TensorFault::none);
    CHECK(with([](auto& t) { t.rank = -1; }) == TensorFault::rank);
    CHECK(with([](auto& t) { t.rank = 65; }) == TensorFault::rank);
    CHECK(with([](auto& t) { t.shape = nullptr; }) == TensorFault::no_tensor);
    CHECK(with([](auto& t) { t.type_lanes = 4; }) == TensorFault::element_type);
    CHECK(with([](auto& t) { t.type_bits = 8; }) == TensorFault::element_type);
    CHECK(with([](auto& t) { t.type_code = 17; }) == TensorFault::element_type);
    CHECK(with([](auto& t) { t.rank = 0, t.shape = nullptr; }) == TensorFault::none);
    CHECK(read_tensor(static_cast<const dlpack::Tensor*>(nullptr), view) == TensorFault::no_tensor);
    CHECK(read_tensor(static_cast<const dlpack::ManagedTensor*>(nullptr), view) == TensorFault::no_tensor);
    CHECK(read_tensor(static_cast<const dlpack::ManagedTensorVersioned*>(nullptr), view) == TensorFault::no_tensor);
    CHECK(std::string(tensor_fault_name(TensorFault::misaligned)) == "misaligned");
    CHECK(std::string(tensor_fault_name(static_cast<TensorFault>(99))) == "unknown");
}

TEST_CASE("a tensor of a feature: memory, then type and shape, then every value") {
    const Validator validator(Schema::from_json(R"({"version":1,"features":[
        {"name":"x","type":"floating","shape":[-1,2],"minimum":0,"maximum":1},
        {"name":"n","type":"integer","maximum":9223372036854775806,"step":2},
        {"name":"b","type":"boolean","severity":{"type":"warning"}},
        {"name":"t","type":"text"},
        {"name":"p","type":"floating","stage":"planned","minimum":0}]})"));
    const auto judge = [&](std::size_t feature, Dtype dtype, const void* data, std::uint64_t bytes, const Shape& shape,
                           const Shape& strides = {}) {
        return validator.validate(feature, {dtype, data, 0, shape, strides, bytes});
    };
    float x[] = {0.0F, 5.0F, 1.0F, -5.0F};
    CHECK(judge(0, Dtype::f32, x, 16, {2, 2}).failed == (set_of(Check::minimum) | set_of(Check::maximum)));
    CHECK(judge(0, Dtype::f32, x, 16, {1, 2}, {4, 2}).is_valid());
    CHECK(judge(0, Dtype::f32, x, 16, {4}).failed ==
          (set_of(Check::minimum) | set_of(Check::maximum) | set_of(Check::shape)));
    CHECK(judge(0, Dtype::f32, x, 12, {2, 2}) == RowVerdict{Severity::error, set_of(Check::memory)});
    CHECK(judge(0, Dtype::f32, nullptr, 0, {0, 2}).is_valid());
    const std::uint16_t halves[] = {0x3C00, 0x7E00};
    CHECK(judge(0, Dtype::f16, halves, 4, {1, 2}).failed == set_of(Check::not_a_number));
    const std::int64_t n[] = {9223372036854775806, -2};
    CHECK(judge(1, Dtype::i64, n, 16, {2}).is_valid());
    CHECK(judge(0, Dtype::i64, n, 16, {1, 2}).failed == set_of(Check::type));
    const std::uint64_t u[] = {9223372036854775807U};
    CHECK(judge(1, Dtype::u64, u, 8, {1}).failed == (set_of(Check::maximum) | set_of(Check::step)));
    const std::uint8_t b[] = {0, 1, 2};
    CHECK(judge(2, Dtype::boolean, b, 3, {3}) == RowVerdict{Severity::warning, set_of(Check::type)});
    CHECK(judge(2, Dtype::boolean, b, 2, {2}).is_valid());
    CHECK(judge(3, Dtype::u8, b, 3, {3}).failed == set_of(Check::type));
    CHECK(judge(4, Dtype::f32, x, 16, {4}).is_valid());
    CHECK(judge(4, Dtype::f32, x, 15, {4}).failed == set_of(Check::memory));
    CHECK(judge(5, Dtype::f32, x, 16, {4}).failed == set_of(Check::unexpected));
}
