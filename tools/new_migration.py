"""Writes a migration step from the difference between the models and a fresh database: `python tools/new_migration.py "words"`."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from newsletter.foundation.database import Database
from newsletter.migrations.upgrade import _config


def main(message: str) -> None:
    """Creates the step file; read it and tidy it before it is committed."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'scratch.db'}")
        with database.engine.begin() as connection:
            config = _config(connection)
            command.upgrade(config, "head")
            steps = len(list((Path(__file__).parents[1] / "newsletter/migrations/versions").glob("0*.py")))
            command.revision(config, message, autogenerate=True, rev_id=f"{steps + 1:04d}")
        database.close()


if __name__ == "__main__":
    main(sys.argv[1])
