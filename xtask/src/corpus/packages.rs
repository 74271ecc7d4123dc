//! The Debian packages of game music, with the split of each.
//!
//! Held out by package: no album, artist or game is on both sides. The packages of the splits
//! `test` and `valid` were chosen for variety of style, by the descriptions of the packages
//! and the length of their music, before any network had processed any of it.
//!
//! Checked and found to have no recorded music (sounds, tracker modules or MIDI only):
//! boswars-data, endless-sky-data, teeworlds-data, trigger-rally-data, freedoom,
//! neverball-data, netpanzer-data, pekka-kana-2-data, tomatoes-data; holotz-castle-data is in
//! ADPCM, which is not decoded. Licence unclear for shipping weights trained on it:
//! drascula-music.

/// The split of a package, under the names in the trainer's manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    Train,
    Valid,
    Test,
}

/// A package with music.
#[derive(Debug, Clone, Copy)]
pub struct Package {
    pub name: &'static str,
    pub split: Split,
    /// Licence of its music where its `copyright` file has no machine-readable format.
    pub licence: Option<&'static str>,
}

const fn package(name: &'static str, split: Split) -> Package {
    Package {
        name,
        split,
        licence: None,
    }
}

const fn train(name: &'static str) -> Package {
    package(name, Split::Train)
}

const fn valid(name: &'static str) -> Package {
    package(name, Split::Valid)
}

const fn test(name: &'static str) -> Package {
    package(name, Split::Test)
}

impl Package {
    const fn under(self, licence: &'static str) -> Self {
        Self {
            licence: Some(licence),
            ..self
        }
    }
}

/// The corpus `debian-games`.
pub const GAMES: &[Package] = &[
    train("wesnoth-1.16-music").under("GPL-2.0-or-later"),
    train("planetblupi-music-ogg"),
    train("ufoai-music"),
    train("warzone2100-music"),
    train("0ad-data"),
    train("naev-data"),
    train("supertux-data"),
    train("widelands-data"),
    train("hedgewars-data"),
    train("berusky2-data"),
    train("colobot-common-sounds"),
    train("marsshooter-data"),
    train("megaglest-data"),
    train("flare-game"),
    train("redeclipse-data"),
    train("starfighter-data"),
    train("fretsonfire-songs-muldjord").under("CC-BY-SA-3.0"),
    train("warmux-data").under("GPL-2.0-or-later"),
    train("wizznic-data"),
    train("davegnukem-data"),
    train("ardentryst"),
    train("btanks-data"),
    train("zaz-data"),
    train("freedink-data").under("LicenseRef-freedink-data"),
    train("wordwarvi-sound"),
    train("lordsawar-data"),
    train("adonthell-data"),
    train("miceamaze"),
    train("openarena-data"),
    train("openarena-088-data"),
    train("freeorion-data"),
    train("noiz2sa-data").under("BSD-2-Clause"),
    train("amoebax-data"),
    train("hex-a-hop-data"),
    train("pinball-table-gnu-data"),
    train("pinball-data"),
    train("plee-the-bear-data").under("CC-BY-SA-3.0"),
    train("pathological"),
    train("powermanga-data"),
    train("scorched3d-data"),
    train("gigalomania-data"),
    train("torcs-data"),
    train("lugaru-data"),
    train("krank").under("LicenseRef-public-domain"),
    train("gamine-data"),
    train("mu-cade-data").under("BSD-2-Clause"),
    train("gunroar-data").under("BSD-2-Clause"),
    train("titanion-data").under("BSD-2-Clause"),
    train("torus-trooper-data").under("BSD-2-Clause"),
    train("tumiki-fighters-data").under("BSD-2-Clause"),
    train("parsec47-data").under("BSD-2-Clause"),
    train("rrootage-data").under("BSD-2-Clause"),
    train("a7xpg-data").under("BSD-2-Clause"),
    train("pax-britannica-data"),
    train("mazeofgalious-data").under("GPL-2.0-or-later"),
    train("renpy-demo"),
    train("brainparty-data"),
    train("tuxtype-data").under("GPL-2.0-only"),
    train("hannah-data"),
    train("orbital-eunuchs-sniper-data").under("Zlib"),
    train("cube2-data"),
    train("pink-pony-data"),
    train("glob2-data").under("GPL-3.0-or-later"),
    train("caveexpress-data"),
    train("freeciv-data"),
    train("raincat-data"),
    train("tuxfootball"),
    train("freedroid-data"),
    // Industrial, retro, ambient, light jazz, quirky.
    valid("nexuiz-music").under("GPL-2.0-or-later"),
    valid("pushover-data"),
    valid("enigma-data").under("GPL-2.0-or-later"),
    valid("lincity-ng-data"),
    valid("extremetuxracer-data"),
    valid("neverball-common"),
    valid("tuxmath-data"),
    // Rock and chiptune, ambient electronica, orchestral and jazz, metal, trance,
    // marches, polka, big beat, folk.
    test("supertuxkart-data"),
    test("freedroidrpg-data"),
    test("openclonk-data").under("CC-BY-3.0 OR CC0-1.0"),
    test("fretsonfire-songs-sectoid").under("MIT"),
    test("trackballs-data"),
    test("asc-music"),
    test("frozen-bubble-data"),
    test("xmoto-data"),
    test("freecol"),
];

/// Reserved: never used for training, tuning or selection; only for a later evaluation.
pub const RESERVED: &[Package] = &[
    test("hyperrogue-music"),
    test("fillets-ng-data"),
    test("singularity-music"),
    test("unknown-horizons"),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_package_is_listed_twice_and_none_that_is_reserved() {
        let mut names = HashSet::new();
        for package in GAMES.iter().chain(RESERVED) {
            assert!(
                names.insert(package.name),
                "{} is listed twice",
                package.name
            );
        }
        assert!(RESERVED.iter().all(|p| p.split == Split::Test));
    }

    #[test]
    fn stated_licences_are_spdx_expressions() {
        for package in GAMES {
            if let Some(licence) = package.licence {
                spdx::Expression::parse(licence).unwrap();
            }
        }
    }
}
