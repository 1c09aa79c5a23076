// SPDX-License-Identifier: Apache-2.0
// Watches, and the streams of reports, across the C boundary.
#include "vedette/guard/watch.hpp"

#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "fence.hpp"
#include "handles.hpp"
#include "structs.hpp"
#include "values.hpp"
#include "vedette/core/file.hpp"
#include "views.hpp"

using namespace vedette;
using namespace vedette::capi;

struct alignas(64) vdt_watch {
    vdt_allocator allocator;
    Watch object;
    WatchMark period;
    std::vector<Value> row;  // scratch of one mixed row
    std::size_t outputs;
    std::vector<std::size_t> widths;  // of embeddings; 0 for groups of features
};

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

vdt_watch_options default_options() noexcept {
    vdt_watch_options options{};
    options.struct_size = sizeof options;
    return options;
}

vdt_stream_report blank_report() noexcept {
    vdt_stream_report report{};
    report.struct_size = sizeof report;
    report.decision = VDT_NOT_EVALUATED;
    report.estimate = report.statistic = report.limit = report.p_value = not_a_number;
    report.e_value = report.interval_lower = report.interval_upper = report.joined_e_value = not_a_number;
    return report;
}

vdt_string to_c(std::string_view text) noexcept {
    return {text.data(), text.size()};
}

vdt_stream_report to_c(const StreamReport& stream) noexcept {
    vdt_stream_report report = blank_report();
    report.source = static_cast<std::int32_t>(stream.source);
    report.decision = static_cast<vdt_decision>(stream.decision);
    report.state = static_cast<vdt_monitor_state>(stream.state);
    report.name = to_c(std::string_view(stream.name));
    report.monitor = to_c(std::string_view(drift::monitor_kind_name(stream.kind)));
    report.seen = stream.seen;
    report.period_begin = stream.period_begin;
    report.alarms = stream.counts.changes;
    report.period_alarms = stream.period_alarms;
    if (!stream.alarms.empty()) {
        report.alarm_position = stream.alarms.back().position;
        report.alarm_time = stream.alarms.back().time;
    }
    report.estimate = stream.reading.estimate;
    report.statistic = stream.reading.statistic;
    report.limit = stream.reading.limit;
    report.p_value = stream.reading.p_value;
    report.e_value = stream.reading.e_value;
    report.interval_lower = stream.reading.interval.lower;
    report.interval_upper = stream.reading.interval.upper;
    report.joined_e_value = stream.joined_e_value;
    report.is_discovered = stream.is_discovered ? 1 : 0;
    return report;
}

vdt_joined_evidence blank_evidence() noexcept {
    vdt_joined_evidence report{};
    report.struct_size = sizeof report;
    report.decision = VDT_NOT_EVALUATED;
    report.false_discovery_rate = report.threshold = not_a_number;
    return report;
}

const EvidenceReport& evidence_of(const vdt_report* report) {
    require(report, "report");
    if (!report->object.joined_evidence) throw Error(ErrorCode::invalid_argument, "the report has no joined evidence");
    return *report->object.joined_evidence;
}

// Its values that are no nulls.
std::vector<double> read_sample(const vdt_column* given, const char* what) {
    ColumnStorage storage;
    const Column column = read_column(given, storage);
    if (!column.is_numeric()) throw Error(ErrorCode::type_mismatch, std::string(what) + ": holds categories");
    std::vector<double> all(column.size());
    if (!all.empty()) column.copy_as_double(0, all.size(), all.data());
    std::vector<double> kept;
    for (std::size_t i = 0; i < all.size(); ++i)
        if (column.is_valid(i)) kept.push_back(all[i]);
    return kept;
}

