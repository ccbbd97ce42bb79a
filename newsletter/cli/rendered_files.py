"""The variants of an edition as files: what is mailed, to look at before it is."""

from pathlib import Path

from newsletter.audience.models import MailingList
from newsletter.cli.editions import masthead_for_edition
from newsletter.cli.output import warn
from newsletter.cli.screenshots import PicturesNotTaken, find_chromium, write_pictures
from newsletter.editions.freezing import render_now
from newsletter.editions.models import RenderedEdition
from newsletter.editions.queries import edition_by_id, rendered_variants
from newsletter.editions.rules import languages_of
from newsletter.foundation import clock
from newsletter.foundation.errors import BadInput
from newsletter.foundation.merge import keep_blocks
from newsletter.foundation.signing import random_name
from newsletter.mailing.compose import Composer, merged
from newsletter.mailing.ledger import ClaimedDelivery
from newsletter.wiring import Installation, sender_of_list


def write_variants(installation: Installation, edition_id: int, folder: Path) -> list[Path]:
    """Writes DIR/<variant>.html, .txt, .eml and .mjml, as a reader without a name would get them; the paths."""
    variants = variants_of_edition(installation, edition_id)
    with installation.database.read() as session:
        edition = edition_by_id(session, edition_id)
        mailing_list = session.get_one(MailingList, edition.list_id)
    sender = sender_of_list(installation, mailing_list)
    composer = Composer(sender, variants, f"preview{edition_id}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"The folder {folder} cannot be made: {error.strerror}.") from error
    written = []
    for name, rendered in variants.items():
        reader = sample_reader(name)
        values = composer.values(reader, clock.now())
        files = {
            "html": merged(keep_blocks(rendered.html, "mail"), sender, values, is_html=True).encode(),
            "txt": merged(rendered.text, sender, values, is_html=False).encode(),
            "eml": composer.compiled(name).assemble(values),
            "mjml": rendered.mjml.encode(),
        }
        for ending, content in files.items():
            path = folder / f"{name}.{ending}"
            path.write_bytes(content)
            written.append(path)
    return written


def add_pictures(installation: Installation, edition_id: int, folder: Path) -> list[Path]:
    """Writes DIR/<variant>.png and DIR/sheet.png of what `write_variants` wrote there; the paths.

    Without Chromium, or where it fails, the reason goes to stderr and there are fewer paths.
    """
    chromium = find_chromium()
    if chromium is None:
        warn("no pictures: neither Chromium nor Chrome was found on this machine.")
        return []
    names = variants_of_edition(installation, edition_id)
    letters = {name: (folder / f"{name}.html").read_text("utf-8") for name in names}
    try:
        return write_pictures(chromium, letters, folder, installation.database)
    except PicturesNotTaken as error:
        warn(f"no pictures: {error}")
        return []


def variants_of_edition(installation: Installation, edition_id: int) -> dict[str, RenderedEdition]:
    """The frozen variants, or those that freezing would give now."""
    with installation.database.read() as session:
        frozen = rendered_variants(session, edition_id)
    if frozen:
        return frozen
    rendering = render_now(
        installation.database, edition_id, masthead_for_edition(installation, edition_id), clock.now()
    )
    for found in rendering.blocking:
        warn(f"this draft cannot be frozen yet: {found.line_in(installation.settings.staff_language)}")
    if not rendering.variants:
        raise BadInput(f"Edition {edition_id} has nothing to show in any of its languages.")
    return {item.variant: item.kept(edition_id) for item in rendering.variants}


def sample_reader(variant: str, address: str = "reader@example.org") -> ClaimedDelivery:
    """A reader who is on no list: her unsubscribe link is a true one and ends nothing."""
    return ClaimedDelivery(
        subscriber_id=0,
        variant=variant,
        address=address,
        name="",
        first_name="",
        subscription_name=random_name(),
        attempt_count=1,
    )


def test_mark(variant: str) -> str:
    """What the subject of a test mail begins with: "[TEST FR+EN] "."""
    return f"[TEST {'+'.join(languages_of(variant)).upper()}] "
