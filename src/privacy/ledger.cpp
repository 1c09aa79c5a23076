// SPDX-License-Identifier: Apache-2.0
// Budgets, reservations and what is left, replayed from the log.
#include "vedette/privacy/ledger.hpp"

#include <cmath>
#include <cstring>
#include <map>
#include <mutex>
#include <unordered_map>

#include "privacy/ledger_log.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {
namespace {

constexpr double largest_loss = 0x1p23;
constexpr std::size_t longest_name = 255;

[[noreturn]] void refuse(const std::string& what) {
    throw Error(ErrorCode::corrupt_data, "the ledger " + what);
}

void check_parts(double loss, double delta) {
    if (!(loss >= 0.0 && loss <= largest_loss))
        throw Error(ErrorCode::invalid_argument, "loss is " + std::to_string(loss) + ", must be in [0, 2^23]");
    if (!(delta >= 0.0 && delta <= 1.0))
        throw Error(ErrorCode::invalid_argument, "delta is " + std::to_string(delta) + ", must be in [0, 1]");
}

class Writer {
  public:
    template <class T>
    Writer& number(T value) {
        const auto* bytes = reinterpret_cast<const std::byte*>(&value);
        bytes_.insert(bytes_.end(), bytes, bytes + sizeof value);
        return *this;
    }
    Writer& text(const std::string& text) {
        number(static_cast<std::uint8_t>(text.size()));
        const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
        bytes_.insert(bytes_.end(), bytes, bytes + text.size());
        return *this;
    }
    Writer& cost(const LedgerCost& cost) { return number(cost.loss).number(cost.delta); }
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

  private:
    std::vector<std::byte> bytes_;
};

class Reader {
  public:
    explicit Reader(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}
    template <class T>
    T number() {
        T value;
        const std::span<const std::byte> from = take(sizeof value);
        std::memcpy(&value, from.data(), sizeof value);
        return value;
    }
    std::string text() {
        const std::span<const std::byte> from = take(number<std::uint8_t>());
        return {reinterpret_cast<const char*>(from.data()), from.size()};
    }
    LedgerCost cost() {
        const auto loss = number<std::uint64_t>();
        return {loss, number<std::uint64_t>()};
    }
    void finish() const {
        if (!bytes_.empty()) refuse("has a record that is too long");
    }

  private:
    std::span<const std::byte> take(std::size_t count) {
        if (count > bytes_.size()) refuse("has a record that is too short");
        const std::span<const std::byte> taken = bytes_.first(count);
        bytes_ = bytes_.subspan(count);
        return taken;
    }
    std::span<const std::byte> bytes_;
};

bool fits(const LedgerCost& cost, const LedgerBalance& balance) noexcept {
    return cost.loss <= balance.budget.loss - balance.spent.loss &&
           cost.delta <= balance.budget.delta - balance.spent.delta;
}

void add(LedgerCost& to, const LedgerCost& cost) noexcept {
    to.loss += cost.loss;
    to.delta += cost.delta;
}

void subtract(LedgerCost& from, const LedgerCost& cost) noexcept {
    from.loss -= cost.loss;
    from.delta -= cost.delta;
}

LedgerRecordKind kind_of(LedgerMeasure measure) {
    switch (measure) {
        case LedgerMeasure::unnamed: return LedgerRecordKind::grant;
        case LedgerMeasure::epsilon: return LedgerRecordKind::grant_epsilon;
        case LedgerMeasure::rho: return LedgerRecordKind::grant_rho;
    }
    throw Error(ErrorCode::invalid_argument, "measure is none that there is");
}

LedgerMeasure measure_of(LedgerRecordKind kind) noexcept {
    if (kind == LedgerRecordKind::grant_epsilon) return LedgerMeasure::epsilon;
    return kind == LedgerRecordKind::grant_rho ? LedgerMeasure::rho : LedgerMeasure::unnamed;
}

bool agree(LedgerMeasure a, LedgerMeasure b) noexcept {
    return a == b || a == LedgerMeasure::unnamed || b == LedgerMeasure::unnamed;
}

const char* words_of(LedgerMeasure measure) noexcept {
    return measure == LedgerMeasure::rho ? "rho" : "epsilon";
}

bool overlap(const LedgerPeriod& a, const LedgerPeriod& b) noexcept {
    return a.from < b.until && b.from < a.until;
}

}  // namespace