// Samples of outputs, owned until the monitors have copied them.
std::map<std::string, std::vector<double>> read_references(const vdt_watch_options& options, const Policy& policy) {
    std::map<std::string, std::vector<double>> samples;
    if (options.reference_count != 0) require(options.references, "options.references");
    for (std::uint64_t i = 0; i < options.reference_count; ++i) {
        const vdt_watch_reference& given = options.references[i];
        const std::string name(to_text(given.output.data, given.output.length, "options.references.output"));
        if (!policy.outputs.contains(name))
            throw Error(ErrorCode::invalid_argument, "options.references: the policy has no output \"" + name + "\"");
        require(given.values, "options.references.values");
        samples[name] = read_sample(given.values, "options.references");
    }
    return samples;
}

// Rows of groups, owned until they are fitted.
struct GroupRows {
    std::vector<double> values;
    std::size_t rows;
    std::size_t columns;
};

std::map<std::string, GroupRows> read_groups(const vdt_watch_options& options, const Policy& policy) {
    std::map<std::string, GroupRows> groups;
    if (options.group_count != 0) require(options.groups, "options.groups");
    for (std::uint64_t i = 0; i < options.group_count; ++i) {
        const vdt_watch_group& given = options.groups[i];
        const std::string name(to_text(given.group.data, given.group.length, "options.groups.group"));
        if (!policy.groups.contains(name))
            throw Error(ErrorCode::invalid_argument, "options.groups: the policy has no group \"" + name + "\"");
        require(given.rows, "options.groups.rows");
        const StridedMatrix rows = read_matrix(given.rows);
        groups[name] = {copy_matrix<double>(rows), rows.rows, rows.columns};
    }
    return groups;
}

std::optional<drift::PerformanceReference> performance_of(const vdt_watch_options& options) {
    if (options.performance == nullptr) return std::nullopt;
    return options.performance->object;
}

vdt_watch* make_watch(const vdt_allocator* allocator, Watch watch, const Policy& policy) {
    const std::size_t width = watch.baseline().feature_count();
    std::vector<std::size_t> widths;
    for (const auto& [name, group] : policy.groups)
        widths.push_back(group.features.empty() ? watch.group_monitor(name).dimension() : 0);
    return make_handle<vdt_watch>(allocator, std::move(watch), WatchMark{}, std::vector<Value>(width),
                                  policy.outputs.size(), std::move(widths));
}

vdt_watch* read_watch(const vdt_baseline* baseline, const vdt_watch_options* options, std::span<const std::byte> bytes,
                      const vdt_allocator* allocator) {
    const vdt_watch_options given = read_struct(options, default_options(), "options");
    const Policy policy = read_policy(given.policy_json, given.policy_length);
    return make_watch(allocator, Watch::from_bytes(baseline->object, policy, bytes, performance_of(given)), policy);
}

void tell(MonitorState said, vdt_monitor_state* state) noexcept {
    if (state != nullptr) *state = static_cast<vdt_monitor_state>(said);
}

template <class T>
vdt_status observe_row(vdt_watch* watch, const T* row, std::size_t width, std::int64_t time, vdt_monitor_state* state,
                       vdt_error* error) noexcept {
    if (watch == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "watch is NULL");
    if (row == nullptr && width != 0) return fail(error, VDT_INVALID_ARGUMENT, "row is NULL");
    const MonitorState said = watch->object.observe(std::span<const T>(row, width), time);
    if (width != watch->row.size()) return fail_width(error, width, watch->row.size());
    tell(said, state);
    return VDT_OK;
}

template <class T>
vdt_status observe_embedding(vdt_watch* watch, std::size_t embedding, const T* row, std::size_t width,
                             std::int64_t time, vdt_monitor_state* state, vdt_error* error) noexcept {
    if (watch == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "watch is NULL");
    if (row == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "row is NULL");
    if (embedding >= watch->widths.size() || watch->widths[embedding] == 0)
        return fail(error, VDT_INVALID_ARGUMENT, "embedding is no index of the policy's");
    const MonitorState said = watch->object.observe_embedding(embedding, std::span<const T>(row, width), time);
    if (width != watch->widths[embedding]) return fail_width(error, width, watch->widths[embedding]);
    tell(said, state);
    return VDT_OK;
}

