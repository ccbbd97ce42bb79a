"""The figures of mailings fit a terminal of 80 columns."""

import pytest

from newsletter.cli.mailings import show_report
from newsletter.mailing.models import MailingState
from newsletter.mailing.queries import Counts, MailingReport


def a_report(counts: Counts) -> MailingReport:
    return MailingReport(
        mailing_id=1,
        edition_id=1,
        state=MailingState.FINISHED,
        total=counts,
        by_variant={"fr": counts, "fr+en": counts},
        by_domain={"gmail.com": counts, "other": counts},
        held_back={},
        paused_because="",
        starts_at=None,
    )


def shown(report: MailingReport, capsys: pytest.CaptureFixture[str]) -> list[str]:
    show_report(report)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_report_with_every_figure_fits_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    many = Counts(700_000, 100_000, 0, 100_000, 100_000, 100_000, 100_000, 100_000)
    lines = shown(a_report(many), capsys)
    assert [line for line in lines if len(line) > 80] == []
    [heads] = [line.split() for line in lines if line.startswith(" Variant")]
    assert heads == [
        "Variant", "Planned", "Accepted", "Rejected", "off", "up", "doubt", "Pending",
    ]  # fmt: skip


def test_report_leaves_out_figures_that_are_nought_everywhere(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(a_report(Counts(planned=2, accepted=0, rejected=2)), capsys)
    [heads] = [line.split() for line in lines if line.startswith(" Variant")]
    assert heads == ["Variant", "Planned", "Accepted", "Rejected"]
