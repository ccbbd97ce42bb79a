"""What the filters and segments refuse."""

from newsletter.foundation.errors import BadInput, NewsletterError


class FilterRefused(BadInput):
    """A filter cannot be understood; the message says where, what was expected there and what was found.

    `column` counts the signs of the filter from 1.
    """

    def __init__(self, column: int, expected: str, found: str) -> None:
        super().__init__(f"The filter, column {column}: expected {expected}; found {found}.")
        self.column = column
        self.expected = expected


class SegmentNotFound(NewsletterError):
    """There is no segment with this short name."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"There is no segment “{slug[:60]}”; see `newsletter segments list`.")
        self.slug = slug


class SegmentExists(NewsletterError):
    """Another segment has this short name already."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"There is a segment “{slug}” already; choose another name, or change it with `newsletter segments edit`."
        )
        self.slug = slug
