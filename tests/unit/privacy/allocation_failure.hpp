// SPDX-License-Identifier: Apache-2.0
// Lets one allocation of this thread fail; of no effect under the sanitizers, which replace operator new themselves.
#pragma once

/// The allocation after `skipped` more throws std::bad_alloc; a negative number: none.
void fail_allocation(int skipped) noexcept;

/// How many of the blocks that this thread frees from now on hold this word; counting ends with `freed_with`.
void watch_freed(unsigned long long word) noexcept;
unsigned long long freed_with() noexcept;
