from __future__ import annotations

from pathlib import Path

import pytest

from flagstone.forge.git.environment import clean_environment


def test_nothing_of_the_parent_but_the_path_is_handed_down(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("GIT_SSH_COMMAND", "evil")
    monkeypatch.setenv("FLAGSTONE_SECRET_KEY", "canary")
    monkeypatch.setenv("PATH", "/usr/bin")
    environment = clean_environment(tmp_path)
    assert {key: value for key, value in environment.items() if "_CONFIG_" not in key} == {
        "PATH": "/usr/bin",
        "HOME": str(tmp_path),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "file",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_PAGER": "cat",
    }


def test_no_configuration_of_the_machine_is_read(tmp_path: Path) -> None:
    environment = clean_environment(tmp_path)
    assert environment["GIT_CONFIG_NOSYSTEM"] == "1"
    assert environment["GIT_CONFIG_GLOBAL"] == "/dev/null"


def test_settings_go_through_the_environment(tmp_path: Path) -> None:
    environment = clean_environment(tmp_path, config={"http.extraHeader": "Authorization: x"})
    settings = {
        environment[f"GIT_CONFIG_KEY_{n}"]: environment[f"GIT_CONFIG_VALUE_{n}"]
        for n in range(int(environment["GIT_CONFIG_COUNT"]))
    }
    assert settings["core.hooksPath"] == "/dev/null"
    assert settings["http.followRedirects"] == "false"
    assert settings["http.extraHeader"] == "Authorization: x"


def test_only_the_named_transports_are_allowed(tmp_path: Path) -> None:
    environment = clean_environment(tmp_path, protocols=("https", "ssh"))
    assert environment["GIT_ALLOW_PROTOCOL"] == "https:ssh"
