"""A puzzle that costs a program a second of its time for each form, and a person none: her browser solves it while she types.

The form token is the puzzle: find a number such that SHA-256 of "token:number" begins with `BITS` zero bits. So a
solution holds for one site, one form, an hour, and once (the token is spent with it); no further store is needed
(threat T29).
"""

import hashlib
import re

BITS = 16
_NUMBER = re.compile(r"[0-9]{1,12}\Z")


def is_solved(token: str, solution: str) -> bool:
    """Whether the number solves the puzzle of this token."""
    if not _NUMBER.match(solution):
        return False
    digest = hashlib.sha256(f"{token}:{solution}".encode()).digest()
    return int.from_bytes(digest, "big") >> (len(digest) * 8 - BITS) == 0
