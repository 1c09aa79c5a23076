// SPDX-License-Identifier: Apache-2.0
// Reading, checking and writing the policy document.
#include "vedette/guard/policy.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "core/strict_json.hpp"
#include "drift/monitor_options.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/any_monitor.hpp"
#include "vedette/drift/row_monitor.hpp"

namespace vedette::inline v0 {

namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
    throw Error(ErrorCode::invalid_policy, fmt::format("policy {}: {}", path.empty() ? "/" : path, what));
}

constexpr std::array action_names{"pass", "warn", "alarm", "learned"};
constexpr std::array method_names{"automatic", "exact", "asymptotic", "permutation"};
constexpr std::array alternative_names{"two_sided", "less", "greater"};
constexpr std::uint64_t most_permutations = 10'000'000;
constexpr std::array correction_names{"none", "bonferroni", "holm", "benjamini_hochberg", "benjamini_yekutieli"};

template <class Enum, std::size_t n>
Enum word(const Json& json, const std::string& path, const std::array<const char*, n>& names) {
    if (!json.is_string()) refuse(path, "must be a word");
    const auto& text = json.get_ref<const std::string&>();
    for (std::size_t i = 0; i < n; ++i) {
        if (text == names[i]) return static_cast<Enum>(i);
    }
    std::string allowed;
    for (const char* name : names) allowed += fmt::format("{}\"{}\"", allowed.empty() ? "" : ", ", name);
    refuse(path, fmt::format("\"{}\" is not one of {}", text, allowed));
}

// A window holds counters only: a test that needs the samples themselves is refused where it is asked for.
void check_test(DriftTest test, const std::string& path) {
    if (!runs_on_counters(test))
        refuse(path, fmt::format("{} does not run on a window's counters; `sample_tests` run on samples",
                                 drift_test_name(test)));
}

// The test of that word, of those that `admits` takes.
template <class Test, class Admits>
Test test_word(const Json& json, const std::string& path, std::uint8_t count, const char* (*name)(Test) noexcept,
               Admits&& admits) {
    if (!json.is_string()) refuse(path, "must be a word");
    const auto& text = json.get_ref<const std::string&>();
    std::string allowed;
    for (std::uint8_t i = 0; i < count; ++i) {
        const auto known = static_cast<Test>(i);
        if (text == name(known)) return known;
        if (admits(known)) allowed += fmt::format("{}\"{}\"", allowed.empty() ? "" : ", ", name(known));
    }
    refuse(path, fmt::format("\"{}\" is not one of {}", text, allowed));
}

template <class Test, class Read>
std::vector<Test> test_words(const Json& json, const std::string& path, Read&& read) {
    if (!json.is_array()) refuse(path, "must be an array of words");
    std::vector<Test> tests;
    for (std::size_t i = 0; i < json.size(); ++i) tests.push_back(read(json[i], fmt::format("{}/{}", path, i)));
    return tests;
}

bool is_for_samples(DriftTest test) {
    return test != DriftTest::automatic && (runs_on_samples(test, true) || runs_on_samples(test, false));
}

// Twice the same test would count twice in the correction.
template <class Test>
void check_once(const std::vector<Test>& tests, const std::string& path) {
    if (std::set<Test>(tests.begin(), tests.end()).size() != tests.size()) refuse(path, "names a test twice");
}

double number(const Json& json, const std::string& path, double lower, double upper) {
    if (!json.is_number()) refuse(path, "must be a number");
    const double value = json.get<double>();
    if (!(value >= lower && value <= upper)) refuse(path, fmt::format("{} lies outside [{}, {}]", value, lower, upper));
    return value;
}

bool boolean(const Json& json, const std::string& path) {
    if (!json.is_boolean()) refuse(path, "must be true or false");
    return json.get<bool>();
}

const Json& object(const Json& json, const std::string& path) {
    if (!json.is_object()) refuse(path, "must be an object");
    return json;
}

