// SPDX-License-Identifier: Apache-2.0
#include "source_directory.hpp"

const char* source_directory() noexcept {
    return VEDETTE_SOURCE_DIR;
}
