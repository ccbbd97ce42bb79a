"""Pictures of the gardens by day."""

from drawing.canvas import (
    APRICOT,
    BARK,
    BERRY,
    CLAY,
    CREAM,
    DEEP,
    INK,
    LEAF,
    POOL,
    SAGE,
    SPROUT,
    STRAW,
    WATER,
    Canvas,
    curve,
    turned,
)


def apples() -> Canvas:
    c = Canvas("#fbe3b4", "#f6c88b")
    c.glow(240, 170, 330, CREAM, 0.8)
    c.disc(240, 170, 78, CREAM)
    c.area([(0, 430), *curve((0, 400), (300, 340), (700, 420), (1200, 350)), (1200, 600), (0, 600)], SPROUT)
    c.area([(0, 520), *curve((0, 470), (400, 420), (800, 500), (1200, 450)), (1200, 600), (0, 600)], LEAF)
    c.line(curve((1200, 40), (1050, 60), (930, 30), (800, 84)), BARK, 16)
    for x, y, turn in (
        (1130, 60, 60),
        (1080, 54, -120),
        (1010, 52, 80),
        (950, 52, -70),
        (890, 62, 110),
        (830, 78, 150),
        (860, 66, -130),
    ):
        c.leaf(x, y, 74, turn, CLAY if turn % 40 else APRICOT, vein="#e98b55")
    c.shadow(880, 520, 420, 34)
    c.box(690, 330, 380, 190, "#a8744f", 6)
    for y in (330, 396, 462):
        c.box(682, y, 396, 52, "#c48d5f", 6)
        c.line([(700, y + 30), (1050, y + 27)], "#b07c52", 2, 0.8)
    for x in (696, 1040):
        c.box(x, 322, 26, 206, "#a8744f", 5)
    for x, colour, light in ((760, CLAY, APRICOT), (880, "#9fb548", "#d3dc8c"), (1000, BERRY, CLAY)):
        _apple_top(c, x, 322, 58, colour, light)
    for y in (330,):
        c.box(682, y, 396, 52, "#c48d5f", 6)
    for x in (696, 1040):
        c.box(x, 322, 26, 70, "#a8744f", 5)
    _apple(c, 240, 446, 88, BERRY, CLAY)
    _apple(c, 560, 462, 76, "#9fb548", "#d3dc8c")
    _apple(c, 404, 470, 96, CLAY, APRICOT)
    return c


def _apple(c: Canvas, x: float, y: float, r: float, colour: str, light: str) -> None:
    c.shadow(x, y + r * 0.92, r * 2.1, r * 0.24)
    right = curve(
        (x, y - r * 0.62),
        (x + r * 0.5, y - r * 1.12),
        (x + r * 1.5, y - r * 0.5),
        (x + r * 0.95, y + r * 0.75),
        (x + r * 0.4, y + r * 1.12),
        (x, y + r * 0.84),
    )
    left = [(2 * x - px, py) for px, py in reversed(right)]
    c.area(right + left, colour)
    c.area(
        curve(
            (x - r * 0.62, y - r * 0.3),
            (x - r * 0.86, y + r * 0.1),
            (x - r * 0.5, y + r * 0.6),
            (x - r * 0.58, y + r * 0.1),
            (x - r * 0.52, y - r * 0.28),
        ),
        light,
        0.8,
    )
    c.line(curve((x, y - r * 0.55), (x + r * 0.02, y - r * 0.9), (x + r * 0.2, y - r * 1.12)), BARK, r * 0.09)
    c.leaf(x + r * 0.06, y - r * 0.82, r * 0.72, -24, LEAF, vein=SPROUT)


def _apple_top(c: Canvas, x: float, y: float, r: float, colour: str, light: str) -> None:
    c.disc(x, y, r, colour)
    c.disc(x - r * 0.4, y - r * 0.3, r * 0.2, light, 0.8)
    c.line([(x, y - r * 0.9), (x + 8, y - r * 1.25)], BARK, 5)


