"""What a reader's own page says of what she just did."""

from newsletter.audience.preferences.form import Wrong
from newsletter.foundation.texts import texts
from newsletter.web.preferences.changes import Change, Changed


def changed_words(language: str, changed: Changed) -> str:
    """That her change is kept, and what follows from it; "" where there was none."""
    t = texts(language).gettext
    if changed.part in {Change.LISTS, Change.LEAVE_ALL}:
        if changed.has_left and changed.has_joined:
            return t("Saved: you have left some newsletters and joined others.")
        if changed.has_left:
            return t("Saved: you have left. An edition that is on its way already may still arrive.")
        return t("Saved: you are subscribed.") if changed.has_joined else t("Nothing has changed.")
    return {
        Change.LANGUAGES: t("Saved: from the next edition on, we write to you in these languages."),
        Change.NAME: t("Saved: our mails greet you so from now on."),
        Change.PAUSE: t("Saved: you get no newsletters until that day."),
        Change.RESUME: t("Saved: you get our newsletters again."),
        None: "",
    }[changed.part]


def wrong_words(language: str, wrong: Wrong) -> str:
    """What is wrong with a part of the page, and how to mend it."""
    t = texts(language).gettext
    return {
        Wrong.NAME: t("Please enter just a name, or nothing."),
        Wrong.LANGUAGES_FEW: t("Please choose the two languages as well."),
        Wrong.LANGUAGE_MISSING: t("Please choose at least one language."),
        Wrong.DATE: t("Please choose a day from tomorrow on, within a year."),
        Wrong.CHANGED: t(
            "This page has changed a moment ago. Please look at it again, and press the button."
        ),
    }[wrong]
