// SPDX-License-Identifier: Apache-2.0
// Reads the oracles' committed values.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

inline nlohmann::json oracle_data(const std::string& name) {
    std::ifstream file(std::string(VEDETTE_SOURCE_DIR) + "/tests/oracle/data/" + name);
    if (!file) throw std::runtime_error("no oracle data: " + name);
    return nlohmann::json::parse(file);
}
