// SPDX-License-Identifier: Apache-2.0
// The file of several sketches: round trip, canonical bytes, and everything that is no such file.
#include "sketch_file.hpp"

#include <doctest/doctest.h>

#include <string>

#include "unit/test_values.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

using vedette::ErrorCode;
using vedette::cli::NamedSketch;
using vedette::cli::read_sketches;
using vedette::cli::write_sketches;
using vedette::testing::code_of;
using Sketch = vedette::stats::KllSketch<double>;

namespace {

Sketch sketch_of(int count, std::uint64_t seed) {
    Sketch sketch(8, seed);
    for (int i = 0; i < count; ++i) sketch.update(0.5 * i);
    return sketch;
}

std::vector<NamedSketch> some() {
    return {{"z, \"quoted\"", sketch_of(500, 1)}, {"a", sketch_of(0, 2)}, {"größe", sketch_of(3, 3)}};
}

// A file with these columns and as many tensors, each the bytes of one sketch.
std::vector<std::byte> file_with(const std::string& columns, int tensors, const char* further = nullptr) {
    vedette::ContainerWriter writer;
    const auto bytes = sketch_of(3, 3).serialize();
    for (int i = 0; i < tensors; ++i)
        writer.add(std::to_string(i),
                   std::span<const std::uint8_t>(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
    writer.set_metadata("columns", columns);
    if (further != nullptr) writer.set_metadata(further, "x");
    return writer.finish("sketches");
}

}  // namespace

TEST_CASE("sketches come back by name and in order, to the same bytes") {
    const auto bytes = write_sketches(some());
    const auto back = read_sketches(bytes);
    REQUIRE(back.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(back[i].name == some()[i].name);
        CHECK(back[i].sketch.serialize() == some()[i].sketch.serialize());
    }
    CHECK(write_sketches(back) == bytes);
    CHECK(read_sketches(file_with("[\"a\",\"b\"]", 2)).size() == 2);
}

TEST_CASE("the bytes of one sketch are a file of one column without a name") {
    const auto bytes = sketch_of(100, 7).serialize();
    const auto one = read_sketches(bytes);
    REQUIRE(one.size() == 1);
    CHECK(one[0].name.empty());
    CHECK(one[0].sketch.serialize() == bytes);
}

TEST_CASE("what is no such file is refused") {
    const auto refused = [](const std::vector<std::byte>& bytes) {
        return code_of([&] { return read_sketches(bytes); }) == ErrorCode::corrupt_data;
    };
    CHECK(refused({}));
    CHECK(refused(file_with("[\"a\"]", 2)));
    CHECK(refused(file_with("[\"a\",\"b\"]", 1)));
    CHECK(refused(file_with("[]", 0)));
    CHECK(refused(file_with("[\"a\",\"a\"]", 2)));
    CHECK(refused(file_with("[\"\"]", 1)));
    CHECK(refused(file_with("[1]", 1)));
    CHECK(refused(file_with("{\"0\":\"a\"}", 1)));
    CHECK(refused(file_with("[\"a\"", 1)));
    CHECK(refused(file_with("[ \"a\"]", 1)));
    CHECK(refused(file_with("[\"a\"]", 1, "further")));
    const std::vector<std::uint8_t> nothing{1, 2, 3};
    vedette::ContainerWriter writer;
    writer.add("0", nothing);
    writer.set_metadata("columns", "[\"a\"]");
    CHECK(refused(writer.finish("sketches")));
    CHECK(refused(writer.finish("baseline")));
    auto cut = write_sketches(some());
    cut.pop_back();
    CHECK(refused(cut));
    const std::vector<NamedSketch> twice{{"a", sketch_of(1, 1)}, {"a", sketch_of(1, 1)}};
    CHECK(code_of([&] { return write_sketches(twice); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { return write_sketches({}); }) == ErrorCode::invalid_argument);
}