def plots() -> Canvas:
    c = Canvas("#bfe0dc", "#fbeed2")
    c.disc(970, 130, 58, STRAW)
    c.houses(330, ("#d98f6c", "#e9c08c", "#c9785c", "#efd6ac", "#b5675c"), CREAM, 210)
    c.box(0, 326, 1200, 18, "#8aa39b")
    c.water(344, 440, POOL, WATER, CREAM, 22)
    c.box(0, 432, 1200, 168, "#c7d39b")
    c.box(0, 430, 1200, 12, "#a9b884")
    for left in (40, 430, 820):
        c.shadow(left + 170, 574, 370, 22)
        for index in range(6):
            x = left + 34 + index * 55
            kind = (index + left // 10) % 4
            height = (86, 112, 74, 98)[kind]
            c.plant(
                x,
                500,
                height,
                (LEAF, SPROUT, "#6da35c", LEAF)[kind],
                DEEP,
                lean=(-8, 6, 0, 10)[kind],
                pairs=2 if kind == 2 else 3,
            )
            if kind == 0:
                c.flower(x - 8, 500 - height - 8, 26, CLAY, STRAW)
            elif kind == 1:
                c.disc(x + 18, 500 - height * 0.42, 13, CLAY)
                c.disc(x - 16, 500 - height * 0.6, 11, CLAY)
            elif kind == 3:
                c.flower(x + 10, 500 - height - 8, 24, CREAM, APRICOT, 10)
        c.box(left, 486, 340, 84, "#a8744f", 6)
        c.box(left, 486, 340, 26, "#bd875c", 6)
        c.line([(left + 8, 540), (left + 330, 540)], "#8d5f40", 3)
        for x in (left + 6, left + 316):
            c.box(x, 480, 18, 96, "#8d5f40", 4)
    return c


def cargo_bike() -> Canvas:
    c = Canvas("#fdebc8", "#f7d3a3")
    c.disc(220, 190, 92, CREAM, 0.9)
    c.houses(360, ("#ecc9a0", "#e6bb92", "#f0d5b2"), "#fff3dc", 190)
    c.water(360, 470, POOL, WATER, CREAM, 20)
    c.box(0, 462, 1200, 138, "#d9c3a0")
    c.box(0, 456, 1200, 14, "#bfa680")
    c.shadow(610, 552, 760, 22)
    for x, r in ((330, 104), (872, 82)):
        y = 548 - r
        for spoke in range(12):
            end = turned([(x + r - 8, y)], (x, y), spoke * 30 + 8)[0]
            c.line([(x, y), end], "#8a8f8c", 1.8)
        c.ring(x, y, r, INK, 13)
        c.disc(x, y, 14, INK)
    for x, height, lean in ((640, 150, -14), (700, 190, 8), (764, 160, 16), (596, 110, -20)):
        c.plant(x, 352, height, LEAF if lean > 0 else SPROUT, DEEP, lean)
    c.flower(706, 156, 34, CLAY, STRAW)
    c.flower(624, 196, 30, CREAM, APRICOT, 10)
    c.flower(786, 186, 30, STRAW, BARK, 12)
    c.area([(540, 340), (824, 340), (790, 478), (580, 478)], LEAF)
    c.area([(536, 332), (828, 332), (822, 362), (542, 362)], "#3f7848")
    c.leaf(684, 440, 56, -136, CREAM)
    c.leaf(684, 440, 64, -46, SAGE)
    c.line([(684, 440), (684, 456)], CREAM, 5)
    green = "#2c6a4a"
    c.line([(330, 444), (420, 330), (560, 480), (800, 484), (872, 466)], green, 13)
    c.line([(330, 444), (462, 470), (556, 480)], green, 11)
    c.line([(420, 330), (462, 470)], green, 12)
    c.line([(462, 350), (540, 338)], green, 9)
    c.line([(408, 312), (396, 286)], INK, 9)
    c.line([(356, 284), (432, 284)], INK, 18)
    c.line([(536, 338), (516, 246), (478, 236)], INK, 9)
    c.line([(480, 236), (452, 240)], BARK, 13)
    c.ring(462, 470, 26, INK, 6)
    c.line([(462, 470), (486, 508)], INK, 8)
    c.line([(472, 510), (502, 508)], INK, 9)
    c.disc(902, 420, 16, STRAW)
    return c
