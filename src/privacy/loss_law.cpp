// SPDX-License-Identifier: Apache-2.0
// Tails of the privacy losses of Gaussian, Laplace, discrete, mixed and subsampled mechanisms.
#include "privacy/loss_law.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace vedette::inline v0::privacy {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct TwoTails {
    double above;
    double below;
};

TwoTails normal_tails(double x) noexcept {
    if (std::isinf(x)) return x > 0.0 ? TwoTails{0.0, 1.0} : TwoTails{1.0, 0.0};
    const double small = 0.5 * std::erfc(std::fabs(x) * (0.5 * std::numbers::sqrt2));
    return x > 0.0 ? TwoTails{small, 1.0 - small} : TwoTails{1.0 - small, small};
}

// A z with P(N > z) <= tail.
double normal_bound(double tail) noexcept {
    return std::sqrt(std::max(0.0, -2.0 * std::log(2.0 * tail)));
}

class GaussianLaw final : public LossLaw {
  public:
    explicit GaussianLaw(double sigma) : sigma_(sigma) {}

    [[nodiscard]] LossTails at(double loss) const noexcept override {
        const TwoTails q = normal_tails(sigma_ * loss + 0.5 / sigma_);
        const TwoTails p = normal_tails(sigma_ * loss - 0.5 / sigma_);
        return {p.above, p.below, q.above, q.below};
    }

    [[nodiscard]] LossRange range(double tail) const noexcept override {
        const double z = normal_bound(tail);
        return {(0.5 / sigma_ - z) / sigma_, (0.5 / sigma_ + z) / sigma_};
    }

  private:
    double sigma_;
};

// exp(-|x - 1| / b) against exp(-|x| / b): atoms at both ends, and between them P has half of e^(loss/2 - 1/(2b)).
class LaplaceLaw final : public LossLaw {
  public:
    explicit LaplaceLaw(double scale) : end_(1.0 / scale) {}

    [[nodiscard]] LossTails at(double loss) const noexcept override {
        if (loss >= end_) return {0.0, 1.0, 0.0, 1.0};
        if (loss < -end_) return {1.0, 0.0, 1.0, 0.0};
        const double p_below = 0.5 * std::exp(0.5 * (loss - end_));
        const double q_above = 0.5 * std::exp(0.5 * (-loss - end_));
        return {1.0 - p_below, p_below, q_above, 1.0 - q_above};
    }

    [[nodiscard]] LossRange range(double) const noexcept override { return {-end_, end_}; }
    [[nodiscard]] double lattice() const noexcept override { return end_; }

  private:
    double end_;
};

class MixtureLaw final : public LossLaw {
  public:
    explicit MixtureLaw(const GaussianMixture& mixture) : mixture_(mixture) {
        for (std::size_t i = 0; i < mixture.shifts.size(); ++i) {
            if (mixture.probabilities[i] == 0.0) continue;
            greatest_shift_ = std::max(greatest_shift_, mixture.shifts[i]);
            if (mixture.shifts[i] == 0.0) null_ += mixture.probabilities[i];
        }
    }

    [[nodiscard]] LossTails at(double loss) const noexcept override {
        const double z = threshold(loss) / mixture_.noise_multiplier;
        const TwoTails q = normal_tails(z);
        LossTails tails{0.0, 0.0, q.above, q.below};
        for (std::size_t i = 0; i < mixture_.shifts.size(); ++i) {
            const TwoTails p = normal_tails(z - mixture_.shifts[i] / mixture_.noise_multiplier);
            tails.p_above += mixture_.probabilities[i] * p.above;
            tails.p_below += mixture_.probabilities[i] * p.below;
        }
        return tails;
    }

    [[nodiscard]] LossRange range(double tail) const noexcept override {
        const double reach = normal_bound(tail) * mixture_.noise_multiplier;
        return {loss_at(-reach), loss_at(greatest_shift_ + reach)};
    }

  private:
    // The loss of an output, increasing in it.
    [[nodiscard]] double loss_at(double x) const noexcept {
        double most = -infinity;
        for (std::size_t i = 0; i < mixture_.shifts.size(); ++i) most = std::max(most, term(i, x));
        double sum = 0.0;
        for (std::size_t i = 0; i < mixture_.shifts.size(); ++i) sum += std::exp(term(i, x) - most);
        return most + std::log(sum);
    }

    [[nodiscard]] double term(std::size_t i, double x) const noexcept {
        const double s = mixture_.shifts[i];
        const double variance = mixture_.noise_multiplier * mixture_.noise_multiplier;
        return std::log(mixture_.probabilities[i]) + s * (2.0 * x - s) / (2.0 * variance);
    }

