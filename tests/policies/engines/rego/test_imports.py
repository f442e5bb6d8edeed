"""Library imports become full paths, and nothing else changes."""

from __future__ import annotations

from flagstone.policies.engines.rego.imports import expand_imports


def test_functions_and_packages_with_and_without_a_name():
    rego = """package k
import data.lib.exempt.is_exempt
import data.lib.pods as p
import data.lib.update # why

violation[{"msg": "is_exempt(x) p.all"}] {
  not is_exempt(input.review)  # is_exempt( stays
  c := p.containers[_]
  c.p.q == `p.raw`
  not update.is_update(input.review)
  x.update(1)
  is_exempt_too(c)
}
"""
    assert (
        expand_imports(rego)
        == """package k




violation[{"msg": "is_exempt(x) p.all"}] {
  not data.lib.exempt.is_exempt(input.review)  # is_exempt( stays
  c := data.lib.pods.containers[_]
  c.p.q == `p.raw`
  not data.lib.update.is_update(input.review)
  x.update(1)
  is_exempt_too(c)
}
"""
    )


def test_other_imports_are_left_alone():
    rego = "package k\nimport rego.v1\nimport data.inventory\nimport future.keywords.if\nx := inventory.y(1)\n"
    assert expand_imports(rego) == rego


def test_a_name_that_some_or_every_declares_is_the_rules_own():
    rego = """
package a
import data.lib.x.names
violation[{"msg": names}] { some i, names; input.list[i] = names }
other { some names in input.list; names == "a" }
every_one { every i, names in input.list { names == "a" } }
used { names("a") }
"""
    assert expand_imports(rego).count("data.lib.x.names") == 1
