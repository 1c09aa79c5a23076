// SPDX-License-Identifier: Apache-2.0
// The kernels over rows of pixels against their plain twins, bit for bit, on every instruction set that this CPU has.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "kernels/dispatch.hpp"
#include "kernels/scalar_images.hpp"

namespace kernels = vedette::kernels;

namespace {

template <class T, class Kernel, class Twin>
void check_medians(Kernel kernel, Twin twin, const char* name) {
    std::mt19937 random(7);
    for (const std::size_t step : {1U, 2U, 3U, 4U, 17U, 5000U}) {
        for (const std::size_t pixels : {1U, 2U, 3U, 4U, 15U, 31U, 33U, 64U, 100U, 3001U}) {
            const std::size_t count = step * pixels;
            if (count > 20000) continue;
            std::vector<T> rows[3], expected(count), out(count + 1, T{77});
            for (auto& row : rows)
                for (std::size_t i = 0; i < count; ++i) row.push_back(static_cast<T>(random() % 256));
            // A network of minima and maxima is right for all values if it is for zeros and ones; they tie, too.
            for (int ties = 0; ties < 2; ++ties) {
                const T* const pointers[3] = {rows[0].data(), rows[1].data(), rows[2].data()};
                twin(pointers, count, step, expected.data());
                kernel(pointers, count, step, out.data());
                CAPTURE(name);
                CAPTURE(step);
                CAPTURE(count);
                CHECK(std::equal(expected.begin(), expected.end(), out.begin()));
                CHECK(out[count] == T{77});
                for (auto& row : rows)
                    for (T& x : row) x = static_cast<T>(random() % 2);
            }
        }
    }
}

// Of one window, by sorting, for all zeros and ones.
template <class T, class Three, class Two>
void check_networks(Three three, Two two) {
    for (unsigned bits = 0; bits < 512; ++bits) {
        T values[9];
        for (unsigned i = 0; i < 9; ++i) values[i] = static_cast<T>(bits >> i & 1U);
        const T* const rows[3] = {values, values + 3, values + 6};
        T out[3];
        three(rows, 3, 1, out);
        CHECK(out[1] == (__builtin_popcount(bits) >= 5 ? T{1} : T{0}));
        two(rows, 2, 1, out);
        const unsigned four = (bits & 3U) | (bits >> 3U & 3U) << 2U;
        CHECK(out[1] == (__builtin_popcount(four) >= 2 ? T{1} : T{0}));  // the third smallest
    }
}

}  // namespace

TEST_CASE("image kernels: medians, levels: the same bits as the plain twins") {
    const kernels::ImageKernels plain = kernels::scalar::image_entries();
    check_networks<std::uint8_t>(plain.median3_bytes, plain.median2_bytes);
    check_networks<float>(plain.median3_floats, plain.median2_floats);
    for (const kernels::KernelTable* table : kernels::available_tables()) {
        const kernels::ImageKernels& images = table->images;
        check_medians<std::uint8_t>(images.median3_bytes, plain.median3_bytes, table->name);
        check_medians<std::uint8_t>(images.median2_bytes, plain.median2_bytes, table->name);
        check_medians<float>(images.median3_floats, plain.median3_floats, table->name);
        check_medians<float>(images.median2_floats, plain.median2_floats, table->name);

        std::mt19937 random(3);
        std::uniform_real_distribution<float> uniform(-2.0F, 3.0F);
        const kernels::ByteLevels levels{249, 1014, 11, 527, 23, 6};
        for (const std::size_t count : {0U, 1U, 15U, 31U, 32U, 33U, 63U, 64U, 65U, 1000U}) {
            std::vector<std::uint8_t> bytes(count), byte_out(count + 1, 77), byte_expected(count);
            std::vector<float> floats(count), float_out(count + 1, 77.0F), float_expected(count);
            for (std::size_t i = 0; i < count; ++i) {
                bytes[i] = static_cast<std::uint8_t>(random());
                floats[i] = i % 7 == 0 ? 0.5F / 31.0F * static_cast<float>(i) : uniform(random);
            }
            plain.reduce_bytes(bytes.data(), count, &levels, byte_expected.data());
            images.reduce_bytes(bytes.data(), count, &levels, byte_out.data());
            CHECK(std::equal(byte_expected.begin(), byte_expected.end(), byte_out.begin()));
            CHECK(byte_out[count] == 77);
            plain.reduce_floats(floats.data(), count, 31.0F, 1.0F, float_expected.data());
            images.reduce_floats(floats.data(), count, 31.0F, 1.0F, float_out.data());
            CHECK(std::equal(float_expected.begin(), float_expected.end(), float_out.begin()));
            CHECK(float_out[count] == 77.0F);
        }
    }
}
