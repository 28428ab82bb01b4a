"""Base64, URLs, character encodings and gzip."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
import urllib.parse
import zlib

from reconciler.hcl.faults import Fault
from reconciler.hcl.functions.signatures import MAX_TEXT, check_text, function, text
from reconciler.hcl.values import Value, normal

_ENCODINGS = re.compile(
    r"(?:ascii|big5|cp(?:037|437|85[0258]|86[02356]|866|874|949|1047|1140|125[0-8])|euc_(?:jp|kr)|gb(?:18030|2312|k)"
    r"|hz|iso2022_jp|iso8859-(?:[1-9]|1[0-6])|koi8-[ru]|mac-(?:roman|cyrillic)|shift_jis|tis-620|utf-(?:8|16|16-[bl]e))"
)
"""What Python calls the encodings of IANA's list that Go's `ianaindex` knows."""

_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_EMPTY_BLOCK = b"\x01\x00\x00\xff\xff"


def base64decode(given: str) -> Value:
    """Decode base64 to a text in UTF-8."""
    return utf8(decoded(given))


def base64encode(given: str) -> Value:
    """Encode a text, in UTF-8, in base64."""
    return base64.b64encode(given.encode()).decode()


def base64gzip(given: str) -> Value:
    """Compress a text with gzip, without a time, and encode it in base64.

    Go flushes before it ends, and ends with an empty block; so does this. How well the text is compressed in between
    is each library's own affair, and differs between versions of Go too.
    """
    data = given.encode()
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH) + _EMPTY_BLOCK
    trailer = zlib.crc32(data).to_bytes(4, "little") + (len(data) & 0xFFFFFFFF).to_bytes(4, "little")
    return base64.b64encode(_GZIP_HEADER + body + trailer).decode()


def base64gunzip(given: str) -> Value:
    """Decode base64 and decompress with gzip to a text in UTF-8."""
    data, result = decoded(given), b""
    try:
        while data:
            unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
            result += unpacker.decompress(data, MAX_TEXT - len(result) + 1)
            check_text(len(result))
            if not unpacker.eof:
                raise Fault("the data of gzip ends too early", argument=0)
            data = unpacker.unused_data
    except zlib.error:
        raise Fault("it is not made by gzip", argument=0) from None
    if not given:
        raise Fault("it is not made by gzip", argument=0)
    return utf8(result)


def textencodebase64(given: str, encoding: str) -> Value:
    """Encode a text in a character encoding of IANA's list, and in base64."""
    name = _encoding(encoding)
    try:
        # Go begins UTF-16 with a mark, and takes the byte order of networks; Python takes the machine's.
        data = codecs.BOM_UTF16_BE + given.encode("utf-16-be") if name == "utf-16" else given.encode(name)
    except UnicodeEncodeError:
        raise Fault("the encoding lacks characters of the text", argument=0) from None
    return base64.b64encode(data).decode()


def textdecodebase64(given: str, encoding: str) -> Value:
    """Decode base64, and a character encoding of IANA's list."""
    name, data = _encoding(encoding), decoded(given)
    if name == "utf-16" and not data.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)):
        name = "utf-16-be"
    try:
        return normal(data.decode(name))
    except UnicodeDecodeError:
        raise Fault("the bytes are no text in this encoding", argument=0) from None


def urlencode(given: str) -> Value:
    """Escape a text for a query of a URL: a space is `+`."""
    return urllib.parse.quote_plus(given)


def urldecode(given: str) -> Value:
    """Undo the escapes of a query of a URL."""
    if re.search("%(?![0-9A-Fa-f]{2})", given):
        raise Fault("two hexadecimal digits must follow each %", argument=0)
    return utf8(urllib.parse.unquote_to_bytes(given.replace("+", " ")))


def decoded(given: str) -> bytes:
    """Decode base64 with its padding; line ends are passed over."""
    try:
        return binascii.a2b_base64(given.replace("\n", "").replace("\r", ""), strict_mode=True)
    except (binascii.Error, ValueError):
        raise Fault("it is not base64", argument=0) from None


def utf8(data: bytes) -> str:
    """Read bytes as a text."""
    try:
        return normal(data.decode())
    except UnicodeDecodeError:
        raise Fault("the bytes are no text in UTF-8", argument=0) from None


def _encoding(name: str) -> str:
    try:
        known = codecs.lookup(name).name
    except (LookupError, ValueError):
        known = ""
    if not _ENCODINGS.fullmatch(known):
        raise Fault("there is no such encoding among those of IANA that are known", argument=1)
    return known


FUNCTIONS = (
    function("base64decode", base64decode, text()),
    function("base64encode", base64encode, text()),
    function("base64gunzip", base64gunzip, text()),
    function("base64gzip", base64gzip, text()),
    function("textdecodebase64", textdecodebase64, text("source"), text("encoding")),
    function("textencodebase64", textencodebase64, text(), text("encoding")),
    function("urldecode", urldecode, text()),
    function("urlencode", urlencode, text()),
)
