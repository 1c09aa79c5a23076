// SPDX-License-Identifier: Apache-2.0
// Judging requests: rows in pieces of one type each, and tensors by name.
#include "vedette/validation/request.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <limits>

#include "kernels/dispatch.hpp"
#include "validation/tally.hpp"
#include "vedette/validation/validator.hpp"

namespace vedette::inline v0::validation {

namespace {

template <class T>
void copy_values(std::span<const T> from, std::size_t first, std::span<Value> values) noexcept {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = Value(from[first + i]);
}

void copy_values(std::span<const float> from, std::size_t first, std::span<Value> values) noexcept {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = Value(static_cast<double>(from[first + i]));
}

// Numbers of the features from `first` on.
template <class T, class Compiled>
void judge_numbers(const Compiled& compiled, std::span<const T> numbers, std::size_t first, Tally& tally) noexcept {
    const auto add = [&](std::size_t i, CheckSet found) {
        if (found != 0) tally.add(i, found, compiled.rules[i]);
    };
    kernels::IntervalsView<T> later;
    if (first != 0) later = compiled.template intervals<T>().from(first);
    const kernels::IntervalsView<T>& intervals = first == 0 ? compiled.template view<T>() : later;
    if (!kernels::intervals<T>(kernels::kernels()).row_inside(numbers.data(), &intervals, numbers.size())) {
        for (std::size_t i = 0; i < numbers.size(); ++i)
            add(first + i, compiled.of_value(first + i, Value(static_cast<double>(numbers[i]))));
        return;
    }
    const std::vector<std::uint32_t>& asking = compiled.asking_more;
    if (asking.empty() || asking.back() < first || asking.front() >= first + numbers.size()) return;
    for (auto i = std::lower_bound(asking.begin(), asking.end(), first);
         i != asking.end() && *i < first + numbers.size(); ++i)
        add(*i, compiled.rules[*i].of_number(static_cast<double>(numbers[*i - first])));
}

// Value `i` of a row in pieces; null beyond its end.
Value value_of(std::span<const RowPart> row, std::size_t i) noexcept {
    Value value;
    for (const RowPart& part : row) {
        if (i < part.size()) {
            part.read(i, {&value, 1});
            break;
        }
        i -= part.size();
    }
    return value;
}

}  // namespace

void RowPart::read(std::size_t first, std::span<Value> values) const noexcept {
    switch (kind_) {
        case Kind::f32: return copy_values(as<float>(), first, values);
        case Kind::f64: return copy_values(as<double>(), first, values);
        case Kind::i64: return copy_values(as<std::int64_t>(), first, values);
        case Kind::text: return copy_values(as<std::string_view>(), first, values);
        case Kind::value: return copy_values(as<Value>(), first, values);
        case Kind::read: return read_(data_, first, values);
    }
}

RowVerdict Validator::validate(std::span<const RowPart> row, std::span<CheckSet> failed) const noexcept {
    const Compiled& compiled = *compiled_;
    std::fill_n(failed.begin(), std::min(failed.size(), compiled.rules.size()), CheckSet{0});
    Tally tally{0, 0, failed};
    std::size_t width = 0;
    for (const RowPart& part : row) {
        const std::size_t first = std::exchange(width, width + part.size());
        if (first >= compiled.rules.size()) continue;
        const std::size_t count = std::min(part.size(), compiled.rules.size() - first);
        switch (part.kind()) {
            case RowPart::Kind::f32: judge_numbers(compiled, part.as<float>().first(count), first, tally); break;
            case RowPart::Kind::f64: judge_numbers(compiled, part.as<double>().first(count), first, tally); break;
            case RowPart::Kind::i64: compiled.judge(part.as<std::int64_t>().first(count), first, tally); break;
            case RowPart::Kind::text: compiled.judge(part.as<std::string_view>().first(count), first, tally); break;
            case RowPart::Kind::value: compiled.judge(part.as<Value>().first(count), first, tally); break;
            case RowPart::Kind::read: {
                std::array<Value, 16> block;
                for (std::size_t i = 0; i < count; i += block.size()) {
                    const std::span<Value> values(block.data(), std::min(block.size(), count - i));
                    part.read(i, values);
                    compiled.judge<Value>(values, first + i, tally);
                }
            }
        }
    }
    const auto read = [row](std::size_t i) noexcept { return value_of(row, i); };
    compiled.judge_ages(std::min(width, compiled.rules.size()), read, tally, nullptr);
    if (width != compiled.rules.size()) tally.add_width(width, compiled.rules, compiled.features);
    tally.add_expressions(compiled.expressions, compiled.rules.size(), read);
    return tally.verdict();
}

namespace {

constexpr std::uint32_t absent = std::numeric_limits<std::uint32_t>::max();

// What an expression needs to know of a tensor.
struct Elements {
    NamedTensor tensor;
    bool is_there = false;  // and to be read
    std::uint64_t count = 0;

