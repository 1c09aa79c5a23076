// SPDX-License-Identifier: Apache-2.0
// Notes of an exchange as it goes along, and when it must stop.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "vedette/validation/schema_exchange.hpp"

namespace vedette::inline v0::validation {

class ExchangeNotes {
  public:
    /// `source` begins the message of an error, e.g. "JSON Schema".
    ExchangeNotes(std::string source, const ExchangeOptions& options) : source_(std::move(source)), options_(options) {}

    /// Throws Error(invalid_argument): "<source> <path>: <what>".
    [[noreturn]] void refuse(const std::string& path, const std::string& what) const;
    void annotation(const std::string& path, const std::string& what) {
        notes_.push_back({Effect::annotation, path, what});
    }
    void stricter(const std::string& path, const std::string& what) {
        notes_.push_back({Effect::stricter, path, what});
    }
    /// Refuses, unless losses are allowed.
    void looser(const std::string& path, const std::string& what);

    /// Each once, in the order in which they came up.
    [[nodiscard]] std::vector<ExchangeNote> take() &&;

  private:
    std::string source_;
    ExchangeOptions options_;
    std::vector<ExchangeNote> notes_;
};

}  // namespace vedette::inline v0::validation
