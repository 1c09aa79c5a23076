// SPDX-License-Identifier: Apache-2.0
// Randomised responses of a column's categories, as names or as bits, and the shares that they tell of.
#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "csv_writer.hpp"
#include "guard/render_common.hpp"
#include "release_kinds.hpp"
#include "release_places.hpp"
#include "release_rows.hpp"
#include "text_table.hpp"
#include "vedette/privacy/randomized_response.hpp"

namespace vedette::inline v0::cli {

using namespace privacy;
using Json = nlohmann::ordered_json;

namespace {

// How one row's category is disturbed among those listed and all others.
class Disturbance {
  public:
    Disturbance(ResponseEncoding encoding, const Places& places, double epsilon) {
        const auto categories = static_cast<std::uint32_t>(std::min<std::size_t>(places.size() + 1, 0xffffffffU));
        if (encoding == ResponseEncoding::direct) {
            named_.emplace(Epsilon(epsilon), categories);
        } else {
            const UnaryForm form = encoding == ResponseEncoding::rappor ? UnaryForm::symmetric : UnaryForm::optimised;
            bits_.emplace(Epsilon(epsilon), categories, form);
        }
    }
    [[nodiscard]] Guarantee guarantee() const noexcept { return named_ ? named_->guarantee() : bits_->guarantee(); }
    /// The responses in the place of the truths, row by row: told(row, i) for each category i that a row names.
    template <class Told>
    void respond(std::vector<std::uint32_t>& truths, Told told) const {
        if (named_) {
            named_->respond(truths, truths);
            for (std::size_t row = 0; row < truths.size(); ++row) told(row, truths[row]);
            return;
        }
        std::vector<std::uint8_t> bits(bits_->categories());
        for (std::size_t row = 0; row < truths.size(); ++row) {
            bits_->respond(truths[row], bits);
            for (std::size_t i = 0; i < bits.size(); ++i)
                if (bits[i] != 0) told(row, i);
        }
    }
    [[nodiscard]] ShareEstimate estimate(std::uint64_t named, std::uint64_t reports,
                                         const stats::Confidence& confidence) const {
        return named_ ? named_->estimate(named, reports, confidence) : bits_->estimate(named, reports, confidence);
    }
    void tell(Json& told) const {
        if (named_) {
            told["truth_probability"] = named_->truth_probability();
        } else {
            told["true_one_probability"] = bits_->true_one_probability();
            told["false_one_probability"] = bits_->false_one_probability();
        }
    }

  private:
    std::optional<RandomizedResponse> named_;
    std::optional<UnaryEncoding> bits_;
};

const std::string& name_of(const std::vector<std::string>& categories, std::size_t i) {
    static const std::string rest = others;
    return i < categories.size() ? categories[i] : rest;
}

// How many of the reports name each category; with bits a report may name several, or none.
struct Named {
    std::uint64_t reports = 0;
    std::vector<std::uint64_t> counts;
};

// The shares of all categories.
Answer shares_answer(const Disturbance& disturbance, const std::vector<std::string>& categories, const Named& named,
                     const stats::Confidence& confidence) {
    Answer answer(Json::object());
    Json& told = *answer.told;
    told["responses"] = named.reports;
    disturbance.tell(told);
    told["shares"] = Json::array();
    std::vector<std::vector<std::string>> lines = {
        {"category", "responses", "share", fmt::format("{:g}% from", 100.0 * confidence.level()), "to"}};
    for (std::size_t i = 0; i < named.counts.size(); ++i) {
        const std::string& name = name_of(categories, i);
        lines.push_back({rendering::clean(name), fmt::format("{}", named.counts[i])});
        Json cell = {{"category", name}, {"responses", named.counts[i]}};
        if (named.reports == 0) {
            cell["share"] = nullptr;
            lines.back().insert(lines.back().end(), 3, "-");
        } else {
            const ShareEstimate share = disturbance.estimate(named.counts[i], named.reports, confidence);
            cell["share"] = share.share;
            cell["interval"] = interval_json(share.interval);
            for (const double number : {share.share, share.interval.lower, share.interval.upper})
                lines.back().push_back(fmt::format("{:.4g}", number));
        }
        told["shares"].push_back(cell);
    }
    answer.text = text_table(lines) + "shares of whatever the rows are a random sample of\n";
    return answer;
}

// A place for the responses that is neither the ledger nor what is released, found before anything is paid.
void require_place(const ReleaseOptions& options) {
    const std::string& path = options.responses;
    if (path == "-" && options.as_json) throw InputError("--responses -: with --format json they need a file");
    if (path.empty() || path == "-") return;
    std::error_code code;
    const std::filesystem::file_status status = std::filesystem::status(path, code);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
        throw InputError(fmt::format("--responses {}: not a regular file", path));
    for (const std::string& other : {options.use.file.path, options.use.file.key_path, options.source.path})
        if (std::filesystem::equivalent(path, other, code))
            throw InputError(fmt::format("--responses {}: that is the ledger, its key or the data", path));
    const std::filesystem::path folder = std::filesystem::absolute(path, code).parent_path();
    if (!std::filesystem::is_directory(folder, code))
        throw InputError(fmt::format("--responses {}: there is no such folder", path));
}

// One column of names, or one of 0 and 1 for each category.
class ResponseTable {
  public:
    ResponseTable(const ReleaseOptions& options, std::size_t categories) : options_(options), bits_(categories) {
        if (is_wide())
            for (std::size_t i = 0; i < categories; ++i)
                text_ += separator(i) + csv_field(name_of(options.categories, i));
        else
            text_ = csv_field(options.column);
        text_ += "\n";
    }
    void add(std::size_t row, std::size_t category) {
        if (!is_wide()) {
            text_ += csv_field(name_of(options_.categories, category)) + "\n";
            return;
        }
        finish(row);
        bits_[category] = true;
    }
    // Lines up to that of `row`, which begins.
    void finish(std::size_t row) {
        for (; is_wide() && rows_ < row; ++rows_) {
            for (std::size_t i = 0; i < bits_.size(); ++i) text_ += separator(i) + (bits_[i] ? "1" : "0");
            text_ += "\n";
            bits_.assign(bits_.size(), false);
        }
    }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

