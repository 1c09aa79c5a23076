// SPDX-License-Identifier: Apache-2.0
// Error codes keep their values and names.
#include "vedette/core/error.hpp"

#include <doctest/doctest.h>

#include <string_view>

using namespace vedette;

TEST_CASE("error: code, message and base class") {
    try {
        throw Error(ErrorCode::corrupt_data, "file 'x': truncated");
    } catch (const std::runtime_error& error) {
        CHECK(std::string_view(error.what()) == "file 'x': truncated");
        CHECK(dynamic_cast<const Error&>(error).code() == ErrorCode::corrupt_data);
    }
}

TEST_CASE("error: names and pinned values") {
    CHECK(static_cast<int>(ErrorCode::invalid_argument) == 100);
    CHECK(static_cast<int>(ErrorCode::io_error) == 200);
    CHECK(static_cast<int>(ErrorCode::corrupt_data) == 201);
    CHECK(static_cast<int>(ErrorCode::internal) == 900);
    CHECK(std::string_view(error_code_name(ErrorCode::unsupported_version)) == "unsupported_version");
    CHECK(std::string_view(error_code_name(static_cast<ErrorCode>(7))) == "unknown");
}
