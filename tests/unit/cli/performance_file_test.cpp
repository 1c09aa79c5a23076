// SPDX-License-Identifier: Apache-2.0
// The state file of performance commands: what is written comes back, and what is not of that question is refused
// whole.
#include "performance_file.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "performance_question.hpp"
#include "unit/drift/performance_samples.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/digest.hpp"

namespace cli = vedette::cli;
namespace drift = vedette::drift;
using vedette::ErrorCode;
using vedette::testing::code_of;

namespace {

const drift::PerformanceReference& reference() {
    static const auto fitted = performance_samples::binary(200, 3).fit();
    return fitted;
}

cli::HarmWatch harm(bool with_labels, double tolerated) {
    return {0.01, drift::MetricSequence(reference(), {.with_labels = with_labels, .tolerated = tolerated})};
}

cli::PerformanceProgress fresh(double tolerated = 0.25) {
    cli::PerformanceProgress progress{harm(true, tolerated)};
    progress.realised.emplace(reference());
    progress.join.emplace(reference(), drift::LabelJoinOptions{.capacity = 50});
    return progress;
}

void take(cli::PerformanceProgress& progress, std::uint64_t from, std::uint64_t to) {
    const auto sample = performance_samples::binary(400, 4);
    for (std::uint64_t i = from; i < to; ++i) {
        progress.row_time = i;
        progress.join->predict(i, i, sample.row(i), sample.predictions[i]);
        ++progress.rows;
        if (i < 30) continue;
        progress.label_time = i;
        ++progress.labels;
        static_cast<void>(
            progress.join->label(i - 30, i, sample.labels[i], *progress.realised, nullptr, &progress.harm.sequence()));
        progress.harm.note(progress.labels);
    }
}

// The file with one part in place of another, or without it.
std::vector<std::byte> with(const std::vector<std::byte>& bytes, const std::string& part,
                            const std::vector<std::uint8_t>* other) {
    const auto file = vedette::Container::view(bytes);
    vedette::ContainerWriter writer;
    writer.set_metadata("asked", file.metadata("asked"));
    for (const auto& tensor : file.tensors()) {
        const std::string name(tensor.name);
        if (name != part) writer.add_tensor(name, tensor.dtype, tensor.shape, tensor.data);
    }
    if (other != nullptr) writer.add(part, *other);
    return writer.finish("performance_state");
}

std::vector<std::uint8_t> octets(const std::vector<std::byte>& bytes) {
    const auto* const begin = reinterpret_cast<const std::uint8_t*>(bytes.data());
    return {begin, begin + bytes.size()};
}

}  // namespace

TEST_CASE("the progress of a performance command goes on bit for bit from its file") {
    auto whole = fresh();
    take(whole, 0, 400);
    auto pieces = fresh();
    for (std::uint64_t begin = 0; begin < 400; begin += 80) {
        const auto saved = cli::write_progress("question", pieces);
        pieces = fresh();
        cli::read_progress("question", saved, pieces);
        CHECK(cli::write_progress("question", pieces) == saved);
        take(pieces, begin, begin + 80);
    }
    CHECK(cli::write_progress("question", pieces) == cli::write_progress("question", whole));
    CHECK(whole.harm.values() > 300);
}

