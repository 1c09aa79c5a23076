// SPDX-License-Identifier: Apache-2.0
// Memory across requests: benign accounts are accused as rarely as promised; query attacks and extraction are found,
// and how soon.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "guarantee/rate.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/mmd_monitor.hpp"
#include "vedette/guard/mmd_groups.hpp"
#include "vedette/perturbation/prada.hpp"
#include "vedette/perturbation/query_watch.hpp"

namespace perturbation = vedette::perturbation;
using perturbation::CallerEvidence;
using perturbation::Fingerprinter;
using perturbation::FingerprintStore;
using perturbation::QueryWatch;
using vedette::Random;

namespace {

constexpr perturbation::FingerprintKey key{11, 12, 13, 14};
constexpr std::array<std::uint64_t, 2> caller_key{7, 8};
constexpr std::size_t side = 16, values = side * side;

// Smooth images of 8 classes: a class's waves, an own shift and own noise. Alike within a class, as photographs are.
std::vector<std::uint8_t> photograph(Random& random) {
    const auto kind = static_cast<double>(random() % 8);
    const double shift = 6.0 * random.uniform(), gain = 60.0 + 50.0 * random.uniform();
    std::vector<std::uint8_t> image(values);
    for (std::size_t i = 0; i < values; ++i) {
        const double x = static_cast<double>(i % side), y = static_cast<double>(i / side);
        const double wave = std::sin(0.2 * (kind + 1.0) * x + shift) * std::cos(0.15 * (9.0 - kind) * y + shift);
        image[i] = static_cast<std::uint8_t>(std::clamp(128.0 + gain * wave + 6.0 * random.normal(), 0.0, 255.0));
    }
    return image;
}

Fingerprinter fingerprinter() {
    return Fingerprinter(
        perturbation::ImageFingerprintOptions{.values = values, .window = 20, .stride = 1, .key = key});
}

FingerprintStore store(std::size_t queries = 2000) {
    const Fingerprinter prints = fingerprinter();
    return FingerprintStore(prints, {.memory = FingerprintStore::memory_needed(prints, queries)});
}

// A benign request: one of the account's own photographs, now and then one again that it has sent already.
struct Benign {
    explicit Benign(std::uint64_t seed, double of_repeats = 0.02) : random(seed), repeats(of_repeats) {}
    Random random;
    double repeats;
    std::vector<std::uint8_t> last;

    const std::vector<std::uint8_t>& next() {
        if (last.empty() || random.uniform() > repeats) last = photograph(random);
        return last;
    }
};

// Scores of benign traffic through a store that is full already, as in service.
std::vector<double> benign_scores(FingerprintStore& full, std::uint64_t seed, std::size_t count) {
    Benign traffic(seed);
    std::vector<double> scores;
    for (std::size_t i = 0; i < count; ++i)
        scores.push_back(full.observe(std::span<const std::uint8_t>(traffic.next()), "calibration", 0).score);
    return scores;
}

}  // namespace

TEST_CASE("query watch: benign accounts are ever accused at most at the level") {
    constexpr double level = 0.05, failure = 0.05;
    Rate accused;
    // Each run calibrates anew, then watches one account of 300 requests.
    for (std::uint64_t run = 0; run < 60; ++run) {
        FingerprintStore warm = store(500);
        (void)benign_scores(warm, 3 * run, 500);
        const vedette::stats::ConformalCalibration calibration(
            benign_scores(warm, 3 * run + 1, 500), {vedette::stats::ConformalGuarantee::conditional_simes, failure});
        QueryWatch watch(warm, calibration, {.callers = {.level = level, .capacity = 8, .key = caller_key}});
        Benign traffic(3 * run + 2);
        bool ever = false;
        for (std::uint64_t time = 0; time < 300; ++time)
            ever = watch.observe(std::span<const std::uint8_t>(traffic.next()), "a", time).account.is_alarm;
        accused.add(ever);
    }
    MESSAGE("benign accounts ever accused: ", accused.value());
    CHECK(accused.at_most(level + failure));
}

