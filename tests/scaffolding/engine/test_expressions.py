from __future__ import annotations

import time

import pytest

from flagstone.scaffolding.engine.expressions import (
    MAX_TEXT,
    ExpressionError,
    check,
    evaluate,
    holds,
)

NAMES = {
    "parameters": {
        "name": "checkout",
        "replicas": 3,
        "public": True,
        "nothing": None,
        "words": ["a", "b"],
        "items": "called like a method",
        "hostile": "{{ 7*7 }} ${{ 7 }} {% raw %}",
        "owner": "group:default/payments",
        "long": "x" * 60_000,
        "repo": "github.com?owner=acme&repo=shop",
    },
    "steps": {"pull-request": {"output": {"remoteUrl": "https://x/1"}}},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("${{ parameters.name }}", "checkout"),
        ("${{parameters.replicas}}", 3),
        ("${{ parameters.public }}", True),
        ("${{ parameters.nothing }}", None),
        ("${{ parameters.words }}", ["a", "b"]),
        ("n=${{ parameters.replicas }}", "n=3"),
        ("p=${{ parameters.public }}", "p=true"),
        ("e=${{ parameters.nothing }}.", "e=."),
        ("w=${{ parameters.words }}", "w=a,b"),
        ("${{ parameters.words | dump }}", '["a","b"]'),
        ("${{ {'a': [1, none, true]} | dump }}", '{"a":[1,null,true]}'),
        ("${{ {'a': 1} | dump(2) }}", '{\n  "a": 1\n}'),
        ("${{ parameters['words'][1] }}", "b"),
        ("${{ parameters.items }}", "called like a method"),
        ("${{ parameters.replicas + 1 }}", 4),
        ("${{ 'big' if parameters.replicas > 2 else 'small' }}", "big"),
        ("${{ parameters.public and parameters.name == 'checkout' }}", True),
        ("${{ (parameters.owner | parseEntityRef).name }}", "payments"),
        ("${{ parameters.owner | parseEntityRef | pick('kind') }}", "group"),
        (
            "${{ 'Maria' | parseEntityRef | dump }}",
            '{"kind":"component","namespace":"default","name":"Maria"}',
        ),
        ("${{ parameters.nothing || 'other' }}", "other"),
        ("${{ parameters.name.nope.deeper || 'other' }}", "other"),
        ("${{ parameters.public && parameters.name === 'checkout' }}", True),
        ("${{ parameters.name !== 'x' }}", True),
        ("${{ 'a || b && c === d null' }}", "a || b && c === d null"),
        ("${{ parameters.nothing == null }}", True),
        ("${{ parameters.missing is defined }}", False),
        ("${{ parameters.name is defined }}", True),
        ("${{ parameters.missing }}", None),
        ("x ${{ parameters.missing }}", "x "),
        ("${{ parameters.__class__ }}", None),
        ("${{ ''.__class__.__mro__ }}", None),
        ("${{ parameters.name.toUpperCase() }}", "CHECKOUT"),
        ("${{ parameters.owner.split('/')[1] }}", "payments"),
        ("${{ parameters.owner.split(':')[1].split('/')[0].replace('e', 'E') }}", "dEfault"),
        ("${{ parameters.words.includes('a') }}", True),
        ("${{ parameters.words.length + parameters.name.length }}", 10),
        ("${{ parameters.repo | parseRepoUrl | pick('repo') }}", "shop"),
        ("${{ (parameters.repo | parseRepoUrl)['owner'] }}", "acme"),
        ("${{ (parameters.repo | parseRepoUrl).host }}", "github.com"),
        ("${{ parameters.repo | projectSlug }}", "acme/shop"),
        ("${{ 'a b' | urlencode }}", "a%20b"),
        ("${{ 'hello there' | truncate(7) }}", "hello..."),
        ("${{ [3, 1] | sort | join('-') }}", "1-3"),
        ("${{ 'x\\ny' | indent(2) }}", "x\n  y"),
        ("${{ -1 }}", -1),
        ("${{ parameters.missing | default('x') }}", "x"),
        ("${{ parameters.nothing | default('x') }}", "x"),
        ("${{ parameters.name | upper | replace('CHECK', 'SELL') }}", "SELLOUT"),
        ("${{ ' Big Name ' | slugify }}", "big-name"),
        ("${{ parameters.words | join('+') }}", "a+b"),
        ("${{ parameters.words | length }}", 2),
        ("${{ '7' | int }}", 7),
        ("${{ steps['pull-request'].output.remoteUrl }}", "https://x/1"),
        ("{{ x }} ${ x } 100%", "{{ x }} ${ x } 100%"),
        ("${{ { k: parameters.name, 'l': { m: 1 } } }}", {"k": "checkout", "l": {"m": 1}}),
        ("${{ { name: parameters.name } | dump }}", '{"name":"checkout"}'),
        ("${{ parameters.hostile }}", "{{ 7*7 }} ${{ 7 }} {% raw %}"),
        ("a ${{ parameters.hostile }}", "a {{ 7*7 }} ${{ 7 }} {% raw %}"),
        ("${{ 'a' }}\n", "a\n"),
    ],
)
def test_an_expression_has_a_value(text, value):
    assert evaluate(text, NAMES) == value


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{% if parameters.public %}on{% else %}off{% endif %}", "on"),
        ("a{% if parameters.nothing %}b{% endif %}c", "ac"),
        ("{% if parameters.nothing %}b{% endif %}", ""),
        ("{% if parameters.name === 'x' %}1{% elseif parameters.replicas > 2 %}2{% endif %}", "2"),
        ("{%- if parameters.public -%}  ${{ parameters.replicas }}  {%- endif %}", "3"),
        ("{% for word in parameters.words %}${{ loop.index }}${{ word }} {% endfor %}", "1a 2b "),
        (
            "{% for w in parameters.words %}${{ w }}{% if not loop.last %}/{% endif %}{% endfor %}",
            "a/b",
        ),
        ("{% for key, value in {a: 1, b: [2]} %}${{ key }}=${{ value }};{% endfor %}", "a=1;b=2;"),
        ("{% for w in parameters.nothing %}x{% else %}none{% endfor %}", "none"),
        ("{% for w in parameters.words %}${{ w.__class__ }}${{ loop._iterator }}{% endfor %}", ""),
        ("{% set n = parameters.replicas + 1 %}n=${{ n }}", "n=4"),
        ("{% if parameters.nothing %}{% set n = 1 %}{% endif %}n=${{ n }}", "n="),
        ("{% raw %}${{ x }} {% if %}{% endraw %}!", "${{ x }} {% if %}!"),
        ("{% verbatim %}${{ x }}{% endverbatim %}", "${{ x }}"),
        ("a{# ${{ nowhere }} #}b", "ab"),
        ("{% if true %}${{ parameters.hostile }}{% endif %}", "{{ 7*7 }} ${{ 7 }} {% raw %}"),
        ("${{ parameters.name ~ parameters.replicas ~ true ~ null }}", "checkout3true"),
    ],
)
def test_blocks_are_rendered_as_nunjucks_does(text, result):
    assert evaluate(text, NAMES) == result


