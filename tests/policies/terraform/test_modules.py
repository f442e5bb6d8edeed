"""Files to modules: both syntaxes, values from tfvars, modules that call each other."""

from __future__ import annotations

from typing import Any

import pytest

from flagstone.policies.terraform.evaluation import Scope, evaluate
from flagstone.policies.terraform.module import Module, RemoteModule
from flagstone.policies.terraform.reader import Trouble
from tests.policies.terraform.modules import module, uses

NAME = 'variable "name" {\n  default = "default"\n}\n'


def name_of(found: Module) -> Any:
    return found.look_up("var", ("name",), Scope(found))


def test_lines_are_those_of_the_file() -> None:
    text = '# one\n\nresource "aws_x" "y" {\n  a = 1\n\n  /* two\n  lines */\n  inner {\n    b = 2\n  }\n}\n'
    (block,) = module(text).of_type("resource", "aws_x")

    assert (block.address, block.line(), block.line("a"), block.line("inner")) == (
        "aws_x.y",
        3,
        4,
        8,
    )
    assert block.nested("inner")[0].line("b") == 9
    assert block.line("absent") == 3


def test_json_says_the_same() -> None:
    text = (
        '{\n "//": "a comment",\n "resource": {"aws_x": {"y": [{\n  "a": "${1 + 1}",\n'
        '  "inner": [{"b": true}]\n }]}}\n}\n'
    )
    found = module({"main.tf.json": text})
    (block,) = found.of_type("resource", "aws_x")

    assert evaluate(block.attributes["a"], Scope(found)) == 2
    assert evaluate(block.nested("inner")[0].attributes["b"], Scope(found)) is True
    assert (block.line(), block.line("a"), block.line("inner")) == (3, 4, 5)


def test_a_dynamic_block_counts_as_its_content() -> None:
    text = (
        'resource "aws_x" "y" {\n  dynamic "inner" {\n    content {\n      b = 2\n    }\n  }\n}\n'
    )
    (block,) = module(text).of_type("resource", "aws_x")
    assert list(block.nested("inner")[0].attributes) == ["b"]


@pytest.mark.parametrize(
    ("files", "value"),
    [
        ({}, "default"),
        ({"terraform.tfvars": 'name = "loaded"\n'}, "loaded"),
        ({"terraform.tfvars.json": '{"name": "json"}'}, "json"),
        ({"terraform.tfvars": 'name = "a"\n', "b.auto.tfvars": 'name = "b"\n'}, "b"),
        ({"a.auto.tfvars": 'name = "a"\n', "b.auto.tfvars": 'name = "b"\n'}, "b"),
        ({"dev.tfvars": 'name = "dev"\n'}, "dev"),
        ({"dev.tfvars": 'name = "dev"\n', "prod.tfvars": 'name = "prod"\n'}, "prod"),
        ({"envs/production/terraform.tfvars": 'name = "prod"\n'}, "prod"),
    ],
)
def test_a_variable_has_the_value_that_terraform_gives_it(
    files: dict[str, str], value: str
) -> None:
    assert name_of(module({"main.tf": NAME, **files})) == value


def test_several_environments_are_as_many_uses() -> None:
    files = {"main.tf": NAME, "eu.tfvars": 'name = "eu"\n', "us.tfvars": 'name = "us"\n'}
    assert [name_of(found) for found in uses(files)] == ["eu", "us"]


def test_an_override_file_changes_single_attributes() -> None:
    files = {
        "main.tf": 'resource "aws_x" "y" {\n  a = 1\n  b = 1\n  inner {\n    c = 1\n  }\n}\n',
        "main_override.tf": 'resource "aws_x" "y" {\n  b = 2\n}\n',
    }
    found = module(files)
    (block,) = found.of_type("resource", "aws_x")
    assert {key: evaluate(value, Scope(found)) for key, value in block.attributes.items()} == {
        "a": 1,
        "b": 2,
    }
    assert len(block.nested("inner")) == 1


def test_a_local_module_knows_its_arguments_and_tells_its_outputs() -> None:
    files = {
        "live/main.tf": 'module "m" {\n  source = "../lib"\n  name = "given"\n}\nlocals {\n  x = module.m.name\n}\n',
        "lib/main.tf": NAME + 'output "name" {\n  value = "<${var.name}>"\n}\n',
    }
    found = module(files, "live")

    assert found.look_up("local", ("x",), Scope(found)) == "<given>"
    assert [one.folder for one in found.everywhere()] == ["live", "lib"]


