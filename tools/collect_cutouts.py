"""Collect cut-outs of animals, vehicles and things for `cstm train --data composed`.

    apt-get install tuxpaint-stamps-default
    npm install @lobehub/fluent-emoji-3d
    python tools/collect_cutouts.py PHOTOGRAPHS /usr/share/tuxpaint/stamps \
        node_modules/@lobehub/fluent-emoji-3d/assets

writes PHOTOGRAPHS/cutouts/CLASS/*.png. The stamps are photographs cut out by Tux Paint's
contributors (GPL-2), the emoji rendered models by Microsoft (MIT).
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from cstm.folder import whole_folder

MARGIN, LONG_SIDE = 4, 480

# Class: stamps | emoji. Left out is what is drawn flat, stands in water, or is under 60 pixels.
TABLE = """
bird: blackbird lark magpie cuckoo quetzal tucan crowned_crane guineafowl helmeted_guineafowl
    ostrich nandou peacock albino_peahen vulture | 🐦 🐤 🦚
duck: duck drake | 🦆
goose: gander |
swan: | 🦢
chicken: hen chicken_profile rooster | 🐓
turkey: turkey | 🦃
penguin: penguin little-penguin magellanic_penguin | 🐧
owl: owl | 🦉
parrot: adelaide-rosella rainbow-lorikeet | 🦜
pigeon: pigeon |
crow: crow |
seagull: seagull silver-gull |
pelican: pelican |
heron: heron_greatblue heron_greatblue_flying |
flamingo: pink_flamingo | 🦩
eagle: | 🦅
cat: | 🐈 🐈‍⬛
dog: dog dingo | 🐕 🦮 🐩
horse: horse | 🐎
donkey: donkey donkey_eating |
sheep: sheep ram sheep_lamb | 🐑 🐏
cow: cow cow_white bull zebu yak | 🐄 🐂 🐃
elephant: elephant | 🐘
bear: bear european-bear |
zebra: zebra | 🦓
giraffe: giraffe | 🦒
pig: pig pig_golden pig_golden2 wildboar | 🐖
goat: goat mountaingoat | 🐐
deer: deer doe wapiti caribou | 🦌
antelope: gnu-baby-stand gnu-baby gnu-sitting gnu-stand indian_blackbuck |
camel: camel dromedary | 🐪 🐫
bison: bison |
lion: lion lion-2 |
tiger: tiger tiger_sumatran | 🐅
leopard: | 🐆
fox: fox |
rabbit: rabbit rabbit-2 rabbit_little | 🐇
squirrel: squirrel | 🐿
rat: rat mouse |
hedgehog: | 🦔
beaver: beaver capybara marmot |
badger: badger wombat |
ferret: ferret |
otter: otter |
kangaroo: kangaroo | 🦘
koala: koala |
monkey: chimp tamarin_emperor |
gorilla: gorilla |
hippo: hippopotamus | 🦛
rhino: rhino_black | 🦏
seal: sea_lion | 🦭
dolphin: dolphin | 🐬
whale: whale orca |
shark: | 🦈
fish: bluegroper butterflyfish clownfish coraltrout dolphinfish moonwrasse stripedfish | 🐟 🐠
lobster: lobster |
frog: frog frog-1 |
turtle: | 🐢
lizard: iguana | 🦎
snake: | 🐍
crocodile: | 🐊
bee: bee hornet hoverfly | 🐝
butterfly: xanthia | 🦋
grasshopper: grasshopper mantis |
car: beetle sedan sportscar2 indycar | 🚗 🚕 🚙 🏎 🚓
van: | 🚐
ambulance: | 🚑
truck: truck garbagetruck firetruck dumper | 🛻 🚚 🚛 🚒
bus: green_korean_bus | 🚌 🚎
train: | 🚂 🚃 🚋 🚆
airplane: 747 f22_raptor | ✈ 🛩
helicopter: | 🚁
tractor: | 🚜
tank: bradley ww2_german_gun infantry-stryker |
boat: chineseJunk walnutBoat |
bicycle: pink_tricycle | 🚲
motorcycle: | 🏍 🛵
sports ball: australian_rules_football basketball cricketball football soccer tennis_ball
    | ⚽ 🏀 🏈 ⚾ 🏐 🏉
