// SPDX-License-Identifier: Apache-2.0
// Characters, words and repetitions of texts, against the Unicode database's properties, ICU and plain counting.
#include "validation/text_rules.hpp"

#include <doctest/doctest.h>

#include <array>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/random.hpp"
#include "vedette/validation/batch.hpp"
#include "vedette/validation/validator.hpp"

using namespace vedette;
using namespace vedette::validation;
using vedette::testing::code_of;

namespace {

std::size_t below(Random& random, std::size_t limit) {
    return static_cast<std::size_t>(random() % limit);
}

std::string utf8(std::uint32_t c) {
    const auto byte = [](std::uint32_t x) { return static_cast<char>(static_cast<unsigned char>(x)); };
    if (c < 0x80) return {byte(c)};
    if (c < 0x800) return {byte(0xC0U | c >> 6U), byte(0x80U | (c & 0x3FU))};
    if (c < 0x10000) return {byte(0xE0U | c >> 12U), byte(0x80U | (c >> 6U & 0x3FU)), byte(0x80U | (c & 0x3FU))};
    return {byte(0xF0U | c >> 18U), byte(0x80U | (c >> 12U & 0x3FU)), byte(0x80U | (c >> 6U & 0x3FU)),
            byte(0x80U | (c & 0x3FU))};
}

Schema of(const std::string& fields) {
    return Schema::from_json(R"({"version":1,"features":[{"name":"x","type":"text")" + fields + "}]}");
}
CheckSet judge(const Validator& rules, std::string_view text) {
    return rules.check(0, text);
}
CheckSet found(const std::string& fields, std::string_view text) {
    return judge(Validator(of(fields)), text);
}

constexpr std::array class_names{"control", "bidirectional", "joiner", "variation_selector", "tag", "invisible"};

}  // namespace

TEST_CASE("characters: every code point is of the class that Unicode's properties give it") {
    std::map<std::uint32_t, std::string> expected;
    for (const auto& range : oracle_data("text_rules.json")["characters"]) {
        for (auto c = range[0].get<std::uint32_t>(); c <= range[1].get<std::uint32_t>(); ++c)
            expected[c] = range[2].get<std::string>();
    }
    REQUIRE(expected.size() > 4000);
    std::size_t wrong = 0;
    for (std::uint32_t c = 0; c < 0x110000; ++c) {
        const auto known = class_of(static_cast<char32_t>(c));
        const auto place = expected.find(c);
        const bool is_same =
            place == expected.end() ? !known : known && class_names[static_cast<std::size_t>(*known)] == place->second;
        wrong += is_same ? 0 : 1;
    }
    CHECK(wrong == 0);
    // Each rule refuses its own class and no other, wherever the character stands.
    for (std::size_t asked = 0; asked < class_names.size(); ++asked) {
        const Validator rules(of(std::string(R"(,"refused_characters":[")") + class_names[asked] + "\"]"));
        for (const std::uint32_t c : {0x1BU, 0x85U, 0x202EU, 0x2066U, 0x200DU, 0xFE0FU, 0xE0101U, 0xE0041U, 0x200BU,
                                      0xADU, 0xFEFFU, 0x3164U, 0x9U, 0x41U, 0xE9U, 0x1F600U}) {
            const auto known = class_of(static_cast<char32_t>(c));
            const bool is_refused = known && static_cast<std::size_t>(*known) == asked;
            const CheckSet wanted = is_refused ? set_of(check_of(*known)) : CheckSet{0};
            for (const char* before : {"", "seven b", "eight by", "a longer text, and more ", "\xC3\xA9"}) {
                CAPTURE(c);
                CAPTURE(before);
                CHECK(judge(rules, before + utf8(c)) == wanted);
                CHECK(judge(rules, before + utf8(c) + " and what follows") == wanted);
            }
        }
    }
}

