// SPDX-License-Identifier: Apache-2.0
// Fuzzes what says how a window leaves the house, and a running total's saved state. A release policy that is accepted
// is within its limits and reads back as itself; a total that is accepted goes on, and saves to the same bytes.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "fuzz/container_input.hpp"
#include "privacy/keystream.hpp"
#include "promise.hpp"
#include "vedette/core/error.hpp"
#include "vedette/guard/release.hpp"
#include "vedette/privacy/continual_count.hpp"
#include "vedette/privacy/correlated_count.hpp"

namespace {

using vedette::Error;
using vedette::ErrorCode;
using vedette::ReleasePolicy;
using vedette::privacy::ContinualCount;
using vedette::privacy::CorrelatedCount;

using vedette::fuzzing::require;

void try_policy(std::string_view text) {
    try {
        const ReleasePolicy policy = ReleasePolicy::from_json(text);
        policy.validate();
        require(policy.epsilon >= ReleasePolicy::least_epsilon && policy.epsilon <= ReleasePolicy::largest_epsilon,
                "an epsilon outside its limits");
        require(policy.delta >= 0.0 && policy.delta <= 0.1, "a delta outside its limits");
        require(policy.rows_per_user >= 1 && policy.rows_per_user <= ReleasePolicy::most_rows_per_user, "rows");
        require(!policy.outputs.empty() || !policy.columns.empty() || !policy.groups.empty(), "nothing to release");
        require(ReleasePolicy::from_json(policy.to_json()) == policy, "another policy when read again");
    } catch (const Error& error) {
        require(error.code() == ErrorCode::invalid_policy, error.what());
    }
}

template <class Total>
void try_total(std::span<const std::byte> bytes) {
    try {
        Total count = Total::from_bytes(bytes);
        const std::vector<std::byte> saved = count.to_bytes();
        require(Total::from_bytes(saved).to_bytes() == saved, "other bytes when saved again");
        require(count.steps() <= count.horizon(), "more steps than were paid for");
        const std::uint64_t steps = count.steps();
        vedette::privacy::detail::Keystream::FixedKey key{};
        vedette::privacy::detail::Keystream keystream(key, vedette::privacy::CipherKind::chacha20);
        try {
            const auto release = count.step(1, keystream);
            require(steps < count.horizon(), "a step beyond the horizon");
            require(std::isfinite(release.value) && release.interval.lower <= release.value &&
                        release.value <= release.interval.upper,
                    "a release outside its own interval");
            require(count.steps() == steps + 1, "a step that was not counted");
        } catch (const Error& error) {
            require(error.code() == ErrorCode::budget_exhausted || error.code() == ErrorCode::overflow, error.what());
            require(count.to_bytes() == saved, "a refused step changed the state");
        }
    } catch (const Error& error) {
        require(error.code() == ErrorCode::corrupt_data || error.code() == ErrorCode::unsupported_version,
                error.what());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try_policy({reinterpret_cast<const char*>(data), size});
    vedette::fuzzing::read_with_both_digests(data, size, [](const std::vector<std::byte>& bytes) {
        try_total<ContinualCount>(bytes);
        try_total<CorrelatedCount>(bytes);
    });
    return 0;
}
