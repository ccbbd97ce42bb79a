"""Pictures of things on tables, and the logo."""

import math

from PIL import Image, ImageDraw

from drawing.canvas import (
    APRICOT,
    BARK,
    BERRY,
    CLAY,
    CREAM,
    DEEP,
    FINE,
    INK,
    LEAF,
    SAGE,
    SAND,
    SPROUT,
    STRAW,
    WATER,
    Canvas,
    curve,
    turned,
)


def repair_cafe() -> Canvas:
    c = Canvas(SAND, "#f7dcae")
    c.disc(880, 250, 210, CREAM, 0.8)
    c.box(0, 440, 1200, 160, BARK)
    c.box(0, 440, 1200, 16, "#94694e")
    for y in (490, 536, 574):
        c.line([(0, y), (1200, y + 6)], "#6b4a37", 2, 0.6)
    c.box(70, 96, 360, 230, "#e5cfa6", 10)
    for row in range(5):
        for column in range(9):
            c.disc(98 + column * 38, 124 + row * 43, 3, "#c4a877")
    c.line([(140, 130), (140, 250)], CLAY, 18)
    c.line([(140, 250), (140, 296)], "#8d9aa0", 8)
    c.ring(226, 160, 26, WATER, 14)
    c.line([(226, 190), (226, 290)], WATER, 16)
    c.line([(310, 140), (310, 210)], "#8d9aa0", 10)
    c.box(284, 118, 70, 34, INK, 6)
    c.line([(310, 200), (310, 292)], APRICOT, 16)
    c.shadow(610, 462, 330, 26)
    c.box(480, 232, 236, 226, CLAY, 30)
    c.box(480, 232, 236, 34, "#dd7450", 17)
    c.ring(730, 340, 58, CLAY, 26)
    c.box(480, 290, 200, 140, CLAY, 24)
    c.disc(598, 244, 104, "#5a3a2b", flat=0.1)
    c.leaf(596, 396, 72, -136, CREAM)
    c.leaf(596, 396, 80, -46, SAND)
    c.line([(596, 396), (596, 416)], CREAM, 6)
    for x, height in ((548, 96), (598, 126), (648, 92)):
        c.line(
            curve((x, 216), (x + 34, 190), (x - 36, 216 - height * 0.7), (x + 6, 216 - height)),
            CREAM,
            9,
            0.75,
        )
    c.shadow(1000, 476, 300, 16)
    handle = turned(
        [(840, 452), (850, 434), (960, 434), (972, 446), (972, 466), (960, 478), (850, 478), (840, 460)],
        (906, 456),
        -7,
    )
    c.area(handle, APRICOT)
    c.line(turned([(866, 456), (948, 456)], (906, 456), -7), "#d98a41", 6)
    c.line(turned([(974, 456), (1110, 456)], (906, 456), -7), "#9fb0b5", 13)
    c.area(turned([(1106, 446), (1136, 452), (1136, 460), (1106, 466)], (906, 456), -7), "#9fb0b5")
    spanner = [(800, 540), (1060, 540)]
    c.line(turned(spanner, (930, 540), 5), "#8d9aa0", 20)
    for x in (790, 1070):
        (hx, hy) = turned([(x, 540)], (930, 540), 5)[0]
        c.disc(hx, hy, 30, "#8d9aa0")
        opening = turned(
            [(x, 528), (x + (40 if x > 930 else -40), 524), (x + (40 if x > 930 else -40), 556), (x, 552)],
            (930, 540),
            5,
        )
        c.area(opening, BARK)
    c.disc(300, 520, 26, "#9fb0b5")
    c.disc(300, 520, 11, BARK)
    c.disc(372, 548, 17, STRAW)
    c.disc(372, 548, 7, BARK)
    return c


