// SPDX-License-Identifier: Apache-2.0
// The container: round trip, canonical bytes, misuse of the writer, files of the safetensors package.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "container_samples.hpp"
#include "source_directory.hpp"
#include "vedette/core/file.hpp"

using namespace vedette;
using namespace vedette_test;

namespace {
const std::string data_folder = std::string(source_directory()) + "/tests/oracle/data/";

ErrorCode code_of(const std::function<void()>& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.code();
    }
    return static_cast<ErrorCode>(0);
}

void check_sample(const Container& file) {
    CHECK(file.kind() == "sample");
    CHECK(file.metadata("schema") == "{\"a\":\"b\\n\"}\t\x01");
    CHECK(file.find_metadata("caf\xc3\xa9") == "\xe2\x82\xac \xf0\x9f\x90\x8e");
    CHECK(file.metadata("format") == "vedette");
    CHECK_FALSE(file.find_metadata("absent").has_value());
    CHECK(std::ranges::equal(file.values<double>("edges", 3), std::vector{-1.5, 0.0, 2.25}));
    CHECK(file.values<std::uint64_t>("counts")[2] == 1ull << 63);
    CHECK(file.values<float>("matrix", 6)[5] == 6.0f);
    CHECK(std::ranges::equal(file.tensor("matrix").shape, std::vector<std::uint64_t>{2, 3}));
    CHECK(file.values<std::int8_t>("codes")[0] == -128);
    CHECK(file.values<bool>("flags")[0]);
    CHECK(file.values<std::int32_t>("empty", 0).empty());
    CHECK(file.tensor("scale").shape.empty());
    CHECK(file.scalar<float>("scale") == 0.5f);
    CHECK(file.tensors().size() == 7);
    CHECK(file.tensors().front().name == "codes");
}
}  // namespace

TEST_CASE("container: what is written is read") {
    const auto bytes = sample_writer().finish("sample");
    check_sample(Container::view(bytes));
    Container moved = Container::parse(bytes);
    const auto edges = moved.values<double>("edges");
    const Container target = std::move(moved);
    check_sample(target);
    CHECK(target.values<double>("edges").data() == edges.data());

    CHECK(code_of([&] { (void)target.metadata("absent"); }) == ErrorCode::corrupt_data);
    CHECK(code_of([&] { (void)target.tensor("absent"); }) == ErrorCode::corrupt_data);
    CHECK(code_of([&] { (void)target.values<float>("edges"); }) == ErrorCode::corrupt_data);
    CHECK(code_of([&] { (void)target.values<double>("edges", 4); }) == ErrorCode::corrupt_data);
    CHECK(code_of([&] { (void)target.scalar<double>("edges"); }) == ErrorCode::corrupt_data);
    CHECK(code_of([&] { target.require_kind("baseline"); }) == ErrorCode::corrupt_data);
    CHECK_NOTHROW(target.require_kind("sample"));
}

TEST_CASE("container: data start at a multiple of 64 and a view at any address is aligned") {
    const auto bytes = sample_writer().finish("sample");
    CHECK((8 + std::to_integer<std::size_t>(bytes[0]) + 256 * std::to_integer<std::size_t>(bytes[1])) % 64 == 0);
    for (std::size_t shift = 0; shift < 16; ++shift) {
        std::vector<std::byte> buffer(shift);
        buffer.insert(buffer.end(), bytes.begin(), bytes.end());
        const Container file = Container::view(std::span(buffer).subspan(shift, bytes.size()));
        const auto edges = file.values<double>("edges");
        CHECK(reinterpret_cast<std::uintptr_t>(edges.data()) % alignof(double) == 0);
        CHECK(edges[2] == 2.25);
    }
}