const StreamReport& stream_of(const vdt_report* report, std::size_t index) {
    require(report, "report");
    const std::size_t count = report->object.streams.size();
    if (index >= count)
        throw Error(ErrorCode::invalid_argument, "index " + std::to_string(index) + " is not below the " +
                                                     std::to_string(count) + " streams of the report");
    return report->object.streams[index];
}

}  // namespace

static_assert(static_cast<int>(StreamSource::feature) == VDT_STREAM_FEATURE);
static_assert(static_cast<int>(StreamSource::output) == VDT_STREAM_OUTPUT);
static_assert(static_cast<int>(StreamSource::performance) == VDT_STREAM_PERFORMANCE);
static_assert(static_cast<int>(StreamSource::group) == VDT_STREAM_GROUP);

extern "C" {

void vdt_watch_options_init(vdt_watch_options* options, size_t size) noexcept {
    init_struct(options, size, default_options());
}

void vdt_stream_report_init(vdt_stream_report* report, size_t size) noexcept {
    init_struct(report, size, blank_report());
}

vdt_status vdt_watch_create(const vdt_baseline* baseline, const vdt_watch_options* options,
                            const vdt_allocator* allocator, vdt_watch** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(baseline, "baseline");
        require(out, "out");
        const vdt_watch_options given = read_struct(options, default_options(), "options");
        const Policy policy = read_policy(given.policy_json, given.policy_length);
        const auto samples = read_references(given, policy);
        std::vector<double> estimates;
        if (given.estimates != nullptr) estimates = read_sample(given.estimates, "options.estimates");
        WatchReferences references{
            .outputs = {}, .performance = performance_of(given), .estimates = {.values = estimates}};
        for (const auto& [name, values] : samples) references.outputs[name] = {.values = values};
        const auto groups = read_groups(given, policy);
        for (const auto& [name, rows] : groups)
            references.groups.emplace(name, MatrixView<double>::row_major(rows.values.data(), rows.rows, rows.columns));
        *out = make_watch(allocator, Watch(baseline->object, policy, references), policy);
    });
}

vdt_status vdt_watch_load(const vdt_baseline* baseline, const vdt_watch_options* options, const char* path,
                          const vdt_allocator* allocator, vdt_watch** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(baseline, "baseline");
        require(path, "path");
        require(out, "out");
        const std::vector<std::byte> bytes = read_file(path);
        *out = read_watch(baseline, options, bytes, allocator);
    });
}

vdt_status vdt_watch_from_bytes(const vdt_baseline* baseline, const vdt_watch_options* options, const void* bytes,
                                size_t size, const vdt_allocator* allocator, vdt_watch** out,
                                vdt_error* error) noexcept {
    return fence(error, [&] {
        require(baseline, "baseline");
        if (size != 0) require(bytes, "bytes");
        require(out, "out");
        const std::span<const std::byte> view(static_cast<const std::byte*>(bytes), size);
        *out = read_watch(baseline, options, view, allocator);
    });
}

vdt_status vdt_watch_save(const vdt_watch* watch, const char* path, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(watch, "watch");
        require(path, "path");
        write_file_atomically(path, watch->object.to_bytes());
    });
}

vdt_status vdt_watch_to_bytes(const vdt_watch* watch, void* buffer, size_t capacity, size_t* length,
                              vdt_error* error) noexcept {
    return fence(error, [&] {
        require(watch, "watch");
        const std::vector<std::byte> bytes = watch->object.to_bytes();
        copy_bytes(bytes.data(), bytes.size(), 1, buffer, capacity, length);
    });
}

void vdt_watch_destroy(vdt_watch* watch) noexcept {
    destroy_handle(watch);
}

