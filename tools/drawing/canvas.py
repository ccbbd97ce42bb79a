"""A small set of shapes in one palette, drawn three times as fine as shown and then scaled down."""

import math
import random
from collections.abc import Iterable, Sequence

from PIL import Image, ImageDraw, ImageFilter

FINE = 3
WIDTH, HEIGHT = 1200, 600

NIGHT, DEEP, WATER, POOL, LEAF, SPROUT, SAGE = (
    "#14304a",
    "#1d5552",
    "#2f7f7a",
    "#6fb3a8",
    "#4f8f57",
    "#86b86b",
    "#cfe1c4",
)
CREAM, SAND, STRAW, APRICOT, CLAY, BERRY, BARK, INK = (
    "#fff8ea",
    "#f3e6cf",
    "#f5cf7a",
    "#f0a35a",
    "#cf5f3e",
    "#8f3a47",
    "#7a5640",
    "#22333b",
)

Point = tuple[float, float]


def rgba(colour: str, alpha: float = 1.0) -> tuple[int, int, int, int]:
    return (int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16), round(alpha * 255))


def curve(*through: Point, steps: int = 40) -> list[Point]:
    """Points of the Bézier curve with these control points."""
    degree = len(through) - 1
    weights = [math.comb(degree, i) for i in range(degree + 1)]
    points = []
    for step in range(steps + 1):
        t = step / steps
        b = [weights[i] * (1 - t) ** (degree - i) * t**i for i in range(degree + 1)]
        points.append(
            (
                sum(w * p[0] for w, p in zip(b, through, strict=True)),
                sum(w * p[1] for w, p in zip(b, through, strict=True)),
            )
        )
    return points


def turned(points: Iterable[Point], centre: Point, degrees: float) -> list[Point]:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    (cx, cy) = centre
    return [(cx + (x - cx) * cos - (y - cy) * sin, cy + (x - cx) * sin + (y - cy) * cos) for x, y in points]


