// SPDX-License-Identifier: Apache-2.0
// What is remembered of accounts as bytes, and back, believing nothing; and what of it can be merged.
#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

#include "perturbation/feature_rows.hpp"
#include "vedette/core/container.hpp"
#include "vedette/perturbation/prada.hpp"
#include "vedette/perturbation/query_watch.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* links_kind = "account_links";
constexpr const char* updates_kind = "update_similarity";
constexpr const char* prada_kind = "prada";
constexpr const char* watch_kind = "query_watch";
// No count of inputs reaches this.
constexpr std::uint64_t most_inputs = std::uint64_t{1} << 62U;

void require(bool condition) {
    if (!condition) throw Error(ErrorCode::corrupt_data, "a file that no memory of accounts writes");
}

void require_vectors(const Container& file, std::size_t count) {
    require(file.tensors().size() == count);
    for (const TensorView& tensor : file.tensors()) require(tensor.shape.size() == 1);
}

// An object whose constructor refuses what a file asks for.
template <class Make>
auto made_of_file(Make make) {
    try {
        return make();
    } catch (const Error& error) {
        throw Error(ErrorCode::corrupt_data, error.what());
    }
}

void add_bytes(ContainerWriter& writer, const char* name, const std::vector<std::byte>& bytes) {
    writer.add(name, std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

std::span<const std::byte> bytes_of(const Container& file, const char* name) {
    return std::as_bytes(file.values<std::uint8_t>(name));
}

}  // namespace

// A heap of these counters, all else free. There are no more than it holds.
void AccountLinks::fill(std::vector<Counter> counters, std::uint64_t total) {
    reset();
    total_ = total;
    counters.resize(heap_.size());
    std::sort(counters.begin(), counters.end(), [](const Counter& a, const Counter& b) {
        return a.shared != b.shared ? a.shared < b.shared : a.pair < b.pair;
    });
    heap_ = std::move(counters);  // in order, so a heap
    for (std::size_t i = 0; i < heap_.size(); ++i) {
        if (heap_[i].pair == 0) continue;
        std::size_t at = home(heap_[i].pair);
        while (table_[at] != 0) at = (at + 1) & (table_.size() - 1);
        table_[at] = static_cast<std::uint32_t>(i + 1);
    }
}

void AccountLinks::merge(const AccountLinks& other) {
    if (other.capacity() != capacity())
        throw Error(ErrorCode::baseline_mismatch, "AccountLinks: merging counters of another capacity");
    std::map<std::uint64_t, Counter> sums;
    for (const Counter& each : heap_) {
        if (each.pair == 0) continue;
        sums[each.pair] = {each.pair, each.shared + other.floor(), each.overcount + other.floor()};
    }
    for (const Counter& each : other.heap_) {
        if (each.pair == 0) continue;
        const auto [place, is_new] =
            sums.try_emplace(each.pair, Counter{each.pair, each.shared + floor(), each.overcount + floor()});
        if (is_new) continue;
        place->second.shared += each.shared - other.floor();
        place->second.overcount = place->second.overcount - other.floor() + each.overcount;
    }
    std::vector<Counter> counters;
    counters.reserve(sums.size());
    for (const auto& [pair, counter] : sums) counters.push_back(counter);
    std::sort(counters.begin(), counters.end(), [](const Counter& a, const Counter& b) {
        return a.shared != b.shared ? a.shared > b.shared : a.pair < b.pair;
    });
    if (counters.size() > capacity()) counters.resize(capacity());
    fill(std::move(counters), total_ + other.total_);
}

std::vector<std::byte> AccountLinks::serialize() const {
    std::vector<std::uint64_t> words;
    for (const Counter& each : heap_) words.insert(words.end(), {each.pair, each.shared, each.overcount});
    ContainerWriter writer;
    writer.add("counters", words);
    writer.add("total", std::vector<std::uint64_t>{total_});
    return writer.finish(links_kind);
}

AccountLinks AccountLinks::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(links_kind);
    require_vectors(file, 2);
    const auto words = file.values<std::uint64_t>("counters");
    require(words.size() % 3 == 0);
    AccountLinks links = made_of_file([&] { return AccountLinks(words.size() / 3); });
    links.total_ = file.values<std::uint64_t>("total", 1)[0];
    require(links.total_ < most_inputs);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < links.heap_.size(); ++i) {
        const Counter counter{words[3 * i], words[3 * i + 1], words[3 * i + 2]};
        const bool is_free = counter.pair == 0;
        require(is_free ? counter.shared == 0 && counter.overcount == 0
                        : counter.pair >> 32U < (counter.pair & 0xFFFFFFFFU) && counter.shared > 0 &&
                              counter.overcount <= counter.shared);
        require(counter.shared < most_inputs && (i == 0 || counter.shared >= links.heap_[(i - 1) / 2].shared));
        links.heap_[i] = counter;
        if (is_free) continue;
        sum += counter.shared - counter.overcount;
        require(sum <= links.total_);
        const std::size_t entry = links.find(counter.pair);
        require(links.table_[entry] == 0);  // no pair stands twice
        links.table_[entry] = static_cast<std::uint32_t>(i + 1);
    }
    return links;
}

