// SPDX-License-Identifier: Apache-2.0
// The choice of an event that tells two samples apart, on their first halves, and its counts in the second ones.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <limits>
#include <numeric>

#include "privacy/arguments.hpp"
#include "vedette/core/error.hpp"
#include "vedette/privacy/audit.hpp"

namespace vedette::inline v0::privacy {

namespace {

constexpr std::array<std::size_t, 4> histogram_sizes = {8, 32, 128, 512};
// A cell of a histogram that holds fewer outputs on average says nothing.
constexpr std::size_t least_per_cell = 4;

template <class Value>
bool is_nan(Value value) noexcept {
    if constexpr (std::floating_point<Value>) return std::isnan(value);
    return false;
}

template <class Value>
Value least() noexcept {
    if constexpr (std::floating_point<Value>) return -std::numeric_limits<Value>::infinity();
    return std::numeric_limits<Value>::min();
}

template <class Value>
Value greatest() noexcept {
    if constexpr (std::floating_point<Value>) return std::numeric_limits<Value>::infinity();
    return std::numeric_limits<Value>::max();
}

// The least value above one that is not the greatest.
template <class Value>
Value after(Value value) noexcept {
    if constexpr (std::floating_point<Value>) return std::nextafter(value, std::numeric_limits<Value>::infinity());
    return value + 1;
}

// Outputs of either input.
struct Hits {
    std::uint64_t first = 0;
    std::uint64_t second = 0;

    void add(const Hits& other) noexcept {
        first += other.first;
        second += other.second;
    }
    [[nodiscard]] std::uint64_t both() const noexcept { return first + second; }
};

// Hits among every other output, and among the rest: what one of them ranks, the other one judges.
struct FoldedHits {
    std::array<Hits, 2> folds;

    void add(const FoldedHits& other) noexcept {
        for (std::size_t f = 0; f < folds.size(); ++f) folds[f].add(other.folds[f]);
    }
    [[nodiscard]] Hits all() const noexcept {
        return {folds[0].first + folds[1].first, folds[0].second + folds[1].second};
    }
};

// The outputs that are above the cell before and at most `highest`.
template <class Value>
struct Cell {
    Value highest;
    FoldedHits hits;
};

// What an event promises. Its bounds of the rates are Wilson's, as quick as they are near to Clopper and Pearson's,
// which the verdict takes.
class Promise {
  public:
    Promise(const Hits& runs, double delta, const stats::Confidence& confidence)
        : runs_(runs), delta_(delta), confidence_(confidence) {}

    // Epsilon; less than 0 where there is none, and the more so the less the event tells.
    [[nodiscard]] double of(const Hits& hits) const noexcept {
        const double false_positive = stats::wilson(hits.second, runs_.second, confidence_).upper;
        const double false_negative = stats::wilson(runs_.first - hits.first, runs_.first, confidence_).upper;
        const double epsilon = std::max(logarithm((1.0 - delta_ - false_negative) / false_positive),
                                        logarithm((1.0 - delta_ - false_positive) / false_negative));
        return epsilon > 0.0 ? epsilon : -(false_positive + false_negative);
    }

    [[nodiscard]] const Hits& runs() const noexcept { return runs_; }

  private:
    static double logarithm(double x) noexcept { return x > 1.0 ? std::log(x) : 0.0; }

    Hits runs_;
    double delta_;
    const stats::Confidence& confidence_;
};

// The samples' halves that choose, as one cell for each value, in rising order, and NaN apart.
template <class Value>
class Choice {
  public:
    Choice(std::span<const Value> first, std::span<const Value> second, const Promise& promise) : promise_(promise) {
        struct Output {
            Value value;
            bool is_second;
            bool fold;
        };
        std::vector<Output> outputs;
        outputs.reserve(first.size() + second.size());
        const auto count = [](FoldedHits& hits, bool is_second, bool fold) {
            Hits& one = hits.folds[fold ? 1 : 0];
            ++(is_second ? one.second : one.first);
        };
        const auto take = [&](std::span<const Value> values, bool is_second) {
            bool fold = false;
            for (const Value value : values) {
                if (is_nan(value))
                    count(nans_, is_second, fold);
                else
                    outputs.push_back({value, is_second, fold});
                fold = !fold;
            }
        };
        take(first, false);
        take(second, true);
        std::sort(outputs.begin(), outputs.end(), [](const Output& a, const Output& b) { return a.value < b.value; });
        for (const Output& output : outputs) {
            if (values_.empty() || values_.back().highest < output.value) values_.push_back({output.value, {}});
            count(values_.back().hits, output.is_second, output.fold);
        }
    }

