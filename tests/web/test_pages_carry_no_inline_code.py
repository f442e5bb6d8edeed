"""The strict policy blocks inline scripts and styles, so no template may hold any."""

from __future__ import annotations

import re
from pathlib import Path

import flagstone.web

TEMPLATES = Path(flagstone.web.__file__).parent / "templates"
TAG = re.compile(r"{%.*?%}", re.DOTALL)
INLINE = re.compile(
    r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:|hx-on", re.IGNORECASE
)


def test_no_template_holds_inline_script_or_style() -> None:
    guilty = [
        f"{path.relative_to(TEMPLATES)}: {match[0].strip()}"
        for path in sorted(TEMPLATES.rglob("*.html"))
        for match in INLINE.finditer(TAG.sub("", path.read_text(encoding="utf-8")))
    ]
    assert guilty == []


def test_nothing_comes_from_elsewhere() -> None:
    elsewhere = re.compile(r"""(src|href)=["']https?://""")
    assert not [
        p.name for p in TEMPLATES.rglob("*.html") if elsewhere.search(p.read_text(encoding="utf-8"))
    ]
