"""What the room of announcements refuses."""

from newsletter.foundation.errors import NewsletterError


class AnnouncementNotFound(NewsletterError):
    """There is no announcement with this number."""

    def __init__(self, *announcement_ids: int) -> None:
        shown = ", ".join(map(str, announcement_ids))
        super().__init__(f"There is no announcement {shown}; see `newsletter announcements list`.")
        self.announcement_ids = announcement_ids
