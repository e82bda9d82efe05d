from features.suggest import listing, nearest


def test_the_nearest_name_is_offered() -> None:
    assert nearest("usr_id", ["item_id", "user_id"]) == " Did you mean 'user_id'?"


def test_nothing_is_offered_where_nothing_is_near() -> None:
    assert nearest("price", ["user_id", "item_id"]) == ""
    assert nearest("price", []) == ""


def test_known_names_may_come_from_an_iterator() -> None:
    assert nearest("pric", iter(["price"])) == " Did you mean 'price'?"


def test_a_listing_counts_what_it_leaves_out() -> None:
    assert listing([]) == ""
    assert listing(["a", "b"]) == "a, b"
    assert listing(f"c{i}" for i in range(14)).endswith("c10, c11 and 2 more")
    assert listing(["a", "b", "c"], most=3) == "a, b, c"
    assert listing(["a", "b", "c"], most=1) == "a and 2 more"
