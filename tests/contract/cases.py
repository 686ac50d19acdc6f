"""What to put into manifests, as JSON a line: rules, and what schema libraries disagree about."""

from __future__ import annotations

import json
from typing import Any

# One keyword of the schema itself a line.
_KEYWORDS = r"""
$schema: "https://json-schema.org/draft/2020-12/schema"
$schema: "http://json-schema.org/draft-07/schema#"
$schema: "nonsense"
$schema: 5
$id: "https://example.com/a"
$id: "a#b"
$id: "http://["
$id: 5
$anchor: "a"
$anchor: "1 a"
$defs: {}
$defs: {"a": 1}
$defs: {"a": {"type": "nonsense"}}
definitions: {"a": {"type": "nonsense"}}
$ref: "#"
$ref: "#/properties/nowhere"
$ref: "http://127.0.0.1:9/x"
$ref: "file:///etc/passwd"
$ref: "https://json-schema.org/draft/2020-12/schema"
$ref: 5
$ref: ""
$dynamicRef: "#x"
allOf: []
allOf: [{}]
allOf: [false]
not: {}
not: false
type: ["object", "null"]
type: "array"
type: []
type: "any"
type: null
required: ["tokens", "tokens"]
required: ["tokens", 1]
required: ["tokens", "width"]
required: "tokens"
required: {"tokens": 1}
properties: {}
properties: []
additionalProperties: true
additionalProperties: {"type": "nonsense"}
additionalProperties: null
patternProperties: {"(": {}}
patternProperties: {"^tok": false}
patternProperties: {"(?P<a>x)": {}}
propertyNames: {"maxLength": 2}
minProperties: 3
maxProperties: 0
maxProperties: -1
minProperties: 1.0
minProperties: true
unevaluatedProperties: false
dependentRequired: {"width": ["seed"]}
dependentRequired: {"width": ["it"]}
if: {"required": ["seed"]}
nonsense: {"type": 5}
title: 5
default: 5
examples: 5
deprecated: 1
format: "nonsense"
format: 5
x-display: null
enum: []
enum: 5
const: {}
contentEncoding: 5
$comment: 5
$vocabulary: {"x": true}
items: [{}]
dependencies: {"width": 5}
$recursiveRef: "#"
readOnly: "x"
"""

