"""What a person is told when candles cannot be had.

VenueError
  CandlesRefused      the venue said no, twice, to a question that keeps every known rule
  CandlesUnavailable  the venue could not be reached, again and again
"""

from core.domain.errors import ConnectivityError, VenueError
from core.exchange.candles.intervals import Span, utc_text


class CandlesRefused(VenueError):
    """The venue refuses a window, and its halves.

    Attributes:
        symbol: The market.
        interval: The interval.
        span: The window in seconds UTC, as `startTime` and `endTime` said it.
        said: The venue's own words.
    """

    def __init__(self, symbol: str, interval: str, span: Span, said: str) -> None:
        self.symbol = symbol
        self.interval = interval
        self.span = span
        self.said = said
        super().__init__(
            "the venue refuses candles",
            f"{question(symbol, interval, span)}; it said: {said[:200]!r}",
            "Check the symbol and the range; the window was halved once already",
        )


class CandlesUnavailable(ConnectivityError):
    """No answer came, however often it was asked."""

    def __init__(self, question: str, attempts: int, said: str) -> None:
        self.attempts = attempts
        self.said = said
        super().__init__(
            "the venue gives no candles now",
            f"{question}; {attempts} attempts, the last said: {said[:200]!r}",
            "Try again later; what came so far is kept",
        )


def question(symbol: str, interval: str, span: Span) -> str:
    """Say what was asked, in UTC and in seconds."""
    return (
        f"asked for {interval} of {symbol} from {utc_text(span.start)} to {utc_text(span.stop)} "
        f"(startTime={span.start}, endTime={span.stop} in seconds)"
    )
