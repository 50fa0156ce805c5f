"""How people hold themselves: joints of upright bodies, pose by pose."""

from dataclasses import dataclass

import numpy as np

from cstm.data.synthetic.shapes import Joint, flight, step


@dataclass(frozen=True)
class Build:
    """A body's measures, in units of its height."""

    thigh: float
    shin: float
    torso: float
    arm: float
    head: float
    chest: float
    hips: float
    limb: float

    @property
    def leg(self) -> float:
        """Height of the hips over the ground."""
        return self.thigh + self.shin + 0.02


ADULT = Build(0.24, 0.24, 0.31, 0.17, 0.085, 0.088, 0.075, 0.042)
BABY = Build(0.15, 0.14, 0.27, 0.13, 0.19, 0.125, 0.13, 0.058)


@dataclass(frozen=True)
class Posture:
    """Where a body's joints are, in the figure's plane."""

    hips: Joint
    neck: Joint
    feet: tuple[Joint, Joint]
    """Near and far."""
    hands: tuple[Joint, Joint]
    nod: float = 0.0
    """How far the head is tilted forward, in radians."""


def upright(build: Build, pose: str, phase: float) -> tuple[Posture, float]:
    """The posture of a body seen from the side, and its height over the ground."""
    if pose == "gait":
        return _gait(build, phase), 0.0
    if pose == "jump":
        return _jump(build, phase)
    if pose == "eat":
        return _eat(build, float(np.sin(2 * np.pi * phase))), 0.0
    if pose == "sit":
        return _sit(build), 0.0
    hips = (0.0, -build.leg)
    neck = (0.0, hips[1] - build.torso)
    hang = neck[1] + 1.9 * build.arm
    return Posture(hips, neck, ((0.05, 0), (-0.05, 0)), ((0.05, hang), (-0.02, hang))), 0.0


def _sit(build: Build) -> Posture:
    hips = (-0.12, -build.hips)
    neck = (-0.14, hips[1] - build.torso)
    foot = build.thigh + build.shin * 0.75
    hands = ((0.1, hips[1] - 0.12), (0.12, hips[1] - 0.1))
    return Posture(hips, neck, ((foot - 0.12, -0.02), (foot - 0.18, -0.03)), hands)


def _gait(build: Build, phase: float) -> Posture:
    stride, lift = 1.15 * build.leg, 0.32 * build.leg
    near, far = step(phase, stride, lift), step(phase + 0.5, stride, lift)
    hips = (0.0, -build.leg * 0.93 - 0.02 * float(np.cos(4 * np.pi * phase)))
    neck = (0.05, hips[1] - build.torso)
    swing = 1.1 * float(np.cos(2 * np.pi * phase))
    hands = tuple(
        (
            neck[0] + 1.7 * build.arm * float(np.sin(angle)),
            neck[1] + 1.7 * build.arm * float(np.cos(angle)),
        )
        for angle in (-swing + 0.15, swing + 0.15)
    )
    return Posture(hips, neck, (near, far), (hands[0], hands[1]))


def _jump(build: Build, phase: float) -> tuple[Posture, float]:
    done = flight(phase, rest=0.15)
    lift = 1.6 * done * (1 - done)
    crouch = 1 - 4 * done * (1 - done)
    hips = (0.0, -build.leg * (0.98 - 0.35 * crouch))
    neck = (0.1 * crouch, hips[1] - build.torso * (1 - 0.08 * crouch))
    tuck = 0.13 * (1 - crouch)
    up = 1 - 1.75 * crouch
    hands = (
        (neck[0] + 0.17, neck[1] - 1.5 * build.arm * up),
        (neck[0] - 0.13, neck[1] - 1.4 * build.arm * up),
    )
    return Posture(hips, neck, ((0.06, -tuck), (-0.1, -tuck * 0.6)), hands), lift


def _eat(build: Build, wave: float) -> Posture:
    raised = 0.5 + 0.5 * wave
    hips = (0.0, -build.leg)
    neck = (0.02 + 0.1 * (1 - raised), hips[1] - build.torso * (1 - 0.06 * (1 - raised)))
    mouth = (neck[0] + 0.9 * build.head, neck[1] - 0.75 * build.head)
    plate = (0.27, hips[1] - 0.1 * build.torso)
    hand = tuple(m * raised + p * (1 - raised) for m, p in zip(mouth, plate, strict=True))
    return Posture(
        hips, neck, ((0.06, 0), (-0.05, 0)), ((hand[0], hand[1]), plate), nod=0.35 * (1 - raised)
    )
