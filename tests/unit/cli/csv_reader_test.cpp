// SPDX-License-Identifier: Apache-2.0
// The CSV reader: what RFC 4180 allows, what is refused and where, and memory that does not grow with the file.
#include "csv_reader.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "core/number_text.hpp"

using namespace vedette::cli;

namespace {

/// Every record as "a|b|c", nulls as "~".
std::vector<std::string> read_all(std::string_view text, const CsvOptions& options = {}) {
    CsvReader reader(ByteSource::memory("live.csv", text), options);
    std::vector<std::string> rows;
    while (reader.next()) {
        std::string row;
        for (std::size_t i = 0; i < reader.width(); ++i) {
            if (i != 0) row += '|';
            row += reader.is_null(i) ? std::string("~") : std::string(reader.text(i));
        }
        rows.push_back(row);
    }
    CHECK(reader.rows() == rows.size());
    return rows;
}

std::string error_of(std::string_view text, const CsvOptions& options = {}) {
    try {
        const auto rows = read_all(text, options);
        return "accepted " + std::to_string(rows.size());
    } catch (const InputError& error) {
        return error.what();
    }
}

using Rows = std::vector<std::string>;

}  // namespace

TEST_CASE("plain records, with every way to end a line") {
    CHECK(read_all("a,b\n1,2\n3,4\n") == Rows{"1|2", "3|4"});
    CHECK(read_all("a,b\r\n1,2\r\n3,4") == Rows{"1|2", "3|4"});
    CHECK(read_all("\xEF\xBB\xBF"
                   "a,b\n1,2") == Rows{"1|2"});
    CHECK(read_all("a,b").empty());
    CHECK(read_all("a;b\n1,5;2\n", {.delimiter = ';'}) == Rows{"1,5|2"});
    CHECK(read_all("a\tb\n1\t2\n", {.delimiter = '\t'}) == Rows{"1|2"});
}

TEST_CASE("a quoted field holds delimiters, line ends and doubled quotes") {
    CHECK(read_all("a,b\n\"x,y\",\"line 1\r\nline 2\"\n") == Rows{"x,y|line 1\r\nline 2"});
    CHECK(read_all("a,b\n\"say \"\"hi\"\"\",\"\"\"\"\n") == Rows{"say \"hi\"|\""});
    CHECK(read_all("\"a,1\",b\n1,2\n") == Rows{"1|2"});
}

TEST_CASE("an empty field is null, a quoted empty field is an empty text") {
    CsvReader reader(ByteSource::memory("x", "a,b,c\n,\"\",\n"));
    REQUIRE(reader.next());
    CHECK(reader.is_null(0));
    CHECK_FALSE(reader.is_null(1));
    CHECK(reader.text(1).empty());
    CHECK(reader.is_null(2));
    CHECK_FALSE(reader.next());
}

TEST_CASE("empty lines are skipped, except where they are a record of one column") {
    CHECK(read_all("\n\na,b\n\n1,2\n\n\n3,4\n\n") == Rows{"1|2", "3|4"});
    CHECK(read_all("a\n1\n\n2\n") == Rows{"1", "~", "2"});
}

TEST_CASE("an error names the file, the line and the column") {
    CHECK(error_of("a,b\n1,\"x\n2,3\n") == "live.csv:2:3: the quoted field has no closing quote");
    CHECK(error_of("a,b\n1,2\n1,2,3\n") == "live.csv:3:5: the record has 3 fields, the header has 2");
    CHECK(error_of("a,b,c\n1,2\n") == "live.csv:2:3: the record has 2 fields, the header has 3");
    CHECK(error_of(std::string("a,b\n1,2") + '\0' + "3\n") == "live.csv:2:4: a NUL byte; the file is not text");
    CHECK(error_of("a,b\n1,2\rx\n") == "live.csv:2:4: a carriage return without a line feed");
    CHECK(error_of("a,b\n1,x\"y\"\n").starts_with("live.csv:2:4: a quote inside an unquoted field"));
    CHECK(error_of("a,b\n\"x\"y,2\n").starts_with("live.csv:2:4: text after the closing quote"));
    CHECK(error_of("a,b\n1,\xE9t\xE9\n").starts_with("live.csv:2:3: the field is not valid UTF-8"));
    // line ends inside a quoted field count as lines, and columns count characters, not bytes
    CHECK(error_of("a,b\n\"1\n2\",3\n4,5,6\n").starts_with("live.csv:4:5: "));
    CHECK(error_of("a,b\n\xC3\xA9\xC3\xA9,2\"\n").starts_with("live.csv:2:5: a quote inside"));
}

TEST_CASE("a header must name every column once") {
    CHECK(error_of("a,,c\n") == "live.csv:1:3: column 2 of the header has no name");
    CHECK(error_of("a,b,a\n") == "live.csv:1:5: the name \"a\" of column 3 is already that of column 1");
    CHECK(error_of("") == "live.csv:1:1: the file is empty: a header line is needed");
    CHECK(error_of("\xEF\xBB\xBF") == "live.csv:1:1: the file is empty: a header line is needed");
    CHECK(error_of("\n\n").find("the file is empty") != std::string::npos);
    CHECK(error_of(std::string_view("\xFF\xFE"
                                    "a\0",
                                    4))
              .find("UTF-16") != std::string::npos);
}

