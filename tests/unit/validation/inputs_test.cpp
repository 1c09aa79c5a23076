// SPDX-License-Identifier: Apache-2.0
// Normal forms of a domain against CPython's, reference sets, and ages by the caller's clock.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"
#include "unit/validation/random_schema.hpp"
#include "vedette/validation/batch.hpp"
#include "vedette/validation/infer.hpp"
#include "vedette/validation/schema_diff.hpp"
#include "vedette/validation/schema_exchange.hpp"
#include "vedette/validation/validator.hpp"

using namespace vedette;
using namespace vedette::validation;
using namespace vedette::validation::random_schema;
using vedette::testing::code_of;

namespace {

Schema one(const std::string& fields, const std::string& behind = "") {
    return Schema::from_json(R"({"version":1,"features":[{"name":"x",)" + fields + "}]" + behind + "}");
}

std::string fault_of(const std::string& fields, const std::string& behind = "") {
    try {
        static_cast<void>(one(fields, behind));
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::int64_t read_clock(void* user) {
    return *static_cast<std::int64_t*>(user);
}

// A second later each time it is asked.
std::int64_t tick(void* user) {
    return *static_cast<std::int64_t*>(user) += 1'000'000'000;
}

constexpr CheckSet outside = set_of(Check::domain), stale = set_of(Check::freshness);

}  // namespace

TEST_CASE("normal forms: a domain takes the texts that CPython normalises alike") {
    std::size_t count = 0;
    for (const auto& entry : oracle_data("normal_forms.json")["cases"]) {
        const auto text = entry[0].get<std::string>(), nfc = entry[1].get<std::string>(),
                   nfkc = entry[2].get<std::string>();
        const auto takes = [&](const std::string& value, NormalForm form, const std::string& given) {
            Schema schema = one(R"("type":"text")");
            schema.features[0].domain = Domain{{value}, 0.0, Case::exact, form};
            return Validator(schema).check(0, std::string_view(given)) == 0;
        };
        CAPTURE(text);
        // In the domain or in the request, as it came or normalised.
        CHECK(takes(text, NormalForm::nfc, nfc));
        CHECK(takes(nfc, NormalForm::nfc, text));
        CHECK(takes(text, NormalForm::nfkc, nfkc));
        CHECK(takes(nfkc, NormalForm::nfkc, text));
        CHECK(takes(nfc, NormalForm::nfc, nfkc) == (nfc == nfkc));
        CHECK(takes(nfc, NormalForm::none, text) == (nfc == text));
        ++count;
    }
    CHECK(count > 700);
}

TEST_CASE("normal forms: letters are folded behind, what is no text or too long is none of the values") {
    Schema schema = one(R"("type":"bytes")");
    schema.features[0].domain = Domain{{"\xC3\xA9T\xC3\xA9"}, 0.0, Case::fold_ascii, NormalForm::nfc};
    const Validator rules(schema);
    CHECK(rules.check(0, std::string_view("e\xCC\x81te\xCC\x81")) == 0);
    // The letter with its accent is none of ASCII: E with one is another.
    CHECK(rules.check(0, std::string_view("E\xCC\x81te\xCC\x81")) == outside);
    CHECK(rules.check(0, std::string_view("e\xCC\x81te\xCC")) == outside);
    std::string marks = "e";
    for (int i = 0; i < 100000; ++i) marks += "\xCC\x81";
    CHECK(rules.check(0, std::string_view(marks)) == outside);
    CHECK(holds(fault_of(R"("type":"text","domain":{"values":["é","é"],"normal_form":"nfc"})"),
                "/domain/values/1: is given twice"));
    marks.resize(1 + 2 * 511);
    CHECK(fault_of(R"("type":"text","domain":{"values":[")" + marks + R"("],"normal_form":"nfc"})").empty());
    marks += "\xCC\x81";
    CHECK(holds(fault_of(R"("type":"text","domain":{"values":[")" + marks + R"("],"normal_form":"nfc"})"), "512"));
    CHECK(holds(fault_of(R"("type":"text","domain":{"values":["a"],"normal_form":"nfd"})"), "/domain/normal_form"));
}

TEST_CASE("reference sets: values of the schema or of the caller, in requests and in tables") {
    const Schema schema = Schema::from_json(R"({"version":1,"features":[
        {"name":"shop","type":"text","reference_set":"shops"},
        {"name":"id","type":"integer","reference_set":"ids","step":2},
        {"name":"key","type":"bytes","reference_set":"ids","domain":{"values":["7","x"]}}],
        "reference_sets":[{"name":"shops","values":["a","b"]},{"name":"ids","most_values":5}]})");
    CHECK(Schema::from_json(schema.to_json()) == schema);
    const std::vector<std::string> ids{"-8", "7", "007", "9223372036854775806", "7"};
    const ReferenceValues values(ids);
    CHECK(values.size() == 4);
    CHECK((values.holds("007") && !values.holds("-08") && values.holds(std::int64_t{-8}) &&
           !values.holds(std::int64_t{0})));
    const Validator bare(schema);
    CHECK(bare.not_evaluated(0) == 0);
    CHECK(bare.not_evaluated(1) == outside);
    CHECK(bare.check(1, 4) == 0);
    const Validator rules(schema, {}, {.reference_sets = {{"ids", values}}, .clock = {}});
    CHECK(rules.not_evaluated(1) == 0);
    const auto check = [&](std::size_t feature, const Value& value) { return rules.check(feature, value); };
    CHECK(check(0, "a") == 0);
    CHECK(check(0, "A") == outside);
    CHECK(check(1, -8) == 0);
    CHECK(check(1, -8.0) == 0);
    CHECK(check(1, 4) == outside);
    CHECK(check(1, 7) == set_of(Check::step));
    CHECK(check(1, std::numeric_limits<std::int64_t>::max() - 1) == 0);
    CHECK(check(1, 0x1p63) == outside);
    CHECK(check(2, "7") == 0);
    CHECK(check(2, "x") == outside);
    CHECK(check(2, "-8") == outside);

