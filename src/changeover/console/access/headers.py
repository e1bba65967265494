"""What every answer tells the browser: run and show only what is ours, tell nobody, keep nothing."""

from __future__ import annotations

from collections.abc import Mapping

_POLICY = {
    "default-src": "'self'",
    "base-uri": "'none'",
    "connect-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "img-src": "'self'",
    "object-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
}
_ABILITIES = ("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "microphone", "payment", "usb")
KEPT = "/static/"
"""Below it lies what may be kept by a browser."""


def security_headers(path: str, *, secure: bool) -> Mapping[str, str]:
    """Header names and values for an answer to that path.

    The referrer is told to ourselves: with ``no-referrer`` browsers send ``Origin: null`` along with our own forms.
    """
    found = {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in _POLICY.items()),
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": ", ".join(f"{name}=()" for name in _ABILITIES),
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }
    found["cache-control"] = "max-age=3600" if path.startswith(KEPT) else "no-store"
    if secure:
        found["strict-transport-security"] = "max-age=31536000"
    return found
