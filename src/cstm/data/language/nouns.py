"""Classes of things: what people call them, and how big they are."""

from collections import Counter
from typing import Literal, NamedTuple

Kind = Literal["person", "animal", "vehicle", "thing", "fixture"]
"""What a thing is: fixtures stand where they are and are no cut-outs."""


class Noun(NamedTuple):
    """A class of things."""

    kind: Kind
    reach: float
    """Its usual length or height in metres, whichever is more."""
    words: tuple[str, ...]
    """What it is called; the likelier words first."""


_COCO = """
person      | person 1.7: person, person, person, person, someone
bird        | animal .4: bird
cat         | animal .5: cat, cat, kitty
dog         | animal .8: dog, dog, puppy
horse       | animal 2.2: horse
sheep       | animal 1.2: sheep
cow         | animal 2.2: cow, cow, bull
elephant    | animal 3.5: elephant
bear        | animal 2: bear
zebra       | animal 2.2: zebra
giraffe     | animal 4: giraffe
bicycle     | vehicle 1.7: bicycle, bike
car         | vehicle 4: car, car, vehicle
motorcycle  | vehicle 2: motorcycle, bike
airplane    | vehicle 10: airplane, plane
bus         | vehicle 8: bus, bus, vehicle
train       | vehicle 10: train
truck       | vehicle 7: truck, truck, vehicle
boat        | vehicle 6: boat
frisbee     | thing .3: frisbee, disc
skis        | thing 1.7: skis
snowboard   | thing 1.5: snowboard, board
sports ball | thing .3: ball
kite        | thing 1: kite
baseball bat| thing .9: bat, baseball bat
baseball glove | thing .3: glove, baseball glove
skateboard  | thing .8: skateboard, board
surfboard   | thing 2: surfboard, board
tennis racket | thing .7: racket, tennis racket
bottle      | thing .3: bottle
wine glass  | thing .25: glass, wine glass
cup         | thing .15: cup, mug
fork        | thing .2: fork
knife       | thing .25: knife
spoon       | thing .2: spoon
bowl        | thing .3: bowl
banana      | thing .2: banana
apple       | thing .1: apple
sandwich    | thing .2: sandwich
orange      | thing .1: orange
broccoli    | thing .2: broccoli
carrot      | thing .2: carrot
hot dog     | thing .2: hot dog
pizza       | thing .35: pizza
donut       | thing .12: donut
cake        | thing .3: cake
chair       | thing 1: chair
potted plant| thing .7: potted plant, plant
backpack    | thing .5: backpack, bag
umbrella    | thing 1: umbrella
handbag     | thing .4: handbag, bag
tie         | thing .5: tie
suitcase    | thing .7: suitcase, bag
teddy bear  | thing .4: teddy bear
laptop      | thing .4: laptop, computer
mouse       | thing .12: computer mouse
remote      | thing .2: remote control, remote
keyboard    | thing .45: keyboard
cell phone  | thing .15: phone, cell phone
book        | thing .3: book
clock       | thing .4: clock
vase        | thing .4: vase
scissors    | thing .2: scissors
hair drier  | thing .3: hair drier
toothbrush  | thing .2: toothbrush
traffic light | fixture 1: traffic light
fire hydrant| fixture .8: fire hydrant, hydrant
stop sign   | fixture .8: stop sign, sign
parking meter | fixture 1.2: parking meter
bench       | fixture 1.6: bench
couch       | fixture 2: couch, sofa
bed         | fixture 2: bed
dining table| fixture 1.5: table, dining table
toilet      | fixture .7: toilet
tv          | fixture .8: tv, television, screen
microwave   | fixture .5: microwave
oven        | fixture .8: oven, stove
toaster     | fixture .3: toaster
sink        | fixture .6: sink
refrigerator| fixture 1.7: refrigerator, fridge
"""

