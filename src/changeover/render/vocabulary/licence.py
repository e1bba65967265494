"""What templates ask about the licence; without one everything is empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from changeover.render.context import Context
from changeover.render.engine import values
from changeover.render.engine.sprig import encoding

_TEXTS = {
    "appSlug": "appSlug",
    "channelID": "channelID",
    "channelName": "channelName",
    "customerEmail": "customerEmail",
    "customerName": "customerName",
    "licenseID": "licenseID",
    "licenseId": "licenseID",
    "licenseType": "licenseType",
    "replicatedProxyDomain": "replicatedProxyDomain",
}
_FLAGS = frozenset(
    {
        "isAirgapSupported",
        "isGitOpsSupported",
        "isIdentityServiceSupported",
        "isGeoaxisSupported",
        "isSnapshotSupported",
        "isDisasterRecoverySupported",
        "IsDisasterRecoverySupported",
        "isSupportBundleUploadSupported",
        "isSemverRequired",
        "isEmbeddedClusterDownloadEnabled",
        "isEmbeddedClusterMultiNodeEnabled",
    }
)


def functions(context: Context) -> dict[str, Callable[..., Any]]:
    """The licence's functions."""

    def field(name: str) -> str:
        spec = context.licence
        return "" if spec is None else _field(spec, name)

    return {"LicenseFieldValue": field}


def _field(spec: Mapping[str, Any], name: str) -> str:
    if name in _TEXTS:
        return values.plain(spec.get(_TEXTS[name]) or "")
    if name == "signature":
        return encoding.decode64(str(spec.get("signature") or ""))
    if name in _FLAGS:
        return "true" if spec.get(name[0].lower() + name[1:]) is True else "false"
    if name == "endpoint":
        return str(spec.get("endpoint") or "https://replicated.app")
    if name == "licenseSequence":
        return str(spec.get("licenseSequence") or 0)
    entitlement = (spec.get("entitlements") or {}).get(name)
    if not isinstance(entitlement, Mapping) or entitlement.get("value") is None:
        return ""
    return values.plain(entitlement["value"])
