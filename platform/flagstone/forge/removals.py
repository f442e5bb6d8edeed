"""What goes when a code host is taken out, and what stands in the way, in words for who is about to do it."""

from __future__ import annotations

from flagstone.forge.models import CodeHost


def why_host_stays(host: CodeHost) -> str:
    """Return why a code host cannot be removed now, and what to do first; "" where it can."""
    names = list(host.repositories.order_by("full_name").values_list("full_name", flat=True))
    if not names:
        return ""
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"Repositories of {host.name} are registered: {shown}. Unregister them first."


def what_goes_with_host(host: CodeHost) -> list[str]:
    """Return what is removed with a code host; at the code host itself nothing changes."""
    deliveries = counted(host.deliveries.count(), "webhook delivery", "webhook deliveries")
    return [
        f"{counted(host.secrets.count(), 'stored secret')} will be forgotten.",
        f"{deliveries} from it will be deleted, and new ones refused: delete its webhooks there.",
        f"{counted(host.accounts.count(), 'login')} of people there will be forgotten.",
        "The code host itself is left as it is.",
    ]


def counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"