_MORE = """
duck        | animal .5: duck, duck, bird
goose       | animal .8: goose, bird
swan        | animal 1.2: swan, bird
chicken     | animal .4: chicken, chicken, bird
turkey      | animal .8: turkey, bird
penguin     | animal .8: penguin, penguin, bird
owl         | animal .5: owl, owl, bird
parrot      | animal .4: parrot, parrot, bird
pigeon      | animal .3: pigeon, bird, bird
crow        | animal .4: crow, bird, bird
seagull     | animal .5: seagull, bird, bird
pelican     | animal 1: pelican, bird
heron       | animal 1: heron, bird, bird
flamingo    | animal 1.2: flamingo, flamingo, bird
eagle       | animal .8: eagle, bird
pig         | animal 1.3: pig
goat        | animal 1.2: goat
deer        | animal 1.8: deer
antelope    | animal 1.8: animal
donkey      | animal 1.8: animal
camel       | animal 3: animal
bison       | animal 3: animal
lion        | animal 2: lion
tiger       | animal 2: tiger
leopard     | animal 1.8: leopard
fox         | animal .8: fox
rabbit      | animal .4: rabbit, rabbit, bunny
squirrel    | animal .3: animal
rat         | animal .2: rat, mouse
hedgehog    | animal .3: animal
beaver      | animal .8: animal
badger      | animal .8: animal
ferret      | animal .5: animal
otter       | animal .8: animal
kangaroo    | animal 1.6: animal
koala       | animal .7: animal
monkey      | animal .8: monkey
gorilla     | animal 1.6: animal
hippo       | animal 3.5: animal
rhino       | animal 3.5: animal
seal        | animal 1.8: seal, sea lion
dolphin     | animal 2.5: animal
whale       | animal 8: whale
shark       | animal 3: shark
fish        | animal .4: fish
lobster     | animal .4: animal
frog        | animal .2: frog
turtle      | animal .5: turtle
lizard      | animal .5: animal
snake       | animal 1.2: snake
crocodile   | animal 3: animal
bee         | animal .1: bee, insect
butterfly   | animal .1: butterfly, insect
grasshopper | animal .1: insect
van         | vehicle 5: van, van, vehicle
ambulance   | vehicle 5: ambulance, van, vehicle
tractor     | vehicle 4: tractor, tractor, vehicle
tank        | vehicle 7: tank, tank, vehicle
helicopter  | vehicle 10: helicopter
balloon     | thing 1: balloon
doll        | thing .4: doll
hat         | thing .35: hat
shoe        | thing .3: shoe
camera      | thing .15: camera
guitar      | thing 1: guitar
violin      | thing .7: violin
drum        | thing .6: drum
hammer      | thing .4: hammer
saw         | thing .6: saw
lemon       | thing .1: lemon
pumpkin     | thing .3: pumpkin
corn        | thing .2: corn
trash can   | thing 1: trash can, trash
cone        | thing .7: cone
"""
"""What else people have cut out, or marked in photographs, in words that have vectors."""


def _read_table(table: str) -> dict[str, Noun]:
    nouns = {}
    for line in table.strip().splitlines():
        category, told = line.split("|")
        about, words = told.split(":")
        kind, reach = about.split()
        nouns[category.strip()] = Noun(
            kind,  # pyright: ignore[reportArgumentType]
            float(reach),
            tuple(word.strip() for word in words.split(",")),
        )
    return nouns


_NOUNS = _read_table(_COCO)
COCO_CLASSES = frozenset(_NOUNS)
"""The 80 that its instance files mark."""
COCO_KINDS = Counter(noun.kind for noun in _NOUNS.values())
"""How many of COCO's classes are of a kind."""
_NOUNS |= _read_table(_MORE)


def noun_of(category: str) -> Noun:
    """What is known of a class; one that is not known is a thing called by its own name."""
    return _NOUNS.get(category) or Noun("thing", 0.5, (category,))


CATEGORIES = tuple(_NOUNS)
"""Classes that are known, COCO's first."""
