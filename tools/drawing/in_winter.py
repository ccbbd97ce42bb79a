"""Pictures of cold days and of evenings."""

import math

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
    SAND,
    SPROUT,
    STRAW,
    WATER,
    Canvas,
    curve,
    turned,
)


def lanterns() -> Canvas:
    c = Canvas("#0e2238", "#274b68")
    for _ in range(60):
        c.disc(c.chance.uniform(0, 1200), c.chance.uniform(0, 210), c.chance.uniform(0.8, 2.2), CREAM, 0.7)
    c.area(
        curve((1060, 46), (1118, 50), (1118, 122), (1060, 126))
        + curve((1060, 126), (1094, 112), (1094, 60), (1060, 46)),
        CREAM,
    )
    c.houses(380, ("#1a3a56", "#173350", "#1f4260"), STRAW, 190)
    c.box(0, 376, 1200, 22, "#10263c")
    c.water(398, 600, "#1b3f5c", "#0e2238", POOL, 20)
    rope = curve((-20, 120), (260, 330), (560, 210), (760, 170), (1000, 360), (1220, 150))
    c.line(rope, "#0b1a2b", 4)
    colours = (APRICOT, CLAY, STRAW, POOL, APRICOT, BERRY, STRAW)
    for number, colour in enumerate(colours):
        x, y = rope[3 + number * 6 - number // 2]
        y += 52
        c.glow(x, y, 130, colour, 0.6)
        for step in range(7):
            c.disc(
                x + math.sin(step * 2.1) * 5,
                424 + step * 23,
                36 - step * 3.4,
                colour,
                0.42 - step * 0.045,
                flat=0.16,
            )
        _lantern(c, x, y, colour, round_one=number % 2 == 0)
    return c


def _lantern(c: Canvas, x: float, y: float, colour: str, *, round_one: bool) -> None:
    c.line([(x, y - 52), (x, y - 34)], "#0b1a2b", 3)
    if round_one:
        c.disc(x, y, 42, colour, flat=0.92)
        for width in (14, 30):
            for side in (-1, 1):
                c.line(
                    curve(
                        (x, y - 38),
                        (x + side * width * 1.4, y - 14),
                        (x + side * width * 1.4, y + 14),
                        (x, y + 38),
                    ),
                    INK,
                    1.4,
                    0.3,
                )
    else:
        c.box(x - 29, y - 42, 58, 84, colour, 14)
        for line in range(5):
            c.line([(x - 28, y - 28 + line * 14), (x + 28, y - 28 + line * 14)], INK, 1.4, 0.3)
    c.disc(x, y + 4, 17, CREAM, 0.75)
    c.box(x - 16, y - 46, 32, 9, "#0b1a2b", 3)
    c.box(x - 16, y + 37, 32, 9, "#0b1a2b", 3)


def greenhouse() -> Canvas:
    c = Canvas("#2b4a68", "#e8a37c")
    c.area(
        [(0, 520), *curve((0, 470), (400, 440), (800, 480), (1200, 450)), (1200, 600), (0, 600)], "#20463f"
    )
    for x, height in ((60, 190), (120, 150), (1090, 200), (1150, 150)):
        c.plant(x, 540, height, DEEP, "#17393a", 12)
    c.glow(600, 330, 520, STRAW, 0.75)
    frame = [(270, 540), (270, 270), (600, 90), (930, 270), (930, 540)]
    c.area(frame, "#fbe6ad")
    c.area([(270, 540), (270, 420), (930, 420), (930, 540)], "#f4d48c")
    for x, height, colour in (
        (310, 150, LEAF),
        (360, 110, SPROUT),
        (880, 160, LEAF),
        (832, 110, SPROUT),
        (412, 84, LEAF),
        (782, 84, LEAF),
    ):
        c.plant(x, 520, height, colour, DEEP)
        c.box(x - 20, 506, 40, 34, CLAY, 5)
    for x in (470, 730):
        c.line([(x, 118 + abs(600 - x) * 0.5), (x, 250)], INK, 3)
        c.glow(x, 262, 90, CREAM, 0.8)
        c.area([(x - 34, 266), (x - 14, 238), (x + 14, 238), (x + 34, 266)], BERRY)
        c.disc(x, 270, 11, CREAM)
    c.box(470, 424, 260, 16, BARK, 6)
    for x in (492, 692):
        c.box(x, 438, 14, 100, BARK, 4)
    for x, colour in ((548, CLAY), (652, WATER)):
        c.area(curve((x - 42, 384), (x - 36, 430), (x + 36, 430), (x + 42, 384)), colour)
        c.disc(x, 384, 42, APRICOT, flat=0.16)
        c.line(curve((x - 10, 372), (x + 12, 352), (x - 14, 336), (x + 4, 312)), CREAM, 6, 0.8)
    for x in (270, 435, 765, 930):
        c.line([(x, 540), (x, 270 - (165 - abs(x - 600)) * 0 - max(0, 330 - abs(x - 600)) * 0.545)], DEEP, 7)
    c.line([(600, 96), (600, 300)], DEEP, 5)
    c.line(frame, DEEP, 11)
    c.line([(270, 300), (930, 300)], DEEP, 6)
    c.line([(270, 540), (930, 540)], DEEP, 14)
    return c


def pruning() -> Canvas:
    c = Canvas("#dfe9ee", "#f8dcbf")
    c.glow(860, 330, 360, CREAM, 0.9)
    c.disc(860, 330, 112, "#f7bf7c")
    c.area(
        [(0, 520), *curve((0, 470), (350, 430), (800, 500), (1200, 440)), (1200, 600), (0, 600)], "#eef3f1"
    )
    c.area(
        [(0, 570), *curve((0, 520), (500, 500), (900, 560), (1200, 510)), (1200, 600), (0, 600)], "#d5e2dd"
    )
    _branch(c, 860, 545, -92, 150, 26, 6)
    c.disc(742, 214, 20, INK)
    c.disc(758, 198, 13, INK)
    c.area([(768, 194), (786, 200), (768, 204)], APRICOT)
    c.leaf(728, 218, 50, 166, INK, 0.26)
    centre = (330.0, 300.0)
    for mirrored, colour, light in ((False, CLAY, "#e18263"), (True, BERRY, "#a9505d")):
        handle = curve((330, 300), (250, 350), (190, 420), (196, 548))
        handle_light = curve((300, 326), (246, 366), (206, 424), (202, 520))
        blade = curve((318, 310), (296, 220), (330, 130), (400, 92)) + curve(
            (400, 92), (402, 180), (380, 250), (344, 302)
        )
        if mirrored:
            handle, handle_light = ([(660 - x, y) for x, y in part] for part in (handle, handle_light))
            blade = curve((346, 310), (380, 240), (352, 170), (296, 128)) + curve(
                (296, 128), (280, 200), (292, 260), (320, 306)
            )
        c.area(turned(blade, centre, 14), "#8b9ba1" if mirrored else "#aebcc0")
        c.line(turned(handle, centre, 14), colour, 40)
        c.line(turned(handle_light, centre, 14), light, 9)
    c.disc(*centre, 27, INK)
    c.disc(*centre, 11, "#aebcc0")
    return c


def _branch(c: Canvas, x: float, y: float, degrees: float, length: float, width: float, depth: int) -> None:
    end_x, end_y = x + math.cos(math.radians(degrees)) * length, y + math.sin(math.radians(degrees)) * length
    c.line([(x, y), (end_x, end_y)], "#5d4436", width)
    if depth == 0:
        return
    for turn in (-c.chance.uniform(18, 38), c.chance.uniform(16, 40)):
        _branch(
            c,
            end_x,
            end_y,
            degrees + turn,
            length * c.chance.uniform(0.66, 0.84),
            max(2.0, width * 0.64),
            depth - 1,
        )


def story_hour() -> Canvas:
    c = Canvas("#27506b", "#5b8f96")
    c.glow(600, 380, 460, STRAW, 0.5)
    for _ in range(40):
        c.disc(c.chance.uniform(0, 1200), c.chance.uniform(0, 260), c.chance.uniform(1, 2.6), CREAM, 0.7)
    c.area(
        [(0, 560), *curve((0, 520), (400, 490), (800, 530), (1200, 500)), (1200, 600), (0, 600)], "#1c3f4d"
    )
    c.shadow(600, 556, 620, 26, 0.4)
    for side in (-1, 1):
        cover = [(600, 552), (600 + side * 318, 516), (600 + side * 318, 336), (600, 400)]
        c.area(cover, BERRY)
        for inset, colour in ((0, "#e6d6b6"), (12, SAND), (24, CREAM)):
            page = [
                (600, 540 - inset * 0.4),
                *curve(
                    (600, 540 - inset * 0.4),
                    (600 + side * 150, 470),
                    (600 + side * (300 - inset), 506 - inset * 0.4),
                ),
                *curve(
                    (600 + side * (300 - inset), 322 - inset * 0.4),
                    (600 + side * 150, 296),
                    (600, 384 - inset * 0.4),
                ),
            ]
            c.area(page, colour)
        for row in range(5):
            line = curve(
                (600 + side * 40, 398 + row * 24),
                (600 + side * 130, 344 + row * 25),
                (600 + side * 244, 348 + row * 27),
            )
            c.line(line, "#c9b48c", 5, 0.9)
    c.line([(600, 384), (600, 540)], "#d9c7a0", 4)
    flight = (
        (560, 330, 74, 200, SPROUT),
        (640, 300, 68, -70, APRICOT),
        (590, 232, 62, 250, LEAF),
        (700, 214, 58, -30, STRAW),
    )
    for x, y, length, turn, colour in (
        *flight,
        (640, 150, 50, 205, CLAY),
        (742, 128, 46, -64, SPROUT),
        (668, 66, 40, 230, POOL),
    ):
        c.leaf(x, y, length, turn, colour, vein=CREAM)
    _star(c, 820, 170, 48, STRAW)
    _star(c, 360, 120, 26, CREAM)
    _star(c, 930, 300, 20, APRICOT)
    body = (350.0, 262.0)
    c.area(
        curve((300, 270), (330, 216), (400, 230), (430, 262))
        + curve((430, 262), (390, 312), (330, 306), (300, 270)),
        CLAY,
    )
    c.disc(418, 248, 24, CLAY)
    c.disc(425, 243, 4.5, INK)
    c.area([(438, 242), (466, 250), (438, 257)], STRAW)
    c.leaf(body[0] + 24, body[1] + 2, 92, 222, "#e18263", 0.3)
    c.leaf(308, 272, 62, 172, BERRY, 0.22)
    return c


def _star(c: Canvas, x: float, y: float, radius: float, colour: str) -> None:
    points = [
        (
            x + math.sin(i * math.pi / 5) * (radius if i % 2 == 0 else radius * 0.44),
            y - math.cos(i * math.pi / 5) * (radius if i % 2 == 0 else radius * 0.44),
        )
        for i in range(10)
    ]
    c.area(points, colour)
