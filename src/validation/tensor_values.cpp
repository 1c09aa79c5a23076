// SPDX-License-Identifier: Apache-2.0
// Every element of a tensor against the rules of its feature.
#include <array>
#include <cstring>

#include "validation/compiled.hpp"

namespace vedette::inline v0::validation {

namespace {

// Calls take(address) for each element; of a tensor that check_tensor passed.
template <class Take>
void for_each_element(const TensorView& tensor, std::int64_t size, Take&& take) noexcept {
    // Dimensions of one place do not count; of the others the elements are 2 to the power of their number at least.
    std::size_t rank = 0;
    std::array<std::int64_t, most_dimensions> lengths{}, steps{}, place{};
    for (const std::int64_t length : tensor.shape)
        if (length == 0) return;
    std::int64_t count = 1;
    for (std::size_t d = 0; d < tensor.shape.size(); ++d) {
        count *= tensor.shape[d];
        if (tensor.shape[d] == 1 || tensor.strides.empty()) continue;
        lengths[rank] = tensor.shape[d];
        steps[rank] = tensor.strides[d] * size;
        ++rank;
    }
    auto offset = static_cast<std::int64_t>(tensor.byte_offset);
    const auto* base = static_cast<const std::byte*>(tensor.data);
    if (tensor.strides.empty()) {
        for (std::int64_t i = 0; i < count; ++i) take(base + offset + i * size);
        return;
    }
    while (true) {
        take(base + offset);
        std::size_t d = rank;
        for (; d > 0; --d) {
            if (place[d - 1] + 1 < lengths[d - 1]) {
                ++place[d - 1];
                offset += steps[d - 1];
                break;
            }
            offset -= steps[d - 1] * place[d - 1];
            place[d - 1] = 0;
        }
        if (d == 0) return;
    }
}

template <class T>
T load(const std::byte* address) noexcept {
    T value;
    std::memcpy(&value, address, sizeof value);
    return value;
}

struct Reader {
    const Rule& rule;
    const kernels::IntervalsView<double>& interval;
    const TensorView& tensor;

