from __future__ import annotations

import pytest

from flagstone.scaffolding.engine.labels import label_of


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("cloudProvider", "Cloud provider"),
        ("cloud_provider", "Cloud provider"),
        ("cloud-provider", "Cloud provider"),
        ("CloudProvider", "Cloud provider"),
        ("repoUrl", "Repo URL"),
        ("AWSRegion", "AWS region"),
        ("useHTTPS", "Use HTTPS"),
        ("python3Version", "Python3 version"),
        ("name", "Name"),
        ("n", "N"),
        ("größe_in_gb", "Größe in gb"),
        ("_", "_"),
        ("2fa", "2fa"),
    ],
)
def test_a_key_as_words(key, label):
    assert label_of(key) == label
