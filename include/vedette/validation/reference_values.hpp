// SPDX-License-Identifier: Apache-2.0
// The values of a reference set, made ready: texts that values of features may have to occur in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace vedette::inline v0::validation {

/// Immutable, cheap to copy, any number of threads may ask at once. A value that is given twice is there once.
class ReferenceValues {
  public:
    /// What bounds the memory of a set: about 40 bytes a value, and its own.
    static constexpr std::size_t most_values = std::size_t{1} << 24;
    static constexpr std::size_t most_bytes = std::size_t{1} << 30;

    /// Throws Error(overflow) for more values, or bytes of them all. O(n log n).
    explicit ReferenceValues(std::span<const std::string> values);

    /// Byte by byte; noexcept, no allocation, O(length of the text).
    [[nodiscard]] bool holds(std::string_view text) const noexcept;
    /// Whether its shortest decimal text is there, "-7", say. O(log values).
    [[nodiscard]] bool holds(std::int64_t number) const noexcept;
    [[nodiscard]] std::size_t size() const noexcept;

  private:
    struct Table;
    std::shared_ptr<const Table> table_;
};

/// The caller's clock: nanoseconds since 1970-01-01T00:00:00Z. Called from every thread that judges; must not throw.
struct Clock {
    std::int64_t (*now)(void* user) = nullptr;
    void* user = nullptr;
};

/// What a schema is judged with, but does not say itself.
struct RuleInputs {
    /// Of the schema's reference sets that are the caller's to give, by name.
    std::map<std::string, ReferenceValues, std::less<>> reference_sets{};
    /// Of `freshness`; none: it is not evaluated.
    Clock clock{};
};

}  // namespace vedette::inline v0::validation