LedgerCost LedgerCost::of(double loss, double delta) {
    check_parts(loss, delta);
    return {static_cast<std::uint64_t>(std::ceil(loss * loss_units)),
            static_cast<std::uint64_t>(std::ceil(delta * delta_units))};
}

LedgerCost LedgerCost::budget(double loss, double delta) {
    check_parts(loss, delta);
    return {static_cast<std::uint64_t>(loss * loss_units), static_cast<std::uint64_t>(delta * delta_units)};
}

class Ledger::State {
  public:
    State(std::unique_ptr<LedgerStorage> storage, const LedgerOptions& options)
        : log_(std::move(storage), options), wanted_(options.at_least) {
        passed_ = !wanted_ || (wanted_->sequence == 0 && wanted_->digest == log_.head().digest);
        const Turn turn(*this);
        if (!passed_) refuse("has not come past the head that it must have");
    }

    // One caller at a time, of this object and of the file, who has read what all others have written.
    class Turn {
      public:
        explicit Turn(State& state) : state_(state), guard_(state.mutex_) {
            if (state.failed_) throw Error(ErrorCode::io_error, "the ledger failed to write before: open it again");
            state.log_.storage().lock();
            try {
                state.log_.refresh([&](const LedgerRecord& record) { state.apply(record); });
            } catch (...) {
                state.failed_ = true;
                state.log_.storage().unlock();
                throw;
            }
        }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn() { state_.log_.storage().unlock(); }

      private:
        State& state_;
        std::lock_guard<std::mutex> guard_;
    };

    std::uint64_t write(LedgerRecordKind kind, const Writer& payload, bool promised) {
        failed_ = true;  // until all of it is done
        const std::uint64_t sequence = log_.append(kind, payload.bytes(), promised);
        apply({kind, sequence, payload.bytes(), log_.head().digest});
        failed_ = false;
        return sequence;
    }

    // The budget that is valid at `now`, and allows the cost.
    std::uint64_t find_budget(const LedgerAccount& account, const LedgerCost& cost, std::int64_t now,
                              LedgerMeasure measure) const {
        if (cost == LedgerCost{})
            throw Error(ErrorCode::invalid_argument, "a release that costs nothing needs no ledger");
        const auto found = accounts_.find(account);
        if (found != accounts_.end()) {
            for (const std::uint64_t grant : found->second) {
                const LedgerBalance& balance = grants_.at(grant);
                if (now < balance.period.from || now >= balance.period.until) continue;
                if (!agree(measure, balance.measure))
                    throw Error(ErrorCode::invalid_argument, describe(account) + " is kept in " +
                                                                 words_of(balance.measure) + ", the cost in " +
                                                                 words_of(measure));
                if (fits(cost, balance)) return grant;
                throw Error(ErrorCode::budget_exhausted, describe(account) + " has not enough left");
            }
        }
        throw Error(ErrorCode::budget_exhausted,
                    describe(account) + " has no budget that is valid at " + std::to_string(now));
    }

    void check_grant(const LedgerAccount& account, const LedgerPeriod& period, LedgerMeasure measure) const {
        for (const std::string* name : {&account.data_set, &account.principal, &account.purpose})
            if (name->size() > longest_name)
                throw Error(ErrorCode::invalid_argument,
                            "a name of the account has " + std::to_string(name->size()) + " bytes, may have 255");
        if (period.from >= period.until)
            throw Error(ErrorCode::invalid_argument, "the period from " + std::to_string(period.from) + " until " +
                                                         std::to_string(period.until) + " is empty");
        if (overlaps(account, period))
            throw Error(ErrorCode::invalid_argument, describe(account) + " has a budget for a part of that period");
        const auto found = accounts_.find(account);
        if (found == accounts_.end()) return;
        for (const std::uint64_t grant : found->second)
            if (const LedgerMeasure other = grants_.at(grant).measure; !agree(measure, other))
                throw Error(ErrorCode::invalid_argument, describe(account) + " is kept in " + words_of(other));
    }