namespace {

// The same of traffic that repeats itself often, exact repeats left out.
std::vector<double> scores_without_repeats(FingerprintStore& full, std::uint64_t seed, std::size_t count,
                                           double repeats) {
    Benign traffic(seed, repeats);
    std::vector<double> scores;
    for (std::size_t i = 0; i < count; ++i) {
        const auto match = full.observe(std::span<const std::uint8_t>(traffic.next()), "calibration", 0);
        if (match.repeat == perturbation::Repeat::none) scores.push_back(match.score);
    }
    return scores;
}

}  // namespace

TEST_CASE("query watch: with exact repeats left out, accounts that retry are not accused, and attacks found sooner") {
    constexpr double level = 0.05, failure = 0.05, repeats = 0.1;
    Rate accused;
    for (std::uint64_t run = 0; run < 40; ++run) {
        FingerprintStore warm = store(500);
        (void)scores_without_repeats(warm, 500 + 3 * run, 500, repeats);
        const vedette::stats::ConformalCalibration calibration(
            scores_without_repeats(warm, 501 + 3 * run, 500, repeats),
            {vedette::stats::ConformalGuarantee::conditional_simes, failure});
        QueryWatch watch(warm, calibration,
                         {.callers = {.level = level, .capacity = 8, .key = caller_key},
                          .repeats = perturbation::RepeatRule::left_out});
        Benign traffic(502 + 3 * run, repeats);
        bool ever = false;
        for (std::uint64_t time = 0; time < 300; ++time)
            ever = watch.observe(std::span<const std::uint8_t>(traffic.next()), "a", time).account.is_alarm;
        accused.add(ever);
    }
    MESSAGE("benign accounts ever accused, one request in ten a retry that is left out: ", accused.value());
    CHECK(accused.at_most(level + failure));

    // A boundary attack, three in ten requests of an account that retries as others do.
    const auto delay = [&](bool left_out) {
        FingerprintStore warm = store();
        (void)benign_scores(warm, 1, 1000);
        Benign known(2, repeats);
        std::vector<double> scores;
        for (int i = 0; i < 2000; ++i) {
            const auto match = warm.observe(std::span<const std::uint8_t>(known.next()), "calibration", 0);
            if (!left_out || match.repeat == perturbation::Repeat::none) scores.push_back(match.score);
        }
        QueryWatch watch(warm,
                         vedette::stats::ConformalCalibration(
                             scores, {vedette::stats::ConformalGuarantee::conditional_simes, failure}),
                         {.callers = {.level = 1e-3, .capacity = 64, .key = caller_key},
                          .repeats = left_out ? perturbation::RepeatRule::left_out : perturbation::RepeatRule::judged});
        Random random(5);
        Benign traffic(6, repeats);
        const std::vector<std::uint8_t> base = photograph(random);
        std::vector<std::uint8_t> query(values);
        for (int attacks = 0, time = 0; attacks < 500; ++time) {
            if (random.uniform() >= 0.3) {
                (void)watch.observe(std::span<const std::uint8_t>(traffic.next()), "m", 1);
                continue;
            }
            ++attacks;
            for (std::size_t i = 0; i < values; ++i)
                query[i] = static_cast<std::uint8_t>(std::clamp(base[i] + 2.0 * random.normal(), 0.0, 255.0));
            if (watch.observe(std::span<const std::uint8_t>(query), "m", 1).account.is_alarm) return attacks;
        }
        return 500;
    };
    const int judged = delay(false), left_out = delay(true);
    MESSAGE("queries until the alarm among retries: judged ", judged, ", left out ", left_out);
    CHECK(left_out <= 100);
    CHECK(left_out < judged);
}

