"""Cells for spreadsheets."""

from __future__ import annotations


def harmless(cell: object) -> object:
    """Mark as text what a spreadsheet would take for a formula."""
    return f"'{cell}" if str(cell).startswith(("=", "+", "-", "@", "\t", "\r")) else cell