    // In tables of every type of column, and in rows of a mixed screen, the same.
    Random random(5);
    std::vector<std::int64_t> whole;
    std::vector<double> wide;
    std::vector<std::string_view> texts, shops;
    for (int i = 0; i < 300; ++i) {
        whole.push_back(static_cast<std::int64_t>(below(random, 20)) - 10);
        wide.push_back(static_cast<double>(whole.back()));
        constexpr std::string_view some[] = {"a", "b", "7", "x", "-8", "zz"};
        texts.push_back(some[below(random, 6)]);
        shops.push_back(some[below(random, 6)]);
    }
    for (const Column& numbers : {Column::numeric(whole), Column::numeric(wide)}) {
        const Table table(std::vector<NamedColumn>{
            {"shop", Column::strings(shops)}, {"id", numbers}, {"key", Column::strings(texts)}});
        const BatchReport report = validate_batch(rules, table, {.bitmaps = true});
        for (std::size_t row = 0; row < whole.size(); ++row) {
            const std::vector<Value> values_of_row{shops[row], whole[row], texts[row]};
            std::vector<CheckSet> failed(3), found(3);
            static_cast<void>(rules.validate(values_of_row, failed));
            for (const BatchFinding& finding : report.findings)
                if ((finding.bitmap[row / 8] >> (row % 8) & 1) != 0) found[finding.feature] |= set_of(finding.check);
            CHECK(found == failed);
            CHECK(contains(failed[1], Check::domain) == (whole[row] != -8 && whole[row] != 7));
        }
    }

