"""The table of saved segments."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.foundation.database import Base


class Segment(Base):
    """A filter that was given a name."""

    __tablename__ = "segment"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(60), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    filter: Mapped[str] = mapped_column(sa.Text)  # in the language of filters, as it was typed
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
