"""Alembic's entry: runs the steps on the connection that `upgrade.py` hands over."""

from typing import Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from newsletter.foundation.database import LanguageList, UtcDateTime
from newsletter.wiring import METADATA


def _render_item(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """How a new step spells our own column types; states are plain text, so that a new one needs no step."""
    if kind != "type":
        return False
    match item:
        case UtcDateTime() | LanguageList():
            return f"{type(item).__name__}()"
        case sa.Enum():
            return f"sa.String(length={item.length})"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    render_item=_render_item,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
