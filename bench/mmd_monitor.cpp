// SPDX-License-Identifier: Apache-2.0
// What the windowed random-feature MMD costs per row, beside the product of rows and frequencies that it cannot do
// without: by the library's own fused product on this CPU, and by Eigen as this program is compiled.
#include "vedette/drift/mmd_monitor.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <new>
#include <vector>

#include "kernels/dispatch.hpp"
#include "vedette/core/random.hpp"

namespace {

namespace kernels = vedette::kernels;
using Clock = std::chrono::steady_clock;

constexpr std::size_t columns = 512;
constexpr std::size_t features = 256;
constexpr std::size_t rows = 1024;
constexpr int repeats = 40;

struct Work {
    const char* name;
    std::function<void()> run;
    double best = 1e300;  // ns per row
};

std::vector<float> normals(std::size_t count) {
    vedette::Random random(1);
    std::vector<float> values(count);
    for (float& value : values) value = static_cast<float>(random.normal());
    return values;
}

struct alignas(64) Line {
    float values[16];
};

// out = panels of rows times frequencies, by the product kernel.
class KernelProduct {
  public:
    explicit KernelProduct(const std::vector<float>& x, const std::vector<float>& weights)
        : weights_(weights), panels_(rows * columns / 16), out_(features * kernels::panel_rows / 16) {
        float* const to = panels_.front().values;
        for (std::size_t i = 0; i < rows; ++i)
            for (std::size_t j = 0; j < columns; ++j)
                to[(i / kernels::panel_rows * columns + j) * kernels::panel_rows + i % kernels::panel_rows] =
                    x[i * columns + j];
    }
    void run() {
        const auto& table = kernels::pairs<float>(kernels::kernels());
        for (std::size_t panel = 0; panel < rows / kernels::panel_rows; ++panel) {
            const kernels::PanelProduct<float> product{panels_.front().values + panel * columns * kernels::panel_rows,
                                                       columns,
                                                       weights_.data(),
                                                       columns,
                                                       1,
                                                       features,
                                                       out_.front().values,
                                                       false};
            table.multiply(&product);
        }
    }
    [[nodiscard]] float first() const { return out_.front().values[0]; }

  private:
    const std::vector<float>& weights_;
    std::vector<Line> panels_;
    std::vector<Line> out_;
};

}  // namespace

int main() {
    const auto x = normals(rows * columns);
    const auto weights = normals(features * columns);
    using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const Eigen::Map<const Matrix> left(x.data(), rows, columns);
    const Eigen::Map<const Matrix> right(weights.data(), features, columns);
    Matrix product(rows, features);
    KernelProduct kernel(x, weights);
    const auto view = vedette::MatrixView<float>::row_major(x.data(), rows, columns);
    vedette::drift::MmdMonitor<float> monitor(
        view, {.features = features, .window = 100, .expected_run = 1e4, .simulations = 1000});
    vedette::drift::MmdMonitor<float> single = monitor;
    auto window = monitor.fitted().window();

    std::vector<Work> works = {
        {"product, kernel", [&] { kernel.run(); }},
        {"product, Eigen", [&] { product.noalias() = left * right.transpose(); }},
        {"monitor, batches", [&] { monitor.update(view); }},
        {"monitor, row by row",
         [&] {
             for (std::size_t i = 0; i < rows; ++i) single.update({x.data() + i * columns, columns});
         }},
        {"sums of a window", [&] { monitor.fitted().observe(window, view); }},
    };
    // In turns, so that a slow spell of the machine meets all of them.
    for (int repeat = 0; repeat < repeats; ++repeat)
        for (Work& work : works) {
            const auto start = Clock::now();
            work.run();
            const std::chrono::duration<double, std::nano> time = Clock::now() - start;
            work.best = std::min(work.best, time.count() / rows);
        }
    std::printf("%s, d = %zu, %zu features; least of %d\n", kernels::kernels().name, columns, features, repeats);
    for (const Work& work : works)
        std::printf("%-20s %8.0f ns/row   %5.2f x product by kernel   %5.2f x product by Eigen\n", work.name, work.best,
                    work.best / works[0].best, work.best / works[1].best);
    return kernel.first() + product(0, 0) + static_cast<float>(monitor.width() + single.width()) == 0.0F ? 1 : 0;
}
