"""Colours by meaning, and the look of every widget, made from them once."""

from __future__ import annotations

from dataclasses import dataclass, fields

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QAction, QColor, QFont, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication

from echoview.paths import resource


@dataclass(frozen=True, slots=True)
class Tokens:
    """A colour a meaning; shape or pattern always says the same thing beside it."""

    ground: str = "#0E1013"
    panel: str = "#15181D"
    raised: str = "#1E2229"
    line: str = "#2B313A"
    text: str = "#E7EAEF"
    quiet: str = "#98A2B0"
    prediction: str = "#45C8E0"
    human: str = "#FFD166"
    propagated: str = "#B99BF8"
    other: str = "#FF8FC7"  # what another set of weights says
    approved: str = "#62D394"
    flag: str = "#FF9F5A"
    error: str = "#FF6B6B"
    hover: str = "#262C35"
    on_accent: str = "#06222A"  # text on the prediction's colour
    accent_hover: str = "#6BD5E8"
    disabled: str = "#5C6673"

    def colour(self, name: str, alpha: int = 255) -> QColor:
        colour = QColor(getattr(self, name))
        colour.setAlpha(alpha)
        return colour


DARK = Tokens()  # also what is drawn over the picture, which is dark in every theme
LIGHT = Tokens(
    ground="#E8ECF0", panel="#F6F8FA", raised="#FFFFFF", line="#C5CDD6", text="#14181D", quiet="#52606D",
    prediction="#006B82", human="#7D5800", propagated="#6440BF", other="#A3206B",
    approved="#176B3A", flag="#A34400", error="#B92929", hover="#EDF1F5", on_accent="#FFFFFF", accent_hover="#00809B",
    disabled="#9AA5B1",
)  # fmt: skip
_in_use = [DARK]


def current() -> Tokens:
    """The tokens of the theme in use."""
    return _in_use[0]


