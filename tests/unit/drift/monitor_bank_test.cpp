// SPDX-License-Identifier: Apache-2.0
// Banks say, to the last bit, what monitors of single streams say: on every instruction set, whatever the values.
#include "vedette/drift/monitor_bank.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/dispatch.hpp"
#include "unit/drift/allocation_count.hpp"
#include "unit/drift/bank_makers.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/random.hpp"

namespace drift = vedette::drift;
using bank_makers::for_each_bank;
using bank_makers::rows_of;
using vedette::ErrorCode;
using vedette::MatrixView;
using vedette::MonitorState;
using vedette::testing::code_of;

namespace {

template <class Bank>
std::vector<typename Bank::Monitor> singles(const Bank& bank) {
    std::vector<typename Bank::Monitor> made;
    for (std::size_t i = 0; i < bank.features(); ++i) made.emplace_back(bank.options(i));
    return made;
}

bool is_in(std::span<const std::uint8_t> map, std::size_t i) {
    return (map[i / 8] >> (i % 8) & 1) != 0;
}

template <class Bank, class Monitors>
bool same_monitors(const Bank& bank, const Monitors& monitors) {
    bool same = true;
    for (std::size_t i = 0; i < monitors.size(); ++i)
        same = same && bank.monitor(i).serialize() == monitors[i].serialize();
    return same;
}

}  // namespace

TEST_CASE("a bank is, feature by feature, its monitors: the same bits") {
    for_each_bank([](auto bank, double level) {
        for (const bool troubled : {false, true}) {
            auto tried = bank;
            auto monitors = singles(bank);
            const std::size_t features = bank.features();
            const auto rows = rows_of(features, 1200, level, troubled);
            bool same = true;
            std::uint64_t changes = 0;
            for (std::size_t r = 0; r < 1200; ++r) {
                const std::span<const double> row(rows.data() + r * features, features);
                const std::size_t changed = tried.update(row);
                std::size_t expected = 0;
                for (std::size_t i = 0; i < features; ++i) {
                    const MonitorState said = monitors[i].update(row[i]);
                    const bool alarm = said == MonitorState::change;
                    same = same && tried.state(i) == said && is_in(tried.changed(), i) == alarm;
                    same = same && (!alarm || tried.last_change(i) == r + 1);
                    expected += alarm ? 1 : 0;
                }
                same = same && changed == expected && tried.changed_count() == expected;
                changes += expected;
                if (r % 397 == 0) same = same && same_monitors(tried, monitors);
            }
            CHECK(same);
            CHECK(same_monitors(tried, monitors));
            CHECK(changes > 0);
            for (std::size_t i = 0; i < features; ++i) {
                CHECK(tried.counts(i).changes == monitors[i].counts().changes);
                CHECK(tried.counts(i).nan == monitors[i].counts().nan);
            }
        }
    });
}

TEST_CASE("rows in batches, of floats and in columns give the same bits") {
    for_each_bank([](auto bank, double level) {
        const std::size_t features = bank.features();
        constexpr std::size_t count = 700;
        auto rows = rows_of(features, count, level, true);
        for (double& value : rows) value = static_cast<double>(static_cast<float>(value));
        const std::vector<float> narrow(rows.begin(), rows.end());
        std::vector<double> columns(rows.size());
        for (std::size_t r = 0; r < count; ++r)
            for (std::size_t i = 0; i < features; ++i) columns[i * count + r] = rows[r * features + i];
        auto one = bank;
        auto batches = bank;
        auto floats = bank;
        auto by_column = bank;
        std::vector<std::uint8_t> seen(one.changed().size());
        for (std::size_t r = 0; r < count; ++r) {
            one.update(std::span<const double>(rows.data() + r * features, features));
            for (std::size_t k = 0; k < seen.size(); ++k) seen[k] |= one.changed()[k];
        }
        std::size_t r = 0;
        for (std::size_t size = 1; r < count; r += size, ++size) {
            size = std::min(size, count - r);
            batches.update_rows(MatrixView<double>::row_major(rows.data() + r * features, size, features));
            floats.update_rows(MatrixView<float>::row_major(narrow.data() + r * features, size, features));
        }
        by_column.update_rows(MatrixView<double>::column_major(columns.data(), count, features));
        CHECK(std::equal(seen.begin(), seen.end(), by_column.changed().begin()));
        CHECK(batches.serialize() == one.serialize());
        CHECK(floats.serialize() == one.serialize());
        CHECK(by_column.serialize() == one.serialize());
    });
}

TEST_CASE("a bank saved at any point goes on bit for bit, and a reset one is new") {
    for_each_bank([](auto bank, double level) {
        using Bank = decltype(bank);
        const std::size_t features = bank.features();
        const auto rows = rows_of(features, 600, level, true);
        const auto fresh = bank.serialize();
        Bank resumed = Bank::deserialize(fresh);
        CHECK(resumed.serialize() == fresh);
        for (std::size_t r = 0; r < 600; ++r) {
            const std::span<const double> row(rows.data() + r * features, features);
            CHECK(bank.update(row) == resumed.update(row));
            if (r < 5 || r % 61 == 0 || r == 599) {
                const auto bytes = bank.serialize();
                resumed = Bank::deserialize(bytes);
                CHECK(resumed.serialize() == bytes);
            }
        }
        CHECK(bank.rows() == 600);
        bank.reset();
        CHECK(bank.serialize() == fresh);
    });
}

