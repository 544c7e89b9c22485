"""Says in words what a scene shows."""

from .outline import SHAPES
from .palette import COLOURS
from .scene import PLACES

_RELATION_WORDS = {
    "above": ("above",), "below": ("below",), "left": ("to the left of", "left of"), "right": ("to the right of", "right of"),
}
_PREFIXES = ("", "", "", "", "a picture of ", "an image of ", "a drawing of ")


def _with_article(phrase):
    return ("an " if phrase[0] in "aeiou" else "a ") + phrase


def _item(item):
    return _with_article(" ".join(word for word in (item.size, item.colour, item.shape) if word))


def _place(place):
    if place == "center":
        return " in the center"
    return f" on the {place}" if place in ("left", "right") else f" at the {place}"


def caption(scene, rng=None):
    """The plain caption, or with `rng` (a random.Random) one of its variations."""
    pick = rng.choice if rng else lambda options: options[0]
    if len(scene.items) == 1:
        text = _item(scene.items[0]) + (_place(scene.place) if scene.place else "")
    else:
        text = f"{_item(scene.items[0])} {pick(_RELATION_WORDS[scene.relation])} {_item(scene.items[1])}"
    on = " on " + _with_article(scene.background) + " background"
    text += pick((on, on, on, on, on, f", {scene.background} background", f" on {scene.background}", ""))
    return pick(_PREFIXES) + text


def words():
    """Every word that a caption can hold, in a fixed order."""
    relations = " ".join(" ".join(options) for options in _RELATION_WORDS.values())
    text = f"a an {' '.join(_PREFIXES)} {' '.join(COLOURS)} {' '.join(SHAPES)} {' '.join(PLACES)} {relations} "
    text += "small large on in at the background and with"
    return list(dict.fromkeys(text.split()))
