// SPDX-License-Identifier: Apache-2.0
// The entry point of the command line tool.
#include "commands.hpp"

int main(int argc, char** argv) {
    return vedette::cli::run(argc, argv);
}
