"""EchoView: play echocardiographic cines, see and correct the left-ventricle contour, learn from the corrections."""

__version__ = "0.1.0"