    [[nodiscard]] OutputEvent<Value> best() {
        try_tails();
        const std::uint64_t outputs = promise_.runs().both();
        for (const std::size_t size : histogram_sizes)
            if (size == histogram_sizes.front() || size * least_per_cell <= outputs) try_histogram(size);
        return std::move(event_);
    }

  private:
    // Whether this event is the best one so far.
    [[nodiscard]] bool improves(const Hits& hits) noexcept {
        const double value = promise_.of(hits);
        if (!(value > best_)) return false;
        best_ = value;
        return true;
    }

    // Thresholds after 1, 2, 3 .. outputs from either end, ever further apart, with NaN on neither side.
    void try_tails() {
        const Hits all = std::accumulate(values_.begin(), values_.end(), Hits{}, [](Hits sum, const Cell<Value>& cell) {
            sum.add(cell.hits.all());
            return sum;
        });
        const std::uint64_t outputs = all.both();
        Hits below;
        std::uint64_t next_below = 1;
        std::uint64_t next_above = outputs / 2;
        for (std::size_t i = 0; i + 1 < values_.size(); ++i) {
            below.add(values_[i].hits.all());
            const std::uint64_t above = outputs - below.both();
            // From the left up to the middle by rising steps, then by falling ones.
            const bool stop_left = below.both() >= next_below && below.both() <= above;
            const bool stop_right = below.both() > above && above <= next_above;
            if (!stop_left && !stop_right) continue;
            if (stop_left) next_below = below.both() + 1 + below.both() / 16;
            if (stop_right) next_above = above == 0 ? 0 : above - 1 - std::min(above - 1, above / 16);
            const Value threshold = values_[i].highest;
            if (improves(below)) event_ = {{{least<Value>(), threshold}}, false};
            if (improves({all.first - below.first, all.second - below.second}))
                event_ = {{{after(threshold), greatest<Value>()}}, false};
        }
    }

    // Cells of about as many outputs; a value that has as many is a cell of its own.
    [[nodiscard]] std::vector<Cell<Value>> cells(std::size_t size) const {
        const std::uint64_t least_hits = (promise_.runs().both() + size - 1) / size;
        std::vector<Cell<Value>> result;
        bool open = false;
        for (const Cell<Value>& value : values_) {
            if (open && value.hits.all().both() < least_hits) {
                result.back().hits.add(value.hits);
                result.back().highest = value.highest;
            } else {
                result.push_back(value);
            }
            open = result.back().hits.all().both() < least_hits;
        }
        if (!result.empty()) result.back().highest = greatest<Value>();
        return result;
    }

    // The likelihood ratio test of the histogram, at every threshold. The ranks that one fold gives the cells are
    // judged by the other one: among many cells, those that look best to the outputs which rank them mostly look so by
    // chance.
    void try_histogram(std::size_t size) {
        const std::vector<Cell<Value>> cells = this->cells(size);
        const std::size_t n = cells.size() + (nans_.all().both() > 0 ? 1 : 0);
        const auto hits = [&](std::size_t i) -> const FoldedHits& { return i < cells.size() ? cells[i].hits : nans_; };
        const auto ranked = [&](const auto& hits_of) {
            std::vector<double> likelier(n);
            for (std::size_t i = 0; i < n; ++i) {
                const Hits h = hits_of(i);
                likelier[i] = (static_cast<double>(h.first) + 1.0) / (static_cast<double>(h.second) + 1.0);
            }
            std::vector<std::size_t> order(n);
            std::iota(order.begin(), order.end(), std::size_t{0});
            std::stable_sort(order.begin(), order.end(),
                             [&](std::size_t a, std::size_t b) { return likelier[a] > likelier[b]; });
            return order;
        };
        const auto by_one = ranked([&](std::size_t i) { return hits(i).folds[0]; });
        const auto by_other = ranked([&](std::size_t i) { return hits(i).folds[1]; });
        Hits sum;
        std::size_t taken = 0;
        for (std::size_t i = 0; i < n; ++i) {
            sum.add(hits(by_one[i]).folds[1]);
            sum.add(hits(by_other[i]).folds[0]);
            if (improves(sum)) taken = i + 1;
        }
        if (taken == 0) return;
        const auto order = ranked([&](std::size_t i) { return hits(i).all(); });
        event_ = united(cells, std::span(order).first(taken));
    }

