"""`sprintf` as Go writes it, where the engine writes otherwise or gives up: a library in Rego.

Source: Go's documentation of the package fmt; OPA hands numbers on as int or float64, and anything
else as text.
"""

from __future__ import annotations

PACKAGE = "flagstone.given"
LIBRARY = rf"""package {PACKAGE}
formatted(form, values) := concat("", array.concat(parts, extra)) if {{
  found := regex.find_all_string_submatch_n(`(?s)%([-+# 0]*)([0-9]*)(\.[0-9]*)?(.?)|[^%]+`, form, -1)
  verbs := [place | some place, each in found; startswith(each[0], "%"); each[4] != "%"; each[4] != ""]
  parts := [part |
    some place, each in found
    part := _part(each, values, count([1 | some verb in verbs; verb < place]))
  ]
  extra := [_extra(array.slice(values, count(verbs), count(values))) | count(verbs) < count(values)]
}}
_part(each, values, place) := each[0] if not startswith(each[0], "%")
else := "%" if each[4] == "%"
else := "%!(NOVERB)" if each[4] == ""
else := concat("", ["%!", each[4], "(MISSING)"]) if place >= count(values)
else := written(each[1], _number(each[2], 0), _precision(each[3]), each[4], values[place])
_number(digits, otherwise) := otherwise if digits == ""
else := to_number(digits)
_precision(digits) := -1 if digits == ""
else := _number(substring(digits, 1, -1), 0)
_extra(values) := concat("", ["%!(EXTRA ", concat(", ", [typed(value) | some value in values]), ")"])

typed(value) := concat("", [_type(value), "=", _plain(value)])
_type(value) := "string" if not is_number(value)
else := "int" if value == floor(value)
else := "float64"
_plain(value) := value if is_string(value)
else := "set()" if value == set()
else := sprintf("%v", [value])

as_text(value) := value if is_string(value)
else := written("", 0, -1, "s", value)
as_integer(value) := value if {{ is_number(value); value == floor(value) }}
else := written("", 0, -1, "d", value)

# An empty body is what a verb has that does not fit the type of its value
written(flags, width, precision, verb, value) := text if {{
  body := _body(flags, precision, verb, value)
  text := _filled(flags, width - count(body), body, is_number(value))
}}
else := concat("", ["%!", verb, "(", typed(value), ")"])

_body(flags, precision, verb, value) := _type(value) if verb == "T"
else := sprintf("%p", [value]) if verb in {{"p", "[", "*"}}
else := asked("sprintf", [flags, precision, verb, value]) if _is_of_a_character(verb, value)
else := _of_text(flags, verb, _cut(_plain(value), precision)) if not is_number(value)
else := _signed(flags, verb, value, _of_integer(flags, verb, abs(value))) if value == floor(value)
else := _signed(flags, verb, value, _of_float(flags, precision, verb, abs(value))) if value != floor(value)
_is_of_a_character(verb, value) if {{
  verb in {{"c", "U", "q", "O"}}
  is_number(value)
  value == floor(value)
  value >= 0
}}

_cut(text, precision) := substring(text, 0, precision) if {{ precision >= 0; precision < count(text) }}
else := text
_of_text(_, "s", text) := text
_of_text(flags, "v", text) := text if not contains(flags, "#")
_of_text(flags, "v", text) := json.marshal(text) if contains(flags, "#")
_of_text(_, "q", text) := json.marshal(text)
_of_text(flags, "x", text) := _spaced(flags, hex.encode(text))
_of_text(flags, "X", text) := upper(_spaced(flags, hex.encode(text)))
_spaced(flags, digits) := digits if not contains(flags, " ")
else := trim_space(regex.replace(digits, "..", "$0 "))
_of_integer(_, verb, value) := sprintf("%v", [value]) if verb in {{"d", "v"}}
_of_integer(flags, "x", value) := concat("", [_prefix(flags, "0x"), format_int(value, 16)])
_of_integer(flags, "X", value) := concat("", [_prefix(flags, "0X"), upper(format_int(value, 16))])
_of_integer(flags, "o", value) := concat("", [_prefix(flags, "0"), format_int(value, 8)])
_of_integer(flags, "b", value) := concat("", [_prefix(flags, "0b"), format_int(value, 2)])
_prefix(flags, prefix) := prefix if contains(flags, "#")
else := ""
_of_float(flags, precision, verb, value) := asked("sprintf", [flags, precision, verb, value]) if {{
  verb in {{"e", "E", "g", "G", "v", "x", "X", "b"}}
}}
_of_float(_, precision, "f", value) := _fixed(value, 6) if precision < 0
_of_float(_, precision, "F", value) := _fixed(value, 6) if precision < 0
_of_float(_, precision, "f", value) := _fixed(value, precision) if precision >= 0
_of_float(_, precision, "F", value) := _fixed(value, precision) if precision >= 0
_fixed(value, digits) := concat(_point(digits), parts) if {{
  scaled := sprintf("%v", [round(value * product([10 | some n in numbers.range(0, digits); n > 0]))])
  whole := concat("", [_times("0", (digits + 1) - count(scaled)), scaled])
  point := count(whole) - digits
  parts := [substring(whole, 0, point), substring(whole, point, -1)]
}}
_point(digits) := "." if digits > 0
else := ""
_signed(flags, verb, value, body) := concat("", ["-", body]) if value < 0
else := concat("", ["+", body]) if {{ contains(flags, "+"); verb != "v" }}
else := concat("", [" ", body]) if contains(flags, " ")
else := body
_filled(flags, missing, body, is_numeric) := body if missing <= 0
else := concat("", [body, _times(" ", missing)]) if contains(flags, "-")
else := concat("", [regex.find_n("^[-+ ]?", body, 1)[0], _times("0", missing), trim_left(body, "-+ ")]) if {{
  contains(flags, "0")
  is_numeric
}}
else := concat("", [_times(" ", missing), body])
_times(text, many) := concat("", [text | some n in numbers.range(0, max([many, 0])); n > 0])
"""
