// SPDX-License-Identifier: Apache-2.0
// Occlusion and Kernel SHAP: which coalitions are asked, and the weights that make contributions of their values.
#include "vedette/perturbation/explainer.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "perturbation/model_asker.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"

namespace vedette::inline v0::perturbation {

/// Contributions are linear in the values of coalitions, and their weights are known before any row is.
struct PredictionExplainer::Plan {
    std::vector<float> background;
    std::size_t background_count = 0;
    std::size_t width = 0;
    std::vector<std::uint32_t> players;  // of each feature
    std::size_t player_count = 0;
    /// The empty one first, then all players together, then the rest.
    std::vector<std::uint8_t> members;  // coalition x player
    std::size_t coalition_count = 0;
    std::vector<double> weights;  // coalition x player: of value(coalition) - value(empty)
    bool adds_up = false;         // to prediction - expected
    bool exact = true;

    [[nodiscard]] const std::uint8_t* coalition(std::size_t k) const noexcept { return &members[k * player_count]; }
    std::uint8_t* add_coalition(std::uint8_t value) {
        members.resize(members.size() + player_count, value);
        ++coalition_count;
        return &members[members.size() - player_count];
    }
};

namespace {

using Plan = PredictionExplainer::Plan;

constexpr std::size_t most_players = 1024;

void read_background(Plan& plan, MatrixView<float> background) {
    if (background.rows() == 0 || background.columns() == 0)
        throw Error(ErrorCode::not_enough_data, "explainer: no background row, or rows without a column");
    plan.width = background.columns();
    plan.background_count = background.rows();
    plan.background.reserve(capped_product(background.rows(), background.columns()));
    for (std::size_t i = 0; i < background.rows(); ++i)
        for (std::size_t j = 0; j < background.columns(); ++j) {
            if (!std::isfinite(background(i, j)))
                throw Error(ErrorCode::invalid_argument, "explainer: background row " + std::to_string(i) +
                                                             ", column " + std::to_string(j) + " is not finite");
            plan.background.push_back(background(i, j));
        }
}

void read_players(Plan& plan, std::span<const std::uint32_t> players) {
    if (players.empty()) {
        plan.players.resize(plan.width);
        std::iota(plan.players.begin(), plan.players.end(), 0U);
        plan.player_count = plan.width;
        return;
    }
    if (players.size() != plan.width)
        throw Error(ErrorCode::dimension_mismatch, "explainer: " + std::to_string(players.size()) + " players for " +
                                                       std::to_string(plan.width) + " columns");
    std::vector<bool> seen(plan.width);
    for (const std::uint32_t player : players) {
        if (player >= plan.width)
            throw Error(ErrorCode::invalid_argument,
                        "explainer: player " + std::to_string(player) + " is not numbered without gaps");
        seen[player] = true;
    }
    plan.player_count = static_cast<std::size_t>(*std::max_element(players.begin(), players.end())) + 1;
    for (std::size_t p = 0; p < plan.player_count; ++p)
        if (!seen[p])
            throw Error(ErrorCode::invalid_argument, "explainer: player " + std::to_string(p) + " has no column");
    plan.players.assign(players.begin(), players.end());
}

std::shared_ptr<Plan> begin_plan(MatrixView<float> background, const ExplainerOptions& options) {
    auto plan = std::make_shared<Plan>();
    read_background(*plan, background);
    read_players(*plan, options.players);
    plan->add_coalition(0);
    plan->add_coalition(1);
    return plan;
}

// Shapley's value as a sum over coalitions: S counts for its members (|S| - 1)! (M - |S|)! / M! and against all others
// |S|! (M - |S| - 1)! / M!.
void plan_all(Plan& plan) {
    const std::size_t count = plan.player_count;
    plan.members.reserve(count << count);
    for (std::size_t bits = 1; bits + 1 < std::size_t{1} << count; ++bits) {
        std::uint8_t* const members = plan.add_coalition(0);
        for (std::size_t p = 0; p < count; ++p) members[p] = (bits >> p & 1U) != 0 ? 1 : 0;
    }
    // 1 / (M binomial(M - 1, s)), of coalitions of size s without the player.
    std::vector<double> share(count);
    double binomial = 1.0;
    for (std::size_t s = 0; s < count; ++s) {
        share[s] = 1.0 / (static_cast<double>(count) * binomial);
        binomial *= static_cast<double>(count - 1 - s) / static_cast<double>(s + 1);
    }
    plan.weights.resize(plan.coalition_count * count);
    for (std::size_t k = 0; k < plan.coalition_count; ++k) {
        const std::uint8_t* const members = plan.coalition(k);
        const auto size = static_cast<std::size_t>(std::count(members, members + count, 1));
        for (std::size_t p = 0; p < count; ++p)
            plan.weights[k * count + p] = members[p] != 0 ? share[size - 1] : -share[size];
    }
}

// All coalitions of `size` players, and, unless they are those themselves, their complements.
void add_all_of_size(Plan& plan, std::size_t size, double weight, std::vector<double>& kernel) {
    const std::size_t count = plan.player_count;
    std::vector<std::size_t> chosen(size);
    std::iota(chosen.begin(), chosen.end(), std::size_t{0});
    for (;;) {
        std::uint8_t* members = plan.add_coalition(0);
        for (const std::size_t p : chosen) members[p] = 1;
        kernel.push_back(weight);
        if (2 * size != count) {
            members = plan.add_coalition(1);
            for (const std::size_t p : chosen) members[p] = 0;
            kernel.push_back(weight);
        }
        std::size_t i = size;
        while (i > 0 && chosen[i - 1] == count - size + i - 1) --i;
        if (i == 0) return;
        ++chosen[i - 1];
        for (; i < size; ++i) chosen[i] = chosen[i - 1] + 1;
    }
}

void add_drawn(Plan& plan, std::size_t pairs, std::size_t least_size, const std::vector<double>& size_weight,
               std::uint64_t seed, std::vector<double>& kernel) {
    const std::size_t count = plan.player_count;
    const double total =
        std::accumulate(size_weight.begin() + static_cast<std::ptrdiff_t>(least_size), size_weight.end(), 0.0);
    Random random(seed);
    std::vector<std::size_t> order(count);
    for (std::size_t pair = 0; pair < pairs; ++pair) {
        double left = random.uniform() * total;
        std::size_t size = least_size;
        while (size + 1 < size_weight.size() && left >= size_weight[size]) left -= size_weight[size++];
        std::iota(order.begin(), order.end(), std::size_t{0});
        for (std::size_t i = 0; i < size; ++i) {
            const auto step = static_cast<std::size_t>(random.uniform() * static_cast<double>(count - i));
            std::swap(order[i], order[std::min(i + step, count - 1)]);
        }
        std::uint8_t* members = plan.add_coalition(0);
        for (std::size_t i = 0; i < size; ++i) members[order[i]] = 1;
        members = plan.add_coalition(1);
        for (std::size_t i = 0; i < size; ++i) members[order[i]] = 0;
        for (int i = 0; i < 2; ++i) kernel.push_back(total / static_cast<double>(2 * pairs));
    }
}

// min over phi of sum of kernel (value - z phi)^2, sum of phi = value(all): phi = A^-1 b + A^-1 1 (value(all) - 1' A^-1
// b) / (1' A^-1 1), A = sum of kernel z z', b = sum of kernel z value; values less that of the empty coalition.
void solve_weights(Plan& plan, const std::vector<double>& kernel) {
    const auto count = static_cast<Eigen::Index>(plan.player_count);
    const auto asked = static_cast<Eigen::Index>(plan.coalition_count) - 2;
    Eigen::MatrixXd z(count, asked);
    for (Eigen::Index k = 0; k < asked; ++k)
        for (Eigen::Index p = 0; p < count; ++p)
            z(p, k) = plan.coalition(static_cast<std::size_t>(k) + 2)[static_cast<std::size_t>(p)];
    const Eigen::Map<const Eigen::VectorXd> omega(kernel.data(), asked);
    const Eigen::MatrixXd weighted = z * omega.asDiagonal();
    const Eigen::LLT<Eigen::MatrixXd> factor(weighted * z.transpose());
    if (factor.info() != Eigen::Success || !(factor.rcond() > 1e-12))
        throw Error(ErrorCode::invalid_argument, "kernel_shap: " + std::to_string(asked) + " coalitions do not tell " +
                                                     std::to_string(plan.player_count) + " players apart");
    const Eigen::VectorXd ones = factor.solve(Eigen::VectorXd::Ones(count));
    const Eigen::VectorXd spread = ones / ones.sum();
    Eigen::MatrixXd solved = factor.solve(weighted);
    const Eigen::RowVectorXd sums = solved.colwise().sum();
    solved.noalias() -= spread * sums;
    plan.weights.assign(plan.coalition_count * plan.player_count, 0.0);
    for (Eigen::Index p = 0; p < count; ++p) {
        plan.weights[plan.player_count + static_cast<std::size_t>(p)] = spread(p);
        for (Eigen::Index k = 0; k < asked; ++k)
            plan.weights[(static_cast<std::size_t>(k) + 2) * plan.player_count + static_cast<std::size_t>(p)] =
                solved(p, k);
    }
}

void plan_some(Plan& plan, std::size_t budget, std::uint64_t seed) {
    const std::size_t count = plan.player_count, sizes = count / 2;
    if (budget < 2 * count)
        throw Error(ErrorCode::invalid_argument, "kernel_shap: " + std::to_string(budget) + " coalitions for " +
                                                     std::to_string(count) + " players, which need twice as many");
    // Of a size and that of the complements together: (M - 1)/(s (M - s)), twice where they differ.
    std::vector<double> size_weight(sizes + 1);
    for (std::size_t s = 1; s <= sizes; ++s)
        size_weight[s] = static_cast<double>(count - 1) / (static_cast<double>(s) * static_cast<double>(count - s)) *
                         (2 * s == count ? 1.0 : 2.0);
    std::vector<double> kernel;
    std::size_t size = 1;
    double subsets = static_cast<double>(count);  // of one size
    for (; size <= sizes; ++size) {
        const double both = subsets * (2 * size == count ? 1.0 : 2.0);
        const double left =
            std::accumulate(size_weight.begin() + static_cast<std::ptrdiff_t>(size), size_weight.end(), 0.0);
        // As many as random draws would spend on this size.
        if (both > static_cast<double>(budget) * size_weight[size] / left) break;
        add_all_of_size(plan, size, size_weight[size] / both, kernel);
        budget -= static_cast<std::size_t>(both);
        subsets *= static_cast<double>(count - size) / static_cast<double>(size + 1);
    }
    if (size <= sizes && budget >= 2) add_drawn(plan, budget / 2, size, size_weight, seed, kernel);
    plan.exact = false;
    solve_weights(plan, kernel);
}

}  // namespace

PredictionExplainer::PredictionExplainer(std::shared_ptr<const Plan> plan) noexcept : plan_(std::move(plan)) {}

PredictionExplainer PredictionExplainer::occlusion(MatrixView<float> background, const ExplainerOptions& options) {
    const std::shared_ptr<Plan> plan = begin_plan(background, options);
    const std::size_t count = plan->player_count;
    if (count > std::size_t{1} << 14U)
        throw Error(ErrorCode::invalid_argument, "occlusion: more than 16384 players; make groups of features");
    plan->weights.assign((count + 2) * count, 0.0);
    for (std::size_t p = 0; p < count; ++p) {
        plan->add_coalition(1)[p] = 0;
        plan->weights[count + p] = 1.0;
        plan->weights[(p + 2) * count + p] = -1.0;
    }
    return PredictionExplainer(plan);
}

PredictionExplainer PredictionExplainer::kernel_shap(MatrixView<float> background, const ExplainerOptions& options) {
    const std::shared_ptr<Plan> plan = begin_plan(background, options);
    if (plan->player_count > most_players)
        throw Error(ErrorCode::invalid_argument, "kernel_shap: " + std::to_string(plan->player_count) +
                                                     " players are more than 1024; make groups of features");
    plan->adds_up = true;
    const bool all = plan->player_count <= 20 && (std::size_t{1} << plan->player_count) - 2 <= options.most_coalitions;
    if (all)
        plan_all(*plan);
    else
        plan_some(*plan, options.most_coalitions, options.seed);
    return PredictionExplainer(plan);
}

std::size_t PredictionExplainer::width() const noexcept {
    return plan_->width;
}
std::size_t PredictionExplainer::player_count() const noexcept {
    return plan_->player_count;
}
std::size_t PredictionExplainer::coalition_count() const noexcept {
    return plan_->coalition_count;
}
bool PredictionExplainer::is_exact() const noexcept {
    return plan_->exact;
}

std::size_t PredictionExplainer::workspace_size(const PredictModel& model) const noexcept {
    return batch_size(model);
}

Explanation PredictionExplainer::explain(std::span<const float> row, std::uint32_t label,
                                         std::span<double> contributions, const PredictModel& model,
                                         std::span<float> workspace) const noexcept {
    const Plan& plan = *plan_;
    Answer answer;
    answer.status = check_question(row, plan.width, model, workspace.size(), workspace_size(model));
    if (answer.status == AnswerStatus::answered && label >= model.classes) answer.status = AnswerStatus::invalid_model;
    if (answer.status == AnswerStatus::answered && contributions.size() != plan.player_count)
        answer.status = AnswerStatus::invalid_row;
    if (answer.status == AnswerStatus::answered) {
        std::fill(contributions.begin(), contributions.end(), 0.0);
        const auto rows = static_cast<double>(plan.background_count);
        double empty = 0.0, full = 0.0, sum = 0.0;
        const bool answered = ask(
            model, plan.coalition_count * plan.background_count, workspace.data(), answer,
            [&](std::size_t k, std::span<float> copy) {
                const std::uint8_t* const members = plan.coalition(k / plan.background_count);
                const float* const other = &plan.background[k % plan.background_count * plan.width];
                for (std::size_t j = 0; j < plan.width; ++j)
                    copy[j] = members[plan.players[j]] != 0 ? row[j] : other[j];
            },
            [&](std::size_t k, std::span<const float> probabilities) {
                const std::size_t coalition = k / plan.background_count, place = k % plan.background_count;
                sum = place == 0 ? 0.0 : sum;
                sum += static_cast<double>(probabilities[label]);
                if (place + 1 < plan.background_count) return;
                const double value = sum / rows;
                if (coalition == 0) empty = value;
                if (coalition == 1) full = value;
                const double* const weights = &plan.weights[coalition * plan.player_count];
                for (std::size_t p = 0; p < plan.player_count; ++p)
                    contributions[p] += weights[p] * (plan.adds_up ? value - empty : value);
            });
        if (answered) {
            if (plan.adds_up) {
                // What rounding left over goes to the largest.
                double left = full - empty;
                for (const double x : contributions) left -= x;
                *std::max_element(contributions.begin(), contributions.end(),
                                  [](double a, double b) { return std::fabs(a) < std::fabs(b); }) += left;
            }
            return {answer.status, 0, answer.queries, full, empty};
        }
    }
    std::fill(contributions.begin(), contributions.end(), std::numeric_limits<double>::quiet_NaN());
    Explanation explanation;
    explanation.status = answer.status;
    explanation.callback_status = answer.callback_status;
    explanation.queries = answer.queries;
    return explanation;
}

}  // namespace vedette::inline v0::perturbation
