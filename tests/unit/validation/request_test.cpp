// SPDX-License-Identifier: Apache-2.0
// Rows in pieces, and requests of named tensors: the same answers as rows of values and tensors one by one.
#include "vedette/validation/request.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "unit/validation/random_schema.hpp"
#include "vedette/validation/validator.hpp"

using namespace vedette;
using namespace vedette::validation;
using namespace vedette::validation::random_schema;

namespace {

// Some that follow each other are of one type, as in the tables that people have.
Schema random_runs(Random& random, std::size_t count) {
    Schema schema;
    while (schema.features.size() < count) {
        const Feature like = random_feature(random, 0);
        for (std::size_t left = 1 + below(random, 160); left > 0 && schema.features.size() < count; --left) {
            Feature feature = like;
            feature.name = std::to_string(schema.features.size());
            schema.features.push_back(feature);
        }
    }
    return schema;
}

// A row in pieces, and the same in values. What values are is up to `random`, mostly so that they pass.
struct PiecedRow {
    std::vector<std::vector<float>> floats;
    std::vector<std::vector<double>> doubles;
    std::vector<std::vector<std::int64_t>> integers;
    std::vector<std::vector<std::string_view>> texts;
    std::vector<std::vector<Value>> others;
    std::vector<RowPart> parts;
    std::vector<Value> values;

    PiecedRow(Random& random, std::size_t width) {
        for (auto* list : {&floats}) list->reserve(width + 1);
        doubles.reserve(width + 1), integers.reserve(width + 1), texts.reserve(width + 1), others.reserve(width + 1);
        const bool is_odd = coin(random);
        while (values.size() < width) {
            const std::size_t size = std::min(below(random, 150), width - values.size());
            switch (below(random, 6)) {
                case 0: add(floats, size, [&] { return static_cast<float>(odd(random, is_odd)); }); break;
                case 1: add(doubles, size, [&] { return odd(random, is_odd); }); break;
                case 2:
                    add(integers, size, [&] { return is_odd ? static_cast<std::int64_t>(random()) : std::int64_t{1}; });
                    break;
                case 3: add(texts, size, [&] { return is_odd ? random_text(random) : std::string_view("b"); }); break;
                case 4: add(others, size, [&] { return other(random); }); break;
                default:
                    add(others, size, [&] { return other(random); });
                    parts.back() = RowPart(
                        [](const void* from, std::size_t first, std::span<Value> to) noexcept {
                            std::copy_n(static_cast<const Value*>(from) + first, to.size(), to.begin());
                        },
                        others.back().data(), size);
            }
        }
    }

    static double odd(Random& random, bool is_odd) {
        const double x = is_odd ? random_number(random) : 0.25;
        return std::isfinite(x) ? std::clamp(x, -3e38, 3e38) : x;
    }
    static Value other(Random& random) {
        const std::size_t kind = below(random, 4);
        if (kind == 0) return {};
        return kind == 1   ? Value(random_text(random))
               : kind == 2 ? Value(std::int64_t{2})
                           : Value(random_number(random));
    }
    template <class T, class Draw>
    void add(std::vector<std::vector<T>>& lists, std::size_t size, Draw&& draw) {
        std::vector<T>& list = lists.emplace_back();
        for (std::size_t i = 0; i < size; ++i) {
            list.push_back(draw());
            if constexpr (std::is_same_v<T, float>) {
                values.emplace_back(static_cast<double>(list.back()));
            } else {
                values.emplace_back(list.back());
            }
        }
        parts.emplace_back(std::span<const T>(list));
    }
};

CheckSet one_by_one(const Validator& rules, std::size_t i, const NamedTensor& tensor) {
    if (!tensor.texts) return rules.validate(i, tensor.tensor).failed;
    const bool holds_texts = rules.feature(i).type == FeatureType::text || rules.feature(i).type == FeatureType::bytes;
    if (rules.feature(i).stage != Stage::production) return 0;
    CheckSet failed = holds_texts ? CheckSet{0} : set_of(Check::type);
    for (const std::string_view text : tensor.texts->as<std::string_view>())
        if (holds_texts) failed |= rules.check(i, Value(text));
    return failed;
}

}  // namespace