std::vector<MonitorRule> monitor_rules(const Json& json, const std::string& path) {
    if (!json.is_array()) refuse(path, "must be an array of monitors");
    std::vector<MonitorRule> rules;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const std::string place = fmt::format("{}/{}", path, i);
        Json options = object(json[i], place);
        if (!options.contains("kind") || !options["kind"].is_string()) refuse(place + "/kind", "must be a word");
        MonitorRule rule{options["kind"].get<std::string>(), {}};
        options.erase("kind");
        rule.options = options.dump(-1, ' ', false, Json::error_handler_t::replace);
        rules.push_back(std::move(rule));
    }
    return rules;
}

Json monitors_json(const std::vector<MonitorRule>& rules) {
    Json list = Json::array();
    for (const MonitorRule& rule : rules) {
        Json json{{"kind", rule.kind}};
        json.update(Json::parse(drift::write_options(drift::parse_options(rule.kind.c_str(), rule.options))));
        list.push_back(std::move(json));
    }
    return list;
}

// Made once, over a reference of the form that it will have, so that what is wrong is said where it stands.
enum class Watched : std::uint8_t { feature, output, performance };

void check_monitor(const MonitorRule& rule, const std::string& path, Watched watched) {
    static const std::vector<double> values = [] {
        std::vector<double> ramp(1000);
        for (std::size_t i = 0; i < ramp.size(); ++i) ramp[i] = static_cast<double>(i);
        return ramp;
    }();
    static const stats::Grid grid = [] {
        std::vector<double> copy = values;
        return stats::fit_grid(copy);
    }();
    try {
        const drift::MonitorKind kind = drift::monitor_kind(rule.kind);
        const drift::MonitorReferenceUse use = drift::monitor_reference_use(kind);
        if (watched == Watched::feature && use == drift::MonitorReferenceUse::sample)
            refuse(path, rule.kind + " needs a sample of the reference, and a baseline keeps none");
        if (watched == Watched::performance && use >= drift::MonitorReferenceUse::law)
            refuse(path, rule.kind + " needs values of the reference, and of estimates there are none");
        if (watched == Watched::performance && drift::monitor_values(kind) == drift::MonitorValues::errors)
            refuse(path, rule.kind + " takes errors, 0 or 1, and estimates are shares; give it errors as an output");
        drift::MonitorReference reference{.values = {}, .grid = &grid, .mean = 0.0, .sd = 1.0};
        if (watched == Watched::output) reference = {.values = values};
        static_cast<void>(drift::make_monitor(kind, rule.options, reference));
    } catch (const Error& error) {
        if (error.code() == ErrorCode::invalid_policy) throw;
        refuse(path, error.what());
    }
}

void check_monitors(const std::vector<MonitorRule>& rules, const std::string& path, Watched watched) {
    for (std::size_t i = 0; i < rules.size(); ++i) {
        check_monitor(rules[i], fmt::format("{}/{}", path, i), watched);
        for (std::size_t k = 0; k < i; ++k)
            if (rules[k].kind == rules[i].kind) refuse(path, "names " + rules[i].kind + " twice");
    }
}

void check_group(const GroupPolicy& group, const std::string& path) {
    if (group.monitors.empty()) refuse(path, "names no monitor");
    for (std::size_t i = 0; i < group.monitors.size(); ++i) {
        const MonitorRule& rule = group.monitors[i];
        try {
            drift::RowMonitor::check(rule.kind, rule.options);
        } catch (const Error& error) {
            refuse(fmt::format("{}/monitors/{}", path, i), error.what());
        }
        for (std::size_t k = 0; k < i; ++k)
            if (group.monitors[k].kind == rule.kind) refuse(path + "/monitors", "names " + rule.kind + " twice");
    }
    if (std::set<std::string>(group.features.begin(), group.features.end()).size() != group.features.size())
        refuse(path + "/features", "names a feature twice");
}

