// SPDX-License-Identifier: Apache-2.0
// Patterns: random ones against a naive matcher, alone and in a table, and what the dialect promises.
#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "unit/test_values.hpp"
#include "vedette/validation/batch.hpp"
#include "vedette/validation/validator.hpp"

using namespace vedette;
using namespace vedette::validation;
using vedette::testing::code_of;

namespace {

std::size_t below(Random& random, std::size_t limit) {
    return static_cast<std::size_t>(random() % limit);
}

// A regular expression as a tree, and where in a text of ASCII it may end: by definition, with sets of places.
struct Node {
    enum class Kind { character, any, both, either, optional, repeated, begin, end };
    Kind kind = Kind::any;
    std::string letters;  // one of these; of `character`
    bool is_negated = false;
    std::unique_ptr<Node> first, second;

    [[nodiscard]] std::string text() const {
        switch (kind) {
            case Kind::character:
                if (letters.size() == 1 && !is_negated) return letters;
                return (is_negated ? "[^" : "[") + letters + "]";
            case Kind::any: return ".";
            case Kind::both: return first->text() + second->text();
            case Kind::either: return "(?:" + first->text() + "|" + second->text() + ")";
            case Kind::optional: return "(?:" + first->text() + ")?";
            case Kind::repeated: return "(?:" + first->text() + ")*";
            case Kind::begin: return "^";
            case Kind::end: return "$";
        }
        return {};
    }
    [[nodiscard]] std::set<std::size_t> ends(std::string_view in, const std::set<std::size_t>& from) const {
        std::set<std::size_t> to;
        switch (kind) {
            case Kind::character:
            case Kind::any:
                for (const std::size_t at : from) {
                    if (at == in.size()) continue;
                    const bool is_in = letters.find(in[at]) != std::string::npos;
                    if (kind == Kind::any ? in[at] != '\n' : is_in != is_negated) to.insert(at + 1);
                }
                return to;
            case Kind::both: return second->ends(in, first->ends(in, from));
            case Kind::either:
                to = first->ends(in, from);
                to.merge(second->ends(in, from));
                return to;
            case Kind::optional:
                to = first->ends(in, from);
                to.insert(from.begin(), from.end());
                return to;
            case Kind::repeated:
                to = from;
                for (std::size_t size = to.size() + 1; size != to.size();) {
                    size = to.size();
                    to.merge(first->ends(in, to));
                }
                return to;
            case Kind::begin:
                if (from.count(0) != 0) to.insert(0);
                return to;
            case Kind::end:
                if (from.count(in.size()) != 0) to.insert(in.size());
                return to;
        }
        return to;
    }
    [[nodiscard]] bool is_found_in(std::string_view in) const {
        std::set<std::size_t> everywhere;
        for (std::size_t i = 0; i <= in.size(); ++i) everywhere.insert(i);
        return !ends(in, everywhere).empty();
    }
};

std::unique_ptr<Node> random_node(Random& random, int depth) {
    auto node = std::make_unique<Node>();
    const std::size_t choice = below(random, depth == 0 ? 4 : 12);
    if (choice < 3) {
        constexpr std::array letters{"a", "b", "c", "ab", "bc", "a\n"};
        node->letters = letters[below(random, letters.size())];
        node->is_negated = below(random, 4) == 0;
        node->kind = Node::Kind::character;
    } else if (choice == 3) {
        constexpr std::array kinds{Node::Kind::any, Node::Kind::any, Node::Kind::begin, Node::Kind::end};
        node->kind = kinds[below(random, kinds.size())];
    } else {
        constexpr std::array kinds{Node::Kind::both,   Node::Kind::both,     Node::Kind::both,    Node::Kind::both,
                                   Node::Kind::either, Node::Kind::optional, Node::Kind::repeated};
        node->kind = kinds[below(random, kinds.size())];
        node->first = random_node(random, depth - 1);
        node->second = random_node(random, depth - 1);
    }
    return node;
}

Schema schema_of(const std::string& pattern) {
    Schema schema{"", {}, {Feature{}}};
    schema.features[0].name = "x";
    schema.features[0].type = FeatureType::text;
    schema.features[0].pattern = pattern;
    return schema;
}

bool is_found(const std::string& pattern, std::string_view text) {
    return Validator(schema_of(pattern)).check(0, text) == 0;
}

}  // namespace

