"""The part of JSON Schema (draft 4) that the runtime specification's schemas use.

    validate.py SCHEMA [PROPERTY…] <DOCUMENT

Prints what is wrong with the document on standard input, and which of its properties the schema does
not have, except those named (features-linux.md has some that its schema lacks)."""
import json
import os
import re
import sys

schema_path = sys.argv[1]
allowed = set(sys.argv[2:])
folder = os.path.dirname(schema_path)
files = {}
wrong = []


def load(name):
    if name not in files:
        files[name] = json.load(open(os.path.join(folder, name)))
    return files[name]


def resolve(schema, home):
    """Follow "$ref": "file.json#/a/b" to the schema itself and its file."""
    while "$ref" in schema:
        name, _, pointer = schema["$ref"].partition("#")
        home = name or home
        schema = load(home)
        for part in pointer.strip("/").split("/"):
            schema = schema[part] if part else schema
    return schema, home


TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int,
         "number": (int, float), "null": type(None)}


def has_type(value, kind):
    return isinstance(value, TYPES[kind]) and not (kind != "boolean" and isinstance(value, bool))


def properties_of(schema, home):
    """What the schema and all that it is composed of know of an object's properties."""
    schema, home = resolve(schema, home)
    found = {name: (inner, home) for name, inner in schema.get("properties", {}).items()}
    for part in schema.get("allOf", []) + schema.get("anyOf", []) + schema.get("oneOf", []):
        found.update(properties_of(part, home))
    return found


def check_object(value, schema, home, path):
    known = properties_of(schema, home)
    patterns = schema.get("patternProperties", {})
    wrong.extend(f"{path}: {name} is missing" for name in schema.get("required", [])
                 if name not in value)
    for name, inner in value.items():
        place = f"{path}.{name}" if path else name
        matching = [rule for pattern, rule in patterns.items() if re.search(pattern, name)]
        if name in known:
            check(inner, *known[name], place)
        elif matching:
            check(inner, matching[0], home, place)
        elif isinstance(schema.get("additionalProperties"), dict):
            check(inner, schema["additionalProperties"], home, place)
        elif place not in allowed and not any(place.startswith(f"{each}.") for each in allowed):
            wrong.append(f"{place}: not in the schema")


def check(value, schema, home, path):
    schema, home = resolve(schema, home)
    for part in schema.get("allOf", []):
        check(value, part, home, path)
    if "type" in schema and not has_type(value, schema["type"]):
        wrong.append(f"{path}: not of type {schema['type']}")
        return
    if "enum" in schema and value not in schema["enum"]:
        wrong.append(f"{path}: {value!r} is none of {schema['enum']}")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        wrong.append(f"{path}: {value!r} does not match {schema['pattern']}")
    if value is not True and value is not False and isinstance(value, int):
        if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            wrong.append(f"{path}: {value} is out of range")
    if isinstance(value, dict):
        check_object(value, schema, home, path)
    if isinstance(value, list):
        for index, item in enumerate(value):
            check(item, schema.get("items", {}), home, f"{path}[{index}]")


name = os.path.basename(schema_path)
check(json.load(sys.stdin), load(name), name, "")
print("\n".join(wrong))
sys.exit(bool(wrong))
