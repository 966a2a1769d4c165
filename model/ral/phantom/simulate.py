"""From a seed to a cine: draws heart, tissue, probe and look, and runs the beat frame by frame."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ral.geometry import contour_landmarks, raster, resample, volume_single_plane_ml
from ral.phantom.anatomy import echogenicity
from ral.phantom.chambers import aortic_root, right_ventricle
from ral.phantom.heart import VIEWS, Heart, Pose, pose_at
from ral.phantom.looks import (
    HELD_OUT_LOOKS,
    LOOKS,
    Look,
    Preset,
    draw_look,
    draw_look_name,
    haze,
    noise_like,
    preset_of,
    recorded,
    to_grey,
    wanted_gain,
)
from ral.phantom.neighbours import Neighbours, draw_neighbours
from ral.phantom.overlay import draw_overlay
from ral.phantom.patients import PATHOLOGIES, draw_heart, draw_pathology
from ral.phantom.places import carried, locate
from ral.phantom.probe import Probe, blur_beams, draw_probe, scan_convert
from ral.phantom.tissue import Tissue, draw_tissue
from ral.phantom.valves import draw_valves
from ral.phantom.visibility import Parts, border_contrast, chamber_shows, in_sector, shows_enough

Array = np.ndarray

CONTOUR_POINTS = 65
_SCENES = 20  # how many are tried for one that shows the border
_RIGHT_RIM_MM, _LEAST_RIGHT = 6.0, 0.3  # of tissue that a right ventricle is held against; share of the left one's area
_ROOT_RIM_MM, _LEAST_ROOT = 3.0, 0.08  # the same of an aortic root
_ROOT_MM = 25.0  # of it that is looked at, from the annulus on
_BLOOD_MEMORY = 0.35  # how much of the blood's speckle lasts to the next frame


@dataclass(frozen=True, slots=True, eq=False)
class PhantomCine:
    """A simulated cine with everything that is known about it.

    frames (T, S, S) uint8; masks (T, S, S) bool, the left ventricular cavity closed by the straight annulus
    line, papillary muscles and trabeculae inside, nothing beyond the line. In A3C the line runs from the
    inferolateral mitral hinge to the anteroseptal hinge of the aortic valve: the outflow tract counts down to
    it, the aortic root beyond does not.
    contours (T, 65, 2) float64 x, y px, pixel centres at integers, from the first annulus point over the apex
    to the second (A4C septal to lateral, A2C inferior to anterior, A3C inferolateral to anteroseptal: left to
    right in the picture).
    landmarks (T, 3, 2) first annulus point, apex, second annulus point, as `ral.geometry.contour_landmarks` finds them
    on the contour: the apex is the middle of its cap.
    volumes_ml (T,) method of disks of the contour; ed, es the frames of the largest and smallest volume;
    ef_percent the ejection fraction between those two, drawn_ef_percent the one that the heart was given: over a
    whole beat of twenty frames or more they agree within a point.
    r_waves_s (K,) the moments of ED within the cine, exact where `ed` is the nearest frame.
    pathology is one of `PATHOLOGIES`, look one of `LOOKS` or `HELD_OUT_LOOKS`.
    """

    frames: Array
    masks: Array
    contours: Array
    landmarks: Array
    times_s: Array
    view: str
    mm_per_px: float
    volumes_ml: Array
    ed: int
    es: int
    ef_percent: float
    drawn_ef_percent: float
    heart_rate_bpm: float
    r_waves_s: Array
    pathology: str
    look: str
    seed: int


def simulate(
    seed: int,
    view: str | None = None,
    frames: int = 30,
    size: int = 256,
    beats: float = 1.0,
    pathology: str | None = None,
    look: str | None = None,
) -> PhantomCine:
    """Simulate one cine; the same arguments give the same bytes.

    view is one of "A2C", "A3C", "A4C", pathology one of `PATHOLOGIES`, look one of `LOOKS` or `HELD_OUT_LOOKS`; what
    is None is drawn, a held-out look never. `beats` is how many beats the `frames` cover.
    """
    rng = np.random.default_rng(seed)
    view = _chosen("view", view, VIEWS, str(rng.choice(VIEWS)))
    pathology = _chosen("pathology", pathology, PATHOLOGIES, draw_pathology(rng))
    look = _chosen("look", look, LOOKS + HELD_OUT_LOOKS, draw_look_name(rng))
    preset = preset_of(look)
    heart, probe = _draw_scene(rng, view, pathology, size, preset)
    step = beats / frames
    phases = step * (np.round(heart.phase0 / step) + np.arange(frames))  # one frame falls on ED itself
    times = np.arange(frames) * step / heart.heart_rate_hz
    drift = np.sin(2 * np.pi * (times / rng.uniform(2.5, 5) + rng.uniform()))
    poses = [pose_at(heart, phase, sway) for phase, sway in zip(phases, drift, strict=True)]
    contours_mm = np.stack([resample(pose.to_world(pose.endo), CONTOUR_POINTS) for pose in poses])
    contours = probe.to_px(contours_mm)
    volumes = np.array([volume_single_plane_ml(contour, (1.0, 1.0)) for contour in contours_mm])
    ed, es = int(volumes.argmax()), int(volumes.argmin())
    return PhantomCine(
        frames=_pictures(rng, heart, probe, preset, poses, phases, contours[0]),
        masks=np.stack([raster(contour, (size, size)) for contour in contours]),
        contours=contours,
        landmarks=np.stack([contour_landmarks(contour) for contour in contours]),
        times_s=times,
        view=view,
        mm_per_px=probe.mm_per_px,
        volumes_ml=volumes,
        ed=ed,
        es=es,
        ef_percent=float(100 * (1 - volumes[es] / volumes[ed])),
        drawn_ef_percent=float(100 * heart.ejection),
        heart_rate_bpm=float(60 * heart.heart_rate_hz),
        r_waves_s=(np.arange(np.ceil(phases[0]), phases[-1] + 1e-9) - phases[0]) / heart.heart_rate_hz,
        pathology=pathology,
        look=look,
        seed=seed,
    )


def _chosen(what: str, asked: str | None, known: tuple[str, ...], drawn: str) -> str:
    """What was asked for, else what was drawn: drawn in any case, so that asking does not shift the rest."""
    if asked is not None and asked not in known:
        raise ValueError(f"{what} is {asked!r}, not one of {known}")
    return drawn if asked is None else asked


def _draw_scene(rng: np.random.Generator, view: str, pathology: str, size: int, preset: Preset) -> tuple[Heart, Probe]:
    """A heart and a probe that sees enough of it, or the one of forty that sees the most."""
    most, scene = -1.0, None
    for _ in range(40):
        heart = draw_heart(rng, view, pathology)
        pose = pose_at(heart, 0.0)
        probe = draw_probe(rng, size, float(pose.to_world(pose.endo)[:, 1].max()), preset.half_deg)
        seen = in_sector(probe, pose, view)
        if scene is None or seen > most:
            most, scene = seen, (heart, probe)
        if most >= 1:
            break
    assert scene is not None
    return scene


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """What stays the same over a cine. Arrays are (samples, beams)."""

    heart: Heart
    probe: Probe
    tissue: Tissue
    around: Neighbours
    look: Look
    rest: Pose  # end-diastole
    x_mm: Array
    z_mm: Array
    still: Array  # the speckle of clutter, complex64


def _pictures(
    rng: np.random.Generator,
    heart: Heart,
    probe: Probe,
    preset: Preset,
    poses: list[Pose],
    phases: Array,
    border: Array,
) -> Array:
    """The frames (T, size, size) uint8 of a scene whose first one shows the border and the view well enough.

    Nobody could draw what no picture shows, nor name a view by what is hidden: a scene that hides more of the border
    (n, 2) px of the first frame than real ones do, or the right ventricle of an A4C, or the aortic root of an A3C, is
    drawn anew. After twenty, the one that shows the most is taken.
    """
    most, found = (False, -np.inf), None
    for _ in range(_SCENES):
        scene = _scene(rng, heart, probe, preset)
        film = _film(rng, scene, preset, poses, phases)
        first = next(film)
        contrast = border_contrast(first, border, probe.mm_per_px)
        named = _shows_view(scene, poses[0], first, border)
        if found is None or (named, contrast.mean()) > most:
            most, found = (named, contrast.mean()), (first, film)
        if named and shows_enough(contrast):
            found = first, film
            break
    assert found is not None
    return np.stack((found[0], *found[1]))


def _shows_view(scene: _Scene, pose: Pose, picture: Array, border: Array) -> bool:
    """Whether a picture (size, size) shows what names its view; `border` (n, 2) px is that of the left ventricle."""
    if scene.heart.view == "A2C":
        return True
    places = locate(pose, scene.rest, scene.x_mm, scene.z_mm)
    if scene.heart.view == "A4C":
        distance, outer = right_ventricle(places, pose, scene.around, side=-1.0), places.outside_mm
        rim_mm, least = _RIGHT_RIM_MM, _LEAST_RIGHT
    else:
        distance, outer = aortic_root(places, pose, scene.around)
        distance = np.where((places.u < -1) & (places.u > -_ROOT_MM), distance, np.inf)
        rim_mm, least = _ROOT_RIM_MM, _LEAST_ROOT
    rim = (distance > 0.5) & (distance < rim_mm)
    maps = scene.probe.pixel_maps()
    own_wall = (places.u > 0) & (places.in_wall > 0) & (places.in_wall < 1)
    blood, parting, free, wall = (
        scan_convert(place, maps) > 0.5 for place in (distance < -1, rim & (outer <= 0), rim & (outer > 0), own_wall)
    )
    left = raster(border, picture.shape)
    return chamber_shows(picture, Parts(blood, parting & ~left, free, left, wall), least)


def _scene(rng: np.random.Generator, heart: Heart, probe: Probe, preset: Preset) -> _Scene:
    x, z = probe.world()
    return _Scene(
        heart=heart,
        probe=probe,
        tissue=draw_tissue(rng, heart, probe),
        around=draw_neighbours(rng, heart),
        look=draw_look(rng, probe, preset),
        rest=pose_at(heart, 0.0),
        x_mm=x,
        z_mm=z,
        still=noise_like(rng, x.shape),
    )


def _film(rng: np.random.Generator, scene: _Scene, preset: Preset, poses: list[Pose], phases: Array) -> Iterator[Array]:
    """The frames (size, size) uint8 one after the other. The gain is set on the first and kept."""
    probe, look = scene.probe, scene.look
    maps = probe.pixel_maps()
    blood_noise = noise_like(rng, scene.x_mm.shape)
    overlay = draw_overlay(rng, probe, maps[2], phases, preset)
    gain = None
    for t, pose in enumerate(poses):
        fresh = noise_like(rng, scene.x_mm.shape)
        blood_noise = _BLOOD_MEMORY * blood_noise + np.sqrt(1 - _BLOOD_MEMORY**2) * fresh
        field = _echo(scene, pose, blood_noise) + 10 ** (look.noise_db / 20) * noise_like(rng, scene.x_mm.shape)
        level = 20 * np.log10(np.abs(field) + 1e-4)
        gain = wanted_gain(level, look) if gain is None else gain
        picture = recorded(scan_convert(to_grey(level, look, gain), maps), look)
        yield np.maximum(picture * maps[2], overlay[t]).astype(np.uint8)


def _echo(scene: _Scene, pose: Pose, blood_noise: Array) -> Array:
    """The complex beam field of one frame (samples, beams) after the blur, before electronic noise."""
    tissue, look = scene.tissue, scene.look
    places = locate(pose, scene.rest, scene.x_mm, scene.z_mm)
    db, blood = echogenicity(tissue, scene.around, scene.heart, pose, places)
    db = draw_valves(db, tissue, scene.around, scene.heart, pose, scene.probe)
    planes = carried(tissue.speckle, places)
    moving = (planes[..., 0] + 1j * planes[..., 1]) * np.sqrt(0.5)
    speckle = np.where(blood & (db < tissue.blood_db + 3), blood_noise, moving)
    seen_db = db + look.gain_db
    field = speckle * 10 ** (seen_db / 20)
    field = field + blood_noise * haze(seen_db, look) + scene.still * 10 ** (look.clutter_db / 20)
    return blur_beams(field.astype(np.complex64), scene.probe, look.axial_mm, look.lateral_deg, look.focus_mm)
