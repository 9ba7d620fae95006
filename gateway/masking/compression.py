"""gzip (RFC 1952): opened within a bound, closed again."""

import zlib

from gateway.masking.formats import unsupported
from gateway.masking.streams import MAX_BYTES, too_large


def opened(body: bytes) -> bytes:
    """All members of a gzip file, decompressed.

    Raises:
        Withheld: it is not gzip, or more than `MAX_BYTES`.
    """
    out: list[bytes] = []
    size = 0
    data = body
    try:
        while data:
            unzip = zlib.decompressobj(wbits=31)
            piece = unzip.decompress(data, MAX_BYTES + 1 - size)
            size += len(piece)
            if size > MAX_BYTES or unzip.unconsumed_tail:
                raise too_large()
            if not unzip.eof:
                raise unsupported("The content is not the gzip that it says.")
            out.append(piece)
            data = unzip.unused_data
    except zlib.error as error:
        raise unsupported("The content is not the gzip that it says.") from error
    return b"".join(out)


def closed(body: bytes) -> bytes:
    """One member, without a time stamp or a file name: equal content has equal bytes."""
    zipper = zlib.compressobj(level=6, wbits=31)
    return zipper.compress(body) + zipper.flush()
