// SPDX-License-Identifier: Apache-2.0
// How often this executable has called operator new; always 0 under the sanitizers, which replace it themselves.
#pragma once

#include <cstddef>

std::size_t allocation_count() noexcept;
