"""The routes, over HTTP."""

from __future__ import annotations

import logging
import shutil
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import BundleError
from serving.app import create_app
from serving.engine import Engine
from serving.scorer import Scorer
from serving.settings import Settings

Columns = dict[str, list[Any]]
Post = Callable[..., Any]
PROBLEM = "application/problem+json"


def drifted(columns: Columns) -> Columns:
    """The same rows as another client might type them."""
    return {
        **columns,
        "user": [float(one) for one in columns["user"]],
        "ok": [str(int(one)) for one in columns["ok"]],
        "age": [None if one is None else float(one) for one in columns["age"]],
        "tags": [one.split("|") for one in columns["tags"]],
    }


def test_http_gives_what_the_model_predicts(
    post: Post, world: Any, columns: Columns, client: httpx.Client
) -> None:
    expected = world.predict(world.raw.head(20))
    for rows in (columns, drifted(columns)):
        answer = post(client, {"columns": rows})
        np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-5)
    assert (answer["model"], answer["version"]) == ("demo", "7")


def test_http_gives_what_the_model_predicts_for_rows_it_never_saw(
    post: Post, world: Any, columns: Columns, client: httpx.Client
) -> None:
    odd = {name: values[:6] for name, values in columns.items()}
    odd["user"] = [None, 999, None, 1, 2, 3]
    odd["item"] = ["i1", "new", None, "", "i2", "i3"]
    odd["age"] = [None] * 6
    odd["history"] = [None, [], ["new", None, "i1"], ["i1"] * 9, [], ["i2"]]
    odd["tags"] = [None, "", "z", "a||b", "a|b|c|d", "a"]
    types = {name: world.raw.schema[name] for name in odd}
    expected = world.predict(pl.DataFrame(odd, schema=types))
    assert len(set(expected.tolist())) == 6
    answer = post(client, {"columns": odd})
    np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-5)


def test_scores_round_trip_through_json(
    post: Post, world: Any, columns: Columns, client: httpx.Client
) -> None:
    raw = world.raw.head(20).select(world.encoder.schema.columns)
    scores = Scorer.load(world.bundles["float"]).score(raw)
    answer = post(client, {"columns": columns})
    np.testing.assert_array_equal(np.float32(answer["scores"]), scores.rank)
    np.testing.assert_array_equal(np.float32(answer["probabilities"]), scores.probability)


def test_context_columns_and_rows_score_alike(
    post: Post, columns: Columns, client: httpx.Client
) -> None:
    context = {"user": 3, "history": ["i1", "i2"], "tags": "a|b"}
    own = {name: values for name, values in columns.items() if name not in context}
    rows = [{name: values[i] for name, values in own.items()} for i in range(20)]
    full = {**own, **{name: [value] * 20 for name, value in context.items()}}
    by_context = post(client, {"context": context, "columns": own})
    assert by_context == post(client, {"context": context, "rows": rows})
    assert by_context == post(client, {"columns": full})


def test_ranking_orders_the_scores(post: Post, columns: Columns, client: httpx.Client) -> None:
    scored = post(client, {"columns": columns})
    ranked = post(client, {"columns": columns}, "/v1/rank")["ranking"]
    order = sorted(range(20), key=lambda i: (-scored["scores"][i], i))
    assert [one["index"] for one in ranked] == order
    assert [one["score"] for one in ranked] == [scored["scores"][i] for i in order]
    assert [one["probability"] for one in ranked] == [scored["probabilities"][i] for i in order]
    best = post(client, {"columns": columns, "top_k": 3}, "/v1/rank")["ranking"]
    assert best == ranked[:3]


def test_equal_rows_rank_in_their_order(post: Post, columns: Columns, client: httpx.Client) -> None:
    same = {name: [values[0]] * 50 for name, values in columns.items()}
    ranked = post(client, {"columns": same}, "/v1/rank")["ranking"]
    assert [one["index"] for one in ranked] == list(range(50))


def test_without_a_ranker_scores_are_probabilities(
    post: Post, running: Any, world: Any, columns: Columns
) -> None:
    with running(world.bundles["ctr"]) as client:
        answer = post(client, {"columns": columns})
        assert answer["scores"] == answer["probabilities"]


def test_without_a_model_there_are_no_probabilities(
    post: Post, running: Any, world: Any, columns: Columns
) -> None:
    with running(world.bundles["ranker"]) as client:
        assert "probabilities" not in post(client, {"columns": columns})
        ranked = post(client, {"columns": columns}, "/v1/rank")["ranking"]
        assert set(ranked[0]) == {"index", "score"}


def test_concurrent_requests_score_as_one_at_a_time(post: Post, running: Any, world: Any) -> None:
    names = world.encoder.schema.columns
    parts = [
        world.raw.slice(9 * i, 1 + i).select(names).to_dict(as_series=False) for i in range(40)
    ]
    with running(world.bundles["int8"], Settings(threads=2)) as client:
        alone = [post(client, {"columns": part}) for part in parts]
        with ThreadPoolExecutor(8) as threads:
            together = list(threads.map(lambda part: post(client, {"columns": part}), parts * 3))
    assert together == alone * 3


