// SPDX-License-Identifier: Apache-2.0
// Stores of several threads or machines become one; a store becomes bytes, and bytes a store.
#include <algorithm>
#include <limits>

#include "perturbation/feature_rows.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/perturbation/fingerprint_store.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* who = "FingerprintStore";
constexpr const char* file_kind = "fingerprint_store";
constexpr std::uint32_t nowhere = std::numeric_limits<std::uint32_t>::max();

// A record of one of two stores.
struct Origin {
    bool is_other;
    std::uint64_t query;
    std::uint64_t period;
};

}  // namespace

void FingerprintStore::merge(const FingerprintStore& other) {
    if (other.fingerprinter_.identity() != fingerprinter_.identity() || other.capacity() != capacity() ||
        other.options_.period != options_.period || other.options_.periods != options_.periods)
        throw Error(ErrorCode::baseline_mismatch, "FingerprintStore: merging stores of other fingerprints or options");
    FingerprintStore result = *this;
    result.latest_ = std::max(latest_, other.latest_);

    // What is remembered still, by time window, of each one's own before the other's.
    std::vector<Origin> records;
    records.reserve(size() + other.size());
    for (const bool is_other : {false, true}) {
        const FingerprintStore& store = is_other ? other : *this;
        for (std::uint64_t query = store.oldest(); query < store.next_; ++query) {
            const std::uint64_t period = store.period_of(query).period;
            if (result.latest_ - period < options_.periods) records.push_back({is_other, query, period});
        }
    }
    std::stable_sort(records.begin(), records.end(),
                     [](const Origin& a, const Origin& b) { return a.period < b.period; });
    if (records.size() > capacity())
        records.erase(records.begin(), records.end() - static_cast<std::ptrdiff_t>(capacity()));

    result.clear();
    result.latest_ = std::max(latest_, other.latest_);
    result.ignored_ = ignored_ + other.ignored_;
    result.next_ = result.first_ = next_ + other.next_ - records.size();
    result.next_place_ = static_cast<std::size_t>(result.next_ % capacity());
    std::vector<std::uint32_t> moved[2] = {std::vector<std::uint32_t>(capacity(), nowhere),
                                           std::vector<std::uint32_t>(capacity(), nowhere)};
    for (const Origin& record : records) {
        const FingerprintStore& store = record.is_other ? other : *this;
        const auto from = static_cast<std::size_t>(record.query % capacity());
        const std::size_t to = result.next_place_;
        moved[record.is_other ? 1 : 0][from] = static_cast<std::uint32_t>(to);
        std::copy_n(&store.tags_[from * tag_width()], tag_width(), &result.tags_[to * tag_width()]);
        result.accounts_[to] = store.accounts_[from];
        std::copy_n(&store.contents_[from * content_bytes], content_bytes, &result.contents_[to * content_bytes]);
        if (result.period_count_ == 0 || result.periods_[result.period_count_ - 1].period < record.period)
            result.periods_[result.period_count_++] = {record.period, result.next_};
        ++result.next_;
        result.next_place_ = to + 1 == capacity() ? 0 : to + 1;
    }

    const std::uint32_t mask = (std::uint32_t{1} << place_bits_) - 1;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        std::array<std::uint32_t, 2 * places> entries;
        std::size_t count = 0;
        for (const bool is_other : {false, true}) {
            for (const std::uint32_t entry : (is_other ? other : *this).lines_[i].entries) {
                const std::uint32_t place = entry & mask;
                if (place < capacity() && moved[is_other ? 1 : 0][place] != nowhere)
                    entries[count++] = (entry & ~mask) | moved[is_other ? 1 : 0][place];
            }
        }
        std::sort(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(count),
                  [&](std::uint32_t a, std::uint32_t b) { return result.age_of(a & mask) < result.age_of(b & mask); });
        std::copy_n(entries.begin(), std::min(count, places), result.lines_[i].entries.begin());
    }
    *this = std::move(result);
}

