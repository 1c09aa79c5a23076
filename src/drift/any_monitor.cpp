// SPDX-License-Identifier: Apache-2.0
// Monitors by name: the table of kinds, options as text, blocks, and files.
#include "vedette/drift/any_monitor.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "drift/monitor_blocks.hpp"
#include "drift/monitor_codec.hpp"
#include "drift/monitor_model.hpp"
#include "vedette/core/container.hpp"
#include "vedette/stats/moments.hpp"

namespace vedette::inline v0::drift {
namespace {

using ModelPointer = std::unique_ptr<AnyMonitor::Model>;

constexpr const char* blocked_kind = "blocked_monitor";

// The options that a text gives, those of blocks set apart.
struct GivenOptions {
    OptionList list;
    BlockRule blocks;
};

[[noreturn]] void need_reference(const char* name, const char* what) {
    throw Error(ErrorCode::not_enough_data, fmt::format("monitor {}: {}", name, what));
}

// Mean and sd where the options do not name both.
void learn_moments(const char* name, OptionList& options, const MonitorReference& reference) {
    const bool has_mean = find_option(options, "mean") != nullptr;
    const bool has_sd = find_option(options, "sd") != nullptr;
    if (has_mean && has_sd) return;
    stats::Moments moments;
    for (const double value : reference.values) moments.add(value);
    const double mean = std::isnan(reference.mean) && moments.count > 0 ? moments.mean : reference.mean;
    const double sd = std::isnan(reference.sd) ? moments.standard_deviation() : reference.sd;
    if (!has_mean) {
        if (!std::isfinite(mean)) need_reference(name, "needs mean and sd, or a reference to learn them from");
        options.push_back({"mean", mean});
    }
    if (!has_sd) {
        if (!std::isfinite(sd))
            need_reference(name, "needs mean and sd, or a reference of at least two values (with block, two blocks)");
        if (!(sd > 0.0)) need_reference(name, "the values of the reference are all the same: name sd");
        options.push_back({"sd", sd});
    }
}

template <class M>
typename MonitorTraits<M>::Options read_options(const char* name, const OptionList& given) {
    typename MonitorTraits<M>::Options options;
    for (const Option& option : given) {
        if (read_field(options, name, option, MonitorTraits<M>::fields)) continue;
        std::string known;
        for (const auto& field : MonitorTraits<M>::fields) known += fmt::format("{}, ", field.key);
        if constexpr (std::is_same_v<M, Cusum>) known += "average_run_length, ";
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("monitor {}: there is no option \"{}\"; there are {}block and thin", name, option.key, known));
    }
    return options;
}

Cusum make_cusum(const char* name, const OptionList& given) {
    const OptionValue* const wanted = find_option(given, "average_run_length");
    if (wanted == nullptr) return Cusum(read_options<Cusum>(name, given));
    if (find_option(given, "threshold") != nullptr)
        refuse_option(name, "threshold", "follows from average_run_length: give one of them");
    OptionList rest = given;
    std::erase_if(rest, [](const Option& option) { return option.key == "average_run_length"; });
    CusumOptions options = read_options<Cusum>(name, rest);
    options.threshold = cusum_threshold(options, read_number(name, "average_run_length", *wanted));
    return Cusum(options);
}

template <class M>
ModelPointer make_model(const char* name, const OptionList& given, [[maybe_unused]] const MonitorReference& reference) {
    if constexpr (std::is_same_v<M, Cusum>) {
        return std::make_unique<MonitorModel<M>>(make_cusum(name, given));
    } else {
        const auto options = read_options<M>(name, given);
        if constexpr (std::is_constructible_v<M, const stats::Grid&, decltype(options)>) {
            if (reference.values.empty() && reference.grid != nullptr)
                return std::make_unique<MonitorModel<M>>(M(*reference.grid, options));
        }
        if constexpr (std::is_constructible_v<M, std::span<const double>, decltype(options)>) {
            if (reference.values.empty()) need_reference(name, "needs a reference (with block, of at least a block)");
            return std::make_unique<MonitorModel<M>>(M(reference.values, options));
        } else {
            return std::make_unique<MonitorModel<M>>(M(options));
        }
    }
}

struct Kind {
    const char* name;
    MonitorValues values;
    MonitorReferenceUse use;
    ModelPointer (*make)(const char* name, const OptionList&, const MonitorReference&);
    ModelPointer (*read)(std::span<const std::byte>);
    OptionList (*defaults)();
};

template <class M>
constexpr Kind kind_of(const char* name, MonitorValues values, MonitorReferenceUse use) {
    return {name,
            values,
            use,
            &make_model<M>,
            [](std::span<const std::byte> bytes) -> ModelPointer {
                return std::make_unique<MonitorModel<M>>(M::deserialize(bytes));
            },
            [] { return list_fields(typename MonitorTraits<M>::Options{}, MonitorTraits<M>::fields); }};
}

constexpr std::array kinds{
    kind_of<Adwin>("adwin", MonitorValues::any, MonitorReferenceUse::none),
    kind_of<PageHinkley>("page_hinkley", MonitorValues::any, MonitorReferenceUse::none),
    kind_of<Cusum>("cusum", MonitorValues::any, MonitorReferenceUse::moments),
    kind_of<EwmaChart>("ewma_chart", MonitorValues::any, MonitorReferenceUse::moments),
    kind_of<Ddm>("ddm", MonitorValues::errors, MonitorReferenceUse::none),
    kind_of<Eddm>("eddm", MonitorValues::errors, MonitorReferenceUse::none),
    kind_of<HddmA>("hddm_a", MonitorValues::shares, MonitorReferenceUse::none),
    kind_of<HddmW>("hddm_w", MonitorValues::shares, MonitorReferenceUse::none),
    kind_of<Kswin>("kswin", MonitorValues::any, MonitorReferenceUse::none),
    kind_of<Stepd>("stepd", MonitorValues::errors, MonitorReferenceUse::none),
    kind_of<IncrementalKs>("incremental_ks", MonitorValues::any, MonitorReferenceUse::sample),
    kind_of<EProcess>("e_process", MonitorValues::any, MonitorReferenceUse::law),
    kind_of<EDetector>("e_detector", MonitorValues::any, MonitorReferenceUse::law),
    kind_of<HarmMonitor>("harm_monitor", MonitorValues::shares, MonitorReferenceUse::none),
    kind_of<MeanMonitor>("mean_monitor", MonitorValues::shares, MonitorReferenceUse::none),
};
static_assert(kinds.size() == monitor_kind_count);

const Kind& entry(MonitorKind kind) {
    const auto index = static_cast<std::size_t>(kind);
    if (index < kinds.size()) return kinds[index];
    throw Error(ErrorCode::invalid_argument, fmt::format("monitor: there is no kind {}", index));
}

const Kind* find_kind(std::string_view name) noexcept {
    for (const Kind& kind : kinds)
        if (name == kind.name) return &kind;
    return nullptr;
}

// A file of one kind; blocks are none.
ModelPointer read_model(std::span<const std::byte> bytes) {
    const Kind* const found = find_kind(Container::view(bytes).kind());
    MonitorCodec::require(found != nullptr, "a file of another kind");
    return found->read(bytes);
}

// Options may narrow what a kind takes.
MonitorValues values_of(MonitorKind kind, const OptionList& options) {
    if (kind != MonitorKind::mean_monitor) return monitor_values(kind);
    const OptionValue* const rule = find_option(options, "rule");
    const std::string errors = mean_words[static_cast<std::size_t>(MeanRule::proportion)];
    return rule != nullptr && same_value(*rule, errors) ? MonitorValues::errors : monitor_values(kind);
}

GivenOptions read_given(MonitorKind which, std::string_view text) {
    const Kind& kind = entry(which);
    GivenOptions given{.list = parse_options(kind.name, text), .blocks = {}};
    given.blocks = BlockRule::take(kind.name, given.list);
    if (given.blocks.length > 1 && !given.blocks.thin && values_of(which, given.list) == MonitorValues::errors)
        refuse_option(kind.name, "block", "makes shares of errors, which this monitor does not take: thin them");
    return given;
}

// The reference as the monitor will see the stream. Values that may enter nothing stay, for the monitor to refuse.
std::vector<double> take_in_blocks(std::span<const double> values, std::uint32_t length, bool thin) {
    std::vector<double> taken;
    taken.reserve(values.size() / length + 1);
    double sum = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (thin) {
            if (i % length == 0) taken.push_back(values[i]);
            continue;
        }
        sum += values[i];
        if (i % length != length - 1) continue;
        taken.push_back(sum / static_cast<double>(length));
        sum = 0.0;
    }
    return taken;
}

}  // namespace

