// SPDX-License-Identifier: Apache-2.0
// k-means++, k-means, and steps of expectation and maximisation.
#include "perturbation/mixture_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "perturbation/whitening.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr int most_means_iterations = 100;

// Indices of rows, each drawn with a probability in proportion to its squared distance from those before.
std::vector<Eigen::Index> draw_seeds(const Eigen::MatrixXd& rows, std::size_t components, Random& random) {
    const Eigen::Index n = rows.rows();
    std::vector<Eigen::Index> seeds{static_cast<Eigen::Index>(random.uniform() * static_cast<double>(n))};
    Eigen::VectorXd gaps = Eigen::VectorXd::Constant(n, std::numeric_limits<double>::infinity());
    while (seeds.size() < components) {
        for (Eigen::Index i = 0; i < n; ++i)
            gaps[i] = std::min(gaps[i], (rows.row(i) - rows.row(seeds.back())).squaredNorm());
        const double total = gaps.sum();
        if (!(total > 0.0))
            throw Error(ErrorCode::not_enough_data,
                        fmt::format("MixtureScore: {} distinct rows of {} components", seeds.size(), components));
        double left = random.uniform() * total;
        Eigen::Index drawn = n - 1;
        for (Eigen::Index i = 0; i < n; ++i) {
            left -= gaps[i];
            if (left >= 0.0) continue;
            drawn = i;
            break;
        }
        while (gaps[drawn] == 0.0) --drawn;  // where rounding has passed the last
        seeds.push_back(drawn);
    }
    return seeds;
}

// The nearest centre of each row; the first of equals.
void assign(const Eigen::MatrixXd& rows, const Eigen::MatrixXd& centres, std::vector<std::uint32_t>& labels) {
    for (Eigen::Index i = 0; i < rows.rows(); ++i) {
        double least = std::numeric_limits<double>::infinity();
        for (Eigen::Index c = 0; c < centres.rows(); ++c) {
            const double gap = (rows.row(i) - centres.row(c)).squaredNorm();
            if (gap >= least) continue;
            least = gap;
            labels[static_cast<std::size_t>(i)] = static_cast<std::uint32_t>(c);
        }
    }
}

// Means of rows by label; false where a component has none.
bool centres_of(const Eigen::MatrixXd& rows, std::span<const std::uint32_t> labels, Eigen::MatrixXd& centres) {
    std::vector<std::size_t> counts(static_cast<std::size_t>(centres.rows()));
    centres.setZero();
    for (std::size_t i = 0; i < labels.size(); ++i) {
        centres.row(labels[i]) += rows.row(static_cast<Eigen::Index>(i));
        ++counts[labels[i]];
    }
    for (std::size_t c = 0; c < counts.size(); ++c) {
        if (counts[c] == 0) return false;
        centres.row(static_cast<Eigen::Index>(c)) /= static_cast<double>(counts[c]);
    }
    return true;
}

class Maximisation {
  public:
    Maximisation(const Eigen::MatrixXd& rows, const MixtureScoreOptions& options) : rows_(rows), options_(options) {}

    // Of shares: a row per row, a column per component.
    [[nodiscard]] MixtureFit fit(const Eigen::MatrixXd& shares) const {
        const Eigen::Index components = shares.cols(), d = rows_.cols();
        const bool is_full = options_.covariance == MixtureCovariance::full;
        MixtureFit made;
        const Eigen::VectorXd mass =
            (shares.colwise().sum().array() + 10.0 * std::numeric_limits<double>::epsilon()).matrix().transpose();
        made.means.resize(components, d);
        if (!is_full) made.inverse_deviations.resize(components, d);
        const double whole = mass.sum();
        for (Eigen::Index c = 0; c < components; ++c) {
            made.means.row(c) = (shares.col(c).transpose() * rows_) / mass[c];
            const Eigen::MatrixXd centred = rows_.rowwise() - made.means.row(c);
            double constant =
                std::log(mass[c] / whole) - 0.5 * static_cast<double>(d) * std::log(2.0 * std::numbers::pi);
            if (is_full) {
                made.whitening.push_back(whiten(centred, shares.col(c), mass[c], c));
                constant += made.whitening.back().diagonal().array().log().sum();
            } else {
                const Eigen::RowVectorXd variances =
                    (shares.col(c).transpose() * centred.cwiseAbs2() / mass[c]).array() + options_.regularisation;
                if (!(variances.minCoeff() > 0.0)) refuse(c);
                made.inverse_deviations.row(c) = variances.array().sqrt().inverse().matrix();
                constant -= 0.5 * variances.array().log().sum();
            }
            made.constants.push_back(constant);
        }
        return made;
    }

