"""Where an order of ours stands in the queue at its price, estimated from public data alone.

A book by price tells no queue. What is known for sure: nobody joins before us, prints at our price
take from the front, and no more can stand before us than the level holds. Whether a withdrawal came
from before or from behind us is not known.

Source: Rigtorp (2013), "Estimating order queue position", with the cautious choice of the two he
names: a withdrawal is taken to come from behind us for as long as the level's size allows it. So
the estimate is an upper bound, never a promise.
"""


def ahead_when_accepted(size_when_sent: int, size_now: int, leaves: int) -> int:
    """Return the size that may stand before an order just accepted.

    Size that joined while the order travelled counts as before us. Where the level grew by at least
    our own size, our order is taken to be in it already and is left out.

    Args:
        size_when_sent: Size of the level when the order left, units of 10^-10.
        size_now: Size of the level when the acceptance came.
        leaves: Our own size.
    """
    return size_now - leaves if size_now - size_when_sent >= leaves else size_now


def ahead_after_print(ahead: int, traded: int) -> int:
    """Return what stands before us after a print at our price: the front of the queue is gone."""
    return max(0, ahead - traded)


def ahead_after_change(ahead: int, size_now: int) -> int:
    """Return what stands before us after the level changed: never more than it holds."""
    return min(ahead, size_now)