vdt_status vdt_watch_observe_f32(vdt_watch* watch, const float* row, size_t width, int64_t time,
                                 vdt_monitor_state* state, vdt_error* error) noexcept {
    return observe_row(watch, row, width, time, state, error);
}

vdt_status vdt_watch_observe_f64(vdt_watch* watch, const double* row, size_t width, int64_t time,
                                 vdt_monitor_state* state, vdt_error* error) noexcept {
    return observe_row(watch, row, width, time, state, error);
}

vdt_status vdt_watch_observe_values(vdt_watch* watch, const vdt_value* row, size_t width, int64_t time,
                                    vdt_monitor_state* state, vdt_error* error) noexcept {
    if (watch == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "watch is NULL");
    if (row == nullptr && width != 0) return fail(error, VDT_INVALID_ARGUMENT, "row is NULL");
    if (width != watch->row.size()) {
        static_cast<void>(watch->object.observe(std::span<const Value>(), time));  // counted as rejected
        return fail_width(error, width, watch->row.size());
    }
    if (!read_values(row, watch->row)) return fail_values(error);
    tell(watch->object.observe(std::span<const Value>(watch->row), time), state);
    return VDT_OK;
}

vdt_status vdt_watch_output(const vdt_watch* watch, const char* name, size_t length, size_t* out,
                            vdt_error* error) noexcept {
    return fence(error, [&] {
        require(watch, "watch");
        require(out, "out");
        *out = watch->object.output(to_text(name, length, "name"));
    });
}

vdt_status vdt_watch_observe_output(vdt_watch* watch, size_t output, double value, int64_t time,
                                    vdt_monitor_state* state, vdt_error* error) noexcept {
    if (watch == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "watch is NULL");
    if (output >= watch->outputs) return fail(error, VDT_INVALID_ARGUMENT, "output is no index of the policy's");
    tell(watch->object.observe_output(output, value, time), state);
    return VDT_OK;
}

vdt_status vdt_watch_observe_prediction(vdt_watch* watch, const double* scores, size_t width, uint32_t prediction,
                                        int64_t time, vdt_monitor_state* state, vdt_error* error) noexcept {
    if (watch == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "watch is NULL");
    if (scores == nullptr && width != 0) return fail(error, VDT_INVALID_ARGUMENT, "scores is NULL");
    tell(watch->object.observe_prediction(std::span<const double>(scores, width), prediction, time), state);
    return VDT_OK;
}

vdt_status vdt_watch_embedding(const vdt_watch* watch, const char* name, size_t length, size_t* out,
                               vdt_error* error) noexcept {
    return fence(error, [&] {
        require(watch, "watch");
        require(out, "out");
        *out = watch->object.embedding(to_text(name, length, "name"));
    });
}

vdt_status vdt_watch_observe_embedding_f32(vdt_watch* watch, size_t embedding, const float* row, size_t width,
                                           int64_t time, vdt_monitor_state* state, vdt_error* error) noexcept {
    return observe_embedding(watch, embedding, row, width, time, state, error);
}

vdt_status vdt_watch_observe_embedding_f64(vdt_watch* watch, size_t embedding, const double* row, size_t width,
                                           int64_t time, vdt_monitor_state* state, vdt_error* error) noexcept {
    return observe_embedding(watch, embedding, row, width, time, state, error);
}

vdt_status vdt_watch_begin_period(vdt_watch* watch, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(watch, "watch");
        watch->period = watch->object.mark();
    });
}

vdt_status vdt_watch_reset(vdt_watch* watch, vdt_error* error) noexcept {
    if (watch == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "watch is NULL");
    watch->object.reset();
    watch->period = {};
    return VDT_OK;
}

size_t vdt_watch_stream_count(const vdt_watch* watch) noexcept {
    return watch == nullptr ? 0 : watch->object.stream_count();
}

uint64_t vdt_watch_alarms(const vdt_watch* watch) noexcept {
    return watch == nullptr ? 0 : watch->object.alarms();
}