// One row per field: its key, and how it is read from and written to JSON.
template <class T>
struct Field {
    const char* key;
    void (*read)(T&, const Json&, const std::string& path);
    void (*write)(const T&, Json&);
};

template <class T>
void read_fields(T& target, const Json& json, const std::string& path, std::span<const Field<T>> fields) {
    for (const auto& [key, value] : object(json, path).items()) {
        const Field<T>* found = nullptr;
        for (const Field<T>& field : fields) {
            if (key == field.key) found = &field;
        }
        if (found == nullptr) refuse(path + "/" + key, "unknown key");
        found->read(target, value, path + "/" + key);
    }
}

template <class T>
Json write_fields(const T& source, std::span<const Field<T>> fields) {
    Json json = Json::object();
    for (const Field<T>& field : fields) field.write(source, json[field.key]);
    return json;
}

template <class T, Action T::*member>
constexpr Field<T> action_field(const char* key) {
    return {key,
            [](T& target, const Json& json, const std::string& path) {
                target.*member = word<Action>(json, path, action_names);
            },
            [](const T& source, Json& json) { json = action_name(source.*member); }};
}

constexpr double max_far_factor = 1e6;

constexpr std::array request_fields{
    action_field<RequestPolicy, &RequestPolicy::null>("null"),
    action_field<RequestPolicy, &RequestPolicy::not_a_number>("not_a_number"),
    action_field<RequestPolicy, &RequestPolicy::infinity>("infinity"),
    action_field<RequestPolicy, &RequestPolicy::unseen_category>("unseen_category"),
    action_field<RequestPolicy, &RequestPolicy::out_of_range>("out_of_range"),
    action_field<RequestPolicy, &RequestPolicy::far_out_of_range>("far_out_of_range"),
    Field<RequestPolicy>{"far_factor",
                         [](RequestPolicy& target, const Json& json, const std::string& path) {
                             target.far_factor = number(json, path, 0.0, max_far_factor);
                         },
                         [](const RequestPolicy& source, Json& json) { json = source.far_factor; }},
    action_field<RequestPolicy, &RequestPolicy::wrong_type>("wrong_type"),
};

constexpr std::array feature_fields{
    Field<FeaturePolicy>{
        "ignore",
        [](FeaturePolicy& target, const Json& json, const std::string& path) { target.ignore = boolean(json, path); },
        [](const FeaturePolicy& source, Json& json) { json = source.ignore; }},
    Field<FeaturePolicy>{"test",
                         [](FeaturePolicy& target, const Json& json, const std::string& path) {
                             target.test = test_word(json, path, drift_test_count, &drift_test_name, &runs_on_counters);
                         },
                         [](const FeaturePolicy& source, Json& json) { json = drift_test_name(source.test); }},
    Field<FeaturePolicy>{"sample_tests",
                         [](FeaturePolicy& target, const Json& json, const std::string& path) {
                             target.sample_tests =
                                 test_words<DriftTest>(json, path, [](const Json& word, const std::string& place) {
                                     return test_word(word, place, drift_test_count, &drift_test_name, &is_for_samples);
                                 });
                         },
                         [](const FeaturePolicy& source, Json& json) {
                             json = Json::array();
                             for (const DriftTest test : source.sample_tests) json.push_back(drift_test_name(test));
                         }},
    Field<FeaturePolicy>{"tolerance",
                         [](FeaturePolicy& target, const Json& json, const std::string& path) {
                             target.tolerance = number(json, path, 0.0, 1.0);
                         },
                         [](const FeaturePolicy& source, Json& json) { json = source.tolerance; }},
    Field<FeaturePolicy>{"request",
                         [](FeaturePolicy& target, const Json& json, const std::string& path) {
                             read_fields<RequestPolicy>(target.request, json, path, request_fields);
                         },
                         [](const FeaturePolicy& source, Json& json) {
                             json = write_fields<RequestPolicy>(source.request, request_fields);
                         }},
    Field<FeaturePolicy>{"monitors",
                         [](FeaturePolicy& target, const Json& json, const std::string& path) {
                             target.monitors = monitor_rules(json, path);
                         },
                         [](const FeaturePolicy& source, Json& json) { json = monitors_json(source.monitors); }},
};

