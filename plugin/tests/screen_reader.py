"""Reads and uses an open window of Changes as a screen reader does, by AT-SPI (libatspi).

    python3 plugin/tests/screen_reader.py

Run by the test `accessibility`, within a D-Bus session of its own, while a host plays music into the
plugin; it asks on standard output for the window to be closed. Needs Debian's `python3-gi`,
`gir1.2-atspi-2.0` and `at-spi2-core`.
"""

import re
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
gi.require_version("Gio", "2.0")
from gi.repository import Atspi, Gio, GLib  # noqa: E402

# How long anything may take, in seconds; the machine may be slow.
PATIENCE = 60.0
# For so long announcements are listened to, in seconds.
LISTENING = 6.0
# The shortest time between two announcements; they are sent a second apart.
APART = 0.85

# A chord in words.
CHORD = re.compile(r"[A-G]( flat| sharp)?( (major|minor|diminished|half-diminished|augmented|suspended|add"
                   r"|without|flat|sharp|\d+))+( over [A-G]( flat| sharp)?)?")


def switch_on() -> None:
    """Says that there is a screen reader, as one does when it starts."""
    bus = Gio.bus_get_sync(Gio.BusType.SESSION, None)
    arguments = ("org.a11y.Status", "IsEnabled", GLib.Variant("b", True))
    bus.call_sync("org.a11y.Bus", "/org/a11y/bus", "org.freedesktop.DBus.Properties", "Set",
                  GLib.Variant("(ssv)", arguments), None, Gio.DBusCallFlags.NONE, -1, None)


def turn(seconds: float = 0.05) -> None:
    """Lets events come in."""
    context = GLib.MainContext.default()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not context.iteration(False):
            time.sleep(0.005)


def until(what: str, look):
    """Waits until `look` finds something, and returns it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            found = look()
        except GLib.Error:
            # It went while it was looked at.
            found = None
        if found:
            return found
        turn()
    sys.exit(f"not seen within {PATIENCE:.0f} s: {what}")


def windows() -> list:
    """The windows called Changes."""
    desktop = Atspi.get_desktop(0)
    found = []
    for index in range(desktop.get_child_count()):
        application = desktop.get_child_at_index(index)
        for child in range(application.get_child_count() if application else 0):
            window = application.get_child_at_index(child)
            if window and window.get_name() == "Changes":
                found.append(window)
    return found


def refresh(node) -> None:
    """Has it asked anew: libatspi remembers names and children."""
    if hasattr(node, "clear_cache_single"):
        node.clear_cache_single()
    else:
        node.clear_cache()


def nodes(window) -> list:
    """All that is in a window, in order."""
    found, waiting = [], [window]
    while waiting:
        node = waiting.pop()
        try:
            refresh(node)
            children = [node.get_child_at_index(index) for index in range(node.get_child_count())]
        except GLib.Error:
            # It went while it was looked at.
            continue
        found.append(node)
        waiting.extend(child for child in reversed(children) if child)
    return found


def name_of(node) -> str:
    """Its name; nothing where it has gone."""
    try:
        return node.get_name() or ""
    except GLib.Error:
        return ""


def find(window, name: str):
    """The first node whose whole name is like that."""
    for node in nodes(window):
        if re.fullmatch(name, name_of(node)):
            return node
    return None


def press(node) -> None:
    """Does what a click on it would."""
    action = node.get_action_iface()
    if action is None or action.get_n_actions() < 1 or not action.do_action(0):
        sys.exit(f"cannot be pressed: {node.get_name()}")


def is_pressed(node) -> bool:
    """Whether it is a switch that is on."""
    if node is None:
        return False
    refresh(node)
    states = node.get_state_set()
    return states.contains(Atspi.StateType.PRESSED) or states.contains(Atspi.StateType.CHECKED)


def main() -> None:
    # A busy machine answers late.
    Atspi.set_timeout(int(PATIENCE * 1000), int(PATIENCE * 1000))
    # Nobody asked so far: nothing is there to be read.
    turn(1.0)
    if windows():
        sys.exit("there is a tree before a screen reader is")
    announced = []
    listener = Atspi.EventListener.new(
        lambda event: announced.append((time.monotonic(), event.any_data)))
    listener.register("object:announcement")
    switch_on()
    window = until("the window", lambda: next(iter(windows()), None))

    wanted = ["Chord .*", "Key .*", "Tuning .*", r"(Sure|Unsure|Provisional), \d+ %", "Bass [A-G].*", r".* in bar \d+",
              "Keyboard: .*", "Undo", "Redo", "Freeze", "Write", "Export", "Open", "Settings", "Overview", "Sheet", "Play", "Stage"]
    seen: list[str] = []

    def first(pattern: str) -> str | None:
        return next((name for name in seen if re.fullmatch(pattern, name)), None)

    def all_there() -> bool:
        seen[:] = map(name_of, nodes(window))
        return all(first(pattern) for pattern in wanted)

    until(f"all of {wanted}", all_there)
    chord, bar = first("Chord .*").removeprefix("Chord "), first(r".* in bar \d+")
    if not CHORD.fullmatch(chord):
        sys.exit(f"not a chord in words: {chord!r}")
    signs = [name for name in seen if re.search("[♭♯ø°]", name)]
    if signs:
        sys.exit(f"signs in names: {signs}")

    # What is pressed does something.
    press(until("the switch", lambda: find(window, "Freeze")))
    until("the display is held", lambda: is_pressed(find(window, "Freeze")))
    press(until("the switch", lambda: find(window, "Freeze")))
    until("the display goes on", lambda: (it := find(window, "Freeze")) and not is_pressed(it))
    press(until("the settings' button", lambda: find(window, "Settings")))
    until("the settings", lambda: find(window, "Playing"))
    press(until("the settings' button", lambda: find(window, "Settings")))
    until("the settings are closed", lambda: not find(window, "Playing"))
    press(until("a bar of the sheet", lambda: find(window, r".* in bar \d+")))
    until("the field of the chord", lambda: next(
        (node for node in nodes(window)
         if node.get_state_set().contains(Atspi.StateType.EDITABLE) and node.get_name()), None))
    until("the editor's buttons", lambda: find(window, "Delete"))

    # Announcements: words, and time for each.
    announced.clear()
    turn(LISTENING)
    said = [(at, text) for at, text in announced if CHORD.fullmatch(text or "")]
    if len(said) < 2:
        sys.exit(f"too little is announced: {announced}")
    gaps = [after[0] - before[0] for before, after in zip(said, said[1:])]
    if min(gaps) < APART:
        sys.exit(f"announced {min(gaps):.2f} s apart: {said}")
    print(f"chord {chord!r}, first bar {bar!r}; {len(said)} announcements in {LISTENING:.0f} s, "
          f"{min(gaps):.2f} s apart or more", file=sys.stderr)

    print("close", flush=True)
    until("the window goes", lambda: not windows())


if __name__ == "__main__":
    main()
