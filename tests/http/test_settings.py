"""Settings: flags before environment before file; every one on its page; wrong ones are one clear line."""

import json
import re
import subprocess

import pytest
from worker import FAKE, REPO


def run(*arguments, **environment):
    return subprocess.run([str(FAKE), "serve", *map(str, arguments)], capture_output=True, text=True, timeout=20,
                          env={"PATH": "/usr/bin", **environment})  # fmt: skip


def settings():
    return json.loads(run("--describe-settings").stdout)


def test_every_setting_is_in_the_help_and_on_the_page():
    text = run("--help").stdout
    page = (REPO / "docs" / "configuration.md").read_text()
    for row in settings():
        assert row["flag"] in text, row
        expected = [f"`{row['flag']}`", f"`{row['variable']}`", *([f"`{row['key']}`"] if row["key"] else [])]
        assert any(all(part in line for part in expected) and f"`{row['default']}`" in (line if row["default"] else f"`{row['default']}`")
                   for line in page.splitlines()), f"docs/configuration.md lacks {row}; run tools/configuration_page.py"  # fmt: skip
    assert set(re.findall(r"\| `(--[a-z-]+)`", page)) == {row["flag"] for row in settings()}


def test_flags_come_before_the_environment_and_that_before_the_file(start, tmp_path):
    config = tmp_path / "worker.toml"
    config.write_text('queue_size = 11\nmax_steps = 12\nkept_jobs = 13\nallowed_host = ["a.example", "b.example"]\n')
    worker = start("--config", config, "--queue-size", "31", SD_WORKER_QUEUE_SIZE="21", SD_WORKER_MAX_STEPS="22")
    limits = worker.client.get("/info").json()["limits"]
    assert (limits["queue_size"], limits["steps"]) == (31, 22)
    assert worker.client.get("/info", headers={"Host": "b.example"}).status_code == 200


def test_lists_in_the_environment_are_separated_by_commas(start):
    worker = start(SD_WORKER_ALLOWED_HOST="a.example,b.example")
    assert worker.client.get("/info", headers={"Host": "b.example"}).status_code == 200


def test_the_settings_file_may_be_named_by_the_environment(start, tmp_path):
    config = tmp_path / "worker.toml"
    config.write_text("queue_size = 11\n")
    assert start(SD_WORKER_CONFIG=config).client.get("/info").json()["limits"]["queue_size"] == 11


def test_sizes_may_have_a_suffix(start):
    assert start("--max-body-bytes", "2M").client.get("/info").json()["limits"]["body_bytes"] == 2 << 20


@pytest.mark.parametrize("line", ["queue_size = 0", "queue_size = 'x'", "nothing = 1", "queue_size = [1, 2]", "= 3", "[server]\nport = 1",
                                  "port = 70000"])  # fmt: skip
def test_a_wrong_line_of_the_file_is_named(tmp_path, line):
    config = tmp_path / "worker.toml"
    config.write_text("log_level = 'info'\n" + line + "\n")
    done = run("--model", tmp_path, "--config", config)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "worker.toml" in done.stderr


@pytest.mark.parametrize("arguments, variables", [(["--queue-size", "0"], {}), (["--queue-size", "x"], {}), (["--no-such-flag"], {}), ([], {}),
                                                  (["--config", "/nowhere.toml"], {}), ([], {"SD_WORKER_PORT": "x"}),
                                                  (["--log-level", "loud"], {}), (["--host", "no.such.host.invalid"], {})])  # fmt: skip
def test_wrong_usage_is_one_line_and_exit_code_2(tmp_path, arguments, variables):
    models = ["--model", tmp_path] if arguments or variables else []
    done = run(*models, *arguments, **variables)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1 and not done.stdout


@pytest.mark.parametrize("flag, value", [
    ("--cors-origin", "a.example"), ("--cors-origin", "localhost:3000"), ("--cors-origin", "https://a.example/page"),
    ("--cors-origin", "https://"), ("--cors-origin", "https://a.example?x"), ("--cors-origin", "https://u@a.example"),
    ("--cors-origin", "https://*.example"), ("--allowed-host", "http://a.example"), ("--allowed-host", "a.example/"),
    ("--allowed-host", "*.example"), ("--allowed-host", "a.example:x"), ("--allowed-host", "::1"),
])  # fmt: skip
def test_a_name_that_could_never_match_is_refused(tmp_path, flag, value):
    done = run("--model", tmp_path, flag, value)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and value in done.stderr, done.stderr


def test_no_setting_is_empty(tmp_path):
    names = [row for row in settings() if not re.fullmatch(r"[\d.]+", row["default"])]
    assert len(names) > 10
    for row in names:
        if row["flag"] == "--insecure":  # takes no value
            continue
        models = [] if row["flag"] == "--model" else ["--model", tmp_path]
        by_flag = run(*models, row["flag"], "")
        by_variable = run(*models, **{row["variable"]: " \n"})
        for done in (by_flag, by_variable):
            assert done.returncode == 2 and done.stderr.count("\n") == 1, (row["flag"], done)
        assert row["variable"] in by_variable.stderr
        if row["key"]:
            (tmp_path / "worker.toml").write_text(f"{row['key']} = ''\n")
            done = run(*models, "--config", tmp_path / "worker.toml")
            assert done.returncode == 2 and done.stderr.count("\n") == 1, (row["flag"], done)


def test_line_breaks_around_a_variable_do_not_belong_to_it(start):
    worker = start(SD_WORKER_QUEUE_SIZE="21\n", SD_WORKER_ALLOWED_HOST=" a.example , b.example\n")
    assert worker.client.get("/info").json()["limits"]["queue_size"] == 21
    for host in ("a.example", "b.example"):
        assert worker.client.get("/info", headers={"Host": host}).status_code == 200


def test_a_model_that_is_not_there_is_exit_code_3(tmp_path):
    assert run("--model", tmp_path / "absent").returncode == 3
    assert run("--models-dir", tmp_path / "absent").returncode != 0


def test_an_address_in_use_is_one_clear_line(start, tmp_path):
    worker = start()
    done = run("--model", tmp_path, "--port", worker.port)
    assert done.returncode == 1 and str(worker.port) in done.stderr and done.stderr.count("\n") == 1