    template <class Stored, class Widen>
    CheckSet floats(Widen widen) const noexcept {
        CheckSet failed = 0;
        for_each_element(tensor, sizeof(Stored), [&](const std::byte* address) {
            const double x = widen(load<Stored>(address));
            if (!(x >= interval.lower[0] && x <= interval.upper[0])) failed |= kernels::attribute_value(x, interval, 0);
            failed |= rule.of_fraction(x);
        });
        return failed;
    }
    template <class Stored, class Widest>
    CheckSet integers() const noexcept {
        CheckSet failed = 0;
        for_each_element(tensor, sizeof(Stored), [&](const std::byte* address) {
            failed |= rule.of_integer(Whole::of(static_cast<Widest>(load<Stored>(address))));
        });
        return failed;
    }
    CheckSet booleans() const noexcept {
        CheckSet failed = 0;
        for_each_element(tensor, 1, [&](const std::byte* address) {
            if (load<std::uint8_t>(address) > 1) failed |= set_of(Check::type);
        });
        return failed;
    }
};

}  // namespace

CheckSet check_values(const Rule& rule, const kernels::IntervalsView<double>& interval,
                      const TensorView& tensor) noexcept {
    const Reader reader{rule, interval, tensor};
    switch (tensor.dtype) {
        case Dtype::f32: return reader.floats<float>([](float x) { return static_cast<double>(x); });
        case Dtype::f64: return reader.floats<double>([](double x) { return x; });
        case Dtype::f16:
            return reader.floats<std::uint16_t>([](auto x) { return static_cast<double>(half_to_float(x)); });
        case Dtype::bf16:
            return reader.floats<std::uint16_t>([](auto x) { return static_cast<double>(bfloat16_to_float(x)); });
        case Dtype::i8: return reader.integers<std::int8_t, std::int64_t>();
        case Dtype::i16: return reader.integers<std::int16_t, std::int64_t>();
        case Dtype::i32: return reader.integers<std::int32_t, std::int64_t>();
        case Dtype::i64: return reader.integers<std::int64_t, std::int64_t>();
        case Dtype::u8: return reader.integers<std::uint8_t, std::uint64_t>();
        case Dtype::u16: return reader.integers<std::uint16_t, std::uint64_t>();
        case Dtype::u32: return reader.integers<std::uint32_t, std::uint64_t>();
        case Dtype::u64: return reader.integers<std::uint64_t, std::uint64_t>();
        case Dtype::boolean: return reader.booleans();
    }
    return 0;
}

CheckSet check_ages(const Rule& rule, const TensorView& tensor, std::int64_t now) noexcept {
    CheckSet failed = 0;
    const auto judge = [&]<class Stored>(auto widen) {
        for_each_element(tensor, sizeof(Stored), [&](const std::byte* address) {
            failed |= rule.of_age(Value(widen(load<Stored>(address))), now);
        });
    };
    const auto same = [](auto x) { return x; };
    const auto wide = [](auto x) { return static_cast<double>(x); };
    switch (tensor.dtype) {
        case Dtype::f32: judge.template operator()<float>(wide); break;
        case Dtype::f64: judge.template operator()<double>(wide); break;
        case Dtype::f16:
            judge.template operator()<std::uint16_t>([](auto x) { return static_cast<double>(half_to_float(x)); });
            break;
        case Dtype::bf16:
            judge.template operator()<std::uint16_t>([](auto x) { return static_cast<double>(bfloat16_to_float(x)); });
            break;
        case Dtype::i8: judge.template operator()<std::int8_t>(same); break;
        case Dtype::i16: judge.template operator()<std::int16_t>(same); break;
        case Dtype::i32: judge.template operator()<std::int32_t>(same); break;
        case Dtype::i64: judge.template operator()<std::int64_t>(same); break;
        case Dtype::u8: judge.template operator()<std::uint8_t>(same); break;
        case Dtype::u16: judge.template operator()<std::uint16_t>(same); break;
        case Dtype::u32: judge.template operator()<std::uint32_t>(same); break;
        case Dtype::u64: judge.template operator()<std::uint64_t>(same); break;
        case Dtype::boolean: break;
    }
    return failed;
}

Value read_element(const TensorView& tensor, std::uint64_t place) noexcept {
    const auto size = static_cast<std::int64_t>(dtype_size(tensor.dtype));
    auto offset = static_cast<std::int64_t>(tensor.byte_offset);
    if (tensor.strides.empty()) offset += static_cast<std::int64_t>(place) * size;
    for (std::size_t d = tensor.strides.size(); d-- > 0 && place != 0;) {
        const auto length = static_cast<std::uint64_t>(tensor.shape[d]);
        if (length == 1) continue;
        offset += static_cast<std::int64_t>(place % length) * tensor.strides[d] * size;
        place /= length;
    }
    const std::byte* const address = static_cast<const std::byte*>(tensor.data) + offset;
    switch (tensor.dtype) {
        case Dtype::f32: return static_cast<double>(load<float>(address));
        case Dtype::f64: return load<double>(address);
        case Dtype::f16: return static_cast<double>(half_to_float(load<std::uint16_t>(address)));
        case Dtype::bf16: return static_cast<double>(bfloat16_to_float(load<std::uint16_t>(address)));
        case Dtype::i8: return load<std::int8_t>(address);
        case Dtype::i16: return load<std::int16_t>(address);
        case Dtype::i32: return load<std::int32_t>(address);
        case Dtype::i64: return load<std::int64_t>(address);
        case Dtype::u8:
        case Dtype::boolean: return load<std::uint8_t>(address);
        case Dtype::u16: return load<std::uint16_t>(address);
        case Dtype::u32: return load<std::uint32_t>(address);
        case Dtype::u64: return load<std::uint64_t>(address);
    }
    return {};
}

}  // namespace vedette::inline v0::validation