const char* monitor_kind_name(MonitorKind kind) noexcept {
    if (kind == MonitorKind::mmd_monitor) return "mmd_monitor";
    const auto index = static_cast<std::size_t>(kind);
    return index < kinds.size() ? kinds[index].name : "unknown";
}

MonitorKind monitor_kind(std::string_view name) {
    if (const Kind* const found = find_kind(name)) return static_cast<MonitorKind>(found - kinds.data());
    std::string known;
    for (const Kind& kind : kinds) known += fmt::format("{}{}", known.empty() ? "" : ", ", kind.name);
    throw Error(ErrorCode::invalid_argument,
                fmt::format("monitor: there is no kind \"{}\"; there are {} and, of rows, mmd_monitor", name, known));
}

MonitorValues monitor_values(MonitorKind kind) noexcept {
    const auto index = static_cast<std::size_t>(kind);
    return index < kinds.size() ? kinds[index].values : MonitorValues::any;
}

MonitorValues monitor_values(MonitorKind kind, std::string_view options) {
    return values_of(kind, parse_options(entry(kind).name, options));
}

MonitorReferenceUse monitor_reference_use(MonitorKind kind) noexcept {
    const auto index = static_cast<std::size_t>(kind);
    return index < kinds.size() ? kinds[index].use : MonitorReferenceUse::none;
}

