"""A hand-off as XLIFF 2.0 (OASIS Standard, 5 August 2014): a file per text, a unit per field, a segment per paragraph.

Merge fields and links are inline codes; the target of a link is a unit of its own, to which the code points by
`subFlows` (section 4.7.2.1), filled in already, so that it stays unless somebody changes it. Source hash and target
revision travel as metadata (section 5.5). docs/decisions/0011-hand-off-to-translators.md has the reasons.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from lxml import etree

from newsletter.announcements.handoff.codes import Code, CodeKind, Piece, Words, codes_in, pieces_of
from newsletter.announcements.handoff.segments import Segmented, split_text
from newsletter.announcements.handoff.units import (
    HandOff,
    TextToTranslate,
    Unit,
    UnitState,
)
from newsletter.announcements.rules import FieldForm
from newsletter.foundation.language import direction

CORE = "urn:oasis:names:tc:xliff:document:2.0"
METADATA = "urn:oasis:names:tc:xliff:metadata:2.0"
META_CATEGORY = "newsletter"
LINK_TYPE = "newsletter:link"
SOURCE_HASH, TARGET_REVISION = "source-hash", "target-revision"
# What XML 1.0 cannot hold (section 2.2 of it); XLIFF writes it as `<cp hex="0003"/>`.
NOT_IN_XML = re.compile("([\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff])")
_STATES = {UnitState.STALE: "initial", UnitState.WRITTEN: "translated", UnitState.APPROVED: "final"}


def write_xliff(hand_off: HandOff) -> bytes:
    """The hand-off as one XLIFF 2.0 document, UTF-8."""
    root = etree.Element(_core("xliff"), nsmap={None: CORE, "mda": METADATA})  # type: ignore[dict-item]  # the stubs know no default namespace
    root.set("version", "2.0")
    root.set("srcLang", hand_off.source_language)
    root.set("trgLang", hand_off.target_language)
    for text in hand_off.texts:
        file = _child(root, "file", id=text.name, canResegment="no")
        file.set("srcDir", direction(hand_off.source_language))
        file.set("trgDir", direction(hand_off.target_language))
        file.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        _write_text(file, text)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _write_text(file: etree._Element, text: TextToTranslate) -> None:
    metadata = etree.SubElement(file, f"{{{METADATA}}}metadata")
    group = etree.SubElement(metadata, f"{{{METADATA}}}metaGroup", category=META_CATEGORY)
    for name, value in ((SOURCE_HASH, text.source_hash), (TARGET_REVISION, str(text.target_revision))):
        etree.SubElement(group, f"{{{METADATA}}}meta", type=name).text = value
    _write_notes(file, text.notes)
    for unit in text.units:
        _UnitWriter(file, unit).write()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a code stands in its unit: its number, its data with their names, the number of its link (0 for none)."""

    number: str
    data: tuple[tuple[str, str], ...]
    link_number: int


