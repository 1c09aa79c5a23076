// SPDX-License-Identifier: Apache-2.0
// SIGINT and SIGTERM as something to read, so that a long watch ends by saving what it knows.
#pragma once

#include <csignal>

namespace vedette::inline v0::cli {

/// While it lives, both signals make `descriptor` readable (for ByteSource::open) in place of ending the process. A
/// second signal ends it. One at a time. The handlers of before come back with its destruction.
class Interruption {
  public:
    /// Throws Error(io_error) when the system has no pipe or handler to give.
    Interruption();
    ~Interruption();
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;
    Interruption(Interruption&&) = delete;
    Interruption& operator=(Interruption&&) = delete;

    [[nodiscard]] int descriptor() const noexcept { return ends_[0]; }

  private:
    int ends_[2] = {-1, -1};
    struct sigaction before_int_ {};
    struct sigaction before_term_ {};
};

}  // namespace vedette::inline v0::cli