def test_a_text_with_a_block_is_text_whatever_it_holds():
    assert evaluate("{% if true %}${{ parameters.replicas }}{% endif %}", NAMES) == "3"


def test_lists_and_mappings_are_walked():
    assert evaluate({"a": ["${{ parameters.name }}", 1], "b": None}, NAMES) == {
        "a": ["checkout", 1],
        "b": None,
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("${{ nowhere }}", "'nowhere' is undefined"),
        ("${{ parameters.name.upper() }}", "a call is not allowed inside ${{ }}"),
        ("${{ parameters.name.split() }} ${{ x.y() }}", "a call is not allowed inside ${{ }}"),
        ("${{ parameters.name.format_map(parameters) }}", "a call is not allowed inside ${{ }}"),
        ("${{ range(10) }}", "a call is not allowed inside ${{ }}"),
        ("${{ self }}", "'self' is undefined"),
        ("{% if %} x", "'{% if %} x' is not an expression"),
        ("{% if parameters.name %} x", "is not an expression"),
        ("{% nope %}", "Encountered unknown tag 'nope'"),
        ("{% include 'x' %}", "a include is not allowed inside {% %}"),
        ("{% macro m() %}{% endmacro %}", "a macro is not allowed inside {% %}"),
        ("{% set a %}x{% endset %}", "a assignblock is not allowed inside {% %}"),
        ("{% set a, b = parameters.words %}", "a set gives a value to one name"),
        ("{% set parameters = 1 %}", "'parameters' is a name of Backstage's own"),
        ("{% for secrets in [] %}{% endfor %}", "'secrets' is a name of Backstage's own"),
        ("{% for a in parameters.words recursive %}{% endfor %}", "a for cannot be recursive"),
        ("{% for a in parameters.words %}${{ loop.cycle() }}{% endfor %}", "a call is not allowed"),
        ("${{ loop }}", "'loop' is undefined"),
        ("{% for a in 7 %}{% endfor %}", "cannot be computed"),
        ("{% if 1 %}" * 150 + "{% endif %}" * 150, "an expression is nested deeper than 50"),
        ("{% for a in [1] %}" * 30 + "{% endfor %}" * 30, "an expression is nested deeper than 50"),
        ("${{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "an expression is nested deeper than 50"),
        ("${{ 'a' * 1000000000 }}", "a mul is not allowed inside ${{ }}"),
        ("${{ 9 ** 99 }}", "a pow is not allowed inside ${{ }}"),
        ("${{ '%999999999d' % 1 }}", "a mod is not allowed inside ${{ }}"),
        ("${{ parameters | attr('x') }}", "there is no filter 'attr'"),
        ("${{ parameters | map('x') }}", "there is no filter 'map'"),
        ("${{ 'x", "'${{ 'x' is not an expression"),
        ("${{ }}", "'${{ }}' is not an expression"),
        ("${{ 'a' + 1 }}", "cannot be computed"),
        ("${{ 'a' | int }}", "cannot be computed"),
        ("${{ parameters.words | pick('a') }}", "cannot be computed"),
        (
            "${{ parameters.long | replace('x', 'yy') }}",
            "the text grows longer than 65536 characters",
        ),
        (
            "${{ parameters.long }}${{ parameters.long }}",
            "the result is longer than 65536 characters",
        ),
    ],
)
def test_an_expression_that_has_none(text, reason):
    with pytest.raises(ExpressionError) as caught:
        evaluate(text, NAMES)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("condition", "result"),
    [
        (True, True),
        (False, False),
        (None, False),
        ("", False),
        (0, False),
        ([], False),
        ({}, True),
        ("false", False),
        ("no", True),
        ("${{ parameters.public }}", True),
        ("${{ not parameters.public }}", False),
        ("${{ parameters.nothing }}", False),
        ("${{ parameters.replicas > 5 }}", False),
    ],
)
def test_a_condition(condition, result):
    assert holds(condition, NAMES) is result