class _UnitWriter:
    """Writes one unit, and a unit for the target of each link in it."""

    def __init__(self, file: etree._Element, unit: Unit) -> None:
        self.file = file
        self.unit = unit
        self.element = _child(file, "unit", id=unit.field)
        self.data: list[str] = []
        self.code_count = 0
        self.links: list[tuple[str, str]] = []  # source and target of each

    def write(self) -> None:
        _write_notes(self.element, self.unit.notes)
        original = _child(self.element, "originalData")
        source, target = self._segmented()
        for number, gap in enumerate(source.gaps):
            if gap:
                _write_words(_child(_child(self.element, "ignorable"), "source"), gap)
            if number < len(source.segments):
                self._write_segment(
                    number, source.segments[number], target.segments[number] if target.segments else ""
                )
        if self.data:
            for number, text in enumerate(self.data, 1):
                _write_words(_child(original, "data", id=f"d{number}"), text)
        else:
            self.element.remove(original)
        for number, (url, translated) in enumerate(self.links, 1):
            self._write_link(number, url, translated)

    def _segmented(self) -> tuple[Segmented, Segmented]:
        """The paragraphs of source and target, or each of them whole where they do not stand in the same places."""
        whole_source = Segmented((self.unit.source,), ("", ""))
        none = Segmented((), ("",))
        whole_target = Segmented((self.unit.target,), ("", "")) if self.unit.target else none
        if not self.unit.is_markdown:
            return whole_source, whole_target
        source = split_text(self.unit.source)
        if not self.unit.target:
            return source, none
        target = split_text(self.unit.target)
        return (source, target) if target.gaps == source.gaps else (whole_source, whole_target)

    def _write_segment(self, number: int, source: str, target: str) -> None:
        segment = _child(self.element, "segment", id=f"s{number + 1}")
        if state := _STATES.get(self.unit.state):
            segment.set("state", state)
        source_pieces, target_pieces = self._pieces(source), self._pieces(target)
        codes, translated = list(codes_in(source_pieces)), list(codes_in(target_pieces))
        places = [self._register(code) for code in codes]
        self._write_pieces(_child(segment, "source"), source_pieces, iter(places))
        if not target:
            return
        element = _child(segment, "target")
        if [code.shape for code in codes] != [code.shape for code in translated]:
            _write_words(element, target)  # its codes are other ones: they travel as the signs that they are
            return
        for place, code in zip(places, translated, strict=True):
            if place.link_number:
                self.links[place.link_number - 1] = (self.links[place.link_number - 1][0], code.url)
        self._write_pieces(element, target_pieces, iter(places))

    def _pieces(self, text: str) -> tuple[Piece, ...]:
        return (Words(text),) if self.unit.form is FieldForm.URL else pieces_of(text)

    def _register(self, code: Code) -> "_Place":
        """Gives a code its number, and keeps what it stands for and where it leads."""
        self.code_count += 1
        references = []
        for text in (code.start,) if code.inner is None else (code.start, code.end):
            self.data.append(text)
            references.append((f"d{len(self.data)}", text))
        if code.kind is CodeKind.LINK:
            self.links.append((code.url, code.url))
        return _Place(
            str(self.code_count), tuple(references), len(self.links) if code.kind is CodeKind.LINK else 0
        )

    def _write_pieces(
        self, element: etree._Element, pieces: Sequence[Piece], places: Iterator["_Place"]
    ) -> None:
        for piece in pieces:
            if isinstance(piece, Words):
                _write_words(element, piece.text)
            else:
                self._write_code(element, piece, places)

    def _write_code(self, parent: etree._Element, code: Code, places: Iterator["_Place"]) -> None:
        place = next(places)
        name = "ph" if code.inner is None else "pc"
        element = _child(parent, name, id=place.number, canCopy="no", canDelete="no")
        element.set("type", "link" if code.kind is CodeKind.LINK else "other")
        sides = ("",) if code.inner is None else ("Start", "End")
        for side, (reference, text) in zip(sides, place.data, strict=True):
            element.set(f"dataRef{side}", reference)
            element.set(f"disp{side}", NOT_IN_XML.sub(" ", text))
        if place.link_number:
            element.set(f"subFlows{sides[-1]}", link_unit(self.unit.field, place.link_number))
        self._write_pieces(element, code.inner or (), places)

    def _write_link(self, number: int, url: str, translated: str) -> None:
        unit = _child(self.file, "unit", id=link_unit(self.unit.field, number), type=LINK_TYPE)
        segment = _child(unit, "segment", state="translated")
        _write_words(_child(segment, "source"), url)
        _write_words(_child(segment, "target"), translated)


def link_unit(field: str, number: int) -> str:
    """The name of the unit that holds the target of a link: `body.link.1`."""
    return f"{field}.link.{number}"


def _write_notes(parent: etree._Element, notes: Sequence[str]) -> None:
    if notes:
        element = _child(parent, "notes")
        for note in notes:
            _child(element, "note").text = NOT_IN_XML.sub(" ", note)


def _write_words(parent: etree._Element, text: str) -> None:
    """Adds text behind what the element holds already; what XML cannot hold becomes `<cp>`."""
    words = NOT_IN_XML.split(text)
    for plain, sign in zip_longest(words[::2], words[1::2], fillvalue=""):
        if plain:
            if len(parent):
                parent[-1].tail = (parent[-1].tail or "") + plain
            else:
                parent.text = (parent.text or "") + plain
        if sign:
            _child(parent, "cp", hex=f"{ord(sign):04X}")


def _child(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, _core(name), attributes)


def _core(name: str) -> str:
    return f"{{{CORE}}}{name}"
