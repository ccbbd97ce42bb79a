"""Who would get what, before anything is sent."""

from newsletter.audience.models import MailingList
from newsletter.audience.queries import list_slugs
from newsletter.cli.output import warn, write_json, write_table
from newsletter.editions.freezing import render_now
from newsletter.editions.queries import edition_by_id, variant_names
from newsletter.foundation import clock
from newsletter.foundation.language import own_name
from newsletter.mailing.planning import Share, forecast, planned_readership
from newsletter.mailing.readership import Readership
from newsletter.wiring import Installation, masthead_of


def show_forecast(
    installation: Installation, edition_id: int, readership: Readership | None, as_json: bool
) -> None:
    """Who would get what, and who nothing and why."""
    with installation.database.read() as session:
        edition = edition_by_id(session, edition_id)
        masthead = masthead_of(installation, session.get_one(MailingList, edition.list_id))
        frozen = variant_names(session, [edition_id]).get(edition_id)
    names = frozen
    if names is None:
        rendering = render_now(installation.database, edition_id, masthead, clock.now())
        names = [item.variant for item in rendering.variants]
        for found in rendering.blocking:
            warn(f"blocks freezing: {found.line_in(installation.settings.staff_language)}")
    with installation.database.read() as session:
        readership = readership or planned_readership(session, edition, installation.settings.time_zone)
        shares = forecast(session, edition, names, now=clock.now(), readership=readership)
        slugs = list_slugs(session)
        lists = [slugs[list_id] for list_id in readership.list_ids]
    if as_json:
        whom = {"lists": lists, "filter": readership.filter}
        write_json({"edition": edition_id, **whom, "variants": names, "shares": shares})
        return
    count = sum(share.count for share in shares if share.variant)
    only = f", only where {readership.filter}" if readership.filter else ""
    write_table(
        f"Edition {edition_id} would go to {count} readers of {', '.join(lists)}{only}:",
        ["Readers", "They read", "They get", "Why not"],
        [
            (
                share.count,
                _they_read(share),
                share.variant or "nothing",
                share.skip_reason.value.replace("_", " ") if share.skip_reason else "",
            )
            for share in shares
        ],
        right=["Readers"],
    )


def _they_read(share: Share) -> str:
    names = ", ".join(own_name(tag) + (f" ({tag})" if "-" in tag else "") for tag in share.languages)
    return f"{names or 'not said'}{' — both' if share.reads_both else ''}"
