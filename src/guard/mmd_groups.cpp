// SPDX-License-Identifier: Apache-2.0
// Groups by links, and a window of the number of each.
#include "vedette/guard/mmd_groups.hpp"

#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0 {

namespace {

constexpr const char* file_kind = "mmd_groups";

// The number of a group as the name of a window.
class Name {
  public:
    explicit Name(std::uint64_t group) noexcept { std::memcpy(bytes_, &group, sizeof bytes_); }
    [[nodiscard]] std::string_view view() const noexcept { return {bytes_, sizeof bytes_}; }

  private:
    char bytes_[sizeof(std::uint64_t)];
};

std::uint64_t checked_share(std::uint64_t least_shared) {
    if (least_shared < 1) throw Error(ErrorCode::invalid_argument, "MmdGroups: least_shared is 0, must be 1 or more");
    return least_shared;
}

}  // namespace

MmdGroups::MmdGroups(drift::MmdMonitor<float> fitted, const MmdGroupOptions& options,
                     const std::optional<perturbation::FingerprintKey>& key)
    : unions_(options.accounts, options.largest),
      windows_(std::move(fitted), options.groups, key),
      least_shared_(checked_share(options.least_shared)) {}

MmdGroups::MmdGroups(perturbation::AccountUnions unions, MmdAccounts windows, std::uint64_t least_shared) noexcept
    : unions_(std::move(unions)), windows_(std::move(windows)), least_shared_(least_shared) {}

perturbation::AccountUnions::Joined MmdGroups::link(std::uint32_t account, std::uint32_t other,
                                                    std::uint64_t shared) noexcept {
    if (account == other || shared < least_shared_) return {};
    const perturbation::AccountUnions::Joined joined = unions_.unite(account, other);
    if (joined.ended != 0) windows_.join(Name(joined.group).view(), Name(joined.ended).view());
    return joined;
}

MmdGroupEvidence MmdGroups::update(std::span<const float> input, std::uint32_t account) noexcept {
    const std::uint64_t group = unions_.group_of(account);
    if (group == 0) return {};
    return {static_cast<std::uint32_t>(unions_.size_of(group)), windows_.update(input, Name(group).view()), group};
}

bool MmdGroups::forget(std::uint32_t account) noexcept {
    return unions_.release(account);
}

std::size_t MmdGroups::memory() const noexcept {
    return sizeof *this - sizeof windows_ + unions_.memory() + windows_.memory();
}

std::vector<std::byte> MmdGroups::serialize() const {
    ContainerWriter writer;
    writer.add("unions", unions_.words());
    const std::vector<std::byte> windows = windows_.serialize();
    writer.add("windows", std::span(reinterpret_cast<const std::uint8_t*>(windows.data()), windows.size()));
    writer.add_scalar("least_shared", least_shared_);
    return writer.finish(file_kind);
}

MmdGroups MmdGroups::deserialize(std::span<const std::byte> bytes, std::size_t most_memory) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    const auto require = [](bool condition) {
        if (!condition) throw Error(ErrorCode::corrupt_data, "MmdGroups: a file that no such object writes");
    };
    require(file.tensors().size() == 3);
    for (const char* part : {"unions", "windows"}) require(file.tensor(part).shape.size() == 1);
    require(file.tensor("least_shared").shape.empty());
    const auto least_shared = file.scalar<std::uint64_t>("least_shared");
    require(least_shared >= 1);
    auto unions = perturbation::AccountUnions::from_words(file.values<std::uint64_t>("unions"));
    require(unions.has_value());
    return {*std::move(unions),
            MmdAccounts::deserialize(std::as_bytes(file.values<std::uint8_t>("windows")), most_memory), least_shared};
}

}  // namespace vedette::inline v0
