"""What the catalogue tells the apps above it; always after commit."""

from __future__ import annotations

from django.dispatch import Signal

# kwargs: refs (list[str], canonical, sorted): created, changed in content, orphaned, brought back or deleted
entities_changed = Signal()

# kwargs: refs (list[str]): names that nobody holds any more, so that another location may have them
names_freed = Signal()
