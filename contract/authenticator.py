"""What an authenticator app scans, for ``staff`` (PROTOCOL §1)."""

from __future__ import annotations

from base64 import b32encode
from urllib.parse import quote, urlencode

from contract.codes import Codes, Kind


def provisioning_uri(secret: bytes, member: str, codes: Codes) -> str:
    """What an authenticator app scans, for ``staff`` (Key URI format, percent-encoded)."""
    label = f"{quote(codes.room, safe='')}:{member}"
    query = urlencode(
        {
            "secret": b32encode(secret).decode(),
            "issuer": codes.room,
            "algorithm": "SHA1",
            "digits": codes.digits,
            "period": codes.windows[Kind.STAFF].step,
        },
        quote_via=quote,
    )
    return f"otpauth://totp/{label}?{query}"
