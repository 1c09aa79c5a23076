// SPDX-License-Identifier: Apache-2.0
// Is a model being copied? PRADA: whether the distances between an account's inputs still look normal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace vedette::inline v0::perturbation {

struct PradaOptions {
    std::size_t values = 0;        ///< of an input, or of its embedding; 1 to 2^20
    std::uint32_t classes = 0;     ///< of the model, 1 to 65,536
    double threshold = 0.9;        ///< delta: an alarm is W below it; in (0, 1)
    std::size_t capacity = 4096;   ///< inputs kept in the growing sets of all classes together, 1 to 2^20
    std::size_t distances = 5000;  ///< the newest that are judged, 101 to 5000
};

/// What is known after an input.
struct PradaState {
    double distance = std::numeric_limits<double>::quiet_NaN();   ///< to the nearest of its class before; NaN: first
    double statistic = std::numeric_limits<double>::quiet_NaN();  ///< W at the last look; NaN: none
    std::uint64_t judged = 0;                                     ///< distances at that look
    bool is_alarm = false;                                        ///< statistic < threshold, at this look
};

/// Juuti, Szyller, Marchal and Asokan (2019). For each input the least Euclidean distance to the growing set of its
/// predicted class; an input further than the class's limit T joins the set, and T rises to mean - standard deviation
/// of the distances at which inputs joined, the first's being 0. Every 10 inputs, the distances of classes that have at
/// least 10 are pooled, those 3 standard deviations or more from their mean are left out, and if more than 100 are
/// left, their normality is judged by W of Shapiro and Wilk (stats/shapiro_wilk.hpp): synthetic queries, at fixed steps
/// from seeds, spoil it.
///
/// **No guarantee.** The threshold on W is the paper's, found on its data sets; the law of W depends on the number of
/// distances (below 0.9 comes easily of 100, and hardly of 5000), and benign distances need not be normal: calibrate
/// `1 - statistic` on benign accounts of the same number of inputs (stats/conformal.hpp) for a rate.
/// **Known weakness.** Queries of natural inputs (Atli, Szyller, Juuti, Marchal and Asokan 2020) look benign, an
/// attacker can mix inputs in to keep W up, and several accounts split the evidence. Compare a window of embeddings
/// with benign traffic by drift/mmd_monitor.hpp too.
///
/// Bounded, unlike the original: when the sets are full none grows any more (`is_full`), and the newest `distances` are
/// judged. One per account or group of accounts. Memory is taken at construction: capacity (4 values + 4) + 40
/// classes + 24 distances bytes (`memory_needed`). Not thread-safe; updates allocate nothing. O(capacity values), and
/// every tenth O(distances log distances).
class Prada {
  public:
    /// Throws Error(invalid_argument) for an option out of range, overflow where capacity * values passes 2^30.
    explicit Prada(const PradaOptions& options);
    Prada(const Prada& other);  ///< with all of its memory, so that updates of the copy allocate nothing either
    Prada& operator=(const Prada& other);
    Prada(Prada&&) noexcept = default;
    Prada& operator=(Prada&&) noexcept = default;
    ~Prada() = default;

    /// An input with its predicted class. One of the wrong size, of a class that does not exist or with a value that is
    /// not finite changes nothing but `ignored()`.
    PradaState update(std::span<const float> input, std::uint32_t predicted) noexcept;

    /// A look now, whatever the number of inputs; `distance` is NaN.
    [[nodiscard]] PradaState state() noexcept;

    [[nodiscard]] const PradaOptions& options() const noexcept { return options_; }
    [[nodiscard]] std::uint64_t inputs() const noexcept { return inputs_; }
    [[nodiscard]] std::uint64_t ignored() const noexcept { return ignored_; }
    [[nodiscard]] std::size_t kept() const noexcept { return kept_.size(); }
    [[nodiscard]] bool is_full() const noexcept { return kept_.size() == options_.capacity; }
    [[nodiscard]] std::size_t memory() const noexcept;
    /// Forgets all inputs; memory stays.
    void reset() noexcept;

    /// As a container of kind "prada": what `deserialize` returns goes on bit for bit. The bytes hold inputs, as the
    /// object does. Throws Error(corrupt_data) for anything else, and overflow, before any of it is taken, for one of
    /// more than `most_memory`: a small file may be of a large object. There is no merging: the growing sets depend on
    /// the order of all inputs, so one account's must go to one object.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static Prada deserialize(std::span<const std::byte> bytes, std::size_t most_memory = usual_memory);
    static constexpr std::size_t usual_memory = std::size_t{1} << 30U;

    /// Bytes that an object of these options takes, which its constructor admits.
    [[nodiscard]] static std::size_t memory_needed(const PradaOptions& options) noexcept;

  private:
    struct Limit {
        std::uint64_t joined = 0;  // the first at distance 0
        double mean = 0.0, squares = 0.0;
        double limit = 0.0;
        std::uint32_t judged = 0;  // distances in the ring
    };
    struct Distance {
        double value;
        std::uint32_t predicted;
    };
    void join(std::span<const float> input, std::uint32_t predicted);
    void look() noexcept;

    PradaOptions options_;
    std::vector<float> rows_;          // of all growing sets
    std::vector<std::uint32_t> kept_;  // their classes
    std::vector<Limit> limits_;
    std::vector<Distance> ring_;
    std::size_t next_ = 0;
    std::vector<double> scratch_;
    std::uint64_t inputs_ = 0, ignored_ = 0;
    PradaState last_;
};

}  // namespace vedette::inline v0::perturbation