  private:
    [[nodiscard]] bool is_wide() const noexcept { return options_.encoding != ResponseEncoding::direct; }
    static std::string separator(std::size_t i) { return i == 0 ? "" : ","; }

    const ReleaseOptions& options_;
    std::vector<bool> bits_;
    std::size_t rows_ = 0;  // finished
    std::string text_;
};

// The numbers of ones in the columns that are called like the categories.
Named ones_of(const SourceOptions& from, const std::vector<std::string>& categories) {
    RowSource source(from);
    std::vector<std::size_t> columns;
    for (std::size_t i = 0; i <= categories.size(); ++i) columns.push_back(source.column(name_of(categories, i)));
    Named named{0, std::vector<std::uint64_t>(columns.size())};
    while (source.next()) {
        ++named.reports;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            const std::optional<double> bit = source.number(columns[i]);
            if (bit != 0.0 && bit != 1.0) throw InputError(source.place(columns[i]) + ": a bit must be 0 or 1");
            named.counts[i] += bit == 1.0 ? 1U : 0U;
        }
    }
    return named;
}

}  // namespace

Answer release_randomized_response(const ReleaseOptions& options, ReleaseBudget& budget) {
    if (!options.user.empty())
        throw InputError("--user: each row is one respondent's only answer; of users with several, give one row each");
    if (options.neighbouring != Neighbouring::replace_one)
        throw InputError(
            "randomized_response tells how many rows there are: it hides what each says, with --neighbours "
            "replace_one");
    const Places places(options.categories);
    const Disturbance disturbance(options.encoding, places, options.epsilon.value_or(0.0));
    const stats::Confidence confidence(options.confidence);
    require_place(options);
    std::vector<std::uint32_t> answers;
    Rows rows(options);
    rows.read(Rows::As::categories,
              [&](double, const std::string& text) { answers.push_back(static_cast<std::uint32_t>(places.of(text))); });
    budget.spend(disturbance.guarantee());
    Named named{answers.size(), std::vector<std::uint64_t>(places.size() + 1)};
    ResponseTable table(options, named.counts.size());
    disturbance.respond(answers, [&](std::size_t row, std::size_t category) {
        ++named.counts[category];
        if (!options.responses.empty()) table.add(row, category);
    });
    table.finish(answers.size());
    if (!options.responses.empty()) write_text(options.responses, table.text());
    Answer answer = shares_answer(disturbance, options.categories, named, confidence);
    answer.hidden =
        "hidden: what any one row says, from whoever sees its response, too, but not how many rows there are "
        "(neighbours replace_one)\n";
    return answer;
}

ExitStatus privacy_estimate(const EstimateOptions& options) {
    const Places places(options.categories);
    const bool is_direct = options.encoding == ResponseEncoding::direct;
    if (is_direct == options.column.empty())
        throw InputError(is_direct ? "--column is needed for responses that are names"
                                   : "--column: responses of bits are in columns that are called like the categories");
    const Disturbance disturbance(options.encoding, places, options.epsilon);
    Named named;
    if (is_direct) {
        ReleaseOptions read;
        read.source = options.source;
        read.column = options.column;
        named.counts = counts_of(read, places);
        for (const std::uint64_t count : named.counts) named.reports += count;
    } else {
        named = ones_of(options.source, options.categories);
    }
    const Answer answer = shares_answer(disturbance, options.categories, named, stats::Confidence(options.confidence));
    if (!options.as_json) {
        write_text("-", answer.text);
        return exit_pass;
    }
    Json document = Json::object();
    if (is_direct) document["column"] = options.column;
    document["epsilon"] = options.epsilon;
    document.update(*answer.told);
    document["confidence"] = options.confidence;
    write_text("-", document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    return exit_pass;
}

}  // namespace vedette::inline v0::cli
