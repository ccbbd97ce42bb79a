"""XLIFF 2.0 as translators send it back. What is damaged is told, never guessed."""

from collections.abc import Mapping

from lxml import etree

from newsletter.announcements.handoff.units import (
    Returned,
    ReturnedText,
    ReturnedUnit,
    named,
    whole_number,
)
from newsletter.announcements.handoff.xliff_writing import (
    CORE,
    LINK_TYPE,
    META_CATEGORY,
    METADATA,
    SOURCE_HASH,
    TARGET_REVISION,
)
from newsletter.foundation.errors import BadInput
from newsletter.foundation.language import normalise_tag


def read_xliff(data: bytes, name: str) -> Returned:
    """What stands in an XLIFF 2 document. Raises BadInput where it is none."""
    root = _parsed(data, name)
    if root.tag != f"{{{CORE}}}xliff":
        raise BadInput(f"{name} is no XLIFF 2.0 (its namespace is not {CORE}); export it as XLIFF 2.0.")
    languages = [root.get("srcLang", ""), root.get("trgLang", "")]
    if not all(languages):
        raise BadInput(f"{name} does not say from which language into which (srcLang, trgLang).")
    texts: list[ReturnedText] = []
    unknown: list[str] = []
    for file in root.iterchildren(f"{{{CORE}}}file"):
        name_of_text = file.get("id", "")
        if named(name_of_text) is None:
            unknown.append(name_of_text)
        else:
            texts.append(_read_text(file, name_of_text))
    return Returned(normalise_tag(languages[0]), normalise_tag(languages[1]), tuple(texts), tuple(unknown))


def _parsed(data: bytes, name: str) -> etree._Element:
    # Nothing outside the document is ever read for it, and it may not define entities (XXE, billion laughs).
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise BadInput(f"{name} cannot be read as XML: {error}.") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadInput(f"{name} declares a document type; XLIFF 2.0 has none.")
    return root


def _read_text(file: etree._Element, name: str) -> ReturnedText:
    units = list(file.iter(f"{{{CORE}}}unit"))
    links = {unit.get("id", ""): _link(unit) for unit in units if unit.get("type") == LINK_TYPE}
    metadata = {
        meta.get("type", ""): (meta.text or "").strip()
        for group in file.iter(f"{{{METADATA}}}metaGroup")
        if group.get("category") == META_CATEGORY
        for meta in group.iterchildren(f"{{{METADATA}}}meta")
    }
    return ReturnedText(
        name,
        metadata.get(SOURCE_HASH, ""),
        whole_number(metadata.get(TARGET_REVISION, "")),
        tuple(_read_unit(unit, links) for unit in units if unit.get("type") != LINK_TYPE),
    )


def _link(unit: etree._Element) -> tuple[str, str]:
    """The target of a link in the source and in the translation; they are the same where nobody changed it."""
    words = []
    for name in ("source", "target"):
        element = unit.find(f"{{{CORE}}}segment/{{{CORE}}}{name}")
        words.append("" if element is None else _words(element, {}, {}).strip())
    return words[0], words[1] or words[0]


def _read_unit(unit: etree._Element, links: Mapping[str, tuple[str, str]]) -> ReturnedUnit:
    data = {
        item.get("id", ""): _words(item, {}, {})
        for item in unit.iterfind(f"{{{CORE}}}originalData/{{{CORE}}}data")
    }
    sources: list[str] = []
    targets: list[str] = []
    gaps = [""]
    is_untouched = False
    for part in _in_order(unit):
        source, target = (part.find(f"{{{CORE}}}{name}") for name in ("source", "target"))
        words = "" if source is None else _words(source, data, {})
        translated = "" if target is None else _words(target, data, links)
        if part.tag == f"{{{CORE}}}ignorable":
            gaps[-1] += translated or words
        else:
            sources.append(words)
            targets.append(translated)
            gaps.append("")
            is_untouched = is_untouched or part.get("state") == "initial"
    return ReturnedUnit(unit.get("id", ""), tuple(sources), tuple(targets), tuple(gaps), is_untouched)


def _in_order(unit: etree._Element) -> list[etree._Element]:
    """Segments and gaps in the order of the translation, which `order` may make another than the source's (4.3.1.24)."""
    parts = list(unit.iterchildren(f"{{{CORE}}}segment", f"{{{CORE}}}ignorable"))
    placed: dict[int, etree._Element] = {}
    for part in parts:
        target = part.find(f"{{{CORE}}}target")
        place = None if target is None else whole_number(target.get("order", ""))
        if place is not None and 0 < place <= len(parts):
            placed.setdefault(place, part)
    others = iter([part for part in parts if part not in placed.values()])
    return [placed[place] if place in placed else next(others) for place in range(1, len(parts) + 1)]


def _words(element: etree._Element, data: Mapping[str, str], links: Mapping[str, tuple[str, str]]) -> str:
    """The content as text, each code replaced by what it stands for; a code that stands for nothing known is lost."""
    out = [element.text or ""]
    for child in element:
        out.append(_code(child, data, links) if isinstance(child.tag, str) else "")
        out.append(child.tail or "")
    return "".join(out)


def _code(element: etree._Element, data: Mapping[str, str], links: Mapping[str, tuple[str, str]]) -> str:
    def side(name: str) -> str:
        text = data.get(element.get(f"dataRef{name}", ""), "")
        source, target = links.get(element.get(f"subFlows{name}", ""), ("", ""))
        return text.replace(source, target, 1) if source else text

    match etree.QName(element).localname:
        case "cp":
            return _sign(element.get("hex", ""))
        case "pc":
            return side("Start") + _words(element, data, links) + side("End")
        case "ph" | "sc" | "ec":
            return side("")
        case "mrk":
            return _words(element, data, links)
    return ""  # sm, em: marks of the tool's own


def _sign(digits: str) -> str:
    try:
        sign = chr(int(digits, 16))
        sign.encode()
    except (ValueError, OverflowError) as error:
        raise BadInput(f"The XLIFF names a character that there is not: {digits[:20]}.") from error
    return sign
