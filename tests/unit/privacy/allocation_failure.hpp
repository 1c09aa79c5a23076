// SPDX-License-Identifier: Apache-2.0
// Lets one allocation of this thread fail; of no effect under the sanitizers, which replace operator new themselves.
#pragma once

/// The allocation after `skipped` more throws std::bad_alloc; a negative number: none.
void fail_allocation(int skipped) noexcept;
