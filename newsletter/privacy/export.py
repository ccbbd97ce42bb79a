"""A person's story as the text of one file that needs no other: for handing it over."""

from datetime import tzinfo
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from newsletter.foundation.files import templates_folder
from newsletter.foundation.language import direction
from newsletter.foundation.texts import texts
from newsletter.privacy.readable import chapters_of
from newsletter.privacy.story import Story


def story_page(story: Story, language: str, zone: tzinfo, organisation: str) -> str:
    """The story as an HTML page in `language`."""
    template = _templates().get_template("story_file.html")
    return template.render(
        language=language,
        direction=direction(language),
        t=texts(language).gettext,
        organisation=organisation,
        chapters=chapters_of(story, language, zone),
    )


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(templates_folder() / "web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