def seeds() -> Canvas:
    c = Canvas(SAGE, "#b5d0b2")
    c.area([(0, 470), (1200, 440), (1200, 600), (0, 600)], "#e9d8b8")
    for x, turn, colour in ((200, -7, CLAY), (466, 3, APRICOT), (732, -3, WATER), (998, 6, BERRY)):
        _packet(c, x, 300, turn, colour)
    c.flower(200, 300, 62, CREAM, STRAW, 10)
    c.area(
        turned(
            curve((438, 250), (430, 330), (462, 384), (466, 386))
            + curve((466, 386), (470, 384), (502, 330), (494, 250)),
            (466, 300),
            3,
        ),
        CLAY,
    )
    for turn in (-120, -90, -60):
        c.leaf(466, 256, 62, turn, LEAF, 0.2)
    c.flower(732, 300, 66, STRAW, BARK, 14)
    pod = turned(
        curve((926, 330), (960, 384), (1040, 370), (1072, 262))
        + curve((1072, 262), (1030, 300), (970, 330), (926, 330)),
        (998, 310),
        4,
    )
    c.area(pod, LEAF)
    for x, y in ((970, 346), (1000, 340), (1028, 322), (1050, 298)):
        c.disc(x, y, 15, SPROUT)
    c.leaf(1072, 264, 40, -60, SPROUT)
    for _ in range(46):
        x, y = c.chance.uniform(60, 1140), c.chance.uniform(520, 585)
        c.leaf(
            x,
            y,
            c.chance.uniform(12, 20),
            c.chance.uniform(0, 360),
            c.chance.choice((BARK, INK, CLAY, "#b78a5a")),
            0.3,
        )
    return c


def _packet(c: Canvas, x: float, y: float, turn: float, colour: str) -> None:
    c.shadow(x + 6, y + 184, 216, 22)
    corners = [(x - 102, y - 170), (x + 102, y - 170), (x + 102, y + 176), (x - 102, y + 176)]
    c.area(turned(corners, (x, y), turn), CREAM)
    c.area(
        turned(
            [(x - 102, y - 170), (x + 102, y - 170), (x + 102, y - 118), (x - 102, y - 118)], (x, y), turn
        ),
        colour,
    )
    teeth = [(x - 102 + i * 12, y - 170 - (9 if i % 2 else 0)) for i in range(18)]
    c.area(turned([*teeth, (x + 102, y - 160), (x - 102, y - 160)], (x, y), turn), colour)
    inner = [(x - 82, y - 92), (x + 82, y - 92), (x + 82, y + 104), (x - 82, y + 104)]
    c.area(
        turned(inner, (x, y), turn),
        {CLAY: "#e7a58f", APRICOT: "#dfe7c0", WATER: "#bfdcd6", BERRY: "#efd3b4"}[colour],
    )
    for line, width in ((128, 108), (148, 72)):
        c.line(turned([(x - width / 2, y + line), (x + width / 2, y + line)], (x, y), turn), colour, 6, 0.55)


def logo() -> Image.Image:
    """A leaf over the canal in a round badge, with a pale rim that keeps it apart from dark pages."""
    side = 160
    c = Canvas(WATER, DEEP, (side, side))
    for row, width in ((108, 3.6), (124, 3.2), (138, 2.8)):
        wave = [(x, row + math.sin(x / 160 * math.tau * 2.5 + row) * 4) for x in range(161)]
        c.line(wave, SAGE, width + 1.4)
    c.line(curve((80, 104), (80, 84), (80, 66)), CREAM, 5)
    c.leaf(80, 92, 56, -132, SPROUT, 0.4, vein=DEEP)
    c.leaf(80, 92, 62, -46, CREAM, 0.4, vein=DEEP)
    mask = Image.new("L", c.image.size, 0)
    edge = side * FINE
    ImageDraw.Draw(mask).ellipse((4 * FINE, 4 * FINE, edge - 4 * FINE, edge - 4 * FINE), fill=255)
    badge = Image.new("RGBA", c.image.size, (0, 0, 0, 0))
    ImageDraw.Draw(badge).ellipse(
        (0, 0, edge - 1, edge - 1), fill=(*Image.new("RGB", (1, 1), CREAM).getpixel((0, 0)), 255)
    )
    badge.paste(c.image, (0, 0), mask)
    return badge.resize((side, side), Image.Resampling.LANCZOS)