TEST_CASE("random rows in pieces of one type are judged as rows of values: the same bytes") {
    Random random(3);
    std::size_t valid = 0, invalid = 0;
    for (int run = 0; run < 1500; ++run) {
        const std::size_t count = below(random, 300);
        const Validator rules(random_runs(random, count));
        const std::size_t width = below(random, 5) == 0 ? below(random, count + 9) : count;
        const PiecedRow row(random, width);
        std::vector<CheckSet> expected(count, 7), failed(count, 9);
        const RowVerdict verdict = rules.validate(std::span<const Value>(row.values), expected);
        REQUIRE(rules.validate(row.parts, failed) == verdict);
        REQUIRE(failed == expected);
        REQUIRE(rules.validate(row.parts) == verdict);
        std::vector<CheckSet> some(below(random, count + 1), 9);
        REQUIRE(rules.validate(row.parts, some) == verdict);
        REQUIRE(std::equal(some.begin(), some.end(), expected.begin()));
        for (const CheckSet found : failed) ++(found == 0 ? valid : invalid);
    }
    CHECK(valid > 20'000);
    CHECK(invalid > 20'000);
}

TEST_CASE("a row in pieces: ages, expressions and pieces of nothing") {
    const Validator rules(Schema::from_json(
        R"({"version": 1, "features": [{"name": "x", "type": "floating"}, {"name": "n", "type": "integer"},
            {"name": "s", "type": "text", "domain": {"values": ["a", "b"]}}],
            "expressions": [{"name": "order", "expression": "x <= n and s == \"a\""}]})"));
    const std::array<float, 1> x{2.5F};
    const std::array<std::int64_t, 1> n{3};
    const std::array<std::string_view, 1> a{"a"}, b{"b"}, c{"c"};
    const auto judge = [&](std::span<const std::string_view> text) {
        const RowPart row[] = {std::span<const double>(), std::span<const float>(x), std::span<const std::int64_t>(n),
                               std::span<const std::string_view>(), text};
        return rules.validate(row).failed;
    };
    CHECK(judge(a) == 0);
    CHECK(judge(b) == set_of(Check::expression));
    CHECK(judge(c) == (set_of(Check::expression) | set_of(Check::domain)));
    CHECK(judge({}) == set_of(Check::missing));  // an expression over what is not there is neither true nor false
    CHECK(rules.validate(std::span<const RowPart>()).failed == set_of(Check::missing));
}

TEST_CASE("random requests of named tensors are judged as their tensors one by one") {
    Random random(4);
    const double numbers[] = {0.25, 1.0, 7.0, -0.0};
    const std::int64_t integers[] = {1, 2, -3, 400};
    const std::uint8_t flags[] = {0, 1, 1, 2};
    const std::string_view texts[] = {"b", "aa", "", "unknown to all"};
    for (int run = 0; run < 2000; ++run) {
        const std::size_t count = run == 0 ? 9000 : below(random, 40);  // more than are marked at a time
        const Validator rules(random_runs(random, count));
        std::vector<NamedTensor> request;
        std::vector<std::array<std::int64_t, 1>> shapes(count);
        std::vector<CheckSet> expected(count), failed(count, 9);
        RowVerdict verdict;
        for (std::size_t i = 0; i < count; ++i) {
            if (below(random, 12) == 0) {
                expected[i] = rules.check_absent(i);
            } else {
                shapes[i][0] = static_cast<std::int64_t>(below(random, 4));
                const auto size = static_cast<std::size_t>(shapes[i][0]);
                NamedTensor tensor{rules.feature(i).name, {Dtype::f64, numbers, 0, shapes[i], {}, {}}, {}};
                const FeatureType type = below(random, 9) == 0 ? FeatureType::floating : rules.feature(i).type;
                if (type == FeatureType::integer) tensor.tensor.dtype = Dtype::i64, tensor.tensor.data = integers;
                if (type == FeatureType::boolean) tensor.tensor.dtype = Dtype::boolean, tensor.tensor.data = flags;
                if (type == FeatureType::text || type == FeatureType::bytes)
                    tensor.texts = std::span(texts).first(size);
                if (below(random, 15) == 0) tensor.tensor.byte_length = 3;  // of texts it does not count
                expected[i] = one_by_one(rules, i, tensor);
                request.push_back(tensor);
            }
            verdict |= rules.verdict(i, expected[i]);
            if (expected[i] == set_of(Check::memory)) verdict.severity = Severity::error;
        }
        for (std::size_t i = request.size(); i > 1; --i) std::swap(request[i - 1], request[below(random, i)]);
        if (below(random, 4) == 0) {
            const bool is_known = !request.empty() && coin(random);
            request.push_back(is_known ? request[0] : NamedTensor{"unknown"});
            verdict |= rules.verdict(count, set_of(Check::unexpected));
        }
        REQUIRE(rules.validate(request, failed) == verdict);
        REQUIRE(failed == expected);
        REQUIRE(rules.validate(request) == verdict);
    }
}

TEST_CASE("texts of a request must be as many as their shape says, and of a feature of texts") {
    const Validator rules(Schema::from_json(R"({"version": 1, "features": [
        {"name": "s", "type": "text", "required": false, "domain": {"values": ["a", "b"]}, "shape": [-1, 2]},
        {"name": "x", "type": "floating", "required": false}]})"));
    const std::array<std::string_view, 4> texts{"a", "b", "b", "a"};
    const auto judge = [&](const char* name, std::size_t count, std::vector<std::int64_t> shape) {
        const NamedTensor request[] = {{name, {Dtype::f32, nullptr, 0, shape, {}, {}}, std::span(texts).first(count)}};
        return rules.validate(request).failed;
    };
    CHECK(judge("s", 4, {2, 2}) == 0);
    CHECK(judge("s", 2, {1, 2}) == 0);
    CHECK(judge("s", 4, {4}) == set_of(Check::shape));
    CHECK(judge("s", 3, {2, 2}) == set_of(Check::memory));
    CHECK(judge("s", 4, {-2, -2}) == set_of(Check::memory));
    CHECK(judge("s", 4, {std::int64_t{1} << 62, 4}) == set_of(Check::memory));
    CHECK(judge("x", 1, {1}) == set_of(Check::type));
    CHECK(rules.validate(std::span<const NamedTensor>()).is_valid());
}

