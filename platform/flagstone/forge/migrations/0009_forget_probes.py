from typing import Any

from django.db import migrations


def forget_probes(apps: Any, schema_editor: Any) -> None:
    """Delete the copies of pull requests that the doctor opened and closed: they are nobody's work."""
    apps.get_model("forge", "PullRequest").objects.filter(
        source_branch__regex=r"^flagstone/doctor-[0-9a-f]{8}$",
        title="Flagstone tries whether it may open pull requests",
    ).exclude(state="merged").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("forge", "0008_pulls_seen_until"),
    ]

    operations = [
        migrations.RunPython(forget_probes, migrations.RunPython.noop),
    ]
