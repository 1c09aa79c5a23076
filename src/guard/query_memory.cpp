// SPDX-License-Identifier: Apache-2.0
// One request through everything that remembers; the memory as a file.
#include "vedette/guard/query_memory.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/file.hpp"

namespace vedette::inline v0 {

namespace {

constexpr const char* file_kind = "query_memory";

void add_bytes(ContainerWriter& writer, const char* name, const std::vector<std::byte>& bytes) {
    writer.add(name, std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

}  // namespace

QueryMemory::QueryMemory(std::optional<perturbation::QueryWatch> queries,
                         std::optional<perturbation::PradaAccounts> prada, std::optional<MmdAccounts> mmd,
                         std::optional<MmdGroups> groups)
    : queries_(std::move(queries)), prada_(std::move(prada)), mmd_(std::move(mmd)), groups_(std::move(groups)) {
    if (!queries_ && !prada_ && !mmd_) throw Error(ErrorCode::invalid_argument, "a memory that watches nothing");
    if (groups_ && !queries_)
        throw Error(ErrorCode::invalid_argument, "groups of accounts that share inputs, without remembered queries");
}

MemoryEvidence QueryMemory::observe(const RememberedRequest& request) noexcept {
    MemoryEvidence evidence;
    if (queries_) {
        evidence.query = queries_->observe(request.input, request.account, request.time, request.is_stale);
        evidence.is_silent = queries_->store().options().silent;
        if (evidence.query.account.is_alarm)
            evidence.query_attack = Decision::alarm;
        else if (!std::isnan(evidence.query.p_value))
            evidence.query_attack = Decision::pass;
    }
    if (prada_ && request.predicted >= 0 && request.predicted < std::int64_t{prada_->options().classes}) {
        const bool is_embedding = request.embedding.size() == prada_->options().values;
        evidence.prada = prada_->update(is_embedding ? request.embedding : request.input,
                                        static_cast<std::uint32_t>(request.predicted), request.account);
        if (evidence.prada.statistic < prada_->options().threshold)
            evidence.extraction = Decision::alarm;
        else if (!std::isnan(evidence.prada.statistic))
            evidence.extraction = Decision::pass;
    }
    if (mmd_ && !request.is_stale) {
        const bool is_embedding = request.embedding.size() == mmd_->dimension();
        evidence.mmd = mmd_->update(is_embedding ? request.embedding : request.input, request.account);
        if (evidence.mmd.is_alarm)
            evidence.unlike_benign = Decision::alarm;
        else if (!std::isnan(evidence.mmd.statistic))
            evidence.unlike_benign = Decision::pass;
    }
    // Time passes while a reference is void, too, and one request alone says so.
    if (groups_) age_groups(evidence.query.aged);
    if (groups_ && !request.is_stale) {
        const perturbation::QueryEvidence& query = evidence.query;
        groups_->link(query.mark, query.match.account, query.shared);
        const bool is_embedding = request.embedding.size() == groups_->dimension();
        if (!query.is_left_out)
            evidence.group = groups_->update(is_embedding ? request.embedding : request.input, query.mark);
        if (evidence.group.window.is_alarm)
            evidence.group_unlike_benign = Decision::alarm;
        else if (!std::isnan(evidence.group.window.statistic))
            evidence.group_unlike_benign = Decision::pass;
    }
    return evidence;
}

void QueryMemory::age_groups(std::uint64_t times) noexcept {
    // After two all that is not linked anew has left.
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(times, 2); ++i) groups_->age();
}

std::size_t QueryMemory::memory() const noexcept {
    return sizeof *this + (queries_ ? queries_->memory() : 0) + (prada_ ? prada_->memory() : 0) +
           (mmd_ ? mmd_->memory() : 0) + (groups_ ? groups_->memory() : 0);
}

bool QueryMemory::forget(std::string_view account) noexcept {
    const bool had_evidence = queries_ && queries_->forget(account);
    const bool had_inputs = prada_ && prada_->forget(account);
    const bool had_window = mmd_ && mmd_->forget(account);
    const bool had_group = groups_ && groups_->forget(queries_->store().account_mark(account));
    return had_evidence || had_inputs || had_window || had_group;
}

void QueryMemory::merge(const QueryMemory& other) {
    if (&other == this) throw Error(ErrorCode::invalid_argument, "a memory merged with itself");
    if (queries_.has_value() != other.queries_.has_value())
        throw Error(ErrorCode::baseline_mismatch, "one memory remembers queries, the other does not");
    if (!queries_) return;
    const std::uint64_t before = queries_->store().span_of_time();
    queries_->merge(*other.queries_);
    if (groups_) age_groups(queries_->store().span_of_time() - before);
}

std::vector<std::byte> QueryMemory::to_bytes() const {
    ContainerWriter writer;
    if (queries_) add_bytes(writer, "queries", queries_->serialize());
    if (prada_) add_bytes(writer, "prada", prada_->serialize());
    if (mmd_) add_bytes(writer, "mmd", mmd_->serialize());
    if (groups_) add_bytes(writer, "groups", groups_->serialize());
    return writer.finish(file_kind);
}

QueryMemory QueryMemory::from_bytes(std::span<const std::byte> bytes, std::size_t most_memory) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    const bool has_queries = file.find_tensor("queries").has_value(), has_prada = file.find_tensor("prada").has_value(),
               has_mmd = file.find_tensor("mmd").has_value(), has_groups = file.find_tensor("groups").has_value();
    const std::size_t parts =
        (has_queries ? 1U : 0U) + (has_prada ? 1U : 0U) + (has_mmd ? 1U : 0U) + (has_groups ? 1U : 0U);
    if (!(has_queries || has_prada || has_mmd) || (has_groups && !has_queries) || file.tensors().size() != parts)
        throw Error(ErrorCode::corrupt_data, "a file that no memory writes");
    for (const TensorView& tensor : file.tensors())
        if (tensor.shape.size() != 1) throw Error(ErrorCode::corrupt_data, "a file that no memory writes");
    // Each part may take what those before have left. Of queries no more is made than their bytes hold a share of.
    std::size_t left = most_memory;
    const auto take = [&left, most_memory](const char* part, std::size_t bytes_taken) {
        if (bytes_taken > left)
            throw Error(ErrorCode::overflow, "with its " + std::string(part) + " the memory takes more than the " +
                                                 std::to_string(most_memory) + " bytes allowed");
        left -= bytes_taken;
    };
    take("own object", sizeof(QueryMemory));
    const auto bytes_of = [&file](const char* part) { return std::as_bytes(file.values<std::uint8_t>(part)); };
    std::optional<perturbation::QueryWatch> queries;
    std::optional<perturbation::PradaAccounts> prada;
    if (has_queries) {
        queries = perturbation::QueryWatch::deserialize(bytes_of("queries"));
        take("queries", queries->memory());
    }
    if (has_prada) {
        prada = perturbation::PradaAccounts::deserialize(bytes_of("prada"), left);
        take("PRADA", prada->memory());
    }
    std::optional<MmdAccounts> mmd;
    if (has_mmd) {
        mmd = MmdAccounts::deserialize(bytes_of("mmd"), left);
        take("MMD", mmd->memory());
    }
    std::optional<MmdGroups> groups;
    if (has_groups) {
        groups = MmdGroups::deserialize(bytes_of("groups"), left);
        take("groups", groups->memory());
    }
    return QueryMemory(std::move(queries), std::move(prada), std::move(mmd), std::move(groups));
}

void QueryMemory::save(const std::filesystem::path& path) const {
    write_file_atomically(path, to_bytes(), NewFile::owner_only);
}

QueryMemory QueryMemory::load(const std::filesystem::path& path, std::size_t most_memory) {
    const std::vector<std::byte> bytes = read_file(path);
    try {
        return from_bytes(bytes, most_memory);
    } catch (const Error& error) {
        throw Error(error.code(), path.string() + ": " + error.what());
    }
}

}  // namespace vedette::inline v0
