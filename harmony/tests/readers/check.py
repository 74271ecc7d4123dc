#!/usr/bin/env python3
"""Opens the exports of song.json in other people's programs, and compares what they read.

    python3 check.py FOLDER

FOLDER is the output of `cargo run --example formats`; its subfolder `scripts` has the song with a
title in many scripts, as the test in `readers.rs` writes it.

Exit code 1 with the first difference.
"""

import contextlib
import csv
import html
import io
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

import importlib.resources

import chordsketch
import jams
import mido
import mir_eval
import pretty_midi
import pypdf
import xmlschema
from pyRealParser import Tune

TITLE, COMPOSER = "Lights on the Harbour", "A. Nonymous & Söhne"
BPM, FIRST_S = 112, 0.8
# In the song two chords last for two segments each, which only the table distinguishes.
SEGMENTS, CHORDS = 40, 38


def expect(found, wanted, what):
    if found != wanted:
        sys.exit(f"{what}: found {found!r}, expected {wanted!r}")


def near(found, wanted, tolerance, what):
    if abs(found - wanted) > tolerance:
        sys.exit(f"{what}: found {found}, expected {wanted} ± {tolerance}")


def lab(folder):
    intervals, labels = mir_eval.io.load_labeled_intervals(str(folder / "song.lab"))
    expect(len(labels), CHORDS, "segments of the lab file")
    for label in labels:
        mir_eval.chord.validate_chord_label(label)
    expect(labels[5], "Eb:maj/3", "a label of the lab file")
    return intervals, labels


def jams_file(folder, intervals, labels):
    file = jams.load(str(folder / "song.jams"), validate=True, strict=True)
    chords = file.search(namespace="chord")[0]
    times, values = chords.to_interval_values()
    expect(list(values), list(labels), "labels of the JAMS file")
    near(abs(times - intervals).max(), 0, 1e-6, "times of the JAMS file")
    keys = [row.value for row in file.search(namespace="key_mode")[0].data]
    expect(keys, ["Eb:major", "G:major"], "keys of the JAMS file")
    expect(file.file_metadata.title, TITLE, "title of the JAMS file")
    expect(file.file_metadata.artist, COMPOSER, "artist of the JAMS file")


def midi(folder, intervals, labels):
    path = str(folder / "song.mid")
    file = mido.MidiFile(path)
    expect([track.name for track in file.tracks], [TITLE, "Chords", "Bass"], "MIDI tracks")
    conductor = file.tracks[0]
    kinds = lambda kind: [event for event in conductor if event.type == kind]
    expect([(e.numerator, e.denominator) for e in kinds("time_signature")],
           [(4, 4), (2, 4), (4, 4)], "meters of the MIDI file")
    expect([e.key for e in kinds("key_signature")], ["Eb", "G"], "keys of the MIDI file")
    expect([e.text for e in kinds("cue_marker")], ["A", "A", "B", "Coda"], "cues of the MIDI file")
    expect(len(kinds("marker")), CHORDS, "markers of the MIDI file")
    expect([e.text for e in kinds("text")], list(labels), "texts of the MIDI file")

    score = pretty_midi.PrettyMIDI(path)
    expect([i.name for i in score.instruments], ["Chords", "Bass"], "instruments")
    bass = score.instruments[1].notes
    sounding = [(span, label) for span, label in zip(intervals, labels) if label not in "NX"]
    expect(len(bass), len(sounding), "bass notes")
    for note, ((start, end), label) in zip(bass, sounding):
        near(note.start, start, 0.003, f"start of {label} in the MIDI file")
        near(note.end, end, 0.003, f"end of {label} in the MIDI file")
        # mir_eval reads aug7 but cannot encode it.
        label = label.replace("aug7", "aug(b7)")
        root, notes, lowest = mir_eval.chord.encode(label, reduce_extended_chords=True)
        expect(note.pitch % 12, (root + lowest) % 12, f"bass of {label}")
        middle = (note.start + note.end) / 2
        upper = {n.pitch % 12 for n in score.instruments[0].notes if n.start < middle < n.end}
        wanted = {(root + i) % 12 for i in range(12) if notes[i]}
        expect(upper | {note.pitch % 12}, wanted, f"notes of {label}")
    # The first whole bar of the music is a bar of the file.
    first = FIRST_S + 60 / BPM
    near(min(abs(score.get_downbeats() - first)), 0, 0.003, "the first downbeat")


