from __future__ import annotations

from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from app.metrics import WorkMetrics
from app.server import serving


def test_it_serves_metrics_and_liveness(metrics: WorkMetrics) -> None:
    alive = True
    with serving(0, metrics, lambda: alive) as port:
        base = f"http://127.0.0.1:{port}"
        assert b'messages_processed_total{outcome="done"} 0.0' in urlopen(f"{base}/metrics").read()
        assert urlopen(f"{base}/health/live").read() == b"alive\n"
        alive = False
        with pytest.raises(HTTPError) as answer:
            urlopen(f"{base}/health/live")
        assert answer.value.code == 503