    const auto refused = [&](const RuleInputs& inputs) {
        return code_of([&] { static_cast<void>(Validator(schema, {}, inputs)); });
    };
    CHECK(refused({.reference_sets = {{"shops", values}}, .clock = {}}) == ErrorCode::invalid_argument);
    CHECK(refused({.reference_sets = {{"others", values}}, .clock = {}}) == ErrorCode::invalid_argument);
    const std::vector<std::string> six{"1", "2", "3", "4", "5", "6"};
    CHECK(refused({.reference_sets = {{"ids", ReferenceValues(six)}}, .clock = {}}) == ErrorCode::invalid_argument);
    CHECK(code_of([] {
              static_cast<void>(ReferenceValues(std::vector<std::string>(ReferenceValues::most_values + 1)));
          }) == ErrorCode::overflow);
    CHECK(holds(fault_of(R"("type":"text","reference_set":"s")"), "/features/0/reference_set: \"s\" is not among"));
    CHECK(holds(fault_of(R"("type":"floating","reference_set":"s")", R"(,"reference_sets":[{"name":"s"}])"),
                "/features/0/reference_set: is for text"));
    CHECK(holds(fault_of(R"("type":"text")", R"(,"reference_sets":[{"name":"s","values":["a","a"]}])"),
                "/reference_sets/0/values/1: is given twice"));
    CHECK(holds(fault_of(R"("type":"text")", R"(,"reference_sets":[{"name":"s"},{"name":"s"}])"),
                "/reference_sets/1/name"));
    CHECK(holds(fault_of(R"("type":"text")", R"(,"reference_sets":[{"name":"s","most_values":16777217}])"),
                "/reference_sets/0/most_values"));
    CHECK(holds(fault_of(R"("type":"text")", R"(,"reference_sets":[{"name":"s","values":["a","b"],"most_values":1}])"),
                "/reference_sets/0/values: 2 values, at most 1"));
}

TEST_CASE("freshness: numbers of every unit, to the nanosecond, against exact arithmetic") {
    std::int64_t now = 0;
    Random random(11);
    constexpr const char* units[] = {"seconds", "milliseconds", "microseconds", "nanoseconds"};
    constexpr std::int64_t of_unit[] = {1000000000, 1000000, 1000, 1};
    int old = 0, ahead = 0, fresh = 0;
    for (int run = 0; run < 4000; ++run) {
        const std::size_t u = below(random, 4);
        const auto age = static_cast<std::int64_t>(below(random, 100)),
                   lead = static_cast<std::int64_t>(below(random, 9));
        const Schema schema = one(R"("type":"integer","freshness":{"maximum_age":)" + std::to_string(age) +
                                  R"(,"maximum_ahead":)" + std::to_string(lead) + R"(,"unit":")" + units[u] + "\"}");
        const Validator rules(schema, {}, {.reference_sets = {}, .clock = {&read_clock, &now}});
        now = static_cast<std::int64_t>(below(random, 2000000)) * 1000000000 +
              static_cast<std::int64_t>(below(random, 3)) - 1;
        // About the edges.
        const std::int64_t edge = coin(random) ? now - age * 1000000000 : now + lead * 1000000000;
        const std::int64_t value = edge / of_unit[u] + static_cast<std::int64_t>(below(random, 3)) - 1;
        const std::int64_t time = value * of_unit[u];
        const bool is_old = time<now - age * 1000000000, is_ahead = time> now + lead * 1000000000;
        CHECK(rules.check(0, value) == (is_old || is_ahead ? stale : CheckSet{0}));
        (is_old ? old : is_ahead ? ahead : fresh) += 1;
        const std::vector<std::int64_t> column{value, value};
        const BatchReport report =
            validate_batch(rules, Table(std::vector<NamedColumn>{{"x", Column::numeric(column)}}));
        CHECK(report.is_valid() == !(is_old || is_ahead));
        const std::vector<std::int64_t> shape{2};
        TensorView tensor;
        tensor.dtype = Dtype::i64;
        tensor.data = column.data();
        tensor.shape = shape;
        CHECK(rules.validate(0, tensor).is_valid() == report.is_valid());
        // What a double holds is judged alike.
        if (std::abs(value) < (std::int64_t{1} << 53)) {
            const std::vector<double> row{static_cast<double>(value)};
            CHECK(rules.validate(std::span<const double>(row)).is_valid() == report.is_valid());
        }
    }
    CHECK((old > 500 && ahead > 500 && fresh > 500));
}