TEST_CASE("container: the bytes do not depend on the order of the calls") {
    const auto expected = sample_writer().finish("sample");
    const bool flags[] = {true, false};
    const std::vector<float> matrix{1, 2, 3, 4, 5, 6};
    const std::uint64_t shape[] = {2, 3};
    std::vector<std::function<void(ContainerWriter&)>> steps{
        [](auto& w) { w.set_metadata("schema", "{\"a\":\"b\\n\"}\t\x01"); },
        [](auto& w) { w.set_metadata("caf\xc3\xa9", "\xe2\x82\xac \xf0\x9f\x90\x8e"); },
        [](auto& w) {
            w.add("edges", std::vector<double>{-1.5, 0.0, 2.25});
        },
        [](auto& w) {
            w.add("counts", std::vector<std::uint64_t>{0, 7, 1ull << 63});
        },
        [&](auto& w) { w.add("matrix", std::span<const float>(matrix), shape); },
        [](auto& w) {
            w.add("codes", std::vector<std::int8_t>{-128, 0, 127});
        },
        [&](auto& w) { w.add("flags", std::span<const bool>(flags)); },
        [](auto& w) { w.add("empty", std::vector<std::int32_t>{}); },
        [](auto& w) { w.add_scalar("scale", 0.5f); }};
    for (std::size_t round = 0; round < 50; ++round) {
        std::rotate(steps.begin(), steps.begin() + 1 + static_cast<std::ptrdiff_t>(round % 4), steps.end());
        std::swap(steps[round % steps.size()], steps[(3 * round + 1) % steps.size()]);
        ContainerWriter writer;
        for (const auto& step : steps) step(writer);
        REQUIRE(writer.finish("sample") == expected);
    }
    CHECK(expected == read_file(data_folder + "sample.vedette"));  // and not on the version of the library
    CHECK(sample_writer().finish("other") != expected);
}

TEST_CASE("container: an empty container and extreme names") {
    CHECK(Container::parse(ContainerWriter().finish("window")).tensors().empty());
    ContainerWriter writer;
    const std::string name = ",\"sha256\":\"" + std::string(64, '0') + "\"{}[]\\\x7f";
    writer.add_scalar(name, std::int64_t{-5});
    writer.set_metadata(name, name);
    writer.set_metadata("a,\"sha256", std::string(64, '1'));
    const Container file = Container::parse(writer.finish(name));
    CHECK(file.kind() == name);
    CHECK(file.metadata(name) == name);
    CHECK(file.scalar<std::int64_t>(name) == -5);
}

TEST_CASE("container: misuse of the writer is refused and leaves it as it was") {
    ContainerWriter writer = sample_writer();
    const auto before = writer.finish("sample");
    const std::vector<std::byte> four(4);
    const std::uint64_t two = 2;
    const std::uint64_t huge[] = {1ull << 62, 4, 4};
    const std::vector<std::uint64_t> deep(17, 1);
    const std::byte bad_flag{2};
    const std::uint64_t one = 1;
    const auto add = [&](std::string_view name, Dtype dtype, std::span<const std::uint64_t> shape,
                         std::span<const std::byte> data) {
        return code_of([&] { writer.add_tensor(name, dtype, shape, data); });
    };
    CHECK(add("", Dtype::u16, {&two, 1}, four) == ErrorCode::invalid_argument);
    CHECK(add("__metadata__", Dtype::u16, {&two, 1}, four) == ErrorCode::invalid_argument);
    CHECK(add("edges", Dtype::u16, {&two, 1}, four) == ErrorCode::invalid_argument);
    CHECK(add("\xff", Dtype::u16, {&two, 1}, four) == ErrorCode::invalid_argument);
    CHECK(add("x", static_cast<Dtype>(0), {&two, 1}, four) == ErrorCode::invalid_argument);
    CHECK(add("x", Dtype::f32, {&two, 1}, four) == ErrorCode::dimension_mismatch);
    CHECK(add("x", Dtype::f32, deep, four) == ErrorCode::dimension_mismatch);
    CHECK(add("x", Dtype::f32, huge, four) == ErrorCode::overflow);
    CHECK(add("x", Dtype::boolean, {&one, 1}, {&bad_flag, 1}) == ErrorCode::invalid_argument);
    for (const char* key :
         {"", "kind", "format", "format_version", "sha256", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
        CHECK(code_of([&] { writer.set_metadata(key, "x"); }) == ErrorCode::invalid_argument);
    }
    CHECK(code_of([&] { writer.set_metadata("k", "\xe2\x82"); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)writer.finish(""); }) == ErrorCode::invalid_argument);
    CHECK(writer.finish("sample") == before);
}

TEST_CASE("container: files of the safetensors package") {
    // With our metadata and the right digest such a file is one of ours; a plain one is refused with the reason.
    const Container sealed = Container::parse(read_file(data_folder + "python_sealed.safetensors"));
    CHECK(sealed.kind() == "foreign");
    CHECK(std::ranges::equal(sealed.values<float>("weight", 4), std::vector{1.0f, 2.0f, 3.0f, 4.0f}));
    CHECK(sealed.values<std::int64_t>("index")[1] == -9);
    CHECK(sealed.tensor("half").dtype == Dtype::f16);

    const Refusal plain = refusal(read_file(data_folder + "python_plain.safetensors"));
    CHECK(plain.code == static_cast<int>(ErrorCode::corrupt_data));
    CHECK(plain.message.find("no 'kind' in the metadata") != std::string::npos);
}
