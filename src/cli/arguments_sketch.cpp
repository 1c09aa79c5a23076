// SPDX-License-Identifier: Apache-2.0
// Command line of sketches: build, merge, show, compare.
#include <vector>

#include "arguments.hpp"
#include "vedette/stats/kll_sketch.hpp"

namespace vedette::inline v0::cli {

namespace {

class SketchCommands final : public CommandFamily {
  public:
    SketchCommands(CLI::App& app, Action& action) : action_(action) { add_sketch(app); }

  private:
    void add_sketch(CLI::App& app) {
        CLI::App& group = *app.add_subcommand("sketch", "Quantiles of streams in small files that merge");
        group.require_subcommand(1);
        CLI::App& build = *group.add_subcommand("build", "Sketch the numeric columns of a file of any size");
        build.add_option("data", sketch_.source.path, "CSV with a header, or NPY; - = standard input")->required();
        build.add_option("-o,--output", sketch_.output, "The sketch file to write")->required();
        build.add_option("--columns", sketch_.columns, "Columns to sketch (default: all without texts)")
            ->delimiter(',');
        build.add_option("--k", sketch_.k, "Larger = smaller error, in proportion")
            ->check(CLI::Range(stats::KllSketch<double>::minimum_k, stats::KllSketch<double>::maximum_k))
            ->capture_default_str();
        build.add_option("--seed", sketch_.seed, "Give each sketch that will be merged a seed of its own")
            ->capture_default_str();
        add_delimiter(build, sketch_.source);
        add_thinning(build, sketch_.source);
        build.callback([this] { action_ = [this] { return sketch_build(sketch_); }; });
        CLI::App& merge = *group.add_subcommand("merge", "Add sketches of the same columns up");
        merge.add_option("files", sketch_files_, "Sketch files")->required();
        merge.add_option("-o,--output", sketch_.output, "The sketch file to write")->required();
        merge.callback([this] { action_ = [this] { return sketch_merge(sketch_files_, sketch_.output); }; });
        CLI::App& show = *group.add_subcommand("show", "Print what a sketch file holds: counts, quantiles, rank error");
        show.add_option("file", sketch_shown_, "A sketch file")->required();
        show.add_option("--format", sketch_formats_, "FORMAT or FORMAT=PATH, repeatable: table, json")
            ->expected(1)
            ->take_all();
        show.callback([this] { action_ = [this] { return sketch_show(sketch_shown_, sketch_formats_); }; });
        CLI::App& compare = *group.add_subcommand(
            "compare", "Judge live sketches against those of a reference: Kolmogorov-Smirnov, sketch error included");
        SketchCompareOptions& options = sketch_compare_;
        compare.add_option("reference", options.reference, "The reference's sketch file")->required();
        compare.add_option("live", options.live, "The live sketch file. Further columns are left alone")->required();
        compare.add_option("--policy", options.policy_path,
                           "Policy file: its level, correction, minimum_rows, tolerances and ignored features");
        compare.add_option("--format", options.formats, "FORMAT or FORMAT=PATH, repeatable: table, json")
            ->expected(1)
            ->take_all();
        add_fail_on(compare, options.fail_on_warn);
        compare.callback([this] { action_ = [this] { return sketch_compare(sketch_compare_); }; });
    }

    Action& action_;
    SketchOptions sketch_;
    std::vector<std::string> sketch_files_;
    SketchCompareOptions sketch_compare_;
    std::string sketch_shown_;
    std::vector<std::string> sketch_formats_;
};

}  // namespace

std::unique_ptr<CommandFamily> sketch_commands(CLI::App& app, Action& action) {
    return std::make_unique<SketchCommands>(app, action);
}

}  // namespace vedette::inline v0::cli
