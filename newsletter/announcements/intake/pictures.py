"""Pictures from outside, made into ones that every mail program shows: small, plain, without hidden data."""

import hashlib
import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from newsletter.foundation.errors import BadInput

PICTURE_MAX_BYTES = 15_000_000
PICTURE_MAX_PIXELS = 40_000_000
LONG_EDGE_PIXELS = 1200  # twice the width of a mail, for screens with fine pixels
_FEW_COLOURS = 256
_JPEG_QUALITY = 82
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")


class PictureRefused(BadInput):
    """The data is no picture that can be mailed; the message says why."""


@dataclass(frozen=True, slots=True)
class PreparedPicture:
    """A picture ready to be mailed; the same input gives the same octets."""

    data: bytes
    content_type: str  # image/jpeg or image/png
    width: int
    height: int
    sha256: str


def prepare_picture(data: bytes) -> PreparedPicture:
    """The picture upright, without metadata, its long edge at most LONG_EDGE_PIXELS; PNG where it is
    transparent or has few colours, else JPEG. Of a moving picture the first frame. Raises PictureRefused.
    """
    if len(data) > PICTURE_MAX_BYTES:
        raise PictureRefused(f"The picture is larger than {PICTURE_MAX_BYTES // 1_000_000} MB.")
    picture = _scaled(_opened(data))
    out = io.BytesIO()
    if _has_transparency(picture):
        content_type = "image/png"
        picture.save(out, "PNG", optimize=True)
    elif (colours := picture.convert("RGB").getcolors(_FEW_COLOURS)) is not None:
        content_type = "image/png"
        _with_palette(picture.convert("RGB"), [colour for _, colour in sorted(colours)]).save(
            out, "PNG", optimize=True
        )
    else:
        content_type = "image/jpeg"
        picture.convert("RGB").save(out, "JPEG", quality=_JPEG_QUALITY, progressive=True, optimize=True)
    octets = out.getvalue()
    return PreparedPicture(
        octets, content_type, picture.width, picture.height, hashlib.sha256(octets).hexdigest()
    )


def _opened(data: bytes) -> Image.Image:
    """The decoded pixels, upright, as RGB or RGBA, and nothing else of the file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of bombs and odd metadata; the limit here is ours
            with Image.open(io.BytesIO(data), formats=_FORMATS) as file:
                if file.width * file.height > PICTURE_MAX_PIXELS:
                    raise PictureRefused(
                        f"The picture has {file.width} × {file.height} pixels; at most "
                        f"{PICTURE_MAX_PIXELS // 1_000_000} million are taken."
                    )
                upright = ImageOps.exif_transpose(file)
                pixels = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except UnidentifiedImageError as error:
        words = "An SVG drawing cannot be mailed; save it as PNG." if _is_svg(data) else "This is no picture."
        raise PictureRefused(f"{words} JPEG, PNG, GIF, WebP, BMP and TIFF are taken.") from error
    except Image.DecompressionBombError as error:
        raise PictureRefused(
            f"The picture has too many pixels; at most {PICTURE_MAX_PIXELS // 1_000_000} million are taken."
        ) from error
    except (OSError, ValueError, SyntaxError, EOFError, KeyError) as error:
        raise PictureRefused("The picture is damaged or cut off; export it anew.") from error
    clean = Image.new(pixels.mode, pixels.size)
    clean.paste(pixels)
    return clean


def _is_svg(data: bytes) -> bool:
    return b"<svg" in data[:4000].lower()


def _scaled(picture: Image.Image) -> Image.Image:
    long_edge = max(picture.size)
    if long_edge <= LONG_EDGE_PIXELS:
        return picture
    width, height = (max(1, round(side * LONG_EDGE_PIXELS / long_edge)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def _has_transparency(picture: Image.Image) -> bool:
    if picture.mode != "RGBA":
        return False
    lowest = picture.getchannel("A").getextrema()[0]
    return isinstance(lowest, (int, float)) and lowest < 255


def _with_palette(picture: Image.Image, colours: Sequence[object]) -> Image.Image:
    """The very same pixels, by a palette where they can be had so: a third of the size."""
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in colours if isinstance(colour, tuple) for part in colour])
    found = picture.quantize(palette=palette, dither=Image.Dither.NONE)
    # Pillow looks a colour up by its high bits, so that of two close ones it may take the other.
    return found if found.convert("RGB").tobytes() == picture.tobytes() else picture