TEST_CASE("query watch: a boundary attack is found, alone, among benign requests and spread over accounts") {
    FingerprintStore warm = store();
    (void)benign_scores(warm, 1, 2000);
    const vedette::stats::ConformalCalibration calibration(
        benign_scores(warm, 2, 2000), {vedette::stats::ConformalGuarantee::conditional_simes, 0.05});
    const auto delay = [&](double share_of_attack, std::size_t accounts, double step) {
        QueryWatch watch(warm, calibration, {.callers = {.level = 1e-3, .capacity = 64, .key = caller_key}});
        Random random(5);
        Benign traffic(6);
        const std::vector<std::uint8_t> base = photograph(random);
        std::vector<double> point(base.begin(), base.end());
        std::vector<std::uint8_t> query(values);
        int attacks = 0;
        for (std::uint64_t time = 0; attacks < 500; ++time) {
            const std::string account = "mallory " + std::to_string(time % accounts);
            if (random.uniform() >= share_of_attack) {
                (void)watch.observe(std::span<const std::uint8_t>(traffic.next()), account, time);
                continue;
            }
            ++attacks;
            // A proposal around the current point, which creeps along, as in the boundary attack.
            for (std::size_t i = 0; i < values; ++i) {
                const double proposal = std::clamp(point[i] + step * random.normal(), 0.0, 255.0);
                query[i] = static_cast<std::uint8_t>(proposal);
                point[i] += 0.1 * (proposal - point[i]);
            }
            if (watch.observe(std::span<const std::uint8_t>(query), account, time).account.is_alarm) {
                if (accounts > 1) CHECK(!watch.links().groups(1).empty());
                return attacks;
            }
        }
        return attacks;
    };
    const int plain = delay(1.0, 1, 2.0), mixed = delay(0.3, 1, 2.0), spread = delay(1.0, 5, 2.0);
    const int coarse = delay(1.0, 1, 25.0);
    MESSAGE("queries of the attack until the alarm at 1e-3: alone ", plain, ", three in ten requests ", mixed,
            ", over five accounts ", spread, "; with steps of 25 levels, beyond the cells, ", coarse);
    CHECK(plain <= 12);
    CHECK(mixed <= 100);
    CHECK(spread <= 60);
}

TEST_CASE("updates: a line search and coordinate steps are found, independent inputs are not") {
    constexpr double level = 0.05, failure = 0.05;
    const auto benign = [](Random& random) {
        std::vector<float> x(256);
        for (float& each : x) each = static_cast<float>(random.normal());
        return x;
    };
    Rate accused;
    double line = 0.0, coordinates = 0.0;
    constexpr int runs = 60;
    for (std::uint64_t run = 0; run < runs; ++run) {
        Random random(100 + run);
        perturbation::UpdateSimilarity updates({.values = 256, .accounts = 64, .key = key});
        std::vector<double> scores;
        for (int i = 0; i < 502; ++i) {
            const double score = updates.update(std::span<const float>(benign(random)), "calibration").score;
            if (i >= 2) scores.push_back(score);
        }
        const vedette::stats::ConformalCalibration calibration(
            scores, {vedette::stats::ConformalGuarantee::conditional_simes, failure});
        CallerEvidence table({.level = level, .capacity = 8, .key = caller_key});
        bool ever = false;
        for (int i = 0; i < 300; ++i) {
            const double score = updates.update(std::span<const float>(benign(random)), "a").score;
            if (!std::isnan(score)) ever = table.update("a", calibration.p_value(score), 0).is_alarm;
        }
        accused.add(ever);
        const auto delay = [&](const char* name, auto&& move) {
            const std::vector<float> base = benign(random), way = benign(random);
            int queries = 0;
            for (; queries < 1000; ++queries) {
                std::vector<float> x = base;
                move(queries, way, x);
                const double score = updates.update(std::span<const float>(x), name).score;
                if (!std::isnan(score) && table.update(name, calibration.p_value(score), 0).is_alarm) break;
            }
            return queries + 1;
        };
        line += delay("line", [](int t, const std::vector<float>& way, std::vector<float>& x) {
            for (std::size_t i = 0; i < x.size(); ++i) x[i] += static_cast<float>(std::ldexp(1.0, -t % 20)) * way[i];
        });
        // +e, -e, then the next coordinate.
        coordinates += delay("coordinates", [](int t, const std::vector<float>&, std::vector<float>& x) {
            x[static_cast<std::size_t>(t / 2) % 256] += t % 2 == 0 ? 0.1F : -0.1F;
        });
    }
    MESSAGE("benign accounts ever accused ", accused.value(), "; queries until the alarm: line search ", line / runs,
            ", coordinate steps ", coordinates / runs);
    CHECK(accused.at_most(level + failure));
    CHECK(line / runs < 15.0);
    CHECK(coordinates / runs < 120.0);
}

