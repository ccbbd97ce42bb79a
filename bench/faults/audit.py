"""The audit: what the receiving server wrote down, against what the ledger says of each reader."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from newsletter.foundation.database import Database
from newsletter.mailing.ledger import DOUBT

_UNHEARD = "handed over whole, then no answer"
_OPEN = ("pending", "attempting", "deferred", "waiting")


@dataclass
class Audit:
    """What came of a mailing. `doubled`, `missed` and `contradicted` must be empty."""

    readers: int
    accepted_by_server: int
    states: dict[str, int]
    doubled: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)  # nobody knows of them, or nobody came to them
    contradicted: list[str] = field(default_factory=list)  # the ledger says something else than the server
    doubts_of_broken_runs: int = 0
    doubts_of_hang_ups: int = 0
    unexplained: list[str] = field(default_factory=list)  # in doubt, and nobody knows why
    arrived_of_doubts: int = 0
    late_seconds: list[float] = field(default_factory=list)  # acceptances after their reader had left

    @property
    def is_clean(self) -> bool:
        """Whether nobody was missed, nobody mailed twice, and every doubt has its reason."""
        return not (self.doubled or self.missed or self.contradicted or self.unexplained)

    def lines(self) -> list[str]:
        """The figures, one a line."""
        return [
            f"readers               {self.readers:>9,}",
            f"accepted by the server{self.accepted_by_server:>9,}",
            f"doubled               {len(self.doubled):>9,}  {self.doubled[:3]}",
            f"missed                {len(self.missed):>9,}  {self.missed[:3]}",
            f"ledger against server {len(self.contradicted):>9,}  {self.contradicted[:3]}",
            f"in doubt, run broken  {self.doubts_of_broken_runs:>9,}",
            f"in doubt, hung up on  {self.doubts_of_hang_ups:>9,}",
            f"in doubt, unexplained {len(self.unexplained):>9,}  {self.unexplained[:3]}",
            f"of these had arrived  {self.arrived_of_doubts:>9,}",
            f"accepted after leaving{len(self.late_seconds):>9,}  at most {max(self.late_seconds, default=0):.2f} s after",
            f"ledger                {self.states}",
        ]


def audit(
    database: Database,
    log: Path,
    left_at: Mapping[str, float] | None = None,
    *,
    with_cut_hosts: bool = False,
) -> Audit:
    """Compares them. `left_at` is when the leaving of readers was committed: address -> seconds since 1970.

    `with_cut_hosts`: an answer may have been lost on the way, of which the server knows nothing.
    """
    accepted: Counter[str] = Counter()
    hung_up: set[str] = set()
    late = []
    for line in log.read_text("ascii").splitlines():
        what, moment, recipient, _identity = line.split(" ", 3)
        if what == "H":
            hung_up.add(recipient)
            continue
        accepted[recipient] += 1
        if left_at and recipient in left_at and float(moment) > left_at[recipient]:
            late.append(float(moment) - left_at[recipient])
    with database.read() as session:
        rows = session.execute(
            sa.text(
                "SELECT address, state, reply_text FROM delivery JOIN subscriber ON subscriber.id = subscriber_id"
            )
        ).all()
    found = Audit(len(rows), sum(accepted.values()), dict(Counter(row.state for row in rows)))
    found.doubled = [recipient for recipient, count in accepted.items() if count > 1]
    found.late_seconds = sorted(late)
    for address, state, words in rows:
        count = accepted.get(address, 0)
        if state in _OPEN:
            found.missed.append(f"{address} {state}")
        elif state == "in_doubt":
            found.arrived_of_doubts += count
            if words == DOUBT:
                found.doubts_of_broken_runs += 1
            elif address in hung_up or (with_cut_hosts and words.startswith(_UNHEARD)):
                found.doubts_of_hang_ups += 1
            else:
                found.unexplained.append(f"{address} {words}")
        elif (state == "accepted") != (count > 0):
            found.contradicted.append(f"{address} {state} {count}")
    return found
