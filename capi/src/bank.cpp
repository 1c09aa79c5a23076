// SPDX-License-Identifier: Apache-2.0
// Banks of monitors, across the C boundary.
#include <algorithm>
#include <bit>
#include <span>
#include <string>
#include <vector>

#include "fence.hpp"
#include "matrix_rows.hpp"
#include "monitor_handle.hpp"
#include "structs.hpp"
#include "vedette/drift/any_bank.hpp"
#include "views.hpp"

using namespace vedette;
using namespace vedette::capi;

struct alignas(64) vdt_bank {
    vdt_allocator allocator;
    drift::AnyBank object;
    std::vector<std::uint8_t> changed;  // in the last call, of all its tiles
};

namespace {

vdt_bank_options default_options() noexcept {
    vdt_bank_options options{};
    options.struct_size = sizeof options;
    return options;
}

vdt_bank* make_bank(const vdt_allocator* allocator, drift::AnyBank bank) {
    std::vector<std::uint8_t> changed(bank.base().changed().size());
    return make_handle<vdt_bank>(allocator, std::move(bank), std::move(changed));
}

void check_width(const vdt_bank& bank, std::uint64_t width) {
    if (width != bank.object.base().features())
        throw Error(ErrorCode::dimension_mismatch, "the row has " + std::to_string(width) + " values, the bank " +
                                                       std::to_string(bank.object.base().features()) + " features");
}

void check_feature(const vdt_bank& bank, std::uint64_t feature) {
    if (feature >= bank.object.base().features())
        throw Error(ErrorCode::invalid_argument, "feature is " + std::to_string(feature) + ", the bank has " +
                                                     std::to_string(bank.object.base().features()));
}

void keep_changed(vdt_bank& bank) noexcept {
    const auto changed = bank.object.base().changed();
    std::copy(changed.begin(), changed.end(), bank.changed.begin());
}

template <class T>
vdt_status update_row(vdt_bank* bank, const T* row, std::size_t width, std::size_t* change_count,
                      vdt_error* error) noexcept {
    return fence(error, [&] {
        require(bank, "bank");
        require(row, "row");
        check_width(*bank, width);
        const std::size_t found = bank->object.update(std::span<const T>(row, width));
        keep_changed(*bank);
        if (change_count != nullptr) *change_count = found;
    });
}

template <class T>
void update_matrix(vdt_bank& bank, const StridedMatrix& matrix) {
    // Tiles are made ready before the first is taken, so that nothing is half done; what changed in any of them is
    // kept.
    bool first = true;
    visit_rows<T>(matrix, [&](MatrixView<T> part) {
        if (first) std::fill(bank.changed.begin(), bank.changed.end(), std::uint8_t{0});
        first = false;
        static_cast<void>(bank.object.update_rows(part));
        const auto changed = bank.object.base().changed();
        std::transform(changed.begin(), changed.end(), bank.changed.begin(), bank.changed.begin(),
                       [](std::uint8_t a, std::uint8_t b) { return static_cast<std::uint8_t>(a | b); });
    });
}

std::vector<std::string_view> read_texts(const vdt_string* texts, std::uint64_t count, std::uint64_t features) {
    std::vector<std::string_view> read;
    if (count == 0) return read;
    require(texts, "options.options");
    if (count != 1 && count != features)
        throw Error(ErrorCode::invalid_argument, "options.options_count is " + std::to_string(count) +
                                                     ", must be 0, 1 or " + std::to_string(features) +
                                                     ", one for each feature");
    for (std::uint64_t i = 0; i < count; ++i)
        read.push_back(to_text(texts[i].data, texts[i].length, "options.options"));
    return read;
}

}  // namespace

extern "C" {

void vdt_bank_options_init(vdt_bank_options* options, size_t size) noexcept {
    init_struct(options, size, default_options());
}

vdt_status vdt_bank_create(const vdt_bank_options* options, const vdt_allocator* allocator, vdt_bank** out,
                           vdt_error* error) noexcept {
    return fence(error, [&] {
        require(options, "options");
        require(out, "out");
        const vdt_bank_options given = read_struct(options, default_options(), "options");
        const std::vector<std::string_view> texts = read_texts(given.options, given.options_count, given.features);
        std::vector<double> values;
        MatrixView<double> reference;
        if (given.reference != nullptr) {
            const StridedMatrix matrix = read_matrix(given.reference);
            values = copy_matrix<double>(matrix);
            reference = MatrixView<double>::row_major(values.data(), matrix.rows, matrix.columns);
        }
        *out = make_bank(allocator, drift::make_bank(to_text(given.kind, given.kind_length, "options.kind"),
                                                     given.features, texts, reference));
    });
}

vdt_status vdt_bank_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator, vdt_bank** out,
                               vdt_error* error) noexcept {
    return fence(error, [&] {
        if (size != 0) require(bytes, "bytes");
        require(out, "out");
        *out = make_bank(allocator, drift::AnyBank::deserialize({static_cast<const std::byte*>(bytes), size}));
    });
}

