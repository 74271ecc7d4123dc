use super::super::fuse::tests::heard;
use super::*;

fn spoken(pass: u64, time_s: f64, label: &str) -> Spoken<()> {
    Spoken {
        pass,
        frame: PartFrame {
            time_s,
            posterior: heard(label, 0.9, 0),
            notes: [0.0; 12],
            silent: false,
        },
        midi: None,
        tag: (),
    }
}

/// A part with its stretches of the song: pass, from, to in frames.
struct Player {
    member: u64,
    part: Part,
    says: Vec<Option<(u64, f64)>>,
}

impl Player {
    fn new(member: u64, part: Part, stretches: &[(u64, i32, i32)]) -> Self {
        let mut says = Vec::new();
        for (pass, from, to) in stretches {
            says.extend((*from..*to).map(|at| Some((*pass, f64::from(at) * FRAME_S))));
            says.push(None);
        }
        Self { member, part, says }
    }

    /// Reports the next frames, if there are any.
    fn say(&mut self, gathering: &mut Gathering<()>, count: usize) {
        for word in self.says.drain(..count.min(self.says.len())) {
            match word {
                Some((pass, time_s)) => {
                    gathering.speak(Lane::Live, self.member, spoken(pass, time_s, "C"));
                }
                None => gathering.pause(Lane::Live, self.member),
            }
        }
    }
}

type Told = Vec<(u64, i64, Vec<Part>)>;

/// The gathered positions; the end of a run has position −1.
fn gather(gathering: &mut Gathering<()>) -> Told {
    let told = gathering.gather(Lane::Live).into_iter();
    told.map(|it| match it {
        Gathered::Cell(cell) => {
            let mut parts: Vec<Part> = cell.heard.iter().map(|it| it.part).collect();
            parts.sort();
            (cell.run, cell.place, parts)
        }
        Gathered::End(run) => (run, -1, Vec::new()),
    })
    .collect()
}

fn play(mut players: Vec<Player>, block: impl Fn(usize, usize) -> usize) -> Told {
    let mut gathering = Gathering::default();
    for player in &players {
        gathering.seat(player.member, player.part);
    }
    let mut told = Vec::new();
    for round in 0.. {
        for (index, player) in players.iter_mut().enumerate() {
            player.say(&mut gathering, block(index, round));
            told.extend(gather(&mut gathering));
        }
        if players.iter().all(|it| it.says.is_empty()) {
            return told;
        }
    }
    told
}

/// Three parts through a song that loops, stops and goes on; the third begins later.
fn band(order: [usize; 3]) -> Vec<Player> {
    let song = [(1, 0, 40), (2, 10, 60), (3, 60, 80)];
    let player = |index: usize| match index {
        0 => Player::new(7, Part::Harmony, &song),
        1 => Player::new(3, Part::Bass, &song),
        _ => {
            let mut late = Player::new(9, Part::Mix, &[(5, 15, 40), (6, 10, 60), (7, 60, 80)]);
            // It is switched on during the song.
            late.says.splice(0..0, std::iter::repeat_n(None, 15));
            late
        }
    };
    order.map(player).into()
}

#[test]
fn all_parts_are_together_in_whatever_order_and_blocks_they_come() {
    let wanted = play(band([0, 1, 2]), |_, _| 1);
    let places: Vec<i64> = wanted.iter().map(|it| it.1).collect();
    let runs = [(0..40), (10..60), (60..80)];
    let all: Vec<i64> = runs.into_iter().flat_map(|it| it.chain([-1])).collect();
    assert_eq!(places, all);
    let three = [Part::Mix, Part::Harmony, Part::Bass];
    assert_eq!(wanted[14].2, three[1..]);
    assert_eq!(wanted[15].2, three);
    assert!(wanted[42..].iter().all(|it| it.1 == -1 || it.2 == three));
    for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        for block in [1, 2, 7, 20] {
            assert_eq!(play(band(order), |_, _| block), wanted, "{order:?} {block}");
        }
    }
}

