// SPDX-License-Identifier: Apache-2.0
// Fuzzes the readers of fitted random features and their windows, as given and with the checksum mended.
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "container_input.hpp"
#include "promise.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/random_feature_mmd.hpp"

namespace {

using Mmd = vedette::drift::RandomFeatureMmd<double>;
using vedette::drift::FeatureWindow;

using vedette::fuzzing::attempt;
using vedette::fuzzing::require;

void check_window(const FeatureWindow& window) {
    const auto bytes = window.serialize();
    require(FeatureWindow::deserialize(bytes).serialize() == bytes, "writing a window is not canonical");
    FeatureWindow twice = window;
    try {
        twice.merge(window);
    } catch (const vedette::Error& error) {
        require(error.code() == vedette::ErrorCode::overflow, error.what());
        return;
    }
    require(twice.count() == 2 * window.count(), "rows got lost");
    require(FeatureWindow::deserialize(twice.serialize()).count() == twice.count(), "no round trip");
}

void check_fitted(const Mmd& mmd) {
    const auto bytes = mmd.serialize();
    require(Mmd::deserialize(bytes).serialize() == bytes, "writing is not canonical");
    if (mmd.dimension() > 1000) return;
    std::vector<double> rows(6 * mmd.dimension(), 0.5);
    rows[0] = std::numeric_limits<double>::quiet_NaN();
    rows.back() = -std::numeric_limits<double>::max();
    const auto view = vedette::MatrixView<double>::row_major(rows.data(), 6, mmd.dimension());
    FeatureWindow window = mmd.window();
    require(mmd.observe(window, view), "its own window is refused");
    require(window.count() == 5 && window.rows_left_out() == 1, "rows got lost");
    check_window(window);
    const auto result = mmd.test(window);
    require(result.test.p_value >= 0.0 && result.test.p_value <= 1.0, "p is no probability");
    require(mmd.witness(window, view).size() == 6, "scores got lost");
}

void try_bytes(const std::vector<std::byte>& bytes) {
    attempt([&] { check_window(FeatureWindow::deserialize(bytes)); });
    attempt([&] { check_fitted(Mmd::deserialize(bytes)); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    vedette::fuzzing::read_with_both_digests(data, size, try_bytes);
    return 0;
}
