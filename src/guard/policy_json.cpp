// SPDX-License-Identifier: Apache-2.0
// The policy document: one table of fields for each object of it, which reads and writes it.
#include <fmt/core.h>

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>
#include <vector>

#include "core/strict_json.hpp"
#include "drift/monitor_options.hpp"
#include "guard/policy_rules.hpp"
#include "vedette/core/error.hpp"
#include "vedette/guard/policy.hpp"

namespace vedette::inline v0 {

using namespace policies;

namespace {

using Json = nlohmann::ordered_json;

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

double number(const Json& json, const std::string& path, double lower, double upper) {
    if (!json.is_number()) refuse(path, "must be a number");
    const double value = json.get<double>();
    if (!(value >= lower && value <= upper)) refuse(path, fmt::format("{} lies outside [{}, {}]", value, lower, upper));
    return value;
}

std::uint32_t row_count(const Json& json, const std::string& path) {
    if (!json.is_number_unsigned() || json.get<std::uint64_t>() == 0 ||
        json.get<std::uint64_t>() > std::numeric_limits<std::uint32_t>::max())
        refuse(path, "must be a positive integer below 2^32");
    return json.get<std::uint32_t>();
}

std::uint64_t whole(const Json& json, const std::string& path, const char* kind) {
    if (!json.is_number_unsigned()) refuse(path, fmt::format("must be a {}", kind));
    return json.get<std::uint64_t>();
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

drift::TestForm form_word(const Json& json, const std::string& path) {
    const auto form = json.is_string() ? drift::test_form(json.get<std::string>()) : std::nullopt;
    if (!form) refuse(path, "must be standard, trimmed, yates, separate or clamped");
    return *form;
}

std::vector<double> bandwidth_list(const Json& json, const std::string& path) {
    if (!json.is_array()) refuse(path, "must be an array of numbers");
    std::vector<double> list;
    for (std::size_t i = 0; i < json.size(); ++i) {
        if (!json[i].is_number()) refuse(fmt::format("{}/{}", path, i), "must be a number");
        list.push_back(json[i].get<double>());
    }
    return list;
}

// Fields that are not given are not written.
template <std::uint32_t drift::RowBlocks::*member>
constexpr Field<SampleOptions> option_row_field(const char* key) {
    return {key,
            [](SampleOptions& target, const Json& json, const std::string& path) {
                if (!target.rows) target.rows.emplace();
                (*target.rows).*member = row_count(json, path);
            },
            [](const SampleOptions& source, Json& json) {
                if (source.rows) json = (*source.rows).*member;
            }};
}

constexpr std::array option_fields{
    Field<SampleOptions>{"test", [](SampleOptions&, const Json&, const std::string&) {},
                         [](const SampleOptions&, Json&) {}},
    Field<SampleOptions>{"method",
                         [](SampleOptions& target, const Json& json, const std::string& path) {
                             target.method = word<drift::Method>(json, path, method_names);
                         },
                         [](const SampleOptions& source, Json& json) {
                             if (source.method) json = drift::method_name(*source.method);
                         }},
    Field<SampleOptions>{"alternative",
                         [](SampleOptions& target, const Json& json, const std::string& path) {
                             target.alternative = word<drift::Alternative>(json, path, alternative_names);
                         },
                         [](const SampleOptions& source, Json& json) {
                             if (source.alternative) json = drift::alternative_name(*source.alternative);
                         }},
    Field<SampleOptions>{"permutations",
                         [](SampleOptions& target, const Json& json, const std::string& path) {
                             target.permutations = whole(json, path, "positive integer");
                         },
                         [](const SampleOptions& source, Json& json) {
                             if (source.permutations) json = *source.permutations;
                         }},
    Field<SampleOptions>{"seed",
                         [](SampleOptions& target, const Json& json, const std::string& path) {
                             target.seed = whole(json, path, "whole number");
                         },
                         [](const SampleOptions& source, Json& json) {
                             if (source.seed) json = *source.seed;
                         }},
    option_row_field<&drift::RowBlocks::block>("block"),
    option_row_field<&drift::RowBlocks::thin>("thin"),
    Field<SampleOptions>{
        "form",
        [](SampleOptions& target, const Json& json, const std::string& path) { target.form = form_word(json, path); },
        [](const SampleOptions& source, Json& json) {
            if (source.form) json = drift::test_form_name(*source.form);
        }},
    Field<SampleOptions>{"bandwidths",
                         [](SampleOptions& target, const Json& json, const std::string& path) {
                             target.bandwidths = bandwidth_list(json, path);
                         },
                         [](const SampleOptions& source, Json& json) {
                             if (source.bandwidths) json = *source.bandwidths;
                         }},
    Field<SampleOptions>{"most_rows",
                         [](SampleOptions& target, const Json& json, const std::string& path) {
                             target.most_rows = whole(json, path, "positive integer");
                         },
                         [](const SampleOptions& source, Json& json) {
                             if (source.most_rows) json = *source.most_rows;
                         }},
};

// Words, or objects of a word and its options.
template <class Test, class Read>
void read_tests(std::vector<Test>& tests, std::map<Test, SampleOptions>& options, const Json& json,
                const std::string& path, Read&& read) {
    if (!json.is_array()) refuse(path, "must be an array of words, or of objects with a \"test\"");
    tests.clear();
    options.clear();
    for (std::size_t i = 0; i < json.size(); ++i) {
        const std::string place = fmt::format("{}/{}", path, i);
        if (!json[i].is_object()) {
            tests.push_back(read(json[i], place));
            continue;
        }
        if (!json[i].contains("test")) refuse(place + "/test", "must be a word");
        tests.push_back(read(json[i]["test"], place + "/test"));
        SampleOptions of_test;
        read_fields<SampleOptions>(of_test, json[i], place, option_fields);
        if (of_test != SampleOptions{}) options[tests.back()] = of_test;
    }
}

template <class Test>
Json write_tests(const std::vector<Test>& tests, const std::map<Test, SampleOptions>& options,
                 const char* (*name)(Test) noexcept) {
    Json list = Json::array();
    for (const Test test : tests) {
        const auto of_test = options.find(test);
        if (of_test == options.end()) {
            list.push_back(name(test));
            continue;
        }
        Json entry{{"test", name(test)}};
        for (const Field<SampleOptions>& field : option_fields) {
            Json value;
            field.write(of_test->second, value);
            if (!value.is_null()) entry[field.key] = std::move(value);
        }
        list.push_back(std::move(entry));
    }
    return list;
}

template <class T, Action T::*member>
constexpr Field<T> action_field(const char* key) {
    return {key,
            [](T& target, const Json& json, const std::string& path) {
                target.*member = word<Action>(json, path, action_names);
            },
            [](const T& source, Json& json) { json = action_name(source.*member); }};
}

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
                             read_tests(target.sample_tests, target.sample_options, json, path,
                                        [](const Json& word, const std::string& place) {
                                            return test_word(word, place, drift_test_count, &drift_test_name,
                                                             &is_for_samples);
                                        });
                         },
                         [](const FeaturePolicy& source, Json& json) {
                             json = write_tests(source.sample_tests, source.sample_options, &drift_test_name);
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
                target.rows.*member = row_count(json, path);
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
                            target.permutations = whole(json, path, "positive integer");
                        },
                        [](const SamplePolicy& source, Json& json) { json = source.permutations; }},
    Field<SamplePolicy>{"seed",
                        [](SamplePolicy& target, const Json& json, const std::string& path) {
                            target.seed = whole(json, path, "whole number");
                        },
                        [](const SamplePolicy& source, Json& json) { json = source.seed; }},
    row_field<&drift::RowBlocks::block>("block"),
    row_field<&drift::RowBlocks::thin>("thin"),
    Field<SamplePolicy>{
        "form",
        [](SamplePolicy& target, const Json& json, const std::string& path) { target.form = form_word(json, path); },
        [](const SamplePolicy& source, Json& json) { json = drift::test_form_name(source.form); }},
    Field<SamplePolicy>{"bandwidths",
                        [](SamplePolicy& target, const Json& json, const std::string& path) {
                            target.bandwidths = bandwidth_list(json, path);
                        },
                        [](const SamplePolicy& source, Json& json) { json = source.bandwidths; }},
    Field<SamplePolicy>{"most_rows",
                        [](SamplePolicy& target, const Json& json, const std::string& path) {
                            target.most_rows = whole(json, path, "positive integer");
                        },
                        [](const SamplePolicy& source, Json& json) { json = source.most_rows; }},
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

constexpr std::array evidence_fields{
    Field<EvidencePolicy>{"false_discovery_rate",
                          [](EvidencePolicy& target, const Json& json, const std::string& path) {
                              target.false_discovery_rate = number(json, path, 0.0, 0.5);
                          },
                          [](const EvidencePolicy& source, Json& json) { json = source.false_discovery_rate; }},
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
                      read_tests(target.joint_tests, target.joint_options, json, path,
                                 [](const Json& word, const std::string& place) {
                                     return test_word(word, place, multivariate_test_count, &multivariate_test_name,
                                                      [](MultivariateTest) { return true; });
                                 });
                  },
                  [](const Policy& source, Json& json) {
                      json = write_tests(source.joint_tests, source.joint_options, &multivariate_test_name);
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
    Field<Policy>{"joined_evidence",
                  [](Policy& target, const Json& json, const std::string& path) {
                      read_fields<EvidencePolicy>(target.joined_evidence, json, path, evidence_fields);
                  },
                  [](const Policy& source, Json& json) {
                      json = write_fields<EvidencePolicy>(source.joined_evidence, evidence_fields);
                  }},
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

}  // namespace

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