AnyMonitor make_monitor(MonitorKind kind, std::string_view options, const MonitorReference& reference) {
    const Kind& wanted = entry(kind);
    GivenOptions given = read_given(kind, options);
    MonitorReference seen = reference;
    std::vector<double> blocks;
    const auto [length, thin] = given.blocks;
    if (length > 1) {
        blocks = take_in_blocks(reference.values, length, thin);
        seen.values = blocks;
        if (!thin) {  // of means, nothing is known but what their values say
            seen.grid = nullptr;
            seen.sd = std::numeric_limits<double>::quiet_NaN();
        }
    }
    if (wanted.use == MonitorReferenceUse::moments) learn_moments(wanted.name, given.list, seen);
    return {wanted.make(wanted.name, given.list, seen), length, thin};
}

AnyMonitor make_monitor(std::string_view kind, std::string_view options, const MonitorReference& reference) {
    return make_monitor(monitor_kind(kind), options, reference);
}

std::string monitor_defaults(MonitorKind kind) {
    const Kind& wanted = entry(kind);
    OptionList options = wanted.defaults();
    if (wanted.use == MonitorReferenceUse::moments)
        std::erase_if(options, [](const Option& option) { return option.key == "mean" || option.key == "sd"; });
    return write_options(options);
}

AnyMonitor::AnyMonitor(std::unique_ptr<Model> model, std::uint32_t length, bool thin) noexcept
    : model_(std::move(model)), length_(length), thin_(thin) {}
AnyMonitor::AnyMonitor(AnyMonitor&&) noexcept = default;
AnyMonitor& AnyMonitor::operator=(AnyMonitor&&) noexcept = default;
AnyMonitor::~AnyMonitor() = default;

AnyMonitor::AnyMonitor(const AnyMonitor& other)
    : model_(other.model_->clone()),
      length_(other.length_),
      thin_(other.thin_),
      place_(other.place_),
      sum_(other.sum_) {}

AnyMonitor& AnyMonitor::operator=(const AnyMonitor& other) {
    if (this != &other) *this = AnyMonitor(other);
    return *this;
}

MonitorState AnyMonitor::update(double x) noexcept {
    return length_ == 1 ? model_->update(x) : update_block(x);
}

MonitorState AnyMonitor::update(double x, std::span<const std::uint32_t> draw) {
    Kswin* const kswin = model_->kswin();
    if (kswin == nullptr || length_ != 1)
        throw Error(ErrorCode::unsupported, fmt::format("monitor {}{}: only a kswin without blocks takes a draw",
                                                        monitor_kind_name(kind()), length_ == 1 ? "" : " of blocks"));
    return kswin->update(x, draw);
}

MonitorState AnyMonitor::merge(const AnyMonitor& other) {
    if (kind() != other.kind())
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("monitor {}: cannot take in a {}", monitor_kind_name(kind()), monitor_kind_name(other.kind())));
    if (length_ != 1 || other.length_ != 1)
        throw Error(ErrorCode::unsupported,
                    fmt::format("monitor {}: blocks that have begun do not merge", monitor_kind_name(kind())));
    return model_->merge(*other.model_);
}

bool AnyMonitor::may_enter(double x) const noexcept {
    return monitor_values(kind()) == MonitorValues::shares ? x >= 0.0 && x <= 1.0
                                                           : std::abs(x) <= MonitorBase::largest_value;
}