def musicxml(folder):
    path = folder / "song.musicxml"
    schemas = importlib.resources.files("musicxml") / "generate_classes"
    schema_text = (schemas / "musicxml_4_0.xsd").read_text(encoding="utf-8")
    # The schema imports two parts by URL; they are beside it and in the validator.
    schema_text = schema_text.replace("http://www.musicxml.org/xsd/xml.xsd", str(schemas / "xml.xsd"))
    schema_text = schema_text.replace("http://www.musicxml.org/xsd/xlink.xsd", str(xlink()))
    schema = xmlschema.XMLSchema(schema_text)
    errors = list(schema.iter_errors(str(path)))
    if errors:
        sys.exit(f"MusicXML: {errors[0]}")
    broken = path.read_text(encoding="utf-8").replace("<kind", "<kinds").replace("</kind", "</kinds")
    expect(schema.is_valid(broken), False, "what the schema says of broken MusicXML")
    root = ElementTree.parse(path).getroot()
    measures = root.findall("part/measure")
    expect(len(measures), 28, "measures")
    expect(measures[0].get("implicit"), "yes", "the pickup")
    expect([e.text for e in root.iter("rehearsal")], ["A", "B", "Coda"], "rehearsal marks")
    expect([e.text for e in root.iter("fifths")], ["-3", "1"], "key signatures")
    expect([e.get("times") for e in root.iter("repeat") if e.get("times")], ["2"], "repeats")
    read = []
    for harmony in root.iter("harmony"):
        step = harmony.findtext("root/root-step")
        alter = {"-1": "b", "1": "#", None: ""}[harmony.findtext("root/root-alter")]
        bass = harmony.findtext("bass/bass-step")
        if bass:
            bass = "/" + bass + {"-1": "b", "1": "#", None: ""}[harmony.findtext("bass/bass-alter")]
        kind = harmony.find("kind")
        degrees = [(d.findtext("degree-value"), d.findtext("degree-alter"), d.findtext("degree-type"))
                   for d in harmony.findall("degree")]
        read.append((step + alter, kind.text, degrees, bass or "", harmony.findtext("offset")))
    expect(read[:5], [("Bb", "dominant", [], "", None), ("Eb", "major-seventh", [], "", None),
                      ("C", "minor-seventh", [], "", None), ("F", "minor-seventh", [], "", None),
                      ("Bb", "dominant", [], "", None)], "harmonies")
    for wanted in [("Eb", "major", [], "/G", None), ("G", "dominant", [("9", "-1", "add")], "", None),
                   ("G", "suspended-fourth", [("7", "0", "add")], "", None),
                   ("G", "augmented-seventh", [], "", "2"), ("C", "none", [], "", None),
                   ("G", "major-sixth", [("9", "0", "add")], "", None),
                   ("B", "power", [], "", None), ("F#", "diminished-seventh", [], "", None)]:
        if wanted not in read:
            sys.exit(f"MusicXML has no harmony {wanted}: {read}")


def xlink():
    return importlib.resources.files("xmlschema") / "schemas" / "XLINK" / "xlink.xsd"