TEST_CASE("groups of accounts: benign ones are found as rarely as the monitor says, thieves by the group alone") {
    // Limits, before any run. Benign: a group's inputs are independent and of the reference's law, so
    // asked/expected_run of the `asked` inputs raise false alarms, on average over references. Those of a group that
    // becomes part of another pass through its window once more, at most a whole window of them, and may raise an alarm
    // there: they count as asked, and alarms are counted where a window begins to be in alarm. The rates of single
    // references differ, so their count spreads more than a Poisson's: a mean of twice the nominal is allowed, and 3.1
    // standard deviations (99.9 %). Thieves: each asks 20 inputs, fewer than the 25 of a look, so no member can be
    // found; 400 inputs of another law together fill four windows.
    constexpr std::size_t d = 4, members = 20, window = 100;
    constexpr double expected_run = 2000.0;
    const auto draw = [](Random& random, float shift) {
        std::vector<float> x(d);
        for (float& each : x) each = static_cast<float>(random.normal()) + shift;
        return x;
    };
    double false_alarms = 0.0, asked = 0.0, joins = 0.0;
    Rate group_found, member_found;
    constexpr int runs = 20;
    for (std::uint64_t run = 0; run < runs; ++run) {
        Random random(5000 + run);
        std::vector<float> reference;
        for (int i = 0; i < 1000; ++i) {
            const auto x = draw(random, 0.0F);
            reference.insert(reference.end(), x.begin(), x.end());
        }
        const vedette::drift::MmdMonitor<float> fitted(
            vedette::MatrixView<float>::row_major(reference.data(), 1000, d),
            {.features = 32, .window = window, .expected_run = expected_run, .simulations = 5000, .seed = run});
        vedette::MmdGroups groups(fitted, {.groups = 8, .accounts = 256});
        std::map<std::uint64_t, bool> in_alarm;  // by group
        // Forty benign accounts, linked in pairs by chance while they ask: groups grow and merge.
        for (int i = 0; i < 6000; ++i) {
            const auto account = static_cast<std::uint32_t>(random() % 40);
            if (i % 200 == 0) {
                const auto joined = groups.link(account + 1, static_cast<std::uint32_t>(random() % 40) + 1, 3);
                if (joined.ended != 0) {
                    in_alarm[joined.group] |= in_alarm[joined.ended];
                    asked += window;
                    joins += 1.0;
                }
            }
            if (i % 3000 == 2999) groups.age();
            const auto x = draw(random, 0.0F);
            const auto said = groups.update(std::span<const float>(x), account + 1);
            if (said.accounts == 0) continue;
            asked += 1.0;
            // It stays an alarm until the window has filled anew: its beginning counts.
            false_alarms += said.window.is_alarm && !in_alarm[said.group] ? 1.0 : 0.0;
            in_alarm[said.group] = said.window.is_alarm;
        }
        vedette::MmdGroups thieves(fitted, {.groups = 8, .accounts = 256});
        vedette::MmdAccounts alone(fitted, members);
        bool by_group = false, by_member = false;
        for (int i = 0; i < 20; ++i) {
            for (std::uint32_t account = 0; account < members; ++account) {
                const auto x = draw(random, 0.7F);
                if (i == 3) thieves.link(account + 1, account + 1 == members ? 1 : account + 2, 3);
                by_group |= thieves.update(std::span<const float>(x), account + 1).window.is_alarm;
                by_member |= alone.update(std::span<const float>(x), std::to_string(account)).is_alarm;
            }
        }
        group_found.add(by_group);
        member_found.add(by_member);
    }
    const double most = 2.0 * asked / expected_run;
    MESSAGE("false alarms of benign groups ", false_alarms, " of ", asked, " inputs (nominal ", asked / expected_run,
            ", ", joins, " joins); thieves found by the group ", group_found.value(), ", by a member ",
            member_found.value());
    CHECK(false_alarms <= most + 3.1 * std::sqrt(most));
    CHECK(false_alarms >= 1.0);
    CHECK(group_found.value() == 1.0);
    CHECK(member_found.value() == 0.0);
}

