"""Sets of weights: what is written comes back, what is damaged is refused in a sentence."""

import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from ral.checkpoint import (
    CARD_FILE,
    WEIGHTS_FILE,
    Card,
    CheckpointError,
    load_weights,
    read_card,
    save_weights,
    write_card,
)
from ral.config import RALConfig
from ral.network import RAL

TINY = RALConfig(
    "tiny", stem=4, stem_stride=2, growth=2, layers=2, lateral=4, hidden=(4,) * 5, view_widths=(4, 4, 6, 6, 8)
)
CARD = Card(
    "tiny-test", TINY.to_dict(), "No data; ü 心.", "None.", True, 7, "ral train", metrics={"dice": 0.5}, parent="abc"
)


@pytest.fixture
def net() -> RAL:
    torch.manual_seed(0)
    return RAL(TINY)


@pytest.fixture
def folder(tmp_path, net):
    save_weights(tmp_path / "set ü", net, CARD)
    return tmp_path / "set ü"


def test_what_is_saved_comes_back(folder, net):
    back, card = load_weights(folder)
    assert not back.training
    assert back.config == TINY
    for name, tensor in net.state_dict().items():
        torch.testing.assert_close(back.state_dict()[name], tensor, rtol=0, atol=0)
    assert card == read_card(folder)
    assert RALConfig.from_dict(card.config) == TINY
    assert replace(card, identity="", config=CARD.config) == CARD


def test_the_identity_is_that_of_the_file(folder, net, tmp_path):
    digest = hashlib.sha256((folder / WEIGHTS_FILE).read_bytes()).hexdigest()
    assert read_card(folder).identity == digest[:16]
    assert save_weights(tmp_path / "again", net, CARD).identity == digest[:16]
    with torch.no_grad():
        net.head.bias += 1e-3
    assert save_weights(tmp_path / "other", net, CARD).identity != digest[:16]


def test_nothing_is_left_beside_the_two_files(folder):
    assert sorted(p.name for p in folder.iterdir()) == [CARD_FILE, WEIGHTS_FILE]


def test_saving_again_replaces_the_set(folder, net):
    with torch.no_grad():
        net.head.bias.fill_(0.25)
    save_weights(folder, net, CARD)
    assert load_weights(folder)[0].head.bias.item() == 0.25


def test_a_file_that_was_tampered_with_is_refused(folder):
    data = bytearray((folder / WEIGHTS_FILE).read_bytes())
    data[-1] ^= 1
    (folder / WEIGHTS_FILE).write_bytes(bytes(data))
    with pytest.raises(CheckpointError, match=r"'tiny-test' is not the one its card describes\."):
        load_weights(folder)


def test_a_set_without_a_card_is_no_set(folder):
    (folder / CARD_FILE).unlink()
    for ask in (read_card, load_weights):
        with pytest.raises(CheckpointError, match=r"There are no weights in 'set ü'\."):
            ask(folder)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(CheckpointError, match="no weights in 'nowhere'"):
        load_weights(tmp_path / "nowhere")


def test_a_card_without_its_weights(folder):
    (folder / WEIGHTS_FILE).unlink()
    with pytest.raises(CheckpointError, match="missing or damaged"):
        load_weights(folder)
    assert read_card(folder).name == "tiny-test"


def told(folder) -> None:
    """Make the card name the file that is there, so that what follows is the loader's to find."""
    identity = hashlib.sha256((folder / WEIGHTS_FILE).read_bytes()).hexdigest()[:16]
    write_card(folder, replace(read_card(folder), identity=identity))


@pytest.mark.parametrize("keep", [0, 4, 100, 0.5, 0.999])
def test_truncated_weights_are_refused(folder, keep):
    data = (folder / WEIGHTS_FILE).read_bytes()
    (folder / WEIGHTS_FILE).write_bytes(data[: int(keep * len(data)) if isinstance(keep, float) else keep])
    with pytest.raises(CheckpointError):
        load_weights(folder)
    told(folder)
    with pytest.raises(CheckpointError, match="missing or damaged"):
        load_weights(folder)


def test_a_pickle_is_not_read(folder, net):
    torch.save(net.state_dict(), folder / WEIGHTS_FILE)
    told(folder)
    with pytest.raises(CheckpointError, match="missing or damaged"):
        load_weights(folder)


@pytest.mark.parametrize(
    "config", [replace(TINY, growth=3).to_dict(), {"name": "x", "wings": 2}, {}, {"name": "x", "stem": "wide"}]
)
def test_weights_of_another_network_are_refused(folder, config):
    write_card(folder, replace(read_card(folder), config=config))
    with pytest.raises(CheckpointError, match="they do not fit their card"):
        load_weights(folder)


@pytest.mark.parametrize(
    "card", [b"", b"{", b"[]", b"null", b"7", b"\xff\xfe", b"{}", b'{"name": "x"}', b'{"wings": 2}']
)
def test_a_damaged_card_is_refused(folder, card):
    (folder / CARD_FILE).write_bytes(card)
    for ask in (read_card, load_weights):
        with pytest.raises(CheckpointError, match=r"card of the weights 'set ü' cannot be read"):
            ask(folder)


def test_a_card_is_plain_text_that_a_person_can_read(folder):
    text = (folder / CARD_FILE).read_text(encoding="utf-8")
    assert "ü 心" in text
    assert json.loads(text)["config"]["hidden"] == [4] * 5


def test_a_set_can_be_moved(folder, tmp_path):
    shutil.move(folder, tmp_path / "elsewhere")
    assert load_weights(tmp_path / "elsewhere")[1].name == "tiny-test"


def test_reading_a_card_loads_no_torch(folder):
    code = (
        "import sys; from ral.checkpoint import read_card; print(read_card(sys.argv[1]).name, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["tiny-test", "False"], done.stderr
