"""`newsletter subscribers export`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

import click

from newsletter.audience.exporting.files import ExportFormat, write_export
from newsletter.audience.exporting.rows import Wanted, attribute_names, exported_readers
from newsletter.cli.output import warn
from newsletter.cli.segments import segment_of
from newsletter.cli.subscribers import subscribers
from newsletter.foundation.errors import BadInput
from newsletter.wiring import open_installation


@subscribers.command()
@click.option("--list", "list_slug", help="Only those of one list, in whichever state.")
@click.option("--segment", "segment_slug", help="Only those of this segment.")
@click.option(
    "--format",
    "kind",
    type=click.Choice([kind.value for kind in ExportFormat]),
    help="Default: by the name of FILE, else csv.",
)
@click.option("--out", type=click.Path(path_type=Path), help="The file; without it, they go to stdout.")
def export(list_slug: str | None, segment_slug: str | None, kind: str | None, out: Path | None) -> None:
    """Export subscribers in columns that an import understands; nothing in them is taken for a formula.

    JSON keeps every value as it is, for programs. A file can be read by its owner only.
    """
    wanted_kind = ExportFormat(kind) if kind else _by_name(out)
    if out is None and wanted_kind is ExportFormat.XLSX and sys.stdout.isatty():
        raise BadInput("A workbook is nothing to read on a terminal; say --out FILE.xlsx.")
    installation = open_installation()
    with installation.database.read() as session:
        wanted = Wanted(list_slug, segment_of(session, installation, segment_slug))
        names = attribute_names(session)
        readers = exported_readers(session, wanted)
        with _opened(out) as octets:
            count = write_export(octets, wanted_kind, names, readers)
    warn(f"{count} subscribers exported{f' to {out}' if out else ''}.")


def _by_name(out: Path | None) -> ExportFormat:
    ending = out.suffix.lower().removeprefix(".") if out else ""
    return ExportFormat(ending) if ending in set(ExportFormat) else ExportFormat.CSV


@contextmanager
def _opened(out: Path | None) -> Iterator[IO[bytes]]:
    """Where to write: stdout, or a file that is there, whole and for its owner only, once the block has ended well."""
    if out is None:
        yield sys.stdout.buffer
        return
    with NamedTemporaryFile(dir=out.parent, prefix=f".{out.name}.", delete=False) as beside:
        try:
            yield beside
            beside.flush()
            os.replace(beside.name, out)
        except BaseException:
            Path(beside.name).unlink(missing_ok=True)
            raise