    // The output of that loss: bisection, after which P and Q are cut at one and the same place.
    [[nodiscard]] double threshold(double loss) const noexcept {
        if (greatest_shift_ == 0.0) return loss >= 0.0 ? infinity : -infinity;
        if (null_ > 0.0 && loss <= std::log(null_)) return -infinity;
        double low = -64.0 * mixture_.noise_multiplier;
        double high = greatest_shift_ + 64.0 * mixture_.noise_multiplier;
        if (loss_at(low) >= loss) return low;
        if (loss_at(high) <= loss) return high;
        for (int i = 0; i < 80 && high - low > 1e-16 * (std::fabs(low) + std::fabs(high)); ++i) {
            const double middle = 0.5 * (low + high);
            (loss_at(middle) < loss ? low : high) = middle;
        }
        return 0.5 * (low + high);
    }

    GaussianMixture mixture_;
    double greatest_shift_ = 0.0;
    double null_ = 0.0;
};

class AtomLaw final : public LossLaw {
  public:
    AtomLaw(std::span<const LossAtom> atoms, double infinite, double lattice)
        : atoms_(atoms.begin(), atoms.end()), infinite_(infinite), lattice_(lattice) {
        std::sort(atoms_.begin(), atoms_.end(), [](const LossAtom& a, const LossAtom& b) { return a.loss < b.loss; });
        const std::size_t n = atoms_.size();
        above_.resize(n + 1);
        below_.resize(n + 1);
        above_[n] = {infinite_, 0.0};
        double q_total = 0.0;
        for (const LossAtom& atom : atoms_) q_total += atom.probability * std::exp(-atom.loss);
        below_[0] = {0.0, std::max(0.0, 1.0 - q_total)};
        for (std::size_t i = 0; i < n; ++i) {
            const double q = atoms_[i].probability * std::exp(-atoms_[i].loss);
            below_[i + 1] = {below_[i].p + atoms_[i].probability, below_[i].q + q};
        }
        for (std::size_t i = n; i > 0; --i) {
            const double q = atoms_[i - 1].probability * std::exp(-atoms_[i - 1].loss);
            above_[i - 1] = {above_[i].p + atoms_[i - 1].probability, above_[i].q + q};
        }
    }

    [[nodiscard]] LossTails at(double loss) const noexcept override {
        const auto next = std::upper_bound(atoms_.begin(), atoms_.end(), loss,
                                           [](double value, const LossAtom& atom) { return value < atom.loss; });
        const auto i = static_cast<std::size_t>(next - atoms_.begin());
        return {above_[i].p, below_[i].p, above_[i].q, below_[i].q};
    }

    [[nodiscard]] LossRange range(double tail) const noexcept override {
        if (atoms_.empty()) return {0.0, 0.0};
        std::size_t first = 0;
        std::size_t last = atoms_.size() - 1;
        while (first < last && below_[first + 1].p <= tail) ++first;
        while (last > first && above_[last].p - infinite_ <= tail) --last;
        return {atoms_[first].loss, atoms_[last].loss};
    }

    [[nodiscard]] double infinite() const noexcept override { return infinite_; }
    [[nodiscard]] double lattice() const noexcept override { return lattice_; }

  private:
    struct Mass {
        double p;
        double q;
    };
    std::vector<LossAtom> atoms_;
    std::vector<Mass> above_;  // of the atoms from i on
    std::vector<Mass> below_;  // of the atoms before i
    double infinite_;
    double lattice_;
};

class SubsampledLaw final : public LossLaw {
  public:
    SubsampledLaw(std::shared_ptr<const LossLaw> base, double rate) : base_(std::move(base)), rate_(rate) {}

    [[nodiscard]] LossTails at(double loss) const noexcept override {
        const double threshold = base_loss(loss);
        if (threshold == -infinity) return {1.0, 0.0, 1.0, 0.0};
        const LossTails t = base_->at(threshold);
        return {(1.0 - rate_) * t.q_above + rate_ * t.p_above, (1.0 - rate_) * t.q_below + rate_ * t.p_below, t.q_above,
                t.q_below};
    }

    [[nodiscard]] LossRange range(double tail) const noexcept override {
        const LossRange inner = base_->range(tail);
        return {std::max(std::log1p(-rate_), loss(inner.least) - 64.0), loss(inner.greatest)};
    }

