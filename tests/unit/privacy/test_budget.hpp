// SPDX-License-Identifier: Apache-2.0
// A budget that adds up what is spent, and refuses beyond a limit.
#pragma once

#include <limits>

#include "vedette/core/error.hpp"
#include "vedette/privacy/release.hpp"

class TestBudget final : public vedette::privacy::ReleaseBudget {
  public:
    explicit TestBudget(double limit = std::numeric_limits<double>::infinity()) : limit_(limit) {}
    void spend(const vedette::privacy::Guarantee& loss) override {
        if (spent + loss.epsilon > limit_)
            throw vedette::Error(vedette::ErrorCode::budget_exhausted, "epsilon: the limit is passed");
        spent += loss.epsilon;
        delta += loss.delta;
    }
    double spent = 0.0, delta = 0.0;

  private:
    double limit_;
};

template <class Call>
vedette::ErrorCode code_of(Call&& call) {
    try {
        call();
    } catch (const vedette::Error& error) {
        return error.code();
    }
    return vedette::ErrorCode::internal;
}
