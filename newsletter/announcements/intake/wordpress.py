"""A WordPress export (WXR, an RSS file with a vocabulary of its own), read into posts; Polylang and WPML pair them."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from newsletter.announcements.intake.feeds import too_many
from newsletter.announcements.intake.html import FoundPicture, whole_address
from newsletter.announcements.intake.pairing import group_tie
from newsletter.announcements.intake.posts import POSTS_MAX, LeftOut, Post, PostSource, day_of
from newsletter.foundation.errors import BadInput

# Each version of the vocabulary has an address of its own; they differ in nothing that is read here.
_WP = re.compile(rb"http://wordpress\.org/export/1\.[0-2]/")
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_EXCERPT = re.compile(r"\{http://wordpress\.org/export/1\.[0-2]/excerpt/\}encoded")
_BLOCK_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_SHORTCODE = re.compile(r"\[/?(?:caption|gallery|embed|audio|video|vc_|et_pb_|contact-form)[^\]\n]{0,2000}\]")
# The serialised PHP array that Polylang keeps: a:2:{s:2:"fr";i:12;s:2:"en";i:13;}
_PHP_PAIR = re.compile(r's:\d+:"([A-Za-z_-]+)";(?:i:(\d+)|s:\d+:"(\d+)");')
_WPML_LANGUAGE = ("_wpml_language", "wpml_language", "_icl_lang", "_icl_language_code", "language_code")
_WPML_GROUP = ("_wpml_trid", "wpml_trid", "_icl_trid", "trid", "_icl_translation_group")
_BLOCK_TAG = re.compile(r"<(?:p|div|h[1-6]|ul|ol|table|blockquote|figure|section)\b", re.IGNORECASE)


def is_export(data: bytes) -> bool:
    """Whether this looks like a WordPress export."""
    return _WP.search(data[:20_000]) is not None


def read_export(data: bytes, name: str) -> PostSource:
    """The published posts of an export; pages, drafts and whatever else is in it are left out with the reason.

    Raises BadInput where it is no export, or declares entities of its own.
    """
    root = _parsed(data, name)
    channel = root.find("channel")
    if channel is None or not is_export(data):
        raise BadInput(f"{name} is no WordPress export.")
    items = [_item(number, element) for number, element in enumerate(channel.iter("item"), start=1)]
    attachments = {item.id: item for item in items if item.kind == "attachment"}
    groups = dict(_polylang_groups(channel))
    language = channel.findtext("language") or ""
    posts: list[Post] = []
    left_out: list[LeftOut] = []
    for item in items:
        if item.kind == "attachment":
            continue  # told with the post that shows it
        if reason := _why_not(item, len(posts)):
            left_out.append(LeftOut(item.number, item.title, reason))
        else:
            posts.append(_post(item, attachments, groups, language))
    if not posts and not left_out:
        raise BadInput(f"{name} is a WordPress export without posts.")
    return PostSource(name, tuple(posts), tuple(left_out))


def _parsed(data: bytes, name: str) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        at = f", line {error.lineno}" if isinstance(error, etree.XMLSyntaxError) else ""
        raise BadInput(f"{name}{at}: this is no whole XML; export it anew.") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadInput(f"{name} declares a document type, which no WordPress export does; it is not read.")
    return root


@dataclass(frozen=True, slots=True)
class _Item:
    """An item of the export: post, page, attachment, menu entry."""

    number: int
    element: etree._Element
    title: str
    values: Mapping[str, str]  # post_id, post_type, status … by name
    meta: Mapping[str, str]
    terms: Mapping[str, list[tuple[str, str]]] = field(default_factory=dict)  # taxonomy -> slug and name

    @property
    def id(self) -> str:
        return self.values.get("post_id", "")

    @property
    def kind(self) -> str:
        return self.values.get("post_type", "post")


def _item(number: int, element: etree._Element) -> _Item:
    values: dict[str, str] = {}
    meta: dict[str, str] = {}
    terms: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for child in element.iterchildren("*"):
        name = etree.QName(child).localname
        if name == "postmeta":
            pair = {etree.QName(part).localname: part.text or "" for part in child.iterchildren("*")}
            meta[pair.get("meta_key", "")] = pair.get("meta_value", "")
        elif name == "category":
            terms[child.get("domain", "")].append((child.get("nicename", ""), child.text or ""))
        elif "wordpress.org/export" in (etree.QName(child).namespace or "") and name != "encoded":
            values[name] = child.text or ""
    return _Item(number, element, " ".join((element.findtext("title") or "").split()), values, meta, terms)


def _why_not(item: _Item, count: int) -> str:
    if item.kind != "post":
        return f"it is no post but of the kind {item.kind[:40]}"
    if (status := item.values.get("status", "publish")) != "publish":
        return f"it is not published ({status[:40]})"
    if item.values.get("post_password"):
        return "it is protected by a password"
    return too_many() if count >= POSTS_MAX else ""


def _post(item: _Item, attachments: Mapping[str, _Item], groups: Mapping[str, str], language: str) -> Post:
    element = item.element
    url = whole_address("", element.findtext("link") or "", frozenset({"http", "https"}))
    excerpt = next((part.text for part in element if _EXCERPT.fullmatch(str(part.tag)) and part.text), "")
    return Post(
        number=item.number,
        guid=element.findtext("guid") or "",
        url=url,
        title=item.title,
        summary=with_paragraphs(excerpt),
        content=with_paragraphs(element.findtext(_CONTENT) or ""),
        language=_first(item.meta, _WPML_LANGUAGE)
        or next((s for s, _ in item.terms.get("language", ())), ""),
        source_language=language,
        published_on=day_of(item.values.get("post_date", "")[:10])
        or day_of(element.findtext("pubDate") or ""),
        pictures=tuple(_featured(item, attachments)),
        topic=next((name for _, name in item.terms.get("category", ())), ""),
        ties=tuple(_ties(item, groups)),
    )


def _ties(item: _Item, groups: Mapping[str, str]) -> Iterator[str]:
    if item.id in groups:
        yield group_tie("polylang", groups[item.id])
    for slug, _ in item.terms.get("post_translations", ()):
        yield group_tie("polylang", slug)
    if number := _first(item.meta, _WPML_GROUP):
        yield group_tie("wpml", number)


def _first(meta: Mapping[str, str], keys: tuple[str, ...]) -> str:
    return next((meta[key] for key in keys if meta.get(key)), "")


def _polylang_groups(channel: etree._Element) -> Iterator[tuple[str, str]]:
    """Each post's number with the name of its group, from the terms `post_translations` and what describes them."""
    for term in channel.iterchildren("*"):
        parts = {etree.QName(part).localname: part.text or "" for part in term.iterchildren("*")}
        if parts.get("term_taxonomy") == "post_translations":
            for match in _PHP_PAIR.finditer(parts.get("term_description", "")):
                yield match[2] or match[3], parts.get("term_slug", "")


def _featured(item: _Item, attachments: Mapping[str, _Item]) -> Iterator[FoundPicture]:
    attachment = attachments.get(item.meta.get("_thumbnail_id", ""))
    address = attachment.values.get("attachment_url", "") if attachment else ""
    if attachment and (url := whole_address("", address, frozenset({"http", "https"}))):
        yield FoundPicture(url, attachment.meta.get("_wp_attachment_image_alt", ""))


def with_paragraphs(text: str) -> str:
    """A post's text as HTML: without the editor's own marks, and with the paragraphs that WordPress would show."""
    text = _SHORTCODE.sub("", _BLOCK_COMMENT.sub("", text)).replace("\r\n", "\n").strip()
    if _BLOCK_TAG.search(text) and "\n\n" not in text:
        return text
    blocks = (block.strip() for block in re.split(r"\n\s*\n", text))
    return "\n".join(
        block if _BLOCK_TAG.match(block) else "<p>" + block.replace("\n", "<br>") + "</p>"
        for block in blocks
        if block
    )
