// SPDX-License-Identifier: Apache-2.0
// Where the committed data of tests is.
#pragma once

/// The top folder of the sources. One file alone knows it, so that a compiler's cache serves every clone of the others.
const char* source_directory() noexcept;