_STYLE = """
* { font-size: 13px; }
QMainWindow, QDialog { background: @ground; }
QWidget#panel, QTabWidget::pane, QWidget#inspector { background: @panel; border: 0; }
QFrame#topbar, QFrame#transport { background: @panel; border: 0; }
QFrame#topbar { border-bottom: 1px solid @line; }
QFrame#transport { border-top: 1px solid @line; }
QFrame#rule { background: @line; border: 0; }
QLabel#quiet { color: @quiet; font-size: 11px; }
QLabel#title { font-size: 14px; font-weight: 600; }
QLabel#figure { font-size: 28px; font-weight: 600; }
QLabel#figure[growing="true"] { color: @quiet; }
QToolButton, QPushButton {
  background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 5px 8px; color: @text;
}
QToolButton:hover, QPushButton:hover { background: @raised; }
QToolButton:checked { background: @raised; border-color: @prediction; }
QToolButton:focus, QPushButton:focus { border-color: @quiet; }
QToolButton:disabled, QPushButton:disabled { color: @disabled; }
QToolButton::menu-indicator { image: none; width: 0; }
QToolButton#choice { padding-right: 24px; }
QToolButton#choice::menu-indicator {
  image: url("@icons/chevron-down-grey.svg"); width: 14px; height: 14px;
  subcontrol-origin: padding; subcontrol-position: center right; right: 6px;
}
QFrame[narrow="true"] QToolButton { padding: 5px 2px; }
QPushButton { background: @raised; border-color: @line; padding: 7px 12px; }
QPushButton:hover { background: @hover; }
QPushButton#primary { background: @prediction; border-color: @prediction; color: @on_accent; font-weight: 600; }
QPushButton#primary:hover { background: @accent_hover; }
QPushButton#primary:disabled { background: @raised; border-color: @line; color: @disabled; font-weight: 400; }
QPushButton#small { padding: 6px 4px; }
QToolButton#issue, QToolButton#scope { background: @raised; border-color: @line; padding: 5px 4px; font-size: 11px; }
QToolButton#issue:hover, QToolButton#scope:hover { background: @hover; }
QToolButton#scope:checked { border-color: @prediction; }
QToolButton#issue:checked { border-color: @flag; color: @flag; }
QMenu { background: @raised; border: 1px solid @line; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 12px; border-radius: 4px; }
QMenu::item:selected { background: @line; }
QMenu::separator { height: 1px; background: @line; margin: 4px 8px; }
QMenuBar { background: @panel; color: @text; border-bottom: 1px solid @line; padding: 2px 6px; }
QMenuBar::item { padding: 4px 10px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: @raised; }
QTabBar { qproperty-drawBase: 0; }
QTabBar::tab {
  background: transparent; color: @quiet; padding: 9px 12px; border: 0; border-bottom: 2px solid transparent;
  font-size: 11px;
}
QTabBar::tab:selected { color: @text; border-bottom-color: @prediction; }
QTabBar::tab:focus { color: @text; background: @raised; }
QLineEdit, QDoubleSpinBox {
  background: @raised; border: 1px solid @line; border-radius: 6px; padding: 6px 8px;
  selection-background-color: @prediction;
}
QLineEdit:focus, QDoubleSpinBox:focus { border-color: @prediction; }
QDoubleSpinBox { padding-right: 24px; }
QDoubleSpinBox::up-button, QDoubleSpinBox::down-button { subcontrol-origin: border; width: 24px; border: 0; }
QDoubleSpinBox::up-button { subcontrol-position: top right; }
QDoubleSpinBox::down-button { subcontrol-position: bottom right; }
QDoubleSpinBox::up-button:hover, QDoubleSpinBox::down-button:hover { background: @hover; }
QDoubleSpinBox::up-arrow { image: url("@icons/chevron-up-grey.svg"); width: 12px; height: 12px; }
QDoubleSpinBox::down-arrow { image: url("@icons/chevron-down-grey.svg"); width: 12px; height: 12px; }
QFileDialog QToolButton#toParentButton { qproperty-icon: url("@icons/chevron-up-grey.svg"); }
QFileDialog QToolButton#backButton { qproperty-icon: url("@icons/chevron-left-grey.svg"); }
QFileDialog QToolButton#forwardButton { qproperty-icon: url("@icons/chevron-right-grey.svg"); }
QListWidget { background: @panel; border: 0; outline: 0; }
QListWidget::item { padding: 8px 10px; border-radius: 6px; margin: 1px 4px; }
QListWidget::item:selected { background: @raised; color: @text; border: 1px solid @line; }
QTableWidget { background: @panel; border: 1px solid @line; border-radius: 6px; selection-background-color: @raised;
  selection-color: @text; }
QTableWidget::item { padding: 2px 6px; }
QHeaderView::section { background: @panel; color: @quiet; border: 0; border-bottom: 1px solid @line; padding: 6px 8px;
  font-size: 11px; }
QProgressBar { background: @line; border: 0; max-height: 3px; min-height: 3px; }
QProgressBar::chunk { background: @prediction; }
QSlider::groove:horizontal { height: 4px; background: @line; border-radius: 2px; }
QSlider::handle:horizontal { width: 12px; height: 12px; margin: -4px 0; border-radius: 6px; background: @text; }
QToolTip { background: @raised; color: @text; border: 1px solid @line; padding: 4px 6px; }
QSplitter::handle { background: @line; }
QScrollArea { border: 0; background: @panel; }
QScrollBar:vertical { background: transparent; width: 10px; }
QScrollBar::handle:vertical { background: @line; border-radius: 5px; min-height: 24px; }
QScrollBar::add-line, QScrollBar::sub-line { height: 0; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QCheckBox { spacing: 8px; padding: 2px; border: 1px solid transparent; border-radius: 4px; }
QCheckBox:focus, QSlider:focus { border: 1px solid @quiet; border-radius: 4px; }
QComboBox { background: @raised; border: 1px solid @line; border-radius: 6px; padding: 5px 8px; color: @text; }
QComboBox { combobox-popup: 0; }
QComboBox::drop-down { border: 0; width: 24px; }
QComboBox::down-arrow { image: url("@icons/chevron-down-grey.svg"); width: 14px; height: 14px; }
QCheckBox::indicator { width: 14px; height: 14px; border: 1px solid @quiet; border-radius: 3px; background: @ground; }
QCheckBox::indicator:checked {
  background: @prediction; border-color: @prediction; image: url("@icons/check.svg");
}
QComboBox:focus { border-color: @prediction; }
QComboBox QAbstractItemView { background: @raised; color: @text; border: 1px solid @line; outline: 0; }
QComboBox QAbstractItemView::item { padding: 5px 8px; }
QComboBox QAbstractItemView::item:selected { background: @line; color: @text; }
QGraphicsView#picture { border: 1px solid #0E1013; }
QGraphicsView#picture:focus { border: 1px solid #6B7685; }
QListView#cines { background: @panel; border: 0; outline: 0; }
QListWidget:focus { border: 1px solid @prediction; }
QFrame#banner {
  background: @raised; border: 1px solid @line; border-left: 4px solid @flag; border-radius: 6px;
}
QFrame#banner[urgent="true"] { border-left-color: @error; }
QFrame#banner[done="true"] { border-left-color: @approved; }
QFrame#popup { background: @panel; border: 1px solid @line; border-radius: 8px; }
QFrame#over { background: #1E2229; border: 1px solid #2B313A; border-radius: 8px; }
QFrame#over QLabel, QLabel#over { color: #E7EAEF; }
QFrame#over QLabel#quiet { color: #98A2B0; }
QToolButton#over { background: transparent; }
QToolButton#over:hover { background: #2B313A; }
QLabel#over { background: #1E2229; border-radius: 6px; padding: 6px 12px; }
QFrame#keys { background: @panel; border: 1px solid @line; border-radius: 8px; }
QPushButton#key { padding: 1px 8px; min-width: 84px; }
QLabel#preview { background: #000000; color: #E7EAEF; border-radius: 4px; }
QLabel#flag { color: @flag; font-size: 11px; }
"""


