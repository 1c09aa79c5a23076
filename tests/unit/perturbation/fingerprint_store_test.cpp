// SPDX-License-Identifier: Apache-2.0
#include "vedette/perturbation/fingerprint_store.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "unit/drift/allocation_count.hpp"
#include "unit/test_values.hpp"

namespace {

using vedette::ErrorCode;
using vedette::perturbation::Fingerprint;
using vedette::perturbation::Fingerprinter;
using vedette::perturbation::FingerprintKey;
using vedette::perturbation::FingerprintMatch;
using vedette::perturbation::FingerprintStore;
using vedette::perturbation::FingerprintStoreOptions;
using vedette::perturbation::ImageFingerprintOptions;
using vedette::perturbation::Repeat;
using vedette::testing::code_of;

constexpr FingerprintKey key{1, 2, 3, 4};
constexpr std::size_t pixels = 3072;

Fingerprinter small_images() {
    return Fingerprinter(ImageFingerprintOptions{.values = pixels, .window = 20, .stride = 1, .key = key});
}

FingerprintStore store_for(std::size_t queries, std::uint64_t period = 100, std::uint32_t periods = 4) {
    const Fingerprinter fingerprinter = small_images();
    return FingerprintStore(fingerprinter, {.memory = FingerprintStore::memory_needed(fingerprinter, queries, periods),
                                            .period = period,
                                            .periods = periods});
}

std::vector<std::uint8_t> image(vedette::Random& random) {
    std::vector<std::uint8_t> result(pixels);
    for (auto& pixel : result) pixel = static_cast<std::uint8_t>(random());
    return result;
}

// Fingerprints as unlike as those of unlike inputs.
Fingerprint random_print(vedette::Random& random) {
    Fingerprint print;
    print.slots = 48;
    for (auto& hash : print.hashes) hash = random() >> 6U;
    return print;
}

// So many slots, drawn at random, are those of `other`.
Fingerprint print_like(const Fingerprint& other, std::size_t shared, vedette::Random& random) {
    Fingerprint print = random_print(random);
    for (std::size_t slot = 0, left = shared; slot < 48; ++slot) {
        if (random() % (48 - slot) >= left) continue;
        print.hashes[slot] = other.hashes[slot];
        --left;
    }
    return print;
}

std::span<const std::uint8_t> view(const std::vector<std::uint8_t>& input) {
    return input;
}

bool same(const FingerprintMatch& a, const FingerprintMatch& b) {
    return a.score == b.score && a.overlap == b.overlap && a.query == b.query && a.account == b.account &&
           a.period == b.period && a.compared == b.compared;
}

}  // namespace

TEST_CASE("fingerprint store: finds who asked what, and how much of it") {
    FingerprintStore store = store_for(1000);
    vedette::Random random(1);
    std::vector<std::vector<std::uint8_t>> asked;
    for (std::uint64_t i = 0; i < 100; ++i) {
        asked.push_back(image(random));
        const FingerprintMatch match = store.observe(view(asked.back()), "account " + std::to_string(i % 7), 150 + i);
        CHECK(match.score < 0.1);
        CHECK(match.slots == 48);
        CHECK_FALSE(match.is_silent);
    }
    for (std::uint64_t i = 0; i < 100; ++i) {
        std::vector<std::uint8_t> input = asked[i];
        const FingerprintMatch equal = store.match(store.fingerprinter().fingerprint(view(input)));
        CHECK(equal.score == 1.0);
        CHECK(equal.query == i);
        CHECK(equal.account == store.account_mark("account " + std::to_string(i % 7)));
        CHECK(equal.period == (150 + i) / 100);
        // Noise of two levels: an edge of a cell lies in between for a few of 50 pixels.
        for (auto& pixel : input) pixel = static_cast<std::uint8_t>(pixel + random() % 3 - 1);
        const FingerprintMatch near = store.match(store.fingerprinter().fingerprint(view(input)));
        CHECK(near.query == i);
        CHECK(near.score > 0.3);
        CHECK(near.score < 1.0);
    }
    CHECK(store.size() == 100);
    CHECK(store.queries() == 100);
    const std::vector<std::uint8_t> wrong(10);
    CHECK(std::isnan(store.observe(view(wrong), "a", 400).score));
    CHECK(store.ignored() == 1);
    CHECK(store.queries() == 100);
}