    [[nodiscard]] static OutputEvent<Value> united(const std::vector<Cell<Value>>& cells,
                                                   std::span<const std::size_t> taken) {
        OutputEvent<Value> event;
        std::vector<std::size_t> rising(taken.begin(), taken.end());
        std::sort(rising.begin(), rising.end());
        for (std::size_t k = 0; k < rising.size(); ++k) {
            const std::size_t i = rising[k];
            if (i == cells.size()) {
                event.holds_nan = true;
            } else if (k > 0 && rising[k - 1] + 1 == i) {
                event.ranges.back().highest = cells[i].highest;
            } else {
                event.ranges.push_back({i == 0 ? least<Value>() : after(cells[i - 1].highest), cells[i].highest});
            }
        }
        return event;
    }

    const Promise& promise_;
    std::vector<Cell<Value>> values_;
    FoldedHits nans_;
    OutputEvent<Value> event_;
    double best_ = -std::numeric_limits<double>::infinity();
};

template <class Value>
std::uint64_t count(const OutputEvent<Value>& event, std::span<const Value> outputs) noexcept {
    return static_cast<std::uint64_t>(
        std::count_if(outputs.begin(), outputs.end(), [&](Value output) { return event.contains(output); }));
}

template <class Value>
OutputAudit<Value> audit(std::span<const Value> first, std::span<const Value> second, double delta,
                         const stats::Confidence& confidence) {
    require_within("delta", delta, 0.0, std::nextafter(1.0, 0.0));
    for (const auto& [outputs, name] : {std::pair{first, "first"}, {second, "second"}}) {
        if (outputs.size() >= 2) continue;
        throw Error(ErrorCode::not_enough_data,
                    fmt::format("{} outputs on the {} input; one half chooses the event and the other one tests it, "
                                "which takes at least 2",
                                outputs.size(), name));
    }
    const std::size_t half_first = first.size() / 2, half_second = second.size() / 2;
    const Promise promise({half_first, half_second}, delta, confidence);
    OutputAudit<Value> result;
    result.event = Choice<Value>(first.first(half_first), second.first(half_second), promise).best();
    first = first.subspan(half_first);
    second = second.subspan(half_second);
    result.counts = {first.size(), count(result.event, first), second.size(), count(result.event, second)};
    result.epsilon = audit_epsilon(result.counts, delta, confidence);
    return result;
}

}  // namespace

template <class Value>
bool OutputEvent<Value>::contains(Value output) const noexcept {
    if (is_nan(output)) return holds_nan;
    const auto range = std::lower_bound(ranges.begin(), ranges.end(), output,
                                        [](const OutputRange<Value>& r, Value value) { return r.highest < value; });
    return range != ranges.end() && range->lowest <= output;
}

template struct OutputEvent<double>;
template struct OutputEvent<std::int64_t>;

OutputAudit<double> audit_outputs(std::span<const double> first, std::span<const double> second, double delta,
                                  const stats::Confidence& confidence) {
    return audit(first, second, delta, confidence);
}

OutputAudit<std::int64_t> audit_outputs(std::span<const std::int64_t> first, std::span<const std::int64_t> second,
                                        double delta, const stats::Confidence& confidence) {
    return audit(first, second, delta, confidence);
}

OutputAudit<double> audit_mechanism(const std::function<double(AuditInput)>& run, std::size_t runs_per_input,
                                    double delta, const stats::Confidence& confidence) {
    if (!run) throw Error(ErrorCode::invalid_argument, "run is empty; there is no mechanism");
    std::vector<double> first(runs_per_input), second(runs_per_input);
    for (std::size_t i = 0; i < runs_per_input; ++i) {
        first[i] = run(AuditInput::first);
        second[i] = run(AuditInput::second);
    }
    return audit(std::span<const double>(first), std::span<const double>(second), delta, confidence);
}

}  // namespace vedette::inline v0::privacy
