"""What generated sentences never say, and how a network that was trained on them should read it.

Such a network has met some 330 words. A vector of another one may lie near a noun of another class,
or near a colour, and then the sentence finds somebody else. And it has met places after their nouns
alone: "the left person" is nobody it knows. What that costs: docs/log.md, 2026-11-27.
"""

import re
from collections.abc import Mapping, Sequence

from cstm.data.language.class_names import PEOPLE
from cstm.data.language.clues import COLOURS, PLACES
from cstm.data.language.nouns import CATEGORIES, noun_of

_TABLE = """
person: cyclist biker bicyclist motorcyclist rider horseman jockey driver passenger commuter
person: pedestrian passerby bystander walker hiker runner jogger sprinter marathoner athlete
person: sportsman sportswoman gymnast acrobat skater skateboarder snowboarder skier surfer swimmer
person: diver snorkeler boxer wrestler fighter fencer karateka judoka sumo dancer ballerina musician
person: guitarist drummer violinist pianist cellist trumpeter conductor performer juggler clown
person: magician actor entertainer comedian builder farmer fisherman hunter gardener lumberjack chef
person: cook baker butcher barista bartender soldier officer cop policeman policewoman fireman
person: firefighter pilot astronaut doctor nurse surgeon dentist paramedic teacher professor
person: presenter reporter journalist photographer cameraman tourist traveller traveler shopper
person: customer seller vendor cashier teenager teen character figure scientist mechanic plumber
person: electrician carpenter painter postman mailman courier janitor umpire judge
person: spectator guard lifeguard bodyguard instructor toddler newborn
player: goalkeeper goalie keeper footballer golfer batter catcher striker defender
player: quarterback batsman cricketer basketballer cheerleader
man: gent dude bloke chap husband father dad daddy grandfather grandpa uncle brother businessman
man: salesman cowboy groom king prince monk priest waiter
woman: lass gal mother mom mum mommy grandmother grandma aunt sister wife bride waitress hostess
woman: blonde brunette redhead businesswoman queen princess nun housewife maid
boy: schoolboy nephew
girl: schoolgirl daughter niece
dog: hound terrier bulldog poodle retriever labrador husky beagle collie chihuahua pug dalmatian
dog: rottweiler doberman greyhound whippet pup doggy doggie canine mutt
cat: tomcat feline tabby
horse: mare stallion foal colt steed donkey mule
cow: ox heifer bison
sheep: ewe
pig: piglet hog sow boar swine
chicken: rooster hen cockerel poultry
duck: mallard duckling
bird: finch parakeet magpie hummingbird ostrich peacock vulture canary cockatoo toucan
rabbit: hare
monkey: chimpanzee ape baboon chimp orangutan
bear: panda grizzly
leopard: cheetah jaguar panther
lion: lioness
deer: moose elk reindeer stag doe antelope gazelle
animal: hippopotamus rhinoceros hippo rhino gorilla alligator gator crocodile lizard iguana coyote
animal: raccoon skunk llama alpaca camel hedgehog squirrel chipmunk ferret otter beaver badger
animal: kangaroo koala wombat sloth lemur meerkat hamster dolphin lobster snail octopus
insect: wasp ladybug dragonfly caterpillar grasshopper
fish: goldfish carp tuna eel stingray
turtle: tortoise
snake: cobra viper
butterfly: moth
car: sedan coupe convertible hatchback limousine limo roadster
vehicle: forklift excavator digger hearse buggy kart segway harvester
van: minivan caravan
truck: lorry tanker firetruck
bus: minibus
train: locomotive
motorcycle: motorbike scooter moped
bicycle: tricycle unicycle
boat: canoe kayak raft dinghy sailboat speedboat rowboat catamaran
airplane: airliner aeroplane glider jet
backpack: rucksack knapsack
suitcase: briefcase
cup: beaker
bottle: flask
glass: goblet tumbler
chair: armchair stool
couch: settee
guitar: banjo ukulele
violin: cello viola
racket: racquet
donut: doughnut
umbrella: parasol
hat: bonnet sombrero
shoe: sneaker sandal
walking: strutting pacing sauntering ambling plodding
running: dashing galloping
moving: gliding
jumping: bounding
still: stationary motionless immobile unmoving
spinning: twirling whirling revolving
rolling: somersaulting
black: dark
white: pale ivory
red: crimson maroon scarlet
blue: turquoise cyan teal azure
brown: beige
purple: lilac lavender
pink: magenta
moving: moves
going: goes
walking: walks
running: runs
driving: drives
flying: flies
jumping: jumps leaps
hopping: hops
bouncing: bounces
spinning: spins
turning: turns
rotating: rotates
rolling: rolls
coming: comes
approaching: approaches
getting: gets
staying: stays
standing: stands
sitting: sits
up: upward
down: downward
closer: nearer
rising: rises ascending
sinking: sinks descending
left: leftmost leftward leftwards
right: rightmost rightward rightwards
top: topmost
: blond ginger bald nude thin slim skinny lean fat chubby plump heavy strong
: pretty handsome ugly cute angry sad serious lonely furry fluffy hairy woolly soft hard rough
: striped spotted dotted checkered plaid floral patterned plain colorful colourful bright matte
: dirty clean muddy wet dry dusty rusty wooden metal metallic plastic leather rubber cotton
: modern antique vintage ancient broken damaged empty full closed round square flat wide narrow
: thick wild tame pregnant sick injured dead sleepy lazy tired active busy famous foreign junior
: senior amateur local rear distant inner outer main nice bad good great strange funny
: brave quiet loud cold warm cool rich poor electric fast slow quick hooded masked blindfolded armed
: only far last other another different same police
"""

