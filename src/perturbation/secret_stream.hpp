// SPDX-License-Identifier: Apache-2.0
// Secret tables of a deployment, all from one key.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "vedette/perturbation/fingerprint.hpp"

namespace vedette::inline v0::perturbation {

/// The key given, or one drawn by the system; throws Error(internal) where there is no source.
FingerprintKey key_of(const std::optional<FingerprintKey>& given);

/// Secret bytes for one purpose: the keystream of ChaCha20, the same on every machine.
std::vector<std::uint8_t> expand_bytes(const FingerprintKey& key, std::uint8_t purpose, std::size_t count);
std::vector<std::uint64_t> expand_words(const FingerprintKey& key, std::uint8_t purpose, std::size_t count);

}  // namespace vedette::inline v0::perturbation
