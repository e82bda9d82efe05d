import numpy as np

from pipelines.simulator.history import History, waves


def test_push_by_hand() -> None:
    history = History(users=3, length=3)
    both, item = np.array([0, 2]), np.array([[10, 11], [20, 21]])
    history.push(both, item, np.array([[True, True], [False, False]]))
    assert history.of(np.array([0, 1, 2])).tolist() == [[-1, 10, 11], [-1, -1, -1], [-1, -1, -1]]
    history.push(both, item + 5, np.array([[False, True], [True, False]]))
    assert history.of(np.array([0, 2])).tolist() == [[10, 11, 16], [-1, -1, 25]]
    history.push(both, item + 7, np.array([[True, True], [False, False]]))
    assert history.of(np.array([0])).tolist() == [[16, 17, 18]]


def test_more_clicks_than_places_keep_the_last() -> None:
    history = History(users=1, length=2)
    history.push(np.array([0]), np.array([[1, 2, 3, 4]]), np.array([[True, True, False, True]]))
    assert history.of(np.array([0])).tolist() == [[2, 4]]


def test_waves_by_hand() -> None:
    runs = [run.tolist() for run in waves(np.array([4, 9, 4, 4, 9, 0]))]
    assert [sorted(run) for run in runs] == [[0, 1, 5], [2, 4], [3]]


def test_waves_hold_each_user_once_and_keep_the_order_of_each() -> None:
    user = np.random.default_rng(0).zipf(1.5, 2_000) % 50
    runs = waves(user)
    assert sorted(np.concatenate(runs).tolist()) == list(range(2_000))
    assert all(len(set(user[run].tolist())) == len(run) for run in runs)
    replayed = np.concatenate(runs)
    for one in range(50):
        own = replayed[user[replayed] == one]
        assert (np.diff(own) > 0).all()
