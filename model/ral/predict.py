"""The seam of the network: numpy outside, tensors inside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from ral.build import Network
from ral.checkpoint import Card, load_weights
from ral.config import CONTOUR_POINTS, VIEWS, RALConfig
from ral.corners import sharpened
from ral.evaluation.reliability import expected_dice
from ral.geometry import area, dice, largest_component, open_contour, outline, raster
from ral.network import RAL, Output, Seen, State
from ral.prepare import Preparation

_LEAST_AREA = 0.004  # share of the input below which a patch is no ventricle
_WIDEST = 0.1  # of the input's side: the spread where the logits are flat
_CHUNK, _OVERLAP = 32, 8  # frames that a network which reads both ways sees at once
_KEPT = 64  # frames whose features are kept for a second reading, about 1.7 MB each
_RUN_UPS = 4  # whose memory is kept, about 2.7 MB each: of two corrections, forwards and backwards
_ALIKE = 0.9  # Dice from which a contour is that of its patch; ordinary ones have .97 and more
_LEAST_SURE = 0.01  # of a contour; 0 is said of a frame that has none
_SURELY_NOT = -30.0  # the logit of no cavity in a blank frame
_SMOOTH = 2.0 / 256  # of the input's side; takes the stairs off: on the inner split HD falls by 2 %, Dice stays


@dataclass(frozen=True, slots=True, eq=False)
class FramePrediction:
    """What the network says of one frame.

    Attributes:
        t: frame, 0-based.
        contour: (N,2) float64 x,y native px, first annulus point over the apex to the second; NaN where empty.
        confidence: 0..1, the Dice to expect where the card is calibrated, else the agreement of the probabilities
            with the mask they were cut to; 0 where empty.
        view_probabilities: (3,) in the order A2C, A3C, A4C, from all frames so far.
        logits: (S,S) float32 on the input grid.
        spread_px: (N,) float64, how far the border may lie from the contour at each of its points: one standard
            deviation along the normal, native px; None where empty.
    """

    t: int
    contour: np.ndarray
    confidence: float
    view_probabilities: np.ndarray
    logits: np.ndarray
    spread_px: np.ndarray | None = None

    @property
    def empty(self) -> bool:
        return bool(np.isnan(self.contour[0, 0]))

    def mask(self, preparation: Preparation) -> np.ndarray:
        """(H,W) bool on the native grid: the cavity inside the contour."""
        shape = preparation.sector.shape
        return np.zeros(shape, bool) if self.empty else raster(self.contour, (shape[0], shape[1]))


@dataclass(slots=True)
class Sights:
    """What the encoder saw in the frames of a cine, so that a reading in another order need not look again.

    Only for readings with the same network and preparation, and with the same hints: see `without_hints`. The oldest
    go when there are too many.
    """

    _of: dict[int, Seen] = field(default_factory=dict)
    _settled: dict[tuple[int, ...], State] = field(default_factory=dict)  # by the frames of a run-up
    _told: dict[int, Seen] = field(default_factory=dict)  # of frames with a hint

    def without_hints(self) -> Sights:
        """For a reading with other hints: in frames that had none the encoder sees the same."""
        return Sights(self._of, self._settled)

    def get(self, t: int, told: bool) -> Seen | None:
        return (self._told if told else self._of).get(t)

    def keep(self, t: int, told: bool, seen: Seen) -> None:
        kept = self._told if told else self._of
        kept[t] = seen
        if len(kept) > _KEPT:
            del kept[next(iter(kept))]

    def settled(self, order: tuple[int, ...]) -> State | None:
        return self._settled.get(order)

    def keep_settled(self, order: tuple[int, ...], state: State) -> None:
        self._settled[order] = state
        if len(self._settled) > _RUN_UPS:
            del self._settled[next(iter(self._settled))]


def choose_device(wish: str = "auto") -> str:
    """ "cuda", "mps" or "cpu": the wish, or for "auto" the fastest there is.

    Raises:
        ValueError: the wished device is not in this machine.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wish == "auto":
        return next(name for name, present in there.items() if present)
    if not there.get(wish, False):
        raise ValueError(f"This machine has no {wish!r} device; it has {', '.join(n for n, p in there.items() if p)}.")
    return wish