std::vector<std::byte> UpdateSimilarity::serialize() const {
    std::vector<std::uint64_t> words;
    std::vector<float> sketches;
    for (const Place& place : places_) {
        words.insert(words.end(), {place.account, place.last, place.inputs});
        sketches.insert(sketches.end(), place.input.begin(), place.input.end());
        sketches.insert(sketches.end(), place.step.begin(), place.step.end());
    }
    ContainerWriter writer;
    writer.add("signs", signs_);
    writer.add("places", words);
    writer.add("sketches", sketches);
    writer.add("settings", std::vector<std::uint64_t>{account_key_[0], account_key_[1], turn_});
    return writer.finish(updates_kind);
}

UpdateSimilarity UpdateSimilarity::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(updates_kind);
    require_vectors(file, 4);
    const auto signs = file.values<std::int8_t>("signs");
    const auto words = file.values<std::uint64_t>("places");
    const std::size_t accounts = words.size() / 3;
    require(words.size() % 3 == 0 && accounts >= ways && accounts <= std::size_t{1} << 20U &&
            std::has_single_bit(accounts) && !signs.empty() && signs.size() <= std::size_t{1} << 26U);
    require(std::all_of(signs.begin(), signs.end(), [](std::int8_t sign) { return sign == 1 || sign == -1; }));
    const auto sketches = file.values<float>("sketches", accounts * 2 * lanes);
    const auto settings = file.values<std::uint64_t>("settings", 3);
    require(is_finite(sketches) && settings[2] < most_inputs);
    UpdateSimilarity result;
    result.signs_.assign(signs.begin(), signs.end());
    result.account_key_ = {settings[0], settings[1]};
    result.turn_ = settings[2];
    result.places_.resize(accounts);
    for (std::size_t i = 0; i < accounts; ++i) {
        Place& place = result.places_[i];
        place.account = words[3 * i];
        place.last = words[3 * i + 1];
        place.inputs = words[3 * i + 2];
        std::copy_n(&sketches[i * 2 * lanes], lanes, place.input.begin());
        std::copy_n(&sketches[i * 2 * lanes + lanes], lanes, place.step.begin());
        require(place.last <= result.turn_ && place.inputs <= place.last && (place.last == 0) == (place.inputs == 0));
        if (place.last == 0)
            require(place.account == 0 && place.input == Sketch{} && place.step == Sketch{});
        else
            require((static_cast<std::size_t>(place.account) & (accounts / ways - 1)) == i / ways);
    }
    return result;
}

std::vector<std::byte> Prada::serialize() const {
    std::vector<std::uint64_t> joined;
    std::vector<double> limits, distances;
    std::vector<std::uint32_t> classes;
    for (const Limit& each : limits_) {
        joined.push_back(each.joined);
        limits.insert(limits.end(), {each.mean, each.squares, each.limit});
    }
    for (const Distance& each : ring_) {
        distances.push_back(each.value);
        classes.push_back(each.predicted);
    }
    ContainerWriter writer;
    writer.add("options",
               std::vector<std::uint64_t>{options_.values, options_.classes, options_.capacity, options_.distances});
    writer.add("threshold", std::vector<double>{options_.threshold});
    writer.add("rows", rows_);
    writer.add("kept", kept_);
    writer.add("joined", joined);
    writer.add("limits", limits);
    writer.add("distances", distances);
    writer.add("distance_classes", classes);
    writer.add("counts", std::vector<std::uint64_t>{next_, inputs_, ignored_, last_.judged,
                                                    static_cast<std::uint64_t>(last_.is_alarm ? 1 : 0)});
    writer.add("last", std::vector<double>{last_.distance, last_.statistic});
    return writer.finish(prada_kind);
}

