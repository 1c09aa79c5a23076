// SPDX-License-Identifier: Apache-2.0
// The report for a build server: one test suite per window, one test case per feature and hypothesis.
#include <fmt/core.h>

#include "guard/render_common.hpp"

namespace vedette::inline v0::rendering {

namespace {

struct Suite {
    std::string cases;
    std::size_t tests = 0;
    std::size_t failures = 0;
    std::size_t errors = 0;
    std::size_t skipped = 0;

    void add(std::string_view classname, std::string_view name, Decision decision, std::string_view message) {
        ++tests;
        cases += fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"0\"", escape_xml(classname),
                             escape_xml(name));
        const std::string words = escape_xml(message);
        switch (decision) {
            case Decision::alarm:
                ++failures;
                cases += fmt::format(">\n      <failure type=\"alarm\" message=\"{}\"/>\n    </testcase>\n", words);
                break;
            case Decision::not_evaluated:
                ++skipped;
                cases += fmt::format(">\n      <skipped message=\"{}\"/>\n    </testcase>\n", words);
                break;
            case Decision::warn:
                cases += fmt::format(">\n      <system-out>warning: {}</system-out>\n    </testcase>\n", words);
                break;
            case Decision::pass: cases += "/>\n"; break;
        }
    }
    /// The window as a whole. Skipped cases count as success with most servers, so too little data is an error here.
    void add_verdict(const Report& report) {
        if (report.decision != Decision::not_evaluated) {
            add("vedette", "verdict", report.decision, report.summary());
            return;
        }
        ++tests;
        ++errors;
        cases += fmt::format(
            "    <testcase classname=\"vedette\" name=\"verdict\" time=\"0\">\n"
            "      <error type=\"not_evaluated\" message=\"{}\"/>\n    </testcase>\n",
            escape_xml(report.summary()));
    }
    [[nodiscard]] std::string counts() const {
        return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"", tests, failures, errors,
                           skipped);
    }
};

Suite suite_of(const Report& report) {
    Suite suite;
    suite.add_verdict(report);
    for (const std::size_t f : report.ranking()) {
        const FeatureReport& feature = report.features[f];
        const std::string classname = "vedette." + report.baseline.features()[f].name;
        if (feature.ignored || feature.evidence().empty()) {
            suite.add(classname, "distribution", Decision::not_evaluated, report.reason(f));
            continue;
        }
        for (const Evidence& evidence : feature.evidence()) {
            const std::string message =
                &evidence == feature.decisive()
                    ? report.reason(f)
                    : fmt::format("{} of {}: moved share {}, adjusted p {}", hypothesis_word(evidence.hypothesis),
                                  report.baseline.features()[f].name,
                                  percent_with_interval(evidence.moved_share, evidence.moved_share_interval),
                                  p_value(evidence.adjusted_p_value));
            suite.add(classname, hypothesis_name(evidence.hypothesis), evidence.decision, message);
        }
    }
    for (std::size_t j = 0; j < report.joint.size(); ++j)
        suite.add("vedette.together", multivariate_test_name(report.joint[j].by), report.joint[j].decision,
                  report.joint_reason(j));
    for (const StreamReport& stream : report.streams)
        suite.add(fmt::format("vedette.{}.{}", stream_source_name(stream.source), stream.name),
                  drift::monitor_kind_name(stream.kind), stream.decision, stream.reason());
    if (report.joined_evidence)
        suite.add("vedette.joined_evidence", "e_process", report.joined_evidence->decision,
                  report.joined_evidence->reason());
    for (const ScoreReport& score : report.scores)
        suite.add("vedette.score." + score.name, score.kind, score.decision, score.reason());
    if (report.schema) suite.add("vedette.schema", "requests", report.schema->decision, report.schema->reason());
    if (report.performance)
        suite.add("vedette.performance", drift::performance_metric_name(report.performance->metric),
                  report.performance->decision, report.performance->reason());
    if (report.memory) suite.add("vedette.memory", "requests", report.memory->decision, report.memory->reason());
    return suite;
}

}  // namespace

std::string junit(Items items, const RenderOptions& options) {
    Suite total;
    for (const Item& item : items) {
        const Suite suite = suite_of(*item.report);
        const std::string_view name = item.label.empty() ? std::string_view("window") : item.label;
        total.cases += fmt::format("  <testsuite name=\"{}\" {} time=\"0\">\n{}  </testsuite>\n", escape_xml(name),
                                   suite.counts(), suite.cases);
        total.tests += suite.tests;
        total.failures += suite.failures;
        total.errors += suite.errors;
        total.skipped += suite.skipped;
    }
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" {} time=\"0\">\n{}</testsuites>\n",
        escape_xml(title(items, options)), total.counts(), total.cases);
}

}  // namespace vedette::inline v0::rendering