class Predictor:
    """One set of weights on one device.

    Args:
        weights: folder of the set (see `ral.checkpoint`).
        device: "auto", "cuda", "mps" or "cpu".
        threads: of the processor, for all of torch; 0 leaves torch's own choice.
        calibrated: whether confidence and spread are corrected by what the card knows; False to fit that anew.

    Raises:
        CheckpointError: the weights cannot be loaded.
        ValueError: the device is not there.
    """

    def __init__(self, weights: str | Path, device: str = "auto", threads: int = 0, calibrated: bool = True) -> None:
        if threads:
            torch.set_num_threads(threads)
        self.device = choose_device(device)
        self.net, self.card = load_weights(weights, self.device)
        self.calibration = self.card.calibration if calibrated else {}

    @classmethod
    def of(cls, net: Network, card: Card, device: str = "cpu") -> Predictor:
        """A predictor around a network that is in memory already."""
        predictor = cls.__new__(cls)
        predictor.device, predictor.net, predictor.card = device, net.eval(), card
        predictor.calibration = card.calibration
        return predictor

    @property
    def reads_hints(self) -> bool:
        """Whether corrected masks steer what it says."""
        return isinstance(self.net.config, RALConfig) and self.net.config.mask_hint

    @property
    def reads_both_ways(self) -> bool:
        """Whether it reads a cine backwards too by itself, and so keeps no memory from frame to frame."""
        return isinstance(self.net.config, RALConfig) and self.net.config.bidirectional

    @torch.inference_mode()
    def stream(
        self,
        frames: Iterable[np.ndarray],
        preparation: Preparation,
        hints: Mapping[int, np.ndarray] | None = None,
        order: Sequence[int] = (),
        sights: Sights | None = None,
        settling: int = 0,
        state: State | None = None,
    ) -> Iterator[FramePrediction]:
        """Predict frame after frame, carrying the recurrent state.

        Nothing is said of a blank frame, unless a person did. A frame in which nothing is found, as a title before the
        heart, leaves the memory and the view as they were, else it holds down the contours of the next beats; one with
        a hint is always remembered.

        Args:
            frames: native (H,W) or (H,W,3) uint8, in order; consumed one at a time, or `_CHUNK` at a time by a network
                that also reads backwards.
            preparation: from `ral.prepare.prepare` on a few frames of the same cine.
            hints: corrected masks (H,W) bool, native, by frame; they steer that frame and those after it. Networks
                that read none ignore them.
            order: the number in the cine of each frame, where `sights` are given.
            sights: of the same frames with the same hints, read in another order; used and added to. Networks that
                also read backwards by themselves leave them alone.
            settling: so many frames at the beginning only settle the memory, and nothing is said of them.
            state: the memory to begin with, see `settle`; networks that also read backwards begin with none.
        """
        told = hints if self.reads_hints else None
        inputs = ((preparation.read(frame), _signed(told, t, preparation)) for t, frame in enumerate(frames))
        one_by_one = self._one_by_one(inputs, order, sights, state)
        gathered: torch.Tensor | None = None
        for t, out in enumerate(self._in_chunks(inputs) if self.reads_both_ways else one_by_one):
            if t < settling:
                continue
            if out.view_features is not None and _found_something(out):
                gathered = out.view_features if gathered is None else torch.cat([gathered, out.view_features], 1)
            views = np.full(len(VIEWS), 1 / len(VIEWS))
            if isinstance(self.net, RAL) and gathered is not None:
                views = self.net.view_logits(gathered).softmax(1)[0].float().cpu().numpy().astype(np.float64)
            logits = out.logits[0, 0].float().cpu().numpy()
            yield read_logits(t, logits, views, preparation, self.calibration)

    @torch.inference_mode()
    def look(self, t: int, frame: Callable[[int], np.ndarray], preparation: Preparation, sights: Sights) -> None:
        """See frame t without a hint, before a reading that gets the same `sights`.

        Args:
            frame: gives frame t, native (H,W) or (H,W,3) uint8; asked only where it was not seen yet.
        """
        if isinstance(self.net, RAL) and sights.get(t, told=False) is None:
            picture = preparation.read(frame(t))
            self._seen(t, picture, _signed(None, t, preparation), sights)

    @torch.inference_mode()
    def settle(
        self, order: Sequence[int], frame: Callable[[int], np.ndarray], preparation: Preparation, sights: Sights
    ) -> State | None:
        """What `stream` may begin with: the memory after a few frames without a hint were read in this order.

        None after no frame, and from networks that keep no memory. For `frame` see `look`.
        """
        state = sights.settled(tuple(order))
        if state is not None or not isinstance(self.net, RAL) or self.reads_both_ways:
            return state
        for t in order:
            self.look(t, frame, preparation, sights)
            seen = sights.get(t, told=False)
            assert seen is not None
            state = self.net.remember(seen, state)
        if state is not None:
            sights.keep_settled(tuple(order), state)
        return state

    def _tensors(self, pictures: list[np.ndarray], hints: list[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
        frames, given = (torch.from_numpy(np.stack(a))[None, :, None].to(self.device) for a in (pictures, hints))
        return frames, given

    def _run(self, pictures: list[np.ndarray], hints: list[np.ndarray], state: State | None) -> Output:
        frames, given = self._tensors(pictures, hints)
        return self.net(frames, state, given)

    def _one_by_one(
        self, inputs: Iterable[tuple[np.ndarray, np.ndarray]], order: Sequence[int], sights: Sights | None,
        state: State | None,
    ) -> Iterator[Output]:  # fmt: skip
        for n, (picture, hint) in enumerate(inputs):
            if _blank(picture, hint):
                yield _nothing_in(picture)
                continue
            if sights is not None and isinstance(self.net, RAL):
                out = self.net.follow(self._seen(order[n], picture, hint, sights), state)
            else:
                out = self._run([picture], [hint], state)
            if hint.any() or _found_something(out):
                state = out.state
            yield out

    def _seen(self, t: int, picture: np.ndarray, hint: np.ndarray, sights: Sights) -> Seen:
        told = bool(hint.any())
        seen = sights.get(t, told)
        if seen is None:
            assert isinstance(self.net, RAL)
            seen = self.net.look(*self._tensors([picture], [hint]))
            sights.keep(t, told, seen)
        return seen

    def _in_chunks(self, inputs: Iterable[tuple[np.ndarray, np.ndarray]]) -> Iterator[Output]:
        """For a network that reads both ways: stretches of the cine, each with `_OVERLAP` frames around it."""
        every = list(inputs)
        for start in range(0, len(every), _CHUNK):
            first = max(start - _OVERLAP, 0)
            pictures, hints = zip(*every[first : start + _CHUNK + _OVERLAP], strict=True)
            out = self._run(list(pictures), list(hints), None)
            for t in range(start - first, min(start + _CHUNK, len(every)) - first):
                if _blank(pictures[t], hints[t]):
                    yield _nothing_in(pictures[t])
                    continue
                views = None if out.view_features is None else out.view_features[:, t : t + 1]
                yield Output(out.logits[:, t : t + 1], views, out.state)


def _blank(picture: np.ndarray, hint: np.ndarray) -> bool:
    """Whether a frame shows nothing, (S,S), and no person said where the cavity lies in it."""
    return not picture.any() and not hint.any()


def _nothing_in(picture: np.ndarray) -> Output:
    """What is said of a blank frame (S,S), without asking the network."""
    return Output(torch.full((1, 1, *picture.shape), _SURELY_NOT), None, [])


def _found_something(out: Output) -> bool:
    """Whether the logits (1,1,S,S) of a frame say of enough pixels that they are cavity."""
    return (out.logits > 0).float().mean().item() >= _LEAST_AREA


def _signed(hints: Mapping[int, np.ndarray] | None, t: int, preparation: Preparation) -> np.ndarray:
    """(S,S) float32: +1 inside and -1 outside the corrected mask of a frame, 0 where it has none."""
    if hints is None or t not in hints:
        return np.zeros(preparation.sector_input.shape, np.float32)
    return 2 * preparation.mask(hints[t]).astype(np.float32) - 1


def read_logits(
    t: int,
    logits: np.ndarray,
    views: np.ndarray,
    preparation: Preparation,
    calibration: dict[str, Any] | None = None,
) -> FramePrediction:
    """(S,S) logits -> contour, confidence and spread; the largest patch alone counts."""
    smooth = cv2.GaussianBlur(logits, (0, 0), _SMOOTH * logits.shape[0])
    patch = largest_component(smooth > 0)
    empty = FramePrediction(t, np.full((CONTOUR_POINTS, 2), np.nan), 0.0, views, logits)
    if patch.mean() < _LEAST_AREA:
        return empty
    near = cv2.dilate(patch.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    inner = cv2.erode(patch.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    field = np.where(inner, np.maximum(smooth, 0.5), np.where(near, smooth, -8.0))  # holes filled, other patches gone
    line = outline(np.clip(field, -8.0, 8.0), 0.0)
    if line is None:
        return empty
    contour = preparation.to_native(sharpened(open_contour(line), line))
    if not np.isfinite(contour).all() or area(contour) <= 0:
        return empty
    confidence = agreement(logits, patch)
    spread = _spread(smooth, contour, preparation)
    if calibration:
        confidence = float(expected_dice(confidence, calibration))
        spread = spread * calibration.get("spread_factor", 1.0)
    confidence = max(confidence * _likeness(contour, patch, preparation), _LEAST_SURE)
    return FramePrediction(t, contour, confidence, views, logits, spread)


def _likeness(contour: np.ndarray, patch: np.ndarray, preparation: Preparation) -> float:
    """1 where the contour (N,2), native px, is that of the patch (S,S), else their Dice.

    A patch that turns round itself, as where a network takes the wall for the cavity, has no contour from hinge over
    apex to hinge: what the network is sure of is then not what is drawn.
    """
    height, width = patch.shape
    alike = dice(raster(preparation.to_input(contour), (height, width)), patch)
    return 1.0 if alike >= _ALIKE else alike


def agreement(logits: np.ndarray, patch: np.ndarray) -> float:
    """The raw confidence: the Dice of the probabilities with the mask that they were cut to, (S,S) float32 and bool."""
    p = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
    return 2 * float(p[patch].sum()) / float(p.sum() + patch.sum())


def _spread(smooth: np.ndarray, contour: np.ndarray, preparation: Preparation) -> np.ndarray:
    """Standard deviation of the border along its normal at each contour point, (N,) native px.

    Taken as a logistic distribution, whose deviation is pi / sqrt(3) over the slope of the logits: where they rise
    slowly across the border, the network does not know where it is. Where a file's pixels are no squares, as many
    millimetres are more of them in one direction than in the other.
    """
    at = preparation.to_input(contour).astype(np.float32)
    down, across = (
        cv2.remap(np.asarray(rise, np.float32), at[:, 0], at[:, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for rise in np.gradient(smooth.astype(np.float64))
    )
    slope = np.hypot(down, across).ravel().astype(np.float64)
    steep = np.maximum(slope, 1e-6)
    sigma = np.minimum(np.pi / np.sqrt(3) / steep, _WIDEST * smooth.shape[0])
    scale_x, scale_y = preparation.scale
    native = np.hypot(across.ravel() / steep / scale_x, down.ravel() / steep / scale_y)
    return sigma * np.where(slope > 1e-6, native, 1 / min(scale_x, scale_y))  # where it is flat there is no normal
