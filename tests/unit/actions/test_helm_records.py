"""Helm's record as it stands in a Secret."""

import base64

import pytest

from changeover.actions import helm_records
from changeover.objects import KubeObject
from changeover.package import helm_record


def secret(data: str) -> KubeObject:
    return KubeObject({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"release": data}})


def test_a_record_is_read_back_as_it_was_written() -> None:
    record = {"name": "web", "version": 3, "info": {"status": "deployed", "notes": "häuser"}, "config": {"a": [1]}}
    assert helm_record.open_record(secret(helm_records.packed(record))) == record
    assert helm_records.packed(record) == helm_records.packed(record)


@pytest.mark.parametrize("data", ["", "%%%", base64.b64encode(base64.b64encode(b"\x1f\x8bxx")).decode(), "W10="])
def test_what_is_no_record_is_refused(data: str) -> None:
    with pytest.raises(helm_record.NoRelease):
        helm_record.open_record(secret(data))