constexpr std::array performance_fields{
    Field<PerformancePolicy>{
        "metric",
        [](PerformancePolicy& target, const Json& json, const std::string& path) {
            const auto metric = json.is_string() ? drift::performance_metric(json.get<std::string>()) : std::nullopt;
            if (!metric) refuse(path, "must be one of accuracy, precision, recall, specificity, f1, roc_auc");
            target.metric = *metric;
        },
        [](const PerformancePolicy& source, Json& json) { json = drift::performance_metric_name(source.metric); }},
    Field<PerformancePolicy>{"rows",
                             [](PerformancePolicy& target, const Json& json, const std::string& path) {
                                 if (!json.is_number_unsigned()) refuse(path, "must be a positive integer");
                                 target.rows = json.get<std::uint64_t>();
                             },
                             [](const PerformancePolicy& source, Json& json) { json = source.rows; }},
    Field<PerformancePolicy>{"margin",
                             [](PerformancePolicy& target, const Json& json, const std::string& path) {
                                 target.margin = number(json, path, 0.0, 1.0);
                             },
                             [](const PerformancePolicy& source, Json& json) { json = source.margin; }},
    Field<PerformancePolicy>{
        "monitors",
        [](PerformancePolicy& target, const Json& json, const std::string& path) {
            target.monitors = monitor_rules(json, path);
        },
        [](const PerformancePolicy& source, Json& json) { json = monitors_json(source.monitors); }},
};

constexpr std::array schema_fields{
    action_field<SchemaPolicy, &SchemaPolicy::error>("error"),
    action_field<SchemaPolicy, &SchemaPolicy::warning>("warning"),
    Field<SchemaPolicy>{"tolerance",
                        [](SchemaPolicy& target, const Json& json, const std::string& path) {
                            target.tolerance = number(json, path, 0.0, 1.0);
                        },
                        [](const SchemaPolicy& source, Json& json) { json = source.tolerance; }},
};

template <std::uint32_t drift::RowBlocks::*member>
constexpr Field<SamplePolicy> row_field(const char* key) {
    return {key,
            [](SamplePolicy& target, const Json& json, const std::string& path) {
                if (!json.is_number_unsigned() || json.get<std::uint64_t>() == 0 ||
                    json.get<std::uint64_t>() > std::numeric_limits<std::uint32_t>::max())
                    refuse(path, "must be a positive integer below 2^32");
                target.rows.*member = json.get<std::uint32_t>();
            },
            [](const SamplePolicy& source, Json& json) { json = source.rows.*member; }};
}

constexpr std::array sample_fields{
    Field<SamplePolicy>{"method",
                        [](SamplePolicy& target, const Json& json, const std::string& path) {
                            target.method = word<drift::Method>(json, path, method_names);
                        },
                        [](const SamplePolicy& source, Json& json) { json = drift::method_name(source.method); }},
    Field<SamplePolicy>{
        "alternative",
        [](SamplePolicy& target, const Json& json, const std::string& path) {
            target.alternative = word<drift::Alternative>(json, path, alternative_names);
        },
        [](const SamplePolicy& source, Json& json) { json = drift::alternative_name(source.alternative); }},
    Field<SamplePolicy>{"permutations",
                        [](SamplePolicy& target, const Json& json, const std::string& path) {
                            if (!json.is_number_unsigned()) refuse(path, "must be a positive integer");
                            target.permutations = json.get<std::uint64_t>();
                        },
                        [](const SamplePolicy& source, Json& json) { json = source.permutations; }},
    Field<SamplePolicy>{"seed",
                        [](SamplePolicy& target, const Json& json, const std::string& path) {
                            if (!json.is_number_unsigned()) refuse(path, "must be a whole number");
                            target.seed = json.get<std::uint64_t>();
                        },
                        [](const SamplePolicy& source, Json& json) { json = source.seed; }},
    row_field<&drift::RowBlocks::block>("block"),
    row_field<&drift::RowBlocks::thin>("thin"),
};