uint64_t vdt_watch_rejected(const vdt_watch* watch) noexcept {
    return watch == nullptr ? 0 : watch->object.rejected();
}

vdt_status vdt_report_attach_watch(vdt_report* report, const vdt_watch* watch, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(report, "report");
        require(watch, "watch");
        attach(report->object, watch->object, watch->period);
    });
}

void vdt_joined_evidence_init(vdt_joined_evidence* report, size_t size) noexcept {
    init_struct(report, size, blank_evidence());
}

vdt_status vdt_report_attach_shards(vdt_report* report, const vdt_watch* const* watches, size_t count,
                                    vdt_error* error) noexcept {
    return fence(error, [&] {
        require(report, "report");
        std::vector<const Watch*> shards;
        for (const vdt_watch* const watch : to_span(watches, count, "watches")) {
            require(watch, "watches");
            shards.push_back(&watch->object);
        }
        attach(report->object, std::span<const Watch* const>(shards));
    });
}

vdt_status vdt_report_joined_evidence(const vdt_report* report, vdt_joined_evidence* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        const EvidenceReport& evidence = evidence_of(report);
        vdt_joined_evidence found = blank_evidence();
        found.decision = static_cast<vdt_decision>(evidence.decision);
        found.false_discovery_rate = evidence.false_discovery_rate;
        found.threshold = evidence.threshold;
        found.streams = evidence.streams.size();
        found.discovered = evidence.discovered();
        found.shards = evidence.shards;
        write_struct(out, found, "out");
    });
}

vdt_status vdt_report_joined_stream(const vdt_report* report, size_t index, double* e_value, uint8_t* is_discovered,
                                    vdt_string* subject, vdt_error* error) noexcept {
    return fence(error, [&] {
        const EvidenceReport& evidence = evidence_of(report);
        if (index >= evidence.streams.size())
            throw Error(ErrorCode::invalid_argument, "index " + std::to_string(index) + " is not below the " +
                                                         std::to_string(evidence.streams.size()) + " joined streams");
        const EvidenceReport::Stream& stream = evidence.streams[index];
        if (e_value != nullptr) *e_value = stream.e_value;
        if (is_discovered != nullptr) *is_discovered = stream.is_discovered ? 1 : 0;
        if (subject != nullptr) *subject = to_c(std::string_view(stream.subject));
    });
}

vdt_status vdt_report_joined_reason(const vdt_report* report, char* buffer, size_t capacity, size_t* length,
                                    vdt_error* error) noexcept {
    return fence(error, [&] { copy_text(evidence_of(report).reason(), buffer, capacity, length); });
}

size_t vdt_report_stream_count(const vdt_report* report) noexcept {
    return report == nullptr ? 0 : report->object.streams.size();
}

vdt_status vdt_report_stream(const vdt_report* report, size_t index, vdt_stream_report* out,
                             vdt_error* error) noexcept {
    return fence(error, [&] { write_struct(out, to_c(stream_of(report, index)), "out"); });
}

vdt_status vdt_report_stream_contribution(const vdt_report* report, size_t index, size_t rank, double* contribution,
                                          vdt_string* feature, vdt_error* error) noexcept {
    return fence(error, [&] {
        const std::vector<StreamContribution>& list = stream_of(report, index).contributions;
        if (rank >= list.size())
            throw Error(ErrorCode::invalid_argument, "rank " + std::to_string(rank) + " is not below the " +
                                                         std::to_string(list.size()) + " contributions");
        if (contribution != nullptr) *contribution = list[rank].value;
        if (feature != nullptr) *feature = to_c(std::string_view(list[rank].name));
    });
}

vdt_status vdt_report_stream_reason(const vdt_report* report, size_t index, char* buffer, size_t capacity,
                                    size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] { copy_text(stream_of(report, index).reason(), buffer, capacity, length); });
}

}  // extern "C"
