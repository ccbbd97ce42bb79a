"""What the pages of leaving say, in each language, and which of them has which form."""

from enum import StrEnum

from markupsafe import Markup, escape

from newsletter.audience.models import LeaveReason
from newsletter.foundation.texts import texts
from newsletter.web.site import Part, named_in


class LeavePage(StrEnum):
    """Which page it is, for its forms."""

    ASK = "ask"  # the one button that leaves
    DONE = "done"  # she left just now, and may say why
    LEFT = "left"  # there was nothing to leave


def ask_part(language: str, list_names: dict[str, str]) -> Part:
    """Before: does she wish to leave?"""
    t = texts(language).gettext
    return Part(
        language,
        _with_list(t("Leave “{list}”?"), list_names, language),
        (
            t("One click, and you will not receive this newsletter any more."),
            t("If you came here by mistake, just close this page: nothing changes."),
        ),
        button=t("Unsubscribe"),
    )


def done_part(language: str, list_names: dict[str, str]) -> Part:
    """She has left this list just now."""
    t = texts(language).gettext
    return Part(
        language,
        _with_list(t("You have left “{list}”"), list_names, language),
        (
            t("It is done: you will not receive this newsletter any more."),
            t("One last mail confirms it. An edition that is on its way already may still arrive."),
        ),
        is_done=True,
    )


def all_left_part(language: str, _list_names: dict[str, str]) -> Part:
    """She has left every list just now."""
    t = texts(language).gettext
    return Part(
        language,
        t("You have left all our newsletters"),
        (
            t("It is done: you will not receive any newsletter from us any more."),
            t("One last mail confirms it. An edition that is on its way already may still arrive."),
        ),
        is_done=True,
    )


def left_part(language: str, list_names: dict[str, str]) -> Part:
    """She was not on this list any more."""
    t = texts(language).gettext
    return Part(
        language,
        _with_list(t("You are not subscribed to “{list}” any more"), list_names, language),
        (t("There is nothing left to do. You may close this page."),),
    )


def none_left_part(language: str, _list_names: dict[str, str]) -> Part:
    """She was on no list any more."""
    t = texts(language).gettext
    return Part(
        language,
        t("You are not subscribed to any of our newsletters any more"),
        (t("There is nothing left to do. You may close this page."),),
    )


def gone_part(language: str, _list_names: dict[str, str]) -> Part:
    """The link is ours, and nothing belongs to it any more."""
    t = texts(language).gettext
    return Part(
        language,
        t("You are not subscribed any more"),
        (
            t("This link belongs to a subscription that does not exist any more: no mail will come of it."),
            t("There is nothing left to do. You may close this page."),
        ),
    )


def thanks_part(language: str, _list_names: dict[str, str]) -> Part:
    """She has said why."""
    t = texts(language).gettext
    return Part(
        language, t("Thank you"), (t("That helps us to do better. You may close this page."),), is_done=True
    )


def reasons(language: str) -> list[tuple[str, str]]:
    """What she may say when she is asked why: the value that the form sends, and the words."""
    t = texts(language).gettext
    words = {
        LeaveReason.TOO_OFTEN: t("Too many mails"),
        LeaveReason.NOT_INTERESTING: t("Not what I had hoped for"),
        LeaveReason.WRONG_LANGUAGE: t("Not in my language"),
        LeaveReason.NEVER_ASKED: t("I do not remember signing up"),
        LeaveReason.OTHER: t("Something else"),
    }
    return [(reason.value, words[reason]) for reason in LeaveReason]


def _with_list(sentence: str, list_names: dict[str, str], language: str) -> Markup:
    return escape(sentence).format(list=named_in(list_names, language))