def test_modules_that_call_each_other_end() -> None:
    files = {
        "a/main.tf": 'module "b" {\n  source = "../b"\n}\n',
        "b/main.tf": 'module "a" {\n  source = "../a"\n}\n',
    }
    assert [one.folder for one in module(files, "a").everywhere()] == ["a", "b"]


@pytest.mark.parametrize(
    "source", ["terraform-aws-modules/s3-bucket/aws", "git::https://x.example.com/m.git", "./gone"]
)
def test_a_module_from_elsewhere_is_known_as_such(source: str) -> None:
    found = module(f'module "m" {{\n  source = "{source}"\n}}\n')
    (child,) = found.children.values()
    assert isinstance(child, RemoteModule)
    assert child.source == source


@pytest.mark.parametrize(
    ("meta", "keys"),
    [
        ("count = 0", []),
        ("count = 2", [("i", 0), ("i", 1)]),
        ('for_each = toset(["a"])', [("k", "a")]),
        ("for_each = { a = 1 }", [("k", "a")]),
    ],
)
def test_instances_are_those_of_count_and_for_each(meta: str, keys: list[tuple[str, Any]]) -> None:
    found = module(f'resource "aws_x" "y" {{\n  {meta}\n}}\n')
    (block,) = found.of_type("resource", "aws_x")
    scopes = found.instances(block)
    assert [("i", s.index) if keys[0][0] == "i" else ("k", s.each_key) for s in scopes] == keys


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('resource "a" "b" {\n  x = [1\n}\n', 3, "} closes nothing here"),
        ('a = 1\nresource "a" "b" {\n', 2, "it is never closed: } is missing"),
        ('locals {\n  x = "abc\n}\n', 2, "a quoted text never ends"),
        ("locals {\n  x = <<EOT\n abc\n}\n", 2, "the text that starts with <<EOT never ends"),
        ("\n}\n", 2, "a statement cannot start with '}'"),
        ("hello world\n", 1, "neither a block nor an attribute starts with 'hello world'"),
    ],
)
def test_what_cannot_be_split_names_the_line(text: str, line: int, reason: str) -> None:
    assert module(text).troubles == (Trouble("main.tf", line, reason),)


def test_a_broken_statement_spoils_no_other() -> None:
    found = module('resource "aws_x" "y" {\n  a = = 1\n}\nresource "aws_x" "z" {\n  a = 1\n}\n')

    assert [block.address for block in found.of_type("resource", "aws_x")] == ["aws_x.z"]
    (trouble,) = found.troubles
    assert (trouble.path, trouble.line) == ("main.tf", 2)
    assert "cannot be understood" in trouble.reason


def test_windows_line_ends_change_nothing() -> None:
    text = 'resource "aws_x" "y" {\r\n  a = <<EOT\r\nb\r\nEOT\r\n  c = 1\r\n}\r\n'
    found = module(text)
    (block,) = found.of_type("resource", "aws_x")
    assert evaluate(block.attributes["a"], Scope(found)) == "b\n"
    assert block.line("c") == 5


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('var.all["a"].size', 5),
        ('var.all["a"].note', None),
        ('var.all["b"].size', 7),
        ('var.all["b"].inner.deep', "x"),
    ],
)
def test_optional_attributes_have_the_default_of_their_type(expression: str, value: Any) -> None:
    text = (
        'variable "all" {\n  type = map(object({\n    size = optional(number, 5)\n'
        '    note = optional(string)\n    inner = optional(object({ deep = optional(string, "x") }), {})\n'
        "  }))\n  default = { a = {}, b = { size = 7 } }\n}\n"
        f"locals {{\n  x = {expression}\n}}\n"
    )
    found = module(text)
    assert found.look_up("local", ("x",), Scope(found)) == value


def test_a_resource_may_be_made_for_each_instance_of_another() -> None:
    text = 'resource "aws_x" "y" {\n  for_each = aws_z.all\n  a = each.value.name\n}\n'
    found = module(text)
    (block,) = found.of_type("resource", "aws_x")
    (scope,) = found.instances(block)
    value = evaluate(block.attributes["a"], scope)
    assert (value.address, value.path) == ("aws_z.all", ("name",))
