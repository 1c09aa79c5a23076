// SPDX-License-Identifier: Apache-2.0
// The walk on every instruction set: by definition, the same bits everywhere, and what it declines.
#include <doctest/doctest.h>

#include <cstring>
#include <limits>

#include "kernels/dispatch.hpp"
#include "walk_checks.hpp"

namespace {

using namespace vedette::kernels;
using kernel_checks::WalkCase;

// Whether a table walks at all, or leaves everything to sorting.
template <class T>
bool walks_at_all(const KernelTable& table) {
    std::mt19937_64 random(1);
    WalkState state;
    return kernel_checks::walk_case<T>(0, 40, 40, random).run(table, WalkSum::squares, state);
}

}  // namespace

TEST_CASE_TEMPLATE("a walk adds what its sums are defined to be", T, float, double) {
    for (const KernelTable* table : available_tables()) {
        CAPTURE(table->name);
        if (!walks_at_all<T>(*table)) continue;
        const std::string failure = kernel_checks::check_walk<T>(*table);
        CHECK_MESSAGE(failure.empty(), failure);
    }
}

TEST_CASE_TEMPLATE("all instruction sets give the same bits", T, float, double) {
    std::mt19937_64 random(32);
    for (int kind = 0; kind < kernel_checks::walk_kinds; ++kind) {
        const WalkCase<T> chunk = kernel_checks::walk_case<T>(kind, 1300, 1700, random);
        for (const WalkSum sum : kernel_checks::every_walk_sum) {
            WalkState first;
            bool taken = false;
            for (const KernelTable* table : available_tables()) {
                CAPTURE(table->name);
                WalkState state;
                const bool takes = chunk.run(*table, sum, state);
                if (table != *available_tables().begin()) {
                    CHECK(takes == taken);
                    CHECK(std::memcmp(&state.sums, &first.sums, sizeof state.sums) == 0);
                }
                first = state;
                taken = takes;
            }
        }
    }
}

TEST_CASE_TEMPLATE("what does not spread is declined, and the state kept", T, float, double) {
    const T infinity = std::numeric_limits<T>::infinity();
    const T largest = std::numeric_limits<T>::max();
    const T least = std::numeric_limits<T>::denorm_min();
    WalkCase<T> crowded{std::vector<T>(60, T(1)), 30};
    crowded.values.push_back(T(2));
    for (const KernelTable* table : available_tables()) {
        CAPTURE(table->name);
        for (const WalkCase<T>& chunk : {WalkCase<T>{{T(3), T(3), T(3)}, 1}, WalkCase<T>{{T(1), infinity, T(2)}, 2},
                                         WalkCase<T>{{-infinity, T(1)}, 1}, WalkCase<T>{{-largest, largest}, 1},
                                         WalkCase<T>{{T(0), least}, 1}, crowded}) {
            WalkState state{1.0, 2.0, 3.0, {4.0}};
            CHECK_FALSE(chunk.run(*table, WalkSum::placements, state));
            CHECK(state.reference_below == 1.0);
            CHECK(state.previous == 3.0);
            CHECK(state.sums[0] == 4.0);
        }
    }
}
