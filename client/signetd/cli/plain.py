"""Resources as plain values, for programs and for the tables."""

from collections.abc import Mapping
from typing import Any


def plain(message: Any) -> dict[str, Any]:
    """Turn a message into plain values, with short names of enumerations at every depth.

    IDs of PKCS#11 are written in hex; other bytes as JSON of protobuf has them, in base64.
    """
    from google.protobuf.json_format import MessageToDict

    values = MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    found = _plain(message.DESCRIPTOR, values)
    if "cka_id" in found:
        found["cka_id"] = message.cka_id.hex()
    return found


def _plain(descriptor: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    # In the order of the contract; MessageToDict puts fields without a value last.
    return {
        field.name: [_one(field, each) for each in found]
        if isinstance(found := values[field.name], list)
        else _one(field, found)
        for field in descriptor.fields
        if field.name in values
    }


def _one(field: Any, value: Any) -> Any:
    if field.enum_type is not None:
        return value.removeprefix(field.enum_type.values[0].name.removesuffix("UNSPECIFIED"))
    if field.message_type is not None and isinstance(value, dict):
        return _plain(field.message_type, value)
    # JSON of protobuf has numbers of 64 bits as texts.
    return int(value) if field.cpp_type == field.CPPTYPE_INT64 else value