vdt_status vdt_bank_to_bytes(const vdt_bank* bank, void* buffer, size_t capacity, size_t* length,
                             vdt_error* error) noexcept {
    return fence(error, [&] {
        require(bank, "bank");
        const std::vector<std::byte> bytes = bank->object.serialize();
        copy_bytes(bytes.data(), bytes.size(), 1, buffer, capacity, length);
    });
}

void vdt_bank_destroy(vdt_bank* bank) noexcept {
    destroy_handle(bank);
}

vdt_status vdt_bank_update_f32(vdt_bank* bank, const float* row, size_t width, size_t* change_count,
                               vdt_error* error) noexcept {
    return update_row(bank, row, width, change_count, error);
}

vdt_status vdt_bank_update_f64(vdt_bank* bank, const double* row, size_t width, size_t* change_count,
                               vdt_error* error) noexcept {
    return update_row(bank, row, width, change_count, error);
}

vdt_status vdt_bank_update_matrix(vdt_bank* bank, const vdt_matrix* rows, size_t* change_count,
                                  vdt_error* error) noexcept {
    return fence(error, [&] {
        require(bank, "bank");
        const StridedMatrix matrix = read_matrix(rows);
        check_width(*bank, matrix.columns);
        if (matrix.rows == 0) std::fill(bank->changed.begin(), bank->changed.end(), std::uint8_t{0});
        if (is_narrow(matrix.dtype)) {
            update_matrix<float>(*bank, matrix);
        } else {
            update_matrix<double>(*bank, matrix);
        }
        if (change_count == nullptr) return;
        *change_count = 0;
        for (const std::uint8_t byte : bank->changed) *change_count += static_cast<std::size_t>(std::popcount(byte));
    });
}

vdt_status vdt_bank_changed(const vdt_bank* bank, uint64_t* features, size_t capacity, size_t* count,
                            vdt_error* error) noexcept {
    return fence(error, [&] {
        require(bank, "bank");
        if (capacity != 0) require(features, "features");
        std::size_t found = 0;
        for (std::size_t byte = 0; byte < bank->changed.size(); ++byte)
            for (unsigned bits = bank->changed[byte]; bits != 0; bits &= bits - 1) {
                if (found < capacity) features[found] = 8 * byte + static_cast<unsigned>(std::countr_zero(bits));
                ++found;
            }
        if (count != nullptr) *count = found;
    });
}

vdt_status vdt_bank_reset(vdt_bank* bank, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(bank, "bank");
        bank->object.reset();
        std::fill(bank->changed.begin(), bank->changed.end(), std::uint8_t{0});
    });
}

vdt_status vdt_bank_reading_get(const vdt_bank* bank, uint64_t feature, vdt_monitor_reading* out,
                                vdt_error* error) noexcept {
    return fence(error, [&] {
        require(bank, "bank");
        check_feature(*bank, feature);
        write_struct(out, to_c(bank->object.monitor(feature)), "out");
    });
}

vdt_status vdt_bank_last_change(const vdt_bank* bank, uint64_t feature, uint64_t* row, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(bank, "bank");
        require(row, "row");
        check_feature(*bank, feature);
        *row = bank->object.base().last_change(feature);
    });
}

vdt_status vdt_bank_monitor(const vdt_bank* bank, uint64_t feature, const vdt_allocator* allocator, vdt_monitor** out,
                            vdt_error* error) noexcept {
    return fence(error, [&] {
        require(bank, "bank");
        require(out, "out");
        check_feature(*bank, feature);
        *out = make_handle<vdt_monitor>(allocator, bank->object.monitor(feature));
    });
}

uint64_t vdt_bank_features(const vdt_bank* bank) noexcept {
    return bank == nullptr ? 0 : bank->object.base().features();
}

uint64_t vdt_bank_rows(const vdt_bank* bank) noexcept {
    return bank == nullptr ? 0 : bank->object.base().rows();
}

const char* vdt_bank_kind(const vdt_bank* bank) noexcept {
    return bank == nullptr ? "unknown" : drift::monitor_kind_name(bank->object.kind());
}

}  // extern "C"
