"""What an exchange was proved to do. No order goes to one that cannot prove an order's absence."""

import msgspec


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """Results of a conformance run of ours; what the library declares counts for nothing."""

    client_id_on_every_report: bool = False
    fill_history: bool = False
    open_order_query: bool = False
    evidence: tuple[str, ...] = ()
    """What was done and what was seen, line by line."""

    @property
    def missing(self) -> tuple[str, ...]:
        """What is not proved, in words."""
        proofs = {
            "own client id on every report": self.client_id_on_every_report,
            "fill history": self.fill_history,
            "open-order query": self.open_order_query,
        }
        return tuple(word for word, is_proved in proofs.items() if not is_proved)

    @property
    def may_place(self) -> bool:
        """Whether orders may be placed."""
        return not self.missing

    @property
    def reason(self) -> str:
        """Why orders may not be placed, empty if they may."""
        return f"not proved: {', '.join(self.missing)}" if self.missing else ""


UNPROVEN = Capabilities()