TEST_CASE("fingerprint store: the newest are remembered, as many as fit, and what time has passed is not") {
    FingerprintStore store = store_for(100, 10, 3);
    REQUIRE(store.capacity() == 100);
    vedette::Random random(2);
    std::vector<Fingerprint> prints;
    const auto remembered = [&](std::size_t i) { return store.match(prints[i]).overlap == 48; };
    for (std::size_t i = 0; i < 250; ++i) {
        prints.push_back(random_print(random));
        CHECK(store.remember(prints.back(), "a", 0));
        CHECK(store.size() == std::min<std::size_t>(i + 1, 100));
    }
    for (std::size_t i = 0; i < 150; ++i) CHECK_FALSE(remembered(i));
    std::size_t found = 0;
    for (std::size_t i = 150; i < 250; ++i) found += remembered(i) ? 1U : 0U;
    CHECK(found >= 97);  // the oldest may have lost their places in the index
    for (std::size_t i = 175; i < 250; ++i) CHECK(remembered(i));
    // Time windows 1 and 3; 2 has none.
    for (const std::uint64_t time : {15U, 31U}) {
        prints.push_back(random_print(random));
        store.remember(prints.back(), "a", time);
    }
    CHECK(store.size() == 2);  // time window 0 has passed
    CHECK(remembered(250));
    CHECK(remembered(251));
    store.pass_to(5);  // time does not run backwards
    CHECK(store.size() == 2);
    store.pass_to(40);
    CHECK_FALSE(remembered(250));
    CHECK(remembered(251));
    CHECK(store.match(prints[251]).query == 251);
    CHECK(store.match(prints[251]).period == 3);
    store.pass_to(~std::uint64_t{0});
    CHECK(store.size() == 0);
    CHECK_FALSE(remembered(251));
    store.remember(prints[0], "a", 7);
    CHECK(remembered(0));
    CHECK(store.match(prints[0]).period == ~std::uint64_t{0} / 10);
}

