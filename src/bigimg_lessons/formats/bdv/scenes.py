"""Which setups form one image: the scenes of a dataset, their channels and their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bigimg_lessons.formats.bdv.layout import SetupLayout
from bigimg_lessons.formats.bdv.spimdata import SpimData, ViewSetup, VoxelSize

_UNGROUPED = {"channel", "displaysettings"}  # kinds of attribute that do not separate scenes

# Kinds with new ids for each channel that BigStitcher fuses.
_PLACES = {"angle", "illumination", "tile"}


@dataclass(frozen=True)
class Scene:
    """Setups that fit into one array: one per channel, all stored alike.

    Parameters
    ----------
    name
        Its name, unique in the dataset.
    setups
        One per channel, by channel id.
    channels
        Names of the channels.
    layout
        How each of the setups is stored.
    voxel_size
        Size of a full-resolution voxel, or ``None`` if unknown.
    """

    name: str
    setups: tuple[ViewSetup, ...]
    channels: tuple[str, ...]
    layout: SetupLayout
    voxel_size: VoxelSize | None


def scenes_of(data: SpimData, layouts: Mapping[int, SetupLayout], xml: str) -> Iterator[Scene]:
    """Group setups into scenes.

    Setups that are stored alike are the channels of one scene if their channels differ and
    they lie at the same position. If a channel occurs twice, angle, illumination and tile
    distinguish scenes; if that is not enough, each of those setups is a scene.

    Parameters
    ----------
    data
        What the XML says.
    layouts
        How each setup is stored; setups that are not in here are left out.
    xml
        Path of the XML; a scene that has no other name is named after it.

    Yields
    ------
    Scene
        In the order of the ids of their first setups.
    """
    alike: dict[tuple[Any, ...], list[ViewSetup]] = {}
    for setup in data.setups:
        if (layout := layouts.get(setup.id)) is not None:
            others = sorted(p for p in setup.attributes if p[0] not in _UNGROUPED | _PLACES)
            levels = tuple(
                (level.shape, level.factors, level.start, level.whole) for level in layout.levels
            )
            key = (tuple(others), layout.dtype, layout.stored, levels, data.voxel_size(setup))
            alike.setdefault(key, []).append(setup)
    members = sorted(
        (image for setups in alike.values() for image in _images(data, setups)),
        key=lambda image: min(setup.id for setup in image),
    )
    stem = xml.rpartition("/")[2].rpartition(".")[0]
    names = _unique(_scene_names(data, members, stem), members)
    for name, setups in zip(names, members, strict=True):
        channels = [_channel_name(data, setup) for setup in setups]
        yield Scene(
            name=name,
            setups=setups,
            channels=tuple(_unique(channels, [(setup,) for setup in setups])),
            layout=layouts[setups[0].id],
            voxel_size=data.voxel_size(setups[0]),
        )


def _images(data: SpimData, setups: Sequence[ViewSetup]) -> Iterator[tuple[ViewSetup, ...]]:
    """Group setups that are stored alike; each group holds its channels in their order."""
    channels = [_channel(setup) for setup in setups]
    distinct = None not in channels and len(set(channels)) == len(channels)
    if distinct and len({_place(data, setup) for setup in setups}) == 1:
        yield tuple(sorted(setups, key=lambda setup: _channel(setup) or 0))
        return
    groups: dict[tuple[Any, ...], dict[int | None, ViewSetup]] = {}
    for setup, channel in zip(setups, channels, strict=True):
        key: tuple[Any, ...] = tuple(sorted(p for p in setup.attributes if p[0] in _PLACES))
        if channel is None or channel in groups.get(key, {}):
            # Nothing distinguishes it from another image, so it is a scene of its own.
            key = (*key, setup.id)
        groups.setdefault(key, {})[channel] = setup
    for group in groups.values():
        yield tuple(group[c] for c in sorted(group, key=lambda c: -1 if c is None else c))


def _channel(setup: ViewSetup) -> int | None:
    return dict(setup.attributes).get("channel")


def _place(data: SpimData, setup: ViewSetup) -> tuple[float, ...] | None:
    """Where the setup lies in space; ``None`` if it is not registered."""
    registration = data.placed.get(setup.id)
    return None if registration is None else tuple(registration.model.ravel().round(6))


def _scene_names(
    data: SpimData, members: Sequence[tuple[ViewSetup, ...]], stem: str
) -> Iterator[str]:
    """Name scenes by the attributes in which they differ, else by setup or file."""
    attributes = [dict(setups[0].attributes) for setups in members]
    kinds = dict.fromkeys(kind for own in attributes for kind in own if kind not in _UNGROUPED)
    differing = [kind for kind in kinds if len({own.get(kind) for own in attributes}) > 1]
    for setups, own in zip(members, attributes, strict=True):
        parts = [
            f"{kind} {data.attribute_name(kind, own[kind]) or own[kind]}"
            for kind in differing
            if kind in own
        ]
        yield ", ".join(parts) or (setups[0].name if len(setups) == 1 else None) or stem


def _channel_name(data: SpimData, setup: ViewSetup) -> str:
    channel = dict(setup.attributes).get("channel")
    if channel is None:
        return setup.name or f"setup {setup.id}"
    return data.attribute_name("channel", channel) or f"channel {channel}"


def _unique(names: Iterable[str], members: Sequence[tuple[ViewSetup, ...]]) -> list[str]:
    """Append the setups' ids to names, all of them, if two are the same."""
    names = list(names)
    if len(set(names)) == len(names):
        return names
    return [
        f"{name} (setup {', '.join(str(setup.id) for setup in setups)})"
        for name, setups in zip(names, members, strict=True)
    ]