# One property's schema a line, and the value that a config gives it.
_PROPERTIES = r"""
{"type": "integer"} <- 1.0
{"type": "integer"} <- true
{"type": "integer"} <- 1000000000000000000000000000000000000000000000000000000000000
{"type": "integer"} <- 1e+300
{"type": "number"} <- 1000000000000000000000000000000
{"type": "number"} <- true
{"const": 1} <- true
{"const": 1} <- 1.0
{"const": [1]} <- [true]
{"enum": [0, 1]} <- false
{"enum": [0, 1]} <- 1.0
{"enum": [[0]]} <- [false]
{"multipleOf": 0.1} <- 0.3
{"multipleOf": 0.01} <- 19.99
{"multipleOf": 0} <- 1
{"multipleOf": 1e-300} <- 1e+300
{"multipleOf": 2} <- 1000000000000000000000000000000
{"uniqueItems": true} <- [1, true]
{"uniqueItems": true} <- [1, 1.0]
{"uniqueItems": true} <- [{"a": 1}, {"a": true}]
{"minLength": 2} <- "\u00e9"
{"minLength": 2} <- "\ud83d\udc4d"
{"minLength": 2} <- "e\u0301"
{"maxLength": 1} <- "\ud83d\udc4d"
{"minimum": 1} <- true
{"maximum": 1000000000000000000000000000000} <- 10000000000000000000000000000000
{"exclusiveMinimum": true} <- 1
{"pattern": "^a$"} <- "a\n"
{"pattern": "^\\d$"} <- "\u0663"
{"pattern": "^\\w+$"} <- "\u00e9"
{"pattern": "\\Z"} <- "a"
{"pattern": "^\\p{L}$"} <- "a"
{"pattern": "(?P<x>a)(?P=x)"} <- "aa"
{"pattern": "(?<x>a)"} <- "a"
{"pattern": "(?i)A"} <- "a"
{"pattern": "a(?i)b"} <- "ab"
{"pattern": "[[a]"} <- "a"
{"pattern": "\\/"} <- "/"
{"pattern": "("} <- 1
{"pattern": "(?<=a+)b"} <- "ab"
{"pattern": "^[\\w-.]$"} <- "-"
{"pattern": "a{2,1}"} <- "a"
{"pattern": "a++"} <- "a"
{"pattern": "\\cA"} <- "a"
{"pattern": "\\u0041"} <- "A"
{"pattern": "\\u{41}"} <- "A"
{"pattern": 5} <- "a"
{"pattern": "$^"} <- "a"
{"format": "email"} <- "a"
{"format": "email"} <- "a@"
{"format": "uri"} <- "not a uri"
{"format": "date-time"} <- "never"
{"format": "date"} <- "2026-02-30"
{"format": "date"} <- "2026-W01-1"
{"format": "date"} <- "20260101"
{"format": "time"} <- "12:00:00"
{"format": "time"} <- "12:00:00Z"
{"format": "time"} <- "25:00:00"
{"format": "ipv4"} <- "1.2.3"
{"format": "ipv4"} <- "01.2.3.4"
{"format": "ipv6"} <- "::1"
{"format": "ipv6"} <- "::1%eth0"
{"format": "hostname"} <- "-a-"
{"format": "idn-hostname"} <- "-a-"
{"format": "idn-hostname"} <- "a..b"
{"format": "uuid"} <- "x"
{"format": "uuid"} <- "12345678123456781234567812345678"
{"format": "regex"} <- "("
{"format": "regex"} <- "(?P<a>)"
{"format": "duration"} <- "x"
{"format": "json-pointer"} <- "x"
{"format": "uri-reference"} <- "\\"
{"format": "iri"} <- " "
{"format": "color"} <- "x"
{"format": "ip-address"} <- "x"
{"format": "host-name"} <- "-"
{"format": "uri-template"} <- "{"
{"format": "email"} <- 5
{"$ref": "#/$defs/name"} <- "a"
{"$ref": "#/$defs/name"} <- 1
{"$ref": "#/$defs/none"} <- 1
{"$ref": "#/$defs/self"} <- 1
{"$ref": "#/$defs/self"} <- "a"
{"$ref": "#/properties/it"} <- 1
{"$ref": "#/$defs/name", "type": "integer"} <- 1
{"$ref": "#/$defs/name", "maxLength": 1} <- "ab"
{"$id": "http://example.com/x", "$ref": "#/$defs/name"} <- "a"
{"$id": "sub/", "$defs": {"a": {"type": "string"}}, "$ref": "#/$defs/a"} <- 1
{"$ref": "name"} <- "a"
{"$ref": "#name"} <- "a"
{"$anchor": "here", "type": "string"} <- 1
{"$ref": "#/%24defs/name"} <- 1
{"$ref": "#/$defs/na~me"} <- 1
{"$ref": "urn:x"} <- 1
{"$ref": "http://["} <- 1
{"$id": "http://[", "type": "string"} <- 1
{"$id": "http://[", "type": "string"} <- "a"
{"properties": {"a": {"$id": "http://["}}} <- {"a": 1}
{"pattern": "(?i:a)"} <- "A"
{"properties": {"pattern": {"type": "string"}}} <- {"pattern": "("}
{"$ref": "http://json-schema.org/draft-07/schema#"} <- {"type": "nonsense"}
{"$schema": "http://json-schema.org/draft-04/schema#"} <- 1
{"anyOf": [{"type": "string"}, {"$ref": "#/$defs/none"}]} <- "a"
{"anyOf": [{"$ref": "#/$defs/none"}, {"type": "string"}]} <- "a"
{"type": "string", "if": {"$ref": "#/$defs/none"}} <- "a"
{"properties": {"a": {"$ref": "#/$defs/none"}}} <- {}
{"properties": {"a": {"$ref": "#/$defs/none"}}} <- {"a": 1}
{"oneOf": [{"type": "integer"}, {"type": "number"}]} <- 1
{"oneOf": [{"type": "integer"}, {"type": "number"}]} <- 1.5
{"items": [{"type": "string"}]} <- [1]
{"items": false} <- []
{"items": false} <- [1]
{"prefixItems": [{"type": "string"}], "items": false} <- ["a", 1]
{"additionalItems": false} <- [1]
{"contains": {"type": "string"}} <- [1]
{"contains": {"type": "string"}, "minContains": 0} <- [1]
{"maxContains": 0} <- [1]
{"dependencies": {"a": ["b"]}} <- {"a": 1}
{"dependentSchemas": {"a": {"required": ["b"]}}} <- {"a": 1}
{"unevaluatedItems": false, "prefixItems": [{}]} <- [1, 2]
{"unevaluatedProperties": false, "properties": {"a": {}}} <- {"b": 1}
{"$dynamicRef": "#/$defs/name"} <- 1
{"$dynamicAnchor": "x", "type": "string"} <- 1
{"$recursiveRef": "#"} <- 1
true <- 1
false <- 1
null <- 1
5 <- 1
[] <- 1
{"type": ["string", "string"]} <- "a"
{"type": "null"} <- null
{"type": {}} <- 1
{"required": ["a"]} <- []
{"minItems": 1.5} <- []
{"minItems": 1.0} <- []
{"maxLength": 1000000000000000000000000000000} <- "a"
{"maxLength": -1} <- "a"
{"propertyNames": false} <- {"a": 1}
{"propertyNames": {"pattern": "^a"}} <- {"b": 1}
{"patternProperties": {"^a": {"type": "string"}}} <- {"a": 1}
{"patternProperties": {"[": {}}} <- {}
{"not": {"$ref": "#/$defs/none"}} <- 1
{"nonsense": {"$ref": "#/$defs/none"}} <- 1
{"discriminator": {"propertyName": 5}} <- {}
{"nullable": true, "type": "string"} <- null
{"description": 5} <- 1
{"type": "object", "properties": {"a": {"default": {"type": "x"}}}} <- {}
{"$defs": {"a": {"minItems": "x"}}} <- 1
{"x": {"pattern": "("}} <- 1
{"default": {"pattern": "("}} <- 1
{"const": {"pattern": "("}} <- {"pattern": "("}
{"enum": [{"$schema": "x"}]} <- {"$schema": "x"}
"""


