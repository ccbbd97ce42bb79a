"""Where a finding is: an announcement, the edition itself, its mails or a file, as data that is said in any language."""

from dataclasses import dataclass, replace

from newsletter.foundation.sayings import Saying, saying

_FIELDS = {
    "title": saying("title"),
    "summary": saying("summary"),
    "body": saying("body"),
    "button": saying("button"),
    "picture": saying("picture"),
    "subject": saying("subject"),
    "preheader": saying("preheader"),
    "intro": saying("intro"),
    "logo": saying("logo"),
    "website": saying("website"),
    "accent colour": saying("accent colour"),
    "page": saying("page on the web"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """The announcement with this number, else these variants, else this file, else the edition; and a field of it.

    `field` is a word of `material.TextField`, or what the settings call it; "" means the whole.
    """

    announcement: int | None = None
    field: str = ""
    variants: tuple[str, ...] = ()
    file: str = ""

    def at(self, field: str) -> "Place":
        """A field of this place."""
        return replace(self, field=field)

    def said_in(self, language: str) -> str:
        """Where it is, for people: "announcement 3, body"."""
        whole = self._whole().said_in(language)
        if not self.field:
            return whole
        return saying("{place}, {part}", place=whole, part=_FIELDS[self.field]).said_in(language)

    def _whole(self) -> Saying:
        if self.announcement is not None:
            return saying("announcement {number}", number=self.announcement)
        if len(self.variants) == 1:
            return saying("variant {name}", name=self.variants[0])
        if self.variants:
            return saying("variants {names}", names=self.variants)
        return Saying("{file}", (("file", self.file),)) if self.file else saying("edition")


EDITION = Place()
