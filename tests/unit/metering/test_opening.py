"""What arrives is unpacked safely: bombs, cut archives, foreign bytes and endless lines end in a sentence."""

from __future__ import annotations

import functools
import gzip
import io
import zipfile

import pytest

from tenants.metering.formats import base, detect, opening

SMALL = opening.Limits(unpacked_bytes=1 << 20, line_characters=1 << 12, memory_bytes=1 << 16)
NEM12 = b"100,NEM12,202601010000,MDP,RET\n200,NEM1204000,E1,1,E1,N1,S,kWh,30,\n300,20260101," + (
    b"1," * 48 + b"A,,,20260102030405,\n900\n"
)


gzipped = functools.partial(gzip.compress, mtime=0)
"""The same bytes in every worker."""


def zipped(**members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def read(content):
    return list(detect.read(source=io.BytesIO(content), limits=SMALL).items)


def refusal(content):
    with pytest.raises(base.FileRefused) as caught:
        read(content)
    assert caught.value.refusal.sentence in str(caught.value)
    return caught.value.refusal.code


class TestOpening:
    @pytest.mark.parametrize(
        "content",
        [
            NEM12,
            zipped(file=NEM12),
            gzipped(NEM12),
            zipped(**{"folder/file": NEM12, "__MACOSX/._file": b"x"}),
            b"\xef\xbb\xbf" + NEM12,
            NEM12.decode().encode("utf-16"),
            b"\xff\xfe" + NEM12.decode().encode("utf-16-le"),
            NEM12.decode().encode("utf-16-le"),
            NEM12.decode().encode("utf-16-be"),
            NEM12.replace(b"\n", b"\r\n"),
            NEM12.replace(b"\n", b"\r"),
            NEM12.replace(b"\n", b"\r\n", 2),
            b"\n\n" + NEM12 + b"\n\n\x1a",
        ],
    )
    def test_reads_one_file_in_every_wrapping(self, content):
        [day] = read(content)

        assert day.total == 48_000

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "empty_file"),
            (b" \n ", "empty_file"),
            (zipped(), "archive_of_many"),
            (zipped(a=NEM12, b=NEM12), "archive_of_many"),
            (zipped(a=zipped(b=NEM12)), "archive_in_archive"),
            (gzipped(gzipped(NEM12)), "archive_in_archive"),
            (zipped(file=NEM12)[:-40], "bad_archive"),
            (gzipped(NEM12)[:-9], "bad_archive"),
            (zipped(**{"[Content_Types].xml": b"<x/>", "xl": b"<x/>"}), "spreadsheet"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "spreadsheet"),
            (zipped(bomb=b"0" * (SMALL.unpacked_bytes + 1)), "too_large"),
            (gzipped(b"0" * (SMALL.unpacked_bytes + 1)), "too_large"),
            (b"\x00\x01\x02\x03" * 100, "not_text"),
            (b"100,NEM12\n" + b"\xff\xfe\xfd" * 50, "unknown_encoding"),
            (b"hello world", "unknown_format"),
            (b"7z\xbc\xaf\x27\x1c", "bad_archive"),
            (NEM12.replace(b"900\n", b"1" * 5000), "line_too_long"),
            (NEM12.replace(b"RET", b'"RET'), "broken_quotes"),
            (b"," * 5000, "line_too_long"),
        ],
    )
    def test_refuses_what_is_no_meter_file(self, content, code):
        assert refusal(content) == code

    def test_refuses_an_archive_with_one_flipped_bit(self):
        packed = bytearray(zipped(file=NEM12 * 3))
        packed[60] ^= 0x10

        assert refusal(bytes(packed)) == "bad_archive"

    def test_refuses_an_archive_behind_a_password(self):
        packed = bytearray(zipped(file=NEM12))
        for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            packed[packed.index(signature) + flags] |= 1

        assert refusal(bytes(packed)) == "archive_encrypted"