Prada Prada::deserialize(std::span<const std::byte> bytes, std::size_t most_memory) {
    const Container file = Container::view(bytes);
    file.require_kind(prada_kind);
    require_vectors(file, 10);
    const auto options = file.values<std::uint64_t>("options", 4);
    const auto kept = file.values<std::uint32_t>("kept");
    const auto joined = file.values<std::uint64_t>("joined");
    const auto distances = file.values<double>("distances");
    const auto classes = file.values<std::uint32_t>("distance_classes", distances.size());
    require(options[0] <= std::uint64_t{1} << 20U && options[1] == joined.size() && options[1] <= 65'536 &&
            kept.size() <= options[2] && options[2] <= std::uint64_t{1} << 20U && distances.size() <= options[3] &&
            options[3] <= 5000);
    const auto rows = file.values<float>("rows", kept.size() * options[0]);
    const auto limits = file.values<double>("limits", joined.size() * 3);
    const auto counts = file.values<std::uint64_t>("counts", 5);
    const auto last = file.values<double>("last", 2);
    const PradaOptions wanted{.values = static_cast<std::size_t>(options[0]),
                              .classes = static_cast<std::uint32_t>(options[1]),
                              .threshold = file.values<double>("threshold", 1)[0],
                              .capacity = static_cast<std::size_t>(options[2]),
                              .distances = static_cast<std::size_t>(options[3])};
    // Of a few bytes no gigabytes: an object takes more than its file holds, so the reader says how much it may be.
    if (memory_needed(wanted) > most_memory)
        throw Error(ErrorCode::overflow, "Prada: the file's object takes " + std::to_string(memory_needed(wanted)) +
                                             " bytes, more than the " + std::to_string(most_memory) + " allowed");
    Prada prada = made_of_file([&] { return Prada(wanted); });
    require(is_finite(rows));
    prada.rows_.assign(rows.begin(), rows.end());
    prada.kept_.assign(kept.begin(), kept.end());
    for (const std::uint32_t label : kept) require(label < joined.size());
    for (std::size_t c = 0; c < joined.size(); ++c) {
        Limit& limit = prada.limits_[c];
        limit = {joined[c], limits[3 * c], limits[3 * c + 1], limits[3 * c + 2], 0};
        require(joined[c] <= kept.size() && limit.mean >= 0.0 && limit.squares >= 0.0 && limit.limit >= 0.0 &&
                std::isfinite(limit.mean) && std::isfinite(limit.squares) && std::isfinite(limit.limit));
    }
    for (std::size_t i = 0; i < distances.size(); ++i) {
        require(distances[i] >= 0.0 && std::isfinite(distances[i]) && classes[i] < joined.size());
        prada.ring_.push_back({distances[i], classes[i]});
        ++prada.limits_[classes[i]].judged;
    }
    prada.next_ = static_cast<std::size_t>(counts[0]);
    prada.inputs_ = counts[1];
    prada.ignored_ = counts[2];
    require(prada.next_ == 0 || (prada.ring_.size() == prada.options_.distances && prada.next_ < prada.ring_.size()));
    require(prada.inputs_ < most_inputs && kept.size() <= prada.inputs_ && distances.size() <= prada.inputs_ &&
            counts[3] <= distances.size() && counts[4] <= 1);
    require(!(last[0] < 0.0) && !std::isinf(last[0]) && !(last[1] < 0.0) && !(last[1] > 1.0 + 1e-9));
    prada.last_ = {last[0], last[1], counts[3], counts[4] == 1};
    return prada;
}

std::vector<std::byte> QueryWatch::serialize() const {
    ContainerWriter writer;
    add_bytes(writer, "store", store_.serialize());
    add_bytes(writer, "calibration", calibration_.serialize());
    if (updates_) {
        add_bytes(writer, "updates", updates_->similarity.serialize());
        add_bytes(writer, "updates_calibration", updates_->calibration.serialize());
    }
    add_bytes(writer, "callers", callers_.serialize());
    add_bytes(writer, "links", links_.serialize());
    writer.add("linked_score", std::vector<double>{linked_score_});
    writer.add("repeats", std::vector<std::uint8_t>{static_cast<std::uint8_t>(repeats_)});
    return writer.finish(watch_kind);
}

QueryWatch QueryWatch::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(watch_kind);
    const bool has_updates = file.find_tensor("updates").has_value();
    require_vectors(file, has_updates ? 8 : 6);
    const std::uint8_t repeats = file.values<std::uint8_t>("repeats", 1)[0];
    require(repeats <= static_cast<std::uint8_t>(RepeatRule::left_out));
    std::optional<CalibratedUpdates> updates;
    if (has_updates)
        updates = CalibratedUpdates{UpdateSimilarity::deserialize(bytes_of(file, "updates")),
                                    stats::ConformalCalibration::deserialize(bytes_of(file, "updates_calibration"))};
    FingerprintStore store = FingerprintStore::deserialize(bytes_of(file, "store"));
    stats::ConformalCalibration calibration = stats::ConformalCalibration::deserialize(bytes_of(file, "calibration"));
    CallerEvidence callers = CallerEvidence::deserialize(bytes_of(file, "callers"));
    AccountLinks links = AccountLinks::deserialize(bytes_of(file, "links"));
    const double linked_score = file.values<double>("linked_score", 1)[0];
    QueryWatch watch = made_of_file([&] {
        return QueryWatch(std::move(store), std::move(calibration),
                          {.callers = {.capacity = 8},
                           .links = 8,
                           .linked_score = linked_score,
                           .repeats = static_cast<RepeatRule>(repeats)},
                          std::move(updates));
    });
    watch.callers_ = std::move(callers);
    watch.links_ = std::move(links);
    return watch;
}

void QueryWatch::merge(const QueryWatch& other) {
    // What the one whose time is behind has counted is older by so much.
    const std::uint64_t own = store_.span_of_time(), others = other.store_.span_of_time();
    const auto aged = [](AccountLinks links, std::uint64_t from, std::uint64_t to) {
        if (to > from) links.age(static_cast<std::uint32_t>(std::min<std::uint64_t>(to - from, 64)));
        return links;
    };
    AccountLinks links = aged(links_, own, others);
    links.merge(aged(other.links_, others, own));
    store_.merge(other.store_);
    links_ = std::move(links);
}

}  // namespace vedette::inline v0::perturbation
