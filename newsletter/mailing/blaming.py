"""When servers' answers mean that the sending must stop: they blame the sender, and more mail would only make it worse."""

from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto

from newsletter.mailing.domains import OTHER
from newsletter.transport.outcome import Outcome, Verdict

# So many answers out of so many that blame the sender, and it stops.
_BLAMED_MAX = 3
_BLAMED_OF = 50


class Stop(Enum):
    """How much an answer makes stop."""

    NOTHING = auto()
    GROUP = auto()  # what goes to the domains of the group that it came from
    EVERYTHING = auto()


@dataclass(slots=True)
class _Blame:
    """Whether the last answers blame the sender too often."""

    count: int = 0
    _blamed_at: deque[int] = field(default_factory=lambda: deque(maxlen=_BLAMED_MAX))

    def note(self, is_blamed: bool) -> bool:
        """Notes one answer; True where it is the third within fifty that blames."""
        self.count += 1
        if not is_blamed:
            return False
        self._blamed_at.append(self.count)
        return len(self._blamed_at) == _BLAMED_MAX and self.count - self._blamed_at[0] < _BLAMED_OF


class Blaming:
    """What the answers of one run blame on the sender: with one group of domains, or wherever they come from."""

    def __init__(self) -> None:
        self._of_group: dict[str, _Blame] = {}
        self._of_content = _Blame()
        self._held_back: set[str] = set()
        self.to_hold: dict[str, str] = {}
        """The groups that are to be held back and are not yet, with a server's words."""
        self.everything_by = ""
        """The words of a server that made everything stop; "" for none."""

    def expect(self, group: str) -> None:
        """Says that answers from this group will come."""
        self._of_group.setdefault(group, _Blame())

    def note_accepted(self, group: str) -> None:
        """Notes that a message to this group was accepted."""
        self._of_content.count += 1
        self._of_group[group].count += 1

    def note(self, group: str, outcome: Outcome) -> Stop:
        """Notes any other answer from this group; what it makes stop that went on until now."""
        is_everything = self._of_content.note(outcome.verdict is Verdict.CONTENT_REFUSED)
        is_blamed = self._of_group[group].note(outcome.verdict is Verdict.BLOCKED)
        is_group = is_blamed and group not in self._held_back
        if is_group:
            self._held_back.add(group)
            self.to_hold[group] = outcome.text
            # The other domains have many providers, and two groups have more in common than chance: then it is us.
            is_everything |= group == OTHER or len(self._held_back) > 1
        if is_everything and not self.everything_by:
            self.everything_by = outcome.text
            return Stop.EVERYTHING
        return Stop.GROUP if is_group else Stop.NOTHING

    def take_to_hold(self) -> dict[str, str]:
        """`to_hold`, which is empty then."""
        taken, self.to_hold = self.to_hold, {}
        return taken
