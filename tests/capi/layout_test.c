// SPDX-License-Identifier: Apache-2.0
// The layout of every public struct as a C compiler sees it, against the pinned one; prints it for the Python test.
#include "check.h"

#define VDT_LAYOUT_STRUCT(type, size)                            \
    printf("%s %zu %zu\n", #type, sizeof(type), (size_t)(size)); \
    CHECK(sizeof(type) == (size));
#define VDT_LAYOUT_FIELD(type, field, offset, size)                                                      \
    printf("%s.%s %zu %zu\n", #type, #field, offsetof(type, field), sizeof(((const type*)NULL)->field)); \
    CHECK(offsetof(type, field) == (offset) && sizeof(((const type*)NULL)->field) == (size));

static void check_values_and_options(void) {
#include "layout.def"
}

int main(void) {
    check_values_and_options();
    return check_result();
}
