"""Sets of weights: a folder with `weights.safetensors` and `card.json`. Nothing in them is executable."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ral.config import config_from

if TYPE_CHECKING:
    from ral.build import Network

WEIGHTS_FILE = "weights.safetensors"
CARD_FILE = "card.json"


class CheckpointError(ValueError):
    """A set of weights is missing, damaged or does not fit the network; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a person should know of a set of weights before trusting it.

    Attributes:
        name: e.g. "ral-lite-camus".
        identity: the first 16 hex digits of the SHA-256 of the weights file; filled in on saving.
        config: what `ral.config.config_from` reads.
        data: what it was trained on, in sentences; terms: under which terms it may be used.
        research_only: True where the terms forbid anything but research.
        metrics: measured figures by name, each group naming its data.
        seed, command, revision, created: how it was made, so that it can be made again.
        parent: identity of the weights it was fine-tuned from, or "".
        calibration: what makes its confidence and its spread honest (`ral.evaluation.reliability.fit_calibration`),
            or {}; fine-tuning carries the parent's over (`ral.finetune.carried`).
    """

    name: str
    config: dict[str, Any]
    data: str
    terms: str
    research_only: bool
    seed: int
    command: str
    identity: str = ""
    metrics: dict[str, Any] = field(default_factory=dict)
    revision: str = ""
    created: str = ""
    parent: str = ""
    calibration: dict[str, Any] = field(default_factory=dict)


def save_weights(folder: str | Path, net: Network, card: Card) -> Card:
    """Write a set of weights; the card comes last and atomically, so a set without a card is not a set.

    Returns:
        The card as written, with its identity.
    """
    from dataclasses import replace

    from safetensors.torch import save_file

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in net.state_dict().items()}
    part = folder / (WEIGHTS_FILE + ".part")
    save_file(tensors, part)
    part.replace(folder / WEIGHTS_FILE)
    card = replace(card, identity=identity_of(folder / WEIGHTS_FILE))
    write_card(folder, card)
    return card


def write_card(folder: str | Path, card: Card) -> None:
    part = Path(folder) / (CARD_FILE + ".part")
    part.write_text(json.dumps(asdict(card), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(Path(folder) / CARD_FILE)


def read_card(folder: str | Path) -> Card:
    """The card of a set of weights; loads no torch.

    Raises:
        CheckpointError: there is none, or it cannot be read.
    """
    path = Path(folder) / CARD_FILE
    try:
        return Card(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise CheckpointError(f"There are no weights in {Path(folder).name!r}.") from None
    except (OSError, ValueError, TypeError) as error:
        raise CheckpointError(f"The card of the weights {Path(folder).name!r} cannot be read.") from error


def weights_file(folder: str | Path) -> Path:
    """The file of a set of weights, once it is known to be the one that the card names.

    Raises:
        CheckpointError: the set is missing or cannot be read, or its file is another one.
    """
    card, path = read_card(folder), Path(folder) / WEIGHTS_FILE
    try:
        identity = identity_of(path)
    except OSError as error:
        raise CheckpointError(f"The weights {card.name!r} cannot be loaded: the file is missing or damaged.") from error
    if identity != card.identity:
        raise CheckpointError(f"The weights file of {card.name!r} is not the one its card describes.")
    return path


def load_weights(folder: str | Path, device: str = "cpu") -> tuple[Network, Card]:
    """A network ready to predict, and its card.

    Raises:
        CheckpointError: the set is missing, damaged, or its file is not the one that the card names.
    """
    from safetensors.torch import load_file

    from ral.build import build

    card, path = read_card(folder), weights_file(folder)
    try:
        tensors = load_file(path)
    except Exception as error:  # safetensors and the file system each raise their own
        raise CheckpointError(f"The weights {card.name!r} cannot be loaded: the file is missing or damaged.") from error
    try:
        net = build(config_from(card.config))
        net.load_state_dict(tensors)
    except Exception as error:  # a card of another program version, or of another network
        raise CheckpointError(f"The weights {card.name!r} cannot be loaded: they do not fit their card.") from error
    return net.eval().to(device), card


def identity_of(path: Path) -> str:
    """What a weights file is known by: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