constexpr std::array memory_fields{
    action_field<MemoryPolicy, &MemoryPolicy::query_attacks>("query_attacks"),
    action_field<MemoryPolicy, &MemoryPolicy::extraction>("extraction"),
    Field<MemoryPolicy>{"silent",
                        [](MemoryPolicy& target, const Json& json, const std::string& path) {
                            if (!json.is_boolean()) refuse(path, "must be true or false");
                            target.silent = json.get<bool>();
                        },
                        [](const MemoryPolicy& source, Json& json) { json = source.silent; }},
};

constexpr std::array group_fields{
    Field<GroupPolicy>{"features",
                       [](GroupPolicy& target, const Json& json, const std::string& path) {
                           if (!json.is_array() || json.empty()) refuse(path, "must be an array of names");
                           for (const Json& name : json) {
                               if (!name.is_string()) refuse(path, "must be an array of names");
                               target.features.push_back(name.get<std::string>());
                           }
                       },
                       [](const GroupPolicy& source, Json& json) {
                           if (!source.features.empty()) json = source.features;
                       }},
    Field<GroupPolicy>{"monitors",
                       [](GroupPolicy& target, const Json& json, const std::string& path) {
                           target.monitors = monitor_rules(json, path);
                       },
                       [](const GroupPolicy& source, Json& json) { json = monitors_json(source.monitors); }},
};

constexpr double least_score_level = 1e-9;

constexpr std::array score_fields{
    Field<ScoreRule>{"level",
                     [](ScoreRule& target, const Json& json, const std::string& path) {
                         target.level = number(json, path, least_score_level, 0.5);
                     },
                     [](const ScoreRule& source, Json& json) { json = source.level; }},
    Field<ScoreRule>{"action",
                     [](ScoreRule& target, const Json& json, const std::string& path) {
                         target.action = word<Action>(json, path, action_names);
                     },
                     [](const ScoreRule& source, Json& json) { json = action_name(source.action); }},
};

