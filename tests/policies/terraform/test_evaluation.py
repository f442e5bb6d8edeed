"""What an expression comes to, and what is said where it cannot be told."""

from __future__ import annotations

from typing import Any

import pytest

from flagstone.policies.terraform.values import JsonText, Partial, Reference, Unknown, why_unknown
from tests.policies.terraform.modules import local

VARIABLES = """
variable "name" {
  default = "checkout"
}
variable "open" {}
variable "list" {
  default = ["a", "b"]
}
"""


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1", 1),
        ("-2", -2),
        ("2.5", 2.5),
        ("true", True),
        ("null", None),
        ('"a\\"b\\n"', 'a"b\n'),
        ('"$${x} %%{y}"', "${x} %{y}"),
        ('"${var.name}-x"', "checkout-x"),
        ('"${"inner ${var.name}"}"', "inner checkout"),
        ("[1, 2]", [1, 2]),
        ('{ a = 1, "b" : 2, (var.name) = 3 }', {"a": 1, "b": 2, "checkout": 3}),
        ('var.name == "checkout" && !false', True),
        ("1 + 2 * 3", 7),
        ("7 / 2", 3.5),
        ("1 < 2 ? var.name : 5", "checkout"),
        ("var.list[1]", "b"),
        ('{ a = { b = 4 } }.a["b"]', 4),
        ('lower("ABC")', "abc"),
        ('format("%s-%s", var.name, 1)', "checkout-1"),
        ('join("-", concat(var.list, ["c"]))', "a-b-c"),
        ("merge({ a = 1 }, { b = 2 }).b", 2),
        ('join("-", compact(["a", "", null, "b"]))', "a-b"),
        ('join("-", distinct(["b", "a", "b"]))', "b-a"),
        ('join("-", setunion(["a"], ["a", "b"]))', "a-b"),
        ('join("-", sort(["b", "a"]))', "a-b"),
        ('zipmap(["a", "b"], [1, 2]).b', 2),
        ('try(var.open.x, "y")', "y"),
        ('coalesce(null, "", "z")', "z"),
        ('replace("a.b", ".", "-")', "a-b"),
        ('substr("abcdef", 1, 2)', "bc"),
        ('jsondecode("{\\"a\\": [1]}").a[0]', 1),
        ('lookup({ a = 1 }, "b", 9)', 9),
        ("element(var.list, 3)", "b"),
        ("length(var.list)", 2),
        ("<<-EOT\n    one\n      two ${var.name}\n  EOT\n", "one\n  two checkout\n"),
        ("<<EOT\n  one\nEOT\n", "  one\n"),
    ],
)
def test_what_is_in_the_files_is_known(expression: str, value: Any) -> None:
    assert local(expression, VARIABLES) == value


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("var.open", "the variable open has no default, and no tfvars file sets it"),
        ("var.nobody", "the variable nobody is not declared"),
        ("local.nobody", "local.nobody is not defined"),
        ("local.x", "local.x refers to itself"),
        ("uuid()", "uuid() is not worked out here"),
        ('filesha256("x")', "filesha256(...) cannot be worked out here"),
        ("[for a in var.list : a]", "an expression of this kind is not worked out here"),
        ('var.open ? "a" : "b"', "it depends on a condition that is not known"),
        ("aws_s3_bucket.b.arn", "aws_s3_bucket.b.arn is known to the cloud only"),
        ("data.aws_region.r.name", "data.aws_region.r.name is known to the cloud only"),
        ("each.key", "each.key is not known here"),
        ('replace("aaa", "/(a+)+$/", "b")', "replace(...) cannot be worked out here"),
        ('"%{ if true }a%{ endif }"', "a template with %{...}"),
        ("1 / 0", "it cannot be reckoned"),
        ("module.m.x", "module.m is not known here"),
    ],
)
def test_what_is_not_known_says_why(expression: str, reason: str) -> None:
    value = local(expression, VARIABLES)
    value = value[0] if isinstance(value, list) else value
    assert why_unknown(value) == reason


def test_a_text_is_known_in_parts() -> None:
    value = local('"s3://${aws_s3_bucket.b.bucket}/${1}/x"')

    assert isinstance(value, Partial)
    start, reference, end = value.parts
    assert (start, end) == ("s3://", "/1/x")
    assert isinstance(reference, Reference)
    assert (reference.address, reference.path) == ("aws_s3_bucket.b", ("bucket",))


@pytest.mark.parametrize(
    "written", ["aws_sns_topic.t[0].arn", 'aws_sns_topic.t["a"].arn', "one(aws_sns_topic.t[*].arn)"]
)
def test_an_instance_of_a_resource_is_the_resource(written: str) -> None:
    value = local(written)
    assert isinstance(value, Reference)
    assert (value.address, value.path[-1]) == ("aws_sns_topic.t", "arn")


def test_jsonencode_keeps_what_is_known() -> None:
    value = local("jsonencode({ a = 1, b = aws_s3_bucket.b.arn })")
    assert isinstance(value, JsonText)
    assert value.value["a"] == 1
    assert isinstance(value.value["b"], Reference)


def test_a_sensitive_variable_is_never_shown() -> None:
    hidden = 'variable "login" {\n  default   = "hunter2"\n  sensitive = true\n}\n'
    assert local("var.login", hidden) == Unknown("the variable login is sensitive", sensitive=True)


def test_values_that_double_each_other_end_in_a_reason() -> None:
    names = "".join(f'  a{n} = "${{local.a{n - 1}}}${{local.a{n - 1}}}"\n' for n in range(1, 40))
    assert why_unknown(local("local.a39", f'locals {{\n  a0 = "xxxxxxxx"\n{names}}}\n')) == (
        "the text is too long"
    )


def test_lists_that_double_each_other_end_in_a_reason() -> None:
    names = "".join(f"  a{n} = concat(local.a{n - 1}, local.a{n - 1})\n" for n in range(1, 40))
    value = local("local.a39", f"locals {{\n  a0 = [1]\n{names}}}\n")
    assert why_unknown(value) == "concat(...) cannot be worked out here"