MonitorState AnyMonitor::update_block(double x) noexcept {
    if (thin_) {
        const bool first = place_ == 0;
        place_ = place_ + 1 == length_ ? 0 : place_ + 1;
        if (first) model_->update(x);
    } else if (!may_enter(x)) {
        model_->update(x);
    } else {
        sum_ += x;
        if (++place_ == length_) {
            // Rounding must not carry the mean of what may enter beyond what may.
            const double least = monitor_values(kind()) == MonitorValues::shares ? 0.0 : -MonitorBase::largest_value;
            const double most = least == 0.0 ? 1.0 : MonitorBase::largest_value;
            const double mean = std::clamp(sum_ / static_cast<double>(length_), least, most);
            place_ = 0;
            sum_ = 0.0;
            model_->update(mean);
        }
    }
    return state();
}

void AnyMonitor::reset() noexcept {
    model_->reset();
    place_ = 0;
    sum_ = 0.0;
}

MonitorKind AnyMonitor::kind() const noexcept {
    return model_->kind();
}

MonitorState AnyMonitor::state() const noexcept {
    const MonitorState told = model_->state();
    if (length_ == 1 || told != MonitorState::change) return told;
    // A change is said once: by the value with which it came.
    return place_ == (thin_ ? 1U : 0U) ? told : MonitorState::in_control;
}

const MonitorCounts& AnyMonitor::counts() const noexcept {
    return model_->counts();
}

MonitorReading AnyMonitor::reading() const noexcept {
    return model_->reading();
}

std::uint64_t AnyMonitor::seen() const noexcept {
    const MonitorCounts& entered = counts();
    const std::uint64_t turned_away = entered.nan + entered.infinite + entered.refused;
    if (!thin_) return entered.accepted * length_ + place_ + turned_away;
    const std::uint64_t blocks = entered.accepted + turned_away;
    return place_ == 0 ? blocks * length_ : (blocks - 1) * length_ + place_;
}

std::string AnyMonitor::options_json() const {
    OptionList options = model_->options();
    BlockRule{length_, thin_}.write(options);
    return write_options(options);
}

std::vector<std::byte> AnyMonitor::serialize() const {
    std::vector<std::byte> inner = model_->serialize();
    if (length_ == 1) return inner;
    ContainerWriter writer;
    writer.add("block", std::vector<std::uint64_t>{length_, thin_ ? 1U : 0U, place_});
    writer.add("sum", std::vector<double>{sum_});
    writer.add("monitor",
               std::span<const std::uint8_t>(reinterpret_cast<const std::uint8_t*>(inner.data()), inner.size()));
    return writer.finish(blocked_kind);
}

AnyMonitor AnyMonitor::read_blocked(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(blocked_kind);
    MonitorCodec::require(file.tensors().size() == 3 && file.metadata_keys().size() == 4, "parts that no monitor has");
    for (const TensorView& tensor : file.tensors()) MonitorCodec::require(tensor.shape.size() == 1, "no list");
    const auto block = file.values<std::uint64_t>("block", 3);
    const double sum = file.values<double>("sum", 1).front();
    MonitorCodec::require(block[0] >= 2 && block[0] <= longest_block, "a block of an impossible length");
    MonitorCodec::require(block[1] <= 1 && block[2] < block[0], "an impossible place in a block");
    AnyMonitor inner(read_model(std::as_bytes(file.values<std::uint8_t>("monitor"))), 1, false);
    inner.length_ = static_cast<std::uint32_t>(block[0]);
    inner.thin_ = block[1] == 1;
    inner.place_ = static_cast<std::uint32_t>(block[2]);
    inner.sum_ = sum;
    const MonitorValues values = values_of(inner.kind(), inner.model_->options());
    MonitorCodec::require(inner.thin_ || values != MonitorValues::errors, "blocks of errors");
    const double most = inner.thin_ ? 0.0
                                    : static_cast<double>(inner.place_) * 1.0000001 *
                                          (values == MonitorValues::shares ? 1.0 : MonitorBase::largest_value);
    MonitorCodec::require_within(sum, values == MonitorValues::shares ? 0.0 : -most, most, "an impossible sum");
    const MonitorCounts& counts = inner.counts();
    const bool none = counts.accepted + counts.nan + counts.infinite + counts.refused == 0;
    MonitorCodec::require(!(inner.thin_ && inner.place_ > 0 && none), "a block without its first value");
    return inner;
}

AnyMonitor AnyMonitor::deserialize(std::span<const std::byte> bytes) {
    if (Container::view(bytes).kind() == blocked_kind) return read_blocked(bytes);
    return {read_model(bytes), 1, false};
}

}  // namespace vedette::inline v0::drift