class Canvas:
    """A picture being drawn; positions are those of the finished picture, whatever the fineness."""

    def __init__(self, top: str, bottom: str, size: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
        self.size = size
        fine = (size[0] * FINE, size[1] * FINE)
        mask = Image.linear_gradient("L").resize(fine)
        self.image = Image.composite(Image.new("RGB", fine, bottom), Image.new("RGB", fine, top), mask)
        self.pen = ImageDraw.Draw(self.image, "RGBA")
        self.chance = random.Random(2026)  # noqa: S311

    def finished(self) -> Image.Image:
        return self.image.resize(self.size, Image.Resampling.LANCZOS)

    def _fine(self, points: Iterable[Point]) -> list[Point]:
        return [(x * FINE, y * FINE) for x, y in points]

    def area(self, points: Sequence[Point], colour: str, alpha: float = 1.0) -> None:
        self.pen.polygon(self._fine(points), fill=rgba(colour, alpha))

    def line(self, points: Sequence[Point], colour: str, width: float, alpha: float = 1.0) -> None:
        fine = self._fine(points)
        self.pen.line(fine, fill=rgba(colour, alpha), width=round(width * FINE), joint="curve")
        if alpha == 1.0:
            radius = width * FINE / 2
            for x, y in (fine[0], fine[-1]):
                self.pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=rgba(colour))

    def disc(
        self, x: float, y: float, radius: float, colour: str, alpha: float = 1.0, flat: float = 1.0
    ) -> None:
        (left, top), (right, bottom) = self._fine(
            [(x - radius, y - radius * flat), (x + radius, y + radius * flat)]
        )
        self.pen.ellipse((left, top, right, bottom), fill=rgba(colour, alpha))

    def ring(self, x: float, y: float, radius: float, colour: str, width: float) -> None:
        (left, top), (right, bottom) = self._fine([(x - radius, y - radius), (x + radius, y + radius)])
        self.pen.ellipse((left, top, right, bottom), outline=rgba(colour), width=round(width * FINE))

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        colour: str,
        radius: float = 0,
        alpha: float = 1.0,
    ) -> None:
        (left, top), (right, bottom) = self._fine([(x, y), (x + width, y + height)])
        self.pen.rounded_rectangle((left, top, right, bottom), radius * FINE, fill=rgba(colour, alpha))

    def leaf(
        self,
        x: float,
        y: float,
        length: float,
        degrees: float,
        colour: str,
        breadth: float = 0.36,
        vein: str = "",
    ) -> None:
        """A leaf whose stem is at (x, y); 0 degrees points right, -90 up."""
        tip, belly = (x + length, y), breadth * length * 1.3
        upper = curve((x, y), (x + length * 0.3, y - belly), (x + length * 0.8, y - belly * 0.6), tip)
        lower = curve(tip, (x + length * 0.8, y + belly * 0.6), (x + length * 0.3, y + belly), (x, y))
        self.area(turned(upper + lower, (x, y), degrees), colour)
        if vein:
            self.line(turned([(x, y), (x + length * 0.78, y)], (x, y), degrees), vein, max(1.5, length / 40))

    def plant(
        self, x: float, y: float, height: float, colour: str, stem: str, lean: float = 0.0, pairs: int = 3
    ) -> None:
        spine = curve((x, y), (x, y - height * 0.6), (x + lean, y - height))
        self.line(spine, stem, max(2.5, height / 34))
        for pair in range(pairs):
            at = spine[int(len(spine) * (0.3 + 0.55 * pair / max(1, pairs - 1)))]
            size = height * (0.36 - 0.07 * pair)
            self.leaf(*at, size, -32 - 6 * pair, colour)
            self.leaf(*at, size, -148 + 6 * pair, colour)
        self.leaf(*spine[-1], height * 0.22, -90 + lean / 3, colour)

    def flower(self, x: float, y: float, radius: float, petals: str, heart: str, count: int = 8) -> None:
        for petal in range(count):
            self.leaf(x, y, radius, 360 * petal / count + 12, petals, breadth=0.3)
        self.disc(x, y, radius * 0.34, heart)

    def glow(self, x: float, y: float, radius: float, colour: str, alpha: float = 0.55) -> None:
        """Light that fades outwards."""
        side = 128
        fade = (
            Image.radial_gradient("L")
            .resize((side, side))
            .point([max(0, round((1 - v / 181) ** 1.6 * 255 * alpha) if v < 181 else 0) for v in range(256)])
        )
        fine = round(radius * 2 * FINE)
        mask = fade.resize((fine, fine), Image.Resampling.BICUBIC)
        self.image.paste(
            Image.new("RGB", (fine, fine), colour),
            (round((x - radius) * FINE), round((y - radius) * FINE)),
            mask,
        )
        self.pen = ImageDraw.Draw(self.image, "RGBA")

    def shadow(self, x: float, y: float, width: float, height: float, alpha: float = 0.22) -> None:
        """A soft shadow on the ground, around (x, y)."""
        fine = (round(width * 1.5 * FINE), round(height * 3 * FINE))
        mask = Image.new("L", fine, 0)
        inner = (width * 0.25 * FINE, height * FINE, width * 1.25 * FINE, height * 2 * FINE)
        ImageDraw.Draw(mask).ellipse(inner, fill=round(255 * alpha))
        mask = mask.filter(ImageFilter.GaussianBlur(height * FINE * 0.3))
        self.image.paste(
            Image.new("RGB", fine, NIGHT),
            (round((x - width * 0.75) * FINE), round((y - height * 1.5) * FINE)),
            mask,
        )
        self.pen = ImageDraw.Draw(self.image, "RGBA")

    def water(
        self, y: float, bottom: float, top_colour: str, low_colour: str, ripples: str, count: int = 26
    ) -> None:
        """A stretch of canal from `y` down to `bottom`, with ripples that grow nearer."""
        fine = (self.size[0] * FINE, round((bottom - y) * FINE))
        mask = Image.linear_gradient("L").resize(fine)
        blend = Image.composite(Image.new("RGB", fine, low_colour), Image.new("RGB", fine, top_colour), mask)
        self.image.paste(blend, (0, round(y * FINE)))
        self.pen = ImageDraw.Draw(self.image, "RGBA")
        for _ in range(count):
            depth = self.chance.random()
            at_y, at_x = y + 10 + depth * (bottom - y - 16), self.chance.uniform(-60, self.size[0])
            length = 40 + 90 * depth
            wave = [
                (at_x + i * length / 16, at_y + math.sin(i / 16 * math.tau) * 2 * (0.5 + depth))
                for i in range(17)
            ]
            self.line(wave, ripples, 1.6 + 2.2 * depth, alpha=0.5)

    def houses(self, ground: float, colours: Sequence[str], windows: str, tallest: float = 190) -> None:
        """A row of narrow Brussels housefronts standing on `ground`."""
        x = -20.0
        number = 0
        while x < self.size[0]:
            width = self.chance.choice((78, 88, 96, 110))
            height = tallest * self.chance.uniform(0.62, 1.0)
            colour = colours[number % len(colours)]
            top = ground - height
            self.box(x, top, width, height, colour)
            if number % 3 == 0:
                self.area([(x, top), (x + width / 2, top - width * 0.42), (x + width, top)], colour)
            elif number % 3 == 1:
                steps = [
                    (0, 0),
                    (0.16, 0),
                    (0.16, 0.14),
                    (0.32, 0.14),
                    (0.32, 0.28),
                    (0.68, 0.28),
                    (0.68, 0.14),
                    (0.84, 0.14),
                    (0.84, 0),
                    (1, 0),
                ]
                self.area([(x + width * a, top - width * b) for a, b in steps], colour)
            else:
                self.box(x - 3, top - 8, width + 6, 9, colour)
            columns = 3 if width > 90 else 2
            gap = width / (columns + 1)
            row = top + 18
            while row < ground - 34:
                for column in range(columns):
                    self.box(x + gap * (column + 1) - 7, row, 14, 22, windows, radius=2, alpha=0.75)
                row += 42
            x += width + 4
            number += 1
