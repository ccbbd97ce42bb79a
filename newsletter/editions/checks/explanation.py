"""What is said about a code, whatever it finds."""

from dataclasses import dataclass

from newsletter.foundation.sayings import Saying
from newsletter.rendering.problems import Level


@dataclass(frozen=True, slots=True)
class Explanation:
    """A code's usual level, why it matters to readers, and what to do about it."""

    level: Level
    why: Saying
    mend: Saying
