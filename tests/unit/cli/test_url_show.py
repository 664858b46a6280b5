# SPDX-License-Identifier: Apache-2.0
"""``url show``: the URL as the services get it."""

from __future__ import annotations

import pytest

SECRETS = (
    "parameter_defaults: {RpcPassword: abcdef, RabbitCookie: x, RpcTransportUrl: 'rabbit://u:abcdef@mq:5/'}\n"
)
PLANS = {
    "version: 1\n": (
        "rabbit://rpc:********@localhost:5672/?ssl=0",
        "rabbit://rpc:abcdef@localhost:5672/?ssl=0",
    ),
    "rpc: {backend: external}\nnotify: {driver: noop}\n": (
        "rabbit://u:********@mq:5/",
        "rabbit://u:abcdef@mq:5/",
    ),
}


@pytest.mark.parametrize("text", PLANS)
def test_the_password_is_masked_unless_revealed(text, run, write):
    """Both ways the URL is one line on stdout."""
    masked, revealed = PLANS[text]
    words = ("url", "show", "rpc", "--plan", write("p.yaml", text), "--secrets", write("s.yaml", SECRETS))
    assert run(*words).out == f"{masked}\n"
    assert run(*words, "--reveal").out == f"{revealed}\n"


def test_without_secrets_the_rest_is_shown(run):
    """A plan is enough to see where a service goes."""
    assert run("url", "show", "notify").out == "rabbit://rpc:********@localhost:5672/?ssl=0\n"


WAYS_OUT = {
    "version: 1\n": (
        "--reveal",
        "error: no secret named 'RpcPassword': put it into the file given with --secrets\n",
    ),
    "rpc: {backend: external}\nnotify: {driver: noop}\n": (
        "--strict",
        "error: no secret named 'RpcTransportUrl': put it into the file given with --secrets\n",
    ),
}


@pytest.mark.parametrize("text", WAYS_OUT)
def test_a_secret_that_is_needed_and_missing_is_named(text, run, write):
    """A password is needed to reveal it, a whole URL to show it at all."""
    option, message = WAYS_OUT[text]
    ran = run("url", "show", "rpc", "--plan", write("p.yaml", text), option)
    assert (ran.status, ran.out, ran.err) == (1, "", message)


def test_a_service_without_backend_has_no_url(run, write):
    """The message says where and what to do."""
    plan = write("p.yaml", "notify: {driver: noop}\n")
    ran = run("url", "show", "notify", "--plan", plan)
    assert ran.status == 1
    assert ran.err == "error: $.notify: has no backend, and so no URL; give it one in the plan\n"


def test_findings_stand_on_stderr(run, write):
    """With an error there is no URL."""
    plan = write("p.yaml", "rpc: {port: 0}\n")
    ran = run("url", "show", "rpc", "--plan", plan)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == f"{plan}:1: error: $.rpc.port: 0 is not a TCP port (1 to 65535) [out-of-range]\n"