TEST_CASE("extraction: PRADA and a windowed MMD on benign, synthetic and natural queries") {
    // Embeddings of 8 classes. Synthetic queries: fixed steps along signs from seeds (Papernot et al. 2017). Natural
    // ones: of another mixture of the same look, spread evenly over classes that benign traffic hardly has.
    constexpr std::size_t d = 8;
    const auto embedding = [](Random& random, std::size_t of_class) {
        std::vector<float> x(d);
        for (std::size_t i = 0; i < d; ++i) x[i] = static_cast<float>(random.normal() + (i == of_class ? 3.0 : 0.0));
        return x;
    };
    const auto benign_class = [](Random& random) {
        return static_cast<std::size_t>(8.0 * random.uniform() * random.uniform() * random.uniform());
    };
    const auto predicted = [](const std::vector<float>& x) {
        return static_cast<std::uint32_t>(std::max_element(x.begin(), x.end()) - x.begin());
    };

    Random random(21);
    std::vector<float> reference;
    for (int i = 0; i < 1500; ++i) {
        const auto x = embedding(random, benign_class(random));
        reference.insert(reference.end(), x.begin(), x.end());
    }
    const vedette::drift::MmdMonitor<float> fitted(
        vedette::MatrixView<float>::row_major(reference.data(), 1500, d),
        {.features = 64, .window = 100, .expected_run = 20'000.0, .simulations = 40'000, .seed = 3});

    struct Outcome {
        int prada = 0, mmd = 0;  // inputs until the alarm; 0: none
    };
    const auto run = [&](std::uint64_t seed, auto&& next) {
        Random own(seed);
        perturbation::Prada prada({.values = d, .classes = d});
        vedette::drift::MmdMonitor<float> monitor = fitted;
        Outcome outcome;
        for (int i = 1; i <= 1000; ++i) {
            const std::vector<float> x = next(own, i);
            if (prada.update(x, predicted(x)).is_alarm && outcome.prada == 0) outcome.prada = i;
            if (monitor.update(std::span<const float>(x)) == vedette::MonitorState::change && outcome.mmd == 0)
                outcome.mmd = i;
        }
        return outcome;
    };
    Rate prada_false, mmd_false, prada_synthetic, mmd_synthetic, prada_natural, mmd_natural;
    double prada_delay = 0.0, mmd_delay = 0.0, mmd_natural_delay = 0.0;
    constexpr int runs = 25;
    for (std::uint64_t seed = 0; seed < runs; ++seed) {
        const Outcome benign = run(1000 + seed, [&](Random& own, int) { return embedding(own, benign_class(own)); });
        prada_false.add(benign.prada > 0);
        mmd_false.add(benign.mmd > 0);
        std::vector<std::vector<float>> pool;
        const Outcome synthetic = run(2000 + seed, [&](Random& own, int i) {
            std::vector<float> x;
            if (i <= 50) {
                x = embedding(own, static_cast<std::size_t>(i) % d);
            } else {
                x = pool[static_cast<std::size_t>(i) % pool.size()];
                for (float& each : x) each += own.uniform() < 0.5 ? -0.4F : 0.4F;
            }
            pool.push_back(x);
            return x;
        });
        prada_synthetic.add(synthetic.prada > 0);
        mmd_synthetic.add(synthetic.mmd > 0);
        prada_delay += synthetic.prada > 0 ? synthetic.prada : 1000;
        mmd_delay += synthetic.mmd > 0 ? synthetic.mmd : 1000;
        const Outcome natural =
            run(3000 + seed, [&](Random& own, int i) { return embedding(own, static_cast<std::size_t>(i) % d); });
        prada_natural.add(natural.prada > 0);
        mmd_natural.add(natural.mmd > 0);
        mmd_natural_delay += natural.mmd > 0 ? natural.mmd : 1000;
    }
    MESSAGE("of 1000 benign inputs an alarm: PRADA ", prada_false.value(), ", MMD ", mmd_false.value(),
            " (nominal 0.05)");
    MESSAGE("synthetic queries found: PRADA ", prada_synthetic.value(), " after ", prada_delay / runs, ", MMD ",
            mmd_synthetic.value(), " after ", mmd_delay / runs);
    MESSAGE("natural queries found: PRADA ", prada_natural.value(), " (its known weakness), MMD ", mmd_natural.value(),
            " after ", mmd_natural_delay / runs);
    CHECK(mmd_false.at_most(0.05));
    CHECK(mmd_synthetic.value() > 0.9);
    CHECK(mmd_natural.value() > 0.9);
}
