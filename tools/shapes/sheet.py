"""Many pictures on one sheet."""

from PIL import Image, ImageDraw

_COLUMNS = 20
_GAP = 4


def write_sheet(path, pictures):
    """Writes (picture uint8 [H, W, 3], crossed out or not) pairs of one size to one file, row by row."""
    height, width = pictures[0][0].shape[:2]
    rows = -(-len(pictures) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * (width + _GAP), rows * (height + _GAP)), (128, 128, 128))
    draw = ImageDraw.Draw(sheet)
    for number, (picture, crossed) in enumerate(pictures):
        x, y = number % _COLUMNS * (width + _GAP), number // _COLUMNS * (height + _GAP)
        sheet.paste(Image.fromarray(picture), (x, y))
        if crossed:
            draw.line((x, y, x + width, y + height), fill=(128, 128, 128), width=3)
            draw.line((x, y + height, x + width, y), fill=(128, 128, 128), width=3)
    sheet.save(path)
