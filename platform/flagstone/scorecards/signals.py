"""What the scorecards tell the floors above, after commit."""

from __future__ import annotations

from django.dispatch import Signal

# kwargs: repository_id: int, refs: list[str] of the services that were scored, new: list[str] of those that never
# were before
scores_changed = Signal()