    [[nodiscard]] Value at(std::uint64_t place) const noexcept {
        if (!is_there) return {};
        if (!tensor.texts) return read_element(tensor.tensor, place);
        Value value;
        tensor.texts->read(static_cast<std::size_t>(place), {&value, 1});
        return value;
    }
};

// Tensors that are told one by one.
struct Request {
    ReadTensor read;
    const void* request;
    std::size_t count;

    [[nodiscard]] NamedTensor at(std::size_t place) const noexcept { return read(request, place); }
};

// Of texts there are no bytes to check, but a shape to agree with.
TensorCheck check_texts(const NamedTensor& tensor) noexcept {
    TensorView shape = tensor.tensor;
    shape.dtype = Dtype::u8;
    shape.data = &tensor;  // not read
    shape.byte_offset = 0;
    shape.strides = {};
    shape.byte_length.reset();
    TensorCheck check = check_tensor(shape);
    if (check.fault == TensorFault::none && check.elements != tensor.texts->size()) check = {TensorFault::byte_length};
    return check;
}

bool holds_texts(const Feature& feature) noexcept {
    return feature.type == FeatureType::text || feature.type == FeatureType::bytes;
}

FeatureType type_of(Dtype dtype) noexcept {
    switch (dtype) {
        case Dtype::f16:
        case Dtype::bf16:
        case Dtype::f32:
        case Dtype::f64: return FeatureType::floating;
        case Dtype::boolean: return FeatureType::boolean;
        default: return FeatureType::integer;
    }
}

bool fits(const Feature& feature, const NamedTensor& tensor) noexcept {
    return tensor.texts ? holds_texts(feature) : feature.type == type_of(tensor.tensor.dtype);
}

bool is_of_type(const Feature& feature, const NamedTensor& tensor) noexcept {
    return fits(feature, tensor) && (!feature.dtype || (!tensor.texts && *feature.dtype == tensor.tensor.dtype));
}

TensorCheck check_memory(const NamedTensor& tensor) noexcept {
    return tensor.texts ? check_texts(tensor) : check_tensor(tensor.tensor);
}

// The first tensor of that name, from place `from` on.
Elements find_elements(const Request& request, std::size_t from, const Feature& feature) noexcept {
    for (std::size_t i = from; i < request.count; ++i) {
        const NamedTensor tensor = request.at(i);
        if (tensor.name != feature.name) continue;
        const TensorCheck check = check_memory(tensor);
        return {tensor, check.fault == TensorFault::none && is_of_type(feature, tensor), check.elements};
    }
    return {};
}

// Whether it fails of an element, or of tensors that have not as many.
// `places`: of the first features' tensors in the request.
bool fails_of_elements(const CompiledExpression& expression, const Request& request,
                       const std::vector<Feature>& features, std::span<const std::uint32_t> places) noexcept {
    std::array<Elements, Program::most_features> operands;
    std::optional<std::uint64_t> count;
    for (std::size_t i = 0; i < expression.columns.size(); ++i) {
        const std::size_t feature = expression.columns[i];
        const std::uint32_t from = feature < places.size() ? places[feature] : 0;
        if (from != absent) operands[i] = find_elements(request, from, features[feature]);
        if (!operands[i].is_there) continue;
        if (count.value_or(operands[i].count) != operands[i].count) return true;
        count = operands[i].count;
    }
    for (std::uint64_t place = 0; place < count.value_or(1); ++place)
        if (expression.is_false_of([&](std::size_t i) noexcept { return operands[i].at(place); })) return true;
    return false;
}

// What fails of one feature's values; `now` is null where nothing asks for their age.
template <class Compiled>
CheckSet check_values_of(const Compiled& compiled, std::size_t feature, const NamedTensor& named,
                         const std::int64_t* now) noexcept {
    const Rule& rule = compiled.rules[feature];
    const Feature& asked = compiled.features[feature];
    const TensorView& tensor = named.tensor;
    if (check_memory(named).fault != TensorFault::none) return set_of(Check::memory);
    if (!rule.is_evaluated) return 0;
    CheckSet failed = 0;
    const bool is_fit = fits(asked, named);
    if (!is_of_type(asked, named)) failed |= set_of(Check::type);
    if (asked.shape) {
        const auto same = [](std::int64_t want, std::int64_t is) { return want == -1 || want == is; };
        if (!std::equal(asked.shape->begin(), asked.shape->end(), tensor.shape.begin(), tensor.shape.end(), same))
            failed |= set_of(Check::shape);
    }
    const bool is_timed = now != nullptr && rule.is_timed();
    if (is_fit && named.texts) {
        Value value;
        for (std::size_t i = 0; i < named.texts->size(); ++i) {
            named.texts->read(i, {&value, 1});
            failed |= compiled.of_value(feature, value);
            if (is_timed) failed |= rule.of_age(value, *now);
        }
    } else if (is_fit) {
        failed |= check_values(rule, compiled.f64.from(feature), tensor);
        if (is_timed) failed |= check_ages(rule, tensor, *now);
    }
    const std::size_t dimensions = tensor.shape.size();
    if (!asked.valency.empty() && asked.valency.size() != dimensions) failed |= set_of(Check::nestedness);
    // Of lists that are not there nothing is known: an outer dimension of 0 has no inner ones.
    for (std::size_t d = 0; asked.valency.size() == dimensions && d < dimensions; ++d) {
        const auto length = static_cast<std::uint64_t>(tensor.shape[d]);
        if (length < asked.valency[d].minimum) failed |= set_of(Check::few_values);
        if (length > asked.valency[d].maximum) failed |= set_of(Check::many_values);
        if (length == 0) break;
    }
    return failed & rule.wanted;
}

}  // namespace

RowVerdict Validator::validate(std::size_t feature, const TensorView& tensor) const noexcept {
    if (feature >= feature_count()) return {Severity::error, set_of(Check::unexpected)};
    const bool is_timed = compiled_->clock.now != nullptr && compiled_->rules[feature].is_timed();
    const std::int64_t now = is_timed ? compiled_->now() : 0;
    const CheckSet failed = check_values_of(*compiled_, feature, {compiled_->features[feature].name, tensor, {}},
                                            is_timed ? &now : nullptr);
    if (failed == set_of(Check::memory)) return {Severity::error, failed};
    return {verdict_of(failed, failed & compiled_->rules[feature].errors), failed};
}

RowVerdict Validator::validate(std::span<const NamedTensor> request, std::span<CheckSet> failed) const noexcept {
    const auto read = [](const void* tensors, std::size_t place) noexcept {
        return static_cast<const NamedTensor*>(tensors)[place];
    };
    return validate(read, request.data(), request.size(), failed);
}

RowVerdict Validator::validate(ReadTensor read, const void* tensors, std::size_t count,
                               std::span<CheckSet> failed) const noexcept {
    const Request request{read, tensors, count};
    constexpr std::size_t block = 4096;  // features that a request may name are marked so many at a time
    const std::vector<Rule>& rules = compiled_->rules;
    // Of the first ones' tensors, which expressions look for.
    std::array<std::uint32_t, block> places;
    if (!compiled_->expressions.empty()) std::fill_n(places.begin(), std::min(block, rules.size()), absent);
    const bool is_timed = !compiled_->timed.empty();
    const std::int64_t now = is_timed ? compiled_->now() : 0;
    std::fill_n(failed.begin(), std::min(failed.size(), rules.size()), CheckSet{0});
    Tally tally{0, 0, failed};
    const auto add_unexpected = [&]() noexcept {
        tally.any |= set_of(Check::unexpected);
        tally.graver |= set_of(Check::unexpected);
    };
    for (std::size_t begin = 0; begin < rules.size(); begin += block) {
        std::bitset<block> is_named;
        for (std::size_t k = 0; k < count; ++k) {
            const NamedTensor named = request.at(k);
            const std::size_t i = compiled_->names.find(named.name);
            if (i < begin || i >= std::min(begin + block, rules.size())) continue;
            if (is_named[i - begin]) {
                add_unexpected();
                continue;
            }
            is_named.set(i - begin);
            if (begin == 0) places[i] = static_cast<std::uint32_t>(std::min<std::size_t>(k, absent - 1));
            const CheckSet found = check_values_of(*compiled_, i, named, is_timed ? &now : nullptr);
            if (found == set_of(Check::memory)) tally.graver |= found;
            if (found != 0) tally.add(i, found, rules[i]);
        }
        for (std::size_t i = begin; i < std::min(begin + block, rules.size()); ++i) {
            const CheckSet found = is_named[i - begin] ? CheckSet{0} : of_absent(compiled_->features[i], rules[i]);
            if (found != 0) tally.add(i, found, rules[i]);
        }
    }
    for (std::size_t k = 0; k < count; ++k)
        if (compiled_->names.find(request.at(k).name) >= rules.size()) add_unexpected();
    tally.add_outcomes(compiled_->expressions, rules.size(), [&](const CompiledExpression& expression) noexcept {
        return fails_of_elements(expression, request, compiled_->features, places);
    });
    return tally.verdict();
}

}  // namespace vedette::inline v0::validation
