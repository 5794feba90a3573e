# SPDX-License-Identifier: Apache-2.0
"""The control plane's API as an OpenAPI 3.1 document, made from the routes and the structs that the server itself uses.

`answerable config openapi` prints it, ``GET /control/v1/openapi.json`` serves it, and `docs/reference/control-api.md`
is `page()`; a test compares the three.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

import answerable
from answerable.control.routing import PREFIX, By, Route
from answerable.errors import CATALOGUE

REF: Final = "#/components/schemas/{name}"
_NAME: Final = re.compile(r"\{(\w+)\}")

_ERROR: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code", "reason", "remedy", "zh", "doc", "params"],
            "properties": {
                "message": {"type": "string"},
                "type": {"enum": ["refused", "unavailable", "verificationerror"]},
                "param": {"type": "null"},
                "code": {"type": "string", "description": "A heading of docs/reference/errors.md."},
                "reason": {"type": "string"},
                "remedy": {"type": "string"},
                "zh": {
                    "type": "object",
                    "properties": {"reason": {"type": "string"}, "remedy": {"type": "string"}},
                },
                "doc": {"type": "string"},
                "params": {"type": "object", "additionalProperties": {"type": ["string", "integer"]}},
            },
        }
    },
}
_PROOF: Final = {
    "type": "http",
    "scheme": "Proof",
    "bearerFormat": "JWT",
    "description": "A JWT over method, path and body (the shape of RFC 9449) by the key of an enrolled person, or, "
    "where a route says so, of a running copy.",
}


def document(routes: tuple[Route, ...]) -> dict[str, Any]:
    """The whole document, as JSON values."""
    types = _types(routes)
    schemas, components = msgspec.json.schema_components(types, ref_template=REF)
    by_type = dict(zip(map(_key, types), schemas, strict=True))
    paths: dict[str, Any] = {}
    for route in sorted(routes, key=lambda r: (r.path, r.method)):
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(route, by_type)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "answerable control plane",
            "version": answerable.__version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "Served over a Unix socket, Host `localhost`. Times are milliseconds UTC.",
        },
        "paths": paths,
        "components": {
            "schemas": {**dict(sorted(components.items())), "Error": _ERROR},
            "securitySchemes": {"proof": _PROOF},
        },
    }


def page(routes: tuple[Route, ...]) -> str:
    """`docs/reference/control-api.md`: each route with who may ask, what goes in and out; then the structs."""
    doc = document(routes)
    out = [
        "# Control API",
        "",
        f"{doc['info']['description']} Each request but those open to anyone carries `Authorization: Proof <JWT>`, "
        "signed by the key of an enrolled person (or of a running copy). An error has one shape, "
        '`{"error": {code, reason, remedy, ...}}`; its codes stand in [errors.md](errors.md). '
        "`answerable config openapi` prints the OpenAPI document that this page is made from.",
    ]
    for route in sorted(routes, key=lambda r: (r.path, r.method)):
        operation = doc["paths"][PREFIX + route.path][route.method.lower()]
        out += ["", f"## {route.method} {PREFIX}{route.path}", "", f"{route.summary} {_who(route)}", ""]
        out += [f"- `{p['name']}` ({p['in']}): {p['description']}" for p in operation.get("parameters", [])]
        if route.body is not None:
            out.append(f"- body: {_link(operation['requestBody']['content']['application/json']['schema'])}")
        out.append(f"- answer: {_link(operation['responses']['200']['content']['application/json']['schema'])}")
    out += ["", "# Structs"]
    for name, schema in doc["components"]["schemas"].items():
        if name != "Error":
            out += ["", *_struct(name, schema)]
    return "\n".join(out) + "\n"


def _types(routes: tuple[Route, ...]) -> list[Any]:
    found: dict[str, Any] = {}
    for route in routes:
        for kind in (route.body, route.answer):
            if kind is not None:
                found.setdefault(_key(kind), kind)
    return list(found.values())


def _key(kind: Any) -> str:
    return repr(kind)


def _operation(route: Route, by_type: dict[str, dict[str, Any]]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "description": _who(route),
        "x-needs": route.needs.value,
        "security": [] if route.needs is By.ANYONE else [{"proof": []}],
        "responses": {
            "200": {"description": "Done.", "content": _content(by_type[_key(route.answer)])},
            "default": {
                "description": f"One of the {len(CATALOGUE)} errors of docs/reference/errors.md.",
                "content": _content({"$ref": REF.format(name="Error")}),
            },
        },
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "description": "percent-encoded"}
        for name in _NAME.findall(route.path)
    ] + [
        {"name": name, "in": "query", "schema": {"type": "string"}, "description": meaning}
        for name, meaning in route.query.items()
    ]
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _content(by_type[_key(route.body)])}
    return operation


def _content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _who(route: Route) -> str:
    if route.needs is By.ANYONE:
        return "Open to whoever reaches the socket."
    if route.needs is By.COPY:
        return "Signed by the copy's own key."
    if route.needs is By.PARTY:
        return "Signed by a party's own key."
    return f"Needs the role {route.needs.value}."


def _link(schema: dict[str, Any]) -> str:
    """A schema in one phrase, its structs as links."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_link(option) for option in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_link(schema['items'])}" if isinstance(schema.get("items"), dict) else "list"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"map to {_link(schema['additionalProperties'])}"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    return f"`{schema.get('const', schema.get('type', 'anything'))}`"


def _struct(name: str, schema: dict[str, Any]) -> list[str]:
    out = [f"## {name}", ""]
    if text := str(schema.get("description", "")).strip():
        out += [" ".join(text.split()), ""]
    if "properties" not in schema:
        return [*out, _link(schema)]
    out += ["| member | type | |", "| --- | --- | --- |"]
    required = set(schema.get("required", ()))
    for member, inner in schema["properties"].items():
        out.append(
            f"| `{member}` | {_link(inner).replace('|', chr(92) + '|')} | {'required' if member in required else ''} |"
        )
    return out
