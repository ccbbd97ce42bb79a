"""The tables behind form tokens and budgets; they hold keyed hashes only, and are swept when they are old."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.foundation.database import Base


class SpentToken(Base):
    """A form token, or a solved puzzle, that was used: it counts once."""

    __tablename__ = "spent_token"

    hash: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(
        index=True
    )  # after that it would be refused as too old anyway


class FormCount(Base):
    """How many forms came from one place (a network, everybody) in one span of time."""

    __tablename__ = "form_count"

    key: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)  # keyed hash of the place
    begins_at: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]
