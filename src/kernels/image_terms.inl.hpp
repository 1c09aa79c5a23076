// SPDX-License-Identifier: Apache-2.0
// Networks of minima and maxima for medians, alike for vectors and single values. Included once per namespace.

// Third smallest of (a, b) and (c, d).
template <class Order, class V>
inline __attribute__((always_inline)) V upper_median4(V a, V b, V c, V d) noexcept {
    const V low = Order::max(Order::min(a, b), Order::min(c, d)), high = Order::min(Order::max(a, b), Order::max(c, d));
    return Order::max(low, high);
}

template <class V>
struct SortedThree {
    V low, middle, high;
};

template <class Order, class V>
inline __attribute__((always_inline)) SortedThree<V> sort_three(V a, V b, V c) noexcept {
    const V low = Order::min(a, b), high = Order::max(a, b);
    const V rest = Order::min(high, c);
    return {Order::min(low, rest), Order::max(low, rest), Order::max(high, c)};
}

// The median of nine is that of the greatest of the columns' least, the median of their middles and the least of their
// greatest.
template <class Order, class V>
inline __attribute__((always_inline)) V median9(const SortedThree<V>& a, const SortedThree<V>& b,
                                                const SortedThree<V>& c) noexcept {
    const V low = Order::max(Order::max(a.low, b.low), c.low);
    const V high = Order::min(Order::min(a.high, b.high), c.high);
    const V middle = Order::max(Order::min(a.middle, b.middle), Order::min(Order::max(a.middle, b.middle), c.middle));
    return Order::max(Order::min(low, high), Order::min(Order::max(low, high), middle));
}
