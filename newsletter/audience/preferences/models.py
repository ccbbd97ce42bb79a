"""The tables of links that were mailed to readers so that they can change what we know of them."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.foundation.database import Base
from newsletter.foundation.signing import random_name


class PreferencesLink(Base):
    """A link that opens one reader's preferences for a short while."""

    __tablename__ = "preferences_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    # The token is made from this name and the secret (`Keyring.one_time_token`); only its hash is kept.
    public_name: Mapped[bytes] = mapped_column(sa.LargeBinary(12), default=random_name)
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    subscriber_id: Mapped[int] = mapped_column(sa.ForeignKey("subscriber.id"), index=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    # Of the mail that brought the link: evidence for a list that she joins through it.
    message_id: Mapped[str] = mapped_column(sa.String(255), default="", server_default="")


class PreferencesRequest(Base):
    """An address that somebody typed to get such a link; kept until the job that considers it has done so."""

    __tablename__ = "preferences_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(sa.String(320))
    address_key: Mapped[bytes] = mapped_column(sa.LargeBinary(16), index=True)
    requested_at: Mapped[datetime]
    # The link that was made for it, once it was decided to mail one.
    link_id: Mapped[int | None] = mapped_column(sa.ForeignKey("preferences_link.id", ondelete="CASCADE"))