  private:
    // log(1 - rate + rate e^inner) and its inverse.
    [[nodiscard]] double loss(double inner) const noexcept {
        if (inner > 30.0) return inner + std::log(rate_) + std::log1p((1.0 - rate_) / rate_ * std::exp(-inner));
        return std::log1p(rate_ * std::expm1(inner));
    }
    [[nodiscard]] double base_loss(double loss) const noexcept {
        if (loss > 1.0) return loss + std::log1p(-(1.0 - rate_) * std::exp(-loss)) - std::log(rate_);
        const double inner = std::expm1(loss) / rate_;
        return inner <= -1.0 ? -infinity : std::log1p(inner);
    }

    std::shared_ptr<const LossLaw> base_;
    double rate_;
};

// At an output x the loss is log((1 - q + q e^((2x - 1) / 2v)) / (1 - q + q e^((-2x - 1) / 2v))), v = sigma^2.
class ReplacedGaussianLaw final : public LossLaw {
  public:
    ReplacedGaussianLaw(double sigma, double rate)
        : sigma_(sigma), rate_(rate), log_odds_(std::log1p(-rate) - std::log(rate)) {}

    [[nodiscard]] LossTails at(double loss) const noexcept override {
        const double z = threshold(loss) / sigma_;
        const TwoTails none = normal_tails(z), p = normal_tails(z - 1.0 / sigma_), q = normal_tails(z + 1.0 / sigma_);
        const double rest = 1.0 - rate_;
        return {rest * none.above + rate_ * p.above, rest * none.below + rate_ * p.below,
                rest * none.above + rate_ * q.above, rest * none.below + rate_ * q.below, most_roundings};
    }

    [[nodiscard]] LossRange range(double tail) const noexcept override {
        const double reach = normal_bound(tail) * sigma_;
        return {loss_at(-reach), loss_at(1.0 + reach)};
    }

  private:
    // The threshold is a difference of large numbers for small rates and large noise: 18 were seen at rate 1e-12.
    static constexpr double most_roundings = 32.0;

    [[nodiscard]] double loss_at(double x) const noexcept {
        const auto part = [&](double shift) {  // log(1 - q + q e^(...)), less log q
            const double exponent = shift * (2.0 * x - shift) / (2.0 * sigma_ * sigma_);
            return std::max(exponent, log_odds_) + std::log1p(std::exp(-std::fabs(exponent - log_odds_)));
        };
        return part(1.0) - part(-1.0);
    }

    // With u = e^(x/v), r = q e^(-1/2v) and R = e^loss: r u^2 - (1 - q)(R - 1) u - R r = 0, of which the root is
    // sqrt(R) e^(asinh k), k = (1 - q)/r sinh(loss / 2).
    [[nodiscard]] double threshold(double loss) const noexcept {
        const double half = 0.5 * std::fabs(loss);
        if (half == 0.0) return 0.0;
        const double variance = sigma_ * sigma_;
        const double log_sinh =
            half < 1.0 ? std::log(std::sinh(half)) : half + std::log(-0.5 * std::expm1(-2.0 * half));
        const double log_k = log_odds_ + 0.5 / variance + log_sinh;
        const double inverse = log_k > 40.0 ? log_k + std::numbers::ln2 : std::asinh(std::exp(log_k));
        return std::copysign(variance * (half + inverse), loss);
    }

    double sigma_;
    double rate_;
    double log_odds_;
};

// The loss is constant beyond -1 and 1, and grows between them: log((1 - q + q e^((2x - 1) / b)) / (1 - q + q
// e^(-1/b))) at x from 0 to 1.
class ReplacedLaplaceLaw final : public LossLaw {
  public:
    ReplacedLaplaceLaw(double scale, double rate)
        : scale_(scale),
          rate_(rate),
          // Without cancellation, for rates next to 1 and for rates next to 0.
          far_((1.0 - rate) + rate * std::exp(-1.0 / scale)),
          end_(std::log1p(rate * std::expm1(1.0 / scale)) -
               (rate < 0.5 ? std::log1p(rate * std::expm1(-1.0 / scale)) : std::log(far_))) {}

    [[nodiscard]] LossTails at(double loss) const noexcept override {
        if (loss >= end_) return {0.0, 1.0, 0.0, 1.0};
        if (loss < -end_) return {1.0, 0.0, 1.0, 0.0};
        const double z = threshold(loss);
        const TwoTails none = tails(z), p = tails(z - 1.0), q = tails(z + 1.0);
        const double rest = 1.0 - rate_;
        return {rest * none.above + rate_ * p.above, rest * none.below + rate_ * p.below,
                rest * none.above + rate_ * q.above, rest * none.below + rate_ * q.below, most_roundings};
    }

    [[nodiscard]] LossRange range(double) const noexcept override { return {-end_, end_}; }