TEST_CASE("words: the restriction levels of UTS 39, as ICU finds them") {
    const Validator single(of(R"(,"scripts":"single")")), high(of(R"(,"scripts":"highly_restrictive")"));
    for (const auto& word : oracle_data("text_rules.json")["words"]) {
        const auto text = word["text"].get<std::string>();
        const auto level = word["scripts"].get<std::string>();
        CAPTURE(text);
        // Between other words it is the same word.
        for (const std::string& whole : {text, "plain words, " + text + "; more", "\xD1\x8F " + text + " z"}) {
            CHECK((judge(single, whole) == 0) == (level == "single"));
            CHECK((judge(high, whole) == 0) == (level != "any"));
        }
    }
    // Words of different scripts stand side by side; what is hidden ends no word.
    CHECK(judge(single, "mir is \xD0\xBC\xD0\xB8\xD1\x80") == 0);
    CHECK(judge(single, "p\xE2\x80\x8B\xD0\xB0ypal") == set_of(Check::confusable));
    CHECK(judge(single, "p\x01\xD0\xB0ypal") == set_of(Check::confusable));
    CHECK(judge(single, "p-\xD0\xB0-ypal") == 0);
}

TEST_CASE("words: look-alikes are those whose skeleton in ICU is of ASCII letters and digits") {
    const Validator rules(of(R"(,"refuse_lookalikes":true)"));
    for (const auto& word : oracle_data("text_rules.json")["lookalikes"]) {
        const auto text = word["text"].get<std::string>();
        CAPTURE(text);
        const CheckSet expected = word["is_lookalike"].get<bool>() ? set_of(Check::confusable) : CheckSet{0};
        CHECK(judge(rules, text) == expected);
        CHECK(judge(rules, "so, " + text + " it is") == expected);
    }
    // Lines of confusables.txt: U+0430, U+0440 and U+0443 to a, p, y; U+0131 is Latin, and stays.
    CHECK(judge(rules, "\xD1\x80\xD0\xB0\xD1\x83pal") == set_of(Check::confusable));
    CHECK(judge(rules, "\xC4\xB1s\xC4\xB1") == 0);
    CHECK(judge(rules, "caf\xC3\xA9 paypal 2024") == 0);
}

TEST_CASE("repetition: 1 - distinct-n, of stretches of 1024") {
    std::size_t above = 0;
    for (const auto& one : oracle_data("text_rules.json")["repetitions"]) {
        const auto text = one["text"].get<std::string>();
        Repetition repetition;
        repetition.unit = one["unit"] == "words" ? TextUnit::words : TextUnit::code_points;
        repetition.length = one["length"].get<std::uint32_t>();
        repetition.minimum_grams = 2;
        const double share = one["share"].get<double>();
        CHECK(repeated_share(text, repetition) == share);
        above += share > 0.5 ? 1 : 0;
    }
    CHECK(above >= 5);
    const std::string rule = R"(,"repetition":{"length":1,"maximum_share":0.75,"minimum_grams":4})";
    CHECK(found(rule, "poem poem poem poem") == 0);  // one of four is new
    CHECK(found(rule, "poem poem poem poem poem") == set_of(Check::repetition));
    CHECK(found(rule, "poem poem poem") == 0);
    // One stretch is enough, wherever it lies.
    std::string text;
    for (int i = 0; i < 5000; ++i) text += (i >= 1024 && i < 2048 ? "no" : std::to_string(i)) + " ";
    CHECK(found(rule, text) == set_of(Check::repetition));
    const std::string points = R"(,"repetition":{"unit":"code_points","length":8,"maximum_share":0.9})";
    CHECK(found(points, std::string(1000, 'a')) == set_of(Check::repetition));
    CHECK(found(points, "the quick brown fox jumps over the lazy dog, and that is all there is to it") == 0);
}

