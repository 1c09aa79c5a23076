// SPDX-License-Identifier: Apache-2.0
// What changed between two schemas, and whether data that the one accepted may be refused by the other.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vedette/validation/schema.hpp"

namespace vedette::inline v0::validation {

/// What a change means for data, from the harmless to the grave.
enum class ChangeKind : std::uint8_t {
    annotation = 0,  ///< nothing is accepted or refused that was not before
    loosened = 1,    ///< data may be accepted that was refused: who sends is served, who reads may see new values
    warned = 2,      ///< data that passed may now raise a warning, and is not refused
    breaking = 3     ///< data that was accepted may be refused, or is read as something else
};

struct SchemaChange {
    ChangeKind kind = ChangeKind::annotation;
    std::string feature;  ///< its name; empty for the schema itself
    std::string field;    ///< as in the document, e.g. "minimum"
    std::string before;   ///< as in the document; empty where there was none
    std::string after;

    friend bool operator==(const SchemaChange&, const SchemaChange&) = default;
};

/// All changes: of the schema, then of features in the order of `after`, then of removed ones. No breaking change among
/// them means: what `before` accepted without an error, `after` accepts, requests and batches alike. The converse is
/// not promised: a change is breaking if its field taken alone may refuse something, though another field forbade that
/// already. A feature that is out of production in `after` refuses nothing, nor does a check whose severity there is
/// below `error`. Both schemas must be valid: throws as Schema::validate. O(size log size).
[[nodiscard]] std::vector<SchemaChange> diff(const Schema& before, const Schema& after);

/// Whether none of the changes is breaking.
[[nodiscard]] bool is_compatible(const std::vector<SchemaChange>& changes) noexcept;

/// "annotation", "loosened", "warned", "breaking"; "unknown" for others.
[[nodiscard]] const char* change_kind_name(ChangeKind kind) noexcept;
/// One line, e.g. `breaking: feature "amount": minimum 0 -> 1`.
[[nodiscard]] std::string describe(const SchemaChange& change);
/// All of them as JSON: `compatible`, and `changes` with kind, feature, field, before, after.
[[nodiscard]] std::string to_json(const std::vector<SchemaChange>& changes);

}  // namespace vedette::inline v0::validation
