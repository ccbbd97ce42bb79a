import hashlib
import io

import pytest
from PIL import Image, ImageChops

from newsletter.announcements.intake.pictures import PictureRefused, PreparedPicture, prepare_picture


def encoded(picture: Image.Image, format: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


def gradient(width: int, height: int) -> Image.Image:
    """A picture of many colours, dark at the top, light at the bottom."""
    down = Image.linear_gradient("L").resize((width, height))
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    return Image.merge("RGB", (down, across, ImageChops.invert(down)))


def opened(prepared: PreparedPicture) -> Image.Image:
    return Image.open(io.BytesIO(prepared.data))


def test_photograph_becomes_a_progressive_jpeg_of_1200_pixels() -> None:
    prepared = prepare_picture(encoded(gradient(2400, 1600), "PNG"))
    picture = opened(prepared)
    assert (prepared.content_type, prepared.width, prepared.height) == ("image/jpeg", 1200, 800)
    assert (picture.format, picture.size, picture.info.get("progressive")) == ("JPEG", (1200, 800), 1)
    assert prepared.sha256 == hashlib.sha256(prepared.data).hexdigest()


def test_small_picture_keeps_its_size() -> None:
    prepared = prepare_picture(encoded(gradient(300, 500), "JPEG"))
    assert (prepared.width, prepared.height) == (300, 500)


def test_same_picture_gives_the_same_octets() -> None:
    data = encoded(gradient(700, 400), "WEBP", lossless=True)
    assert prepare_picture(data) == prepare_picture(data)


def test_picture_is_turned_upright_and_loses_its_metadata() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010E] = "taken at 50.85 N, 4.35 E by Zineb"
    data = encoded(gradient(400, 200), "JPEG", exif=exif, comment=b"taken by Zineb")
    prepared = prepare_picture(data)
    assert (b"Zineb" in data, b"Zineb" in prepared.data, b"Exif" in prepared.data) == (True, False, False)
    assert (prepared.width, prepared.height) == (200, 400)
    upright = opened(prepared).convert("RGB")
    right, left = upright.getpixel((195, 200)), upright.getpixel((5, 200))
    assert isinstance(right, tuple)
    assert isinstance(left, tuple)
    assert right[0] < 20 < 235 < left[0]  # the dark top of the stored picture is now on the right


def test_transparency_stays() -> None:
    drawing = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    drawing.paste((200, 30, 30, 128), (10, 10, 30, 30))
    prepared = prepare_picture(encoded(drawing, "PNG"))
    assert (prepared.content_type, opened(prepared).convert("RGBA").tobytes()) == (
        "image/png",
        drawing.tobytes(),
    )


@pytest.mark.parametrize(("step", "mode"), [(32, "P"), (1, "RGB")])
def test_drawing_of_few_colours_is_kept_exactly(step: int, mode: str) -> None:
    drawing = Image.new("RGB", (256, 64))
    for x in range(0, 256, step):
        drawing.paste((x, 255 - x, x // 2), (x, 0, x + step, 64))
    prepared = prepare_picture(encoded(drawing, "BMP"))
    assert (prepared.content_type, opened(prepared).mode) == ("image/png", mode)
    assert opened(prepared).convert("RGB").tobytes() == drawing.tobytes()


def test_cmyk_and_grey_and_first_frames_are_taken() -> None:
    assert prepare_picture(encoded(gradient(300, 300).convert("CMYK"), "JPEG")).content_type == "image/jpeg"
    assert prepare_picture(encoded(gradient(300, 300).convert("L"), "PNG")).content_type == "image/png"
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    moving = prepare_picture(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert opened(moving).convert("RGB").getpixel((4, 4)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
            "An SVG drawing cannot be mailed; save it as PNG. JPEG, PNG, GIF, WebP, BMP and TIFF are taken.",
        ),
        (b"%PDF-1.7", "This is no picture. JPEG, PNG, GIF, WebP, BMP and TIFF are taken."),
        (b"", "This is no picture. JPEG, PNG, GIF, WebP, BMP and TIFF are taken."),
        (b"x" * 15_000_001, "The picture is larger than 15 MB."),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(PictureRefused) as raised:
        prepare_picture(data)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("side", "words"),
    [(7_000, "The picture has 7000 × 7000 pixels"), (20_000, "The picture has too many pixels")],
)
def test_picture_of_too_many_pixels_is_refused(side: int, words: str) -> None:
    bomb = encoded(Image.new("1", (side, side)), "PNG")
    with pytest.raises(PictureRefused) as raised:
        prepare_picture(bomb)
    assert len(bomb) < 100_000
    assert str(raised.value) == f"{words}; at most 40 million are taken."


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "BMP"])
def test_picture_that_was_cut_off_is_refused(format: str) -> None:
    data = encoded(gradient(300, 300), format)
    with pytest.raises(PictureRefused):
        prepare_picture(data[: len(data) // 2])