TEST_CASE("a state file of another question, or with parts of others, is refused and changes nothing") {
    auto progress = fresh();
    take(progress, 0, 200);
    const auto bytes = cli::write_progress("question", progress);
    auto other = fresh();
    take(other, 0, 100);
    const auto before = cli::write_progress("question", other);
    const auto refused = [&](const std::vector<std::byte>& file, ErrorCode expected) {
        const bool is_refused = code_of([&] { cli::read_progress("question", file, other); }) == expected;
        return is_refused && cli::write_progress("question", other) == before;
    };
    CHECK(code_of([&] { cli::read_progress("other question", bytes, other); }) == ErrorCode::schema_mismatch);
    CHECK(refused({}, ErrorCode::corrupt_data));
    CHECK(refused({bytes.begin(), bytes.end() - 1}, ErrorCode::corrupt_data));
    CHECK(refused(reference().serialize(), ErrorCode::corrupt_data));
    for (const char* part : {"places", "harm", "realised", "join"}) {
        CAPTURE(part);
        CHECK(refused(with(bytes, part, nullptr), ErrorCode::corrupt_data));
        const std::vector<std::uint8_t> none{1, 2, 3};
        CHECK(refused(with(bytes, part, &none), ErrorCode::corrupt_data));
    }
    for (const auto& places : {std::vector<std::uint64_t>{~std::uint64_t{0}, 170, 199, 199, 0},
                               std::vector<std::uint64_t>{200, ~std::uint64_t{0}, 199, 199, 0},
                               std::vector<std::uint64_t>{200, 10, 199, 199, 0}}) {
        const auto file = vedette::Container::view(bytes);
        vedette::ContainerWriter writer;
        writer.set_metadata("asked", file.metadata("asked"));
        for (const auto& tensor : file.tensors())
            if (tensor.name != "places")
                writer.add_tensor(std::string(tensor.name), tensor.dtype, tensor.shape, tensor.data);
        writer.add("places", places);
        CHECK(refused(writer.finish("performance_state"), ErrorCode::corrupt_data));
    }
    // Of other options: a harm watch that tolerates more, a join with more room.
    const auto lenient = octets(fresh(0.5).harm.serialize());
    CHECK(refused(with(bytes, "harm", &lenient), ErrorCode::corrupt_data));
    const auto roomy = octets(drift::LabelJoin(reference(), {.capacity = 60}).serialize());
    CHECK(refused(with(bytes, "join", &roomy), ErrorCode::corrupt_data));
    // Parts of a command that counts without labels.
    cli::PerformanceProgress estimate{harm(false, 0.25)};
    estimate.estimated.emplace(reference());
    CHECK(refused(cli::write_progress("question", estimate), ErrorCode::corrupt_data));
    cli::read_progress("question", bytes, other);
    CHECK(cli::write_progress("question", other) == bytes);
}

TEST_CASE("what a state file was asked is read back whole, and nothing else is a question") {
    cli::PerformanceQuestion question{"realised", {}};
    cli::PerformanceToolOptions& options = question.options;
    options.columns.scores = {"s"};
    options.columns.prediction = "p";
    options.columns.label = "y";
    options.id = "id";
    options.join = {.capacity = 7, .longest_wait = 3600};
    options.level = 0.05;
    options.metric = drift::PerformanceMetric::f1;
    const std::string asked = cli::asked_of(question, reference());
    const cli::PerformanceQuestion found = cli::question_in(asked, reference());
    CHECK(cli::asked_of(found, reference()) == asked);
    CHECK(found.options.join.capacity == 7);
    const cli::PerformanceProgress progress = cli::progress_of(found, reference());
    CHECK(progress.realised.has_value());
    CHECK(progress.join->options().longest_wait == 3600);
    CHECK_FALSE(progress.estimated.has_value());
    options.tolerated = 0.25;
    CHECK(cli::question_in(cli::asked_of(question, reference()), reference()).options.tolerated == 0.25);

    const auto refused = [&](const std::string& text) {
        return code_of([&] { static_cast<void>(cli::question_in(text, reference())); });
    };
    const auto changed = [&](const std::string& part, const std::string& other) {
        std::string text = asked;
        const std::size_t at = text.find(part);
        REQUIRE(at != std::string::npos);
        return refused(text.replace(at, part.size(), other));
    };
    const auto digest = vedette::to_hex(vedette::sha256(reference().serialize()));
    CHECK(changed(digest, std::string(64, '0')) == ErrorCode::baseline_mismatch);
    const std::pair<const char*, const char*> hostile[] = {{"0.05", "null"},
                                                           {"0.05", "\"x\""},
                                                           {"\"realised\"", "\"rank\""},
                                                           {"[\"s\"]", "\"s\""},
                                                           {"[\"s\"]", "[1]"},
                                                           {"\"f1\"", "\"auc\""},
                                                           {"\"capacity\":7", "\"capacity\":-7"},
                                                           {":3600", ":3.6e3"},
                                                           {"\"id\":\"id\"", "\"id\":[]"},
                                                           {"{\"margin\":", "[\"margin\","},
                                                           {"\"margin\"", "\"more\""},
                                                           {"0.05", "0.050"}};
    for (const auto& each : hostile) {
        CAPTURE(each.second);
        CHECK(changed(each.first, each.second) == ErrorCode::corrupt_data);
    }
    for (const char* text : {"", "{}", "[]", "null", "{\"reference\":1}"})
        CHECK(refused(text) == ErrorCode::corrupt_data);
}