TEST_CASE("limits bound what a hostile file can make the reader keep") {
    const std::string long_field(100, 'x');
    CHECK(error_of("a\n" + long_field, {.max_field_bytes = 100}) == "accepted 1");
    CHECK(
        error_of("a\n" + long_field, {.max_field_bytes = 99}).starts_with("live.csv:2:1: the field is longer than 99"));
    CHECK(error_of("a,b\n1,\"" + long_field, {.max_field_bytes = 50}).starts_with("live.csv:2:3: the field is longer"));
    CHECK(error_of("a,b\n" + long_field + "," + long_field, {.max_record_bytes = 150})
              .find("the record is longer than 150") != std::string::npos);
    CHECK(error_of("a,b,c\n", {.max_columns = 2}).find("more than 2 fields") != std::string::npos);
    CHECK(error_of("a\n1\n", {.delimiter = '"'}).find("delimiter") != std::string::npos);
}

TEST_CASE("invalid UTF-8 of every kind is refused") {
    for (const char* bad : {"\x80", "\xC0\xAF", "\xC1\x81", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF0\x80\x80\xAF",
                            "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xC3(", "\xFF"}) {
        CHECK(error_of(std::string("a\n") + bad + "\n").find("not valid UTF-8") != std::string::npos);
    }
    for (const char* good : {"\xC3\xA9", "\xE2\x82\xAC", "\xEF\xBF\xBD", "\xF0\x9F\x9B\xAB", "\xF4\x8F\xBF\xBF"}) {
        CHECK(read_all(std::string("a\n") + good + "\n") == Rows{good});
    }
}

TEST_CASE("the way the bytes arrive does not matter") {
    std::string text = "id,text\n";
    for (int i = 0; i < 20000; ++i) {
        text += std::to_string(i) + ",\"a \"\"quoted\"\",\r\nvalue " + std::to_string(i) + "\"\r\n";
    }
    REQUIRE(text.size() > 500'000);  // several chunks
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{4096}}) {
        std::string_view rest = text;
        CsvReader reader(ByteSource("x", [&](char* to, std::size_t capacity) {
            const std::size_t got = std::min({step, capacity, rest.size()});
            std::memcpy(to, rest.data(), got);
            rest.remove_prefix(got);
            return got;
        }));
        int row = 0;
        bool all_equal = true;
        while (reader.next()) {
            all_equal = all_equal && reader.text(0) == std::to_string(row) &&
                        reader.text(1) == "a \"quoted\",\r\nvalue " + std::to_string(row);
            ++row;
        }
        CHECK(row == 20000);
        CHECK(all_equal);
    }
}

TEST_CASE("numbers are read strictly and without a locale") {
    const double infinity = std::numeric_limits<double>::infinity();
    CHECK(vedette::parse_number("1.5") == 1.5);
    CHECK(vedette::parse_number(" +3e2\t") == 300.0);
    CHECK(vedette::parse_number("-.5") == -0.5);
    CHECK(vedette::parse_number("5.") == 5.0);
    CHECK(vedette::parse_number("0.1") == 0.1);
    CHECK(vedette::parse_number("inf") == infinity);
    CHECK(vedette::parse_number("-Infinity") == -infinity);
    CHECK(std::isnan(vedette::parse_number("NaN").value()));
    CHECK(std::signbit(vedette::parse_number("-0").value()));
    CHECK(vedette::parse_number("1e999") == infinity);
    CHECK(vedette::parse_number("-1e999") == -infinity);
    CHECK(vedette::parse_number("1e-999") == 0.0);
    CHECK(vedette::parse_number("0." + std::string(400, '0') + "1") == 0.0);
    CHECK(vedette::parse_number("1" + std::string(400, '0')) == infinity);
    CHECK(vedette::parse_number("1" + std::string(400, '0') + "e-5") == infinity);
    CHECK(vedette::parse_number("0.001e400") == infinity);
    CHECK(vedette::parse_number("1e99999999999999999999999") == infinity);
    CHECK(vedette::parse_number("1e-99999999999999999999999") == 0.0);
    for (const char* bad : {"", " ", "+", "-", "+-1", "--1", "1,5", "1 000", "0x10", "1.2.3", "1e", "e5", "12abc",
                            "nan(1)", "infin", ".", "1_000", "\xD9\xA1"}) {
        CHECK_MESSAGE(!vedette::parse_number(bad).has_value(), bad);
    }
}

TEST_CASE("a file that cannot be opened says why") {
    CHECK_THROWS_WITH_AS(static_cast<void>(ByteSource::open("/nonexistent/live.csv")),
                         doctest::Contains("/nonexistent/live.csv: cannot be read: No such file"), InputError);
    CHECK_THROWS_AS(CsvReader(ByteSource::open("/")), InputError);
}
