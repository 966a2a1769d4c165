"""The tables of the label library. A change here needs a migration beside it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Boolean, DateTime, Float, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class CineRow(Base):
    """A cine that has been labelled, known by what it is, not by where it lies."""

    __tablename__ = "cines"
    id: Mapped[int] = mapped_column(primary_key=True)
    identity: Mapped[str] = mapped_column(String(128), unique=True)
    content_hash: Mapped[str] = mapped_column(String(80))
    patient_key: Mapped[str] = mapped_column(String(128), default="")
    path: Mapped[str] = mapped_column(String, default="")
    frames: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    width: Mapped[int] = mapped_column(Integer)


class RevisionRow(Base):
    """One edit, as what it changed; rows are added and never altered, which triggers see to.

    `base` is the revision that the annotator had before their eyes, None where the program did not say; a smaller
    one than `number - 1` means that somebody else saved in between. `seconds`, `drags` and `moved_mm` are the effort.
    `reading` is whose label it is part of, see `domain.review.Reading.key`; `role` the annotator's, "" where unknown;
    `blind` whether the prediction was hidden, None where unknown.
    """

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("cine_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    cine_id: Mapped[int] = mapped_column(ForeignKey("cines.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    annotator: Mapped[str] = mapped_column(String(200))
    app_version: Mapped[str] = mapped_column(String(40))
    weights: Mapped[str] = mapped_column(String(120))
    tool: Mapped[str] = mapped_column(String(80))
    change: Mapped[dict] = mapped_column(JSON)
    base: Mapped[int | None] = mapped_column(Integer)
    seconds: Mapped[float | None] = mapped_column(Float)
    drags: Mapped[int | None] = mapped_column(Integer)
    moved_mm: Mapped[float | None] = mapped_column(Float)
    reading: Mapped[str] = mapped_column(String(220), default="", server_default="")
    role: Mapped[str] = mapped_column(String(20), default="", server_default="")
    blind: Mapped[bool | None] = mapped_column(Boolean)


class ActRow(Base):
    """One thing that a person said in a review, see `domain.review.Act`; added and never altered, like a revision."""

    __tablename__ = "acts"
    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    cine_id: Mapped[int] = mapped_column(ForeignKey("cines.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    who: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20))
    frame: Mapped[int | None] = mapped_column(Integer)
    reading: Mapped[str] = mapped_column(String(220))
    seal: Mapped[str] = mapped_column(String(40))
    issue: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(String)
    about: Mapped[str] = mapped_column(String(32))
    app_version: Mapped[str] = mapped_column(String(40))


class SecretRow(Base):
    """The one secret, 64 hex digits, under which the IDs of this library's patients are hashed; never altered."""

    __tablename__ = "secrets"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    patient_secret: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class PatientRow(Base):
    """Two keys of one patient, made under different secrets; added and never altered."""

    __tablename__ = "patients"
    __table_args__ = (UniqueConstraint("key", "same_as"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(128))
    same_as: Mapped[str] = mapped_column(String(128))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