TEST_CASE("fingerprint store: partial overlap is found as often as promised, in a full store") {
    FingerprintStore store = store_for(20'000);
    vedette::Random random(3);
    for (int i = 0; i < 60'000; ++i) store.remember(random_print(random), "a", 0);
    for (const std::size_t shared : {12U, 24U, 36U}) {
        int missed = 0;
        constexpr int runs = 400;
        for (int run = 0; run < runs; ++run) {
            const Fingerprint print = random_print(random);
            store.remember(print, "b", 0);
            const std::uint64_t number = store.queries() - 1;
            for (int i = 0; i < 20; ++i) store.remember(random_print(random), "a", 0);
            const FingerprintMatch match = store.match(print_like(print, shared, random));
            missed += match.query != number || match.overlap < shared ? 1 : 0;
            if (match.query == number) CHECK(match.overlap <= shared + 6);
        }
        const double expected = std::pow(1.0 - static_cast<double>(shared) / 48.0, 8.0);
        MESSAGE("shared ", shared, ": missed ", missed, " of ", runs, ", by chance ", expected * runs);
        CHECK(missed <= expected * runs + 5.0 * std::sqrt(expected * runs) + 2.0);
    }
}

TEST_CASE("fingerprint store: memory is what was given, whatever comes, and nothing is allocated") {
    const Fingerprinter fingerprinter = small_images();
    for (const std::size_t memory : {20'000U, 100'000U, 1'234'567U}) {
        FingerprintStore store(fingerprinter, {.memory = memory});
        CHECK(store.memory() <= memory);
        CHECK(store.memory() > memory - 200);
        const std::size_t taken = store.memory();
        vedette::Random random(4);
        const Fingerprint same_print = random_print(random);
        const std::string account(1000, 'x');
        const std::size_t before = allocation_count();
        for (std::uint64_t i = 0; i < 30'000; ++i) {
            const Fingerprint print = i % 3 == 0 ? same_print : random_print(random);
            (void)store.match(print);
            store.remember(print, std::string_view(account).substr(i % 1000), random() % 3 == 0 ? random() : i);
        }
        CHECK(allocation_count() == before);
        CHECK(store.memory() == taken);
        CHECK(store.size() <= store.capacity());
    }
    // A million takes 95 bytes each, and what the options themselves take.
    const Fingerprinter large(ImageFingerprintOptions{.values = 224 * 224 * 3, .key = key});
    CHECK(FingerprintStore::memory_needed(large, 1'000'000) < 96'000'000);
}

TEST_CASE("fingerprint store: crafted collisions neither slow look-ups down nor push out much") {
    FingerprintStore store = store_for(5000);
    vedette::Random random(5);
    std::vector<Fingerprint> honest;
    for (int i = 0; i < 1000; ++i) {
        honest.push_back(random_print(random));
        store.remember(honest.back(), "honest", 0);
    }
    // Who knows the key: all slots of all inputs in one line, or the same hashes in inputs that differ elsewhere.
    const Fingerprint shared = random_print(random);
    std::uint32_t most = 0;
    for (int i = 0; i < 3000; ++i) {
        Fingerprint print = print_like(shared, i % 2 == 0 ? 48 : 24, random);
        if (i % 4 == 1)
            for (std::size_t slot = 0; slot < 48; ++slot)
                print.hashes[slot] = (random() << 36U) - slot * 0x9E3779B9U % (1U << 30U);
        const FingerprintMatch match = store.match(print);
        most = std::max(most, match.compared);
        store.remember(print, "flood", 0);
    }
    CHECK(most <= FingerprintStore::most_compared);
    CHECK(store.match(shared).overlap == 48);
    int lost = 0;
    for (const Fingerprint& print : honest) lost += store.match(print).overlap == 48 ? 0 : 1;
    MESSAGE("lost of 1000: ", lost);
    CHECK(lost <= 5);
}

TEST_CASE("fingerprint store: exact repeats are told from near ones, and an account's own from those of others") {
    FingerprintStore store = store_for(500);
    vedette::Random random(15);
    const auto ask = [&](const std::vector<std::uint8_t>& input, const char* account) {
        return store.observe(std::span<const std::uint8_t>(input), account, 0);
    };
    std::vector<std::uint8_t> input = image(random);
    CHECK(ask(input, "a").repeat == Repeat::none);
    CHECK(ask(input, "a").repeat == Repeat::own);
    CHECK(ask(input, "b").repeat == Repeat::other);
    CHECK(ask(input, "b").repeat == Repeat::own);
    CHECK(ask(input, "a").repeat == Repeat::own);  // though b has asked it since
    // A hash keeps four records, so that those of an image that everybody sends push an account's own out.
    const std::vector<std::uint8_t> common = image(random);
    (void)ask(common, "a");
    for (int i = 0; i < 100; ++i) (void)ask(common, ("other " + std::to_string(i)).c_str());
    CHECK(ask(common, "a").repeat == Repeat::other);
    // Next to nothing is changed, and no slot: nearly the same is not the same, wherever the change is.
    int agreed = 0;
    for (std::size_t at = 0; at < pixels; at += 97) {
        std::vector<std::uint8_t> near = input;
        near[at] ^= 1;
        const FingerprintMatch match = ask(near, "a");
        agreed += match.score == 1.0 ? 1 : 0;
        CHECK(match.repeat == Repeat::none);
    }
    CHECK(agreed > 20);
    // Among more than the index keeps of one hash the first is not found again, and so is judged like any other.
    CHECK(ask(input, "a").repeat == Repeat::none);
    const std::vector<std::uint8_t> second = image(random);
    (void)ask(second, "a");
    for (std::size_t at = 0; at < 3; ++at) {
        std::vector<std::uint8_t> near = second;
        near[at] ^= 1;
        (void)ask(near, "a");
    }
    CHECK(ask(second, "a").repeat == Repeat::own);
    // By merged and by saved stores too.
    FingerprintStore other = store_for(500);
    const std::vector<std::uint8_t> elsewhere = image(random);
    (void)other.observe(std::span<const std::uint8_t>(elsewhere), "c", 0);
    store.merge(other);
    store = FingerprintStore::deserialize(store.serialize());
    CHECK(ask(elsewhere, "c").repeat == Repeat::own);
    CHECK(ask(elsewhere, "d").repeat == Repeat::other);
    // Floats by their bits, every one of them.
    const std::vector<float> floats(pixels, 0.25F);
    (void)store.observe(std::span<const float>(floats), "a", 0);
    CHECK(store.observe(std::span<const float>(floats), "a", 0).repeat == Repeat::own);
    for (const std::size_t at : {std::size_t{0}, std::size_t{255}, std::size_t{256}, pixels - 1}) {
        std::vector<float> near = floats;
        near[at] = std::nextafter(near[at], 1.0F);
        const FingerprintMatch match = store.observe(std::span<const float>(near), "a", 0);
        CHECK(match.score == 1.0);
        CHECK(match.repeat == Repeat::none);
    }
    CHECK(store.observe(std::span<const float>(floats).first(3), "a", 0).repeat == Repeat::none);
}

TEST_CASE("fingerprint store: silent mode marks evidence and changes nothing else") {
    const Fingerprinter fingerprinter = small_images();
    FingerprintStore loud(fingerprinter, {.memory = 100'000}),
        silent(fingerprinter, {.memory = 100'000, .silent = true});
    vedette::Random random(6);
    for (int i = 0; i < 50; ++i) {
        const auto input = image(random);
        for (int repeat = 0; repeat < 2; ++repeat) {
            const FingerprintMatch a = loud.observe(view(input), "a", 0), b = silent.observe(view(input), "a", 0);
            CHECK(same(a, b));
            CHECK_FALSE(a.is_silent);
            CHECK(b.is_silent);
        }
    }
}

TEST_CASE("fingerprint store: another key forgets") {
    FingerprintStore store = store_for(100);
    vedette::Random random(7);
    const auto input = image(random);
    store.observe(view(input), "a", 0);
    const std::uint32_t mark = store.account_mark("a");
    const std::size_t taken = store.memory();
    store.rotate_key();
    CHECK(store.size() == 0);
    CHECK(store.account_mark("a") != mark);
    CHECK(store.observe(view(input), "a", 0).overlap == 0);
    CHECK(store.observe(view(input), "a", 0).overlap == 48);
    CHECK(store.memory() == taken);
}

TEST_CASE("fingerprint store: merged stores remember what each did, the newest first") {
    FingerprintStore a = store_for(600, 10, 4), b = store_for(600, 10, 4);
    vedette::Random random(8);
    std::vector<Fingerprint> prints;
    for (std::uint64_t i = 0; i < 400; ++i) {
        prints.push_back(random_print(random));
        (i % 2 == 0 ? a : b).remember(prints.back(), i % 2 == 0 ? "a" : "b", i / 10);
    }
    FingerprintStore merged = a;
    merged.merge(b);
    CHECK(merged.memory() == a.memory());
    CHECK(merged.queries() == 400);
    CHECK(merged.size() == 400);
    for (std::size_t i = 0; i < prints.size(); ++i) {
        const FingerprintMatch match = merged.match(prints[i]);
        CHECK(match.overlap == 48);
        CHECK(match.account == merged.account_mark(i % 2 == 0 ? "a" : "b"));
        CHECK(match.period == i / 100);
    }
    // One that is further in time forgets what the other has not yet forgotten.
    FingerprintStore later = store_for(600, 10, 4);
    later.remember(random_print(random), "c", 55);
    later.merge(a);
    CHECK(later.size() == 101);
    CHECK(later.match(prints[0]).overlap < 48);
    CHECK(later.match(prints[398]).overlap == 48);
    // More than fit.
    FingerprintStore full = store_for(600, 10, 4);
    for (int i = 0; i < 500; ++i) full.remember(random_print(random), "d", 35);
    merged.merge(full);
    CHECK(merged.size() == 600);
    CHECK(merged.match(prints[0]).overlap < 48);
    CHECK(merged.match(prints[399]).overlap == 48);
    CHECK(FingerprintStore::deserialize(merged.serialize()).serialize() == merged.serialize());

    CHECK(code_of([&] { a.merge(store_for(601, 10, 4)); }) == ErrorCode::baseline_mismatch);
    CHECK(code_of([&] { a.merge(store_for(600, 11, 4)); }) == ErrorCode::baseline_mismatch);
    const auto bytes = a.serialize();
    FingerprintStore other = store_for(600, 10, 4);
    other.rotate_key();
    CHECK(code_of([&] { a.merge(other); }) == ErrorCode::baseline_mismatch);
    CHECK(a.serialize() == bytes);
}

TEST_CASE("fingerprint store: bytes go on as the store does, and are refused when changed") {
    FingerprintStore store = store_for(200, 10, 4);
    vedette::Random random(9);
    for (std::uint64_t i = 0; i < 450; ++i) store.remember(random_print(random), std::to_string(i % 9), i / 20);
    const auto bytes = store.serialize();
    FingerprintStore back = FingerprintStore::deserialize(bytes);
    CHECK(back.serialize() == bytes);
    CHECK(back.memory() == store.memory());
    std::vector<Fingerprint> prints;
    for (std::uint64_t i = 0; i < 450; ++i) {
        prints.push_back(random_print(random));
        const Fingerprint near = print_like(prints[random() % prints.size()], random() % 49, random);
        CHECK(same(back.match(near), store.match(near)));
        back.remember(prints.back(), "b", 22 + i / 20);
        store.remember(prints.back(), "b", 22 + i / 20);
    }
    CHECK(back.serialize() == store.serialize());
    for (std::size_t length = 0; length < bytes.size(); length += 997)
        CHECK(code_of([&] { (void)FingerprintStore::deserialize(std::span(bytes).first(length)); }) ==
              ErrorCode::corrupt_data);
}

TEST_CASE("fingerprint store: rows of any width are saved, whichever way their tables came to be") {
    using vedette::perturbation::RowFingerprintOptions;
    for (std::size_t values = 3; values < 40; ++values) {
        const Fingerprinter rows(RowFingerprintOptions{.values = values, .steps = {0.5}, .key = key});
        for (const std::size_t extra : {0U, 50U, 91U}) {
            const FingerprintStoreOptions options{.memory = FingerprintStore::memory_needed(rows, 80) + extra};
            FingerprintStore copied(rows, options);
            const FingerprintStore made(Fingerprinter::deserialize(rows.serialize()), options);
            CHECK(made.capacity() == copied.capacity());
            CHECK(made.memory() <= options.memory);
            copied.observe(std::span<const double>(std::vector<double>(values, 1.0)), "a", 0);
            const auto bytes = copied.serialize();
            CHECK(FingerprintStore::deserialize(bytes).serialize() == bytes);
        }
    }
}

TEST_CASE("fingerprint store: options out of range") {
    const auto code = [](FingerprintStoreOptions options) {
        return code_of([&] { FingerprintStore(small_images(), options); });
    };
    CHECK(code({.memory = 1000}) == ErrorCode::invalid_argument);
    CHECK(code({.period = 0}) == ErrorCode::invalid_argument);
    CHECK(code({.periods = 0}) == ErrorCode::invalid_argument);
    CHECK(code({.periods = 257}) == ErrorCode::invalid_argument);
}
