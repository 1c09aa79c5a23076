// SPDX-License-Identifier: Apache-2.0
// The laws of one mechanism's privacy loss, by their tails under both distributions of the dominating pair.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "vedette/privacy/privacy_loss.hpp"

namespace vedette::inline v0::privacy {

/// Probabilities beyond a threshold of the loss. `above` under P contains an infinite loss, `below` under Q one of
/// minus infinity. The smaller of each pair is accurate in relative terms: within `roundings` times
/// (8 + 4 |log tail|) 2^-53.
struct LossTails {
    double p_above = 0.0;
    double p_below = 0.0;
    double q_above = 0.0;
    double q_below = 0.0;
    double roundings = 1.0;
};

struct LossRange {
    double least = 0.0;
    double greatest = 0.0;
};

/// The law of L = log(dP/dQ).
class LossLaw {
  public:
    LossLaw() = default;
    LossLaw(const LossLaw&) = delete;
    LossLaw& operator=(const LossLaw&) = delete;
    virtual ~LossLaw() = default;

    /// Whether an atom at the threshold itself is above or below is left open, but alike for P and Q.
    [[nodiscard]] virtual LossTails at(double loss) const noexcept = 0;
    /// Losses beyond which P has at most about `tail` on either side, infinite losses apart.
    [[nodiscard]] virtual LossRange range(double tail) const noexcept = 0;
    /// P(L = infinity).
    [[nodiscard]] virtual double infinite() const noexcept { return 0.0; }
    /// A step whose integer multiples all losses are, 0 where there is none.
    [[nodiscard]] virtual double lattice() const noexcept { return 0.0; }
};

/// A record removed, and a record added where that is another law.
class LossPair {
  public:
    LossPair(std::shared_ptr<const LossLaw> removed, std::shared_ptr<const LossLaw> added)
        : removed_(std::move(removed)), added_(std::move(added)) {}

    [[nodiscard]] const LossLaw& removed() const noexcept { return *removed_; }
    [[nodiscard]] const LossLaw& added() const noexcept { return added_ ? *added_ : *removed_; }
    [[nodiscard]] bool symmetric() const noexcept { return added_ == nullptr; }

  private:
    std::shared_ptr<const LossLaw> removed_;
    std::shared_ptr<const LossLaw> added_;  // null: the same
};

/// N(1, sigma^2) against N(0, sigma^2).
std::unique_ptr<const LossLaw> gaussian_law(double sigma);
std::unique_ptr<const LossLaw> laplace_law(double scale);
/// A mixture of N(shift, sigma^2) against N(0, sigma^2).
std::unique_ptr<const LossLaw> mixture_law(const GaussianMixture& mixture);
/// Finite atoms in any order; what their probabilities and `infinite` lack of 1 is no one's.
std::unique_ptr<const LossLaw> atom_law(std::span<const LossAtom> atoms, double infinite, double lattice);
/// (1 - rate) Q + rate P against Q.
std::unique_ptr<const LossLaw> subsampled_law(std::shared_ptr<const LossLaw> base, double rate);
/// (1 - rate) N(0) + rate N(1) against (1 - rate) N(0) + rate N(-1), all of variance sigma^2; its own reverse.
std::unique_ptr<const LossLaw> replaced_gaussian_law(double sigma, double rate);
/// The same of Laplace noise of that scale.
std::unique_ptr<const LossLaw> replaced_laplace_law(double scale, double rate);
/// The one or, with this probability, the other, by a coin that is told.
std::unique_ptr<const LossLaw> chosen_law(std::shared_ptr<const LossLaw> one, std::shared_ptr<const LossLaw> other,
                                          double probability);
/// Q against P. Only for laws without infinite losses.
std::unique_ptr<const LossLaw> reversed_law(std::shared_ptr<const LossLaw> base);

}  // namespace vedette::inline v0::privacy
