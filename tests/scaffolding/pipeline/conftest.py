from __future__ import annotations

import pytest


@pytest.fixture
def execute(request_run):
    """Ask for a run and let a worker bring it as far as it can."""
    from flagstone.scaffolding import pipeline  # the apps are not ready when pytest imports this

    def execute(run=None, **answers):
        run = run or request_run(**answers)
        pipeline.execute(run.pk)
        run.refresh_from_db()
        return run

    return execute