TEST_CASE("freshness: texts with offsets, fractions, nulls, and clocks that are not there") {
    std::int64_t now = 1709208000000000000;  // 2024-02-29T12:00:00Z
    const Schema schema = Schema::from_json(R"({"version":1,"features":[
        {"name":"at","type":"text","nullable":true,"format":"date_time","freshness":{"maximum_age":3600}},
        {"name":"t","type":"floating","allow_nan":true,"allow_infinity":true,"severity":{"freshness":"warning"},
         "freshness":{"maximum_ahead":0.5}}]})");
    CHECK(Schema::from_json(schema.to_json()) == schema);
    const Validator rules(schema, {}, {.reference_sets = {}, .clock = {&read_clock, &now}});
    const auto of_text = [&](const char* text) { return rules.check(0, text); };
    CHECK(of_text("2024-02-29T11:00:00Z") == 0);
    CHECK(of_text("2024-02-29T10:59:59.999999999Z") == stale);
    CHECK(of_text("2024-02-29t12:00:00+01:00") == 0);
    CHECK(of_text("2024-02-29T12:00:00+01:01") == stale);
    CHECK(of_text("2024-02-29T05:30:00-05:30") == 0);
    CHECK(of_text("2024-02-29T05:29:59-05:30") == stale);
    CHECK(of_text("9999-12-31T23:59:59Z") == 0);
    CHECK(of_text("0000-01-01T00:00:00Z") == stale);
    CHECK(of_text("1969-12-31T23:59:59Z") == stale);
    CHECK(of_text("yesterday") == set_of(Check::format));
    CHECK(rules.check(0, Value()) == 0);
    CHECK(rules.check(1, 1709208000.5) == 0);
    CHECK(rules.check(1, 1709208000.75) == stale);
    CHECK(rules.check(1, std::nan("")) == 0);
    CHECK(rules.check(1, infinity) == stale);
    CHECK(rules.check(1, -infinity) == 0);
    CHECK(rules.check(1, 1e300) == stale);
    const std::vector<Value> row{"2024-02-29T10:00:00Z", 2e9};
    std::vector<CheckSet> failed(2);
    CHECK(rules.validate(row, failed) == RowVerdict{Severity::error, stale});
    CHECK(failed == std::vector<CheckSet>{stale, stale});
    const std::vector<std::string_view> texts{"2024-02-29T10:00:00Z", "2024-02-29T11:30:00Z"};
    const std::vector<double> times{0.0, 2e9};
    const Table table(std::vector<NamedColumn>{{"at", Column::strings(texts)}, {"t", Column::numeric(times)}});
    const BatchReport report = validate_batch(rules, table);
    REQUIRE(report.findings.size() == 2);
    CHECK(report.findings[0].offenders == std::vector<std::uint64_t>{0});
    CHECK(report.findings[1].offenders == std::vector<std::uint64_t>{1});
    CHECK(report.findings[1].severity == Severity::warning);
    // Without a clock nothing is stale, which is said.
    const Validator bare(schema);
    CHECK(bare.validate(row).is_valid());
    CHECK(bare.not_evaluated(0) == stale);
    CHECK(validate_batch(bare, table).not_evaluated[1] == stale);

    CHECK(holds(fault_of(R"("type":"text","freshness":{"maximum_age":1})"), "/features/0/freshness: is for numbers"));
    CHECK(holds(fault_of(R"("type":"integer","freshness":{})"), "/features/0/freshness: has neither"));
    CHECK(holds(fault_of(R"("type":"integer","freshness":{"maximum_age":-1})"), "/freshness/maximum_age"));
    CHECK(holds(fault_of(R"("type":"integer","freshness":{"maximum_ahead":1e10})"), "/freshness/maximum_ahead"));
    CHECK(holds(fault_of(R"("type":"integer","freshness":{"maximum_age":1,"unit":"days"})"), "/freshness/unit"));
    CHECK(holds(fault_of(R"("type":"text","format":"date_time","freshness":{"maximum_age":1,"unit":"nanoseconds"})"),
                "/freshness/unit"));
    CHECK(holds(fault_of(R"("type":"integer","freshness":{"maximum_age":1},"repair":{"freshness":"impute"},)"
                         R"("replacement":1)"),
                "/repair/freshness"));
}

