// SPDX-License-Identifier: Apache-2.0
// Reads the oracles' committed values.
#pragma once

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "source_directory.hpp"

/// The document of that name. It lives as long as the program, so that a loop over a part of it may begin here.
inline const nlohmann::json& oracle_data(const std::string& name) {
    static std::map<std::string, nlohmann::json> documents;
    const auto known = documents.find(name);
    if (known != documents.end()) return known->second;
    std::ifstream file(std::string(source_directory()) + "/tests/oracle/data/" + name);
    if (!file) throw std::runtime_error("no oracle data: " + name);
    return documents[name] = nlohmann::json::parse(file);
}