  private:
    // The threshold is right to 7 + 1/b <= 27 roundings of the scale.
    static constexpr double most_roundings = 8.0;

    [[nodiscard]] TwoTails tails(double x) const noexcept {
        const double small = 0.5 * std::exp(-std::fabs(x) / scale_);
        return x > 0.0 ? TwoTails{small, 1.0 - small} : TwoTails{1.0 - small, small};
    }
    [[nodiscard]] double threshold(double loss) const noexcept {
        const double odds = std::exp(-1.0 / scale_) + far_ * std::expm1(std::fabs(loss)) / rate_;
        return std::copysign(std::clamp(0.5 * (1.0 + scale_ * std::log(odds)), 0.0, 1.0), loss);
    }

    double scale_, rate_, far_, end_;
};

class ChosenLaw final : public LossLaw {
  public:
    ChosenLaw(std::shared_ptr<const LossLaw> one, std::shared_ptr<const LossLaw> other, double probability)
        : one_(std::move(one)), other_(std::move(other)), probability_(probability) {}

    [[nodiscard]] LossTails at(double loss) const noexcept override {
        const LossTails a = one_->at(loss), b = other_->at(loss);
        return {mixed(a.p_above, b.p_above), mixed(a.p_below, b.p_below), mixed(a.q_above, b.q_above),
                mixed(a.q_below, b.q_below)};
    }
    [[nodiscard]] LossRange range(double tail) const noexcept override {
        const LossRange a = one_->range(tail), b = other_->range(tail);
        return {std::min(a.least, b.least), std::max(a.greatest, b.greatest)};
    }
    [[nodiscard]] double infinite() const noexcept override { return mixed(one_->infinite(), other_->infinite()); }
    [[nodiscard]] double lattice() const noexcept override {
        return one_->lattice() == other_->lattice() ? one_->lattice() : 0.0;
    }

  private:
    [[nodiscard]] double mixed(double one, double other) const noexcept {
        return (1.0 - probability_) * one + probability_ * other;
    }

    std::shared_ptr<const LossLaw> one_, other_;
    double probability_;
};

class ReversedLaw final : public LossLaw {
  public:
    explicit ReversedLaw(std::shared_ptr<const LossLaw> base) : base_(std::move(base)) {}

    [[nodiscard]] LossTails at(double loss) const noexcept override {
        const LossTails t = base_->at(-loss);
        return {t.q_below, t.q_above, t.p_below, t.p_above};
    }

    // The base's range is stated under its P; under Q it reaches as far as P does the other way.
    [[nodiscard]] LossRange range(double tail) const noexcept override {
        LossRange range = base_->range(tail);
        double step = 1.0;
        while (base_->at(range.least).q_below > tail && step < 1e6) {
            range.least -= step;
            step *= 2.0;
        }
        return {-range.greatest, -range.least};
    }

    [[nodiscard]] double lattice() const noexcept override { return base_->lattice(); }

  private:
    std::shared_ptr<const LossLaw> base_;
};

}  // namespace

std::unique_ptr<const LossLaw> gaussian_law(double sigma) {
    return std::make_unique<GaussianLaw>(sigma);
}

std::unique_ptr<const LossLaw> laplace_law(double scale) {
    return std::make_unique<LaplaceLaw>(scale);
}

std::unique_ptr<const LossLaw> mixture_law(const GaussianMixture& mixture) {
    return std::make_unique<MixtureLaw>(mixture);
}

std::unique_ptr<const LossLaw> atom_law(std::span<const LossAtom> atoms, double infinite, double lattice) {
    return std::make_unique<AtomLaw>(atoms, infinite, lattice);
}

std::unique_ptr<const LossLaw> subsampled_law(std::shared_ptr<const LossLaw> base, double rate) {
    return std::make_unique<SubsampledLaw>(std::move(base), rate);
}

std::unique_ptr<const LossLaw> replaced_gaussian_law(double sigma, double rate) {
    return std::make_unique<ReplacedGaussianLaw>(sigma, rate);
}

std::unique_ptr<const LossLaw> replaced_laplace_law(double scale, double rate) {
    return std::make_unique<ReplacedLaplaceLaw>(scale, rate);
}

std::unique_ptr<const LossLaw> chosen_law(std::shared_ptr<const LossLaw> one, std::shared_ptr<const LossLaw> other,
                                          double probability) {
    return std::make_unique<ChosenLaw>(std::move(one), std::move(other), probability);
}

std::unique_ptr<const LossLaw> reversed_law(std::shared_ptr<const LossLaw> base) {
    return std::make_unique<ReversedLaw>(std::move(base));
}

}  // namespace vedette::inline v0::privacy
