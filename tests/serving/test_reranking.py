"""A server whose bundle re-ranks, over HTTP."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
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
from serving.bundle import open_bundle, seal
from serving.options import RankOptions
from serving.rerank.config import RerankConfig
from serving.rerank.reranker import Reranker
from serving.rerank.traits import Traits
from serving.settings import Settings

Columns = dict[str, list[Any]]
Post = Callable[..., Any]
RANK = "/v1/rank"
CONFIG = {
    "depth": 10,
    "rules": [
        {"type": "drop", "when": [["stock", "<=", 0]]},
        {"type": "boost", "when": [["item", "in", ["i1", "i2"]]], "factor": 1.2},
        {"type": "pin", "when": [["seller", "==", 7]], "position": 2},
        {"type": "cap", "column": "seller", "most": 2, "top": 8},
    ],
    "diversity": {"columns": ["ok"], "embedding": "vector"},
    "exploration": {"type": "plackett_luce", "temperature": 0.2},
}


def with_rerank(bundle: Path, out: Path, config: dict[str, Any]) -> Path:
    """The same bundle, as a run with this [rerank] would have exported it."""
    shutil.copytree(bundle, out)
    rerank = RerankConfig.model_validate(config)
    seal(out, open_bundle(out).model_copy(update={"rerank": rerank}))
    return out


@pytest.fixture(scope="module")
def reranking(
    tmp_path_factory: pytest.TempPathFactory, running: Any, world: Any
) -> Iterator[httpx.Client]:
    out = tmp_path_factory.mktemp("rerank") / "bundle"
    with running(with_rerank(world.bundles["float"], out, CONFIG)) as client:
        yield client


@pytest.fixture(scope="module")
def further() -> Columns:
    """What the rules read of the 20 rows and the model does not."""
    random = np.random.default_rng(2)
    return {
        "seller": [*random.integers(1, 6, 19).tolist(), 7],
        "stock": [0, None, *range(1, 19)],
        "vector": [None, *random.normal(size=(19, 3)).tolist()],
    }


def test_the_answer_is_the_list_and_how_likely_it_was(
    post: Post, reranking: httpx.Client, columns: Columns, further: Columns
) -> None:
    body = {"columns": columns | further, "request_id": "r-1"}
    answer = post(reranking, body, RANK)
    assert answer["request_id"] == "r-1"
    assert answer["policy"] == {"name": "plackett_luce", "temperature": 0.2, "depth": 10}
    scores = np.float32(post(reranking, {"columns": columns})["scores"])
    series = {name: pl.Series(one, strict=False) for name, one in (columns | further).items()}
    series["seller"] = pl.Series([str(one) for one in further["seller"]])
    reranker = Reranker(RerankConfig.model_validate(CONFIG))
    random = np.random.default_rng(answer["seed"])
    expected = reranker.rank(scores, Traits(20, series.__getitem__), random)
    ranking = answer["ranking"]
    assert [one["index"] for one in ranking] == expected.order.tolist()
    assert [one["propensity"] for one in ranking] == expected.propensity.tolist()
    assert [one["score"] for one in ranking] == [scores[i] for i in expected.order]
    assert answer["list_log_propensity"] == np.log(expected.propensity).sum() < 0
    assert (ranking[2]["index"], ranking[2]["propensity"]) == (19, 1.0)
    assert 0 not in expected.order
    assert len(ranking) == 19


def test_an_id_gives_its_list_again_and_another_id_another(
    post: Post, reranking: httpx.Client, columns: Columns, further: Columns
) -> None:
    body = {"columns": columns | further}
    first = post(reranking, body | {"request_id": "a"}, RANK)
    assert first == post(reranking, body | {"request_id": "a"}, RANK)
    by_seed = post(reranking, body | {"seed": first["seed"]}, RANK)
    assert by_seed["ranking"] == first["ranking"]
    lists = [post(reranking, body | {"request_id": str(i)}, RANK)["ranking"] for i in range(5)]
    assert len({tuple(one["index"] for one in ranking) for ranking in lists}) == 5
    unnamed = [post(reranking, body, RANK)["request_id"] for _ in range(3)]
    assert len(set(unnamed)) == 3


def test_top_k_cuts_the_same_list(
    post: Post, reranking: httpx.Client, columns: Columns, further: Columns
) -> None:
    body = {"columns": columns | further, "request_id": "a"}
    whole, cut = (post(reranking, body | {"top_k": k}, RANK) for k in (None, 4))
    assert cut["ranking"] == whole["ranking"][:4]
    shown = [one["propensity"] for one in cut["ranking"]]
    assert cut["list_log_propensity"] == pytest.approx(np.log(shown).sum())


def test_drawn_lists_are_as_likely_as_the_server_says(
    post: Post, running: Any, world: Any, columns: Columns, tmp_path: Path
) -> None:
    config = {"exploration": {"type": "epsilon", "epsilon": 0.5}}
    three = {name: values[:3] for name, values in columns.items()}
    counts: dict[tuple[int, ...], int] = {}
    likely: dict[tuple[int, ...], float] = {}
    with running(with_rerank(world.bundles["ctr"], tmp_path / "eps", config)) as client:
        for request in range(300):
            answer = post(client, {"columns": three, "request_id": f"r{request}"}, RANK)
            shown = tuple(one["index"] for one in answer["ranking"])
            counts[shown] = counts.get(shown, 0) + 1
            likely[shown] = np.exp(answer["list_log_propensity"])
    assert sum(likely.values()) == pytest.approx(1)
    for shown, chance in likely.items():
        assert counts[shown] / 300 == pytest.approx(chance, abs=5 * np.sqrt(chance / 300))


def test_it_can_be_switched_off(
    post: Post, client: httpx.Client, reranking: httpx.Client, columns: Columns, further: Columns
) -> None:
    plain = post(client, {"columns": columns}, RANK)
    assert post(reranking, {"columns": columns, "rerank": False}, RANK) == plain
    assert post(reranking, {"columns": columns | further, "rerank": False}, RANK) == plain
    named = post(reranking, {"columns": columns, "rerank": False, "request_id": "a"}, RANK)
    assert named == {**plain, "request_id": "a"}


def test_scoring_takes_the_same_rows(
    post: Post, client: httpx.Client, reranking: httpx.Client, columns: Columns, further: Columns
) -> None:
    assert post(reranking, {"columns": columns | further}) == post(client, {"columns": columns})


def test_what_rules_read_may_come_in_the_context(
    post: Post, reranking: httpx.Client, columns: Columns, further: Columns
) -> None:
    own = columns | further | {"seller": ["x"] * 20}
    expected = post(reranking, {"columns": own, "seed": 1}, RANK)["ranking"]
    del own["seller"]
    context = {"context": {"seller": "x"}, "columns": own, "seed": 1}
    assert post(reranking, context, RANK)["ranking"] == expected


@pytest.mark.parametrize(
    ("change", "status", "slug", "said"),
    [
        ({"seller": None}, 422, "bad-columns", "re-ranking reads must come.*'seller'"),
        ({"item": None}, 422, "bad-columns", "model reads must come.*'item'"),
        ({"seler": ["a"] * 20}, 422, "bad-columns", "Did you mean 'seller'"),
        ({"stock": ["a"] * 20}, 422, "bad-value", "'stock' must hold numbers"),
        ({"seller": [["a"]] * 20}, 422, "bad-value", "'seller' must hold ids"),
        ({"vector": [1.0] * 20}, 422, "bad-value", "'vector' must hold lists of numbers"),
        ({"vector": [[1.0]] * 19 + [[1.0, 2]]}, 422, "bad-value", "vectors of 1 numbers"),
    ],
)
def test_columns_of_rules_are_checked(
    reranking: httpx.Client,
    columns: Columns,
    further: Columns,
    change: dict[str, Any],
    status: int,
    slug: str,
    said: str,
) -> None:
    changed = columns | further | change
    body = {"columns": {name: one for name, one in changed.items() if one is not None}}
    answer = reranking.post(RANK, content=orjson.dumps(body))
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"].endswith(slug)
    assert re.search(said, problem["detail"])
    assert problem["column"] in changed


@pytest.mark.parametrize(
    "asked",
    [
        {"rerank": 1},
        {"rerank": None},
        {"request_id": 7},
        {"request_id": ""},
        {"request_id": "x" * 201},
        {"seed": -1},
        {"seed": 2**53},
        {"seed": True},
        {"seed": 1.0},
    ],
)
def test_options_are_checked(
    reranking: httpx.Client, columns: Columns, further: Columns, asked: dict[str, Any]
) -> None:
    body = orjson.dumps({"columns": columns | further, **asked})
    answer = reranking.post(RANK, content=body)
    assert answer.status_code == 422
    assert f"'{next(iter(asked))}' must be" in answer.json()["detail"]
    assert reranking.post("/v1/score", content=body).status_code == 400  # no such keys there


def test_a_bundle_without_rules_cannot_re_rank(
    post: Post, client: httpx.Client, columns: Columns
) -> None:
    answer = client.post(RANK, content=orjson.dumps({"columns": columns, "rerank": True}))
    assert answer.status_code == 422
    assert "export the model with a [rerank]" in answer.json()["detail"]
    named = post(client, {"columns": columns, "request_id": "a:b", "seed": 3}, RANK)
    assert named["request_id"] == "a:b"


def test_the_documented_examples_are_answered(post: Post, reranking: httpx.Client) -> None:
    document = reranking.get("/openapi.json").json()
    for route in ("/v1/score", RANK):
        media = document["paths"][route]["post"]["requestBody"]["content"]["application/json"]
        assert {"seller", "stock", "vector"} <= set(
            media["schema"]["properties"]["context"]["properties"]
        )
        for example in media["examples"].values():
            post(reranking, example["value"], route)
    answer = document["components"]["schemas"]["Ranked"]["properties"]
    assert {"propensity", "marginal"} <= set(answer)


ANY = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_body_makes_the_server_fail(
    reranking: httpx.Client, columns: Columns, data: st.DataObject
) -> None:
    rows: dict[str, Any] = {name: values[:3] for name, values in columns.items()}
    for name in ("seller", "stock", "vector"):
        kinds = st.lists(ANY, max_size=3) | ANY
        rows[name] = data.draw(st.lists(kinds | st.just([1.0, 2.0]), min_size=3, max_size=3))
    asked = st.fixed_dictionaries({}, optional=dict.fromkeys(("rerank", "seed", "request_id"), ANY))
    body = orjson.dumps({"columns": rows, **data.draw(asked)})
    answer = reranking.post(RANK, content=body)
    assert answer.status_code in (200, 422), answer.text


def test_rules_that_do_not_fit_the_model_are_refused(tmp_path: Path, world: Any) -> None:
    rule = {"type": "drop", "when": [["history", "==", "i1"]]}
    bundle = with_rerank(world.bundles["float"], tmp_path / "b", {"rules": [rule]})
    with pytest.raises(BundleError, match="column 'history' must be read as an id"):
        create_app(bundle, Settings())


def test_a_seed_follows_from_the_id_for_good() -> None:
    def drawn(**asked: Any) -> tuple[str, int]:
        return RankOptions.of(asked, reranks=True).drawn()

    assert drawn(request_id="a") == ("a", 0xE6C632B61E964E1F >> 11)  # XXH3-64 of "a"
    assert drawn(request_id="a", seed=5) == ("a", 5)