def test_what_is_looked_up_is_known_without_evaluating():
    assert check(
        {
            "a": "${{ parameters.name }} ${{ parameters['size'] | upper }}",
            "b": ["${{ steps['pull-request'].output.remoteUrl if now else user.ref }}"],
        }
    ) == {
        "parameters.name",
        "parameters.size",
        "steps.pull-request.output.remoteUrl",
        "now",
        "user.ref",
    }


def test_names_that_a_text_gives_itself_are_not_looked_up():
    text = "{% set n = parameters.a %}{% for k, v in parameters.b %}${{ n + k + loop.index }}{% endfor %}"
    assert check(text) == {"parameters.a", "parameters.b"}
    assert check("${{ loop.index }}") == {"loop.index"}


DOUBLED = "{% set a = 'x' %}" + "{% set a = a + a %}" * 40


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in parameters.many %}{% for b in parameters.many %}x{% endfor %}{% endfor %}",
        "{% for a in parameters.long %}{% endfor %}",
        "{% for a in parameters.many %}${{ parameters.long | wordwrap }}{% endfor %}",
        "{% for a in parameters.many %}${{ parameters.long }}{% endfor %}",
        "{% for a in parameters.many %}{% set b = parameters.many %}{% endfor %}",
        DOUBLED + "${{ a }}",
        DOUBLED.replace("a + a", "a ~ a") + "${{ a }}",
        DOUBLED.replace("a + a", "[a, a]") + "${{ a | dump }}",
        DOUBLED.replace("a + a", "{k: a, l: a}") + "${{ a }}",
        DOUBLED.replace("'x'", "[1]") + "${{ a | length }}",
    ],
)
def test_what_blocks_may_cost_has_an_end(text):
    begun = time.perf_counter()
    many = NAMES["parameters"] | {"many": list(range(500))}
    with pytest.raises(ExpressionError, match=r"longer than 65536 characters|too much"):
        evaluate(text, {"parameters": many})
    assert time.perf_counter() - begun < 3


@pytest.mark.parametrize(
    "text",
    [
        "${{ parameters.long.split('') | join(parameters.long) }}",
        "${{ parameters.long.split('').join(parameters.long) }}",
        "${{ parameters.long | replace('', parameters.long) }}",
    ],
)
def test_what_would_grow_beyond_memory_is_not_even_begun(text):
    begun = time.perf_counter()
    with pytest.raises(ExpressionError, match=str(MAX_TEXT)):
        evaluate(text, NAMES)
    assert time.perf_counter() - begun < 2


def test_an_indent_has_an_end():
    assert evaluate("${{ {'a': 1} | dump(999999999) }}", {}) == '{\n          "a": 1\n}'


def test_a_growing_chain_stops_at_the_limit():
    chain = "${{ 'x' " + "| replace('x', 'xxxxxxxxxx')" * 12 + " }}"
    with pytest.raises(ExpressionError, match=str(MAX_TEXT)):
        evaluate(chain, {})


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 5000 + "1" + ")" * 5000,
        "not " * 5000 + "1",
        "'a'" + "|lower" * 5000,
        "1" + "+1" * 5000,
        "[" * 3000 + "]" * 3000,
        "'a'" + ".trim()" * 3000,
        "1 if " * 3000 + "1",
    ],
)
def test_an_expression_that_is_nested_without_end_is_refused(expression):
    with pytest.raises(ExpressionError, match="an expression is nested deeper than 50"):
        check("${{ " + expression + " }}")


def test_an_expression_may_be_nested_as_deeply_as_anybody_writes():
    assert evaluate("${{ " + "(" * 30 + "1" + ")" * 30 + " }}", {}) == 1
    assert evaluate("${{ 1" + "+1" * 40 + " }}", {}) == 41