constexpr std::array policy_fields{
    Field<Policy>{"version",
                  [](Policy&, const Json& json, const std::string& path) {
                      if (!json.is_number_integer()) refuse(path, "must be an integer");
                      if (json.get<std::int64_t>() != Policy::version) {
                          refuse(path, fmt::format("version {} is not known here; this library reads version {}",
                                                   json.get<std::int64_t>(), Policy::version));
                      }
                  },
                  [](const Policy&, Json& json) { json = Policy::version; }},
    Field<Policy>{"level",
                  [](Policy& target, const Json& json, const std::string& path) {
                      target.level = number(json, path, 1e-12, 0.5);
                  },
                  [](const Policy& source, Json& json) { json = source.level; }},
    Field<Policy>{"correction",
                  [](Policy& target, const Json& json, const std::string& path) {
                      target.correction = word<stats::Correction>(json, path, correction_names);
                  },
                  [](const Policy& source, Json& json) { json = stats::correction_name(source.correction); }},
    Field<Policy>{"minimum_rows",
                  [](Policy& target, const Json& json, const std::string& path) {
                      if (!json.is_number_unsigned() || json.get<std::uint64_t>() == 0) {
                          refuse(path, "must be a positive integer");
                      }
                      target.minimum_rows = json.get<std::uint64_t>();
                  },
                  [](const Policy& source, Json& json) { json = source.minimum_rows; }},
    Field<Policy>{"joint_tests",
                  [](Policy& target, const Json& json, const std::string& path) {
                      target.joint_tests =
                          test_words<MultivariateTest>(json, path, [](const Json& word, const std::string& place) {
                              return test_word(word, place, multivariate_test_count, &multivariate_test_name,
                                               [](MultivariateTest) { return true; });
                          });
                  },
                  [](const Policy& source, Json& json) {
                      json = Json::array();
                      for (const MultivariateTest test : source.joint_tests)
                          json.push_back(multivariate_test_name(test));
                  }},
    Field<Policy>{
        "samples",
        [](Policy& target, const Json& json, const std::string& path) {
            read_fields<SamplePolicy>(target.samples, json, path, sample_fields);
        },
        [](const Policy& source, Json& json) { json = write_fields<SamplePolicy>(source.samples, sample_fields); }},
    Field<Policy>{
        "defaults",
        [](Policy& target, const Json& json, const std::string& path) {
            read_fields<FeaturePolicy>(target.defaults, json, path, feature_fields);
        },
        [](const Policy& source, Json& json) { json = write_fields<FeaturePolicy>(source.defaults, feature_fields); }},
    Field<Policy>{"features",
                  [](Policy& target, const Json& json, const std::string& path) {
                      for (const auto& [name, rules] : object(json, path).items()) {
                          FeaturePolicy policy = target.defaults;
                          read_fields<FeaturePolicy>(policy, rules, path + "/" + name, feature_fields);
                          target.features.insert_or_assign(name, policy);
                      }
                  },
                  [](const Policy& source, Json& json) {
                      json = Json::object();
                      for (const auto& [name, rules] : source.features) {
                          json[name] = write_fields<FeaturePolicy>(rules, feature_fields);
                      }
                  }},
    Field<Policy>{"outputs",
                  [](Policy& target, const Json& json, const std::string& path) {
                      for (const auto& [name, rules] : object(json, path).items())
                          target.outputs.insert_or_assign(name, monitor_rules(rules, path + "/" + name));
                  },
                  [](const Policy& source, Json& json) {
                      json = Json::object();
                      for (const auto& [name, rules] : source.outputs) json[name] = monitors_json(rules);
                  }},
    Field<Policy>{"performance",
                  [](Policy& target, const Json& json, const std::string& path) {
                      read_fields<PerformancePolicy>(target.performance, json, path, performance_fields);
                  },
                  [](const Policy& source, Json& json) {
                      json = write_fields<PerformancePolicy>(source.performance, performance_fields);
                  }},
    Field<Policy>{
        "schema",
        [](Policy& target, const Json& json, const std::string& path) {
            read_fields<SchemaPolicy>(target.schema, json, path, schema_fields);
        },
        [](const Policy& source, Json& json) { json = write_fields<SchemaPolicy>(source.schema, schema_fields); }},
    Field<Policy>{"groups",
                  [](Policy& target, const Json& json, const std::string& path) {
                      for (const auto& [name, rules] : object(json, path).items())
                          read_fields<GroupPolicy>(target.groups[name], rules, path + "/" + name, group_fields);
                  },
                  [](const Policy& source, Json& json) {
                      json = Json::object();
                      for (const auto& [name, rules] : source.groups) {
                          json[name] = write_fields<GroupPolicy>(rules, group_fields);
                          if (rules.features.empty()) json[name].erase("features");
                      }
                  }},
    Field<Policy>{"scores",
                  [](Policy& target, const Json& json, const std::string& path) {
                      for (const auto& [name, rule] : object(json, path).items())
                          read_fields<ScoreRule>(target.scores[name], rule, path + "/" + name, score_fields);
                  },
                  [](const Policy& source, Json& json) {
                      json = Json::object();
                      for (const auto& [name, rule] : source.scores)
                          json[name] = write_fields<ScoreRule>(rule, score_fields);
                  }},
    Field<Policy>{
        "fused_scores",
        [](Policy& target, const Json& json, const std::string& path) {
            read_fields<ScoreRule>(target.fused_scores, json, path, score_fields);
        },
        [](const Policy& source, Json& json) { json = write_fields<ScoreRule>(source.fused_scores, score_fields); }},
    Field<Policy>{
        "memory",
        [](Policy& target, const Json& json, const std::string& path) {
            read_fields<MemoryPolicy>(target.memory, json, path, memory_fields);
        },
        [](const Policy& source, Json& json) { json = write_fields<MemoryPolicy>(source.memory, memory_fields); }},
};

