"""A person's story as JSON: names of fields are those of `Story`, moments are in ISO 8601."""

import dataclasses
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from newsletter.privacy.story import Story


def story_values(story: Story) -> dict[str, Any]:
    """The story in plain values."""
    values: dict[str, Any] = _plain(story)
    return values


def story_json(story: Story) -> str:
    """The story as a JSON object."""
    return json.dumps(story_values(story), ensure_ascii=False, indent=2) + "\n"


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