TEST_CASE("hostile files make a working bank or are refused") {
    for_each_bank([](auto bank, double level) {
        using Bank = decltype(bank);
        const std::size_t features = bank.features();
        if (features > 20) return;
        const auto rows = rows_of(features, 150, level, true);
        const auto update_all = [&](Bank& tried) {
            for (std::size_t r = 0; r < 150; ++r)
                tried.update(std::span<const double>(rows.data() + r * features, features));
        };
        update_all(bank);
        const auto bytes = bank.serialize();
        const auto file = vedette::Container::view(bytes);
        // Each tensor with each of many values replaced by hostile ones, cut short, and in another shape.
        std::size_t failed = 0;
        const auto survives = [&](const std::vector<std::byte>& tried) {
            try {
                Bank read = Bank::deserialize(tried);
                if (read.serialize() != tried) return false;
                if (read.features() == features) update_all(read);
                return Bank::deserialize(read.serialize()).serialize() == read.serialize();
            } catch (const vedette::Error& error) {
                return error.code() == ErrorCode::corrupt_data;
            }
        };
        constexpr std::uint64_t words[] = {0,
                                           1,
                                           2,
                                           7,
                                           150,
                                           151,
                                           1ULL << 53U,
                                           ~0ULL,
                                           0x7FF0000000000000U,
                                           0x7FF8000000000000U,
                                           0xBFF0000000000000U,
                                           0x54B249AD2594C37DU};
        for (const auto& hurt : file.tensors()) {
            const auto with = [&](const std::vector<std::byte>& data, const std::vector<std::uint64_t>& shape) {
                vedette::ContainerWriter writer;
                for (const auto& tensor : file.tensors())
                    tensor.name == hurt.name ? writer.add_tensor(tensor.name, tensor.dtype, shape, data)
                                             : writer.add_tensor(tensor.name, tensor.dtype, tensor.shape, tensor.data);
                return writer.finish(file.kind());
            };
            const std::vector<std::uint64_t> shape(hurt.shape.begin(), hurt.shape.end());
            std::vector<std::byte> data(hurt.data.begin(), hurt.data.end());
            CHECK(with(data, shape) == bytes);
            for (std::size_t at = 0; at < data.size(); at += 8 * (1 + data.size() / 80)) {
                std::uint64_t before = 0;
                std::memcpy(&before, data.data() + at, 8);
                for (const std::uint64_t word : words) {
                    std::memcpy(data.data() + at, &word, 8);
                    failed += survives(with(data, shape)) ? 0U : 1U;
                }
                std::memcpy(data.data() + at, &before, 8);
            }
            failed += survives(with({}, {0})) ? 0U : 1U;
            failed += survives(with(data, {data.size() / 8})) ? 0U : 1U;
            failed += survives(with(data, {1, data.size() / 8})) ? 0U : 1U;
        }
        CHECK(failed == 0);
    });
}

TEST_CASE("rows of another length are refused whole") {
    for_each_bank([](auto bank, double) {
        const auto rows = rows_of(bank.features(), 3, 1.0, false);
        bank.update(std::span<const double>(rows).first(bank.features()));
        const auto before = bank.monitor(0).serialize();
        CHECK(bank.update(std::span<const double>(rows).first(bank.features() - 1)) == 0);
        CHECK(bank.update(std::span<const double>()) == 0);
        CHECK(bank.update(std::span<const double>(rows)) == 0);
        CHECK(bank.refused_rows() == 3);
        CHECK(bank.rows() == 1);
        CHECK(bank.monitor(0).serialize() == before);
        CHECK(bank.changed_count() == 0);
    });
}

TEST_CASE("impossible banks are refused") {
    CHECK(code_of([] { drift::CusumBank(0, {}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { drift::CusumBank((std::size_t{1} << 24U) + 1, {}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { drift::AdwinBank(5000, {.max_buckets = 1000}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { drift::AdwinBank(5, {.delta = 1.0}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { (void)drift::AdwinBank(9, {}).monitor(9); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { drift::CusumBank(4, {.sd = 0.0}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { drift::CusumBank(std::vector<drift::CusumOptions>{}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] {
              drift::CusumBank(std::vector<drift::CusumOptions>{{}, {.threshold = 4.0}});
          }) == ErrorCode::invalid_argument);
    CHECK(code_of([] {
              drift::CusumBank(std::vector<drift::CusumOptions>{{}, {.sd = -1.0}});
          }) == ErrorCode::invalid_argument);
    CHECK(code_of([] {
              drift::PageHinkleyBank(std::vector<drift::PageHinkleyOptions>{{}, {.forgetting = 0.5}});
          }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { (void)drift::EwmaChartBank(3, {}).monitor(3); }) == ErrorCode::invalid_argument);
}

#if !defined(VEDETTE_SANITIZED)
TEST_CASE("updates and resets of banks allocate nothing") {
    for_each_bank([](auto bank, double level) {
        const std::size_t features = bank.features();
        const auto rows = rows_of(features, 500, level, true);
        const auto by_row = MatrixView<double>::row_major(rows.data(), 500, features);
        const auto by_column = MatrixView<double>::column_major(rows.data(), 500, features);
        const std::size_t before = allocation_count();
        bool same = true;
        for (int round = 0; round < 3; ++round) {
            for (std::size_t r = 0; r < 500; ++r)
                bank.update(std::span<const double>(rows.data() + r * features, features));
            bank.update_rows(by_row);
            bank.update_rows(by_column);
            std::size_t listed = 0;
            bank.for_each_changed([&](std::size_t) { ++listed; });
            same = same && listed == bank.changed_count();
            bank.reset();
        }
        const std::size_t after = allocation_count();
        CHECK(after == before);
        CHECK(same);
    });
}
#endif