TEST_CASE("freshness: a row is repaired at one time") {
    std::int64_t now = 99'000'000'000;
    const Schema schema = Schema::from_json(R"({"version":1,"features":[
        {"name":"at","type":"floating","freshness":{"maximum_age":10}},
        {"name":"x","type":"floating","maximum":1,"repair":{"maximum":"clamp"}}]})");
    const Validator rules(schema, {}, {.reference_sets = {}, .clock = {&tick, &now}});
    // At 100 s ten seconds old: fresh, and a second later no longer.
    std::vector<double> numbers{90, 7};
    CHECK(rules.repair(std::span(numbers)).after.is_valid());
    CHECK(now == 100'000'000'000);
    std::vector<float> floats{91, 7};
    CHECK(rules.repair(std::span(floats)).after.is_valid());
    std::vector<Value> values{92.0, 7.0};
    CHECK(rules.repair(std::span(values)).after.is_valid());
    CHECK(now == 102'000'000'000);
    CHECK(values[1].number == 1.0);
    values = {92.0, 7.0};
    CHECK(rules.repair(std::span(values)).after.failed == stale);
}

TEST_CASE("tensors: of a feature with valency, dimensions are levels") {
    const Validator rules(one(R"("type":"floating","valency":[{"minimum":1,"maximum":2},{"maximum":3}])"));
    const std::vector<float> data(12, 1.0F);
    const auto of = [&](std::vector<std::int64_t> shape) {
        TensorView tensor;
        tensor.data = data.data();
        tensor.shape = shape;
        return rules.validate(0, tensor).failed;
    };
    CHECK(of({2, 3}) == 0);
    CHECK(of({3, 3}) == set_of(Check::many_values));
    CHECK(of({2, 4}) == set_of(Check::many_values));
    CHECK(of({0, 9}) == set_of(Check::few_values));
    CHECK(of({6}) == set_of(Check::nestedness));
    CHECK(of({1, 1, 1}) == set_of(Check::nestedness));
}

TEST_CASE("differences of normal forms, reference sets and freshness: compatible, or breaking") {
    const auto kind = [](const std::string& before, const std::string& after, const std::string& sets_before = "",
                         const std::string& sets_after = "") {
        const auto changes = diff(one(before, sets_before), one(after, sets_after));
        ChangeKind gravest = ChangeKind::annotation;
        for (const SchemaChange& change : changes) gravest = std::max(gravest, change.kind);
        return changes.empty() ? "none" : std::string(change_kind_name(gravest));
    };
    const auto domain = [](const char* form) {
        return std::string(R"("type":"text","domain":{"values":["a"],"normal_form":")") + form + "\"}";
    };
    CHECK(kind(domain("none"), domain("nfc")) == "loosened");
    CHECK(kind(domain("nfc"), domain("nfkc")) == "loosened");
    CHECK(kind(domain("nfkc"), domain("nfc")) == "breaking");
    CHECK(kind(domain("nfc"), domain("nfc")) == "none");
    const auto fresh = [](const char* fields) {
        return std::string(R"("type":"integer","freshness":{)") + fields + "}";
    };
    CHECK(kind(fresh(R"("maximum_age":5)"), fresh(R"("maximum_age":6)")) == "loosened");
    CHECK(kind(fresh(R"("maximum_age":6)"), fresh(R"("maximum_age":5)")) == "breaking");
    CHECK(kind(fresh(R"("maximum_age":6)"), fresh(R"("maximum_age":6,"maximum_ahead":1)")) == "breaking");
    CHECK(kind(fresh(R"("maximum_age":6)"), fresh(R"("maximum_age":6,"unit":"milliseconds")")) == "breaking");
    CHECK(kind(fresh(R"("maximum_age":6)"), R"("type":"integer")") == "loosened");
    CHECK(kind(R"("type":"integer")", fresh(R"("maximum_age":6)")) == "breaking");
    CHECK(kind(R"("type":"integer","severity":{"freshness":"warning"})",
               fresh(R"("maximum_age":6)") + R"(,"severity":{"freshness":"warning"})") == "warned");
    const std::string plain = R"("type":"text")", asks = plain + R"(,"reference_set":"s")";
    const std::string ab = R"(,"reference_sets":[{"name":"s","values":["a","b"]}])";
    const std::string abc = R"(,"reference_sets":[{"name":"s","values":["c","a","b"]}])";
    const std::string callers = R"(,"reference_sets":[{"name":"s"}])";
    CHECK(kind(plain, asks, ab, ab) == "breaking");
    CHECK(kind(asks, plain, ab, ab) == "loosened");
    CHECK(kind(asks, asks, ab, abc) == "loosened");
    CHECK(kind(asks, asks, abc, ab) == "breaking");
    CHECK(kind(asks, asks, ab, callers) == "breaking");
    CHECK(kind(plain, plain, abc, ab) == "annotation");
    CHECK(kind(plain, plain, "", ab) == "annotation");
}

TEST_CASE("what a table cannot meet is loosened, and what JSON Schema cannot say is told") {
    const std::string sets = R"(,"reference_sets":[{"name":"s","values":["a","b"]}])";
    const Schema schema = one(R"("type":"text","reference_set":"s","domain":{"values":["a","b"]})", sets);
    std::vector<std::string_view> texts;
    for (int i = 0; i < 300; ++i) texts.push_back(i % 2 == 0 ? "a" : "c");
    const Table table(std::vector<NamedColumn>{{"x", Column::strings(texts)}});
    const Relaxation relaxed = relax(schema, table);
    CHECK(validate_batch(Validator(relaxed.schema), table).is_valid());
    CHECK(relaxed.schema.features[0].reference_set.empty());
    CHECK(relaxed.schema.features[0].domain->values.size() == 3);
    for (const std::string& fields : {std::string(R"("type":"text","reference_set":"s")"),
                                      std::string(R"("type":"integer","freshness":{"maximum_age":5})"),
                                      std::string(R"("type":"text","domain":{"values":["a"],"normal_form":"nfkc"})")}) {
        const Schema given = one(fields, sets);
        CHECK(code_of([&] { static_cast<void>(export_json_schema(given)); }) == ErrorCode::invalid_argument);
        CHECK(!export_json_schema(given, {}, {.allow_loss = true}).notes.empty());
    }
}

TEST_CASE("UTF-8 stress: what CPython's strict decoder takes, alone and wherever in a longer text") {
    const Validator rules(one(R"("type":"text")"));
    const std::size_t pads[] = {0, 1, 7, 14, 15, 16, 31, 32, 33, 61, 62, 63, 64, 65, 127};
    std::size_t count = 0, wrong = 0;
    std::vector<std::string> texts;
    std::vector<bool> are_utf8;
    for (const auto& entry : oracle_data("utf8_stress.json")) {
        const auto hexadecimal = entry[0].get<std::string>();
        std::string sequence;
        for (std::size_t i = 0; i < hexadecimal.size(); i += 2)
            sequence += static_cast<char>(std::stoi(hexadecimal.substr(i, 2), nullptr, 16));
        for (const std::size_t pad : pads) {
            for (const char* const around : {"a", "\xC3\xA9", "\xF0\x9F\x98\x80"}) {
                std::string text;
                for (std::size_t i = 0; i < pad; ++i) text += around;
                texts.push_back(text + sequence + (pad % 2 == 0 ? text : ""));
                are_utf8.push_back(entry[1].get<bool>());
            }
        }
        ++count;
    }
    CHECK(count > 900);
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    const BatchReport report =
        validate_batch(rules, Table(std::vector<NamedColumn>{{"x", Column::strings(views)}}), {.bitmaps = true});
    REQUIRE(report.findings.size() == 1);
    REQUIRE(report.findings[0].check == Check::utf8);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const CheckSet expected = are_utf8[i] ? CheckSet{0} : set_of(Check::utf8);
        const bool fails_in_table = (report.findings[0].bitmap[i / 8] >> (i % 8) & 1) != 0;
        wrong += rules.check(0, views[i]) != expected || fails_in_table == are_utf8[i] ? 1U : 0U;
    }
    CHECK(wrong == 0);
}