def ireal(folder):
    page = (folder / "song.html").read_text(encoding="utf-8")
    link = html.unescape(re.search(r'href="([^"]+)"', page).group(1))
    with contextlib.redirect_stdout(io.StringIO()):
        (tune,) = Tune.parse_ireal_url(link)
    expect((tune.title, tune.composer, tune.key, tune.bpm), (TITLE, COMPOSER, "Eb", str(BPM)),
           "head of the iReal song")
    expect(tune.time_signature, (4, 4), "meter of the iReal song")
    # The reader reads every f as a fermata; the chart has none.
    expect(tune.measures_as_strings[:9],
           ["Bb7", "Eb^7", "C-7", "F-7Bb7", "Eb/G", "Ab^7", "G7b9", "C-", "C-"], "bars")
    expect(tune.measures_as_strings[9:17], tune.measures_as_strings[1:9], "the repeat")


def chordpro(folder):
    """The grids as chordsketch reads them: their bars, chords and remarks in the margin."""
    text = (folder / "song.cho").read_text(encoding="utf-8")
    read = chordsketch.parse_and_render_html_with_warnings(text, None, None)
    # It prefers Fm7(9) to Fm9.
    warnings = [warning for warning in read.warnings if "extended notation" not in warning]
    expect(warnings, [], "what chordsketch warns of")
    page = read.output
    expect(html.unescape(re.search(r"<h1[^>]*>(.*?)</h1>", page).group(1)), TITLE, "title of the ChordPro song")
    bars = page.split('class="grid-bar"')[1:]
    # It shows accidentals as signs.
    chords = [re.findall(r'class="grid-chord">([^<]*)<', bar.replace("♭", "b").replace("♯", "#")) for bar in bars]
    expect(len(bars), 28, "bars of the ChordPro song")
    expect(chords[:5], [["Bb7"], ["Ebmaj7"], ["Cm7"], ["Fm7", "Bb7"], ["Eb/G"]], "chords in the grid")
    inline = (folder / "song.inline.cho").read_text(encoding="utf-8")
    read = chordsketch.parse_and_render_text(inline, None, None)
    for wanted in [TITLE, "Bb7", "G7(b9)", "Coda"]:
        if wanted not in read.replace("♭", "b"):
            sys.exit(f"{wanted!r} is not in the inline ChordPro song: {read}")


def any_script(folder):
    """The song again, with a title, composer and section in other scripts."""
    title, composer, section = "Ночь 東京 שלום हिन्दी", "Ωδή ليالي", "夜 2"
    song = folder / "scripts"
    expect(jams.load(str(song / "song.jams")).file_metadata.title, title, "title of the JAMS file")
    conductor = mido.MidiFile(str(song / "song.mid"), charset="utf-8").tracks[0]
    expect(conductor.name, title, "title of the MIDI file")
    expect([e.text for e in conductor if e.type == "cue_marker"], [section], "cue of the MIDI file")
    root = ElementTree.parse(song / "song.musicxml").getroot()
    expect((root.findtext("work/work-title"), root.findtext("identification/creator")), (title, composer),
           "head of the MusicXML file")
    expect([e.text for e in root.iter("rehearsal")], [section], "section of the MusicXML file")
    for name in ["song.cho", "song.inline.cho"]:
        read = chordsketch.parse_and_render_text((song / name).read_text(encoding="utf-8"), None, None)
        for wanted in [title, section]:
            if wanted not in read:
                sys.exit(f"{wanted!r} is not in {name}: {read}")
    page = (song / "song.html").read_text(encoding="utf-8")
    link = html.unescape(re.search(r'href="([^"]+)"', page).group(1))
    with contextlib.redirect_stdout(io.StringIO()):
        tune = Tune.parse_ireal_url(link)[0]
    expect((tune.title, tune.composer), (title, composer), "head of the iReal song")
    for name in ["song.txt", "song.reaper.csv"]:
        wanted = title if name == "song.txt" else section
        if wanted not in (song / name).read_text(encoding="utf-8"):
            sys.exit(f"{wanted!r} is not in {name}")
    names = [e.get("aria-label") for e in ElementTree.parse(song / "song.svg").iter()]
    names += [e.text for e in ElementTree.parse(song / "song.svg").getroot().findall("{http://www.w3.org/2000/svg}title")]
    expect(names.count(title), 2, "the title in the SVG, drawn and as that of the file")
    for wanted in [title, composer, section]:
        if wanted not in names:
            sys.exit(f"{wanted!r} is not in the SVG: {names}")
    reader = pypdf.PdfReader(str(song / "song.pdf"))
    expect((reader.metadata.title, reader.metadata.author), (title, composer), "head of the PDF")
    text = "\n".join(page.extract_text() for page in reader.pages)
    for wanted in ["Ночь 東京 שלום", "Ωδή", section]:
        if wanted not in text:
            sys.exit(f"{wanted!r} is not in the text of the PDF: {text!r}")
    # Letters that are drawn in another order than they are read: this reader ignores the
    # ActualText of the page, others use it.
    drawn = reader.pages[0].get_contents().get_data()
    said = re.findall(rb"/ActualText\s*(\((?:[^\\)]|\\.)*\)|<[0-9A-Fa-f]*>)", drawn)
    expect("हिन्दी".encode("utf-16-be") in b"".join(map(unescaped, said)), True, "the text behind the letters")


