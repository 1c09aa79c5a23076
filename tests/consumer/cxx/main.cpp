// SPDX-License-Identifier: Apache-2.0
// The smallest whole program: learns what is normal, judges one request as a server would, and refuses a bad one.
#include <array>
#include <iostream>
#include <limits>
#include <vector>
#include <vedette/vedette.hpp>

int main() {
    // Offline: the data that the model was trained on, column by column.
    std::vector<float> amount;
    std::vector<float> age;
    for (int i = 0; i < 1000; ++i) {
        amount.push_back(static_cast<float>(i % 97) * 1.5F);
        age.push_back(18.0F + static_cast<float>(i % 61));
    }
    const vedette::Table reference(
        {{"amount", vedette::Column::numeric(amount)}, {"age", vedette::Column::numeric(age)}});
    const vedette::Guard guard{vedette::Baseline::build(reference)};

    // In the server: one guard for all threads, one window for each.
    vedette::Window window{guard.baseline()};
    const std::array<float, 2> usual{42.0F, 33.0F};
    const std::array<float, 2> broken{std::numeric_limits<float>::quiet_NaN(), 33.0F};
    const vedette::Verdict good = guard.check(usual, window);
    const vedette::Verdict bad = guard.check(broken, window);
    std::cout << "vedette " << vedette::version_string << " on " << vedette::active_instruction_set() << "\n"
              << guard.explain(bad) << "\n";

    // Misuse is an exception at set-up, never later.
    try {
        const vedette::Baseline refused = vedette::Baseline::load("no-such-file.vedette");
        return 1;
    } catch (const vedette::Error& error) {
        std::cout << vedette::error_code_name(error.code()) << ": " << error.what() << "\n";
    }
    return good.decision == vedette::Decision::pass && bad.decision != vedette::Decision::pass ? 0 : 1;
}
