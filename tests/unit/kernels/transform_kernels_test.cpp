// SPDX-License-Identifier: Apache-2.0
// Steps of the Fourier transform: by definition, and the same bits on every instruction set.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>
#include <vector>

#include "kernels/dispatch.hpp"
#include "kernels/transform_table.hpp"
#include "vedette/core/random.hpp"

namespace {

using namespace vedette::kernels;
using Complex = std::complex<double>;

struct Numbers {
    std::vector<double> re, im;

    Numbers(std::size_t count, vedette::Random& random) : re(count), im(count) {
        for (std::size_t i = 0; i < count; ++i) {
            re[i] = random.normal();
            im[i] = random.normal();
        }
    }
    [[nodiscard]] Complex at(std::size_t i) const { return {re[i], im[i]}; }
    friend bool operator==(const Numbers&, const Numbers&) = default;
};

void check_near(const Numbers& got, std::size_t i, Complex wanted) {
    CHECK(std::abs(got.at(i) - wanted) <= 1e-14 * (1.0 + std::abs(wanted)));
}

TEST_CASE("a pass is the transform of four quarters, turned; and back") {
    vedette::Random random(41);
    for (const std::size_t q : {1U, 2U, 5U, 8U, 13U, 64U}) {
        const Numbers start(4 * q, random);
        std::vector<double> cosine(q), sine(q);
        for (std::size_t j = 0; j < q; ++j) {
            const double angle = 2.0 * std::numbers::pi * static_cast<double>(j) / static_cast<double>(4 * q);
            cosine[j] = std::cos(angle);
            sine[j] = std::sin(angle);
        }
        Numbers first = start;
        baseline_transforms.forward_pass(first.re.data(), first.im.data(), q, cosine.data(), sine.data());
        constexpr std::size_t frequencies[] = {0, 2, 1, 3};
        for (std::size_t quarter = 0; quarter < 4; ++quarter)
            for (std::size_t j = 0; j < q; ++j) {
                Complex sum = 0.0;
                const auto turn = [](double part) { return std::polar(1.0, -2.0 * std::numbers::pi * part); };
                for (std::size_t k = 0; k < 4; ++k)
                    sum += start.at(k * q + j) * turn(static_cast<double>(k * frequencies[quarter]) / 4.0);
                const auto turned = static_cast<double>(j * frequencies[quarter]) / static_cast<double>(4 * q);
                check_near(first, quarter * q + j, sum * turn(turned));
            }
        Numbers last = first;
        baseline_transforms.backward_pass(last.re.data(), last.im.data(), q, cosine.data(), sine.data());
        for (std::size_t i = 0; i < 4 * q; ++i) check_near(last, i, 4.0 * start.at(i));
        for (const KernelTable* table : available_tables()) {
            CAPTURE(table->name);
            Numbers got = start;
            transforms(*table).forward_pass(got.re.data(), got.im.data(), q, cosine.data(), sine.data());
            CHECK(got == first);
            transforms(*table).backward_pass(got.re.data(), got.im.data(), q, cosine.data(), sine.data());
            CHECK(got == last);
        }
    }
}

TEST_CASE("products, squares and the largest of them") {
    vedette::Random random(42);
    constexpr std::size_t count = 40;
    Numbers a(count, random);
    const Numbers b(count, random);
    a.re[7] = a.im[7] = 1e-80;  // whose square is taken for 0
    a.re[8] = 1e-70;            // whose square is not
    a.im[8] = 0.0;
    for (const KernelTable* table : available_tables()) {
        CAPTURE(table->name);
        const TransformKernels& steps = transforms(*table);
        for (const std::size_t size : {0U, 1U, 6U, 39U, 40U}) {
            Numbers product = a, square = a, expected = a, squares = a;
            steps.multiply(product.re.data(), product.im.data(), b.re.data(), b.im.data(), size);
            steps.square(square.re.data(), square.im.data(), size);
            baseline_transforms.multiply(expected.re.data(), expected.im.data(), b.re.data(), b.im.data(), size);
            baseline_transforms.square(squares.re.data(), squares.im.data(), size);
            CHECK(product == expected);
            CHECK(square == squares);
            for (std::size_t i = 0; i < count; ++i) {
                check_near(product, i, i < size ? a.at(i) * b.at(i) : a.at(i));
                if (i != 7) check_near(square, i, i < size ? a.at(i) * a.at(i) : a.at(i));
            }
            if (size > 8) {
                CHECK(square.re[7] == 0.0);
                CHECK(square.im[7] == 0.0);
                CHECK(square.re[8] > 0.0);
            }
        }
        double largest = 0.0;
        for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, std::norm(a.at(i)));
        CHECK(steps.largest_square(a.re.data(), a.im.data(), count) == doctest::Approx(largest).epsilon(1e-15));
        CHECK(steps.largest_square(a.re.data(), a.im.data(), 0) == 0.0);
    }
}

}  // namespace