  private:
    [[noreturn]] static void refuse(Eigen::Index component) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("MixtureScore: the covariance of component {} is singular: more regularisation, fewer "
                                "components or more rows are needed",
                                component));
    }
    [[nodiscard]] Eigen::MatrixXd whiten(const Eigen::MatrixXd& centred, const Eigen::VectorXd& shares, double mass,
                                         Eigen::Index component) const {
        Eigen::MatrixXd covariance = centred.transpose() * (shares.asDiagonal() * centred) / mass;
        covariance.diagonal().array() += options_.regularisation;
        bool is_lower_triangle = false;
        Eigen::MatrixXd whitening = whitening_of(covariance, 0, is_lower_triangle);
        if (!is_lower_triangle) refuse(component);
        return whitening;
    }

    const Eigen::MatrixXd& rows_;
    const MixtureScoreOptions& options_;
};

// Log densities become shares; the mean log-likelihood.
double expect(const Eigen::MatrixXd& rows, const MixtureFit& fit, Eigen::MatrixXd& shares) {
    for (Eigen::Index c = 0; c < shares.cols(); ++c) {
        const Eigen::MatrixXd centred = rows.rowwise() - fit.means.row(c);
        const double constant = fit.constants[static_cast<std::size_t>(c)];
        const Eigen::MatrixXd scaled =
            fit.whitening.empty() ? Eigen::MatrixXd(centred * fit.inverse_deviations.row(c).asDiagonal())
                                  : Eigen::MatrixXd(centred * fit.whitening[static_cast<std::size_t>(c)].transpose());
        shares.col(c) = constant - 0.5 * scaled.rowwise().squaredNorm().array();
    }
    double sum = 0.0;
    for (Eigen::Index i = 0; i < shares.rows(); ++i) {
        const double top = shares.row(i).maxCoeff();
        const double total = top + std::log((shares.row(i).array() - top).exp().sum());
        shares.row(i) = (shares.row(i).array() - total).exp();
        sum += total;
    }
    return sum / static_cast<double>(shares.rows());
}

}  // namespace

std::vector<std::uint32_t> start_mixture(const Eigen::MatrixXd& rows, std::size_t components, std::uint64_t seed) {
    Random random(seed);
    const std::vector<Eigen::Index> seeds = draw_seeds(rows, components, random);
    Eigen::MatrixXd centres(static_cast<Eigen::Index>(components), rows.cols());
    for (std::size_t c = 0; c < components; ++c) centres.row(static_cast<Eigen::Index>(c)) = rows.row(seeds[c]);
    std::vector<std::uint32_t> labels(static_cast<std::size_t>(rows.rows()));
    assign(rows, centres, labels);
    std::vector<std::uint32_t> next = labels;
    for (int turn = 0; turn < most_means_iterations; ++turn) {
        // A component that lost its rows ends it, with the labels that still had all.
        if (!centres_of(rows, next, centres)) break;
        labels = next;
        assign(rows, centres, next);
        if (next == labels) break;
    }
    return labels;
}

MixtureFit fit_mixture(const Eigen::MatrixXd& rows, std::span<const std::uint32_t> start,
                       const MixtureScoreOptions& options) {
    Eigen::MatrixXd shares = Eigen::MatrixXd::Zero(rows.rows(), static_cast<Eigen::Index>(options.components));
    for (std::size_t i = 0; i < start.size(); ++i) shares(static_cast<Eigen::Index>(i), start[i]) = 1.0;
    const Maximisation maximisation(rows, options);
    MixtureFit fit = maximisation.fit(shares);
    double before = -std::numeric_limits<double>::infinity();
    for (std::size_t turn = 0; turn < options.most_iterations && !fit.converged; ++turn) {
        const double now = expect(rows, fit, shares);
        fit = maximisation.fit(shares);
        fit.converged = std::abs(now - before) < options.tolerance;
        before = now;
    }
    return fit;
}

}  // namespace vedette::inline v0::perturbation