#[test]
fn frames_between_places_are_put_on_them() {
    let mut gathering = Gathering::default();
    gathering.seat(1, Part::Harmony);
    gathering.seat(2, Part::Bass);
    for at in 0..20 {
        let time_s = f64::from(at) * FRAME_S;
        gathering.speak(Lane::Live, 1, spoken(0, time_s, "C"));
        let label = if at < 10 { "C" } else { "F" };
        gathering.speak(Lane::Live, 2, spoken(0, time_s + 0.3 * FRAME_S, label));
    }
    let told = gathering.gather(Lane::Live);
    let cells: Vec<&Cell<()>> = told
        .iter()
        .filter_map(|it| match it {
            Gathered::Cell(cell) => Some(cell),
            Gathered::End(_) => None,
        })
        .collect();
    assert_eq!(cells.len(), 20);
    assert_eq!(cells[0].heard.len(), 1);
    assert!(cells[1..].iter().all(|it| it.heard.len() == 2));
    let bass = |place: usize| {
        let heard = &cells[place].heard;
        heard.iter().find(|it| it.part == Part::Bass).unwrap()
    };
    let alike = |place: usize, label: &str| {
        let (found, wanted) = (&bass(place).frame.posterior, heard(label, 0.9, 0));
        let mut pairs = found.chord.iter().zip(&wanted.chord);
        pairs.all(|(a, b)| (a - b).abs() < 1e-4)
    };
    assert!(alike(9, "C") && alike(11, "F"));
    let mixed = &bass(10).frame.posterior;
    // C and F, the later frame nearer, and both before all else.
    assert!(mixed.chord[71] > mixed.chord[1] && mixed.chord[1] > mixed.chord[2] + 1.0);
    let total: f32 = mixed.chord.iter().map(|it| it.exp()).sum();
    assert!((total - 1.0).abs() < 1e-4);
}

#[test]
fn a_part_that_stays_behind_is_not_waited_for_and_comes_back() {
    let mut gathering = Gathering::default();
    gathering.seat(1, Part::Harmony);
    gathering.seat(2, Part::Bass);
    let mut told = Vec::new();
    let mut say = |gathering: &mut Gathering<()>, member, at: i32| {
        gathering.speak(Lane::Live, member, spoken(0, f64::from(at) * FRAME_S, "C"));
        let mut new = gather(gathering);
        told.append(&mut new);
        told.len()
    };
    let wait = (MAX_WAIT_S / FRAME_S).ceil() as i32;
    for at in 0..wait {
        assert_eq!(say(&mut gathering, 1, at), 0);
    }
    for at in wait..60 {
        assert_eq!(say(&mut gathering, 1, at), at as usize + 1);
    }
    // It reports again, in time.
    say(&mut gathering, 2, 60);
    say(&mut gathering, 1, 60);
    assert_eq!(told.last().unwrap().2, [Part::Harmony, Part::Bass]);
    // And is removed.
    gathering.unseat(2);
    gathering.speak(Lane::Live, 1, spoken(0, 61.0 * FRAME_S, "C"));
    assert_eq!(gather(&mut gathering).len(), 1);
}

#[test]
fn a_part_that_breaks_off_alone_stays_with_the_others() {
    let mut gathering = Gathering::default();
    gathering.seat(1, Part::Harmony);
    gathering.seat(2, Part::Bass);
    for at in 0..40 {
        let time_s = f64::from(at) * FRAME_S;
        gathering.speak(Lane::Live, 1, spoken(u64::from(at >= 20), time_s, "C"));
        if !(10..18).contains(&at) {
            gathering.speak(Lane::Live, 2, spoken(0, time_s, "C"));
        }
    }
    let told = gather(&mut gathering);
    assert_eq!(told.len(), 40);
    assert!(told.iter().all(|it| it.0 == 0));
    assert_eq!(told[12].2, [Part::Harmony]);
    assert_eq!(told[30].2, [Part::Harmony, Part::Bass]);
}

#[test]
fn what_is_final_is_gathered_in_the_run_that_it_was_heard_in() {
    let mut gathering = Gathering::default();
    for (member, part) in [(1, Part::Harmony), (2, Part::Bass)] {
        gathering.seat(member, part);
    }
    for (pass, from) in [(1, 0), (2, 0)] {
        for member in [2, 1] {
            for at in from..40 {
                let time_s = f64::from(at) * FRAME_S;
                gathering.speak(Lane::Live, member, spoken(pass, time_s, "C"));
            }
        }
        gather(&mut gathering);
    }
    for member in [1, 2] {
        gathering.pause(Lane::Live, member);
    }
    gather(&mut gathering);
    for pass in [1, 2] {
        for member in [1, 2] {
            for at in 0..20 {
                let time_s = f64::from(at) * FILE_HOP_S;
                gathering.speak(Lane::Refined, member, spoken(pass, time_s, "C"));
            }
        }
    }
    for member in [1, 2] {
        gathering.pause(Lane::Refined, member);
    }
    let told = gathering.gather(Lane::Refined);
    let ends = told.iter().filter(|it| matches!(it, Gathered::End(_)));
    assert_eq!((told.len(), ends.count()), (42, 2));
    assert!(told.iter().all(|it| match it {
        Gathered::Cell(cell) => cell.heard.len() == 2,
        Gathered::End(_) => true,
    }));
    assert!(gathering.runs.is_empty());
}
