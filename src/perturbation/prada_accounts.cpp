// SPDX-License-Identifier: Apache-2.0
// PRADA at the place of an account; all of them as bytes.
#include "vedette/perturbation/prada_accounts.hpp"

#include <string>

#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

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
                             const std::optional<FingerprintKey>& key)
    : places_("PradaAccounts", accounts, key) {
    const Prada empty(options);  // which checks the options
    if (Prada::memory_needed(options) > most_bytes / accounts)
        throw Error(ErrorCode::overflow, "PradaAccounts: all accounts together take more than 2^34 bytes");
    pradas_.reserve(accounts);
    for (std::size_t i = 0; i < accounts; ++i) pradas_.emplace_back(options);
}

PradaState PradaAccounts::update(std::span<const float> input, std::uint32_t predicted,
                                 std::string_view account) noexcept {
    const AccountPlaces::Found found = places_.place_of(account);
    if (found.is_new) pradas_[found.place].reset();
    return pradas_[found.place].update(input, predicted);
}

bool PradaAccounts::forget(std::string_view account) noexcept {
    const std::optional<std::size_t> place = places_.release(account);
    if (place) pradas_[*place].reset();
    return place.has_value();
}

std::size_t PradaAccounts::memory() const noexcept {
    std::size_t sum = sizeof *this + places_.memory();
    for (const Prada& prada : pradas_) sum += prada.memory();
    return sum;
}

std::vector<std::byte> PradaAccounts::serialize() const {
    ContainerWriter writer;
    for (std::size_t i = 0; i < pradas_.size(); ++i) {
        // Of a free place the first alone is written, for the options.
        if (places_.is_free(i) && i != 0) continue;
        const std::vector<std::byte> bytes = pradas_[i].serialize();
        writer.add(tensor_name(i), std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
    }
    const auto settings = places_.settings();
    writer.add("places", places_.words());
    writer.add("settings", std::vector<std::uint64_t>(settings.begin(), settings.end()));
    return writer.finish(file_kind);
}

PradaAccounts PradaAccounts::deserialize(std::span<const std::byte> bytes, std::size_t most_memory) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    for (const TensorView& tensor : file.tensors()) require(tensor.shape.size() == 1);
    auto places =
        AccountPlaces::from_words(file.values<std::uint64_t>("places"), file.values<std::uint64_t>("settings", 3));
    require(places.has_value());
    const std::size_t accounts = places->size();
    const auto read = [&](std::size_t place) {
        return Prada::deserialize(std::as_bytes(file.values<std::uint8_t>(tensor_name(place))), most_memory / accounts);
    };
    std::vector<Prada> pradas{read(0)};
    const PradaOptions options = pradas[0].options();
    require(Prada::memory_needed(options) <= most_bytes / accounts);
    std::size_t tensors = 3;
    for (std::size_t i = 0; i < accounts; ++i) {
        if (places->is_free(i)) {
            if (i != 0) pradas.emplace_back(options);
            require(pradas[i].inputs() == 0);
            continue;
        }
        if (i != 0) {
            pradas.push_back(read(i));
            ++tensors;
        }
        const PradaOptions& own = pradas[i].options();
        require(own.values == options.values && own.classes == options.classes && own.capacity == options.capacity &&
                own.distances == options.distances && own.threshold == options.threshold);
    }
    require(file.tensors().size() == tensors);
    return PradaAccounts(*std::move(places), std::move(pradas));
}

}  // namespace vedette::inline v0::perturbation