def apply(app: QApplication, tokens: Tokens = DARK) -> None:
    """Give the application its palette and style, and the icons that it has their colours; once."""
    style = _style(tokens)
    if app.styleSheet() == style:  # Qt would style every widget anew, which takes as long as to build the window
        return
    _in_use[0] = tokens
    app.setStyle("Fusion")
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: tokens.ground, QPalette.ColorRole.WindowText: tokens.text,
        QPalette.ColorRole.Base: tokens.ground, QPalette.ColorRole.AlternateBase: tokens.panel,
        QPalette.ColorRole.Text: tokens.text, QPalette.ColorRole.Button: tokens.raised,
        QPalette.ColorRole.ButtonText: tokens.text, QPalette.ColorRole.BrightText: tokens.error,
        QPalette.ColorRole.Highlight: tokens.prediction, QPalette.ColorRole.HighlightedText: tokens.ground,
        QPalette.ColorRole.ToolTipBase: tokens.raised, QPalette.ColorRole.ToolTipText: tokens.text,
        QPalette.ColorRole.PlaceholderText: tokens.quiet, QPalette.ColorRole.Link: tokens.prediction,
    }  # fmt: skip
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.disabled))
    app.setPalette(palette)
    app.setStyleSheet(style)
    for window in app.topLevelWidgets():
        for thing in (*window.findChildren(QAction), *window.findChildren(QAbstractButton)):
            known = thing.property(_ICON)
            if known:
                thing.setIcon(icon(known[0], getattr(tokens, known[1]), int(known[2])))


def _style(tokens: Tokens) -> str:
    style = _STYLE
    for name in sorted((field.name for field in fields(tokens)), key=len, reverse=True):  # @line is no part of another
        style = style.replace(f"@{name}", getattr(tokens, name))
    return style.replace("@icons", resource("icons").as_posix())


_ICON = "echoview_icon"


def put_icon(thing: QAction | QAbstractButton, name: str, token: str = "text", size: int = 18) -> None:
    """Give it an icon that changes its colour with the theme."""
    wanted = [name, token, str(size)]
    if thing.property(_ICON) == wanted:
        return
    thing.setProperty(_ICON, wanted)
    thing.setIcon(icon(name, getattr(current(), token), size))


def icon(name: str, colour: str = "", size: int = 18) -> QIcon:
    """An icon of the outline set in a colour (the theme's text), sharp up to 300 % scaling; greyed when disabled."""
    drawn = QIcon()
    for mode, tint in ((QIcon.Mode.Normal, colour or current().text), (QIcon.Mode.Disabled, current().disabled)):
        source = resource(f"icons/{name}.svg").read_text(encoding="utf-8").replace("currentColor", tint)
        renderer = QSvgRenderer(QByteArray(source.encode()))
        for scale in (1, 2, 3):
            picture = QPixmap(size * scale, size * scale)
            picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(picture)
            renderer.render(painter, QRectF(0, 0, size * scale, size * scale))
            painter.end()
            picture.setDevicePixelRatio(scale)
            drawn.addPixmap(picture, mode)
    return drawn


def tabular(font: QFont) -> QFont:
    """The font with figures of one width, so that numbers do not dance."""
    font = QFont(font)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font
