// SPDX-License-Identifier: Apache-2.0
// A pipe that the handler writes to: unlike a flag it cannot be missed by a read that is about to wait.
#include "interruption.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::cli {

namespace {

volatile std::sig_atomic_t writing_end = -1;

void on_signal(int /*number*/) {
    const int before = errno;
    const char byte = 0;
    static_cast<void>(::write(writing_end, &byte, 1) + 1);
    errno = before;
}

[[noreturn]] void refuse(int reason) {
    throw Error(ErrorCode::io_error, "signals cannot be waited for: " + std::generic_category().message(reason));
}

}  // namespace

Interruption::Interruption() {
    if (::pipe2(ends_, O_CLOEXEC | O_NONBLOCK) != 0) refuse(errno);
    writing_end = ends_[1];
    struct sigaction action {};
    action.sa_handler = on_signal;
    // The second one is the system's own: it ends the process.
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigemptyset(&action.sa_mask);
    if (::sigaction(SIGINT, &action, &before_int_) != 0 || ::sigaction(SIGTERM, &action, &before_term_) != 0)
        refuse(errno);
}

Interruption::~Interruption() {
    ::sigaction(SIGINT, &before_int_, nullptr);
    ::sigaction(SIGTERM, &before_term_, nullptr);
    writing_end = -1;
    ::close(ends_[0]);
    ::close(ends_[1]);
}

}  // namespace vedette::inline v0::cli
