// SPDX-License-Identifier: Apache-2.0
// Saving and reading states that hold exact rows: no copy of them is left in freed memory.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

#include "vedette/core/container.hpp"
#include "vedette/privacy/secret_vector.hpp"

namespace vedette::inline v0::privacy {

/// A writer that wipes what was added to it when it goes, also by an exception. What `finish` gives is the caller's.
class SecretWriter final : public ContainerWriter {
  public:
    SecretWriter() = default;
    SecretWriter(const SecretWriter&) = delete;
    SecretWriter& operator=(const SecretWriter&) = delete;
    ~SecretWriter() { wipe(); }
};

/// The caller's bytes where a container can look at them in place, else a copy of its own, which is wiped.
class SecretBytes {
  public:
    explicit SecretBytes(std::span<const std::byte> bytes) : bytes_(bytes) {
        if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(std::uint64_t) == 0) return;
        copy_.resize((bytes.size() + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t));
        std::memcpy(copy_.data(), bytes.data(), bytes.size());
        bytes_ = std::as_bytes(std::span<const std::uint64_t>(copy_.data(), copy_.size())).first(bytes.size());
    }
    [[nodiscard]] std::span<const std::byte> get() const noexcept { return bytes_; }

  private:
    detail::SecretVector<std::uint64_t> copy_;
    std::span<const std::byte> bytes_;
};

}  // namespace vedette::inline v0::privacy
