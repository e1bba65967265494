"""What templates ask about the licence; without one everything is empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from changeover.gotemplate import formatting
from changeover.gotemplate.signatures import Function, table
from changeover.gotemplate.sprig import encoding
from changeover.render.context import Context

ENDPOINT = "https://replicated.app"
_TEXTS = frozenset(
    {"appSlug", "channelID", "channelName", "customerEmail", "customerName", "licenseID", "licenseType"}
    | {"replicatedProxyDomain"}
)
_FLAGS = frozenset(
    {
        "isAirgapSupported",
        "isGitOpsSupported",
        "isIdentityServiceSupported",
        "isGeoaxisSupported",
        "isSnapshotSupported",
        "isDisasterRecoverySupported",
        "isSupportBundleUploadSupported",
        "isSemverRequired",
        "isEmbeddedClusterDownloadEnabled",
        "isEmbeddedClusterMultiNodeEnabled",
    }
)
_OTHER_NAMES = {"licenseId": "licenseID", "IsDisasterRecoverySupported": "isDisasterRecoverySupported"}


def functions(context: Context) -> dict[str, Function]:
    """LicenseFieldValue."""

    def field(name: str) -> str:
        return "" if context.licence is None else _field(context.licence, _OTHER_NAMES.get(name, name))

    return table({"LicenseFieldValue": (field, "string")})


def _field(spec: Mapping[str, Any], name: str) -> str:
    if name in _TEXTS:
        return formatting.to_text(spec.get(name) or "")
    if name in _FLAGS:
        return "true" if spec.get(name) is True else "false"
    if name == "endpoint":
        return str(spec.get("endpoint") or ENDPOINT)
    if name == "licenseSequence":
        return formatting.to_text(spec.get(name) or 0)
    if name == "signature":
        return _signature(str(spec.get(name) or ""))
    entitlement = (spec.get("entitlements") or {}).get(name)
    value = entitlement.get("value") if isinstance(entitlement, Mapping) else None
    return "" if value is None else formatting.to_text(value)


def _signature(text: str) -> str:
    try:
        return encoding.from_base64(text)
    except encoding.BadEncoding:
        return ""
