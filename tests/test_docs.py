"""The documents keep up with the code."""

import re
from pathlib import Path

from newsletter.cli.main import _COMMANDS
from newsletter.foundation.settings import Settings

ROOT = Path(__file__).parents[1]


def test_every_setting_and_command_is_documented() -> None:
    operating = (ROOT / "docs" / "operating.md").read_text("utf-8")
    missing = [name for name in Settings.model_fields if f"NEWSLETTER_{name.upper()}" not in operating]
    missing += [name for name in _COMMANDS if f"newsletter {name}" not in operating]
    assert missing == []


def test_every_state_is_documented() -> None:
    from newsletter.announcements.models import TranslationState
    from newsletter.audience.consent.models import ConsentEvent
    from newsletter.audience.models import (
        EndReason,
        LanguageOrigin,
        LeaveReason,
        LeaveWay,
        OptIn,
        SubscriptionState,
        SuppressionReason,
    )
    from newsletter.editions.models import EditionMode, EditionState, Fallback
    from newsletter.inbound.models import InboundKind, InboundResult, InboundState
    from newsletter.mailing.models import DeliveryState, MailingState, SkipReason, SliceState

    operating = (ROOT / "docs" / "operating.md").read_text("utf-8")
    kinds = (TranslationState, SubscriptionState, EndReason, LanguageOrigin, SuppressionReason)
    kinds += (LeaveWay, LeaveReason, OptIn, ConsentEvent)
    kinds += (InboundKind, InboundState, InboundResult)
    kinds += (EditionState, EditionMode, Fallback, MailingState, DeliveryState, SkipReason, SliceState)
    missing = [
        f"{kind.__name__}.{state.value}"
        for kind in kinds
        for state in kind
        if f"`{state.value}`" not in operating
    ]
    assert missing == []


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text("utf-8")):
            if not (document.parent / target).exists():
                broken.append(f"{document.name}: {target}")
    assert broken == []


def test_decisions_named_in_the_code_exist() -> None:
    named = set()
    for source in (ROOT / "newsletter").rglob("*.py"):
        named |= set(re.findall(r"docs/decisions/(\d{4})", source.read_text("utf-8")))
    there = {path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md")}
    assert named <= there
