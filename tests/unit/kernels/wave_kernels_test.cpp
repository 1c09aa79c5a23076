// SPDX-License-Identifier: Apache-2.0
// The kernels of random features against their plain twins, bit for bit, on every instruction set that this CPU has.
#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "kernels/dispatch.hpp"
#include "kernels/scalar_waves.hpp"

namespace kernels = vedette::kernels;

namespace {

const kernels::WaveKernels plain = kernels::scalar::wave_entries();

template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

std::vector<float> normals(std::size_t count, float scale, std::mt19937& random) {
    std::normal_distribution<float> normal(0.0F, scale);
    std::vector<float> values(count);
    for (float& value : values) value = normal(random);
    return values;
}

template <class T>
void check_scaled(bool (*kernel)(const kernels::WaveScale*, const T*, float*) noexcept,
                  bool (*twin)(const kernels::WaveScale*, const T*, float*) noexcept, std::size_t columns,
                  std::mt19937& random) {
    std::normal_distribution<double> normal;
    std::vector<double> offset(columns), inverse(columns);
    for (std::size_t j = 0; j < columns; ++j) {
        offset[j] = normal(random);
        inverse[j] = random() % 7 == 0 ? 0.0 : std::ldexp(1.0, static_cast<int>(random() % 40) - 20);
    }
    const kernels::WaveScale scale{offset.data(), inverse.data(), 1024.0, columns};
    const T special[] = {std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity(),
                         -std::numeric_limits<T>::infinity()};
    const T odd[] = {std::numeric_limits<T>::max(), std::numeric_limits<T>::lowest(),
                     std::numeric_limits<T>::denorm_min(), T(-0.0)};
    for (std::size_t spoilt = 0; spoilt <= columns; ++spoilt) {
        std::vector<T> row(columns);
        for (T& value : row)
            value = random() % 9 == 0 ? odd[random() % 4]
                                      : static_cast<T>(std::ldexp(normal(random), static_cast<int>(random() % 30)));
        if (spoilt < columns) row[spoilt] = special[spoilt % 3];
        std::vector<float> got(columns), expected(columns);
        const bool finite = kernel(&scale, row.data(), got.data());
        REQUIRE(finite == twin(&scale, row.data(), expected.data()));
        REQUIRE(finite == (spoilt == columns));
        if (finite) REQUIRE(same(got, expected));
    }
}

}  // namespace

TEST_CASE("rows are scaled, made waves of and slid over by every instruction set as by plain loops") {
    for (const kernels::KernelTable* table : kernels::available_tables()) {
        CAPTURE(table->name);
        const kernels::WaveKernels& waves = table->waves;
        std::mt19937 random(5);
        for (std::size_t columns = 1; columns < 40; ++columns) {
            check_scaled(waves.scale_floats, plain.scale_floats, columns, random);
            check_scaled(waves.scale_doubles, plain.scale_doubles, columns, random);
        }
        // Panels that fill tiles and those that do not; depths beyond one block of it; rows of whole groups and others.
        for (const std::size_t panels : {1U, 2U, 3U, 5U, 8U})
            for (const std::size_t columns : {1U, 3U, 255U, 300U})
                for (const std::size_t count : {1U, 4U, 7U, 64U}) {
                    const std::size_t stride = columns + 5;
                    const auto rows = normals((count + 3) / 4 * 4 * stride, 1.0F, random);
                    const auto weights = normals(panels * columns * kernels::wave_panel, 2.0F, random);
                    const kernels::WaveRequest request{rows.data(), count, columns, stride, weights.data(), panels};
                    const std::size_t width = 2 * panels * kernels::wave_panel;
                    std::vector<std::int32_t> got(count * width), expected(count * width);
                    waves.evaluate(&request, got.data());
                    plain.evaluate(&request, expected.data());
                    REQUIRE(same(got, expected));
                    std::vector<std::int32_t> sums(width, 17), expected_sums(width, 17);
                    waves.add(&request, sums.data());
                    plain.add(&request, expected_sums.data());
                    REQUIRE(same(sums, expected_sums));
                }
        for (const std::size_t width : {16U, 48U, 512U}) {
            std::vector<double> mean(width), sums(width), expected_sums(width);
            std::normal_distribution<double> normal(0.0, 1e5);
            for (double& value : mean) value = normal(random);
            std::vector<std::int32_t> entering(width), leaving(width);
            for (int step = 0; step < 50; ++step) {
                for (auto* const list : {&entering, &leaving})
                    for (std::int32_t& value : *list)
                        value = static_cast<std::int32_t>(random() % (1U << 21U)) - (1 << 20);
                const auto rows = static_cast<double>(step + 1);
                const kernels::WaveSlide slide{entering.data(), leaving.data(), mean.data(), rows, width, sums.data()};
                kernels::WaveSlide twin = slide;
                twin.sums = expected_sums.data();
                REQUIRE(waves.slide(&slide) == plain.slide(&twin));
                REQUIRE(same(sums, expected_sums));
            }
        }
    }
}
