"""The colours that captions may name, as 8-bit sRGB."""

COLOURS = {
    "red": (220, 30, 30),
    "orange": (255, 140, 0),
    "yellow": (255, 225, 25),
    "green": (30, 150, 50),
    "cyan": (60, 210, 230),
    "blue": (30, 70, 220),
    "purple": (130, 40, 170),
    "pink": (255, 130, 190),
    "white": (255, 255, 255),
    "black": (0, 0, 0),
}