std::vector<std::byte> FingerprintStore::serialize() const {
    std::vector<std::uint64_t> starts;
    for (std::size_t i = 0; i < period_count_; ++i)
        starts.insert(starts.end(), {periods_[i].period, periods_[i].first});
    ContainerWriter writer;
    const std::uint64_t lines[] = {lines_.size(), places}, records[] = {capacity(), tag_width()};
    writer.add_tensor("lines", Dtype::u32, lines, std::as_bytes(std::span(lines_)));
    writer.add("tags", std::span<const std::uint8_t>(tags_), records);
    writer.add("accounts", accounts_);
    writer.add("contents", contents_);
    writer.add("periods", starts);
    const std::vector<std::byte> fingerprinter = fingerprinter_.serialize();
    writer.add("fingerprinter",
               std::span(reinterpret_cast<const std::uint8_t*>(fingerprinter.data()), fingerprinter.size()));
    writer.add("settings", std::vector<std::uint64_t>{options_.memory, options_.period, options_.periods,
                                                      static_cast<std::uint64_t>(options_.silent ? 1 : 0), latest_,
                                                      next_, first_, ignored_});
    return writer.finish(file_kind);
}

FingerprintStore FingerprintStore::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    const auto settings = file.values<std::uint64_t>("settings", 8);
    const auto starts = file.values<std::uint64_t>("periods");
    const auto accounts = file.values<std::uint32_t>("accounts");
    require_file(file.tensors().size() == 7 && settings[3] <= 1 && settings[2] <= 256, who);
    for (const TensorView& tensor : file.tensors())
        require_file(tensor.shape.size() == (tensor.name == "lines" || tensor.name == "tags" ? 2U : 1U), who);
    Fingerprinter fingerprinter = Fingerprinter::deserialize(std::as_bytes(file.values<std::uint8_t>("fingerprinter")));

    const std::size_t queries = accounts.size(), slots = fingerprinter.slots();
    const FingerprintStoreOptions options{.memory = static_cast<std::size_t>(settings[0]),
                                          .period = settings[1],
                                          .periods = static_cast<std::uint32_t>(settings[2]),
                                          .silent = settings[3] == 1};
    require_file(queries >= 64 && queries <= most_queries, who);
    // As many as the memory holds, and no more: before it is taken.
    require_file(memory_needed(fingerprinter, queries, options.periods) <= options.memory, who);
    require_file(queries == most_queries || memory_needed(fingerprinter, queries + 1, options.periods) > options.memory,
                 who);
    const auto tags = file.values<std::uint8_t>("tags", queries * slots);
    const auto contents = file.values<std::uint8_t>("contents", queries * content_bytes);
    require_file(file.tensor("tags").shape[1] == slots && file.tensor("lines").shape[1] == places, who);
    const auto create = [&] {
        try {
            return FingerprintStore(std::move(fingerprinter), options);
        } catch (const Error& error) {
            throw Error(ErrorCode::corrupt_data, error.what());
        }
    };
    FingerprintStore store = create();
    require_file(store.capacity() == queries, who);
    const auto entries = file.values<std::uint32_t>("lines", store.lines_.size() * places);
    for (std::size_t i = 0; i < entries.size(); ++i) store.lines_[i / places].entries[i % places] = entries[i];
    store.tags_.assign(tags.begin(), tags.end());
    store.accounts_.assign(accounts.begin(), accounts.end());
    store.contents_.assign(contents.begin(), contents.end());
    store.latest_ = settings[4];
    store.next_ = settings[5];
    store.first_ = settings[6];
    store.ignored_ = settings[7];
    store.next_place_ = static_cast<std::size_t>(store.next_ % queries);
    store.period_count_ = starts.size() / 2;
    require_file(starts.size() % 2 == 0 && store.period_count_ <= options.periods && store.first_ <= store.next_ &&
                     store.next_ <= std::numeric_limits<std::uint64_t>::max() / 2,
                 who);
    for (std::size_t i = 0; i < store.period_count_; ++i) {
        const Period period{starts[2 * i], starts[2 * i + 1]};
        require_file(period.period <= store.latest_ && store.latest_ - period.period < options.periods, who);
        require_file(i == 0
                         ? period.first == store.first_
                         : period.period > store.periods_[i - 1].period && period.first > store.periods_[i - 1].first,
                     who);
        require_file(period.first < store.next_, who);
        store.periods_[i] = period;
    }
    require_file(store.period_count_ > 0 || store.first_ == store.next_, who);
    return store;
}

}  // namespace vedette::inline v0::perturbation