# Fields for a runnable.
_FIELDS = r"""
{"startup": {"port": 9000}}
{"startup": null}
{"resources": null}
{"resources": {"requests": {"cpu": "1"}}}
{"resources": {"requests": {"gpu": 1}}}
{"resources": {"requests": {"gpu": true}}}
{"resources": {"requests": {"gpu": 1.0}}}
{"resources": {"requests": {"instance-type": "g6.x"}}}
{"resources": {"requests": {"instance_type": "g6.x"}}}
{"resources": {"requests": {"instance_type": "g6.x", "instance-type": "g6.x"}}}
{"resources": {"requests": {"ephemeral_storage": "1Gi"}}}
{"image": "x"}
{"file": "a"}
{"file": null}
"""

# Reporter sections.
_REPORTERS = r"""
[{"reporter": "a/b@1"}]
[{"reporter": "a/b@0"}]
[{"reporter": "a/b@1\n"}]
[{"reporter": "A/b@1"}]
[{"reporter": "a/b@1", "wasm": "x", "id": "x", "attributes": {}}]
[{"wasm": "x", "id": "x"}]
[{"wasm": "x", "id": "x", "attributes": {}}]
[{"type": "reporter", "image": "r:1", "id": "r", "name": "R", "description": "r"}]
[{"type": "grader", "image": "r:1", "id": "r", "name": "R", "description": "r"}]
[{"type": "reporter", "image": "r:1", "id": "r", "name": "R", "description": "r", "reporter": "a/b@1"}]
[5]
[[]]
[null]
"""

# Game configs.
_CONFIGS = r"""
{"tokens": []}
{"players": []}
{"players": [{"name": "A"}]}
{"players": [{"name": "A"}, {"name": "B"}]}
{"players": [{"name": "A"}, {"name": "B"}, {"name": "C"}, {"name": "D"}, {"name": "E"}]}
{"players": "AB"}
{"num_agents": 1}
{"num_agents": 3}
{"num_agents": true}
{"num_agents": 3.0}
{"num_agents": 0}
{"num_agents": -1}
{"num_agents": 99}
{"num_agents": 3, "players": [{"name": "A"}, {"name": "B"}]}
{"width": 0}
{"width": 1.0}
{"width": true}
{"width": "1"}
{"width": NaN}
{"width": 1e400}
{"seed": true}
{"other": 1}
"""

# Numbers of tokens: minItems and maxItems.
_BOUNDS = r"""
[2, 2]
[1, 2]
[2, 3]
[2, 4]
[3, 2]
[0, 0]
[0, 9]
[1, 1]
[-1, -1]
[true, true]
[2.0, 2.0]
["2", "2"]
[null, null]
[2, null]
[50000, 50000]
[2, 1000000000]
[2, 1000000000000000000000000000000]
"""


def keywords() -> list[tuple[str, Any]]:
    """Keywords and values to put into a config schema."""
    rows = (line.split(": ", 1) for line in _KEYWORDS.strip().splitlines())
    return [(key, json.loads(value)) for key, value in rows]


def properties() -> list[tuple[Any, Any]]:
    """Schemas of a property, and a value of it."""
    rows = (line.split(" <- ") for line in _PROPERTIES.strip().splitlines())
    return [(json.loads(schema), json.loads(value)) for schema, value in rows]


def runnable_fields() -> list[dict[str, Any]]:
    """Fields to add to a runnable."""
    return _rows(_FIELDS)


def reporter_sections() -> list[list[Any]]:
    """Values of ``reporter``."""
    return _rows(_REPORTERS)


def configs() -> list[dict[str, Any]]:
    """Values of a ``game_config``."""
    return _rows(_CONFIGS)


def token_bounds() -> list[tuple[Any, Any]]:
    """Values of ``minItems`` and ``maxItems``."""
    return [(least, most) for least, most in _rows(_BOUNDS)]


def _rows(text: str) -> list[Any]:
    return [json.loads(line) for line in text.strip().splitlines()]
