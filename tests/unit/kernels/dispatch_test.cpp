// SPDX-License-Identifier: Apache-2.0
// Which kernels a process gets.
#include "kernels/dispatch.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "vedette/core/version.hpp"

namespace {

using namespace vedette::kernels;

TEST_CASE("the kernels in use are the ones VEDETTE_ISA names, if available, else the best") {
    const AvailableTables available = available_tables();
    REQUIRE(available.count >= 1);
    std::string expected = available.tables[0]->name;
    if (const char* name = std::getenv("VEDETTE_ISA")) {
        for (const KernelTable* table : available) {
            if (std::string(name) == table->name) expected = name;
        }
    }
    CHECK(std::string(kernels().name) == expected);
    CHECK(std::string(vedette::active_instruction_set()) == expected);
    CHECK(&kernels() == &kernels());
}

TEST_CASE("every instruction set of build and CPU is offered") {
    [[maybe_unused]] const auto offered = [](const std::string& name) {
        for (const KernelTable* table : available_tables()) {
            if (name == table->name) return true;
        }
        return false;
    };
#if defined(VEDETTE_EXPECT_AVX2)
    CHECK(offered("avx2") == (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")));
#endif
#if defined(VEDETTE_EXPECT_AVX512)
    CHECK(offered("avx512") == (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")));
#endif
    CHECK((offered("baseline") || offered("neon")));
}

TEST_CASE("the tables are distinct, and the baseline is always there") {
    const AvailableTables available = available_tables();
    for (std::size_t i = 0; i < available.count; ++i) {
        for (std::size_t j = 0; j < i; ++j) CHECK(std::string(available.tables[i]->name) != available.tables[j]->name);
    }
    const std::string last = available.tables[available.count - 1]->name;
    CHECK((last == "baseline" || last == "neon"));
}

}  // namespace