tennis racket: tennis_racket |
balloon: balloon360 | 🎈
backpack: | 🎒
handbag: | 👜
suitcase: | 🧳
umbrella: | ☂
chair: | 🪑
teddy bear: edward_bear | 🧸
doll: grannysmith |
scissors: scissors_small_closed scissors_small_open | ✂
knife: | 🔪
spoon: | 🥄
cell phone: | 📱
laptop: | 💻
keyboard: | ⌨
mouse: | 🖱
clock: | ⏰ 🕰
book: | 📕
cup: mug | ☕
wine glass: | 🍷
bottle: | 🍾
vase: pitcher_small | 🏺
potted plant: | 🪴
kite: | 🪁
skateboard: | 🛹
apple: | 🍎
banana: banana | 🍌
orange: orange_seville mandarine sliced_orange | 🍊
lemon: lemon |
carrot: carrot | 🥕
broccoli: broccoli | 🥦
corn: corn |
pumpkin: pumpkin_small |
pizza: | 🍕
donut: | 🍩
hot dog: | 🌭
sandwich: | 🥪
cake: | 🎂
guitar: guitar2 guitar_classical guitar_electric guitar_electric_bass | 🎸
violin: violin cello | 🎻
drum: drum_tomtom_floor | 🥁
hammer: hammer mallet_metal |
saw: saw |
"""


def read_table() -> dict[str, tuple[list[str], list[str]]]:
    found = {}
    for entry in TABLE.replace("\n    ", " ").strip().splitlines():
        name, files = entry.split(":")
        stamps, emoji = files.split("|")
        found[name] = stamps.split(), emoji.split()
    return found


def find_stamp(folder: Path, name: str) -> Path:
    found = [path for path in folder.rglob(f"{name}.png") if "cartoon" not in path.parts]
    if len(found) != 1:
        raise ValueError(f"{folder}: {len(found)} files {name}.png, not one")
    return found[0]


def find_emoji(folder: Path, emoji: str) -> Path:
    code = "-".join(f"{ord(character):04x}" for character in emoji)
    for path in (folder / f"{code}.webp", folder / f"{code}-fe0f.webp"):
        if path.exists():
            return path
    raise ValueError(f"{folder}: no {code}.webp for {emoji}")


def cut(picture: np.ndarray, source: object) -> np.ndarray:
    """Crop a picture, BGRA, to what is not transparent, with a margin.

    Raises:
        ValueError: all of it is transparent; ``source`` is named.
    """
    left, top, width, height = cv2.boundingRect((picture[..., 3] > 127).astype(np.uint8))
    if not width:
        raise ValueError(f"{source}: all of it is transparent")
    picture = picture[top : top + height, left : left + width]
    scale = min(1, LONG_SIDE / max(width, height))
    picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    colours, alpha = np.ascontiguousarray(picture[..., :3]), picture[..., 3]
    # Colours go on beyond the edge: what is transparent may have any.
    colours = cv2.inpaint(colours, (alpha < 128).astype(np.uint8), 3, cv2.INPAINT_TELEA)
    colours = np.pad(colours, ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), "edge")
    return np.dstack([colours, np.pad(alpha, MARGIN)])


def write(picture: np.ndarray, target: Path) -> None:
    """Write a picture as PNG.

    Raises:
        ValueError: it can't be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(target), picture):
        raise ValueError(f"cannot write {target}")


def read(source: Path) -> np.ndarray:
    picture = cv2.imread(str(source), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.ndim < 3 or picture.shape[2] != 4:
        raise ValueError(f"{source}: no transparent background")
    return picture


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("root", type=Path)
    parser.add_argument("stamps", type=Path)
    parser.add_argument("emoji", type=Path)
    args = parser.parse_args()
    out = args.root / "cutouts"
    try:
        count = collect(out, args.stamps, args.emoji)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    print(f"{count} cut-outs of {len(read_table())} classes in {out}")


def collect(out: Path, stamps: Path, emoji: Path) -> int:
    """Write all of the table into a new folder, or nothing; returns how many."""
    sources: dict[str, Path] = {}
    for name, (drawn, rendered) in read_table().items():
        sources |= {f"{name}/{stamp}.png": find_stamp(stamps, stamp) for stamp in drawn}
        for one in rendered:
            path = find_emoji(emoji, one)
            sources[f"{name}/emoji-{path.stem}.png"] = path
    with whole_folder(out) as folder:
        for place, source in sources.items():
            write(cut(read(source), source), folder / place)
    return len(sources)


if __name__ == "__main__":
    main()
