from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0002_discoveries"),
    ]

    operations = [
        migrations.AddField(
            model_name="discoveredrepository",
            name="faults",
            field=models.JSONField(default=list, help_text="why catalogue files bring nothing"),
        ),
    ]