Json parse_without_repeated_keys(std::string_view text) {
    constexpr int max_depth = 16;
    if (const std::string fault = detail::strict_json_fault(text, max_depth); !fault.empty()) refuse("", fault);
    return Json::parse(text);
}

template <std::size_t choices, class Enum>
void check_word(Enum value, const std::string& path) {
    if (static_cast<std::size_t>(value) >= choices) {
        refuse(path, fmt::format("{} is no such choice", static_cast<int>(value)));
    }
}

// Nothing is learned of these: the reference never holds such a value.
void check_fixed(Action action, const std::string& path) {
    check_word<action_names.size()>(action, path);
    if (action == Action::learned) refuse(path, "\"learned\" is for null, not_a_number, infinity and unseen_category");
}

void validate_performance(const PerformancePolicy& rules) {
    check_word<drift::performance_metric_count>(rules.metric, "/performance/metric");
    const bool is_ratio = rules.metric != drift::PerformanceMetric::accuracy;
    const std::uint64_t least = is_ratio ? PerformancePolicy::minimum_rows : 1;
    constexpr std::uint64_t most = std::uint64_t{1} << 31U;
    // What is not watched needs no rows.
    if (!rules.monitors.empty() && !(rules.rows >= least && rules.rows <= most))
        refuse("/performance/rows", fmt::format("{} lies outside [{}, {}], the limits for {}", rules.rows, least, most,
                                                drift::performance_metric_name(rules.metric)));
    if (!(rules.margin >= 0.0 && rules.margin < 1.0))
        refuse("/performance/margin", fmt::format("{} lies outside [0, 1)", rules.margin));
    check_monitors(rules.monitors, "/performance/monitors", Watched::performance);
}

void validate_score(const ScoreRule& rule, const std::string& path) {
    if (!(rule.level >= least_score_level && rule.level <= 0.5))
        refuse(path + "/level", fmt::format("{} lies outside [{}, 0.5]", rule.level, least_score_level));
    check_fixed(rule.action, path + "/action");
}

void validate_feature(const FeaturePolicy& rules, const std::string& path) {
    check_word<drift_test_count>(rules.test, path + "/test");
    check_test(rules.test, path + "/test");
    for (const DriftTest test : rules.sample_tests)
        if (!is_for_samples(test))
            refuse(path + "/sample_tests", fmt::format("{} does not run on samples", drift_test_name(test)));
    check_once(rules.sample_tests, path + "/sample_tests");
    check_word<action_names.size()>(rules.request.null, path + "/request/null");
    check_word<action_names.size()>(rules.request.not_a_number, path + "/request/not_a_number");
    check_word<action_names.size()>(rules.request.infinity, path + "/request/infinity");
    check_word<action_names.size()>(rules.request.unseen_category, path + "/request/unseen_category");
    check_fixed(rules.request.out_of_range, path + "/request/out_of_range");
    check_fixed(rules.request.far_out_of_range, path + "/request/far_out_of_range");
    check_fixed(rules.request.wrong_type, path + "/request/wrong_type");
    check_monitors(rules.monitors, path + "/monitors", Watched::feature);
    if (!(rules.tolerance >= 0.0 && rules.tolerance <= 1.0)) {
        refuse(path + "/tolerance", fmt::format("{} lies outside [0, 1]", rules.tolerance));
    }
    if (!(rules.request.far_factor >= 0.0 && rules.request.far_factor <= max_far_factor)) {
        refuse(path + "/request/far_factor",
               fmt::format("{} lies outside [0, {}]", rules.request.far_factor, max_far_factor));
    }
}

}  // namespace