SYNONYMS = {
    word: meant
    for meant, words in (line.split(":") for line in _TABLE.splitlines() if line)
    for word in words.split()
}
"""A word that says the same as each, or nearly; an empty one where there is none, and a network
does best to pass over it."""

_NOUNS = {word.split()[-1] for name in CATEGORIES for word in noun_of(name).words} | {*PEOPLE}
_OF_SOME_KIND = ("hair", "coat", "ski", "skis")
"""Besides the nouns, what other nouns tell the kind of: a camel coat."""
_ARTICLES = {"the", "a", "an"}
_PREPOSITIONS = {"on", "in", "at", "to", "towards", "toward", "from"}
_NO_ADJECTIVES = _ARTICLES | _PREPOSITIONS | {"of", "with", "is", "are", "that", "who", "behind"}
_TOWARDS_THE_CAMERA = re.compile(
    r"\b(moving|going|coming|heading|walking|running|driving|riding|flying) (to|towards?) "
    r"((the )?(camera|viewer)|us|me)\b"
)
_OF_SOMEBODY = {"hand", "hands", "arm", "leg", "foot", "handed", "footed", "aged", "naked", "hat"}
"""After a place these make it another word: left-handed, middle-aged, a top hat."""


def plainly(words: Sequence[str], synonyms: Mapping[str, str]) -> list[str]:
    """A sentence in words that generated sentences say, never longer than it was.

    Synonyms are replaced, and who walks towards the camera is coming closer. Passed over is what
    has an empty synonym; a synonym of a noun before another noun (guard dog) or a colour (jet
    black), where it says of what kind that is; and one of a colour before a colour (dark blue).
    """
    meant = [synonyms.get(word, word) for word in words]
    said = []
    for word, read, following in zip(words, meant, [*meant[1:], ""], strict=False):
        is_named = _is_noun(following) or following in (*_OF_SOME_KIND, *COLOURS)
        is_of_a_kind = (_is_noun(read) and is_named) or (read in COLOURS and following in COLOURS)
        if read and (word == read or not is_of_a_kind):
            said.append(read)
    return _TOWARDS_THE_CAMERA.sub("coming closer", " ".join(said)).split()


def places_last(words: Sequence[str]) -> list[str]:
    """The same with places behind their nouns: "the white dog on the left".

    So become "the left white dog" and "the white dog to the left"; a direction, "moving to the
    left", a relation, "to the left of the car", and what stands before no noun stay.
    """
    said: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word in PLACES and (noun := _noun_after(said, rest)) is not None:
            named = [named for named in rest[: noun + 1] if named != "most"]
            said += [*places_last(named), *PLACES[word][0].split()]
            del rest[: noun + 1]
        elif word in ("to", "at") and said and _is_noun(said[-1]) and _is_place(said, rest):
            said.append("on")
        else:
            said.append(word)
    return said


def _is_place(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether "the left" comes next, of no landmark and of nothing that is done."""
    is_done = any(word.endswith("ing") for word in before)
    return after[:2] in (["the", "left"], ["the", "right"]) and after[2:3] != ["of"] and not is_done


def _noun_after(before: Sequence[str], after: Sequence[str]) -> int | None:
    """How many words stand between a place and the noun it belongs to; None where it has none."""
    is_first = not before or (before[-1] in _ARTICLES and not {*before[-2:-1]} & _PREPOSITIONS)
    if not is_first or {*after[:1]} & _OF_SOMEBODY:
        return None
    for number, word in enumerate(after[:5]):
        if word in _NO_ADJECTIVES:
            return None
        # Of several in a row the last is meant: the bus driver, the orange ball.
        following = "".join(after[number + 1 : number + 2])
        if _is_noun(word) and not _is_noun(following) and following not in COLOURS:
            return number
    return None


def _is_noun(word: str) -> bool:
    return word in _NOUNS or word.removesuffix("s") in _NOUNS
