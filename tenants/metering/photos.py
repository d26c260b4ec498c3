"""Photos that customers send: only what is a picture, without what the camera wrote into it, and small; pure."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from kernel.errors import Invalid, gettext_noop

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
LONGEST_SIDE = 1600
MOST_PIXELS = 64_000_000
QUALITY = 82
MEGABYTE = 2**20
CONTENT_TYPE = "image/jpeg"


class NotAPhoto(Invalid):
    """A photo is a picture that can be opened."""

    code = "not_a_photo"
    template = gettext_noop("This is no photo that can be opened. Send a JPEG, PNG or WebP.")


class PhotoTooLarge(Invalid):
    """A photo stays below a size."""

    code = "photo_too_large"
    template = gettext_noop("The photo is too large: send one of at most {megabytes} MB.")


def cleaned(*, content: bytes, megabytes: int) -> bytes:
    """This will return the photo as a JPEG of at most 1600 pixels a side, without EXIF, place or comments.

    The pixels are turned as the camera held them and written anew: nothing of the file itself is kept. Raises NotAPhoto
    for whatever cannot be decoded (also HEIC where no decoder is installed), PhotoTooLarge for too many bytes or
    pixels.
    """
    if len(content) > megabytes * MEGABYTE:
        raise PhotoTooLarge(megabytes=megabytes, where="photo")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=_known_formats()) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise PhotoTooLarge(megabytes=megabytes, where="photo")
                return _written_anew(picture)
    except Image.DecompressionBombError as refusal:
        raise PhotoTooLarge(megabytes=megabytes, where="photo") from refusal
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as refusal:
        raise NotAPhoto(where="photo") from refusal


def _written_anew(picture: Image.Image) -> bytes:
    picture.draft("RGB", (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))
    turned = ImageOps.exif_transpose(picture)
    turned.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    bare = Image.new("RGB", turned.size, "white")
    rich = turned.convert("RGBA")
    bare.paste(rich, mask=rich.getchannel("A"))
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def _known_formats() -> list[str]:
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]