TEST_CASE("an expression is asked of each element of a request's tensors") {
    const Validator rules(Schema::from_json(R"({"version": 1, "features": [
        {"name": "x", "type": "floating", "required": false}, {"name": "n", "type": "integer", "required": false},
        {"name": "s", "type": "text", "required": false}],
        "expressions": [{"name": "order", "expression": "x <= n"}, {"name": "both", "expression": "x > 0 or s == \"none\""}]})"));
    const std::vector<float> x{1, 9, 2, 9, 3, 9};  // every second one
    const std::vector<std::int32_t> n{1, 2, 3};
    const std::vector<std::string_view> s{"", "", "none"};
    const std::array<std::int64_t, 1> three{3}, two{2}, stride{2};
    const NamedTensor numbers{"x", {Dtype::f32, x.data(), 0, three, stride, {}}, {}};
    const NamedTensor whole{"n", {Dtype::i32, n.data(), 0, three, {}, {}}, {}};
    const NamedTensor texts{"s", {Dtype::f32, nullptr, 0, three, {}, {}}, std::span<const std::string_view>(s)};
    const auto failed = [&](const std::vector<NamedTensor>& request) {
        std::vector<CheckSet> found(5);
        static_cast<void>(rules.validate(request, found));
        return std::pair(found[3] != 0, found[4] != 0);
    };
    CHECK(failed({numbers, whole, texts}) == std::pair(false, false));
    NamedTensor other = numbers;
    other.tensor.strides = {};  // 1, 9, 2 beside 1, 2, 3
    CHECK(failed({texts, whole, other}) == std::pair(true, false));
    const std::vector<float> negative{-1, -1, -1};
    other.tensor.data = negative.data();
    CHECK(failed({other, texts}) == std::pair(false, true));
    other.tensor.shape = two;  // another number of elements
    CHECK(failed({other, whole, texts}) == std::pair(true, true));
    other.tensor.byte_length = 5;  // what cannot be read is null
    CHECK(failed({other, whole, texts}) == std::pair(false, false));
    CHECK(failed({}) == std::pair(false, false));
}

TEST_CASE("a request is judged at one time: the clock is asked once") {
    const Schema schema = Schema::from_json(R"({"version": 1, "features": [
        {"name": "a", "type": "integer", "freshness": {"maximum_age": 10, "unit": "seconds"}},
        {"name": "b", "type": "integer", "freshness": {"maximum_age": 10, "unit": "seconds"}},
        {"name": "x", "type": "floating"}]})");
    struct Ticks {
        std::int64_t now = 20'000'000'000;
        int calls = 0;
    } ticks;
    const auto tick = [](void* user) {
        auto& own = *static_cast<Ticks*>(user);
        ++own.calls;
        return std::exchange(own.now, own.now + 5'000'000'000);
    };
    const Validator rules(schema, {}, {.reference_sets = {}, .clock = {tick, &ticks}});
    const std::int64_t ten = 10, one[] = {1};
    const double x = 0.5;
    const NamedTensor request[] = {{"a", {Dtype::i64, &ten, 0, one, {}, {}}, {}},
                                   {"x", {Dtype::f64, &x, 0, one, {}, {}}, {}},
                                   {"b", {Dtype::i64, &ten, 0, one, {}, {}}, {}}};
    std::vector<CheckSet> failed(3);
    CHECK(rules.validate(request, failed).is_valid());
    CHECK(ticks.calls == 1);
    CHECK(rules.validate(2, request[1].tensor).is_valid());
    CHECK(ticks.calls == 1);
    CHECK(rules.validate(request, failed).failed == set_of(Check::freshness));
    CHECK(failed == std::vector<CheckSet>{set_of(Check::freshness), set_of(Check::freshness), 0});
}
