/* SPDX-License-Identifier: Apache-2.0
 * The smallest C99 program on the C library: is the library the one that the header describes? */
#include <stdio.h>
#include <vedette.h>

int main(void) {
    printf("vedette %s, ABI %d\n", vdt_version_string(), (int)vdt_abi_version());
    return vdt_abi_version() == VDT_ABI_VERSION ? 0 : 1;
}
