"""Of many who insert the same row at once, one does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connections

from flagstone.core.inserting import insert_once
from flagstone.core.models import Job


@pytest.mark.django_db
def test_a_row_is_inserted_with_all_that_it_holds() -> None:
    job = Job(kind="test", title='“Tea”, with %s and "quotes"')
    assert insert_once(job)
    kept = Job.objects.get()
    names = [field.attname for field in Job._meta.concrete_fields]
    assert [getattr(kept, name) for name in names] == [getattr(job, name) for name in names]


@pytest.mark.django_db
def test_a_second_one_is_left_out_and_breaks_nothing() -> None:
    first = Job(kind="test", title="First")
    assert insert_once(first)
    assert not insert_once(Job(pk=first.pk, kind="test", title="Second"))
    assert Job.objects.get().title == "First"


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_was_first() -> None:
    key = uuid4()

    def insert(number: int) -> bool:
        try:
            return insert_once(Job(pk=key, kind="test", title=f"{number}"))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(insert, range(32))) == 1
    assert Job.objects.count() == 1
