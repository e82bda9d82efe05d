"""Seeds of the parts of a block."""

from models.blocks.seeds import spawn


def test_seeds_are_fixed_apart_and_in_reach() -> None:
    """Of neighbours, and of the seeds of seeds, no two are alike; a longer list starts the same."""
    assert spawn(5, 3) == spawn(5, 4)[:3]
    firsts = [one for seed in range(100) for one in spawn(seed, 10)]
    seconds = [one for seed in firsts for one in spawn(seed, 10)]
    assert len({*firsts, *seconds}) == len(firsts) + len(seconds)
    assert all(0 <= one < 2**31 for one in firsts)
