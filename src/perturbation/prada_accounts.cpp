// SPDX-License-Identifier: Apache-2.0
// The place of an account, its bytes and those of all.
#include "vedette/perturbation/prada_accounts.hpp"

#include <algorithm>
#include <string>

#include "kernels/scalar_fingerprints.hpp"
#include "perturbation/feature_rows.hpp"
#include "perturbation/secret_stream.hpp"
#include "vedette/core/container.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* file_kind = "prada_accounts";
constexpr std::size_t most_bytes = std::size_t{1} << 34U;

void require(bool condition) {
    if (!condition) throw Error(ErrorCode::corrupt_data, "PradaAccounts: a file that no such object writes");
}

std::string tensor_name(std::size_t place) {
    return "prada_" + std::to_string(place);
}

}  // namespace

PradaAccounts::PradaAccounts(const PradaOptions& options, std::size_t accounts,
                             const std::optional<FingerprintKey>& key) {
    require_option("PradaAccounts", "accounts", accounts, 1, most_accounts);
    const Prada empty(options);  // which checks the options
    if (Prada::memory_needed(options) > most_bytes / accounts)
        throw Error(ErrorCode::overflow, "PradaAccounts: all accounts together take more than 2^34 bytes");
    const std::vector<std::uint64_t> words = expand_words(key_of(key), 5, 2);
    account_key_ = {words[0], words[1]};
    places_.reserve(accounts);
    for (std::size_t i = 0; i < accounts; ++i) places_.push_back({0, 0, Prada(options)});
}

std::uint64_t PradaAccounts::hash_of(std::string_view account) const noexcept {
    const std::uint64_t key[2] = {account_key_[0], account_key_[1]};
    return kernels::scalar::sip_hash<1, 3>(reinterpret_cast<const std::uint8_t*>(account.data()), account.size(), key);
}

PradaState PradaAccounts::update(std::span<const float> input, std::uint32_t predicted,
                                 std::string_view account) noexcept {
    const std::uint64_t hash = hash_of(account);
    Place* oldest = &places_.front();
    Place* own = nullptr;
    for (Place& place : places_) {
        if (place.last != 0 && place.account == hash) {
            own = &place;
            break;
        }
        if (place.last < oldest->last) oldest = &place;
    }
    if (own == nullptr) {
        own = oldest;
        own->account = hash;
        own->prada.reset();
    }
    own->last = ++turn_;
    return own->prada.update(input, predicted);
}

bool PradaAccounts::forget(std::string_view account) noexcept {
    const std::uint64_t hash = hash_of(account);
    for (Place& place : places_) {
        if (place.last == 0 || place.account != hash) continue;
        place.account = place.last = 0;
        place.prada.reset();
        return true;
    }
    return false;
}

std::size_t PradaAccounts::accounts() const noexcept {
    return static_cast<std::size_t>(
        std::count_if(places_.begin(), places_.end(), [](const Place& place) { return place.last != 0; }));
}

std::size_t PradaAccounts::memory() const noexcept {
    std::size_t sum = sizeof *this;
    for (const Place& place : places_) sum += sizeof place - sizeof place.prada + place.prada.memory();
    return sum;
}

std::vector<std::byte> PradaAccounts::serialize() const {
    ContainerWriter writer;
    std::vector<std::uint64_t> words;
    for (std::size_t i = 0; i < places_.size(); ++i) {
        words.insert(words.end(), {places_[i].account, places_[i].last});
        // Of a free place the first alone is written, for the options.
        if (places_[i].last == 0 && i != 0) continue;
        const std::vector<std::byte> bytes = places_[i].prada.serialize();
        writer.add(tensor_name(i), std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
    }
    writer.add("places", words);
    writer.add("settings", std::vector<std::uint64_t>{account_key_[0], account_key_[1], turn_});
    return writer.finish(file_kind);
}

PradaAccounts PradaAccounts::deserialize(std::span<const std::byte> bytes, std::size_t most_memory) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    for (const TensorView& tensor : file.tensors()) require(tensor.shape.size() == 1);
    const auto words = file.values<std::uint64_t>("places");
    const auto settings = file.values<std::uint64_t>("settings", 3);
    const std::size_t accounts = words.size() / 2;
    require(words.size() % 2 == 0 && accounts >= 1 && accounts <= most_accounts &&
            settings[2] < std::uint64_t{1} << 62U);
    const Prada first =
        Prada::deserialize(std::as_bytes(file.values<std::uint8_t>(tensor_name(0))), most_memory / accounts);
    const PradaOptions& options = first.options();
    require(Prada::memory_needed(options) <= most_bytes / accounts);
    PradaAccounts result;
    result.account_key_ = {settings[0], settings[1]};
    result.turn_ = settings[2];
    std::size_t tensors = 2;
    for (std::size_t i = 0; i < accounts; ++i) {
        const std::uint64_t last = words[2 * i + 1];
        const bool is_written = last != 0 || i == 0;
        tensors += is_written ? 1 : 0;
        Place place{words[2 * i], last,
                    is_written ? Prada::deserialize(std::as_bytes(file.values<std::uint8_t>(tensor_name(i))),
                                                    most_memory / accounts)
                               : Prada(options)};
        const PradaOptions& own = place.prada.options();
        require(own.values == options.values && own.classes == options.classes && own.capacity == options.capacity &&
                own.distances == options.distances && own.threshold == options.threshold);
        require(last <= result.turn_ && (last != 0 || (place.account == 0 && place.prada.inputs() == 0)));
        result.places_.push_back(std::move(place));
    }
    require(file.tensors().size() == tensors);
    return result;
}

}  // namespace vedette::inline v0::perturbation