TEST_CASE("random patterns: a row, a column, a dictionary and a naive matcher agree") {
    Random random(31);
    std::size_t found = 0, not_found = 0;
    for (int run = 0; run < 1000; ++run) {
        const std::unique_ptr<Node> node = random_node(random, 4);
        const Validator rules(schema_of(node->text()));
        std::vector<std::string> texts;
        for (std::size_t i = 0; i < 24; ++i) {
            std::string& text = texts.emplace_back();
            while (below(random, 6) != 0) text += "abc\n"[below(random, 4)];
        }
        const std::vector<std::string_view> views(texts.begin(), texts.end());
        std::vector<std::int32_t> codes(texts.size());
        for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::int32_t>(i);
        const Table strings(std::vector<NamedColumn>{{"x", Column::strings(views)}});
        const Table dictionary(std::vector<NamedColumn>{{"x", Column::dictionary(codes, views)}});
        const BatchOptions options{.offenders = texts.size()};
        std::vector<std::uint64_t> failed;
        for (std::size_t i = 0; i < texts.size(); ++i) {
            const bool expected = node->is_found_in(texts[i]);
            CAPTURE(node->text());
            CAPTURE(texts[i]);
            REQUIRE(rules.check(0, views[i]) == (expected ? CheckSet{0} : set_of(Check::pattern)));
            if (!expected) failed.push_back(i);
            (expected ? found : not_found) += 1;
        }
        for (const Table* table : {&strings, &dictionary}) {
            const BatchReport report = validate_batch(rules, *table, options);
            REQUIRE(report.failed_rows == failed.size());
            REQUIRE(report.findings.size() == (failed.empty() ? 0 : 1));
            if (failed.empty()) continue;
            REQUIRE(report.findings[0].check == Check::pattern);
            REQUIRE(report.findings[0].offenders == failed);
        }
    }
    CHECK(found > 5000);
    CHECK(not_found > 5000);
}

TEST_CASE("the dialect: RE2's, searched for, on UTF-8") {
    CHECK(is_found("b", "abc"));
    CHECK_FALSE(is_found("^b$", "abc"));
    CHECK(is_found("^b$", "b"));
    CHECK_FALSE(is_found("^b$", "b\n"));
    CHECK_FALSE(is_found("^b$", "a\nb"));
    CHECK(is_found("(?m)^b$", "a\nb"));
    CHECK_FALSE(is_found("a.b", "a\nb"));
    CHECK(is_found("(?s)a.b", "a\nb"));
    CHECK(is_found("^.$", "\xC3\xA9"));
    CHECK(is_found("^[\xC3\xA0-\xC3\xBF]$", "\xC3\xA9"));
    CHECK(is_found("(?i)^\xC3\xA9$", "\xC3\x89"));
    CHECK(is_found("^\\p{Greek}+$", "\xCE\xB1\xCE\xB2"));
    CHECK_FALSE(is_found("^\\d$", "\xD9\xA1"));  // an Arabic digit is none of ASCII
    CHECK_FALSE(is_found("^\\w$", "\xC3\xA9"));
    CHECK(is_found("a", std::string_view("\0a", 2)));
    CHECK_FALSE(is_found("^a$", std::string_view("a\0", 2)));
    CHECK(is_found("^[A-Z]{2}\\d{2}[A-Z0-9]{1,30}$", "DE89370400440532013000"));

    Schema schema = schema_of("a");
    const CheckSet both = set_of(Check::utf8) | set_of(Check::pattern);
    CHECK(Validator(schema).check(0, std::string_view("a\xC3")) == both);
    // Silenced, one check does not weaken the other.
    schema.features[0].severity[Check::utf8] = Severity::none;
    CHECK(Validator(schema).check(0, std::string_view("a\xC3")) == set_of(Check::pattern));
    schema.features[0].severity[Check::pattern] = Severity::warning;
    CHECK(Validator(schema).validate(std::vector<Value>{Value("b")}).severity == Severity::warning);
    schema.features[0].severity[Check::pattern] = Severity::none;
    CHECK(Validator(schema).check(0, std::string_view("b")) == 0);
}

TEST_CASE("patterns that are too large, or grow too many states, stay within time and memory") {
    CHECK(code_of([] { schema_of("(((a{1,100}){1,100}){1,100})").validate(); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { schema_of(std::string(5000, 'a')).validate(); }) == ErrorCode::invalid_argument);
    Schema many = schema_of("\\pL{8}");
    many.features.resize(400, many.features[0]);
    for (std::size_t i = 0; i < many.features.size(); ++i) many.features[i].name = std::to_string(i);
    CHECK(code_of([&] { many.validate(); }) == ErrorCode::invalid_argument);

    // An automaton of 2^20 states does not fit; RE2 goes on without.
    const Validator rules(schema_of("^(?:a|b)*a(?:a|b){19}$"));
    Random random(5);
    for (int run = 0; run < 20; ++run) {
        std::string text(20000, 'a');
        for (char& c : text) c = below(random, 2) == 0 ? 'a' : 'b';
        const bool expected = text[text.size() - 20] == 'a';
        REQUIRE((rules.check(0, std::string_view(text)) == 0) == expected);
    }
    // A backtracking matcher would not return.
    CHECK(Validator(schema_of("^(a*)*$")).check(0, std::string_view(std::string(100000, 'a') + "b")) != 0);
}