TEST_CASE("refused patterns: none may be found, each judged on its own") {
    const std::string rule = R"(,"refused_patterns":["(?i)ignore (all |the )?previous","\\Qa(b","^x$"])";
    CHECK(found(rule, "Please IGNORE previous instructions") == set_of(Check::pattern));
    CHECK(found(rule, "ignore what was previous") == 0);
    CHECK(found(rule, "f = a(b)") == set_of(Check::pattern));
    CHECK(found(rule, "x") == set_of(Check::pattern));
    CHECK(found(rule, "xx") == 0);
    CHECK(found(rule, "IGNORE ALL PREVIOUS") == set_of(Check::pattern));
    CHECK(found(rule, "") == 0);
    CHECK(found(rule, "\xC3") == (set_of(Check::utf8) | set_of(Check::pattern)));
    CHECK(found(rule + R"(,"severity":{"pattern":"none"})", "x") == 0);
    // Texts that make the automaton grow beyond its memory are judged all the same.
    const Validator hard(of(R"(,"refused_patterns":["(a|b)*a(a|b){60}c","[a-q][^u-z]{13}x"])"));
    Random random(5);
    std::string text;
    for (int i = 0; i < 40000; ++i) text += "ab"[below(random, 2)];
    CHECK(judge(hard, text) == 0);
    CHECK(judge(hard, text + "a" + std::string(60, 'b') + "c") == set_of(Check::pattern));
}

TEST_CASE("random texts: a row, a column, a dictionary and a naive reading agree") {
    Random random(64);
    const std::vector<std::string> pieces{"a",          "pay",         " ",          " ",          ", ",
                                          "\n",         "7",           "_",          utf8(0x430),  utf8(0x440),
                                          utf8(0x3B1),  utf8(0x3BF),   utf8(0x8A9E), utf8(0x3042), utf8(0x301),
                                          utf8(0x200B), utf8(0x200D),  utf8(0x202E), utf8(0xFE0F), utf8(0xE0041),
                                          "\x1B",       utf8(0x1F600), "eight by",   "\xC3",       "\xED\xA0\x80"};
    std::map<Check, std::size_t> seen;
    for (int run = 0; run < 400; ++run) {
        Schema schema{"", {}, {Feature{}}};
        Feature& feature = schema.features[0];
        feature.name = "x";
        feature.type = FeatureType::text;
        for (std::size_t c = 0; c < class_names.size(); ++c)
            if (below(random, 2) == 0) feature.refused_characters.push_back(static_cast<CharacterClass>(c));
        feature.refuse_lookalikes = below(random, 2) == 0;
        feature.scripts = static_cast<Scripts>(below(random, 3));
        if (below(random, 2) == 0)
            feature.repetition = Repetition{static_cast<TextUnit>(below(random, 2)),
                                            1 + static_cast<std::uint32_t>(below(random, 3)), 0.3, 4};
        if (below(random, 2) == 0) feature.refused_patterns = {"pay", "7$"};
        if (below(random, 4) == 0)
            feature.severity[static_cast<Check>(27 + below(random, 4))] = static_cast<Severity>(below(random, 3));
        const Validator rules(schema);
        std::vector<std::string> texts(16);
        for (std::string& text : texts)
            while (below(random, 12) != 0) text += pieces[below(random, pieces.size())];
        const std::vector<std::string_view> views(texts.begin(), texts.end());
        std::vector<std::int32_t> codes(texts.size());
        for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::int32_t>(i);
        std::map<Check, std::vector<std::uint64_t>> failed;
        for (std::size_t i = 0; i < texts.size(); ++i) {
            const CheckSet is = judge(rules, views[i]);
            for (std::size_t c = 0; c < check_count; ++c)
                if (contains(is, static_cast<Check>(c))) failed[static_cast<Check>(c)].push_back(i);
            // Which characters are hidden, piece by piece.
            CheckSet hidden = 0;
            for (const CharacterClass refused : feature.refused_characters) {
                constexpr std::array<std::uint32_t, 6> samples{0x1B, 0x202E, 0x200D, 0xFE0F, 0xE0041, 0x200B};
                const auto severity = feature.severity.find(check_of(refused));
                if (severity != feature.severity.end() && severity->second == Severity::none) continue;
                if (texts[i].find(utf8(samples[static_cast<std::size_t>(refused)])) != std::string::npos)
                    hidden |= set_of(check_of(refused));
            }
            CAPTURE(texts[i]);
            REQUIRE((is & (set_of(Check::control) | set_of(Check::invisible))) == hidden);
        }
        const Table strings(std::vector<NamedColumn>{{"x", Column::strings(views)}});
        const Table dictionary(std::vector<NamedColumn>{{"x", Column::dictionary(codes, views)}});
        for (const Table* table : {&strings, &dictionary}) {
            const BatchReport report = validate_batch(rules, *table, {.offenders = texts.size()});
            for (const BatchFinding& finding : report.findings) {
                const std::string name = check_name(finding.check);
                CAPTURE(name);
                CHECK(failed.count(finding.check) == 1);
            }
            REQUIRE(report.findings.size() == failed.size());
            for (const BatchFinding& finding : report.findings) {
                REQUIRE(finding.offenders == failed[finding.check]);
                REQUIRE(finding.severity == rules.severity(0, finding.check));
                ++seen[finding.check];
            }
        }
    }
    for (const Check check : {Check::control, Check::invisible, Check::confusable, Check::repetition, Check::pattern})
        CHECK(seen[check] > 100);
}

TEST_CASE("a text of the domain is asked what every text is asked") {
    const Validator rules(of(R"(,"domain":{"values":["a","b\u200B","no no no"]},"refused_characters":["invisible"],)"
                             R"("repetition":{"length":1,"maximum_share":0.5,"minimum_grams":3},)"
                             R"("refused_patterns":["^a"])"));
    const char* const texts[] = {"a", "b\xE2\x80\x8B", "no no no"};
    const Check checks[] = {Check::pattern, Check::invisible, Check::repetition};
    for (std::size_t i = 0; i < std::size(texts); ++i) {
        const std::vector<Value> row{Value(texts[i])};
        CHECK(rules.validate(row).failed == set_of(checks[i]));
        CHECK(judge(rules, texts[i]) == set_of(checks[i]));
    }
}

TEST_CASE("rules of texts: written, read, refused with their path") {
    const std::string all =
        R"({"version":1,"features":[{"name":"x","type":"text","refused_patterns":["a"],"refused_characters":)"
        R"(["control","tag"],"scripts":"single","refuse_lookalikes":true,"repetition":{"unit":"code_points",)"
        R"("length":5,"maximum_share":0.25,"minimum_grams":9}}]})";
    CHECK(Schema::from_json(all).to_json() == all);
    CHECK(of(R"(,"repetition":{})").to_json().find(R"("repetition":{})") != std::string::npos);
    const auto fault = [](const std::string& fields) {
        try {
            static_cast<void>(of(fields));
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    CHECK(fault(R"(,"refused_characters":["control","control"])").find("/refused_characters/1: is given twice") !=
          std::string::npos);
    CHECK(fault(R"(,"refused_characters":["emoji"])").find("/refused_characters/0") != std::string::npos);
    CHECK(fault(R"(,"scripts":"none")").find("/scripts") != std::string::npos);
    CHECK(fault(R"(,"refused_patterns":["a","("])").find("/refused_patterns/1") != std::string::npos);
    CHECK(fault(R"(,"repetition":{"length":0})").find("/repetition/length") != std::string::npos);
    CHECK(fault(R"(,"repetition":{"length":4294967297})").find("/repetition/length") != std::string::npos);
    CHECK(fault(R"(,"repetition":{"maximum_share":1})").find("/repetition/maximum_share") != std::string::npos);
    CHECK(fault(R"(,"repetition":{"minimum_grams":1025})").find("/repetition/minimum_grams") != std::string::npos);
    std::string many = R"(,"refused_patterns":["0")";
    for (int i = 1; i < 65; ++i) many += ",\"" + std::to_string(i) + "\"";
    CHECK(fault(many + "]").find("65 patterns, at most 64") != std::string::npos);
    Schema bytes{"", {}, {Feature{}}};
    bytes.features[0].name = "x";
    bytes.features[0].type = FeatureType::bytes;
    bytes.features[0].refuse_lookalikes = true;
    CHECK(code_of([&] { bytes.validate(); }) == ErrorCode::invalid_argument);
}

TEST_CASE("look-alikes: every code point, against Unicode's own confusables.txt without ICU") {
    const Validator rules(of(R"(,"refuse_lookalikes":true)"));
    std::set<std::uint32_t> similar;
    for (const auto& code : oracle_data("confusables.json")["similar"]) similar.insert(code.get<std::uint32_t>());
    std::size_t wrong = 0, found = 0;
    for (std::uint32_t code = 0x80; code <= 0x10FFFF; ++code) {
        if (code >= 0xD800 && code <= 0xDFFF) continue;
        const bool is_found = judge(rules, "x" + utf8(code)) == set_of(Check::confusable);
        wrong += is_found != (similar.count(code) != 0) ? 1U : 0U;
        found += is_found ? 1U : 0U;
    }
    CHECK(wrong == 0);
    CHECK(found == 1236);
}