@pytest.mark.parametrize(
    ("content", "headers", "status", "slug"),
    [
        (b"{", {}, 400, "bad-body"),
        (b"{}", {"content-type": "text/csv"}, 415, "media-type"),
        (b"{}", {"content-encoding": "gzip"}, 415, "media-type"),
        (b'{"columns": {"nope": [1]}}', {}, 422, "bad-columns"),
    ],
)
def test_refusals_are_problem_details(
    client: httpx.Client, content: bytes, headers: dict[str, str], status: int, slug: str
) -> None:
    answer = client.post("/v1/score", content=content, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    problem = answer.json()
    assert (problem["type"], problem["status"]) == (f"urn:crossrank:problem:{slug}", status)
    assert problem["title"]
    assert problem["detail"]


def test_column_and_row_are_members_of_the_problem(client: httpx.Client, columns: Columns) -> None:
    bad = {**columns, "age": [1] * 7 + ["x"] + [1] * 12}
    problem = client.post("/v1/score", content=orjson.dumps({"columns": bad})).json()
    assert (problem["column"], problem["row"]) == ("age", 7)


def test_http_errors_are_problem_details(client: httpx.Client) -> None:
    lost, wrong = client.get("/nowhere"), client.get("/v1/score")
    assert (lost.status_code, lost.json()["title"]) == (404, "Not Found")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert lost.headers["content-type"] == wrong.headers["content-type"] == PROBLEM


@pytest.mark.parametrize("age", [1e300, -3e38])
def test_numbers_too_large_for_the_network_are_refused(
    client: httpx.Client, columns: Columns, age: float
) -> None:
    bad = {**columns, "age": [1] * 5 + [age] + [1] * 14}
    answer = client.post("/v1/score", content=orjson.dumps({"columns": bad}))
    assert answer.status_code == 422
    assert "row 5" in answer.json()["detail"]


def test_limits_on_rows_and_bytes(post: Post, running: Any, world: Any, columns: Columns) -> None:
    body = orjson.dumps({"columns": columns})
    one = orjson.dumps({"columns": {name: values[:1] for name, values in columns.items()}})
    with running(world.bundles["float"], Settings(max_rows=1, max_body_bytes=len(body))) as client:
        post(client, one)
        many = client.post("/v1/score", content=body)
        large = client.post("/v1/score", content=body + b" ")
        # a generator is sent in chunks, without a length
        chunked = client.post("/v1/score", content=iter([body, b" "]))
        post(client, iter([one[:50], one[50:]]))
    for answer in (many, large, chunked):
        assert answer.status_code == 413
        assert answer.json()["type"] == "urn:crossrank:problem:too-large"


def test_unexpected_errors_keep_their_cause_to_the_log(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    client: httpx.Client,
) -> None:
    def fail(*_: Any, **__: Any) -> bytes:
        raise RuntimeError("at /secret/place")

    monkeypatch.setattr(Engine, "score", fail)
    with caplog.at_level(logging.ERROR):
        answer = client.post("/v1/score", content=b"{}")
    assert (answer.status_code, answer.headers["content-type"]) == (500, PROBLEM)
    assert "secret" not in answer.text
    assert "secret" in caplog.text
    assert client.get("/healthz").status_code == 200


def test_nothing_is_scored_before_the_golden_requests_are(
    monkeypatch: pytest.MonkeyPatch,
    running: Any,
    wait_until: Any,
    world: Any,
    post: Post,
    columns: Columns,
) -> None:
    go = threading.Event()
    monkeypatch.setattr(Scorer, "verify", lambda *_: go.wait(10))
    with running(world.bundles["float"], ready=False) as client:
        for answer in (client.get("/readyz"), client.post("/v1/score", content=b"{}")):
            assert answer.status_code == 503
            assert answer.json()["type"] == "urn:crossrank:problem:not-ready"
            assert answer.headers["retry-after"] == "1"
        assert client.get("/healthz").status_code == 200
        assert "crossrank_ready 0.0" in client.get("/metrics").text
        go.set()
        wait_until(lambda: client.get("/readyz").status_code == 200)
        post(client, {"columns": columns})
        assert "crossrank_ready 1.0" in client.get("/metrics").text


def test_a_bundle_that_scores_otherwise_is_never_ready(
    monkeypatch: pytest.MonkeyPatch, running: Any, wait_until: Any, world: Any
) -> None:
    def differ(*_: Any) -> float:
        raise BundleError("differs in /secret/place")

    monkeypatch.setattr(Scorer, "verify", differ)
    with running(world.bundles["float"], ready=False) as client:
        wait_until(lambda: "refused" in client.get("/readyz").text)
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert "secret" not in answer.text
        assert client.get("/healthz").status_code == 200


def test_status_names_what_is_served(client: httpx.Client, world: Any) -> None:
    for route, word in (("/healthz", "ok"), ("/readyz", "ready")):
        status = client.get(route).json()
        assert status["status"] == word
        assert (status["model"], status["version"]) == ("demo", "7")
        assert status["encoder"] == world.encoder.fingerprint
        assert status["software"]


def samples(client: httpx.Client) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def test_metrics_count_requests_rows_and_unseen_ids(
    post: Post, running: Any, world: Any, columns: Columns
) -> None:
    with running(world.bundles["float"]) as client, running(world.bundles["float"]) as other:
        before = samples(client)
        odd = {**columns, "user": [None, 998, 999, *columns["user"][3:]]}
        post(client, {"columns": odd})
        client.post("/v1/rank", content=b"{")
        client.get("/invented")
        after, untouched = samples(client), samples(other)

    def grown(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert grown('crossrank_requests_total{route="/v1/score",status="200"}') == 1
    assert grown('crossrank_requests_total{route="/v1/rank",status="400"}') == 1
    assert grown('crossrank_requests_total{route="other",status="404"}') == 1
    assert grown("crossrank_request_rows_sum") == 20
    assert grown('crossrank_ids_total{feature="user",kind="missing"}') == 1
    assert grown('crossrank_ids_total{feature="user",kind="unseen"}') == 2
    for stage in ("decode", "encode", "score", "respond"):
        assert grown(f'crossrank_stage_seconds_count{{stage="{stage}"}}') == 1
    assert untouched["crossrank_request_rows_sum"] == 0


def test_a_client_that_leaves_is_no_error(
    caplog: pytest.LogCaptureFixture, client: httpx.Client, wait_until: Any
) -> None:
    gone = 'crossrank_requests_total{route="/v1/score",status="499"}'
    before = samples(client).get(gone, 0)
    with socket.create_connection((client.base_url.host, client.base_url.port)) as half:
        half.sendall(b"POST /v1/score HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{")
    wait_until(lambda: samples(client).get(gone, 0) == before + 1)
    assert not caplog.records


def test_the_documented_examples_are_answered(post: Post, client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert document["info"]["version"] == "7"
    for route in ("/v1/score", "/v1/rank"):
        operation = document["paths"][route]["post"]
        media = operation["requestBody"]["content"]["application/json"]
        assert set(media["examples"]) == {"columns", "rows", "columns only"}
        for example in media["examples"].values():
            post(client, example["value"], route)
        assert PROBLEM in operation["responses"]["422"]["content"]
        assert set(media["schema"]["properties"]["context"]["properties"]) == {
            *("user", "item", "ok", "price", "age", "history", "tags")
        }


JSON_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
SHUFFLED = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@SHUFFLED
@given(data=st.data())
def test_no_body_makes_the_server_fail(
    client: httpx.Client, columns: Columns, data: st.DataObject
) -> None:
    whole: dict[str, Any] = {name: values[:3] for name, values in columns.items()}
    for name in data.draw(st.sets(st.sampled_from(list(whole)), max_size=3)):
        whole[name] = data.draw(st.lists(JSON_VALUE, min_size=3, max_size=3) | JSON_VALUE)
    parts = {"columns": JSON_VALUE, "rows": JSON_VALUE, "context": JSON_VALUE, "top_k": JSON_VALUE}
    document = st.just({"columns": whole}) | st.fixed_dictionaries({}, optional=parts) | JSON_VALUE
    body = data.draw(document.map(orjson.dumps) | st.binary())
    answer = client.post(data.draw(st.sampled_from(["/v1/score", "/v1/rank"])), content=body)
    assert answer.status_code in (200, 400, 413, 422), answer.text
    if answer.status_code != 200:
        assert answer.json()["detail"]
    elif answer.json().get("scores"):
        assert np.isfinite(answer.json()["scores"]).all()


@SHUFFLED
@given(
    row=st.fixed_dictionaries(
        {
            "user": st.none() | st.integers(-(2**63), 2**64 - 1) | st.text(),
            "item": st.none() | st.text() | st.booleans(),
            "ok": st.none() | st.floats(-1e9, 1e9),
            "price": st.none() | st.floats(allow_nan=False, allow_infinity=False),
            "age": st.none() | st.integers(-(10**6), 10**6),
            "history": st.none() | st.lists(st.none() | st.text(), max_size=6),
            "tags": st.none() | st.text() | st.lists(st.none() | st.integers(0, 9)),
        }
    )
)
def test_any_row_of_the_declared_types_is_scored(
    post: Post, client: httpx.Client, row: dict[str, Any]
) -> None:
    assert np.isfinite(post(client, {"rows": [row]})["scores"]).all()


def test_a_damaged_bundle_is_refused(tmp_path: Path, world: Any) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(world.bundles["float"], copy)
    (copy / "dense.tflite").write_bytes(b"x")
    with pytest.raises(BundleError, match=r"dense\.tflite"):
        create_app(copy, Settings())