const char* action_name(Action action) noexcept {
    const auto index = static_cast<std::size_t>(action);
    return index < action_names.size() ? action_names[index] : "unknown";
}

const FeaturePolicy& Policy::for_feature(std::string_view name) const {
    const auto found = features.find(name);
    return found == features.end() ? defaults : found->second;
}

bool Policy::compares_samples() const noexcept {
    return !joint_tests.empty() || !defaults.sample_tests.empty() ||
           std::any_of(features.begin(), features.end(),
                       [](const auto& rule) { return !rule.second.sample_tests.empty(); });
}

bool Policy::watches_streams() const noexcept {
    return !outputs.empty() || !groups.empty() || !performance.monitors.empty() || !defaults.monitors.empty() ||
           std::any_of(features.begin(), features.end(),
                       [](const auto& rule) { return !rule.second.monitors.empty(); });
}

void Policy::validate() const {
    if (!(level >= 1e-12 && level <= 0.5)) refuse("/level", fmt::format("{} lies outside [1e-12, 0.5]", level));
    if (minimum_rows == 0) refuse("/minimum_rows", "must be a positive integer");
    check_word<correction_names.size()>(correction, "/correction");
    for (const MultivariateTest test : joint_tests) check_word<multivariate_test_count>(test, "/joint_tests");
    check_once(joint_tests, "/joint_tests");
    check_word<method_names.size()>(samples.method, "/samples/method");
    check_word<alternative_names.size()>(samples.alternative, "/samples/alternative");
    if (!(samples.permutations >= 1 && samples.permutations <= most_permutations))
        refuse("/samples/permutations",
               fmt::format("{} lies outside [1, {}]", samples.permutations, most_permutations));
    if (samples.rows.block == 0 || samples.rows.thin == 0) refuse("/samples", "block and thin are at least 1");
    if (samples.rows.block > 1 && samples.rows.thin > 1) refuse("/samples", "block and thin exclude each other");
    validate_feature(defaults, "/defaults");
    for (const auto& [name, rules] : features) validate_feature(rules, "/features/" + name);
    for (const auto& [name, rules] : outputs) {
        if (rules.empty()) refuse("/outputs/" + name, "names no monitor");
        check_monitors(rules, "/outputs/" + name, Watched::output);
    }
    validate_performance(performance);
    check_fixed(schema.error, "/schema/error");
    check_fixed(schema.warning, "/schema/warning");
    if (!(schema.tolerance >= 0.0 && schema.tolerance <= 1.0))
        refuse("/schema/tolerance", fmt::format("{} lies outside [0, 1]", schema.tolerance));
    for (const auto& [name, rules] : groups) check_group(rules, "/groups/" + name);
    if (scores.size() > most_scores)
        refuse("/scores", fmt::format("names {} scores, at most {}", scores.size(), most_scores));
    for (const auto& [name, rule] : scores) validate_score(rule, "/scores/" + name);
    validate_score(fused_scores, "/fused_scores");
    check_fixed(memory.query_attacks, "/memory/query_attacks");
    check_fixed(memory.extraction, "/memory/extraction");
}

Policy Policy::from_json(std::string_view text) {
    const Json json = parse_without_repeated_keys(text);
    Policy policy;
    // "features" start from "defaults", wherever the two stand in the document.
    if (json.is_object() && json.contains("defaults")) {
        read_fields<FeaturePolicy>(policy.defaults, json["defaults"], "/defaults", feature_fields);
    }
    read_fields<Policy>(policy, json, "", policy_fields);
    policy.validate();
    return policy;
}

std::string Policy::to_json() const {
    return write_fields<Policy>(*this, policy_fields).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace vedette::inline v0
