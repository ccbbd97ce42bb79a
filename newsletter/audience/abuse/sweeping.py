"""Sweeps what nobody needs to remember any more: spent tokens that would be refused as too old anyway, budgets of days gone."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from newsletter.audience.abuse.models import FormCount, SpentToken
from newsletter.foundation.database import WriteSession

_COUNTS_KEPT = timedelta(days=2)


def sweep_abuse(session: WriteSession, now: datetime) -> int:
    """Deletes spent tokens that have expired and counts of past days; how many rows that were."""
    tokens = session.execute(
        sa.delete(SpentToken).where(SpentToken.expires_at <= now).returning(SpentToken.hash)
    ).all()
    counts = session.execute(
        sa.delete(FormCount).where(FormCount.begins_at < now - _COUNTS_KEPT).returning(FormCount.key)
    ).all()
    return len(tokens) + len(counts)
