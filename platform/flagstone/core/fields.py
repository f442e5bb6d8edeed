"""Database fields that Django does not have."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from psycopg.types.json import Json


class OrderedJSONField(models.JSONField):
    """JSON that keeps the order of its keys: PostgreSQL's `json`, where `jsonb` would order them its own way.

    What is stored here is rendered again, and templates go through mappings in their order. It cannot be
    searched by what is in it.
    """

    def db_type(self, connection: Any) -> str:
        return "json"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's
        if value is None or hasattr(value, "as_sql"):
            return value
        return Json(value, dumps=lambda given: json.dumps(given, cls=self.encoder))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return json.loads(value, cls=self.decoder) if isinstance(value, str) else value
