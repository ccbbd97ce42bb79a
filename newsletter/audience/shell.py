"""What is left of a person's row when she was erased, or became one with another (docs/decisions/0016)."""

import os
from datetime import datetime

from newsletter.audience.models import LanguageOrigin, Subscriber

_KEY_BYTES = 16


def empty_row(gone: Subscriber, now: datetime) -> None:
    """Leaves of a row nothing but its number, which old mailings count with."""
    gone.address, gone.address_lower = "", f"erased-{gone.id}"
    gone.address_key = os.urandom(_KEY_BYTES)
    gone.name = gone.first_name = ""
    gone.languages, gone.language_origin, gone.reads_both = (), LanguageOrigin.GUESS, False
    gone.attributes = {}
    gone.paused_until = None
    gone.created_at = gone.erased_at = gone.updated_at = now
