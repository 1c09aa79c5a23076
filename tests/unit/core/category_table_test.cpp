// SPDX-License-Identifier: Apache-2.0
// The frozen table of categories against a map of the standard library.
#include "core/category_table.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "vedette/core/random.hpp"

using vedette::CategoryTable;
using vedette::Random;

namespace {

// Texts of all lengths to 40 that share most of their bytes.
std::string random_text(Random& random, const char* letters) {
    std::string text(random() % 41, letters[0]);
    for (std::size_t changed = random() % 3; changed > 0 && !text.empty(); --changed)
        text[random() % text.size()] = letters[random() % 4];
    return text;
}

std::vector<std::string> different_texts(Random& random, std::size_t most, const char* letters) {
    std::set<std::string> texts;
    for (std::size_t i = 0; i < most; ++i) texts.insert(random_text(random, letters));
    return {texts.begin(), texts.end()};
}

}  // namespace

TEST_CASE("a category table finds what a map finds, and nothing else") {
    Random random(1);
    for (const std::size_t most : {0U, 1U, 2U, 5U, 40U, 1000U}) {
        CAPTURE(most);
        const std::vector<std::string> texts = different_texts(random, most, "abcz");
        const CategoryTable table(texts);
        REQUIRE(table.size() == texts.size());
        std::map<std::string, std::size_t> places;
        for (std::size_t i = 0; i < texts.size(); ++i) places[texts[i]] = i;
        const auto expected = [&](const std::string& text) {
            const auto place = places.find(text);
            return place == places.end() ? texts.size() : place->second;
        };
        for (const std::string& text : texts) {
            REQUIRE(table.find(text) == expected(text));
            std::string upper = text;
            for (char& c : upper) c = c == 'b' ? 'B' : c;
            REQUIRE(table.find_folded(upper) == expected(text));
            REQUIRE(table.find(upper) == expected(upper));
            // One byte changed, added or taken away at each place.
            for (std::size_t i = 0; i < text.size(); ++i) {
                std::string other = text;
                other[i] = static_cast<char>(other[i] ^ 1);
                REQUIRE(table.find(other) == expected(other));
                REQUIRE(table.find(text.substr(0, i)) == expected(text.substr(0, i)));
            }
            REQUIRE(table.find(text + '\0') == texts.size());
        }
        for (int i = 0; i < 2000; ++i) {
            const std::string text = random_text(random, "abcd");
            REQUIRE(table.find(text) == expected(text));
        }
    }
}

TEST_CASE("categories that share their last or first eight bytes are told apart, with none missing") {
    for (const bool at_end : {true, false}) {
        std::vector<std::string> texts;
        for (int i = 0; i < 3000; ++i) {
            const std::string number = std::to_string(i);
            texts.push_back(at_end ? number + "-of-the-same-end" : "the-same-beginning-" + number);
        }
        const CategoryTable table(texts);
        for (std::size_t i = 0; i < texts.size(); ++i) REQUIRE(table.find(texts[i]) == i);
        CHECK(table.find("3000-of-the-same-end") == texts.size());
        CHECK(table.find("the-same-beginning-3000") == texts.size());
    }
}

TEST_CASE("ids of one form, and words of one end, are found in few steps") {
    // Each probe costs some nanoseconds: a table whose texts gather would take minutes here.
    for (const char* const form : {"%016zu", "%016zx", "%012zu", "%08zx", "user-%zu", "%zu@example.org", "%zu"}) {
        CAPTURE(form);
        std::vector<std::string> texts;
        for (std::size_t i = 0; i < 200'000; ++i) {
            char text[40];
            texts.emplace_back(text, static_cast<std::size_t>(std::snprintf(text, sizeof text, form, i)));
        }
        const CategoryTable table(texts);
        CHECK(table.longest_probe() <= 64);
        for (std::size_t i = 0; i < texts.size(); i += 997) REQUIRE(table.find(texts[i]) == i);
    }
}

TEST_CASE("a table of nothing finds nothing") {
    CHECK(CategoryTable().find("") == 0);
    CHECK(CategoryTable().find("text") == 0);
    CHECK(CategoryTable(std::vector<std::string>{""}).find("") == 0);
    CHECK(CategoryTable(std::vector<std::string>{""}).find("a") == 1);
}
