from __future__ import annotations

import pytest

from flagstone.scaffolding.engine.nunjucks import as_jinja

TAGS = (("${{", "}}"), ("{%", "%}"))


@pytest.mark.parametrize(
    ("source", "jinja"),
    [
        ("a || b && c === d null", "a || b && c === d null"),
        ("${{ a || b }} || ${{ c && d }}", "${{ a  or  b }} || ${{ c  and  d }}"),
        ("${{ 'a || }} b' || \"c && d\" }}", "${{ 'a || }} b'  or  \"c && d\" }}"),
        ("{% if a === null %}x{% elseif b !== undefined %}y{% endif %}",
         "{% if a == none %}x{% elif b != none %}y{% endif %}"),
        ("${{ a.null }} ${{ nullable }}", "${{ a.null }} ${{ nullable }}"),
        ("it's ${{ a || 'it' }} isn't", "it's ${{ a  or  'it' }} isn't"),
        ("{% raw %}${{ a || b }}{% endraw %}${{ a || b }}",
         "{% raw %}${{ a || b }}{% endraw %}${{ a  or  b }}"),
        ("{%- verbatim -%}{{ a || b }}{% endverbatim %}",
         "{%- raw -%}{{ a || b }}{% endraw %}"),
        ("${{ a || b", "${{ a  or  b"),
        ("{% raw %}never closed ${{ a || b }}", "{% raw %}never closed ${{ a || b }}"),
        ("", ""),
    ],
)  # fmt: skip
def test_only_what_is_code_is_rewritten(source, jinja):
    assert as_jinja(source, TAGS) == jinja
    assert as_jinja(source, TAGS).count("\n") == source.count("\n")
