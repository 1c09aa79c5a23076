// SPDX-License-Identifier: Apache-2.0
// Inputs to sketches to steps.
#include "vedette/perturbation/update_similarity.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "kernels/scalar_fingerprints.hpp"
#include "perturbation/feature_rows.hpp"
#include "perturbation/secret_stream.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* who = "UpdateSimilarity";

}  // namespace

UpdateSimilarity::UpdateSimilarity(const UpdateSimilarityOptions& options) {
    require_option(who, "values", options.values, 1, std::size_t{1} << 26U);
    require_option(who, "accounts", options.accounts, ways, std::size_t{1} << 20U);
    if (!std::has_single_bit(options.accounts))
        throw Error(ErrorCode::invalid_argument,
                    "UpdateSimilarity: accounts is " + std::to_string(options.accounts) + ", must be a power of two");
    const FingerprintKey key = key_of(options.key);
    signs_.reserve(options.values);
    for (const std::uint8_t byte : expand_bytes(key, 3, options.values))
        signs_.push_back(static_cast<std::int8_t>(byte % 2 == 0 ? 1 : -1));
    const std::vector<std::uint64_t> words = expand_words(key, 4, 2);
    account_key_ = {words[0], words[1]};
    places_.resize(options.accounts);
}

std::size_t UpdateSimilarity::memory() const noexcept {
    return sizeof *this + signs_.capacity() + places_.capacity() * sizeof(Place);
}

UpdateSimilarity::Place& UpdateSimilarity::place_of(std::uint64_t account) noexcept {
    const std::size_t set = static_cast<std::size_t>(account) & (places_.size() / ways - 1);
    Place* oldest = &places_[set * ways];
    for (std::size_t i = 0; i < ways; ++i) {
        Place& place = places_[set * ways + i];
        if (place.last != 0 && place.account == account) return place;
        if (place.last < oldest->last) oldest = &place;
    }
    *oldest = Place{.account = account};
    return *oldest;
}

template <class T>
UpdateEvidence UpdateSimilarity::take(std::span<const T> input, std::string_view account) noexcept {
    if (input.size() != signs_.size()) return {};
    Sketch sums{};
    const std::size_t whole = input.size() / lanes * lanes;
    for (std::size_t begin = 0; begin < whole; begin += lanes)
        for (std::size_t i = 0; i < lanes; ++i)
            sums[i] += static_cast<float>(input[begin + i]) * static_cast<float>(signs_[begin + i]);
    for (std::size_t i = whole; i < input.size(); ++i)
        sums[i - whole] += static_cast<float>(input[i]) * static_cast<float>(signs_[i]);
    if (!is_finite(sums)) return {};

    const std::uint64_t key[2] = {account_key_[0], account_key_[1]};
    Place& place = place_of(
        kernels::scalar::sip_hash<1, 3>(reinterpret_cast<const std::uint8_t*>(account.data()), account.size(), key));
    Sketch step;
    for (std::size_t i = 0; i < lanes; ++i) step[i] = sums[i] - place.input[i];
    // Between inputs at either end of the floats: no step that can be kept, and a file would not come back with it.
    if (!is_finite(step)) return {};
    place.last = ++turn_;
    double squares = 0.0, squares_before = 0.0, product = 0.0;
    for (std::size_t i = 0; i < lanes; ++i) {
        squares += static_cast<double>(step[i]) * static_cast<double>(step[i]);
        squares_before += static_cast<double>(place.step[i]) * static_cast<double>(place.step[i]);
        product += static_cast<double>(step[i]) * static_cast<double>(place.step[i]);
    }
    UpdateEvidence result;
    if (place.inputs >= 1) result.length = std::sqrt(squares);
    if (place.inputs >= 2 && squares > 0.0 && squares_before > 0.0) {
        result.similarity = std::clamp(product / (std::sqrt(squares) * std::sqrt(squares_before)), -1.0, 1.0);
        result.score = std::abs(result.similarity + 0.5);
    }
    place.input = sums;
    // An equal input is no step: the one before it stands, so that repeats cannot hide it.
    if (place.inputs >= 1 && squares > 0.0) place.step = step;
    ++place.inputs;
    return result;
}

UpdateEvidence UpdateSimilarity::update(std::span<const std::uint8_t> input, std::string_view account) noexcept {
    return take(input, account);
}
UpdateEvidence UpdateSimilarity::update(std::span<const float> input, std::string_view account) noexcept {
    return take(input, account);
}

}  // namespace vedette::inline v0::perturbation
