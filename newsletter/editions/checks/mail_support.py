"""What of a mail some program of many readers does not understand, by caniemail's data (data/README.md)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from lxml.html import HtmlElement

from newsletter.editions.checks.findings import Finding, finding
from newsletter.editions.checks.mail_features import features_in
from newsletter.foundation.sayings import saying

# The programs by which nearly everybody reads; the rest of the data is for whoever asks.
MAJOR_CLIENTS = (
    "apple-mail/ios",
    "apple-mail/macos",
    "gmail/android",
    "gmail/desktop-webmail",
    "gmail/ios",
    "outlook/android",
    "outlook/ios",
    "outlook/macos",
    "outlook/outlook-com",
    "outlook/windows",
    "samsung-email/android",
    "yahoo/android",
    "yahoo/desktop-webmail",
    "yahoo/ios",
)

_DECORATES = "without it the letter looks plainer and reads the same"
_FALLS_BACK = "what is written beside it takes its place"
_HIDES = "only hides what nobody misses or minds"
_ASSISTS = "helps some readers; without it nothing is lost to the others"

# Features that a letter may use although a major program lacks them, each with the reason.
HARMLESS = {
    "css-animation": _DECORATES,
    "css-at-font-face": "the next font of the list takes its place",
    "css-at-keyframes": _DECORATES,
    "css-at-media": "inline styles make the letter whole; media queries only fit it to phones and the dark",
    "css-at-media-hover": _DECORATES,
    "css-at-media-orientation": _FALLS_BACK,
    "css-at-media-prefers-color-scheme": "programs without it show the light letter, or darken it themselves",
    "css-at-media-prefers-reduced-motion": _ASSISTS,
    "css-at-supports": _FALLS_BACK,
    "css-background-image": "the ground's colour, whose contrast is checked, takes its place",
    "css-background-position": _DECORATES,
    "css-background-repeat": _DECORATES,
    "css-background-size": _DECORATES,
    "css-border-collapse": _DECORATES,
    "css-border-radius": _DECORATES,
    "css-border-spacing": _DECORATES,
    "css-box-shadow": _DECORATES,
    "css-box-sizing": _DECORATES,
    "css-color-scheme": "programs without it show the light letter",
    "css-cursor": _DECORATES,
    "css-direction": "the attribute dir says the same",
    "css-display-none": _HIDES,
    "css-height": "pictures have the attribute height, and words take the height they need",
    "css-hyphens": _DECORATES,
    "css-letter-spacing": _DECORATES,
    "css-linear-gradient": "the ground's colour, whose contrast is checked, takes its place",
    "css-list-style-type": _DECORATES,
    "css-margin": "space is lost in part of the letter, words are not",
    "css-max-height": _HIDES,
    "css-max-width": "Outlook takes the width of the tables that are written for it",
    "css-min-width": _DECORATES,
    "css-object-fit": "pictures are mailed in the shape in which they are shown",
    "css-opacity": _HIDES,
    "css-outline": _DECORATES,
    "css-overflow": _HIDES,
    "css-overflow-wrap": _DECORATES,
    "css-margin-inline-start-end": "space is lost in part of the letter, words are not",
    "css-padding-inline-start-end": "space is lost in part of the letter, words are not",
    "css-pseudo-class-active": _DECORATES,
    "css-pseudo-class-first-child": _DECORATES,
    "css-pseudo-class-focus": _DECORATES,
    "css-pseudo-class-hover": _DECORATES,
    "css-pseudo-class-last-child": _DECORATES,
    "css-pseudo-class-link": _DECORATES,
    "css-pseudo-class-visited": _DECORATES,
    "css-sytem-ui": "the next font of the list takes its place",
    "css-table-layout": _DECORATES,
    "css-text-decoration-color": _DECORATES,
    "css-text-decoration-thickness": _DECORATES,
    "css-text-shadow": _DECORATES,
    "css-text-underline-offset": _DECORATES,
    "css-text-wrap": "titles break where they would without it",
    "css-transition": _DECORATES,
    "css-white-space": _DECORATES,
    "css-word-break": _DECORATES,
    "css-word-spacing": _DECORATES,
    "css-word-wrap": _DECORATES,
    "html-aria-hidden": _ASSISTS,
    "html-aria-label": _ASSISTS,
    "html-aria-labelledby": _ASSISTS,
    "html-aria-describedby": _ASSISTS,
    "html-background": "the ground's colour, whose contrast is checked, takes its place",
    "html-bdi": "only mixed directions of writing need it",
    "html-body": "the wrapper in it has the same ground and the same lang",
    "html-link": "nothing of the letter's look depends on it",
    "html-loading-attribute": _ASSISTS,
    "html-meta-color-scheme": "programs without it show the light letter",
    "html-role": _ASSISTS,
    "html-semantics": "the words in it are shown all the same",
    "html-srcset": "the picture named in src takes its place",
    "html-style": "inline styles make the letter whole",
    "html-target": "links open where the program opens them",
    "html-wbr": _DECORATES,
}


@dataclass(frozen=True, slots=True)
class SupportData:
    """caniemail's data: `clients` id -> name, `features` name -> (title, one letter per client)."""

    updated: str
    clients: dict[str, str]
    features: dict[str, tuple[str, str]]

    def unsupported_by(self, feature: str) -> list[str]:
        """The major programs whose latest tested version does not understand the feature at all."""
        letters = self.features[feature][1]
        order = list(self.clients)
        return [self.clients[client] for client in MAJOR_CLIENTS if letters[order.index(client)] == "n"]


@cache
def support_data() -> SupportData:
    """The data that travel with this package."""
    text = files("newsletter.editions.checks").joinpath("data/caniemail.json").read_text("utf-8")
    data = json.loads(text)
    features = {slug: (title, letters) for slug, (title, letters) in data["features"].items()}
    return SupportData(data["updated"], data["clients"], features)


def check_support(page: HtmlElement) -> Iterator[Finding]:
    """Features in use that a major program lacks and that are not known to be harmless."""
    data = support_data()
    for feature in sorted(features_in(page) & data.features.keys() - HARMLESS.keys()):
        if lacking := data.unsupported_by(feature):
            title = data.features[feature][0]
            message = saying(
                "{feature} is not understood by {programs} (caniemail, {day}).",
                feature=title,
                programs=tuple(lacking),
                day=data.updated,
            )
            yield finding("client-support", message)