    void require_open(std::uint64_t reservation) const {
        if (!open_.contains(reservation))
            throw Error(ErrorCode::invalid_argument, "reservation " + std::to_string(reservation) + " is not open");
    }

    [[nodiscard]] std::vector<LedgerBalance> balances(const LedgerAccount& account) const {
        std::map<std::int64_t, LedgerBalance> by_time;
        const auto found = accounts_.find(account);
        if (found != accounts_.end())
            for (const std::uint64_t grant : found->second) by_time[grants_.at(grant).period.from] = grants_.at(grant);
        std::vector<LedgerBalance> all;
        all.reserve(by_time.size());
        for (const auto& [from, balance] : by_time) all.push_back(balance);
        return all;
    }
    [[nodiscard]] std::vector<LedgerAccount> accounts() const {
        std::vector<LedgerAccount> all;
        all.reserve(accounts_.size());
        for (const auto& [account, grants] : accounts_) all.push_back(account);
        return all;
    }
    [[nodiscard]] std::vector<std::uint64_t> open_reservations() const {
        std::vector<std::uint64_t> all;
        all.reserve(open_.size());
        for (const auto& [reservation, what] : open_) all.push_back(reservation);
        return all;
    }
    [[nodiscard]] const LedgerHead& head() const noexcept { return log_.head(); }

  private:
    struct Reservation {
        std::uint64_t grant;
        LedgerCost cost;
    };

    static std::string describe(const LedgerAccount& account) {
        return "(" + account.data_set + ", " + account.principal + ", " + account.purpose + ")";
    }

    [[nodiscard]] bool overlaps(const LedgerAccount& account, const LedgerPeriod& period) const {
        const auto found = accounts_.find(account);
        if (found == accounts_.end()) return false;
        for (const std::uint64_t grant : found->second)
            if (overlap(grants_.at(grant).period, period)) return true;
        return false;
    }

    // A record that no ledger would write is a reason to refuse the file, whatever its digest.
    void apply(const LedgerRecord& record) {
        if (wanted_ && record.sequence == wanted_->sequence) passed_ = record.digest == wanted_->digest;
        Reader reader(record.payload);
        switch (record.kind) {
            case LedgerRecordKind::grant:
            case LedgerRecordKind::grant_epsilon:
            case LedgerRecordKind::grant_rho: {
                LedgerAccount account;
                account.data_set = reader.text();
                account.principal = reader.text();
                account.purpose = reader.text();
                LedgerBalance balance;
                balance.measure = measure_of(record.kind);
                balance.budget = reader.cost();
                balance.period.from = reader.number<std::int64_t>();
                balance.period.until = reader.number<std::int64_t>();
                if (balance.period.from >= balance.period.until || overlaps(account, balance.period))
                    refuse("has a grant for an impossible period");
                grants_[record.sequence] = balance;
                accounts_[std::move(account)].push_back(record.sequence);
                break;
            }
            case LedgerRecordKind::reserve:
            case LedgerRecordKind::spend: {
                const auto grant = reader.number<std::uint64_t>();
                const LedgerCost cost = reader.cost();
                const auto found = grants_.find(grant);
                if (found == grants_.end() || !fits(cost, found->second)) refuse("spends what was not granted");
                add(found->second.spent, cost);
                if (record.kind == LedgerRecordKind::reserve) open_[record.sequence] = {grant, cost};
                break;
            }
            case LedgerRecordKind::commit:
            case LedgerRecordKind::cancel: {
                const auto found = open_.find(reader.number<std::uint64_t>());
                if (found == open_.end()) refuse("closes a reservation that is not open");
                if (record.kind == LedgerRecordKind::cancel)
                    subtract(grants_.at(found->second.grant).spent, found->second.cost);
                open_.erase(found);
                break;
            }
        }
        reader.finish();
    }

