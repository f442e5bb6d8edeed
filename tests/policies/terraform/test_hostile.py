"""Terraform that means harm, or is only huge, ends in a sentence and not in a hang."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.policies.terraform.evaluation import Scope, evaluate
from flagstone.policies.terraform.module import Module
from flagstone.policies.terraform.reader import Reader
from tests.policies.terraform.modules import module

WORTH_IT = 60.0  # seconds; on a busy machine, and far below a hang
CANARY = 'resource "aws_synthetics_canary" "c" {\n  name = "c"\n}\n'


@pytest.mark.parametrize(
    "expression",
    [
        "[" * 50_000 + "]" * 50_000,
        "(" * 5_000 + "1" + ")" * 5_000,
        "[" * 45 + "]" * 45,
        '"${' * 5_000,
        "-1" * 100_000,
        "-1" * 150,
        "!" * 20_000 + "true",
        "1" + " + 1" * 5_000,
        "true ? " * 2_000 + "1" + " : 2" * 2_000,
        "x" + ".y" * 10_000,
        "x" + "[0]" * 10_000,
        "9" * 30_000,
        "<<A\nx" + "\n" * 20_000 + "x\nA",
        "<<A\n" + "x\n\n" * 8_000 + "A",
        '"' + '\\"' * 15_000 + '"',
        '"' + "$${" * 10_000 + '"',
        '"' + "x" * 5_000_000 + '"',
        "{" + "a = {" * 40 + "}" * 41,
        '\\"' + "x" * 10_000,
    ],
    ids=lambda text: text[:6],
)
def test_a_hostile_expression_ends(expression: str) -> None:
    start = time.monotonic()
    found = module(f"locals {{\n  x = {expression}\n}}\n{CANARY}")

    value = found.look_up("local", ("x",), Scope(found))

    assert value is not None
    assert time.monotonic() - start < WORTH_IT


@pytest.mark.parametrize("opening", ["a {\n", '"${', "[", "/* ", "<<A\n"])
def test_what_is_never_closed_ends(opening: str) -> None:
    start = time.monotonic()
    assert len(module(f"x = [{opening * 200_000}").troubles) == 1
    assert time.monotonic() - start < WORTH_IT


def test_a_line_of_five_megabytes_is_passed_over() -> None:
    text = f'resource "aws_x" "y" {{ a = "{"z" * 5_000_000}" }}\n{CANARY}'
    found = module(text)
    assert [block.line() for block in found.of_type("resource", "aws_synthetics_canary")] == [2]
    assert found.of_type("resource", "aws_x") == []
    assert found.troubles[0].reason == "it is longer than 16,384 characters"


def test_binary_is_no_text() -> None:
    snapshot = Snapshot({"main.tf": b"\x00\xff\xfe" * 1000, "more.tf": CANARY.encode()})
    found = Module(Reader(snapshot), "")
    assert [trouble.reason for trouble in found.troubles] == [
        "it is no UTF-8 text, or larger than what is read"
    ]
    assert len(found.of_type("resource", "aws_synthetics_canary")) == 1


def test_ten_thousand_resources_are_split_and_only_what_is_asked_for_is_parsed() -> None:
    many = "".join(f'resource "aws_x" "y{n}" {{\n  name = "x{n}"\n}}\n' for n in range(10_000))
    start = time.monotonic()
    found = module(many + CANARY)
    (block,) = found.of_type("resource", "aws_synthetics_canary")
    assert block.line() == 30_001
    assert time.monotonic() - start < WORTH_IT


def test_parsing_is_given_up_when_its_time_is_used_up() -> None:
    many = "".join(f'resource "aws_x" "y{n}" {{\n  name = "x{n}"\n}}\n' for n in range(50))
    found = Module(Reader(Snapshot({"main.tf": many.encode()}), seconds=1e-9), "")
    assert len(found.of_type("resource", "aws_x")) == 1
    assert found.troubles[0].line == 4
    assert found.troubles[0].reason == (
        "reading the Terraform took longer than 1e-09 seconds; this was not read"
    )


def test_what_a_busy_machine_takes_is_no_part_of_that_time(monkeypatch: pytest.MonkeyPatch) -> None:
    timed = Reader._timed

    def held_up(self: Reader, parse: Callable[[], Any], line: int) -> Any:
        return timed(self, lambda: (time.sleep(0.02), parse())[1], line)

    monkeypatch.setattr(Reader, "_timed", held_up)
    many = "".join(f'resource "aws_x" "y{n}" {{\n  name = "x{n}"\n}}\n' for n in range(50))
    found = Module(Reader(Snapshot({"main.tf": many.encode()}), seconds=0.8), "")
    assert len(found.of_type("resource", "aws_x")) == 50
    assert found.troubles == ()


def test_json_nested_without_end_is_refused() -> None:
    text = '{"resource": ' + '{"a":' * 50_000 + "1" + "}" * 50_001
    assert len(module({"main.tf.json": text}).troubles) == 1


@pytest.mark.parametrize("text", ["[]", "1", '{"resource": 1}', '{"resource": {"a": 1}}', "{"])
def test_json_of_another_shape_is_refused(text: str) -> None:
    assert len(module({"main.tf.json": text}).troubles) == 1


def test_a_count_of_a_billion_is_not_counted_out() -> None:
    found = module('resource "aws_x" "y" {\n  count = 1000000000\n}\n')
    (block,) = found.of_type("resource", "aws_x")
    assert len(found.instances(block)) == 50


def test_a_value_deep_in_itself_is_not_followed_for_ever() -> None:
    names = "".join(f"  a{n} = local.a{n + 1}\n" for n in range(2_000))
    found = module(f"locals {{\n{names}}}\n")
    assert evaluate("${local.a0}", Scope(found)) is not None
