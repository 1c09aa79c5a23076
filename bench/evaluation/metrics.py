# SPDX-License-Identifier: Apache-2.0
"""What scores are judged by: higher is more anomalous; a score that cannot tell (NaN) is the most anomalous."""
import numpy as np
from scipy.stats import betabinom, rankdata


def whole(scores):
    return np.where(np.isnan(scores), np.inf, scores)


def auroc(benign, others):
    """Probability that one of the others is above a benign one, ties by half."""
    benign, others = whole(benign), whole(others)
    ranks = rankdata(np.concatenate([benign, others]))
    m, n = len(benign), len(others)
    return (ranks[m:].sum() - n * (n + 1) / 2) / (m * n)


def auroc_half_width(area, m, n):
    """Of a 99.9 % interval, by Hanley and McNeil (1982)."""
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = (area * (1 - area) + (n - 1) * (q1 - area**2) + (m - 1) * (q2 - area**2)) / (m * n)
    return 3.29 * np.sqrt(max(variance, 0.0))


def fpr95(benign, others):
    """Share of benign rows that are found by the highest threshold that finds 95 % of the others."""
    others = np.sort(whole(others))[::-1]
    threshold = others[int(np.ceil(0.95 * len(others))) - 1]
    return float(np.mean(whole(benign) >= threshold))


def false_alarm_band(calibrated, tested, level, outside=1e-3):
    """Between which shares of `tested` benign rows the false alarms of marginal conformal p-values lie but for
    `outside`: beta-binomial, of floor(level (n + 1)) of n + 1 places."""
    k = int(np.floor(level * (calibrated + 1) + 1e-9))
    if k == 0:
        return 0.0, 0.0
    law = betabinom(tested, k, calibrated + 1 - k)
    return law.ppf(outside / 2) / tested, law.ppf(1 - outside / 2) / tested


def check():
    """Fast, against plain counting and known cases."""
    random = np.random.default_rng(0)
    a, b = random.integers(0, 9, 50).astype(float), random.integers(2, 12, 40).astype(float)
    b[0] = np.nan
    c = np.where(np.isnan(b), np.inf, b)
    pairs = [(y > x) + 0.5 * (y == x) for x in a for y in c]
    assert abs(auroc(a, b) - np.mean(pairs)) < 1e-12
    best = min(np.mean(a >= t) for t in c if np.mean(c >= t) >= 0.95)
    assert abs(fpr95(a, b) - best) < 1e-12
    assert fpr95(np.zeros(5), np.ones(5)) == 0 and fpr95(np.ones(5), np.zeros(5)) == 1 and auroc(a, a) == 0.5
    low, high = false_alarm_band(999, 1000, 0.05)
    rates = []
    for _ in range(400):
        known = np.sort(random.random(999))
        p = (1 + 999 - np.searchsorted(known, random.random(1000))) / 1000
        rates.append(np.mean(p <= 0.05))
    assert abs(np.mean(rates) - 0.05) < 0.003 and np.mean([low <= rate <= high for rate in rates]) > 0.985
    assert false_alarm_band(50, 100, 0.01) == (0.0, 0.0)
    area = auroc_half_width(0.8, 100, 100)
    assert 0.08 < area < 0.13


if __name__ == "__main__":
    check()
    print("metrics agree with plain counting")