    std::mutex mutex_;
    LedgerLog log_;
    std::optional<LedgerHead> wanted_;
    bool passed_ = false;
    bool failed_ = false;
    std::map<LedgerAccount, std::vector<std::uint64_t>> accounts_;
    std::unordered_map<std::uint64_t, LedgerBalance> grants_;
    std::map<std::uint64_t, Reservation> open_;
};

Ledger::Ledger(std::unique_ptr<State> state) : state_(std::move(state)) {}
Ledger::Ledger(Ledger&&) noexcept = default;
Ledger& Ledger::operator=(Ledger&&) noexcept = default;
Ledger::~Ledger() = default;

Ledger Ledger::create(std::unique_ptr<LedgerStorage> storage, const LedgerOptions& options) {
    LedgerLog::initialise(*storage, options);
    return open(std::move(storage), options);
}

Ledger Ledger::open(std::unique_ptr<LedgerStorage> storage, const LedgerOptions& options) {
    return Ledger(std::make_unique<State>(std::move(storage), options));
}

Ledger Ledger::create(const std::filesystem::path& path, const LedgerOptions& options) {
    return create(ledger_file(path, true), options);
}

Ledger Ledger::open(const std::filesystem::path& path, const LedgerOptions& options) {
    return open(ledger_file(path, false), options);
}

void Ledger::grant(const LedgerAccount& account, const LedgerCost& budget, const LedgerPeriod& period,
                   LedgerMeasure measure) {
    const LedgerRecordKind kind = kind_of(measure);
    const State::Turn turn(*state_);
    state_->check_grant(account, period, measure);
    state_->write(kind,
                  Writer()
                      .text(account.data_set)
                      .text(account.principal)
                      .text(account.purpose)
                      .cost(budget)
                      .number(period.from)
                      .number(period.until),
                  true);
}

std::uint64_t Ledger::reserve(const LedgerAccount& account, const LedgerCost& cost, std::int64_t now,
                              LedgerMeasure measure) {
    const State::Turn turn(*state_);
    const std::uint64_t grant = state_->find_budget(account, cost, now, measure);
    return state_->write(LedgerRecordKind::reserve, Writer().number(grant).cost(cost), true);
}

void Ledger::spend(const LedgerAccount& account, const LedgerCost& cost, std::int64_t now, LedgerMeasure measure) {
    const State::Turn turn(*state_);
    const std::uint64_t grant = state_->find_budget(account, cost, now, measure);
    state_->write(LedgerRecordKind::spend, Writer().number(grant).cost(cost), true);
}

void Ledger::commit(std::uint64_t reservation) {
    const State::Turn turn(*state_);
    state_->require_open(reservation);
    state_->write(LedgerRecordKind::commit, Writer().number(reservation), false);
}

void Ledger::cancel(std::uint64_t reservation) {
    const State::Turn turn(*state_);
    state_->require_open(reservation);
    state_->write(LedgerRecordKind::cancel, Writer().number(reservation), false);
}

std::vector<LedgerBalance> Ledger::balances(const LedgerAccount& account) {
    const State::Turn turn(*state_);
    return state_->balances(account);
}

std::vector<LedgerAccount> Ledger::accounts() {
    const State::Turn turn(*state_);
    return state_->accounts();
}

std::vector<std::uint64_t> Ledger::open_reservations() {
    const State::Turn turn(*state_);
    return state_->open_reservations();
}

LedgerHead Ledger::head() {
    const State::Turn turn(*state_);
    return state_->head();
}

}  // namespace vedette::inline v0::privacy
