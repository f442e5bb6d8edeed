import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("forge", "0009_forget_probes"),
    ]

    operations = [
        migrations.AddField(
            model_name="changerequest",
            name="built_commits",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=64),
                blank=True,
                default=list,
                help_text="every one of ours: a push that was given up may still arrive",
                size=None,
            ),
        ),
        migrations.RunSQL(
            "UPDATE forge_changerequest SET built_commits = array_remove(ARRAY[replaced_commit, commit], '')",
            migrations.RunSQL.noop,
        ),
        migrations.RemoveField(
            model_name="changerequest",
            name="replaced_commit",
        ),
        migrations.AlterField(
            model_name="changerequest",
            name="commit",
            field=models.CharField(
                blank=True, help_text="ours, which its branch holds or is about to", max_length=64
            ),
        ),
    ]