def unescaped(text):
    """The bytes of a string in a PDF."""
    if text.startswith(b"<"):
        return bytes.fromhex(text[1:-1].decode())
    octal = lambda match: bytes([int(match.group(1), 8)]) if match.group(1).isdigit() else match.group(1)
    plain = re.sub(rb"\\([0-7]{1,3}|.)", octal, text[1:-1], flags=re.S)
    return plain


def tables(folder, intervals):
    with open(folder / "song.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    expect(len(rows), SEGMENTS, "rows of the CSV file")
    near(float(rows[1]["start_beat"]), (intervals[1][0] - FIRST_S) * BPM / 60 - 1, 1e-4, "a beat")
    with open(folder / "song.reaper.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    expect([r["Name"] for r in rows if r["#"].startswith("M")], ["A", "A", "B", "Coda"], "markers")
    regions = [r for r in rows if r["#"].startswith("R")]
    expect(len(regions), CHORDS - 1, "regions")
    near(float(regions[0]["End"]) - float(regions[0]["Start"]), float(regions[0]["Length"]), 2e-6,
         "length of a region")
    spans, texts = mir_eval.io.load_labeled_intervals(str(folder / "song.labels.txt"))
    expect(len(texts), CHORDS - 1, "Audacity labels")
    near(abs(spans[1] - intervals[1]).max(), 0, 1e-6, "times of Audacity labels")


def pictures(folder):
    reader = pypdf.PdfReader(str(folder / "song.pdf"))
    expect(reader.metadata.title, TITLE, "title of the PDF")
    text = "\n".join(page.extract_text() for page in reader.pages)
    for word in [TITLE, COMPOSER, "Coda", "N.C."]:
        if word not in text:
            sys.exit(f"{word!r} is not in the text of the PDF: {text!r}")
    svg = ElementTree.parse(folder / "song.svg")
    names = [e.get("aria-label") for e in svg.iter() if e.get("aria-label")]
    for wanted in [TITLE, COMPOSER, "E♭maj7", "G7(♭9)", "E♭/G", "Dø7", "Coda", "N.C.", "F♯°7"]:
        if wanted not in names:
            sys.exit(f"{wanted!r} is not in the SVG: {names}")
    used = {e.get("href") for e in svg.iter("{http://www.w3.org/2000/svg}use")}
    defined = {"#" + e.get("id") for e in svg.iter("{http://www.w3.org/2000/svg}path")}
    expect(used - defined, set(), "glyphs without an outline")


def main(folder):
    intervals, labels = lab(folder)
    jams_file(folder, intervals, labels)
    midi(folder, intervals, labels)
    musicxml(folder)
    ireal(folder)
    chordpro(folder)
    tables(folder, intervals)
    pictures(folder)
    any_script(folder)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
